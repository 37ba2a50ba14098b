/* time.h - times as microseconds since 1970 UTC, and their texts.
 *
 * No locale, no TZ of the machine. Proleptic Gregorian calendar; leap seconds
 * are folded as POSIX does. Sources: RFC 3339; ISO 8601.
 */
#ifndef MM_TIME_H
#define MM_TIME_H

#include "formats/base/str.h"

#define MM_SECOND_US ((int64_t)1000000)
#define MM_MINUTE_US (60 * MM_SECOND_US)
#define MM_HOUR_US   (60 * MM_MINUTE_US)
#define MM_DAY_US    (24 * MM_HOUR_US)
#define MM_TIME_NONE INT64_MIN /* unknown */
#define MM_TIME_TEXT 48	       /* room for any text made here */

struct mm_civil {
	int year;  /* 1970 ... 9999 */
	int month; /* 1 ... 12 */
	int day;   /* 1 ... 31 */
	int hour, minute, second;
	int us;
};

int64_t mm_time_from_civil(const struct mm_civil *c); /* taken as UTC */
void mm_time_to_civil(int64_t t_us, struct mm_civil *c);
bool mm_time_is_leap(int year);
int mm_time_month_days(int year, int month);
/* "Jan" ... "Dec" at the front of `s`: 1 ... 12, or 0. */
int mm_time_month(struct mm_str s);

/* Take `2026-11-22T05:32:40.019509+00:00` from the front of `*s`: `T` or one
 * blank between, 0 to 9 digits of fraction after `.` or `,`, zone `Z`,
 * `+01:00`, `+0100` (also after one blank) or none (`*has_zone` false; then
 * the time is taken as UTC). False and nothing moved when it is not one. */
bool mm_time_take_iso(struct mm_str *s, int64_t *t_us, bool *has_zone);

/* "2026-11-22T05:32:40Z", with six digits of fraction when `fraction`.
 * MM_TIME_NONE gives "-". Returns `text`. */
const char *mm_time_iso(int64_t t_us, bool fraction, char text[MM_TIME_TEXT]);
/* Seconds since 1970 with up to six decimals and no needless zero: CONTRACT. */
const char *mm_time_seconds(int64_t t_us, char text[MM_TIME_TEXT]);
/* "3 d 4 h", "12 min", "4.2 s", "35 ms": two units at the most. */
const char *mm_time_span(int64_t span_us, char text[MM_TIME_TEXT]);

/* What a person writes: an ISO time, a date (its start), seconds since 1970
 * with '@', or relative to `now_us`: -2h, +30m. All as UTC when no zone. */
bool mm_time_parse(struct mm_str s, int64_t now_us, int64_t *t_us);
/* 90s 5m 1.5h 2d 250ms 1h30m: a unit is required. */
bool mm_time_parse_span(struct mm_str s, int64_t *span_us);

#endif
