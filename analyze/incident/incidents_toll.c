/* What an incident cost: whose mail it was, how late it came against before,
 * what bounced or came twice, and which classes of mail missed their
 * deadlines. */
#include <stdlib.h>

#include "analyze/incident/incidents.h"
#include "formats/base/buf.h"
#include "formats/base/json.h"
#include "formats/base/mem.h"

#define PAST_LEAST 10 /* deliveries; fewer before are no measure */

struct toll {
	const struct mm_scene *sc;
	struct mm_incidents *list;
	int64_t *delays;
	size_t n, cap;
	uint32_t *domains; /* of the incident, without repeats */
	size_t n_domains, cap_domains;
	bool *is_named; /* by domain */
	uint32_t *seen; /* by address: the last incident that had it */
};

enum kept { IN_TIME, LATE, NEVER, OPEN, N_KEPT };

static int
by_number(const void *va, const void *vb)
{
	int64_t a = *(const int64_t *)va, b = *(const int64_t *)vb;

	return a < b ? -1 : a > b;
}

static void
add_delay(struct toll *t, const struct mm_lay *lay)
{
	const struct mm_mail *m = &t->sc->stock.mails[lay->message];

	if (lay->final != MM_FINAL_SENT || lay->out_us == MM_TIME_NONE ||
	    lay->out_us < m->in_us)
		return;
	t->delays = mm_grow(t->delays, t->n, &t->cap, sizeof(*t->delays));
	t->delays[t->n++] = lay->out_us - m->in_us;
}

static int64_t
quantile(const struct toll *t, double q)
{
	return t->n > 0 ? t->delays[(size_t)(q * (double)(t->n - 1))]
			: MM_TIME_NONE;
}

static void
sort_delays(struct toll *t)
{
	if (t->n > 0)
		qsort(t->delays, t->n, sizeof(*t->delays), by_number);
}

static void
delays(struct toll *t, struct mm_incident *in)
{
	const struct mm_lay *lays = t->sc->stock.lays;

	t->n = 0;
	for (size_t i = 0; i < in->n_hits; i++)
		add_delay(t, &lays[in->hits[i].recipient]);
	sort_delays(t);
	in->delay_p50_us = quantile(t, 0.5);
	in->delay_p95_us = quantile(t, 0.95);
}

static void
name_domains(struct toll *t, const struct mm_incident *in)
{
	for (size_t i = 0; i < t->n_domains; i++)
		t->is_named[t->domains[i]] = false;
	t->n_domains = 0;
	for (size_t i = 0; i < in->n_hits; i++) {
		uint32_t d = t->sc->stock.lays[in->hits[i].recipient].domain;

		if (t->is_named[d])
			continue;
		t->is_named[d] = true;
		t->domains = mm_grow(t->domains, t->n_domains, &t->cap_domains,
				     sizeof(*t->domains));
		t->domains[t->n_domains++] = d;
	}
}

/* What the same receivers' mail took before it. */
static void
past(struct toll *t, struct mm_incident *in)
{
	const struct mm_stock *k = &t->sc->stock;

	t->n = 0;
	for (size_t i = 0; i < t->n_domains; i++) {
		uint32_t d = t->domains[i];

		for (uint32_t at = k->first_at[d]; at < k->first_at[d + 1];
		     at++)
			if (k->lays[k->at[at]].out_us < in->start_us)
				add_delay(t, &k->lays[k->at[at]]);
	}
	sort_delays(t);
	in->usual_p50_us = in->usual_p95_us = MM_TIME_NONE;
	if (t->n < PAST_LEAST)
		return;
	in->usual_p50_us = quantile(t, 0.5);
	in->usual_p95_us = quantile(t, 0.95);
}

/* Given up, or bounced by a refusal that was the incident's. */
static void
losses(struct toll *t, struct mm_incident *in)
{
	const struct mm_series *s = t->sc->series;
	uint32_t last = 0;

	for (size_t i = 0; i < in->n_bad; i++) {
		const struct mm_contact *c = &s->contacts[in->bad[i]];

		in->bounced += c->recipient != 0 &&
			       s->finals[c->recipient] == MM_FINAL_BOUNCED &&
			       s->last_bad[c->recipient] == in->bad[i];
		if (c->unsure && c->message != last) {
			in->unsure++;
			last = c->message;
		}
	}
}

