#include "formats/base/status.h"
#include "formats/logs/exim_lines.h"

#define NOISE MM_EV_COUNT

/* How the rest of a record is filled. */
enum fill {
	F_NONE,	   /* text only */
	F_CLIENT,  /* "... from name (helo) [ip]" or "H=name (helo) [ip]" */
	F_RELAY,   /* "... to H=name [ip]" */
	F_ANGLE,   /* "... <address> ..." is the recipient */
	F_SENDER,  /* the same, the sender */
	F_REFUSED, /* a reject that begins with its reason */
	F_AUTH	   /* "plain authenticator failed for ..." */
};

/* What lines without a flag begin with, or hold where `inside` is set. The
 * first that fits decides. */
static const struct rule {
	const char *words;
	bool inside;
	enum mm_event event;
	int kind; /* enum mm_daemon, enum mm_trouble or enum mm_outcome */
	enum fill fill;
} rules[] = {
	/* clang-format off */
	{ "Completed", 0, MM_EV_DONE, 0, F_NONE },
	{ "Message is frozen", 0, NOISE, 0, F_NONE },
	{ "Spool", 0, NOISE, 0, F_NONE },
	{ "Unfrozen by ", 0, MM_EV_RELEASED, 0, F_NONE },
	{ "unfrozen by ", 0, MM_EV_RELEASED, 0, F_NONE },
	{ "Frozen", 0, MM_EV_FROZEN, 0, F_NONE },
	{ "frozen by ", 0, MM_EV_FROZEN, 0, F_NONE },
	{ "removed by ", 0, MM_EV_DELETED, 0, F_NONE },
	{ "Message removed because older", 0, MM_EV_DELETED, 0, F_NONE },
	{ "cancelled by timeout_frozen_after", 0, MM_EV_EXPIRED, 0, F_NONE },
	{ "cancelled by ", 0, MM_EV_DELETED, MM_OUT_BOUNCED, F_NONE },
	{ "address <", 0, MM_EV_DELETED, 0, F_ANGLE },
	{ "recipient <", 0, MM_EV_RECIPIENT, 0, F_ANGLE },
	{ "sender address changed to <", 0, MM_EV_DETAIL, 0, F_SENDER },
	{ "rescind the above message-accept", 0, MM_EV_CUT, 0, F_NONE },
	{ "SMTP connection lost after final dot", 0, MM_EV_CUT, 0, F_CLIENT },
	{ "lost while reading message data", 1, MM_EV_CUT, 0, F_CLIENT },
	{ "SMTP data timeout", 0, MM_EV_CUT, 0, F_CLIENT },
	{ "timed out while reading local message", 0, MM_EV_CUT, 0, F_NONE },
	{ ": message abandoned", 1, MM_EV_CUT, 0, F_CLIENT },
	{ "Message abandoned: ", 0, MM_EV_CUT, 0, F_NONE },

	{ "Start ", 0, MM_EV_DAEMON, MM_DAEMON_QUEUE_RUN, F_NONE },
	{ "End ", 0, MM_EV_DAEMON, MM_DAEMON_QUEUE_RUN, F_NONE },
	{ "Abandon queue run", 0, MM_EV_DAEMON, MM_DAEMON_QUEUE_RUN, F_NONE },
	{ " daemon started: ", 1, MM_EV_DAEMON, MM_DAEMON_START, F_NONE },
	{ " daemon terminating", 1, MM_EV_DAEMON, MM_DAEMON_STOP, F_NONE },
	{ "SIGHUP received", 1, MM_EV_DAEMON, MM_DAEMON_RELOAD, F_NONE },
	{ " crashed with signal ", 1, MM_EV_DAEMON, MM_DAEMON_CRASH, F_NONE },

	{ "No space left on device", 1, MM_EV_TROUBLE, MM_TROUBLE_DISK, F_NONE },
	{ "Disk quota exceeded", 1, MM_EV_TROUBLE, MM_TROUBLE_DISK, F_NONE },
	{ "space check failed", 1, MM_EV_TROUBLE, MM_TROUBLE_DISK, F_NONE },
	{ "TLS session: ", 0, MM_EV_TROUBLE, MM_TROUBLE_TLS, F_RELAY },
	{ "TLS error", 0, MM_EV_TROUBLE, MM_TROUBLE_TLS, F_CLIENT },
	{ "TLS cache read failed", 0, MM_EV_TROUBLE, MM_TROUBLE_TLS, F_NONE },
	{ "DANE ", 0, MM_EV_TROUBLE, MM_TROUBLE_TLS, F_NONE },
	{ "Required TLS ", 0, MM_EV_TROUBLE, MM_TROUBLE_TLS, F_NONE },
	{ "Server certificate ", 0, MM_EV_TROUBLE, MM_TROUBLE_TLS, F_NONE },
	{ "OCSP ", 0, MM_EV_TROUBLE, MM_TROUBLE_TLS, F_NONE },
	{ "SSL verify ", 1, NOISE, 0, F_NONE },
	{ "no immediate delivery: load average", 0, MM_EV_TROUBLE,
	  MM_TROUBLE_RESOURCE, F_NONE },
	{ "no immediate delivery", 0, NOISE, 0, F_NONE },
	{ "DNS list lookup defer", 0, MM_EV_TROUBLE, MM_TROUBLE_DNS, F_NONE },
	{ "Long ", 0, MM_EV_TROUBLE, MM_TROUBLE_DNS, F_NONE },
	{ "malware acl condition: ", 0, MM_EV_TROUBLE, MM_TROUBLE_FILTER,
	  F_NONE },
	{ "spam acl condition: ", 0, MM_EV_TROUBLE, MM_TROUBLE_FILTER, F_NONE },
	{ " spamd", 1, MM_EV_TROUBLE, MM_TROUBLE_FILTER, F_NONE },
	{ "local_scan() function ", 0, MM_EV_TROUBLE, MM_TROUBLE_FILTER,
	  F_NONE },
	{ "fork of ", 0, MM_EV_TROUBLE, MM_TROUBLE_RESOURCE, F_NONE },
	{ "Cannot allocate memory", 1, MM_EV_TROUBLE, MM_TROUBLE_RESOURCE,
	  F_NONE },
	{ " accept() failure", 1, MM_EV_TROUBLE, MM_TROUBLE_RESOURCE, F_NONE },
	{ "socket bind() ", 0, MM_EV_TROUBLE, MM_TROUBLE_CONFIG, F_NONE },
	{ "bind of ", 0, NOISE, 0, F_NONE },
	{ "xpansion of ", 1, MM_EV_TROUBLE, MM_TROUBLE_CONFIG, F_NONE },
	{ "ailed to expand", 1, MM_EV_TROUBLE, MM_TROUBLE_CONFIG, F_NONE },
	{ "exim user lost privilege", 0, MM_EV_TROUBLE, MM_TROUBLE_CONFIG,
	  F_NONE },
	{ "Exim configuration error", 0, MM_EV_TROUBLE, MM_TROUBLE_CONFIG,
	  F_NONE },
	{ "ainted ", 1, MM_EV_TROUBLE, MM_TROUBLE_CONFIG, F_NONE },
	{ "Failed to ", 0, MM_EV_TROUBLE, MM_TROUBLE_OTHER, F_NONE },
	{ "failed to ", 0, MM_EV_TROUBLE, MM_TROUBLE_OTHER, F_NONE },
	{ "unable to ", 0, MM_EV_TROUBLE, MM_TROUBLE_OTHER, F_NONE },
	{ "Cannot open main log file", 0, MM_EV_TROUBLE, MM_TROUBLE_DISK,
	  F_NONE },
	{ "Format error in spool", 0, MM_EV_TROUBLE, MM_TROUBLE_OTHER, F_NONE },
	{ "Error ", 0, MM_EV_TROUBLE, MM_TROUBLE_OTHER, F_NONE },
	{ "re-exec ", 1, MM_EV_TROUBLE, MM_TROUBLE_OTHER, F_NONE },
	{ "Process failed ", 0, MM_EV_TROUBLE, MM_TROUBLE_OTHER, F_NONE },
	{ "transport process ", 1, MM_EV_TROUBLE, MM_TROUBLE_OTHER, F_NONE },
	{ "Delivery deferred by system filter", 0, MM_EV_TROUBLE,
	  MM_TROUBLE_OTHER, F_NONE },

	{ "SMTP protocol synchronization error", 0, MM_EV_REJECT,
	  MM_OUT_BOUNCED, F_REFUSED },
	{ "Connection from ", 0, MM_EV_REJECT, MM_OUT_DEFERRED, F_REFUSED },
	{ "connection from ", 0, MM_EV_REJECT, MM_OUT_BOUNCED, F_REFUSED },
	{ "refused connection from ", 0, MM_EV_REJECT, MM_OUT_BOUNCED,
	  F_REFUSED },
	{ "temporarily refused connection", 0, MM_EV_REJECT, MM_OUT_DEFERRED,
	  F_REFUSED },
	{ "rejected ", 0, MM_EV_REJECT, MM_OUT_BOUNCED, F_REFUSED },
	{ "temporarily rejected ", 0, MM_EV_REJECT, MM_OUT_DEFERRED,
	  F_REFUSED },
	{ "too many recipients: excess", 0, MM_EV_REJECT, MM_OUT_DEFERRED,
	  F_REFUSED },
	{ "too many recipients: ", 0, MM_EV_REJECT, MM_OUT_BOUNCED, F_REFUSED },
	{ "unqualified ", 0, MM_EV_REJECT, MM_OUT_BOUNCED, F_REFUSED },
	{ " authenticator failed H=", 1, MM_EV_LEG, 0, F_RELAY },
	{ " authenticator failed for ", 1, MM_EV_REJECT, MM_OUT_BOUNCED, F_AUTH },

	{ "(TCP/IP connection count", 1, MM_EV_CONNECT, 0, F_CLIENT },
	{ "SMTP connection from root", 0, NOISE, 0, F_NONE },
	{ "SMTP connection ", 0, MM_EV_DISCONNECT, 0, F_CLIENT },
	{ "SMTP call from ", 0, MM_EV_DISCONNECT, 0, F_CLIENT },
	{ "SMTP command timeout ", 0, MM_EV_DISCONNECT, 0, F_CLIENT },
	{ "no MAIL in ", 0, MM_EV_DISCONNECT, 0, F_CLIENT },
	{ "unexpected disconnection ", 0, MM_EV_DISCONNECT, 0, F_CLIENT },
	{ "unexpected EOF ", 0, MM_EV_DISCONNECT, 0, F_CLIENT },

	{ "SMTP syntax error", 0, NOISE, 0, F_NONE },
	{ "SMTP protocol error", 0, NOISE, 0, F_NONE },
	{ "SMTP error from remote", 0, NOISE, 0, F_NONE },
	{ "no host name found ", 0, NOISE, 0, F_NONE },
	{ "no IP address found ", 0, NOISE, 0, F_NONE },
	{ "host name alias list ", 0, NOISE, 0, F_NONE },
	{ "ident connection to ", 0, NOISE, 0, F_NONE },
	{ "DKIM: ", 0, NOISE, 0, F_NONE },
	{ "DMARC", 0, NOISE, 0, F_NONE },
	{ "SPF", 0, NOISE, 0, F_NONE },
	{ "PRDR ", 0, NOISE, 0, F_NONE },
	{ "SA: ", 0, NOISE, 0, F_NONE },
	{ "Sender identification ", 0, NOISE, 0, F_NONE },
	{ "cwd=", 0, NOISE, 0, F_NONE },
	{ "listen backlog ", 0, NOISE, 0, F_NONE },
	{ "moved from ", 0, NOISE, 0, F_NONE },
	{ "original recipients ignored", 0, NOISE, 0, F_NONE },
	{ "ignoring AUTH=", 0, NOISE, 0, F_NONE },
	{ "ETRN ", 0, NOISE, 0, F_NONE },
	{ "VRFY failed ", 0, NOISE, 0, F_NONE },
	{ "Warning: ", 0, NOISE, 0, F_NONE },
	{ "WARNING: ", 0, NOISE, 0, F_NONE },
	{ "Authentication-Results: ", 0, NOISE, 0, F_NONE },
	{ "qualify/rewrite: ", 0, NOISE, 0, F_NONE },
	{ "rewrite: ", 0, NOISE, 0, F_NONE }, /* the reject says more */
	{ ": error ignored", 1, NOISE, 0, F_NONE },
	{ " rewritten as ", 1, NOISE, 0, F_NONE },
	{ " router: skipped error: ", 1, NOISE, 0, F_NONE },
	{ " transport output: ", 1, NOISE, 0, F_NONE },
	/* clang-format on */
};

