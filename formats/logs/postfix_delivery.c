/* What delivery agents write: "to=<...>, relay=..., status=sent (...)", and
 * the contacts that came before it. */
#include "formats/base/status.h"
#include "formats/logs/postfix_line.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Seconds as format_tv() writes them: "14", "0.43", "1e-05". */
static int64_t
take_seconds(struct mm_str *s)
{
	static const int unit[] = { 100000, 10000, 1000, 100, 10, 1 };
	int64_t v = 0;
	size_t i = 0, point;

	for (; i < s->n && is_digit(s->p[i]) && v < INT32_MAX; i++)
		v = v * 10 + (s->p[i] - '0');
	if (i == 0)
		return -1;
	v *= MM_SECOND_US;
	if (i < s->n && s->p[i] == '.')
		for (point = ++i; i < s->n && is_digit(s->p[i]); i++)
			if (i - point < MM_COUNT(unit))
				v += (s->p[i] - '0') * unit[i - point];
	if (i < s->n && s->p[i] == 'e') { /* rare: the slow way, whole */
		while (i < s->n && s->p[i] != '/' && s->p[i] != ',')
			i++;
		if (!mm_str_to_fixed(mm_str_upto(*s, i), MM_SECOND_US, &v))
			v = -1;
	}
	*s = mm_str_from(*s, i);
	return v;
}

static void
take_delays(struct mm_str *s, int64_t delays_us[4])
{
	for (size_t i = 0; i < 4; i++) {
		if (i > 0 && !mm_str_skip(s, "/"))
			return;
		delays_us[i] = take_seconds(s);
	}
}

static void
take_relay(struct mm_str *s, struct mm_record *r)
{
	struct mm_postfix_host h;

	mm_postfix_take_host(s, &h);
	r->relay_name = h.name;
	r->relay_ip = h.ip;
	r->relay_port = h.port;
}

/* "(TEXT)" up to the last parenthesis; a line that was cut has none at its
 * end, and a spreadsheet may have put commas behind. */
static struct mm_str
reason_of(struct mm_str s)
{
	if (!mm_str_skip(&s, " ("))
		return MM_STR_ABSENT;
	while (s.n > 0 && (s.p[s.n - 1] == ',' || s.p[s.n - 1] == ' ' ||
			   s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '"'))
		s.n--;
	if (s.n > 0 && s.p[s.n - 1] == ')')
		s.n--;
	return s;
}

/* Take one "key=value"; unknown keys of releases to come are passed over.
 * `*status` gets the word, and the reason ends the line. */
static void
take_field(struct mm_str *s, struct mm_record *r, struct mm_str *status)
{
	struct mm_str value;

	switch (s->p[0]) {
	case 't':
		if (mm_str_skip(s, "to="))
			(void)mm_postfix_take_address(s, &r->recipient);
		break;
	case 'o':
		if (mm_str_skip(s, "orig_to="))
			(void)mm_postfix_take_address(s, &r->orig_recipient);
		break;
	case 'r':
		if (mm_str_skip(s, "relay="))
			take_relay(s, r);
		break;
	case 'd':
		if (mm_str_skip(s, "delays="))
			take_delays(s, r->delays_us);
		else if (mm_str_skip(s, "delay="))
			r->delay_us = take_seconds(s);
		else if (mm_str_skip(s, "dsn=")) {
			r->dsn = mm_str_upto(*s, mm_str_findc(*s, ','));
			*s = mm_str_from(*s, r->dsn.n);
		}
		break;
	case 's':
		value = *s;
		if (!mm_str_skip(&value, "status="))
			break;
		*status = mm_str_upto(value, mm_str_findc(value, ' '));
		r->reply = reason_of(mm_str_from(value, status->n));
		*s = mm_str_from(*s, s->n);
		break;
	default:
		break;
	}
}

/* What the words after "status=" come to. Probes of address verification
 * deliver nothing. */
#define WORD(word, event, outcome)                                             \
	{                                                                      \
		{ word, sizeof(word) - 1 }, event, outcome                     \
	}
static const struct {
	struct mm_str word;
	enum mm_event event; /* MM_EV_COUNT: a probe */
	enum mm_outcome outcome;
} words[] = {
	WORD("sent", MM_EV_ATTEMPT, MM_OUT_SENT),
	WORD("deferred", MM_EV_ATTEMPT, MM_OUT_DEFERRED),
	WORD("bounced", MM_EV_ATTEMPT, MM_OUT_BOUNCED),
	WORD("SOFTBOUNCE", MM_EV_ATTEMPT, MM_OUT_DEFERRED),
	WORD("softbounce", MM_EV_ATTEMPT, MM_OUT_DEFERRED),
	WORD("expired", MM_EV_EXPIRED, MM_OUT_NONE),
	WORD("force-expired", MM_EV_EXPIRED, MM_OUT_NONE),
	WORD("deliverable", MM_EV_COUNT, MM_OUT_NONE),
	WORD("undeliverable", MM_EV_COUNT, MM_OUT_NONE),
	WORD("undeliverable-but-not-cached", MM_EV_COUNT, MM_OUT_NONE),
};

