#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "analyze/case/scan.h"
#include "formats/base/mem.h"
#include "replay/engine/num.h"
#include "replay/study/compare.h"

#define POINTS_MAX 240
#define SAME_H	   (1.0 / 3600) /* costs that are the same */

/* All runs: `n_plans` policies and the undisturbed live mail behind them,
 * each without chance (0) and with n_drawn seeds. */
struct work {
	const struct mm_study *study;
	const struct mm_plan *plans;
	size_t n_plans, n_drawn;
	uint64_t seed;
	double *metrics; /* by plan, then run; owned */
	struct mm_compared *out;
	pthread_mutex_t lock;
	size_t next; /* job */
};

static double *
metrics_of(const struct work *w, size_t plan, size_t run)
{
	return w->metrics + (plan * (w->n_drawn + 1) + run) * MM_N_METRICS;
}

static void
note_lost(const struct work *w, const struct mm_scenario *s,
	  struct mm_compared *c)
{
	size_t cap = 0;

	for (size_t i = 0; i < s->n_messages; i++) {
		if (s->messages[i].state != MM_EXPIRED)
			continue;
		c->lost = mm_grow(c->lost, c->n_lost, &cap, sizeof(*c->lost));
		c->lost[c->n_lost++] = w->study->item_of[i];
	}
}

static void
play(struct work *w, size_t job)
{
	size_t plan = job / (w->n_drawn + 1), run = job % (w->n_drawn + 1);
	const struct mm_plan *p = plan < w->n_plans ? &w->plans[plan] : NULL;
	struct mm_scenario s;
	struct mm_outcome o;

	mm_study_scenario(w->study, p, run == 0 ? 0 : w->seed + run, &s);
	mm_run(&s, NULL, &o);
	mm_metrics_take(w->study, p, &s, &o, metrics_of(w, plan, run));
	if (p != NULL && run == 0)
		note_lost(w, &s, &w->out[plan]);
	mm_outcome_fini(&o);
	mm_scenario_fini(&s);
}

static void *
work_on(void *ctx)
{
	struct work *w = ctx;
	size_t n = (w->n_plans + 1) * (w->n_drawn + 1), job;

	for (;;) {
		(void)pthread_mutex_lock(&w->lock);
		job = w->next++;
		(void)pthread_mutex_unlock(&w->lock);
		if (job >= n)
			return NULL;
		play(w, job);
	}
}

static void
work_all(struct work *w, size_t n_threads)
{
	pthread_t *threads = mm_calloc(n_threads, sizeof(*threads));
	size_t n = 0;

	/* One that cannot be started is no harm: the others do its part. */
	while (n + 1 < n_threads &&
	       pthread_create(&threads[n], NULL, work_on, w) == 0)
		n++;
	(void)work_on(w);
	while (n-- > 0)
		(void)pthread_join(threads[n], NULL);
	free(threads);
}

/* ---- statistics ---- */

/* Student's t for 95 %, by degrees of freedom. */
static double
student(size_t df)
{
	static const double t[] = { 0,	   12.71, 4.303, 3.182, 2.776, 2.571,
				    2.447, 2.365, 2.306, 2.262, 2.228, 2.201,
				    2.179, 2.160, 2.145, 2.131, 2.120, 2.110,
				    2.101, 2.093, 2.086 };

	return df < MM_COUNT(t) ? t[df] : 1.96 + 2.5 / (double)df;
}

static struct mm_stat
stat_of(const double *v, size_t n)
{
	struct mm_stat s = { .known = true };
	double square = 0, half = 0, least = INFINITY, most = -INFINITY;

	for (size_t i = 0; i < n; i++) {
		s.known &= !isnan(v[i]);
		s.mean += v[i] / (double)n;
		least = fmin(least, v[i]);
		most = fmax(most, v[i]);
	}
	for (size_t i = 0; i < n; i++)
		square += (v[i] - s.mean) * (v[i] - s.mean);
	if (n > 1)
		half =
		    student(n - 1) * sqrt(square / (double)(n - 1) / (double)n);
	/* No mean lies outside of what was seen. */
	s.lo = fmax(s.mean - half, least);
	s.hi = fmin(s.mean + half, most);
	return s;
}

