/* excerpt.h - lines read back from the evidence that they came from.
 *
 * A case keeps the place of a line, FILE:LINE, not its text. An index, made by
 * one pass over the log, leads back: where every 64 KiB of it a line begins,
 * and for a gzip file that lies on the disk the points from which it can be
 * unpacked (together about 2 MB for each GB of log). What lies in other
 * compressions or in archives is read from its beginning. One log; best asked
 * in the order of the lines.
 */
#ifndef MM_EXCERPT_H
#define MM_EXCERPT_H

#include "formats/base/buf.h"
#include "formats/base/digest.h"

struct mm_excerpt;

/* Read the log `name` (as the ledger has it: "ev/logs.tar!mail.log.1.gz")
 * through and append its index. What is readable of a torn one is indexed. */
enum mm_status mm_excerpt_index(const char *name, struct mm_buf *index,
				struct mm_err *err) MM_USE_RESULT;
/* The SHA-256 of the first `n_bytes` of the file `path`, to know it again: a
 * log that is written to has grown since. MM_ENOENT when it is shorter. */
enum mm_status mm_excerpt_sha256(const char *path, uint64_t n_bytes,
				 char hex[MM_SHA256_HEX],
				 struct mm_err *err) MM_USE_RESULT;
/* A file whose first `n_bytes` have that SHA-256, below `folder`, wherever it
 * went; the first by name is added to `path`. MM_ENOENT when there is none. */
enum mm_status mm_excerpt_find(const char *folder, uint64_t n_bytes,
			       const char *sha256, struct mm_buf *path,
			       struct mm_err *err) MM_USE_RESULT;
/* Bytes of `name` that are the file's; the members behind it in an archive
 * follow. All of it when there is no such file. */
size_t mm_excerpt_file_part(const char *name);

/* Nothing is opened yet; both are copied. Owned; never NULL. */
struct mm_excerpt *mm_excerpt_new(const char *name, struct mm_str index);
/* The raw line of that number, from 1, without its end. View, until the next
 * call. MM_EIO when the file is gone or has changed. */
enum mm_status mm_excerpt_line(struct mm_excerpt *x, uint64_t number,
			       struct mm_str *line,
			       struct mm_err *err) MM_USE_RESULT;
void mm_excerpt_free(struct mm_excerpt *x); /* NULL is fine */

#endif
