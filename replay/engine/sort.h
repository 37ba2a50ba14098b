/* sort.h - numbers into ascending order, in linear time for many.
 *
 * By bytes from the lowest, passing over bytes that are all the same; so
 * equal ones keep their order. A second array of the same size while it runs.
 */
#ifndef MM_SORT_H
#define MM_SORT_H

#include <stddef.h>
#include <stdint.h>

void mm_sort_u64(uint64_t *v, size_t n);
void mm_sort_i64(int64_t *v, size_t n);

/* `v` by the keys of its numbers. */
void mm_sort_by(uint32_t *v, size_t n,
		uint64_t (*key)(const void *ctx, uint32_t i), const void *ctx);

/* A signed number as an unsigned one of the same order. */
static inline uint64_t
mm_sort_key(int64_t v)
{
	return (uint64_t)v ^ (uint64_t)1 << 63;
}

#endif
