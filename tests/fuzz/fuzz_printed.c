/* Any bytes as the texts of a table, printed by every renderer, and as lines
 * of a CSV file. Held to: nothing acts on a terminal, no markup gets through,
 * CSV and JSON read back give what was put in. Texts are split at NULs. */
#include <stdlib.h>
#include <string.h>

#include "formats/base/csv.h"
#include "formats/base/json.h"
#include "formats/base/utf8.h"
#include "reports/renderers.h"

#define MAX_BYTES ((size_t)1 << 24)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
hold(bool so)
{
	if (!so)
		abort();
}

static void
hold_harmless(struct mm_str s)
{
	size_t len;

	for (size_t i = 0; i < s.n; i += len) {
		uint32_t code = 0;

		len = mm_utf8_take(s.p + i, s.n - i, &code);
		hold(len > 0);
		hold(!mm_utf8_is_control(code));
	}
}

static void
check_html(struct mm_str text)
{
	struct mm_buf b;

	mm_buf_init(&b, MAX_BYTES);
	mm_render_html(&b, text);
	hold_harmless(mm_buf_str(&b));
	hold(strpbrk(b.p, "<>\"'") == NULL);
	mm_buf_clear(&b);
	mm_render_markdown(&b, text);
	hold_harmless(mm_buf_str(&b));
	hold(strchr(b.p, '<') == NULL);
	mm_buf_fini(&b);
}

/* What comes back from JSON, written again, is the same. */
static void
check_json(struct mm_str text)
{
	struct mm_buf once, again;
	struct mm_json *v;

	mm_buf_init(&once, MAX_BYTES);
	mm_buf_init(&again, MAX_BYTES);
	mm_buf_addc(&once, '[');
	mm_json_add_str(&once, text);
	mm_buf_addc(&once, ']');
	hold_harmless(mm_buf_str(&once));
	v = mm_json_parse(mm_buf_str(&once), NULL);
	hold(v != NULL);
	mm_buf_addc(&again, '[');
	mm_json_add_str(&again, mm_json_str(mm_json_at(v, 0)));
	mm_buf_addc(&again, ']');
	hold(mm_str_eq(mm_buf_str(&once), mm_buf_str(&again)));
	mm_json_free(v);
	mm_buf_fini(&once);
	mm_buf_fini(&again);
}

/* A field written and read is the same field. */
static void
check_csv(struct mm_str text)
{
	struct mm_csv *c = mm_csv_new(',', MAX_BYTES);
	const struct mm_str *fields;
	struct mm_str rest, line;
	enum mm_status st = MM_END;
	struct mm_buf b;
	size_t n;

	mm_buf_init(&b, MAX_BYTES);
	mm_csv_add_field(&b, text);
	mm_buf_addz(&b, ",x");
	rest = mm_buf_str(&b);
	while (mm_str_cutc(&rest, '\n', &line)) {
		hold(st == MM_END);
		st = mm_csv_line(c, line);
	}
	hold(st == MM_END);
	hold(mm_csv_line(c, rest) == MM_OK);
	fields = mm_csv_fields(c, &n);
	hold(n == 2);
	hold(mm_str_eq(fields[0], text));
	mm_buf_fini(&b);
	mm_csv_free(c);
}

static void
check_table(const struct mm_renderer *as, const struct mm_table *t)
{
	struct mm_buf out;
	struct mm_render r = {
		.as = as, .out = &out, .terminal = true, .width = 80
	};
	struct mm_str rest, line;

	mm_buf_init(&out, MAX_BYTES);
	mm_render_table(&r, t);
	rest = mm_buf_str(&out);
	while (mm_str_cutc(&rest, '\n', &line)) {
		if (mm_str_ends(line, "\r"))
			line.n--;
		hold_harmless(line);
	}
	mm_buf_fini(&out);
}

static void
read_lines(struct mm_str rest)
{
	struct mm_csv *c = mm_csv_new(',', 1000);
	struct mm_str line;
	size_t n, sum = 0;

	while (mm_str_cutc(&rest, '\n', &line))
		if (mm_csv_line(c, line) == MM_OK)
			for (size_t i = 0; i < (mm_csv_fields(c, &n), n); i++)
				sum += mm_csv_fields(c, &n)[i].n;
	(void)mm_csv_finish(c);
	hold(sum < MAX_BYTES);
	mm_csv_free(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const struct mm_column columns[] = { { "a", "A", MM_TEXT },
						    { "b", "B", MM_INT } };
	struct mm_str rest = { (const char *)bytes, n }, text;
	struct mm_table *t = mm_table_new("t", "T", columns, 2);
	bool more = n > 0;

	read_lines(rest);
	while (more) {
		struct mm_cell row[2];

		more = mm_str_cutc(&rest, '\0', &text);
		if (!more)
			text = rest;
		check_html(text);
		check_json(text);
		check_csv(text);
		row[0] = mm_cell_text(text);
		row[1] = mm_cell_int((int64_t)text.n);
		mm_table_add(t, row);
	}
	for (size_t i = 0; mm_renderers[i] != NULL; i++)
		check_table(mm_renderers[i], t);
	mm_table_free(t);
	return 0;
}
