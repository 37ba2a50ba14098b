/* received_rows.h - the way of messages by their own headers, as rows: one for
 * each hop, of table received.
 */
#ifndef MM_RECEIVED_ROWS_H
#define MM_RECEIVED_ROWS_H

#include "analyze/case/store.h"

struct mm_received_rows;
/* Owned; NULL on failure. */
struct mm_received_rows *mm_received_rows_new(struct mm_store *s,
					      struct mm_err *err);
void mm_received_rows_free(struct mm_received_rows *r); /* NULL is fine */

/* The header of message `number` in `source` (0: of a spool file). */
void mm_received_rows_add(struct mm_received_rows *r, struct mm_str source,
			  size_t number, struct mm_str header);
/* MM_OK, or what went wrong while rows were written. */
enum mm_status mm_received_rows_status(const struct mm_received_rows *r,
				       struct mm_err *err) MM_USE_RESULT;

#endif
