/* power.h - base * num^k / den^k, rounded down, exactly, for k = 0, 1, 2 ...
 *
 * The powers grow without limit (11^k passes 128 bits before k = 40); only
 * the result, stopped at a cap, must fit 63 bits. Each is computed once.
 */
#ifndef MM_POWER_H
#define MM_POWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A natural number of any size, lowest digit first. */
struct mm_natural {
	uint64_t *digit; /* owned */
	size_t n, cap;	 /* n 0: zero */
};

struct mm_powers {
	int64_t num, den, cap;
	struct mm_natural above, below; /* base * num^k and den^k, k = n */
	struct mm_natural scratch;
	int64_t *known; /* owned */
	size_t n, n_room;
	bool settled; /* all further ones are like the last */
};

/* base, num >= 0, den >= 1. */
void mm_powers_init(struct mm_powers *p, int64_t base, int64_t num, int64_t den,
		    int64_t cap);
void mm_powers_fini(struct mm_powers *p);
int64_t mm_powers_get(struct mm_powers *p, size_t k);

#endif
