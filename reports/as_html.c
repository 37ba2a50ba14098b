/* One <table>, a part of a page: reports/page.css gives it its looks, page.js
 * sorts and filters it. Where the text that is seen does not sort by itself,
 * data-v holds the number. */
#include <string.h>

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
add_header(struct mm_render *r, const struct mm_column *c)
{
	mm_buf_addf(r->out, "<th scope=\"col\"%s>",
		    mm_render_is_right(c->kind) ? " class=\"n\"" : "");
	mm_render_html(r->out, mm_str_z(c->title));
	mm_buf_addz(r->out,
		    c->kind == MM_TIME ? " <small>UTC</small></th>" : "</th>");
}

static void
begin(struct mm_render *r)
{
	mm_buf_addz(r->out, "<table>\n");
	if (r->title != NULL) {
		mm_buf_addz(r->out, "<caption>");
		mm_render_html(r->out, mm_str_z(r->title));
		mm_buf_addz(r->out, "</caption>\n");
	}
	mm_buf_addz(r->out, "<thead><tr>");
	for (size_t c = 0; c < r->n_columns; c++)
		add_header(r, &r->columns[c]);
	mm_buf_addz(r->out, "</tr></thead>\n<tbody>\n");
}

#define LONG_BYTES  40	/* a text beyond this may wrap anywhere */
#define CLAMP_BYTES 160 /* beyond this it is folded to some lines */

static const char *
class_of(const struct mm_cell *cell, enum mm_cell_kind column)
{
	switch (cell->kind) {
	case MM_NULL:
		return mm_render_is_right(column) ? " class=\"n u\""
						  : " class=\"u\"";
	case MM_SHARE:
		return " class=\"n s\"";
	case MM_INT:
	case MM_REAL:
	case MM_SPAN:
	case MM_BYTES:
		return " class=\"n\"";
	case MM_TEXT:
	case MM_NESTED:
		return cell->s.n > LONG_BYTES ? " class=\"w\"" : "";
	case MM_TIME:
	case MM_BOOL:
		break;
	}
	return "";
}

/* A blank in the place of the T: RFC 3339 section 5.6 allows it, eyes thank
 * for it. The header says UTC. */
static void
add_time(struct mm_buf *b, struct mm_str iso)
{
	mm_buf_addf(b, "<time datetime=\"%.*s\">%.10s %.8s</time>",
		    MM_STR_ARG(iso), iso.p, iso.p + 11);
}

void
mm_render_html_cell(struct mm_buf *b, const struct mm_cell *cell)
{
	struct mm_buf humane;

	if (cell->kind == MM_TEXT || cell->kind == MM_NESTED) {
		mm_render_html(b, cell->s);
		return;
	}
	mm_buf_init(&humane, 100);
	mm_render_humane(&humane, cell);
	if (cell->kind == MM_INT)
		add_grouped(b, mm_buf_str(&humane));
	else if (cell->kind == MM_TIME)
		add_time(b, mm_buf_str(&humane));
	else
		mm_render_html(b, mm_buf_str(&humane));
	mm_buf_fini(&humane);
}

static void
add_cell(struct mm_render *r, size_t c, const struct mm_cell *cell)
{
	bool link = cell->kind == MM_TEXT && r->link != NULL &&
		    strcmp(r->columns[c].name, r->link) == 0;
	bool folded = !link && cell->s.n > CLAMP_BYTES;

	mm_buf_addf(r->out, "<td%s", class_of(cell, r->columns[c].kind));
	if (cell->kind == MM_SPAN || cell->kind == MM_BYTES ||
	    cell->kind == MM_SHARE || cell->kind == MM_REAL) {
		mm_buf_addz(r->out, " data-v=\"");
		(void)mm_render_number(r->out, cell);
		mm_buf_addc(r->out, '"');
	}
	mm_buf_addc(r->out, '>');
	if (link) {
		mm_buf_addz(r->out, "<a href=\"#");
		mm_render_html(r->out, cell->s);
		mm_buf_addz(r->out, "\">");
	}
	if (folded)
		mm_buf_addz(r->out, "<div class=\"clamp\" tabindex=\"0\">");
	mm_render_html_cell(r->out, cell);
	mm_buf_addz(r->out, folded ? "</div></td>"
			    : link ? "</a></td>"
				   : "</td>");
}

static void
row(struct mm_render *r, const struct mm_cell *cells)
{
	mm_buf_addz(r->out, "<tr>");
	for (size_t c = 0; c < r->n_columns; c++)
		add_cell(r, c, &cells[c]);
	mm_buf_addz(r->out, "</tr>\n");
}

static void
end(struct mm_render *r)
{
	mm_buf_addz(r->out, "</tbody></table>\n");
}

const struct mm_renderer mm_as_html = {
	.name = "html",
	.begin = begin,
	.row = row,
	.end = end,
};
