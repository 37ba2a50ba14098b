/* source.h - a stream of bytes: a file as it lies there, or what a gzip file
 * holds. The door to zlib.
 *
 * Sources stack: the upper one owns the lower. Read forward once, by one
 * thread at a time; memory is one input buffer and what was peeked at.
 * Source: RFC 1952 (gzip; section 2.2: several members may follow).
 */
#ifndef MM_SOURCE_H
#define MM_SOURCE_H

#include "formats/base/digest.h"
#include "formats/base/status.h"
#include "formats/base/str.h"

#define MM_SOURCE_HEAD_BYTES ((size_t)64 * 1024)

/* Open so that each kind of source can embed it as its first member. */
struct mm_source {
	enum mm_status (*read)(struct mm_source *s, char *to, size_t cap,
			       size_t *n, struct mm_err *err);
	void (*close)(struct mm_source *s); /* frees `s`, too */
	const char *name;		    /* view, for messages */
	char *ahead;			    /* owned: peeked, not yet read */
	size_t ahead_n, ahead_at, ahead_cap;
	bool ended;	 /* nothing comes behind `ahead` */
	int64_t torn_at; /* byte of the compressed input; -1: whole */
};

/* Up to `cap` bytes. MM_OK with *n > 0; MM_END behind the last byte; MM_EIO
 * when the system refuses. A stream that breaks ends early with MM_EFORMAT:
 * `torn_at` is set, all bytes before were given. */
enum mm_status mm_source_read(struct mm_source *s, char *to, size_t cap,
			      size_t *n, struct mm_err *err) MM_USE_RESULT;
/* What comes next without taking it: `want` bytes, or all when it is less.
 * View, until the next call. A broken stream shows what is readable. */
enum mm_status mm_source_peek(struct mm_source *s, size_t want,
			      struct mm_str *head,
			      struct mm_err *err) MM_USE_RESULT;
void mm_source_close(struct mm_source *s); /* and all below; NULL is fine */

/* A file, or "-" for standard input. `name` must outlive it. */
struct mm_source *mm_source_file(const char *path, struct mm_err *err);
/* Bytes of the file read so far; may be called from another thread. */
uint64_t mm_source_file_taken(const struct mm_source *file);
/* Read the rest, then the SHA-256 of the whole file. */
enum mm_status mm_source_file_sha256(struct mm_source *file,
				     char hex[MM_SHA256_HEX],
				     struct mm_err *err) MM_USE_RESULT;

bool mm_gzip_is(struct mm_str head);
/* Time in the header of the first member; MM_TIME_NONE when there is none. */
int64_t mm_gzip_time(struct mm_str head);
/* What the gzip stream `lower` holds; owns it. */
struct mm_source *mm_source_gzip(struct mm_source *lower);

#endif
