/* whole.h - a result file that is there whole or not at all.
 *
 * Written under a temporary name in the same folder, synced and renamed at
 * the end (rename(2) is atomic); a failure or a signal leaves what was there
 * before. "-" is standard output; it, devices and pipes are written as it
 * comes.
 */
#ifndef MM_WHOLE_H
#define MM_WHOLE_H

#include <stdio.h>

#include "formats/base/buf.h"
#include "formats/base/status.h"

struct mm_whole {
	FILE *f;    /* owned; write here */
	char *path; /* owned; NULL for standard output */
	char *temp; /* owned; the name until the end; NULL: none */
};

/* MM_EUSAGE where a case (a database) stands: it is never replaced. */
enum mm_status mm_whole_open(struct mm_whole *w, const char *path,
			     struct mm_err *err) MM_USE_RESULT;
/* Sync, rename, close. On failure the temporary file is gone. */
enum mm_status mm_whole_commit(struct mm_whole *w,
			       struct mm_err *err) MM_USE_RESULT;
void mm_whole_abort(struct mm_whole *w); /* may follow a commit */

/* A small file read whole, added to `text`; "-" is standard input. MM_ELIMIT
 * when it is larger than the buffer's ceiling. */
enum mm_status mm_whole_read(const char *path, struct mm_buf *text,
			     struct mm_err *err) MM_USE_RESULT;

/* Names of temporary files that a fatal signal has to remove: at most
 * MM_WHOLE_MAX at once. Used by mm_whole and by the case file. */
#define MM_WHOLE_MAX 8
void mm_whole_remember(const char *temp);
void mm_whole_forget(const char *temp);
/* SIGINT, SIGTERM, SIGHUP, SIGPIPE: remove them, then die of the signal. The
 * last even where the caller ignored it: `| head` ends quietly. A limit on
 * file sizes (SIGXFSZ) is an error of the write, as a full disk is. */
void mm_whole_catch_signals(void);

#endif
