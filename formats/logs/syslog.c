#include "formats/logs/syslog.h"
#include "formats/base/status.h"

/* One kind of line: `has` anywhere in the text, NULL for every line. The
 * first that fits decides; a program's last row catches the rest. */
static const struct rule {
	const char *program;
	const char *has;
	enum mm_event event; /* MM_EV_COUNT: noise */
	int kind;	     /* enum mm_daemon or enum mm_trouble */
} rules[] = {
	/* clang-format off */
	{ "rsyslogd", "rate-limiting", MM_EV_DAEMON, MM_DAEMON_LOG_LOST },
	{ "rsyslogd", "No space left", MM_EV_DAEMON, MM_DAEMON_LOG_LOST },
	{ "rsyslogd", "messages lost", MM_EV_DAEMON, MM_DAEMON_LOG_LOST },
	{ "rsyslogd", "] start", MM_EV_DAEMON, MM_DAEMON_LOG_RESTART },
	{ "rsyslogd", "restart", MM_EV_DAEMON, MM_DAEMON_LOG_RESTART },
	{ "rsyslogd", "HUPed", MM_EV_DAEMON, MM_DAEMON_LOG_RESTART },
	{ "rsyslogd", "exiting on", MM_EV_DAEMON, MM_DAEMON_LOG_RESTART },
	{ "rsyslogd", NULL, MM_EV_COUNT, 0 },
	{ "syslogd", "restart", MM_EV_DAEMON, MM_DAEMON_LOG_RESTART },
	{ "syslogd", "started", MM_EV_DAEMON, MM_DAEMON_LOG_RESTART },
	{ "syslogd", "exiting", MM_EV_DAEMON, MM_DAEMON_LOG_RESTART },
	{ "syslogd", "No space left", MM_EV_DAEMON, MM_DAEMON_LOG_LOST },
	{ "syslogd", NULL, MM_EV_COUNT, 0 },
	{ "syslog-ng", "dropping message", MM_EV_DAEMON, MM_DAEMON_LOG_LOST },
	{ "syslog-ng", "No space left", MM_EV_DAEMON, MM_DAEMON_LOG_LOST },
	{ "syslog-ng", "starting up", MM_EV_DAEMON, MM_DAEMON_LOG_RESTART },
	{ "syslog-ng", "shutting down", MM_EV_DAEMON, MM_DAEMON_LOG_RESTART },
	{ "syslog-ng", "reload request", MM_EV_DAEMON, MM_DAEMON_LOG_RESTART },
	{ "syslog-ng", NULL, MM_EV_COUNT, 0 },
	{ "systemd-journald", "Suppressed ", MM_EV_DAEMON, MM_DAEMON_LOG_LOST },
	{ "systemd-journald", "to syslog missed", MM_EV_DAEMON,
	  MM_DAEMON_LOG_LOST },
	{ "systemd-journald", "No space left", MM_EV_DAEMON,
	  MM_DAEMON_LOG_LOST },
	{ "systemd-journald", "Journal started", MM_EV_DAEMON,
	  MM_DAEMON_LOG_RESTART },
	{ "systemd-journald", "Journal stopped", MM_EV_DAEMON,
	  MM_DAEMON_LOG_RESTART },
	{ "systemd-journald", NULL, MM_EV_COUNT, 0 },
	{ "newsyslog", "turned over", MM_EV_DAEMON, MM_DAEMON_LOG_RESTART },
	{ "newsyslog", NULL, MM_EV_COUNT, 0 },
	{ "kernel", "Out of memory", MM_EV_TROUBLE, MM_TROUBLE_RESOURCE },
	{ "kernel", "table full, dropping", MM_EV_TROUBLE,
	  MM_TROUBLE_RESOURCE },
	{ "kernel", "EXT4-fs error", MM_EV_TROUBLE, MM_TROUBLE_DISK },
	{ "kernel", "I/O error", MM_EV_TROUBLE, MM_TROUBLE_DISK },
	{ "kernel", "Remounting filesystem read-only", MM_EV_TROUBLE,
	  MM_TROUBLE_DISK },
	{ "chronyd", "System clock was stepped by", MM_EV_DAEMON,
	  MM_DAEMON_CLOCK_STEP },
	{ "chronyd", "Forward time jump detected", MM_EV_DAEMON,
	  MM_DAEMON_CLOCK_STEP },
	{ "chronyd", "Backward time jump detected", MM_EV_DAEMON,
	  MM_DAEMON_CLOCK_STEP },
	{ "ntpd", "time reset", MM_EV_DAEMON, MM_DAEMON_CLOCK_STEP },
	{ "ntpd", "step-systime", MM_EV_DAEMON, MM_DAEMON_CLOCK_STEP },
	{ "ntpdate", "step time server", MM_EV_DAEMON, MM_DAEMON_CLOCK_STEP },
	{ "systemd-timesyncd", "jumped", MM_EV_DAEMON, MM_DAEMON_CLOCK_STEP },
	{ "systemd", "Time has been changed", MM_EV_DAEMON,
	  MM_DAEMON_CLOCK_STEP },
	/* Only of units that are mail servers; see systemd_mta(). */
	{ "systemd", "Main process exited", MM_EV_DAEMON, MM_DAEMON_CRASH },
	{ "systemd", "OOM killer", MM_EV_DAEMON, MM_DAEMON_CRASH },
	{ "systemd", "Failed to start ", MM_EV_DAEMON, MM_DAEMON_CRASH },
	{ "systemd", "Started ", MM_EV_DAEMON, MM_DAEMON_START },
	{ "systemd", "Stopped ", MM_EV_DAEMON, MM_DAEMON_STOP },
	{ "systemd", "Reloaded ", MM_EV_DAEMON, MM_DAEMON_RELOAD },
	{ "systemd", NULL, MM_EV_COUNT, 0 },
	/* clang-format on */
};

