/* Incidents that are one: a lost connection within a throttle of the same
 * receiver is the throttle's; greylisting day after day is a habit; the same
 * trouble at many receivers at once is on the own side or on the way. */
#include <stdlib.h>
#include <string.h>

#include "analyze/incident/incidents.h"
#include "formats/base/mem.h"

#define MIN_TARGETS 3	/* fewer at once are a chance */
#define MOST	    0.6 /* of the receivers that were contacted meanwhile */
#define HABIT_LEAST 6	/* windows of greylisting */
#define INSIDE	    0.8 /* of its length: a window within another */

static bool
is(const struct mm_incident *in, const char *kind)
{
	return strcmp(in->kind, kind) == 0;
}

static int64_t
end_of(const struct mm_scene *sc, const struct mm_incident *in)
{
	return in->end_us != MM_TIME_NONE ? in->end_us : sc->series->last_us;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Add the failures of `from` to `to` and weigh it anew. */
static void
merge(const struct mm_scene *sc, struct mm_incidents *l, struct mm_incident *to,
      const struct mm_incident *from)
{
	size_t n = to->n_bad + from->n_bad;
	uint32_t *bad = mm_alloc((n + 1) * sizeof(*bad));
	struct mm_incident old = *to;

	memcpy(bad, to->bad, to->n_bad * sizeof(*bad));
	memcpy(bad + to->n_bad, from->bad, from->n_bad * sizeof(*bad));
	qsort(bad, n, sizeof(*bad), by_number);
	to->attempts_failed = 0;
	to->n_evidence = 0;
	mm_incident_from(sc, l, to, bad, n);
	to->start_us = old.start_us;
	to->end_us = old.end_us;
	mm_incident_also(l, to, from->target);
	for (size_t i = 0; i < from->n_also; i++)
		mm_incident_also(l, to, from->also[i]);
	free(bad);
}

static void
drop(struct mm_incidents *l, size_t i)
{
	memmove(&l->v[i], &l->v[i + 1], (l->n - i - 1) * sizeof(*l->v));
	l->n--;
}

/* ---- within another ---- */

static bool
is_within(const struct mm_scene *sc, const struct mm_incident *in,
	  const struct mm_incident *wide)
{
	int64_t from =
	    in->start_us > wide->start_us ? in->start_us : wide->start_us;
	int64_t to = end_of(sc, in) < end_of(sc, wide) ? end_of(sc, in)
						       : end_of(sc, wide);
	int64_t length = end_of(sc, in) - in->start_us;

	return mm_str_eq(in->target, wide->target) && to >= from &&
	       (double)(to - from) >= INSIDE * (double)length;
}

/* A receiver that throttles or blocks also cuts connections. */
static void
absorb(const struct mm_scene *sc, struct mm_incidents *l)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; is(&l->v[i], "outage") && k < l->n; k++) {
			struct mm_incident *wide = &l->v[k], cause;

			if ((!is(wide, "throttle") && !is(wide, "block")) ||
			    !is_within(sc, &l->v[i], wide) ||
			    l->v[i].messages > wide->messages)
				continue;
			cause = *wide;
			merge(sc, l, wide, &l->v[i]);
			wide->cause = cause.cause;
			drop(l, i--);
			break;
		}
}

/* ---- day after day ---- */

/* Who greylists does so for good: some windows of it are one habit. */
static void
join_greylists(const struct mm_scene *sc, struct mm_incidents *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct mm_incident *in = &l->v[i];
		size_t n = 0;

		if (!is(in, "greylist"))
			continue;
		for (size_t k = i + 1; k < l->n; k++)
			n += is(&l->v[k], "greylist") &&
			     mm_str_eq(l->v[k].target, in->target);
		if (n + 1 < HABIT_LEAST)
			continue;
		for (size_t k = i + 1; k < l->n; k++) {
			struct mm_incident *o = &l->v[k];

			if (!is(o, "greylist") ||
			    !mm_str_eq(o->target, in->target))
				continue;
			merge(sc, l, in, o);
			in->n_passed += o->n_passed;
			in->end_us = o->end_us;
			in->recovered_us = o->recovered_us;
			drop(l, k--);
		}
	}
}

/* ---- everywhere at once ---- */

enum { CONTACTED = 1, FAILED = 2 };

/* Did most of the domains that were contacted within the window fail as `in`
 * did? Counted by domain, not by incident: a single mail that failed makes no
 * incident, and one incident may be about many domains. */
