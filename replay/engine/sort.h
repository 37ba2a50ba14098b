/* sort.h - numbers into ascending order, in linear time for many.
 *
 * By bytes from the lowest, passing over bytes that are all the same; a few
 * numbers by insertion. A second array of the same size while it runs.
 */
#ifndef MM_SORT_H
#define MM_SORT_H

#include <stddef.h>
#include <stdint.h>

void mm_sort_u64(uint64_t *v, size_t n);
void mm_sort_i64(int64_t *v, size_t n);

#endif
