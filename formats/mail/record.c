#include <stddef.h>

#include "formats/mail/record.h"

void
mm_record_init(struct mm_record *r, enum mm_event event, enum mm_mta mta)
{
	*r = (struct mm_record){
		.event = event,
		.mta = mta,
		.t_us = MM_TIME_NONE,
		.part = -1,
		.size_bytes = -1,
		.n_recipients = -1,
		.relay_port = -1,
		.delay_us = -1,
		.delays_us = { -1, -1, -1, -1 },
	};
}

const char *const mm_outcome_words[] = { "none",    "sent",	 "deferred",
					 "bounced", "discarded", NULL };
const char *const mm_action_words[] = { "reject",   "warn",  "discard", "hold",
					"redirect", "other", NULL };
const char *const mm_notice_words[] = { "bounce", "delay", "success",
					"postmaster", NULL };
const char *const mm_join_words[] = {
	"none",	 "queued-as", "filter", "forwarded-as", "requeue",
	"clone", "split",     "notice", "message-id",	NULL,
};
const char *const mm_daemon_words[] = {
	"start",     "stop",	    "reload",	"crash",      "pause", "resume",
	"queue-run", "log-restart", "log-lost", "clock-step", NULL,
};
const char *const mm_trouble_words[] = { "disk",   "dns",    "tls",
					 "filter", "config", "resource",
					 "other",  NULL };

const char *const mm_opinion_words[] = {
	"none",	      "clean",	"spam",	     "infected", "banned", "signed",
	"pass",	      "fail",	"greylist",  "defer",	 "reject", "discard",
	"quarantine", "stored", "forwarded", "other",	 NULL,
};

static const char *const mtas[] = {
	"unknown", "postfix",  "exim",	   "sendmail", "opensmtpd", "qmail",
	"kumomta", "powermta", "exchange", "haraka",   "own",	    NULL,
};
static const char *const events[] = {
	"arrival", "detail",  "recipient",  "attempt", "leg",
	"expired", "notice",  "same-mail",  "held",    "released",
	"frozen",  "deleted", "requeued",   "done",    "cut",
	"reject",  "connect", "disconnect", "daemon",  "trouble",
	"verdict", NULL,
};

/* The word in a table, or "?" for a value from a damaged case file. */
static const char *
word(const char *const *words, unsigned i)
{
	while (i > 0 && *words != NULL) {
		words++;
		i--;
	}
	return *words != NULL ? *words : "?";
}

const char *
mm_mta_name(enum mm_mta mta)
{
	return word(mtas, mta);
}

const char *
mm_event_name(enum mm_event event)
{
	return word(events, event);
}

const char *
mm_outcome_name(enum mm_outcome o)
{
	return word(mm_outcome_words, o);
}

const char *
mm_join_name(enum mm_join join)
{
	return word(mm_join_words, join);
}

const char *
mm_daemon_name(enum mm_daemon d)
{
	return word(mm_daemon_words, d);
}

const char *
mm_opinion_name(enum mm_opinion o)
{
	return word(mm_opinion_words, o);
}

const char *
mm_trouble_name(enum mm_trouble t)
{
	return word(mm_trouble_words, t);
}
