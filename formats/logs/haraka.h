/* haraka.h - logs of Haraka.
 *
 * A line is "[LEVEL] [UUID] [ORIGIN] words key=value ...", or the same as
 * logfmt ("level=... uuid=... origin=... message=...") or as a JSON object;
 * in front may stand a stamp, a syslog header, colours of a terminal. The UUID
 * is that of the connection; ".1" is its first transaction, and that is the
 * queue id. What goes out gets one more number for each domain of the
 * recipients, in their order: the `part` of the record. "delivered" and
 * "Temp failing" name no recipient: they are about those of the part that wait.
 * A transaction that is not queued when the next begins, or at the
 * disconnect, was no message.
 * Refusals before MAIL are taken from the disconnect, which says the reply
 * (`lr`) and the client in one line; the hook's own line says it again.
 *
 * Not told by the log: with always_split each recipient is a part of its own.
 * Source: Haraka 3.1.6 (0bf10cb): logger.js, connection.js, plugins.js,
 * server.js, outbound/hmail.js, outbound/index.js; 2.8.x as in its issues.
 */
#ifndef MM_LOG_HARAKA_H
#define MM_LOG_HARAKA_H

#include "formats/logs/logs.h"

extern const struct mm_log_format mm_log_haraka;

#endif