static void
senders(struct toll *t, struct mm_incident *in, uint32_t number)
{
	const struct mm_stock *k = &t->sc->stock;

	for (size_t i = 0; i < in->n_hits; i++) {
		uint32_t m = k->lays[in->hits[i].recipient].message;
		uint32_t from = k->mails[m].sender;

		if (t->seen[from] == number)
			continue;
		t->seen[from] = number;
		in->senders++;
	}
}

/* ---- deadlines ---- */

static enum kept
judge(const struct mm_scene *sc, const struct mm_lay *lay)
{
	int64_t in_us = sc->stock.mails[lay->message].in_us;
	int64_t within_us = sc->limits->classes[lay->class_no - 1].deadline_us;

	if (lay->out_us == MM_TIME_NONE)
		return sc->series->last_us - in_us > within_us ? NEVER : OPEN;
	if (lay->final != MM_FINAL_SENT)
		return NEVER;
	return lay->out_us - in_us > within_us ? LATE : IN_TIME;
}

static void
misses(struct toll *t, struct mm_incident *in)
{
	const struct mm_limits *m = t->sc->limits;
	uint32_t n[MM_CLASSES_MAX][N_KEPT] = { 0 };
	struct mm_buf b;

	for (size_t i = 0; i < in->n_hits; i++) {
		const struct mm_lay *lay =
		    &t->sc->stock.lays[in->hits[i].recipient];

		if (lay->class_no != 0)
			n[lay->class_no - 1][judge(t->sc, lay)]++;
	}
	mm_buf_init(&b, (size_t)1 << 16);
	for (size_t c = 0; c < m->n_classes; c++) {
		uint32_t missed = n[c][LATE] + n[c][NEVER];

		if (missed == 0)
			continue;
		mm_buf_addz(&b, b.n > 0 ? ",{\"class\":" : "[{\"class\":");
		mm_json_add_str(&b, m->classes[c].name);
		mm_buf_addf(&b, ",\"recipients\":%u,\"missed\":%u}",
			    missed + n[c][IN_TIME] + n[c][OPEN], missed);
	}
	if (b.n > 0) {
		mm_buf_addc(&b, ']');
		in->missed = mm_arena_str(&t->list->texts, mm_buf_str(&b));
	}
	mm_buf_fini(&b);
}

/* Of all mail, incidents or not. */
static enum mm_status
write_deadlines(const struct mm_scene *sc, struct mm_err *err)
{
	const struct mm_stock *k = &sc->stock;
	const struct mm_limits *m = sc->limits;
	struct mm_deadline_row rows[MM_CLASSES_MAX] = { 0 };
	int64_t n[MM_CLASSES_MAX][N_KEPT] = { 0 };

	for (size_t i = 0; i < k->n_lays; i++)
		if (k->lays[i].known && k->lays[i].class_no != 0)
			n[k->lays[i].class_no - 1][judge(sc, &k->lays[i])]++;
	for (size_t c = 0; c < m->n_classes; c++)
		rows[c] = (struct mm_deadline_row){
			.name = m->classes[c].name,
			.sender = m->classes[c].sender,
			.recipient = m->classes[c].recipient,
			.deadline_us = m->classes[c].deadline_us,
			.in_time = n[c][IN_TIME],
			.late = n[c][LATE],
			.never = n[c][NEVER],
			.open = n[c][OPEN],
		};
	return mm_deadline_write(sc->store, rows, m->n_classes, err);
}

enum mm_status
mm_incidents_toll(const struct mm_scene *sc, struct mm_incidents *list,
		  struct mm_err *err)
{
	struct toll t = { .sc = sc, .list = list };

	t.is_named =
	    mm_calloc(sc->series->dict->n_names + 1, sizeof(*t.is_named));
	t.seen = mm_calloc(sc->stock.n_senders + 1, sizeof(*t.seen));
	for (size_t i = 0; i < list->n; i++) {
		struct mm_incident *in = &list->v[i];

		delays(&t, in);
		name_domains(&t, in);
		past(&t, in);
		losses(&t, in);
		senders(&t, in, (uint32_t)i + 1);
		misses(&t, in);
	}
	free(t.delays);
	free(t.domains);
	free(t.is_named);
	free(t.seen);
	return write_deadlines(sc, err);
}
