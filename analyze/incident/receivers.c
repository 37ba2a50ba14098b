/* Outages, throttles, blocks, greylists, DNS and TLS failures: windows in
 * which one receiver does not take mail. Each kind of sign is looked for by
 * domain, by relay host and by operator; what the three find of the same
 * failures becomes one incident with the target that says most. */
#include <math.h>
#include <stdlib.h>

#include "analyze/incident/burst.h"
#include "analyze/incident/receivers.h"
#include "formats/base/mem.h"

/* Signs of the receiver's own words hardly come by chance, a lost connection
 * does. */
static const struct mm_receiver_kind kinds[] = {
	/* clang-format off */
	/* sign, kind, background, at least, retries, calm, least, side */
	{ MM_SIGN_ILL,   "outage",   2e-3, 0.2,   4, 0,  2, "receiver" },
	{ MM_SIGN_RATE,  "throttle", 1e-5, 0.04,  4, 1,  1, "receiver" },
	{ MM_SIGN_CONNS, "throttle", 1e-5, 0,    12, 0,  1, "receiver" },
	{ MM_SIGN_SLOW,  "throttle", 1e-5, 0,    12, 0,  1, "receiver" },
	{ MM_SIGN_GREY,  "greylist", 1e-3, 0,    12, 0,  3, "receiver" },
	{ MM_SIGN_BLOCK, "block",    1e-4, 0.4,   4, 0,  2, "receiver" },
	{ MM_SIGN_DNS,   "dns",      1e-3, 0.2,   4, 0,  1, "network" },
	{ MM_SIGN_GONE,  "dns",      1e-2, 0.5,  12, 0, 10, "receiver" },
	{ MM_SIGN_TLS,   "tls",      1e-5, 0.1,   4, 1,  1, "receiver" },
	/* clang-format on */
};

/* Tries of one message so close together are one try. */
#define SAME_TRY_US	  MM_SECOND_US
#define SAME_TRY_LOOKBACK 16
/* The background is measured with this many trials of prior weight. */
#define PRIOR_TRIALS 1000.0
#define GAP_MEDIANS  10
#define SURE	     2 /* deviations: a Poisson count is hardly that far off */

struct trials {
	struct mm_trial *v;
	size_t n, cap;
};

/* ---- trials of one party ---- */

bool
mm_receiver_is_good(const struct mm_receiver_kind *k, enum mm_sign sign)
{
	if (k->at_least <= 0)
		return false;
	if (k->sign == MM_SIGN_ILL || k->sign == MM_SIGN_DNS ||
	    k->sign == MM_SIGN_GONE)
		return sign != k->sign && sign != MM_SIGN_LOCAL &&
		       sign != MM_SIGN_PAUSED && sign != MM_SIGN_DNS &&
		       sign != MM_SIGN_GONE &&
		       (sign != MM_SIGN_ILL || k->sign != MM_SIGN_ILL);
	return sign == MM_SIGN_GOOD;
}

static bool
same_try(struct trials *t, const struct mm_contact *c)
{
	size_t seen = 0;

	for (size_t i = t->n; i-- > 0 && seen < SAME_TRY_LOOKBACK; seen++) {
		struct mm_trial *o = &t->v[i];

		if (c->t_us - o->t_us > SAME_TRY_US)
			return false;
		if (!o->bad || (o->message != c->message && o->message != 0 &&
				c->message != 0))
			continue;
		if (o->message == 0)
			o->message = c->message;
		return true;
	}
	return false;
}

static void
collect(const struct mm_series *s, const struct mm_receiver_kind *k,
	const struct mm_index *x, size_t party, struct trials *t)
{
	t->n = 0;
	for (uint32_t i = x->first[party]; i < x->first[party + 1]; i++) {
		const struct mm_contact *c = &s->contacts[x->at[i]];
		bool bad = c->sign == k->sign;

		if (s->hosts[c->host].local)
			continue;
		/* Sent in clear after TLS had failed is no success of TLS. */
		if (bad || (k->sign == MM_SIGN_TLS && c->message != 0)
			? same_try(t, c)
			: !mm_receiver_is_good(k, c->sign))
			continue;
		if (!bad && !mm_receiver_is_good(k, c->sign))
			continue;
		t->v = mm_grow(t->v, t->n, &t->cap, sizeof(*t->v));
		t->v[t->n++] = (struct mm_trial){ c->t_us, c->n, bad,
						  c->message, x->at[i] };
	}
}

