#include <string.h>

#include "formats/base/status.h"
#include "formats/read/framing.h"

void
mm_framer_init(struct mm_framer *f, int64_t anchor_us, int64_t zone_us)
{
	*f = (struct mm_framer){ .anchor_us = anchor_us,
				 .zone_us = zone_us,
				 .last_us = MM_TIME_NONE,
				 .stamp_us = MM_TIME_NONE };
}

const char *
mm_framing_name(enum mm_framing f)
{
	static const char *const names[MM_FRAME_COUNT] = {
		[MM_FRAME_NONE] = "none",
		[MM_FRAME_RFC3164] = "rfc3164",
		[MM_FRAME_RFC3339] = "rfc3339",
		[MM_FRAME_RFC5424] = "rfc5424",
		[MM_FRAME_ISO_BLANK] = "iso-blank",
	};

	return names[f];
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Two digits at `p`, or -1. */
static int
two(const char *p)
{
	return is_digit(p[0]) && is_digit(p[1])
		   ? (p[0] - '0') * 10 + (p[1] - '0')
		   : -1;
}

/* hh:mm:ss at `p`, in seconds, or -1. */
static int
day_time(const char *p)
{
	int h = two(p), m = two(p + 3), s = two(p + 6);

	if (p[2] != ':' || p[5] != ':' || h < 0 || h > 23 || m < 0 || m > 59 ||
	    s < 0 || s > 60)
		return -1;
	return h * 3600 + m * 60 + s;
}

/* `.` or `,` and digits, if they stand there, as microseconds. */
static int64_t
take_fraction(struct mm_str *s)
{
	int64_t us = 0, scale = 100000;
	size_t i = 1;

	if (s->n < 2 || (s->p[0] != '.' && s->p[0] != ',') ||
	    !is_digit(s->p[1]))
		return 0;
	for (; i < s->n && is_digit(s->p[i]); i++) {
		us += (s->p[i] - '0') * scale;
		scale /= 10;
	}
	*s = mm_str_from(*s, i);
	return us;
}

/* `Z`, `+01:00` or `+0100` behind at most one blank. */
static bool
take_zone(struct mm_str *s, int64_t *offset_us)
{
	size_t i = s->n > 1 && s->p[0] == ' ', minutes;
	const char *p = s->p + i;
	int h, m;

	*offset_us = 0;
	if (i == 0 && s->n > 0 && p[0] == 'Z') {
		*s = mm_str_from(*s, 1);
		return true;
	}
	if (s->n < i + 5 || (p[0] != '+' && p[0] != '-'))
		return false;
	minutes = p[3] == ':' ? 4 : 3;
	if (s->n < i + minutes + 2)
		return false;
	h = two(p + 1);
	m = two(p + minutes);
	if (h < 0 || h > 18 || m < 0 || m > 59)
		return false;
	*offset_us = (p[0] == '-' ? -1 : 1) * (h * 60 + m) * MM_MINUTE_US;
	*s = mm_str_from(*s, i + minutes + 2);
	return true;
}

/* The time of a stamp without a year, were it in `year`; NONE: no such day. */
static int64_t
in_year(int year, int month, int day, int seconds)
{
	struct mm_civil c = { .year = year, .month = month, .day = day };

	if (day < 1 || day > mm_time_month_days(year, month))
		return MM_TIME_NONE;
	return mm_time_from_civil(&c) + seconds * MM_SECOND_US;
}

static int
year_of(int64_t t_us)
{
	struct mm_civil c;

	mm_time_to_civil(t_us, &c);
	return c.year;
}

/* No stamp is later, in local time. */
static int64_t
limit_of(const struct mm_framer *f)
{
	return f->anchor_us == MM_TIME_NONE
		   ? INT64_MAX
		   : f->anchor_us + f->zone_us + MM_DAY_US;
}

/* The latest year in which the stamp is not behind the limit. */
static int
first_year(const struct mm_framer *f, int month, int day, int seconds)
{
	int64_t limit, t;
	int year;

	if (f->anchor_us == MM_TIME_NONE)
		return 2000;
	limit = limit_of(f);
	for (year = year_of(limit); year > 1970; year--) {
		t = in_year(year, month, day, seconds);
		if (t != MM_TIME_NONE && t <= limit)
			break;
	}
	return year;
}

/* Local time of a stamp without a year; MM_TIME_NONE: no such day. */
static int64_t
settle_year(struct mm_framer *f, int month, int day, int seconds)
{
	const int64_t half = 183 * MM_DAY_US;
	int64_t last, t, other;

	if (f->year == 0 || f->last_us == MM_TIME_NONE) {
		f->year = first_year(f, month, day, seconds);
		return in_year(f->year, month, day, seconds);
	}
	last = f->last_us + f->zone_us;
	t = in_year(f->year, month, day, seconds);
	other = in_year(f->year + 1, month, day, seconds);
	if ((t == MM_TIME_NONE || t < last - half) && other != MM_TIME_NONE &&
	    other <= limit_of(f)) {
		f->year++;
		return other;
	}
	other = in_year(f->year - 1, month, day, seconds);
	if ((t == MM_TIME_NONE || t > last + half) && other != MM_TIME_NONE &&
	    other >= last - 2 * MM_DAY_US) {
		f->year--;
		return other;
	}
	return t;
}

static bool
cached(struct mm_framer *f, const char *p, size_t n)
{
	return f->stamp_us != MM_TIME_NONE && memcmp(f->stamp, p, n) == 0 &&
	       f->stamp[n] == '\0';
}

static void
cache(struct mm_framer *f, const char *p, size_t n, int64_t t_us)
{
	memcpy(f->stamp, p, n);
	f->stamp[n] = '\0';
	f->stamp_us = t_us;
}

/* `Feb  4 09:29:26`, the day padded by a blank, a zero or not at all, a
 * fraction or not. */
static bool
take_rfc3164(struct mm_framer *f, struct mm_str *s, int64_t *t_us)
{
	const char *p = s->p;
	int month, day, seconds;
	size_t at = 4;
	int64_t t;

	if (s->n < 15)
		return false;
	if (cached(f, p, 15)) {
		*s = mm_str_from(*s, 15);
		*t_us = f->stamp_us + take_fraction(s);
		return true;
	}
	month = mm_time_month(*s);
	if (month == 0 || p[3] != ' ')
		return false;
	if (p[4] == ' ')
		at = 5;
	if (!is_digit(p[at]))
		return false;
	day = p[at++] - '0';
	if (is_digit(p[at]))
		day = day * 10 + (p[at++] - '0');
	if (p[at] != ' ' || s->n < at + 9)
		return false;
	seconds = day_time(p + at + 1);
	if (seconds < 0)
		return false;
	t = settle_year(f, month, day, seconds);
	if (t == MM_TIME_NONE)
		return false;
	t -= f->zone_us;
	if (at + 9 == 15)
		cache(f, p, 15, t);
	*s = mm_str_from(*s, at + 9);
	*t_us = t + take_fraction(s);
	return true;
}

/* `2023-03-14T00:00:31.185246+01:00`, the T or one blank, with or without a
 * zone. */
static bool
take_iso(struct mm_framer *f, struct mm_str *s, int64_t *t_us)
{
	const char *p = s->p;
	struct mm_civil c = { 0 };
	int64_t t, offset;
	int seconds, century;

	if (s->n < 19)
		return false;
	if (cached(f, p, 19)) {
		t = f->stamp_us;
	} else {
		century = two(p);
		c.year = two(p + 2);
		c.month = two(p + 5);
		c.day = two(p + 8);
		seconds = day_time(p + 11);
		if (p[4] != '-' || p[7] != '-' ||
		    (p[10] != 'T' && p[10] != ' ') || seconds < 0 ||
		    century < 19 || c.year < 0 || c.month < 1 || c.month > 12)
			return false;
		c.year += century * 100;
		if (c.year < 1970 || c.day < 1 ||
		    c.day > mm_time_month_days(c.year, c.month))
			return false;
		t = mm_time_from_civil(&c) + seconds * MM_SECOND_US;
		cache(f, p, 19, t);
		f->year = c.year;
	}
	*s = mm_str_from(*s, 19);
	t += take_fraction(s);
	*t_us = t - (take_zone(s, &offset) ? offset : f->zone_us);
	return true;
}

/* A number in `[...]` at the end of `word`: taken off, into `pid`. */
static void
take_pid(struct mm_str *word, uint32_t *pid)
{
	size_t i = word->n;
	uint64_t v;

	if (word->n < 3 || word->p[word->n - 1] != ']')
		return;
	for (i--; i > 0 && is_digit(word->p[i - 1]); i--)
		;
	if (i < 2 || word->p[i - 1] != '[' ||
	    !mm_str_to_u64((struct mm_str){ word->p + i, word->n - 1 - i }, &v))
		return;
	*pid = v <= UINT32_MAX ? (uint32_t)v : 0;
	word->n = i - 1;
}

static struct mm_str
first_word(struct mm_str s)
{
	const char *blank = s.n > 0 ? memchr(s.p, ' ', s.n) : NULL;

	return blank != NULL ? mm_str_upto(s, (size_t)(blank - s.p)) : s;
}

/* "tag[pid]: text", "tag: text", "tag[pid] text", "tag[pid]:text"; else all
 * is text. Without a header only a pid tells a tag from other words. */
static void
take_tag(struct mm_str s, bool header, struct mm_line *out)
{
	struct mm_str word = first_word(s), tag;
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

/* Behind the stamp: " host tag[pid]: text". The host may be empty (two
 * blanks) or missing (the tag comes first). */
static void
take_header(struct mm_str s, struct mm_line *out)
{
	struct mm_str word;

	(void)mm_str_skip(&s, " ");
	word = first_word(s);
	if (word.n == 0) {
		(void)mm_str_skip(&s, " ");
	} else if (word.p[word.n - 1] != ':' && word.n < s.n) {
		out->host = word;
		s = mm_str_from(s, word.n + 1);
	}
	take_tag(s, true, out);
}

static bool
nil(struct mm_str s)
{
	return mm_str_is(s, "-");
}

/* Structured data: `-` or a run of `[id name="value" ...]`. */
static void
skip_structured(struct mm_str *s)
{
	bool quoted = false;
	size_t i = 0;

	if (mm_str_skip(s, "-"))
		return;
	while (i < s->n && s->p[i] == '[') {
		for (i++; i < s->n && (quoted || s->p[i] != ']'); i++) {
			if (s->p[i] == '"')
				quoted = !quoted;
			else if (quoted && s->p[i] == '\\')
				i++;
		}
		i += i < s->n;
	}
	*s = mm_str_from(*s, i < s->n ? i : s->n);
}

/* Behind "<22>1 ": "stamp host app pid msgid structured text". */
static bool
take_rfc5424(struct mm_framer *f, struct mm_str s, struct mm_line *out)
{
	struct mm_str host, app, pid, msgid;
	int64_t t_us = MM_TIME_NONE;
	uint64_t v;

	if (!mm_str_skip(&s, "- ") &&
	    (!take_iso(f, &s, &t_us) || !mm_str_skip(&s, " ")))
		return false;
	if (!mm_str_cutc(&s, ' ', &host) || !mm_str_cutc(&s, ' ', &app) ||
	    !mm_str_cutc(&s, ' ', &pid) || !mm_str_cutc(&s, ' ', &msgid))
		return false;
	out->t_us = t_us;
	if (!nil(host))
		out->host = host;
	if (!nil(app))
		out->tag = app;
	if (mm_str_to_u64(pid, &v) && v <= UINT32_MAX)
		out->pid = (uint32_t)v;
	skip_structured(&s);
	(void)mm_str_skip(&s, " ");
	(void)mm_str_skip(&s, "\xef\xbb\xbf");
	out->text = s;
	out->framing = MM_FRAME_RFC5424;
	return true;
}

/* Exim: "stamp [pid] text"; everything else that Exim may put in stays. */
static void
take_iso_blank(struct mm_str s, struct mm_line *out)
{
	struct mm_str number, rest = s;

	(void)mm_str_skip(&rest, " ");
	out->text = rest;
	if (mm_str_skip(&rest, "[") && mm_str_cutc(&rest, ']', &number) &&
	    number.n > 0 && number.n < 10 && mm_str_skip(&rest, " ")) {
		uint64_t v;

		if (mm_str_to_u64(number, &v)) {
			out->pid = (uint32_t)v;
			out->text = rest;
		}
	}
	out->framing = MM_FRAME_ISO_BLANK;
}

/* "<22>": at most three digits. */
static bool
skip_priority(struct mm_str *s)
{
	size_t i = 1;

	while (i < s->n && i < 4 && is_digit(s->p[i]))
		i++;
	if (i == 1 || i >= s->n || s->p[i] != '>')
		return false;
	*s = mm_str_from(*s, i + 1);
	return true;
}

static bool
frame_stamp(struct mm_framer *f, struct mm_str s, struct mm_line *out)
{
	const char *p = s.p;

	if (s.n < 2)
		return false;
	if (is_digit(p[0])) {
		if (!take_iso(f, &s, &out->t_us))
			return false;
		if (p[10] == ' ') {
			take_iso_blank(s, out);
			return true;
		}
		out->framing = MM_FRAME_RFC3339;
	} else {
		if (!take_rfc3164(f, &s, &out->t_us))
			return false;
		out->framing = MM_FRAME_RFC3164;
	}
	take_header(s, out);
	return true;
}

/* rsyslog: "message repeated 2 times: [ text ]" (some put no blank in). */
static void
take_repeats(struct mm_line *out)
{
	struct mm_str s = out->text;
	uint64_t v;

	if (!mm_str_skip(&s, "message repeated ") || !mm_str_take_u64(&s, &v) ||
	    v == 0 || v > UINT32_MAX || !mm_str_skip(&s, " times: [") ||
	    !mm_str_ends(s, "]"))
		return;
	out->repeats = (uint32_t)v;
	s.n--;
	(void)mm_str_skip(&s, " ");
	out->text = s;
}

void
mm_frame(struct mm_framer *f, struct mm_str raw, struct mm_line *out)
{
	struct mm_str s = raw;
	bool dated;

	*out = (struct mm_line){
		.raw = raw, .t_us = MM_TIME_NONE, .text = raw, .repeats = 1
	};
	if (s.n > 0 && s.p[0] == '<' && skip_priority(&s) &&
	    mm_str_starts(s, "1 ") && take_rfc5424(f, mm_str_from(s, 2), out)) {
		dated = true;
	} else {
		dated = frame_stamp(f, s, out);
		if (!dated)
			take_tag(s, false, out);
	}
	if (out->t_us != MM_TIME_NONE)
		f->last_us = out->t_us;
	if (dated && out->text.n > 0 && out->text.p[0] == 'm')
		take_repeats(out);
}
