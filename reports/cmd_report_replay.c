#include <math.h>
#include <stdlib.h>

#include "formats/base/json.h"
#include "formats/base/mem.h"
#include "formats/base/time.h"
#include "reports/cmd_report_replay.h"

/* What people compare; the file has more. Means over the seeds. */
/* clang-format off */
static const struct mm_column columns[] = {
	{ "policy", "policy", MM_TEXT },
	{ "about", "what it does", MM_TEXT },
	{ "cost_h", "cost, hours", MM_REAL },
	{ "t99_s", "99 % gone after", MM_SPAN },
	{ "live_p99_s", "new mail's 99 % delay", MM_SPAN },
	{ "deferral_ratio", "deferred", MM_SHARE },
	{ "expired", "expired", MM_REAL },
	{ "blocked_s", "blocked", MM_SPAN },
	{ "reputation_min", "lowest reputation", MM_SHARE },
	{ "delay_p99_s", "backlog's 99 % delay", MM_SPAN },
};

/* All of it for the CSV files. */
static const struct mm_column interval_columns[] = {
	{ "policy", "policy", MM_TEXT },
	{ "metric", "metric", MM_TEXT },
	{ "mean", "mean", MM_REAL },
	{ "lo", "from", MM_REAL },
	{ "hi", "to", MM_REAL },
};
/* clang-format on */

static struct mm_cell
number_cell(const struct mm_json *v, enum mm_cell_kind kind)
{
	double x = mm_json_real(v, NAN);

	if (isnan(x))
		return mm_cell_null();
	if (kind == MM_SPAN)
		return mm_cell_span((int64_t)llround(x * 1e6));
	return kind == MM_SHARE ? mm_cell_share(x) : mm_cell_real(x);
}

static void
add_policies(struct mm_report *r, const struct mm_json *policies)
{
	struct mm_table *t = mm_table_new(
	    "policies", "Ways to resume, compared", columns, MM_COUNT(columns));
	struct mm_table *all =
	    mm_table_new("policy-metrics", "All numbers of each policy",
			 interval_columns, MM_COUNT(interval_columns));

	for (size_t i = 0; i < mm_json_len(policies); i++) {
		const struct mm_json *p = mm_json_at(policies, i);
		const struct mm_json *metrics = mm_json_get(p, "metrics");
		struct mm_cell row[MM_COUNT(columns)];

		row[0] = mm_cell_text(mm_json_str(mm_json_get(p, "name")));
		row[1] = mm_cell_text(mm_json_str(mm_json_get(p, "about")));
		for (size_t c = 2; c < MM_COUNT(columns); c++) {
			const struct mm_json *m =
			    mm_json_get(metrics, columns[c].name);
			const struct mm_cell interval[] = {
				row[0],
				mm_cell_z(columns[c].name),
				number_cell(mm_json_get(m, "mean"), MM_REAL),
				number_cell(mm_json_get(m, "lo"), MM_REAL),
				number_cell(mm_json_get(m, "hi"), MM_REAL),
			};

			row[c] = number_cell(mm_json_get(m, "mean"),
					     columns[c].kind);
			mm_table_add(all, interval);
		}
		mm_table_add(t, row);
	}
	mm_report_table(r, t, NULL);
	mm_report_rows(r, all);
}

/* One line for each policy; their points lie at the same times. */
struct curve {
	const char *name, *title, *y_label;
	const char *key; /* of a point */
	enum mm_cell_kind kind;
};

