#include <string.h>

#include "formats/mail/reply.h"

static const char *const stage_names[MM_STAGE_COUNT] = {
	NULL,	"connect", "banner", "helo", "starttls",
	"auth", "mail",	   "rcpt",   "data", "eod",
};

/* What MTAs say they were doing, once leading verbs are skipped. The first
 * that fits decides. */
static const struct {
	const char *words;
	enum mm_stage stage;
} doings[] = {
	{ "connect", MM_STAGE_CONNECT },
	{ "initial server greeting", MM_STAGE_BANNER },
	{ "initial connection", MM_STAGE_BANNER },
	{ "banner", MM_STAGE_BANNER },
	{ "ehlo", MM_STAGE_HELO },
	{ "helo", MM_STAGE_HELO },
	{ "lhlo", MM_STAGE_HELO },
	{ "starttls", MM_STAGE_STARTTLS },
	{ "tls handshake", MM_STAGE_STARTTLS },
	{ "tls negotiation", MM_STAGE_STARTTLS },
	{ "auth", MM_STAGE_AUTH },
	{ "sasl auth", MM_STAGE_AUTH },
	{ "mail", MM_STAGE_MAIL },
	{ "rcpt", MM_STAGE_RCPT },
	{ "end of data", MM_STAGE_EOD },
	{ "end-of-data", MM_STAGE_EOD },
	{ "end-of-message", MM_STAGE_EOD },
	{ "eod", MM_STAGE_EOD },
	{ "eom", MM_STAGE_EOD },
	{ "data", MM_STAGE_DATA },
	{ "message body", MM_STAGE_DATA },
	{ "bdat", MM_STAGE_DATA },
};

static const char *const verbs[] = { "sending ",    "receiving ",
				     "performing ", "negotiating ",
				     "pipelined ",  "the " };

/* qmail-remote's words before "Remote host said:". */
static const struct {
	const char *words;
	enum mm_stage stage;
} qmail_words[] = {
	{ "greeting failed", MM_STAGE_BANNER },
	{ "my name was rejected", MM_STAGE_HELO },
	{ "sender was rejected", MM_STAGE_MAIL },
	{ "does not like recipient", MM_STAGE_RCPT },
	{ "failed on DATA command", MM_STAGE_DATA },
	{ "failed after I sent the message", MM_STAGE_EOD },
};

enum how {
	PLAIN,	   /* the words are the text; only the stage is known */
	STRIP,	   /* the words go, and what follows is a reason; of the stage
		    * where one is given */
	SUSPENDED, /* the same, and nobody was tried now */
	IDLE,	   /* the words are the text, and nobody was tried now */
	SAID,	   /* Postfix "HOST[IP] said: REPLY" or "refused to talk" */
	WHILE,	   /* Postfix "HOST[IP] ... while DOING" */
	AFTER	   /* Exim "DOING[: REPLY]" */
};

