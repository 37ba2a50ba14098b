#include <stdlib.h>

#include "formats/base/mem.h"
#include "replay/engine/minset.h"

void
mm_minset_init(struct mm_minset *s, size_t n)
{
	size_t words[MM_MINSET_FLOORS], total = 0, k = 0;

	/* The number n has its bit too: a search may begin there. */
	do {
		words[k] = n / 64 + 1;
		n = words[k];
		total += n;
	} while (words[k++] > 1);
	*s = (struct mm_minset){ .n_floors = k };
	s->floor[0] = mm_calloc(total, sizeof(uint64_t));
	for (size_t i = 1; i < k; i++)
		s->floor[i] = s->floor[i - 1] + words[i - 1];
}

void
mm_minset_fini(struct mm_minset *s)
{
	free(s->floor[0]);
	*s = (struct mm_minset){ 0 };
}

void
mm_minset_add(struct mm_minset *s, size_t i)
{
	for (size_t k = 0; k < s->n_floors; k++, i /= 64) {
		uint64_t old = s->floor[k][i / 64];

		s->floor[k][i / 64] = old | (uint64_t)1 << i % 64;
		if (old != 0)
			return;
	}
}

void
mm_minset_drop(struct mm_minset *s, size_t i)
{
	for (size_t k = 0; k < s->n_floors; k++, i /= 64)
		if ((s->floor[k][i / 64] &= ~((uint64_t)1 << i % 64)) != 0)
			return;
}

size_t
mm_minset_next(const struct mm_minset *s, size_t from)
{
	size_t k = 0;

	for (;; from = from / 64 + 1) {
		uint64_t word = s->floor[k][from / 64] >> from % 64;

		if (word != 0) {
			from += (size_t)__builtin_ctzll(word);
			break;
		}
		if (++k == s->n_floors)
			return MM_MINSET_END;
	}
	while (k-- > 0)
		from = from * 64 + (size_t)__builtin_ctzll(s->floor[k][from]);
	return from;
}
