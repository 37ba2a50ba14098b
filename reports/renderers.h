/* renderers.h - the ways to print rows; one file as_NAME.c each, one row here.
 *
 * A renderer turns cells into bytes in a buffer and touches no file. What came
 * from a log is made harmless by each in its own way: no control character
 * for a terminal, no markup in HTML and Markdown, no formula in CSV.
 */
#ifndef MM_RENDERERS_H
#define MM_RENDERERS_H

#include "formats/base/buf.h"
#include "formats/base/table.h"

struct mm_render {
	const struct mm_renderer *as;
	const char *name;  /* of the table, when several share one output */
	const char *title; /* shown above it; may be NULL */
	const char *link; /* HTML: the column whose texts are ids of the page */
	const struct mm_column *columns; /* view */
	size_t n_columns;
	struct mm_buf *out; /* where the bytes go; emptied by the caller */
	bool terminal;	    /* a person looks at it as it comes */
	bool colour;
	size_t width; /* cut cells so that a row fits; 0: never cut */
	void *own;    /* of the renderer, from begin to end */
};

/* begin and end once a table, row once a row with n_columns cells whose texts
 * are views valid during the call. After begin, end must follow. */
struct mm_renderer {
	const char *name;     /* "csv", as --format wants it */
	const char *suffixes; /* ".csv": names of files it writes; NULL: it
			       * makes a part of a page, no file */
	void (*begin)(struct mm_render *r);
	void (*row)(struct mm_render *r, const struct mm_cell *row);
	void (*end)(struct mm_render *r);
};

extern const struct mm_renderer mm_as_text, mm_as_csv, mm_as_json,
    mm_as_markdown, mm_as_html;
extern const struct mm_renderer *const mm_renderers[]; /* ended by NULL */

/* By name, by the suffix of a file's name; NULL when there is none. */
const struct mm_renderer *mm_renderer_named(const char *name);
const struct mm_renderer *mm_renderer_for(const char *path);

/* A whole kept table. */
void mm_render_table(struct mm_render *r, const struct mm_table *t);

/* What the renderers share. Numbers as programs read them: seconds with up to
 * six decimals for times and spans, true and false, 0 ... 1 for shares, the
 * shortest decimals for reals; nothing and false for texts and unknown. */
bool mm_render_number(struct mm_buf *b, const struct mm_cell *cell);
/* As people read it: ISO times, "3 d 4 h", "1.2 MB", "12.3 %", "-" for
 * unknown. Texts come as they are: the renderer makes them harmless. */
void mm_render_humane(struct mm_buf *b, const struct mm_cell *cell);
/* Does this kind of column stand to the right? */
bool mm_render_is_right(enum mm_cell_kind kind);
/* A text inside a page: controls made visible, markup without effect; the
 * HTML form is also good for attributes in quotes. */
void mm_render_html(struct mm_buf *b, struct mm_str text);
void mm_render_html_cell(struct mm_buf *b, const struct mm_cell *cell);
void mm_render_markdown(struct mm_buf *b, struct mm_str text);

#endif
