/* due.h - when what waits is tried again and when it is given up, by the
 * MTA's own rule.
 *
 *   promise(entry, next_us, rests_on, expires_us, expires_on, taken_us)
 * next_us is the earliest; the try comes with the queue run after it (Postfix
 * queue_run_delay, -q of Exim and Sendmail), at once with OpenSMTPD. What it
 * rests on:
 *   recorded      in the queue file (Postfix: its time; Exim: its database of
 *                 retries) or in the listing
 *   envelope      OpenSMTPD counts from arrival and tries, which it keeps
 *   default rule  Exim's F,2h,15m; G,16h,1h,1.5; F,4d,6h after the last try
 *   queue run     Sendmail tries all in each run, whose interval the log has
 *   first try     nothing was tried yet: due at the moment of the snapshot
 * next_us is NULL, and rests_on says why:
 *   being tried, held, no queue runs (the daemon was started without, or
 *   OpenSMTPD was paused), not known
 * The mail is given up at the first try after expires_us. It rests on
 * "settings": what `postconf -n` of the host says; else on "log":
 * the age at which mail of that MTA expired there (a tenth of it may be
 * younger: an operator's doing), or on "default": Postfix 5 d, Sendmail 5 d,
 * OpenSMTPD 4 d, Exim 4 d. NULL for what is held.
 *
 * Sources: Postfix 3.7 qmgr_active.c, postconf(5); Exim 4.98 retry.c and
 * configure.default; Sendmail op.me 2.3 and Timeout.queuereturn; OpenSMTPD 7
 * scheduler_ramqueue.c, smtpd.conf(5).
 */
#ifndef MM_DUE_H
#define MM_DUE_H

#include "analyze/case/store.h"

/* Make the temporary table `promise`, for SQL statements of this folder: a row
 * for each entry of the snapshots of latest.h at `at_us` (MM_TIME_NONE: the
 * last). One made before is replaced. */
enum mm_status mm_due_make(struct mm_store *s, int64_t at_us,
			   struct mm_err *err) MM_USE_RESULT;

#endif
