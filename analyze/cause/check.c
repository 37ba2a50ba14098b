#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/cause/check.h"
#include "formats/base/mem.h"

struct check {
	struct mm_rules *rules;
	mm_fault_fn *fault;
	void *ctx;
	size_t n, faults;
};

static void
report(struct check *c, size_t rule, size_t line, const char *what)
{
	c->faults++;
	c->fault(c->ctx, mm_rules_get(c->rules, rule), line, what);
}

static size_t
index_of(const struct check *c, const char *id)
{
	for (size_t i = 0; i < mm_rules_count(c->rules); i++)
		if (strcmp(mm_rules_get(c->rules, i)->id, id) == 0)
			return i;
	return MM_NOT_FOUND;
}

/* Does the row decide this sample, as it must? */
static bool
decides(struct check *c, const struct mm_sample *s)
{
	struct mm_ruling got = mm_rules_classify(c->rules, &s->refusal);
	char what[200];

	if (got.rule != NULL && index_of(c, got.rule) == s->rule)
		return true;
	(void)snprintf(what, sizeof(what), "this sample is decided by %.150s",
		       got.rule != NULL ? got.rule : "no row");
	report(c, s->rule, s->line, what);
	return false;
}

static void
check_samples(struct check *c)
{
	bool *shown = mm_calloc(mm_rules_count(c->rules), sizeof(*shown));
	bool *has = mm_calloc(mm_rules_count(c->rules), sizeof(*has));

	for (size_t i = 0; i < mm_rules_n_samples(c->rules); i++) {
		const struct mm_sample *s = mm_rules_sample(c->rules, i);

		if (s->rule >= c->n)
			continue;
		has[s->rule] |= s->must;
		if (s->must)
			shown[s->rule] |= decides(c, s);
		else if (mm_rules_fits(c->rules, s->rule, &s->refusal))
			report(c, s->rule, s->line,
			       "this row must not fit the sample");
	}
	for (size_t i = 0; i < c->n; i++) {
		const struct mm_rule *r = mm_rules_get(c->rules, i);

		if (has[i] && !shown[i])
			report(c, i, r->line,
			       "an earlier row stands before all its samples");
		else if (!has[i] && !r->user)
			report(c, i, r->line, "this row has no sample");
	}
	free(shown);
	free(has);
}

size_t
mm_rules_check(struct mm_rules *rules, mm_fault_fn *fault, void *ctx)
{
	struct check c = { .rules = rules, .fault = fault, .ctx = ctx };

	/* The user's rows stand first. */
	while (c.n < mm_rules_count(rules) && mm_rules_get(rules, c.n)->user)
		c.n++;
	if (c.n == 0)
		c.n = mm_rules_count(rules);
	for (size_t i = 0; i < c.n; i++) {
		const struct mm_rule *r = mm_rules_get(rules, i);

		if (index_of(&c, r->id) < i)
			report(&c, i, r->line, "this id is used twice");
		if (r->always)
			report(&c, i, r->line,
			       "no text of three characters is needed for a "
			       "match, so every reply is tried");
	}
	check_samples(&c);
	return c.faults;
}
