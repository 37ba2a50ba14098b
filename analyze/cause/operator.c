#include <stdlib.h>
#include <string.h>

#include "analyze/cause/operator.h"
#include "analyze/cause/tsv.h"
#include "formats/base/arena.h"
#include "formats/base/data.h"
#include "formats/base/mem.h"

struct row {
	const char *name, *title;
	bool in_text; /* else the end of a host name */
	struct mm_str word;
};

struct mm_operators {
	struct mm_arena arena;
	struct row *rows;
	size_t n, cap;
};

static void
add_words(struct mm_operators *o, const struct row *r, struct mm_str words)
{
	char between = r->in_text ? '|' : ' ';

	while (words.n > 0) {
		struct row one = *r;

		if (!mm_str_cutc(&words, between, &one.word)) {
			one.word = words;
			words = MM_STR_ABSENT;
		}
		if (one.word.n == 0)
			continue;
		o->rows = mm_grow(o->rows, o->n, &o->cap, sizeof(*o->rows));
		o->rows[o->n++] = one;
	}
}

struct mm_operators *
mm_operators_new(struct mm_err *err)
{
	struct mm_operators *o = mm_calloc(1, sizeof(*o));
	struct mm_tsv t = { .rest = mm_data("analyze/cause/operators.tsv") };
	struct mm_str cell[4];
	size_t n;

	mm_arena_init(&o->arena);
	while ((n = mm_tsv_next(&t, cell, MM_COUNT(cell))) > 0) {
		struct row r = { .name = mm_arena_str(&o->arena, cell[0]).p,
				 .title = mm_arena_str(&o->arena, cell[1]).p,
				 .in_text = mm_str_is(cell[2], "text") };

		if (n != MM_COUNT(cell) ||
		    (!r.in_text && !mm_str_is(cell[2], "host"))) {
			(void)mm_err_set(err, MM_EFORMAT,
					 "operators.tsv:%zu: name, title, host "
					 "or text, and words are needed",
					 t.line);
			mm_operators_free(o);
			return NULL;
		}
		add_words(o, &r, cell[3]);
	}
	return o;
}

void
mm_operators_free(struct mm_operators *o)
{
	if (o == NULL)
		return;
	free(o->rows);
	mm_arena_fini(&o->arena);
	free(o);
}

/* Is `host` the name `end`, or one below it? */
static bool
below(struct mm_str host, struct mm_str end)
{
	size_t at = host.n - end.n;

	return host.n >= end.n && mm_str_ieq(mm_str_from(host, at), end) &&
	       (at == 0 || host.p[at - 1] == '.');
}

const char *
mm_operator_of(const struct mm_operators *o, struct mm_str host)
{
	const struct row *best = NULL;

	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	for (size_t i = 0; i < o->n; i++) {
		const struct row *r = &o->rows[i];

		if (!r->in_text && below(host, r->word) &&
		    (best == NULL || r->word.n > best->word.n))
			best = r;
	}
	return best != NULL ? best->name : NULL;
}

/* Is the lower-case `word` in `s`? */
static bool
contains(struct mm_str s, struct mm_str word)
{
	for (size_t at = 0; at + word.n <= s.n; at++)
		if ((s.p[at] | 0x20) == (word.p[0] | 0x20) &&
		    mm_str_ieq((struct mm_str){ s.p + at, word.n }, word))
			return true;
	return false;
}

const char *
mm_operator_of_text(const struct mm_operators *o, struct mm_str text)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->rows[i].in_text && contains(text, o->rows[i].word))
			return o->rows[i].name;
	return NULL;
}

const char *
mm_operator_title(const struct mm_operators *o, const char *name)
{
	for (size_t i = 0; i < o->n; i++)
		if (strcmp(o->rows[i].name, name) == 0)
			return o->rows[i].title;
	return name;
}