/* What stands behind the fields of a line that begins with them. */
static const struct rule led_rules[] = {
	/* clang-format off */
	{ "rejected ", 0, MM_EV_REJECT, MM_OUT_BOUNCED, F_NONE },
	{ "temporarily rejected ", 0, MM_EV_REJECT, MM_OUT_DEFERRED, F_NONE },
	{ "RCPT ", 0, MM_EV_REJECT, MM_OUT_DISCARDED, F_NONE },
	{ "dropped by ", 0, MM_EV_REJECT, MM_OUT_BOUNCED, F_NONE },
	{ "incomplete transaction", 0, MM_EV_CUT, 0, F_NONE },
	{ "SMTP connection outbound", 0, NOISE, 0, F_NONE },
	/* How many close, all being done; what was cut short says so, too. */
	{ "TLS error on connection (recv): The TLS connection was non-properly",
	  0, NOISE, 0, F_NONE },
	{ "sender verify ", 0, NOISE, 0, F_NONE },
	{ "Warning: ", 0, NOISE, 0, F_NONE },
	/* clang-format on */
};

/* What is refused: the words behind "rejected", or the line's first. */
static const struct {
	const char *words, *stage;
} stages[] = {
	/* clang-format off */
	{ "RCPT", "RCPT" },
	{ "MAIL", "MAIL" },
	{ "after DATA", "DATA" },
	{ "during MIME", "DATA" },
	{ "by local_scan", "DATA" },
	{ "by non-SMTP ACL", "DATA" },
	{ "DATA", "DATA" },
	{ "from <", "DATA" },
	{ "EHLO", "HELO" },
	{ "HELO", "HELO" },
	{ "\"EHLO", "HELO" },
	{ "\"HELO", "HELO" },
	{ "connection", "CONNECT" },
	{ "AUTH", "AUTH" },
	{ "STARTTLS", "STARTTLS" },
	{ "VRFY", "VRFY" },
	{ "EXPN", "EXPN" },
	{ "ETRN", "ETRN" },
	/* at the front of a line */
	{ "unqualified sender", "MAIL" },
	{ "unqualified recipient", "RCPT" },
	{ "too many recipients", "RCPT" },
	{ "Connection from ", "CONNECT" },
	{ "refused connection ", "CONNECT" },
	{ "temporarily refused ", "CONNECT" },
	/* clang-format on */
};

