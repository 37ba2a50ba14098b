#include "analyze/case/shape.h"
#include "analyze/case/select.h"

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

/* What stands behind the last @ of x: all but it is trimmed away. */
#define BEHIND_AT(x) "replace(" x ", rtrim(" x ", replace(" x ", '@', '')), '')"

/* clang-format off */
#define BETWEEN(from, to) \
	", coalesce(sum(age >= " #from " AND age < " #to "), 0)"
#define COUNTS \
	"count(d), coalesce(sum(age < 5), 0)" BETWEEN(5, 10) BETWEEN(10, 20) \
	BETWEEN(20, 40) BETWEEN(40, 80) BETWEEN(80, 160) BETWEEN(160, 320) \
	BETWEEN(320, 640) BETWEEN(640, 1280) \
	", coalesce(sum(age >= 1280), 0)"
/* clang-format on */

static const char sql[] =
    "WITH last AS (SELECT id, taken_us FROM (SELECT id, taken_us,"
    "  row_number() OVER (PARTITION BY coalesce(host, '')"
    "   ORDER BY taken_us DESC, id) AS n FROM snapshot"
    "  WHERE taken_us IS NOT NULL AND (?1 IS NULL OR taken_us <= ?1))"
    " WHERE n = 1),"
    " all_rows AS (SELECT lower(" BEHIND_AT(
	"w.recipient") ") AS d,"
		       "  (l.taken_us - e.arrived_us) / 60000000 AS age"
		       "  FROM last l LEFT JOIN entry e ON e.snapshot = l.id"
		       "  LEFT JOIN waiting w ON w.entry = e.id AND w.done = 0)"
		       " SELECT * FROM (SELECT 'TOTAL', " COUNTS
		       " FROM all_rows"
		       "  HAVING EXISTS (SELECT 1 FROM last))"
		       " UNION ALL SELECT * FROM (SELECT d, " COUNTS
		       " FROM all_rows"
		       "  WHERE d IS NOT NULL GROUP BY d ORDER BY 2 DESC, 1)";

static enum mm_status
keep(void *ctx, const struct mm_cell *row, struct mm_err *err)
{
	(void)err;
	mm_table_add(ctx, row);
	return MM_OK;
}

struct mm_table *
mm_shape(struct mm_store *s, int64_t at_us, struct mm_err *err)
{
	struct mm_table *t =
	    mm_table_new("backlog", "Waiting by destination and age", columns,
			 MM_COUNT(columns));
	const struct mm_sink sink = { keep, t };

	if (mm_select(s, sql, at_us, columns, MM_COUNT(columns), &sink, err) ==
	    MM_OK)
		return t;
	mm_table_free(t);
	return NULL;
}
