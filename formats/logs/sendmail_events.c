#include "formats/base/status.h"
#include "formats/logs/sendmail_line.h"

#define NOISE MM_EV_COUNT

/* How the rest of a record is filled. */
enum fill {
	F_NONE,	     /* text only */
	F_FROM,	     /* "... from name [ip] ..." is the client */
	F_FRONT,     /* "name [ip] ..." or "name [ip]: ..." is the client */
	F_RELAY_IN,  /* ", relay=name [ip]" is the client */
	F_RELAY_OUT, /* the same, the next hop */
	F_TLS	     /* the same; TLS is on */
};

/* What lines begin with, or hold where `inside` is set. The first that fits
 * decides. */
static const struct rule {
	const char *words;
	bool inside;
	enum mm_event event;
	int kind; /* enum mm_daemon, enum mm_trouble or enum mm_outcome */
	enum fill fill;
} rules[] = {
	/* clang-format off */
	{ "quarantine=", 0, MM_EV_HELD, 0, F_NONE },
	{ "unquarantine", 0, MM_EV_RELEASED, 0, F_NONE },
	{ "discarded", 0, MM_EV_DELETED, MM_OUT_DISCARDED, F_NONE },

	{ "SYSERR", 0, MM_EV_TROUBLE, MM_TROUBLE_OTHER, F_NONE },
	{ "No space left on device", 1, MM_EV_TROUBLE, MM_TROUBLE_DISK,
	  F_NONE },
	{ "low on space", 0, MM_EV_TROUBLE, MM_TROUBLE_DISK, F_NONE },
	{ "rejecting new messages: min free", 0, MM_EV_TROUBLE,
	  MM_TROUBLE_DISK, F_NONE },
	{ "accepting new messages", 0, NOISE, 0, F_NONE },
	{ "Losing ", 0, MM_EV_TROUBLE, MM_TROUBLE_OTHER, F_NONE },
	{ "bogus queue file", 0, MM_EV_TROUBLE, MM_TROUBLE_OTHER, F_NONE },
	{ "queueup: ", 0, MM_EV_TROUBLE, MM_TROUBLE_DISK, F_NONE },
	{ "timeout writing message to ", 0, MM_EV_TROUBLE, MM_TROUBLE_OTHER,
	  F_NONE },

	{ "collect: premature EOM", 0, MM_EV_CUT, 0, F_NONE },
	{ "collect: I/O error", 0, MM_EV_CUT, 0, F_NONE },
	{ "collect: unexpected close", 0, MM_EV_CUT, 0, F_FROM },
	{ "timeout waiting for input from ", 0, MM_EV_DISCONNECT, 0, F_FROM },
	{ "did not issue MAIL/", 1, MM_EV_DISCONNECT, 0, F_FRONT },
	{ "connect from ", 0, MM_EV_CONNECT, 0, F_FROM },
	{ "AUTH=server, relay=", 0, MM_EV_CONNECT, 0, F_RELAY_IN },

	{ "starting daemon (", 0, MM_EV_DAEMON, MM_DAEMON_START, F_NONE },
	{ "stopping daemon", 0, MM_EV_DAEMON, MM_DAEMON_STOP, F_NONE },
	{ "restarting ", 0, MM_EV_DAEMON, MM_DAEMON_RELOAD, F_NONE },
	{ "runqueue: Skipping ", 0, MM_EV_DAEMON, MM_DAEMON_PAUSE, F_NONE },
	{ "runqueue: Aborting ", 0, MM_EV_DAEMON, MM_DAEMON_PAUSE, F_NONE },
	{ "runqueue: ", 0, NOISE, 0, F_NONE },
	{ "rejecting connections on daemon ", 0, MM_EV_DAEMON, MM_DAEMON_PAUSE,
	  F_NONE },
	{ "delaying connections on daemon ", 0, MM_EV_DAEMON, MM_DAEMON_PAUSE,
	  F_NONE },
	{ "deferring connections on daemon ", 0, MM_EV_DAEMON, MM_DAEMON_PAUSE,
	  F_NONE },
	{ "still rejecting connections", 0, NOISE, 0, F_NONE },
	{ "accepting connections again", 0, MM_EV_DAEMON, MM_DAEMON_RESUME,
	  F_NONE },
	{ "persistent queue runner", 0, MM_EV_DAEMON, MM_DAEMON_CRASH,
	  F_NONE },

	{ "STARTTLS=client, error", 0, MM_EV_TROUBLE, MM_TROUBLE_TLS,
	  F_NONE },
	{ "STARTTLS=server, error", 0, MM_EV_TROUBLE, MM_TROUBLE_TLS,
	  F_RELAY_IN },
	{ "warning=DANE configured", 1, MM_EV_TROUBLE, MM_TROUBLE_TLS,
	  F_RELAY_OUT },
	{ "STARTTLS=client, relay=", 0, MM_EV_CONNECT, 0, F_TLS },
	{ "STARTTLS", 0, NOISE, 0, F_NONE },
	{ "error connecting to filter", 1, MM_EV_TROUBLE, MM_TROUBLE_FILTER,
	  F_NONE },
	{ "): to error state", 1, MM_EV_TROUBLE, MM_TROUBLE_FILTER, F_NONE },
	{ "): timeout ", 1, MM_EV_TROUBLE, MM_TROUBLE_FILTER, F_NONE },
	{ "): init failed", 1, MM_EV_TROUBLE, MM_TROUBLE_FILTER, F_NONE },
	{ "Milter: initialization failed", 0, MM_EV_TROUBLE,
	  MM_TROUBLE_FILTER, F_NONE },
	{ "milter_read(", 0, MM_EV_TROUBLE, MM_TROUBLE_FILTER, F_NONE },
	{ "milter_sys_read(", 0, MM_EV_TROUBLE, MM_TROUBLE_FILTER, F_NONE },
	{ "milter_write(", 0, MM_EV_TROUBLE, MM_TROUBLE_FILTER, F_NONE },
	{ "Sending \"", 0, NOISE, 0, F_NONE }, /* ... to Milter */
	{ "Milter", 0, NOISE, 0, F_NONE },
	{ "milter", 0, NOISE, 0, F_NONE },

	{ "rejecting ", 0, MM_EV_REJECT, 0, F_FROM },
	{ "AUTH failure (", 0, MM_EV_REJECT, 0, F_RELAY_IN },
	{ "tcpwrappers (", 0, MM_EV_REJECT, 0, F_NONE },
	{ "possible SMTP attack", 1, MM_EV_REJECT, 0, F_FRONT },
	{ "Possible SMTP RCPT flood", 1, MM_EV_REJECT, 0, F_FRONT },
	{ "probable open proxy", 1, MM_EV_REJECT, 0, F_FRONT },
	{ " exceeds maximum (", 1, MM_EV_REJECT, 0, F_NONE },
	{ "exceeds maximum message size", 1, MM_EV_REJECT, 0, F_NONE },
	{ "exceeds fixed maximum message size", 1, MM_EV_REJECT, 0, F_NONE },
	{ "Too many recipients", 0, MM_EV_REJECT, 0, F_NONE },

	{ "can't open ", 0, MM_EV_TROUBLE, MM_TROUBLE_CONFIG, F_NONE },
	{ "unable to ", 0, MM_EV_TROUBLE, MM_TROUBLE_CONFIG, F_NONE },
	{ "unable to qualify my own domain", 1, MM_EV_TROUBLE,
	  MM_TROUBLE_CONFIG, F_NONE },
	{ "config error: mail loops back", 1, MM_EV_TROUBLE,
	  MM_TROUBLE_CONFIG, F_NONE },
	{ "dangerous ", 1, MM_EV_TROUBLE, MM_TROUBLE_CONFIG, F_NONE },
	{ "daemon ", 0, MM_EV_TROUBLE, MM_TROUBLE_CONFIG, F_NONE },
	{ "timeout connecting to LDAP", 0, MM_EV_TROUBLE, MM_TROUBLE_OTHER,
	  F_NONE },
	{ "aliasing/forwarding loop broken", 0, MM_EV_TROUBLE,
	  MM_TROUBLE_CONFIG, F_NONE },
	{ "SMTP protocol error", 1, NOISE, 0, F_NONE },
	{ "ERROR: ", 0, MM_EV_TROUBLE, MM_TROUBLE_OTHER, F_NONE },

	/* The descriptors and connections that are dumped behind a SYSERR. */
	{ ": fl=0x", 1, NOISE, 0, F_NONE },
	{ "MCI@", 0, NOISE, 0, F_NONE },

	{ "<-- ", 0, NOISE, 0, F_NONE },
	{ "--- ", 0, NOISE, 0, F_NONE },
	{ "==> ", 0, NOISE, 0, F_NONE },
	{ "AUTH", 0, NOISE, 0, F_NONE },
	{ "Authentication-Warning: ", 0, NOISE, 0, F_NONE },
	{ "SMTP ", 0, NOISE, 0, F_NONE },
	{ "alias ", 0, NOISE, 0, F_NONE },
	{ "/", 0, NOISE, 0, F_NONE }, /* "/etc/aliases: 13 aliases, ..." */
	{ "alias database ", 0, NOISE, 0, F_NONE },
	{ "expand ", 0, NOISE, 0, F_NONE },
	{ "forward ", 0, NOISE, 0, F_NONE },
	{ "hesiod ", 0, NOISE, 0, F_NONE },
	{ "dns ", 0, NOISE, 0, F_NONE },
	{ "ldap=", 0, NOISE, 0, F_NONE },
	{ "engine=", 0, NOISE, 0, F_NONE },
	{ "tls_", 0, NOISE, 0, F_NONE },
	{ "TLSA=", 0, NOISE, 0, F_NONE },
	{ "poststats: ", 0, NOISE, 0, F_NONE },
	{ "started as: ", 0, NOISE, 0, F_NONE },
	{ "error: safesasl", 0, NOISE, 0, F_NONE },
	{ "gethostbyaddr(", 0, NOISE, 0, F_NONE },
	{ "Fixed MIME ", 0, NOISE, 0, F_NONE },
	{ "Truncated MIME ", 0, NOISE, 0, F_NONE },
	{ "Truncated long MIME ", 0, NOISE, 0, F_NONE },
	{ "Dropped invalid comments ", 0, NOISE, 0, F_NONE },
	{ "invalid domain name ", 0, NOISE, 0, F_NONE },
	{ "Warning: ", 0, NOISE, 0, F_NONE },
	{ "WARNING: ", 0, NOISE, 0, F_NONE },
	{ "delaying=", 0, NOISE, 0, F_NONE },
	{ "server=", 0, NOISE, 0, F_NONE },
	{ "clt_features=", 0, NOISE, 0, F_NONE },
	{ "grew WorkList", 0, NOISE, 0, F_NONE },
	{ "WorkList for ", 0, NOISE, 0, F_NONE },
	{ "Saved message in ", 0, NOISE, 0, F_NONE },
	{ "user ", 0, NOISE, 0, F_NONE },
	{ "Timeout.to_aconnect", 0, NOISE, 0, F_NONE },
	{ " file, marked unsafe", 1, NOISE, 0, F_NONE },
	{ "unauthorized PIPELINING", 0, NOISE, 0, F_NONE },
	{ "smtpquit: ", 0, NOISE, 0, F_NONE },
	{ ": ETRN ", 1, NOISE, 0, F_NONE },
	{ ": EXPN ", 1, NOISE, 0, F_NONE },
	{ ": VRFY ", 1, NOISE, 0, F_NONE },
	{ ": expn ", 1, NOISE, 0, F_NONE },
	{ ": vrfy ", 1, NOISE, 0, F_NONE },
	/* clang-format on */
};

