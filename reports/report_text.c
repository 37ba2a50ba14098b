#include <stdio.h>

#include "formats/base/utf8.h"
#include "reports/page.h"
#include "reports/renderers.h"

#define WIDTH  79
#define CUT    120 /* of tables */
#define SPARKS 48  /* block letters of a chart's line */
#define BOLD   "\033[1m"
#define PLAIN  "\033[0m"

struct page {
	const struct mm_report *r;
	struct mm_buf *b;
	size_t width; /* of prose */
	size_t cut;   /* of tables */
	bool colour;
};

/* Words of `text` in lines that begin with `first`, then `next`. */
static void
add_wrapped(const struct page *p, const char *first, const char *next,
	    struct mm_str text)
{
	size_t indent = mm_utf8_columns(mm_str_z(first)), at = indent;
	struct mm_buf seen;
	struct mm_str rest, word;
	bool started = false;

	mm_buf_init(&seen, SIZE_MAX / 2);
	mm_utf8_add_visible(&seen, text);
	rest = mm_buf_str(&seen);
	mm_buf_addz(p->b, first);
	while (rest.n > 0) {
		size_t w;

		if (!mm_str_cutc(&rest, ' ', &word)) {
			word = rest;
			rest.n = 0;
		}
		w = mm_utf8_columns(word);
		if (started && at + 1 + w > p->width) {
			mm_buf_addf(p->b, "\n%s", next);
			at = mm_utf8_columns(mm_str_z(next));
		} else if (started) {
			mm_buf_addc(p->b, ' ');
			at++;
		}
		mm_buf_adds(p->b, word);
		at += w;
		started = true;
	}
	mm_buf_addc(p->b, '\n');
	mm_buf_fini(&seen);
}

static void
add_heading(const struct page *p, const char *text, char underline)
{
	size_t start;

	mm_buf_addz(p->b, p->colour ? "\n" BOLD : "\n");
	start = p->b->n;
	mm_utf8_add_visible(p->b, mm_str_z(text));
	start = mm_utf8_columns(mm_str_from(mm_buf_str(p->b), start));
	mm_buf_addz(p->b, p->colour ? PLAIN "\n" : "\n");
	for (size_t i = 0; underline != 0 && i < start; i++)
		mm_buf_addc(p->b, underline);
	mm_buf_addz(p->b, underline != 0 ? "\n\n" : "\n");
}

static void
add_facts(const struct page *p, const struct mm_fact *facts, size_t n)
{
	size_t widest = 0;
	struct mm_buf cell;

	mm_buf_init(&cell, SIZE_MAX / 2);
	for (size_t i = 0; i < n; i++) {
		size_t w = mm_utf8_columns(mm_str_z(facts[i].label));

		widest = w > widest ? w : widest;
	}
	for (size_t i = 0; i < n; i++) {
		size_t w = mm_utf8_columns(mm_str_z(facts[i].label));

		mm_buf_clear(&cell);
		mm_render_humane(&cell, &facts[i].cell);
		mm_buf_addf(p->b, "%s%*s  ", facts[i].label, (int)(widest - w),
			    "");
		mm_utf8_add_visible(p->b, mm_buf_str(&cell));
		mm_buf_addc(p->b, '\n');
	}
	if (n > 0)
		mm_buf_addc(p->b, '\n');
	mm_buf_fini(&cell);
}

static void
add_answers(const struct page *p)
{
	for (size_t i = 0; i < p->r->n_answers; i++) {
		const struct mm_answer *a = &p->r->answers[i];

		mm_buf_addf(p->b, "%s%s%s\n", p->colour ? BOLD : "",
			    a->question, p->colour ? PLAIN : "");
		add_wrapped(p, "  ", "  ", a->text);
		if (a->words.p != NULL)
			add_wrapped(p, "  > ", "  > ", a->words);
		mm_buf_addc(p->b, '\n');
	}
}

