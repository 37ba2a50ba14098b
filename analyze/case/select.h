/* select.h - the rows of one statement as cells. */
#ifndef MM_SELECT_H
#define MM_SELECT_H

#include "analyze/case/store.h"
#include "formats/base/table.h"

#define MM_SELECT_COLUMNS 32 /* at most */

/* Stream the rows of `sql`, whose first `n` columns are of the kinds of
 * `columns`. A parameter ?1 gets `at`; MM_TIME_NONE is NULL. */
enum mm_status mm_select(struct mm_store *s, const char *sql, int64_t at,
			 const struct mm_column *columns, size_t n,
			 const struct mm_sink *sink,
			 struct mm_err *err) MM_USE_RESULT;

#endif