/* "name [ip]" at the front of `s`. */
static void
put_client(struct mm_record *r, struct mm_str s)
{
	struct mm_sendmail_fields f = { .has_relay = false };
	size_t open = mm_str_findc(s, '['), close = mm_str_findc(s, ']');

	if (open != MM_NOT_FOUND && close != MM_NOT_FOUND && close > open)
		s = mm_str_upto(s, close + 1);
	else
		s = mm_str_upto(s, mm_str_findc(s, ' '));
	mm_sendmail_relay(s, &f);
	r->client_name = f.relay_name;
	r->client_ip = f.relay_ip;
}

static void
put_relay(struct mm_record *r, struct mm_str s, bool out)
{
	struct mm_sendmail_fields f;

	mm_sendmail_take_fields(s, &f);
	if (out) {
		r->relay_name = f.relay_name;
		r->relay_ip = f.relay_ip;
		return;
	}
	r->client_name = f.relay_name;
	r->client_ip = f.relay_ip;
	r->sasl_user = f.authid;
}

static void
fill(struct mm_record *r, enum fill how, struct mm_str text)
{
	struct mm_str head;

	switch (how) {
	case F_NONE:
		break;
	case F_FROM:
		if (mm_str_cut(&text, "from ", &head))
			put_client(r, text);
		break;
	case F_FRONT:
		put_client(r, text);
		break;
	case F_TLS:
		r->secure = true;
		put_relay(r, text, true);
		break;
	case F_RELAY_IN:
	case F_RELAY_OUT:
		put_relay(r, text, how == F_RELAY_OUT);
		break;
	}
}

