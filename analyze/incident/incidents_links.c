/* Which incident came of which: a flush after an outage that ends in a block
 * is one story, not four. The proof is the mail itself: recipients that the
 * one had hit before the other did. Where the mail is not the same, the
 * receiver or the own server and the time must do. Each has one cause at most;
 * what is nobody's consequence leads its chain. */
#include <stdlib.h>
#include <string.h>

#include "analyze/incident/incidents.h"
#include "formats/base/buf.h"
#include "formats/base/mem.h"

#define SHARED_LEAST 3

enum role { /* bits */
	    REFUSES = 1,
	    LIMITS = 2,
	    BLOCKS = 4,
	    KEEPS = 8, /* on purpose */
	    PILES = 16,
	    WAVES = 32,
	    BRINGS = 64, /* mail that was not there before */
	    BREAKS = 128,
	    STOPS = 256,
	    DETOURS = 512,
	    BOUNCES = 1024
};

static const struct {
	const char *kind;
	unsigned roles;
} roles[] = {
	{ "outage", REFUSES },
	{ "dns", REFUSES },
	{ "tls", REFUSES },
	{ "filter-down", REFUSES | STOPS },
	{ "greylist", REFUSES },
	{ "throttle", REFUSES | LIMITS },
	{ "block", REFUSES | LIMITS | BLOCKS },
	{ "pause", KEEPS },
	{ "hold", KEEPS },
	{ "backlog", PILES },
	{ "retry-storm", WAVES },
	{ "volume-spike", BRINGS },
	{ "compromise", BRINGS | BREAKS },
	{ "disk", BREAKS },
	{ "local-stop", STOPS },
	{ "failover", DETOURS },
	{ "bounce-spike", BOUNCES },
	{ "backscatter", BOUNCES },
};

enum tie {
	BY_MAIL,   /* the same recipients, hit before */
	BY_TARGET, /* the same receiver, within the time */
	BY_HOST	   /* the own server, within the time */
};

/* What may come of what. The first row that holds for a pair counts. `share`:
 * of the recipients of the effect; `within_us`: after the end of the cause. */
static const struct rule {
	unsigned cause, effect;
	enum tie tie;
	double share;
	int64_t within_us;
	bool at_once; /* hit by the same line is enough */
	const char *words;
} rules[] = {
	{ REFUSES, PILES, BY_MAIL, 0.25, 0, true, "had failed there" },
	{ KEEPS, PILES, BY_MAIL, 0.25, 0, true, "were kept back by it" },
	{ BRINGS, PILES, BY_MAIL, 0.25, 0, true, "came with it" },
	{ REFUSES, KEEPS, BY_MAIL, 0.25, 0, false, "had failed there before" },
	{ KEEPS, WAVES | LIMITS, BY_MAIL, 0.5, 0, false,
	  "had been kept back by it" },
	{ PILES, WAVES | LIMITS, BY_MAIL, 0.5, 0, false, "had waited in it" },
	{ WAVES, LIMITS, BY_MAIL, 0.5, 0, true, "came in its waves" },
	{ REFUSES, WAVES | LIMITS, BY_MAIL, 0.5, 0, false,
	  "had failed there before" },
	{ BRINGS, LIMITS | BOUNCES, BY_MAIL, 0.5, 0, true, "came with it" },
	{ BREAKS, BRINGS, BY_MAIL, 0.5, 0, true, "came with it" },
	{ LIMITS, BLOCKS, BY_TARGET, 0, MM_DAY_US, false, "the same receiver" },
	{ REFUSES, DETOURS, BY_TARGET, 0, 0, false, "the same receiver" },
	{ BREAKS, STOPS, BY_HOST, 0, MM_HOUR_US, false, "the same server" },
	{ STOPS, BRINGS, BY_HOST, 0, MM_HOUR_US / 2, false, "the same server" },
};

struct link {
	size_t cause; /* index + 1; 0: none */
	const struct rule *rule;
	size_t shared;
};

static unsigned
roles_of(const struct mm_incident *in)
{
	for (size_t i = 0; i < MM_COUNT(roles); i++)
		if (strcmp(roles[i].kind, in->kind) == 0)
			return roles[i].roles;
	return 0;
}

static bool
is_same_target(const struct mm_incident *a, const struct mm_incident *b)
{
	bool same = mm_incident_names(a, b->target, MM_STR_ABSENT);

	for (size_t i = 0; i < b->n_also && !same; i++)
		same = mm_incident_names(a, b->also[i], MM_STR_ABSENT);
	return same;
}

/* Absent: seen by several, or a log that names none. */
static bool
is_same_host(const struct mm_incident *a, const struct mm_incident *b)
{
	return a->host.n == 0 || b->host.n == 0 || mm_str_eq(a->host, b->host);
}

static bool
is_soon(const struct mm_incident *cause, const struct mm_incident *effect,
	int64_t within_us)
{
	return cause->start_us < effect->start_us &&
	       (cause->end_us == MM_TIME_NONE ||
		effect->start_us <= cause->end_us + within_us);
}

