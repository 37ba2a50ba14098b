/* stitching.h - what the files that stitch share: the state, and what each of
 * them does to a life. Nobody else includes it; see stitch.h.
 */
#ifndef MM_STITCHING_H
#define MM_STITCHING_H

#include "analyze/timeline/clients.h"
#include "analyze/timeline/deliveries.h"
#include "analyze/timeline/join.h"
#include "analyze/timeline/local.h"
#include "analyze/timeline/open.h"
#include "analyze/timeline/sessions.h"
#include "analyze/timeline/stitch.h"

#define MM_STITCH_CLIENTS 4096 /* power of two */

/* Which life a smtpd process is busy with; a small cache by pid. */
struct mm_stitch_client {
	uint32_t host, pid, message;
	struct mm_life *life;
};

struct mm_stitch {
	struct mm_load *load;
	struct mm_open open;
	struct mm_joins *joins;
	struct mm_locals locals;
	struct mm_stitch_client clients[MM_STITCH_CLIENTS];
	struct mm_deliveries deliveries;
	struct mm_sessions sessions;
	struct mm_clients tried;
	struct mm_intern roots; /* instance roots */
	struct mm_refusals {
		struct mm_intern seen;
		struct mm_refusal_told {
			uint32_t file; /* the first that told of it */
			uint32_t n_there, n_elsewhere;
		} * told; /* by its id - 1; owned */
		size_t cap;
	} refusals;
	struct mm_buf args;
	/* Of the record in hand. */
	const struct mm_record *r;
	struct mm_where where;
	/* The origin of the record before, since most are of the same. */
	struct mm_buf last_origin;
	uint32_t last_host, last_root, last_origin_id;
};

/* The number of an address. Domains are kept in lower case: that of an
 * address differs between the lines of one mail (RFC 5321 section 2.4). */
uint32_t mm_stitch_address(struct mm_stitch *s, struct mm_str a);
/* The reply's number; what its shape leaves out stands in s->args after. */
uint32_t mm_stitch_reply(struct mm_stitch *s, uint32_t relay);
struct mm_str mm_stitch_args(const struct mm_stitch *s);
void mm_stitch_step(struct mm_stitch *s, const struct mm_life *l,
		    const char *kind);
/* Recipients that had no final get one; `address` 0: all of them. */
void mm_stitch_finish(struct mm_stitch *s, const struct mm_life *l,
		      uint32_t address, uint8_t final);
/* Kept when it is the first. */
void mm_stitch_message_id(struct mm_life *l, struct mm_str id);

/* who.c: by the session that the record in hand is of. */
bool mm_stitch_is_secure(struct mm_stitch *s);
/* Sendmail tells of a login once, before the mails of the process. */
void mm_stitch_login(struct mm_stitch *s, struct mm_life *l);
void mm_stitch_session(struct mm_stitch *s); /* it begins, or ends */

/* ties.c: the record in hand ties two messages. */
void mm_stitch_notice(struct mm_stitch *s);
void mm_stitch_same_mail(struct mm_stitch *s);

/* parts.c: records of a part of a message (mm_record.part). */
bool mm_stitch_names_none(const struct mm_record *r);
/* Is a recipient without a final? */
bool mm_stitch_waiting(const struct mm_stitch *s, const struct mm_life *l);
/* Mark the recipients (`picked`) that the record in hand is of; how many. Who
 * reads the marks takes them away. */
size_t mm_stitch_pick(struct mm_stitch *s, struct mm_life *l);
void mm_stitch_expire_part(struct mm_stitch *s, struct mm_life *l);

/* refusals.c: the record in hand is MM_EV_REJECT. */
void mm_stitch_refusal(struct mm_stitch *s);

#endif
