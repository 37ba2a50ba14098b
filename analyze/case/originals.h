/* originals.h - lines of the evidence as they stand there, read back for who
 * wants to see them.
 *
 * The case knows FILE:LINE. The file is looked for where it was when it was
 * read, then below a folder by its hash, then in the case itself (embed.h);
 * one that has changed since is refused. The way back into a log is indexed
 * when it is first wanted (formats/read/excerpt.h) and kept in the case when
 * that can be written; from then on a line costs some milliseconds.
 */
#ifndef MM_ORIGINALS_H
#define MM_ORIGINALS_H

#include "analyze/case/rows_in.h"
#include "analyze/case/store.h"

struct mm_originals;

/* `folder` NULL: no other place to look. Owned; never NULL. */
struct mm_originals *mm_originals_new(struct mm_store *s, const char *folder);
void mm_originals_free(struct mm_originals *o); /* NULL is fine */

/* The line at `at` and the name of its file. Views, until the next call.
 * MM_EIO when it cannot be had: `err` says why and how it could. */
enum mm_status mm_originals_line(struct mm_originals *o, struct mm_row_place at,
				 struct mm_str *file, struct mm_str *line,
				 struct mm_err *err) MM_USE_RESULT;

#endif
