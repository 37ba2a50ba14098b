/* What a set of failed contacts amounts to. */
#include <stdlib.h>
#include <string.h>

#include "analyze/incident/incidents.h"
#include "formats/base/mem.h"
#include "formats/mail/reply.h"

#define PEAK_PARTS 12 /* the peak is the fullest such part of the window */
#define CAUSE_MAX  300

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Distinct numbers but 0. Sorts `ids`. */
static uint32_t
distinct(uint32_t *ids, size_t n)
{
	uint32_t count = 0;

	qsort(ids, n, sizeof(*ids), by_number);
	for (size_t i = 0; i < n; i++)
		count += ids[i] != 0 && (i == 0 || ids[i] != ids[i - 1]);
	return count;
}

/* The number seen most; ties to the least. Sorts `ids`. */
static uint32_t
commonest(uint32_t *ids, size_t n)
{
	size_t run = 0, best = 0;
	uint32_t who = 0;

	qsort(ids, n, sizeof(*ids), by_number);
	for (size_t i = 0; i < n; i++) {
		run = i > 0 && ids[i] == ids[i - 1] ? run + 1 : 1;
		if (run > best && ids[i] != 0) {
			best = run;
			who = ids[i];
		}
	}
	return who;
}

static void
count(const struct mm_series *s, struct mm_incident *in, uint32_t *ids)
{
	size_t n = in->n_bad, k = 0;

	for (size_t i = 0; i < n; i++)
		ids[i] = s->contacts[in->bad[i]].message;
	in->messages = distinct(ids, n);
	for (size_t i = 0; i < n; i++)
		ids[i] = s->contacts[in->bad[i]].recipient;
	in->recipients = distinct(ids, n);
	for (size_t i = 0; i < n; i++) {
		const struct mm_contact *c = &s->contacts[in->bad[i]];

		in->attempts_failed += !c->leg;
		if (c->recipient != 0 &&
		    s->finals[c->recipient] == MM_FINAL_EXPIRED &&
		    s->last_bad[c->recipient] == in->bad[i])
			ids[k++] = c->recipient;
	}
	in->expired = distinct(ids, k);
	if (in->attempts_failed == 0)
		in->attempts_failed = (uint32_t)n;
}

/* The middle of the fullest part of the window; its first failure there. */
static size_t
find_peak(const struct mm_series *s, struct mm_incident *in)
{
	int64_t width = (in->last_bad_us - in->first_bad_us) / PEAK_PARTS;
	size_t from = 0, best = 0, at = 0;

	if (width < MM_SECOND_US)
		width = MM_SECOND_US;
	for (size_t i = 0; i < in->n_bad; i++) {
		int64_t t = s->contacts[in->bad[i]].t_us;

		while (t - s->contacts[in->bad[from]].t_us > width)
			from++;
		if (i - from + 1 > best) {
			best = i - from + 1;
			at = from + (i - from) / 2;
		}
	}
	in->peak_us = s->contacts[in->bad[at]].t_us;
	return at;
}

static void
add_evidence(const struct mm_series *s, struct mm_incident *in, size_t peak)
{
	size_t at[MM_EVIDENCE_MAX], n = 0, last = in->n_bad - 1;

	/* First, peak and last; the rest evenly between. */
	for (size_t i = 0; i < MM_EVIDENCE_MAX - 1; i++)
		at[n++] = last * i / (MM_EVIDENCE_MAX - 2);
	for (size_t i = 0; i < n; i++) {
		const struct mm_contact *c;

		if (i > 0 && at[i - 1] < peak && peak < at[i]) {
			c = &s->contacts[in->bad[peak]];
			mm_incident_place(
			    in, (struct mm_place){ c->file, c->line });
		}
		c = &s->contacts[in->bad[at[i]]];
		mm_incident_place(in, (struct mm_place){ c->file, c->line });
	}
}

/* For what the log tells without any words of a receiver. */
static const char *
sign_text(uint8_t sign)
{
	switch (sign) {
	case MM_SIGN_TLS:
		return "tls_failure: the TLS session failed";
	case MM_SIGN_DNS:
		return "dns_failure: the name lookup failed";
	default:
		return "net_unreachable: no connection, or it broke";
	}
}

/* "throttle_rate: 421 4.7.28 our system has detected ...": the commonest
 * cause and the words of its first reply. */
