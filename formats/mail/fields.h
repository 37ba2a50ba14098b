/* fields.h - the fields of a record by their names: for who shows records,
 * and for who makes them out of a user's own format.
 *
 * One row of text for a record:
 *
 *	attempt queue_id=4bX0 recipient=a@b outcome=sent contact=yes
 *
 * first the event, then all fields that are there, in the order of the table;
 * texts that are empty or hold blanks, quotes or backslashes stand in quotes,
 * with \ before " and \. Spans are seconds.
 */
#ifndef MM_FIELDS_H
#define MM_FIELDS_H

#include "formats/base/buf.h"
#include "formats/mail/record.h"

enum mm_field_type {
	MM_FIELD_TEXT,	 /* struct mm_str */
	MM_FIELD_NUMBER, /* int64_t, -1: absent */
	MM_FIELD_SPAN,	 /* int64_t, microseconds; -1: absent */
	MM_FIELD_SPANS,	 /* four of them: "0.1/0/2.5/-" */
	MM_FIELD_BOOL,	 /* "yes" */
	MM_FIELD_WORD	 /* an enum: one of its words */
};

struct mm_field {
	const char *name;
	enum mm_field_type type;
	size_t offset;		  /* in struct mm_record */
	const char *const *words; /* of MM_FIELD_WORD, ends in NULL */
	const char *meaning;	  /* for people */
};

const struct mm_field *mm_fields(size_t i); /* NULL past the end */
/* NULL when no field has that name. */
const struct mm_field *mm_field_find(struct mm_str name);
/* The event of that name; MM_EV_COUNT when there is none. */
enum mm_event mm_event_find(struct mm_str name);

/* Is it there, or for words and yes/no: does it say something for the event? */
bool mm_field_is_set(const struct mm_record *r, const struct mm_field *f);
/* What it says, without quotes; nothing when it is absent. */
void mm_field_add(struct mm_buf *b, const struct mm_record *r,
		  const struct mm_field *f);
/* Take `text` (kept as a view where it is one) for its value; false when it
 * is none of that type. */
bool mm_field_set(struct mm_record *r, const struct mm_field *f,
		  struct mm_str text);

/* The row of text, without a line end. */
void mm_record_add(struct mm_buf *b, const struct mm_record *r);

#endif
