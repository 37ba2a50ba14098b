/* Mail that piles up: recipients that have waited longer than a first try
 * takes, over time. A batch that goes out within minutes is none, nor are full
 * mailboxes, nor the few that wait for receivers that never take anything:
 * they wait for days while all is well.
 *
 * It is one when at its peak there wait at least `least`, `spike` times what
 * waits in the calmest tenth of the logs, and a quarter of what comes while
 * a mail waits for its second try; it lasts while half of that waits. */
#include <stdlib.h>
#include <string.h>

#include "analyze/incident/incidents.h"
#include "formats/base/mem.h"

/* Longer than most wait for a second try, but at most: */
#define AGED_MAX_US (15 * MM_MINUTE_US)
#define PART	    0.25 /* of what comes meanwhile */
#define CALM	    0.1	 /* part of the logs that shows what is usual */
#define MOST	    0.8	 /* waiting for one receiver: it is that one's */
#define NAMED	    0.05 /* a receiver with less is not named */
#define N_PLACES    8

struct change { /* one more, or one less, waits */
	int64_t t_us;
	uint32_t recipient;
	bool comes;
};

struct level { /* so long waited so many */
	int64_t for_us;
	size_t n;
};

struct look { /* at one host */
	const struct mm_scene *sc;
	struct mm_incidents *list;
	struct mm_str host;
	struct change *v;
	size_t n, cap;
	double enough;		/* to be worth a word */
	uint32_t *aged, *taken; /* by domain, of all hosts */
	int64_t *first_us;	/* arrival of the first aged, by domain */
	int64_t *last_us;	/* and of the last */
	int64_t end_us;
};

static int
by_time(const void *va, const void *vb)
{
	const struct change *a = va, *b = vb;

	if (a->t_us != b->t_us)
		return a->t_us < b->t_us ? -1 : 1;
	if (a->comes != b->comes)
		return a->comes ? 1 : -1;
	return a->recipient < b->recipient ? -1 : a->recipient > b->recipient;
}

static int
by_level(const void *va, const void *vb)
{
	const struct level *a = va, *b = vb;

	return a->n < b->n ? -1 : a->n > b->n;
}

static int64_t
aged_us(const struct mm_scene *sc)
{
	return sc->series->retry_us < AGED_MAX_US ? sc->series->retry_us
						  : AGED_MAX_US;
}

static int64_t
aged_at(const struct mm_scene *sc, const struct mm_lay *lay)
{
	return sc->stock.mails[lay->message].in_us + aged_us(sc);
}

static bool
is_aged(const struct mm_scene *sc, const struct mm_lay *lay)
{
	return lay->known &&
	       (lay->out_us == MM_TIME_NONE || lay->out_us > aged_at(sc, lay));
}

static void
count_domains(struct look *l)
{
	const struct mm_stock *k = &l->sc->stock;

	for (size_t i = 0; i < k->n_lays; i++) {
		const struct mm_lay *lay = &k->lays[i];
		int64_t at_us;

		l->taken[lay->domain] += lay->final == MM_FINAL_SENT;
		if (!is_aged(l->sc, lay))
			continue;
		at_us = k->mails[lay->message].in_us;
		if (l->aged[lay->domain]++ == 0)
			l->first_us[lay->domain] = l->last_us[lay->domain] =
			    at_us;
		if (at_us < l->first_us[lay->domain])
			l->first_us[lay->domain] = at_us;
		if (at_us > l->last_us[lay->domain])
			l->last_us[lay->domain] = at_us;
	}
}

/* It took none in so long, or has few. */
static bool
never_takes(const struct look *l, uint32_t domain)
{
	return l->taken[domain] == 0 &&
	       (l->aged[domain] < l->enough ||
		l->last_us[domain] - l->first_us[domain] > MM_NEVER_WELL_US);
}

static void
push(struct look *l, int64_t t_us, uint32_t recipient, bool comes)
{
	l->v = mm_grow(l->v, l->n, &l->cap, sizeof(*l->v));
	l->v[l->n++] = (struct change){ t_us, recipient, comes };
}

static bool
is_here(const struct look *l, const struct mm_lay *lay)
{
	uint32_t origin = l->sc->stock.mails[lay->message].origin;

	return lay->known &&
	       mm_str_eq(l->sc->series->dict->origins[origin].host, l->host);
}

