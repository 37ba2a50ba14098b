/* intern.h - each distinct text once, as a small number.
 *
 * Numbers start at 1 in the order of first use; 0 is "absent": they depend on
 * the input only. Texts are told apart by keyed hashes of 96 bits, without
 * another look at the text. About 45 bytes a text beside the text itself.
 */
#ifndef MM_INTERN_H
#define MM_INTERN_H

#include "formats/base/arena.h"

struct mm_intern {
	struct mm_arena texts;	      /* owned copies */
	struct mm_intern_slot *slots; /* open addressing, owned */
	struct mm_str *list;	      /* list[id - 1], owned */
	size_t n, cap_list, n_slots;
	uint64_t key;
};

void mm_intern_init(struct mm_intern *t);
void mm_intern_fini(struct mm_intern *t);
/* The number of `s`, new or old; 0 for an absent view. */
uint32_t mm_intern_add(struct mm_intern *t, struct mm_str s);
/* `s` will soon be asked for: have its slot fetched meanwhile. */
void mm_intern_expect(const struct mm_intern *t, struct mm_str s);
/* Like mm_intern_add without adding: 0 when `s` was never added. */
uint32_t mm_intern_find(const struct mm_intern *t, struct mm_str s);
/* View into the store, valid until fini; absent for 0. */
struct mm_str mm_intern_text(const struct mm_intern *t, uint32_t id);

#endif
