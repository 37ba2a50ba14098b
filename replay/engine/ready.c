#include <stdlib.h>

#include "formats/base/mem.h"
#include "replay/engine/ready.h"
#include "replay/engine/sort.h"

struct mm_ready_list {
	size_t n; /* ready now */
	/* Ranks of the destination's messages: [first, end). */
	size_t first, end;
	/* Fifo. Places count up for ever; place p is ring[p & (cap - 1)]. */
	bool fifo;
	uint32_t *ring; /* owned */
	size_t head, cap;
	size_t last_group;  /* place where the latest instant begins */
	int64_t group_t_ms; /* that instant */
	bool unsorted;	    /* it is not in the order of the messages */
};

/* ---- ranks ---- */

/* What a list is ordered by: `major`, then `minor`, then the index. */
static uint64_t
major(const void *ctx, uint32_t i)
{
	const struct mm_scenario *s = ctx;

	return s->priority != NULL ? mm_sort_key(s->priority[i]) : 0;
}

static uint64_t
minor(const void *ctx, uint32_t i)
{
	const struct mm_scenario *s = ctx;

	return mm_sort_key(s->messages[i].created_ms);
}

static uint64_t
minor_newest(const void *ctx, uint32_t i)
{
	return ~minor(ctx, i);
}

/* Sort by_rank[first, end), which holds messages in ascending order. */
static void
sort_ranks(struct mm_ready *r, const struct mm_ready_list *l,
	   enum mm_order order)
{
	uint32_t *v = r->by_rank + l->first;
	size_t n = l->end - l->first;

	if (order != MM_FIFO)
		mm_sort_by(v, n, order == MM_NEWEST ? minor_newest : minor,
			   r->s);
	if (order == MM_PRIORITY)
		mm_sort_by(v, n, major, r->s);
}

/* Are all messages in the order of their destinations' lists already? */
static bool
is_ordered(const struct mm_scenario *s)
{
	for (uint32_t i = 1; i < s->n_messages; i++) {
		uint32_t dest = s->messages[i].dest;
		enum mm_order order = s->policies[s->dests[dest].policy].order;
		uint64_t a = minor(s, i - 1), b = minor(s, i);

		if (dest < s->messages[i - 1].dest)
			return false;
		if (dest > s->messages[i - 1].dest || order == MM_FIFO)
			continue;
		if (order == MM_PRIORITY && major(s, i - 1) != major(s, i)) {
			a = major(s, i - 1);
			b = major(s, i);
		}
		if (order == MM_NEWEST ? a < b : a > b)
			return false;
	}
	return true;
}

static void
make_ranks(struct mm_ready *r, bool all_fifo)
{
	const struct mm_scenario *s = r->s;
	size_t n = s->n_messages;

	r->by_rank = mm_alloc(n * sizeof(*r->by_rank));
	for (size_t d = 0; d < s->n_dests; d++)
		r->lists[d].end = r->lists[d].first;
	for (size_t i = 0; i < n; i++)
		r->by_rank[r->lists[s->messages[i].dest].end++] = (uint32_t)i;
	for (size_t d = 0; d < s->n_dests; d++)
		sort_ranks(r, &r->lists[d],
			   s->policies[s->dests[d].policy].order);
	if (all_fifo)
		return;
	r->rank_of = mm_alloc(n * sizeof(*r->rank_of));
	for (size_t k = 0; k < n; k++)
		r->rank_of[r->by_rank[k]] = (uint32_t)k;
}

void
mm_ready_init(struct mm_ready *r, const struct mm_scenario *s)
{
	bool all_fifo = true, flush = false;
	size_t at = 0;

	*r = (struct mm_ready){ .s = s };
	r->lists = mm_calloc(s->n_dests, sizeof(*r->lists));
	for (size_t i = 0; i < s->n_messages; i++)
		r->lists[s->messages[i].dest].end++;
	for (size_t d = 0; d < s->n_dests; d++) {
		const struct mm_policy *p = &s->policies[s->dests[d].policy];

		r->lists[d].first = at;
		r->lists[d].end = at += r->lists[d].end;
		r->lists[d].fifo = p->order == MM_FIFO;
		all_fifo &= r->lists[d].fifo;
		flush |= p->flush;
	}
	if ((!all_fifo || flush) && !is_ordered(s))
		make_ranks(r, all_fifo);
	mm_minset_init(&r->ranks, all_fifo ? 0 : s->n_messages);
}

