#include <stdlib.h>
#include <string.h>

#include "analyze/case/skew.h"
#include "analyze/timeline/skew.h"
#include "formats/base/arena.h"
#include "formats/base/mem.h"
#include "formats/base/time.h"

/* Fewer hops than these prove nothing; a connection of unknown length. */
#define LEAST_HOPS 5
#define UNKNOWN_US (5 * MM_SECOND_US)

/* Two hosts between which mail went, and the bounds by each hop. */
struct pair {
	struct mm_str from, to;
	int64_t *low, *high; /* owned */
	size_t n, cap_low, cap_high;
	int64_t ahead_us, give_us; /* the clock of `to` */
};

struct mm_skews {
	struct mm_arena texts;
	struct pair *pairs; /* owned */
	size_t n_pairs, cap_pairs;
	struct mm_skew *list; /* owned; [0] is the host that others are
			       * compared with */
	size_t n, cap;
};

static void
take_hop(void *ctx, const struct mm_skew_hop *h)
{
	struct mm_skews *k = ctx;
	struct pair *p = k->n_pairs > 0 ? &k->pairs[k->n_pairs - 1] : NULL;
	int64_t diff = h->arrived_us - h->sent_us;
	int64_t took = h->took_us >= 0 ? h->took_us : UNKNOWN_US;
	/* A stamp of whole seconds was up to one earlier than the event. */
	int64_t from_give = h->sent_us % MM_SECOND_US == 0 ? MM_SECOND_US : 0;
	int64_t to_give = h->arrived_us % MM_SECOND_US == 0 ? MM_SECOND_US : 0;

	if (p == NULL || !mm_str_eq(p->from, h->from) ||
	    !mm_str_eq(p->to, h->to)) {
		k->pairs = mm_grow(k->pairs, k->n_pairs, &k->cap_pairs,
				   sizeof(*k->pairs));
		p = &k->pairs[k->n_pairs++];
		*p = (struct pair){ .from = mm_arena_str(&k->texts, h->from),
				    .to = mm_arena_str(&k->texts, h->to) };
	}
	p->low = mm_grow(p->low, p->n, &p->cap_low, sizeof(*p->low));
	p->high = mm_grow(p->high, p->n, &p->cap_high, sizeof(*p->high));
	p->low[p->n] = diff - from_give;
	p->high[p->n++] = diff + to_give + took;
}

static int
compare(const void *va, const void *vb)
{
	const int64_t *a = va, *b = vb;

	return (*a > *b) - (*a < *b);
}

/* The bounds as one interval: its middle and half its width. */
static void
settle(struct pair *p)
{
	int64_t low, high;

	qsort(p->low, p->n, sizeof(*p->low), compare);
	qsort(p->high, p->n, sizeof(*p->high), compare);
	low = p->low[p->n - 1 - p->n / 10];
	high = p->high[p->n / 10];
	/* They exclude one another when a clock drifts. */
	if (low > high) {
		int64_t other = low;

		low = high;
		high = other;
	}
	p->ahead_us = low + (high - low) / 2;
	p->give_us = (high - low) / 2;
}

static const struct mm_skew *
known(const struct mm_skews *k, struct mm_str host)
{
	for (size_t i = 0; i < k->n; i++)
		if (mm_str_eq(k->list[i].host, host))
			return &k->list[i];
	return NULL;
}

static void
add(struct mm_skews *k, struct mm_skew s)
{
	k->list = mm_grow(k->list, k->n, &k->cap, sizeof(*k->list));
	k->list[k->n++] = s;
}

/* The host with most hops. */
static struct mm_str
reference(const struct mm_skews *k)
{
	struct mm_str best = MM_STR_ABSENT;
	size_t most = 0;

	for (size_t i = 0; i < 2 * k->n_pairs; i++) {
		struct mm_str host =
		    i % 2 == 0 ? k->pairs[i / 2].from : k->pairs[i / 2].to;
		size_t n = 0;

		for (size_t j = 0; j < k->n_pairs; j++)
			if (mm_str_eq(k->pairs[j].from, host) ||
			    mm_str_eq(k->pairs[j].to, host))
				n += k->pairs[j].n;
		if (n > most) {
			most = n;
			best = host;
		}
	}
	return best;
}

/* Along the pairs, from known hosts to unknown ones. */
static void
spread(struct mm_skews *k)
{
	bool more = k->n_pairs > 0;

	if (more)
		add(k, (struct mm_skew){ .host = reference(k) });
	while (more) {
		more = false;
		for (size_t i = 0; i < k->n_pairs; i++) {
			const struct pair *p = &k->pairs[i];
			const struct mm_skew *a = known(k, p->from);
			const struct mm_skew *b = known(k, p->to);
			const struct mm_skew *base = a != NULL ? a : b;

			if ((a == NULL) == (b == NULL) || p->n < LEAST_HOPS)
				continue;
			add(k, (struct mm_skew){
				   .host = a != NULL ? p->to : p->from,
				   .than = k->list[0].host,
				   .ahead_us =
				       base->ahead_us +
				       (a != NULL ? p->ahead_us : -p->ahead_us),
				   .give_us = base->give_us + p->give_us,
				   .n_hops = p->n });
			more = true;
		}
	}
}

static bool
is_sure(const struct mm_skew *s)
{
	return s->than.p != NULL && llabs((long long)s->ahead_us) > s->give_us;
}

struct mm_skews *
mm_skews_find(struct mm_store *s, bool fix, struct mm_err *err)
{
	struct mm_skews *k = mm_calloc(1, sizeof(*k));
	enum mm_status st;

	mm_arena_init(&k->texts);
	st = mm_skew_hops(s, take_hop, k, err);
	for (size_t i = 0; i < k->n_pairs; i++)
		settle(&k->pairs[i]);
	spread(k);
	for (size_t i = 0; i < k->n && st == MM_OK; i++)
		if (is_sure(&k->list[i]))
			st = mm_skew_write(s, k->list[i].host,
					   k->list[i].ahead_us, fix, err);
	if (st == MM_OK)
		return k;
	mm_skews_free(k);
	return NULL;
}

void
mm_skews_free(struct mm_skews *k)
{
	if (k == NULL)
		return;
	for (size_t i = 0; i < k->n_pairs; i++) {
		free(k->pairs[i].low);
		free(k->pairs[i].high);
	}
	free(k->pairs);
	free(k->list);
	mm_arena_fini(&k->texts);
	free(k);
}

const struct mm_skew *
mm_skews_at(const struct mm_skews *k, size_t i)
{
	for (size_t at = 0; at < k->n; at++)
		if (is_sure(&k->list[at]) && i-- == 0)
			return &k->list[at];
	return NULL;
}
