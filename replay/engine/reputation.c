#include <math.h>

#include "replay/engine/reputation.h"

void
mm_reputation_init(struct mm_reputation *p,
		   const struct mm_reputation_spec *spec)
{
	int64_t start = spec->used ? spec->start_ppm : MM_REPUTATION_FULL;
	const struct mm_reputation_share *s = &spec->share;

	*p = (struct mm_reputation){ .spec = spec,
				     .ppm = start,
				     .least_ppm = start,
				     .volume_per_day = s->volume_per_day,
				     .day = INT64_MIN };
	if (s->used)
		p->good = mm_reputation_share_usual(s);
}

/* ---- a share ---- */

/* A steady flow is in balance with what fades of it. */
double
mm_reputation_share_usual(const struct mm_reputation_share *s)
{
	return s->good * s->volume_per_day * s->half_life_ms /
	       (double)MM_DAY_MS / log(2);
}

static int64_t
share_ppm(const struct mm_reputation *p)
{
	const struct mm_reputation_share *s = &p->spec->share;
	double good = s->prior_good + p->good;

	return llround((double)MM_REPUTATION_FULL * good /
		       (good + s->prior_bad + p->bad));
}

/* The weights fade over `ms`. */
static void
fade(struct mm_reputation *p, int64_t ms)
{
	const struct mm_reputation_share *s = &p->spec->share;
	double left = exp2(-(double)ms / s->half_life_ms);

	p->good *= left;
	p->bad *= left;
	if (s->surge > 0)
		p->volume_per_day *= exp2(-(double)ms / s->volume_half_life_ms);
	p->ppm = share_ppm(p);
	p->least_ppm = mm_num_min(p->least_ppm, p->ppm);
}

/* One more message taken: is it more than the receiver is used to? */
static bool
surges(struct mm_reputation *p)
{
	const struct mm_reputation_share *s = &p->spec->share;
	int64_t day = mm_num_floor_div(p->t_ms, MM_DAY_MS);

	if (s->surge <= 0)
		return false;
	p->n_today = day == p->day ? p->n_today + 1 : 1;
	p->day = day;
	p->volume_per_day +=
	    log(2) * (double)MM_DAY_MS / s->volume_half_life_ms;
	return (double)p->n_today > s->growth * p->volume_per_day;
}

static void
weigh(struct mm_reputation *p, enum mm_result r, double part)
{
	const struct mm_reputation_share *s = &p->spec->share;

	if (r == MM_ACCEPTED)
		p->good += part * s->good;
	p->bad += part * s->bad[r];
	if (r == MM_ACCEPTED && part == 1 && surges(p))
		p->bad += s->surge;
	p->ppm = share_ppm(p);
	p->least_ppm = mm_num_min(p->least_ppm, p->ppm);
}

int64_t
mm_reputation_share_back(const struct mm_reputation_share *s, double good,
			 double bad, int64_t ppm)
{
	double want = (double)ppm / (double)MM_REPUTATION_FULL;
	double lacks = want * (good + bad) - good;
	double has = s->prior_good - want * (s->prior_good + s->prior_bad);

	if (lacks <= has)
		return 0;
	if (has <= 0)
		return MM_NO_LIMIT;
	return (int64_t)ceil(s->half_life_ms * log2(lacks / has));
}

/* ---- both ---- */

/* The level stays as it is until `t_ms`. */
static void
rest(struct mm_reputation *p, int64_t t_ms)
{
	mm_wide gap = MM_REPUTATION_FULL;

	gap -= p->ppm;
	p->deficit += gap * (t_ms - p->t_ms);
	gap = p->spec->start_ppm;
	gap -= p->ppm;
	if (gap > 0)
		p->loss += gap * (t_ms - p->t_ms);
	if (gap >= MM_REPUTATION_FULL / 100)
		p->low_ms = t_ms;
	p->t_ms = t_ms;
}

static void
tick(struct mm_reputation *p, int64_t ms)
{
	int64_t away = mm_num_sub(p->spec->base_ppm, p->ppm);
	int64_t gap = away < 0 ? mm_num_sub(0, away) : away;
	int64_t step = mm_num_mul_div(gap, p->spec->recover_ppm, 1000000);

	if (p->spec->share.used) {
		fade(p, ms);
		return;
	}
	step = mm_num_min(gap, mm_num_max(1, step));
	p->ppm += away < 0 ? -step : step;
	p->least_ppm = mm_num_min(p->least_ppm, p->ppm);
}

void
mm_reputation_advance(struct mm_reputation *p, int64_t t_ms)
{
	int64_t every = p->spec->tick_ms, from, next;

	if (!p->spec->used)
		return;
	if (every > 0 && p->spec->recover_ppm > 0) {
		/* At its base it stays there, however many ticks go by. */
		while (p->ppm != p->spec->base_ppm) {
			next = mm_num_add(p->t_ms, every - p->t_ms % every);
			if (next > t_ms)
				break;
			from = p->t_ms;
			rest(p, next);
			tick(p, next - from);
		}
	}
	from = p->t_ms;
	rest(p, t_ms);
	if (p->spec->share.used)
		fade(p, t_ms - from);
}

void
mm_reputation_count(struct mm_reputation *p, enum mm_result r, int64_t permille)
{
	int64_t change;

	if (!p->spec->used)
		return;
	if (p->spec->share.used) {
		weigh(p, r, (double)permille / 1000);
		return;
	}
	change = r == MM_ACCEPTED ? p->spec->good_ppm
				  : mm_num_sub(0, p->spec->penalty_ppm[r]);
	if (permille != 1000)
		change = change < 0 ? -mm_num_mul_div(-change, permille, 1000)
				    : mm_num_mul_div(change, permille, 1000);
	p->ppm = mm_num_add(p->ppm, change);
	p->ppm = mm_num_max(0, mm_num_min(MM_REPUTATION_FULL, p->ppm));
	p->least_ppm = mm_num_min(p->least_ppm, p->ppm);
}

int64_t
mm_reputation_permille(const struct mm_reputation *p)
{
	const struct mm_reputation_spec *spec = p->spec;

	if (!spec->used || !spec->scaled)
		return 1000;
	for (size_t i = spec->scale.n; i-- > 0;)
		if (p->ppm >= spec->scale.v[i].min_ppm)
			return spec->scale.v[i].permille;
	return 0;
}
