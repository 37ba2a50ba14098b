/* dating.h - what queue ids tell about the clock of a log: its zone and year.
 *
 * A stamp of syslog has no year and no zone, one of Exim no zone. But long
 * queue ids of Postfix, ids of Exim and of Sendmail hold the second of the
 * message's arrival in UTC, and the line that tells of the arrival is written
 * within seconds of it. Zones are multiples of a quarter of an hour; three
 * arrivals in a row that agree are believed.
 * Sources: Postfix src/global/mail_queue.h (MQID_LG_*), Exim's spec section
 * "Message identification", sendmail/queue.c assign_queueid().
 */
#ifndef MM_DATING_H
#define MM_DATING_H

#include "formats/read/framing.h"

/* When the message arrived whose arrival `line` tells of; MM_TIME_NONE for
 * any other line and for ids that hold no time. */
int64_t mm_dating_arrival(const struct mm_line *line);

struct mm_dating {
	int64_t zone_us;    /* of the last arrival */
	unsigned n_agreed;  /* arrivals in a row that had it */
	unsigned n_years;   /* arrivals in a row of another year */
	int64_t arrival_us; /* the last one believed; MM_TIME_NONE: none */
	bool zone_fixed;    /* somebody knows it: only years are learned */
	bool contradicted;  /* what he knows is not what ids tell: */
	int64_t other_us;
};

void mm_dating_init(struct mm_dating *d, bool zone_fixed);
/* Learn from `line`, which mm_frame() read by `f`. True: `f` was corrected
 * and the line is to be framed again. */
bool mm_dating_learn(struct mm_dating *d, struct mm_framer *f,
		     const struct mm_line *line);

#endif
