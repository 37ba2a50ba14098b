#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/arena.h"
#include "formats/base/mem.h"

#define BLOCK_BYTES ((size_t)64 * 1024)

struct mm_arena_block {
	struct mm_arena_block *prev;
	size_t used, cap;
	max_align_t bytes[];
};

void
mm_arena_init(struct mm_arena *a)
{
	a->last = NULL;
}

void
mm_arena_fini(struct mm_arena *a)
{
	struct mm_arena_block *b = a->last, *prev;

	for (; b != NULL; b = prev) {
		prev = b->prev;
		free(b);
	}
	a->last = NULL;
}

void
mm_arena_clear(struct mm_arena *a)
{
	struct mm_arena_block *b = a->last, *prev;

	while (b != NULL && (b->prev != NULL || b->cap > BLOCK_BYTES)) {
		prev = b->prev;
		free(b);
		b = prev;
	}
	if (b != NULL)
		b->used = 0;
	a->last = b;
}

/* Texts are packed; everything else starts at an aligned place. */
static void *
take(struct mm_arena *a, size_t n, size_t align)
{
	struct mm_arena_block *b = a->last;
	size_t at = b != NULL ? (b->used + align - 1) / align * align : 0;

	if (b == NULL || n > b->cap || at > b->cap - n) {
		size_t cap = n > BLOCK_BYTES / 4 ? n : BLOCK_BYTES;

		b = mm_alloc(sizeof(*b) + cap);
		*b = (struct mm_arena_block){ .prev = a->last, .cap = cap };
		a->last = b;
		at = 0;
	}
	b->used = at + n;
	return (char *)b->bytes + at;
}

void *
mm_arena_alloc(struct mm_arena *a, size_t n_bytes)
{
	return take(a, n_bytes, _Alignof(max_align_t));
}

void *
mm_arena_calloc(struct mm_arena *a, size_t n_bytes)
{
	return memset(mm_arena_alloc(a, n_bytes), 0, n_bytes);
}

struct mm_str
mm_arena_str(struct mm_arena *a, struct mm_str s)
{
	char *p;

	if (s.p == NULL)
		return s;
	p = take(a, s.n + 1, 1);
	memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return (struct mm_str){ p, s.n };
}

char *
mm_arena_fmt(struct mm_arena *a, const char *fmt, ...)
{
	va_list ap;
	int n;
	char *p;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	p = take(a, (size_t)n + 1, 1);
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}