static int
by_span(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* A silence is long when it is long for this data: by the retries, or by how
 * often this party hears from us. */
static int64_t
longest_gap(const struct mm_series *s, const struct mm_receiver_kind *k,
	    const struct trials *t)
{
	int64_t *gaps, median = 0;

	if (t->n > 1) {
		gaps = mm_alloc(t->n * sizeof(*gaps));
		for (size_t i = 1; i < t->n; i++)
			gaps[i - 1] = t->v[i].t_us - t->v[i - 1].t_us;
		qsort(gaps, t->n - 1, sizeof(*gaps), by_span);
		median = gaps[(t->n - 1) / 2];
		free(gaps);
	}
	if (median * GAP_MEDIANS > s->retry_us * k->retries)
		return median * GAP_MEDIANS;
	return s->retry_us * k->retries;
}

/* ---- windows ---- */

struct search {
	const struct mm_series *s;
	const struct mm_receiver_kind *kind;
	const struct mm_limits *limits;
	double background, need;
	double n_bad_outside;
	struct trials trials;
	struct mm_windows *out; /* NULL: only measure */
};

static bool
is_window(const struct search *q, const struct mm_burst *b, double need)
{
	return b->score >= need && b->n_messages >= q->kind->least;
}

static double
n_trials(const struct trials *t)
{
	double n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->v[i].n;
	return n;
}

/* How often, at least, a failure follows a success at this party: for one
 * that fails now and then, all the time, that is its share of failures; an
 * outage adds one. */
static double
onsets(const struct trials *t)
{
	double n = 0, n_good = 0;

	for (size_t i = 0; i < t->n; i++) {
		n_good += t->v[i].bad ? 0 : t->v[i].n;
		n += i > 0 && t->v[i].bad && !t->v[i - 1].bad;
	}
	return n_good > 0 ? (n - SURE * sqrt(n)) / n_good : 0;
}

static bool
never_well(const struct trials *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (!t->v[i].bad)
			return false;
	return t->n > 0 &&
	       t->v[t->n - 1].t_us - t->v[0].t_us > MM_NEVER_WELL_US;
}

static void
search_party(struct search *q, int level, uint32_t party)
{
	const struct mm_receiver_kind *k = q->kind;
	struct mm_burst_rule rule = {
		.background = q->background,
		.at_least = k->at_least > 0 ? k->at_least : 0.5,
	};
	const struct mm_trial *t;
	struct mm_burst *bursts;
	double need = q->need;
	bool ill = false;
	size_t n;

	collect(q->s, k, &q->s->by[level], party, &q->trials);
	if (k->at_least > 0 && never_well(&q->trials))
		return;
	t = q->trials.v;
	if (k->sign == MM_SIGN_ILL)
		rule.background = fmax(rule.background, onsets(&q->trials));
	rule.gap_us = longest_gap(q->s, k, &q->trials);
	rule.calm_us = q->s->retry_us * k->calm;
	n = mm_burst_find(t, q->trials.n, &rule, &bursts);
	for (size_t i = 0; i < n; i++)
		ill |= is_window(q, &bursts[i], q->need);
	/* Once ill, a party is no chance find: only its own trials are places
	 * where another window could be. */
	if (ill)
		need =
		    log((n_trials(&q->trials) + 1) / q->limits->false_alarms);
	for (size_t i = 0; i < n; i++) {
		const struct mm_burst *b = &bursts[i];

		if (!is_window(q, b, need)) {
			q->n_bad_outside += b->n_bad;
			continue;
		}
		if (q->out == NULL)
			continue;
		q->out->v = mm_grow(q->out->v, q->out->n, &q->out->cap,
				    sizeof(*q->out->v));
		q->out->v[q->out->n++] = (struct mm_window){
			.kind = k,
			.level = level,
			.party = party,
			.start_us = t[b->first].t_us,
			.end_us = t[b->last].t_us,
			.gap_us = rule.gap_us,
			.score = b->score - q->need,
			.n_messages = b->n_messages,
			.n_good = b->n_good,
		};
	}
	free(bursts);
}

static void
search_level(struct search *q, int level)
{
	const struct mm_index *x = &q->s->by[level];

	for (size_t p = 1; p < x->n_parties; p++)
		if ((x->signs[p] & 1u << q->kind->sign) != 0)
			search_party(q, level, (uint32_t)p);
}

static enum mm_status
find(const struct mm_scene *sc, struct mm_incidents *list, struct mm_err *err)
{
	const struct mm_series *s = sc->series;
	double n_all = 0;

	(void)err;
	for (size_t i = 0; i < s->n_contacts; i++)
		n_all +=
		    s->hosts[s->contacts[i].host].local ? 0 : s->contacts[i].n;
	for (size_t i = 0; i < MM_COUNT(kinds); i++) {
		struct mm_windows w = { 0 };
		struct search q = { .s = s,
				    .kind = &kinds[i],
				    .background = kinds[i].background,
				    .limits = sc->limits,
				    .need = log((n_all + 1) /
						sc->limits->false_alarms) };

		/* Once to measure what failures stand alone, then for good. */
		search_level(&q, MM_BY_DOMAIN);
		q.background =
		    (q.n_bad_outside + kinds[i].background * PRIOR_TRIALS) /
		    (n_all + PRIOR_TRIALS);
		if (q.background < kinds[i].background)
			q.background = kinds[i].background;
		q.out = &w;
		for (int level = 0; level < MM_LEVELS; level++)
			search_level(&q, level);
		mm_receivers_resolve(sc, &w, list);
		free(q.trials.v);
		free(w.v);
	}
	return MM_OK;
}

const struct mm_detector mm_detect_receivers = { "receivers", find };
