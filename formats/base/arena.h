/* arena.h - memory that is freed all at once.
 *
 * For what must outlive a line and dies with its owner (a case load, a report).
 */
#ifndef MM_ARENA_H
#define MM_ARENA_H

#include "formats/base/str.h"

struct mm_arena {
	struct mm_arena_block *last; /* owned chain */
};

void mm_arena_init(struct mm_arena *a);
void mm_arena_fini(struct mm_arena *a);
/* Forget all of it; some storage is kept for what comes next. */
void mm_arena_clear(struct mm_arena *a);
/* Aligned for any type; not zeroed. */
void *mm_arena_alloc(struct mm_arena *a, size_t n_bytes);
void *mm_arena_calloc(struct mm_arena *a, size_t n_bytes);
/* A copy of `s`, with a NUL behind it; an absent view stays absent. */
struct mm_str mm_arena_str(struct mm_arena *a, struct mm_str s);
char *mm_arena_fmt(struct mm_arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
