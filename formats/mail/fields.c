#include <stddef.h>
#include <string.h>

#include "formats/base/status.h"
#include "formats/mail/fields.h"

#define AT(member) offsetof(struct mm_record, member)

/* clang-format off */
static const struct mm_field fields[] = {
	{ "queue_id", MM_FIELD_TEXT, AT(queue_id), NULL, "the queue id" },
	{ "envelope_id", MM_FIELD_TEXT, AT(envelope_id), NULL,
	  "the queue id and more, of one recipient (OpenSMTPD)" },
	{ "other_id", MM_FIELD_TEXT, AT(other_id), NULL,
	  "of a notice or a join: the other queue id" },
	{ "message_id", MM_FIELD_TEXT, AT(message_id), NULL,
	  "Message-ID without < >" },
	{ "sender", MM_FIELD_TEXT, AT(sender), NULL, "envelope sender" },
	{ "recipient", MM_FIELD_TEXT, AT(recipient), NULL,
	  "envelope recipient" },
	{ "orig_recipient", MM_FIELD_TEXT, AT(orig_recipient), NULL,
	  "the recipient as it was given" },
	{ "part", MM_FIELD_NUMBER, AT(part), NULL,
	  "which part of the message, by domain" },
	{ "size", MM_FIELD_NUMBER, AT(size_bytes), NULL, "bytes" },
	{ "n_recipients", MM_FIELD_NUMBER, AT(n_recipients), NULL,
	  "how many recipients" },
	{ "client_name", MM_FIELD_TEXT, AT(client_name), NULL,
	  "host that handed the mail in" },
	{ "client_ip", MM_FIELD_TEXT, AT(client_ip), NULL, "its address" },
	{ "helo", MM_FIELD_TEXT, AT(helo), NULL, "what it called itself" },
	{ "sasl_user", MM_FIELD_TEXT, AT(sasl_user), NULL, "login" },
	{ "protocol", MM_FIELD_TEXT, AT(protocol), NULL, "esmtp, local, ..." },
	{ "session", MM_FIELD_TEXT, AT(session), NULL,
	  "what ties lines of one session or delivery" },
	{ "relay_name", MM_FIELD_TEXT, AT(relay_name), NULL, "next hop" },
	{ "relay_ip", MM_FIELD_TEXT, AT(relay_ip), NULL, "its address" },
	{ "relay_port", MM_FIELD_NUMBER, AT(relay_port), NULL, "its port" },
	{ "transport", MM_FIELD_TEXT, AT(transport), NULL,
	  "daemon, transport or mailer that tried" },
	{ "outcome", MM_FIELD_WORD, AT(outcome), mm_outcome_words,
	  "what came of an attempt" },
	{ "contact", MM_FIELD_BOOL, AT(contact), NULL,
	  "somebody was reached, or tried for" },
	{ "secure", MM_FIELD_BOOL, AT(secure), NULL, "TLS was on" },
	{ "action", MM_FIELD_WORD, AT(action), mm_action_words, "of a refusal" },
	{ "notice", MM_FIELD_WORD, AT(notice), mm_notice_words, "which notice" },
	{ "join", MM_FIELD_WORD, AT(join), mm_join_words, "why two ids are one mail" },
	{ "daemon", MM_FIELD_WORD, AT(daemon), mm_daemon_words,
	  "what happened to the MTA" },
	{ "trouble", MM_FIELD_WORD, AT(trouble), mm_trouble_words, "where" },
	{ "opinion", MM_FIELD_WORD, AT(opinion), mm_opinion_words,
	  "what a filter thinks of a mail" },
	{ "score", MM_FIELD_TEXT, AT(score), NULL, "a filter's points" },
	{ "dsn", MM_FIELD_TEXT, AT(dsn), NULL, "the MTA's own status code" },
	{ "reply", MM_FIELD_TEXT, AT(reply), NULL, "reason or reply" },
	{ "delay", MM_FIELD_SPAN, AT(delay_us), NULL,
	  "seconds since arrival" },
	{ "delays", MM_FIELD_SPANS, AT(delays_us), NULL,
	  "before the queue, in it, connection, transmission" },
	{ "stage", MM_FIELD_TEXT, AT(stage), NULL,
	  "of a refusal: RCPT, DATA, ..." },
	{ "text", MM_FIELD_TEXT, AT(text), NULL, "free words" },
};
/* clang-format on */

/* Words that belong to one event, and are there with it. */
static const struct {
	const char *field;
	enum mm_event event;
} always[] = {
	{ "outcome", MM_EV_ATTEMPT }, { "action", MM_EV_REJECT },
	{ "notice", MM_EV_NOTICE },   { "daemon", MM_EV_DAEMON },
	{ "trouble", MM_EV_TROUBLE }, { "opinion", MM_EV_VERDICT },
};

const struct mm_field *
mm_fields(size_t i)
{
	return i < MM_COUNT(fields) ? &fields[i] : NULL;
}

const struct mm_field *
mm_field_find(struct mm_str name)
{
	for (size_t i = 0; i < MM_COUNT(fields); i++)
		if (mm_str_is(name, fields[i].name))
			return &fields[i];
	return NULL;
}

enum mm_event
mm_event_find(struct mm_str name)
{
	int e = 0;

	while (e < MM_EV_COUNT &&
	       !mm_str_is(name, mm_event_name((enum mm_event)e)))
		e++;
	return (enum mm_event)e;
}

/* The members are found by their offset; all enums are of one size. */
static const void *
at(const struct mm_record *r, const struct mm_field *f)
{
	return (const char *)r + f->offset;
}

static struct mm_str
text_at(const struct mm_record *r, const struct mm_field *f)
{
	struct mm_str s;

	memcpy(&s, at(r, f), sizeof(s));
	return s;
}

