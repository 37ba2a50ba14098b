/* overlap.h - lines that two logs have in common: copies, not coincidences.
 *
 * The same messages often lie in two files: mail.info beside mail.log, a copy
 * taken before the rotation, two collectors. A line counts as a copy when an
 * earlier log has it in the same second (same host up to the first dot, tag,
 * pid and text) and it belongs to a run: three such lines follow one another
 * in this log, or it is the third to follow one another in the earlier log (a
 * file of warnings beside the file of all). Two logs that share but the one
 * second of their rotation repeat one another by chance: there, only a run
 * from the first line of the later one counts. Each line of the earlier log
 * stands for one copy in the later, so equal lines of one file all count.
 * Memory: 4 bytes a line of what overlaps. Private to this room.
 */
#ifndef MM_OVERLAP_H
#define MM_OVERLAP_H

#include "formats/read/framing.h"

struct mm_overlap; /* what the logs read so far have in it */

struct mm_overlap *mm_overlap_new(void);
void mm_overlap_free(struct mm_overlap *ov);

/* Begin a log whose first time is `first_us`: what no later log can overlap
 * is forgotten (logs come in the order of their first times). Lines from
 * `keep_us` on are to be remembered: the first time of the next log, or
 * MM_TIME_NONE when there is none. */
void mm_overlap_begin(struct mm_overlap *ov, int64_t first_us, int64_t keep_us);

enum mm_seen {
	MM_SEEN_NOT,   /* and is remembered */
	MM_SEEN_MAYBE, /* ask mm_overlap_decide() */
	MM_SEEN_COPY
};

/* Is `line` a copy? An undated line is none. */
enum mm_seen mm_overlap_look(struct mm_overlap *ov, const struct mm_line *line);
/* The rest of the question: `next` are the two lines behind it, or those that
 * the log has left. */
bool mm_overlap_decide(struct mm_overlap *ov, const struct mm_line *next,
		       size_t n_next);

#endif
