/* The page. Charts are drawn by scripts from the tables below them, so the
 * tables are the data and nothing stands in the file twice. */
#include <stdlib.h>
#include <string.h>

#include "formats/base/data.h"
#include "formats/base/digest.h"
#include "formats/base/mem.h"
#include "formats/base/time.h"
#include "reports/page.h"
#include "reports/renderers.h"

static void
add_z(struct mm_buf *b, const char *z)
{
	mm_render_html(b, mm_str_z(z));
}

/* <tag class="class">text</tag> */
static void
add_element(struct mm_buf *b, const char *tag, const char *class,
	    struct mm_str text)
{
	mm_buf_addf(b, "<%s", tag);
	if (class != NULL)
		mm_buf_addf(b, " class=\"%s\"", class);
	mm_buf_addc(b, '>');
	mm_render_html(b, text);
	mm_buf_addf(b, "</%s>", tag);
}

static unsigned
hex_value(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* 'sha256-...' of CSP level 2: what may run is known by its hash, so nothing
 * that slipped in could. Base64 of RFC 4648 section 4. */
static void
add_hash(struct mm_buf *b, struct mm_str text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	struct mm_sha256 *h = mm_sha256_new();
	char hex[MM_SHA256_HEX + 2];
	unsigned v;

	mm_sha256_add(h, text.p, text.n);
	mm_sha256_hex(h, hex);
	memcpy(hex + MM_SHA256_HEX - 1, "00", 3); /* 32 bytes: 33 in groups */
	mm_buf_addz(b, " 'sha256-");
	for (size_t i = 0; i < 66; i += 3) {
		v = hex_value(hex[i]) << 8 | hex_value(hex[i + 1]) << 4 |
		    hex_value(hex[i + 2]);
		mm_buf_addc(b, digits[v >> 6]);
		if (i < 63)
			mm_buf_addc(b, digits[v & 63]);
	}
	mm_buf_addz(b, "='");
}

/* The two texts, without the map that a debugger would try to fetch. */
static void
add_data(struct mm_buf *b, const char *library, const char *own)
{
	struct mm_str s = mm_data(library);

	mm_buf_adds(b, mm_str_upto(s, mm_str_find_last(s, "sourceMapping")));
	mm_buf_addz(b, mm_str_ends(mm_str_z(library), ".css") ? "*/\n" : "\n");
	mm_buf_adds(b, mm_data(own));
}

static void
add_head(const struct mm_report *r, struct mm_str style, struct mm_str script,
	 struct mm_buf *b)
{
	mm_buf_addz(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		       "<meta charset=\"utf-8\">\n"
		       "<meta http-equiv=\"Content-Security-Policy\" content="
		       "\"default-src 'none'; base-uri 'none'; "
		       "form-action 'none'; style-src");
	add_hash(b, style);
	mm_buf_addz(b, "; script-src");
	add_hash(b, script);
	mm_buf_addz(b, "\">\n<meta name=\"viewport\" "
		       "content=\"width=device-width, initial-scale=1\">\n"
		       "<meta name=\"color-scheme\" content=\"light dark\">\n"
		       "<meta name=\"referrer\" content=\"no-referrer\">\n");
	add_element(b, "title", NULL, mm_str_z(r->title));
	mm_buf_addz(b, "\n<style>");
	mm_buf_adds(b, style);
	mm_buf_addz(b, "</style>\n</head>\n<body>\n"
		       "<a class=\"skip\" href=\"#answers\">"
		       "Skip to the answers</a>\n");
}

static void
add_contents(const struct mm_report *r, struct mm_buf *b)
{
	mm_buf_addz(b, "<nav aria-label=\"Contents\"><ul>\n");
	mm_buf_addz(b, "<li><a href=\"#answers\">In short</a></li>\n");
	for (size_t i = 0; i < r->n_blocks; i++) {
		if (r->blocks[i].kind != MM_BLOCK_SECTION)
			continue;
		mm_buf_addz(b, "<li><a href=\"#");
		add_z(b, r->blocks[i].id);
		mm_buf_addz(b, "\">");
		add_z(b, r->blocks[i].title);
		mm_buf_addz(b, "</a></li>\n");
	}
	mm_buf_addz(b, "</ul></nav>\n");
}

static void
add_facts(struct mm_buf *b, const struct mm_fact *facts, size_t n)
{
	if (n == 0)
		return;
	mm_buf_addz(b, "<dl class=\"facts\">\n");
	for (size_t i = 0; i < n; i++) {
		mm_buf_addz(b, "<div>");
		add_element(b, "dt", NULL, mm_str_z(facts[i].label));
		mm_buf_addz(b, "<dd>");
		mm_render_html_cell(b, &facts[i].cell);
		mm_buf_addz(b, facts[i].cell.kind == MM_TIME
				   ? " <small>UTC</small></dd></div>\n"
				   : "</dd></div>\n");
	}
	mm_buf_addz(b, "</dl>\n");
}

static void
add_link(const struct mm_report *r, struct mm_buf *b, const char *id)
{
	mm_buf_addz(b, "<a class=\"see\" href=\"#");
	add_z(b, id);
	mm_buf_addz(b, "\">");
	add_z(b, mm_page_title(r, id));
	mm_buf_addz(b, "</a>");
}

static void
add_answers(const struct mm_report *r, struct mm_buf *b)
{
	mm_buf_addz(b, "<header>\n");
	add_element(b, "p", "kicker", mm_str_z(r->kicker));
	mm_buf_addc(b, '\n');
	add_element(b, "h1", NULL, mm_str_z(r->title));
	mm_buf_addc(b, '\n');
	if (r->verdict != NULL) {
		mm_buf_addf(b, "<p class=\"verdict %s\">",
			    mm_page_tones[r->tone]);
		add_z(b, r->verdict);
		mm_buf_addz(b, "</p>\n");
	}
	add_facts(b, r->facts, r->n_facts);
	mm_buf_addz(b, "</header>\n<section id=\"answers\" class=\"answers\" "
		       "aria-label=\"In short\">\n");
	for (size_t i = 0; i < r->n_answers; i++) {
		const struct mm_answer *a = &r->answers[i];

		mm_buf_addz(b, "<div>");
		add_element(b, "h2", NULL, mm_str_z(a->question));
		add_element(b, "p", NULL, a->text);
		if (a->words.p != NULL)
			add_element(b, "blockquote", NULL, a->words);
		if (a->see != NULL)
			add_link(r, b, a->see);
		mm_buf_addz(b, "</div>\n");
	}
	mm_buf_addz(b, "</section>\n");
}

/* The table in a frame that scrolls by keyboard too. */
static void
add_rows(const struct mm_block *block, size_t max_rows, struct mm_buf *b)
{
	const struct mm_table *t = block->table;
	size_t n = t->n_rows < max_rows ? t->n_rows : max_rows;
	struct mm_render as = { .as = &mm_as_html,
				.title = t->title,
				.link = block->link,
				.columns = t->columns,
				.n_columns = t->n_columns,
				.out = b };

	mm_buf_addz(b, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		       "aria-label=\"");
	add_z(b, t->title);
	mm_buf_addz(b, "\">\n");
	as.as->begin(&as);
	for (size_t i = 0; i < n; i++)
		as.as->row(&as, mm_table_row(t, i));
	as.as->end(&as);
	mm_buf_addz(b, "</div>\n");
	if (n < t->n_rows) {
		mm_buf_addf(b, "<p class=\"more\">and %zu more, see ",
			    t->n_rows - n);
		mm_buf_addz(b, "<code>");
		add_z(b, block->id);
		mm_buf_addz(b, ".csv</code></p>\n");
	}
}

#define N_LISTED 6 /* more windows than these are folded away */

static void
add_windows(const struct mm_chart *c, struct mm_buf *b)
{
	char from[MM_TIME_TEXT], to[MM_TIME_TEXT];
	size_t *lanes = mm_calloc(c->n_windows + 1, sizeof(*lanes));

	(void)mm_page_lanes(c, lanes);
	if (c->n_windows > 0)
		mm_buf_addf(b,
			    "<details%s><summary>Shaded <small>%zu"
			    "</small></summary>\n<ul class=\"windows\">\n",
			    c->n_windows > N_LISTED ? "" : " open",
			    c->n_windows);
	for (size_t i = 0; i < c->n_windows; i++) {
		const struct mm_window *w = &c->windows[i];

		mm_buf_addf(b, "<li class=\"%s\" data-lane=\"%zu\" ",
			    mm_page_tones[w->tone], lanes[i]);
		mm_buf_addf(b, "data-from=\"%s\" data-to=\"%s\">",
			    mm_time_seconds(w->from, from),
			    mm_time_seconds(w->to, to));
		if (w->see != NULL) {
			mm_buf_addz(b, "<a href=\"#");
			add_z(b, w->see);
			mm_buf_addz(b, "\">");
		}
		add_z(b, w->label);
		mm_buf_addz(b, w->see != NULL ? "</a></li>\n" : "</li>\n");
	}
	if (c->n_windows > 0)
		mm_buf_addz(b, "</ul></details>\n");
	free(lanes);
}

/* Which line is which; page.js makes buttons of them. */
static void
add_keys(const struct mm_block *block, struct mm_buf *b)
{
	size_t plain = 0;

	mm_buf_addz(b, "<div class=\"keys\">\n");
	for (size_t c = 1; c < block->table->n_columns; c++) {
		enum mm_tone tone = block->chart.tones[c - 1];

		mm_buf_addz(b, "<span class=\"key\"><svg viewBox=\"0 0 24 6\" "
			       "aria-hidden=\"true\"><path d=\"M0 3H24\" "
			       "class=\"line ");
		if (tone == MM_TONE_PLAIN)
			mm_buf_addf(b, "s%zu", plain++ % 6 + 1);
		else
			mm_buf_addz(b, mm_page_tones[tone]);
		mm_buf_addf(b, " p%zu\"/></svg>",
			    mm_page_pattern(&block->chart, c));
		add_z(b, block->table->columns[c].title);
		mm_buf_addz(b, "</span>\n");
	}
	mm_buf_addz(b, "</div>\n");
}

static const char *
kind_name(enum mm_cell_kind kind)
{
	return kind == MM_SPAN	  ? "span"
	       : kind == MM_BYTES ? "bytes"
	       : kind == MM_SHARE ? "share"
				  : "count";
}

/* Never capped: the rows are what the chart is drawn from. */
static void
add_chart(const struct mm_block *block, struct mm_buf *b)
{
	const struct mm_table *t = block->table;

	mm_buf_addf(b, "<figure class=\"chart\" data-x=\"%s\" data-y=\"%s\"",
		    t->columns[0].kind == MM_TIME ? "time" : "span",
		    kind_name(t->columns[t->n_columns - 1].kind));
	mm_buf_addf(b, "%s data-tones=\"",
		    block->chart.stacked ? " data-stacked" : "");
	for (size_t c = 1; c < t->n_columns; c++)
		mm_buf_addf(b, "%s%s", c > 1 ? " " : "",
			    mm_page_tones[block->chart.tones[c - 1]]);
	mm_buf_addz(b, "\" id=\"");
	add_z(b, block->id);
	mm_buf_addz(b, "\">\n<figcaption>");
	add_z(b, t->title);
	mm_buf_addz(b, " <small>");
	add_z(b, block->chart.y_label);
	mm_buf_addz(b, "</small></figcaption>\n");
	add_keys(block, b);
	mm_page_chart(block, b);
	add_windows(&block->chart, b);
	mm_buf_addz(b, "<details class=\"numbers\"><summary>The numbers "
		       "<small>");
	mm_buf_addf(b, "%zu rows</small></summary>\n", t->n_rows);
	add_rows(block, SIZE_MAX, b);
	mm_buf_addz(b, "</details></figure>\n");
}

static void
add_evidence(const struct mm_block *block, struct mm_buf *b)
{
	mm_buf_addz(b, "<details class=\"evidence\" id=\"");
	add_z(b, block->id);
	mm_buf_addz(b, "\"><summary>");
	add_z(b, block->title);
	mm_buf_addf(b, " <small>%zu lines</small></summary>\n<ol>\n",
		    block->n_total);
	for (size_t i = 0; i < block->n; i++) {
		mm_buf_addz(b, "<li>");
		add_element(b, "cite", NULL, block->lines[i].source);
		add_element(b, "code", NULL, block->lines[i].text);
		mm_buf_addz(b, "</li>\n");
	}
	mm_buf_addz(b, "</ol>\n");
	if (block->n < block->n_total)
		mm_buf_addf(b, "<p class=\"more\">and %zu more</p>\n",
			    block->n_total - block->n);
	mm_buf_addz(b, "</details>\n");
}

static void
add_heading(const char *tag, const struct mm_block *block, struct mm_buf *b)
{
	mm_buf_addf(b, "<%s id=\"", tag);
	add_z(b, block->id);
	mm_buf_addz(b, "\">");
	add_z(b, block->title);
	mm_buf_addf(b, "</%s>\n", tag);
}

static void
add_block(const struct mm_block *block, struct mm_buf *b)
{
	switch (block->kind) {
	case MM_BLOCK_SECTION:
		add_heading("h2", block, b);
		break;
	case MM_BLOCK_PART:
		add_heading("h3", block, b);
		break;
	case MM_BLOCK_PROSE:
		add_element(b, "p", NULL, block->text);
		mm_buf_addc(b, '\n');
		break;
	case MM_BLOCK_WORDS:
		mm_buf_addz(b, "<figure class=\"words\">");
		add_element(b, "blockquote", NULL, block->text);
		add_element(b, "figcaption", NULL, mm_str_z(block->title));
		mm_buf_addz(b, "</figure>\n");
		break;
	case MM_BLOCK_STEPS:
		mm_buf_addz(b, "<ol class=\"steps\">\n");
		for (size_t i = 0; i < block->n; i++)
			add_element(b, "li", NULL, mm_str_z(block->steps[i]));
		mm_buf_addz(b, "</ol>\n");
		break;
	case MM_BLOCK_FACTS:
		add_facts(b, block->facts, block->n);
		break;
	case MM_BLOCK_TABLE:
		mm_buf_addz(b, "<div class=\"table\" id=\"");
		add_z(b, block->id);
		mm_buf_addz(b, "\">\n");
		add_rows(block, MM_REPORT_ROWS, b);
		mm_buf_addz(b, "</div>\n");
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
mm_report_html(const struct mm_report *r, struct mm_buf *out)
{
	struct mm_buf style, script;
	bool in_section = false;

	mm_buf_init(&style, SIZE_MAX / 2);
	mm_buf_init(&script, SIZE_MAX / 2);
	add_data(&style, "dygraph.min.css", "reports/page.css");
	add_data(&script, "dygraph.min.js", "reports/page.js");
	add_head(r, mm_buf_str(&style), mm_buf_str(&script), out);
	add_contents(r, out);
	mm_buf_addz(out, "<main>\n");
	add_answers(r, out);
	for (size_t i = 0; i < r->n_blocks; i++) {
		if (r->blocks[i].kind == MM_BLOCK_SECTION) {
			mm_buf_addz(out, in_section ? "</section>\n<section>\n"
						    : "<section>\n");
			in_section = true;
		}
		add_block(&r->blocks[i], out);
	}
	mm_buf_addz(out, in_section ? "</section>\n</main>\n" : "</main>\n");
	mm_buf_addz(out, "<footer><p>All times are UTC. The same evidence "
			 "gives this file again, byte for byte. It fetches "
			 "nothing and sends nothing.</p></footer>\n<script>");
	mm_buf_adds(out, mm_buf_str(&script));
	mm_buf_addz(out, "</script>\n</body>\n</html>\n");
	mm_buf_fini(&style);
	mm_buf_fini(&script);
}
