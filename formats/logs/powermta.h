/* powermta.h - accounting files of PowerMTA: CSV with a line of names.
 *
 * Types: d delivered, b bounced, t put off, tq a whole queue put off, r
 * received; rb, rs (bounces and status reports that came back by mail), f
 * (feedback) and p (statistics) name nothing that ties them and are known
 * noise. Which columns there are is the user's choice.
 *
 * There is no queue id in these files. The rows of one message agree in when
 * it was queued, sender, envelope id, job id and Message-ID (the column
 * header_Message-Id, where it is logged): their hash stands for it. Where the
 * Message-ID is not logged the recipient belongs to it as well, so that no two
 * messages become one: each recipient is then a message.
 * Sources: PowerMTA 4.0 and 5.0 user's guides, "Accounting".
 */
#ifndef MM_LOG_POWERMTA_H
#define MM_LOG_POWERMTA_H

#include "formats/logs/logs.h"

extern const struct mm_log_format mm_log_powermta;

#endif