/* The stage of "ruleset=check_rcpt", "Milter: data", "action=mail", ... */
static struct mm_str
stage_of(struct mm_str s)
{
	static const struct {
		const char *words, *stage;
	} stages[] = {
		/* clang-format off */
		{ "check_relay", "CONNECT" }, { "check_mail", "MAIL" },
		{ "check_rcpt", "RCPT" }, { "check_compat", "RCPT" },
		{ "check_data", "DATA" }, { "check_eo", "DATA" },
		{ "check_vrfy", "VRFY" }, { "check_expn", "EXPN" },
		{ "check_etrn", "ETRN" }, { "check_", "DATA" },
		{ "tls_client", "STARTTLS" }, { "trust_auth", "AUTH" },
		{ "connect", "CONNECT" }, { "helo", "HELO" },
		{ "from=", "MAIL" }, { "mail", "MAIL" },
		{ "to=", "RCPT" }, { "rcpt", "RCPT" },
		{ "cmd=data", "DATA" }, { "data", "DATA" },
		{ "header", "DATA" }, { "eo", "DATA" },
		{ "body", "DATA" },
		/* clang-format on */
	};

	for (size_t i = 0; i < MM_COUNT(stages); i++)
		if (mm_str_starts(s, stages[i].words))
			return mm_str_z(stages[i].stage);
	return MM_STR("DATA");
}

