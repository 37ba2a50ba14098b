/* deliveries.h - the deliveries that qmail has under way. Their outcome names
 * only the delivery's number; here is what that was about.
 *
 * A table of fixed size: numbers count up, and qmail runs 509 at once at the
 * most (conf-spawn).
 */
#ifndef MM_DELIVERIES_H
#define MM_DELIVERIES_H

#include "analyze/timeline/life.h"

#define MM_DELIVERIES_MAX 4096

struct mm_delivery {
	uint64_t number;
	uint32_t host, message, address;
	struct mm_life *life;
};

struct mm_deliveries {
	struct mm_delivery slots[MM_DELIVERIES_MAX];
};

void mm_deliveries_note(struct mm_deliveries *d, uint32_t host,
			struct mm_str number, struct mm_life *life,
			uint32_t address);
/* NULL for one that began before the logs do, or whose message is over. */
const struct mm_delivery *mm_deliveries_find(const struct mm_deliveries *d,
					     uint32_t host,
					     struct mm_str number);

#endif
