/* trail.h - all lines that told of one message, as a few bytes.
 *
 * The case holds no text of lines; a message keeps the places of its lines in
 * the order in which they were read, about one and a half bytes each. A trail
 * is a run of numbers (7 bits a byte, low ones first, the eighth says that
 * more follow): `2 * n` is the line n further down in the same file, `2 * f +
 * 1` a change to file f, whose line number is the next number.
 */
#ifndef MM_TRAIL_H
#define MM_TRAIL_H

#include "analyze/case/rows_in.h"

#define MM_TRAIL_SMALL 40

struct mm_trail {
	uint8_t small[MM_TRAIL_SMALL];
	uint8_t *large; /* owned; NULL as long as `small` is enough */
	size_t n, cap;
	struct mm_row_place last;
};

/* A trail that is all zero is empty. A place that was the last one is not
 * added again. Lines of one file come in their order. */
void mm_trail_add(struct mm_trail *t, struct mm_row_place at);
struct mm_str mm_trail_bytes(const struct mm_trail *t); /* view */
void mm_trail_fini(struct mm_trail *t);

/* Take the next place off `bytes`; `*at` is the one before, all zero at
 * first. False at the end, or where the bytes are none of ours. */
bool mm_trail_next(struct mm_str *bytes, struct mm_row_place *at);

#endif
