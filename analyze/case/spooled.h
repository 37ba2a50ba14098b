/* spooled.h - what queue snapshots prove of mails whose logs have no end.
 *
 * A recipient that no line names, since nothing was tried for him yet (on
 * hold, behind others), stands in the queue file: he gets his row, waiting as
 * the last snapshot of that queue shows it.
 * A mail in one snapshot and not in a later one of the same queue, about which
 * no line was written between its last and the later snapshot although the
 * log goes on, left the queue by hand: `rm` of a queue file leaves no line.
 * Only queue files count, no listings: those may leave out a part; and so
 * may a torn archive, or a folder that could not be read.
 * A mail is the same by its queue id and its Message-ID; without one by its
 * queue id and a time of arrival within two seconds.
 */
#ifndef MM_SPOOLED_H
#define MM_SPOOLED_H

#include "analyze/case/store.h"

/* After all rows of logs and snapshots are in the case. */
enum mm_status mm_spooled_settle(struct mm_store *s,
				 struct mm_err *err) MM_USE_RESULT;

#endif
