#include <string.h>

#include "formats/read/stamp.h"

int
mm_stamp_two(const char *p)
{
	return mm_is_digit(p[0]) && mm_is_digit(p[1])
		   ? (p[0] - '0') * 10 + (p[1] - '0')
		   : -1;
}

int
mm_stamp_day_time(const char *p)
{
	int h = mm_stamp_two(p), m = mm_stamp_two(p + 3),
	    s = mm_stamp_two(p + 6);

	if (p[2] != ':' || p[5] != ':' || h < 0 || h > 23 || m < 0 || m > 59 ||
	    s < 0 || s > 60)
		return -1;
	return h * 3600 + m * 60 + s;
}

int64_t
mm_stamp_fraction(struct mm_str *s)
{
	int64_t us = 0, scale = 100000;
	size_t i = 1;

	if (s->n < 2 || (s->p[0] != '.' && s->p[0] != ',') ||
	    !mm_is_digit(s->p[1]))
		return 0;
	for (; i < s->n && mm_is_digit(s->p[i]); i++) {
		us += (s->p[i] - '0') * scale;
		scale /= 10;
	}
	*s = mm_str_from(*s, i);
	return us;
}

bool
mm_stamp_zone(struct mm_str *s, int64_t *offset_us)
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
	h = mm_stamp_two(p + 1);
	m = mm_stamp_two(p + minutes);
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

int64_t
mm_stamp_settle(struct mm_framer *f, int month, int day, int seconds)
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

bool
mm_stamp_rfc3164(struct mm_framer *f, struct mm_str *s, int64_t *t_us)
{
	const char *p = s->p;
	int month, day, seconds;
	size_t at = 4;
	int64_t t;

	if (s->n < 15)
		return false;
	if (cached(f, p, 15)) {
		*s = mm_str_from(*s, 15);
		*t_us = f->stamp_us + mm_stamp_fraction(s);
		f->is_local = true;
		return true;
	}
	month = mm_time_month(*s);
	if (month == 0 || p[3] != ' ')
		return false;
	if (p[4] == ' ')
		at = 5;
	if (!mm_is_digit(p[at]))
		return false;
	day = p[at++] - '0';
	if (mm_is_digit(p[at]))
		day = day * 10 + (p[at++] - '0');
	if (p[at] != ' ' || s->n < at + 9)
		return false;
	seconds = mm_stamp_day_time(p + at + 1);
	if (seconds < 0)
		return false;
	t = mm_stamp_settle(f, month, day, seconds);
	if (t == MM_TIME_NONE)
		return false;
	t = mm_framer_utc(f, t);
	if (at + 9 == 15)
		cache(f, p, 15, t);
	*s = mm_str_from(*s, at + 9);
	*t_us = t + mm_stamp_fraction(s);
	f->is_local = true;
	return true;
}

bool
mm_stamp_iso(struct mm_framer *f, struct mm_str *s, int64_t *t_us)
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
		century = mm_stamp_two(p);
		c.year = mm_stamp_two(p + 2);
		c.month = mm_stamp_two(p + 5);
		c.day = mm_stamp_two(p + 8);
		seconds = mm_stamp_day_time(p + 11);
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
	t += mm_stamp_fraction(s);
	f->is_local = !mm_stamp_zone(s, &offset);
	*t_us = f->is_local ? mm_framer_utc(f, t) : t - offset;
	return true;
}
