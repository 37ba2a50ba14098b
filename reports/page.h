/* page.h - pieces that the forms of a report share. */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include "formats/base/buf.h"
#include "reports/report.h"

extern const char *const mm_page_tones[]; /* class names, by enum mm_tone */

/* A chart as SVG: what a reader without scripts and a printer see. Colours
 * come from reports/page.css by class, so that it is dark where the page is.
 * Nothing for a table of fewer than two rows. */
void mm_page_chart(const struct mm_block *block, struct mm_buf *b);

/* Windows lie in lanes above the lines, none over another but in the last
 * lane. Gives the number of lanes; `lanes` has room for each window. */
#define MM_PAGE_LANES 10
size_t mm_page_lanes(const struct mm_chart *c, size_t *lanes);

/* The pattern of line `line` (from 1): class p0 ... p5 in page.css. */
size_t mm_page_pattern(const struct mm_chart *c, size_t line);

/* Line `c` (from 1) of a chart in at most `width` block letters, each the
 * highest value of its part, and that of all behind it; blank is unknown. */
void mm_page_sparkline(const struct mm_block *block, size_t c, size_t width,
		       struct mm_buf *b);

/* Where `id` leads to: the title of its block, or `id` itself. */
const char *mm_page_title(const struct mm_report *r, const char *id);

#endif
