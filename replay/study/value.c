#include <string.h>

#include "formats/base/time.h"
#include "replay/study/value.h"

#define TOO_MANY ((int64_t)1 << 53) /* of anything */

static bool
take_fixed(struct mm_str s, int64_t scale, int64_t *v)
{
	return s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9' &&
	       mm_str_to_fixed(s, scale, v) && *v <= TOO_MANY;
}

static bool
put_text(const struct mm_key *k, struct mm_str s, void *to, struct mm_arena *a)
{
	(void)k;
	*(struct mm_str *)to = mm_arena_str(a, s);
	return s.n > 0;
}

static bool
take_span(struct mm_str s, int64_t *ms)
{
	int64_t us;

	if (!mm_time_parse_span(s, &us) || us / 1000 > TOO_MANY)
		return false;
	*ms = us / 1000;
	return true;
}

static bool
put_span(const struct mm_key *k, struct mm_str s, void *to, struct mm_arena *a)
{
	(void)k;
	(void)a;
	return take_span(s, to);
}

static bool
put_when(const struct mm_key *k, struct mm_str s, void *to, struct mm_arena *a)
{
	struct mm_when *when = to;

	(void)k;
	(void)a;
	*when = (struct mm_when){ .at_us = MM_TIME_NONE };
	if (mm_str_is(s, "never")) {
		when->after_ms = MM_NO_LIMIT;
		return true;
	}
	if (mm_str_skip(&s, "+"))
		return take_span(s, &when->after_ms);
	return mm_str_findc(s, '-') != MM_NOT_FOUND &&
	       mm_time_parse(s, 0, &when->at_us);
}

static bool
put_rate(const struct mm_key *k, struct mm_str s, void *to, struct mm_arena *a)
{
	static const struct {
		const char *unit;
		int64_t scale, divide;
	} units[] = {
		{ "/s", 3600, 1 },
		{ "/m", 60, 1 },
		{ "/h", 1, 1 },
		{ "/d", 1000, 24000 },
	};
	int64_t v;

	(void)k;
	(void)a;
	for (size_t i = 0; i < MM_COUNT(units); i++) {
		if (!mm_str_ends(s, units[i].unit))
			continue;
		s.n -= strlen(units[i].unit);
		if (!take_fixed(s, units[i].scale, &v))
			return false;
		*(int64_t *)to = v / units[i].divide;
		return v == 0 || v >= units[i].divide;
	}
	return false;
}

static bool
put_per_day(const struct mm_key *k, struct mm_str s, void *to,
	    struct mm_arena *a)
{
	(void)k;
	(void)a;
	if (!mm_str_ends(s, "/d"))
		return false;
	s.n -= 2;
	return take_fixed(s, 1, to);
}

static bool
put_count(const struct mm_key *k, struct mm_str s, void *to, struct mm_arena *a)
{
	uint64_t v;

	(void)k;
	(void)a;
	if (!mm_str_to_u64(s, &v) || v > (uint64_t)TOO_MANY)
		return false;
	*(int64_t *)to = (int64_t)v;
	return true;
}

static bool
take_share(struct mm_str s, int64_t whole, int64_t *v)
{
	if (!mm_str_ends(s, "%"))
		return false;
	s.n--;
	return take_fixed(s, whole / 100, v);
}

static bool
put_milli(const struct mm_key *k, struct mm_str s, void *to, struct mm_arena *a)
{
	(void)k;
	(void)a;
	return take_fixed(s, 1000, to);
}

static bool
put_permille(const struct mm_key *k, struct mm_str s, void *to,
	     struct mm_arena *a)
{
	(void)k;
	(void)a;
	return take_share(s, 1000, to);
}

static bool
put_ppm(const struct mm_key *k, struct mm_str s, void *to, struct mm_arena *a)
{
	(void)k;
	(void)a;
	return take_share(s, 1000000, to);
}

static bool
put_factor(const struct mm_key *k, struct mm_str s, void *to,
	   struct mm_arena *a)
{
	int64_t *num = to, *den = num + 1;
	struct mm_str head;

	(void)k;
	(void)a;
	if (mm_str_cutc(&s, '/', &head))
		return take_fixed(head, 1, num) && take_fixed(s, 1, den) &&
		       *den > 0;
	*den = 1000;
	return take_fixed(s, 1000, num);
}

