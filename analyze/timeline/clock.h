/* clock.h - steps of a clock, found in the stamps of one log.
 *
 * Lines of several processes may change places by some seconds, and files are
 * concatenated out of order by days: neither is a step. A step is a stamp that
 * goes back by 5 s to 2 h and is followed by lines that stay behind. Forward
 * it cannot be told from silence; there the programs that set clocks speak
 * (formats/logs/syslog.c).
 */
#ifndef MM_CLOCK_H
#define MM_CLOCK_H

#include "analyze/case/rows_in.h"

struct mm_clock {
	int64_t last_us; /* of the line before; MM_TIME_NONE at first */
	/* A step that is not sure yet. */
	int64_t high_us, t_us;
	struct mm_row_place at;
	unsigned n_behind;
};

void mm_clock_init(struct mm_clock *c); /* a log begins */
/* Take the next line's time. True: the step at c->at, to c->t_us from
 * c->high_us, is now sure; it is said once. */
bool mm_clock_next(struct mm_clock *c, int64_t t_us, struct mm_row_place at);

#endif
