#include <string.h>

#include "formats/base/status.h"
#include "formats/read/stamp.h"

/* In a pattern:
 *   %Y 2024   %y 24   %m 02   %b Feb   %l a month in another language
 *   %d the day, of one or two digits, a blank before one
 *   %a Sun    %T 09:29:26, a fraction or not    %z a zone or none
 *   %Z CET    and every other byte is itself. */
static const struct pattern {
	const char *text;
	enum mm_framing framing;
	bool header;
} patterns[] = {
	/* clang-format off */
	{ "%Y %b %d %T", MM_FRAME_RFC3164, true },
	{ "%b %d %Y %T", MM_FRAME_RFC3164, true },
	{ "%a %b %d %T %Y", MM_FRAME_RFC3164, true },
	{ "%a %b %d %T", MM_FRAME_RFC3164, true },
	{ "%l %d %T", MM_FRAME_RFC3164, true },
	{ "%a %Y-%m-%d %T %Z", MM_FRAME_DATED, true },
	{ "[%Y-%m-%d %T%z]", MM_FRAME_DATED, false },
	{ "[%Y-%m-%dT%T%z]", MM_FRAME_DATED, false },
	{ "[%d-%b-%Y %T%z]", MM_FRAME_DATED, false },
	{ "[%d/%b/%Y %T%z]", MM_FRAME_DATED, false },
	{ "[%d/%b/%Y:%T%z]", MM_FRAME_DATED, false },
	{ "%d-%m-%Y %T", MM_FRAME_DATED, false },
	{ "%d/%m/%Y %T", MM_FRAME_DATED, false },
	{ "%d.%m.%Y %T", MM_FRAME_DATED, false },
	/* When the first number can only be the day, it was one of those. */
	{ "%m-%d-%Y %T", MM_FRAME_DATED, false },
	{ "%m/%d/%Y %T", MM_FRAME_DATED, false },
	{ "%d-%b-%Y %T%z", MM_FRAME_DATED, false },
	{ "%d %b %Y %T%z", MM_FRAME_DATED, false },
	{ "%Y/%m/%d %T%z", MM_FRAME_DATED, false },
	{ "%b-%d-%y %T", MM_FRAME_DATED, false },
	/* clang-format on */
};

/* Beginnings of months' names where they are not English, lower case or as
 * glibc's locales have them: de es fr it nl pt. */
static const struct {
	const char *name;
	int month;
} months[] = {
	/* clang-format off */
	{ "J\xc3\xa4n", 1 }, { "janv", 1 }, { "jan", 1 }, { "ene", 1 },
	{ "gen", 1 }, { "f\xc3\xa9v", 2 }, { "feb", 2 }, { "fev", 2 },
	{ "M\xc3\xa4r", 3 }, { "mars", 3 }, { "mar", 3 }, { "mrt", 3 },
	{ "avr", 4 }, { "abr", 4 }, { "apr", 4 }, { "Mai", 5 }, { "mai", 5 },
	{ "may", 5 }, { "mag", 5 }, { "mei", 5 }, { "juin", 6 },
	{ "jun", 6 }, { "giu", 6 }, { "juil", 7 }, { "jul", 7 },
	{ "lug", 7 }, { "ao\xc3\xbb", 8 }, { "aug", 8 }, { "ago", 8 },
	{ "sept", 9 }, { "sep", 9 }, { "set", 9 }, { "Okt", 10 },
	{ "okt", 10 }, { "oct", 10 }, { "ott", 10 }, { "out", 10 },
	{ "nov", 11 }, { "Dez", 12 }, { "dez", 12 }, { "d\xc3\xa9" "c", 12 },
	{ "dec", 12 }, { "dic", 12 },
	/* clang-format on */
};

/* What journalctl writes for a zone. Others are taken as the zone that was
 * asked for. */
static const struct {
	const char *name;
	int minutes;
} zones[] = {
	{ "UTC", 0 },	 { "GMT", 0 },	  { "WET", 0 },	   { "WEST", 60 },
	{ "BST", 60 },	 { "CET", 60 },	  { "CEST", 120 }, { "EET", 120 },
	{ "EEST", 180 }, { "MSK", 180 },  { "EST", -300 }, { "EDT", -240 },
	{ "CST", -360 }, { "CDT", -300 }, { "MST", -420 }, { "MDT", -360 },
	{ "PST", -480 }, { "PDT", -420 }, { "JST", 540 },  { "AEST", 600 },
	{ "AEDT", 660 },
};

struct parsed {
	struct mm_civil c; /* year 0: not given */
	int seconds;
	int64_t us, zone_us;
	bool has_zone;
};

static bool
take_digits(struct mm_str *s, size_t min, size_t max, int *value)
{
	size_t i = 0;

	*value = 0;
	for (; i < s->n && i < max && mm_is_digit(s->p[i]); i++)
		*value = *value * 10 + (s->p[i] - '0');
	if (i < min)
		return false;
	*s = mm_str_from(*s, i);
	return true;
}

