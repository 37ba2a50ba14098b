/* Which windows are one incident, and whom it is about. */
#include <math.h>
#include <stdlib.h>

#include "analyze/incident/receivers.h"
#include "formats/base/mem.h"

/* A share of the failures that is as good as all of them. */
#define NEARLY_ALL 0.9

struct resolve {
	const struct mm_scene *sc;
	const struct mm_series *s;
	struct mm_incidents *list;
	struct mm_window *w;
	size_t n;
	uint32_t *group;	    /* by window: union-find */
	uint32_t *owner[MM_LEVELS]; /* by contact: window + 1 */
	uint32_t *bad;		    /* of the group in hand */
	size_t n_bad, cap_bad;
};

/* The first place in the party's contacts that is not before `t_us`. */
static uint32_t
seek(const struct mm_series *s, const struct mm_index *x, uint32_t party,
     int64_t t_us)
{
	uint32_t lo = x->first[party], hi = x->first[party + 1];

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (s->contacts[x->at[mid]].t_us < t_us)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint32_t
root(struct resolve *r, uint32_t i)
{
	while (r->group[i] != i)
		i = r->group[i] = r->group[r->group[i]];
	return i;
}

static void
mark(struct resolve *r, uint32_t i)
{
	const struct mm_window *w = &r->w[i];
	const struct mm_index *x = &r->s->by[w->level];

	for (uint32_t k = seek(r->s, x, w->party, w->start_us);
	     k < x->first[w->party + 1]; k++) {
		uint32_t c = x->at[k];

		if (r->s->contacts[c].t_us > w->end_us)
			break;
		if (r->s->contacts[c].sign != w->kind->sign)
			continue;
		r->owner[w->level][c] = i + 1;
		for (int level = 0; level < w->level; level++)
			if (r->owner[level][c] != 0) {
				uint32_t a = root(r, i);
				uint32_t b = root(r, r->owner[level][c] - 1);

				r->group[a > b ? a : b] = a > b ? b : a;
			}
	}
}

/* ---- whom a set of failures is about ---- */

static uint32_t
party_of(const struct mm_series *s, const struct mm_contact *c, int level)
{
	return level == MM_BY_DOMAIN ? c->domain
	       : level == MM_BY_HOST ? c->host
				     : s->hosts[c->host].operator_no;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* The party with the most of `bad`, and its share of those that have one. */
static uint32_t
leading(const struct resolve *r, int level, double *share, uint32_t *n_parties)
{
	uint32_t *ids = mm_alloc((r->n_bad + 1) * sizeof(*ids));
	size_t n = 0, run = 0, best = 0;
	uint32_t who = 0;

	*n_parties = 0;
	for (size_t i = 0; i < r->n_bad; i++) {
		uint32_t p = party_of(r->s, &r->s->contacts[r->bad[i]], level);

		if (p != 0)
			ids[n++] = p;
	}
	qsort(ids, n, sizeof(*ids), by_number);
	for (size_t i = 0; i < n; i++) {
		run = i > 0 && ids[i] == ids[i - 1] ? run + 1 : 1;
		*n_parties += run == 1;
		if (run > best) {
			best = run;
			who = ids[i];
		}
	}
	free(ids);
	*share = n > 0 ? (double)best / (double)n : 0;
	return who;
}

static struct mm_str
name_of(const struct mm_series *s, int level, uint32_t party)
{
	return level == MM_BY_DOMAIN ? s->dict->names[party]
	       : level == MM_BY_HOST ? s->hosts[party].name
				     : s->operators[party];
}

/* Failures of one domain, all at one host, while another host of the domain
 * took mail in the window and this one did not: it is that host. */
static uint32_t
ill_host(const struct resolve *r, const struct mm_window *w)
{
	const struct mm_index *x = &r->s->by[MM_BY_DOMAIN];
	bool others_well = false;
	uint32_t n_hosts, host;
	double share;

	host = leading(r, MM_BY_HOST, &share, &n_hosts);
	if (w->level != MM_BY_DOMAIN || host == 0 || n_hosts != 1)
		return 0;
	for (uint32_t k = seek(r->s, x, w->party, w->start_us);
	     k < x->first[w->party + 1]; k++) {
		const struct mm_contact *c = &r->s->contacts[x->at[k]];

		if (c->t_us > w->end_us)
			break;
		if (c->host == 0 || !mm_receiver_is_good(w->kind, c->sign))
			continue;
		if (c->host == host)
			return 0;
		others_well = true;
	}
	return others_well ? host : 0;
}

static void
add_others(const struct resolve *r, struct mm_incident *in)
{
	const struct mm_series *s = r->s;

	for (size_t i = 0; i < r->n_bad; i++) {
		const struct mm_contact *c = &s->contacts[r->bad[i]];

		mm_incident_also(r->list, in, s->dict->names[c->domain]);
		mm_incident_also(r->list, in, s->hosts[c->host].name);
		mm_incident_also(r->list, in, s->hosts[c->host].ip);
	}
}

/* ---- incidents ---- */

/* Did most of them fail without an answer? Then nobody saw the edges of the
 * window: they lie between the last good contact and the first bad one. */
static bool
is_silent(const struct resolve *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_bad; i++) {
		const struct mm_contact *c = &r->s->contacts[r->bad[i]];

		n += r->s->dict->replies[c->reply].code == 0;
	}
	return 2 * n > r->n_bad;
}

static int64_t
half(int64_t from_us, int64_t to_us, int64_t at_most_us)
{
	int64_t span = (to_us - from_us) / 2;

	return span < at_most_us ? span : at_most_us;
}

static bool
ends_it(const struct mm_receiver_kind *k, enum mm_sign sign)
{
	return sign == MM_SIGN_GOOD || mm_receiver_is_good(k, sign);
}

static void
set_bounds(const struct resolve *r, const struct mm_window *w, int level,
	   uint32_t party, struct mm_incident *in)
{
	const struct mm_index *x = &r->s->by[level];
	uint32_t from = seek(r->s, x, party, w->start_us);
	uint32_t to = seek(r->s, x, party, w->end_us + 1);

	while (from-- > x->first[party]) {
		const struct mm_contact *c = &r->s->contacts[x->at[from]];

		if (ends_it(w->kind, c->sign)) {
			in->last_good_us = c->t_us;
			break;
		}
	}
	for (; to < x->first[party + 1]; to++) {
		const struct mm_contact *c = &r->s->contacts[x->at[to]];

		if (ends_it(w->kind, c->sign)) {
			in->recovered_us = c->t_us;
			break;
		}
	}
	if (w->kind->at_least > 0 && is_silent(r)) {
		if (in->last_good_us != MM_TIME_NONE)
			in->start_us -= half(in->last_good_us, in->start_us,
					     r->s->retry_us);
		if (in->recovered_us != MM_TIME_NONE)
			in->end_us +=
			    half(in->end_us, in->recovered_us, r->s->retry_us);
	}
	if (in->recovered_us == MM_TIME_NONE &&
	    r->s->last_us - in->last_bad_us <= w->gap_us)
		in->end_us = MM_TIME_NONE;
}

static uint32_t
passed(const struct resolve *r, int level, uint32_t party, int64_t from_us,
       int64_t to_us)
{
	const struct mm_index *x = &r->s->by[level];
	uint32_t n = 0;

	for (uint32_t k = seek(r->s, x, party, from_us);
	     k < x->first[party + 1]; k++) {
		const struct mm_contact *c = &r->s->contacts[x->at[k]];

		if (c->t_us > to_us)
			break;
		if (c->took)
			n += c->n;
	}
	return n;
}

static void
report(struct resolve *r, const struct mm_window *w)
{
	int level = w->level;
	uint32_t party = w->party, host = ill_host(r, w);
	struct mm_incident *in;

	if (host != 0) {
		level = MM_BY_HOST;
		party = host;
	}
	in = mm_incidents_add(r->list, w->kind->kind,
			      name_of(r->s, level, party));
	in->side = w->kind->side;
	mm_incident_from(r->sc, r->list, in, r->bad, r->n_bad);
	add_others(r, in);
	set_bounds(r, w, level, party, in);
	in->n_passed =
	    passed(r, level, party, in->first_bad_us, in->last_bad_us);
	in->confidence = 1 - 0.5 * exp(-w->score / 10);
}

/* ---- one illness after the other ---- */

#define MAX_LABELS 30
#define MIN_PHASE  2 /* failures on either side */

/* What a failure looks like: the code, or how the connection ended. */
static int
label(const struct resolve *r, uint32_t contact)
{
	const struct mm_contact *c = &r->s->contacts[contact];
	const struct mm_dict_reply *p = &r->s->dict->replies[c->reply];

	return p->code > 0 ? p->code : mm_str_is(p->cause, "net_dropped");
}

/* Failures of one look end before those of another begin, and a wait lies
 * between: where the second begins; 0 when there is no such place. */
static size_t
next_phase(const struct resolve *r, const uint32_t *bad, size_t n)
{
	int looks[MAX_LABELS];
	uint32_t *left = mm_calloc(n + 1, sizeof(*left)), right = 0;
	size_t n_looks = 0, at = 0;
	int64_t widest = r->s->retry_us / 2;

	for (int pass = 0; pass < 2; pass++)
		for (size_t k = 0; k < n; k++) {
			size_t i = pass == 0 ? k : n - 1 - k, look = 0;
			int64_t gap;

			while (look < n_looks &&
			       looks[look] != label(r, bad[i]))
				look++;
			if (look == MAX_LABELS)
				goto out;
			if (look == n_looks)
				looks[n_looks++] = label(r, bad[i]);
			if (pass == 0) {
				left[i + 1] = left[i] | (uint32_t)1 << look;
				continue;
			}
			right |= (uint32_t)1 << look;
			if (i < MIN_PHASE || n - i < MIN_PHASE ||
			    (left[i] & right) != 0)
				continue;
			gap = r->s->contacts[bad[i]].t_us -
			      r->s->contacts[bad[i - 1]].t_us;
			if (gap >= widest) {
				widest = gap;
				at = i;
			}
		}
out:
	free(left);
	return at;
}

static void
report_phases(struct resolve *r, const struct mm_window *w)
{
	uint32_t *all = r->bad;
	size_t n = r->n_bad;
	struct mm_window part = *w;

	while (r->n_bad > 0) {
		size_t cut = w->kind->sign == MM_SIGN_ILL
				 ? next_phase(r, r->bad, r->n_bad)
				 : 0;
		size_t rest = cut > 0 ? r->n_bad - cut : 0;

		if (cut > 0)
			r->n_bad = cut;
		part.start_us = r->s->contacts[r->bad[0]].t_us;
		part.end_us = r->s->contacts[r->bad[r->n_bad - 1]].t_us;
		report(r, &part);
		r->bad += r->n_bad;
		r->n_bad = rest;
	}
	r->bad = all;
	r->n_bad = n;
}

/* The failures of one window. */
static void
take_window(struct resolve *r, const struct mm_window *w)
{
	const struct mm_index *x = &r->s->by[w->level];

	r->n_bad = 0;
	for (uint32_t k = seek(r->s, x, w->party, w->start_us);
	     k < x->first[w->party + 1]; k++) {
		const struct mm_contact *c = &r->s->contacts[x->at[k]];

		if (c->t_us > w->end_us)
			break;
		if (c->sign != w->kind->sign)
			continue;
		r->bad =
		    mm_grow(r->bad, r->n_bad, &r->cap_bad, sizeof(*r->bad));
		r->bad[r->n_bad++] = x->at[k];
	}
}

/* The failures of all windows of a group, each once. */
static void
take_group(struct resolve *r, const uint32_t *windows, size_t n)
{
	struct resolve all = { 0 };
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		take_window(r, &r->w[windows[i]]);
		for (size_t k = 0; k < r->n_bad; k++) {
			all.bad = mm_grow(all.bad, all.n_bad, &all.cap_bad,
					  sizeof(*all.bad));
			all.bad[all.n_bad++] = r->bad[k];
		}
	}
	qsort(all.bad, all.n_bad, sizeof(*all.bad), by_number);
	for (size_t i = 0; i < all.n_bad; i++)
		if (i == 0 || all.bad[i] != all.bad[kept - 1])
			all.bad[kept++] = all.bad[i];
	free(r->bad);
	r->bad = all.bad;
	r->n_bad = kept;
	r->cap_bad = all.cap_bad;
}

