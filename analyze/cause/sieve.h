/* sieve.h - which of many literal texts occur in a text, in one pass.
 *
 * Each literal is known by its three bytes that are rarest in the texts that
 * were shown and in the literals; the pass looks at
 * three bytes at a time in a bitmap that stays in the first cache, and compares
 * a literal only where its three are met.
 */
#ifndef MM_SIEVE_H
#define MM_SIEVE_H

#include "formats/base/str.h"

struct mm_sieve;

struct mm_sieve *mm_sieve_new(void);
void mm_sieve_free(struct mm_sieve *s);
/* Say `id` where `literal` occurs: at least three bytes, lower case, a view
 * that lives as long as the sieve. */
void mm_sieve_add(struct mm_sieve *s, struct mm_str literal, size_t id);
/* A text as they will come: what is common in it makes a poor sign. A hint,
 * before the seal. */
void mm_sieve_expect(struct mm_sieve *s, struct mm_str text);
/* After the last add, before the first pass. */
void mm_sieve_seal(struct mm_sieve *s);
/* Set the bit `id` in `bits` for each literal that occurs in `text`, which is
 * in lower case. */
void mm_sieve_pass(const struct mm_sieve *s, struct mm_str text,
		   uint64_t *bits);

#endif
