#include "analyze/timeline/clock.h"

#define LEAST_US (5 * MM_SECOND_US)
#define MOST_US	 (2 * MM_HOUR_US)
#define N_SURE	 6 /* lines that stay behind */

void
mm_clock_init(struct mm_clock *c)
{
	*c = (struct mm_clock){ .last_us = MM_TIME_NONE,
				.high_us = MM_TIME_NONE };
}

bool
mm_clock_next(struct mm_clock *c, int64_t t_us, struct mm_row_place at)
{
	bool sure = false;

	if (t_us == MM_TIME_NONE)
		return false;
	/* A line that came late: the next ones are where they were. */
	if (c->high_us != MM_TIME_NONE && (t_us >= c->high_us - MM_SECOND_US ||
					   t_us < c->t_us - MM_SECOND_US))
		c->high_us = MM_TIME_NONE;
	if (c->high_us != MM_TIME_NONE)
		sure = ++c->n_behind == N_SURE;
	else if (c->last_us != MM_TIME_NONE && t_us <= c->last_us - LEAST_US &&
		 t_us >= c->last_us - MOST_US) {
		c->high_us = c->last_us;
		c->t_us = t_us;
		c->at = at;
		c->n_behind = 1;
	}
	c->last_us = t_us;
	return sure;
}
