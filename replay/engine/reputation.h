/* reputation.h - what a receiver thinks of the sender, 0 ... 1000000 ppm.
 *
 * Points: it falls and rises with decisions, and drifts back to its base at
 * ticks of a fixed grid: each tick moves it by gap * recover, at least 1.
 * Ticks are made up when somebody looks, not as events.
 * Share: (a + G) / (a + b + G + B) of the fading weights G and B of good and
 * bad mail over the priors a and b, looked at by the same ticks. Source: B.
 * Taylor, Sender Reputation in a Large Webmail Service, CEAS 2006 (good mail
 * by all mail), with exponential forgetting.
 */
#ifndef MM_REPUTATION_H
#define MM_REPUTATION_H

#include "replay/engine/num.h"
#include "replay/engine/scenario.h"

#define MM_REPUTATION_FULL INT64_C(1000000)

struct mm_reputation {
	const struct mm_reputation_spec *spec; /* view */
	int64_t ppm, least_ppm;
	int64_t t_ms; /* made up to here */
	/* Integrals over the time so far, in ppm * ms: of 1000000 - ppm, and
	 * of what it stood below its start. */
	mm_wide deficit, loss;
	int64_t low_ms; /* when it last stood 1 % below its start; 0 never */
	/* Of a share: the weights, and what a day brings. */
	double good, bad;
	double volume_per_day;
	int64_t day, n_today;
};

void mm_reputation_init(struct mm_reputation *p,
			const struct mm_reputation_spec *spec);

/* All ticks up to and including `t_ms`, which is not before the last. */
void mm_reputation_advance(struct mm_reputation *p, int64_t t_ms);

/* The result of a decision, of which `permille` counts. */
void mm_reputation_count(struct mm_reputation *p, enum mm_result r,
			 int64_t permille);

/* The weight of good mail that the usual volume keeps up. */
double mm_reputation_share_usual(const struct mm_reputation_share *s);
/* How long until a share of these weights is back at `ppm` if nothing more is
 * sent; MM_NO_LIMIT: it never is. */
int64_t mm_reputation_share_back(const struct mm_reputation_share *s,
				 double good, double bad, int64_t ppm);

/* By how much the receiver's rate is scaled now. */
int64_t mm_reputation_permille(const struct mm_reputation *p);

#endif
