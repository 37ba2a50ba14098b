/* compare.h - several policies over one backlog, and many seeds.
 *
 * Every policy meets the same luck (engine/noise.h) and, seed by seed, the
 * same receivers drawn from what is not known of them. Runs go side by side
 * on as many threads as wanted; the numbers do not depend on how many.
 */
#ifndef MM_COMPARE_H
#define MM_COMPARE_H

#include "replay/study/metrics.h"

struct mm_stat {
	bool known;	     /* in every run */
	double mean, lo, hi; /* 95 % interval of the mean */
};

/* The run without chance, over time. */
struct mm_compare_point {
	int64_t t_us;
	int64_t backlog, live; /* waiting then */
	int64_t delivered;     /* until then */
	int64_t refused;       /* attempts deferred since the last point */
	double reputation;     /* the lowest */
};

struct mm_compared {
	const struct mm_plan *plan; /* view */
	struct mm_stat metrics[MM_N_METRICS];
	double best; /* share of the runs in which it costs least */
	/* Against the best of all, run by run. */
	struct mm_stat dearer_h;
	struct mm_compare_point *points; /* owned */
	size_t n_points;
	uint32_t *lost; /* backlog items that expire, without chance; owned */
	size_t n_lost;
};

struct mm_comparison {
	const struct mm_study *study; /* view */
	struct mm_compared *policies; /* owned; cheapest first */
	size_t n_policies;
	size_t n_seeds; /* 1: one run, without chance */
	uint64_t seed;
};

void mm_compare_init(struct mm_comparison *c, const struct mm_study *study,
		     const struct mm_plan *plans, size_t n_plans,
		     size_t n_seeds, uint64_t seed, size_t n_threads);
void mm_compare_fini(struct mm_comparison *c);

#endif
