#include <stdlib.h>

#include "formats/base/mem.h"
#include "replay/engine/event.h"
#include "replay/engine/sort.h"

#define BLOCK_ENTRIES 255 /* a block fills a page */
#define CLASS_SHIFT   61
#define AHEAD	      8 /* wakes: as long as memory takes */

struct mm_entry {
	uint64_t t, key;
};

struct mm_block {
	struct mm_block *next;
	uint32_t at, n; /* entries [at, n) are there */
	struct mm_entry entry[BLOCK_ENTRIES];
};

void
mm_events_init(struct mm_events *q, const void *wakes, size_t each_bytes)
{
	*q = (struct mm_events){ .wakes = wakes, .each_bytes = each_bytes };
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

/* A new block at the end of bucket `i`. */
static struct mm_block *
add_block(struct mm_events *q, int i)
{
	struct mm_block *b = q->spare;

	if (b != NULL)
		q->spare = b->next;
	else
		b = mm_alloc(sizeof(*b));
	b->next = NULL;
	b->at = b->n = 0;
	if (q->bucket[i] == NULL)
		q->bucket[i] = b;
	else
		q->last[i]->next = b;
	q->last[i] = b;
	return b;
}

static void
add(struct mm_events *q, struct mm_entry e)
{
	uint64_t differs = e.t ^ q->now;
	int i = differs == 0 ? 0 : 64 - __builtin_clzll(differs);
	struct mm_block *b = q->last[i];

	if (q->bucket[i] == NULL) {
		q->least[i] = e.t;
		if (i > 0)
			q->filled |= (uint64_t)1 << (i - 1);
		b = add_block(q, i);
	} else if (b->n == BLOCK_ENTRIES) {
		b = add_block(q, i);
	}
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

		for (uint32_t k = 0; k < b->n; k++) {
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
number_of(uint64_t key)
{
	return key & (((uint64_t)1 << CLASS_SHIFT) - 1);
}

static uint64_t
pop_wake(struct mm_events *q)
{
	struct mm_block *b = q->bucket[0];
	uint64_t key = b->entry[b->at++].key;

	if (b->n - b->at > AHEAD)
		__builtin_prefetch(q->wakes +
				       number_of(b->entry[b->at + AHEAD].key) *
					   q->each_bytes,
				   1);

	if (b->at == b->n) {
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
	e->number = number_of(key);
	return true;
}