static struct mm_str
cause_text(const struct mm_series *s, struct mm_incidents *l,
	   const struct mm_contact *c)
{
	const struct mm_dict_reply *r = &s->dict->replies[c->reply];
	struct mm_str said = mm_series_said(s, c), text;
	struct mm_reply p;
	struct mm_buf b, fold;

	if (c->reply == 0)
		return mm_str_z(sign_text(c->sign));
	mm_buf_init(&b, CAUSE_MAX);
	mm_buf_init(&fold, (size_t)1 << 16);
	mm_reply_parse(said.n > 0 ? said : r->sample, &fold, &p);
	mm_buf_adds(&b, r->cause.n > 0 ? r->cause : MM_STR("unknown"));
	mm_buf_addz(&b, ": ");
	if (p.code > 0)
		mm_buf_addf(&b, "%d ", p.code);
	if (p.enhanced.n > 0)
		mm_buf_addf(&b, "%.*s ", MM_STR_ARG(p.enhanced));
	mm_buf_adds(&b, mm_str_upto(p.text, CAUSE_MAX - b.n));
	text = mm_arena_str(&l->texts, mm_buf_str(&b));
	mm_buf_fini(&b);
	mm_buf_fini(&fold);
	return text;
}

/* The first contact that failed in the commonest way. */
static const struct mm_contact *
typical(const struct mm_series *s, const struct mm_incident *in, uint32_t *ids)
{
	uint32_t reply;

	for (size_t i = 0; i < in->n_bad; i++)
		ids[i] = s->contacts[in->bad[i]].reply;
	reply = commonest(ids, in->n_bad);
	for (size_t i = 0; i < in->n_bad; i++)
		if (s->contacts[in->bad[i]].reply == reply)
			return &s->contacts[in->bad[i]];
	return &s->contacts[in->bad[0]];
}

void
mm_incident_hit(const struct mm_scene *sc, struct mm_incidents *l,
		struct mm_incident *in, const struct mm_hit *hits, size_t n)
{
	struct mm_hit *kept =
	    mm_arena_alloc(&l->texts, (n + 1) * sizeof(*kept));
	uint32_t *ids;

	memcpy(kept, hits, n * sizeof(*kept));
	in->hits = kept;
	in->n_hits = mm_hits_sort(kept, n);
	if (in->recipients == 0)
		in->recipients = (uint32_t)in->n_hits;
	if (in->messages > 0)
		return;
	ids = mm_alloc((in->n_hits + 1) * sizeof(*ids));
	for (size_t i = 0; i < in->n_hits; i++)
		ids[i] = sc->stock.lays[kept[i].recipient].message;
	in->messages = distinct(ids, in->n_hits);
	free(ids);
}

void
mm_incident_hit_mails(const struct mm_scene *sc, struct mm_incidents *l,
		      struct mm_incident *in, const struct mm_hit *hits,
		      size_t n)
{
	const struct mm_stock *k = &sc->stock;
	struct mm_hit *all = NULL;
	size_t n_all = 0, cap = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t m = hits[i].recipient;

		for (uint32_t at = k->first[m];
		     m < k->n_mails && at < k->first[m + 1]; at++) {
			all = mm_grow(all, n_all, &cap, sizeof(*all));
			all[n_all++] =
			    (struct mm_hit){ hits[i].t_us, k->of[at] };
		}
	}
	if (n_all > 0)
		mm_incident_hit(sc, l, in, all, n_all);
	free(all);
}

/* Those that its failed contacts were for. */
static void
hit_by(const struct mm_scene *sc, struct mm_incidents *l,
       struct mm_incident *in)
{
	const struct mm_contact *all = sc->series->contacts;
	struct mm_hit *hits = mm_alloc((in->n_bad + 1) * sizeof(*hits));
	size_t n = 0;

	for (size_t i = 0; i < in->n_bad; i++) {
		const struct mm_contact *c = &all[in->bad[i]];

		if (c->recipient != 0 && c->recipient < sc->stock.n_lays)
			hits[n++] = (struct mm_hit){ c->t_us, c->recipient };
	}
	mm_incident_hit(sc, l, in, hits, n);
	free(hits);
}

void
mm_incident_from(const struct mm_scene *sc, struct mm_incidents *l,
		 struct mm_incident *in, const uint32_t *bad, size_t n)
{
	const struct mm_series *s = sc->series;
	uint32_t *ids, *kept, origin;

	if (n == 0)
		return;
	kept = mm_arena_alloc(&l->texts, n * sizeof(*kept));
	memcpy(kept, bad, n * sizeof(*kept));
	ids = mm_alloc(n * sizeof(*ids));
	in->bad = kept;
	in->n_bad = n;
	in->first_bad_us = in->start_us = s->contacts[bad[0]].t_us;
	in->last_bad_us = in->end_us = s->contacts[bad[n - 1]].t_us;
	count(s, in, ids);
	add_evidence(s, in, find_peak(s, in));
	in->cause = cause_text(s, l, typical(s, in, ids));
	for (size_t i = 0; i < n; i++)
		ids[i] = s->contacts[bad[i]].origin;
	origin = commonest(ids, n);
	if (distinct(ids, n) == 1)
		in->host = s->dict->origins[origin].host;
	free(ids);
	hit_by(sc, l, in);
}
