#include <string.h>

#include "formats/base/status.h"
#include "formats/read/dating.h"

#define QUARTER_US (15 * MM_MINUTE_US)
#define FRESH_US   (20 * MM_SECOND_US)
#define N_BELIEVED 3

/* Exim counts in 62 digits; Sendmail has the first 60 of them. */
static const char digits62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz";
/* Postfix has no vowels. */
static const char digits52[] = "0123456789BCDFGHJKLMNPQRSTVWXYZ"
			       "bcdfghjklmnpqrstvwxyz";

/* `n` digits at `p` as a number, or -1. */
static int64_t
number(const char *digits, const char *p, size_t n)
{
	int64_t base = (int64_t)strlen(digits), v = 0;

	for (size_t i = 0; i < n; i++) {
		const char *d = p[i] != '\0' ? strchr(digits, p[i]) : NULL;

		if (d == NULL)
			return -1;
		v = v * base + (d - digits);
	}
	return v;
}

/* Seconds that can be the time of a mail: 2001 to 2100. */
static int64_t
seconds(int64_t sec)
{
	return sec >= 1000000000 && sec < 4102444800 ? sec * MM_SECOND_US
						     : MM_TIME_NONE;
}

/* "4jXHlC1wH9zM": seconds, microseconds, `z`, inode. */
static int64_t
postfix_id(struct mm_str id)
{
	if (id.n < 12 || id.n > 22 || id.p[10] != 'z' ||
	    number(digits52, id.p + 6, 4) < 0)
		return MM_TIME_NONE;
	return seconds(number(digits52, id.p, 6));
}

/* "1xV0ey-0000cm-2j", "1xV0KG-000000004Qz-1nsN": seconds first. */
static int64_t
exim_id(struct mm_str id)
{
	if (!((id.n == 16 && id.p[13] == '-') ||
	      (id.n == 23 && id.p[18] == '-')) ||
	    id.p[6] != '-')
		return MM_TIME_NONE;
	return seconds(number(digits62, id.p, 6));
}

/* "6AM5YXuN000113": year from 1900 modulo 60, month, day, hour, minute,
 * second, each one digit; then a count and the process. */
static int64_t
sendmail_id(struct mm_str id)
{
	struct mm_civil c = { 0 };
	int part[6];

	if (id.n < 14 || id.n > 16)
		return MM_TIME_NONE;
	for (size_t i = 0; i < 6; i++) {
		part[i] = (int)number(digits62, id.p + i, 1);
		if (part[i] < 0 || part[i] >= 60)
			return MM_TIME_NONE;
	}
	c.year = 1960 + part[0] + (part[0] < 41 ? 60 : 0);
	c.month = part[1] + 1;
	c.day = part[2];
	if (c.month > 12 || c.day < 1 ||
	    c.day > mm_time_month_days(c.year, c.month) || part[3] > 23)
		return MM_TIME_NONE;
	c.hour = part[3];
	c.minute = part[4];
	c.second = part[5];
	return mm_time_from_civil(&c);
}

/* What follows the id where a line tells of an arrival. */
static const struct {
	const char *behind;
	int64_t (*time)(struct mm_str id);
} arrivals[] = {
	{ ": client=", postfix_id }, { ": message-id=", postfix_id },
	{ ": uid=", postfix_id },    { " <= ", exim_id },
	{ ": from=", sendmail_id },
};

int64_t
mm_dating_arrival(const struct mm_line *line)
{
	const char *p = line->text.p;
	size_t n = 0;

	while (n < line->text.n && n < 24 && p[n] != ' ' && p[n] != ':')
		n++;
	if (n < 12 || n >= line->text.n)
		return MM_TIME_NONE;
	for (size_t i = 0; i < MM_COUNT(arrivals); i++)
		if (mm_str_starts(mm_str_from(line->text, n),
				  arrivals[i].behind))
			return arrivals[i].time(mm_str_upto(line->text, n));
	return MM_TIME_NONE;
}

void
mm_dating_init(struct mm_dating *d, bool zone_fixed)
{
	*d = (struct mm_dating){ .arrival_us = MM_TIME_NONE,
				 .zone_fixed = zone_fixed };
}

/* The year that was inferred is not that of the id. */
static bool
learn_year(struct mm_dating *d, struct mm_framer *f, int64_t arrival_us)
{
	if (++d->n_years < N_BELIEVED)
		return false;
	mm_framer_settle(f, arrival_us);
	d->arrival_us = arrival_us;
	return true;
}

bool
mm_dating_learn(struct mm_dating *d, struct mm_framer *f,
		const struct mm_line *line)
{
	int64_t arrival, off, zone;

	if (!f->is_local || line->t_us == MM_TIME_NONE)
		return false;
	arrival = mm_dating_arrival(line);
	if (arrival == MM_TIME_NONE)
		return false;
	off = line->t_us + f->zone_us - arrival;
	if (line->framing == MM_FRAME_RFC3164 &&
	    (off < -183 * MM_DAY_US || off > 183 * MM_DAY_US))
		return learn_year(d, f, arrival);
	d->n_years = 0;
	zone =
	    (off + MM_DAY_US + FRESH_US) / QUARTER_US * QUARTER_US - MM_DAY_US;
	if (zone < -12 * MM_HOUR_US || zone > 14 * MM_HOUR_US ||
	    off - zone > FRESH_US || zone - off > FRESH_US)
		return false;
	d->n_agreed = zone == d->zone_us ? d->n_agreed + 1 : 1;
	d->zone_us = zone;
	if (d->n_agreed < N_BELIEVED)
		return false;
	d->arrival_us = arrival;
	if (d->zone_fixed && zone != f->zone_us) {
		d->contradicted = true;
		d->other_us = zone;
	}
	if (d->zone_fixed || zone == f->zone_us)
		return false;
	f->zone_us = zone;
	f->stamp_us = MM_TIME_NONE;
	return true;
}