static void
add_table(const struct page *p, const struct mm_block *block)
{
	const struct mm_table *t = block->table;
	struct mm_render as = { .as = &mm_as_text,
				.title = t->title,
				.columns = t->columns,
				.n_columns = t->n_columns,
				.out = p->b,
				.colour = p->colour,
				.width = p->cut };

	as.as->begin(&as);
	for (size_t i = 0; i < t->n_rows && i < MM_REPORT_ROWS; i++)
		as.as->row(&as, mm_table_row(t, i));
	as.as->end(&as);
	if (t->n_rows > MM_REPORT_ROWS)
		mm_buf_addf(p->b, "and %zu more, see %s.csv\n",
			    t->n_rows - MM_REPORT_ROWS, block->id);
	mm_buf_addc(p->b, '\n');
}

static void
add_chart(const struct page *p, const struct mm_block *block)
{
	const struct mm_table *t = block->table;
	size_t widest = 0;

	mm_buf_addf(p->b, "%s (%s)\n", t->title, block->chart.y_label);
	for (size_t c = 1; c < t->n_columns; c++) {
		size_t w = mm_utf8_columns(mm_str_z(t->columns[c].title));

		widest = w > widest ? w : widest;
	}
	for (size_t c = 1; c < t->n_columns; c++) {
		size_t w = mm_utf8_columns(mm_str_z(t->columns[c].title));

		mm_buf_addz(p->b, "  ");
		mm_utf8_add_visible(p->b, mm_str_z(t->columns[c].title));
		mm_buf_addf(p->b, "%*s  ", (int)(widest - w), "");
		mm_page_sparkline(block, c, SPARKS, p->b);
		mm_buf_addc(p->b, '\n');
	}
	mm_buf_addc(p->b, '\n');
}

static void
add_evidence(const struct page *p, const struct mm_block *block)
{
	add_wrapped(p, "", "", mm_str_z(block->title));
	for (size_t i = 0; i < block->n; i++) {
		mm_buf_addz(p->b, "  ");
		mm_utf8_add_visible(p->b, block->lines[i].source);
		mm_buf_addz(p->b, "  ");
		mm_utf8_add_visible(p->b, block->lines[i].text);
		mm_buf_addc(p->b, '\n');
	}
	if (block->n < block->n_total)
		mm_buf_addf(p->b, "  and %zu more\n",
			    block->n_total - block->n);
	mm_buf_addc(p->b, '\n');
}

static void
add_steps(const struct page *p, const struct mm_block *block)
{
	char number[24];

	for (size_t i = 0; i < block->n; i++) {
		(void)snprintf(number, sizeof(number), "%2zu. ", i + 1);
		add_wrapped(p, number, "    ", mm_str_z(block->steps[i]));
	}
	mm_buf_addc(p->b, '\n');
}

static void
add_block(const struct page *p, const struct mm_block *block)
{
	switch (block->kind) {
	case MM_BLOCK_SECTION:
		add_heading(p, block->title, '-');
		break;
	case MM_BLOCK_PART:
		add_heading(p, block->title, 0);
		break;
	case MM_BLOCK_PROSE:
		add_wrapped(p, "", "", block->text);
		mm_buf_addc(p->b, '\n');
		break;
	case MM_BLOCK_WORDS:
		add_wrapped(p, "> ", "> ", block->text);
		add_wrapped(p, "  -- ", "     ", mm_str_z(block->title));
		mm_buf_addc(p->b, '\n');
		break;
	case MM_BLOCK_STEPS:
		add_steps(p, block);
		break;
	case MM_BLOCK_FACTS:
		add_facts(p, block->facts, block->n);
		break;
	case MM_BLOCK_TABLE:
		add_table(p, block);
		break;
	case MM_BLOCK_CHART:
		add_chart(p, block);
		break;
	case MM_BLOCK_ROWS:
		break;
	case MM_BLOCK_EVIDENCE:
		add_evidence(p, block);
		break;
	}
}

void
mm_report_text(const struct mm_report *r, size_t width, bool colour,
	       struct mm_buf *out)
{
	const struct page p = { .r = r,
				.b = out,
				.width = width > 0 ? width : WIDTH,
				.cut = width > 0 ? width : CUT,
				.colour = colour };

	add_heading(&p, r->title, '=');
	if (r->verdict != NULL) {
		add_wrapped(&p, "", "", mm_str_z(r->verdict));
		mm_buf_addc(out, '\n');
	}
	add_facts(&p, r->facts, r->n_facts);
	add_answers(&p);
	for (size_t i = 0; i < r->n_blocks; i++)
		add_block(&p, &r->blocks[i]);
}
