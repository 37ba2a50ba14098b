/* output.h - the result of a verb: options, file, form.
 *
 * A verb that prints rows as they come:
 *
 *	struct mm_output o = { 0 };
 *	const struct mm_option options[] = { ..., MM_OUTPUT_OPTIONS(o) };
 *	st = mm_output_open(&o, &err);                   after parsing
 *	if (st == MM_OK)
 *		st = mm_output_begin(&o, columns, n_columns, &sink, &err);
 *	...	st = sink.row(sink.ctx, cells, &err);    as often as needed
 *	st = mm_output_close(&o, st, &err);              always, once
 *
 * A verb with kept tables calls mm_output_tables instead of begin and row. One
 * that prints text of its own asks mm_output_is_text, adds to `o.buf` with
 * mm_utf8_add_visible for what came from a log, and calls mm_output_flush
 * after each piece. The result is there whole or not at all (whole.h); one
 * million rows cost no allocation and one write per 64 kB.
 */
#ifndef MM_OUTPUT_H
#define MM_OUTPUT_H

#include "formats/base/options.h"
#include "formats/base/whole.h"
#include "reports/renderers.h"

struct mm_output {
	/* Set by the options, or by the verb before open. */
	const char *path;   /* NULL or "-": standard output */
	const char *format; /* NULL: by the suffix of path, else text */
	const char *colour; /* NULL: auto */
	bool json, csv;	    /* short forms of format */
	/* Known after open. */
	const struct mm_renderer *as;
	bool terminal;	 /* standard output is one, and the result goes there */
	bool has_colour; /* --color, else NO_COLOR and the terminal */
	size_t width;	 /* columns of the terminal, 0 when none */
	struct mm_buf buf; /* what was not yet written */
	struct mm_whole file;
	struct mm_render render;
	bool rendering; /* between begin and the end of a table */
};

/* clang-format off */
#define MM_OUTPUT_OPTIONS(o) \
	{ 'o', "output", MM_OPT_TEXT, &(o).path, "FILE", \
	  "write here, whole or not at all" }, \
	{ 0, "format", MM_OPT_TEXT, &(o).format, "FORM", \
	  "text, csv, json or markdown; else by FILE's suffix" }, \
	{ 0, "json", MM_OPT_FLAG, &(o).json, NULL, "one JSON object a line" }, \
	{ 0, "csv", MM_OPT_FLAG, &(o).csv, NULL, "CSV with a header" }, \
	{ 0, "color", MM_OPT_TEXT, &(o).colour, "WHEN", \
	  "auto, always or never" }
/* clang-format on */

/* MM_EUSAGE for a form that is not there, MM_EIO when FILE cannot be made. */
enum mm_status mm_output_open(struct mm_output *o,
			      struct mm_err *err) MM_USE_RESULT;
bool mm_output_is_text(const struct mm_output *o);

/* Start the rows of one table. `columns` is a view until close. The sink's
 * row fails with MM_EIO when the disk is full, MM_ELIMIT for a row > 1 GB. */
enum mm_status mm_output_begin(struct mm_output *o,
			       const struct mm_column *columns,
			       size_t n_columns, struct mm_sink *sink,
			       struct mm_err *err) MM_USE_RESULT;
/* Kept tables, one below the other. When there are several, each row of JSON
 * begins with `"table":NAME`, each block of CSV with a line `table,NAME`. */
enum mm_status mm_output_tables(struct mm_output *o,
				const struct mm_table *const *tables,
				size_t n_tables,
				struct mm_err *err) MM_USE_RESULT;

/* Write `buf` when it holds 64 kB or more. */
enum mm_status mm_output_flush(struct mm_output *o,
			       struct mm_err *err) MM_USE_RESULT;

/* End the table, write the rest and give FILE its name if `st` is MM_OK; else
 * leave nothing behind. Returns `st`, or what went wrong here. Harmless after
 * a failed open. */
enum mm_status mm_output_close(struct mm_output *o, enum mm_status st,
			       struct mm_err *err) MM_USE_RESULT;

/* The bytes that begin a style, or "" without colour. */
enum mm_style {
	MM_STYLE_PLAIN, /* ends any other */
	MM_STYLE_BOLD,
	MM_STYLE_DIM,
	MM_STYLE_RED,
	MM_STYLE_GREEN,
	MM_STYLE_YELLOW
};
const char *mm_output_style(const struct mm_output *o, enum mm_style style);

#endif
