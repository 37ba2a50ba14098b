/* writer.h - rows to the case file, on a thread of their own.
 *
 * Rows are handed over in batches, so that parsing does not wait for SQLite.
 * Between mm_writer_new and mm_writer_end nobody else uses the store. The
 * order of rows is that of the calls; the first failure is kept and told at
 * the end.
 */
#ifndef MM_WRITER_H
#define MM_WRITER_H

#include "analyze/case/rows_in.h"
#include "analyze/case/store.h"

struct mm_writer;
struct mm_writer *mm_writer_new(struct mm_store *s, struct mm_err *err);
/* Texts of the row are copied. */
void mm_writer_add(struct mm_writer *w, const struct mm_row *row);
/* Write what is left, end the thread, free; the first failure, if any. */
enum mm_status mm_writer_end(struct mm_writer *w,
			     struct mm_err *err) MM_USE_RESULT;

#endif
