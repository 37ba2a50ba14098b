#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/cause/condition.h"
#include "analyze/cause/literal.h"
#include "analyze/cause/rules.h"
#include "analyze/cause/sieve.h"
#include "analyze/cause/tsv.h"
#include "formats/base/data.h"
#include "formats/base/mem.h"
#include "formats/base/regex.h"

#define N_CELLS	 8
#define N_SAMPLE 6
#define TEXT_MAX 4096 /* bytes of a text that are looked at */
#define FILE_MAX ((size_t)16 << 20)

/* One alternative of a row's pattern. Most are plain texts, which the sieve
 * finds; a regex is compiled when a text first asks for it. */
struct part {
	size_t rule;
	struct mm_str pattern;
	bool any;   /* no pattern: any text */
	bool exact; /* what the sieve finds is the match */
	bool broken;
	struct mm_regex *regex; /* owned */
};

struct compiled {
	struct mm_rule row;
	struct mm_condition condition;
	size_t part, n_parts;
};

struct mm_rules {
	struct mm_arena arena;
	struct mm_causes *causes;
	struct mm_operators *operators;
	struct compiled *list;
	size_t n, cap;
	struct mm_sample *samples;
	size_t n_samples, cap_samples;
	struct part *parts; /* in the order of their rules */
	size_t n_parts, cap_parts;
	struct mm_sieve *sieve;
	uint64_t *always;     /* parts that no literal can rule out */
	uint64_t *candidates; /* of the text at hand */
	size_t n_words;	      /* of these two */
	char text[TEXT_MAX];  /* the text at hand, normal */
};

/* A refusal, made ready to be compared. */
struct question {
	const struct mm_refusal *refusal;
	const char *op;
	bool op_sought; /* the text was searched for the operator */
	struct mm_status_range status;
	struct mm_str text;
};

/* Texts are in lower case: a pattern without capitals need not ask for more,
 * and is matched faster. */
static unsigned
flags_of(struct mm_str pattern)
{
	for (size_t i = 0; i < pattern.n; i++) {
		if (pattern.p[i] == '\\')
			i++;
		else if (pattern.p[i] >= 'A' && pattern.p[i] <= 'Z')
			return MM_REGEX_ICASE;
	}
	return 0;
}

static enum mm_status
compile(struct part *p, struct mm_err *err)
{
	if (p->any || p->exact || p->regex != NULL)
		return MM_OK;
	p->regex = mm_regex_new(p->pattern, flags_of(p->pattern), err);
	p->broken = p->regex == NULL;
	return p->broken ? MM_EFORMAT : MM_OK;
}

static void
add_part(struct mm_rules *r, struct mm_str pattern, bool any)
{
	r->parts =
	    mm_grow(r->parts, r->n_parts, &r->cap_parts, sizeof(*r->parts));
	r->parts[r->n_parts++] =
	    (struct part){ .rule = r->n - 1, .pattern = pattern, .any = any };
	r->list[r->n - 1].n_parts++;
}

/* Add the row of a line. The user's patterns are compiled at once, so that
 * what is wrong with them is said at the start. */
static enum mm_status
add_row(struct mm_rules *r, const struct mm_str *cell, bool user, size_t line,
	struct mm_err *err)
{
	struct mm_str wrong, rest = cell[5], part;
	struct compiled *c;

	r->list = mm_grow(r->list, r->n, &r->cap, sizeof(*r->list));
	c = &r->list[r->n++];
	*c = (struct compiled){
		.row = { .id = mm_arena_str(&r->arena, cell[0]).p,
			 .op = cell[1],
			 .code = cell[2],
			 .enhanced = cell[3],
			 .stage = cell[4],
			 .pattern = cell[5],
			 .cause = mm_causes_find(r->causes, cell[6]),
			 .note = cell[7],
			 .user = user,
			 .line = line },
		.part = r->n_parts,
	};
	if (c->row.cause == MM_NOT_FOUND)
		return mm_err_set(err, MM_EFORMAT, "no cause \"%.*s\"",
				  MM_STR_ARG(cell[6]));
	if (!mm_condition_read(&c->condition, cell[2], cell[3], cell[4],
			       &wrong))
		return mm_err_set(err, MM_EFORMAT,
				  "\"%.*s\" is no list of codes or stages",
				  MM_STR_ARG(wrong));
	if (mm_str_is(cell[5], "*")) {
		add_part(r, cell[5], true);
		return MM_OK;
	}
	while (mm_pattern_next(&rest, &part)) {
		add_part(r, part, false);
		if (user && compile(&r->parts[r->n_parts - 1], err) != MM_OK)
			return MM_EFORMAT;
	}
	return MM_OK;
}

/* Add the sample of a line: it belongs to the row above. */
static enum mm_status
add_sample(struct mm_rules *r, const struct mm_str *cell, size_t line,
	   struct mm_err *err)
{
	struct mm_sample s = { .must = mm_str_is(cell[0], "+"), .line = line };
	struct mm_refusal *f = &s.refusal;
	uint64_t code = 0;

