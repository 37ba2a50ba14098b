#include <string.h>

#include "analyze/case/select.h"
#include "formats/base/time.h"

/* Each value is made a cell by the kind of its column. */
static struct mm_cell
cell_of(const struct mm_query *q, int column, enum mm_cell_kind kind)
{
	struct mm_cell cell = mm_cell_null();

	if (mm_query_is_null(q, column))
		return cell;
	cell.kind = kind;
	switch (kind) {
	case MM_TEXT:
	case MM_NESTED:
		cell.s = mm_query_text(q, column);
		break;
	case MM_REAL:
	case MM_SHARE:
		cell.r = mm_query_real(q, column);
		break;
	case MM_NULL:
	case MM_INT:
	case MM_TIME:
	case MM_SPAN:
	case MM_BYTES:
	case MM_BOOL:
		cell.i = mm_query_int(q, column);
		break;
	}
	return cell;
}

enum mm_status
mm_select(struct mm_store *s, const char *sql, int64_t at,
	  const struct mm_column *columns, size_t n, const struct mm_sink *sink,
	  struct mm_err *err)
{
	struct mm_query *q = mm_query_new(s, sql, err);
	struct mm_cell row[MM_SELECT_COLUMNS];
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	if (q != NULL && strchr(sql, '?') != NULL && at != MM_TIME_NONE)
		mm_query_bind_int(q, 0, at);
	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		for (size_t i = 0; i < n; i++)
			row[i] = cell_of(q, (int)i, columns[i].kind);
		st = sink->row(sink->ctx, row, err);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}
