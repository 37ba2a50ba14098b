#include <stdlib.h>
#include <string.h>

#include "analyze/cause/causes.h"
#include "analyze/cause/tsv.h"
#include "formats/base/arena.h"
#include "formats/base/data.h"
#include "formats/base/mem.h"

struct hint {
	size_t cause;
	const char *op; /* "*": any */
	struct mm_advice advice;
};

struct mm_causes {
	struct mm_arena arena;
	struct mm_cause *list;
	size_t n, cap;
	struct hint *hints;
	size_t n_hints, cap_hints;
	size_t unknown;
};

/* A cell as a text that ends with NUL. */
static const char *
keep(struct mm_causes *c, struct mm_str cell)
{
	return mm_arena_str(&c->arena, cell).p;
}

static enum mm_status
load_causes(struct mm_causes *c, struct mm_err *err)
{
	struct mm_tsv t = { .rest = mm_data("analyze/cause/causes.tsv") };
	struct mm_str cell[5];
	size_t n;

	while ((n = mm_tsv_next(&t, cell, MM_COUNT(cell))) > 0) {
		if (n != MM_COUNT(cell))
			return mm_err_set(err, MM_EFORMAT,
					  "causes.tsv:%zu: %zu cells, 5 are "
					  "needed",
					  t.line, n);
		c->list = mm_grow(c->list, c->n, &c->cap, sizeof(*c->list));
		c->list[c->n++] =
		    (struct mm_cause){ .group = keep(c, cell[0]),
				       .name = keep(c, cell[1]),
				       .scope = keep(c, cell[2]),
				       .action = keep(c, cell[3]),
				       .meaning = keep(c, cell[4]) };
	}
	c->unknown = mm_causes_find(c, MM_STR("unknown"));
	if (c->unknown == MM_NOT_FOUND)
		return mm_err_set(err, MM_EFORMAT,
				  "causes.tsv: there is no cause \"unknown\"");
	return MM_OK;
}

static enum mm_status
load_advice(struct mm_causes *c, struct mm_err *err)
{
	struct mm_tsv t = { .rest = mm_data("analyze/cause/advice.tsv") };
	struct mm_str cell[5];
	size_t n;

	while ((n = mm_tsv_next(&t, cell, MM_COUNT(cell))) > 0) {
		size_t cause = mm_causes_find(c, cell[0]);

		if (n != MM_COUNT(cell) || cause == MM_NOT_FOUND)
			return mm_err_set(err, MM_EFORMAT,
					  "advice.tsv:%zu: 5 cells, the first "
					  "a cause, are needed",
					  t.line);
		c->hints = mm_grow(c->hints, c->n_hints, &c->cap_hints,
				   sizeof(*c->hints));
		c->hints[c->n_hints++] = (struct hint){
			.cause = cause,
			.op = keep(c, cell[1]),
			.advice = { .waiting = keep(c, cell[2]),
				    .fix = keep(c, cell[3]),
				    .avoid = keep(c, cell[4]) },
		};
	}
	return MM_OK;
}

struct mm_causes *
mm_causes_new(struct mm_err *err)
{
	struct mm_causes *c = mm_calloc(1, sizeof(*c));

	mm_arena_init(&c->arena);
	if (load_causes(c, err) == MM_OK && load_advice(c, err) == MM_OK)
		return c;
	mm_causes_free(c);
	return NULL;
}

void
mm_causes_free(struct mm_causes *c)
{
	if (c == NULL)
		return;
	free(c->list);
	free(c->hints);
	mm_arena_fini(&c->arena);
	free(c);
}

size_t
mm_causes_count(const struct mm_causes *c)
{
	return c->n;
}

const struct mm_cause *
mm_causes_get(const struct mm_causes *c, size_t i)
{
	return &c->list[i];
}

size_t
mm_causes_find(const struct mm_causes *c, struct mm_str name)
{
	for (size_t i = 0; i < c->n; i++)
		if (mm_str_is(name, c->list[i].name))
			return i;
	return MM_NOT_FOUND;
}

size_t
mm_causes_unknown(const struct mm_causes *c)
{
	return c->unknown;
}

struct mm_advice
mm_causes_advice(const struct mm_causes *c, size_t i, const char *op)
{
	struct mm_advice general = { 0 };

	for (size_t k = 0; k < c->n_hints; k++) {
		const struct hint *h = &c->hints[k];

		if (h->cause != i)
			continue;
		if (strcmp(h->op, "*") == 0)
			general = h->advice;
		else if (op != NULL && strcmp(h->op, op) == 0)
			return h->advice;
	}
	return general;
}

/* The word at the front of `s`, without what closes a sentence. */
static struct mm_str
address_word(struct mm_str s)
{
	size_t n = 0;

	while (n < s.n && (unsigned char)s.p[n] > ' ' &&
	       strchr("<>()[]\"'\\", s.p[n]) == NULL)
		n++;
	while (n > 0 && strchr(".,;:!", s.p[n - 1]) != NULL)
		n--;
	return mm_str_upto(s, n);
}

struct mm_str
mm_causes_page(struct mm_str reply)
{
	static const char *const before[] = { "contact", "write to", "forward",
					      "mail to" };
	size_t at = mm_str_ifind(reply, "http");

	if (at != MM_NOT_FOUND &&
	    mm_str_find(mm_str_upto(mm_str_from(reply, at), 8), "://") !=
		MM_NOT_FOUND)
		return address_word(mm_str_from(reply, at));
	for (size_t i = 0; i < MM_COUNT(before); i++) {
		struct mm_str s = reply, word;

		at = mm_str_ifind(s, before[i]);
		if (at == MM_NOT_FOUND)
			continue;
		s = mm_str_from(s, at);
		for (int k = 0; k < 8 && mm_str_cutc(&s, ' ', &word); k++) {
			word = address_word(s);
			if (mm_str_findc(word, '@') != MM_NOT_FOUND)
				return word;
		}
	}
	return MM_STR_ABSENT;
}
