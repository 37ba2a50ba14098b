/* opensmtpd.h - OpenSMTPD's lines in syslog, releases 5.x to 7.x.
 *
 * The tag is smtpd, which Postfix may also use: the text decides. A queue id
 * is the message's, 8 hex digits, with which the envelope ids (evpid, 16, one
 * for each recipient after expansion) begin. The Message-ID is never logged.
 * What the lines become, S being the session id:
 *
 *   `S smtp message`   ARRIVAL: size, n_recipients, protocol, session.
 *   `S smtp envelope`  RECIPIENT as it was given, with the sender; children
 *                  of an alias repeat it.
 *   `S smtp event=message`, `smtp-in: Accepted message` (to 6.3, one for each
 *                  recipient): DETAIL with sender, size, session, client, and
 *                  RECIPIENT.
 *   `S mta delivery`, `S mda delivery`, `relay: Ok for E`, `delivery: Ok for
 *                  E`: ATTEMPT. Ok is sent, TempFail deferred, PermFail and
 *                  Loop bounced. rcpt= is orig_recipient unless it is "-" or
 *                  the same. No contact where source= is "-": no MX was
 *                  reached. transport is mta or mda.
 *   `relay: Expire for E` EXPIRED, `relay: Remove for E` DELETED, both with
 *                  the recipient. There is no line at the end of a message:
 *                  it is over when its recipients are.
 *   `S smtp failed-command` REJECT: stage by the command (CONNECT without
 *                  one), the recipient of RCPT; outcome deferred for 4xx. Its
 *                  sender shows only if the session goes on to a message.
 *   `S smtp connected` CONNECT with client, `S smtp disconnected` DISCONNECT,
 *                  `S smtp authentication user=` CONNECT with sasl_user, or
 *                  REJECT (AUTH).
 *   `smtp-out: Disabling route [] <-> ip (host)` and `S mta error`: LEG; the
 *                  latter names no host.
 *   `mta paused`, `mta resumed` (mda, smtp): PAUSE, RESUME. starting: START,
 *                  Exiting: STOP, a lost child or fatal: CRASH.
 *   `Failed to resolve MX ...: Temporary failure`: TROUBLE (dns); `warn: `
 *                  TROUBLE by its words.
 *
 * A bounce is a new message with the null sender; no line ties it to the one
 * that failed.
 * Source: OpenSMTPD 7.6 smtp_session.c, mta.c, mta_session.c, mda.c, queue.c,
 * smtpd.c; 5.7 and 6.0 for the old forms.
 */
#ifndef MM_LOG_OPENSMTPD_H
#define MM_LOG_OPENSMTPD_H

#include "formats/logs/logs.h"

extern const struct mm_log_format mm_log_opensmtpd;

#endif
