#include "replay/engine/read.h"

#define P(member) offsetof(struct mm_pace_spec, member)

static void
read_pace(struct mm_reader *r, const struct mm_place *up,
	  const struct mm_json *policy, struct mm_pace_spec *p)
{
	static const struct mm_field fields[] = {
		{ "rate_per_hour", P(rate_per_hour), 0, MM_REQUIRED },
		{ "burst", P(burst), 1, MM_OPTIONAL },
		{ "min_per_hour", P(min_per_hour), 0, MM_OPTIONAL },
		{ "max_per_hour", P(max_per_hour), 0, MM_LIMIT },
	};
	static const struct mm_field linear[] = {
		{ "inc", P(inc), 0, MM_REQUIRED },
		{ "step_ms", P(step_ms), 1, MM_REQUIRED },
	};
	static const struct mm_field exponential[] = {
		{ "num", P(num), 0, MM_REQUIRED },
		{ "den", P(den), 1, MM_REQUIRED },
		{ "step_ms", P(step_ms), 1, MM_REQUIRED },
	};
	static const struct mm_field aimd[] = {
		{ "period_ms", P(period_ms), 1, MM_REQUIRED },
		{ "threshold_permille", P(threshold_permille), 0, MM_REQUIRED },
		{ "num", P(num), 0, MM_REQUIRED },
		{ "den", P(den), 1, MM_REQUIRED },
		{ "inc", P(inc), 0, MM_REQUIRED },
	};
	static const char *const kinds[] = { "none", "constant", "linear",
					     "exp",  "aimd",	 NULL };
	static const char *const scopes[] = { "dest", "global", NULL };
	const struct mm_json *o = mm_read_object(r, up, policy, "pace");
	const struct mm_place at = { .up = up, .key = "pace" };

	if (o == NULL)
		return;
	p->kind = (enum mm_pace_kind)mm_read_word(r, &at, o, "kind", kinds, -1);
	if (mm_read_word(r, &at, o, "scope", scopes, 0) == 1)
		p->scope = MM_PACE_GLOBAL;
	MM_READ_FIELDS(r, &at, o, fields, p);
	if (p->kind == MM_PACE_LINEAR)
		MM_READ_FIELDS(r, &at, o, linear, p);
	if (p->kind == MM_PACE_EXP)
		MM_READ_FIELDS(r, &at, o, exponential, p);
	if (p->kind == MM_PACE_AIMD)
		MM_READ_FIELDS(r, &at, o, aimd, p);
}

#define Y(member) offsetof(struct mm_policy, member)

void
mm_read_policy(struct mm_reader *r, const struct mm_place *top,
	       const struct mm_json *root, struct mm_policy *p)
{
	static const struct mm_field fields[] = {
		{ "resume_at_ms", Y(resume_at_ms), 0, MM_OPTIONAL },
		{ "stagger_ms", Y(stagger_ms), 0, MM_OPTIONAL },
		{ "concurrency", Y(concurrency), 0, MM_LIMIT },
		{ "suspend_after", Y(suspend_after), 0, MM_OPTIONAL },
		{ "day_offset_ms", Y(day_offset_ms), MM_ANY, MM_OPTIONAL },
	};
	static const struct mm_field suspend = { "suspend_ms", 0, 0,
						 MM_REQUIRED };
	static const char *const orders[] = { "fifo", "age", "newest",
					      "priority", NULL };
	const struct mm_json *o = mm_read_object(r, top, root, "policy");
	const struct mm_place at = { .up = top, .key = "policy" };
	const struct mm_place at_windows = { .up = &at, .key = "windows" };
	const struct mm_json *windows;
	void *rows;

	MM_READ_FIELDS(r, &at, o, fields, p);
	if (p->suspend_after > 0)
		mm_read_field(r, &at, o, &suspend, &p->suspend_ms);
	p->order = (enum mm_order)mm_read_word(r, &at, o, "order", orders, 0);
	mm_read_bool(r, &at, o, "flush", &p->flush);
	windows = mm_read_array(r, &at, o, "windows", sizeof(*p->windows.v),
				&rows, &p->windows.n);
	p->windows.v = rows;
	for (size_t i = 0; i < p->windows.n; i++) {
		const struct mm_place row = { .up = &at_windows, .index = i };
		struct mm_day_span *w = &p->windows.v[i];

		mm_read_pair(r, &row, mm_json_at(windows, i), &w->from_ms,
			     &w->to_ms);
		if (w->from_ms < 0 || w->from_ms >= w->to_ms ||
		    w->to_ms > MM_DAY_MS)
			mm_read_fail(r, &row, NULL, mm_json_at(windows, i),
				     "0 <= from < to <= 86400000");
	}
	read_pace(r, &at, o, &p->pace);
}