/* How a reason may begin. */
/* clang-format off */
#define LEAD(z) { z, sizeof(z) - 1 }
/* clang-format on */
static const struct lead {
	struct mm_str words;
	enum how how;
	enum mm_stage stage;
} leads[] = {
	{ LEAD("host "), SAID, MM_STAGE_NONE },
	{ LEAD("delivery temporarily suspended: "), SUSPENDED, MM_STAGE_NONE },
	{ LEAD("lost connection with "), WHILE, MM_STAGE_NONE },
	{ LEAD("conversation with "), WHILE, MM_STAGE_NONE },
	{ LEAD("timed out while "), WHILE, MM_STAGE_NONE },
	{ LEAD("connect to "), PLAIN, MM_STAGE_CONNECT },
	{ LEAD("SASL authentication failed; server "), SAID, MM_STAGE_AUTH },
	{ LEAD("SASL authentication "), PLAIN, MM_STAGE_AUTH },
	{ LEAD("TLS is required, but host "), SAID, MM_STAGE_STARTTLS },
	{ LEAD("TLS is required"), PLAIN, MM_STAGE_STARTTLS },
	{ LEAD("Cannot start TLS"), PLAIN, MM_STAGE_STARTTLS },
	{ LEAD("SMTP error from remote mail server after "), AFTER,
	  MM_STAGE_NONE },
	{ LEAD("SMTP error from remote mailer after "), AFTER, MM_STAGE_NONE },
	{ LEAD("LMTP error after "), AFTER, MM_STAGE_NONE },
	{ LEAD("SMTP timeout after "), AFTER, MM_STAGE_NONE },
	{ LEAD("remote host closed connection in response to "), AFTER,
	  MM_STAGE_NONE },
	{ LEAD("retry time not reached"), IDLE, MM_STAGE_NONE },
	{ LEAD("all hosts "), IDLE, MM_STAGE_NONE },
	{ LEAD("deferred transport"), IDLE, MM_STAGE_NONE },
	{ LEAD("Deferred: "), STRIP, MM_STAGE_NONE },
	{ LEAD("smtp; "), STRIP, MM_STAGE_NONE },
	{ LEAD("smtp;"), STRIP, MM_STAGE_NONE },
	{ LEAD("BANNER rejected: "), STRIP, MM_STAGE_BANNER }, /* OpenSMTPD */
	{ LEAD("EHLO rejected: "), STRIP, MM_STAGE_HELO },
	{ LEAD("HELO rejected: "), STRIP, MM_STAGE_HELO },
	{ LEAD("AUTH rejected: "), STRIP, MM_STAGE_AUTH },
	{ LEAD("Connection refused"), PLAIN, MM_STAGE_CONNECT },
	{ LEAD("Connection timed out"), PLAIN, MM_STAGE_CONNECT },
	{ LEAD("Operation timed out"), PLAIN, MM_STAGE_CONNECT },
	{ LEAD("No route to host"), PLAIN, MM_STAGE_CONNECT },
	{ LEAD("Network is unreachable"), PLAIN, MM_STAGE_CONNECT },
	{ LEAD("Network error on destination MXs"), PLAIN, MM_STAGE_CONNECT },
	{ LEAD("KumoMTA internal: failed to connect"), PLAIN,
	  MM_STAGE_CONNECT },
	{ LEAD("KumoMTA internal: scheduled queue is suspended"), IDLE,
	  MM_STAGE_NONE },
	{ LEAD("Context: "), IDLE, MM_STAGE_NONE }, /* KumoMTA: Delayed */
};

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool
skip_icase(struct mm_str *s, struct mm_str words)
{
	if (s->n < words.n || lower(s->p[0]) != lower(words.p[0]) ||
	    !mm_str_ieq(mm_str_upto(*s, words.n), words))
		return false;
	*s = mm_str_from(*s, words.n);
	return true;
}

const char *
mm_stage_name(enum mm_stage stage)
{
	return stage < MM_STAGE_COUNT ? stage_names[stage] : NULL;
}

enum mm_stage
mm_stage_of(struct mm_str words)
{
	bool skipped = true;

	while (skipped) {
		skipped = false;
		for (size_t i = 0; i < MM_COUNT(verbs); i++)
			skipped |= skip_icase(&words, mm_str_z(verbs[i]));
	}
	for (size_t i = 0; i < MM_COUNT(doings); i++)
		if (skip_icase(&words, mm_str_z(doings[i].words)))
			return doings[i].stage;
	return MM_STAGE_NONE;
}

/* Length of an enhanced code at the front of `s`, 0 when there is none. */
static size_t
enhanced_length(struct mm_str s)
{
	size_t i = 1;

	if (s.n < 5 || (s.p[0] != '2' && s.p[0] != '4' && s.p[0] != '5'))
		return 0;
	for (int part = 0; part < 2; part++) {
		size_t from = i + 1;

		if (i >= s.n || s.p[i] != '.')
			return 0;
		for (i = from; i < s.n && i < from + 3 && is_digit(s.p[i]);)
			i++;
		if (i == from)
			return 0;
	}
	/* "5.1.1.2" and "4.7.2800" are something else. */
	if (i < s.n && is_digit(s.p[i]))
		return 0;
	if (i + 1 < s.n && s.p[i] == '.' && is_digit(s.p[i + 1]))
		return 0;
	return i;
}

static void
take_enhanced(struct mm_str *s, struct mm_str *enhanced)
{
	struct mm_str at = *s;
	size_t n;

	(void)mm_str_skip(&at, "#");
	n = enhanced_length(at);
	if (n == 0)
		return;
	*enhanced = mm_str_upto(at, n);
	at = mm_str_from(at, n);
	if (at.n > 0 && (at.p[0] == ':' || at.p[0] == '-'))
		at = mm_str_from(at, 1);
	*s = mm_str_trim(at);
}

