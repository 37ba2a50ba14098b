/* trace.h - the story of one message, told like exigrep or as rows. */
#ifndef MM_TRACE_H
#define MM_TRACE_H

#include "analyze/case/find.h"
#include "analyze/case/originals.h"
#include "analyze/case/story.h"
#include "formats/base/table.h"

/* Rows for scripts: one a fact, the message's fields repeated; one for each
 * recipient who got it twice or may have (kind "duplicate", the text names him
 * and the lines); then, with `lines`, one for each line that told of it (kind
 * "line"). */
extern const struct mm_column mm_trace_columns[];
extern const size_t mm_trace_n_columns;
enum mm_status mm_trace_rows(struct mm_story *y, uint32_t message,
			     struct mm_originals *lines,
			     const struct mm_sink *sink,
			     struct mm_err *err) MM_USE_RESULT;

/* One block for people, appended to `out`: the message, its facts in order
 * of time, what became of each recipient, and with `lines` (NULL: none) the
 * lines that told of it. Log text is made harmless. */
enum mm_status mm_trace_block(struct mm_story *y, uint32_t message,
			      struct mm_originals *lines, struct mm_buf *out,
			      struct mm_err *err) MM_USE_RESULT;

#endif
