/* flow.h - what passes through a case, and whose it is: the rows that are
 * counted for spikes and looked through for gaps.
 */
#ifndef MM_FLOW_H
#define MM_FLOW_H

#include "analyze/case/store.h"

enum mm_flow {
	MM_FLOW_LINES,	    /* whatever has a time, by own host; `from` stands
			     * where a mail came whose first line is missing */
	MM_FLOW_ARRIVALS,   /* mail, by own host */
	MM_FLOW_LOGINS,	    /* mail, by SASL user; `from`: client address */
	MM_FLOW_UNKNOWNS,   /* recipients that do not exist, by own host;
			     * `from`: the sender's domain */
	MM_FLOW_BACKSCATTER /* bounces from elsewhere, taken or refused, by own
			     * host; `from`: client address */
};

struct mm_flow_row {
	struct mm_str from;
	int64_t t_us;
	uint32_t file, line;
	uint32_t message; /* 0: none, or not asked for */
};

/* One party after the other: its rows by time, then `done` with whose they
 * were. Views are valid during the call. */
struct mm_flow_sink {
	void (*row)(void *ctx, const struct mm_flow_row *r);
	void (*done)(void *ctx, struct mm_str who);
	void *ctx;
};

enum mm_status mm_flow_rows(struct mm_store *s, enum mm_flow flow,
			    const struct mm_flow_sink *sink,
			    struct mm_err *err) MM_USE_RESULT;

#endif
