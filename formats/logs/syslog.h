/* syslog.h - what the loggers themselves and the init system write.
 *
 * Kept: restarts of the logger (rotation, HUP), lines that it says it lost,
 * starts, stops and crashes of mail servers as systemd sees them, and what
 * the kernel says about memory and disks. All else of these programs is
 * noise.
 * Sources: rsyslogd(8), syslog-ng(8), syslogd(8) of inetutils and FreeBSD,
 * newsyslog(8), systemd-journald.service(8), systemd's catalog of messages.
 */
#ifndef MM_LOG_SYSLOG_H
#define MM_LOG_SYSLOG_H

#include "formats/logs/logs.h"

extern const struct mm_log_format mm_log_syslog;

#endif
