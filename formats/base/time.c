#include <stdio.h>
#include <string.h>

#include "formats/base/status.h"
#include "formats/base/time.h"

bool
mm_time_is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int
mm_time_month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30,
		                    31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && mm_time_is_leap(year));
}

/* Days since 1970-01-01, by eras of 400 years that begin in March. */
static int64_t
days_from_civil(int64_t y, int m, int d)
{
	int64_t era, yoe, doy;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

int64_t
mm_time_from_civil(const struct mm_civil *c)
{
	int64_t days = days_from_civil(c->year, c->month, c->day);

	return days * MM_DAY_US + c->hour * MM_HOUR_US +
	       c->minute * MM_MINUTE_US + c->second * MM_SECOND_US + c->us;
}

void
mm_time_to_civil(int64_t t_us, struct mm_civil *c)
{
	int64_t days = t_us / MM_DAY_US, rest = t_us % MM_DAY_US;
	int64_t z, era, doe, yoe, doy, mp;

	if (rest < 0) {
		rest += MM_DAY_US;
		days--;
	}
	z = days + 719468;
	era = (z >= 0 ? z : z - 146096) / 146097;
	doe = z - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	c->day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c->month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c->year = (int)(yoe + era * 400 + (c->month <= 2));
	c->hour = (int)(rest / MM_HOUR_US);
	c->minute = (int)(rest / MM_MINUTE_US % 60);
	c->second = (int)(rest / MM_SECOND_US % 60);
	c->us = (int)(rest % MM_SECOND_US);
}

int
mm_time_month(struct mm_str s)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	if (s.n < 3)
		return 0;
	for (int i = 0; i < 12; i++)
		if (memcmp(s.p, names + 3 * i, 3) == 0)
			return i + 1;
	return 0;
}

