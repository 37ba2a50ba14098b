#include <math.h>
#include <stdlib.h>

#include "formats/base/mem.h"
#include "replay/engine/noise.h"
#include "replay/engine/num.h"
#include "replay/engine/reputation.h"
#include "replay/study/preset.h"

#define TICK_MS 60000

static const char *const stages[] = { "mail", "connect", NULL };

#define F(member)   offsetof(struct mm_receiver_file, member)
#define R(member)   offsetof(struct mm_receiver_file, spec.member)
#define REP(member) offsetof(struct mm_receiver_file, spec.reputation.member)

static const struct mm_key receiver_keys[] = {
	{ "receiver", "name", MM_KEY_TEXT, F(name), 0, NULL },
	{ "receiver", "about", MM_KEY_TEXT, F(about), 0, NULL },
	{ "receiver", "match", MM_KEY_TEXT, F(match), 0, NULL },
	{ "limits", "rate", MM_KEY_RATE, R(rate_per_hour), 0, NULL },
	{ "limits", "burst", MM_KEY_COUNT, R(burst), MM_KEY_NOT_ZERO, NULL },
	{ "limits", "reject_cost", MM_KEY_PERMILLE, R(reject_cost_permille), 0,
	  NULL },
	{ "limits", "connections", MM_KEY_COUNT, R(max_conn),
	  MM_KEY_NOT_ZERO | MM_KEY_OR_NONE, NULL },
	{ "limits", "msgs_per_conn", MM_KEY_COUNT, R(max_msgs_per_conn),
	  MM_KEY_NOT_ZERO | MM_KEY_OR_NONE, NULL },
	{ "limits", "daily_cap", MM_KEY_PER_DAY, R(daily_cap),
	  MM_KEY_NOT_ZERO | MM_KEY_OR_NONE, NULL },
	{ "limits", "midnight", MM_KEY_OFFSET, R(day_offset_ms), 0, NULL },
	{ "greylist", "delay", MM_KEY_SPAN, R(greylist_ms), 0, NULL },
	{ "greylist", "passes", MM_KEY_COUNT, R(greylist_awl), 0, NULL },
	{ "block", "strikes", MM_KEY_COUNT, R(strike_n), MM_KEY_NOT_ZERO,
	  NULL },
	{ "block", "within", MM_KEY_SPAN, R(strike_window_ms), MM_KEY_NOT_ZERO,
	  NULL },
	{ "block", "for", MM_KEY_SPAN, R(block_ms), MM_KEY_NOT_ZERO, NULL },
	{ "block", "growth", MM_KEY_COUNT, R(block_mult), MM_KEY_NOT_ZERO,
	  NULL },
	{ "block", "longest", MM_KEY_SPAN, R(block_max_ms),
	  MM_KEY_NOT_ZERO | MM_KEY_OR_NONE, NULL },
	{ "block", "at", MM_KEY_WORD, F(stage), 0, stages },
	{ "block", "extend", MM_KEY_SPAN, R(extend_ms), 0, NULL },
	{ "reputation", "base", MM_KEY_PPM, REP(base_ppm), MM_KEY_NOT_ZERO,
	  NULL },
	{ "reputation", "start", MM_KEY_PPM, REP(start_ppm), 0, NULL },
	{ "reputation", "half_life", MM_KEY_SPAN, F(half_life_ms),
	  MM_KEY_NOT_ZERO, NULL },
	{ "reputation", "good", MM_KEY_PPM, REP(good_ppm), 0, NULL },
	{ "reputation", "scale", MM_KEY_SCALE, REP(scale), 0, NULL },
	{ "reputation", "pool", MM_KEY_PERMILLE, REP(spread_permille), 0,
	  NULL },
	{ "share", "prior_good", MM_KEY_MILLI, F(share.prior_good),
	  MM_KEY_NOT_ZERO, NULL },
	{ "share", "prior_bad", MM_KEY_MILLI, F(share.prior_bad),
	  MM_KEY_NOT_ZERO, NULL },
	{ "share", "good", MM_KEY_MILLI, F(share.good), 0, NULL },
	{ "share", "rate", MM_KEY_MILLI, F(share.bad[MM_DEFER_RATE]), 0, NULL },
	{ "share", "connlimit", MM_KEY_MILLI,
	  F(share.bad[MM_REFUSED_CONNLIMIT]), 0, NULL },
	{ "share", "connmsgs", MM_KEY_MILLI, F(share.bad[MM_DEFER_CONNMSGS]), 0,
	  NULL },
	{ "share", "daily", MM_KEY_MILLI, F(share.bad[MM_DEFER_DAILY]), 0,
	  NULL },
	{ "share", "blocked", MM_KEY_MILLI, F(share.bad[MM_DEFER_BLOCKED]), 0,
	  NULL },
	{ "share", "greylist", MM_KEY_MILLI, F(share.bad[MM_DEFER_GREYLIST]), 0,
	  NULL },
	{ "share", "hard", MM_KEY_MILLI, F(share.bad[MM_HARD]), 0, NULL },
	{ "share", "surge", MM_KEY_MILLI, F(share.surge), 0, NULL },
	{ "share", "growth", MM_KEY_MILLI, F(share.growth), 0, NULL },
	{ "share", "volume", MM_KEY_PER_DAY, F(share.volume_per_day), 0, NULL },
	{ "share", "forgets", MM_KEY_SPAN, F(share.volume_half_life_ms),
	  MM_KEY_NOT_ZERO, NULL },
	{ "penalty", "rate", MM_KEY_PPM, REP(penalty_ppm[MM_DEFER_RATE]), 0,
	  NULL },
	{ "penalty", "connlimit", MM_KEY_PPM,
	  REP(penalty_ppm[MM_REFUSED_CONNLIMIT]), 0, NULL },
	{ "penalty", "connmsgs", MM_KEY_PPM,
	  REP(penalty_ppm[MM_DEFER_CONNMSGS]), 0, NULL },
	{ "penalty", "daily", MM_KEY_PPM, REP(penalty_ppm[MM_DEFER_DAILY]), 0,
	  NULL },
	{ "penalty", "blocked", MM_KEY_PPM, REP(penalty_ppm[MM_DEFER_BLOCKED]),
	  0, NULL },
	{ "penalty", "greylist", MM_KEY_PPM,
	  REP(penalty_ppm[MM_DEFER_GREYLIST]), 0, NULL },
	{ "penalty", "hard", MM_KEY_PPM, REP(penalty_ppm[MM_HARD]), 0, NULL },
};

