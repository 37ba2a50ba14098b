#include <stdlib.h>

#include "formats/base/mem.h"
#include "formats/base/table.h"
#include "formats/base/time.h"

struct mm_table *
mm_table_new(const char *name, const char *title,
	     const struct mm_column *columns, size_t n_columns)
{
	struct mm_table *t = mm_calloc(1, sizeof(*t));

	t->name = name;
	t->title = title;
	t->columns = columns;
	t->n_columns = n_columns;
	mm_arena_init(&t->texts);
	return t;
}

void
mm_table_free(struct mm_table *t)
{
	if (t == NULL)
		return;
	mm_arena_fini(&t->texts);
	free(t->cells);
	free(t);
}

void
mm_table_add(struct mm_table *t, const struct mm_cell *row)
{
	size_t used = t->n_rows * t->n_columns;

	for (size_t c = 0; c < t->n_columns; c++) {
		struct mm_cell cell = row[c];

		cell.s = mm_arena_str(&t->texts, cell.s);
		t->cells = mm_grow(t->cells, used + c, &t->cap_cells,
				   sizeof(*t->cells));
		t->cells[used + c] = cell;
	}
	t->n_rows++;
}

static enum mm_status
keep(void *ctx, const struct mm_cell *row, struct mm_err *err)
{
	(void)err;
	mm_table_add(ctx, row);
	return MM_OK;
}

struct mm_sink
mm_table_sink(struct mm_table *t)
{
	return (struct mm_sink){ keep, t };
}

const struct mm_cell *
mm_table_row(const struct mm_table *t, size_t i)
{
	return t->cells + i * t->n_columns;
}

struct mm_cell
mm_cell_null(void)
{
	return (struct mm_cell){ .kind = MM_NULL };
}

struct mm_cell
mm_cell_int(int64_t v)
{
	return (struct mm_cell){ .kind = MM_INT, .i = v };
}

struct mm_cell
mm_cell_real(double v)
{
	return (struct mm_cell){ .kind = MM_REAL, .r = v };
}

struct mm_cell
mm_cell_text(struct mm_str s)
{
	return (struct mm_cell){ .kind = s.p != NULL ? MM_TEXT : MM_NULL,
				 .s = s };
}

struct mm_cell
mm_cell_z(const char *z)
{
	return mm_cell_text(mm_str_z(z));
}

struct mm_cell
mm_cell_time(int64_t t_us)
{
	return (struct mm_cell){ .kind =
				     t_us != MM_TIME_NONE ? MM_TIME : MM_NULL,
				 .i = t_us };
}

struct mm_cell
mm_cell_span(int64_t span_us)
{
	return (struct mm_cell){ .kind = span_us != MM_TIME_NONE ? MM_SPAN
								 : MM_NULL,
				 .i = span_us };
}

struct mm_cell
mm_cell_bytes(int64_t n)
{
	return (struct mm_cell){ .kind = MM_BYTES, .i = n };
}

struct mm_cell
mm_cell_share(double share)
{
	return (struct mm_cell){ .kind = MM_SHARE, .r = share };
}

struct mm_cell
mm_cell_bool(bool v)
{
	return (struct mm_cell){ .kind = MM_BOOL, .i = v };
}

struct mm_cell
mm_cell_nested(struct mm_str json)
{
	return (struct mm_cell){ .kind = json.p != NULL ? MM_NESTED : MM_NULL,
				 .s = json };
}
