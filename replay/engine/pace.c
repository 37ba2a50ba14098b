#include "replay/engine/pace.h"
#include "replay/engine/num.h"

/* A bucket of this many messages never runs out, and fits 63 bits. */
#define DEPTH_MAX ((int64_t)1 << 41)

void
mm_pace_init(struct mm_pace *p, const struct mm_pace_spec *spec,
	     int64_t start_ms)
{
	*p = (struct mm_pace){
		.spec = spec,
		.start_ms = start_ms,
		.capacity = mm_num_min(spec->burst, DEPTH_MAX) * MM_TOKEN,
		.filled_ms = start_ms,
		.rate_per_hour = spec->rate_per_hour,
	};
	p->level = p->capacity;
}

/* The rate after one more step of the staircase. */
static int64_t
stepped(const struct mm_pace *p)
{
	const struct mm_pace_spec *s = p->spec;
	int64_t rate = p->rate_per_hour;

	if (s->kind == MM_PACE_LINEAR)
		rate = mm_num_add(rate, s->inc);
	else if (s->kind == MM_PACE_EXP)
		rate = mm_num_mul_div(rate, s->num, s->den);
	else
		return rate;
	return mm_num_min(rate, s->max_per_hour);
}

/* The instant of that step, or INT64_MAX when it would change nothing: then
 * none will. */
static int64_t
next_change(const struct mm_pace *p)
{
	int64_t into;

	if (stepped(p) == p->rate_per_hour)
		return INT64_MAX;
	into = (p->filled_ms - p->start_ms) % p->spec->step_ms;
	return mm_num_add(p->filled_ms, p->spec->step_ms - into);
}

void
mm_pace_advance(struct mm_pace *p, int64_t t_ms)
{
	while (p->filled_ms < t_ms) {
		int64_t change = next_change(p);
		int64_t to = mm_num_min(t_ms, change);

		p->level = mm_num_add(
		    p->level, mm_num_mul(p->rate_per_hour, to - p->filled_ms));
		p->level = mm_num_min(p->level, p->capacity);
		p->filled_ms = to;
		if (to == change)
			p->rate_per_hour = stepped(p);
	}
}

bool
mm_pace_open(struct mm_pace *p, int64_t t_ms, int64_t *look_ms)
{
	int64_t need, wait;

	mm_pace_advance(p, t_ms);
	if (p->level >= MM_TOKEN)
		return true;
	*look_ms = next_change(p);
	if (p->rate_per_hour > 0) {
		need = MM_TOKEN - p->level;
		wait = (need - 1) / p->rate_per_hour + 1;
		*look_ms = mm_num_min(*look_ms, mm_num_add(t_ms, wait));
	}
	if (*look_ms == INT64_MAX)
		*look_ms = -1;
	return false;
}

void
mm_pace_take(struct mm_pace *p)
{
	p->level -= MM_TOKEN;
}

void
mm_pace_count(struct mm_pace *p, enum mm_result r, int64_t t_ms)
{
	bool good = r == MM_ACCEPTED || r == MM_HARD;
	bool bad = !good && (p->spec->bad_results >> r & 1) != 0;

	p->n_good += good;
	p->n_bad += bad;
	if (p->spec->kind != MM_PACE_PROBE || (!good && !bad))
		return;
	mm_pace_advance(p, t_ms);
	p->rate_per_hour =
	    good ? p->spec->max_per_hour : p->spec->rate_per_hour;
}

void
mm_pace_adapt(struct mm_pace *p, int64_t t_ms)
{
	const struct mm_pace_spec *s = p->spec;

	mm_pace_advance(p, t_ms);
	if (mm_num_mul(p->n_bad, 1000) >
	    mm_num_mul(s->threshold_permille, p->n_good + p->n_bad))
		p->rate_per_hour =
		    mm_num_max(s->min_per_hour, mm_num_mul_div(p->rate_per_hour,
							       s->num, s->den));
	else if (p->n_good > 0)
		p->rate_per_hour = mm_num_min(
		    s->max_per_hour, mm_num_add(p->rate_per_hour, s->inc));
	p->n_good = p->n_bad = 0;
}