static bool
put_switch(const struct mm_key *k, struct mm_str s, void *to,
	   struct mm_arena *a)
{
	(void)k;
	(void)a;
	*(bool *)to = mm_str_is(s, "yes");
	return mm_str_is(s, "yes") || mm_str_is(s, "no");
}

static bool
find_word(const struct mm_key *k, struct mm_str s, unsigned *i)
{
	for (*i = 0; k->words[*i] != NULL; (*i)++)
		if (mm_str_is(s, k->words[*i]))
			return true;
	return false;
}

static bool
put_word(const struct mm_key *k, struct mm_str s, void *to, struct mm_arena *a)
{
	(void)a;
	return find_word(k, s, to);
}

/* The next word between blanks and commas. */
static bool
next_word(struct mm_str *s, struct mm_str *word)
{
	size_t n = 0;

	while (s->n > 0 && (s->p[0] == ' ' || s->p[0] == ','))
		*s = mm_str_from(*s, 1);
	while (n < s->n && s->p[n] != ' ' && s->p[n] != ',')
		n++;
	*word = mm_str_upto(*s, n);
	*s = mm_str_from(*s, n);
	return n > 0;
}

static bool
put_word_set(const struct mm_key *k, struct mm_str s, void *to,
	     struct mm_arena *a)
{
	uint32_t set = 0;
	struct mm_str word;
	unsigned i;

	(void)a;
	while (next_word(&s, &word)) {
		if (!find_word(k, word, &i))
			return false;
		set |= 1U << i;
	}
	*(uint32_t *)to = set;
	return set != 0;
}

/* "21:30" as milliseconds. */
static bool
take_clock(struct mm_str s, int64_t *ms)
{
	struct mm_str hours;
	int64_t h, m;

	if (!mm_str_cutc(&s, ':', &hours) || s.n != 2 ||
	    !take_fixed(hours, 1, &h) || !take_fixed(s, 1, &m) || h > 24 ||
	    m > 59)
		return false;
	*ms = (h * 60 + m) * 60000;
	return *ms <= MM_DAY_MS;
}

static bool
put_offset(const struct mm_key *k, struct mm_str s, void *to,
	   struct mm_arena *a)
{
	bool west = mm_str_skip(&s, "-");
	int64_t ms;

	(void)k;
	(void)a;
	if (mm_str_is(s, "UTC")) {
		*(int64_t *)to = 0;
		return !west;
	}
	if ((!west && !mm_str_skip(&s, "+")) || !take_clock(s, &ms))
		return false;
	*(int64_t *)to = west ? -ms : ms;
	return true;
}

static bool
put_feedback(const struct mm_key *k, struct mm_str s, void *to,
	     struct mm_arena *a)
{
	struct mm_feedback *f = to;
	int64_t v;

	(void)k;
	(void)a;
	f->per_window = mm_str_is(s, "1/N");
	if (f->per_window)
		return true;
	if (!take_fixed(s, 1000000, &v))
		return false;
	f->fixed = (double)v / 1000000;
	return true;
}

/* How many words there are at most, for room in the arena. */
static size_t
count_words(struct mm_str s)
{
	struct mm_str word;
	size_t n = 0;

	while (next_word(&s, &word))
		n++;
	return n;
}

static bool
put_day_spans(const struct mm_key *k, struct mm_str s, void *to,
	      struct mm_arena *a)
{
	struct mm_day_spans *spans = to;
	struct mm_str word, from;
	struct mm_day_span w;

	(void)k;
	spans->n = 0;
	spans->v = mm_arena_alloc(a, 2 * count_words(s) * sizeof(*spans->v));
	while (next_word(&s, &word)) {
		if (!mm_str_cutc(&word, '-', &from) ||
		    !take_clock(from, &w.from_ms) ||
		    !take_clock(word, &w.to_ms) || w.from_ms == w.to_ms)
			return false;
		if (w.from_ms < w.to_ms) {
			spans->v[spans->n++] = w;
			continue;
		}
		/* Over midnight: two. */
		spans->v[spans->n++] =
		    (struct mm_day_span){ w.from_ms, MM_DAY_MS };
		if (w.to_ms > 0)
			spans->v[spans->n++] =
			    (struct mm_day_span){ 0, w.to_ms };
	}
	return spans->n > 0;
}

