#include <stddef.h>

#include "formats/base/status.h"
#include "formats/base/time.h"
#include "formats/logs/exim_fields.h"

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

static bool
is_id_shape(struct mm_str s, size_t middle, size_t last)
{
	size_t n = 6 + 1 + middle + 1 + last;

	if (s.n < n || (s.n > n && s.p[n] != ' '))
		return false;
	for (size_t i = 0; i < n; i++) {
		bool dash = i == 6 || i == 7 + middle;

		if (dash ? s.p[i] != '-' : !is_alnum(s.p[i]))
			return false;
	}
	return true;
}

size_t
mm_exim_id_length(struct mm_str s)
{
	if (is_id_shape(s, 6, 2))
		return 16;
	return is_id_shape(s, 11, 4) ? 23 : 0;
}

/* Length of what stands between two quotes or angles, with both, from the
 * opening one at s.p[0]; all of `s` when the closing one is missing. */
static size_t
enclosed_length(struct mm_str s, char close)
{
	bool quoted = close == '"';

	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == close && (close == '"' || !quoted))
			return i + 1;
		else if (s.p[i] == '"')
			quoted = !quoted;
	}
	return s.n;
}

/* Inside of "..." or <...> at the front; `s` moves behind it. */
static struct mm_str
take_enclosed(struct mm_str *s, char close)
{
	size_t n = enclosed_length(*s, close);
	struct mm_str in = mm_str_from(mm_str_upto(*s, n), 1);

	if (in.n > 0 && in.p[in.n - 1] == close)
		in.n--;
	*s = mm_str_from(*s, n);
	return in;
}

static void
skip_blanks(struct mm_str *s)
{
	while (s->n > 0 && s->p[0] == ' ')
		*s = mm_str_from(*s, 1);
}

/* Does an address end before `s`, which stands behind a blank? */
static bool
ends_address(struct mm_str s)
{
	size_t i = 0;

	if (s.n == 0 || s.p[0] == '<' || s.p[0] == '(' || s.p[0] == ':')
		return true;
	while (i < s.n && i < 4 && s.p[i] >= 'A' && s.p[i] <= 'Z')
		i++;
	return (i > 0 && i < s.n && s.p[i] == '=') ||
	       mm_str_starts(s, "routing defer (") ||
	       mm_str_starts(s, "defer (") || mm_str_starts(s, "for ");
}

static size_t
address_length(struct mm_str s)
{
	size_t first = s.n;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"') {
			size_t n = enclosed_length(mm_str_from(s, i), '"');

			if (s.p[i + n - 1] == '"')
				i += n - 1;
			continue;
		}
		if (s.p[i] != ' ')
			continue;
		/* "a@b: words", but not ":blackhole: <a@b>" */
		if (i > 0 && s.p[i - 1] == ':' && s.p[0] != ':')
			return i - 1;
		if (ends_address(mm_str_from(s, i + 1)))
			return i;
		if (first == s.n)
			first = i;
	}
	return first;
}

void
mm_exim_take_address(struct mm_str *s, struct mm_str *address,
		     struct mm_str *top)
{
	size_t n;

	*top = MM_STR_ABSENT;
	skip_blanks(s);
	if (s->n > 0 && s->p[0] == '<') {
		*address = take_enclosed(s, '>');
		return;
	}
	n = address_length(*s);
	*address = mm_str_upto(*s, n);
	*s = mm_str_from(*s, n);
	skip_blanks(s);
	while (s->n > 0 && s->p[0] == '(') {
		(void)take_enclosed(s, ')');
		skip_blanks(s);
	}
	if (s->n > 0 && s->p[0] == '<')
		*top = take_enclosed(s, '>');
}

/* "[ip]:port*" at the front. */
static void
take_ip(struct mm_str *s, struct mm_exim_fields *f)
{
	uint64_t port;
	struct mm_str at;

	f->ip = take_enclosed(s, ']');
	at = *s;
	if (mm_str_skip(&at, ":") && mm_str_take_u64(&at, &port) &&
	    port < 65536) {
		f->port = (int64_t)port;
		*s = at;
	}
	(void)mm_str_skip(s, "*");
}

bool
mm_exim_take_host(struct mm_str *s, struct mm_exim_fields *f)
{
	struct mm_str at = *s, name = MM_STR_ABSENT;

	if (at.n > 0 && at.p[0] != '(' && at.p[0] != '[') {
		size_t n = mm_str_findc(at, ' ');

		name = mm_str_upto(at, n);
		at = mm_str_from(at, n);
	}
	skip_blanks(&at);
	if (at.n == 0 || (at.p[0] != '(' && at.p[0] != '['))
		return false;
	f->host = name;
	if (at.p[0] == '(') {
		f->helo = take_enclosed(&at, ')');
		skip_blanks(&at);
	}
	if (at.n > 0 && at.p[0] == '[')
		take_ip(&at, f);
	f->has_host = true;
	*s = at;
	return true;
}

enum how { WORD, SIZE, SPAN };