static enum mm_outcome
refusal(struct mm_str reply)
{
	return mm_str_starts(reply, "4") ? MM_OUT_DEFERRED : MM_OUT_BOUNCED;
}

/* "ruleset=check_rcpt, arg1=<a@b>, relay=name [ip], reject=550 words". TLS
 * rulesets but tls_client judge the next hop. */
static enum mm_verdict
parse_ruleset(const struct mm_sendmail_line *l)
{
	struct mm_str s = mm_str_from(l->text, 8), reply = MM_STR_ABSENT;
	size_t at = mm_str_find(s, ", reject=");
	struct mm_sendmail_fields f;
	struct mm_record r;
	bool discard = mm_str_ends(s, ", discard");

	if (discard)
		s = mm_str_upto(s, s.n - 9);
	if (at != MM_NOT_FOUND) {
		reply = mm_str_from(s, at + 9);
		s = mm_str_upto(s, at);
	}
	mm_sendmail_take_fields(s, &f);
	if (mm_str_starts(s, "tls_") && !mm_str_starts(s, "tls_client")) {
		mm_sendmail_begin(l, &r, MM_EV_TROUBLE);
		r.trouble = MM_TROUBLE_TLS;
		put_relay(&r, s, true);
		r.reply = reply;
		r.text = l->text;
		return mm_sendmail_emit(l, &r);
	}
	if (mm_str_find(s, ", status=") != MM_NOT_FOUND)
		return MM_LINE_NOISE;
	mm_sendmail_begin(l, &r, MM_EV_REJECT);
	r.text = l->text;
	r.reply = reply;
	r.stage = stage_of(s);
	r.outcome = refusal(reply);
	r.client_name = f.relay_name;
	r.client_ip = f.relay_ip;
	if (mm_str_is(r.stage, "MAIL"))
		r.sender = f.arg1;
	if (mm_str_is(r.stage, "RCPT"))
		r.recipient = f.arg1;
	if (discard)
		r.action = MM_ACT_DISCARD;
	if (mm_str_find(s, ", quarantine=") != MM_NOT_FOUND)
		r.action = MM_ACT_HOLD;
	if (r.action != MM_ACT_REJECT)
		r.outcome = MM_OUT_NONE;
	return mm_sendmail_emit(l, &r);
}

