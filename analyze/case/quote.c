#include <stdlib.h>

#include "analyze/case/quote.h"
#include "formats/base/mem.h"
#include "formats/base/time.h"
#include "formats/mail/shape.h"

#define MAX_BYTES ((size_t)64 << 20)

void
mm_quotes_init(struct mm_quotes *q)
{
	mm_intern_init(&q->sources);
	mm_arena_init(&q->texts);
	q->text = NULL;
}

void
mm_quotes_fini(struct mm_quotes *q)
{
	mm_intern_fini(&q->sources);
	mm_arena_fini(&q->texts);
	free(q->text);
}

void
mm_quotes_want(struct mm_quotes *q, struct mm_str source)
{
	(void)mm_intern_add(&q->sources, source);
}

struct mm_str
mm_quotes_text(const struct mm_quotes *q, struct mm_str source)
{
	uint32_t id = mm_intern_find(&q->sources, source);

	return id > 0 && q->text != NULL ? q->text[id] : MM_STR_ABSENT;
}

/* The wanted lines as rows of a VALUES; files by id. Nothing is added of
 * names that are no file. */
static enum mm_status
add_wanted(const struct mm_quotes *q, struct mm_store *s, struct mm_buf *sql,
	   struct mm_err *err)
{
	struct mm_query *file =
	    mm_query_new(s, "SELECT id FROM file WHERE name = ?", err);
	enum mm_status st = file != NULL ? MM_OK : MM_EIO;

	for (uint32_t id = 1; id <= q->sources.n && st == MM_OK; id++) {
		struct mm_str source = mm_intern_text(&q->sources, id);
		size_t colon = mm_str_find_last(source, ":");
		uint64_t line;

		if (colon == MM_NOT_FOUND ||
		    !mm_str_to_u64(mm_str_from(source, colon + 1), &line))
			continue;
		mm_query_reset(file);
		mm_query_bind_text(file, 0, mm_str_upto(source, colon));
		st = mm_query_step(file, err);
		if (st == MM_OK)
			mm_buf_addf(sql, ",(%lld,%llu)",
				    (long long)mm_query_int(file, 0),
				    (unsigned long long)line);
		st = st == MM_END ? MM_OK : st;
	}
	mm_query_free(file);
	return st;
}

/* (0, 0) is no line; it makes the list never empty. */
static const char head_sql[] = "WITH w(f, l) AS (VALUES (0,0)";
static const char tail_sql[] =
    ") SELECT f.name || ':' || x.line, x.t_us, m.queue_id, a.text, l.name,"
    " x.what, p.shape, x.args FROM ("
    "SELECT t.file, t.line, t.t_us, r.message, r.address, t.relay,"
    " CASE t.outcome WHEN 1 THEN 'sent' WHEN 2 THEN 'deferred'"
    "  WHEN 3 THEN 'bounced' END AS what, t.reply, t.args"
    " FROM attempt t JOIN recipient r ON r.id = t.recipient"
    " WHERE (t.file, t.line) IN w UNION ALL "
    "SELECT file, line, t_us, message, NULL, relay, 'tried', reply, args"
    " FROM leg WHERE (file, line) IN w UNION ALL "
    "SELECT file, line, t_us, message, NULL, NULL, kind, NULL, NULL"
    " FROM step WHERE (file, line) IN w UNION ALL "
    "SELECT file, line, t_us, message, recipient, NULL, 'refused', reply,"
    " args FROM reject WHERE (file, line) IN w UNION ALL "
    "SELECT file, line, t_us, NULL, NULL, NULL,"
    " coalesce(program || ': ', '') || coalesce(text, what), NULL, NULL"
    " FROM event WHERE (file, line) IN w) x"
    " JOIN file f ON f.id = x.file LEFT JOIN message m ON m.id = x.message"
    " LEFT JOIN address a ON a.id = x.address"
    " LEFT JOIN relay l ON l.id = x.relay LEFT JOIN reply p ON p.id = x.reply";

static void
compose(const struct mm_query *row, struct mm_buf *b)
{
	char text[MM_TIME_TEXT];

	mm_buf_clear(b);
	if (!mm_query_is_null(row, 1))
		mm_buf_addf(b, "%s ",
			    mm_time_iso(mm_query_int(row, 1), false, text));
	if (!mm_query_is_null(row, 2)) {
		mm_buf_adds(b, mm_query_text(row, 2));
		mm_buf_addz(b, ": ");
	}
	if (!mm_query_is_null(row, 3)) {
		mm_buf_addz(b, "to=<");
		mm_buf_adds(b, mm_query_text(row, 3));
		mm_buf_addz(b, ">, ");
	}
	if (!mm_query_is_null(row, 4)) {
		mm_buf_addz(b, "relay=");
		mm_buf_adds(b, mm_query_text(row, 4));
		mm_buf_addz(b, ", ");
	}
	mm_buf_adds(b, mm_query_text(row, 5));
	if (!mm_query_is_null(row, 6)) {
		mm_buf_addz(b, " (");
		mm_shape_join(mm_query_text(row, 6), mm_query_text(row, 7), b);
		mm_buf_addc(b, ')');
	}
}

enum mm_status
mm_quotes_load(struct mm_quotes *q, struct mm_store *s, struct mm_err *err)
{
	struct mm_buf sql, line;
	struct mm_query *rows = NULL;
	enum mm_status st;

	mm_buf_init(&sql, MAX_BYTES);
	mm_buf_init(&line, MAX_BYTES);
	q->text = mm_calloc(q->sources.n + 1, sizeof(*q->text));
	mm_buf_addz(&sql, head_sql);
	st = add_wanted(q, s, &sql, err);
	mm_buf_addz(&sql, tail_sql);
	if (st == MM_OK) {
		rows = mm_query_new(s, sql.p, err);
		st = rows != NULL ? MM_OK : MM_EIO;
	}
	while (st == MM_OK && (st = mm_query_step(rows, err)) == MM_OK) {
		uint32_t id =
		    mm_intern_find(&q->sources, mm_query_text(rows, 0));

		if (id == 0 || q->text[id].p != NULL)
			continue;
		compose(rows, &line);
		q->text[id] = mm_arena_str(&q->texts, mm_buf_str(&line));
	}
	mm_query_free(rows);
	mm_buf_fini(&sql);
	mm_buf_fini(&line);
	return st == MM_END ? MM_OK : st;
}
