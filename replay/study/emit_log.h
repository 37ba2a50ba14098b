/* emit_log.h - what a mail server would have logged of a run.
 *
 * The simulated story in the MTA's own words, to be read by whatever reads
 * its logs: `mailmortem ingest` gives the run's deliveries, attempts and times
 * back. One message is one recipient. Times are to the millisecond, in UTC;
 * queue ids hold the time of creation as the MTA's own do, and the message's
 * number. What the model does not play (bounce notices, sessions of clients)
 * is not made up.
 * Sources: Postfix 3.7 log lines (src/smtp/smtp_trouble.c, src/util/
 * format_tv.c, src/global/mail_queue.h), Exim 4.98 (spec chapter "Log files",
 * with log_selector = +millisec and log_timezone).
 */
#ifndef MM_EMIT_LOG_H
#define MM_EMIT_LOG_H

#include <stdio.h>

#include "replay/study/study.h"

struct mm_emit_form;
/* "postfix" or "exim"; NULL: there is none of that name. */
const struct mm_emit_form *mm_emit_form(struct mm_str name);

/* The log of one run, written to `to` (who checks it for errors). Uses up the
 * messages of `s`. Its messages' ids, with their destinations as domains, are
 * the recipients; 0 ms is 2024-01-01T00:00:00Z. */
void mm_emit_scenario(struct mm_scenario *s, const struct mm_emit_form *form,
		      FILE *to);
/* The same of a study's run without chance: senders and recipients as in the
 * case, Message-IDs `<QUEUEID.N@replay.invalid>` with the case's queue id. */
void mm_emit_study(const struct mm_study *s, const struct mm_plan *plan,
		   const struct mm_emit_form *form, FILE *to);

#endif
