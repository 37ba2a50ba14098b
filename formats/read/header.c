#include <string.h>

#include "formats/base/status.h"
#include "formats/read/header.h"
#include "formats/read/stamp.h"

struct mm_str
mm_header_word(struct mm_str s)
{
	const char *blank = s.n > 0 ? memchr(s.p, ' ', s.n) : NULL;

	return blank != NULL ? mm_str_upto(s, (size_t)(blank - s.p)) : s;
}

/* A number in `[...]` at the end of `word`: taken off, into `pid`. */
static void
take_pid(struct mm_str *word, uint32_t *pid)
{
	size_t i = word->n;
	uint64_t v = 0;

	if (word->n < 3 || word->p[word->n - 1] != ']')
		return;
	for (i--; i > 0 && mm_is_digit(word->p[i - 1]); i--)
		;
	if (i < 2 || word->p[i - 1] != '[' || word->n - i > 11)
		return;
	for (size_t k = i; k < word->n - 1; k++)
		v = v * 10 + (uint64_t)(word->p[k] - '0');
	*pid = v <= UINT32_MAX ? (uint32_t)v : 0;
	word->n = i - 1;
}

void
mm_header_tag(struct mm_str s, bool header, struct mm_line *out)
{
	struct mm_str word = mm_header_word(s), tag;
	const char *end;
	size_t taken = word.n;
	bool colon = word.n > 1 && word.p[word.n - 1] == ':';
	uint32_t pid = 0;

	out->text = s;
	if (colon) {
		word.n--;
	} else if (word.n > 2 && word.p[word.n - 1] != ']') {
		end = memchr(word.p, ']', word.n - 1);
		if (end == NULL || end[1] != ':')
			return;
		word.n = (size_t)(end - word.p) + 1;
		taken = word.n + 1;
	}
	tag = word;
	take_pid(&tag, &pid);
	if (tag.n == 0 || (tag.n == word.n && !(colon && header)))
		return;
	out->tag = tag;
	out->pid = pid;
	out->text = mm_str_from(s, taken);
	(void)mm_str_skip(&out->text, " ");
}

/* "mail.info", "mail:info" (AIX), "<mail.info>" or "<2.6>" (FreeBSD -v). */
static bool
is_priority(struct mm_str word)
{
	static const char *const levels[] = { "emerg",	 "alert",  "crit",
					      "err",	 "error",  "warn",
					      "warning", "notice", "info",
					      "debug" };
	struct mm_str facility;

	if (word.n > 2 && word.p[0] == '<' && word.p[word.n - 1] == '>')
		return true;
	if (!mm_str_cutc(&word, '.', &facility) &&
	    !mm_str_cutc(&word, ':', &facility))
		return false;
	for (size_t i = 0; i < MM_COUNT(levels); i++)
		if (mm_str_is(word, levels[i]))
			return facility.n > 0;
	return false;
}

static bool
skip_priority(struct mm_str *s)
{
	struct mm_str word = mm_header_word(*s);

	/* Most words that stand here end a tag or are a host. */
	if (word.n < 5 || word.n > 20 || word.n == s->n ||
	    word.p[word.n - 1] == ':' || !is_priority(word))
		return false;
	*s = mm_str_from(*s, word.n + 1);
	return true;
}

/* syslog-ng: "src@host/relay". */
static struct mm_str
bare_host(struct mm_str host)
{
	const char *at = memchr(host.p, '@', host.n);
	const char *slash;

	if (at != NULL)
		host = mm_str_from(host, (size_t)(at + 1 - host.p));
	slash = memchr(host.p, '/', host.n);
	if (slash != NULL)
		host = mm_str_upto(host, (size_t)(slash - host.p));
	return mm_str_is(host, "-") || host.n == 0 ? MM_STR_ABSENT : host;
}

/* Solaris: "[ID 197553 mail.info] text". */
static void
skip_message_id(struct mm_str *s)
{
	struct mm_str rest = *s, inside;

	if (mm_str_skip(&rest, "[ID ") && mm_str_cut(&rest, "] ", &inside) &&
	    inside.n < 40)
		*s = rest;
}

/* Haraka has no header, and may write "[LEVEL]", pairs or JSON behind its
 * stamp; colours of a terminal are no host either. */
static bool
is_no_host(struct mm_str word)
{
	switch (word.p[0]) {
	case '[':
		return word.n > 2 && word.p[1] >= 'A' && word.p[1] <= 'Z' &&
		       word.p[word.n - 1] == ']';
	case 'l':
		return mm_str_starts(word, "level=");
	default:
		return word.p[0] == '{' || word.p[0] == '\x1b';
	}
}

void
mm_header_take(struct mm_str s, struct mm_line *out)
{
	struct mm_str word;
	bool skipped;

	(void)mm_str_skip(&s, " ");
	skipped = skip_priority(&s);
	word = mm_header_word(s);
	if (word.n == 0) {
		(void)mm_str_skip(&s, " ");
	} else if (is_no_host(word)) {
		out->text = s;
		return;
	} else if (word.p[word.n - 1] == ':' ||
		   (word.p[word.n - 1] == ']' && word.p[0] != '[') ||
		   mm_str_is(word, "---")) {
		/* No host: this is the tag, or macOS' "--- last message". */
	} else if (word.n < s.n) {
		out->host = bare_host(word);
		s = mm_str_from(s, word.n + 1);
		if (!skipped)
			(void)skip_priority(&s);
	}
	mm_header_tag(s, true, out);
	if (out->text.n > 0 && out->text.p[0] == '[')
		skip_message_id(&out->text);
}

bool
mm_header_is(struct mm_str s)
{
	struct mm_line line = { .pid = 0 };
	struct mm_str word;

	(void)mm_str_skip(&s, " ");
	word = mm_header_word(s);
	if (word.n == 0 || word.n >= s.n)
		return false;
	mm_header_tag(mm_str_from(s, word.n + 1), false, &line);
	return line.tag.p != NULL;
}
