/* Markdown tables as GitHub and most wikis read them (GFM, section 4.10). */
#include <stdlib.h>

#include "formats/base/mem.h"
#include "formats/base/utf8.h"
#include "reports/renderers.h"

static bool
is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* Inside a word `_` means nothing (CommonMark 6.2), and names, hosts and
 * links read better without a backslash. */
static bool
is_plain_underscore(struct mm_str s, size_t i)
{
	return i > 0 && i + 1 < s.n && is_word(s.p[i - 1]) &&
	       is_word(s.p[i + 1]);
}

/* What begins a heading, a quotation or a list, but only at the front: "# ",
 * "> ", "- ", "1. " (CommonMark 4.2, 5.1, 5.2). */
static bool
is_mark(struct mm_str s, size_t i)
{
	bool before_blank = i + 1 < s.n && s.p[i + 1] == ' ';
	size_t digits = 0;

	while (digits < i && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	if (i == 0)
		return s.p[0] == '#' || s.p[0] == '>' ||
		       ((s.p[0] == '-' || s.p[0] == '+') && before_blank);
	return digits == i && (s.p[i] == '.' || s.p[i] == ')') && before_blank;
}

void
mm_render_markdown(struct mm_buf *b, struct mm_str text)
{
	struct mm_buf seen;
	struct mm_str s;

	mm_buf_init(&seen, SIZE_MAX / 2);
	mm_utf8_add_visible(&seen, text);
	s = mm_buf_str(&seen);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '<') {
			mm_buf_addz(b, "&lt;");
			continue;
		}
		if (s.p[i] == '&') {
			mm_buf_addz(b, "&amp;");
			continue;
		}
		if (mm_str_findc(MM_STR("\\`*[]|~"), s.p[i]) != MM_NOT_FOUND ||
		    (s.p[i] == '_' && !is_plain_underscore(s, i)) ||
		    is_mark(s, i))
			mm_buf_addc(b, '\\');
		mm_buf_addc(b, s.p[i]);
	}
	mm_buf_fini(&seen);
}

static void
begin(struct mm_render *r)
{
	r->own = mm_alloc(sizeof(struct mm_buf));
	mm_buf_init(r->own, SIZE_MAX / 2);
	if (r->title != NULL)
		mm_buf_addf(r->out, "### %s\n\n", r->title);
	for (size_t c = 0; c < r->n_columns; c++)
		mm_buf_addf(r->out, "| %s ", r->columns[c].title);
	mm_buf_addz(r->out, "|\n");
	for (size_t c = 0; c < r->n_columns; c++)
		mm_buf_addz(r->out, mm_render_is_right(r->columns[c].kind)
					? "| ---: "
					: "| --- ");
	mm_buf_addz(r->out, "|\n");
}

static void
row(struct mm_render *r, const struct mm_cell *cells)
{
	struct mm_buf *scratch = r->own;

	for (size_t c = 0; c < r->n_columns; c++) {
		mm_buf_clear(scratch);
		mm_render_humane(scratch, &cells[c]);
		mm_buf_addz(r->out, "| ");
		mm_render_markdown(r->out, mm_buf_str(scratch));
		mm_buf_addc(r->out, ' ');
	}
	mm_buf_addz(r->out, "|\n");
}

static void
end(struct mm_render *r)
{
	mm_buf_addc(r->out, '\n');
	mm_buf_fini(r->own);
	free(r->own);
	r->own = NULL;
}

const struct mm_renderer mm_as_markdown = {
	.name = "markdown",
	.suffixes = ".md .markdown ",
	.begin = begin,
	.row = row,
	.end = end,
};
