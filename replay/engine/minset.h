/* minset.h - a set of small numbers that gives its least member at once.
 *
 * A bit for each number, and above them a bit for each 64, and so on: every
 * call touches one word a floor (4 floors for 16 million).
 */
#ifndef MM_MINSET_H
#define MM_MINSET_H

#include <stddef.h>
#include <stdint.h>

#define MM_MINSET_FLOORS 11
#define MM_MINSET_END	 SIZE_MAX

struct mm_minset {
	uint64_t *floor[MM_MINSET_FLOORS]; /* parts of one block, owned */
	size_t n_floors;
};

/* Empty, for the numbers 0 ... n - 1. */
void mm_minset_init(struct mm_minset *s, size_t n);
void mm_minset_fini(struct mm_minset *s);
void mm_minset_add(struct mm_minset *s, size_t i);
void mm_minset_drop(struct mm_minset *s, size_t i);
/* The least member that is at least `from` (at most n), or MM_MINSET_END. */
size_t mm_minset_next(const struct mm_minset *s, size_t from);

#endif
