#include <stdlib.h>

#include "replay/engine/read.h"

#define T(member) offsetof(struct mm_retry_spec, member)

static void
read_exim_rules(struct mm_reader *r, const struct mm_place *up,
		const struct mm_json *o, struct mm_retry_spec *p)
{
	const struct mm_place at = { .up = up, .key = "rules" };
	const struct mm_json *rules;
	void *rows;

	rules = mm_read_array(r, up, o, "rules", sizeof(*p->rules.v), &rows,
			      &p->rules.n);
	p->rules.v = rows;
	if (rules == NULL)
		mm_read_fail(r, up, "rules", rules, "an array");
	for (size_t i = 0; i < p->rules.n; i++) {
		const struct mm_place row = { .up = &at, .index = i };
		const struct mm_json *v = mm_json_at(rules, i);
		struct mm_str type = mm_json_str(mm_json_at(v, 0));

		p->rules.v[i].geometric = mm_str_is(type, "G");
		if (type.p == NULL || mm_json_len(v) < 3 ||
		    !mm_read_as_int(mm_json_at(v, 1),
				    &p->rules.v[i].cutoff_ms) ||
		    !mm_read_as_int(mm_json_at(v, 2), &p->rules.v[i].gap_ms) ||
		    (!mm_read_as_int(mm_json_at(v, 3),
				     &p->rules.v[i].factor_permille) &&
		     p->rules.v[i].geometric))
			mm_read_fail(r, &row, NULL, v,
				     "[\"F\" or \"G\", cutoff, gap, factor]");
	}
}

static void
read_retry(struct mm_reader *r, const struct mm_place *up,
	   const struct mm_json *sender, struct mm_retry_spec *p)
{
	static const struct mm_field fields[] = {
		{ "granularity_ms", T(granularity_ms), 1, MM_OPTIONAL },
		{ "slack_ms", T(slack_ms), 0, MM_OPTIONAL },
		{ "min_ms", T(min_ms), 0, MM_OPTIONAL },
		{ "max_ms", T(max_ms), 0, MM_LIMIT },
		{ "num", T(num), 0, MM_OPTIONAL },
		{ "den", T(den), 1, MM_OPTIONAL },
		{ "max_gap_ms", T(max_gap_ms), 0, MM_LIMIT },
		{ "queue_run_ms", T(queue_run_ms), 0, MM_OPTIONAL },
	};
	static const struct mm_field base = { "base_ms", 0, 0, MM_REQUIRED };
	static const struct mm_field every = { "every_ms", 0, 0, MM_REQUIRED };
	static const char *const kinds[] = { "none",	    "postfix",
					     "exponential", "interval",
					     "exim",	    NULL };
	const struct mm_json *o = mm_read_object(r, up, sender, "retry");
	const struct mm_place at = { .up = up, .key = "retry" };

	if (o == NULL)
		return;
	p->kind =
	    (enum mm_retry_kind)mm_read_word(r, &at, o, "kind", kinds, -1);
	MM_READ_FIELDS(r, &at, o, fields, p);
	if (p->kind == MM_RETRY_EXPONENTIAL)
		mm_read_field(r, &at, o, &base, &p->base_ms);
	if (p->kind == MM_RETRY_INTERVAL)
		mm_read_field(r, &at, o, &every, &p->every_ms);
	if (p->kind == MM_RETRY_EXIM)
		read_exim_rules(r, &at, o, p);
}

#define FEEDBACK_MAX 1e6

static void
read_feedback(struct mm_reader *r, const struct mm_place *at,
	      const struct mm_json *o, const char *key, struct mm_feedback *f)
{
	const struct mm_json *v = mm_json_get(o, key);
	struct mm_str s = mm_json_str(v);
	char *end;

	if (mm_json_is_null(v))
		return;
	f->per_window = s.p != NULL && mm_str_is(s, "1/N");
	if (f->per_window)
		return;
	f->fixed = mm_json_real(v, -1);
	if (s.p != NULL && s.n > 0) {
		f->fixed = strtod(s.p, &end);
		if (end != s.p + s.n)
			f->fixed = -1;
	}
	if (!(f->fixed >= 0 && f->fixed <= FEEDBACK_MAX))
		mm_read_fail(r, at, key, v,
			     "\"1/N\" or a decimal number as a text");
}

