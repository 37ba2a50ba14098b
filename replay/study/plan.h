/* plan.h - a policy file: how the queue is resumed.
 *
 *	[policy]  name, about, pause_at, resume_at, stagger, order,
 *	          concurrency, msgs_per_conn, flush, expire_paused,
 *	          expire_guard, reserve, retry_jitter, suspend_after,
 *	          suspend_for
 *	[pace]    kind, rate, of_limit, burst, scope, inc, factor, step,
 *	          period, threshold, min, max, max_of_limit, heed
 *	[window]  allow, tz
 *	[class "NAME"]    sender, recipient, message_id, larger_than,
 *	                  smaller_than, priority, deadline
 *	[dest "PATTERN"]  other values of [policy]'s keys, and of rate, burst,
 *	                  max, for destinations that fit; the first counts
 */
#ifndef MM_PLAN_H
#define MM_PLAN_H

#include "replay/study/keys.h"

struct mm_plan_dest {
	struct mm_str pattern; /* of a destination's or a receiver's name */
	struct mm_policy policy;
	struct mm_when pause, resume;
};

/* Mail that is told apart: the first that fits counts. */
struct mm_plan_class {
	struct mm_str name;
	struct mm_str sender, recipient, message_id; /* patterns; absent: any */
	int64_t larger_than, smaller_than;	     /* bytes; 0: any */
	int64_t priority;			     /* least goes first */
	int64_t deadline_ms; /* later is a miss; 0: none */
};

struct mm_plan {
	struct mm_str name, about; /* arena */
	struct mm_policy policy;
	/* In place of the policy's own times. Until `pause` the MTA sends as
	 * it always does, and from `resume` on as the policy says. */
	struct mm_when pause, resume;
	uint32_t heed; /* of aimd and probe; 0: all but greylist */
	/* Shares of the receiver's limit, where it has one; 0: none. */
	int64_t of_limit_permille, max_of_limit_permille;
	struct mm_plan_dest *dests; /* owned */
	size_t n_dests, cap_dests;
	struct mm_plan_class *classes; /* owned */
	size_t n_classes, cap_classes;
	struct mm_arena arena;
};

/* Mail of no class. */
#define MM_PLAN_PRIORITY 5

/* Read a file's text. MM_EFORMAT: `err` says "line 3: ..."; the caller knows
 * the file's name. End with mm_plan_fini in any case. */
enum mm_status mm_plan_read(struct mm_plan *p, struct mm_str text,
			    struct mm_err *err) MM_USE_RESULT;
void mm_plan_fini(struct mm_plan *p);

#endif
