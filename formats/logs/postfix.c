#include <string.h>

#include "formats/base/status.h"
#include "formats/logs/postfix.h"
#include "formats/logs/postfix_line.h"

/* Programs by the name that they log; the busiest first. */
static const struct program {
	const char *name;
	size_t n;
	enum mm_postfix_program kind;
} programs[] = {
#define PROGRAM(name, kind)                                                    \
	{                                                                      \
		name, sizeof(name) - 1, MM_POSTFIX_##kind                      \
	}
	/* clang-format off */
	PROGRAM("smtp", CLIENT), PROGRAM("qmgr", QMGR),
	PROGRAM("smtpd", SMTPD), PROGRAM("cleanup", CLEANUP),
	PROGRAM("local", AGENT), PROGRAM("lmtp", CLIENT),
	PROGRAM("error", IDLE), PROGRAM("pickup", DAEMON),
	PROGRAM("postscreen", DAEMON), PROGRAM("virtual", AGENT),
	PROGRAM("pipe", AGENT), PROGRAM("bounce", DAEMON),
	PROGRAM("dnsblog", DAEMON), PROGRAM("anvil", DAEMON),
	PROGRAM("scache", DAEMON), PROGRAM("tlsproxy", DAEMON),
	PROGRAM("retry", IDLE), PROGRAM("relay", CLIENT),
	PROGRAM("discard", IDLE), PROGRAM("defer", DAEMON),
	PROGRAM("trace", DAEMON), PROGRAM("nqmgr", QMGR),
	PROGRAM("oqmgr", QMGR), PROGRAM("master", MASTER),
	PROGRAM("trivial-rewrite", DAEMON), PROGRAM("verify", DAEMON),
	PROGRAM("spawn", SPAWN), PROGRAM("flush", DAEMON),
	PROGRAM("showq", DAEMON), PROGRAM("tlsmgr", DAEMON),
	PROGRAM("proxymap", DAEMON), PROGRAM("proxywrite", DAEMON),
	PROGRAM("qmqpd", SMTPD), PROGRAM("postlogd", DAEMON),
	PROGRAM("postsuper", POSTSUPER), PROGRAM("postfix-script", TOOL),
	PROGRAM("postfix-tls-script", TOOL), PROGRAM("postfix-wrapper", TOOL),
	PROGRAM("postfix", TOOL), PROGRAM("postmulti", TOOL),
	PROGRAM("postmulti-script", TOOL), PROGRAM("postqueue", TOOL),
	PROGRAM("postdrop", TOOL), PROGRAM("sendmail", TOOL),
	PROGRAM("postalias", TOOL), PROGRAM("postmap", TOOL),
	PROGRAM("postcat", TOOL), PROGRAM("postconf", TOOL),
	PROGRAM("postkick", TOOL), PROGRAM("postlock", TOOL),
	PROGRAM("postlog", TOOL), PROGRAM("posttls-finger", TOOL),
	PROGRAM("mailq", TOOL), PROGRAM("newaliases", TOOL),
/* clang-format on */
#undef PROGRAM
};

static const struct program *
program_of(struct mm_str name)
{
	for (size_t i = 0; i < MM_COUNT(programs); i++)
		if (programs[i].n == name.n &&
		    programs[i].name[0] == name.p[0] &&
		    memcmp(programs[i].name, name.p, name.n) == 0)
			return &programs[i];
	return NULL;
}

/* Where the program begins in a tag. */
static size_t
program_at(struct mm_str tag)
{
	size_t at = tag.n;

	while (at > 0 && tag.p[at - 1] != '/')
		at--;
	return at;
}

/* Other servers whose tags end in names that Postfix uses. */
static bool
is_other_server(struct mm_str tag)
{
	return mm_str_starts(tag, "cyrus") || mm_str_starts(tag, "dovecot") ||
	       mm_str_starts(tag, "imap");
}

/* Reads the text alone: a queue id, or words that open a session. */
static bool
looks_like_postfix(struct mm_str text)
{
	static const char *const begins[] = {
		"NOQUEUE: ",	    "connect from ",
		"disconnect from ", "lost connection after ",
		"timeout after ",   "connect to ",
	};
	static const char *const behind_id[] = {
		"to=",	"from=",   "client=", "message-id=",
		"uid=", "removed", "host ",   "reject: ",
	};
	size_t id = mm_postfix_id(text);

	for (size_t i = 0; id == 0 && i < MM_COUNT(begins); i++)
		if (mm_str_starts(text, begins[i]))
			return true;
	text = mm_str_from(text, id + 2);
	for (size_t i = 0; id > 0 && i < MM_COUNT(behind_id); i++)
		if (mm_str_starts(text, behind_id[i]))
			return true;
	return false;
}

