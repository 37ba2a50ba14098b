/* Columns for people: the widths are taken from the first rows, which are
 * kept until then; numbers stand to the right. */
#include <stdlib.h>

#include "formats/base/mem.h"
#include "formats/base/utf8.h"
#include "reports/renderers.h"

#define N_MEASURED  1000 /* rows */
#define GAP	    2	 /* columns between two cells */
#define MIN_COLUMNS 8	 /* a cell is not cut below this */
#define BOLD	    "\033[1m"
#define PLAIN	    "\033[0m"
#define ELLIPSIS    "\xe2\x80\xa6"

struct text {
	struct mm_table *kept; /* NULL once the widths are known */
	size_t *widths;
	struct mm_buf raw, seen; /* one cell */
};

static void
begin(struct mm_render *r)
{
	struct text *t = mm_calloc(1, sizeof(*t));

	t->kept = mm_table_new(NULL, NULL, r->columns, r->n_columns);
	t->widths = mm_calloc(r->n_columns + 1, sizeof(*t->widths));
	mm_buf_init(&t->raw, SIZE_MAX / 2);
	mm_buf_init(&t->seen, SIZE_MAX / 2);
	r->own = t;
}

/* The cell as it will be seen; valid until the next call. */
static struct mm_str
show(struct text *t, const struct mm_cell *cell)
{
	mm_buf_clear(&t->raw);
	mm_buf_clear(&t->seen);
	mm_render_humane(&t->raw, cell);
	mm_utf8_add_visible(&t->seen, mm_buf_str(&t->raw));
	return mm_buf_str(&t->seen);
}

static void
add_cell(struct mm_render *r, size_t c, struct mm_str s)
{
	const struct text *t = r->own;
	size_t w = t->widths[c], columns = mm_utf8_columns(s);
	bool right = mm_render_is_right(r->columns[c].kind);
	bool cut = r->width > 0 && columns > w;
	size_t pad;

	if (cut) {
		s = mm_str_upto(s, mm_utf8_fit(s, w - 1));
		columns = mm_utf8_columns(s) + 1;
	}
	pad = w > columns ? w - columns : 0;
	if (c > 0)
		mm_buf_addf(r->out, "%*s", GAP, "");
	if (right && pad > 0)
		mm_buf_addf(r->out, "%*s", (int)pad, "");
	mm_buf_adds(r->out, s);
	if (cut)
		mm_buf_addz(r->out, ELLIPSIS);
	if (!right && pad > 0 && c + 1 < r->n_columns)
		mm_buf_addf(r->out, "%*s", (int)pad, "");
}

static void
add_row(struct mm_render *r, const struct mm_cell *cells)
{
	for (size_t c = 0; c < r->n_columns; c++)
		add_cell(r, c, show(r->own, &cells[c]));
	mm_buf_addc(r->out, '\n');
}

static void
measure(struct mm_render *r)
{
	struct text *t = r->own;

	for (size_t c = 0; c < r->n_columns; c++) {
		size_t w = mm_utf8_columns(mm_str_z(r->columns[c].title));

		for (size_t i = 0; i < t->kept->n_rows; i++) {
			size_t v = mm_utf8_columns(
			    show(t, &mm_table_row(t->kept, i)[c]));

			w = v > w ? v : w;
		}
		t->widths[c] = w;
	}
}

/* Take from the widest text until a row fits. */
static void
narrow(struct mm_render *r)
{
	struct text *t = r->own;
	size_t total = GAP * (r->n_columns - 1);

	for (size_t c = 0; c < r->n_columns; c++)
		total += t->widths[c];
	while (total > r->width) {
		size_t widest = MM_NOT_FOUND, w = MIN_COLUMNS;

		for (size_t c = 0; c < r->n_columns; c++)
			if ((r->columns[c].kind == MM_TEXT ||
			     r->columns[c].kind == MM_NESTED) &&
			    t->widths[c] > w) {
				widest = c;
				w = t->widths[c];
			}
		if (widest == MM_NOT_FOUND)
			return;
		t->widths[widest]--;
		total--;
	}
}

static void
add_header(struct mm_render *r)
{
	const struct text *t = r->own;

	if (r->title != NULL)
		mm_buf_addf(r->out, "%s%s%s\n", r->colour ? BOLD : "", r->title,
			    r->colour ? PLAIN : "");
	if (r->colour)
		mm_buf_addz(r->out, BOLD);
	for (size_t c = 0; c < r->n_columns; c++)
		add_cell(r, c, mm_str_z(r->columns[c].title));
	mm_buf_addz(r->out, r->colour ? PLAIN "\n" : "\n");
	for (size_t c = 0; c < r->n_columns; c++) {
		if (c > 0)
			mm_buf_addf(r->out, "%*s", GAP, "");
		for (size_t i = 0; i < t->widths[c]; i++)
			mm_buf_addc(r->out, '-');
	}
	mm_buf_addc(r->out, '\n');
}

/* The widths are settled: print what was kept. */
static void
settle(struct mm_render *r)
{
	struct text *t = r->own;

	measure(r);
	if (r->width > 0)
		narrow(r);
	add_header(r);
	for (size_t i = 0; i < t->kept->n_rows; i++)
		add_row(r, mm_table_row(t->kept, i));
	mm_table_free(t->kept);
	t->kept = NULL;
}

static void
row(struct mm_render *r, const struct mm_cell *cells)
{
	struct text *t = r->own;

	if (t->kept == NULL) {
		add_row(r, cells);
		return;
	}
	mm_table_add(t->kept, cells);
	if (t->kept->n_rows == N_MEASURED)
		settle(r);
}

static void
end(struct mm_render *r)
{
	struct text *t = r->own;

	if (t->kept != NULL)
		settle(r);
	if (r->name != NULL)
		mm_buf_addc(r->out, '\n');
	free(t->widths);
	mm_buf_fini(&t->raw);
	mm_buf_fini(&t->seen);
	free(t);
	r->own = NULL;
}

const struct mm_renderer mm_as_text = {
	.name = "text",
	.suffixes = ".txt ",
	.begin = begin,
	.row = row,
	.end = end,
};
