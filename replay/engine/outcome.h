/* outcome.h - the numbers of a run, and its canonical log.
 *
 * Source: RS1 section 7, test-corpus/replay/README.md.
 */
#ifndef MM_OUTCOME_H
#define MM_OUTCOME_H

#include "replay/engine/attempt.h"
#include "replay/engine/num.h"

#define MM_N_DRAIN 5 /* 25, 50, 75, 90, 100 % */
#define MM_N_DELAY 3 /* 50, 90, 99 % */

struct mm_outcome_dest {
	int64_t n_connections; /* accepted */
	int64_t n_blocks;
	int64_t blocked_ms; /* up to the makespan */
	int64_t least_ppm, final_ppm;
	mm_wide deficit, loss; /* ppm * ms, see reputation.h */
	int64_t low_ms;	       /* last time well below the start; 0: never */
	double good, bad;      /* of a reputation by share */
};

struct mm_outcome {
	size_t n_messages;
	int64_t n_delivered, n_bounced, n_expired, n_queued;
	int64_t n_attempts;
	int64_t n_events; /* taken from the queue: what the run's work was */
	int64_t n_results[MM_N_RESULTS];
	int64_t n_suspended; /* deferred without an attempt */
	int64_t makespan_ms; /* when the last message ended; 0: none did */
	int64_t drain_ms[MM_N_DRAIN]; /* valid unless n_queued is all */
	int64_t delay_ms[MM_N_DELAY]; /* valid when some were delivered */
	mm_wide delay_sum;
	struct mm_outcome_dest *dests; /* owned, by destination */
	size_t n_dests;
};

void mm_outcome_fini(struct mm_outcome *o);

/* Times, delays and counts of the messages as they ended. */
void mm_outcome_messages(struct mm_outcome *o, const struct mm_scenario *s);

/* Nearest rank: the value at rank ceil(n * percent / 100) of `n` > 0
 * ascending ones. */
int64_t mm_outcome_rank(const int64_t *v, size_t n, int percent);

/* The object of the scenario format's `expect`; `log_sha256` may be NULL. */
void mm_outcome_json(const struct mm_outcome *o, const struct mm_scenario *s,
		     const char *log_sha256, struct mm_buf *out);

/* One line of the canonical log, with its LF. */
void mm_outcome_log_line(const struct mm_scenario *s, uint64_t number,
			 const struct mm_attempt *a, struct mm_buf *out);

#endif