static const char *const retry_kinds[] = { "none",     "postfix", "exponential",
					   "interval", "exim",	  "square",
					   NULL };

static const char *const host_kinds[] = { "none", "rules", "fixed", NULL };

#define N(member) offsetof(struct mm_sender_file, member)
#define S(member) offsetof(struct mm_sender_file, sender.member)
#define T(member) offsetof(struct mm_sender_file, sender.retry.member)
#define W(member) offsetof(struct mm_sender_file, sender.window.member)

static const struct mm_key sender_keys[] = {
	{ "sender", "name", MM_KEY_TEXT, N(name), 0, NULL },
	{ "sender", "about", MM_KEY_TEXT, N(about), 0, NULL },
	{ "sender", "mta", MM_KEY_TEXT, N(mta), 0, NULL },
	{ "sender", "addresses", MM_KEY_COUNT, N(n_addresses), MM_KEY_NOT_ZERO,
	  NULL },
	{ "sender", "connect", MM_KEY_SPAN, S(times.connect_ms),
	  MM_KEY_NOT_ZERO, NULL },
	{ "sender", "accept", MM_KEY_SPAN, S(times.accept_ms), MM_KEY_NOT_ZERO,
	  NULL },
	{ "sender", "reject", MM_KEY_SPAN, S(times.reject_ms), MM_KEY_NOT_ZERO,
	  NULL },
	{ "sender", "refuse", MM_KEY_SPAN, S(times.refuse_ms), MM_KEY_NOT_ZERO,
	  NULL },
	{ "sender", "reuse", MM_KEY_SWITCH, S(reuse), 0, NULL },
	{ "sender", "msgs_per_conn", MM_KEY_COUNT, S(max_msgs_per_conn),
	  MM_KEY_NOT_ZERO | MM_KEY_OR_NONE, NULL },
	{ "sender", "rate_delay", MM_KEY_SPAN, S(rate_delay_ms), 0, NULL },
	{ "sender", "process_limit", MM_KEY_COUNT, S(global_limit),
	  MM_KEY_NOT_ZERO | MM_KEY_OR_NONE, NULL },
	{ "sender", "max_age", MM_KEY_SPAN, S(max_age_ms),
	  MM_KEY_NOT_ZERO | MM_KEY_OR_NONE, NULL },
	{ "retry", "kind", MM_KEY_WORD, T(kind), 0, retry_kinds },
	{ "retry", "granularity", MM_KEY_SPAN, T(granularity_ms),
	  MM_KEY_NOT_ZERO, NULL },
	{ "retry", "slack", MM_KEY_SPAN, T(slack_ms), 0, NULL },
	{ "retry", "min", MM_KEY_SPAN, T(min_ms), 0, NULL },
	{ "retry", "max", MM_KEY_SPAN, T(max_ms),
	  MM_KEY_NOT_ZERO | MM_KEY_OR_NONE, NULL },
	{ "retry", "base", MM_KEY_SPAN, T(base_ms), MM_KEY_NOT_ZERO, NULL },
	{ "retry", "factor", MM_KEY_FACTOR, T(num), MM_KEY_NOT_ZERO, NULL },
	{ "retry", "every", MM_KEY_SPAN, T(every_ms), MM_KEY_NOT_ZERO, NULL },
	{ "retry", "max_gap", MM_KEY_SPAN, T(max_gap_ms),
	  MM_KEY_NOT_ZERO | MM_KEY_OR_NONE, NULL },
	{ "retry", "rules", MM_KEY_EXIM_RULES, T(rules), 0, NULL },
	{ "retry", "queue_run", MM_KEY_SPAN, T(queue_run_ms), 0, NULL },
	{ "retry", "jitter", MM_KEY_PERMILLE, N(jitter_permille), 0, NULL },
	{ "window", "init", MM_KEY_COUNT, W(init), MM_KEY_NOT_ZERO, NULL },
	{ "window", "limit", MM_KEY_COUNT, W(limit),
	  MM_KEY_NOT_ZERO | MM_KEY_OR_NONE, NULL },
	{ "window", "adaptive", MM_KEY_SWITCH, W(adaptive), 0, NULL },
	{ "window", "positive", MM_KEY_FEEDBACK, W(positive), 0, NULL },
	{ "window", "negative", MM_KEY_FEEDBACK, W(negative), 0, NULL },
	{ "window", "cohort", MM_KEY_COUNT, N(cohort), 0, NULL },
	{ "window", "dead", MM_KEY_SPAN, W(dead_ms), 0, NULL },
	{ "host", "kind", MM_KEY_WORD, S(host.kind), 0, host_kinds },
	{ "host", "for", MM_KEY_SPAN, S(host.for_ms), MM_KEY_NOT_ZERO, NULL },
};

