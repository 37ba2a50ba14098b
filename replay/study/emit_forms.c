#include <inttypes.h>

#include "replay/engine/num.h"
#include "replay/study/emit_form.h"

#define HOST	  "replay.invalid"
#define ID_DIGITS 12

/* What the model's receiver says, in words that stand for one thing. */
static const struct {
	const char *code, *dsn, *text;
	bool at_connect; /* else at RCPT TO */
} replies[MM_N_RESULTS] = {
	[MM_DEFER_BLOCKED] = { "421", "4.7.1",
			       "Mail from your IP address is temporarily "
			       "blocked for its reputation",
			       false },
	[MM_DEFER_CONNMSGS] = { "421", "4.7.0",
				"Too many messages in this connection", false },
	[MM_DEFER_DAILY] = { "452", "4.7.28",
			     "Daily limit exceeded for your IP address",
			     false },
	[MM_DEFER_GREYLIST] = { "450", "4.7.1", "Greylisted, try again later",
				false },
	[MM_DEFER_OTHER] = { "451", "4.3.0",
			     "Temporary failure, try again later", false },
	[MM_DEFER_RATE] = { "450", "4.7.1",
			    "Rate limit exceeded for your IP address, try "
			    "again later",
			    false },
	[MM_HARD] = { "550", "5.1.1", "User unknown", false },
	[MM_ACCEPTED] = { "250", "2.0.0", "Ok", false },
	[MM_REFUSED_BLOCKED] = { "421", "4.7.1",
				 "Mail from your IP address is temporarily "
				 "blocked for its reputation",
				 true },
	[MM_REFUSED_CONNLIMIT] = { "421", "4.7.0",
				   "Too many connections from your IP address",
				   true },
};

/* ---- what both need ---- */

static const struct mm_message *
message_of(const struct mm_emit *e, const struct mm_emit_event *ev)
{
	return &e->s->messages[ev->message];
}

static int64_t
at_us(const struct mm_emit *e, int64_t t_ms)
{
	return e->t0_us + t_ms * 1000;
}

/* An address never breaks a line, whatever the case holds. */
static void
add_clean(struct mm_buf *out, struct mm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= ' ' && s.p[i] != 0x7f)
			mm_buf_addc(out, s.p[i]);
}

static void
add_recipient(struct mm_emit *e, const struct mm_emit_mail *m, size_t message)
{
	if (m->recipient.n > 0) {
		add_clean(&e->out, m->recipient);
		return;
	}
	mm_buf_addf(&e->out, "recipient%zu@", message);
	add_clean(&e->out, e->s->dests[e->s->messages[message].dest].name);
}

static void
add_sender(struct mm_emit *e, const struct mm_emit_mail *m)
{
	if (m->sender.p == NULL)
		mm_buf_addz(&e->out, "sender@" HOST);
	else
		add_clean(&e->out, m->sender);
}

/* The next hop's name, and an address for it (RFC 5737: for documentation). */
static void
add_relay(struct mm_emit *e, const struct mm_emit_mail *m, size_t message,
	  const char *between)
{
	const struct mm_dest *d = &e->s->dests[e->s->messages[message].dest];

	if (m->relay.n > 0) {
		add_clean(&e->out, m->relay);
	} else {
		mm_buf_addz(&e->out, "mx.");
		add_clean(&e->out, d->name);
	}
	mm_buf_addf(&e->out, "%s[192.0.2.%u]", between, d->receiver % 254 + 1);
}

/* `v` in base `n` with the digits of an MTA's queue ids, `least` at least. */
static void
add_base(struct mm_buf *out, uint64_t v, const char *digits, unsigned n,
	 size_t least)
{
	char text[ID_DIGITS];
	size_t at = ID_DIGITS;

	while (at > 0 && (v > 0 || ID_DIGITS - at < least)) {
		text[--at] = digits[v % n];
		v /= n;
	}
	mm_buf_add(out, text + at, ID_DIGITS - at);
}

/* ---- Postfix ---- */

static void
postfix_head(struct mm_emit *e, const struct mm_emit_event *ev,
	     const char *program, unsigned pid)
{
	static const char digits[] =
	    "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
	int64_t created = at_us(e, message_of(e, ev)->created_ms);
	struct mm_civil c;

	mm_time_to_civil(at_us(e, ev->t_ms), &c);
	mm_buf_addf(&e->out,
		    "%04d-%02d-%02dT%02d:%02d:%02d.%06d+00:00 " HOST
		    " postfix/%s[%u]: ",
		    c.year, c.month, c.day, c.hour, c.minute, c.second, c.us,
		    program, pid);
	add_base(&e->out, (uint64_t)(created / MM_SECOND_US), digits, 52, 6);
	add_base(&e->out, (uint64_t)(created % MM_SECOND_US), digits, 52, 4);
	mm_buf_addc(&e->out, 'z');
	add_base(&e->out, ev->message + UINT64_C(1), digits, 51, 1);
	mm_buf_addz(&e->out, ": ");
}

