#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/incident/habits.h"
#include "formats/base/mem.h"
#include "formats/base/time.h"

/* Fewer are no habit. */
#define LEAST_KEPT 5
#define FAR_MORE   10
/* A run shorter than this many messages is forgotten at once. */
#define LEAST_RUN 2

struct mm_habit {
	uint32_t usual; /* 0: none yet */
	double kept, broken;
	uint32_t last_message; /* recipients of one message are one contact */
	int64_t last_good_us;
	struct mm_habit_run run; /* n 0: none open */
};

void
mm_habits_init(struct mm_habits *h)
{
	*h = (struct mm_habits){ 0 };
	mm_intern_init(&h->keys);
}

static uint32_t
habit_of(struct mm_habits *h, const struct mm_habit_contact *c)
{
	const uint32_t key[2] = { c->origin, c->party };
	uint32_t id = mm_intern_add(
	    &h->keys, (struct mm_str){ (const char *)key, sizeof(key) });
	size_t want = (size_t)id + id / 2 + 64;

	if (id < h->n_habits)
		return id;
	h->v = mm_realloc(h->v, want * sizeof(*h->v));
	memset(h->v + h->n_habits, 0, (want - h->n_habits) * sizeof(*h->v));
	h->n_habits = want;
	return id;
}

static void
close_run(struct mm_habits *h, struct mm_habit *b, int64_t recovered_us)
{
	struct mm_habit_run *r = &b->run;

	if (r->n >= LEAST_RUN) {
		r->recovered_us = recovered_us;
		h->runs =
		    mm_grow(h->runs, h->n_runs, &h->cap_runs, sizeof(*h->runs));
		h->runs[h->n_runs++] = *r;
	}
	/* Short ones belong to the habit: its other hosts are used, too. */
	if (r->n < LEAST_KEPT)
		b->broken += r->n;
	memset(r, 0, sizeof(*r));
}

static void
keep(struct mm_habits *h, struct mm_habit *b, const struct mm_habit_contact *c)
{
	if (b->run.n > 0)
		close_run(h, b, c->t_us);
	b->kept++;
	b->last_good_us = c->t_us;
}

static void
take_break(struct mm_habit *b, uint32_t habit, const struct mm_habit_contact *c)
{
	struct mm_habit_run *r = &b->run;

	if (r->n == 0) {
		r->habit = habit;
		r->party = c->party;
		r->usual = b->usual;
		r->way = c->way;
		r->origin = c->origin;
		r->first_us = c->t_us;
		r->last_good_us = b->last_good_us;
	}
	r->n++;
	r->last_us = c->t_us;
	if (r->n_at == MM_HABIT_PLACES)
		r->n_at--; /* the last one is always among them */
	r->at[r->n_at].file = c->file;
	r->at[r->n_at++].line = c->line;
}

void
mm_habits_note(struct mm_habits *h, const struct mm_habit_contact *c)
{
	uint32_t habit = habit_of(h, c);
	struct mm_habit *b = &h->v[habit];

	if (c->message != 0 && c->message == b->last_message)
		return;
	b->last_message = c->message;
	if (b->usual == 0)
		b->usual = c->way;
	if (c->way == b->usual) {
		keep(h, b, c);
		return;
	}
	take_break(b, habit, c);
	/* What is done far more often than the habit is the habit. */
	if (b->kept < LEAST_KEPT && b->run.n > FAR_MORE * b->kept) {
		b->usual = c->way;
		b->broken += b->kept;
		b->kept = b->run.n;
		b->last_good_us = c->t_us;
		memset(&b->run, 0, sizeof(b->run));
	}
}

void
mm_habits_end(struct mm_habits *h)
{
	for (size_t i = 0; i < h->n_habits; i++)
		if (h->v[i].run.n > 0)
			close_run(h, &h->v[i], MM_TIME_NONE);
	for (size_t i = 0; i < h->n_runs; i++) {
		struct mm_habit_run *r = &h->runs[i];
		const struct mm_habit *b = &h->v[r->habit];

		if (b->kept >= LEAST_KEPT && b->usual == r->usual)
			r->score =
			    -(double)r->n *
			    log((b->broken + 0.5) / (b->kept + b->broken + 1));
	}
}

void
mm_habits_fini(struct mm_habits *h)
{
	mm_intern_fini(&h->keys);
	free(h->v);
	free(h->runs);
}
