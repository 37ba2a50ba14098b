/* qmail.h - qmail-send's log, through splogger or multilog, and the programs
 * before qmail-smtpd: tcpserver, rblsmtpd, chkuser.
 *
 * A queue id is the number of the message, an inode: it is used again at once.
 * The outcome of a delivery names only the number of the delivery; whoever
 * reads the records ties the two by `session`, which is that number here.
 * What the lines become:
 *
 *   new msg N      ARRIVAL of N.
 *   info msg N     DETAIL: size, sender; text: the user, "uid 89".
 *   starting delivery D: msg N to remote|local A
 *                  RECIPIENT A of N, session D, transport. The "domain-" that
 *                  a virtual domain puts before a local address is cut off.
 *   delivery D: success|deferral|failure: words
 *                  ATTEMPT without a queue id, session D. In the reply blanks
 *                  stand for _ and line ends for /; its relay_ip is that of
 *                  the words, dsn what stands in "(#4.4.1)". No contact where
 *                  the DNS failed.
 *   end msg N      DONE.
 *   status: exiting STOP. alert:, warning: TROUBLE.
 *   tcpserver pid, end: CONNECT, DISCONNECT. tcpserver deny, rblsmtpd,
 *                  CHKUSER rejected: REJECT.
 *
 * Source: netqmail 1.06 qmail-send.c, qmail-remote.c, qmail-log(5);
 * tcpserver.c and rblsmtpd.c of ucspi-tcp 0.88; chkuser 2.0.
 */
#ifndef MM_LOG_QMAIL_H
#define MM_LOG_QMAIL_H

#include "formats/logs/logs.h"

extern const struct mm_log_format mm_log_qmail;

#endif