static bool
take_day(struct mm_str *s, int *day)
{
	(void)mm_str_skip(s, " ");
	return take_digits(s, 1, 2, day);
}

static bool
take_month(struct mm_str *s, int *month)
{
	*month = mm_time_month(*s);
	if (*month > 0)
		*s = mm_str_from(*s, 3);
	return *month > 0;
}

/* With the rest of its letters and a dot. */
static bool
take_foreign_month(struct mm_str *s, int *month)
{
	size_t n = mm_str_findc(*s, ' ');

	if (n > 10)
		return false;
	for (size_t i = 0; i < n; i++)
		if (mm_is_digit(s->p[i]))
			return false;
	for (size_t i = 0; i < MM_COUNT(months); i++)
		if (mm_str_starts(*s, months[i].name)) {
			*month = months[i].month;
			*s = mm_str_from(*s, n);
			return true;
		}
	return false;
}

static bool
take_weekday(struct mm_str *s)
{
	static const char names[] = "MonTueWedThuFriSatSun";

	for (int i = 0; s->n > 3 && i < 7; i++)
		if (memcmp(s->p, names + 3 * i, 3) == 0) {
			*s = mm_str_from(*s, 3);
			return true;
		}
	return false;
}

static bool
take_zone_name(struct mm_str *s, struct parsed *t)
{
	size_t n = 0;

	if (mm_stamp_zone(s, &t->zone_us)) {
		t->has_zone = true;
		return true;
	}
	while (n < s->n && s->p[n] >= 'A' && s->p[n] <= 'Z')
		n++;
	for (size_t i = 0; i < MM_COUNT(zones); i++)
		if (mm_str_is(mm_str_upto(*s, n), zones[i].name)) {
			t->has_zone = true;
			t->zone_us = zones[i].minutes * MM_MINUTE_US;
		}
	*s = mm_str_from(*s, n);
	return n > 1;
}

static bool
take_day_time(struct mm_str *s, struct parsed *t)
{
	t->seconds = s->n >= 8 ? mm_stamp_day_time(s->p) : -1;
	if (t->seconds < 0)
		return false;
	*s = mm_str_from(*s, 8);
	t->us = mm_stamp_fraction(s);
	return true;
}

static bool
take_item(char item, struct mm_str *s, struct parsed *t)
{
	switch (item) {
	case 'Y':
		return take_digits(s, 4, 4, &t->c.year);
	case 'y':
		if (!take_digits(s, 2, 2, &t->c.year))
			return false;
		t->c.year += t->c.year < 70 ? 2000 : 1900;
		return true;
	case 'm':
		return take_digits(s, 2, 2, &t->c.month);
	case 'b':
		return take_month(s, &t->c.month);
	case 'l':
		return take_foreign_month(s, &t->c.month);
	case 'd':
		return take_day(s, &t->c.day);
	case 'a':
		return take_weekday(s);
	case 'T':
		return take_day_time(s, t);
	case 'z':
		t->has_zone = mm_stamp_zone(s, &t->zone_us);
		return true;
	case 'Z':
		return take_zone_name(s, t);
	default:
		return false;
	}
}

static bool
matches(const char *pattern, struct mm_str *s, struct parsed *t)
{
	*t = (struct parsed){ 0 };
	for (const char *p = pattern; *p != '\0'; p++) {
		if (*p == '%') {
			if (!take_item(*++p, s, t))
				return false;
			continue;
		}
		if (s->n == 0 || s->p[0] != *p)
			return false;
		*s = mm_str_from(*s, 1);
	}
	return t->c.month >= 1 && t->c.month <= 12 &&
	       (t->c.year == 0 || (t->c.year >= 1970 && t->c.year < 2200));
}

static int64_t
time_of(struct mm_framer *f, const struct parsed *t)
{
	const struct mm_civil *c = &t->c;
	int64_t t_us;

	if (c->year == 0) {
		t_us = mm_stamp_settle(f, c->month, c->day, t->seconds);
	} else {
		if (c->day < 1 ||
		    c->day > mm_time_month_days(c->year, c->month))
			return MM_TIME_NONE;
		f->year = c->year;
		t_us = mm_time_from_civil(c) + t->seconds * MM_SECOND_US;
	}
	f->is_local = !t->has_zone;
	if (t_us == MM_TIME_NONE)
		return t_us;
	t_us += t->us;
	return t->has_zone ? t_us - t->zone_us : mm_framer_utc(f, t_us);
}

static bool
take_pattern(struct mm_framer *f, struct mm_str *s, struct mm_stamp *stamp)
{
	for (size_t i = 0; i < MM_COUNT(patterns); i++) {
		struct mm_str rest = *s;
		struct parsed t;

		if (!matches(patterns[i].text, &rest, &t))
			continue;
		stamp->t_us = time_of(f, &t);
		if (stamp->t_us == MM_TIME_NONE)
			continue;
		stamp->framing = patterns[i].framing;
		stamp->header = patterns[i].header;
		/* "[20-Oct-2021 10:23:47 -0600]: text" */
		if (patterns[i].text[0] == '[')
			(void)mm_str_skip(&rest, ":");
		*s = rest;
		return true;
	}
	return false;
}

