#include <stdlib.h>

#include "formats/base/mem.h"
#include "replay/engine/event.h"
#include "replay/engine/sort.h"

#define BLOCK_ENTRIES 255 /* a block fills a page */
#define CLASS_SHIFT   61

struct mm_entry {
	uint64_t t, key;
};

struct mm_block {
	struct mm_block *next;
	size_t n;
	struct mm_entry entry[BLOCK_ENTRIES];
};

void
mm_events_init(struct mm_events *q)
{
	*q = (struct mm_events){ 0 };
}

static void
free_chain(struct mm_block *b)
{
	while (b != NULL) {
		struct mm_block *next = b->next;

		free(b);
		b = next;
	}
}

void
mm_events_fini(struct mm_events *q)
{
	for (size_t i = 0; i <= 64; i++)
		free_chain(q->bucket[i]);
	free_chain(q->spare);
	free(q->batch);
	*q = (struct mm_events){ 0 };
}

static struct mm_block *
take_block(struct mm_events *q, struct mm_block *behind)
{
	struct mm_block *b = q->spare;

	if (b != NULL)
		q->spare = b->next;
	else
		b = mm_alloc(sizeof(*b));
	b->next = behind;
	b->n = 0;
	return b;
}

static void
add(struct mm_events *q, struct mm_entry e)
{
	uint64_t differs = e.t ^ q->now;
	int i = differs == 0 ? 0 : 64 - __builtin_clzll(differs);
	struct mm_block *b = q->bucket[i];

	if (b == NULL) {
		q->least[i] = e.t;
		if (i > 0)
			q->filled |= (uint64_t)1 << (i - 1);
	}
	if (b == NULL || b->n == BLOCK_ENTRIES)
		q->bucket[i] = b = take_block(q, b);
	if (e.t < q->least[i])
		q->least[i] = e.t;
	b->entry[b->n++] = e;
}

/* Into the sorted rest of the present: nearly always at its end. */
static void
insert(struct mm_events *q, uint64_t key)
{
	size_t i;

	q->batch = mm_grow(q->batch, q->n, &q->cap, sizeof(*q->batch));
	for (i = q->n++; i > q->at && q->batch[i - 1] > key; i--)
		q->batch[i] = q->batch[i - 1];
	q->batch[i] = key;
}

void
mm_events_push(struct mm_events *q, int64_t t_ms, enum mm_event_class class,
	       uint64_t number)
{
	struct mm_entry e = { .t = (uint64_t)t_ms,
			      .key = (uint64_t) class << CLASS_SHIFT | number };

	if (e.t == q->now && class != MM_EV_WAKE)
		insert(q, e.key);
	else
		add(q, e);
}

bool
mm_events_next(struct mm_events *q, int64_t *t_ms)
{
	struct mm_block *b;
	int i;

	q->at = q->n = 0;
	if (q->filled == 0)
		return false;
	i = __builtin_ctzll(q->filled) + 1;
	b = q->bucket[i];
	q->bucket[i] = NULL;
	q->filled &= q->filled - 1;
	q->now = q->least[i];
	while (b != NULL) {
		struct mm_block *next = b->next;

		for (size_t k = 0; k < b->n; k++) {
			struct mm_entry e = b->entry[k];

			if (e.t != q->now ||
			    e.key >> CLASS_SHIFT == MM_EV_WAKE) {
				add(q, e);
				continue;
			}
			q->batch =
			    mm_grow(q->batch, q->n, &q->cap, sizeof(*q->batch));
			q->batch[q->n++] = e.key;
		}
		b->next = q->spare;
		q->spare = b;
		b = next;
	}
	mm_sort_u64(q->batch, q->n);
	*t_ms = (int64_t)q->now;
	return true;
}

static uint64_t
pop_wake(struct mm_events *q)
{
	struct mm_block *b = q->bucket[0];
	uint64_t key = b->entry[--b->n].key;

	if (b->n == 0) {
		q->bucket[0] = b->next;
		b->next = q->spare;
		q->spare = b;
	}
	return key;
}

bool
mm_events_pop(struct mm_events *q, struct mm_event *e)
{
	uint64_t key;

	if (q->at < q->n && (q->bucket[0] == NULL ||
			     q->batch[q->at] >> CLASS_SHIFT < MM_EV_WAKE))
		key = q->batch[q->at++];
	else if (q->bucket[0] != NULL)
		key = pop_wake(q);
	else
		return false;
	e->class = (enum mm_event_class)(key >> CLASS_SHIFT);
	e->number = key & (((uint64_t)1 << CLASS_SHIFT) - 1);
	return true;
}
