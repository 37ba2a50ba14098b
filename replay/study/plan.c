#include <stdlib.h>

#include "formats/base/mem.h"
#include "replay/study/plan.h"

static const char *const orders[] = { "fifo",	  "age",      "newest",
				      "priority", "deadline", NULL };
static const char *const kinds[] = { "none", "constant", "linear", "exp",
				     "aimd", "probe",	 NULL };
static const char *const scopes[] = { "dest", "receiver", "global", NULL };

/* What aimd and probe may heed. */
static const char *const heeds[] = { "blocked", "connlimit", "connmsgs",
				     "daily",	"greylist",  "other",
				     "rate",	NULL };
static const uint32_t heed_bits[] = {
	1U << MM_DEFER_BLOCKED | 1U << MM_REFUSED_BLOCKED,
	1U << MM_REFUSED_CONNLIMIT,
	1U << MM_DEFER_CONNMSGS,
	1U << MM_DEFER_DAILY,
	1U << MM_DEFER_GREYLIST,
	1U << MM_DEFER_OTHER,
	1U << MM_DEFER_RATE,
};

#define P(member) offsetof(struct mm_plan, policy.member)
#define C(member) offsetof(struct mm_plan_class, member)
#define D(member) offsetof(struct mm_plan_dest, policy.member)

static const struct mm_key keys[] = {
	{ "policy", "name", MM_KEY_TEXT, offsetof(struct mm_plan, name), 0,
	  NULL },
	{ "policy", "about", MM_KEY_TEXT, offsetof(struct mm_plan, about), 0,
	  NULL },
	{ "policy", "pause_at", MM_KEY_WHEN, offsetof(struct mm_plan, pause), 0,
	  NULL },
	{ "policy", "resume_at", MM_KEY_WHEN, offsetof(struct mm_plan, resume),
	  0, NULL },
	{ "policy", "stagger", MM_KEY_SPAN, P(stagger_ms), 0, NULL },
	{ "policy", "order", MM_KEY_WORD, P(order), 0, orders },
	{ "policy", "concurrency", MM_KEY_COUNT, P(concurrency),
	  MM_KEY_NOT_ZERO | MM_KEY_OR_NONE, NULL },
	{ "policy", "msgs_per_conn", MM_KEY_COUNT, P(msgs_per_conn),
	  MM_KEY_NOT_ZERO | MM_KEY_OR_NONE, NULL },
	{ "policy", "flush", MM_KEY_SWITCH, P(flush), 0, NULL },
	{ "policy", "expire_paused", MM_KEY_SWITCH, P(expire_paused), 0, NULL },
	{ "policy", "expire_guard", MM_KEY_SPAN, P(expire_guard_ms), 0, NULL },
	{ "policy", "reserve", MM_KEY_PERMILLE, P(reserve_permille), 0, NULL },
	{ "policy", "retry_jitter", MM_KEY_PERMILLE, P(retry_jitter_permille),
	  0, NULL },
	{ "policy", "suspend_after", MM_KEY_COUNT, P(suspend_after), 0, NULL },
	{ "policy", "suspend_for", MM_KEY_SPAN, P(suspend_ms), 0, NULL },
	{ "pace", "kind", MM_KEY_WORD, P(pace.kind), 0, kinds },
	{ "pace", "rate", MM_KEY_RATE, P(pace.rate_per_hour), MM_KEY_NOT_ZERO,
	  NULL },
	{ "pace", "of_limit", MM_KEY_PERMILLE,
	  offsetof(struct mm_plan, of_limit_permille), MM_KEY_NOT_ZERO, NULL },
	{ "pace", "max_of_limit", MM_KEY_PERMILLE,
	  offsetof(struct mm_plan, max_of_limit_permille), MM_KEY_NOT_ZERO,
	  NULL },
	{ "pace", "burst", MM_KEY_COUNT, P(pace.burst), MM_KEY_NOT_ZERO, NULL },
	{ "pace", "scope", MM_KEY_WORD, P(pace.scope), 0, scopes },
	{ "pace", "inc", MM_KEY_RATE, P(pace.inc), MM_KEY_NOT_ZERO, NULL },
	{ "pace", "factor", MM_KEY_FACTOR, P(pace.num), MM_KEY_NOT_ZERO, NULL },
	{ "pace", "step", MM_KEY_SPAN, P(pace.step_ms), MM_KEY_NOT_ZERO, NULL },
	{ "pace", "period", MM_KEY_SPAN, P(pace.period_ms), MM_KEY_NOT_ZERO,
	  NULL },
	{ "pace", "threshold", MM_KEY_PERMILLE, P(pace.threshold_permille), 0,
	  NULL },
	{ "pace", "min", MM_KEY_RATE, P(pace.min_per_hour), 0, NULL },
	{ "pace", "max", MM_KEY_RATE, P(pace.max_per_hour),
	  MM_KEY_NOT_ZERO | MM_KEY_OR_NONE, NULL },
	{ "pace", "heed", MM_KEY_WORD_SET, offsetof(struct mm_plan, heed), 0,
	  heeds },
	{ "window", "allow", MM_KEY_DAY_SPANS, P(windows), 0, NULL },
	{ "window", "tz", MM_KEY_OFFSET, P(day_offset_ms), 0, NULL },
	/* Of the latest [class]. */
	{ "class", "sender", MM_KEY_TEXT, C(sender), 0, NULL },
	{ "class", "recipient", MM_KEY_TEXT, C(recipient), 0, NULL },
	{ "class", "message_id", MM_KEY_TEXT, C(message_id), 0, NULL },
	{ "class", "larger_than", MM_KEY_COUNT, C(larger_than), 0, NULL },
	{ "class", "smaller_than", MM_KEY_COUNT, C(smaller_than), 0, NULL },
	{ "class", "priority", MM_KEY_COUNT, C(priority), 0, NULL },
	{ "class", "deadline", MM_KEY_SPAN, C(deadline_ms), 0, NULL },
	/* Of the latest [dest]. */
	{ "dest", "pause_at", MM_KEY_WHEN, offsetof(struct mm_plan_dest, pause),
	  0, NULL },
	{ "dest", "resume_at", MM_KEY_WHEN,
	  offsetof(struct mm_plan_dest, resume), 0, NULL },
	{ "dest", "order", MM_KEY_WORD, D(order), 0, orders },
	{ "dest", "concurrency", MM_KEY_COUNT, D(concurrency),
	  MM_KEY_NOT_ZERO | MM_KEY_OR_NONE, NULL },
	{ "dest", "msgs_per_conn", MM_KEY_COUNT, D(msgs_per_conn),
	  MM_KEY_NOT_ZERO | MM_KEY_OR_NONE, NULL },
	{ "dest", "flush", MM_KEY_SWITCH, D(flush), 0, NULL },
	{ "dest", "expire_paused", MM_KEY_SWITCH, D(expire_paused), 0, NULL },
	{ "dest", "expire_guard", MM_KEY_SPAN, D(expire_guard_ms), 0, NULL },
	{ "dest", "reserve", MM_KEY_PERMILLE, D(reserve_permille), 0, NULL },
	{ "dest", "retry_jitter", MM_KEY_PERMILLE, D(retry_jitter_permille), 0,
	  NULL },
	{ "dest", "suspend_after", MM_KEY_COUNT, D(suspend_after), 0, NULL },
	{ "dest", "suspend_for", MM_KEY_SPAN, D(suspend_ms), 0, NULL },
	{ "dest", "rate", MM_KEY_RATE, D(pace.rate_per_hour), MM_KEY_NOT_ZERO,
	  NULL },
	{ "dest", "burst", MM_KEY_COUNT, D(pace.burst), MM_KEY_NOT_ZERO, NULL },
	{ "dest", "max", MM_KEY_RATE, D(pace.max_per_hour),
	  MM_KEY_NOT_ZERO | MM_KEY_OR_NONE, NULL },
};

