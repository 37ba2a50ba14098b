/* reader.h - a thread that reads and unpacks logs ahead of who wants their
 * lines: blocks of whole lines, through a ring.
 *
 * Memory: RING blocks of 1 MiB and the longest line. Behind the end of a log
 * the thread goes on with the next log of the ledger, so that nobody waits
 * for the first block of it. Private to this room.
 */
#ifndef MM_READER_H
#define MM_READER_H

#include "formats/read/item.h"

/* Whole lines; only the last block of a log may end without a line end, and
 * one whose last line is longer than MM_LINE_MAX_BYTES (the rest of that line
 * is then left out). */
struct mm_block {
	char *p; /* owned by the ring */
	size_t n;
	uint64_t at_byte;     /* of p[0] in the unpacked stream */
	uint64_t taken_bytes; /* of the file or member, so far */
	bool last;	      /* of its log: what follows is set */
	enum mm_status st;    /* MM_OK, or why it could not be read */
	struct mm_err err;
	char sha256[MM_SHA256_HEX]; /* "" for a member of an archive */
	int64_t torn_at;
	const char *why;
};

struct mm_reader;

/* Start reading log `i` of `ev`. Owned; NULL on failure. */
struct mm_reader *mm_reader_start(const struct mm_evidence *ev, size_t i,
				  struct mm_err *err);
/* The log whose block comes next. */
size_t mm_reader_log(const struct mm_reader *r);
/* The next block; the one before goes back to the ring. After the last one
 * comes the first of the log behind it. View. */
const struct mm_block *mm_reader_next(struct mm_reader *r);
void mm_reader_stop(struct mm_reader *r); /* NULL is fine */

#endif