static bool
is_broad(const struct mm_scene *sc, const struct mm_incident *in)
{
	const struct mm_series *s = sc->series;
	uint8_t *seen = mm_calloc(s->dict->n_names + 1, sizeof(*seen));
	size_t n_contacted = 0, n_failed = 0;
	uint8_t sign = in->n_bad > 0 ? s->contacts[in->bad[0]].sign : 0;

	for (size_t i = 0; i < s->n_contacts; i++) {
		const struct mm_contact *c = &s->contacts[i];

		if (c->t_us > end_of(sc, in))
			break;
		if (c->t_us >= in->start_us && c->domain != 0)
			seen[c->domain] |=
			    CONTACTED | (c->sign == sign ? FAILED : 0);
	}
	for (size_t i = 0; i < s->dict->n_names; i++) {
		n_contacted += seen[i] != 0;
		n_failed += (seen[i] & FAILED) != 0;
	}
	free(seen);
	return n_failed > 0 && (double)n_failed >= MOST * (double)n_contacted;
}

static int64_t
apart(int64_t a, int64_t b)
{
	return a < b ? b - a : a - b;
}

/* Do the two begin and end together, as far as retries let one see? */
static bool
together(const struct mm_scene *sc, const struct mm_incident *a,
	 const struct mm_incident *b)
{
	int64_t slack = sc->series->retry_us / 2;
	int64_t longer = end_of(sc, a) - a->start_us;

	if (end_of(sc, b) - b->start_us > longer)
		longer = end_of(sc, b) - b->start_us;
	if (longer / 3 > slack)
		slack = longer / 3;
	/* Domains that do not exist have nothing in common. */
	return strcmp(a->kind, b->kind) == 0 && strcmp(a->side, b->side) == 0 &&
	       apart(a->start_us, b->start_us) <= slack &&
	       a->start_us <= end_of(sc, b) && b->start_us <= end_of(sc, a) &&
	       apart(end_of(sc, a), end_of(sc, b)) <= slack + longer / 3;
}

/* A receiver of few mails sees only a part of what all see. */
static bool
is_part(const struct mm_scene *sc, const struct mm_incident *whole,
	const struct mm_incident *o)
{
	int64_t slack = sc->series->retry_us / 2;

	return strcmp(whole->kind, o->kind) == 0 &&
	       strcmp(whole->side, o->side) == 0 &&
	       o->start_us >= whole->start_us - slack &&
	       end_of(sc, o) <= end_of(sc, whole) + slack;
}

/* Seen by many, the edges are sharper than any of them saw alone. */
static void
sharpen(const struct mm_scene *sc, struct mm_incident *in)
{
	int64_t longest = sc->series->retry_us;

	in->start_us = in->first_bad_us;
	if (in->last_good_us != MM_TIME_NONE)
		in->start_us -= (in->first_bad_us - in->last_good_us) / 2;
	if (in->first_bad_us - in->start_us > longest)
		in->start_us = in->first_bad_us - longest;
	if (in->end_us == MM_TIME_NONE)
		return;
	in->end_us = in->last_bad_us;
	if (in->recovered_us != MM_TIME_NONE)
		in->end_us += (in->recovered_us - in->last_bad_us) / 2;
	if (in->end_us - in->last_bad_us > longest)
		in->end_us = in->last_bad_us + longest;
}

static void
join(const struct mm_scene *sc, struct mm_incidents *l, size_t i)
{
	struct mm_incident *first = &l->v[i], whole = *first;
	struct mm_str name = first->target;

	first->target = MM_STR("local");
	mm_incident_also(l, first, name);
	first->side = is(first, "dns") ? "own" : "network";
	for (size_t k = l->n; k-- > i + 1;) {
		struct mm_incident *o = &l->v[k];

		if (!together(sc, &whole, o) && !is_part(sc, &whole, o))
			continue;
		merge(sc, l, first, o);
		if (o->last_good_us > first->last_good_us)
			first->last_good_us = o->last_good_us;
		if (o->end_us == MM_TIME_NONE)
			first->end_us = MM_TIME_NONE;
		if (o->recovered_us != MM_TIME_NONE &&
		    (first->recovered_us == MM_TIME_NONE ||
		     o->recovered_us < first->recovered_us))
			first->recovered_us = o->recovered_us;
		drop(l, k);
	}
	if (first->last_good_us > first->first_bad_us)
		first->last_good_us = first->first_bad_us;
	if (first->recovered_us != MM_TIME_NONE &&
	    first->recovered_us < first->last_bad_us)
		first->recovered_us = first->last_bad_us;
	sharpen(sc, first);
}

static void
join_broad(const struct mm_scene *sc, struct mm_incidents *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct mm_incident *in = &l->v[i];
		size_t n = 1;

		if (!is(in, "dns") && !is(in, "outage") && !is(in, "tls"))
			continue;
		if (is(in, "dns") && strcmp(in->side, "receiver") == 0)
			continue;
		for (size_t k = i + 1; k < l->n; k++)
			n += together(sc, in, &l->v[k]);
		if (n < MIN_TARGETS)
			continue;
		/* Name servers of strangers do not fail together. */
		if (is(in, "dns") || is_broad(sc, in))
			join(sc, l, i);
	}
}

void
mm_incidents_widen(const struct mm_scene *sc, struct mm_incidents *list)
{
	absorb(sc, list);
	join_broad(sc, list);
	join_greylists(sc, list);
}
