/* counted.h - the figures that come of one pass over the case (scan.h). */
#ifndef MM_COUNTED_H
#define MM_COUNTED_H

#include "analyze/case/scan.h"
#include "formats/base/table.h"

struct mm_counted {
	const char *name, *title;
	const struct mm_column *columns;
	size_t n_columns;
	/* At most `limit` rows, the largest first; curves give all. */
	void (*fill)(const struct mm_scan *c, size_t limit, struct mm_table *t);
};

extern const struct mm_counted mm_counted[]; /* ended by a NULL name */

#endif
