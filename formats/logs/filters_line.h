/* filters_line.h - between filters.c and filters_verdict.c.
 */
#ifndef MM_FILTERS_LINE_H
#define MM_FILTERS_LINE_H

#include "formats/logs/logs.h"

/* Of no MTA; what the line gives. */
void mm_filters_begin(struct mm_record *r, enum mm_event event,
		      const struct mm_line *line);
/* A verdict on a mail, if the line is one and says which: emitted, true. */
bool mm_filters_verdict(const struct mm_line *line, struct mm_emit *emit);

#endif
