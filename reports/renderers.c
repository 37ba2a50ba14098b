#include <math.h>
#include <string.h>

#include "formats/base/time.h"
#include "reports/renderers.h"

const struct mm_renderer *const mm_renderers[] = {
	&mm_as_text,	 &mm_as_csv,  &mm_as_json,
	&mm_as_markdown, &mm_as_html, NULL,
};

const struct mm_renderer *
mm_renderer_named(const char *name)
{
	for (size_t i = 0; mm_renderers[i] != NULL; i++)
		if (strcmp(mm_renderers[i]->name, name) == 0)
			return mm_renderers[i];
	return NULL;
}

const struct mm_renderer *
mm_renderer_for(const char *path)
{
	struct mm_str name = mm_str_z(path), all, suffix;
	size_t dot = mm_str_find_last(name, ".");

	if (dot == MM_NOT_FOUND)
		return NULL;
	for (size_t i = 0; mm_renderers[i] != NULL; i++) {
		all = mm_str_z(mm_renderers[i]->suffixes);
		while (mm_str_cutc(&all, ' ', &suffix))
			if (mm_str_ieq(mm_str_from(name, dot), suffix))
				return mm_renderers[i];
	}
	return NULL;
}

void
mm_render_table(struct mm_render *r, const struct mm_table *t)
{
	r->title = t->title;
	r->columns = t->columns;
	r->n_columns = t->n_columns;
	r->as->begin(r);
	for (size_t i = 0; i < t->n_rows; i++)
		r->as->row(r, mm_table_row(t, i));
	r->as->end(r);
}

bool
mm_render_number(struct mm_buf *b, const struct mm_cell *cell)
{
	char text[MM_TIME_TEXT];

	switch (cell->kind) {
	case MM_INT:
	case MM_BYTES:
		mm_buf_addi(b, cell->i);
		return true;
	case MM_TIME:
	case MM_SPAN:
		mm_buf_addz(b, mm_time_seconds(cell->i, text));
		return true;
	case MM_REAL:
	case MM_SHARE:
		if (!isfinite(cell->r))
			return false;
		mm_buf_addf(b, "%.15g", cell->r);
		return true;
	case MM_BOOL:
		mm_buf_addz(b, cell->i ? "true" : "false");
		return true;
	case MM_NULL:
	case MM_TEXT:
	case MM_NESTED:
		break;
	}
	return false;
}

static void
add_bytes(struct mm_buf *b, int64_t n)
{
	static const char *const units[] = {
		"B", "kB", "MB", "GB", "TB", "PB"
	};
	double v = (double)n;
	size_t u = 0;

	while (fabs(v) >= 999.5 && u + 1 < MM_COUNT(units)) {
		v /= 1000;
		u++;
	}
	mm_buf_addf(b, u == 0 || fabs(v) >= 99.95 ? "%.0f %s" : "%.1f %s", v,
		    units[u]);
}

/* What is not all is never shown as all, nor what is there as nothing. */
static void
add_share(struct mm_buf *b, double share)
{
	double percent = share * 100;

	if (percent > 0 && percent < 0.05)
		mm_buf_addz(b, "<0.1 %");
	else if (percent < 100 && percent >= 99.95)
		mm_buf_addz(b, ">99.9 %");
	else
		mm_buf_addf(b, "%.1f %%", percent);
}

static void
add_real(struct mm_buf *b, double v)
{
	if (v != 0 && fabs(v) < 0.01)
		mm_buf_addf(b, "%.2g", v);
	else
		mm_buf_addf(b, "%.2f", v);
}

void
mm_render_humane(struct mm_buf *b, const struct mm_cell *cell)
{
	char text[MM_TIME_TEXT];

	switch (cell->kind) {
	case MM_INT:
		mm_buf_addi(b, cell->i);
		return;
	case MM_TIME:
		mm_buf_addz(b, mm_time_iso(cell->i, false, text));
		return;
	case MM_SPAN:
		mm_buf_addz(b, mm_time_span(cell->i, text));
		return;
	case MM_BYTES:
		add_bytes(b, cell->i);
		return;
	case MM_SHARE:
		if (isfinite(cell->r))
			add_share(b, cell->r);
		else
			mm_buf_addc(b, '-');
		return;
	case MM_REAL:
		if (isfinite(cell->r))
			add_real(b, cell->r);
		else
			mm_buf_addc(b, '-');
		return;
	case MM_BOOL:
		mm_buf_addz(b, cell->i ? "yes" : "no");
		return;
	case MM_TEXT:
	case MM_NESTED:
		mm_buf_adds(b, cell->s);
		return;
	case MM_NULL:
		break;
	}
	mm_buf_addc(b, '-');
}

bool
mm_render_is_right(enum mm_cell_kind kind)
{
	return kind == MM_INT || kind == MM_REAL || kind == MM_SPAN ||
	       kind == MM_BYTES || kind == MM_SHARE;
}
