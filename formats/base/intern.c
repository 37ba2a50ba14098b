#include <stdlib.h>

#include "formats/base/digest.h"
#include "formats/base/intern.h"
#include "formats/base/mem.h"

struct mm_intern_slot {
	uint64_t low;
	uint32_t high;
	uint32_t id; /* 0: free */
};

void
mm_intern_init(struct mm_intern *t)
{
	*t = (struct mm_intern){ .n_slots = 1024, .key = mm_hash_key() };
	mm_arena_init(&t->texts);
	t->slots = mm_calloc_table(t->n_slots, sizeof(*t->slots));
}

void
mm_intern_fini(struct mm_intern *t)
{
	mm_arena_fini(&t->texts);
	free(t->slots);
	free(t->list);
	*t = (struct mm_intern){ 0 };
}

static struct mm_intern_slot *
probe(const struct mm_intern *t, struct mm_hash96 hash)
{
	size_t mask = t->n_slots - 1, i = (size_t)hash.low & mask;

	for (;; i = (i + 1) & mask) {
		struct mm_intern_slot *slot = &t->slots[i];

		if (slot->id == 0 ||
		    (slot->low == hash.low && slot->high == hash.high))
			return slot;
	}
}

static void
widen(struct mm_intern *t)
{
	struct mm_intern_slot *old = t->slots;
	size_t n_old = t->n_slots;

	t->n_slots *= 2;
	t->slots = mm_calloc_table(t->n_slots, sizeof(*t->slots));
	for (size_t i = 0; i < n_old; i++)
		if (old[i].id != 0)
			*probe(t, (struct mm_hash96){ old[i].low,
						      old[i].high }) = old[i];
	free(old);
}

uint32_t
mm_intern_add(struct mm_intern *t, struct mm_str s)
{
	struct mm_hash96 hash;
	struct mm_intern_slot *slot;

	if (s.p == NULL)
		return 0;
	hash = mm_hash96(s, t->key);
	slot = probe(t, hash);
	if (slot->id != 0)
		return slot->id;
	t->list = mm_grow(t->list, t->n, &t->cap_list, sizeof(*t->list));
	t->list[t->n++] = mm_arena_str(&t->texts, s);
	*slot = (struct mm_intern_slot){ hash.low, hash.high, (uint32_t)t->n };
	if (t->n * 4 > t->n_slots * 3)
		widen(t);
	return (uint32_t)t->n;
}

void
mm_intern_expect(const struct mm_intern *t, struct mm_str s)
{
	if (s.p != NULL)
		__builtin_prefetch(&t->slots[(size_t)mm_hash96(s, t->key).low &
					     (t->n_slots - 1)]);
}

uint32_t
mm_intern_find(const struct mm_intern *t, struct mm_str s)
{
	return s.p != NULL ? probe(t, mm_hash96(s, t->key))->id : 0;
}

struct mm_str
mm_intern_text(const struct mm_intern *t, uint32_t id)
{
	return id > 0 && id <= t->n ? t->list[id - 1] : MM_STR_ABSENT;
}
