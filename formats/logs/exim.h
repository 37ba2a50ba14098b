/* exim.h - Exim's mainlog, rejectlog and paniclog, and its lines in syslog.
 *
 * Lines in own files have a stamp without host and tag; in syslog they have
 * the tag "exim" or "exim4", perhaps with a stamp of their own behind it.
 * What the lines become:
 *
 *   `<=` `(=`      ARRIVAL: sender, size, client, sasl_user (behind the colon
 *                  of A=), protocol, message_id; text: the local user (U=) of
 *                  a message without a client. Each address behind "for" is a
 *                  RECIPIENT as it was given; aliases are expanded later.
 *   `<= <> R=ID`   also NOTICE of ID. Delay and success are told by the
 *                  subject; without one (log_selector) it counts as a bounce.
 *   `<= S R=ID`    with a sender: also SAME_MAIL (filter): -oMm of a scanner
 *                  that feeds the message back.
 *   `=> -> >>`     ATTEMPT sent; discarded for `:blackhole:` and `*>` (-N).
 *   `=> blackhole (... ACL discarded recipients)`, `=> discarded (...)`:
 *                  DELETED with outcome discarded: all recipients.
 *   `==`           ATTEMPT deferred. No contact while routing, or for errors
 *                  -52 and below (retry time not reached, queued domain).
 *   `**`           ATTEMPT bounced; EXPIRED when the retry time ran out
 *                  ("retry timeout exceeded", "failing for a long time").
 *   `ID H=...`     without a flag: LEG, one host of a delivery of several;
 *                  the flagged line of the recipient follows.
 *   Completed      DONE.  Frozen, frozen by: FROZEN.  Unfrozen: RELEASED.
 *   removed by     DELETED: what is not done is gone, nobody is told.
 *   marked delivered by: DELETED with the recipient.
 *   cancelled by   DELETED with outcome bounced: a bounce goes to the sender
 *                  and no `**` line is written. By timeout_frozen_after:
 *                  EXPIRED.
 *   rejected ...   REJECT with stage, sender, recipient, client; outcome is
 *                  deferred for a temporary one (4xx), bounced else. The same
 *                  line stands in mainlog and rejectlog: time, queue id and
 *                  text are equal in both.
 *   lost while reading, data timeout, incomplete transaction: CUT.
 *   connections    CONNECT, DISCONNECT (log_selector smtp_connection).
 *   daemon, queue runs: DAEMON. "no queue runs" is START and PAUSE, "-q30m" is
 *                  START and RESUME; a queue run of another process shows
 *                  that the pause was none (Debian's split daemons).
 *
 * On an attempt: `a <b>` gives recipient a and orig_recipient b, the address
 * it was given as; a local user `u <u@d>` is recipient u@d. `reply` is C= or
 * the words; delay_us is QT=, delays_us[3] is DT=. Exim logs no status code
 * of its own. The headers that follow a line of rejectlog are noise.
 * Source: Exim specification 4.98, chapter "Log files"; deliver.c, receive.c,
 * smtp_in.c, acl.c of 4.96 and 4.98.
 */
#ifndef MM_LOG_EXIM_H
#define MM_LOG_EXIM_H

#include "formats/logs/logs.h"

extern const struct mm_log_format mm_log_exim;

#endif