static void
take_stats(const struct work *w, size_t first, size_t n)
{
	double *v = mm_calloc(n, sizeof(*v));

	for (size_t p = 0; p < w->n_plans; p++)
		for (size_t m = 0; m < MM_N_METRICS; m++) {
			for (size_t k = 0; k < n; k++)
				v[k] = metrics_of(w, p, first + k)[m];
			w->out[p].metrics[m] = stat_of(v, n);
		}
	free(v);
}

static double
cost_of(const struct work *w, size_t plan, size_t run)
{
	return metrics_of(w, plan, run)[MM_MET_COST];
}

/* Who is cheapest in a run; those that cost the same share it. */
static void
share_win(const struct work *w, size_t run, double weight)
{
	double least = INFINITY, n = 0;

	for (size_t p = 0; p < w->n_plans; p++)
		least = fmin(least, cost_of(w, p, run));
	for (size_t p = 0; p < w->n_plans; p++)
		n += cost_of(w, p, run) <= least + SAME_H;
	for (size_t p = 0; p < w->n_plans; p++)
		if (cost_of(w, p, run) <= least + SAME_H)
			w->out[p].best += weight / n;
}

/* Who is cheapest how often, and by how much the others are dearer than the
 * one that is cheapest on the whole. */
static void
take_ranks(const struct work *w, size_t first, size_t n)
{
	double *v = mm_calloc(n, sizeof(*v));
	size_t best = 0;

	for (size_t p = 1; p < w->n_plans; p++)
		if (w->out[p].metrics[MM_MET_COST].mean <
		    w->out[best].metrics[MM_MET_COST].mean)
			best = p;
	for (size_t k = 0; k < n; k++)
		share_win(w, first + k, 1 / (double)n);
	for (size_t p = 0; p < w->n_plans; p++) {
		for (size_t k = 0; k < n; k++)
			v[k] = cost_of(w, p, first + k) -
			       cost_of(w, best, first + k);
		w->out[p].dearer_h = stat_of(v, n);
	}
	free(v);
}

static int
by_cost(const void *a, const void *b)
{
	const struct mm_compared *x = a, *y = b;
	double p = x->metrics[MM_MET_COST].mean;
	double q = y->metrics[MM_MET_COST].mean;

	if (p != q)
		return p < q ? -1 : 1;
	return mm_str_cmp(x->plan->name, y->plan->name);
}

/* ---- over time ---- */

struct watch {
	const struct mm_study *study;
	struct mm_compared *c;
	int64_t width_ms;
};

static void
see_attempt(void *ctx, uint64_t number, const struct mm_attempt *a)
{
	struct watch *w = ctx;
	int64_t at = (a->end_ms + w->width_ms - 1) / w->width_ms;

	(void)number;
	if (a->end_ms >= 0 && a->result != MM_ACCEPTED &&
	    a->result != MM_HARD && at < (int64_t)w->c->n_points)
		w->c->points[at].refused++;
}

static void
see_state(void *ctx, int64_t t_ms, int64_t n_queued,
	  const struct mm_receiver *receivers)
{
	struct watch *w = ctx;
	size_t at = (size_t)(t_ms / w->width_ms);

	(void)n_queued;
	if (at >= w->c->n_points)
		return;
	for (size_t r = 0; r < w->study->n_receivers * w->study->n_addresses;
	     r++) {
		struct mm_reputation now = receivers[r].reputation;

		mm_reputation_advance(&now, mm_num_max(t_ms, now.t_ms));
		w->c->points[at].reputation =
		    fmin(w->c->points[at].reputation,
			 (double)now.ppm / MM_REPUTATION_FULL);
	}
}

/* Steps at the messages' own times, summed up to each point. */
static void
count_messages(struct watch *w, const struct mm_scenario *s)
{
	struct mm_compare_point *p = w->c->points;
	int64_t n = (int64_t)w->c->n_points;

	for (size_t i = 0; i < s->n_messages; i++) {
		const struct mm_message *m = &s->messages[i];
		int64_t *waiting, came = 0, went;

		if (m->live)
			came = mm_num_max(0, m->created_ms + w->width_ms - 1) /
			       w->width_ms;
		went = (m->at_ms + w->width_ms - 1) / w->width_ms;
		if (came < n) {
			waiting = m->live ? &p[came].live : &p[came].backlog;
			++*waiting;
		}
		if (m->state < MM_DELIVERED || went >= n)
			continue;
		waiting = m->live ? &p[went].live : &p[went].backlog;
		--*waiting;
		p[went].delivered += m->state == MM_DELIVERED;
	}
	for (int64_t i = 1; i < n; i++) {
		p[i].backlog += p[i - 1].backlog;
		p[i].live += p[i - 1].live;
		p[i].delivered += p[i - 1].delivered;
		/* Nobody looked after the last event. */
		if (p[i].reputation > 1)
			p[i].reputation = p[i - 1].reputation;
	}
}

