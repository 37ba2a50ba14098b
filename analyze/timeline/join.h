/* join.h - several queue ids are one mail: found, proven, and followed.
 *
 * While the logs are read, every reply that names a next queue id and every
 * line that ties two ids is noted here. At the end each is looked up among
 * all messages; one that names a message of these logs, at the right time
 * and with the same Message-ID, or under an id as long as a UUID, becomes an
 * edge. Then each recipient that was
 * handed on takes the final of the last hop (CONTRACT, export deliveries).
 * Never on an empty Message-ID alone; where a hop cannot be told for sure
 * the edge says so.
 */
#ifndef MM_JOIN_H
#define MM_JOIN_H

#include "analyze/timeline/life.h"

struct mm_joins;
struct mm_joins *mm_joins_new(void);
void mm_joins_free(struct mm_joins *j);

/* A reply said at `t_us` that `recipient` goes on as queue id `next`. Returns
 * what belongs into mm_kept_recipient.hop. `local`: to this same machine. Of
 * kind MM_JOIN_MESSAGE_ID `next` is the Message-ID: it goes on at the host that
 * the relay of the recipient names. */
uint32_t mm_joins_hop(struct mm_joins *j, uint32_t recipient,
		      struct mm_str next, int64_t t_us, enum mm_join kind,
		      bool local, struct mm_row_place at);
/* A line said that message `from` goes on as (or caused) message `to`. */
void mm_joins_edge(struct mm_joins *j, uint32_t from, uint32_t to,
		   enum mm_join kind, struct mm_row_place at);
/* The same where `from` is known by its Message-ID only; kind NOTICE. */
void mm_joins_edge_from(struct mm_joins *j, struct mm_str message_id,
			uint32_t to, enum mm_join kind, struct mm_row_place at);
/* A line said that this recipient goes on as message `to`, the others do not.
 * Returns what belongs into mm_kept_recipient.hop. */
uint32_t mm_joins_moved(struct mm_joins *j, uint32_t recipient, uint32_t to,
			enum mm_join kind, struct mm_row_place at);

/* Decide all, settle the finals in `lives`, write the edges. */
void mm_joins_settle(struct mm_joins *j, struct mm_lives *lives,
		     struct mm_load *load);
/* After settling: the message a recipient went on as (0: none), and why. */
uint32_t mm_joins_next(const struct mm_joins *j,
		       const struct mm_kept_recipient *r, uint8_t *kind);

#endif
