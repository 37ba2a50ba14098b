#include <string.h>

#include "formats/base/status.h"
#include "formats/logs/qmail.h"

#define MAX_REPLY 4096 /* a log line of qmail-send has no more */

struct qmail_line {
	const struct mm_line *line;
	struct mm_emit *emit;
	struct mm_str text;
};

static void
begin(const struct qmail_line *l, struct mm_record *r, enum mm_event event)
{
	mm_record_init(r, event, MM_MTA_QMAIL);
	r->t_us = l->line->t_us;
	r->host = l->line->host;
	r->program = MM_STR("qmail");
	r->pid = l->line->pid;
}

static enum mm_verdict
emit(const struct qmail_line *l, const struct mm_record *r)
{
	l->emit->record(l->emit->ctx, r);
	return MM_LINE_RECORD;
}

static enum mm_verdict
malformed(const struct qmail_line *l)
{
	l->emit->why = "qmail's words in another form";
	return MM_LINE_MALFORMED;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits at the front. */
static struct mm_str
take_number(struct mm_str *s)
{
	size_t n = 0;
	struct mm_str number;

	while (n < s->n && is_digit(s->p[n]))
		n++;
	number = mm_str_upto(*s, n);
	*s = mm_str_from(*s, n);
	return number;
}

static enum mm_verdict
parse_new(const struct qmail_line *l, struct mm_str s)
{
	struct mm_record r;

	begin(l, &r, MM_EV_ARRIVAL);
	r.queue_id = take_number(&s);
	return r.queue_id.n > 0 ? emit(l, &r) : malformed(l);
}

/* "78833: bytes 190 from <a@b> qp 13750 uid 0" */
static enum mm_verdict
parse_info(const struct qmail_line *l, struct mm_str s)
{
	struct mm_str head;
	uint64_t size;
	struct mm_record r;

	begin(l, &r, MM_EV_DETAIL);
	r.queue_id = take_number(&s);
	if (r.queue_id.n == 0 || !mm_str_skip(&s, ": bytes ") ||
	    !mm_str_take_u64(&s, &size) || size > INT64_MAX ||
	    !mm_str_skip(&s, " from <"))
		return malformed(l);
	r.size_bytes = (int64_t)size;
	if (!mm_str_cut(&s, "> qp ", &r.sender))
		return malformed(l);
	if (mm_str_cut(&s, " uid ", &head))
		r.text = mm_str_from(l->text, l->text.n - s.n - 4);
	return emit(l, &r);
}

/* "domain-user@domain", as a virtual domain of vpopmail rewrites it. */
static struct mm_str
cut_virtual(struct mm_str a)
{
	size_t at = mm_str_find_last(a, "@");
	struct mm_str domain;

	if (at == MM_NOT_FOUND)
		return a;
	domain = mm_str_from(a, at + 1);
	if (domain.n > 0 && at > domain.n + 1 && a.p[domain.n] == '-' &&
	    mm_str_ieq(mm_str_upto(a, domain.n), domain))
		return mm_str_from(a, domain.n + 1);
	return a;
}

/* "1: msg 78833 to remote a@b" */
static enum mm_verdict
parse_starting(const struct qmail_line *l, struct mm_str s)
{
	struct mm_record r;

	begin(l, &r, MM_EV_RECIPIENT);
	r.session = take_number(&s);
	if (r.session.n == 0 || !mm_str_skip(&s, ": msg "))
		return malformed(l);
	r.queue_id = take_number(&s);
	if (r.queue_id.n == 0 || !mm_str_skip(&s, " to ") ||
	    !mm_str_cutc(&s, ' ', &r.transport))
		return malformed(l);
	r.recipient = s;
	if (mm_str_is(r.transport, "local"))
		r.recipient = cut_virtual(s);
	return emit(l, &r);
}

/* Blanks for the underscores, line ends for the slashes that stand before the
 * next line of a reply. What does not fit is cut. */
static struct mm_str
spell_out(struct mm_str s, char text[MAX_REPLY])
{
	size_t n = s.n < MAX_REPLY ? s.n : MAX_REPLY;

	if (n > 0 && s.p[n - 1] == '/')
		n--;
	for (size_t i = 0; i < n; i++) {
		struct mm_str next = mm_str_from(s, i + 1);

		if (s.p[i] == '_')
			text[i] = ' ';
		else if (s.p[i] == '/' &&
			 (mm_str_starts(next, "Remote_host_said:") ||
			  mm_str_starts(next, "Giving_up_on_")))
			text[i] = ' ';
		else if (s.p[i] == '/' && next.n > 3 && is_digit(next.p[0]) &&
			 is_digit(next.p[1]) && is_digit(next.p[2]) &&
			 (next.p[3] == '_' || next.p[3] == '-'))
			text[i] = '\n';
		else
			text[i] = s.p[i];
	}
	return (struct mm_str){ text, n };
}

/* "192.0.2.1 accepted message", "Connected to 192.0.2.1 but", "(a@b)
 * 192.0.2.1 ...": the address of the host. */
static struct mm_str
find_ip(struct mm_str s)
{
	struct mm_str ip, head;
	size_t dots = 0, colons = 0;

	if (mm_str_starts(s, "("))
		(void)mm_str_cut(&s, ") ", &head);
	(void)mm_str_skip(&s, "Connected to ");
	ip = mm_str_upto(s, mm_str_findc(s, ' '));
	for (size_t i = 0; i < ip.n; i++) {
		bool hex = (ip.p[i] >= 'a' && ip.p[i] <= 'f') ||
			   (ip.p[i] >= 'A' && ip.p[i] <= 'F');

		dots += ip.p[i] == '.';
		colons += ip.p[i] == ':';
		if (!is_digit(ip.p[i]) && ip.p[i] != '.' && ip.p[i] != ':' &&
		    !hex)
			return MM_STR_ABSENT;
	}
	return dots == 3 || colons > 1 ? ip : MM_STR_ABSENT;
}

static const struct {
	const char *words;
	enum mm_outcome outcome;
} outcomes[] = {
	{ "success: ", MM_OUT_SENT },
	{ "deferral: ", MM_OUT_DEFERRED },
	{ "failure: ", MM_OUT_BOUNCED },
};

/* Codes of qmail-remote that the DNS gave. */
static bool
is_dns(struct mm_str dsn)
{
	return mm_str_is(dsn, "4.4.3") || mm_str_is(dsn, "5.1.2") ||
	       mm_str_is(dsn, "5.4.4");
}

/* "1: success: did_1+0+0/" */
static enum mm_verdict
parse_delivery(const struct qmail_line *l, struct mm_str s)
{
	char text[MAX_REPLY];
	struct mm_str at;
	struct mm_record r;

	begin(l, &r, MM_EV_ATTEMPT);
	r.session = take_number(&s);
	if (r.session.n == 0 || !mm_str_skip(&s, ": "))
		return malformed(l);
	for (size_t i = 0; i < MM_COUNT(outcomes); i++)
		if (mm_str_skip(&s, outcomes[i].words))
			r.outcome = outcomes[i].outcome;
	if (r.outcome == MM_OUT_NONE)
		return malformed(l);
	r.reply = at = spell_out(s, text);
	r.relay_ip = find_ip(r.reply);
	if (mm_str_starts(r.reply, "did "))
		r.relay_name = MM_STR("local");
	if (mm_str_cut(&at, "(#", &s) && !mm_str_cutc(&at, ')', &r.dsn))
		r.dsn = MM_STR_ABSENT;
	r.contact = !is_dns(r.dsn);
	return emit(l, &r);
}

static enum mm_verdict
parse_end(const struct qmail_line *l, struct mm_str s)
{
	struct mm_record r;

	begin(l, &r, MM_EV_DONE);
	r.queue_id = take_number(&s);
	return r.queue_id.n > 0 ? emit(l, &r) : malformed(l);
}

static enum mm_verdict
parse_exiting(const struct qmail_line *l, struct mm_str s)
{
	struct mm_record r;

	(void)s;
	begin(l, &r, MM_EV_DAEMON);
	r.daemon = MM_DAEMON_STOP;
	r.text = l->text;
	return emit(l, &r);
}

static enum mm_verdict
parse_trouble(const struct qmail_line *l, struct mm_str s)
{
	struct mm_record r;

	begin(l, &r, MM_EV_TROUBLE);
	r.trouble = MM_TROUBLE_OTHER;
	if (mm_str_find(s, "out of memory") != MM_NOT_FOUND ||
	    mm_str_find(s, "unable to fork") != MM_NOT_FOUND)
		r.trouble = MM_TROUBLE_RESOURCE;
	else if (mm_str_find(s, "disk") != MM_NOT_FOUND ||
		 mm_str_find(s, "unable to ") != MM_NOT_FOUND ||
		 mm_str_find(s, "trouble ") != MM_NOT_FOUND)
		r.trouble = MM_TROUBLE_DISK;
	r.text = l->text;
	return emit(l, &r);
}

/* "77 from 203.0.113.5" */
static enum mm_verdict
parse_tcp_pid(const struct qmail_line *l, struct mm_str s)
{
	struct mm_record r;

	begin(l, &r, MM_EV_CONNECT);
	(void)take_number(&s);
	if (!mm_str_skip(&s, " from "))
		return malformed(l);
	r.client_ip = s;
	return emit(l, &r);
}

static enum mm_verdict
parse_tcp_end(const struct qmail_line *l, struct mm_str s)
{
	struct mm_record r;

	begin(l, &r, MM_EV_DISCONNECT);
	r.text = s;
	return emit(l, &r);
}

/* "203.0.113.5 pid 77: 451 http://..." of rblsmtpd; "77 here:192.0.2.1:25
 * there:203.0.113.5::1234" of tcpserver. */
static enum mm_verdict
parse_refused(const struct qmail_line *l, struct mm_str s)
{
	struct mm_str head;
	struct mm_record r;

	begin(l, &r, MM_EV_REJECT);
	r.stage = MM_STR("CONNECT");
	r.outcome = MM_OUT_BOUNCED;
	r.text = l->text;
	if (mm_str_cut(&s, " pid ", &r.client_ip)) {
		if (mm_str_cut(&s, ": ", &head))
			r.reply = s;
		if (mm_str_starts(r.reply, "4"))
			r.outcome = MM_OUT_DEFERRED;
	} else if (mm_str_cutc(&s, ' ', &head) && mm_str_cutc(&s, ' ', &head) &&
		   mm_str_cutc(&s, ':', &head)) {
		if (head.n > 0)
			r.client_name = head;
		if (!mm_str_cut(&s, "::", &r.client_ip))
			r.client_ip = s;
	}
	return emit(l, &r);
}

/* "from <a@b::> remote <helo:name:203.0.113.5> rcpt <c@d> : words" */
static enum mm_verdict
parse_chkuser(const struct qmail_line *l, struct mm_str s)
{
	struct mm_str head, in;
	struct mm_record r;

	begin(l, &r, MM_EV_REJECT);
	r.outcome = MM_OUT_BOUNCED;
	r.stage = MM_STR("RCPT");
	r.text = l->text;
	if (mm_str_cut(&s, "from <", &head) && mm_str_cutc(&s, '>', &in))
		r.sender = mm_str_upto(in, mm_str_findc(in, ':'));
	if (mm_str_cut(&s, "remote <", &head) && mm_str_cutc(&s, '>', &in)) {
		if (mm_str_cutc(&in, ':', &r.helo) &&
		    mm_str_cutc(&in, ':', &r.client_name))
			r.client_ip = in;
	}
	if (mm_str_cut(&s, "rcpt <", &head))
		(void)mm_str_cutc(&s, '>', &r.recipient);
	if (mm_str_skip(&s, " : "))
		r.reply = s;
	return emit(l, &r);
}

static enum mm_verdict
noise(const struct qmail_line *l, struct mm_str s)
{
	(void)l;
	(void)s;
	return MM_LINE_NOISE;
}

/* What lines begin with, and who reads what follows. */
static const struct kind {
	const char *words;
	enum mm_verdict (*read)(const struct qmail_line *l, struct mm_str s);
} kinds[] = {
	{ "status: exiting", parse_exiting },
	{ "status: ", noise },
	{ "delivery ", parse_delivery },
	{ "starting delivery ", parse_starting },
	{ "new msg ", parse_new },
	{ "info msg ", parse_info },
	{ "end msg ", parse_end },
	{ "bounce msg ", noise }, /* its own "info msg" follows */
	{ "double bounce: ", noise },
	{ "triple bounce: ", noise },
	{ "alert: ", parse_trouble },
	{ "warning: ", parse_trouble },
	{ "tcpserver: pid ", parse_tcp_pid },
	{ "tcpserver: end ", parse_tcp_end },
	{ "tcpserver: deny ", parse_refused },
	{ "tcpserver: ", noise },
	{ "rblsmtpd: ", parse_refused },
	{ "CHKUSER rejected rcpt: ", parse_chkuser },
	{ "CHKUSER ", noise },
	{ "simscan:", noise },
	{ "number of deliveries left ", noise },
	{ "running", noise },
	{ "local: ", noise },
	{ "remote: ", noise },
	{ "qmail-", noise },
	{ "policy_check: ", noise },
};

/* The words as multilog has them: a tag that a framer took is put back. */
static struct mm_str
words_of(const struct mm_line *line)
{
	struct mm_str s = line->text, whole = line->text;
	size_t n = line->tag.n;

	if (mm_str_is(line->tag, "tcpserver") ||
	    mm_str_is(line->tag, "rblsmtpd")) {
		/* "tcpserver: pid 7": the tag stands right before the text */
		if (line->text.p == line->tag.p + n + 2)
			whole = (struct mm_str){ line->tag.p,
						 line->text.n + n + 2 };
		return mm_str_trim(whole);
	}
	s = mm_str_trim(s);
	/* "queue5" of indimail */
	for (n = s.n; n > 0 && is_digit(s.p[n - 1]); n--)
		;
	if (n > 6 && n < s.n && memcmp(s.p + n - 6, " queue", 6) == 0)
		s = mm_str_upto(s, n - 6);
	return s;
}

static const struct kind *
find_kind(struct mm_str s)
{
	for (size_t i = 0; i < MM_COUNT(kinds); i++)
		if (mm_str_starts(s, kinds[i].words))
			return &kinds[i];
	return NULL;
}

/* Without a tag only what nobody else begins a line with. */
static bool
is_plain_qmail(struct mm_str s)
{
	static const char *const sure[] = { "new msg ",
					    "info msg ",
					    "end msg ",
					    "starting delivery ",
					    "delivery ",
					    "status: local ",
					    "status: exiting",
					    "bounce msg ",
					    "triple bounce: discarding ",
					    "tcpserver: ",
					    "rblsmtpd: ",
					    "CHKUSER " };

	for (size_t i = 0; i < MM_COUNT(sure); i++)
		if (mm_str_starts(s, sure[i]))
			return true;
	return false;
}

static bool
qmail_claims(const struct mm_line *line)
{
	if (line->tag.n > 0)
		return mm_str_starts(line->tag, "qmail") ||
		       mm_str_is(line->tag, "tcpserver") ||
		       mm_str_is(line->tag, "rblsmtpd");
	return is_plain_qmail(line->text);
}

static enum mm_verdict
qmail_parse(const struct mm_line *line, struct mm_emit *emitter)
{
	struct qmail_line l = { .line = line,
				.emit = emitter,
				.text = words_of(line) };
	const struct kind *kind = find_kind(l.text);
	struct mm_str s = l.text;

	if (kind == NULL) {
		emitter->why = "words that qmail is not known to log";
		return MM_LINE_MALFORMED;
	}
	(void)mm_str_skip(&s, kind->words);
	return kind->read(&l, s);
}

const struct mm_log_format mm_log_qmail = {
	.name = "qmail",
	.source = "netqmail 1.06: qmail-log(5), qmail-send.c, qmail-remote.c",
	.claims = qmail_claims,
	.parse = qmail_parse,
};
