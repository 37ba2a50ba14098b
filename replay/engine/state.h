/* state.h - all that a run changes: between run.c and dispatch.c.
 */
#ifndef MM_STATE_H
#define MM_STATE_H

#include "replay/engine/attempt.h"
#include "replay/engine/event.h"
#include "replay/engine/minset.h"
#include "replay/engine/noise.h"
#include "replay/engine/pace.h"
#include "replay/engine/ready.h"
#include "replay/engine/receiver.h"
#include "replay/engine/retry.h"
#include "replay/engine/run.h"
#include "replay/engine/window.h"

/* The sender's side of one destination. */
struct mm_flow {
	const struct mm_policy *policy; /* view */
	const struct mm_times *times;	/* view */
	struct mm_receiver *receiver;	/* view */
	struct mm_pace *pace;		/* view; NULL: none */
	struct mm_window window;
	struct mm_host host;
	int64_t n_flying;
	int64_t n_queued; /* messages neither delivered nor given up */
	int64_t resume_ms, suspended_ms;
	int64_t n_failed; /* in a row */
	int64_t poke_ms;  /* a look is due then; past ones do not count */
	uint32_t *idle;	  /* messages carried, last in first used; owned */
	size_t n_idle, cap_idle;
};

struct mm_run {
	struct mm_scenario *s;		  /* view; its messages change */
	const struct mm_run_hooks *hooks; /* view */
	struct mm_flow *flows;		  /* by destination, owned */
	struct mm_receiver *receivers;	  /* owned */
	struct mm_pace *paces; /* by destination, of those that share one by
				* the first; owned */
	bool one_pace;	       /* all destinations share one */
	int64_t *first_seen;   /* by greylist key, owned; NULL: no greylist */
	struct mm_events events;
	struct mm_attempts attempts;
	struct mm_ready ready;
	struct mm_retry retry;
	/* Destinations that have something ready and may not be waiting for
	 * an event of their own. */
	struct mm_minset active;
	uint32_t *idle; /* destinations with idle connections, owned */
	size_t n_idle, cap_idle;
	int64_t now_ms;
	int64_t n_flying, n_queued, n_suspended;
};

/* Whether a message that is ready came of age while it was paused, up to
 * `t_ms`, and where that counts: then it has ended. */
bool mm_run_expire_paused(struct mm_run *run, uint32_t message, int64_t t_ms);

/* Start every attempt that may start at now_ms; close what stays idle. */
void mm_dispatch(struct mm_run *run);

/* How long something takes that mostly takes `ms`, for this try of it. */
int64_t mm_dispatch_time(const struct mm_run *run, uint32_t message,
			 enum mm_noise_purpose what, int64_t ms);

/* A connection that may be used again within this instant. */
void mm_dispatch_keep(struct mm_run *run, uint32_t dest, uint32_t carried);

#endif
