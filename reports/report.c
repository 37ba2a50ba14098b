#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "reports/report.h"

struct mm_report *
mm_report_new(const char *kicker, const char *title)
{
	struct mm_report *r = mm_calloc(1, sizeof(*r));

	mm_arena_init(&r->texts);
	r->kicker = mm_arena_fmt(&r->texts, "%s", kicker);
	r->title = mm_arena_fmt(&r->texts, "%s", title);
	return r;
}

void
mm_report_free(struct mm_report *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->n_blocks; i++) {
		mm_table_free(r->blocks[i].table);
		free(r->blocks[i].steps);
		free(r->blocks[i].facts);
		free(r->blocks[i].lines);
	}
	free(r->blocks);
	free(r->facts);
	free(r->answers);
	mm_arena_fini(&r->texts);
	free(r);
}

static const char *
keep(struct mm_report *r, const char *z)
{
	return z != NULL ? mm_arena_str(&r->texts, mm_str_z(z)).p : NULL;
}

static const char *keep_fmt(struct mm_report *r, const char *fmt, va_list ap)
    MM_PRINTF(2, 0);

static const char *
keep_fmt(struct mm_report *r, const char *fmt, va_list ap)
{
	va_list again;
	char *text;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	text = mm_arena_alloc(&r->texts, (size_t)(n > 0 ? n : 0) + 1);
	text[0] = '\0';
	if (n > 0)
		(void)vsnprintf(text, (size_t)n + 1, fmt, ap);
	return text;
}

static struct mm_block *
add_block(struct mm_report *r, enum mm_block_kind kind)
{
	r->blocks =
	    mm_grow(r->blocks, r->n_blocks, &r->cap_blocks, sizeof(*r->blocks));
	r->blocks[r->n_blocks] = (struct mm_block){ .kind = kind };
	return &r->blocks[r->n_blocks++];
}

/* The last block when it is of this kind, else a new one. */
static struct mm_block *
same_block(struct mm_report *r, enum mm_block_kind kind)
{
	struct mm_block *last =
	    r->n_blocks > 0 ? &r->blocks[r->n_blocks - 1] : NULL;

	return last != NULL && last->kind == kind ? last : add_block(r, kind);
}

void
mm_report_verdict(struct mm_report *r, enum mm_tone tone, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	r->verdict = keep_fmt(r, fmt, ap);
	va_end(ap);
	r->tone = tone;
}

void
mm_report_answer(struct mm_report *r, const struct mm_answer *a)
{
	r->answers = mm_grow(r->answers, r->n_answers, &r->cap_answers,
			     sizeof(*r->answers));
	r->answers[r->n_answers++] = (struct mm_answer){
		.question = keep(r, a->question),
		.text = mm_arena_str(&r->texts, a->text),
		.words = mm_arena_str(&r->texts, a->words),
		.see = keep(r, a->see),
	};
}

static void
add_heading(struct mm_report *r, enum mm_block_kind kind, const char *id,
	    const char *title)
{
	struct mm_block *b = add_block(r, kind);

	b->id = keep(r, id);
	b->title = keep(r, title);
}

void
mm_report_section(struct mm_report *r, const char *id, const char *title)
{
	add_heading(r, MM_BLOCK_SECTION, id, title);
}

void
mm_report_part(struct mm_report *r, const char *id, const char *title)
{
	add_heading(r, MM_BLOCK_PART, id, title);
}

void
mm_report_prose(struct mm_report *r, const char *fmt, ...)
{
	struct mm_block *b = add_block(r, MM_BLOCK_PROSE);
	va_list ap;

	va_start(ap, fmt);
	b->text = mm_str_z(keep_fmt(r, fmt, ap));
	va_end(ap);
}

void
mm_report_words(struct mm_report *r, struct mm_str words, const char *whose)
{
	struct mm_block *b = add_block(r, MM_BLOCK_WORDS);

	b->text = mm_arena_str(&r->texts, words);
	b->title = keep(r, whose);
}

void
mm_report_step(struct mm_report *r, const char *fmt, ...)
{
	struct mm_block *b = same_block(r, MM_BLOCK_STEPS);
	va_list ap;

	b->steps = mm_grow(b->steps, b->n, &b->cap, sizeof(*b->steps));
	va_start(ap, fmt);
	b->steps[b->n++] = keep_fmt(r, fmt, ap);
	va_end(ap);
}

void
mm_report_fact(struct mm_report *r, const char *label, struct mm_cell cell)
{
	struct mm_fact fact = { keep(r, label), cell };
	struct mm_block *b;

	fact.cell.s = mm_arena_str(&r->texts, cell.s);
	if (r->n_blocks == 0) {
		r->facts = mm_grow(r->facts, r->n_facts, &r->cap_facts,
				   sizeof(*r->facts));
		r->facts[r->n_facts++] = fact;
		return;
	}
	b = same_block(r, MM_BLOCK_FACTS);
	b->facts = mm_grow(b->facts, b->n, &b->cap, sizeof(*b->facts));
	b->facts[b->n++] = fact;
}

void
mm_report_table(struct mm_report *r, struct mm_table *t, const char *link)
{
	struct mm_block *b = add_block(r, MM_BLOCK_TABLE);

	b->id = keep(r, t->name);
	b->table = t;
	b->link = keep(r, link);
}

void
mm_report_rows(struct mm_report *r, struct mm_table *t)
{
	struct mm_block *b = add_block(r, MM_BLOCK_ROWS);

	b->id = keep(r, t->name);
	b->table = t;
}

void
mm_report_chart(struct mm_report *r, struct mm_table *t,
		const struct mm_chart *c)
{
	struct mm_block *b = add_block(r, MM_BLOCK_CHART);
	size_t n_tones = t->n_columns - 1;
	enum mm_tone *tones =
	    mm_arena_calloc(&r->texts, n_tones * sizeof(*tones) + 1);
	struct mm_window *windows =
	    mm_arena_calloc(&r->texts, c->n_windows * sizeof(*windows) + 1);

	if (c->tones != NULL)
		memcpy(tones, c->tones, n_tones * sizeof(*tones));
	for (size_t i = 0; i < c->n_windows; i++) {
		windows[i] = c->windows[i];
		windows[i].label = keep(r, c->windows[i].label);
		windows[i].see = keep(r, c->windows[i].see);
	}
	b->id = keep(r, t->name);
	b->table = t;
	b->chart = (struct mm_chart){ .y_label = keep(r, c->y_label),
				      .tones = tones,
				      .stacked = c->stacked,
				      .windows = windows,
				      .n_windows = c->n_windows };
}

void
mm_report_evidence(struct mm_report *r, const char *id, const char *title,
		   size_t n_total)
{
	struct mm_block *b = add_block(r, MM_BLOCK_EVIDENCE);

	b->id = keep(r, id);
	b->title = keep(r, title);
	b->n_total = n_total;
}

void
mm_report_line(struct mm_report *r, struct mm_str source, struct mm_str text)
{
	struct mm_block *b = same_block(r, MM_BLOCK_EVIDENCE);

	b->lines = mm_grow(b->lines, b->n, &b->cap, sizeof(*b->lines));
	b->lines[b->n++] = (struct mm_cited){ mm_arena_str(&r->texts, source),
					      mm_arena_str(&r->texts, text) };
}
