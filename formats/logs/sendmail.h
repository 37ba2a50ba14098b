/* sendmail.h - Sendmail's lines in syslog: MTA, queue runners, client queue.
 *
 * The tag is what -L said: sendmail, sm-mta, sm-msp-queue, sm-que, ... What
 * the lines become:
 *
 *   `ID: from=`    ARRIVAL: sender, size, n_recipients, message_id, protocol,
 *                  client; text: the local user of a submission ("root" of
 *                  relay=root@localhost). n_recipients 0 means that all were
 *                  refused or the client left: no message.
 *   `ID: to=`      ATTEMPT for each address of the list (they share one fate):
 *                  sent, deferred ("Deferred", "queued", "quarantined", or a
 *                  4.x.x in dsn=), else bounced. `reply` is reply= where the
 *                  line has it, else the words of stat=, without "Sent (" or
 *                  "Deferred: ". No contact for "queued", and where relay= has
 *                  no [ip]: a status kept from an earlier try, or a failure
 *                  of the DNS. delays_us[3] is xdelay=.
 *                  Without mailer= the message was refused after its DATA:
 *                  REJECT.
 *   `ID: ID2: DSN: words` (return to sender, sender notify, postmaster
 *                  notify): NOTICE of ID, and ARRIVAL of ID2 with the null
 *                  sender, since it gets no from= line.
 *                  "Warning: ..." is a delay; "Cannot send message for ..." is
 *                  also EXPIRED for all recipients of ID not yet done: they
 *                  get no to= line.
 *   `ID: split: ...` SAME_MAIL (split) from ID to each child; a child has no
 *                  from= line, sender and message_id are the parent's.
 *   `ID: ID2: clone: owner=O` SAME_MAIL (clone) and DETAIL of ID2: sender O.
 *   `ID: done;`    DONE (LogLevel 10). Without it a message ends when all its
 *                  recipients have.
 *   quarantine= HELD, unquarantine RELEASED, discarded or Milter discard
 *                  DELETED with outcome discarded.
 *   `ruleset=check_...`, `ID: <a>... words`, `Milter: ... reject`,
 *   pre-greeting traffic, AUTH failures: REJECT with stage, outcome deferred
 *                  for 4xx. A refused recipient shows no sender: the from=
 *                  line of the same id, which follows, does.
 *   `makeconnection (host [ip]...) failed: words`: LEG.
 *   premature EOM, lost input channel after DATA: CUT.
 *   connect from   CONNECT; AUTH=server CONNECT with sasl_user (same pid).
 *   lost input, timeouts, "did not issue MAIL/...": DISCONNECT.
 *   starting daemon: START, and PAUSE when it runs no queue, RESUME when the
 *                  MTA does (the client queue's runner says nothing of it).
 *   "Skipping queue run", "rejecting connections on daemon": PAUSE;
 *   "accepting connections again": RESUME.
 *   SYSERR, STARTTLS errors, Milter errors, disk space: TROUBLE.
 *
 * Source: Sendmail 8.17 and 8.18: deliver.c (logdelivery), headers.c
 * (logsender), savemail.c, envelope.c, srvrsmtp.c, milter.c; Sendmail
 * Installation and Operation Guide, section 2.1.
 */
#ifndef MM_LOG_SENDMAIL_H
#define MM_LOG_SENDMAIL_H

#include "formats/logs/logs.h"

extern const struct mm_log_format mm_log_sendmail;

#endif
