/* str.h - views: a pointer and a length, never ended by NUL.
 *
 * A view owns nothing and is valid as long as the bytes behind it. An absent
 * text is {NULL, 0}; an empty one has a pointer and no length (the null sender
 * `<>` is there, and empty).
 */
#ifndef MM_STR_H
#define MM_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct mm_str {
	const char *p;
	size_t n;
};

#define MM_STR(lit)   ((struct mm_str){ "" lit, sizeof(lit) - 1 })
#define MM_STR_ABSENT ((struct mm_str){ NULL, 0 })
#define MM_NOT_FOUND  SIZE_MAX
/* UTF-8's: in front of what Windows writes. */
#define MM_BYTE_ORDER_MARK "\xef\xbb\xbf"
/* For "%.*s": two arguments. */
#define MM_STR_ARG(s) (int)(s).n, ((s).p != NULL ? (s).p : "")

bool mm_str_ieq(struct mm_str a, struct mm_str b); /* ASCII case ignored */
int mm_str_cmp(struct mm_str a, struct mm_str b);  /* by bytes, then length */
bool mm_str_ends(struct mm_str s, const char *z);

/* Index of the first (last) place, or MM_NOT_FOUND. */
size_t mm_str_find(struct mm_str s, const char *z);
size_t mm_str_find_last(struct mm_str s, const char *z);
size_t mm_str_ifind(struct mm_str s, const char *z); /* ASCII case ignored */
size_t mm_str_findc(struct mm_str s, char c);

struct mm_str mm_str_trim(struct mm_str s); /* blanks, CR, LF */
struct mm_str mm_str_bare(struct mm_str s); /* without < > around it */
/* "Name: value" with that name (and its colon), ASCII case ignored: the value,
 * trimmed. */
bool mm_str_field(struct mm_str s, const char *name, struct mm_str *value);

/* The rest stands here so that a literal's length is known at the call: the
 * parsers live on these. */
static inline struct mm_str
mm_str_z(const char *z) /* NULL gives an absent view */
{
	return z != NULL ? (struct mm_str){ z, strlen(z) } : MM_STR_ABSENT;
}

static inline bool
mm_str_eq(struct mm_str a, struct mm_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
mm_str_is(struct mm_str s, const char *z)
{
	size_t n = strlen(z);

	return s.n == n && (n == 0 || memcmp(s.p, z, n) == 0);
}

static inline struct mm_str
mm_str_from(struct mm_str s, size_t at) /* from `at` on */
{
	if (at > s.n)
		at = s.n;
	/* An absent view stays one: no arithmetic on NULL. */
	return (struct mm_str){ at > 0 ? s.p + at : s.p, s.n - at };
}

static inline struct mm_str
mm_str_upto(struct mm_str s, size_t at) /* before `at` */
{
	return (struct mm_str){ s.p, at < s.n ? at : s.n };
}

static inline bool
mm_str_starts(struct mm_str s, const char *z)
{
	size_t n = strlen(z);

	return s.n >= n && (n == 0 || memcmp(s.p, z, n) == 0);
}

/* The scanners move `*s` forward only when they succeed. */
static inline bool
mm_str_skip(struct mm_str *s, const char *prefix)
{
	if (!mm_str_starts(*s, prefix))
		return false;
	*s = mm_str_from(*s, strlen(prefix));
	return true;
}

/* Cut at the first `c` (or `z`): `*head` is what stands before it, `*s` what
 * stands behind. False, and nothing moved, when it is not there. */
bool mm_str_cutc(struct mm_str *s, char c, struct mm_str *head);
bool mm_str_cut(struct mm_str *s, const char *z, struct mm_str *head);
/* Decimal digits, at least one, that fit. */
bool mm_str_take_u64(struct mm_str *s, uint64_t *value);

bool mm_str_to_u64(struct mm_str s, uint64_t *value); /* all of `s`, decimal */
bool mm_str_to_i64(struct mm_str s, int64_t *value);  /* the same, signed */
/* "12.5" with scale 1000000 is 12500000: decimals without floating point;
 * digits beyond the scale are dropped. "1e-05" is understood. */
bool mm_str_to_fixed(struct mm_str s, int64_t scale, int64_t *value);

/* Does a name fit a pattern with * and ?, whatever the case? */
bool mm_str_glob(struct mm_str pattern, struct mm_str name);

#endif
