#include <stdlib.h>

#include "formats/base/mem.h"
#include "replay/engine/attempt.h"

void
mm_attempts_init(struct mm_attempts *a)
{
	*a = (struct mm_attempts){ .oldest = 1, .next = 1 };
}

void
mm_attempts_fini(struct mm_attempts *a)
{
	free(a->ring);
	*a = (struct mm_attempts){ 0 };
}

static void
grow(struct mm_attempts *a)
{
	struct mm_attempts old = *a;

	a->cap = old.cap > 0 ? old.cap * 2 : 64;
	a->ring = mm_alloc(a->cap * sizeof(*a->ring));
	for (uint64_t n = a->oldest; n < a->next; n++)
		*mm_attempts_get(a, n) = *mm_attempts_get(&old, n);
	free(old.ring);
}

struct mm_attempt *
mm_attempts_start(struct mm_attempts *a, uint64_t *number)
{
	struct mm_attempt *new;

	if (a->next - a->oldest == a->cap)
		grow(a);
	*number = a->next++;
	new = mm_attempts_get(a, *number);
	*new = (struct mm_attempt){
		.decide_ms = -1,
		.end_ms = -1,
		.result = MM_NO_RESULT,
	};
	return new;
}

struct mm_attempt *
mm_attempts_get(const struct mm_attempts *a, uint64_t number)
{
	return &a->ring[number & (a->cap - 1)];
}

struct mm_attempt *
mm_attempts_retire(struct mm_attempts *a, bool any_case)
{
	struct mm_attempt *oldest;

	if (a->oldest == a->next)
		return NULL;
	oldest = mm_attempts_get(a, a->oldest);
	if (oldest->end_ms < 0 && !any_case)
		return NULL;
	a->oldest++;
	return oldest;
}
