/* skew.h - how far the clocks of several hosts are apart, from the mail that
 * went between them.
 *
 * A hop arrives at its next host between the time when the connection began
 * and the time when the reply came. Each hop thus bounds the difference of the
 * two clocks from both sides; of the many bounds the tightest tenth is left
 * out, since some hops wait elsewhere. Hosts are compared along the hops with
 * the one that has most of them.
 */
#ifndef MM_TIMELINE_SKEW_H
#define MM_TIMELINE_SKEW_H

#include "analyze/case/store.h"

struct mm_skew {
	struct mm_str host, than; /* arena of the result */
	int64_t ahead_us;	  /* of the clock of `than`; negative: behind */
	int64_t give_us;	  /* may be so much more or less */
	size_t n_hops;
};

struct mm_skews;
/* Estimate, and write what is sure into the case: mm_skew_write(). Owned;
 * NULL on failure. */
struct mm_skews *mm_skews_find(struct mm_store *s, bool fix,
			       struct mm_err *err);
void mm_skews_free(struct mm_skews *k); /* NULL is fine */
/* Those whose difference is more than its own uncertainty; NULL past the
 * end. */
const struct mm_skew *mm_skews_at(const struct mm_skews *k, size_t i);

#endif
