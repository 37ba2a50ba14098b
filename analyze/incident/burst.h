/* burst.h - where failures stand closer than chance puts them.
 *
 * Input is a sequence of trials, good and bad, in order of time. A burst is a
 * stretch between two bad trials whose share of bad ones is far above the
 * background: its log-likelihood ratio against the background is the score,
 * and a score above ln(trials / false alarms allowed) is reported. No clock
 * enters but one gap: a silence longer than it ends a burst.
 *
 * Sources: Karlin and Altschul 1990 (scores of segments, their E-values);
 * Kleinberg 2002 (bursts in streams).
 */
#ifndef MM_BURST_H
#define MM_BURST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mm_trial {
	int64_t t_us;
	uint32_t n; /* good: how many; bad: 1 */
	bool bad;
	uint32_t message; /* 0: not known */
	uint32_t contact; /* the caller's */
};

struct mm_burst {
	size_t first, last; /* both bad */
	uint32_t n_bad, n_good;
	uint32_t n_messages; /* distinct among the bad ones */
	double score;
};

struct mm_burst_rule {
	double background; /* share of bad trials when all is well */
	double at_least;   /* share below which it is no burst */
	int64_t gap_us;	   /* longest silence inside */
	int64_t calm_us;   /* good trials shorter than this end nothing */
};

/* Bursts in order; `*out` is owned by the caller. None is nested. */
size_t mm_burst_find(const struct mm_trial *trials, size_t n,
		     const struct mm_burst_rule *rule, struct mm_burst **out);

#endif