void
mm_reply_codes(struct mm_str *s, int *code, struct mm_str *enhanced)
{
	*code = 0;
	*enhanced = MM_STR_ABSENT;
	if (s->n >= 3 && s->p[0] >= '2' && s->p[0] <= '5' &&
	    is_digit(s->p[1]) && is_digit(s->p[2]) &&
	    (s->n == 3 || s->p[3] == ' ' || s->p[3] == '-' || s->p[3] == ':' ||
	     s->p[3] == '\n' || s->p[3] == '\t' || s->p[3] == '#')) {
		*code = (s->p[0] - '0') * 100 + (s->p[1] - '0') * 10 +
			(s->p[2] - '0');
		*s = mm_str_from(*s, s->n > 3 && s->p[3] != '#' ? 4 : 3);
		*s = mm_str_trim(*s);
	}
	take_enhanced(s, enhanced);
}

/* The line end at `s`: LF, CR LF, or their two-character escapes. */
static size_t
line_end(struct mm_str s)
{
	if (s.p[0] == '\n')
		return 1;
	if (s.p[0] == '\r')
		return s.n > 1 && s.p[1] == '\n' ? 2 : 1;
	if (s.p[0] != '\\')
		return 0;
	return mm_str_starts(s, "\\n") ? 2 : mm_str_starts(s, "\\r\\n") ? 4 : 0;
}

/* What a later line of the same reply begins with: its code, if it has one
 * and is followed as a code is, and the enhanced code. `ended` says that a
 * line end stood before; without one "550 " is too weak a sign. */
static size_t
repeat_length(struct mm_str s, const char code[4], struct mm_str enhanced,
	      bool ended)
{
	size_t n = 0, e = enhanced.n;
	struct mm_str rest;

	if (mm_str_starts(s, code) && s.n > 3 &&
	    (s.p[3] == '-' || s.p[3] == ' '))
		n = 4;
	rest = mm_str_from(s, n);
	if (e > 0 && rest.n >= e && memcmp(rest.p, enhanced.p, e) == 0 &&
	    (rest.n == e || rest.p[e] == ' '))
		return n + e + (rest.n > e ? 1 : 0);
	return n > 0 && (ended || s.p[3] == '-') ? n : 0;
}

/* Does `part` stand in `s`? */
static bool
holds(struct mm_str s, struct mm_str part)
{
	while (part.n > 0 && s.n >= part.n) {
		const char *hit = memchr(s.p, part.p[0], s.n - part.n + 1);

		if (hit == NULL)
			return false;
		if (memcmp(hit, part.p, part.n) == 0)
			return true;
		s = mm_str_from(s, (size_t)(hit - s.p) + 1);
	}
	return false;
}

/* Is there anything to join? Almost always not, so this is the quick look. */
static bool
needs_fold(struct mm_str text, const char code[4], struct mm_str enhanced)
{
	return mm_str_findc(text, '\n') != MM_NOT_FOUND ||
	       mm_str_findc(text, '\\') != MM_NOT_FOUND ||
	       holds(text, (struct mm_str){ code, 3 }) || holds(text, enhanced);
}

struct mm_str
mm_reply_fold(struct mm_str text, int code, struct mm_str enhanced,
	      struct mm_buf *fold)
{
	char z[4] = { (char)('0' + code / 100), (char)('0' + code / 10 % 10),
		      (char)('0' + code % 10), '\0' };
	size_t from = 0, i = 0;

	if (code == 0 || !needs_fold(text, z, enhanced))
		return text;
	mm_buf_clear(fold);
	/* "554 554 Error: ...": who passed it on put his code before it. */
	from = i = repeat_length(text, z, enhanced, true);
	while (i < text.n) {
		size_t end = line_end(mm_str_from(text, i));
		size_t gap = end > 0 ? end : text.p[i] == ' ' ? 1 : 0;
		/* OpenSMTPD glues lines without anything between. */
		bool may = gap > 0 || (i > 0 && is_letter(text.p[i - 1]));
		size_t n = !may ? 0
				: repeat_length(mm_str_from(text, i + gap), z,
						enhanced, end > 0);

		if (n == 0 && end == 0) {
			i++;
			continue;
		}
		mm_buf_adds(fold, mm_str_trim((struct mm_str){ text.p + from,
							       i - from }));
		mm_buf_addc(fold, ' ');
		i += gap + n;
		from = i;
	}
	mm_buf_adds(fold, mm_str_trim(mm_str_from(text, from)));
	return mm_buf_str(fold);
}

