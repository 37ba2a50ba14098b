#include <math.h>
#include <stdlib.h>

#include "formats/base/mem.h"
#include "replay/engine/num.h"
#include "replay/engine/sort.h"
#include "replay/study/metrics.h"

#define HOUR_S	3600.0
#define HOUR_MS 3600000.0

/* What a percent of the mail weighs in the cost, in hours, when it expires, or
 * is backlog that still waits at the end. */
#define HOURS_PER_PERCENT_LOST 10.0
/* How far a reputation's way back is followed. */
#define RECOVERY_MAX_MS (90 * MM_DAY_MS)

/* clang-format off */
const struct mm_metric_info mm_metric_infos[MM_N_METRICS] = {
	[MM_MET_COST] = { "cost_h", "cost, hours", MM_REAL },
	[MM_MET_T50] = { "t50_s", "half gone", MM_SPAN },
	[MM_MET_T90] = { "t90_s", "90 % gone", MM_SPAN },
	[MM_MET_T99] = { "t99_s", "99 % gone", MM_SPAN },
	[MM_MET_T100] = { "t100_s", "all gone", MM_SPAN },
	[MM_MET_DELAY_P50] = { "delay_p50_s", "backlog's median delay", MM_SPAN },
	[MM_MET_DELAY_P99] = { "delay_p99_s", "backlog's 99 % delay", MM_SPAN },
	[MM_MET_LIVE_P50] = { "live_p50_s", "new mail's median delay", MM_SPAN },
	[MM_MET_LIVE_P99] = { "live_p99_s", "new mail's 99 % delay", MM_SPAN },
	[MM_MET_LIVE_HARM] = { "live_harm_s", "against no outage", MM_SPAN },
	[MM_MET_ATTEMPTS] = { "attempts_per_message", "attempts a message", MM_REAL },
	[MM_MET_DEFERRALS] = { "deferral_ratio", "deferred", MM_SHARE },
	[MM_MET_DELIVERED] = { "delivered", "delivered", MM_REAL },
	[MM_MET_BOUNCED] = { "bounced", "bounced", MM_REAL },
	[MM_MET_EXPIRED] = { "expired", "expired", MM_REAL },
	[MM_MET_LEFT] = { "left", "still queued", MM_REAL },
	[MM_MET_BLOCKED] = { "blocked_s", "blocked", MM_SPAN },
	[MM_MET_REJECTED_BLOCKED] = { "rejected_blocked", "refused in blocks", MM_REAL },
	[MM_MET_REPUTATION_MIN] = { "reputation_min", "lowest reputation", MM_REAL },
	[MM_MET_REPUTATION_END] = { "reputation_end", "reputation at the end", MM_REAL },
	[MM_MET_REPUTATION_LOSS] = { "reputation_loss_h", "reputation lost, hours", MM_REAL },
	[MM_MET_RECOVERY] = { "recovery_s", "reputation back after", MM_SPAN },
	[MM_MET_GOODPUT] = { "goodput_per_h", "delivered an hour", MM_REAL },
	[MM_MET_EFFICIENCY] = { "efficiency", "of the best drain", MM_SHARE },
	[MM_MET_FAIRNESS] = { "fairness", "fairness", MM_REAL },
	[MM_MET_DEADLINE_MISSES] = { "deadline_misses", "deadlines missed", MM_REAL },
};
/* clang-format on */

static bool
ended(const struct mm_message *m)
{
	return m->state >= MM_DELIVERED;
}

/* How long a message took, or waits so far; -1: it never came. */
static int64_t
delay_ms(const struct mm_message *m, int64_t horizon_ms)
{
	int64_t end = ended(m) ? m->at_ms : horizon_ms;

	return end < m->created_ms ? -1 : end - m->created_ms;
}

static double
rank_s(const int64_t *v, size_t n, int percent)
{
	return n > 0 ? (double)mm_outcome_rank(v, n, percent) / 1000 : NAN;
}

/* Times and delays of the backlog, or of the live mail. */
static size_t
collect(const struct mm_scenario *s, bool live, bool ends, int64_t *v)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_messages; i++) {
		const struct mm_message *m = &s->messages[i];
		int64_t x = ends ? m->at_ms : delay_ms(m, s->horizon_ms);

		if (m->live == live && x >= 0 && (!ends || ended(m)))
			v[n++] = x;
	}
	mm_sort_i64(v, n);
	return n;
}

/* When `percent` of all `n` are done, of which `n_done` are. */
static double
drained_s(const int64_t *v, size_t n_done, size_t n, int percent)
{
	size_t rank = (n * (size_t)percent + 99) / 100;

	return rank > 0 && rank <= n_done ? (double)v[rank - 1] / 1000 : NAN;
}

