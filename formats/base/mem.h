/* mem.h - memory that is there, or the program ends.
 *
 * The one place where library code ends the program: when memory is refused
 * a line goes to stderr and the exit status is 2. No result is half written
 * by that, since every file is made under a temporary name (whole.h).
 */
#ifndef MM_MEM_H
#define MM_MEM_H

#include <stddef.h>

/* Owned; free with free(). Zero-sized requests give a unique pointer. */
void *mm_alloc(size_t n_bytes);
void *mm_calloc(size_t n, size_t each_bytes);
/* Zeroed, for a large table that is read here and there: on huge pages where
 * the system has them. */
void *mm_calloc_table(size_t n, size_t each_bytes);
void *mm_realloc(void *old, size_t n_bytes);

/* Room for one more element: doubles `*cap` when `n` has reached it. Returns
 * the array, perhaps moved. */
void *mm_grow(void *array, size_t n, size_t *cap, size_t each_bytes);

char *mm_strdup(const char *s);

#endif
