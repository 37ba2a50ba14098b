/* pace.h - how fast the sender lets messages go: a bucket whose rate moves.
 *
 * Constant, a staircase up by adding (linear) or by multiplying (exp), or
 * additive increase and multiplicative decrease by what came back (aimd), or
 * one rate until something is taken and another while that lasts (probe).
 */
#ifndef MM_PACE_H
#define MM_PACE_H

#include "replay/engine/scenario.h"

struct mm_pace {
	const struct mm_pace_spec *spec; /* view */
	int64_t start_ms;
	int64_t capacity, level; /* in MM_TOKEN a message */
	int64_t filled_ms;	 /* the bucket is made up to here */
	int64_t rate_per_hour;
	int64_t n_good, n_bad; /* completed since the last mm_pace_adapt */
};

void mm_pace_init(struct mm_pace *p, const struct mm_pace_spec *spec,
		  int64_t start_ms);
void mm_pace_advance(struct mm_pace *p, int64_t t_ms);

/* May a message go at `t_ms`? If not, `*look_ms` is when to look again, or
 * -1 when only an event can change it. */
bool mm_pace_open(struct mm_pace *p, int64_t t_ms, int64_t *look_ms);
void mm_pace_take(struct mm_pace *p);

/* An attempt came back at `t_ms`. */
void mm_pace_count(struct mm_pace *p, enum mm_result r, int64_t t_ms);
/* The end of an aimd period. */
void mm_pace_adapt(struct mm_pace *p, int64_t t_ms);

#endif
