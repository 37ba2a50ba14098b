/* skew.h - hops from host to host as two clocks saw them, and times of a case
 * put right for a clock.
 */
#ifndef MM_SKEW_H
#define MM_SKEW_H

#include "analyze/case/store.h"

struct mm_skew_hop {
	struct mm_str from, to; /* hosts */
	int64_t sent_us;	/* the reply came, by the clock of `from` */
	int64_t took_us;	/* connection and transmission; -1: not told */
	int64_t arrived_us;	/* it began there, by the clock of `to` */
};

/* All hops between two hosts whose ids the reply proves, by hosts. Views are
 * valid during the call. */
enum mm_status mm_skew_hops(struct mm_store *s,
			    void (*hop)(void *ctx, const struct mm_skew_hop *h),
			    void *ctx, struct mm_err *err) MM_USE_RESULT;

/* The clock of `host` is `skew_us` ahead: say so in the ledger, of the logs in
 * which only this host writes; with `fix` take it off all its times. */
enum mm_status mm_skew_write(struct mm_store *s, struct mm_str host,
			     int64_t skew_us, bool fix,
			     struct mm_err *err) MM_USE_RESULT;

#endif
