#include <stdlib.h>

#include "formats/base/digest.h"
#include "formats/base/intern.h"
#include "formats/base/mem.h"

struct mm_intern_slot {
	uint64_t hash;
	uint32_t id; /* 0: free */
};

void
mm_intern_init(struct mm_intern *t)
{
	*t = (struct mm_intern){ .n_slots = 1024 };
	mm_arena_init(&t->texts);
	t->slots = mm_calloc(t->n_slots, sizeof(*t->slots));
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
probe(const struct mm_intern *t, uint64_t hash, struct mm_str s)
{
	size_t mask = t->n_slots - 1, i = (size_t)hash & mask;

	for (;; i = (i + 1) & mask) {
		struct mm_intern_slot *slot = &t->slots[i];

		if (slot->id == 0 ||
		    (slot->hash == hash && mm_str_eq(t->list[slot->id - 1], s)))
			return slot;
	}
}

static void
widen(struct mm_intern *t)
{
	struct mm_intern_slot *old = t->slots;
	size_t n_old = t->n_slots;

	t->n_slots *= 2;
	t->slots = mm_calloc(t->n_slots, sizeof(*t->slots));
	for (size_t i = 0; i < n_old; i++) {
		size_t mask = t->n_slots - 1, at = (size_t)old[i].hash & mask;

		if (old[i].id == 0)
			continue;
		while (t->slots[at].id != 0)
			at = (at + 1) & mask;
		t->slots[at] = old[i];
	}
	free(old);
}

uint32_t
mm_intern_add(struct mm_intern *t, struct mm_str s)
{
	uint64_t hash;
	struct mm_intern_slot *slot;

	if (s.p == NULL)
		return 0;
	hash = mm_hash64(s);
	slot = probe(t, hash, s);
	if (slot->id != 0)
		return slot->id;
	t->list = mm_grow(t->list, t->n, &t->cap_list, sizeof(*t->list));
	t->list[t->n++] = mm_arena_str(&t->texts, s);
	*slot = (struct mm_intern_slot){ hash, (uint32_t)t->n };
	if (t->n * 2 > t->n_slots)
		widen(t);
	return (uint32_t)t->n;
}

uint32_t
mm_intern_find(const struct mm_intern *t, struct mm_str s)
{
	return s.p != NULL ? probe(t, mm_hash64(s), s)->id : 0;
}

struct mm_str
mm_intern_text(const struct mm_intern *t, uint32_t id)
{
	return id > 0 && id <= t->n ? t->list[id - 1] : MM_STR_ABSENT;
}
