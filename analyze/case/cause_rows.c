#include <string.h>

#include "analyze/case/cause_rows.h"
#include "formats/base/buf.h"
#include "formats/base/time.h"

/* clang-format off */
static const struct {
	const char *name, *expression;
} keys[] = {
	{ "operator", "p.operator" },
	{ "receiver", "(SELECT text FROM name WHERE id = a.domain)" },
	{ "sender",
	  "CASE sa.text WHEN '' THEN '<>' ELSE"
	  " (SELECT text FROM name WHERE id = sa.domain) END" },
	{ "hour", "t.t_us / 3600000000 * 3600000000" },
	{ "template", "replace(p.shape, char(1), '*')" },
};
/* clang-format on */

/* One of the expressions stands between the two. Outcomes 2, 3: deferred,
 * bounced; finals 2 to 5: bounced, expired, deferred, held. */
static const char sql_front[] = "WITH g AS (SELECT ";
static const char sql_end[] =
    " AS k, coalesce(p.cause, 'unknown') AS c,"
    " count(DISTINCT t.recipient) AS n,"
    " count(DISTINCT CASE WHEN r.final IN (2, 3) THEN r.id END) AS lost,"
    " count(DISTINCT CASE WHEN r.final IN (4, 5) THEN r.id END) AS waiting,"
    " count(*) AS tries, count(DISTINCT a.domain) AS receivers,"
    " count(DISTINCT m.sender) AS senders, min(t.t_us) AS first,"
    " max(t.t_us) AS last, min(t.id) AS example"
    " FROM attempt t JOIN recipient r ON r.id = t.recipient"
    " JOIN address a ON a.id = r.address JOIN message m ON m.id = r.message"
    " LEFT JOIN reply p ON p.id = t.reply"
    " LEFT JOIN address sa ON sa.id = m.sender"
    " WHERE t.outcome IN (2, 3) GROUP BY 1, 2)"
    " SELECT k, c, n, lost, waiting, tries, receivers, senders, first, last,"
    " p.sample, f.name || ':' || t.line"
    " FROM g JOIN attempt t ON t.id = g.example JOIN file f ON f.id = t.file"
    " LEFT JOIN reply p ON p.id = t.reply ORDER BY ";

static int64_t
time_at(const struct mm_query *q, int column)
{
	return mm_query_is_null(q, column) ? MM_TIME_NONE
					   : mm_query_int(q, column);
}

static struct mm_cause_row
row_of(const struct mm_query *q, bool hours)
{
	return (struct mm_cause_row){
		.key = hours ? MM_STR_ABSENT : mm_query_text(q, 0),
		.hour_us = hours ? time_at(q, 0) : MM_TIME_NONE,
		.cause = mm_query_text(q, 1),
		.recipients = mm_query_int(q, 2),
		.lost = mm_query_int(q, 3),
		.waiting = mm_query_int(q, 4),
		.tries = mm_query_int(q, 5),
		.receivers = mm_query_int(q, 6),
		.senders = mm_query_int(q, 7),
		.first_us = time_at(q, 8),
		.last_us = time_at(q, 9),
		.example = mm_query_text(q, 10),
		.source = mm_query_text(q, 11),
	};
}

enum mm_status
mm_cause_rows(struct mm_store *s, const char *by,
	      enum mm_status (*take)(void *ctx, const struct mm_cause_row *r),
	      void *ctx, struct mm_err *err)
{
	struct mm_buf sql;
	struct mm_query *q;
	enum mm_status st = MM_OK;
	size_t k = 0;
	bool hours = by != NULL && strcmp(by, "hour") == 0;

	while (by != NULL && k < MM_COUNT(keys) &&
	       strcmp(keys[k].name, by) != 0)
		k++;
	if (k == MM_COUNT(keys))
		return mm_err_set(err, MM_EUSAGE,
				  "\"%s\" is none of operator, receiver, "
				  "sender, hour, template",
				  by);
	mm_buf_init(&sql, sizeof(sql_end) + 1000);
	mm_buf_addz(&sql, sql_front);
	mm_buf_addz(&sql, by != NULL ? keys[k].expression : "NULL");
	mm_buf_addz(&sql, sql_end);
	mm_buf_addz(&sql, hours ? "1, 3 DESC, 2" : "3 DESC, 1, 2");
	q = mm_query_new(s, sql.p, err);
	mm_buf_fini(&sql);
	if (q == NULL)
		return MM_EIO;
	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		struct mm_cause_row r = row_of(q, hours);

		st = take(ctx, &r);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}