/* A list of what was read, beside the struct it went to. */
struct params {
	struct mm_param **v;
	size_t *n, *cap;
};

/* The interval of a number, read as the number itself was. */
static enum mm_status
read_range(const struct mm_key *k, const struct mm_mark *mark, size_t line,
	   struct mm_arena *arena, struct mm_param *p, struct mm_err *err)
{
	struct mm_key bare = *k;
	enum mm_status st;

	if (mark->low.p == NULL)
		return MM_OK;
	bare.at = 0;
	if (k->kind > MM_KEY_PPM || k->kind == MM_KEY_TEXT ||
	    k->kind == MM_KEY_WHEN)
		return mm_err_set(err, MM_EFORMAT,
				  "line %zu: [%s] %s: it has no interval", line,
				  k->section, k->key);
	p->ranged = true;
	p->range = mm_str_z(mm_arena_fmt(arena, "%.*s..%.*s",
					 MM_STR_ARG(mm_str_trim(mark->low)),
					 MM_STR_ARG(mm_str_trim(mark->high))));
	st = mm_keys_put(&bare, mm_str_trim(mark->low), line, &p->low, arena,
			 err);
	if (st == MM_OK)
		st = mm_keys_put(&bare, mm_str_trim(mark->high), line, &p->high,
				 arena, err);
	if (st == MM_OK && p->low > p->high)
		st = mm_err_set(err, MM_EFORMAT,
				"line %zu: [%s] %s: the interval runs "
				"backwards",
				line, k->section, k->key);
	return st;
}