/* At which level the group says most; the party when it is one. */
static int
best_level(struct resolve *r, const uint32_t *windows, size_t n,
	   uint32_t *party)
{
	static const int order[] = { MM_BY_DOMAIN, MM_BY_HOST, MM_BY_OPERATOR };
	bool there[MM_LEVELS] = { false };
	uint32_t n_parties;
	double share;

	for (size_t i = 0; i < n; i++)
		there[r->w[windows[i]].level] = true;
	for (size_t i = 0; i < MM_COUNT(order); i++) {
		*party = leading(r, order[i], &share, &n_parties);
		if (there[order[i]] && share >= NEARLY_ALL)
			return order[i];
	}
	/* Nobody alone: each by itself, as near to the receiver as known. */
	*party = 0;
	return there[MM_BY_DOMAIN] ? MM_BY_DOMAIN
	       : there[MM_BY_HOST] ? MM_BY_HOST
				   : MM_BY_OPERATOR;
}

static void
resolve_group(struct resolve *r, const uint32_t *windows, size_t n)
{
	uint32_t party;
	int level;

	take_group(r, windows, n);
	level = best_level(r, windows, n, &party);
	for (size_t i = 0; i < n; i++) {
		const struct mm_window *w = &r->w[windows[i]];

		if (w->level != level || (party != 0 && w->party != party))
			continue;
		take_window(r, w);
		report_phases(r, w);
	}
}

