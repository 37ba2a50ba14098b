/* clients.h - contacts of a process that name no message: "connect to H[IP]:25:
 * Connection refused" of Postfix's smtp.
 *
 * Such a process works on one delivery at a time, and ends it with a line for
 * each recipient: the next delivery that the same process tells of is the one
 * that the contact was for (smtp(8), master(5)). Probes of address
 * verification deliver nothing and take their contacts with them. In the same
 * way a host lost after the end of data is one of the delivery that follows.
 * A table of fixed size; what others have pushed out stays without a message.
 */
#ifndef MM_CLIENTS_H
#define MM_CLIENTS_H

#include "analyze/case/load.h"

#define MM_CLIENTS_MAX	    4096 /* power of two */
#define MM_CLIENTS_LEGS	    12	 /* smtp_mx_address_limit is 5 */
#define MM_CLIENTS_GAP_US   (MM_MINUTE_US * 60)
#define MM_CLIENTS_BURST_US (2 * MM_SECOND_US)

struct mm_clients {
	uint32_t n_legs; /* of the case, so far */
	struct mm_client {
		uint64_t key; /* of host, instance and process */
		int64_t t_us; /* of the last of them */
		uint32_t n;
		uint32_t lost;	  /* message of a host lost at its end; 0 */
		int64_t until_us; /* its recipients are told of by then */
		uint32_t legs[MM_CLIENTS_LEGS];
		struct mm_row_place at[MM_CLIENTS_LEGS];
	} slots[MM_CLIENTS_MAX];
};

uint64_t mm_clients_key(uint32_t origin, uint32_t pid);
/* A leg was written; `key` 0: its message is known. */
void mm_clients_leg(struct mm_clients *c, uint64_t key, int64_t t_us,
		    struct mm_row_place at);
/* The process tells of a delivery at `t_us`: take the next of its contacts,
 * in their order. False: none is left. */
bool mm_clients_take(struct mm_clients *c, uint64_t key, int64_t t_us,
		     uint32_t *leg, struct mm_row_place *at);
/* A host was lost after the end of `message`. */
void mm_clients_lost(struct mm_clients *c, uint64_t key, uint32_t message,
		     int64_t t_us);
/* Was one lost within the delivery of `message` that is told of at `t_us`? */
bool mm_clients_again(struct mm_clients *c, uint64_t key, uint32_t message,
		      int64_t t_us);
/* It ended a delivery that is of no interest. */
void mm_clients_drop(struct mm_clients *c, uint64_t key);

#endif
