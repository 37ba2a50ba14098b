/* Warnings, errors and deaths, and what the master and its script say. */
#include "formats/base/status.h"
#include "formats/logs/postfix_line.h"

enum effect {
	IGNORED,  /* a client's fault, or only advice */
	TROUBLE,  /* `code` is an enum mm_trouble */
	CRASHED,  /* a process ended that should not */
	REFUSED,  /* a client was refused; `stage` says at what */
	DROPPED,  /* TROUBLE, and the message behind the id never comes to be */
	DNS_MAYBE /* own resolver failing, or a client without a good name */
};

struct rule {
	const char *words;
	enum effect effect;
	int code;
	const char *stage;
};

/* How a text may begin, behind "warning: " and an id. */
static const struct rule begins[] = {
	/* clang-format off */
	{ "hostname ", DNS_MAYBE, 0, NULL },
	{ "TLS library problem", TROUBLE, MM_TROUBLE_TLS, NULL },
	{ "non-SMTP command from ", IGNORED, 0, NULL },
	{ "Illegal address syntax from ", IGNORED, 0, NULL },
	{ "SASL authentication failure: ", IGNORED, 0, NULL },
	{ "SASL: Connect to ", TROUBLE, MM_TROUBLE_OTHER, NULL },
	{ "Connection rate limit exceeded", REFUSED, 0, "CONNECT" },
	{ "Connection concurrency limit exceeded", REFUSED, 0, "CONNECT" },
	{ "Message delivery request rate limit", REFUSED, 0, "MAIL" },
	{ "Recipient address rate limit exceeded", REFUSED, 0, "RCPT" },
	{ "New TLS session rate limit exceeded", REFUSED, 0, "STARTTLS" },
	{ "Refusing STARTTLS request", REFUSED, 0, "STARTTLS" },
	{ "AUTH command rate limit exceeded", REFUSED, 0, "AUTH" },
	{ "not enough free space in mail queue", TROUBLE, MM_TROUBLE_DISK,
	  NULL },
	{ "write queue file: ", DROPPED, MM_TROUBLE_DISK, NULL },
	{ "queue file size limit exceeded", REFUSED, 0, "eod" },
	{ "connect to Milter service", TROUBLE, MM_TROUBLE_FILTER, NULL },
	{ "milter ", TROUBLE, MM_TROUBLE_FILTER, NULL },
	{ "no MX host for ", TROUBLE, MM_TROUBLE_DNS, NULL },
	{ "numeric domain name in ", TROUBLE, MM_TROUBLE_DNS, NULL },
	{ "malformed domain name in ", TROUBLE, MM_TROUBLE_DNS, NULL },
	{ "dnsblog_query: ", TROUBLE, MM_TROUBLE_DNS, NULL },
	{ "dnsblog reply timeout", TROUBLE, MM_TROUBLE_DNS, NULL },
	{ "valid_hostname: ", IGNORED, 0, NULL },
	{ "valid_ipv4_hostaddr: ", IGNORED, 0, NULL },
	{ "valid_ipv6_hostaddr: ", IGNORED, 0, NULL },
	{ "numeric hostname: ", IGNORED, 0, NULL },
	{ "process ", CRASHED, 0, NULL },
	{ "perhaps ", IGNORED, 0, NULL },
	{ "this may ", IGNORED, 0, NULL },
	{ "you may need ", IGNORED, 0, NULL },
	{ "please avoid ", IGNORED, 0, NULL },
	{ "to avoid ", IGNORED, 0, NULL },
	{ "to stop ", IGNORED, 0, NULL },
	{ "To stop ", IGNORED, 0, NULL },
	{ "-- ", IGNORED, 0, NULL },
	/* clang-format on */
};