static void
by_group(struct resolve *r)
{
	uint32_t *order = mm_alloc((r->n + 1) * sizeof(*order));
	uint32_t *start = mm_calloc(r->n + 2, sizeof(*start));

	for (uint32_t i = 0; i < r->n; i++)
		start[root(r, i) + 1]++;
	for (size_t i = 0; i < r->n; i++)
		start[i + 1] += start[i];
	for (uint32_t i = 0; i < r->n; i++)
		order[start[root(r, i)]++] = i;
	/* start[g] is now where g ends. */
	for (size_t g = 0, from = 0; g < r->n; from = start[g++])
		if (start[g] > from)
			resolve_group(r, order + from, start[g] - from);
	free(order);
	free(start);
}

void
mm_receivers_resolve(const struct mm_scene *sc, struct mm_windows *w,
		     struct mm_incidents *list)
{
	struct resolve r = {
		.sc = sc, .s = sc->series, .list = list, .w = w->v, .n = w->n
	};

	if (w->n == 0)
		return;
	r.group = mm_alloc(w->n * sizeof(*r.group));
	for (int level = 0; level < MM_LEVELS; level++)
		r.owner[level] =
		    mm_calloc(r.s->n_contacts + 1, sizeof(uint32_t));
	for (uint32_t i = 0; i < w->n; i++)
		r.group[i] = i;
	for (uint32_t i = 0; i < w->n; i++)
		mark(&r, i);
	by_group(&r);
	for (int level = 0; level < MM_LEVELS; level++)
		free(r.owner[level]);
	free(r.group);
	free(r.bad);
}
