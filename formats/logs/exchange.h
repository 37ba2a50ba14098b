/* exchange.h - message tracking logs of Exchange (MSGTRK*.LOG), and what
 * `Get-MessageTrackingLog | Export-Csv` makes of them; the message trace of
 * Exchange Online, with its routing details (the extended report).
 *
 * The queue id is the internal message id, a number of the server that handles
 * the message; the server is named by its first label, as its lines name it
 * now with a domain and now without. The sender is the return path, where the
 * log has it. Between servers, and services of one server, a message is
 * followed by the id that the next one's answer names ("[InternalId=...]"),
 * else by its Message-ID. Events:
 *
 *   RECEIVE        ARRIVAL, and a RECIPIENT for each address
 *   SEND, SENDEXTERNAL, DELIVER, DUPLICATEDELIVER, SUBMIT (with an id)
 *                  ATTEMPT that was sent, one for each recipient; with the
 *                  delay where message-info tells when the mail came
 *   FAIL           ATTEMPT that bounced, or EXPIRED ("QUEUE.Expired"); through
 *                  a receive connector, or without an id, REJECT
 *   DEFER, DROP    ATTEMPT that was put off; that was thrown away
 *   EXPAND, RESOLVE, REDIRECT
 *                  RECIPIENT: new addresses in place of the related one
 *   TRANSFER       SAME_MAIL for each recipient that goes on under a new id;
 *                  DETAIL and RECIPIENT of that
 *   DSN            ARRIVAL and RECIPIENT of the notice, and NOTICE
 *   BADMAIL, POISONMESSAGE
 *                  DELETED
 *   others         known noise: shadow copies, agents, moderation
 *
 * The mail that a DSN tells of is named by its Message-ID only, and the log
 * does not say whether it is a bounce: it is taken for one. A status
 * "[{LED=550 5.1.10 ...};{MSG=...};...]" is its LED part.
 * Source: Microsoft Learn, "Message tracking", Exchange 2013 to 2019; technet
 * bb124375 (2007, 2010).
 */
#ifndef MM_LOG_EXCHANGE_H
#define MM_LOG_EXCHANGE_H

#include "formats/logs/logs.h"

extern const struct mm_log_format mm_log_exchange;

#endif
