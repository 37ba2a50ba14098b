/* retry.h - when a message that failed is tried again.
 *
 * The MTAs' own schedules: Postfix (its age, clamped, from whole seconds),
 * powers, a fixed interval, Exim's F and G rules; then the queue run.
 * Source: Postfix qmgr_active.c; Exim retry.c; RS1 section 3.
 */
#ifndef MM_RETRY_H
#define MM_RETRY_H

#include "replay/engine/power.h"
#include "replay/engine/scenario.h"

struct mm_retry {
	const struct mm_retry_spec *spec; /* view */
	int64_t max_age_ms;
	struct mm_powers powers;
	int64_t *first_fail; /* by message, for Exim's rules; owned */
};

/* `messages` tell how old those are that failed before the run. */
void mm_retry_init(struct mm_retry *r, const struct mm_sender *sender,
		   const struct mm_message *messages, size_t n_messages);
void mm_retry_fini(struct mm_retry *r);

/* What is known of a destination that refuses; zero: nothing. */
struct mm_host {
	int64_t first_ms, last_ms; /* refusals */
	int64_t until_ms;
	int64_t n_fails;
};

/* It refused a connection at `t_ms`. */
void mm_retry_host(const struct mm_retry *r, const struct mm_host_spec *spec,
		   struct mm_host *h, int64_t t_ms);
/* When message `m`, which is due at `t_ms`, is tried at a destination that is
 * shut until `until_ms`. False: it is given up. */
bool mm_retry_wait(const struct mm_retry *r, const struct mm_message *m,
		   int64_t t_ms, int64_t until_ms, int64_t *next_ms);

/* Message `i` failed at `t_ms`, a failure that n_fails counts already: when
 * it wakes next, later than t_ms. `permille`: by how much the gap is longer
 * (1000: as the schedule has it). False: it is given up. */
bool mm_retry_next(struct mm_retry *r, struct mm_message *m, size_t i,
		   int64_t t_ms, int64_t permille, int64_t *next_ms);

#endif
