#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "formats/base/json.h"
#include "formats/base/mem.h"
#include "formats/base/utf8.h"
#include "replay/study/show.h"

#define LOST_SHOWN 20

static const struct mm_column summary_columns[] = {
	{ "policy", "policy", MM_TEXT },
	{ "cost_h", "cost h", MM_REAL },
	{ "half_gone", "half gone", MM_TEXT },
	{ "all_gone", "all gone", MM_TEXT },
	{ "new_mail_waits", "new mail waits", MM_TEXT },
	{ "attempts", "tries/mail", MM_REAL },
	{ "expired", "expired", MM_REAL },
	{ "blocked", "blocked", MM_TEXT },
	{ "reputation", "reputation", MM_SHARE },
	{ "best", "best in", MM_SHARE },
};

static const struct mm_column metrics_columns[] = {
	{ "policy", "policy", MM_TEXT }, { "metric", "metric", MM_TEXT },
	{ "mean", "mean", MM_REAL },	 { "lo", "from", MM_REAL },
	{ "hi", "to", MM_REAL },
};

static const struct mm_column lost_columns[] = {
	{ "policy", "policy", MM_TEXT },
	{ "queue_id", "queue id", MM_TEXT },
	{ "arrived", "arrived", MM_TIME },
	{ "sender", "sender", MM_TEXT },
	{ "recipient", "recipient", MM_TEXT },
};

static double
rounded(double v)
{
	return round(v * 1000) / 1000;
}

/* "2 h 5 min", or "> 3 d" when it was not reached. */
static struct mm_cell
span_cell(const struct mm_comparison *c, const struct mm_stat *s, char *text,
	  size_t n)
{
	char span[MM_TIME_TEXT];
	double at =
	    s->known ? s->mean * 1e6 : (double)c->study->horizon_ms * 1000;

	(void)snprintf(text, n, "%s%s", s->known ? "" : "> ",
		       at < 0.5e6 ? "0 s" : mm_time_span((int64_t)at, span));
	return mm_cell_z(text);
}

static struct mm_cell
real_cell(const struct mm_stat *s)
{
	return s->known ? mm_cell_real(rounded(s->mean)) : mm_cell_null();
}

struct mm_table *
mm_show_summary(const struct mm_comparison *c)
{
	struct mm_table *t =
	    mm_table_new("policies", "Policies, the best first",
			 summary_columns, MM_COUNT(summary_columns));
	bool live = c->study->n_live > 0;

	for (size_t i = 0; i < c->n_policies; i++) {
		const struct mm_compared *p = &c->policies[i];
		const struct mm_stat *m = p->metrics;
		char text[4][MM_TIME_TEXT];
		const struct mm_cell row[] = {
			mm_cell_text(p->plan->name),
			real_cell(&m[MM_MET_COST]),
			span_cell(c, &m[MM_MET_T50], text[0], MM_TIME_TEXT),
			span_cell(c, &m[MM_MET_T100], text[1], MM_TIME_TEXT),
			live ? span_cell(c, &m[MM_MET_LIVE_P99], text[2],
					 MM_TIME_TEXT)
			     : mm_cell_null(),
			real_cell(&m[MM_MET_ATTEMPTS]),
			real_cell(&m[MM_MET_EXPIRED]),
			span_cell(c, &m[MM_MET_BLOCKED], text[3], MM_TIME_TEXT),
			m[MM_MET_REPUTATION_MIN].known
			    ? mm_cell_share(m[MM_MET_REPUTATION_MIN].mean)
			    : mm_cell_null(),
			mm_cell_share(p->best),
		};

		mm_table_add(t, row);
	}
	return t;
}

struct mm_table *
mm_show_metrics(const struct mm_comparison *c)
{
	struct mm_table *t = mm_table_new("metrics", "Metrics", metrics_columns,
					  MM_COUNT(metrics_columns));

	for (size_t i = 0; i < c->n_policies; i++)
		for (size_t k = 0; k < MM_N_METRICS; k++) {
			const struct mm_stat *s = &c->policies[i].metrics[k];
			const struct mm_cell row[] = {
				mm_cell_text(c->policies[i].plan->name),
				mm_cell_z(mm_metric_infos[k].name),
				s->known ? mm_cell_real(s->mean)
					 : mm_cell_null(),
				s->known ? mm_cell_real(s->lo) : mm_cell_null(),
				s->known ? mm_cell_real(s->hi) : mm_cell_null(),
			};

			mm_table_add(t, row);
		}
	return t;
}