/* `1276913544.622156 `, with 9 or 10 digits of seconds. */
static bool
take_epoch(struct mm_framer *f, struct mm_str *s, struct mm_stamp *stamp)
{
	struct mm_str rest = *s;
	uint64_t sec;

	f->is_local = false;
	if (s->n < 12 || !mm_str_take_u64(&rest, &sec) || rest.p - s->p < 9 ||
	    rest.p - s->p > 10)
		return false;
	stamp->t_us = (int64_t)sec * MM_SECOND_US + mm_stamp_fraction(&rest);
	if (!mm_str_starts(rest, " "))
		return false;
	stamp->framing = MM_FRAME_EPOCH;
	/* journalctl -o short-unix has a header, qmail and its like do not. */
	stamp->header = true;
	*s = rest;
	return true;
}

static int
hex_digit(char c)
{
	if (mm_is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `@` and 16 digits of seconds, 8 of nanoseconds. The labels count TAI: 10 s
 * ahead of UTC, as multilog and s6-log write them; leap seconds since then
 * are in the clock that they read. */
static bool
take_tai64n(struct mm_framer *f, struct mm_str *s, struct mm_stamp *stamp)
{
	uint64_t sec = 0, ns = 0;

	f->is_local = false;
	if (s->n < 26 || s->p[0] != '@' || s->p[25] != ' ')
		return false;
	for (size_t i = 1; i < 25; i++) {
		int d = hex_digit(s->p[i]);

		if (d < 0)
			return false;
		if (i <= 16)
			sec = sec << 4 | (uint64_t)d;
		else
			ns = ns << 4 | (uint64_t)d;
	}
	if (sec < 4611686018427387914U ||
	    sec - 4611686018427387914U > UINT32_MAX || ns > 999999999)
		return false;
	stamp->t_us = (int64_t)(sec - 4611686018427387914U) * MM_SECOND_US +
		      (int64_t)(ns / 1000);
	stamp->framing = MM_FRAME_TAI64N;
	stamp->header = false;
	*s = mm_str_from(*s, 25);
	return true;
}

/* `- 1131566490 2005.11.09 host Nov 9 12:01:30 host/relay prog[1]: text`: the
 * data sets that researchers pass on. What is an alarm has its kind in place
 * of the dash. */
static bool
take_labelled(struct mm_framer *f, struct mm_str *s, struct mm_stamp *stamp)
{
	struct mm_str rest = *s, label, date, host;
	int64_t local_us;
	uint64_t sec;

	if (!mm_str_cutc(&rest, ' ', &label) || label.n > 24 ||
	    !mm_str_take_u64(&rest, &sec) || sec > UINT32_MAX ||
	    !mm_str_skip(&rest, " ") || !mm_str_cutc(&rest, ' ', &date) ||
	    date.n != 10 || !mm_str_cutc(&rest, ' ', &host) ||
	    !mm_stamp_rfc3164(f, &rest, &local_us))
		return false;
	stamp->t_us = (int64_t)sec * MM_SECOND_US;
	f->is_local = false;
	stamp->framing = MM_FRAME_RFC3164;
	stamp->header = true;
	*s = rest;
	return true;
}

/* `[28325:00010-3735542592] ` before a date: Domino. */
static bool
take_domino(struct mm_framer *f, struct mm_str *s, struct mm_stamp *stamp)
{
	struct mm_str rest = *s, ids;

	if (!mm_str_skip(&rest, "[") || !mm_str_cut(&rest, "] ", &ids) ||
	    ids.n < 3 || ids.n > 40 || mm_str_findc(ids, ':') == MM_NOT_FOUND ||
	    !take_pattern(f, &rest, stamp))
		return false;
	*s = rest;
	return true;
}

/* `[ 1234.567890] host prog[1]: text`: since boot, so no time that we know. */
static bool
take_monotonic(struct mm_framer *f, struct mm_str *s, struct mm_stamp *stamp)
{
	struct mm_str rest = *s;
	uint64_t sec;

	(void)f;
	if (!mm_str_skip(&rest, "["))
		return false;
	while (mm_str_skip(&rest, " "))
		;
	if (!mm_str_take_u64(&rest, &sec) || !mm_str_starts(rest, "."))
		return false;
	(void)mm_stamp_fraction(&rest);
	if (!mm_str_skip(&rest, "]"))
		return false;
	stamp->t_us = MM_TIME_NONE;
	stamp->framing = MM_FRAME_NONE;
	stamp->header = true;
	*s = rest;
	return true;
}

bool
mm_stamp_other(struct mm_framer *f, struct mm_str *s, struct mm_stamp *stamp)
{
	static bool (*const forms[])(struct mm_framer *, struct mm_str *,
				     struct mm_stamp *) = {
		take_epoch,  take_tai64n,   take_pattern,
		take_domino, take_labelled, take_monotonic,
	};

	for (size_t i = 0; i < MM_COUNT(forms); i++)
		if (forms[i](f, s, stamp))
			return true;
	return false;
}
