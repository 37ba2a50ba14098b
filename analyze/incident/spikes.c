/* Far more of something than ever before: mail of the whole server, mail of
 * one login, recipients that do not exist, bounces from elsewhere.
 *
 * Counts in slots of ten minutes, against all other slots of the same party:
 * the slots of a spike are few, and the smallest of them is `spike` times the
 * largest of the rest. A load that comes and goes with the day leaves no such
 * step; batches that come at the same time of most days, or weeks, are a
 * habit. A short spike may fall on two slots, half to each: slots that begin in
 * the middle of those are looked at, too. It takes four hours of log before
 * anything is called more than before. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/case/flow.h"
#include "analyze/incident/incidents.h"
#include "formats/base/mem.h"

#define SLOT_US	    (10 * MM_MINUTE_US)
#define SLOTS_LEAST 24 /* less log has no before */
#define RARE	    10 /* at most one slot of so many is in a spike */
#define DAY_SLOTS   (MM_DAY_US / SLOT_US)
#define DAYS_LEAST  3  /* other days, or weeks: fewer show no habit */
#define MANY_FROM   10 /* clients of one login within a spike */

struct kind {
	const char *name, *side, *cause;
	enum mm_flow flow;
	bool stolen; /* only where the clients are not those of before */
};

static const struct kind kinds[] = {
	{ "volume-spike", "own", "unknown: mail by the server in ten minutes",
	  MM_FLOW_ARRIVALS, false },
	{ "compromise", "own",
	  "smtp_auth: mail by this login in ten minutes, from new clients",
	  MM_FLOW_LOGINS, true },
	{ "bounce-spike", "own",
	  "recipient_unknown: recipients that do not exist in ten minutes",
	  MM_FLOW_UNKNOWNS, false },
	{ "backscatter", "network",
	  "sender_rejected: bounces from elsewhere in ten minutes",
	  MM_FLOW_BACKSCATTER, false },
};

struct seen {
	int64_t t_us;
	uint32_t from;	  /* of the intern */
	uint32_t message; /* 0: none */
	struct mm_place at;
};

struct slot {
	int64_t no;
	size_t first, n; /* of the rows */
};

struct look { /* at one party after the other */
	const struct mm_scene *sc;
	struct mm_incidents *list;
	const struct kind *kind;
	int64_t shift_us; /* of the slots */
	struct seen *rows;
	size_t n, cap;
	struct mm_intern from;
};

static int
by_count(const void *va, const void *vb)
{
	const struct slot *a = va, *b = vb;

	return a->n != b->n    ? (a->n < b->n ? -1 : 1)
	       : a->no < b->no ? -1
			       : (a->no > b->no);
}

static int
by_time(const void *va, const void *vb)
{
	const struct slot *a = va, *b = vb;

	return a->no < b->no ? -1 : (a->no > b->no);
}

/* How many at the end of `slots`, sorted by count, are spikes; the rest is
 * at most `*usual`. */
static size_t
n_spikes(const struct look *l, const struct slot *slots, size_t n, size_t n_all,
	 size_t *usual)
{
	const struct mm_limits *m = l->sc->limits;

	for (size_t high = n; high > 0; high--) {
		size_t rest = n > high ? slots[n - high - 1].n : 0;
		size_t least = slots[n - high].n;

		if (high * RARE <= n_all && (double)least >= m->least &&
		    (double)least >= m->spike * (double)(rest > 0 ? rest : 1)) {
			*usual = rest;
			return high;
		}
	}
	return 0;
}

/* ---- batches ---- */

static int
by_size(const void *va, const void *vb)
{
	size_t a = *(const size_t *)va, b = *(const size_t *)vb;

	return a < b ? -1 : a > b;
}

/* The fullest slot from `no` - 1 to `no` + 1: a batch is not on the minute.
 * `slots` by time. */
static size_t
fullest(const struct slot *slots, size_t n, int64_t no)
{
	size_t lo = 0, hi = n, top = 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (slots[mid].no < no - 1)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < n && slots[lo].no <= no + 1; lo++)
		top = slots[lo].n > top ? slots[lo].n : top;
	return top;
}