static void
draw_curves(const struct work *w, struct mm_compared *c, int64_t span_ms,
	    int64_t width_ms)
{
	struct watch watch = { .study = w->study,
			       .c = c,
			       .width_ms = width_ms };
	const struct mm_run_hooks hooks = { .ctx = &watch,
					    .attempt = see_attempt,
					    .sample_ms = width_ms,
					    .sample = see_state };
	struct mm_scenario s;
	struct mm_outcome o;

	c->n_points = (size_t)(span_ms / width_ms) + 2;
	c->points = mm_calloc(c->n_points, sizeof(*c->points));
	for (size_t i = 0; i < c->n_points; i++) {
		c->points[i].t_us =
		    w->study->backlog->at_us + (int64_t)i * width_ms * 1000;
		c->points[i].reputation = i == 0 ? 1 : 2;
	}
	mm_study_scenario(w->study, c->plan, 0, &s);
	mm_run(&s, &hooks, &o);
	count_messages(&watch, &s);
	mm_outcome_fini(&o);
	mm_scenario_fini(&s);
}

/* One scale for all: until the slowest that ends has ended. */
static int64_t
curve_span(const struct work *w)
{
	double most = 60;

	for (size_t p = 0; p < w->n_plans; p++) {
		double t = metrics_of(w, p, 0)[MM_MET_T100];

		most = fmax(most, isnan(t) ? 0 : t * 1.1);
	}
	return mm_num_min((int64_t)(most * 1000), w->study->horizon_ms);
}

void
mm_compare_init(struct mm_comparison *c, const struct mm_study *study,
		const struct mm_plan *plans, size_t n_plans, size_t n_seeds,
		uint64_t seed, size_t n_threads)
{
	struct work w = { .study = study,
			  .plans = plans,
			  .n_plans = n_plans,
			  .n_drawn = n_seeds > 1 ? n_seeds : 0,
			  .seed = seed };
	size_t first = n_seeds > 1 ? 1 : 0;
	int64_t span, width;

	*c = (struct mm_comparison){ .study = study,
				     .n_policies = n_plans,
				     .n_seeds = n_seeds,
				     .seed = seed };
	c->policies = w.out = mm_calloc(n_plans, sizeof(*c->policies));
	w.metrics = mm_calloc((n_plans + 1) * (w.n_drawn + 1) * MM_N_METRICS,
			      sizeof(*w.metrics));
	for (size_t p = 0; p < n_plans; p++)
		c->policies[p].plan = &plans[p];
	(void)pthread_mutex_init(&w.lock, NULL);
	work_all(&w, n_threads);
	(void)pthread_mutex_destroy(&w.lock);
	for (size_t p = 0; p < n_plans && study->n_live > 0; p++)
		for (size_t k = 0; k <= w.n_drawn; k++)
			mm_metrics_compare(metrics_of(&w, p, k),
					   metrics_of(&w, n_plans, k));
	take_stats(&w, first, n_seeds);
	take_ranks(&w, first, n_seeds);
	span = curve_span(&w);
	width = mm_scan_width(0, span * 1000, POINTS_MAX) / 1000;
	for (size_t p = 0; p < n_plans; p++)
		draw_curves(&w, &c->policies[p], span, width);
	qsort(c->policies, n_plans, sizeof(*c->policies), by_cost);
	free(w.metrics);
}

void
mm_compare_fini(struct mm_comparison *c)
{
	for (size_t i = 0; i < c->n_policies; i++) {
		free(c->policies[i].points);
		free(c->policies[i].lost);
	}
	free(c->policies);
	*c = (struct mm_comparison){ 0 };
}