static enum mm_status
read_item(const struct mm_key *table, size_t n, const struct mm_ini_item *item,
	  void *base, struct mm_arena *arena, struct params *list,
	  struct mm_err *err)
{
	const struct mm_key *k;
	struct mm_mark mark;
	struct mm_str value = item->value;
	struct mm_param *p;
	enum mm_status st;

	if (item->is_section)
		return mm_keys_section(table, n, item, err);
	k = mm_keys_find(table, n, item, err);
	if (k == NULL)
		return MM_EFORMAT;
	st = mm_keys_mark(&value, item->line, &mark, err);
	if (st == MM_OK)
		st = mm_keys_put(k, value, item->line, base, arena, err);
	if (st != MM_OK || k->kind == MM_KEY_TEXT)
		return st;
	*list->v = mm_grow(*list->v, *list->n, list->cap, sizeof(**list->v));
	p = &(*list->v)[(*list->n)++];
	*p = (struct mm_param){
		.key = k,
		.text = mm_arena_str(arena, value),
		.origin = mark.origin,
		.note = mm_arena_str(arena, mark.note),
	};
	return read_range(k, &mark, item->line, arena, p, err);
}

static enum mm_status
read_items(const struct mm_key *table, size_t n, struct mm_str text, void *base,
	   struct mm_arena *arena, struct params *list, struct mm_err *err)
{
	struct mm_ini_item item;
	enum mm_status st;
	struct mm_ini ini;

	mm_ini_init(&ini, text);
	while ((st = mm_ini_next(&ini, &item, err)) == MM_OK) {
		st = read_item(table, n, &item, base, arena, list, err);
		if (st != MM_OK)
			return st;
	}
	return st == MM_END ? MM_OK : st;
}

/* ---- receivers ---- */

void
mm_receiver_file_fini(struct mm_receiver_file *f)
{
	free(f->params);
	mm_arena_fini(&f->arena);
	*f = (struct mm_receiver_file){ 0 };
}

/* `key` NULL: any. */
static bool
has(const struct mm_receiver_file *f, const char *section, const char *key)
{
	for (size_t i = 0; i < f->n_params; i++)
		if (mm_str_is(mm_str_z(f->params[i].key->section), section) &&
		    (key == NULL ||
		     mm_str_is(mm_str_z(f->params[i].key->key), key)))
			return true;
	return false;
}

static void
settle_share(struct mm_receiver_file *f)
{
	const struct mm_share_keys *k = &f->share;
	struct mm_reputation_spec *r = &f->spec.reputation;
	struct mm_reputation_share *s = &r->share;
	double good;

	s->used = k->prior_good > 0 && k->prior_bad > 0;
	if (!s->used)
		return;
	s->prior_good = (double)k->prior_good / 1000;
	s->prior_bad = (double)k->prior_bad / 1000;
	s->half_life_ms = (double)f->half_life_ms;
	s->good = (double)k->good / 1000;
	for (int i = 0; i < MM_N_RESULTS; i++)
		s->bad[i] = (double)k->bad[i] / 1000;
	s->bad[MM_REFUSED_BLOCKED] = s->bad[MM_DEFER_BLOCKED];
	s->surge = (double)k->surge / 1000;
	s->growth = (double)k->growth / 1000;
	s->volume_per_day = (double)k->volume_per_day;
	s->volume_half_life_ms = (double)k->volume_half_life_ms;
	r->base_ppm =
	    llround(1e6 * s->prior_good / (s->prior_good + s->prior_bad));
	good = s->prior_good + mm_reputation_share_usual(s);
	r->start_ppm = llround(1e6 * good / (good + s->prior_bad));
}

