/* receiver.h - a modelled receiver: what it answers, and what it remembers.
 *
 * Token bucket with a rate in steps, connection and per-connection limits, a
 * daily cap, greylist, strikes that grow into blocks, and a reputation that
 * scales the rate. Two questions: may I connect, and will you take this.
 * Source: RS1 section 6, test-corpus/replay/README.md.
 */
#ifndef MM_RECEIVER_H
#define MM_RECEIVER_H

#include "replay/engine/reputation.h"

struct mm_block_span {
	int64_t from_ms, until_ms;
};

struct mm_receiver {
	const struct mm_receiver_spec *spec; /* view */
	struct mm_reputation reputation;
	int64_t capacity, level; /* in MM_TOKEN a message */
	int64_t filled_ms;	 /* the bucket is made up to here */
	int64_t rate_per_hour;	 /* now, before scaling */
	int64_t permille;	 /* scale of the rate */
	size_t next_step;	 /* of the spec's rate_steps */
	int64_t n_open, n_connections;
	int64_t *strikes; /* times; [first_strike, n_strikes), owned */
	size_t first_strike, n_strikes, cap_strikes;
	int64_t block_until_ms, next_block_ms;
	struct mm_block_span *blocks; /* owned */
	size_t n_blocks, cap_blocks;
	int64_t day, n_today;
	int64_t *first_seen; /* by greylist key, -1 not yet; view, or NULL */
	int64_t n_passes;
	struct mm_receiver *pool; /* see the spec; view */
};

/* `first_seen` is only used with a greylist. */
void mm_receiver_init(struct mm_receiver *r,
		      const struct mm_receiver_spec *spec, int64_t *first_seen);
void mm_receiver_fini(struct mm_receiver *r);

/* A connection at `t_ms`: MM_ACCEPTED, or one of the MM_REFUSED_ results. */
enum mm_result mm_receiver_connect(struct mm_receiver *r, int64_t t_ms);
void mm_receiver_disconnect(struct mm_receiver *r);

/* A message at `t_ms`, the `nth` (from 1) on its connection. Never one of the
 * MM_REFUSED_ results. */
enum mm_result mm_receiver_message(struct mm_receiver *r, int64_t t_ms,
				   int64_t nth, bool bad, uint32_t grey_key);

#endif