/* What a text may hold; the first that is found decides. */
static const struct rule holds[] = {
	/* clang-format off */
	{ " verification failed: ", DNS_MAYBE, 0, NULL },
	{ "address not listed for hostname", IGNORED, 0, NULL },
	{ "No space left on device", TROUBLE, MM_TROUBLE_DISK, NULL },
	{ "Read-only file system", TROUBLE, MM_TROUBLE_DISK, NULL },
	{ "Input/output error", TROUBLE, MM_TROUBLE_DISK, NULL },
	{ "mail_stream_cleanup: ", TROUBLE, MM_TROUBLE_DISK, NULL },
	{ "ilter ", TROUBLE, MM_TROUBLE_FILTER, NULL },
	{ "talking to server ", TROUBLE, MM_TROUBLE_FILTER, NULL },
	{ "olicy", TROUBLE, MM_TROUBLE_FILTER, NULL },
	{ "proxy ", TROUBLE, MM_TROUBLE_FILTER, NULL },
	{ "lookup error", TROUBLE, MM_TROUBLE_DNS, NULL },
	{ "Name service error", TROUBLE, MM_TROUBLE_DNS, NULL },
	{ "name resolution", TROUBLE, MM_TROUBLE_DNS, NULL },
	{ "DNSSEC", TROUBLE, MM_TROUBLE_DNS, NULL },
	{ "using up ", TROUBLE, MM_TROUBLE_RESOURCE, NULL },
	{ "process limit", TROUBLE, MM_TROUBLE_RESOURCE, NULL },
	{ "Too many open files", TROUBLE, MM_TROUBLE_RESOURCE, NULL },
	{ "Cannot allocate memory", TROUBLE, MM_TROUBLE_RESOURCE, NULL },
	{ "out of memory", TROUBLE, MM_TROUBLE_RESOURCE, NULL },
	{ "Resource temporarily unavailable", TROUBLE, MM_TROUBLE_RESOURCE,
	  NULL },
	{ "fork: ", TROUBLE, MM_TROUBLE_RESOURCE, NULL },
	{ "throttling", TROUBLE, MM_TROUBLE_RESOURCE, NULL },
	{ "ertificate", TROUBLE, MM_TROUBLE_TLS, NULL },
	{ "TLS", TROUBLE, MM_TROUBLE_TLS, NULL },
	{ "SSL_", TROUBLE, MM_TROUBLE_TLS, NULL },
	{ "/etc/", TROUBLE, MM_TROUBLE_CONFIG, NULL },
	{ "main.cf", TROUBLE, MM_TROUBLE_CONFIG, NULL },
	{ "master.cf", TROUBLE, MM_TROUBLE_CONFIG, NULL },
	{ "parameter", TROUBLE, MM_TROUBLE_CONFIG, NULL },
	{ "unsupported dictionary", TROUBLE, MM_TROUBLE_CONFIG, NULL },
	{ "do not list ", TROUBLE, MM_TROUBLE_CONFIG, NULL },
	{ "is larger than ", TROUBLE, MM_TROUBLE_CONFIG, NULL },
	{ "older than source", TROUBLE, MM_TROUBLE_CONFIG, NULL },
	{ "deprecated", TROUBLE, MM_TROUBLE_CONFIG, NULL },
	{ "not owned by", TROUBLE, MM_TROUBLE_CONFIG, NULL },
	{ "configuration", TROUBLE, MM_TROUBLE_CONFIG, NULL },
	{ "backwards-compatible", TROUBLE, MM_TROUBLE_CONFIG, NULL },
	/* clang-format on */
};

static const struct rule other = { "", TROUBLE, MM_TROUBLE_OTHER, NULL };

static const struct rule *
rule_of(struct mm_str text)
{
	for (size_t i = 0; i < MM_COUNT(begins); i++)
		if (mm_str_starts(text, begins[i].words))
			return &begins[i];
	for (size_t i = 0; i < MM_COUNT(holds); i++)
		if (mm_str_find(text, holds[i].words) != MM_NOT_FOUND)
			return &holds[i];
	return &other;
}

static enum mm_verdict
say_trouble(const struct mm_postfix_line *l, struct mm_str text,
	    enum mm_trouble trouble)
{
	struct mm_record r;

	mm_postfix_begin(l, &r, MM_EV_TROUBLE);
	r.trouble = trouble;
	r.text = text;
	return mm_postfix_emit(l, &r);
}

static enum mm_verdict
say_daemon(const struct mm_postfix_line *l, struct mm_str text,
	   enum mm_daemon daemon)
{
	struct mm_record r;

	mm_postfix_begin(l, &r, MM_EV_DAEMON);
	r.daemon = daemon;
	r.text = text;
	return mm_postfix_emit(l, &r);
}

/* "Connection rate limit exceeded: 61 from H for service smtp" */
static enum mm_verdict
say_refused(const struct mm_postfix_line *l, struct mm_str text,
	    const char *stage)
{
	struct mm_postfix_host h = { .port = -1 };
	struct mm_str s = text, head;
	struct mm_record r;

	mm_postfix_begin(l, &r, MM_EV_REJECT);
	if (mm_str_cut(&s, " from ", &head))
		mm_postfix_take_host(&s, &h);
	r.client_name = h.name;
	r.client_ip = h.ip;
	r.stage = mm_str_z(stage);
	r.reply = text;
	return mm_postfix_emit(l, &r);
}

/* "H: SASL LOGIN authentication failed: WHY[, sasl_username=U]" */
static bool
is_auth_failure(const struct mm_postfix_line *l, struct mm_str text)
{
	struct mm_postfix_host h;
	struct mm_record r;
	size_t at;

	mm_postfix_take_host(&text, &h);
	if (!mm_str_skip(&text, ": SASL ") ||
	    mm_str_find(text, " authentication ") == MM_NOT_FOUND)
		return false;
	mm_postfix_begin(l, &r, MM_EV_REJECT);
	r.client_name = h.name;
	r.client_ip = h.ip;
	r.stage = MM_STR("AUTH");
	r.reply = (struct mm_str){ text.p - 5, text.n + 5 };
	at = mm_str_find_last(r.reply, ", sasl_username=");
	if (at != MM_NOT_FOUND) {
		r.sasl_user = mm_str_from(r.reply, at + 16);
		r.reply = mm_str_upto(r.reply, at);
	}
	(void)mm_postfix_emit(l, &r);
	return true;
}