	if (r->n == 0)
		return mm_err_set(err, MM_EFORMAT,
				  "a sample without a row above it");
	if (!mm_str_is(cell[2], "*") &&
	    (!mm_str_to_u64(cell[2], &code) || code > 999))
		return mm_err_set(err, MM_EFORMAT, "\"%.*s\" is no reply code",
				  MM_STR_ARG(cell[2]));
	f->stage = mm_stage_of(cell[4]);
	if (!mm_str_is(cell[4], "*") && f->stage == MM_STAGE_NONE)
		return mm_err_set(err, MM_EFORMAT, "\"%.*s\" is no stage",
				  MM_STR_ARG(cell[4]));
	if (!mm_str_is(cell[1], "*"))
		f->op = mm_arena_str(&r->arena, cell[1]).p;
	if (!mm_str_is(cell[3], "*"))
		f->enhanced = cell[3];
	f->code = (int)code;
	f->text = cell[5];
	s.rule = r->n - 1;
	r->samples = mm_grow(r->samples, r->n_samples, &r->cap_samples,
			     sizeof(*r->samples));
	r->samples[r->n_samples++] = s;
	return MM_OK;
}

static enum mm_status
add_line(struct mm_rules *r, const struct mm_tsv *t, const struct mm_str *cell,
	 size_t n, bool user, struct mm_err *err)
{
	bool sample = mm_str_is(cell[0], "+") || mm_str_is(cell[0], "-");

	if (sample && n != N_SAMPLE)
		return mm_err_set(err, MM_EFORMAT,
				  "%zu cells between tabs, a sample has 6", n);
	if (!sample && (n < N_CELLS - 1 || n > N_CELLS))
		return mm_err_set(err, MM_EFORMAT,
				  "%zu cells between tabs, 7 or 8 are needed",
				  n);
	return sample ? add_sample(r, cell, t->line, err)
		      : add_row(r, cell, user, t->line, err);
}

static enum mm_status
load(struct mm_rules *r, struct mm_str text, const char *name, bool user,
     struct mm_err *err)
{
	struct mm_tsv t = { .rest = text };
	struct mm_str cell[N_CELLS];
	size_t n;

	while ((n = mm_tsv_next(&t, cell, N_CELLS)) > 0) {
		struct mm_err why = { 0 };

		if (add_line(r, &t, cell, n, user, &why) != MM_OK)
			return mm_err_set(err, MM_EFORMAT, "%s:%zu: %.400s",
					  name, t.line, why.text);
	}
	return MM_OK;
}

static void
set_bit(uint64_t *bits, size_t i)
{
	bits[i / 64] |= UINT64_C(1) << (i % 64);
}

/* Lower case, and runs of blanks and line ends as one blank: the form that
 * literals and patterns are written for. */
static struct mm_str
normal(struct mm_rules *r, struct mm_str text)
{
	char *out = r->text;
	char last = ' ';

	if (text.n > TEXT_MAX)
		text.n = TEXT_MAX;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c + 32);
		else if (c >= '\t' && c <= '\r')
			c = ' ';
		*out = c;
		/* A second blank is written over by what comes next. */
		out += c != ' ' || last != ' ';
		last = c;
	}
	return (struct mm_str){ r->text, (size_t)(out - r->text) };
}

static void
index_literals(struct mm_rules *r)
{
	struct mm_str literals[MM_LITERAL_MAX];

	r->n_words = (r->n_parts + 63) / 64;
	r->always = mm_calloc(r->n_words, sizeof(*r->always));
	r->candidates = mm_calloc(r->n_words, sizeof(*r->candidates));
	r->sieve = mm_sieve_new();
	for (size_t i = 0; i < r->n_parts; i++) {
		struct part *p = &r->parts[i];
		size_t n = p->any ? 0
				  : mm_literals(p->pattern, &r->arena, literals,
						&p->exact);

		for (size_t k = 0; k < n; k++)
			mm_sieve_add(r->sieve, literals[k], i);
		if (n > 0)
			continue;
		set_bit(r->always, i);
		r->list[p->rule].row.always = !p->any;
	}
	for (size_t i = 0; i < r->n_samples; i++)
		mm_sieve_expect(r->sieve,
				normal(r, r->samples[i].refusal.text));
	mm_sieve_seal(r->sieve);
}

struct mm_rules *
mm_rules_new(struct mm_str user_text, const char *user_name, struct mm_err *err)
{
	struct mm_rules *r = mm_calloc(1, sizeof(*r));

	mm_arena_init(&r->arena);
	r->causes = mm_causes_new(err);
	r->operators = r->causes != NULL ? mm_operators_new(err) : NULL;
	if (r->operators == NULL ||
	    load(r, mm_arena_str(&r->arena, user_text), user_name, true, err) !=
		MM_OK ||
	    load(r, mm_data("analyze/cause/rules.tsv"), "rules.tsv", false,
		 err) != MM_OK) {
		mm_rules_free(r);
		return NULL;
	}
	index_literals(r);
	return r;
}