/* "H[ip]" or "H [ip]" (with ":port" or not) at the front of `s`. */
static bool
take_host(struct mm_str *s, struct mm_reply *out)
{
	size_t open = mm_str_findc(*s, '['), close;

	if (open == MM_NOT_FOUND)
		return false;
	close = mm_str_findc(mm_str_from(*s, open), ']');
	if (close == MM_NOT_FOUND)
		return false;
	out->host = mm_str_trim(mm_str_upto(*s, open));
	out->ip = mm_str_upto(mm_str_from(*s, open + 1), close - 1);
	if (memchr(out->host.p, ' ', out->host.n) != NULL) {
		out->host = out->ip = MM_STR_ABSENT;
		return false;
	}
	*s = mm_str_from(*s, open + close + 1);
	return true;
}

static void
set_reply(struct mm_str s, struct mm_buf *fold, struct mm_reply *out)
{
	mm_reply_codes(&s, &out->code, &out->enhanced);
	out->text =
	    fold != NULL ? mm_reply_fold(s, out->code, out->enhanced, fold) : s;
}

/* Cut Postfix's " (in reply to RCPT TO command)" off the end. */
static struct mm_str
cut_in_reply(struct mm_str s, struct mm_reply *out)
{
	size_t at;

	if (s.n == 0 || s.p[s.n - 1] != ')')
		return s;
	at = mm_str_find_last(s, " (in reply to ");
	if (at == MM_NOT_FOUND)
		return s;
	out->stage = mm_stage_of(mm_str_from(s, at + 14));
	return mm_str_upto(s, at);
}

/* Exim: "RCPT TO:<a@b>: 550 ...", "end of data: host H [ip]: 554 ...". */
static void
parse_after(struct mm_str s, struct mm_buf *fold, struct mm_reply *out)
{
	size_t at = mm_str_findc(s, '<'), colon = mm_str_find(s, ": ");

	out->stage = mm_stage_of(s);
	if (at != MM_NOT_FOUND && at < colon) {
		size_t close = mm_str_findc(mm_str_from(s, at), '>');

		s = mm_str_from(s, close != MM_NOT_FOUND ? at + close : at);
		colon = mm_str_find(s, ": ");
	}
	if (colon == MM_NOT_FOUND)
		return;
	s = mm_str_from(s, colon + 2);
	if (mm_str_skip(&s, "host ") && take_host(&s, out))
		(void)mm_str_skip(&s, ": ");
	set_reply(s, fold, out);
}

static void
parse_said(struct mm_str s, const struct lead *lead, struct mm_buf *fold,
	   struct mm_reply *out)
{
	struct mm_str whole = out->text, word;

	out->stage = lead->stage;
	if (!take_host(&s, out)) {
		/* "host mx.example.org said:", as people and panels cut it. */
		if (!mm_str_cutc(&s, ' ', &word))
			return;
		out->host = word;
		s = (struct mm_str){ s.p - 1, s.n + 1 };
	}
	if (mm_str_skip(&s, " said: "))
		set_reply(cut_in_reply(s, out), fold, out);
	else if (mm_str_skip(&s, " refused to start TLS: "))
		set_reply(s, fold, out);
	else if (mm_str_skip(&s, " refused to talk to me: ")) {
		out->stage = MM_STAGE_BANNER;
		set_reply(s, fold, out);
	} else if (mm_str_skip(&s, ": ")) /* Exim's bounce messages */
		set_reply(s, fold, out);
	else if (mm_str_skip(&s, " SMTP error from remote mail server after "))
		parse_after(s, fold, out);
	else {
		out->text = whole;
		out->host = out->ip.n > 0 ? out->host : MM_STR_ABSENT;
	}
}

/* Before Postfix 2.3: "connect to H[ip]: server refused to talk to me: 421". */
static void
parse_refused(struct mm_str s, struct mm_buf *fold, struct mm_reply *out)
{
	struct mm_str before;

	if (!mm_str_cut(&s, " refused to talk to me: ", &before))
		return;
	out->stage = MM_STAGE_BANNER;
	set_reply(s, fold, out);
}

