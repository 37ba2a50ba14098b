/* Waves of retries: most of the mail that waits for a receiver is tried again
 * within minutes, and the receiver, which would take some of it, refuses that
 * for its rate. It is what a flush does: every mail waits the same time after
 * it, and comes back together.
 *
 * A receiver that is down is no such: it does not matter to it. */
#include <stdlib.h>
#include <string.h>

#include "analyze/incident/incidents.h"
#include "formats/base/mem.h"

/* Within half of what most wait for another try, but at most: */
#define WAVE_MAX_US (4 * MM_MINUTE_US)
#define MOST	    0.667	     /* of those that wait */
#define STORM_US    (5 * MM_HOUR_US) /* waves further apart: two storms */
#define WAVES_LEAST 2

struct again { /* a failed retry */
	int64_t t_us;
	uint32_t contact;
};

struct look { /* at one receiver */
	const struct mm_scene *sc;
	struct mm_incidents *list;
	int64_t *failed_us; /* by recipient: the first at this receiver */
	struct again *v;
	size_t n, cap;
	int64_t *from, *until; /* those that wait: when they came and went */
	size_t n_from, cap_from, n_until, cap_until;
};

static bool
is_refused(uint8_t sign)
{
	return sign == MM_SIGN_RATE || sign == MM_SIGN_CONNS ||
	       sign == MM_SIGN_SLOW || sign == MM_SIGN_BLOCK;
}

static int
by_time(const void *va, const void *vb)
{
	int64_t a = *(const int64_t *)va, b = *(const int64_t *)vb;

	return a < b ? -1 : a > b;
}

static void
push(int64_t **v, size_t *n, size_t *cap, int64_t t_us)
{
	*v = mm_grow(*v, *n, cap, sizeof(**v));
	(*v)[(*n)++] = t_us;
}

/* The failed retries of the party, and from when to when each recipient
 * waited. */
static void
collect(struct look *l, const uint32_t *at, size_t n)
{
	const struct mm_contact *all = l->sc->series->contacts;
	const struct mm_lay *lays = l->sc->stock.lays;

	l->n = l->n_from = l->n_until = 0;
	for (size_t i = 0; i < n; i++) {
		const struct mm_contact *c = &all[at[i]];

		if (c->sign == MM_SIGN_GOOD || c->recipient == 0 || c->leg)
			continue;
		if (l->failed_us[c->recipient] == 0) {
			int64_t out = lays[c->recipient].out_us;

			l->failed_us[c->recipient] = c->t_us;
			push(&l->from, &l->n_from, &l->cap_from, c->t_us);
			if (out != MM_TIME_NONE)
				push(&l->until, &l->n_until, &l->cap_until,
				     out);
		} else if (is_refused(c->sign)) {
			l->v = mm_grow(l->v, l->n, &l->cap, sizeof(*l->v));
			l->v[l->n++] = (struct again){ c->t_us, at[i] };
		}
	}
	for (size_t i = 0; i < n; i++)
		l->failed_us[all[at[i]].recipient] = 0;
	if (l->n_until > 0)
		qsort(l->until, l->n_until, sizeof(*l->until), by_time);
}

/* How many of `v` lie before `t_us`. */
static size_t
before(const int64_t *v, size_t n, int64_t t_us)
{
	size_t low = 0;

	while (n > 0) {
		size_t half = n / 2;

		if (v[low + half] < t_us) {
			low += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return low;
}

/* Is [first, last] most of what waited when it began? */
static bool
is_wave(const struct look *l, size_t first, size_t last)
{
	int64_t t_us = l->v[first].t_us;
	size_t waiting = before(l->from, l->n_from, t_us) -
			 before(l->until, l->n_until, t_us);
	double n = (double)(last - first + 1);

	return n >= l->sc->limits->least && n >= MOST * (double)waiting;
}

static void
add(const struct look *l, const uint32_t *bad, size_t n, size_t n_waves,
    struct mm_str target)
{
	struct mm_incident *in =
	    mm_incidents_add(l->list, "retry-storm", target);

	mm_incident_from(l->sc, l->list, in, bad, n);
	for (size_t i = 0; i < n; i++)
		mm_incident_also(
		    l->list, in,
		    l->sc->series->dict
			->names[l->sc->series->contacts[bad[i]].domain]);
	in->waiting = in->recipients;
	in->confidence = n_waves > WAVES_LEAST ? 0.9 : 0.8;
}

static void
look_at(struct look *l, const uint32_t *at, size_t n, struct mm_str target)
{
	uint32_t *bad;
	size_t n_bad = 0, n_waves = 0;
	int64_t last_us = 0, wave_us = l->sc->series->retry_us / 2;

	if (wave_us > WAVE_MAX_US)
		wave_us = WAVE_MAX_US;
	collect(l, at, n);
	bad = mm_alloc((l->n + 1) * sizeof(*bad));
	for (size_t i = 0, k; i < l->n; i = k) {
		for (k = i + 1;
		     k < l->n && l->v[k].t_us - l->v[i].t_us < wave_us; k++)
			;
		if (!is_wave(l, i, k - 1)) {
			k = i + 1;
			continue;
		}
		if (n_waves > 0 && l->v[i].t_us - last_us > STORM_US) {
			if (n_waves >= WAVES_LEAST)
				add(l, bad, n_bad, n_waves, target);
			n_bad = n_waves = 0;
		}
		n_waves++;
		last_us = l->v[k - 1].t_us;
		for (size_t j = i; j < k; j++)
			bad[n_bad++] = l->v[j].contact;
	}
	if (n_waves >= WAVES_LEAST)
		add(l, bad, n_bad, n_waves, target);
	free(bad);
}

/* As one of an operator's. */
static bool
is_told(const struct mm_incidents *list, size_t from, struct mm_str domain)
{
	for (size_t i = from; i < list->n; i++)
		if (mm_incident_names(&list->v[i], domain, MM_STR_ABSENT))
			return true;
	return false;
}

static enum mm_status
find(const struct mm_scene *sc, struct mm_incidents *list, struct mm_err *err)
{
	const struct mm_series *s = sc->series;
	const struct mm_index *x = &s->by[MM_BY_OPERATOR];
	struct look l = { .sc = sc, .list = list };
	size_t n_before = list->n;

	(void)err;
	l.failed_us = mm_calloc(sc->stock.n_lays + 1, sizeof(*l.failed_us));
	for (size_t p = 1; p < x->n_parties; p++)
		look_at(&l, x->at + x->first[p], x->first[p + 1] - x->first[p],
			s->operators[p]);
	x = &s->by[MM_BY_DOMAIN];
	for (size_t p = 1; p < x->n_parties; p++)
		if (!is_told(list, n_before, s->dict->names[p]))
			look_at(&l, x->at + x->first[p],
				x->first[p + 1] - x->first[p],
				s->dict->names[p]);
	free(l.failed_us);
	free(l.v);
	free(l.from);
	free(l.until);
	return MM_OK;
}

const struct mm_detector mm_detect_retries = { "retries", find };