static enum mm_status
read_file(const char *path, struct mm_buf *out, struct mm_err *err)
{
	FILE *f = fopen(path, "rb");
	char block[4096];
	size_t n;
	enum mm_status st = MM_OK;

	if (f == NULL)
		return mm_err_set(err, MM_EIO, "%s: %s", path, strerror(errno));
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		mm_buf_add(out, block, n);
	if (ferror(f) || out->over)
		st = mm_err_set(err, MM_EIO, "%s: cannot be read whole", path);
	(void)fclose(f);
	return st;
}

struct mm_rules *
mm_rules_open(const char *path, struct mm_err *err)
{
	struct mm_rules *r = NULL;
	struct mm_buf text;

	mm_buf_init(&text, FILE_MAX);
	if (path == NULL || read_file(path, &text, err) == MM_OK)
		r = mm_rules_new(mm_buf_str(&text), path, err);
	mm_buf_fini(&text);
	return r;
}

void
mm_rules_free(struct mm_rules *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->n_parts; i++)
		mm_regex_free(r->parts[i].regex);
	free(r->parts);
	free(r->list);
	free(r->samples);
	free(r->always);
	free(r->candidates);
	mm_sieve_free(r->sieve);
	mm_operators_free(r->operators);
	mm_causes_free(r->causes);
	mm_arena_fini(&r->arena);
	free(r);
}

static struct question
prepare(struct mm_rules *r, const struct mm_refusal *refusal)
{
	struct question q = { .refusal = refusal,
			      .op = refusal->op,
			      .op_sought = refusal->op != NULL,
			      .status = mm_status_read(refusal->enhanced),
			      .text = normal(r, refusal->text) };

	memcpy(r->candidates, r->always, r->n_words * sizeof(*r->always));
	mm_sieve_pass(r->sieve, q.text, r->candidates);
	return q;
}

/* Is the refusing operator one of `list`? Only a few rules ask, so the text
 * is searched for the operator not before. */
static bool
op_fits(const struct mm_rules *r, struct mm_str list, struct question *q)
{
	struct mm_str word;

	if (mm_str_is(list, "*"))
		return true;
	if (!q->op_sought) {
		q->op_sought = true;
		q->op = mm_operator_of_text(r->operators, q->text);
	}
	if (q->op == NULL)
		return false;
	while (mm_str_cutc(&list, ',', &word))
		if (mm_str_is(word, q->op))
			return true;
	return mm_str_is(list, q->op);
}

/* Does a part that is a candidate fit? */
static bool
fits(const struct mm_rules *r, struct part *p, struct question *q)
{
	const struct compiled *c = &r->list[p->rule];
	const struct mm_refusal *f = q->refusal;
	struct mm_err ignored;

	if (!mm_condition_fits(&c->condition, f->code, &q->status, f->stage))
		return false;
	if (!p->any && !p->exact &&
	    (p->broken || compile(p, &ignored) != MM_OK ||
	     !mm_regex_match(p->regex, q->text, NULL, 0)))
		return false;
	return op_fits(r, c->row.op, q);
}

struct mm_ruling
mm_rules_classify(struct mm_rules *r, const struct mm_refusal *refusal)
{
	struct question q = prepare(r, refusal);

	for (size_t w = 0; w < r->n_words; w++) {
		for (uint64_t set = r->candidates[w]; set != 0;
		     set &= set - 1) {
			struct part *p =
			    &r->parts[w * 64 + (size_t)__builtin_ctzll(set)];
			const struct mm_rule *row = &r->list[p->rule].row;

			if (fits(r, p, &q))
				return (struct mm_ruling){ row->cause,
							   row->id };
		}
	}
	return (struct mm_ruling){ mm_causes_unknown(r->causes), NULL };
}

const struct mm_causes *
mm_rules_causes(const struct mm_rules *r)
{
	return r->causes;
}

const struct mm_operators *
mm_rules_operators(const struct mm_rules *r)
{
	return r->operators;
}

size_t
mm_rules_count(const struct mm_rules *r)
{
	return r->n;
}

const struct mm_rule *
mm_rules_get(const struct mm_rules *r, size_t i)
{
	return &r->list[i].row;
}

size_t
mm_rules_n_samples(const struct mm_rules *r)
{
	return r->n_samples;
}

const struct mm_sample *
mm_rules_sample(const struct mm_rules *r, size_t i)
{
	return &r->samples[i];
}

bool
mm_rules_fits(struct mm_rules *r, size_t i, const struct mm_refusal *refusal)
{
	struct question q = prepare(r, refusal);

	for (size_t k = 0; k < r->list[i].n_parts; k++) {
		size_t at = r->list[i].part + k;

		if ((r->candidates[at / 64] >> (at % 64) & 1) != 0 &&
		    fits(r, &r->parts[at], &q))
			return true;
	}
	return false;
}

enum mm_status
mm_rules_compile(struct mm_rules *r, struct mm_err *err)
{
	for (size_t i = 0; i < r->n_parts; i++) {
		struct mm_err why = { 0 };

		if (compile(&r->parts[i], &why) != MM_OK)
			return mm_err_set(err, MM_EFORMAT, "%s: %.400s",
					  r->list[r->parts[i].rule].row.id,
					  why.text);
	}
	return MM_OK;
}
