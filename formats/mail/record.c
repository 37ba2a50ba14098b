#include "formats/mail/record.h"
#include "formats/base/status.h"

void
mm_record_init(struct mm_record *r, enum mm_event event, enum mm_mta mta)
{
	*r = (struct mm_record){
		.event = event,
		.mta = mta,
		.t_us = MM_TIME_NONE,
		.size_bytes = -1,
		.n_recipients = -1,
		.relay_port = -1,
		.delay_us = -1,
		.delays_us = { -1, -1, -1, -1 },
	};
}

/* The name in a table, or "?" for a value from a damaged case file. */
static const char *
name_of(const char *const *names, size_t n, size_t i)
{
	return i < n ? names[i] : "?";
}

const char *
mm_mta_name(enum mm_mta mta)
{
	static const char *const names[MM_MTA_COUNT] = {
		"unknown", "postfix", "exim", "sendmail", "opensmtpd", "qmail",
	};

	return name_of(names, MM_COUNT(names), mta);
}

const char *
mm_event_name(enum mm_event event)
{
	static const char *const names[MM_EV_COUNT] = {
		"arrival", "detail",  "recipient",  "attempt", "leg",
		"expired", "notice",  "same-mail",  "held",    "released",
		"frozen",  "deleted", "requeued",   "done",    "cut",
		"reject",  "connect", "disconnect", "daemon",  "trouble",
	};

	return name_of(names, MM_COUNT(names), event);
}

const char *
mm_outcome_name(enum mm_outcome o)
{
	static const char *const names[] = { "none", "sent", "deferred",
					     "bounced", "discarded" };

	return name_of(names, MM_COUNT(names), o);
}

const char *
mm_join_name(enum mm_join join)
{
	static const char *const names[MM_JOIN_COUNT] = {
		"none",	 "queued-as", "filter", "forwarded-as", "requeue",
		"clone", "split",     "notice", "message-id",
	};

	return name_of(names, MM_COUNT(names), join);
}

const char *
mm_daemon_name(enum mm_daemon d)
{
	static const char *const names[] = {
		"start",  "stop",      "reload",      "crash",	  "pause",
		"resume", "queue-run", "log-restart", "log-lost",
	};

	return name_of(names, MM_COUNT(names), d);
}

const char *
mm_trouble_name(enum mm_trouble t)
{
	static const char *const names[] = { "disk",   "dns",	 "tls",
					     "filter", "config", "resource",
					     "other" };

	return name_of(names, MM_COUNT(names), t);
}
