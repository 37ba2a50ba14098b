#include <stdlib.h>

#include "formats/base/mem.h"
#include "replay/engine/num.h"
#include "replay/engine/ready.h"
#include "replay/engine/sort.h"

struct mm_ready_list {
	size_t n;	/* ready now */
	int64_t credit; /* of live mail, in permille of a start */
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

static const struct mm_policy *
policy_of(const struct mm_scenario *s, uint32_t dest)
{
	return &s->policies[s->dests[dest].policy];
}

static size_t
list_of(const struct mm_ready *r, const struct mm_message *m)
{
	bool live = m->live && policy_of(r->s, m->dest)->reserve_permille > 0;

	return (size_t)m->dest * r->lanes + live;
}

/* ---- ranks ---- */

typedef uint64_t rank_key(const void *ctx, uint32_t i);

static uint64_t
by_priority(const void *ctx, uint32_t i)
{
	const struct mm_scenario *s = ctx;

	return s->priority != NULL ? mm_sort_key(s->priority[i]) : 0;
}

static uint64_t
by_age(const void *ctx, uint32_t i)
{
	const struct mm_scenario *s = ctx;

	return mm_sort_key(s->messages[i].created_ms);
}

static uint64_t
by_newest(const void *ctx, uint32_t i)
{
	return ~by_age(ctx, i);
}

static uint64_t
by_guard(const void *ctx, uint32_t i)
{
	const struct mm_scenario *s = ctx;
	const struct mm_message *m = &s->messages[i];
	const struct mm_policy *p = policy_of(s, m->dest);
	int64_t dies = mm_num_add(m->created_ms, s->sender.max_age_ms);

	return mm_num_sub(dies, p->resume_at_ms) > p->expire_guard_ms;
}

#define KEYS_MAX 3

/* What a destination's list goes by, the weightiest last; the index decides
 * among equals. None: fifo. */
static size_t
keys_of(const struct mm_policy *p, rank_key *keys[KEYS_MAX])
{
	size_t n = 0;

	if (p->order == MM_FIFO && p->expire_guard_ms == 0)
		return 0;
	keys[n++] = p->order == MM_NEWEST ? by_newest : by_age;
	if (p->order == MM_PRIORITY)
		keys[n++] = by_priority;
	if (p->expire_guard_ms > 0)
		keys[n++] = by_guard;
	return n;
}

/* Does `i` come before `i + 1`, both of one list, by its keys? */
static bool
is_before(const struct mm_scenario *s, const struct mm_policy *p, uint32_t i)
{
	rank_key *keys[KEYS_MAX];

	for (size_t k = keys_of(p, keys); k-- > 0;) {
		uint64_t a = keys[k](s, i), b = keys[k](s, i + 1);

		if (a != b)
			return a < b;
	}
	return true;
}

/* Are all messages in the order of their lists already? */
static bool
is_ordered(const struct mm_ready *r)
{
	const struct mm_scenario *s = r->s;

	for (uint32_t i = 0; i + 1 < s->n_messages; i++) {
		const struct mm_message *m = &s->messages[i];
		size_t a = list_of(r, m), b = list_of(r, m + 1);

		if (a > b ||
		    (a == b && !is_before(s, policy_of(s, m->dest), i)))
			return false;
	}
	return true;
}

static void
make_ranks(struct mm_ready *r, bool all_fifo)
{
	const struct mm_scenario *s = r->s;
	size_t n = s->n_messages, n_lists = s->n_dests * r->lanes;
	rank_key *keys[KEYS_MAX];

	r->by_rank = mm_alloc(n * sizeof(*r->by_rank));
	for (size_t k = 0; k < n_lists; k++)
		r->lists[k].end = r->lists[k].first;
	for (size_t i = 0; i < n; i++)
		r->by_rank[r->lists[list_of(r, &s->messages[i])].end++] =
		    (uint32_t)i;
	for (size_t k = 0; k < n_lists; k++) {
		const struct mm_ready_list *l = &r->lists[k];
		size_t n_keys =
		    keys_of(policy_of(s, (uint32_t)(k / r->lanes)), keys);

		for (size_t j = 0; j < n_keys; j++)
			mm_sort_by(r->by_rank + l->first, l->end - l->first,
				   keys[j], s);
	}
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
	rank_key *keys[KEYS_MAX];
	size_t at = 0;

	*r = (struct mm_ready){ .s = s, .lanes = 1 };
	for (uint32_t d = 0; d < s->n_dests; d++)
		if (policy_of(s, d)->reserve_permille > 0)
			r->lanes = 2;
	r->lists = mm_calloc(s->n_dests * r->lanes, sizeof(*r->lists));
	for (size_t i = 0; i < s->n_messages; i++)
		r->lists[list_of(r, &s->messages[i])].end++;
	for (size_t k = 0; k < s->n_dests * r->lanes; k++) {
		const struct mm_policy *p =
		    policy_of(s, (uint32_t)(k / r->lanes));

		r->lists[k].first = at;
		r->lists[k].end = at += r->lists[k].end;
		r->lists[k].fifo = keys_of(p, keys) == 0;
		all_fifo &= r->lists[k].fifo;
		flush |= p->flush;
	}
	if ((!all_fifo || flush) && !is_ordered(r))
		make_ranks(r, all_fifo);
	mm_minset_init(&r->ranks, all_fifo ? 0 : s->n_messages);
}

void
mm_ready_fini(struct mm_ready *r)
{
	for (size_t k = 0; r->s != NULL && k < r->s->n_dests * r->lanes; k++)
		free(r->lists[k].ring);
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
	const struct mm_ready_list *l = &r->lists[(size_t)dest * r->lanes];

	return r->lanes == 1 ? l->n : l[0].n + l[1].n;
}

void
mm_ready_add(struct mm_ready *r, uint32_t i, int64_t t_ms)
{
	struct mm_ready_list *l = &r->lists[list_of(r, &r->s->messages[i])];

	if (l->fifo)
		add_to_ring(l, i, t_ms);
	else
		mm_minset_add(&r->ranks,
			      r->rank_of != NULL ? r->rank_of[i] : i);
	l->n++;
}

/* Live mail has its share of the starts as long as it has any. */
static struct mm_ready_list *
choose_lane(struct mm_ready *r, uint32_t dest)
{
	struct mm_ready_list *l = &r->lists[(size_t)dest * r->lanes];

	if (r->lanes == 1 || l[1].n == 0)
		return l;
	if (l[0].n == 0)
		return l + 1;
	l->credit += policy_of(r->s, dest)->reserve_permille;
	if (l->credit < 1000)
		return l;
	l->credit -= 1000;
	return l + 1;
}

uint32_t
mm_ready_take(struct mm_ready *r, uint32_t dest)
{
	struct mm_ready_list *l = choose_lane(r, dest);
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
	const struct mm_ready_list *l = &r->lists[(size_t)dest * r->lanes];

	return l[r->lanes - 1].end - l[0].first;
}

uint32_t
mm_ready_nth(const struct mm_ready *r, uint32_t dest, size_t k)
{
	size_t rank = r->lists[(size_t)dest * r->lanes].first + k;

	return r->by_rank != NULL ? r->by_rank[rank] : (uint32_t)rank;
}
