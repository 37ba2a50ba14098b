/* One <table>, a part of a page: reports/page.css gives it its looks, page.js
 * sorts and filters it. Where the text that is seen does not sort by itself,
 * data-v holds the number. */
#include <stdlib.h>

#include "formats/base/mem.h"
#include "formats/base/utf8.h"
#include "reports/renderers.h"

#define THIN_SPACE "\xe2\x80\xaf" /* narrow, no break */

static const char *
escape_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void
mm_render_html(struct mm_buf *b, struct mm_str text)
{
	size_t start = 0;

	for (size_t i = 0; i < text.n; i++) {
		const char *escape = escape_of(text.p[i]);

		if (escape == NULL)
			continue;
		mm_utf8_add_visible(
		    b, (struct mm_str){ text.p + start, i - start });
		mm_buf_addz(b, escape);
		start = i + 1;
	}
	mm_utf8_add_visible(b, mm_str_from(text, start));
}

/* 1234567 as 1 234 567; bytes that are no digits pass. */
static void
add_grouped(struct mm_buf *b, struct mm_str s)
{
	size_t digits = 0;

	while (digits < s.n && (s.p[digits] == '-' ||
				(s.p[digits] >= '0' && s.p[digits] <= '9')))
		digits++;
	for (size_t i = 0; i < s.n; i++) {
		if (i > 0 && i < digits && (digits - i) % 3 == 0 &&
		    s.p[i - 1] != '-')
			mm_buf_addz(b, THIN_SPACE);
		mm_buf_addc(b, s.p[i]);
	}
}

static void
begin(struct mm_render *r)
{
	r->own = mm_alloc(sizeof(struct mm_buf));
	mm_buf_init(r->own, SIZE_MAX / 2);
	mm_buf_addz(r->out, "<table>\n");
	if (r->title != NULL) {
		mm_buf_addz(r->out, "<caption>");
		mm_render_html(r->out, mm_str_z(r->title));
		mm_buf_addz(r->out, "</caption>\n");
	}
	mm_buf_addz(r->out, "<thead><tr>");
	for (size_t c = 0; c < r->n_columns; c++) {
		mm_buf_addz(r->out, mm_render_is_right(r->columns[c].kind)
					? "<th scope=\"col\" class=\"n\">"
					: "<th scope=\"col\">");
		mm_render_html(r->out, mm_str_z(r->columns[c].title));
		mm_buf_addz(r->out, "</th>");
	}
	mm_buf_addz(r->out, "</tr></thead>\n<tbody>\n");
}

static void
add_cell(struct mm_render *r, const struct mm_cell *cell)
{
	struct mm_buf *scratch = r->own;

	mm_buf_addz(r->out,
		    mm_render_is_right(cell->kind) ? "<td class=\"n\"" : "<td");
	if (cell->kind == MM_SPAN || cell->kind == MM_BYTES ||
	    cell->kind == MM_SHARE || cell->kind == MM_REAL) {
		mm_buf_addz(r->out, " data-v=\"");
		(void)mm_render_number(r->out, cell);
		mm_buf_addc(r->out, '"');
	}
	mm_buf_addc(r->out, '>');
	mm_buf_clear(scratch);
	mm_render_humane(scratch, cell);
	if (cell->kind == MM_INT)
		add_grouped(r->out, mm_buf_str(scratch));
	else
		mm_render_html(r->out, mm_buf_str(scratch));
	mm_buf_addz(r->out, "</td>");
}

static void
row(struct mm_render *r, const struct mm_cell *cells)
{
	mm_buf_addz(r->out, "<tr>");
	for (size_t c = 0; c < r->n_columns; c++)
		add_cell(r, &cells[c]);
	mm_buf_addz(r->out, "</tr>\n");
}

static void
end(struct mm_render *r)
{
	mm_buf_addz(r->out, "</tbody></table>\n");
	mm_buf_fini(r->own);
	free(r->own);
	r->own = NULL;
}

const struct mm_renderer mm_as_html = {
	.name = "html",
	.begin = begin,
	.row = row,
	.end = end,
};