static void
take_times(const struct mm_study *st, const struct mm_scenario *s, double *v)
{
	int64_t *x = mm_alloc(s->n_messages * sizeof(*x));
	size_t n_backlog = s->n_messages - st->n_live;
	size_t n = collect(s, false, true, x);

	v[MM_MET_T50] = drained_s(x, n, n_backlog, 50);
	v[MM_MET_T90] = drained_s(x, n, n_backlog, 90);
	v[MM_MET_T99] = drained_s(x, n, n_backlog, 99);
	v[MM_MET_T100] = drained_s(x, n, n_backlog, 100);
	n = collect(s, false, false, x);
	v[MM_MET_DELAY_P50] = rank_s(x, n, 50);
	v[MM_MET_DELAY_P99] = rank_s(x, n, 99);
	n = collect(s, true, false, x);
	v[MM_MET_LIVE_P50] = rank_s(x, n, 50);
	v[MM_MET_LIVE_P99] = rank_s(x, n, 99);
	free(x);
}

static void
take_counts(const struct mm_scenario *s, const struct mm_outcome *o, double *v)
{
	int64_t all = 0, good;

	for (int r = 0; r < MM_N_RESULTS; r++)
		all += o->n_results[r];
	good = o->n_results[MM_ACCEPTED] + o->n_results[MM_HARD];
	v[MM_MET_ATTEMPTS] = (double)o->n_attempts / (double)s->n_messages;
	v[MM_MET_DEFERRALS] = all > 0 ? (double)(all - good) / (double)all : 0;
	v[MM_MET_DELIVERED] = (double)o->n_delivered;
	v[MM_MET_BOUNCED] = (double)o->n_bounced;
	v[MM_MET_EXPIRED] = (double)o->n_expired;
	v[MM_MET_LEFT] = (double)o->n_queued;
	v[MM_MET_REJECTED_BLOCKED] = (double)(o->n_results[MM_DEFER_BLOCKED] +
					      o->n_results[MM_REFUSED_BLOCKED]);
}

/* When the reputation is back within 1 % of its start, after the run. */
static int64_t
recovered_ms(const struct mm_reputation_spec *spec,
	     const struct mm_outcome_dest *d, int64_t end_ms)
{
	struct mm_reputation p;

	if (!spec->used || d->low_ms == 0)
		return 0;
	if (spec->start_ppm - d->final_ppm < MM_REPUTATION_FULL / 100)
		return d->low_ms;
	if (spec->tick_ms == 0 || spec->base_ppm < spec->start_ppm)
		return RECOVERY_MAX_MS;
	if (spec->share.used)
		return end_ms + mm_num_min(RECOVERY_MAX_MS,
					   mm_reputation_share_back(
					       &spec->share, d->good, d->bad,
					       spec->start_ppm -
						   MM_REPUTATION_FULL / 100));
	mm_reputation_init(&p, spec);
	p.ppm = d->final_ppm;
	p.t_ms = end_ms;
	while (spec->start_ppm - p.ppm >= MM_REPUTATION_FULL / 100 &&
	       p.t_ms < end_ms + RECOVERY_MAX_MS)
		mm_reputation_advance(&p, p.t_ms + spec->tick_ms);
	return p.t_ms;
}

/* The reputation of one receiver into those of all: the lowest, the sum of
 * the losses, the longest way back. */
static void
take_reputation(const struct mm_reputation_spec *spec,
		const struct mm_outcome_dest *x, int64_t end_ms, double *v)
{
	double back = (double)recovered_ms(spec, x, end_ms) / 1000;
	double least = (double)x->least_ppm / MM_REPUTATION_FULL;
	double final = (double)x->final_ppm / MM_REPUTATION_FULL;
	double loss = (double)x->loss / MM_REPUTATION_FULL / HOUR_MS;

	/* fmin and fmax pass over NaN: unknown until the first. */
	v[MM_MET_REPUTATION_MIN] = fmin(v[MM_MET_REPUTATION_MIN], least);
	v[MM_MET_REPUTATION_END] = fmin(v[MM_MET_REPUTATION_END], final);
	v[MM_MET_RECOVERY] = fmax(v[MM_MET_RECOVERY], back);
	v[MM_MET_REPUTATION_LOSS] = fmax(v[MM_MET_REPUTATION_LOSS], 0) + loss;
}

static void
take_receivers(const struct mm_scenario *s, const struct mm_outcome *o,
	       double *v)
{
	bool *seen = mm_calloc(s->n_receivers, sizeof(*seen));

	v[MM_MET_REPUTATION_MIN] = v[MM_MET_REPUTATION_END] = NAN;
	v[MM_MET_REPUTATION_LOSS] = v[MM_MET_RECOVERY] = NAN;
	for (size_t d = 0; d < o->n_dests; d++) {
		const struct mm_outcome_dest *x = &o->dests[d];
		uint32_t r = s->dests[d].receiver;

		if (seen[r])
			continue;
		seen[r] = true;
		v[MM_MET_BLOCKED] += (double)x->blocked_ms / 1000;
		if (s->receivers[r].reputation.used)
			take_reputation(&s->receivers[r].reputation, x,
					o->makespan_ms, v);
	}
	free(seen);
}