/* Reasons of a network client that name a host it spoke to or tried. */
static bool
names_host(struct mm_str reason)
{
	return mm_str_starts(reason, "connect to ") ||
	       mm_str_starts(reason, "host ") ||
	       mm_str_starts(reason, "lost connection with ") ||
	       mm_str_starts(reason, "conversation with ");
}

/* Was the receiver reached, or tried for? A destination that the queue
 * manager holds for dead is not. */
static bool
is_contact(const struct mm_postfix_line *l, const struct mm_record *r)
{
	if (mm_str_starts(r->reply, "delivery temporarily suspended"))
		return false;
	if (l->kind == MM_POSTFIX_AGENT)
		return true;
	if (l->kind != MM_POSTFIX_CLIENT && l->kind != MM_POSTFIX_UNKNOWN)
		return false;
	return !mm_str_is(r->relay_name, "none") || names_host(r->reply);
}

enum mm_verdict
mm_postfix_delivery(const struct mm_postfix_line *l)
{
	struct mm_str s = l->rest, status = MM_STR_ABSENT, field;
	struct mm_record r;
	size_t i = 0;

	mm_postfix_begin(l, &r, MM_EV_ATTEMPT);
	r.transport = l->program;
	while (s.n > 0) {
		take_field(&s, &r, &status);
		if (!mm_str_skip(&s, ", ") && !mm_str_cut(&s, ", ", &field))
			break;
	}
	if (status.n == 0)
		return mm_postfix_malformed(l, "delivery without a status");
	while (i < MM_COUNT(words) && !mm_str_eq(status, words[i].word))
		i++;
	if (i == MM_COUNT(words))
		return mm_postfix_malformed(l, "status of an unknown name");
	if (words[i].event == MM_EV_COUNT) {
		/* All that counts: the process is done with this one. */
		mm_postfix_begin(l, &r, MM_EV_DETAIL);
		return mm_postfix_emit(l, &r);
	}
	r.event = words[i].event;
	r.outcome = words[i].outcome;
	if (r.outcome == MM_OUT_SENT && mm_str_is(l->program, "discard"))
		r.outcome = MM_OUT_DISCARDED;
	r.contact = r.event == MM_EV_ATTEMPT && is_contact(l, &r);
	return mm_postfix_emit(l, &r);
}

/* Where a client's words name the host: "host H said: ...". */
static const char *const before_host[] = {
	"host ",
	"lost connection with ",
	"conversation with ",
	"TLS is required, but host ",
	"connect to ",
	"SASL authentication failed; server ",
	"SASL authentication failed; cannot authenticate to server ",
	"certificate verification failed for ",
	"certificate peer name verification failed for ",
	"Server certificate not verified for ",
};

static void
find_host(struct mm_str s, struct mm_record *r)
{
	size_t at;

	for (size_t i = 0; i < MM_COUNT(before_host); i++)
		if (mm_str_skip(&s, before_host[i])) {
			take_relay(&s, r);
			return;
		}
	at = mm_str_find_last(s, "offered by host ");
	if (at == MM_NOT_FOUND)
		return;
	s = mm_str_from(s, at + 16);
	take_relay(&s, r);
}

enum mm_verdict
mm_postfix_leg(const struct mm_postfix_line *l)
{
	struct mm_record r;

	mm_postfix_begin(l, &r, MM_EV_LEG);
	r.transport = l->program;
	r.reply = l->rest;
	r.contact = mm_str_find(l->rest, "Name service error") == MM_NOT_FOUND;
	find_host(l->rest, &r);
	return mm_postfix_emit(l, &r);
}

/* Old releases put the port at the end: "... Connection refused (port 25)". */
static void
find_old_port(struct mm_record *r)
{
	size_t at = mm_str_find_last(r->reply, " (port ");
	struct mm_str s = mm_str_from(r->reply, at + 7);
	uint64_t port;

	if (r->relay_port == -1 && at != MM_NOT_FOUND &&
	    mm_str_take_u64(&s, &port) && port <= 65535)
		r->relay_port = (int64_t)port;
}

enum mm_verdict
mm_postfix_connect_to(const struct mm_postfix_line *l)
{
	struct mm_record r;

	mm_postfix_begin(l, &r, MM_EV_LEG);
	r.transport = l->program;
	r.reply = l->rest;
	r.contact = true;
	find_host(l->rest, &r);
	find_old_port(&r);
	return mm_postfix_emit(l, &r);
}
