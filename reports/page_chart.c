#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "formats/base/time.h"
#include "reports/page.h"
#include "reports/renderers.h"

/* The drawing, in its own units; page.css makes it as wide as the page. */
#define WIDTH 960.0
#define LEFT  64.0
#define RIGHT 952.0
#define TOP   10.0
#define LANE  8.0   /* one lane of windows */
#define PLOT  230.0 /* the lines */
#define BELOW 30.0  /* ticks */

const char *const mm_page_tones[] = { [MM_TONE_PLAIN] = "plain",
				      [MM_TONE_GOOD] = "good",
				      [MM_TONE_WARN] = "warn",
				      [MM_TONE_BAD] = "bad" };

struct axis {
	double lo, hi;	 /* values */
	double from, to; /* where they are drawn */
	double step;	 /* between ticks */
};

struct drawing {
	const struct mm_table *t;
	const struct mm_chart *c;
	struct axis x, y;
	size_t *lanes; /* of the windows */
	struct mm_buf *b;
};

static double
place(const struct axis *a, double v)
{
	return a->from + (v - a->lo) / (a->hi - a->lo) * (a->to - a->from);
}

/* NAN for unknown. */
static double
value(const struct mm_cell *cell)
{
	switch (cell->kind) {
	case MM_INT:
	case MM_BYTES:
	case MM_TIME:
	case MM_SPAN:
	case MM_BOOL:
		return (double)cell->i;
	case MM_REAL:
	case MM_SHARE:
		return cell->r;
	case MM_NULL:
	case MM_TEXT:
	case MM_NESTED:
		break;
	}
	return NAN;
}

/* The height of line `c` in row `i`: on top of those below when stacked. */
static double
height(const struct drawing *d, size_t i, size_t c)
{
	const struct mm_cell *row = mm_table_row(d->t, i);
	double v = value(&row[c]);

	for (size_t k = 1; d->c->stacked && k < c; k++)
		v += isnan(value(&row[k])) ? 0 : value(&row[k]);
	return v;
}

/* The next round step: spans of time by the clock, others by 1, 2, 5. */
static double
round_step(double rough, bool is_time)
{
	static const double clock[] = { 1,    2,    5,	   10,	  15,	30,
					60,   120,  300,   600,	  900,	1800,
					3600, 7200, 10800, 21600, 43200 };
	double ten;

	if (is_time) {
		rough /= 1e6;
		for (size_t i = 0; rough >= 1 && i < MM_COUNT(clock); i++)
			if (rough <= clock[i])
				return clock[i] * 1e6;
		if (rough >= 1)
			return round_step(rough / 86400, false) * 86400e6;
		rough *= 1e6;
	}
	ten = pow(10, floor(log10(rough)));
	return ten * (rough <= ten	 ? 1
		      : rough <= 2 * ten ? 2
		      : rough <= 5 * ten ? 5
					 : 10);
}

static void
set_axes(struct drawing *d, double top)
{
	const struct mm_table *t = d->t;
	enum mm_cell_kind kind = t->columns[1].kind;
	double hi = 0, lo = 0;

	d->x = (struct axis){ value(&mm_table_row(t, 0)[0]),
			      value(&mm_table_row(t, t->n_rows - 1)[0]), LEFT,
			      RIGHT, 0 };
	for (size_t i = 0; i < t->n_rows; i++)
		for (size_t c = 1; c < t->n_columns; c++) {
			hi = fmax(hi, height(d, i, c));
			lo = fmin(lo, height(d, i, c));
		}
	if (hi <= lo)
		hi = lo + 1;
	d->y = (struct axis){ lo, hi, top + PLOT, top, 0 };
	d->x.step = round_step((d->x.hi - d->x.lo) / 9, true);
	d->y.step = round_step((hi - lo) / 5, kind == MM_SPAN);
	if (kind == MM_INT)
		d->y.step = fmax(d->y.step, 1);
	d->y.hi = ceil(hi / d->y.step) * d->y.step;
	d->y.lo = floor(lo / d->y.step) * d->y.step;
}

/* A time of day; a date where the day begins. */
static void
add_clock(struct mm_buf *b, double t_us, double step)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
					      "May", "Jun", "Jul", "Aug",
					      "Sep", "Oct", "Nov", "Dec" };
	struct mm_civil c;

	mm_time_to_civil((int64_t)t_us, &c);
	if (c.hour == 0 && c.minute == 0 && c.second == 0)
		mm_buf_addf(b, "%d %s", c.day, months[c.month - 1]);
	else if (step < 60e6)
		mm_buf_addf(b, "%02d:%02d:%02d", c.hour, c.minute, c.second);
	else
		mm_buf_addf(b, "%02d:%02d", c.hour, c.minute);
}