static enum mm_verdict
say_dropped(const struct mm_postfix_line *l, struct mm_str text,
	    enum mm_trouble trouble)
{
	struct mm_record r;

	(void)say_trouble(l, text, trouble);
	if (l->queue_id.n == 0)
		return MM_LINE_RECORD;
	mm_postfix_begin(l, &r, MM_EV_CUT);
	r.text = text;
	return mm_postfix_emit(l, &r);
}

static enum mm_verdict
apply(const struct mm_postfix_line *l, const struct rule *rule,
      struct mm_str text)
{
	enum mm_trouble trouble = (enum mm_trouble)rule->code;

	switch (rule->effect) {
	case IGNORED:
		break;
	case DNS_MAYBE:
		if (mm_str_find(text, "emporary failure") == MM_NOT_FOUND &&
		    mm_str_find(text, "try again") == MM_NOT_FOUND)
			break;
		return say_trouble(l, text, MM_TROUBLE_DNS);
	case CRASHED:
		return say_daemon(l, text, MM_DAEMON_CRASH);
	case REFUSED:
		return say_refused(l, text, rule->stage);
	case DROPPED:
		return say_dropped(l, text, trouble);
	case TROUBLE:
		if (l->kind == MM_POSTFIX_SPAWN && rule == &other)
			trouble = MM_TROUBLE_FILTER;
		return say_trouble(l, text, trouble);
	}
	return MM_LINE_NOISE;
}

/* "fatal: " and "panic: " end a daemon; of a command they only say that it
 * was used wrongly, or that the mail system is not there. */
static enum mm_verdict
say_fatal(const struct mm_postfix_line *l, const struct rule *rule,
	  struct mm_str text)
{
	bool known = rule->effect == TROUBLE && rule != &other;

	if (l->kind == MM_POSTFIX_TOOL || l->kind == MM_POSTFIX_POSTSUPER)
		return say_trouble(l, text,
				   known ? (enum mm_trouble)rule->code
					 : MM_TROUBLE_OTHER);
	if (known)
		(void)say_trouble(l, text, (enum mm_trouble)rule->code);
	return say_daemon(l, text, MM_DAEMON_CRASH);
}

enum mm_verdict
mm_postfix_severity(const struct mm_postfix_line *l)
{
	struct mm_postfix_line own = *l; /* with the id behind the severity */
	struct mm_str s = l->rest, severity;
	const struct rule *rule;
	size_t n;

	if (!mm_str_cut(&s, ": ", &severity))
		return mm_postfix_malformed(l, "severity without a text");
	n = mm_postfix_id(s);
	if (n > 0) {
		own.queue_id = mm_str_upto(s, n);
		s = mm_str_from(s, n + 2);
	}
	if (is_auth_failure(&own, s))
		return MM_LINE_RECORD;
	rule = rule_of(s);
	if (mm_str_is(severity, "fatal") || mm_str_is(severity, "panic"))
		return say_fatal(&own, rule, s);
	return apply(&own, rule, s);
}

enum mm_verdict
mm_postfix_tls_error(const struct mm_postfix_line *l)
{
	struct mm_str s = l->rest;
	struct mm_postfix_host h;
	struct mm_record r;

	mm_postfix_begin(l, &r, MM_EV_TROUBLE);
	(void)mm_str_skip(&s, "SSL_connect error to ");
	mm_postfix_take_host(&s, &h);
	r.relay_name = h.name;
	r.relay_ip = h.ip;
	r.relay_port = h.port;
	r.trouble = MM_TROUBLE_TLS;
	r.text = l->rest;
	return mm_postfix_emit(l, &r);
}

enum mm_verdict
mm_postfix_stress(const struct mm_postfix_line *l)
{
	return say_trouble(l, l->rest, MM_TROUBLE_RESOURCE);
}

/* What master and postfix-script report. */
static const struct {
	const char *words;
	enum mm_daemon daemon;
} daemons[] = {
	{ "daemon started", MM_DAEMON_START },
	{ "starting the ", MM_DAEMON_START },
	{ "reload ", MM_DAEMON_RELOAD },
	{ "refreshing the ", MM_DAEMON_RELOAD },
	{ "terminating on signal ", MM_DAEMON_STOP },
	{ "stopping the ", MM_DAEMON_STOP },
	{ "aborting the ", MM_DAEMON_STOP },
};

enum mm_verdict
mm_postfix_daemon(const struct mm_postfix_line *l)
{
	for (size_t i = 0; i < MM_COUNT(daemons); i++)
		if (mm_str_starts(l->rest, daemons[i].words))
			return say_daemon(l, l->rest, daemons[i].daemon);
	return mm_postfix_malformed(l, "unknown words of the master");
}
