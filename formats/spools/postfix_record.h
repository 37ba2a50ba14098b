/* postfix_record.h - the records that a Postfix queue file is made of.
 *
 * A record is a type (rec_type.h), the length of its data in 7 bits a byte,
 * least first, and the data. A file that was edited in place has pointers to
 * records further on and back again. Source: Postfix 3.7 record(3).
 */
#ifndef MM_POSTFIX_RECORD_H
#define MM_POSTFIX_RECORD_H

#include "formats/base/str.h"

struct mm_postfix_record {
	char type;	    /* 0: no more, or no sense */
	struct mm_str data; /* view */
};

struct mm_postfix_records {
	struct mm_str all;
	size_t at;
	size_t n_read;	 /* bytes; no record is read twice */
	const char *why; /* what made no sense; NULL: just the end */
};

/* The next one as it stands there. */
struct mm_postfix_record mm_postfix_record_raw(struct mm_postfix_records *r);
/* The next one that means something: pointers followed, padding skipped. */
struct mm_postfix_record mm_postfix_record_next(struct mm_postfix_records *r);

#endif