/* "<a@b>... User unknown": a recipient refused in the dialogue. */
static enum mm_verdict
parse_refused(const struct mm_sendmail_line *l)
{
	struct mm_str s = l->text;
	struct mm_record r;

	mm_sendmail_begin(l, &r, MM_EV_REJECT);
	(void)mm_sendmail_take_address(&s, &r.recipient);
	if (!mm_str_skip(&s, "... ")) {
		l->emit->why = "words that Sendmail is not known to log";
		return MM_LINE_MALFORMED;
	}
	r.stage = MM_STR("RCPT");
	r.reply = s;
	r.outcome = refusal(s);
	r.text = l->text;
	return mm_sendmail_emit(l, &r);
}

/* "Milter: to=<a@b>, reject=550 words", "Milter: data, discard",
 * "milter=name, quarantine=words". What else "milter=name" says (from
 * MilterLogLevel 11 on) a "Milter:" line says, too. */
static bool
parse_milter(const struct mm_sendmail_line *l, enum mm_verdict *v)
{
	struct mm_str s = l->text, head, where = s;
	bool summary = mm_str_skip(&where, "Milter: ");
	enum mm_event event = MM_EV_REJECT;
	struct mm_record r;

	if (mm_str_find(s, ", quarantine=") != MM_NOT_FOUND)
		event = MM_EV_HELD;
	else if (!summary)
		return false;
	else if (mm_str_find(s, ", discard") != MM_NOT_FOUND)
		event = MM_EV_DELETED;
	else if (mm_str_find(s, ", reject") == MM_NOT_FOUND)
		return false;
	mm_sendmail_begin(l, &r, event);
	r.text = s;
	if (event == MM_EV_DELETED)
		r.outcome = MM_OUT_DISCARDED;
	if (event == MM_EV_REJECT) {
		r.stage = stage_of(where);
		if (mm_str_skip(&where, "from="))
			(void)mm_sendmail_take_address(&where, &r.sender);
		else if (mm_str_skip(&where, "to="))
			(void)mm_sendmail_take_address(&where, &r.recipient);
		if (mm_str_cut(&s, ", reject=", &head))
			r.reply = s;
		r.outcome = refusal(r.reply);
	}
	*v = mm_sendmail_emit(l, &r);
	return true;
}