/* What follows from what was read. */
static void
settle(struct mm_receiver_file *f)
{
	struct mm_receiver_spec *s = &f->spec;
	struct mm_reputation_spec *r = &s->reputation;

	s->level = s->burst;
	r->penalty_ppm[MM_REFUSED_BLOCKED] = r->penalty_ppm[MM_DEFER_BLOCKED];
	settle_share(f);
	if (f->half_life_ms == 0)
		return;
	r->tick_ms = TICK_MS;
	r->recover_ppm = llround(
	    1e6 * (1 - exp2(-(double)TICK_MS / (double)f->half_life_ms)));
}

/* Points or a share, and what a share cannot do without. */
static enum mm_status
check_share(const struct mm_receiver_file *f, struct mm_err *err)
{
	const struct mm_share_keys *k = &f->share;

	if (!has(f, "share", NULL))
		return MM_OK;
	if (k->prior_good == 0 || k->prior_bad == 0 || f->half_life_ms == 0)
		return mm_err_set(err, MM_EFORMAT,
				  "[share] wants prior_good and prior_bad, and "
				  "the half_life of [reputation]");
	if (k->surge > 0 && (k->growth == 0 || k->volume_half_life_ms == 0))
		return mm_err_set(
		    err, MM_EFORMAT,
		    "[share] with surge wants growth and forgets");
	if (has(f, "reputation", "base") || has(f, "reputation", "good") ||
	    has(f, "penalty", NULL))
		return mm_err_set(err, MM_EFORMAT,
				  "reputation is a [share] or points (base, "
				  "good, [penalty]), not both");
	return MM_OK;
}

enum mm_status
mm_receiver_file_read(struct mm_receiver_file *f, struct mm_str text,
		      struct mm_err *err)
{
	struct params list = { &f->params, &f->n_params, &f->cap_params };
	struct mm_receiver_spec *s = &f->spec;
	enum mm_status st;

	*f = (struct mm_receiver_file){ 0 };
	mm_arena_init(&f->arena);
	mm_receiver_spec_init(s);
	st = read_items(receiver_keys, MM_COUNT(receiver_keys), text, f,
			&f->arena, &list, err);
	if (st != MM_OK)
		return st;
	if (f->name.p == NULL)
		return mm_err_set(err, MM_EFORMAT, "[receiver] wants a name");
	if (s->strike_n > 0 && (s->strike_window_ms == 0 || s->block_ms == 0))
		return mm_err_set(err, MM_EFORMAT,
				  "[block] wants strikes, within and for");
	st = check_share(f, err);
	if (st != MM_OK)
		return st;
	s->rate_limited = has(f, "limits", "rate");
	s->block_at_connect = f->stage == 1;
	if (!has(f, "reputation", "start"))
		s->reputation.start_ppm = s->reputation.base_ppm;
	settle(f);
	s->reputation.used = s->reputation.base_ppm > 0;
	s->reputation.scaled = s->reputation.scale.n > 0;
	return MM_OK;
}