static const struct field {
	const char *key;
	enum how how;
	size_t at;
} fields[] = {
	/* clang-format off */
	{ "F",   WORD, offsetof(struct mm_exim_fields, sender) },
	{ "R",   WORD, offsetof(struct mm_exim_fields, router) },
	{ "T",   WORD, offsetof(struct mm_exim_fields, transport) },
	{ "P",   WORD, offsetof(struct mm_exim_fields, protocol) },
	{ "A",   WORD, offsetof(struct mm_exim_fields, auth) },
	{ "U",   WORD, offsetof(struct mm_exim_fields, ident) },
	{ "id",  WORD, offsetof(struct mm_exim_fields, message_id) },
	{ "id*", WORD, offsetof(struct mm_exim_fields, message_id) },
	{ "C",   WORD, offsetof(struct mm_exim_fields, response) },
	{ "S",   SIZE, offsetof(struct mm_exim_fields, size_bytes) },
	{ "QT",  SPAN, offsetof(struct mm_exim_fields, queued_us) },
	{ "DT",  SPAN, offsetof(struct mm_exim_fields, tried_us) },
	/* clang-format on */
};

static void
keep_field(struct mm_exim_fields *f, struct mm_str key, struct mm_str value)
{
	char *base = (char *)f;
	uint64_t size;

	for (size_t i = 0; i < MM_COUNT(fields); i++) {
		if (!mm_str_is(key, fields[i].key))
			continue;
		/* char * of the struct, at a member's own offset */
		void *member = base + fields[i].at;

		if (fields[i].how == WORD)
			*(struct mm_str *)member = value;
		else if (fields[i].how == SPAN)
			(void)mm_time_parse_span(value, member);
		else if (mm_str_to_u64(value, &size) && size <= INT64_MAX)
			*(int64_t *)member = (int64_t)size;
		return;
	}
}

/* A word without quotes up to a blank; a colon at its end stays in `s`. */
static struct mm_str
take_word(struct mm_str *s)
{
	size_t n = mm_str_findc(*s, ' ');

	if (n > s->n)
		n = s->n;
	if (n > 1 && s->p[n - 1] == ':')
		n--;
	struct mm_str word = mm_str_upto(*s, n);

	*s = mm_str_from(*s, n);
	return word;
}

/* "KEY=": its length, 0 when the front is something else. */
static size_t
key_length(struct mm_str s)
{
	for (size_t i = 0; i < s.n && i < 8; i++) {
		if (s.p[i] == '=')
			return i;
		if (!is_alnum(s.p[i]) && s.p[i] != '*' && s.p[i] != '-')
			return 0;
	}
	return 0;
}

static void
take_field(struct mm_str *s, size_t n_key, struct mm_exim_fields *f)
{
	struct mm_str key = mm_str_upto(*s, n_key), value;

	*s = mm_str_from(*s, n_key + 1);
	if (mm_str_is(key, "H")) {
		if (mm_exim_take_host(s, f))
			return;
		f->host = take_word(s);
		f->has_host = true;
		return;
	}
	if (s->n > 0 && s->p[0] == '"')
		value = take_enclosed(s, '"');
	else if (s->n > 0 && s->p[0] == '<')
		value = take_enclosed(s, '>');
	else
		value = take_word(s);
	f->has_tls |= mm_str_is(key, "X");
	keep_field(f, key, value);
}

/* "defer (-44)" with `s` behind its first word. */
static void
take_number(struct mm_str *s, struct mm_exim_fields *f)
{
	struct mm_str at = *s, number;

	f->is_defer = true;
	if (mm_str_skip(&at, " (") && mm_str_cutc(&at, ')', &number) &&
	    mm_str_to_i64(number, &f->number))
		*s = at;
}

/* Marks that stand alone between fields: TLS, pipelining, chunking, ... */
static bool
is_mark(struct mm_str word)
{
	static const char *const marks[] = { "L",    "L*",  "L-",  "L.",
					     "L.-",  "K",   "TFO", "TFO*",
					     "PRDR", "SPF", "DS" };

	for (size_t i = 0; i < MM_COUNT(marks); i++)
		if (mm_str_is(word, marks[i]))
			return true;
	return false;
}

void
mm_exim_take_fields(struct mm_str s, enum mm_exim_end end,
		    struct mm_exim_fields *f)
{
	*f = (struct mm_exim_fields){
		.port = -1, .size_bytes = -1, .queued_us = -1, .tried_us = -1
	};
	for (skip_blanks(&s); s.n > 0; skip_blanks(&s)) {
		struct mm_str before = s, word;
		size_t n_key = key_length(s);

		if (s.p[0] == ':') {
			f->words = mm_str_trim(mm_str_from(s, 1));
			return;
		}
		if (n_key > 0) {
			take_field(&s, n_key, f);
			continue;
		}
		if (s.p[0] == '(' || s.p[0] == '<') {
			(void)take_enclosed(&s, s.p[0] == '(' ? ')' : '>');
			continue;
		}
		word = take_word(&s);
		if (mm_str_is(word, "for") && end == MM_EXIM_COLON) {
			f->recipients = mm_str_trim(s);
			return;
		}
		if (mm_str_is(word, "routing"))
			f->is_routing = true;
		else if (mm_str_is(word, "defer"))
			take_number(&s, f);
		else if (end == MM_EXIM_WORD && !is_mark(word)) {
			f->words = mm_str_trim(before);
			return;
		}
	}
}
