/* exchange.h - message tracking logs of Exchange (MSGTRK*.LOG), and what
 * `Get-MessageTrackingLog | Export-Csv` makes of them.
 *
 * The queue id is the internal message id, a number of the server that handles
 * the message; the server is named by its first label, as its lines name it
 * now with a domain and now without. Between servers a message is followed by
 * its Message-ID. Events:
 *
 *   RECEIVE        ARRIVAL, and a RECIPIENT for each address.
 *   SEND, DELIVER  ATTEMPT that was sent, one for each recipient.
 *   FAIL           ATTEMPT that bounced; DEFER one that was put off.
 *   EXPAND, RESOLVE, REDIRECT
 *                  RECIPIENT: new addresses in place of the related one.
 *   BADMAIL, POISONMESSAGE  DELETED.
 * The rest (shadow copies, agents, submissions to another server) is known
 * noise. A status "[{LED=550 5.1.10 ...};{MSG=...};...]" is its LED part.
 * Source: Microsoft Learn, "Message tracking", Exchange 2013 to 2019; technet
 * bb124375 (2007, 2010).
 */
#ifndef MM_LOG_EXCHANGE_H
#define MM_LOG_EXCHANGE_H

#include "formats/logs/logs.h"

extern const struct mm_log_format mm_log_exchange;

#endif
