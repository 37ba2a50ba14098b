#include "analyze/case/curves.h"
#include "formats/base/time.h"

int64_t
mm_curve_width(int64_t from_us, int64_t to_us, int64_t n_max)
{
	static const int64_t seconds[] = {
		1,     2,     5,     10,    15,	    30,	    60,
		120,   300,   600,   900,   1800,   3600,   7200,
		10800, 21600, 43200, 86400, 172800, 604800,
	};
	size_t i = 0;

	while (i + 1 < MM_COUNT(seconds) &&
	       (to_us - from_us) / (seconds[i] * MM_SECOND_US) >= n_max)
		i++;
	return seconds[i] * MM_SECOND_US;
}

static int64_t
floor_to(int64_t t_us, int64_t width_us)
{
	return t_us - (t_us % width_us + width_us) % width_us;
}

#define MAX_VALUES 4

struct curve {
	struct mm_table *t;
	int64_t next, last, width; /* start of the next and the last bucket */
	size_t n;		   /* values */
	bool sums;		   /* values are steps of a running sum */
	int64_t sum[MAX_VALUES];
};

/* Rows up to the bucket at `t_us`, where `values` belong. */
static void
add_until(struct curve *c, int64_t t_us, const int64_t *values)
{
	struct mm_cell row[MAX_VALUES + 1];

	for (; c->next <= t_us; c->next += c->width) {
		row[0] = mm_cell_time(c->next);
		for (size_t i = 0; i < c->n; i++) {
			int64_t v =
			    c->next == t_us && values != NULL ? values[i] : 0;

			c->sum[i] += v;
			row[i + 1] = mm_cell_int(c->sums ? c->sum[i] : v);
		}
		mm_table_add(c->t, row);
	}
}

static struct mm_table *
run(struct curve *c, struct mm_store *s, const char *sql, int64_t from_us,
    int64_t to_us, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(s, sql, err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;
	int64_t values[MAX_VALUES];

	c->next = floor_to(from_us, c->width);
	c->last = floor_to(to_us, c->width);
	if (q != NULL) {
		mm_query_bind_int(q, 0, c->width);
		mm_query_bind_int(q, 1, c->next);
		mm_query_bind_int(q, 2, c->last);
	}
	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		for (size_t i = 0; i < c->n; i++)
			values[i] = mm_query_int(q, (int)i + 1);
		add_until(c, mm_query_int(q, 0), values);
	}
	mm_query_free(q);
	if (st != MM_END) {
		mm_table_free(c->t);
		return NULL;
	}
	add_until(c, c->last, NULL);
	return c->t;
}

struct mm_table *
mm_curve_volume(struct mm_store *s, int64_t from_us, int64_t to_us,
		int64_t width_us, struct mm_err *err)
{
	static const struct mm_column columns[] = {
		{ "t", "Time", MM_TIME },
		{ "sent", "sent", MM_INT },
		{ "deferred", "deferred", MM_INT },
		{ "bounced", "bounced", MM_INT },
		{ "not_tried", "put off untried", MM_INT },
	};
	struct curve c = { .width = width_us, .n = 4 };

	c.t = mm_table_new("volume", "Attempts to deliver, by outcome", columns,
			   MM_COUNT(columns));
	/* enum mm_outcome: 1 sent, 2 deferred, 3 bounced; flag 1: contact. */
	return run(&c, s,
		   "SELECT max(min(t_us / ?1 * ?1, ?3), ?2), sum(outcome = 1),"
		   " sum(outcome = 2 AND flags & 1), sum(outcome = 3),"
		   " sum(outcome = 2 AND NOT flags & 1) FROM attempt"
		   " WHERE t_us IS NOT NULL GROUP BY 1 ORDER BY 1",
		   from_us, to_us, err);
}

struct mm_table *
mm_curve_waiting(struct mm_store *s, int64_t from_us, int64_t to_us,
		 int64_t width_us, struct mm_err *err)
{
	static const struct mm_column columns[] = {
		{ "t", "Time", MM_TIME },
		{ "waiting", "waiting", MM_INT },
	};
	struct curve c = { .width = width_us, .n = 1, .sums = true };

	c.t = mm_table_new("waiting", "Recipients waiting", columns,
			   MM_COUNT(columns));
	/* enum mm_final: 0 unknown, 4 deferred, 5 held have not left. */
	return run(&c, s,
		   "SELECT b, sum(n) FROM ("
		   "SELECT max(min(coalesce(m.arrived_us, ?2) / ?1 * ?1, ?3),"
		   "  ?2) AS b, count(*) AS n FROM recipient r"
		   " JOIN message m ON m.id = r.message"
		   " WHERE r.next IS NULL AND r.final <> 0 GROUP BY 1"
		   " UNION ALL "
		   "SELECT max(min(coalesce(final_us, ?2) / ?1 * ?1, ?3), ?2),"
		   " -count(*) FROM recipient WHERE next IS NULL"
		   " AND final NOT IN (0, 4, 5) GROUP BY 1)"
		   " GROUP BY b ORDER BY b",
		   from_us, to_us, err);
}
