#include <stdlib.h>

#include "replay/engine/read.h"

static const char *const reasons[MM_N_RESULTS] = {
	[MM_DEFER_BLOCKED] = "blocked",	  [MM_DEFER_CONNMSGS] = "connmsgs",
	[MM_DEFER_DAILY] = "daily",	  [MM_DEFER_GREYLIST] = "greylist",
	[MM_DEFER_RATE] = "rate",	  [MM_HARD] = "hard",
	[MM_REFUSED_BLOCKED] = "blocked", [MM_REFUSED_CONNLIMIT] = "connlimit",
};

static int
by_least(const void *a, const void *b)
{
	const struct mm_scale_step *x = a, *y = b;

	if (x->min_ppm != y->min_ppm)
		return x->min_ppm < y->min_ppm ? -1 : 1;
	return (x->permille > y->permille) - (x->permille < y->permille);
}

static void
read_reputation(struct mm_reader *r, const struct mm_place *up,
		const struct mm_json *receiver, struct mm_reputation_spec *p)
{
	static const struct mm_field fields[] = {
		{ "tick_ms", offsetof(struct mm_reputation_spec, tick_ms), 0,
		  MM_OPTIONAL },
		{ "recover_ppm",
		  offsetof(struct mm_reputation_spec, recover_ppm), 0,
		  MM_OPTIONAL },
		{ "good_ppm", offsetof(struct mm_reputation_spec, good_ppm),
		  MM_ANY, MM_OPTIONAL },
		{ "base", offsetof(struct mm_reputation_spec, base_ppm), MM_ANY,
		  MM_REQUIRED },
	};
	const struct mm_json *o = mm_read_object(r, up, receiver, "rep");
	const struct mm_place at = { .up = up, .key = "rep" };
	const struct mm_place at_pen = { .up = &at, .key = "pen" };
	const struct mm_place at_scale = { .up = &at, .key = "scale" };
	const struct mm_json *scale;
	void *rows;

	if (o == NULL)
		return;
	p->used = true;
	MM_READ_FIELDS(r, &at, o, fields, p);
	p->start_ppm = mm_read_int(r, &at, o, "start", p->base_ppm);
	for (size_t i = 0; i < MM_N_RESULTS; i++)
		if (reasons[i] != NULL)
			p->penalty_ppm[i] = mm_read_int(
			    r, &at_pen, mm_read_object(r, &at, o, "pen"),
			    reasons[i], 0);
	scale = mm_read_array(r, &at, o, "scale", sizeof(*p->scale.v), &rows,
			      &p->scale.n);
	p->scale.v = rows;
	p->scaled = scale != NULL;
	for (size_t i = 0; i < p->scale.n; i++) {
		const struct mm_place row = { .up = &at_scale, .index = i };

		mm_read_pair(r, &row, mm_json_at(scale, i),
			     &p->scale.v[i].min_ppm, &p->scale.v[i].permille);
		if (p->scale.v[i].permille < 0)
			mm_read_fail(r, &row, NULL, mm_json_at(scale, i),
				     "a permille of at least 0");
	}
	if (p->scale.n > 1)
		qsort(p->scale.v, p->scale.n, sizeof(*p->scale.v), by_least);
}

static int
by_time(const void *a, const void *b)
{
	const struct mm_rate_step *x = a, *y = b;

	if (x->t_ms != y->t_ms)
		return x->t_ms < y->t_ms ? -1 : 1;
	return (x->rate_per_hour > y->rate_per_hour) -
	       (x->rate_per_hour < y->rate_per_hour);
}

static void
read_rate(struct mm_reader *r, const struct mm_place *at,
	  const struct mm_json *o, struct mm_receiver_spec *p)
{
	static const struct mm_field rate = { "rate_per_hour", 0, 0,
					      MM_REQUIRED };
	static const struct mm_field level = { "level", 0, 0, MM_OPTIONAL };
	const struct mm_place at_steps = { .up = at, .key = "rate_steps" };
	const struct mm_json *steps;
	void *rows;

	p->rate_limited = !mm_json_is_null(mm_json_get(o, rate.key));
	if (p->rate_limited)
		mm_read_field(r, at, o, &rate, &p->rate_per_hour);
	p->level = p->burst;
	mm_read_field(r, at, o, &level, &p->level);
	steps = mm_read_array(r, at, o, "rate_steps", sizeof(*p->rate_steps),
			      &rows, &p->n_rate_steps);
	p->rate_steps = rows;
	for (size_t i = 0; i < p->n_rate_steps; i++) {
		const struct mm_place row = { .up = &at_steps, .index = i };
		struct mm_rate_step *step = &p->rate_steps[i];

		mm_read_pair(r, &row, mm_json_at(steps, i), &step->t_ms,
			     &step->rate_per_hour);
		if (step->rate_per_hour < 0)
			mm_read_fail(r, &row, NULL, mm_json_at(steps, i),
				     "a rate of at least 0");
	}
	if (p->n_rate_steps > 1)
		qsort(p->rate_steps, p->n_rate_steps, sizeof(*p->rate_steps),
		      by_time);
}

#define R(member) offsetof(struct mm_receiver_spec, member)

void
mm_read_receiver(struct mm_reader *r, const struct mm_place *up,
		 const struct mm_json *dest, struct mm_receiver_spec *p)
{
	static const struct mm_field fields[] = {
		{ "burst", R(burst), 0, MM_OPTIONAL },
		{ "reject_cost_permille", R(reject_cost_permille), 0,
		  MM_OPTIONAL },
		{ "max_conn", R(max_conn), 0, MM_LIMIT },
		{ "max_msgs_per_conn", R(max_msgs_per_conn), 0, MM_LIMIT },
		{ "daily_cap", R(daily_cap), 0, MM_LIMIT },
		{ "day_offset_ms", R(day_offset_ms), MM_ANY, MM_OPTIONAL },
		{ "greylist_ms", R(greylist_ms), 0, MM_OPTIONAL },
		{ "greylist_awl", R(greylist_awl), 0, MM_OPTIONAL },
		{ "strike_n", R(strike_n), 0, MM_OPTIONAL },
		{ "block_mult", R(block_mult), 0, MM_OPTIONAL },
		{ "block_max_ms", R(block_max_ms), 0, MM_LIMIT },
		{ "extend_ms", R(extend_ms), 0, MM_OPTIONAL },
	};
	static const struct mm_field striking[] = {
		{ "strike_window_ms", R(strike_window_ms), 0, MM_REQUIRED },
		{ "block_ms", R(block_ms), 0, MM_REQUIRED },
	};
	static const char *const stages[] = { "mail", "connect", NULL };
	const struct mm_json *o = mm_read_object(r, up, dest, "receiver");
	const struct mm_place at = { .up = up, .key = "receiver" };

	MM_READ_FIELDS(r, &at, o, fields, p);
	if (p->strike_n > 0)
		MM_READ_FIELDS(r, &at, o, striking, p);
	p->block_at_connect = mm_read_word(r, &at, o, "block_stage", stages, 0);
	read_rate(r, &at, o, p);
	read_reputation(r, &at, o, &p->reputation);
}