static const struct rule *
find_rule(const struct rule *list, size_t n, struct mm_str text)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].inside
			? mm_str_find(text, list[i].words) != MM_NOT_FOUND
			: mm_str_starts(text, list[i].words))
			return &list[i];
	return NULL;
}

/* Before 4.90 a leg began with its host: "name [ip]: words". */
static bool
is_old_leg(struct mm_str text, struct mm_exim_fields *f)
{
	struct mm_exim_fields rest;
	size_t blank = mm_str_findc(text, ' ');

	if (blank == MM_NOT_FOUND || blank + 1 >= text.n ||
	    text.p[blank + 1] != '[')
		return false;
	*f = (struct mm_exim_fields){ .port = -1 };
	if (!mm_exim_take_host(&text, f))
		return false;
	mm_exim_take_fields(text, MM_EXIM_WORD, &rest);
	f->words = rest.words;
	return true;
}

/* A line that begins with H=, U= or F=: its fields. */
static bool
is_led(const struct mm_exim_head *h, struct mm_exim_fields *f)
{
	struct mm_str text = h->text;

	if (!mm_str_starts(text, "H=") && !mm_str_starts(text, "U=") &&
	    !mm_str_starts(text, "F=") && !mm_str_starts(text, "Ci="))
		return h->id.n > 0 && is_old_leg(text, f);
	mm_exim_take_fields(text, MM_EXIM_WORD, f);
	return true;
}