static void
add_tick(struct drawing *d, enum mm_cell_kind kind, double v)
{
	struct mm_cell cell = { .kind = kind, .i = (int64_t)v, .r = v };

	if (kind == MM_TIME)
		add_clock(d->b, v, d->x.step);
	else if (v == 0)
		mm_buf_addc(d->b, '0');
	else if (kind == MM_REAL)
		mm_buf_addf(d->b, "%.6g", v);
	else
		mm_render_html_cell(d->b, &cell);
}

static void
add_axes(struct drawing *d)
{
	const struct mm_column *columns = d->t->columns;
	double first = ceil(d->x.lo / d->x.step) * d->x.step;

	for (double v = d->y.lo; v <= d->y.hi + d->y.step / 2; v += d->y.step) {
		double y = place(&d->y, v);

		mm_buf_addf(d->b,
			    "<path class=\"grid\" d=\"M%.0f %.1fH%.0f\"/>"
			    "<text x=\"%.0f\" y=\"%.1f\" class=\"n\">",
			    LEFT, y, RIGHT, LEFT - 8, y + 4);
		add_tick(d, columns[1].kind, v);
		mm_buf_addz(d->b, "</text>\n");
	}
	for (double v = first; v <= d->x.hi; v += d->x.step) {
		double x = place(&d->x, v);

		mm_buf_addf(d->b,
			    "<path class=\"grid\" d=\"M%.1f %.0fv5\"/>"
			    "<text x=\"%.1f\" y=\"%.0f\" class=\"m\">",
			    x, d->y.from, x, d->y.from + 20);
		add_tick(d, columns[0].kind, v);
		mm_buf_addz(d->b, "</text>\n");
	}
}

size_t
mm_page_lanes(const struct mm_chart *c, size_t *lanes)
{
	int64_t end[MM_PAGE_LANES];
	size_t n = 0;

	for (size_t i = 0; i < c->n_windows; i++) {
		const struct mm_window *w = &c->windows[i];
		size_t k = 0;

		while (k + 1 < MM_PAGE_LANES && k < n && end[k] > w->from)
			k++;
		if (k == n)
			end[n++] = w->to;
		else if (w->to > end[k])
			end[k] = w->to;
		lanes[i] = k;
	}
	return n;
}

/* Where a window is drawn; false when it is not in the picture. */
static bool
extent(const struct drawing *d, const struct mm_window *w, double *from,
       double *width)
{
	double to = place(&d->x, (double)w->to);

	*from = fmax(place(&d->x, (double)w->from), LEFT);
	*width = fmin(fmax(to, *from + 2), RIGHT) - *from;
	return *width > 0;
}

/* Behind the lines: what is worse lies over what is less. */
static void
add_shades(struct drawing *d)
{
	double from, width;

	for (int tone = MM_TONE_PLAIN; tone <= MM_TONE_BAD; tone++)
		for (size_t i = 0; i < d->c->n_windows; i++) {
			const struct mm_window *w = &d->c->windows[i];

			if ((int)w->tone != tone ||
			    !extent(d, w, &from, &width))
				continue;
			mm_buf_addf(d->b,
				    "<rect class=\"shade %s\" x=\"%.1f\" "
				    "y=\"%.0f\" width=\"%.1f\" "
				    "height=\"%.0f\"/>\n",
				    mm_page_tones[tone], from, d->y.to, width,
				    d->y.from - d->y.to);
		}
}

/* Above them: each by itself, leading to what is said about it. */
static void
add_lanes(struct drawing *d)
{
	double from, width;

	for (size_t i = 0; i < d->c->n_windows; i++) {
		const struct mm_window *w = &d->c->windows[i];

		if (!extent(d, w, &from, &width))
			continue;
		if (w->see != NULL) {
			mm_buf_addz(d->b, "<a href=\"#");
			mm_render_html(d->b, mm_str_z(w->see));
			mm_buf_addz(d->b, "\">");
		}
		mm_buf_addf(d->b,
			    "<rect class=\"lane %s\" x=\"%.1f\" y=\"%.0f\" "
			    "width=\"%.1f\" height=\"%.0f\" rx=\"1\"><title>",
			    mm_page_tones[w->tone], from,
			    TOP + LANE * (double)d->lanes[i], width, LANE - 2);
		mm_render_html(d->b, mm_str_z(w->label));
		mm_buf_addz(d->b, w->see != NULL ? "</title></rect></a>\n"
						 : "</title></rect>\n");
	}
}