void
mm_ready_fini(struct mm_ready *r)
{
	for (size_t d = 0; r->s != NULL && d < r->s->n_dests; d++)
		free(r->lists[d].ring);
	free(r->lists);
	free(r->by_rank);
	free(r->rank_of);
	mm_minset_fini(&r->ranks);
	*r = (struct mm_ready){ 0 };
}

/* ---- rings ---- */

static void
grow_ring(struct mm_ready_list *l)
{
	size_t cap = l->cap > 0 ? l->cap * 2 : 16;

	l->ring = mm_realloc(l->ring, cap * sizeof(*l->ring));
	/* A place keeps its index or moves up by the old size. */
	for (size_t p = l->head; p < l->head + l->n; p++)
		if ((p & (cap - 1)) >= l->cap)
			l->ring[p & (cap - 1)] = l->ring[p & (l->cap - 1)];
	l->cap = cap;
}

/* The latest instant's messages into their order: they came as events do. */
static void
sort_group(struct mm_ready_list *l)
{
	size_t from = l->last_group > l->head ? l->last_group : l->head;
	size_t n = l->head + l->n - from;
	uint64_t *v = mm_alloc(n * sizeof(*v));

	for (size_t k = 0; k < n; k++)
		v[k] = l->ring[(from + k) & (l->cap - 1)];
	mm_sort_u64(v, n);
	for (size_t k = 0; k < n; k++)
		l->ring[(from + k) & (l->cap - 1)] = (uint32_t)v[k];
	free(v);
	l->unsorted = false;
}

static void
add_to_ring(struct mm_ready_list *l, uint32_t i, int64_t t_ms)
{
	size_t tail = l->head + l->n;

	if (l->n == l->cap)
		grow_ring(l);
	if (t_ms != l->group_t_ms || l->n == 0) {
		if (l->unsorted)
			sort_group(l);
		l->group_t_ms = t_ms;
		l->last_group = tail;
	} else if (i < l->ring[(tail - 1) & (l->cap - 1)]) {
		l->unsorted = true;
	}
	l->ring[tail & (l->cap - 1)] = i;
}

/* ---- both ---- */

size_t
mm_ready_count(const struct mm_ready *r, uint32_t dest)
{
	return r->lists[dest].n;
}

void
mm_ready_add(struct mm_ready *r, uint32_t dest, uint32_t i, int64_t t_ms)
{
	struct mm_ready_list *l = &r->lists[dest];

	if (l->fifo)
		add_to_ring(l, i, t_ms);
	else
		mm_minset_add(&r->ranks,
			      r->rank_of != NULL ? r->rank_of[i] : i);
	l->n++;
}

uint32_t
mm_ready_take(struct mm_ready *r, uint32_t dest)
{
	struct mm_ready_list *l = &r->lists[dest];
	size_t rank;

	if (l->unsorted)
		sort_group(l);
	l->n--;
	if (l->fifo)
		return l->ring[l->head++ & (l->cap - 1)];
	rank = mm_minset_next(&r->ranks, l->first);
	mm_minset_drop(&r->ranks, rank);
	return r->by_rank != NULL ? r->by_rank[rank] : (uint32_t)rank;
}

size_t
mm_ready_all(const struct mm_ready *r, uint32_t dest)
{
	return r->lists[dest].end - r->lists[dest].first;
}

uint32_t
mm_ready_nth(const struct mm_ready *r, uint32_t dest, size_t k)
{
	size_t rank = r->lists[dest].first + k;

	return r->by_rank != NULL ? r->by_rank[rank] : (uint32_t)rank;
}