/* Exactly `n` digits at `p`, or -1. */
static int
digits(const char *p, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

static bool
take_fraction(struct mm_str *s, int *us)
{
	int scale = 100000;
	size_t i = 1;

	*us = 0;
	if (s->n == 0 || (s->p[0] != '.' && s->p[0] != ','))
		return true;
	for (; i < s->n && s->p[i] >= '0' && s->p[i] <= '9'; i++) {
		*us += (s->p[i] - '0') * scale;
		scale /= 10;
	}
	if (i > 1)
		*s = mm_str_from(*s, i);
	return i <= 10;
}

static bool
take_zone(struct mm_str *s, int64_t *offset_us)
{
	struct mm_str z = *s;
	int h, m;

	*offset_us = 0;
	if (mm_str_skip(s, "Z"))
		return true;
	if (z.n > 1 && z.p[0] == ' ' && (z.p[1] == '+' || z.p[1] == '-'))
		z = mm_str_from(z, 1);
	if (z.n < 5 || (z.p[0] != '+' && z.p[0] != '-'))
		return false;
	h = digits(z.p + 1, 2);
	if (z.p[3] == ':')
		m = z.n >= 6 ? digits(z.p + 4, 2) : -1;
	else
		m = digits(z.p + 3, 2);
	if (h < 0 || h > 18 || m < 0 || m > 59)
		return false;
	*offset_us = (h * 60 + m) * MM_MINUTE_US;
	if (z.p[0] == '-')
		*offset_us = -*offset_us;
	*s = mm_str_from(z, z.p[3] == ':' ? 6 : 5);
	return true;
}

static bool
in_calendar(const struct mm_civil *c)
{
	return c->year >= 1970 && c->month >= 1 && c->month <= 12 &&
	       c->day >= 1 && c->day <= mm_time_month_days(c->year, c->month) &&
	       c->hour >= 0 && c->hour < 24 && c->minute >= 0 &&
	       c->minute < 60 && c->second >= 0 && c->second <= 60;
}

bool
mm_time_take_iso(struct mm_str *s, int64_t *t_us, bool *has_zone)
{
	const char *p = s->p;
	struct mm_civil c;
	struct mm_str rest;
	int64_t offset;

	if (s->n < 19 || p[4] != '-' || p[7] != '-' ||
	    (p[10] != 'T' && p[10] != ' ') || p[13] != ':' || p[16] != ':')
		return false;
	c = (struct mm_civil){ digits(p, 4),      digits(p + 5, 2),
		               digits(p + 8, 2),  digits(p + 11, 2),
		               digits(p + 14, 2), digits(p + 17, 2), 0 };
	rest = mm_str_from(*s, 19);
	if (!in_calendar(&c) || !take_fraction(&rest, &c.us))
		return false;
	*has_zone = take_zone(&rest, &offset);
	*t_us = mm_time_from_civil(&c) - offset;
	*s = rest;
	return true;
}

const char *
mm_time_iso(int64_t t_us, bool fraction, char text[MM_TIME_TEXT])
{
	struct mm_civil c;
	int n;

	if (t_us == MM_TIME_NONE)
		return strcpy(text, "-");
	mm_time_to_civil(t_us, &c);
	n = snprintf(text, MM_TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d",
	             c.year, c.month, c.day, c.hour, c.minute, c.second);
	if (fraction)
		n += snprintf(text + n, (size_t)(MM_TIME_TEXT - n), ".%06d",
		              c.us);
	(void)snprintf(text + n, (size_t)(MM_TIME_TEXT - n), "Z");
	return text;
}

/* Digits by hand: an export of millions of rows prints several of these a
 * row, and snprintf would be most of its time. */
const char *
mm_time_seconds(int64_t t_us, char text[MM_TIME_TEXT])
{
	uint64_t v = t_us < 0 ? 0 - (uint64_t)t_us : (uint64_t)t_us;
	uint64_t whole = v / 1000000, part = v % 1000000;
	char digits[MM_TIME_TEXT], *p = digits + sizeof(digits);

	*--p = '\0';
	if (part != 0) {
		int n = 6;

		for (; part % 10 == 0; part /= 10)
			n--;
		for (; n > 0; n--, part /= 10)
			*--p = (char)('0' + part % 10);
		*--p = '.';
	}
	do
		*--p = (char)('0' + whole % 10);
	while ((whole /= 10) > 0);
	if (t_us < 0)
		*--p = '-';
	return strcpy(text, p);
}

const char *
mm_time_span(int64_t span_us, char text[MM_TIME_TEXT])
{
	const char *sign = span_us < 0 ? "-" : "";
	int64_t v = span_us < 0 ? -span_us : span_us;
	static const struct {
		int64_t unit_us, below_us;
		const char *name, *next;
	} units[] = {
		{ MM_DAY_US, MM_HOUR_US, "d", "h" },
		{ MM_HOUR_US, MM_MINUTE_US, "h", "min" },
		{ MM_MINUTE_US, MM_SECOND_US, "min", "s" },
	};

	for (size_t i = 0; i < MM_COUNT(units); i++) {
		int64_t big = v / units[i].unit_us;
		int64_t small = v % units[i].unit_us / units[i].below_us;

		if (big == 0)
			continue;
		if (small == 0)
			(void)snprintf(text, MM_TIME_TEXT, "%s%lld %s", sign,
			               (long long)big, units[i].name);
		else
			(void)snprintf(text, MM_TIME_TEXT, "%s%lld %s %lld %s",
			               sign, (long long)big, units[i].name,
			               (long long)small, units[i].next);
		return text;
	}
	if (v >= MM_SECOND_US)
		(void)snprintf(text, MM_TIME_TEXT, "%s%lld.%lld s", sign,
		               (long long)(v / MM_SECOND_US),
		               (long long)(v % MM_SECOND_US / 100000));
	else
		(void)snprintf(text, MM_TIME_TEXT, "%s%lld ms", sign,
		               (long long)(v / 1000));
	return text;
}

bool
mm_time_parse_span(struct mm_str s, int64_t *span_us)
{
	static const struct {
		const char *unit;
		int64_t us;
	} units[] = {
		{ "ms", 1000 },         { "s", MM_SECOND_US },
		{ "m", MM_MINUTE_US },  { "min", MM_MINUTE_US },
		{ "h", MM_HOUR_US },    { "d", MM_DAY_US },
		{ "w", 7 * MM_DAY_US },
	};
	int64_t sum = 0, part;
	bool any = false;

	for (s = mm_str_trim(s); s.n > 0; s = mm_str_trim(s)) {
		size_t n = 0, u = 0, i = 0;
		struct mm_str number, unit;

		while (n < s.n &&
		       ((s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == '.'))
			n++;
		number = mm_str_upto(s, n);
		s = mm_str_trim(mm_str_from(s, n));
		while (u < s.n && s.p[u] >= 'a' && s.p[u] <= 'z')
			u++;
		unit = mm_str_upto(s, u);
		s = mm_str_from(s, u);
		while (i < MM_COUNT(units) && !mm_str_is(unit, units[i].unit))
			i++;
		if (i == MM_COUNT(units) ||
		    !mm_str_to_fixed(number, units[i].us, &part) ||
		    part > INT64_MAX - sum)
			return false;
		sum += part;
		any = true;
	}
	if (any)
		*span_us = sum;
	return any;
}

bool
mm_time_parse(struct mm_str s, int64_t now_us, int64_t *t_us)
{
	bool has_zone, minus = mm_str_starts(s, "-");
	struct mm_str whole = s;
	char full[32];
	int64_t span;

	if (mm_str_skip(&s, "@"))
		return mm_str_to_fixed(s, MM_SECOND_US, t_us);
	if (mm_str_skip(&s, "-") || mm_str_skip(&s, "+")) {
		if (!mm_time_parse_span(s, &span))
			return false;
		*t_us = minus ? now_us - span : now_us + span;
		return true;
	}
	if (s.n == 17 && s.p[16] == 'Z')
		s.n = 16;
	if (s.n == 10 || s.n == 16) { /* a date, or one with hh:mm */
		(void)snprintf(full, sizeof(full), "%.*s%s", MM_STR_ARG(s),
		               s.n == 10 ? "T00:00:00" : ":00");
		whole = mm_str_z(full);
	}
	return mm_time_take_iso(&whole, t_us, &has_zone) && whole.n == 0;
}