/* "makeconnection (name. [ip].25 (2)) failed: words" */
static enum mm_verdict
parse_leg(const struct mm_sendmail_line *l)
{
	struct mm_str s = mm_str_from(l->text, 16), host;
	struct mm_sendmail_fields f = { .has_relay = false };
	struct mm_record r;

	if (!mm_str_cut(&s, "].", &host)) {
		l->emit->why = "makeconnection without a host";
		return MM_LINE_MALFORMED;
	}
	host.n++; /* with its bracket */
	mm_sendmail_relay(host, &f);
	mm_sendmail_begin(l, &r, MM_EV_LEG);
	r.relay_name = f.relay_name;
	r.relay_ip = f.relay_ip;
	r.outcome = MM_OUT_DEFERRED;
	r.contact = true;
	if (mm_str_cut(&s, " failed: ", &host))
		r.reply = s;
	return mm_sendmail_emit(l, &r);
}

/* "split: maxrcpts=3, rcpts=12, count=3, ids=ID2; ID3; ID4" */
static enum mm_verdict
parse_split(const struct mm_sendmail_line *l)
{
	struct mm_str s = l->text, head;
	enum mm_verdict v = MM_LINE_MALFORMED;
	struct mm_record r;

	l->emit->why = "split: without ids";
	if (!mm_str_cut(&s, ", ids=", &head) && !mm_str_cut(&s, ", id=", &head))
		return v;
	while (s.n > 0) {
		struct mm_str child = mm_str_upto(s, mm_str_findc(s, ';'));

		s = mm_str_from(s, child.n + 1);
		child = mm_str_trim(child);
		if (child.n == 0)
			continue;
		mm_sendmail_begin(l, &r, MM_EV_SAME_MAIL);
		r.other_id = child;
		r.join = MM_JOIN_SPLIT;
		v = mm_sendmail_emit(l, &r);
	}
	return v;
}

/* "collect: relay=localhost, from=<s>, info=words": a message broken off; of
 * a client that left the line before has said so. */
static enum mm_verdict
parse_collect(const struct mm_sendmail_line *l)
{
	struct mm_str s = l->text, head;
	struct mm_record r;

	if (mm_str_find(s, "info=unexpected close") != MM_NOT_FOUND)
		return MM_LINE_NOISE;
	mm_sendmail_begin(l, &r, MM_EV_REJECT);
	put_relay(&r, mm_str_from(s, 9), false);
	if (mm_str_cut(&s, ", from=", &head))
		(void)mm_sendmail_take_address(&s, &r.sender);
	if (mm_str_cut(&s, "info=", &head))
		r.reply = s;
	r.stage = MM_STR("DATA");
	r.outcome = mm_str_find(s, "tempfail") != MM_NOT_FOUND ? MM_OUT_DEFERRED
							       : MM_OUT_BOUNCED;
	r.text = l->text;
	return mm_sendmail_emit(l, &r);
}

/* "lost input channel from name [ip] to MTA after data": behind a command
 * of a transaction a message was on its way. */
static enum mm_verdict
parse_lost(const struct mm_sendmail_line *l)
{
	static const char *const commands[] = { " after mail", " after rcpt",
						" after data", " after bdat" };
	enum mm_event event = MM_EV_DISCONNECT;
	struct mm_record r;

	for (size_t i = 0; i < MM_COUNT(commands); i++)
		if (mm_str_ends(l->text, commands[i]))
			event = MM_EV_CUT;
	mm_sendmail_begin(l, &r, event);
	fill(&r, F_FROM, l->text);
	r.text = l->text;
	return mm_sendmail_emit(l, &r);
}

/* "done; delay=00:00:06, ntries=1" */
static enum mm_verdict
parse_done(const struct mm_sendmail_line *l)
{
	struct mm_sendmail_fields f;
	struct mm_record r;

	mm_sendmail_take_fields(mm_str_from(l->text, 6), &f);
	mm_sendmail_begin(l, &r, MM_EV_DONE);
	r.delay_us = f.delay_us;
	return mm_sendmail_emit(l, &r);
}

