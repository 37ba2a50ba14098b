/* curves.h - numbers over time, for charts: one row for each bucket of time.
 *
 * Buckets are whole multiples of a width since 1970; every bucket between the
 * first and the last has its row, also where nothing happened.
 */
#ifndef MM_CURVES_H
#define MM_CURVES_H

#include "analyze/case/store.h"
#include "formats/base/table.h"

/* The least round width (1 s ... 7 d) that needs at most `n_max` buckets. */
int64_t mm_curve_width(int64_t from_us, int64_t to_us, int64_t n_max);

/* Attempts by outcome; `not_tried` are deferrals that reached nobody. Owned;
 * NULL on failure. */
struct mm_table *mm_curve_volume(struct mm_store *s, int64_t from_us,
				 int64_t to_us, int64_t width_us,
				 struct mm_err *err);
/* Recipients that had arrived and had no final yet, at the end of each
 * bucket. What arrived before the logs counts from their start. Mail that
 * went on under another queue id counts there only. */
struct mm_table *mm_curve_waiting(struct mm_store *s, int64_t from_us,
				  int64_t to_us, int64_t width_us,
				  struct mm_err *err);

#endif
