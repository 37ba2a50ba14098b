#include <string.h>

#include "analyze/case/latest.h"
#include "analyze/case/select.h"
#include "analyze/case/shape.h"

/* clang-format off */
static const struct mm_column columns[] = {
	{ "destination", "Destination", MM_TEXT },
	{ "total", "Total", MM_INT },
	{ "m5", "5 min", MM_INT },
	{ "m10", "10", MM_INT },
	{ "m20", "20", MM_INT },
	{ "m40", "40", MM_INT },
	{ "m80", "80", MM_INT },
	{ "m160", "160", MM_INT },
	{ "m320", "320", MM_INT },
	{ "m640", "640", MM_INT },
	{ "m1280", "1280", MM_INT },
	{ "older", "older", MM_INT },
};
/* clang-format on */

/* clang-format off */
#define BETWEEN(from, to) \
	", coalesce(sum(age >= " #from " AND age < " #to "), 0)"
#define COUNTS \
	"count(d), coalesce(sum(age < 5), 0)" BETWEEN(5, 10) BETWEEN(10, 20) \
	BETWEEN(20, 40) BETWEEN(40, 80) BETWEEN(80, 160) BETWEEN(160, 320) \
	BETWEEN(320, 640) BETWEEN(640, 1280) \
	", coalesce(sum(age >= 1280), 0)"
/* clang-format on */

/* clang-format off */
static const struct {
	const char *name, *column, *title, *expression;
} keys[] = {
	{ "domain", "destination", "Destination",
	  MM_BEHIND_AT("w.recipient") },
	{ "sender", "sender_domain", "Sender",
	  "CASE e.sender WHEN '' THEN '<>' ELSE "
	  MM_BEHIND_AT("e.sender") " END" },
	{ "cause", "cause", "Cause", "coalesce(w.cause, 'none')" },
	{ "queue", "queue", "Queue", "e.queue" },
	{ "host", "host", "Host", "l.host" },
};
/* clang-format on */

/* One of the expressions stands between the two. */
static const char sql_front[] =
    "WITH " MM_LATEST_SNAPSHOTS ","
    " all_rows AS (SELECT CASE WHEN w.entry IS NOT NULL"
    "   THEN coalesce(";
static const char sql_end[] =
    ", 'unknown') END AS d,"
    "  CASE WHEN w.entry IS NOT NULL"
    "   THEN (l.taken_us - e.arrived_us) / 60000000 END AS age"
    "  FROM last l LEFT JOIN entry e ON e.snapshot = l.id"
    "  LEFT JOIN waiting w ON w.entry = e.id AND w.done = 0)"
    " SELECT * FROM (SELECT 'TOTAL', " COUNTS " FROM all_rows"
    "  HAVING EXISTS (SELECT 1 FROM last))"
    " UNION ALL SELECT * FROM (SELECT d, " COUNTS " FROM all_rows"
    "  WHERE d IS NOT NULL GROUP BY d ORDER BY 2 DESC, 1)";

/* The table of the key `k`: only its first column is another. */
static struct mm_table *
table_of(size_t k)
{
	struct mm_table *t = mm_table_new("backlog", "Waiting by age", columns,
					  MM_COUNT(columns));
	struct mm_column *own = mm_arena_alloc(&t->texts, sizeof(columns));

	memcpy(own, columns, sizeof(columns));
	own[0].name = keys[k].column;
	own[0].title = keys[k].title;
	t->columns = own;
	return t;
}

struct mm_table *
mm_shape_by(struct mm_store *s, const char *by, int64_t at_us,
	    struct mm_err *err)
{
	struct mm_table *t;
	struct mm_buf text;
	struct mm_sink sink;
	enum mm_status st;
	size_t k = 0;

	while (k < MM_COUNT(keys) && strcmp(keys[k].name, by) != 0)
		k++;
	if (k == MM_COUNT(keys)) {
		(void)mm_err_set(err, MM_EUSAGE,
				 "\"%s\" is none of domain, sender, cause, "
				 "queue, host",
				 by);
		return NULL;
	}
	t = table_of(k);
	mm_buf_init(&text, sizeof(sql_front) + sizeof(sql_end) + 1000);
	mm_buf_addz(&text, sql_front);
	mm_buf_addz(&text, keys[k].expression);
	mm_buf_addz(&text, sql_end);
	sink = mm_table_sink(t);
	st = mm_select(s, text.p, at_us, t->columns, t->n_columns, &sink, err);
	mm_buf_fini(&text);
	if (st == MM_OK)
		return t;
	mm_table_free(t);
	return NULL;
}

struct mm_table *
mm_shape(struct mm_store *s, int64_t at_us, struct mm_err *err)
{
	return mm_shape_by(s, "domain", at_us, err);
}