struct mm_table *
mm_show_lost(const struct mm_comparison *c)
{
	struct mm_table *t = mm_table_new("expired", "Mail that expires",
					  lost_columns, MM_COUNT(lost_columns));

	for (size_t i = 0; i < c->n_policies; i++)
		for (size_t k = 0; k < c->policies[i].n_lost; k++) {
			const struct mm_compared *p = &c->policies[i];
			const struct mm_backlog_item *m =
			    &c->study->backlog->items[p->lost[k]];
			const struct mm_cell row[] = {
				mm_cell_text(p->plan->name),
				mm_cell_text(m->queue_id),
				mm_cell_time(m->created_us),
				mm_cell_text(m->sender),
				mm_cell_text(m->recipient),
			};

			mm_table_add(t, row);
		}
	return t;
}

/* ---- words ---- */

static void
add_visible(struct mm_buf *out, struct mm_str s)
{
	mm_utf8_add_visible(out, s);
}

void
mm_show_setting(const struct mm_comparison *c, struct mm_buf *out)
{
	const struct mm_study *s = c->study;
	char span[MM_TIME_TEXT];

	mm_buf_addf(out, "%zu messages wait for %zu destinations, from ",
		    s->n_messages - s->n_live, s->n_dests);
	add_visible(out, s->backlog->source);
	mm_buf_addf(out, ";\n%zu new ones come in the %s that are played",
		    s->n_live, mm_time_span(s->horizon_ms * 1000, span));
	if (c->n_seeds > 1)
		mm_buf_addf(out, ", %zu times with seed %llu", c->n_seeds,
			    (unsigned long long)c->seed);
	mm_buf_addz(out, ".\nSender ");
	add_visible(out, s->sender->name);
	if (s->n_addresses > 1)
		mm_buf_addf(out, " with %zu addresses", s->n_addresses);
	mm_buf_addz(out, "; receivers");
	for (size_t i = 0; i < s->n_receivers && i < 8; i++) {
		mm_buf_addz(out, i > 0 ? ", " : " ");
		add_visible(out, s->receivers[i].name);
		mm_buf_addz(out, " as ");
		add_visible(out, s->receivers[i].file->name);
		mm_buf_addf(out, " (%zu)", s->receivers[i].n_waiting);
	}
	if (s->n_receivers > 8)
		mm_buf_addf(out, " and %zu more", s->n_receivers - 8);
	mm_buf_addz(out, ".\n");
}

static void
add_span(struct mm_buf *out, double seconds)
{
	char text[MM_TIME_TEXT];

	mm_buf_addz(out, mm_time_span((int64_t)(seconds * 1e6), text));
}

static void
add_after(struct mm_buf *out, double seconds)
{
	mm_buf_addz(out, seconds < 1 ? "at once" : "after ");
	if (seconds >= 1)
		add_span(out, seconds);
}

static void
add_drain(const struct mm_comparison *c, const struct mm_stat *m,
	  struct mm_buf *out)
{
	char span[MM_TIME_TEXT];

	if (m[MM_MET_T100].known) {
		mm_buf_addz(out, "the backlog is gone ");
		add_after(out, m[MM_MET_T100].mean);
		mm_buf_addz(out, ", half of it ");
		add_after(out, m[MM_MET_T50].mean);
		return;
	}
	mm_buf_addf(out, "the backlog is not gone within %s",
		    mm_time_span(c->study->horizon_ms * 1000, span));
	if (m[MM_MET_LEFT].mean >= 0.5)
		mm_buf_addf(out, ", %.0f still wait", m[MM_MET_LEFT].mean);
}

static void
add_harm(const struct mm_stat *m, struct mm_buf *out)
{
	if (m[MM_MET_BLOCKED].mean >= 1) {
		mm_buf_addz(out, "; blocked for ");
		add_span(out, m[MM_MET_BLOCKED].mean);
	} else {
		mm_buf_addz(out, "; no block");
	}
	if (m[MM_MET_REPUTATION_LOSS].known &&
	    m[MM_MET_REPUTATION_LOSS].mean >= 0.1) {
		mm_buf_addf(out, "; reputation falls to %.0f %%",
			    100 * m[MM_MET_REPUTATION_MIN].mean);
		mm_buf_addz(out, " and is back after ");
		add_span(out, m[MM_MET_RECOVERY].mean);
	}
	mm_buf_addf(out, "; %.3g tries a mail", m[MM_MET_ATTEMPTS].mean);
}