static bool
holds(const struct rule *r, const struct mm_incident *cause,
      const struct mm_incident *effect, size_t *shared)
{
	*shared = 0;
	/* What piles up may have begun before what made most of it. */
	if (cause->start_us > effect->start_us && !(r->effect & PILES))
		return false;
	if (r->tie == BY_TARGET)
		return is_soon(cause, effect, r->within_us) &&
		       is_same_host(cause, effect) &&
		       is_same_target(cause, effect);
	if (r->tie == BY_HOST)
		return is_soon(cause, effect, r->within_us) &&
		       is_same_host(cause, effect);
	if (effect->n_hits < SHARED_LEAST || cause->n_hits < SHARED_LEAST)
		return false;
	*shared = mm_hits_before(cause->hits, cause->n_hits, effect->hits,
				 effect->n_hits, r->at_once);
	return *shared >= SHARED_LEAST &&
	       (double)*shared >= r->share * (double)effect->n_hits;
}

static bool
leads_to(const struct link *links, size_t from, size_t to)
{
	while (from != to && links[from].cause != 0)
		from = links[from].cause - 1;
	return from == to;
}

/* The last cause before it; of what piled up, the one with most of it. */
static bool
is_nearer(const struct mm_incidents *l, const struct mm_incident *effect,
	  const struct link *now, const struct link *best)
{
	if (best->cause == 0)
		return true;
	if ((now->rule->tie == BY_MAIL) != (best->rule->tie == BY_MAIL))
		return now->rule->tie == BY_MAIL;
	if (roles_of(effect) & PILES)
		return now->shared > best->shared;
	return l->v[now->cause - 1].start_us >= l->v[best->cause - 1].start_us;
}

static struct link
find_cause(const struct mm_incidents *l, const struct link *links,
	   size_t effect)
{
	struct link best = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		struct link now = { .cause = i + 1 };

		if (i == effect || leads_to(links, i, effect))
			continue;
		for (size_t k = 0; k < MM_COUNT(rules) && !now.rule; k++)
			if ((rules[k].cause & roles_of(&l->v[i])) != 0 &&
			    (rules[k].effect & roles_of(&l->v[effect])) != 0 &&
			    holds(&rules[k], &l->v[i], &l->v[effect],
				  &now.shared))
				now.rule = &rules[k];
		if (now.rule != NULL &&
		    is_nearer(l, &l->v[effect], &now, &best))
			best = now;
	}
	return best;
}

/* ---- in words, and in order ---- */

static struct mm_str
proof(struct mm_incidents *l, const struct link *k,
      const struct mm_incident *effect)
{
	const struct mm_incident *cause = &l->v[k->cause - 1];
	char span[MM_TIME_TEXT];

	if (k->rule->tie == BY_MAIL)
		return mm_str_z(
		    mm_arena_fmt(&l->texts, "%zu of its %zu recipients %s",
				 k->shared, effect->n_hits, k->rule->words));
	return mm_str_z(mm_arena_fmt(
	    &l->texts, "%s, %s after it began", k->rule->words,
	    mm_time_span(effect->start_us - cause->start_us, span)));
}

static size_t
root(const struct link *links, size_t i)
{
	while (links[i].cause != 0)
		i = links[i].cause - 1;
	return i;
}

/* Chains by the start of what leads them, and it comes first. The list is
 * sorted by start, so that an index is an order. */
static void
arrange(struct mm_incidents *l, const struct link *links)
{
	struct mm_incident *was = mm_alloc(l->n * sizeof(*was));
	size_t *now = mm_alloc(l->n * sizeof(*now)), n = 0;

	memcpy(was, l->v, l->n * sizeof(*was));
	for (size_t r = 0; r < l->n; r++) {
		if (links[r].cause != 0)
			continue;
		now[r] = n++;
		for (size_t i = 0; i < l->n; i++)
			if (i != r && root(links, i) == r)
				now[i] = n++;
	}
	for (size_t i = 0; i < l->n; i++) {
		struct mm_incident *in = &l->v[now[i]];

		*in = was[i];
		in->chain = (uint32_t)now[root(links, i)] + 1;
		in->after = links[i].cause != 0
				? (uint32_t)now[links[i].cause - 1] + 1
				: 0;
	}
	free(was);
	free(now);
}

void
mm_incidents_link(struct mm_incidents *l)
{
	struct link *links = mm_calloc(l->n + 1, sizeof(*links));

	for (size_t i = 0; i < l->n; i++) {
		struct mm_incident *in = &l->v[i];

		links[i] = find_cause(l, links, i);
		if (links[i].cause == 0)
			continue;
		in->link = proof(l, &links[i], in);
	}
	for (size_t i = 0; i < l->n; i++)
		if (links[i].cause != 0 && (roles_of(&l->v[i]) & PILES))
			l->v[i].side = l->v[links[i].cause - 1].side;
	arrange(l, links);
	free(links);
}
