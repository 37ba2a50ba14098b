/* exim_lines.h - between exim.c, which takes the head off a line, and the two
 * files that read what is left. Not for others.
 */
#ifndef MM_EXIM_LINES_H
#define MM_EXIM_LINES_H

#include "formats/logs/exim_fields.h"
#include "formats/logs/logs.h"

struct mm_exim_head {
	const struct mm_line *line;
	struct mm_str id;   /* absent: none */
	struct mm_str text; /* behind the id */
	uint64_t part; /* of a line cut up for syslog; 1: whole or its first */
	uint32_t pid;
};

/* A record of this line with no more than the head knows. */
void mm_exim_begin(struct mm_record *r, enum mm_event event,
		   const struct mm_exim_head *h);
void mm_exim_put_client(struct mm_record *r, const struct mm_exim_fields *f);
void mm_exim_put_relay(struct mm_record *r, const struct mm_exim_fields *f);

/* Text that begins with a flag: `<=`, `=>`, `**`, ... */
bool mm_exim_is_flagged(struct mm_str text);
enum mm_verdict mm_exim_parse_flagged(const struct mm_exim_head *h,
				      struct mm_emit *emit);

/* All other text that Exim is known to write. */
bool mm_exim_is_event(const struct mm_exim_head *h);
enum mm_verdict mm_exim_parse_event(const struct mm_exim_head *h,
				    struct mm_emit *emit);

#endif