static void
add_lost(const struct mm_comparison *c, const struct mm_compared *p,
	 struct mm_buf *out)
{
	const struct mm_stat *m = p->metrics;

	if (m[MM_MET_EXPIRED].mean < 0.5)
		return;
	mm_buf_addf(out, "; %.0f EXPIRE", m[MM_MET_EXPIRED].mean);
	for (size_t i = 0; i < p->n_lost && i < 3; i++) {
		mm_buf_addz(out, i > 0 ? ", " : " (");
		add_visible(out, c->study->backlog->items[p->lost[i]].queue_id);
	}
	if (p->n_lost > 0)
		mm_buf_addz(out, p->n_lost > 3 ? " ...)" : ")");
}

void
mm_show_words(const struct mm_comparison *c, struct mm_buf *out)
{
	for (size_t i = 0; i < c->n_policies; i++) {
		const struct mm_compared *p = &c->policies[i];
		const struct mm_stat *m = p->metrics;

		add_visible(out, p->plan->name);
		if (p->plan->about.p != NULL) {
			mm_buf_addz(out, " - ");
			add_visible(out, p->plan->about);
		}
		mm_buf_addz(out, "\n    ");
		add_drain(c, m, out);
		if (c->study->n_live > 0) {
			mm_buf_addz(out, "; new mail waits up to ");
			add_span(out, m[MM_MET_LIVE_P99].mean);
		}
		add_harm(m, out);
		add_lost(c, p, out);
		mm_buf_addz(out, ".\n");
	}
}

/* ---- what was assumed ---- */

static void
add_param(struct mm_buf *out, struct mm_str who, const struct mm_param *p)
{
	add_visible(out, who);
	mm_buf_addf(out, ": %s %s = ", p->key->section, p->key->key);
	add_visible(out, p->text);
	mm_buf_addf(out, ", %s", mm_origin_name(p->origin));
	if (p->range.p != NULL) {
		mm_buf_addc(out, ' ');
		add_visible(out, p->range);
	}
	if (p->note.p != NULL) {
		mm_buf_addz(out, ": ");
		add_visible(out, p->note);
	}
}

/* Each assumption, once; `each` gets its text in `line`. */
static void
each_assumption(const struct mm_comparison *c, struct mm_buf *line,
		void (*each)(void *ctx, struct mm_str text), void *ctx)
{
	const struct mm_study *s = c->study;
	const struct mm_backlog *b = s->backlog;

	for (size_t i = 0; i < s->n_receivers; i++) {
		const struct mm_receiver_file *f = s->receivers[i].file;
		bool seen = false;

		for (size_t k = 0; k < i; k++)
			seen |= s->receivers[k].file == f;
		for (size_t k = 0; k < f->n_params && !seen; k++) {
			if (f->params[k].origin != MM_ASSUMED)
				continue;
			mm_buf_clear(line);
			add_param(line, f->name, &f->params[k]);
			each(ctx, mm_buf_str(line));
		}
	}
	for (size_t k = 0; k < s->sender->n_params; k++) {
		if (s->sender->params[k].origin != MM_ASSUMED)
			continue;
		mm_buf_clear(line);
		add_param(line, s->sender->name, &s->sender->params[k]);
		if (b->service.n_accepted == 0 ||
		    s->sender->params[k].key->kind != MM_KEY_SPAN ||
		    !mm_str_is(mm_str_z(s->sender->params[k].key->section),
			       "sender"))
			each(ctx, mm_buf_str(line));
	}
	if (b->n_held > 0) {
		mm_buf_clear(line);
		mm_buf_addf(line,
			    "%zu messages on hold are released when the queue "
			    "is resumed",
			    b->n_held);
		each(ctx, mm_buf_str(line));
	}
}

static void
add_assumption_line(void *ctx, struct mm_str text)
{
	struct mm_buf *out = ctx;

	mm_buf_addz(out, "  ");
	mm_buf_adds(out, text);
	mm_buf_addc(out, '\n');
}

void
mm_show_assumptions(const struct mm_comparison *c, struct mm_buf *out)
{
	struct mm_buf line;

	mm_buf_init(&line, 4096);
	each_assumption(c, &line, add_assumption_line, out);
	mm_buf_fini(&line);
}