static void
postfix_arrival(struct mm_emit *e, const struct mm_emit_event *ev)
{
	struct mm_emit_mail m;

	e->name(e, ev->message, &m);
	postfix_head(e, ev, "pickup", 101);
	mm_buf_addz(&e->out, "uid=1000 from=<");
	add_sender(e, &m);
	mm_buf_addz(&e->out, ">\n");
	postfix_head(e, ev, "cleanup", 102);
	mm_buf_addz(&e->out, "message-id=<");
	add_clean(&e->out, m.id);
	mm_buf_addz(&e->out, "@" HOST ">\n");
	postfix_head(e, ev, "qmgr", 103);
	mm_buf_addz(&e->out, "from=<");
	add_sender(e, &m);
	mm_buf_addf(&e->out, ">, size=%" PRId64 ", nrcpt=1 (queue active)\n",
		    m.size_bytes >= 0 ? m.size_bytes : 1000);
}

/* As Postfix does it: two digits that count, none beyond milliseconds. */
static void
add_delay(struct mm_buf *out, int64_t ms)
{
	if (ms >= 10000)
		mm_buf_addf(out, "%" PRId64, ms / 1000);
	else
		mm_buf_addf(out, "%.2g", (double)ms / 1000);
}

static void
add_delays(struct mm_emit *e, const struct mm_emit_event *ev)
{
	int64_t all = ev->t_ms - message_of(e, ev)->created_ms;
	int64_t c = 0, d = 0;

	if (ev->kind == MM_EMIT_ATTEMPT) {
		c = (ev->decide_ms >= 0 ? ev->decide_ms : ev->t_ms) -
		    ev->start_ms;
		d = ev->t_ms - ev->start_ms - c;
	}
	mm_buf_addz(&e->out, "delay=");
	add_delay(&e->out, all);
	mm_buf_addz(&e->out, ", delays=");
	add_delay(&e->out, mm_num_max(0, all - c - d));
	mm_buf_addz(&e->out, "/0/");
	add_delay(&e->out, c);
	mm_buf_addc(&e->out, '/');
	add_delay(&e->out, d);
}

static void
postfix_attempt(struct mm_emit *e, const struct mm_emit_event *ev)
{
	enum mm_result r = (enum mm_result)ev->result;
	struct mm_emit_mail m;

	e->name(e, ev->message, &m);
	postfix_head(e, ev, "smtp", 201);
	mm_buf_addz(&e->out, "to=<");
	add_recipient(e, &m, ev->message);
	mm_buf_addz(&e->out, ">, relay=");
	add_relay(e, &m, ev->message, "");
	mm_buf_addz(&e->out, ":25, ");
	add_delays(e, ev);
	mm_buf_addf(&e->out, ", dsn=%s, status=%s (", replies[r].dsn,
		    r == MM_ACCEPTED ? "sent"
		    : r == MM_HARD   ? "bounced"
				     : "deferred");
	if (r != MM_ACCEPTED) {
		mm_buf_addz(&e->out, "host ");
		add_relay(e, &m, ev->message, "");
		mm_buf_addz(&e->out, replies[r].at_connect
					 ? " refused to talk to me: "
					 : " said: ");
	}
	mm_buf_addf(&e->out, "%s %s %s%s)\n", replies[r].code, replies[r].dsn,
		    replies[r].text,
		    r == MM_ACCEPTED || replies[r].at_connect
			? ""
			: " (in reply to RCPT TO command)");
}

static void
postfix_suspended(struct mm_emit *e, const struct mm_emit_event *ev)
{
	const char *text = replies[MM_REFUSED_CONNLIMIT].text;
	struct mm_emit_mail m;

	e->name(e, ev->message, &m);
	postfix_head(e, ev, "error", 301);
	mm_buf_addz(&e->out, "to=<");
	add_recipient(e, &m, ev->message);
	mm_buf_addz(&e->out, ">, relay=none, ");
	add_delays(e, ev);
	mm_buf_addz(&e->out, ", dsn=4.7.0, status=deferred (delivery "
			     "temporarily suspended: host ");
	add_relay(e, &m, ev->message, "");
	mm_buf_addf(&e->out, " refused to talk to me: 421 4.7.0 %s)\n", text);
}

static void
postfix_end(struct mm_emit *e, const struct mm_emit_event *ev)
{
	struct mm_emit_mail m;

	e->name(e, ev->message, &m);
	if (message_of(e, ev)->state == MM_EXPIRED) {
		postfix_head(e, ev, "qmgr", 103);
		mm_buf_addz(&e->out, "from=<");
		add_sender(e, &m);
		mm_buf_addz(&e->out, ">, status=expired, returned to "
				     "sender\n");
	}
	postfix_head(e, ev, "qmgr", 103);
	mm_buf_addz(&e->out, "removed\n");
}

const struct mm_emit_form mm_emit_postfix = {
	.name = "postfix",
	.line = { postfix_arrival, postfix_attempt, postfix_suspended,
		  postfix_end },
};