static struct mm_str
take_angle(struct mm_str s)
{
	struct mm_str in = MM_STR_ABSENT;

	if (!mm_str_cutc(&s, '<', &in) || !mm_str_cutc(&s, '>', &in))
		return MM_STR_ABSENT;
	return in;
}

/* The client of a line that names it behind "H=", "from" or "for". */
static bool
find_client(struct mm_str s, struct mm_exim_fields *f)
{
	static const char *const leads[] = { " H=", " from ", " for " };
	struct mm_exim_fields rest;

	for (size_t i = 0; i < MM_COUNT(leads); i++) {
		size_t at = mm_str_find(s, leads[i]);
		struct mm_str host = mm_str_from(s, at);

		if (at == MM_NOT_FOUND)
			continue;
		(void)mm_str_skip(&host, leads[i]);
		(void)mm_str_skip(&host, "H=");
		*f = (struct mm_exim_fields){ .port = -1 };
		if (!mm_exim_take_host(&host, f))
			continue;
		mm_exim_take_fields(host, MM_EXIM_WORD, &rest);
		f->sender = rest.sender;
		f->words = rest.words;
		return true;
	}
	return false;
}

static void
put_stage(struct mm_record *r, struct mm_str what)
{
	for (size_t i = 0; i < MM_COUNT(stages); i++)
		if (mm_str_starts(what, stages[i].words)) {
			r->stage = mm_str_z(stages[i].stage);
			return;
		}
}

