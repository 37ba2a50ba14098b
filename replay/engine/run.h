/* run.h - play a scenario to its end.
 *
 * Integer time, one thread, no clock, no chance: the same scenario gives the
 * same outcome to the last number. Events of one instant are taken in their
 * total order (event.h), then everything that may start is started.
 * Source: RS1, test-corpus/replay/README.md.
 */
#ifndef MM_RUN_H
#define MM_RUN_H

#include "replay/engine/attempt.h"
#include "replay/engine/outcome.h"
#include "replay/engine/receiver.h"

/* Who wants to see more than the outcome. */
struct mm_run_hooks {
	void *ctx;
	/* Each attempt in the order of the numbers, when it and all before
	 * it have ended; those under way at the horizon at the very end, with
	 * end_ms -1 and no result. May be NULL. */
	void (*attempt)(void *ctx, uint64_t number, const struct mm_attempt *a);
	/* A message that a dead destination gives back without an attempt, to
	 * be tried later. May be NULL. */
	void (*suspended)(void *ctx, int64_t t_ms, uint32_t message);
	/* The state at each multiple of sample_ms, until the last event:
	 * messages not yet ended, and the receivers (by index) as their last
	 * decisions left them. May be NULL. */
	int64_t sample_ms;
	void (*sample)(void *ctx, int64_t t_ms, int64_t n_queued,
		       const struct mm_receiver *receivers);
};

/* Uses up the messages of `s`: afterwards their state and at_ms say how and
 * when each ended. `hooks` may be NULL. The caller ends `out` with
 * mm_outcome_fini. A scenario in which some message can never leave needs a
 * horizon, or the run has no end. */
void mm_run(struct mm_scenario *s, const struct mm_run_hooks *hooks,
	    struct mm_outcome *out);

#endif
