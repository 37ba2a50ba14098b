/* queue.h - questions about spool snapshots: what waits, what is due when,
 * what changed between two, and whether the log says the same.
 *
 * The snapshots are those of latest.h at `at_us` (MM_TIME_NONE: the last).
 */
#ifndef MM_CASE_QUEUE_H
#define MM_CASE_QUEUE_H

#include "analyze/case/store.h"
#include "formats/base/table.h"

/* One row for each recipient that waits, and for each entry with a note that
 * has none: oldest first. When it is tried and given up, and on what that
 * rests: due.h. */
extern const struct mm_column mm_queue_columns[];
extern const size_t mm_queue_n_columns;
enum mm_status mm_queue_list(struct mm_store *s, int64_t at_us,
			     const struct mm_sink *sink,
			     struct mm_err *err) MM_USE_RESULT;

/* By destination, how many recipients fall due within minutes of the
 * snapshot: a row "TOTAL", then the largest first. What is being tried, on
 * hold, or of an MTA that does not say is unknown. How many of them are told
 * by a rule and not recorded; when the first is given up, and how many within
 * 24 h. Owned; NULL on failure. */
struct mm_table *mm_queue_due(struct mm_store *s, int64_t at_us,
			      struct mm_err *err);

/* Each queue's last snapshot against the one before it of the same kind
 * (spool or listing): by destination what left, came, and stayed, with the age
 * of the oldest that stayed. Recipients are told by queue id and address.
 * MM_ENOENT when no queue has two. Owned; NULL on failure. */
struct mm_table *mm_queue_compare(struct mm_store *s, int64_t at_us,
				  struct mm_err *err);

/* Where the snapshot and the log of the same host contradict each other:
 *   done in the log   waits in the snapshot, the log was done with it before
 *   not in the queue  waits by the log then and a minute on, is in no queue
 *   not in the log    waits in the snapshot, the log never names it
 * Which log is whose is told by the queue ids they share. Two seconds of
 * slack: a copy of a live spool is no moment. Owned; NULL on failure. */
struct mm_table *mm_queue_reconcile(struct mm_store *s, int64_t at_us,
				    struct mm_err *err);

#endif