/* Names under which the same programs write. */
static const struct {
	const char *tag, *program;
} also[] = {
	{ "syslog", "syslogd" },
	{ "rsyslog", "rsyslogd" },
	{ "inetutils-syslogd", "syslogd" },
	{ "journald", "systemd-journald" },
	{ "journal", "systemd-journald" },
	{ "systemd-journal", "systemd-journald" },
};

static const struct {
	const char *word; /* in the unit's name or description */
	enum mm_mta mta;
} units[] = {
	{ "postfix", MM_MTA_POSTFIX },
	{ "exim", MM_MTA_EXIM },
	{ "sendmail", MM_MTA_SENDMAIL },
	{ "opensmtpd", MM_MTA_OPENSMTPD },
	{ "smtpd.service", MM_MTA_OPENSMTPD },
	{ "qmail", MM_MTA_QMAIL },
	{ "kumomta", MM_MTA_KUMOMTA },
	{ "haraka", MM_MTA_HARAKA },
};

/* Which mail server a line of systemd is about. */
static enum mm_mta
systemd_mta(struct mm_str text)
{
	for (size_t i = 0; i < MM_COUNT(units); i++)
		if (mm_str_ifind(text, units[i].word) != MM_NOT_FOUND)
			return units[i].mta;
	return MM_MTA_NONE;
}

/* Lines of the logger that have no tag: collapsed repeats, marks, the
 * headings of journalctl, and "syslogd (GNU inetutils 2.4): restart". */
static bool
is_bare(struct mm_str text)
{
	return mm_str_starts(text, "last message repeated ") ||
	       mm_str_starts(text, "message repeated ") ||
	       mm_str_starts(text, "-- ") || mm_str_starts(text, "--- last ") ||
	       mm_str_starts(text, "syslogd ");
}

/* Most lines of a central log are foreign: the first letter tells them. */
static bool
is_named(struct mm_str program, const char *name)
{
	return program.n > 0 && program.p[0] == name[0] &&
	       mm_str_is(program, name);
}

static struct mm_str
program_of(const struct mm_line *line)
{
	if (line->tag.n == 0)
		return mm_str_starts(line->text, "syslogd ") ? MM_STR("syslogd")
							     : MM_STR_ABSENT;
	/* Old releases put the error's number behind: "rsyslogd-2177". */
	if (mm_str_starts(line->tag, "rsyslogd-"))
		return MM_STR("rsyslogd");
	for (size_t i = 0; i < MM_COUNT(also); i++)
		if (is_named(line->tag, also[i].tag))
			return mm_str_z(also[i].program);
	return line->tag;
}

static const struct rule *
rule_of(const struct mm_line *line)
{
	struct mm_str program = program_of(line);

	for (size_t i = 0; i < MM_COUNT(rules); i++)
		if (is_named(program, rules[i].program) &&
		    (rules[i].has == NULL ||
		     mm_str_find(line->text, rules[i].has) != MM_NOT_FOUND))
			return &rules[i];
	return NULL;
}

static bool
syslog_claims(const struct mm_line *line)
{
	if (line->tag.n == 0)
		return is_bare(line->text);
	if (mm_str_is(line->tag, "systemd"))
		return systemd_mta(line->text) != MM_MTA_NONE ||
		       mm_str_is(line->text, "Time has been changed");
	return rule_of(line) != NULL;
}

static enum mm_verdict
syslog_parse(const struct mm_line *line, struct mm_emit *emit)
{
	const struct rule *rule = rule_of(line);
	struct mm_record r;

	if (rule == NULL || rule->event == MM_EV_COUNT)
		return MM_LINE_NOISE;
	mm_record_init(&r, rule->event, MM_MTA_NONE);
	r.t_us = line->t_us;
	r.host = line->host;
	r.pid = line->pid;
	r.program = program_of(line);
	r.text = line->text;
	if (rule->event == MM_EV_TROUBLE)
		r.trouble = (enum mm_trouble)rule->kind;
	else
		r.daemon = (enum mm_daemon)rule->kind;
	if (mm_str_is(r.program, "systemd"))
		r.mta = systemd_mta(line->text);
	emit->record(emit->ctx, &r);
	return MM_LINE_RECORD;
}

const struct mm_log_format mm_log_syslog = {
	.name = "syslog",
	.source = "rsyslogd(8), syslogd(8), syslog-ng(8), newsyslog(8), "
		  "systemd-journald.service(8), chronyd(8), ntpd(8)",
	.claims = syslog_claims,
	.parse = syslog_parse,
};
