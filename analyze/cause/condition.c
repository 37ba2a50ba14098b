#include <string.h>

#include "analyze/cause/condition.h"

static bool
take_number(struct mm_str *s, int *value)
{
	uint64_t v;

	if (!mm_str_take_u64(s, &v) || v > 999)
		return false;
	*value = (int)v;
	return true;
}

struct mm_status_range
mm_status_read(struct mm_str enhanced)
{
	struct mm_status_range st = { 0 }, none = { 0 };

	if (!take_number(&enhanced, &st.family) ||
	    !mm_str_skip(&enhanced, ".") ||
	    !take_number(&enhanced, &st.subject) ||
	    !mm_str_skip(&enhanced, ".") || !take_number(&enhanced, &st.low) ||
	    enhanced.n > 0)
		return none;
	st.high = st.low;
	return st;
}

/* "x.7.26", "5.7.*", "4.7.500-699". */
static bool
read_range(struct mm_str s, struct mm_status_range *st)
{
	*st = (struct mm_status_range){ .subject = -1, .high = 999 };
	if (!mm_str_skip(&s, "x") && !take_number(&s, &st->family))
		return false;
	if (!mm_str_skip(&s, "."))
		return false;
	if (!mm_str_skip(&s, "*") && !take_number(&s, &st->subject))
		return false;
	if (!mm_str_skip(&s, "."))
		return false;
	if (mm_str_skip(&s, "*"))
		return s.n == 0;
	if (!take_number(&s, &st->low))
		return false;
	st->high = st->low;
	if (mm_str_skip(&s, "-") && !take_number(&s, &st->high))
		return false;
	return s.n == 0 && st->low <= st->high;
}

/* "55" stands for 550 ... 559. */
static bool
read_code(struct mm_str word, struct mm_condition *c)
{
	int low = 0, n = 1;

	for (size_t i = word.n; i < 3; i++)
		n *= 10;
	if (word.n > 3 || !take_number(&word, &low) || word.n > 0)
		return false;
	for (int k = low * n; k < (low + 1) * n && k < MM_CODE_MAX; k++)
		c->codes[k / 64] |= UINT64_C(1) << (k % 64);
	return true;
}

static bool
next_word(struct mm_str *list, struct mm_str *word)
{
	if (list->n == 0)
		return false;
	if (!mm_str_cutc(list, ',', word)) {
		*word = *list;
		*list = MM_STR_ABSENT;
	}
	return true;
}

static bool
read_codes(struct mm_condition *c, struct mm_str list)
{
	struct mm_str word;

	while (next_word(&list, &word)) {
		if (mm_str_is(word, "*"))
			c->any_code = true;
		else if (mm_str_is(word, "-"))
			c->no_code = true;
		else if (!read_code(word, c))
			return false;
	}
	return true;
}

static bool
read_statuses(struct mm_condition *c, struct mm_str list)
{
	struct mm_str word;

	while (next_word(&list, &word)) {
		if (mm_str_is(word, "*"))
			c->any_status = true;
		else if (mm_str_is(word, "-"))
			c->no_status = true;
		else if (c->n_status == MM_STATUS_MAX ||
			 !read_range(word, &c->status[c->n_status++]))
			return false;
	}
	return true;
}

static bool
read_stages(struct mm_condition *c, struct mm_str list)
{
	struct mm_str word;

	while (next_word(&list, &word)) {
		enum mm_stage s = mm_stage_of(word);

		if (mm_str_is(word, "*"))
			continue;
		if (s == MM_STAGE_NONE)
			return false;
		c->stages |= 1U << s;
	}
	return true;
}

bool
mm_condition_read(struct mm_condition *c, struct mm_str codes,
		  struct mm_str statuses, struct mm_str stages,
		  struct mm_str *wrong)
{
	memset(c, 0, sizeof(*c));
	*wrong = codes;
	if (!read_codes(c, codes))
		return false;
	*wrong = statuses;
	if (!read_statuses(c, statuses))
		return false;
	*wrong = stages;
	return read_stages(c, stages);
}

static bool
status_fits(const struct mm_condition *c, const struct mm_status_range *s)
{
	if (c->any_status)
		return true;
	if (s->family == 0)
		return c->no_status;
	for (size_t i = 0; i < c->n_status; i++) {
		const struct mm_status_range *want = &c->status[i];

		if ((want->family == 0 || want->family == s->family) &&
		    (want->subject < 0 || want->subject == s->subject) &&
		    s->low >= want->low && s->low <= want->high)
			return true;
	}
	return false;
}

bool
mm_condition_fits(const struct mm_condition *c, int code,
		  const struct mm_status_range *status, enum mm_stage stage)
{
	if (!c->any_code) {
		if (code <= 0 || code >= MM_CODE_MAX) {
			if (!c->no_code)
				return false;
		} else if ((c->codes[code / 64] >> (code % 64) & 1) == 0) {
			return false;
		}
	}
	if (c->stages != 0 && (c->stages >> stage & 1) == 0)
		return false;
	return status_fits(c, status);
}