void
mm_plan_fini(struct mm_plan *p)
{
	free(p->dests);
	free(p->classes);
	mm_arena_fini(&p->arena);
	*p = (struct mm_plan){ 0 };
}

/* The policy as far as it stands, for destinations of their own. */
static enum mm_status
begin_dest(struct mm_plan *p, const struct mm_ini_item *item,
	   struct mm_err *err)
{
	if (item->argument.p == NULL || item->argument.n == 0)
		return mm_err_set(err, MM_EFORMAT,
				  "line %zu: [dest] wants a pattern: [dest "
				  "\"*.example\"]",
				  item->line);
	p->dests =
	    mm_grow(p->dests, p->n_dests, &p->cap_dests, sizeof(*p->dests));
	p->dests[p->n_dests++] = (struct mm_plan_dest){
		.pattern = mm_arena_str(&p->arena, item->argument),
		.policy = p->policy,
		.pause = p->pause,
		.resume = p->resume,
	};
	return MM_OK;
}

static void
begin_class(struct mm_plan *p, const struct mm_ini_item *item)
{
	p->classes = mm_grow(p->classes, p->n_classes, &p->cap_classes,
			     sizeof(*p->classes));
	p->classes[p->n_classes++] = (struct mm_plan_class){
		.name = mm_arena_str(&p->arena, item->argument),
		.priority = MM_PLAN_PRIORITY,
	};
}