/* Six colours and six patterns: shifted after each round, so that thirty-six
 * lines differ. */
size_t
mm_page_pattern(const struct mm_chart *c, size_t line)
{
	return c->stacked ? 0 : (line - 1 + (line - 1) / 6) % 6;
}

/* One line; where a value is unknown it breaks. Plain lines take turns at
 * colours, all take turns at patterns, as page.js does. */
static void
add_line(struct drawing *d, size_t c, size_t plain)
{
	enum mm_tone tone = d->c->tones[c - 1];
	bool on = false;

	mm_buf_addz(d->b, "<path class=\"line ");
	if (tone == MM_TONE_PLAIN)
		mm_buf_addf(d->b, "s%zu", plain % 6 + 1);
	else
		mm_buf_addz(d->b, mm_page_tones[tone]);
	mm_buf_addf(d->b, " p%zu\" d=\"", mm_page_pattern(d->c, c));
	for (size_t i = 0; i < d->t->n_rows; i++) {
		double x = value(&mm_table_row(d->t, i)[0]);
		double y = height(d, i, c);

		if (!isnan(y))
			mm_buf_addf(d->b, "%c%.1f %.1f", on ? 'L' : 'M',
				    place(&d->x, x), place(&d->y, y));
		on = !isnan(y);
	}
	mm_buf_addz(d->b, "\"/>\n");
}

void
mm_page_chart(const struct mm_block *block, struct mm_buf *b)
{
	struct drawing d = { .t = block->table, .c = &block->chart, .b = b };
	size_t plain = 0, n_lanes;
	double top;

	if (d.t->n_rows < 2 || d.t->n_columns < 2 ||
	    value(&mm_table_row(d.t, 0)[0]) >=
		value(&mm_table_row(d.t, d.t->n_rows - 1)[0]))
		return;
	d.lanes = mm_calloc(d.c->n_windows + 1, sizeof(*d.lanes));
	n_lanes = mm_page_lanes(d.c, d.lanes);
	top = TOP + LANE * (double)n_lanes + (n_lanes > 0 ? 4 : 0);
	set_axes(&d, top);
	mm_buf_addf(b,
		    "<svg class=\"still\" viewBox=\"0 0 %.0f %.0f\" "
		    "role=\"img\" aria-label=\"",
		    WIDTH, top + PLOT + BELOW);
	mm_render_html(b, mm_str_z(d.t->title));
	mm_buf_addz(b, "\">\n");
	add_shades(&d);
	add_lanes(&d);
	add_axes(&d);
	for (size_t c = 1; c < d.t->n_columns; c++)
		add_line(&d, c,
			 d.c->tones[c - 1] == MM_TONE_PLAIN ? plain++ : 0);
	mm_buf_addz(b, "</svg>\n");
	free(d.lanes);
}

/* The highest value of line `c` in the rows of part `k` of `n`. */
static double
highest(const struct drawing *d, size_t c, size_t k, size_t n)
{
	double top = NAN;

	for (size_t i = k * d->t->n_rows / n; i < (k + 1) * d->t->n_rows / n;
	     i++)
		top = fmax(top, height(d, i, c));
	return top;
}

void
mm_page_sparkline(const struct mm_block *block, size_t c, size_t width,
		  struct mm_buf *b)
{
	const struct drawing d = { .t = block->table, .c = &block->chart };
	size_t n = d.t->n_rows < width ? d.t->n_rows : width;
	double top = highest(&d, c, 0, 1);
	struct mm_cell most = { .kind = d.t->columns[c].kind,
				.i = isnan(top) ? 0 : (int64_t)top,
				.r = top };

	for (size_t k = 0; k < n; k++) {
		double v = highest(&d, c, k, n);
		int eighth = top > 0 ? (int)ceil(v / top * 8) : 1;

		if (isnan(v))
			mm_buf_addc(b, ' ');
		else /* U+2581 to U+2588 */
			mm_buf_addf(b, "\xe2\x96%c",
				    0x80 + (eighth < 1 ? 1 : eighth));
	}
	mm_buf_addz(b, "  most ");
	if (isnan(top))
		most = mm_cell_null();
	mm_render_humane(b, &most);
}

const char *
mm_page_title(const struct mm_report *r, const char *id)
{
	for (size_t i = 0; i < r->n_blocks; i++)
		if (r->blocks[i].id != NULL &&
		    strcmp(r->blocks[i].id, id) == 0 &&
		    r->blocks[i].title != NULL)
			return r->blocks[i].title;
	return id;
}
