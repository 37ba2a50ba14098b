#include "reports/page.h"
#include "reports/renderers.h"

#define SPARKS 48 /* block letters of a chart's line */

static void
add_z(struct mm_buf *b, const char *z)
{
	mm_render_markdown(b, mm_str_z(z));
}

static void
add_heading(struct mm_buf *b, const char *marks, const char *text)
{
	mm_buf_addf(b, "%s ", marks);
	add_z(b, text);
	mm_buf_addz(b, "\n\n");
}

static void
add_paragraph(struct mm_buf *b, const char *mark, struct mm_str text)
{
	mm_buf_addz(b, mark);
	mm_render_markdown(b, text);
	mm_buf_addz(b, "\n\n");
}

static void
add_facts(struct mm_buf *b, const struct mm_fact *facts, size_t n)
{
	struct mm_buf cell;

	mm_buf_init(&cell, SIZE_MAX / 2);
	for (size_t i = 0; i < n; i++) {
		mm_buf_clear(&cell);
		mm_render_humane(&cell, &facts[i].cell);
		mm_buf_addz(b, "- ");
		add_z(b, facts[i].label);
		mm_buf_addz(b, ": ");
		mm_render_markdown(b, mm_buf_str(&cell));
		mm_buf_addc(b, '\n');
	}
	if (n > 0)
		mm_buf_addc(b, '\n');
	mm_buf_fini(&cell);
}

static void
add_answers(const struct mm_report *r, struct mm_buf *b)
{
	for (size_t i = 0; i < r->n_answers; i++) {
		const struct mm_answer *a = &r->answers[i];

		mm_buf_addz(b, "**");
		add_z(b, a->question);
		mm_buf_addz(b, ".** ");
		add_paragraph(b, "", a->text);
		if (a->words.p != NULL)
			add_paragraph(b, "> ", a->words);
	}
}

static void
add_table(const struct mm_block *block, struct mm_buf *b)
{
	const struct mm_table *t = block->table;
	struct mm_render as = { .as = &mm_as_markdown,
				.title = t->title,
				.columns = t->columns,
				.n_columns = t->n_columns,
				.out = b };

	as.as->begin(&as);
	for (size_t i = 0; i < t->n_rows && i < MM_REPORT_ROWS; i++)
		as.as->row(&as, mm_table_row(t, i));
	as.as->end(&as);
	if (t->n_rows > MM_REPORT_ROWS)
		mm_buf_addf(b, "and %zu more, see %s.csv\n\n",
			    t->n_rows - MM_REPORT_ROWS, block->id);
}

static void
add_chart(const struct mm_block *block, struct mm_buf *b)
{
	const struct mm_table *t = block->table;

	add_z(b, t->title);
	mm_buf_addz(b, " (");
	add_z(b, block->chart.y_label);
	mm_buf_addz(b, ")\n\n");
	for (size_t c = 1; c < t->n_columns; c++) {
		mm_buf_addz(b, "- ");
		add_z(b, t->columns[c].title);
		mm_buf_addc(b, ' ');
		mm_page_sparkline(block, c, SPARKS, b);
		mm_buf_addc(b, '\n');
	}
	mm_buf_addc(b, '\n');
}

static void
add_evidence(const struct mm_block *block, struct mm_buf *b)
{
	add_paragraph(b, "", mm_str_z(block->title));
	for (size_t i = 0; i < block->n; i++) {
		mm_buf_addz(b, "- ");
		mm_render_markdown(b, block->lines[i].source);
		mm_buf_addz(b, " ");
		mm_render_markdown(b, block->lines[i].text);
		mm_buf_addc(b, '\n');
	}
	if (block->n < block->n_total)
		mm_buf_addf(b, "- and %zu more\n", block->n_total - block->n);
	mm_buf_addc(b, '\n');
}

static void
add_block(const struct mm_block *block, struct mm_buf *b)
{
	switch (block->kind) {
	case MM_BLOCK_SECTION:
		add_heading(b, "##", block->title);
		break;
	case MM_BLOCK_PART:
		add_heading(b, "###", block->title);
		break;
	case MM_BLOCK_PROSE:
		add_paragraph(b, "", block->text);
		break;
	case MM_BLOCK_WORDS:
		add_paragraph(b, "> ", block->text);
		add_paragraph(b, "", mm_str_z(block->title));
		break;
	case MM_BLOCK_STEPS:
		for (size_t i = 0; i < block->n; i++) {
			mm_buf_addf(b, "%zu. ", i + 1);
			add_z(b, block->steps[i]);
			mm_buf_addc(b, '\n');
		}
		mm_buf_addc(b, '\n');
		break;
	case MM_BLOCK_FACTS:
		add_facts(b, block->facts, block->n);
		break;
	case MM_BLOCK_TABLE:
		add_table(block, b);
		break;
	case MM_BLOCK_CHART:
		add_chart(block, b);
		break;
	case MM_BLOCK_ROWS:
		break;
	case MM_BLOCK_EVIDENCE:
		add_evidence(block, b);
		break;
	}
}

void
mm_report_markdown(const struct mm_report *r, struct mm_buf *out)
{
	add_heading(out, "#", r->title);
	if (r->verdict != NULL)
		add_paragraph(out, "", mm_str_z(r->verdict));
	add_facts(out, r->facts, r->n_facts);
	add_answers(r, out);
	for (size_t i = 0; i < r->n_blocks; i++)
		add_block(&r->blocks[i], out);
}