static enum mm_status
begin(struct mm_plan *p, const struct mm_ini_item *item, struct mm_err *err)
{
	enum mm_status st = mm_keys_section(keys, MM_COUNT(keys), item, err);

	if (st != MM_OK)
		return st;
	if (mm_str_is(item->section, "dest"))
		return begin_dest(p, item, err);
	if (mm_str_is(item->section, "class"))
		begin_class(p, item);
	else if (p->n_dests > 0)
		return mm_err_set(err, MM_EFORMAT,
				  "line %zu: [%.*s] stands before every "
				  "[dest], which goes on from it",
				  item->line, MM_STR_ARG(item->section));
	return MM_OK;
}

static enum mm_status
take(struct mm_plan *p, const struct mm_ini_item *item, struct mm_err *err)
{
	const struct mm_key *k;
	void *base = p;

	if (item->is_section)
		return begin(p, item, err);
	k = mm_keys_find(keys, MM_COUNT(keys), item, err);
	if (k == NULL)
		return MM_EFORMAT;
	if (mm_str_is(item->section, "dest"))
		base = &p->dests[p->n_dests - 1];
	else if (mm_str_is(item->section, "class"))
		base = &p->classes[p->n_classes - 1];
	return mm_keys_put(k, item->value, item->line, base, &p->arena, err);
}

/* What each kind of pace cannot do without. */
static enum mm_status
check_pace(const struct mm_pace_spec *p, struct mm_err *err)
{
	const struct {
		const char *key;
		int64_t value;
		unsigned kinds; /* bit by enum mm_pace_kind */
	} needs[] = {
		{ "rate", p->rate_per_hour, ~(1U << MM_PACE_NONE) },
		{ "inc", p->inc, 1U << MM_PACE_LINEAR | 1U << MM_PACE_AIMD },
		{ "factor", p->num, 1U << MM_PACE_EXP | 1U << MM_PACE_AIMD },
		{ "step", p->step_ms,
		  1U << MM_PACE_LINEAR | 1U << MM_PACE_EXP },
		{ "period", p->period_ms, 1U << MM_PACE_AIMD },
		{ "max", p->max_per_hour % MM_NO_LIMIT, 1U << MM_PACE_PROBE },
	};

	for (size_t i = 0; i < MM_COUNT(needs); i++)
		if ((needs[i].kinds >> p->kind & 1) != 0 && needs[i].value == 0)
			return mm_err_set(err, MM_EFORMAT,
					  "[pace] of kind %s wants the key %s",
					  kinds[p->kind], needs[i].key);
	if (p->kind == MM_PACE_NONE && p->rate_per_hour > 0)
		return mm_err_set(err, MM_EFORMAT,
				  "[pace] has a rate, but no kind");
	return MM_OK;
}

static enum mm_status
check(const struct mm_plan *p, struct mm_err *err)
{
	enum mm_status st = check_pace(&p->policy.pace, err);

	if (st != MM_OK)
		return st;
	if (p->name.p == NULL)
		return mm_err_set(err, MM_EFORMAT, "[policy] wants a name");
	if (p->policy.suspend_after > 0 && p->policy.suspend_ms == 0)
		return mm_err_set(err, MM_EFORMAT,
				  "[policy] has suspend_after, but no "
				  "suspend_for");
	if (p->policy.reserve_permille > 1000 ||
	    p->policy.retry_jitter_permille > 1000)
		return mm_err_set(err, MM_EFORMAT,
				  "[policy] reserve and retry_jitter are 100%% "
				  "at most");
	return MM_OK;
}

/* What is heeded by name, as bits of results. */
static void
apply_heed(struct mm_plan *p)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < MM_COUNT(heed_bits); i++)
		if ((p->heed >> i & 1) != 0)
			bits |= heed_bits[i];
	if (bits == 0)
		return;
	p->policy.pace.bad_results = bits;
	for (size_t i = 0; i < p->n_dests; i++)
		p->dests[i].policy.pace.bad_results = bits;
}

enum mm_status
mm_plan_read(struct mm_plan *p, struct mm_str text, struct mm_err *err)
{
	struct mm_ini_item item;
	enum mm_status st;
	struct mm_ini ini;

	*p = (struct mm_plan){ .pause = { .at_us = MM_TIME_NONE },
			       .resume = { .at_us = MM_TIME_NONE } };
	mm_arena_init(&p->arena);
	mm_policy_init(&p->policy);
	mm_ini_init(&ini, text);
	while ((st = mm_ini_next(&ini, &item, err)) == MM_OK) {
		st = take(p, &item, err);
		if (st != MM_OK)
			return st;
	}
	if (st != MM_END)
		return st;
	apply_heed(p);
	return check(p, err);
}
