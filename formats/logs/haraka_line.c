#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "formats/base/json.h"
#include "formats/base/status.h"
#include "formats/logs/haraka_line.h"

#define UUID 36

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') ||
	       (c >= 'a' && c <= 'f');
}

static bool
starts_with_uuid(struct mm_str s)
{
	for (size_t i = 0; i < UUID; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (i >= s.n || (dash ? s.p[i] != '-' : !is_hex(s.p[i])))
			return false;
	}
	return s.n == UUID || s.p[UUID] == '.';
}

/* Colours of a terminal around all of it. */
static struct mm_str
without_colours(struct mm_str s)
{
	struct mm_str rest = s, colour;

	if (mm_str_skip(&rest, "\x1b[") && mm_str_cutc(&rest, 'm', &colour) &&
	    colour.n < 8)
		s = rest;
	if (mm_str_ends(s, "\x1b[39m"))
		s.n -= 5;
	return s;
}

static const char *const levels[] = {
	"DATA", "PROTOCOL", "DEBUG", "INFO",  "NOTICE",
	"WARN", "ERROR",    "CRIT",  "ALERT", "EMERG",
};

static bool
is_level(struct mm_str s)
{
	for (size_t i = 0; i < MM_COUNT(levels); i++)
		if (mm_str_is(s, levels[i]))
			return true;
	return false;
}

static bool
is_object(struct mm_str s)
{
	return mm_str_find(s, "\"level\":") != MM_NOT_FOUND &&
	       mm_str_find(s, "\"uuid\":") != MM_NOT_FOUND &&
	       (mm_str_find(s, "\"origin\":") != MM_NOT_FOUND ||
		mm_str_find(s, "\"source\":") != MM_NOT_FOUND);
}

bool
mm_haraka_is_line(struct mm_str text)
{
	struct mm_str s = without_colours(text), level;

	if (s.n < 8)
		return false;
	if (mm_str_skip(&s, "["))
		return mm_str_cut(&s, "] [", &level) && is_level(level) &&
		       (starts_with_uuid(
			    mm_str_upto(s, mm_str_findc(s, ']'))) ||
			mm_str_starts(s, "-] ["));
	if (mm_str_skip(&s, "level="))
		return mm_str_cutc(&s, ' ', &level) && is_level(level) &&
		       mm_str_starts(s, "uuid=");
	return s.p[0] == '{' && is_object(s);
}

/* Step to the next key=value; words without one are passed over. The value is
 * still as it was written, but for its quotes. */
static bool
next_pair(struct mm_str *s, struct mm_str *key, struct mm_str *value)
{
	size_t n = 0;

	for (;; *s = mm_str_from(*s, n + 1)) {
		for (n = 0; n < s->n && s->p[n] != ' ' && s->p[n] != '=';)
			n++;
		if (n == s->n)
			return false;
		if (s->p[n] == '=')
			break;
	}
	*key = mm_str_upto(*s, n);
	*s = mm_str_from(*s, n + 1);
	if (!mm_str_skip(s, "\"")) {
		*value = mm_str_upto(*s, mm_str_findc(*s, ' '));
		*s = mm_str_from(*s, value->n);
		return true;
	}
	for (n = 0; n < s->n && s->p[n] != '"'; n++)
		n += s->p[n] == '\\';
	*value = mm_str_upto(*s, n);
	*s = mm_str_from(*s, value->n + 1);
	return true;
}

/* Without backslashes; what finds no room stays as it is. */
static struct mm_str
plain(struct mm_haraka_line *l, struct mm_str s)
{
	char *to = l->scratch + l->n_scratch;
	size_t n = 0;

	if (mm_str_findc(s, '\\') == MM_NOT_FOUND ||
	    s.n > sizeof(l->scratch) - l->n_scratch)
		return s;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n &&
		    (s.p[i + 1] == '"' || s.p[i + 1] == '\\'))
			i++;
		to[n++] = s.p[i];
	}
	l->n_scratch += n;
	return (struct mm_str){ to, n };
}

struct mm_str
mm_haraka_value(struct mm_haraka_line *l, const char *key)
{
	struct mm_str s = l->pairs, name, value;

	while (next_pair(&s, &name, &value))
		if (mm_str_is(name, key))
			return plain(l, value);
	return MM_STR_ABSENT;
}

