#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "reports/output.h"

#define FLUSH_BYTES ((size_t)64 << 10)
#define MAX_BYTES   ((size_t)1 << 30)

/* COLUMNS, else what the terminal says, else 80. */
static size_t
terminal_width(void)
{
	struct winsize size;
	uint64_t n;
	const char *columns = getenv("COLUMNS");

	if (columns != NULL && mm_str_to_u64(mm_str_z(columns), &n) && n > 0)
		return (size_t)n;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

/* https://no-color.org: set and not empty. An explicit option wins. */
static enum mm_status
choose_colour(struct mm_output *o, struct mm_err *err)
{
	const char *when = o->colour != NULL ? o->colour : "auto";
	const char *no_color = getenv("NO_COLOR");

	if (strcmp(when, "always") == 0)
		o->has_colour = true;
	else if (strcmp(when, "never") == 0)
		o->has_colour = false;
	else if (strcmp(when, "auto") == 0)
		o->has_colour =
		    o->terminal && (no_color == NULL || no_color[0] == '\0');
	else
		return mm_err_set(err, MM_EUSAGE,
				  "--color: \"%s\" is none of auto, always, "
				  "never",
				  when);
	return MM_OK;
}

static enum mm_status
choose_format(struct mm_output *o, struct mm_err *err)
{
	const char *name = o->json ? "json" : o->csv ? "csv" : o->format;

	if ((o->json && o->csv) ||
	    (o->format != NULL && strcmp(name, o->format) != 0))
		return mm_err_set(err, MM_EUSAGE,
				  "--json, --csv, --format: take one of them");
	if (name != NULL)
		o->as = mm_renderer_named(name);
	else if (o->path != NULL)
		o->as = mm_renderer_for(o->path);
	if (name == NULL && o->as == NULL)
		o->as = &mm_as_text;
	if (o->as == NULL || o->as->suffixes == NULL)
		return mm_err_set(err, MM_EUSAGE,
				  "--format: \"%s\" is none of text, csv, "
				  "json, markdown",
				  name);
	return MM_OK;
}

enum mm_status
mm_output_open(struct mm_output *o, struct mm_err *err)
{
	const char *path = o->path != NULL ? o->path : "-";
	enum mm_status st;

	mm_buf_init(&o->buf, MAX_BYTES);
	o->terminal = strcmp(path, "-") == 0 && isatty(STDOUT_FILENO);
	o->width = o->terminal ? terminal_width() : 0;
	st = choose_format(o, err);
	if (st == MM_OK)
		st = choose_colour(o, err);
	if (st == MM_OK)
		st = mm_whole_open(&o->file, path, err);
	return st;
}

bool
mm_output_is_text(const struct mm_output *o)
{
	return o->as == &mm_as_text;
}

static enum mm_status
write_out(struct mm_output *o, struct mm_err *err)
{
	bool over = o->buf.over;
	size_t n = o->buf.n;

	if (over)
		return mm_err_set(
		    err, MM_ELIMIT, "%s: one row of the result is over 1 GB",
		    o->path != NULL ? o->path : "standard output");
	if (n > 0 && fwrite(o->buf.p, 1, n, o->file.f) != n)
		return mm_err_set(err, MM_EIO, "%s: cannot write: %s",
				  o->file.path != NULL ? o->file.path
						       : "standard output",
				  strerror(errno));
	mm_buf_clear(&o->buf);
	return MM_OK;
}

enum mm_status
mm_output_flush(struct mm_output *o, struct mm_err *err)
{
	return o->buf.n >= FLUSH_BYTES || o->buf.over ? write_out(o, err)
						      : MM_OK;
}

static enum mm_status
sink_row(void *ctx, const struct mm_cell *row, struct mm_err *err)
{
	struct mm_output *o = ctx;

	o->as->row(&o->render, row);
	return mm_output_flush(o, err);
}

static void
start(struct mm_output *o)
{
	o->render = (struct mm_render){ .as = o->as,
					.out = &o->buf,
					.terminal = o->terminal,
					.colour = o->has_colour,
					.width = o->width };
}

enum mm_status
mm_output_begin(struct mm_output *o, const struct mm_column *columns,
		size_t n_columns, struct mm_sink *sink, struct mm_err *err)
{
	start(o);
	o->render.columns = columns;
	o->render.n_columns = n_columns;
	o->as->begin(&o->render);
	o->rendering = true;
	*sink = (struct mm_sink){ .row = sink_row, .ctx = o };
	return mm_output_flush(o, err);
}

enum mm_status
mm_output_tables(struct mm_output *o, const struct mm_table *const *tables,
		 size_t n_tables, struct mm_err *err)
{
	enum mm_status st = MM_OK;

	for (size_t i = 0; i < n_tables && st == MM_OK; i++) {
		start(o);
		o->render.name = n_tables > 1 ? tables[i]->name : NULL;
		mm_render_table(&o->render, tables[i]);
		st = mm_output_flush(o, err);
	}
	return st;
}

enum mm_status
mm_output_close(struct mm_output *o, enum mm_status st, struct mm_err *err)
{
	if (o->rendering)
		o->as->end(&o->render);
	o->rendering = false;
	if (o->file.f != NULL) {
		if (st == MM_OK)
			st = write_out(o, err);
		if (st == MM_OK)
			st = mm_whole_commit(&o->file, err);
		else
			mm_whole_abort(&o->file);
	}
	mm_buf_fini(&o->buf);
	return st;
}

const char *
mm_output_style(const struct mm_output *o, enum mm_style style)
{
	static const char *const codes[] = {
		[MM_STYLE_PLAIN] = "\033[0m",  [MM_STYLE_BOLD] = "\033[1m",
		[MM_STYLE_DIM] = "\033[2m",    [MM_STYLE_RED] = "\033[31m",
		[MM_STYLE_GREEN] = "\033[32m", [MM_STYLE_YELLOW] = "\033[33m",
	};

	return o->has_colour ? codes[style] : "";
}