/* Is it no spike beside the same time of the other days, or weeks? */
static bool
is_habit(const struct look *l, const struct slot *slots, size_t n,
	 const struct slot *peak, int64_t period)
{
	const struct mm_series *all = l->sc->series;
	int64_t first = (all->first_us + l->shift_us) / SLOT_US;
	int64_t last = (all->last_us + l->shift_us) / SLOT_US;
	size_t n_others = 0, others, *tops;
	double usual;

	tops = mm_calloc((size_t)((last - first) / period) + 2, sizeof(*tops));
	for (int64_t no = peak->no - (peak->no - first) / period * period;
	     no <= last; no += period)
		if (no != peak->no)
			tops[n_others++] = fullest(slots, n, no);
	qsort(tops, n_others, sizeof(*tops), by_size);
	others = n_others > 0 ? tops[n_others / 2] : 0;
	usual = others > 0 ? (double)others : 1;
	free(tops);
	return n_others >= DAYS_LEAST &&
	       (double)peak->n < l->sc->limits->spike * usual;
}

/* Take the batches out of `slots`, which are by time: they are no spikes, and
 * nothing that is one need be larger. A load that comes and goes with the day
 * stays: it has no slot far above the middle one. */
static size_t
drop_batches(const struct look *l, struct slot *slots, size_t n)
{
	const struct mm_limits *m = l->sc->limits;
	struct slot *all = mm_alloc((n + 1) * sizeof(*all));
	size_t kept = 0;
	double least;

	memcpy(all, slots, n * sizeof(*all));
	qsort(slots, n, sizeof(*slots), by_count);
	least = n > 0 ? m->spike * (double)slots[n / 2].n : 0;
	least = least > m->least ? least : m->least;
	for (size_t i = 0; i < n; i++)
		if ((double)all[i].n < least ||
		    (!is_habit(l, all, n, &all[i], DAY_SLOTS) &&
		     !is_habit(l, all, n, &all[i], 7 * DAY_SLOTS)))
			slots[kept++] = all[i];
	free(all);
	return kept;
}

/* ---- spikes ---- */

/* Do rows [a, b) come from clients that were not seen before them? The slot
 * before is left out: its end may be their beginning. */
static bool
is_stolen(const struct look *l, size_t a, size_t b)
{
	bool *before = mm_calloc(l->from.n + 1, sizeof(*before));
	bool *now = mm_calloc(l->from.n + 1, sizeof(*now));
	size_t n_new = 0, n_now = 0;

	for (size_t i = 0; i < a && l->rows[i].t_us < l->rows[a].t_us - SLOT_US;
	     i++)
		before[l->rows[i].from] = true;
	for (size_t i = a; i < b; i++) {
		n_now += !now[l->rows[i].from];
		n_new += !before[l->rows[i].from];
		now[l->rows[i].from] = true;
	}
	free(before);
	free(now);
	/* Half of the mail from new places, where there was a before. */
	return n_now >= MANY_FROM || (a > 0 && 2 * n_new > b - a);
}

/* Slots are blunt: the rows where the pace changes, at most a slot away. The
 * best ones by likelihood, of `top` in a slot against `usual`: each row speaks
 * for the spike, `pace` rows' time without one against it. */
static void
sharpen(const struct look *l, const struct slot *first, const struct slot *last,
	double top, double usual, size_t *a, size_t *b)
{
	double pace = (top - usual) / log(top / usual) / (double)SLOT_US;
	int64_t from = l->rows[first->first].t_us;
	int64_t to = l->rows[last->first + last->n - 1].t_us;
	double best = -HUGE_VAL;
	size_t i = first->first;

	while (i > 0 && from - l->rows[i - 1].t_us < SLOT_US)
		i--;
	for (; i < first->first + first->n; i++) {
		double sum =
		    pace * (double)(l->rows[i].t_us - from) - (double)i;

		if (sum > best) {
			best = sum;
			*a = i;
		}
	}
	best = -HUGE_VAL;
	for (i = last->first > *a ? last->first : *a;
	     i < l->n && l->rows[i].t_us - to < SLOT_US; i++) {
		double sum =
		    (double)i - pace * (double)(l->rows[i].t_us - from);

		if (sum > best) {
			best = sum;
			*b = i + 1;
		}
	}
}