/* "[NOTICE] [UUID.1] [core] words" */
static bool
take_default(struct mm_haraka_line *l, struct mm_str s)
{
	if (!mm_str_skip(&s, "[") || !mm_str_cut(&s, "] [", &l->level) ||
	    !mm_str_cut(&s, "] [", &l->uuid) ||
	    !mm_str_cutc(&s, ']', &l->origin))
		return false;
	l->words = l->pairs = mm_str_trim(s);
	return true;
}

/* "level=NOTICE uuid=UUID.1 origin=core message=words key=value": words that
 * stand in a pair of their own have no message. */
static bool
take_pairs(struct mm_haraka_line *l, struct mm_str s)
{
	struct mm_str key, value;

	while (next_pair(&s, &key, &value)) {
		if (mm_str_is(key, "level"))
			l->level = value;
		else if (mm_str_is(key, "uuid"))
			l->uuid = value;
		else if (mm_str_is(key, "origin") || mm_str_is(key, "source"))
			l->origin = value;
		else if (mm_str_is(key, "message"))
			break;
	}
	if (!mm_str_is(key, "message"))
		return false;
	l->pairs = mm_str_trim(s);
	value = mm_str_trim(plain(l, value));
	l->words = value.n > 0 ? value : l->pairs;
	return l->level.n > 0 && l->origin.n > 0;
}

static void
add_member(void *ctx, struct mm_str key, const struct mm_json *v)
{
	struct mm_buf *b = ctx;
	struct mm_str s = mm_json_str(v);

	if (!mm_json_is_number(v) && s.p == NULL)
		return;
	mm_buf_addc(b, ' ');
	mm_buf_adds(b, key);
	mm_buf_addc(b, '=');
	if (mm_json_is_integer(v)) {
		mm_buf_addi(b, mm_json_int(v, 0));
		return;
	}
	if (mm_json_is_number(v)) {
		mm_buf_addf(b, "%.6f", mm_json_real(v, 0));
		return;
	}
	mm_buf_addc(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			mm_buf_addc(b, '\\');
		mm_buf_addc(b, s.p[i]);
	}
	mm_buf_addc(b, '"');
}

static bool
take_object(struct mm_haraka_line *l, struct mm_str s)
{
	struct mm_json *root = mm_json_parse(s, NULL);
	bool is_whole = mm_json_is_object(root);

	if (is_whole)
		mm_json_each(root, add_member, &l->flat);
	mm_json_free(root);
	return is_whole && take_pairs(l, mm_str_trim(mm_buf_str(&l->flat)));
}

/* "UUID" is a connection, "UUID.1" its transaction, "UUID.1.2" the second
 * part of what goes out; of mail that Haraka made itself "UUID.1" is one. */
static void
take_ids(struct mm_haraka_line *l)
{
	size_t dot = mm_str_find_last(l->uuid, ".");
	struct mm_str number;
	uint64_t part;

	l->part = -1;
	if (!starts_with_uuid(l->uuid))
		return;
	l->session = mm_str_upto(l->uuid, UUID);
	if (dot == MM_NOT_FOUND)
		return;
	l->id = l->uuid;
	number = mm_str_from(l->uuid, dot + 1);
	if (l->outbound && mm_str_to_u64(number, &part) && part <= INT32_MAX) {
		l->id = mm_str_upto(l->uuid, dot);
		l->part = (int64_t)part;
	}
}

bool
mm_haraka_line_init(struct mm_haraka_line *l, const struct mm_line *line,
		    struct mm_emit *emit)
{
	struct mm_str s = without_colours(line->text);
	bool is_whole;

	l->line = line;
	l->emit = emit;
	l->level = l->uuid = l->origin = l->words = l->pairs = MM_STR_ABSENT;
	l->session = l->id = MM_STR_ABSENT;
	l->n_scratch = 0;
	mm_buf_init(&l->flat, MM_LINE_MAX_BYTES * 4);
	if (mm_str_starts(s, "["))
		is_whole = take_default(l, s);
	else if (mm_str_starts(s, "{"))
		is_whole = take_object(l, s);
	else
		is_whole = take_pairs(l, s);
	l->outbound = mm_str_is(l->origin, "outbound") ||
		      mm_str_skip(&l->words, "[outbound] ");
	take_ids(l);
	return is_whole;
}

void
mm_haraka_line_fini(struct mm_haraka_line *l)
{
	mm_buf_fini(&l->flat);
}