static void
read_window(struct mm_reader *r, const struct mm_place *up,
	    const struct mm_json *sender, struct mm_window_spec *p)
{
	static const struct mm_field fields[] = {
		{ "init", offsetof(struct mm_window_spec, init), 1,
		  MM_OPTIONAL },
		{ "limit", offsetof(struct mm_window_spec, limit), 0,
		  MM_LIMIT },
		{ "dead_ms", offsetof(struct mm_window_spec, dead_ms), 0,
		  MM_OPTIONAL },
	};
	const struct mm_json *o = mm_read_object(r, up, sender, "concurrency");
	const struct mm_place at = { .up = up, .key = "concurrency" };
	const struct mm_json *cohort = mm_json_get(o, "cohort_limit");

	MM_READ_FIELDS(r, &at, o, fields, p);
	mm_read_bool(r, &at, o, "adaptive", &p->adaptive);
	read_feedback(r, &at, o, "pos", &p->positive);
	read_feedback(r, &at, o, "neg", &p->negative);
	if (!mm_json_is_null(cohort) && !mm_json_is_number(cohort))
		mm_read_fail(r, &at, "cohort_limit", cohort, "a number");
	p->cohort_limit = mm_json_real(cohort, p->cohort_limit);
}

/* Which of the sender's times the scenario can come to need. */
struct needs {
	bool attempt, reject, refuse, retry;
};

static struct needs
needs_of(const struct mm_scenario *s)
{
	struct needs n = { .attempt = s->n_messages > 0 };

	for (size_t i = 0; i < s->n_receivers && n.attempt; i++) {
		const struct mm_receiver_spec *p = &s->receivers[i];

		n.refuse |= p->max_conn < MM_NO_LIMIT ||
			    (p->strike_n > 0 && p->block_at_connect);
		n.retry |= p->rate_limited || p->greylist_ms > 0 ||
			   p->max_msgs_per_conn < MM_NO_LIMIT ||
			   p->daily_cap < MM_NO_LIMIT;
	}
	n.reject = n.retry;
	n.retry |= n.refuse;
	for (size_t i = 0; i < s->n_messages && !n.reject; i++)
		n.reject = s->messages[i].bad;
	return n;
}

#define S(member) offsetof(struct mm_sender, member)

void
mm_read_sender(struct mm_reader *r, const struct mm_place *top,
	       const struct mm_json *root)
{
	static const struct mm_field fields[] = {
		{ "max_msgs_per_conn", S(max_msgs_per_conn), 0, MM_LIMIT },
		{ "global_limit", S(global_limit), 0, MM_LIMIT },
		{ "max_age_ms", S(max_age_ms), 0, MM_LIMIT },
	};
	struct mm_sender *p = &r->s->sender;
	const struct mm_json *o = mm_read_object(r, top, root, "sender");
	const struct mm_place at = { .up = top, .key = "sender" };
	const struct needs need = needs_of(r->s);
	const struct mm_field times[] = {
		{ "connect_ms", S(times.connect_ms), 1,
		  need.attempt ? MM_REQUIRED : MM_OPTIONAL },
		{ "accept_ms", S(times.accept_ms), 1,
		  need.attempt ? MM_REQUIRED : MM_OPTIONAL },
		{ "reject_ms", S(times.reject_ms), 1,
		  need.reject ? MM_REQUIRED : MM_OPTIONAL },
		{ "refuse_ms", S(times.refuse_ms), 1,
		  need.refuse ? MM_REQUIRED : MM_OPTIONAL },
	};

	MM_READ_FIELDS(r, &at, o, fields, p);
	MM_READ_FIELDS(r, &at, o, times, p);
	mm_read_bool(r, &at, o, "reuse", &p->reuse);
	read_retry(r, &at, o, &p->retry);
	if (need.retry && p->retry.kind == MM_RETRY_NONE)
		mm_read_fail(r, &at, "retry", mm_json_get(o, "retry"),
			     "how a message that is deferred is tried again");
	read_window(r, &at, o, &p->window);
}
