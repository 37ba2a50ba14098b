/* attempt.h - the attempts under way, by number.
 *
 * Numbers count from 1 in the order of the starts. An attempt is kept from
 * its start until it and all before it have ended, so that they can be given
 * on in that order.
 */
#ifndef MM_ATTEMPT_H
#define MM_ATTEMPT_H

#include "replay/engine/scenario.h"

struct mm_attempt {
	int64_t start_ms;
	int64_t decide_ms; /* -1: refused, or not yet */
	int64_t end_ms;	   /* -1: not yet */
	uint32_t message;  /* index */
	uint32_t carried;  /* messages its connection has carried */
	uint8_t result;	   /* enum mm_result */
	bool connected;	   /* else refused */
	bool reused;	   /* on a connection that was idle */
};

struct mm_attempts {
	struct mm_attempt *ring; /* owned; number n is ring[n & (cap - 1)] */
	size_t cap;
	uint64_t oldest; /* kept: [oldest, next) */
	uint64_t next;
};

void mm_attempts_init(struct mm_attempts *a);
void mm_attempts_fini(struct mm_attempts *a);

/* A new attempt, all zero but the times that are not yet; `*number` is its
 * number. Valid until the next start. */
struct mm_attempt *mm_attempts_start(struct mm_attempts *a, uint64_t *number);
struct mm_attempt *mm_attempts_get(const struct mm_attempts *a,
				   uint64_t number);
/* The oldest kept, and forget it: when it has ended, or in any case. NULL
 * when there is none. The pointer is valid until the next start. */
struct mm_attempt *mm_attempts_retire(struct mm_attempts *a, bool any_case);

#endif