static bool
postfix_claims(const struct mm_line *line)
{
	size_t at;

	if (mm_str_starts(line->tag, "postfix/"))
		return true;
	if (line->tag.n == 0)
		return mm_postfix_id(line->text) > 0 &&
		       looks_like_postfix(line->text);
	at = program_at(line->tag);
	if (at == 0)
		return program_of(line->tag) != NULL &&
		       (mm_str_starts(line->tag, "post") ||
			looks_like_postfix(line->text));
	if (mm_str_starts(line->tag, "postfix"))
		return true;
	return program_of(mm_str_from(line->tag, at)) != NULL &&
	       !is_other_server(line->tag);
}

struct kind {
	const char *words;
	size_t n;
	mm_postfix_reader *read;
};

#define KIND(words, read)                                                      \
	{                                                                      \
		words, sizeof(words) - 1, read                                 \
	}

/* What follows a queue id; the busiest first. */
static const struct kind behind_id[] = {
	KIND("to=", mm_postfix_delivery),
	KIND("from=", mm_postfix_sender),
	KIND("message-id=", mm_postfix_message_id),
	KIND("removed", mm_postfix_removed),
	KIND("client=", mm_postfix_client),
	KIND("uid=", mm_postfix_pickup),
	KIND("skipped, ", mm_postfix_noise),
	KIND("sender ", mm_postfix_notice),
	KIND("postmaster ", mm_postfix_notice),
	KIND("resent-message-id=", mm_postfix_message_id),
	KIND("placed on hold", mm_postfix_operator),
	KIND("released from hold", mm_postfix_operator),
	KIND("requeued", mm_postfix_operator),
	KIND("expired", mm_postfix_operator),
	KIND("message rejected: ", mm_postfix_too_long),
	KIND("enabling ", mm_postfix_noise),
	KIND("breaking line ", mm_postfix_noise),
	KIND("Host offered STARTTLS", mm_postfix_noise),
	KIND("replacing ", mm_postfix_noise),
	KIND("recipient limit ", mm_postfix_noise),
	KIND("ignoring ", mm_postfix_noise),
	KIND("not sending ", mm_postfix_noise),
	KIND("abort: ", mm_postfix_noise), /* NOQUEUE */
	KIND("reply: ", mm_postfix_noise),
	KIND("domain ", mm_postfix_noise), /* TLS policies */
	KIND("no ", mm_postfix_noise),
	KIND("Untrusted TLS ", mm_postfix_noise),
	KIND("Trusted TLS ", mm_postfix_noise),
	KIND("Anonymous TLS ", mm_postfix_noise),
	KIND("Verified TLS ", mm_postfix_noise),
};

