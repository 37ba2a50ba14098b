/* The own side of delivery: a content filter that is down, a mail store or a
 * pipe that fails. What another program of this machine answers is no
 * receiver's doing. */
#include <math.h>
#include <stdlib.h>

#include "analyze/incident/burst.h"
#include "analyze/incident/incidents.h"
#include "formats/base/mem.h"

#define GAP_RETRIES 4
#define LEAST	    2 /* messages */
#define LEAST_TRIES 3 /* or tries of one that passed in the end */

static const struct mm_burst_rule rule_of_transports = { .background = 2e-3,
							 .at_least = 0.2 };

struct local {
	const struct mm_scene *sc;
	struct mm_incidents *list;
	struct mm_burst_rule rule;
	double need;
	struct mm_trial *t;
	size_t n, cap;
	bool *told; /* by contact: part of an incident already */
};

/* Anything but success; a mailbox that is full judges one mail. */
static bool
is_bad(const struct mm_contact *c)
{
	return c->sign != MM_SIGN_GOOD && c->sign != MM_SIGN_PAUSED &&
	       c->sign != MM_SIGN_GREY;
}

static void
add_trial(struct local *q, uint32_t contact)
{
	const struct mm_contact *c = &q->sc->series->contacts[contact];

	q->t = mm_grow(q->t, q->n, &q->cap, sizeof(*q->t));
	q->t[q->n++] =
	    (struct mm_trial){ c->t_us, c->n, is_bad(c), c->message, contact };
}

static bool
is_filter(const struct mm_host *h)
{
	return h->ip.p != NULL || mm_str_starts(h->name, "127.") ||
	       mm_str_is(h->name, "localhost");
}

static void
report(struct local *q, const struct mm_burst *b, const char *kind,
       struct mm_str target)
{
	uint32_t *bad = mm_alloc((b->last - b->first + 1) * sizeof(*bad));
	struct mm_incident *in = mm_incidents_add(q->list, kind, target);
	const struct mm_series *s = q->sc->series;
	size_t n = 0;

	for (size_t i = b->first; i <= b->last; i++)
		if (q->t[i].bad) {
			q->told[q->t[i].contact] = true;
			bad[n++] = q->t[i].contact;
		}
	mm_incident_from(q->sc, q->list, in, bad, n);
	mm_incident_also(q->list, in, MM_STR("local"));
	in->confidence = 1 - 0.5 * exp(-(b->score - q->need) / 10);
	if (b->first > 0)
		in->last_good_us = q->t[b->first - 1].t_us;
	if (b->last + 1 < q->n)
		in->recovered_us = q->t[b->last + 1].t_us;
	else if (s->last_us - in->last_bad_us <= q->rule.gap_us)
		in->end_us = MM_TIME_NONE;
	free(bad);
}

/* Then it is that address, not the transport. */
static bool
one_address(const struct local *q, const struct mm_burst *b)
{
	const struct mm_contact *all = q->sc->series->contacts;
	uint32_t first = all[q->t[b->first].contact].address;

	for (size_t i = b->first; i <= b->last; i++)
		if (q->t[i].bad && all[q->t[i].contact].address != first)
			return false;
	return true;
}

/* A message that fails by itself does not pass at the next try. */
static bool
is_proved(const struct local *q, const struct mm_burst *b)
{
	const struct mm_series *s = q->sc->series;
	const struct mm_contact *c = &s->contacts[q->t[b->last].contact];

	return b->n_messages >= LEAST ||
	       (b->n_bad >= LEAST_TRIES && c->recipient != 0 &&
		s->finals[c->recipient] == MM_FINAL_SENT);
}

static double
score_of(const struct local *q, const struct mm_burst *b)
{
	if (b->n_messages >= LEAST || !is_proved(q, b))
		return b->score;
	return b->score * b->n_bad / b->n_messages;
}

static void
search(struct local *q, const char *kind, struct mm_str target, bool transport)
{
	struct mm_burst *bursts;
	size_t n = mm_burst_find(q->t, q->n, &q->rule, &bursts);

	for (size_t i = 0; i < n; i++)
		if (score_of(q, &bursts[i]) >= q->need &&
		    is_proved(q, &bursts[i]) &&
		    !(transport && one_address(q, &bursts[i])))
			report(q, &bursts[i], kind, target);
	free(bursts);
}

static void
search_hosts(struct local *q)
{
	const struct mm_series *s = q->sc->series;
	const struct mm_index *x = &s->by[MM_BY_HOST];

	for (size_t h = 1; h < x->n_parties; h++) {
		bool filter = is_filter(&s->hosts[h]);

		if (x->first[h] == x->first[h + 1] || !s->hosts[h].local)
			continue;
		q->n = 0;
		for (uint32_t i = x->first[h]; i < x->first[h + 1]; i++)
			add_trial(q, x->at[i]);
		search(q, filter ? "filter-down" : "local-stop",
		       s->hosts[h].name, !filter);
	}
}

/* ---- one address: a pipe, a robot, a broken mailbox ---- */

struct of_address {
	uint32_t address, contact;
};

static int
by_address(const void *va, const void *vb)
{
	const struct of_address *a = va, *b = vb;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return a->contact < b->contact ? -1 : a->contact > b->contact;
}

static enum mm_status
name_and_search(struct local *q, uint32_t address, struct mm_err *err)
{
	struct mm_buf name;
	enum mm_status st;

	mm_buf_init(&name, 4096);
	st = mm_rows_address(q->sc->store, address, &name, err);
	if (st == MM_OK)
		search(q, "local-stop", mm_buf_str(&name), false);
	mm_buf_fini(&name);
	return st;
}

static enum mm_status
search_addresses(struct local *q, struct mm_err *err)
{
	const struct mm_series *s = q->sc->series;
	struct of_address *v = NULL;
	size_t n = 0, cap = 0;
	enum mm_status st = MM_OK;

	for (size_t i = 0; i < s->n_contacts; i++) {
		const struct mm_contact *c = &s->contacts[i];

		if (!s->hosts[c->host].local || !is_bad(c) || c->address == 0 ||
		    q->told[i] || is_filter(&s->hosts[c->host]))
			continue;
		v = mm_grow(v, n, &cap, sizeof(*v));
		v[n++] = (struct of_address){ c->address, (uint32_t)i };
	}
	if (n > 0)
		qsort(v, n, sizeof(*v), by_address);
	q->n = 0;
	for (size_t i = 0; i < n && st == MM_OK; i++) {
		add_trial(q, v[i].contact);
		if (i + 1 == n || v[i + 1].address != v[i].address) {
			st = name_and_search(q, v[i].address, err);
			q->n = 0;
		}
	}
	free(v);
	return st;
}

static enum mm_status
find(const struct mm_scene *sc, struct mm_incidents *list, struct mm_err *err)
{
	const struct mm_series *s = sc->series;
	struct local q = { .sc = sc, .list = list, .rule = rule_of_transports };
	double n_all = 1;
	enum mm_status st;

	for (size_t i = 0; i < s->n_contacts; i++)
		if (s->hosts[s->contacts[i].host].local)
			n_all += s->contacts[i].n;
	q.need = log(n_all / sc->limits->false_alarms);
	q.rule.gap_us = GAP_RETRIES * s->retry_us;
	q.told = mm_calloc(s->n_contacts + 1, sizeof(*q.told));
	search_hosts(&q);
	st = search_addresses(&q, err);
	free(q.told);
	free(q.t);
	return st;
}

const struct mm_detector mm_detect_transports = { "transports", find };
