/* received.h - the way of a message as its own header tells it: the chain of
 * Received fields, with the delay from hop to hop.
 *
 * Each host on the way puts its field on top, so the chain is told here from
 * the last field to the first. What a field says of the sender is what that
 * one claimed; the name in `by` and the id are the host's own.
 * Sources: RFC 5321 section 4.4, RFC 5322 sections 3.3, 3.6.7 and 4.3; the
 * fields of Postfix 3.7, Exim 4.98, Sendmail 8.17, OpenSMTPD 7, qmail,
 * Exchange and Gmail.
 */
#ifndef MM_RECEIVED_H
#define MM_RECEIVED_H

#include "formats/base/time.h"

#define MM_RECEIVED_MAX 100 /* hops; more are counted, not kept */

struct mm_received_hop {
	/* Views into the header; absent: not said. */
	struct mm_str from, from_ip; /* the name it gave, its address */
	struct mm_str by, protocol, id;
	int64_t t_us;	  /* MM_TIME_NONE: no date, or none that is one */
	int64_t delay_us; /* since the hop before, or the Date field; negative
			   * where a clock is wrong; MM_TIME_NONE: unknown */
	bool odd_zone;	  /* its zone is no zone: taken as UTC */
};

struct mm_received {
	struct mm_str message_id;		      /* without < > */
	int64_t date_us;			      /* of the Date field */
	struct mm_received_hop hops[MM_RECEIVED_MAX]; /* the first one first */
	size_t n_hops, n_more;
};

/* Read the header of a message: `header` ends where it ends. */
void mm_received_read(struct mm_str header, struct mm_received *out);

/* A date of RFC 5322, obsolete forms as well; trailing comments are fine.
 * False: it is none. */
bool mm_received_date(struct mm_str s, int64_t *t_us, bool *odd_zone);

#endif