/* How long the tightest receiver needs if it is never idle and never asked in
 * vain: the bound that no policy passes. */
static double
bound_h(const struct mm_scenario *s)
{
	double *n = mm_calloc(s->n_receivers, sizeof(*n)), most = 0;

	for (size_t i = 0; i < s->n_messages; i++)
		if (!s->messages[i].live)
			n[s->dests[s->messages[i].dest].receiver]++;
	for (size_t r = 0; r < s->n_receivers; r++) {
		const struct mm_receiver_spec *x = &s->receivers[r];

		if (x->rate_limited && x->rate_per_hour > 0)
			most = fmax(most, (n[r] - (double)x->burst) /
					      (double)x->rate_per_hour);
	}
	free(n);
	return most;
}

/* Jain's index over the destinations' drained shares when half is gone. */
static double
fairness(const struct mm_scenario *s, double t50_s)
{
	double *done = mm_calloc(s->n_dests, sizeof(*done)), n = 0;
	double *all = mm_calloc(s->n_dests, sizeof(*all)), sum = 0, square = 0;

	for (size_t i = 0; i < s->n_messages; i++) {
		const struct mm_message *m = &s->messages[i];

		if (m->live)
			continue;
		all[m->dest]++;
		done[m->dest] += ended(m) && (double)m->at_ms / 1000 <= t50_s;
	}
	for (size_t d = 0; d < s->n_dests; d++) {
		if (all[d] == 0)
			continue;
		n++;
		sum += done[d] / all[d];
		square += done[d] / all[d] * done[d] / all[d];
	}
	free(done);
	free(all);
	return square > 0 ? sum * sum / (n * square) : NAN;
}

static double
deadline_misses(const struct mm_study *st, const struct mm_plan *plan,
		const struct mm_scenario *s)
{
	bool any = false;
	double n = 0;

	for (size_t i = 0; plan != NULL && i < plan->n_classes; i++)
		any |= plan->classes[i].deadline_ms > 0;
	if (!any)
		return NAN;
	for (size_t i = 0; i < s->n_messages; i++) {
		size_t c = mm_study_class(st, plan, i);

		if (c != MM_NOT_FOUND && plan->classes[c].deadline_ms > 0)
			n += delay_ms(&s->messages[i], s->horizon_ms) >
			     plan->classes[c].deadline_ms;
	}
	return n;
}

/* One number to put policies in an order, in hours: until 99 %
 * of the backlog is gone, that new mail waits, in blocks, of reputation lost,
 * and what is lost of the mail. */
static double
cost_h(const struct mm_scenario *s, const double *v)
{
	double t99 =
	    isnan(v[MM_MET_T99]) ? (double)s->horizon_ms / 1000 : v[MM_MET_T99];
	double live = isnan(v[MM_MET_LIVE_P99]) ? 0 : v[MM_MET_LIVE_P99];
	double lost = v[MM_MET_EXPIRED];

	for (size_t i = 0; i < s->n_messages; i++)
		lost += !s->messages[i].live && !ended(&s->messages[i]);
	lost *= 100 / (double)s->n_messages;
	return (t99 + live + v[MM_MET_BLOCKED]) / HOUR_S +
	       (isnan(v[MM_MET_REPUTATION_LOSS]) ? 0
						 : v[MM_MET_REPUTATION_LOSS]) +
	       HOURS_PER_PERCENT_LOST * lost;
}

void
mm_metrics_take(const struct mm_study *st, const struct mm_plan *plan,
		const struct mm_scenario *s, const struct mm_outcome *o,
		double v[MM_N_METRICS])
{
	double bound = bound_h(s);

	for (size_t i = 0; i < MM_N_METRICS; i++)
		v[i] = 0;
	take_times(st, s, v);
	take_counts(s, o, v);
	take_receivers(s, o, v);
	v[MM_MET_GOODPUT] = o->makespan_ms > 0 ? v[MM_MET_DELIVERED] * HOUR_MS /
						     (double)o->makespan_ms
					       : 0;
	v[MM_MET_EFFICIENCY] = bound > 0 && v[MM_MET_T100] > 0
				   ? fmin(1, bound * HOUR_S / v[MM_MET_T100])
				   : NAN;
	v[MM_MET_FAIRNESS] = fairness(s, v[MM_MET_T50]);
	v[MM_MET_DEADLINE_MISSES] = deadline_misses(st, plan, s);
	v[MM_MET_LIVE_HARM] = NAN;
	v[MM_MET_COST] = cost_h(s, v);
}

void
mm_metrics_compare(double v[MM_N_METRICS],
		   const double undisturbed[MM_N_METRICS])
{
	v[MM_MET_LIVE_HARM] = v[MM_MET_LIVE_P99] - undisturbed[MM_MET_LIVE_P99];
}
