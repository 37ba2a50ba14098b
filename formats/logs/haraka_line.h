/* haraka_line.h - a line of Haraka taken apart, whichever of its forms it has.
 * Private to haraka.c and haraka_line.c; see haraka.h.
 */
#ifndef MM_HARAKA_LINE_H
#define MM_HARAKA_LINE_H

#include "formats/base/buf.h"
#include "formats/logs/logs.h"

struct mm_haraka_line {
	const struct mm_line *line;
	struct mm_emit *emit;
	struct mm_str level, uuid, origin;
	struct mm_str words;   /* what it says, the pairs behind it or not */
	struct mm_str pairs;   /* where its key=value stand */
	struct mm_str session; /* the connection's UUID; absent: none */
	struct mm_str id;      /* of the transaction; absent: none */
	int64_t part;	       /* of what goes out; -1: not told */
	bool outbound;
	struct mm_buf flat; /* JSON as pairs */
	char scratch[4096]; /* values without their backslashes */
	size_t n_scratch;
};

/* Has the text the form of Haraka's lines? Cheap for others. */
bool mm_haraka_is_line(struct mm_str text);
/* Views into the line or `l`; false when it is torn. mm_haraka_line_fini ends
 * it in both cases. */
bool mm_haraka_line_init(struct mm_haraka_line *l, const struct mm_line *line,
			 struct mm_emit *emit);
void mm_haraka_line_fini(struct mm_haraka_line *l);
/* The value of a pair, without quotes and backslashes; absent: none. */
struct mm_str mm_haraka_value(struct mm_haraka_line *l, const char *key);

#endif
