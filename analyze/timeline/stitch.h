/* stitch.h - records become lives of queue ids, lives become rows.
 *
 * The key is (host, queue id); which instance and which life of a reused id
 * is decided by what is open. A life begins with an arrival (or the first
 * line that names the id: then its start lies before the logs) and ends at
 * its end mark, at the next arrival under the same id, or with the logs.
 * A closed life is kept for MM_OPEN_LATE more closings, so that late lines
 * of other processes still find it.
 * Memory: open lives with their attempts; about 100 bytes for every message
 * and recipient seen (finals are settled at the end, across joins).
 * The same records in the same order give the same rows.
 */
#ifndef MM_STITCH_H
#define MM_STITCH_H

#include "analyze/case/load.h"
#include "formats/mail/record.h"

struct mm_stitch;
struct mm_stitch *mm_stitch_new(struct mm_load *l);
void mm_stitch_free(struct mm_stitch *s);

/* Take one record; `at` is its line. */
void mm_stitch_record(struct mm_stitch *s, const struct mm_record *r,
		      struct mm_row_place at);

/* The logs are over: close every life, follow the joins to the finals, write
 * what was kept. Failures are kept in the load. */
void mm_stitch_end(struct mm_stitch *s);

#endif
