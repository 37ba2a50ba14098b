#include "replay/engine/reputation.h"

void
mm_reputation_init(struct mm_reputation *p,
		   const struct mm_reputation_spec *spec)
{
	int64_t start = spec->used ? spec->start_ppm : MM_REPUTATION_FULL;

	*p = (struct mm_reputation){ .spec = spec,
				     .ppm = start,
				     .least_ppm = start };
}

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
tick(struct mm_reputation *p)
{
	int64_t away = mm_num_sub(p->spec->base_ppm, p->ppm);
	int64_t gap = away < 0 ? mm_num_sub(0, away) : away;
	int64_t step = mm_num_mul_div(gap, p->spec->recover_ppm, 1000000);

	step = mm_num_min(gap, mm_num_max(1, step));
	p->ppm += away < 0 ? -step : step;
	p->least_ppm = mm_num_min(p->least_ppm, p->ppm);
}

void
mm_reputation_advance(struct mm_reputation *p, int64_t t_ms)
{
	int64_t every = p->spec->tick_ms, next;

	if (!p->spec->used)
		return;
	if (every > 0 && p->spec->recover_ppm > 0) {
		/* At its base it stays there, however many ticks go by. */
		while (p->ppm != p->spec->base_ppm) {
			next = mm_num_add(p->t_ms, every - p->t_ms % every);
			if (next > t_ms)
				break;
			rest(p, next);
			tick(p);
		}
	}
	rest(p, t_ms);
}

void
mm_reputation_count(struct mm_reputation *p, enum mm_result r, int64_t permille)
{
	int64_t change;

	if (!p->spec->used)
		return;
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
