/* before_count.h - the counts behind before.h: who refused, and what was sent
 * there before. For before.c alone. */
#ifndef MM_BEFORE_COUNT_H
#define MM_BEFORE_COUNT_H

#include "analyze/case/before.h"
#include "analyze/case/rows.h"

#define MM_BEFORE_TARGETS 12

enum mm_when { MM_PAST, MM_WINDOW, MM_N_WHEN };

/* What is counted of a receiver before its refusal. */
struct mm_before_counts {
	int64_t recipients, contacts, unknown, content, auth, slow;
};

struct mm_before_target {
	struct mm_str name; /* of the dictionary */
	struct mm_str cause;
	int64_t t_us, first_us, window_us, refusals;
	struct mm_before_counts at[MM_N_WHEN];
	int64_t complaints;
};

/* Recipients of one sender, login or size at one target. */
struct mm_before_tally {
	uint64_t key; /* 0: free */
	uint32_t n[MM_N_WHEN];
};

struct mm_before_pass {
	struct mm_store *s;
	struct mm_err *err;
	struct mm_dict *dict;
	struct mm_before_target targets[MM_BEFORE_TARGETS];
	size_t n_targets;
	int64_t logs_us; /* their start */
	uint64_t *seen;	 /* bits: recipients counted at each target */
	size_t n_recipients;
	unsigned *of_relay, *of_domain;	 /* owned; targets, a bit each */
	struct mm_before_tally *tallies; /* owned; open addressing */
	size_t n_tallies, n_slots;
};

/* Fill `p`, zero but for `s` and `err`. */
enum mm_status mm_before_count(struct mm_before_pass *p) MM_USE_RESULT;
void mm_before_fini(struct mm_before_pass *p);

#endif