/* ---- JSON ---- */

static void
add_real(struct mm_buf *out, double v)
{
	if (isnan(v))
		mm_buf_addz(out, "null");
	else
		mm_buf_addf(out, "%.9g", v);
}

static void
add_stat(struct mm_buf *out, const struct mm_stat *s)
{
	if (!s->known) {
		mm_buf_addz(out, "{\"mean\":null,\"lo\":null,\"hi\":null}");
		return;
	}
	mm_buf_addz(out, "{\"mean\":");
	add_real(out, s->mean);
	mm_buf_addz(out, ",\"lo\":");
	add_real(out, s->lo);
	mm_buf_addz(out, ",\"hi\":");
	add_real(out, s->hi);
	mm_buf_addc(out, '}');
}

static void
add_series(struct mm_buf *out, const struct mm_compared *p)
{
	for (size_t i = 0; i < p->n_points; i++) {
		const struct mm_compare_point *x = &p->points[i];

		mm_buf_addz(out, i > 0 ? ",{\"t\":" : "{\"t\":");
		mm_json_add_time(out, x->t_us);
		mm_buf_addf(out,
			    ",\"backlog\":%lld,\"live\":%lld,"
			    "\"delivered\":%lld,\"refused\":%lld,"
			    "\"reputation\":",
			    (long long)x->backlog, (long long)x->live,
			    (long long)x->delivered, (long long)x->refused);
		add_real(out, x->reputation);
		mm_buf_addc(out, '}');
	}
}

static void
add_policy(struct mm_buf *out, const struct mm_comparison *c,
	   const struct mm_compared *p)
{
	mm_buf_addz(out, "{\"name\":");
	mm_json_add_str(out, p->plan->name);
	mm_buf_addz(out, ",\"about\":");
	mm_json_add_str(out, p->plan->about);
	mm_buf_addz(out, ",\"metrics\":{");
	for (size_t k = 0; k < MM_N_METRICS; k++) {
		mm_buf_addf(out, "%s\"%s\":", k > 0 ? "," : "",
			    mm_metric_infos[k].name);
		add_stat(out, &p->metrics[k]);
	}
	mm_buf_addz(out, "},\"best\":");
	add_real(out, p->best);
	mm_buf_addz(out, ",\"dearer_h\":");
	add_stat(out, &p->dearer_h);
	mm_buf_addf(out, ",\"n_lost\":%zu,\"lost\":[", p->n_lost);
	for (size_t i = 0; i < p->n_lost && i < LOST_SHOWN; i++) {
		if (i > 0)
			mm_buf_addc(out, ',');
		mm_json_add_str(out,
				c->study->backlog->items[p->lost[i]].queue_id);
	}
	mm_buf_addz(out, "],\"series\":[");
	add_series(out, p);
	mm_buf_addz(out, "]}");
}

static void
add_assumption_json(void *ctx, struct mm_str text)
{
	struct mm_buf *out = ctx;

	if (out->n > 0 && out->p[out->n - 1] != '[')
		mm_buf_addc(out, ',');
	mm_json_add_str(out, text);
}

void
mm_show_json(const struct mm_comparison *c, struct mm_buf *out)
{
	const struct mm_study *s = c->study;
	struct mm_buf line;

	mm_buf_addz(out, "{\"policies\":[");
	for (size_t i = 0; i < c->n_policies; i++) {
		if (i > 0)
			mm_buf_addc(out, ',');
		add_policy(out, c, &c->policies[i]);
	}
	mm_buf_addz(out, "],\"assumptions\":[");
	mm_buf_init(&line, 4096);
	each_assumption(c, &line, add_assumption_json, out);
	mm_buf_fini(&line);
	mm_buf_addf(out,
		    "],\"seed\":%llu,\"seeds\":%zu,\"horizon_s\":%lld,"
		    "\"at\":",
		    (unsigned long long)c->seed, c->n_seeds,
		    (long long)s->horizon_ms / 1000);
	mm_json_add_time(out, s->backlog->at_us);
	mm_buf_addf(out, ",\"backlog\":%zu,\"live\":%zu,\"source\":",
		    s->n_messages - s->n_live, s->n_live);
	mm_json_add_str(out, s->backlog->source);
	mm_buf_addz(out, "}\n");
}
