#include <string.h>

#include "analyze/cause/literal.h"

#define RUN_MAX	  64
#define DEPTH_MAX 8

struct set {
	struct mm_str text[MM_LITERAL_MAX];
	size_t n;	 /* 0: nothing is needed */
	size_t shortest; /* bytes of the shortest */
};

struct reader {
	struct mm_str rest; /* of the pattern */
	struct mm_arena *arena;
	bool lost; /* something that is not followed */
};

static void read_alternatives(struct reader *r, struct set *out, int depth);

static char
peek(const struct reader *r)
{
	return r->rest.n > 0 ? r->rest.p[0] : '\0';
}

static char
next(struct reader *r)
{
	char c = peek(r);

	r->rest = mm_str_from(r->rest, 1);
	return c;
}

/* Is `a`, which comes later in the pattern, the better need? Short texts are
 * met everywhere; what comes first is often only the subject ("the user"),
 * what comes later says what is with it. */
static bool
better(const struct set *a, const struct set *b)
{
	if (b->n == 0 || a->n == 0)
		return a->n > 0;
	return a->shortest > b->shortest ||
	       (a->shortest == b->shortest && a->n <= 2 * b->n);
}

static void
take_run(struct reader *r, const char *run, size_t *n, struct set *best)
{
	struct set one = { .n = 1, .shortest = *n };

	if (*n >= MM_LITERAL_MIN && (best->n == 0 || *n > best->shortest)) {
		one.text[0] =
		    mm_arena_str(r->arena, (struct mm_str){ run, *n });
		*best = one;
	}
	*n = 0;
}

enum times { ONCE, MAYBE, MORE };

/* How often may what stands before come? */
static enum times
read_times(struct reader *r)
{
	enum times t = ONCE;
	struct mm_str inside;

	switch (peek(r)) {
	case '?':
	case '*':
		t = MAYBE;
		(void)next(r);
		break;
	case '+':
		t = MORE;
		(void)next(r);
		break;
	case '{':
		(void)next(r);
		if (!mm_str_cutc(&r->rest, '}', &inside))
			r->lost = true;
		else
			t = mm_str_starts(inside, "0") ||
				    mm_str_starts(inside, ",")
				? MAYBE
				: MORE;
		break;
	default:
		return ONCE;
	}
	if (peek(r) == '?' || peek(r) == '+') /* lazy, possessive */
		(void)next(r);
	return t;
}

static void
skip_class(struct reader *r)
{
	if (peek(r) == '^')
		(void)next(r);
	if (peek(r) == ']')
		(void)next(r);
	while (r->rest.n > 0) {
		char c = next(r);

		if (c == '\\')
			(void)next(r);
		else if (c == '[' && peek(r) == ':')
			r->lost = true;
		else if (c == ']')
			return;
	}
	r->lost = true;
}

/* Behind "(": a group that counts goes to `out`; one that only looks is
 * passed over. */
