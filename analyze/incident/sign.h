/* sign.h - what an answer says of the health of who gave it.
 *
 * A cause says why one recipient was refused; a sign says what that tells of
 * the receiver: "no such user" shows a host that works, "451 try later" one
 * that may not.
 */
#ifndef MM_SIGN_H
#define MM_SIGN_H

#include "analyze/case/rows.h"

enum mm_sign {
	MM_SIGN_NONE,  /* nobody was asked: retry time not reached, expired */
	MM_SIGN_GOOD,  /* took the mail, or judged this one mail */
	MM_SIGN_ILL,   /* no connection, dropped, temporary fault */
	MM_SIGN_RATE,  /* too much, or put off for the reputation */
	MM_SIGN_CONNS, /* too many connections at once */
	MM_SIGN_SLOW,  /* this one recipient gets mail too fast */
	MM_SIGN_GREY,
	MM_SIGN_BLOCK,
	MM_SIGN_DNS,  /* the lookup failed for now */
	MM_SIGN_GONE, /* the domain does not exist or takes no mail */
	MM_SIGN_TLS,
	MM_SIGN_LOCAL,	/* the own server could not */
	MM_SIGN_PAUSED, /* an operator's transport that is put off */
	MM_SIGN_COUNT
};

/* Of a refusal with this reply. */
enum mm_sign mm_sign_of(const struct mm_dict_reply *reply);
/* Of one without any: by the MTA's status code (4.4.3 is 4004003). */
enum mm_sign mm_sign_of_dsn(uint32_t dsn);

#endif
