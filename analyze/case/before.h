/* before.h - what went before a block or a throttle for reputation.
 *
 * For each receiver (an operator, or a domain whose operator is not known)
 * that blocked the own host, or put it off for its reputation, a window before
 * its first such refusal is held against the time before that window: volume,
 * unknown recipients, new senders and logins, one new size of message, refusals
 * for content and authentication, tries that went on though it asked to slow
 * down, complaints that came in. What stands out is a likely trigger, with its
 * numbers; it is not a verdict.
 *
 * The window is a quarter of the time in the logs before the refusal, 1 minute
 * to 24 hours. Counts of recipients are of their first try there.
 */
#ifndef MM_BEFORE_H
#define MM_BEFORE_H

#include "analyze/case/store.h"
#include "formats/base/table.h"

enum mm_sign_before {
	MM_BEFORE_VOLUME,
	MM_BEFORE_UNKNOWN_USERS,
	MM_BEFORE_NEW_SENDER,
	MM_BEFORE_NEW_LOGIN,
	MM_BEFORE_NEW_CONTENT, /* many messages of one new size */
	MM_BEFORE_CONTENT_REFUSED,
	MM_BEFORE_AUTHENTICATION,
	MM_BEFORE_IGNORED_4XX,
	MM_BEFORE_COMPLAINTS,
	MM_BEFORE_COUNT
};

/* "volume", "unknown-users" */
const char *mm_before_name(enum mm_sign_before kind);

struct mm_before {
	struct mm_str target; /* operator, or domain */
	struct mm_str cause;  /* of the first refusal */
	int64_t t_us;	      /* of it */
	int64_t window_us;    /* that was looked at before it */
	int64_t refusals;     /* of this kind, all told */
	enum mm_sign_before kind;
	struct mm_str who;   /* sender or login; else absent */
	int64_t n, of;	     /* "n of `of`"; of -1: a count alone */
	double past;	     /* n in such a window before it; -1: no past */
	struct mm_str words; /* a sentence with the numbers */
};

/* Stream them: receivers with most refusals first, at most 12, then in the
 * order of the kinds. Texts are views during the call. */
enum mm_status mm_before(struct mm_store *s,
			 enum mm_status (*take)(void *ctx,
						const struct mm_before *b),
			 void *ctx, struct mm_err *err) MM_USE_RESULT;

/* The same as a table "triggers"; `limit` rows, 0: all. Owned; NULL on
 * failure. */
struct mm_table *mm_before_table(struct mm_store *s, int64_t limit,
				 struct mm_err *err);

#endif
