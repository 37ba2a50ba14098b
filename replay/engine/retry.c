#include <stdlib.h>

#include "formats/base/mem.h"
#include "replay/engine/num.h"
#include "replay/engine/retry.h"

void
mm_retry_init(struct mm_retry *r, const struct mm_sender *sender,
	      const struct mm_message *messages, size_t n_messages)
{
	const struct mm_retry_spec *s = &sender->retry;

	*r = (struct mm_retry){ .spec = s, .max_age_ms = sender->max_age_ms };
	mm_powers_init(&r->powers, s->base_ms, s->num, s->den, s->max_ms);
	if (s->kind != MM_RETRY_EXIM)
		return;
	r->first_fail = mm_alloc(n_messages * sizeof(*r->first_fail));
	for (size_t i = 0; i < n_messages; i++)
		r->first_fail[i] = messages[i].created_ms;
}

void
mm_retry_fini(struct mm_retry *r)
{
	mm_powers_fini(&r->powers);
	free(r->first_fail);
	*r = (struct mm_retry){ 0 };
}

/* Postfix counts in whole units and looks a little ahead. `*base_ms` is what
 * the gap is added to. */
static int64_t
postfix_gap(const struct mm_retry_spec *s, const struct mm_message *m,
	    int64_t t_ms, int64_t *base_ms)
{
	int64_t g = s->granularity_ms;
	int64_t now = t_ms / g;
	int64_t age = mm_num_sub(now, mm_num_floor_div(m->created_ms, g));

	*base_ms = mm_num_sub(now * g, s->slack_ms);
	return mm_num_max(s->min_ms, mm_num_min(s->max_ms, mm_num_mul(age, g)));
}

/* OpenSMTPD's tries lie at its creation plus base times 1, 4, 9 ... */
static int64_t
square_gap(const struct mm_retry_spec *s, const struct mm_message *m,
	   int64_t t_ms)
{
	int64_t age = mm_num_sub(t_ms, m->created_ms), k = m->n_fails;

	while (mm_num_mul(s->base_ms, mm_num_mul(k, k)) <= age)
		k++;
	return mm_num_mul(s->base_ms, mm_num_mul(k, k)) - age;
}

static const struct mm_exim_rule *
exim_rule(const struct mm_retry_spec *s, int64_t failing_ms)
{
	for (size_t i = 0; i < s->rules.n; i++)
		if (failing_ms <= s->rules.v[i].cutoff_ms)
			return &s->rules.v[i];
	return NULL;
}

/* The gap after a failure at `t_ms`, `nth` in a row; at the one before, at
 * `last_ms`, the try at `next_ms` was foreseen. */
static int64_t
rule_gap(const struct mm_retry_spec *s, const struct mm_exim_rule *rule,
	 int64_t nth, int64_t last_ms, int64_t next_ms, int64_t t_ms)
{
	int64_t gap = rule->gap_ms, last = mm_num_min(next_ms, t_ms) - last_ms;

	if (rule->geometric && nth > 1 && last >= gap)
		gap = mm_num_mul_div(last, rule->factor_permille, 1000);
	return mm_num_min(gap, s->max_gap_ms);
}

/* Exim keeps the last try and the one foreseen. False: past the last rule. */
static bool
exim_gap(struct mm_retry *r, struct mm_message *m, size_t i, int64_t t_ms,
	 int64_t *gap_ms)
{
	const struct mm_exim_rule *rule;

	if (m->n_fails == 1)
		r->first_fail[i] = t_ms;
	rule = exim_rule(r->spec, mm_num_max(t_ms - r->first_fail[i],
					     mm_num_sub(t_ms, m->created_ms)));
	if (rule == NULL)
		return false;
	*gap_ms =
	    rule_gap(r->spec, rule, m->n_fails, m->arrive_ms, m->next_ms, t_ms);
	m->arrive_ms = t_ms;
	m->next_ms = mm_num_add(t_ms, *gap_ms);
	return true;
}

/* The next multiple of the queue run, for a time after the start. */
static int64_t
queue_run(const struct mm_retry_spec *s, int64_t t_ms)
{
	int64_t q = s->queue_run_ms;

	return q > 0 && t_ms > 0 ? mm_num_mul((t_ms - 1) / q + 1, q) : t_ms;
}

bool
mm_retry_next(struct mm_retry *r, struct mm_message *m, size_t i, int64_t t_ms,
	      int64_t permille, int64_t *next_ms)
{
	const struct mm_retry_spec *s = r->spec;
	int64_t base = t_ms, gap = 0;

	switch (s->kind) {
	case MM_RETRY_POSTFIX:
		gap = postfix_gap(s, m, t_ms, &base);
		break;
	case MM_RETRY_EXPONENTIAL:
		gap = mm_powers_get(&r->powers, m->n_fails - 1);
		break;
	case MM_RETRY_INTERVAL:
		gap = s->every_ms;
		break;
	case MM_RETRY_SQUARE:
		gap = square_gap(s, m, t_ms);
		break;
	case MM_RETRY_EXIM:
		if (!exim_gap(r, m, i, t_ms, &gap))
			return false;
		break;
	case MM_RETRY_NONE:
		break;
	}
	if (permille != 1000 && gap > 0)
		gap = mm_num_mul_div(gap, permille, 1000);
	*next_ms = mm_num_max(mm_num_add(t_ms, 1),
			      queue_run(s, mm_num_add(base, gap)));
	return mm_num_sub(t_ms, m->created_ms) < r->max_age_ms;
}

void
mm_retry_host(const struct mm_retry *r, const struct mm_host_spec *spec,
	      struct mm_host *h, int64_t t_ms)
{
	const struct mm_retry_spec *s = r->spec;
	const struct mm_exim_rule *rule;
	int64_t gap = spec->for_ms;

	if (++h->n_fails == 1)
		h->first_ms = t_ms;
	if (spec->kind == MM_HOST_RULES) {
		rule = exim_rule(s, t_ms - h->first_ms);
		/* Past the last rule it is still asked, at its pace. */
		if (rule == NULL)
			rule = &s->rules.v[s->rules.n - 1];
		gap = rule_gap(s, rule, h->n_fails, h->last_ms, h->until_ms,
			       t_ms);
	}
	h->last_ms = t_ms;
	h->until_ms = mm_num_add(t_ms, gap);
}

bool
mm_retry_wait(const struct mm_retry *r, const struct mm_message *m,
	      int64_t t_ms, int64_t until_ms, int64_t *next_ms)
{
	*next_ms =
	    mm_num_max(mm_num_add(t_ms, 1), queue_run(r->spec, until_ms));
	return mm_num_sub(t_ms, m->created_ms) < r->max_age_ms;
}