/* Tried more than once, and never was it the receiver as a whole. */
static bool
is_his_own(const struct look *l, size_t recipient)
{
	return l->sc->stock.lays[recipient].again &&
	       l->sc->series->last_bad[recipient] == 0;
}

/* What counts, by what comes. */
static double
worth(const struct look *l)
{
	const struct mm_stock *k = &l->sc->stock;
	double span = (double)(l->end_us - l->sc->series->first_us), n = 0;

	for (size_t i = 0; i < k->n_lays; i++)
		n += is_here(l, &k->lays[i]);
	n *= PART * (double)aged_us(l->sc) / span;
	return n > l->sc->limits->least ? n : l->sc->limits->least;
}

/* The changes of the host, by time. */
static void
collect(struct look *l)
{
	const struct mm_stock *k = &l->sc->stock;

	l->n = 0;
	for (size_t i = 0; i < k->n_lays; i++) {
		const struct mm_lay *lay = &k->lays[i];

		if (!is_here(l, lay) || !is_aged(l->sc, lay) ||
		    aged_at(l->sc, lay) > l->end_us || is_his_own(l, i) ||
		    never_takes(l, lay->domain))
			continue;
		push(l, aged_at(l->sc, lay), (uint32_t)i, true);
		if (lay->out_us != MM_TIME_NONE)
			push(l, lay->out_us, (uint32_t)i, false);
	}
	if (l->n > 0)
		qsort(l->v, l->n, sizeof(*l->v), by_time);
}

/* How many wait in the calmest part of the logs. */
static size_t
usual(const struct look *l)
{
	struct level *levels = mm_calloc(l->n + 1, sizeof(*levels));
	int64_t at_us = l->sc->series->first_us;
	int64_t left =
	    (int64_t)(CALM * (double)(l->end_us - l->sc->series->first_us));
	size_t n = 0, i = 0;

	for (; i < l->n; i++) {
		levels[i] = (struct level){ l->v[i].t_us - at_us, n };
		at_us = l->v[i].t_us;
		n = l->v[i].comes ? n + 1 : n - 1;
	}
	levels[i] = (struct level){ l->end_us - at_us, n };
	qsort(levels, l->n + 1, sizeof(*levels), by_level);
	for (i = 0; i < l->n && left > levels[i].for_us; i++)
		left -= levels[i].for_us;
	n = levels[i].n;
	free(levels);
	return n;
}

/* Who waits at `t_us`, by domain: the target if most wait for one, else names
 * in `also`. */
static void
name_receivers(const struct look *l, struct mm_incident *in, size_t peak)
{
	const struct mm_stock *k = &l->sc->stock;
	struct mm_str *names = l->sc->series->dict->names;
	uint32_t *count =
	    mm_calloc(l->sc->series->dict->n_names + 1, sizeof(*count));
	size_t at = 0;

	for (size_t i = 0; i < l->n && l->v[i].t_us <= in->peak_us; i++) {
		uint32_t d = k->lays[l->v[i].recipient].domain;

		count[d] = l->v[i].comes ? count[d] + 1 : count[d] - 1;
	}
	for (size_t d = 1; d < l->sc->series->dict->n_names; d++)
		if (count[d] > count[at])
			at = d;
	if (at != 0 && (double)count[at] >= MOST * (double)peak)
		in->target = mm_arena_str(&l->list->texts, names[at]);
	for (size_t d = 1; d < l->sc->series->dict->n_names; d++)
		if ((double)count[d] >= NAMED * (double)peak)
			mm_incident_also(l->list, in, names[d]);
	free(count);
}

/* Who waited at any time of the window, and the lines of some. */
static void
take_hits(const struct look *l, struct mm_incident *in, int64_t end_us)
{
	const struct mm_stock *k = &l->sc->stock;
	struct mm_hit *hits = mm_calloc(l->n + 1, sizeof(*hits));
	size_t n = 0;

	for (size_t i = 0; i < l->n && l->v[i].t_us <= end_us; i++) {
		const struct mm_lay *lay = &k->lays[l->v[i].recipient];

		if (!l->v[i].comes || (lay->out_us != MM_TIME_NONE &&
				       lay->out_us < in->first_bad_us))
			continue;
		hits[n++] = (struct mm_hit){ l->v[i].t_us, l->v[i].recipient };
	}
	for (size_t i = 0; n > 0 && i < N_PLACES; i++) {
		const struct mm_hit *h = &hits[(n - 1) * i / (N_PLACES - 1)];
		const struct mm_mail *m =
		    &k->mails[k->lays[h->recipient].message];

		mm_incident_place(in, (struct mm_place){ m->file, m->line });
	}
	mm_incident_hit(l->sc, l->list, in, hits, n);
	free(hits);
}

