#define _DEFAULT_SOURCE /* madvise */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "formats/base/mem.h"

#define HUGE_PAGE_BYTES ((size_t)2 * 1024 * 1024)

static void *
must(void *p)
{
	static const char text[] = "mailmortem: out of memory\n";

	if (p == NULL) {
		/* Nothing that might allocate again. */
		(void)!write(2, text, sizeof(text) - 1);
		_exit(2);
	}
	return p;
}

void *
mm_alloc(size_t n_bytes)
{
	return must(malloc(n_bytes > 0 ? n_bytes : 1));
}

void *
mm_calloc(size_t n, size_t each_bytes)
{
	return must(calloc(n > 0 ? n : 1, each_bytes > 0 ? each_bytes : 1));
}

void *
mm_calloc_table(size_t n, size_t each_bytes)
{
#ifdef MADV_HUGEPAGE
	size_t n_bytes = n * each_bytes;

	if (n_bytes >= HUGE_PAGE_BYTES && n_bytes % HUGE_PAGE_BYTES == 0 &&
	    n_bytes / each_bytes == n) {
		void *p = must(aligned_alloc(HUGE_PAGE_BYTES, n_bytes));

		/* Only a wish: without them it is slower. */
		(void)madvise(p, n_bytes, MADV_HUGEPAGE);
		return memset(p, 0, n_bytes);
	}
#endif
	return mm_calloc(n, each_bytes);
}

void *
mm_realloc(void *old, size_t n_bytes)
{
	return must(realloc(old, n_bytes > 0 ? n_bytes : 1));
}

void *
mm_grow(void *array, size_t n, size_t *cap, size_t each_bytes)
{
	if (n < *cap)
		return array;
	*cap = *cap > 0 ? *cap * 2 : 16;
	if (*cap > SIZE_MAX / each_bytes)
		return must(NULL);
	return mm_realloc(array, *cap * each_bytes);
}

char *
mm_strdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(mm_alloc(n), s, n);
}
