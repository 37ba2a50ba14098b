#include <math.h>
#include <stdlib.h>

#include "analyze/incident/burst.h"
#include "formats/base/mem.h"

/* A run of good trials splits a burst when its own share of bad ones would
 * make such a run that rare, over all places where it could stand. */
#define SPLIT_CHANCE 0.02

struct list {
	struct mm_burst *v;
	size_t n, cap;
};

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static uint32_t
count_messages(const struct mm_trial *t, size_t first, size_t last)
{
	uint32_t *ids = mm_alloc((last - first + 1) * sizeof(*ids));
	uint32_t n = 0, distinct = 0;

	for (size_t i = first; i <= last; i++)
		if (t[i].bad)
			ids[n++] = t[i].message;
	qsort(ids, n, sizeof(*ids), by_number);
	for (uint32_t i = 0; i < n; i++)
		distinct += i == 0 || ids[i] != ids[i - 1] || ids[i] == 0;
	free(ids);
	return distinct;
}

/* How much likelier the stretch is with its own share of bad trials. Tries
 * of one message count once: it may be the message. */
static void
weigh(const struct mm_trial *t, struct mm_burst *b, double background)
{
	double share, bad;

	b->n_bad = b->n_good = 0;
	for (size_t i = b->first; i <= b->last; i++) {
		b->n_bad += t[i].bad;
		b->n_good += t[i].bad ? 0 : t[i].n;
	}
	b->n_messages = count_messages(t, b->first, b->last);
	bad = b->n_messages;
	share = (bad + 0.5) / (bad + b->n_good + 1);
	b->score = bad * log(share / background) +
		   b->n_good * log((1 - share) / (1 - background));
}

/* The longest good run inside that is no short calm: how many, and the bad
 * trials on both sides of it. */
static uint32_t
widest_good(const struct mm_trial *t, const struct mm_burst *b, int64_t calm_us,
	    size_t *before, size_t *after)
{
	uint32_t best = 0, sum = 0;
	size_t bad = b->first;

	for (size_t i = b->first + 1; i <= b->last; i++) {
		if (!t[i].bad) {
			sum += t[i].n;
			continue;
		}
		if (sum > best && t[i].t_us - t[bad].t_us >= calm_us) {
			best = sum;
			*before = bad;
			*after = i;
		}
		sum = 0;
		bad = i;
	}
	return best;
}

static bool
splits(const struct mm_burst *b, uint32_t run)
{
	double good =
	    (b->n_good - run + 0.5) / (b->n_good - run + (double)b->n_bad + 1);

	return run > 0 && b->n_bad * pow(good, run) < SPLIT_CHANCE;
}

/* Cut at the widest good run, and each part again, the left one first. */
static void
cut(struct list *out, const struct mm_trial *t, struct mm_burst whole,
    const struct mm_burst_rule *rule)
{
	struct list todo = { 0 };
	size_t before = 0, after = 0;

	todo.v = mm_grow(todo.v, todo.n, &todo.cap, sizeof(*todo.v));
	todo.v[todo.n++] = whole;
	while (todo.n > 0) {
		struct mm_burst b = todo.v[--todo.n], left = b;
		uint32_t run;

		weigh(t, &b, rule->background);
		run = widest_good(t, &b, rule->calm_us, &before, &after);
		if (!splits(&b, run)) {
			out->v =
			    mm_grow(out->v, out->n, &out->cap, sizeof(*out->v));
			out->v[out->n++] = b;
			continue;
		}
		left.last = before;
		b.first = after;
		todo.v = mm_grow(todo.v, todo.n, &todo.cap, sizeof(*todo.v));
		todo.v[todo.n++] = b;
		todo.v = mm_grow(todo.v, todo.n, &todo.cap, sizeof(*todo.v));
		todo.v[todo.n++] = left;
	}
	free(todo.v);
}

size_t
mm_burst_find(const struct mm_trial *t, size_t n,
	      const struct mm_burst_rule *rule, struct mm_burst **out)
{
	double up = log(rule->at_least / rule->background);
	double down = log((1 - rule->at_least) / (1 - rule->background));
	struct list l = { 0 };

	for (size_t i = 0; i < n;) {
		struct mm_burst b = { .first = i, .last = i };
		double sum = up, best = up;
		size_t k;

		if (!t[i].bad) {
			i++;
			continue;
		}
		for (k = i + 1; k < n && sum > 0; k++) {
			if (t[k].t_us - t[k - 1].t_us > rule->gap_us)
				break;
			sum += t[k].bad ? up : down * t[k].n;
			if (t[k].bad && sum >= best) {
				best = sum;
				b.last = k;
			}
		}
		cut(&l, t, b, rule);
		i = b.last + 1;
	}
	*out = l.v;
	return l.n;
}