/* Does the daemon that starts run the queue? The client queue's own runner
 * says nothing of the MTA's. */
static void
emit_pause(const struct mm_sendmail_line *l)
{
	bool runs = mm_str_find(l->text, "queueing@") != MM_NOT_FOUND;
	struct mm_record r;

	if (mm_str_find(l->text, "SMTP") == MM_NOT_FOUND)
		return;
	mm_sendmail_begin(l, &r, MM_EV_DAEMON);
	r.daemon = runs ? MM_DAEMON_RESUME : MM_DAEMON_PAUSE;
	r.text = l->text;
	(void)mm_sendmail_emit(l, &r);
}

/* "SYSERR(root): words": what sort of trouble. */
static enum mm_trouble
syserr_of(struct mm_str text)
{
	static const struct {
		const char *words;
		enum mm_trouble trouble;
	} kinds[] = {
		{ "No space left", MM_TROUBLE_DISK },
		{ "Disk quota", MM_TROUBLE_DISK },
		{ "I/O error", MM_TROUBLE_DISK },
		{ "fork", MM_TROUBLE_RESOURCE },
		{ "memory", MM_TROUBLE_RESOURCE },
		{ "Too many open files", MM_TROUBLE_RESOURCE },
		{ "config", MM_TROUBLE_CONFIG },
		{ "loops back", MM_TROUBLE_CONFIG },
		{ "permission", MM_TROUBLE_CONFIG },
		{ "Permission denied", MM_TROUBLE_CONFIG },
		{ "Name server", MM_TROUBLE_DNS },
		{ "name server", MM_TROUBLE_DNS },
		{ "ilter", MM_TROUBLE_FILTER },
	};

	for (size_t i = 0; i < MM_COUNT(kinds); i++)
		if (mm_str_find(text, kinds[i].words) != MM_NOT_FOUND)
			return kinds[i].trouble;
	return MM_TROUBLE_OTHER;
}

/* A reject that begins with its reason. */
static void
put_refusal(struct mm_record *r, struct mm_str text)
{
	r->outcome = MM_OUT_BOUNCED;
	r->reply = text;
	if (mm_str_starts(text, "AUTH failure"))
		r->stage = MM_STR("AUTH");
	else if (mm_str_starts(text, "rejecting ") ||
		 mm_str_starts(text, "tcpwrappers"))
		r->stage = MM_STR("CONNECT");
	else if (mm_str_find(text, "exceeds") != MM_NOT_FOUND)
		r->stage = MM_STR("DATA");
	else if (mm_str_starts(text, "Too many recipients"))
		r->stage = MM_STR("RCPT");
}

static enum mm_verdict
emit_rule(const struct mm_sendmail_line *l, const struct rule *rule)
{
	struct mm_record r;

	if (rule->event == NOISE)
		return MM_LINE_NOISE;
	mm_sendmail_begin(l, &r, rule->event);
	r.text = l->text;
	if (rule->event == MM_EV_DAEMON)
		r.daemon = (enum mm_daemon)rule->kind;
	else if (rule->event == MM_EV_DELETED)
		r.outcome = (enum mm_outcome)rule->kind;
	else if (rule->event == MM_EV_REJECT)
		put_refusal(&r, l->text);
	else if (rule->event == MM_EV_TROUBLE)
		r.trouble = mm_str_starts(l->text, "SYSERR")
				? syserr_of(l->text)
				: (enum mm_trouble)rule->kind;
	fill(&r, rule->fill, l->text);
	(void)mm_sendmail_emit(l, &r);
	if (rule->event == MM_EV_DAEMON && rule->kind == MM_DAEMON_START)
		emit_pause(l);
	return MM_LINE_RECORD;
}

