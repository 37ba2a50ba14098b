/* stamp.h - the time at the front of a line, in every form that was seen.
 *
 * The two that nearly all lines have are read by hand and cached per second;
 * the others are a table of patterns. Private to this room.
 * Sources: RFC 3164 section 4.1.2, RFC 3339, journalctl(1) "-o", multilog(8)
 * and s6-log (TAI64N), exim's spec chapter "Log files".
 */
#ifndef MM_STAMP_H
#define MM_STAMP_H

#include "formats/read/framing.h"

/* All take the stamp from the front of `*s`, or move nothing and say false.
 * `Feb  4 09:29:26`, the day padded or not, with a fraction or not. */
bool mm_stamp_rfc3164(struct mm_framer *f, struct mm_str *s, int64_t *t_us);
/* `2023-03-14T00:00:31.185246+01:00`, the T or one blank, a zone or none. */
bool mm_stamp_iso(struct mm_framer *f, struct mm_str *s, int64_t *t_us);

struct mm_stamp {
	int64_t t_us;
	enum mm_framing framing;
	bool header; /* host and tag follow; else the text */
};

/* Any other. */
bool mm_stamp_other(struct mm_framer *f, struct mm_str *s,
		    struct mm_stamp *stamp);

/* Pieces that both files of this module use. */
int mm_stamp_two(const char *p);      /* two digits at `p`, or -1 */
int mm_stamp_day_time(const char *p); /* hh:mm:ss there, in seconds, or -1 */
/* `.` or `,` and digits, if they stand there, as microseconds. */
int64_t mm_stamp_fraction(struct mm_str *s);
/* `Z`, `+01:00` or `+0100` behind at most one blank. */
bool mm_stamp_zone(struct mm_str *s, int64_t *offset_us);
/* Local time of a stamp without a year; MM_TIME_NONE: no such day. */
int64_t mm_stamp_settle(struct mm_framer *f, int month, int day, int seconds);

static inline bool
mm_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

#endif
