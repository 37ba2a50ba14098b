/* status.h - how a call says that it failed, and why.
 *
 * Every call that can fail returns enum mm_status and fills a struct mm_err
 * that its caller holds. Library code prints nothing and never exits; the one
 * exception is memory (mem.h). A bad log line is not an error: it is counted.
 */
#ifndef MM_STATUS_H
#define MM_STATUS_H

#include <stddef.h>

#define MM_COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define MM_USE_RESULT	__attribute__((warn_unused_result))
#define MM_PRINTF(f, a) __attribute__((format(printf, f, a)))

enum mm_status {
	MM_OK,
	MM_END,	     /* no more; not a failure */
	MM_EIO,	     /* the system refused: file, disk, permission */
	MM_EFORMAT,  /* the bytes are not what they should be */
	MM_EUSAGE,   /* the caller asked for something that is not there */
	MM_ENOENT,   /* nothing matched */
	MM_ELIMIT,   /* a ceiling was reached */
	MM_ESTOPPED, /* a signal asked us to stop */
};

struct mm_err {
	enum mm_status code;
	char text[512]; /* one line: file, place, what was found, the way on */
};

/* Fill `err` (may be NULL) and return `code`, so that a failing call reads
 * `return mm_err_set(err, MM_EIO, "%s: %s", path, strerror(errno));`. */
enum mm_status mm_err_set(struct mm_err *err, enum mm_status code,
			  const char *fmt, ...) MM_PRINTF(3, 4);

#endif