static void
add(const struct look *l, int64_t from_us, int64_t to_us, size_t top,
    const struct change *peak, int64_t oldest_us, size_t calm)
{
	char age[MM_TIME_TEXT], aged[MM_TIME_TEXT];
	struct mm_incident *in =
	    mm_incidents_add(l->list, "backlog", MM_STR("local"));

	in->host = mm_arena_str(&l->list->texts, l->host);
	in->start_us = from_us - aged_us(l->sc);
	in->first_bad_us = from_us;
	in->end_us = in->recovered_us = to_us;
	in->last_bad_us = to_us != MM_TIME_NONE ? to_us : l->end_us;
	in->peak_us = peak->t_us;
	in->waiting = (uint32_t)top;
	in->confidence = 1 - (double)(calm > 0 ? calm : 1) / (double)top;
	in->cause = mm_str_z(mm_arena_fmt(
	    &l->list->texts,
	    "unknown: %zu recipients waited longer than %s at the peak, the "
	    "oldest for %s; at most %zu in the calmest tenth",
	    top, mm_time_span(aged_us(l->sc), aged),
	    mm_time_span(peak->t_us - oldest_us, age), calm));
	name_receivers(l, in, top);
	take_hits(l, in, in->last_bad_us);
}

/* The arrival of the oldest that waits after change `at`. */
static int64_t
oldest(const struct look *l, size_t at)
{
	const struct mm_stock *k = &l->sc->stock;

	for (size_t i = 0; i <= at; i++) {
		const struct mm_lay *lay = &k->lays[l->v[i].recipient];

		if (l->v[i].comes && (lay->out_us == MM_TIME_NONE ||
				      lay->out_us > l->v[at].t_us))
			return k->mails[lay->message].in_us;
	}
	return l->v[at].t_us;
}

static void
look_at(struct look *l)
{
	const struct mm_limits *m = l->sc->limits;
	size_t calm, n = 0, top = 0, peak = 0;
	int64_t from_us = MM_TIME_NONE;

	l->enough = worth(l);
	collect(l);
	calm = usual(l);
	if (l->enough < m->spike * (double)calm)
		l->enough = m->spike * (double)calm;
	for (size_t i = 0; i <= l->n; i++) {
		bool ends = i == l->n;

		if (!ends)
			n = l->v[i].comes ? n + 1 : n - 1;
		if (!ends && 2 * (double)n >= l->enough) {
			if (from_us == MM_TIME_NONE) {
				from_us = l->v[i].t_us;
				top = 0;
			}
			if (n > top) {
				top = n;
				peak = i;
			}
			continue;
		}
		if (from_us != MM_TIME_NONE && (double)top >= l->enough)
			add(l, from_us, ends ? MM_TIME_NONE : l->v[i].t_us, top,
			    &l->v[peak], oldest(l, peak), calm);
		from_us = MM_TIME_NONE;
	}
}

static enum mm_status
find(const struct mm_scene *sc, struct mm_incidents *list, struct mm_err *err)
{
	const struct mm_dict *d = sc->series->dict;
	struct look l = { .sc = sc, .list = list };

	(void)err;
	l.end_us = sc->series->last_us;
	if (l.end_us - sc->series->first_us <= aged_us(sc))
		return MM_OK;
	l.aged = mm_calloc(d->n_names + 1, sizeof(*l.aged));
	l.taken = mm_calloc(d->n_names + 1, sizeof(*l.taken));
	l.first_us = mm_calloc(d->n_names + 1, sizeof(*l.first_us));
	l.last_us = mm_calloc(d->n_names + 1, sizeof(*l.last_us));
	count_domains(&l);
	for (size_t i = 1; i < d->n_origins; i++) {
		bool seen = false;

		for (size_t k = 1; k < i; k++)
			seen |=
			    mm_str_eq(d->origins[k].host, d->origins[i].host);
		l.host = d->origins[i].host;
		if (!seen)
			look_at(&l);
	}
	free(l.v);
	free(l.aged);
	free(l.first_us);
	free(l.last_us);
	free(l.taken);
	return MM_OK;
}

const struct mm_detector mm_detect_backlog = { "backlog", find };