/* What a line without an id may begin with. */
static const struct kind bare[] = {
	KIND("connect from ", mm_postfix_connect),
	KIND("disconnect from ", mm_postfix_disconnect),
	KIND("Untrusted TLS ", mm_postfix_noise),
	KIND("Trusted TLS ", mm_postfix_noise),
	KIND("Anonymous TLS ", mm_postfix_noise),
	KIND("Verified TLS ", mm_postfix_noise),
	KIND("warning: ", mm_postfix_severity),
	KIND("connect to ", mm_postfix_connect_to),
	KIND("lost connection after ", mm_postfix_cut),
	KIND("timeout after ", mm_postfix_cut),
	KIND("too many errors after ", mm_postfix_cut),
	KIND("SSL_connect error to ", mm_postfix_tls_error),
	KIND("statistics: ", mm_postfix_noise),
	KIND("CONNECT from ", mm_postfix_noise), /* postscreen from here */
	KIND("DISCONNECT ", mm_postfix_noise),
	KIND("PASS ", mm_postfix_noise),
	KIND("PREGREET ", mm_postfix_noise),
	KIND("HANGUP ", mm_postfix_noise),
	KIND("DNSBL rank ", mm_postfix_noise),
	KIND("ALLOWLIST", mm_postfix_noise),
	KIND("DENYLIST", mm_postfix_noise),
	KIND("WHITELIST", mm_postfix_noise),
	KIND("BLACKLIST", mm_postfix_noise),
	KIND("COMMAND ", mm_postfix_noise),
	KIND("NON-SMTP COMMAND ", mm_postfix_noise),
	KIND("BARE NEWLINE ", mm_postfix_noise),
	KIND("DATA without valid RCPT ", mm_postfix_noise),
	KIND("BDAT without valid RCPT ", mm_postfix_noise),
	KIND("entering STRESS ", mm_postfix_stress),
	KIND("leaving STRESS ", mm_postfix_noise),
	KIND("cache ", mm_postfix_noise),
	KIND("addr ", mm_postfix_noise),	   /* dnsblog */
	KIND("daemon started", mm_postfix_daemon), /* master, its script */
	KIND("reload ", mm_postfix_daemon),
	KIND("terminating on signal ", mm_postfix_daemon),
	KIND("starting the ", mm_postfix_daemon),
	KIND("stopping the ", mm_postfix_daemon),
	KIND("refreshing the ", mm_postfix_daemon),
	KIND("aborting the ", mm_postfix_daemon),
	KIND("waiting for the ", mm_postfix_noise),
	KIND("the Postfix mail system ", mm_postfix_noise),
	KIND("error: ", mm_postfix_severity),
	KIND("fatal: ", mm_postfix_severity),
	KIND("panic: ", mm_postfix_severity),
	KIND("Deleted: ", mm_postfix_noise), /* postsuper's sums */
	KIND("Placed on hold: ", mm_postfix_noise),
	KIND("Released from hold: ", mm_postfix_noise),
	KIND("Requeued: ", mm_postfix_noise),
	KIND("Force-expired: ", mm_postfix_noise),
	KIND("Renamed to match ", mm_postfix_noise),
	KIND("removed file ", mm_postfix_noise),
	KIND("renamed file ", mm_postfix_noise),
	KIND("QUEUE FILE NAMES ", mm_postfix_noise),
	KIND("improper command ", mm_postfix_noise),
	KIND("discarding EHLO ", mm_postfix_noise),
	KIND("Host offered STARTTLS", mm_postfix_noise),
	KIND("close database ", mm_postfix_noise),
	KIND("replacing command ", mm_postfix_noise),
	KIND("replacing server reply ", mm_postfix_noise),
	KIND("using backwards-compatible ", mm_postfix_noise),
	KIND("setting up TLS ", mm_postfix_noise), /* TLS, at any level */
	KIND("SSL_", mm_postfix_noise),
	KIND("TLS ", mm_postfix_noise),
	KIND("SSL3 ", mm_postfix_noise),
	KIND("certificate ", mm_postfix_noise),
	KIND("server certificate ", mm_postfix_noise),
	KIND("Server certificate ", mm_postfix_noise),
	KIND("client certificate ", mm_postfix_noise),
	KIND("Client certificate ", mm_postfix_noise),
	KIND("Peer ", mm_postfix_noise),
	KIND("subject", mm_postfix_noise),
	KIND("Issuer", mm_postfix_noise),
	KIND("issuer", mm_postfix_noise),
	KIND("fingerprint", mm_postfix_noise),
	KIND("initializing the ", mm_postfix_noise),
	KIND("looking for session ", mm_postfix_noise),
	KIND("reloaded session ", mm_postfix_noise),
	KIND("save session ", mm_postfix_noise),
	KIND("remove session ", mm_postfix_noise),
	KIND("Reusing old session", mm_postfix_noise),
	KIND("read from ", mm_postfix_noise),
	KIND("write to ", mm_postfix_noise),
	KIND("Relaying allowed ", mm_postfix_noise),
	KIND("No client certificate ", mm_postfix_noise),
	KIND("skipping ", mm_postfix_noise),
	KIND("table ", mm_postfix_noise), /* "... has changed -- restarting" */
	KIND("open ", mm_postfix_noise),
	KIND("> ", mm_postfix_noise), /* the dialogue, with -v */
	KIND("< ", mm_postfix_noise),
	KIND(">>> ", mm_postfix_noise),
	KIND("input attribute ", mm_postfix_noise),
	KIND("send attr ", mm_postfix_noise),
};

