/* service.h - what an attempt takes, as the log has it.
 *
 * From the delays that Postfix writes (c: connecting, d: the message). An
 * attempt on a connection that was open has no connecting.
 */
#ifndef MM_SERVICE_H
#define MM_SERVICE_H

#include "replay/engine/scenario.h"

#define MM_SERVICE_QUANTILES 16

struct mm_service_list {
	int64_t *v; /* owned; microseconds */
	size_t n, cap;
};

/* While the log is read. */
struct mm_service_log {
	struct mm_service_list connects, accepts, rejects;
};

struct mm_service {
	struct mm_times times;	       /* medians */
	size_t n_accepted, n_rejected; /* n_accepted 0: unknown */
	/* How times vary: permille of the median, even in number. */
	int64_t quantiles[MM_SERVICE_QUANTILES];
};

/* One attempt that somebody answered; negative times are unknown. */
void mm_service_add(struct mm_service_log *l, int64_t connect_us,
		    int64_t talk_us, bool sent);
/* What was seen, and the end of the log. */
struct mm_service mm_service_end(struct mm_service_log *l);

#endif
