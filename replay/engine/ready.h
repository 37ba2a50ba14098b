/* ready.h - the messages of each destination that are due, in their order.
 *
 * Fifo: a ring a destination. The other orders are known before the run: each
 * message has a rank, and a destination's list is a set of ranks. Messages
 * that come ordered already (by destination, then the order) need no ranks.
 * Where live mail has its reserve, it is a list beside the backlog's.
 */
#ifndef MM_READY_H
#define MM_READY_H

#include "replay/engine/minset.h"
#include "replay/engine/scenario.h"

struct mm_ready_list;

struct mm_ready {
	const struct mm_scenario *s; /* view */
	struct mm_ready_list *lists; /* `lanes` a destination, owned */
	uint32_t lanes;		     /* 1; 2 when some policy has a reserve */
	uint32_t *by_rank;	     /* message of a rank; NULL: the same */
	uint32_t *rank_of;	     /* rank of a message; NULL: the same */
	struct mm_minset ranks;	     /* of all that are ready, but fifo */
};

void mm_ready_init(struct mm_ready *r, const struct mm_scenario *s);
void mm_ready_fini(struct mm_ready *r);

size_t mm_ready_count(const struct mm_ready *r, uint32_t dest);
/* Message `i` is due since `t_ms`, the present. */
void mm_ready_add(struct mm_ready *r, uint32_t i, int64_t t_ms);
/* Take the first; there must be one. */
uint32_t mm_ready_take(struct mm_ready *r, uint32_t dest);

/* The messages of a destination, whatever their state, in a fixed order:
 * the `k`th, for k below mm_ready_all. */
size_t mm_ready_all(const struct mm_ready *r, uint32_t dest);
uint32_t mm_ready_nth(const struct mm_ready *r, uint32_t dest, size_t k);

#endif