/* Lines that need more than a row of `rules`. */
static const struct {
	const char *words;
	enum mm_verdict (*parse)(const struct mm_sendmail_line *l);
} readers[] = {
	{ "ruleset=", parse_ruleset },
	{ "done; ", parse_done },
	{ "<", parse_refused },
	{ "makeconnection (", parse_leg },
	{ "split: ", parse_split },
	{ "collect: relay=", parse_collect },
	{ "lost input channel ", parse_lost },
};

enum mm_verdict
mm_sendmail_event(const struct mm_sendmail_line *l)
{
	enum mm_verdict v;

	/* "<-- EHLO x" is the dialogue, not an address */
	if (!mm_str_starts(l->text, "<-- "))
		for (size_t i = 0; i < MM_COUNT(readers); i++)
			if (mm_str_starts(l->text, readers[i].words))
				return readers[i].parse(l);
	if ((mm_str_starts(l->text, "Milter: ") ||
	     mm_str_starts(l->text, "milter=")) &&
	    parse_milter(l, &v))
		return v;
	for (size_t i = 0; i < MM_COUNT(rules); i++)
		if (rules[i].inside
			? mm_str_find(l->text, rules[i].words) != MM_NOT_FOUND
			: mm_str_starts(l->text, rules[i].words))
			return emit_rule(l, &rules[i]);
	l->emit->why = "words that Sendmail is not known to log";
	return MM_LINE_MALFORMED;
}

/* The words of a notice: what it says about l->id. */
static enum mm_notice
notice_of(struct mm_str words)
{
	if (mm_str_starts(words, "Warning: "))
		return MM_NOTICE_DELAY;
	if (mm_str_ifind(words, "return receipt") != MM_NOT_FOUND)
		return MM_NOTICE_SUCCESS;
	return MM_NOTICE_BOUNCE;
}

static enum mm_verdict
emit_notice(const struct mm_sendmail_line *l, struct mm_str other,
	    struct mm_str words, bool postmaster)
{
	struct mm_record r;

	if (mm_str_starts(words, "Cannot send message ") ||
	    mm_str_starts(words, "delivery time expired")) {
		mm_sendmail_begin(l, &r, MM_EV_EXPIRED);
		r.reply = words;
		(void)mm_sendmail_emit(l, &r);
	}
	mm_sendmail_begin(l, &r, MM_EV_NOTICE);
	r.other_id = other;
	r.join = MM_JOIN_NOTICE;
	r.notice = postmaster ? MM_NOTICE_POSTMASTER : notice_of(words);
	r.text = words;
	(void)mm_sendmail_emit(l, &r);
	mm_sendmail_begin(l, &r, MM_EV_ARRIVAL);
	r.queue_id = other;
	r.sender = MM_STR("");
	return mm_sendmail_emit(l, &r);
}

static enum mm_verdict
emit_clone(const struct mm_sendmail_line *l, struct mm_str other,
	   struct mm_str owner)
{
	struct mm_record r;

	mm_sendmail_begin(l, &r, MM_EV_SAME_MAIL);
	r.other_id = other;
	r.join = MM_JOIN_CLONE;
	(void)mm_sendmail_emit(l, &r);
	mm_sendmail_begin(l, &r, MM_EV_DETAIL);
	r.queue_id = other;
	if (!mm_sendmail_take_address(&owner, &r.sender))
		r.sender = MM_STR("");
	return mm_sendmail_emit(l, &r);
}

enum mm_verdict
mm_sendmail_other_id(const struct mm_sendmail_line *l, struct mm_str other)
{
	static const char *const notices[] = { "DSN: ", "return to sender: ",
					       "sender notify: ",
					       "postmaster notify: " };
	struct mm_str words = l->text;

	if (mm_str_skip(&words, "clone: owner="))
		return emit_clone(l, other, words);
	for (size_t i = 0; i < MM_COUNT(notices); i++)
		if (mm_str_skip(&words, notices[i]))
			return emit_notice(l, other, words, i == 3);
	l->emit->why = "words between two ids that are not known";
	return MM_LINE_MALFORMED;
}