/* "rejected RCPT <a@b>: words", "rejected after DATA: words", ... */
static void
put_rejected(struct mm_record *r, const struct mm_exim_fields *f)
{
	struct mm_str what = f->words, head;

	r->sender = f->sender;
	mm_exim_put_client(r, f);
	if (r->outcome == MM_OUT_DISCARDED)
		r->action = MM_ACT_DISCARD;
	(void)mm_str_skip(&what, "temporarily ");
	(void)mm_str_skip(&what, "rejected ");
	put_stage(r, what);
	if (mm_str_skip(&what, "RCPT ")) {
		r->recipient = take_angle(what);
		if (r->recipient.p == NULL) /* as the client wrote it */
			r->recipient =
			    mm_str_upto(what, mm_str_find(what, ": "));
		else if (mm_str_cut(&what, ">", &head))
			(void)mm_str_skip(&what, ": ");
	} else if (mm_str_skip(&what, "MAIL <")) {
		(void)mm_str_cutc(&what, '>', &r->sender);
	}
	if (mm_str_cut(&what, ": ", &head) ||
	    (r->recipient.p != NULL && what.n > 0))
		r->reply = what;
}

/* Rejects that begin with their reason; the client stands inside. */
static void
put_refused(struct mm_record *r, struct mm_str text)
{
	struct mm_exim_fields f;
	struct mm_str what = text, head;
	bool known = find_client(text, &f);

	r->reply = text;
	if (known) {
		mm_exim_put_client(r, &f);
		r->sender = f.sender;
		if (f.words.n > 0 && f.words.p[0] != '(')
			r->reply = f.words;
	}
	put_stage(r, text);
	if (r->stage.p == NULL && mm_str_cut(&what, "rejected ", &head))
		put_stage(r, what);
	if (mm_str_starts(text, "unqualified recipient"))
		r->recipient = take_angle(text);
	else if (r->sender.p == NULL)
		r->sender = take_angle(text);
}

static void
put_auth(struct mm_record *r, struct mm_str text)
{
	struct mm_exim_fields f;
	struct mm_str head, user;

	r->stage = MM_STR("AUTH");
	if (find_client(text, &f)) {
		mm_exim_put_client(r, &f);
		r->reply = f.words;
	}
	if (mm_str_cut(&text, "(set_id=", &head) &&
	    mm_str_cutc(&text, ')', &user))
		r->sasl_user = user;
}

static void
fill(struct mm_record *r, const struct rule *rule, struct mm_str text)
{
	struct mm_exim_fields f;

	switch (rule->fill) {
	case F_NONE:
		break;
	case F_CLIENT:
		if (find_client(text, &f)) {
			mm_exim_put_client(r, &f);
			r->sender = f.sender;
		}
		break;
	case F_RELAY:
		if (find_client(text, &f))
			mm_exim_put_relay(r, &f);
		break;
	case F_ANGLE:
		r->recipient = take_angle(text);
		break;
	case F_SENDER:
		r->sender = take_angle(text);
		break;
	case F_REFUSED:
		put_refused(r, text);
		break;
	case F_AUTH:
		put_auth(r, text);
		break;
	}
}