static mm_postfix_reader *
reader_of(const struct kind *kinds, size_t n, struct mm_str text)
{
	for (size_t i = 0; i < n; i++)
		if (text.n >= kinds[i].n && kinds[i].words[0] == text.p[0] &&
		    memcmp(text.p, kinds[i].words, kinds[i].n) == 0)
			return kinds[i].read;
	return NULL;
}

/* A policy service or content filter under Postfix's syslog name. */
static bool
is_helper(struct mm_str program)
{
	static const char *const begins[] = { "polic", "postgrey", "postfwd",
					      "spf", "greylist" };

	for (size_t i = 0; i < MM_COUNT(begins); i++)
		if (mm_str_starts(program, begins[i]))
			return true;
	return false;
}

/* With -v, functions trace themselves: "match_string: mynetworks ~? ...",
 * "mx.example.org[192.0.2.1]: TLS cipher list ...". */
static bool
is_trace(struct mm_str text)
{
	size_t n = 0;
	bool underscore = false;

	while (n < text.n && text.p[n] != ' ' && text.p[n] != ':' &&
	       text.p[n] != '[' && text.p[n] != '(')
		underscore |= text.p[n++] == '_';
	if (underscore)
		return true;
	return n > 0 && n < text.n && text.p[n] == '[' &&
	       mm_str_find(text, "]") != MM_NOT_FOUND;
}

static enum mm_verdict
read_bare(const struct mm_postfix_line *l)
{
	mm_postfix_reader *read = reader_of(bare, MM_COUNT(bare), l->rest);
	enum mm_verdict verdict;

	if (read != NULL)
		return read(l);
	if ((mm_str_starts(l->rest, "reject: ") ||
	     mm_str_starts(l->rest, "proxy-")) &&
	    mm_postfix_action(l, &verdict))
		return verdict;
	if (l->kind == MM_POSTFIX_TOOL || is_helper(l->program) ||
	    is_trace(l->rest))
		return MM_LINE_NOISE;
	return mm_postfix_malformed(l, l->kind == MM_POSTFIX_UNKNOWN
					   ? "unknown program"
					   : "unknown text");
}

static enum mm_verdict
read_behind_id(const struct mm_postfix_line *l)
{
	mm_postfix_reader *read =
	    reader_of(behind_id, MM_COUNT(behind_id), l->rest);
	enum mm_verdict verdict;

	if (read != NULL)
		return read(l);
	if (mm_postfix_action(l, &verdict))
		return verdict;
	/* A client says what befell it at a host before it goes on to the
	 * next, in the words of any reason. */
	if (l->queue_id.n > 0 &&
	    (l->kind == MM_POSTFIX_CLIENT || l->kind == MM_POSTFIX_UNKNOWN))
		return mm_postfix_leg(l);
	if (is_trace(l->rest))
		return MM_LINE_NOISE;
	return mm_postfix_malformed(l, "unknown text behind an id");
}

/* Lines that went through a spreadsheet end in its commas. */
static struct mm_str
without_padding(struct mm_str s)
{
	while (s.n > 0 && (s.p[s.n - 1] == ',' || s.p[s.n - 1] == '\r' ||
			   s.p[s.n - 1] == ' '))
		s.n--;
	return s;
}

static enum mm_verdict
postfix_parse(const struct mm_line *line, struct mm_emit *emit)
{
	size_t at = program_at(line->tag), id = mm_postfix_id(line->text);
	struct mm_postfix_line l = { .line = line, .emit = emit };
	const struct program *program;

	if (line->tag.n > 0) {
		l.program = mm_str_from(line->tag, at);
		l.instance = mm_str_upto(line->tag, at > 0 ? at - 1 : 0);
		program = program_of(l.program);
		l.kind = program != NULL ? program->kind : MM_POSTFIX_UNKNOWN;
	}
	l.rest = without_padding(line->text);
	if (id > 0) {
		l.queue_id = mm_str_upto(l.rest, id);
		l.rest = mm_str_from(l.rest, id + 2);
		return read_behind_id(&l);
	}
	if (mm_str_skip(&l.rest, "NOQUEUE: "))
		return read_behind_id(&l);
	return read_bare(&l);
}

const struct mm_log_format mm_log_postfix = {
	.name = "postfix",
	.source = "Postfix log_adhoc.c, mail_queue.h; smtpd(8), cleanup(8), "
		  "qmgr(8), bounce(8), postscreen(8), postsuper(1), master(8)",
	.claims = postfix_claims,
	.parse = postfix_parse,
};
