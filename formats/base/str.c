#include <string.h>

#include "formats/base/str.h"

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool
mm_str_ieq(struct mm_str a, struct mm_str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

int
mm_str_cmp(struct mm_str a, struct mm_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int way = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return way != 0 ? way : (a.n > b.n) - (a.n < b.n);
}

bool
mm_str_ends(struct mm_str s, const char *z)
{
	size_t n = strlen(z);

	return s.n >= n && (n == 0 || memcmp(s.p + s.n - n, z, n) == 0);
}

size_t
mm_str_find(struct mm_str s, const char *z)
{
	size_t n = strlen(z), at = 0;

	if (n == 0)
		return 0;
	while (at + n <= s.n) {
		const char *hit = memchr(s.p + at, z[0], s.n - at - n + 1);

		if (hit == NULL)
			return MM_NOT_FOUND;
		at = (size_t)(hit - s.p);
		if (memcmp(hit, z, n) == 0)
			return at;
		at++;
	}
	return MM_NOT_FOUND;
}

size_t
mm_str_find_last(struct mm_str s, const char *z)
{
	size_t n = strlen(z);

	if (n == 0 || n > s.n)
		return n == 0 ? s.n : MM_NOT_FOUND;
	for (size_t at = s.n - n + 1; at-- > 0;)
		if (s.p[at] == z[0] && memcmp(s.p + at, z, n) == 0)
			return at;
	return MM_NOT_FOUND;
}

size_t
mm_str_ifind(struct mm_str s, const char *z)
{
	struct mm_str want = mm_str_z(z);
	char first = lower(z[0]);

	for (size_t at = 0; at + want.n <= s.n; at++)
		if (want.n == 0 ||
		    (lower(s.p[at]) == first &&
		     mm_str_ieq((struct mm_str){ s.p + at, want.n }, want)))
			return at;
	return MM_NOT_FOUND;
}

size_t
mm_str_findc(struct mm_str s, char c)
{
	const char *hit = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

	return hit != NULL ? (size_t)(hit - s.p) : MM_NOT_FOUND;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct mm_str
mm_str_trim(struct mm_str s)
{
	while (s.n > 0 && is_blank(s.p[0]))
		s.p++, s.n--;
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct mm_str
mm_str_bare(struct mm_str s)
{
	if (mm_str_skip(&s, "<") && mm_str_ends(s, ">"))
		s.n--;
	return s;
}

bool
mm_str_field(struct mm_str s, const char *name, struct mm_str *value)
{
	size_t n = strlen(name);

	if (s.n < n || !mm_str_ieq(mm_str_upto(s, n), mm_str_z(name)))
		return false;
	*value = mm_str_trim(mm_str_from(s, n));
	return true;
}

bool
mm_str_cutc(struct mm_str *s, char c, struct mm_str *head)
{
	size_t at = mm_str_findc(*s, c);

	if (at == MM_NOT_FOUND)
		return false;
	*head = mm_str_upto(*s, at);
	*s = mm_str_from(*s, at + 1);
	return true;
}

bool
mm_str_cut(struct mm_str *s, const char *z, struct mm_str *head)
{
	size_t at = mm_str_find(*s, z);

	if (at == MM_NOT_FOUND)
		return false;
	*head = mm_str_upto(*s, at);
	*s = mm_str_from(*s, at + strlen(z));
	return true;
}

bool
mm_str_take_u64(struct mm_str *s, uint64_t *value)
{
	uint64_t v = 0;
	size_t i = 0;

	for (; i < s->n && s->p[i] >= '0' && s->p[i] <= '9'; i++) {
		uint64_t digit = (uint64_t)(s->p[i] - '0');

		if (v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	if (i == 0)
		return false;
	*value = v;
	*s = mm_str_from(*s, i);
	return true;
}

bool
mm_str_to_u64(struct mm_str s, uint64_t *value)
{
	uint64_t v;

	if (!mm_str_take_u64(&s, &v) || s.n > 0)
		return false;
	*value = v;
	return true;
}

bool
mm_str_to_i64(struct mm_str s, int64_t *value)
{
	bool minus = mm_str_skip(&s, "-");
	uint64_t v;

	if (!mm_str_to_u64(s, &v) || v > INT64_MAX)
		return false;
	*value = minus ? -(int64_t)v : (int64_t)v;
	return true;
}

/* The exponent of "1e-05", which printf %g writes for small delays. */
static bool
take_exponent(struct mm_str *s, int64_t *exponent)
{
	*exponent = 0;
	if (s->n == 0)
		return true;
	if (s->p[0] != 'e' && s->p[0] != 'E')
		return false;
	*s = mm_str_from(*s, 1);
	if (s->n > 0 && s->p[0] == '+')
		*s = mm_str_from(*s, 1);
	return mm_str_to_i64(*s, exponent) && *exponent >= -18 &&
	       *exponent <= 18;
}

bool
mm_str_to_fixed(struct mm_str s, int64_t scale, int64_t *value)
{
	bool minus = mm_str_skip(&s, "-");
	uint64_t whole = 0;
	int64_t v, part = scale, exponent;
	size_t digits = 0;

	if (mm_str_take_u64(&s, &whole))
		digits++;
	if (whole > (uint64_t)(INT64_MAX / scale) - 1)
		return false;
	v = (int64_t)whole * scale;
	if (mm_str_skip(&s, "."))
		for (; s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9'; digits++) {
			part /= 10;
			v += (s.p[0] - '0') * part;
			s = mm_str_from(s, 1);
		}
	if (digits == 0 || !take_exponent(&s, &exponent))
		return false;
	for (; exponent < 0; exponent++)
		v /= 10;
	for (; exponent > 0 && v < INT64_MAX / 10; exponent--)
		v *= 10;
	*value = minus ? -v : v;
	return exponent == 0;
}

static char
small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
mm_str_glob(struct mm_str pattern, struct mm_str name)
{
	size_t i = 0, k = 0, star = MM_NOT_FOUND, mark = 0;

	while (k < name.n) {
		if (i < pattern.n && pattern.p[i] == '*') {
			star = i++;
			mark = k;
		} else if (i < pattern.n &&
			   (pattern.p[i] == '?' ||
			    small(pattern.p[i]) == small(name.p[k]))) {
			i++;
			k++;
		} else if (star != MM_NOT_FOUND) {
			i = star + 1;
			k = ++mark;
		} else {
			return false;
		}
	}
	while (i < pattern.n && pattern.p[i] == '*')
		i++;
	return i == pattern.n;
}