static int64_t
number_at(const struct mm_record *r, const struct mm_field *f)
{
	int64_t v;

	memcpy(&v, at(r, f), sizeof(v));
	return v;
}

static bool
bool_at(const struct mm_record *r, const struct mm_field *f)
{
	bool v;

	memcpy(&v, at(r, f), sizeof(v));
	return v;
}

static unsigned
word_at(const struct mm_record *r, const struct mm_field *f)
{
	enum mm_outcome v;

	memcpy(&v, at(r, f), sizeof(v));
	return (unsigned)v;
}

static bool
word_is_set(const struct mm_record *r, const struct mm_field *f)
{
	for (size_t i = 0; i < MM_COUNT(always); i++)
		if (strcmp(always[i].field, f->name) == 0 &&
		    r->event == always[i].event)
			return true;
	return strcmp(f->words[0], "none") == 0 && word_at(r, f) != 0;
}

bool
mm_field_is_set(const struct mm_record *r, const struct mm_field *f)
{
	switch (f->type) {
	case MM_FIELD_TEXT:
		return text_at(r, f).p != NULL;
	case MM_FIELD_NUMBER:
	case MM_FIELD_SPAN:
		return number_at(r, f) != -1;
	case MM_FIELD_SPANS:
		for (size_t i = 0; i < MM_COUNT(r->delays_us); i++)
			if (r->delays_us[i] != -1)
				return true;
		return false;
	case MM_FIELD_BOOL:
		return bool_at(r, f);
	case MM_FIELD_WORD:
		return word_is_set(r, f);
	}
	return false;
}

void
mm_field_add(struct mm_buf *b, const struct mm_record *r,
	     const struct mm_field *f)
{
	char text[MM_TIME_TEXT];

	if (!mm_field_is_set(r, f))
		return;
	switch (f->type) {
	case MM_FIELD_TEXT:
		mm_buf_adds(b, text_at(r, f));
		break;
	case MM_FIELD_NUMBER:
		mm_buf_addi(b, number_at(r, f));
		break;
	case MM_FIELD_SPAN:
		mm_buf_addz(b, mm_time_seconds(number_at(r, f), text));
		break;
	case MM_FIELD_SPANS:
		for (size_t i = 0; i < MM_COUNT(r->delays_us); i++)
			mm_buf_addf(
			    b, "%s%s", i > 0 ? "/" : "",
			    r->delays_us[i] == -1
				? "-"
				: mm_time_seconds(r->delays_us[i], text));
		break;
	case MM_FIELD_BOOL:
		mm_buf_addz(b, "yes");
		break;
	case MM_FIELD_WORD:
		mm_buf_addz(b, f->words[word_at(r, f)]);
		break;
	}
}

static bool
set_word(struct mm_record *r, const struct mm_field *f, struct mm_str text)
{
	for (int i = 0; f->words[i] != NULL; i++) {
		enum mm_outcome v = (enum mm_outcome)i;

		if (!mm_str_is(text, f->words[i]))
			continue;
		memcpy((char *)r + f->offset, &v, sizeof(v));
		return true;
	}
	return false;
}

/* "12.5": seconds. */
static bool
to_span(struct mm_str text, int64_t *us)
{
	return mm_str_to_fixed(text, MM_SECOND_US, us) && *us >= 0;
}

static bool
set_spans(struct mm_record *r, struct mm_str text)
{
	for (size_t i = 0; i < MM_COUNT(r->delays_us); i++) {
		struct mm_str part = text;
		bool more = mm_str_cutc(&text, '/', &part);

		if (more != (i + 1 < MM_COUNT(r->delays_us)))
			return false;
		if (!mm_str_is(part, "-") && !to_span(part, &r->delays_us[i]))
			return false;
	}
	return true;
}

bool
mm_field_set(struct mm_record *r, const struct mm_field *f, struct mm_str text)
{
	uint64_t n;
	int64_t v;
	bool yes;

	switch (f->type) {
	case MM_FIELD_TEXT:
		memcpy((char *)r + f->offset, &text, sizeof(text));
		return true;
	case MM_FIELD_NUMBER:
		if (!mm_str_to_u64(text, &n) || n > INT64_MAX)
			return false;
		v = (int64_t)n;
		memcpy((char *)r + f->offset, &v, sizeof(v));
		return true;
	case MM_FIELD_SPAN:
		if (!to_span(text, &v))
			return false;
		memcpy((char *)r + f->offset, &v, sizeof(v));
		return true;
	case MM_FIELD_SPANS:
		return set_spans(r, text);
	case MM_FIELD_BOOL:
		yes = mm_str_is(text, "yes");
		memcpy((char *)r + f->offset, &yes, sizeof(yes));
		return yes || mm_str_is(text, "no");
	case MM_FIELD_WORD:
		return set_word(r, f, text);
	}
	return false;
}

static bool
is_plain(struct mm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == '"' ||
		    s.p[i] == '\\')
			return false;
	return s.n > 0;
}

static void
add_quoted(struct mm_buf *b, struct mm_str s)
{
	mm_buf_addc(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			mm_buf_addc(b, '\\');
		mm_buf_addc(b, s.p[i]);
	}
	mm_buf_addc(b, '"');
}

void
mm_record_add(struct mm_buf *b, const struct mm_record *r)
{
	mm_buf_addz(b, mm_event_name(r->event));
	for (size_t i = 0; i < MM_COUNT(fields); i++) {
		const struct mm_field *f = &fields[i];

		if (!mm_field_is_set(r, f))
			continue;
		mm_buf_addf(b, " %s=", f->name);
		if (f->type != MM_FIELD_TEXT || is_plain(text_at(r, f)))
			mm_field_add(b, r, f);
		else
			add_quoted(b, text_at(r, f));
	}
}
