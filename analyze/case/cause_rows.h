/* cause_rows.h - why mail was put off or bounced, counted by something.
 *
 * A recipient counts once for each cause it met, even when it got through in
 * the end; tries count all, also those that only repeat an older failure.
 */
#ifndef MM_CAUSE_ROWS_H
#define MM_CAUSE_ROWS_H

#include "analyze/case/store.h"

struct mm_cause_row {
	struct mm_str key;   /* of `by`; absent: not known */
	int64_t hour_us;     /* the key of "hour"; else MM_TIME_NONE */
	struct mm_str cause; /* "unknown" where nothing decided */
	int64_t recipients, lost, waiting; /* bounced, expired; still queued */
	int64_t tries, receivers, senders;
	int64_t first_us, last_us;
	struct mm_str example, source; /* its first, FILE:LINE */
};

/* By NULL (cause alone), "operator", "receiver", "sender", "hour" or
 * "template"; most recipients first, hours in their order. MM_EUSAGE for
 * another word. Texts are views during the call. */
enum mm_status
mm_cause_rows(struct mm_store *s, const char *by,
	      enum mm_status (*take)(void *ctx, const struct mm_cause_row *r),
	      void *ctx, struct mm_err *err) MM_USE_RESULT;

#endif
