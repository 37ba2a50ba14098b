/* table.h - the second waist: every answer is rows of typed cells.
 *
 * Who computes an answer knows no renderer, who prints knows no analysis. A
 * table is either kept (struct mm_table) or streamed to a struct mm_sink.
 */
#ifndef MM_TABLE_H
#define MM_TABLE_H

#include "formats/base/arena.h"
#include "formats/base/status.h"

enum mm_cell_kind {
	MM_NULL,  /* unknown */
	MM_INT,	  /* i */
	MM_REAL,  /* r */
	MM_TEXT,  /* s */
	MM_TIME,  /* i: microseconds since 1970 UTC */
	MM_SPAN,  /* i: microseconds */
	MM_BYTES, /* i */
	MM_SHARE, /* r: 0 ... 1, shown in percent */
	MM_BOOL,  /* i: 0 or 1 */
	MM_NESTED /* s: a JSON value, already valid */
};

struct mm_cell {
	enum mm_cell_kind kind;
	int64_t i;
	double r;
	struct mm_str s;
};

struct mm_column {
	const char *name;  /* as in CONTRACT.md: snake_case, never renamed */
	const char *title; /* as people read it, with the unit if any */
	enum mm_cell_kind kind;
};

struct mm_table {
	const char *name; /* file name stem for CSV, anchor in HTML */
	const char *title;
	const struct mm_column *columns; /* view, usually static */
	size_t n_columns;
	struct mm_cell *cells; /* owned; row-major */
	size_t n_rows, cap_cells;
	struct mm_arena texts; /* copies of the cells' texts */
};

struct mm_table *mm_table_new(const char *name, const char *title,
			      const struct mm_column *columns,
			      size_t n_columns);
void mm_table_free(struct mm_table *t);
/* Append a row of n_columns cells; texts are copied. */
void mm_table_add(struct mm_table *t, const struct mm_cell *row);
const struct mm_cell *mm_table_row(const struct mm_table *t, size_t i);

/* Where streamed rows go. `row` is called once a row with n_columns cells
 * whose texts are views valid during the call. */
struct mm_sink {
	enum mm_status (*row)(void *ctx, const struct mm_cell *row,
			      struct mm_err *err);
	void *ctx;
};

/* It keeps what comes. */
struct mm_sink mm_table_sink(struct mm_table *t);

/* Cell makers. A NULL text or MM_TIME_NONE makes an unknown cell. */
struct mm_cell mm_cell_null(void);
struct mm_cell mm_cell_int(int64_t v);
struct mm_cell mm_cell_real(double v);
struct mm_cell mm_cell_text(struct mm_str s);
struct mm_cell mm_cell_z(const char *z);
struct mm_cell mm_cell_time(int64_t t_us);
struct mm_cell mm_cell_span(int64_t span_us);
struct mm_cell mm_cell_bytes(int64_t n);
struct mm_cell mm_cell_share(double share);
struct mm_cell mm_cell_bool(bool v);
struct mm_cell mm_cell_nested(struct mm_str json);

#endif