static bool
read_group(struct reader *r, struct set *out, int depth)
{
	bool counts = true;

	if (peek(r) == '?') {
		(void)next(r);
		if (peek(r) == '!' || peek(r) == '<')
			counts = false;
		else if (peek(r) != ':' && peek(r) != '=')
			r->lost = true;
		(void)next(r);
		if (!counts && (peek(r) == '!' || peek(r) == '='))
			(void)next(r);
	}
	read_alternatives(r, out, depth + 1);
	if (next(r) != ')')
		r->lost = true;
	return counts;
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* A letter, digit or escaped sign: `*c`. False for what matches more than one
 * thing; `*wide` says whether it takes room (\d) or not (\b, ^). */
static bool
read_atom(struct reader *r, char *c, bool *wide)
{
	*c = next(r);
	*wide = *c != '^' && *c != '$';
	if (*c == '[')
		skip_class(r);
	if (*c != '\\')
		return strchr(".[^$", *c) == NULL;
	*c = next(r);
	*wide = strchr("bBAzZ", *c) == NULL;
	if (strchr("bBAzZdDwWsSRhHvVN", *c) != NULL)
		return false;
	if (is_word(*c))
		r->lost = true; /* \n, \x41, \1, \Q ... */
	return !r->lost;
}

static void
read_sequence(struct reader *r, struct set *best, int depth)
{
	char run[RUN_MAX];
	size_t n = 0;

	best->n = 0;
	while (r->rest.n > 0 && peek(r) != '|' && peek(r) != ')' && !r->lost) {
		char c;
		bool wide = true, plain = false;
		struct set group = { .n = 0 };

		if (peek(r) == '(') {
			(void)next(r);
			if (!read_group(r, &group, depth))
				group.n = 0;
		} else {
			plain = read_atom(r, &c, &wide);
		}
		switch (read_times(r)) {
		case MAYBE:
			group.n = 0;
			take_run(r, run, &n, best);
			continue;
		case MORE:
			if (plain && n < RUN_MAX)
				run[n++] = c;
			take_run(r, run, &n, best);
			break;
		case ONCE:
			if (plain && n < RUN_MAX)
				run[n++] = c;
			else if (wide)
				take_run(r, run, &n, best);
			break;
		}
		if (better(&group, best))
			*best = group;
	}
	take_run(r, run, &n, best);
}

static void
read_alternatives(struct reader *r, struct set *out, int depth)
{
	struct set branch;
	bool none = false;

	out->n = 0;
	out->shortest = SIZE_MAX;
	if (depth > DEPTH_MAX) {
		r->lost = true;
		return;
	}
	for (;;) {
		read_sequence(r, &branch, depth);
		if (branch.n == 0 || out->n + branch.n > MM_LITERAL_MAX)
			none = true;
		for (size_t i = 0; i < branch.n && !none; i++)
			out->text[out->n++] = branch.text[i];
		if (branch.n > 0 && branch.shortest < out->shortest)
			out->shortest = branch.shortest;
		if (peek(r) != '|' || r->lost)
			break;
		(void)next(r);
	}
	if (none || r->lost)
		out->n = 0;
}

static struct mm_str
lower_case(struct mm_str s, struct mm_arena *arena)
{
	char *p = mm_arena_alloc(arena, s.n);

	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32)
						      : s.p[i];
	return (struct mm_str){ p, s.n };
}

/* Nothing but characters that stand for themselves? */
static bool
is_plain(struct mm_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\0' || strchr(".[^$|()?*+{", s.p[i]) != NULL)
			return false;
		if (s.p[i] == '\\' && (++i == s.n || is_word(s.p[i])))
			return false;
	}
	return true;
}

/* "(?i)", "(?s:": flags; "\\Q": quoting. */
static bool
is_whole(struct mm_str s)
{
	for (size_t i = 0; i + 1 < s.n; i++) {
		if (s.p[i] == '(' && s.p[i + 1] == '?' && i + 2 < s.n &&
		    strchr(":=!<", s.p[i + 2]) == NULL)
			return true;
		if (s.p[i] == '\\' && s.p[++i] == 'Q')
			return true;
	}
	return false;
}

bool
mm_pattern_next(struct mm_str *rest, struct mm_str *part)
{
	bool in_class = false, whole = is_whole(*rest);
	size_t depth = 0, i;

	if (rest->p == NULL)
		return false;
	for (i = 0; i < rest->n && !whole; i++) {
		char c = rest->p[i];

		if (c == '\\')
			i++;
		else if (c == '[' && !in_class) {
			in_class = true;
			/* A bracket that comes first stands for itself. */
			i += i + 1 < rest->n && rest->p[i + 1] == '^';
			i += i + 1 < rest->n && rest->p[i + 1] == ']';
		} else if (in_class)
			in_class = c != ']';
		else if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (c == '|' && depth == 0)
			break;
	}
	if (whole || i >= rest->n) {
		*part = *rest;
		*rest = MM_STR_ABSENT;
	} else {
		*part = mm_str_upto(*rest, i);
		*rest = mm_str_from(*rest, i + 1);
	}
	return true;
}

size_t
mm_literals(struct mm_str pattern, struct mm_arena *arena, struct mm_str *out,
	    bool *exact)
{
	struct reader r = { .rest = pattern, .arena = arena };
	struct set s;

	*exact = is_plain(pattern);
	read_alternatives(&r, &s, 0);
	if (r.rest.n > 0 || r.lost)
		s.n = 0;
	for (size_t i = 0; i < s.n; i++)
		out[i] = lower_case(s.text[i], arena);
	*exact = *exact && s.n == 1 && pattern.n < RUN_MAX;
	return s.n;
}
