/* Sessions with clients, and what is refused to them: smtpd, postscreen, and
 * the header, body and milter checks of cleanup. */
#include "formats/base/status.h"
#include "formats/logs/postfix_line.h"

#define STAGE_MAX 20 /* "END-OF-MESSAGE" is the longest */
#define WORD_MAX  32 /* "milter-header-reject" is the longest */

static void
take_client(struct mm_str *s, struct mm_record *r)
{
	struct mm_postfix_host h;

	mm_postfix_take_host(s, &h);
	r->client_name = h.name;
	r->client_ip = h.ip;
}

enum mm_verdict
mm_postfix_connect(const struct mm_postfix_line *l)
{
	struct mm_str s = l->rest;
	struct mm_record r;

	mm_postfix_begin(l, &r, MM_EV_CONNECT);
	(void)mm_str_skip(&s, "connect from ");
	take_client(&s, &r);
	return mm_postfix_emit(l, &r);
}

enum mm_verdict
mm_postfix_disconnect(const struct mm_postfix_line *l)
{
	struct mm_str s = l->rest;
	struct mm_record r;

	mm_postfix_begin(l, &r, MM_EV_DISCONNECT);
	(void)mm_str_skip(&s, "disconnect from ");
	take_client(&s, &r);
	if (mm_str_skip(&s, " "))
		r.text = s;
	return mm_postfix_emit(l, &r);
}

/* "lost connection after DATA (16 bytes) from H". After these stages no
 * message was under way, so that nothing is cut. */
enum mm_verdict
mm_postfix_cut(const struct mm_postfix_line *l)
{
	static const char *const done[] = { "END-OF-MESSAGE", "RSET", "QUIT" };
	struct mm_str s = l->rest, head;
	struct mm_record r;

	mm_postfix_begin(l, &r, MM_EV_CUT);
	if (!mm_str_cut(&s, " after ", &head))
		return mm_postfix_malformed(l, "after what?");
	r.stage = mm_str_upto(s, mm_str_findc(s, ' '));
	for (size_t i = 0; i < MM_COUNT(done); i++)
		if (mm_str_is(r.stage, done[i]))
			return MM_LINE_NOISE;
	r.text = l->rest;
	if (mm_str_cut(&s, " from ", &head)) {
		r.text =
		    mm_str_upto(l->rest, (size_t)(head.p + head.n - l->rest.p));
		take_client(&s, &r);
	}
	return mm_postfix_emit(l, &r);
}

/* cleanup and milters say "too big", "too many hops" without an action. */
enum mm_verdict
mm_postfix_too_long(const struct mm_postfix_line *l)
{
	struct mm_record r;

	mm_postfix_begin(l, &r, MM_EV_REJECT);
	r.action = MM_ACT_REJECT;
	r.stage = MM_STR("eod");
	r.reply = l->rest;
	return mm_postfix_emit(l, &r);
}

/* What checks do to a message or a client. Edits of headers and plain
 * permissions are logged by some for every mail and change nothing here. */
static const struct {
	const char *word;
	enum mm_action action;
	bool noise;
} actions[] = {
	{ "reject", MM_ACT_REJECT, false },
	{ "reject_warning", MM_ACT_WARN, false },
	{ "warn", MM_ACT_WARN, false },
	{ "warning", MM_ACT_WARN, false },
	{ "discard", MM_ACT_DISCARD, false },
	{ "hold", MM_ACT_HOLD, false },
	{ "quarantine", MM_ACT_HOLD, false },
	{ "redirect", MM_ACT_REDIRECT, false },
	{ "hangup", MM_ACT_REJECT, false },
	{ "filter", MM_ACT_OTHER, false },
	{ "info", MM_ACT_OTHER, false },
	{ "bcc", MM_ACT_OTHER, false },
	{ "delay", MM_ACT_OTHER, false },
	{ "prepend", MM_ACT_OTHER, true },
	{ "replace", MM_ACT_OTHER, true },
	{ "strip", MM_ACT_OTHER, true },
	{ "pass", MM_ACT_OTHER, true },
	{ "permit", MM_ACT_OTHER, true },
	{ "accept", MM_ACT_OTHER, true },
	{ "dunno", MM_ACT_OTHER, true },
	{ "ok", MM_ACT_OTHER, true },
};

/* "milter-reject", "milter-header-reject", "proxy-reject" act as the last
 * word says. */
static bool
action_of(struct mm_str word, enum mm_action *action, bool *noise)
{
	size_t dash = mm_str_find_last(word, "-");

	if (dash != MM_NOT_FOUND) {
		if (!mm_str_starts(word, "milter-") &&
		    !mm_str_starts(word, "proxy-"))
			return false;
		word = mm_str_from(word, dash + 1);
	}
	for (size_t i = 0; i < MM_COUNT(actions); i++)
		if (mm_str_is(word, actions[i].word)) {
			*action = actions[i].action;
			*noise = actions[i].noise;
			return true;
		}
	return false;
}

/* " from=<a> to=<b> proto=ESMTP helo=<c> sasl_username=d", postscreen with
 * commas; in cleanup ": TEXT" follows, which is left in `*s`. */