static void
add_curve(struct mm_report *r, const struct mm_json *policies, double at,
	  const struct curve *c)
{
	size_t n = mm_json_len(policies), n_points = 0;
	struct mm_column *lines =
	    mm_arena_calloc(&r->texts, (n + 1) * sizeof(*lines));
	struct mm_cell *row = mm_calloc(n + 1, sizeof(*row));
	const struct mm_chart chart = { .y_label = c->y_label };
	struct mm_table *t;

	lines[0] = (struct mm_column){ "elapsed", "since it began", MM_SPAN };
	for (size_t i = 0; i < n; i++) {
		const struct mm_json *p = mm_json_at(policies, i);
		struct mm_str name = mm_json_str(mm_json_get(p, "name"));
		size_t points = mm_json_len(mm_json_get(p, "series"));

		name = mm_arena_str(&r->texts, name);
		lines[i + 1] =
		    (struct mm_column){ name.p != NULL ? name.p : "?",
					name.p != NULL ? name.p : "?",
					c->kind };
		n_points = points > n_points ? points : n_points;
	}
	t = mm_table_new(c->name, c->title, lines, n + 1);
	for (size_t k = 0; k < n_points; k++) {
		row[0] = mm_cell_null();
		for (size_t i = 0; i < n; i++) {
			const struct mm_json *point = mm_json_at(
			    mm_json_get(mm_json_at(policies, i), "series"), k);
			double x =
			    mm_json_real(mm_json_get(point, "t"), NAN) - at;

			if (row[0].kind == MM_NULL && !isnan(x))
				row[0] =
				    mm_cell_span((int64_t)llround(x * 1e6));
			row[i + 1] =
			    number_cell(mm_json_get(point, c->key), MM_REAL);
			if (c->kind == MM_INT && row[i + 1].kind != MM_NULL)
				row[i + 1] =
				    mm_cell_int((int64_t)llround(row[i + 1].r));
		}
		mm_table_add(t, row);
	}
	free(row);
	if (n_points > 1)
		mm_report_chart(r, t, &chart);
	else
		mm_table_free(t);
}

static void
add_assumptions(struct mm_report *r, const struct mm_json *list)
{
	static const struct mm_column column[] = { { "assumption", "assumed",
						     MM_TEXT } };
	struct mm_table *t =
	    mm_table_new("assumptions", "What this rests on", column, 1);

	for (size_t i = 0; i < mm_json_len(list); i++) {
		const struct mm_cell row =
		    mm_cell_text(mm_json_str(mm_json_at(list, i)));

		mm_table_add(t, &row);
	}
	mm_report_table(r, t, NULL);
}

static void
add_facts(struct mm_report *r, const struct mm_json *root, double at)
{
	static const struct {
		const char *key, *label;
	} counts[] = { { "backlog", "Messages waiting" },
		       { "live", "New messages meanwhile" },
		       { "seeds", "Runs" },
		       { "seed", "Seed" } };

	mm_report_fact(r, "From",
		       mm_cell_time((int64_t)llround(at) * MM_SECOND_US));
	mm_report_fact(r, "Backlog of",
		       mm_cell_text(mm_json_str(mm_json_get(root, "source"))));
	for (size_t i = 0; i < MM_COUNT(counts); i++) {
		const struct mm_json *v = mm_json_get(root, counts[i].key);

		if (mm_json_is_number(v))
			mm_report_fact(r, counts[i].label,
				       mm_cell_int(mm_json_int(v, 0)));
	}
}

enum mm_status
mm_report_replay(struct mm_report *r, struct mm_str text, const char *name,
		 struct mm_err *err)
{
	static const struct curve curves[] = {
		{ "drain", "The backlog, by policy", "messages waiting",
		  "backlog", MM_INT },
		{ "delivered", "Delivered, by policy", "messages so far",
		  "delivered", MM_INT },
		{ "refused", "Attempts refused, by policy",
		  "since the point before", "refused", MM_INT },
		{ "reputation", "Reputation, by policy", "lowest, 1 is best",
		  "reputation", MM_REAL },
	};
	struct mm_err why;
	struct mm_json *root = mm_json_parse(text, &why);
	const struct mm_json *policies = mm_json_get(root, "policies");
	double at = mm_json_real(mm_json_get(root, "at"), 0);

	if (mm_json_len(policies) == 0) {
		bool json = root != NULL;

		mm_json_free(root);
		return mm_err_set(err, MM_EFORMAT,
				  "%s: no result of `mailmortem replay "
				  "--format json`%s%s",
				  name, json ? "" : ": ", json ? "" : why.text);
	}
	mm_report_section(r, "replay-section", "Ways to resume");
	mm_report_prose(r, "What each way of resuming the queue would do, "
			   "played against the receivers below. Means of all "
			   "runs; the CSV files have the intervals.");
	add_facts(r, root, at);
	add_policies(r, policies);
	for (size_t i = 0; i < MM_COUNT(curves); i++)
		add_curve(r, policies, at, &curves[i]);
	add_assumptions(r, mm_json_get(root, "assumptions"));
	mm_json_free(root);
	return MM_OK;
}
