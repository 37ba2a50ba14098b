/* powermta.h - accounting files of PowerMTA: CSV with a line of names.
 *
 * Types, and what they become:
 *   d   ATTEMPT that was sent; b: one that bounced, or EXPIRED (bounce category
 *       message-expired, status x.4.7); t: one that was put off.
 *   tq  LEG: a whole queue was put off.
 *   r   ARRIVAL and RECIPIENT.
 *   rb, rs  VERDICT of the program "remote-bounce", "remote-status": a bounce
 *       or report that came back by mail, after the mail had been taken; f: one
 *       of a "feedback-loop". It is tied to its mail by the columns below, or
 *       by the Message-ID; it does not change what became of the mail.
 *   p (statistics) is known noise.
 * Which columns there are is the user's choice, for each type: the line of
 * names has those of all types in the file, a row has nothing in those of the
 * others.
 *
 * There is no queue id in these files, and PowerMTA counts each recipient by
 * itself: a recipient is a message here. Its rows agree in when it was queued,
 * sender and recipient; their hash stands for the queue id. Other columns are
 * left out, as one type may have them and another not. It has one d or one b: a
 * second is another message that was queued in the same second. Where
 * timeQueued is not logged, Message-ID (header_Message-Id) or envelope id stand
 * in for it. Where they are not either, nothing ties the rows: d and b are
 * messages of their own, t is a LEG, r is noise.
 * Sources: PowerMTA 4.5 and 5.0 user's guides, "Accounting"; files seen of 3.5
 * to 5.5. Times are local with their zone, or seconds since 1970.
 */
#ifndef MM_LOG_POWERMTA_H
#define MM_LOG_POWERMTA_H

#include "formats/logs/logs.h"

extern const struct mm_log_format mm_log_powermta;

#endif
