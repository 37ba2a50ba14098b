/* filters.h - programs that work beside a mail server: content filters,
 * milters, policy services, mailbox servers.
 *
 * Nearly all of their lines say what the server's own lines say, too, and are
 * noise. Kept:
 *
 *   amavis `..., Queue-ID: A, ..., queued_as: B, ...`: SAME_MAIL (filter), the
 *                  message A went on as B.
 *   amavis `(!)`, fatal errors of any of them: TROUBLE (filter).
 *
 * The records have no mail server (MM_MTA_NONE).
 * Sources: amavisd-new's $log_templ; opendkim(8), opendmarc(8), rspamd(8),
 * postgrey(8), policyd-spf(1), clamav-milter(8), spamd(8), dovecot(1).
 */
#ifndef MM_LOG_FILTERS_H
#define MM_LOG_FILTERS_H

#include "formats/logs/logs.h"

extern const struct mm_log_format mm_log_filters;

#endif