static void
take_trailer(struct mm_str *s, struct mm_record *r)
{
	for (;;) {
		struct mm_str other, *value = &other;

		if (!mm_str_skip(s, ", "))
			(void)mm_str_skip(s, " ");
		if (mm_str_skip(s, "from="))
			value = &r->sender;
		else if (mm_str_skip(s, "to="))
			value = &r->recipient;
		else if (mm_str_skip(s, "helo="))
			value = &r->helo;
		else if (mm_str_skip(s, "proto="))
			value = &r->protocol;
		else if (mm_str_skip(s, "sasl_username="))
			value = &r->sasl_user;
		else if (!mm_str_skip(s, "sasl_method=") &&
			 !mm_str_skip(s, "sasl_sender="))
			return;
		if (!mm_postfix_take_address(s, value))
			return;
	}
}

/* Where the trailer begins: at the first place, since what a client says in
 * it must not pass for the beginning. */
static size_t
trailer_at(struct mm_str s)
{
	static const char *const begins[] = { "; from=<", "; to=<",
					      "; proto=", "; helo=<" };

	for (size_t i = 0; i < MM_COUNT(begins); i++) {
		size_t at = mm_str_find(s, begins[i]);

		if (at != MM_NOT_FOUND)
			return at;
	}
	return s.n > 0 && s.p[s.n - 1] == ';' ? s.n - 1 : s.n;
}

/* "RCPT from H: 550 5.1.1 TEXT; from=<> to=<> proto=ESMTP helo=<x>"; what a
 * proxy answered has no client. */
static bool
read_smtpd(struct mm_str s, struct mm_record *r)
{
	struct mm_str client;
	bool answered = mm_str_cut(&s, ": ", &client);
	size_t at;

	if (!answered)
		client = s;
	if (!mm_str_cut(&client, " from ", &r->stage)) {
		r->stage = client;
		client = MM_STR_ABSENT;
	}
	if ((!answered && client.n == 0) || r->stage.n > STAGE_MAX)
		return false;
	if (mm_str_is(r->stage, "END-OF-MESSAGE"))
		r->stage = MM_STR("eod");
	take_client(&client, r);
	if (!answered)
		return true;
	at = trailer_at(s);
	r->reply = mm_str_upto(s, at);
	s = mm_str_from(s, at + 1);
	take_trailer(&s, r);
	return true;
}

/* "header Subject: WORDS from H; from=<> to=<> proto= helo=<>: TEXT". The
 * words are the sender's: the last trailer is the true one. */
static bool
read_check(struct mm_str s, struct mm_record *r)
{
	size_t at = mm_str_find_last(s, "; from=<"), from;
	struct mm_str client;

	if (at == MM_NOT_FOUND)
		return false;
	r->stage = r->action == MM_ACT_REJECT || r->action == MM_ACT_DISCARD
		       ? MM_STR("eod")
		       : MM_STR("DATA");
	r->text = mm_str_upto(s, at);
	from = mm_str_find_last(r->text, " from ");
	if (from != MM_NOT_FOUND) {
		client = mm_str_from(r->text, from + 6);
		r->text = mm_str_upto(r->text, from);
		take_client(&client, r);
	}
	s = mm_str_from(s, at + 1);
	take_trailer(&s, r);
	if (mm_str_skip(&s, ": "))
		r->reply = s;
	return true;
}

static bool
is_check(struct mm_str s)
{
	static const char *const begins[] = {
		"header ",	"body ",	  "mime header ",
		"mime-header ", "nested header ", "nested-header ",
		"mime-error ",	"content ",
	};

	for (size_t i = 0; i < MM_COUNT(begins); i++)
		if (mm_str_starts(s, begins[i]))
			return true;
	return false;
}

/* A refusal for want of space, and a hold, have a second side. */
static enum mm_verdict
say_action(const struct mm_postfix_line *l, const struct mm_record *r)
{
	struct mm_record side;

	(void)mm_postfix_emit(l, r);
	if (mm_str_find(r->reply, "Insufficient system storage") !=
	    MM_NOT_FOUND) {
		mm_postfix_begin(l, &side, MM_EV_TROUBLE);
		side.trouble = MM_TROUBLE_DISK;
		side.text = r->reply;
		(void)mm_postfix_emit(l, &side);
	}
	if (r->action == MM_ACT_HOLD && l->queue_id.n > 0) {
		mm_postfix_begin(l, &side, MM_EV_HELD);
		(void)mm_postfix_emit(l, &side);
	}
	return MM_LINE_RECORD;
}

/* A verb of a release to come: "newverb: RCPT from H: ...". */
static bool
is_new_verb(struct mm_str word, struct mm_str rest)
{
	size_t n = 0;

	for (size_t i = 0; i < word.n; i++)
		if ((word.p[i] < 'a' || word.p[i] > 'z') && word.p[i] != '-' &&
		    word.p[i] != '_')
			return false;
	while (n < rest.n &&
	       ((rest.p[n] >= 'A' && rest.p[n] <= 'Z') || rest.p[n] == '-'))
		n++;
	return n >= 4 && mm_str_starts(mm_str_from(rest, n), " from ");
}

bool
mm_postfix_action(const struct mm_postfix_line *l, enum mm_verdict *verdict)
{
	struct mm_str s = l->rest, word;
	struct mm_record r;
	bool noise = false;

	if (!mm_str_cut(&s, ": ", &word) || word.n > WORD_MAX)
		return false;
	mm_postfix_begin(l, &r, MM_EV_REJECT);
	r.action = MM_ACT_OTHER;
	if (!action_of(word, &r.action, &noise) && !is_new_verb(word, s))
		return false;
	if (noise)
		*verdict = MM_LINE_NOISE;
	else if (is_check(s) ? read_check(s, &r) : read_smtpd(s, &r))
		*verdict = say_action(l, &r);
	else
		*verdict = mm_postfix_malformed(l, "action without its client");
	return true;
}
