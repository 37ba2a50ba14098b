/* file.h - the bottom of every stack of sources: a file as it lies there.
 *
 * It is hashed as it is read, and it bounds what all layers on top of it
 * together may give out (`max_expand`), so that an archive bomb ends.
 */
#ifndef MM_FILE_H
#define MM_FILE_H

#include "formats/base/digest.h"
#include "formats/read/source.h"

/* Expanded to given bytes, beyond a first GiB that is free. */
#define MM_EXPAND_DEFAULT 300

/* A file, or "-" for standard input. `path` must outlive it. */
struct mm_source *mm_file_open(const char *path, uint64_t max_expand,
			       struct mm_err *err);
/* The same of an open file, from its beginning, for as often as it is asked;
 * the descriptor stays the caller's. */
struct mm_source *mm_file_descriptor(int fd, const char *name,
				     uint64_t max_expand);
/* Nobody wants its hash. */
void mm_file_unhashed(struct mm_source *file);
/* Bytes that stay where they are. */
struct mm_source *mm_file_memory(struct mm_str bytes, const char *name);
/* An unlinked temporary file, the caller's; -1 on failure. */
int mm_file_temporary(struct mm_err *err);
/* Write all of it. */
enum mm_status mm_file_append(int fd, struct mm_str bytes,
			      struct mm_err *err) MM_USE_RESULT;
/* Copy `file` to an unlinked temporary file: what came through a pipe can
 * then be read again. The descriptor, or -1. */
int mm_file_spill(struct mm_source *file, struct mm_err *err);
/* Read the rest, then the SHA-256 of the whole file. */
enum mm_status mm_file_sha256(struct mm_source *file, char hex[MM_SHA256_HEX],
			      struct mm_err *err) MM_USE_RESULT;

/* `n` bytes were unpacked: MM_EFORMAT, and `s` ends, when that is more than
 * the file may expand to. */
enum mm_status mm_file_expand(struct mm_source *s, size_t n, int64_t at,
			      struct mm_err *err);

#endif