/* ---- Exim ---- */

static void
exim_head(struct mm_emit *e, const struct mm_emit_event *ev)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz";
	int64_t created = at_us(e, message_of(e, ev)->created_ms);
	struct mm_civil c;

	mm_time_to_civil(at_us(e, ev->t_ms), &c);
	mm_buf_addf(&e->out, "%04d-%02d-%02d %02d:%02d:%02d.%03d +0000 ",
		    c.year, c.month, c.day, c.hour, c.minute, c.second,
		    c.us / 1000);
	add_base(&e->out, (uint64_t)(created / MM_SECOND_US), digits, 62, 6);
	mm_buf_addc(&e->out, '-');
	add_base(&e->out, ev->message + UINT64_C(1), digits, 62, 11);
	mm_buf_addc(&e->out, '-');
	add_base(&e->out, (uint64_t)(created % MM_SECOND_US), digits, 62, 4);
	mm_buf_addc(&e->out, ' ');
}

static void
exim_arrival(struct mm_emit *e, const struct mm_emit_event *ev)
{
	struct mm_emit_mail m;

	e->name(e, ev->message, &m);
	exim_head(e, ev);
	mm_buf_addz(&e->out, "<= ");
	if (m.sender.p != NULL && m.sender.n == 0)
		mm_buf_addz(&e->out, "<>");
	else
		add_sender(e, &m);
	mm_buf_addf(&e->out, " U=app P=local S=%" PRId64 " id=",
		    m.size_bytes >= 0 ? m.size_bytes : 1000);
	add_clean(&e->out, m.id);
	mm_buf_addz(&e->out, "@" HOST "\n");
}

/* `FLAG RECIPIENT R=.. T=..`, and where it was tried. */
static void
exim_delivery(struct mm_emit *e, const struct mm_emit_event *ev,
	      struct mm_emit_mail *m, const char *flag)
{
	e->name(e, ev->message, m);
	exim_head(e, ev);
	mm_buf_addf(&e->out, "%s ", flag);
	add_recipient(e, m, ev->message);
	mm_buf_addz(&e->out, " R=dnslookup T=remote_smtp");
}

static void
exim_where(struct mm_emit *e, const struct mm_emit_event *ev,
	   const struct mm_emit_mail *m)
{
	mm_buf_addz(&e->out, " H=");
	add_relay(e, m, ev->message, " ");
}

static void
exim_attempt(struct mm_emit *e, const struct mm_emit_event *ev)
{
	enum mm_result r = (enum mm_result)ev->result;
	int64_t spent = ev->t_ms - ev->start_ms;
	struct mm_emit_mail m;

	if (r == MM_ACCEPTED) {
		exim_delivery(e, ev, &m, "=>");
		exim_where(e, ev, &m);
		mm_buf_addf(&e->out,
			    " C=\"%s %s %s\" DT=%" PRId64 ".%03" PRId64 "s\n",
			    replies[r].code, replies[r].dsn, replies[r].text,
			    spent / 1000, spent % 1000);
		return;
	}
	exim_delivery(e, ev, &m, r == MM_HARD ? "**" : "==");
	if (r != MM_HARD)
		mm_buf_addf(&e->out, " defer (%d)",
			    replies[r].at_connect ? 0 : -44);
	exim_where(e, ev, &m);
	mm_buf_addz(&e->out, ": SMTP error from remote mail server after ");
	if (replies[r].at_connect) {
		mm_buf_addz(&e->out, "initial connection");
	} else {
		mm_buf_addz(&e->out, "RCPT TO:<");
		add_recipient(e, &m, ev->message);
		mm_buf_addz(&e->out, ">");
	}
	mm_buf_addf(&e->out, ": %s %s %s\n", replies[r].code, replies[r].dsn,
		    replies[r].text);
}

static void
exim_suspended(struct mm_emit *e, const struct mm_emit_event *ev)
{
	struct mm_emit_mail m;

	exim_delivery(e, ev, &m, "==");
	mm_buf_addz(&e->out, " defer (-54): retry time not reached for any "
			     "host for '");
	add_clean(&e->out, e->s->dests[message_of(e, ev)->dest].name);
	mm_buf_addz(&e->out, "'\n");
}

static void
exim_end(struct mm_emit *e, const struct mm_emit_event *ev)
{
	struct mm_emit_mail m;

	if (message_of(e, ev)->state == MM_EXPIRED) {
		e->name(e, ev->message, &m);
		exim_head(e, ev);
		mm_buf_addz(&e->out, "** ");
		add_recipient(e, &m, ev->message);
		mm_buf_addz(&e->out, ": retry timeout exceeded\n");
	}
	exim_head(e, ev);
	mm_buf_addz(&e->out, "Completed\n");
}

const struct mm_emit_form mm_emit_exim = {
	.name = "exim",
	.line = { exim_arrival, exim_attempt, exim_suspended, exim_end },
};