static bool
add(const struct look *l, struct mm_str who, const struct slot *first,
    const struct slot *last, size_t usual)
{
	size_t a = first->first, b = last->first + last->n, top = 0;
	struct mm_incident *in;
	struct mm_hit *hits;

	for (const struct slot *s = first; s <= last; s++)
		top = s->n > top ? s->n : top;
	sharpen(l, first, last, (double)top, usual > 0 ? (double)usual : 1, &a,
		&b);
	if (l->kind->stolen && !is_stolen(l, a, b))
		return false;
	in = mm_incidents_add(l->list, l->kind->name,
			      l->kind->stolen ? who : MM_STR("local"));
	if (!l->kind->stolen)
		in->host = mm_arena_str(&l->list->texts, who);
	in->start_us = in->first_bad_us = l->rows[a].t_us;
	in->end_us = in->last_bad_us = l->rows[b - 1].t_us;
	if (a > 0)
		in->last_good_us = l->rows[a - 1].t_us;
	if (b < l->n)
		in->recovered_us = l->rows[b].t_us;
	else if (l->sc->series->last_us - in->end_us < SLOT_US)
		in->end_us = MM_TIME_NONE;
	for (const struct slot *s = first; s <= last; s++)
		if (s->n == top)
			in->peak_us = l->rows[s->first].t_us;
	in->side = l->kind->side;
	in->messages = (uint32_t)(b - a);
	in->confidence = 1 - (double)(usual > 0 ? usual : 1) / (double)top;
	in->cause = mm_str_z(mm_arena_fmt(&l->list->texts,
					  "%s: %zu at the peak, at most %zu "
					  "at other times",
					  l->kind->cause, top, usual));
	/* Lines from its beginning, and who it came from. */
	hits = mm_calloc(b - a + 1, sizeof(*hits));
	for (size_t i = a; i < b; i++) {
		mm_incident_place(in, l->rows[i].at);
		mm_incident_also(l->list, in,
				 mm_intern_text(&l->from, l->rows[i].from));
		hits[i - a] =
		    (struct mm_hit){ l->rows[i].t_us, l->rows[i].message };
	}
	mm_incident_hit_mails(l->sc, l->list, in, hits, b - a);
	free(hits);
	return true;
}

/* Was anything found? */
static bool
look_by_slots(struct look *l, struct mm_str who)
{
	bool any = false;
	struct slot *slots = mm_calloc(l->n + 1, sizeof(*slots));
	const struct mm_series *all = l->sc->series;
	size_t n_all = (size_t)((all->last_us - all->first_us) / SLOT_US) + 1;
	size_t n = 0, high, usual = 0;

	for (size_t i = 0; i < l->n; i++) {
		int64_t no = (l->rows[i].t_us + l->shift_us) / SLOT_US;

		if (n == 0 || slots[n - 1].no != no)
			slots[n++] = (struct slot){ no, i, 0 };
		slots[n - 1].n++;
	}
	n = drop_batches(l, slots, n);
	qsort(slots, n, sizeof(*slots), by_count);
	high = n_all >= SLOTS_LEAST ? n_spikes(l, slots, n, n_all, &usual) : 0;
	qsort(slots + n - high, high, sizeof(*slots), by_time);
	for (size_t i = n - high, k; i < n; i = k) {
		for (k = i + 1; k < n && slots[k].no == slots[k - 1].no + 1;)
			k++;
		any |= add(l, who, &slots[i], &slots[k - 1], usual);
	}
	free(slots);
	return any;
}

static void
look_at(void *ctx, struct mm_str who)
{
	struct look *l = ctx;

	l->shift_us = 0;
	if (!look_by_slots(l, who)) {
		l->shift_us = SLOT_US / 2;
		(void)look_by_slots(l, who);
	}
	l->n = 0;
}

static void
take(void *ctx, const struct mm_flow_row *r)
{
	struct look *l = ctx;

	l->rows = mm_grow(l->rows, l->n, &l->cap, sizeof(*l->rows));
	l->rows[l->n++] = (struct seen){ r->t_us,
					 mm_intern_add(&l->from, r->from),
					 r->message,
					 { r->file, r->line } };
}

static enum mm_status
find(const struct mm_scene *sc, struct mm_incidents *list, struct mm_err *err)
{
	struct look l = { .sc = sc, .list = list };
	const struct mm_flow_sink sink = { take, look_at, &l };
	enum mm_status st = MM_OK;

	mm_intern_init(&l.from);
	for (size_t i = 0; i < MM_COUNT(kinds) && st == MM_OK; i++) {
		l.kind = &kinds[i];
		st = mm_flow_rows(sc->store, kinds[i].flow, &sink, err);
	}
	free(l.rows);
	mm_intern_fini(&l.from);
	return st;
}

const struct mm_detector mm_detect_spikes = { "spikes", find };
