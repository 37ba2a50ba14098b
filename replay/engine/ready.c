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

struct rank_key {
	int64_t major, minor;
	uint32_t i;
};

static int
compare_keys(const void *a, const void *b)
{
	const struct rank_key *x = a, *y = b;

	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	if (x->minor != y->minor)
		return x->minor < y->minor ? -1 : 1;
	return (x->i > y->i) - (x->i < y->i);
}

static struct rank_key
key_of(const struct mm_scenario *s, uint32_t i)
{
	const struct mm_message *m = &s->messages[i];
	struct rank_key k = { .i = i };

	switch (s->policies[s->dests[m->dest].policy].order) {
	case MM_FIFO:
		break;
	case MM_AGE:
		k.minor = m->created_ms;
		break;
	case MM_NEWEST:
		k.minor = -m->created_ms;
		break;
	case MM_PRIORITY:
		k.major = s->priority != NULL ? s->priority[i] : 0;
		k.minor = m->created_ms;
		break;
	}
	return k;
}

static bool
is_ordered(const struct mm_scenario *s)
{
	struct rank_key last, k;

	for (size_t i = 0; i < s->n_messages; i++, last = k) {
		uint32_t dest = s->messages[i].dest;

		k = key_of(s, (uint32_t)i);
		if (i == 0 || dest > s->messages[i - 1].dest)
			continue;
		if (dest < s->messages[i - 1].dest ||
		    compare_keys(&last, &k) > 0)
			return false;
	}
	return true;
}

/* Sort by_rank[first, end), which holds messages in ascending order. */
static void
sort_ranks(struct mm_ready *r, const struct mm_ready_list *l)
{
	size_t n = l->end - l->first;
	struct rank_key *keys = mm_alloc(n * sizeof(*keys));

	for (size_t k = 0; k < n; k++)
		keys[k] = key_of(r->s, r->by_rank[l->first + k]);
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t k = 0; k < n; k++)
		r->by_rank[l->first + k] = keys[k].i;
	free(keys);
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
		if (!r->lists[d].fifo)
			sort_ranks(r, &r->lists[d]);
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
