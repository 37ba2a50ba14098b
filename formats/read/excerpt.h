/* excerpt.h - lines read back from the evidence that they came from.
 *
 * A case keeps the place of a line, not its text. Of a gzip file it is reached
 * through restart points (about 2 MB for each GB of log), of a plain file by
 * seeking; what lies in other compressions or archives is read from its
 * beginning. One log; best asked in the order of the places.
 */
#ifndef MM_EXCERPT_H
#define MM_EXCERPT_H

#include "formats/base/status.h"
#include "formats/base/str.h"

struct mm_excerpt;

/* `name` and `restarts` as the ledger had them. Nothing is opened yet. Owned;
 * never NULL. */
struct mm_excerpt *mm_excerpt_new(struct mm_str name, struct mm_str restarts);
/* The raw line that starts at `at_byte` (mm_lines_next), without its end. View,
 * until the next call. MM_EIO when the file is gone or has changed. */
enum mm_status mm_excerpt_line(struct mm_excerpt *x, uint64_t at_byte,
			       struct mm_str *line,
			       struct mm_err *err) MM_USE_RESULT;
void mm_excerpt_free(struct mm_excerpt *x); /* NULL is fine */

#endif
