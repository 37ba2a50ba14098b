/* shape.h - how long mail has waited, by destination, as qshape(1) shows it:
 * which destination backs up, and since when, at one glance.
 */
#ifndef MM_CASE_SHAPE_H
#define MM_CASE_SHAPE_H

#include "analyze/case/store.h"
#include "formats/base/table.h"

/* Recipients that waited in the last snapshot of each queue (latest.h) not
 * after `at_us` (MM_TIME_NONE: the last there is), by the domain of the
 * recipient: a row
 * "TOTAL", then the largest first. Columns: destination, total, then by age
 * in minutes: under 5, 10, 20, ... 1280, and above; what has no arrival time
 * counts in the total alone. Without a snapshot there is no row; with empty
 * ones, TOTAL and zeros. Owned; NULL on failure. */
struct mm_table *mm_shape(struct mm_store *s, int64_t at_us,
			  struct mm_err *err);
/* The same by "domain", "sender" (its domain), "cause", "queue" or "host". */
struct mm_table *mm_shape_by(struct mm_store *s, const char *by, int64_t at_us,
			     struct mm_err *err);

#endif