static bool
put_scale(const struct mm_key *k, struct mm_str s, void *to, struct mm_arena *a)
{
	struct mm_scale *scale = to;
	struct mm_str word, least;

	(void)k;
	scale->n = 0;
	scale->v = mm_arena_alloc(a, count_words(s) * sizeof(*scale->v));
	while (next_word(&s, &word)) {
		struct mm_scale_step *step = &scale->v[scale->n];

		if (!mm_str_cutc(&word, ':', &least) ||
		    !take_share(least, 1000000, &step->min_ppm) ||
		    !take_share(word, 1000, &step->permille) ||
		    (scale->n > 0 && step[-1].min_ppm >= step->min_ppm))
			return false;
		scale->n++;
	}
	return scale->n > 0;
}

/* "G,16h,1h,1.5" */
static bool
take_exim_rule(struct mm_str s, struct mm_exim_rule *r)
{
	struct mm_str part;
	bool fixed;

	if (!mm_str_cutc(&s, ',', &part))
		return false;
	part = mm_str_trim(part);
	fixed = mm_str_is(part, "F");
	r->geometric = mm_str_is(part, "G");
	r->factor_permille = 0;
	if (!(fixed || r->geometric) || !mm_str_cutc(&s, ',', &part) ||
	    !take_span(part, &r->cutoff_ms))
		return false;
	if (fixed)
		return take_span(s, &r->gap_ms);
	return mm_str_cutc(&s, ',', &part) && take_span(part, &r->gap_ms) &&
	       take_fixed(s, 1000, &r->factor_permille);
}

static bool
put_exim_rules(const struct mm_key *k, struct mm_str s, void *to,
	       struct mm_arena *a)
{
	struct mm_exim_rules *rules = to;
	struct mm_str part;
	size_t n = 1;

	(void)k;
	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == ';';
	rules->n = 0;
	rules->v = mm_arena_alloc(a, n * sizeof(*rules->v));
	do {
		if (!mm_str_cutc(&s, ';', &part)) {
			part = s;
			s.n = 0;
		}
		if (!take_exim_rule(mm_str_trim(part), &rules->v[rules->n]))
			return false;
		rules->n++;
	} while (s.n > 0);
	return true;
}

static const struct kind {
	bool (*put)(const struct mm_key *k, struct mm_str s, void *to,
		    struct mm_arena *a);
	const char *expected;
} kinds[] = {
	[MM_KEY_TEXT] = { put_text, "a text" },
	[MM_KEY_SPAN] = { put_span, "a time with its unit: 30s 5m 2h 1d" },
	[MM_KEY_WHEN] = { put_when, "never, a time from the start such as "
				    "+30m, or 2026-01-01T06:00Z" },
	[MM_KEY_RATE] = { put_rate, "messages for a time, at least 1/h: 3/s "
				    "60/m 2880/h 5000/d" },
	[MM_KEY_PER_DAY] = { put_per_day, "messages a day: 5000/d" },
	[MM_KEY_COUNT] = { put_count, "a whole number" },
	[MM_KEY_PERMILLE] = { put_permille, "a share: 12.5%" },
	[MM_KEY_MILLI] = { put_milli, "a number: 2 or 0.05" },
	[MM_KEY_PPM] = { put_ppm, "a share: 0.0025%" },
	[MM_KEY_FACTOR] = { put_factor, "a factor: 2, 1.5 or 1/2" },
	[MM_KEY_SWITCH] = { put_switch, "yes or no" },
	[MM_KEY_WORD] = { put_word, "one of" },
	[MM_KEY_WORD_SET] = { put_word_set, "some of" },
	[MM_KEY_OFFSET] = { put_offset, "UTC, or hours east of it: +01:00" },
	[MM_KEY_FEEDBACK] = { put_feedback, "1/N or a number" },
	[MM_KEY_DAY_SPANS] = { put_day_spans, "times of day: 21:00-06:00" },
	[MM_KEY_SCALE] = { put_scale, "shares of the rate from a reputation "
				      "on, ascending: 0%:25% 85%:100%" },
	[MM_KEY_EXIM_RULES] = { put_exim_rules,
				"Exim's rules: F,2h,15m; G,16h,1h,1.5" },
};

bool
mm_value_put(const struct mm_key *k, struct mm_str s, void *to,
	     struct mm_arena *a)
{
	return kinds[k->kind].put(k, s, to, a);
}

const char *
mm_value_expected(enum mm_key_kind kind)
{
	return kinds[kind].expected;
}
