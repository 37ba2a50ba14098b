/* postfix.h - the Postfix mail log, releases 2.2 to 3.12.
 *
 * The tag's last component is the program, what stands before it the instance
 * ("postfix-out/slow/smtp": instance "postfix-out/slow"). Lines behind a bare
 * program name, or behind no tag at all (exports of a SIEM), are claimed only
 * when their text looks like Postfix.
 * Beside what record.h says:
 *   arrival     text: orig_client, or "uid=N" of a local submission;
 *               other_id: orig_queue_id of XFORWARD
 *   detail      text "resent": the id is that of a Resent-Message-ID header;
 *               text "force-expired": an operator asked for it (postsuper -e)
 *   expired     all recipients still deferred; text: Postfix's word for it
 *   reject      text: what header and body checks saw; stage "eod" when the
 *               message dies after its end, of all its recipients
 *   cut         by pid, stage known: RCPT, DATA...; or by queue id
 *   disconnect  text: the session's counters
 * Sources: log_adhoc.c, smtpd(8), cleanup(8), qmgr(8), bounce(8), pickup(8),
 * postscreen(8), postsuper(1), master(8); mail_queue.h for ids.
 */
#ifndef MM_LOG_POSTFIX_H
#define MM_LOG_POSTFIX_H

#include "formats/logs/logs.h"

extern const struct mm_log_format mm_log_postfix;

#endif