static void
parse_while(struct mm_str s, struct mm_reply *out)
{
	struct mm_str rest = s;

	(void)take_host(&rest, out);
	if (mm_str_cut(&s, " while ", &rest))
		out->stage = mm_stage_of(s);
	else
		out->stage = mm_stage_of(rest);
}

/* qmail: "192.0.2.1 does not like recipient. Remote host said: 550 ..."; what
 * OpenSMTPD's mail.lmtp says: "... LMTP server error: 550 ...\")". */
static void
parse_inner(struct mm_str s, struct mm_buf *fold, struct mm_reply *out)
{
	size_t at = mm_str_find(s, "LMTP server error: ");

	if (at != MM_NOT_FOUND) {
		s = mm_str_from(s, at + 19);
		set_reply(mm_str_upto(s, mm_str_find_last(s, "\"")), fold, out);
		return;
	}
	at = mm_str_find(s, "Remote host said: ");
	if (at == MM_NOT_FOUND)
		return;
	for (size_t i = 0; i < MM_COUNT(qmail_words); i++)
		if (mm_str_find(mm_str_upto(s, at), qmail_words[i].words) !=
		    MM_NOT_FOUND)
			out->stage = qmail_words[i].stage;
	set_reply(mm_str_from(s, at + 18), fold, out);
}

static bool
parse_lead(struct mm_str *s, const struct lead *lead, struct mm_buf *fold,
	   struct mm_reply *out)
{
	struct mm_str rest = *s;

	if (!skip_icase(&rest, lead->words))
		return false;
	switch (lead->how) {
	case STRIP:
	case SUSPENDED:
		out->suspended |= lead->how == SUSPENDED;
		out->stage = lead->stage;
		*s = rest;
		break;
	case IDLE:
		out->suspended = true;
		break;
	case PLAIN:
		out->stage = lead->stage;
		parse_refused(rest, fold, out);
		break;
	case SAID:
		parse_said(rest, lead, fold, out);
		break;
	case WHILE:
		parse_while(rest, out);
		break;
	case AFTER:
		parse_after(rest, fold, out);
		break;
	}
	return true;
}

/* Exim puts "H=name [ip]: " before the reason, with or without a system
 * error before that: "Connection timed out H=mx [ip]: SMTP timeout after". */
static void
skip_exim_host(struct mm_str *s, struct mm_reply *out)
{
	size_t at = mm_str_starts(*s, "H=") ? 0 : mm_str_find(*s, " H=");
	struct mm_str rest;

	if (at == MM_NOT_FOUND)
		return;
	rest = mm_str_from(*s, at == 0 ? 2 : at + 3);
	if (!take_host(&rest, out))
		return;
	if (!mm_str_cut(&rest, ": ", &(struct mm_str){ 0 }))
		return;
	if (at == 0 || mm_str_find(rest, "MTP ") == 1 ||
	    mm_str_find(rest, "emote host") == 1)
		*s = rest;
}

/* What Exim's callout was told: "h [ip] : SMTP error from remote ...". */
static void
skip_callout_host(struct mm_str *s, struct mm_reply *out)
{
	struct mm_str rest = *s;

	if (take_host(&rest, out) && mm_str_skip(&rest, " : "))
		*s = rest;
	else
		out->host = out->ip = MM_STR_ABSENT;
}

void
mm_reply_parse(struct mm_str reason, struct mm_buf *fold, struct mm_reply *out)
{
	struct mm_str s = mm_str_trim(reason);
	size_t i = 0;

	memset(out, 0, sizeof(*out));
	out->text = s;
	if (s.n > 0 && !is_digit(s.p[0]))
		skip_exim_host(&s, out);
	if (out->host.p == NULL && mm_str_find(s, "] : ") != MM_NOT_FOUND)
		skip_callout_host(&s, out);
	while (i < MM_COUNT(leads) && s.n > 0 && !is_digit(s.p[0])) {
		out->text = s;
		if (!parse_lead(&s, &leads[i], fold, out))
			i++;
		else if (leads[i].how == STRIP || leads[i].how == SUSPENDED)
			i = 0;
		else
			return;
	}
	set_reply(cut_in_reply(s, out), fold, out);
	if (out->code == 0)
		parse_inner(s, fold, out);
}
