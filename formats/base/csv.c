#include <csv.h>
#include <stdlib.h>

#include "formats/base/csv.h"
#include "formats/base/mem.h"

static bool
needs_quotes(struct mm_str s)
{
	if (s.n == 0 || s.p[0] == ' ' || s.p[s.n - 1] == ' ')
		return true;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '"' || s.p[i] == ',' || s.p[i] == '\n' ||
		    s.p[i] == '\r' || s.p[i] == '\t')
			return true;
	return false;
}

void
mm_csv_add_field(struct mm_buf *b, struct mm_str field)
{
	size_t need;
	char *to;

	if (!needs_quotes(field)) {
		mm_buf_adds(b, field);
		return;
	}
	if (field.n == 0) { /* csv_write makes nothing of a NULL source */
		mm_buf_addz(b, "\"\"");
		return;
	}
	need = csv_write(NULL, 0, field.p, field.n);
	to = mm_buf_room(b, need);
	if (to == NULL)
		return;
	b->n += csv_write(to, need, field.p, field.n);
	b->p[b->n] = '\0';
}

struct mm_csv {
	struct csv_parser parser;
	struct mm_buf bytes;   /* of all fields, one behind the other */
	struct mm_str *fields; /* owned; views once the record is complete */
	size_t n_fields, cap_fields;
	bool done; /* a record ended in what was fed */
};

/* So that libcsv never sees a refusal. */
static void *
more_memory(void *old, size_t n)
{
	return mm_realloc(old, n);
}

/* Lines come without their ends: a CR inside one ends no record. */
static int
ends_record(unsigned char c)
{
	return c == '\n';
}

struct mm_csv *
mm_csv_new(char separator, size_t max_bytes)
{
	struct mm_csv *c = mm_calloc(1, sizeof(*c));

	(void)csv_init(&c->parser, CSV_EMPTY_IS_NULL); /* fails for NULL */
	csv_set_realloc_func(&c->parser, more_memory);
	csv_set_blk_size(&c->parser, 4096);
	csv_set_term_func(&c->parser, ends_record);
	csv_set_delim(&c->parser, (unsigned char)separator);
	mm_buf_init(&c->bytes, max_bytes);
	return c;
}

void
mm_csv_free(struct mm_csv *c)
{
	if (c == NULL)
		return;
	csv_free(&c->parser);
	mm_buf_fini(&c->bytes);
	free(c->fields);
	free(c);
}

/* While the record grows `bytes` may move: lengths now, pointers at its end. */
static void
on_field(void *bytes, size_t n, void *ctx)
{
	struct mm_csv *c = ctx;

	c->fields =
	    mm_grow(c->fields, c->n_fields, &c->cap_fields, sizeof(*c->fields));
	c->fields[c->n_fields++] =
	    (struct mm_str){ bytes != NULL ? "" : NULL, n };
	mm_buf_add(&c->bytes, bytes, n);
}

static void
on_record(int ended_by, void *ctx)
{
	struct mm_csv *c = ctx;
	const char *p = c->bytes.p;

	(void)ended_by;
	c->done = true;
	if (c->bytes.over)
		return;
	for (size_t i = 0; i < c->n_fields; i++)
		if (c->fields[i].p != NULL) {
			c->fields[i].p = p;
			p += c->fields[i].n;
		}
}

static void
start_record(struct mm_csv *c)
{
	c->n_fields = 0;
	c->done = false;
	mm_buf_clear(&c->bytes);
}

enum mm_status
mm_csv_line(struct mm_csv *c, struct mm_str line)
{
	if (c->done || c->bytes.over)
		start_record(c);
	if (line.p != NULL)
		(void)csv_parse(&c->parser, line.p, line.n, on_field, on_record,
				c);
	(void)csv_parse(&c->parser, "\n", 1, on_field, on_record, c);
	if (c->bytes.over || c->parser.entry_pos > c->bytes.max_bytes) {
		(void)csv_fini(&c->parser, NULL, NULL, NULL);
		c->bytes.over = true;
		return MM_ELIMIT;
	}
	return c->done ? MM_OK : MM_END;
}

enum mm_status
mm_csv_finish(struct mm_csv *c)
{
	if (c->done || c->bytes.over)
		start_record(c);
	(void)csv_fini(&c->parser, on_field, on_record, c);
	return c->done ? MM_OK : MM_END;
}

const struct mm_str *
mm_csv_fields(const struct mm_csv *c, size_t *n)
{
	*n = c->n_fields;
	return c->fields;
}