/* "Completed QT=58s" */
static int64_t
queue_time(struct mm_str text)
{
	struct mm_str head;
	int64_t span = -1;

	if (mm_str_cut(&text, " QT=", &head))
		(void)mm_time_parse_span(text, &span);
	return span;
}

/* A daemon that starts says whether it will run the queue. */
static void
emit_pause(const struct mm_exim_head *h, struct mm_emit *emit)
{
	bool none = mm_str_find(h->text, "no queue runs") != MM_NOT_FOUND;
	struct mm_record r;

	if (!none && mm_str_find(h->text, " -q") == MM_NOT_FOUND)
		return;
	mm_exim_begin(&r, MM_EV_DAEMON, h);
	r.daemon = none ? MM_DAEMON_PAUSE : MM_DAEMON_RESUME;
	r.text = h->text;
	emit->record(emit->ctx, &r);
}

static enum mm_verdict
emit_rule(const struct mm_exim_head *h, const struct rule *rule,
	  struct mm_emit *emit)
{
	struct mm_record r;

	if (rule->event == NOISE)
		return MM_LINE_NOISE;
	mm_exim_begin(&r, rule->event, h);
	if (rule->event == MM_EV_LEG)
		r.reply = h->text;
	else if (rule->event != MM_EV_DONE)
		r.text = h->text;
	if (rule->event == MM_EV_DAEMON)
		r.daemon = (enum mm_daemon)rule->kind;
	else if (rule->event == MM_EV_TROUBLE)
		r.trouble = (enum mm_trouble)rule->kind;
	else if (rule->event == MM_EV_DELETED || rule->event == MM_EV_REJECT)
		r.outcome = (enum mm_outcome)rule->kind;
	else if (rule->event == MM_EV_DONE)
		r.delay_us = queue_time(h->text);
	fill(&r, rule, h->text);
	emit->record(emit->ctx, &r);
	if (rule->event == MM_EV_DAEMON && rule->kind == MM_DAEMON_START)
		emit_pause(h, emit);
	return MM_LINE_RECORD;
}

static enum mm_verdict
emit_led(const struct mm_exim_head *h, const struct mm_exim_fields *f,
	 const struct rule *rule, struct mm_emit *emit)
{
	struct mm_record r;

	if (rule->event == NOISE)
		return MM_LINE_NOISE;
	mm_exim_begin(&r, rule->event, h);
	r.text = h->text;
	if (rule->event == MM_EV_REJECT) {
		r.outcome = (enum mm_outcome)rule->kind;
		put_rejected(&r, f);
	} else {
		mm_exim_put_client(&r, f);
		r.sender = take_angle(f->words);
	}
	emit->record(emit->ctx, &r);
	return MM_LINE_RECORD;
}

/* One host of several that a delivery tries; "after RCPT TO:<a@b>" tells
 * whose. */
static enum mm_verdict
emit_leg(const struct mm_exim_head *h, const struct mm_exim_fields *f,
	 struct mm_emit *emit)
{
	struct mm_record r;
	struct mm_str at = f->words, head;

	mm_exim_begin(&r, MM_EV_LEG, h);
	mm_exim_put_relay(&r, f);
	r.outcome = MM_OUT_DEFERRED;
	r.contact = true;
	r.reply = f->words;
	if (mm_str_cut(&at, " after RCPT TO:<", &head))
		(void)mm_str_cutc(&at, '>', &r.recipient);
	emit->record(emit->ctx, &r);
	return MM_LINE_RECORD;
}

bool
mm_exim_is_event(const struct mm_exim_head *h)
{
	struct mm_exim_fields f;

	if (is_led(h, &f))
		return f.words.n > 0 &&
		       (h->id.n > 0 || find_rule(led_rules, MM_COUNT(led_rules),
						 f.words) != NULL);
	return find_rule(rules, MM_COUNT(rules), h->text) != NULL;
}

enum mm_verdict
mm_exim_parse_event(const struct mm_exim_head *h, struct mm_emit *emit)
{
	struct mm_exim_fields f;
	const struct rule *rule;

	if (!is_led(h, &f))
		return emit_rule(h, find_rule(rules, MM_COUNT(rules), h->text),
				 emit);
	rule = find_rule(led_rules, MM_COUNT(led_rules), f.words);
	return rule != NULL ? emit_led(h, &f, rule, emit)
			    : emit_leg(h, &f, emit);
}