void
mm_receiver_file_draw(const struct mm_receiver_file *f, uint64_t seed,
		      uint64_t who, struct mm_receiver_spec *spec)
{
	struct mm_receiver_file drawn = *f;

	for (size_t i = 0; i < f->n_params && seed > 0; i++) {
		const struct mm_param *p = &f->params[i];
		int64_t *v = (int64_t *)(void *)((char *)&drawn + p->key->at);
		uint64_t d = mm_noise_draw(seed, who, i, MM_NOISE_RECEIVER);
		int64_t to = (d & 1) != 0 ? p->high : p->low;
		int64_t step;

		if (!p->ranged)
			continue;
		step = (int64_t)mm_noise_below(d, 1 << 20);
		*v += (to - *v) / (1 << 20) * step +
		      (to - *v) % (1 << 20) * step / (1 << 20);
	}
	settle(&drawn);
	*spec = drawn.spec;
}

int
mm_receiver_fits(struct mm_str match, struct mm_str domain, struct mm_str relay,
		 struct mm_str operator_name)
{
	struct mm_str left = match, word;
	int best = 0, fit;

	while (left.n > 0) {
		if (!mm_str_cutc(&left, ' ', &word)) {
			word = left;
			left.n = 0;
		}
		fit = 0;
		if (word.n == 0)
			continue;
		if (mm_str_skip(&word, "operator:"))
			fit = mm_str_ieq(word, operator_name) ? 3 : 0;
		else if (mm_str_skip(&word, "mx:"))
			fit = mm_str_glob(word, relay) ? 3 : 0;
		else if (mm_str_ieq(word, domain))
			fit = 4;
		else if (mm_str_glob(word, domain))
			fit = word.n > 1 ? 2 : 1;
		best = fit > best ? fit : best;
	}
	return best;
}

/* ---- senders ---- */

void
mm_sender_file_fini(struct mm_sender_file *f)
{
	free(f->params);
	mm_arena_fini(&f->arena);
	*f = (struct mm_sender_file){ 0 };
}

enum mm_status
mm_sender_file_read(struct mm_sender_file *f, struct mm_str text,
		    struct mm_err *err)
{
	struct params list = { &f->params, &f->n_params, &f->cap_params };
	const struct mm_retry_spec *r = &f->sender.retry;
	enum mm_status st;

	*f = (struct mm_sender_file){ .cohort = 1 };
	mm_arena_init(&f->arena);
	mm_sender_init(&f->sender);
	st = read_items(sender_keys, MM_COUNT(sender_keys), text, f, &f->arena,
			&list, err);
	if (st != MM_OK)
		return st;
	f->sender.window.cohort_limit = (double)f->cohort;
	if (f->name.p == NULL)
		return mm_err_set(err, MM_EFORMAT, "[sender] wants a name");
	if (r->kind == MM_RETRY_NONE ||
	    ((r->kind == MM_RETRY_EXPONENTIAL || r->kind == MM_RETRY_SQUARE) &&
	     r->base_ms == 0) ||
	    (r->kind == MM_RETRY_INTERVAL && r->every_ms == 0) ||
	    (r->kind == MM_RETRY_EXIM && r->rules.n == 0))
		return mm_err_set(
		    err, MM_EFORMAT,
		    "[retry] wants a kind, and base for "
		    "exponential and square, every for interval, rules for "
		    "exim");
	if ((f->sender.host.kind == MM_HOST_RULES && r->rules.n == 0) ||
	    (f->sender.host.kind == MM_HOST_FIXED &&
	     f->sender.host.for_ms == 0))
		return mm_err_set(
		    err, MM_EFORMAT,
		    "[host] wants the rules of [retry] for rules, "
		    "and for for fixed");
	return MM_OK;
}

enum mm_status
mm_sender_file_set(struct mm_sender_file *f, const char *section,
		   const char *key, struct mm_str value, struct mm_err *err)
{
	const struct mm_ini_item item = {
		.section = mm_str_z(section),
		.key = mm_str_z(key),
		.value = value,
		.argument = MM_STR_ABSENT,
	};
	struct params list = { &f->params, &f->n_params, &f->cap_params };
	enum mm_status st = read_item(sender_keys, MM_COUNT(sender_keys), &item,
				      f, &f->arena, &list, err);

	f->sender.window.cohort_limit = (double)f->cohort;
	return st;
}
