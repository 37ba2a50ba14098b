/* source.h - a stream of bytes, and the one that a gzip stream holds. The door
 * to zlib.
 *
 * Sources stack: the upper one owns the lower. Read forward once, by one
 * thread at a time; memory is one input buffer and what was peeked at. At the
 * bottom is a file (file.h).
 * Source: RFC 1952 (gzip; section 2.2: several members may follow).
 */
#ifndef MM_SOURCE_H
#define MM_SOURCE_H

#include "formats/base/buf.h"

#define MM_SOURCE_HEAD_BYTES  ((size_t)64 * 1024)
#define MM_SOURCE_INPUT_BYTES ((size_t)256 * 1024)

/* Open so that each kind of source can embed it as its first member. */
struct mm_source {
	enum mm_status (*read)(struct mm_source *s, char *to, size_t cap,
			       size_t *n, struct mm_err *err);
	void (*close)(struct mm_source *s);		   /* frees `s`, too */
	uint64_t (*skip)(struct mm_source *s, uint64_t n); /* may be NULL */
	struct mm_source *file; /* the lowest of the stack */
	const char *name;	/* view, for messages */
	char *ahead;		/* owned: peeked, not yet read */
	char *head;		/* owned: the first `ahead`, when it grew */
	size_t ahead_n, ahead_at, ahead_cap;
	uint64_t given_bytes; /* by `read` */
	bool ended;	      /* nothing comes behind `ahead` */
	int64_t torn_at;      /* byte of what lies below; -1: whole */
	const char *why;      /* static: what is wrong at torn_at */
};

/* Up to `cap` bytes. MM_OK with *n > 0; MM_END behind the last byte; MM_EIO
 * when the system refuses. A stream that breaks ends early with MM_EFORMAT:
 * `torn_at` and `why` are set, all bytes before were given. */
enum mm_status mm_source_read(struct mm_source *s, char *to, size_t cap,
			      size_t *n, struct mm_err *err) MM_USE_RESULT;
/* What comes next without taking it: `want` bytes, or all when it is less.
 * View, until the next call; a first view of MM_SOURCE_HEAD_BYTES stays when
 * more is asked for. A broken stream shows what is readable. */
enum mm_status mm_source_peek(struct mm_source *s, size_t want,
			      struct mm_str *head,
			      struct mm_err *err) MM_USE_RESULT;
/* Leave out up to `n` bytes without reading them, where that can be done: how
 * many were left out. Of a file it is not done as long as it is hashed. */
uint64_t mm_source_skip(struct mm_source *s, uint64_t n);
/* Read to the end; MM_OK also for a stream that breaks. */
enum mm_status mm_source_drain(struct mm_source *s,
			       struct mm_err *err) MM_USE_RESULT;
void mm_source_close(struct mm_source *s); /* and all below; NULL is fine */

bool mm_gzip_is(struct mm_str head);
/* Time in the header of the first member; MM_TIME_NONE when there is none. */
int64_t mm_gzip_time(struct mm_str head);
/* What the gzip stream `lower` holds; owns it. */
struct mm_source *mm_source_gzip(struct mm_source *lower);

/* Add to `restarts` the places from which `gzip` can be read on, one about
 * every 4 MiB of what it holds. Only for a gzip source right on a file. */
void mm_gzip_note_restarts(struct mm_source *gzip, struct mm_buf *restarts);
/* What the gzip file `lower` holds from the last of these places on that is
 * not behind `at_byte`; `*from` is where that is. Owns `lower`, of which
 * nothing was read. */
struct mm_source *mm_source_gzip_at(struct mm_source *lower,
				    struct mm_str restarts, uint64_t at_byte,
				    uint64_t *from);

/* For those who make sources. Begin one on top of `lower`. */
void mm_source_init(struct mm_source *s, const struct mm_source *lower);
/* End it where it breaks; returns MM_EFORMAT with `err` filled. */
enum mm_status mm_source_break(struct mm_source *s, int64_t at, const char *why,
			       struct mm_err *err);
#endif
