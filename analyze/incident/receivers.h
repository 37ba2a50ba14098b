/* receivers.h - windows in which a receiver does not take mail, by the kind
 * of sign, and the incidents that come of them.
 *
 * Each kind is looked for by domain, by relay host and by operator. Windows
 * that hold the same failures become one incident, with the target that says
 * most: the domain when one is hit, the host when only one of the domain's
 * hosts is ill or several domains share it, the operator when several hosts
 * of it are.
 */
#ifndef MM_RECEIVERS_H
#define MM_RECEIVERS_H

#include "analyze/incident/incidents.h"

struct mm_receiver_kind {
	enum mm_sign sign;
	const char *kind;
	double background; /* share of such failures when all is well */
	double at_least;   /* share below which it is no window; 0: a standing
			    * limit, which successes do not end */
	int retries;	   /* silence that ends it, in retry intervals */
	int calm;	   /* goods for less than so many end nothing */
	uint32_t least;	   /* messages */
	const char *side;
};

struct mm_window {
	const struct mm_receiver_kind *kind;
	int level; /* enum mm_level */
	uint32_t party;
	int64_t start_us, end_us; /* first and last bad */
	int64_t gap_us;		  /* what counts as a silence here */
	double score;		  /* above what chance gives */
	uint32_t n_messages, n_good;
};

struct mm_windows {
	struct mm_window *v;
	size_t n, cap;
};

/* Is a contact with `sign` a success when one looks for `k`? */
bool mm_receiver_is_good(const struct mm_receiver_kind *k, enum mm_sign sign);

/* From the windows of one kind to incidents. */
void mm_receivers_resolve(const struct mm_scene *sc, struct mm_windows *w,
			  struct mm_incidents *list);

extern const struct mm_detector mm_detect_receivers;

#endif
