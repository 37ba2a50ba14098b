/* handover.h - the id under which the next hop keeps a mail, in its reply.
 *
 * Only what is written as a queue id counts: a text such as "Queued mail for
 * delivery" hands over, but names nothing.
 * Sources: Postfix smtpd(8) "Ok: queued as", local(8) "forwarded as"; Sendmail
 * and OpenSMTPD "ID Message accepted for delivery"; Exim "OK id="; KumoMTA
 * "OK ids=", "new id is"; Exchange "[InternalId="; Haraka "Message Queued
 * (ID)"; amavisd-new "from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued
 * as".
 */
#ifndef MM_HANDOVER_H
#define MM_HANDOVER_H

#include "formats/mail/record.h"

/* `*next_id` (a view into `reply`) and `*join`: MM_JOIN_FORWARD, MM_JOIN_FILTER
 * when a content filter passes on the words of the MTA behind it, or
 * MM_JOIN_QUEUED_AS. False, and nothing set, when no id is named. */
bool mm_handover(struct mm_str reply, struct mm_str *next_id,
		 enum mm_join *join);

#endif
