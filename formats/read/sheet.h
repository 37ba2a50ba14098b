/* sheet.h - logs that are CSV: a line with the names of the columns, then
 * rows. Private to this room; behind the envelope.
 *
 * Known by their names: accounting files of PowerMTA (also without the line of
 * names), message tracking of Exchange (also without it, and as Export-Csv
 * writes it, and as Exchange Online, whose names have _ for -). A row has the
 * time of one of its columns, and none where that is in a form of some country.
 * Sources: RFC 4180; PowerMTA 4 and 5 user's guides, "Accounting"; Microsoft
 * Learn, "Message tracking", Exchange 2013 to 2019.
 */
#ifndef MM_SHEET_H
#define MM_SHEET_H

#include "formats/read/envelope.h"

struct mm_sheet;
struct mm_sheet *mm_sheet_new(void);
void mm_sheet_free(struct mm_sheet *s); /* NULL is fine */

/* Is `raw` a line of names, a row, or more of a row? Cheap where there were no
 * names yet. */
bool mm_sheet_wants(const struct mm_sheet *s, struct mm_str raw);
/* As mm_envelope_open: PART while a quoted value goes on in the next line. */
enum mm_wrapped mm_sheet_open(struct mm_sheet *s, struct mm_framer *f,
			      struct mm_str raw, struct mm_line *line);
/* Is `raw` the beginning of a row behind the line in hand? Then `line` is that
 * much of it as tells it from others: its time and text. Nothing is kept. */
bool mm_sheet_peek(const struct mm_sheet *s, struct mm_framer *f,
		   struct mm_str raw, struct mm_line *line);
/* The log has ended, or something else begins: BROKEN when a value was left
 * open, else NONE. */
enum mm_wrapped mm_sheet_end(struct mm_sheet *s, struct mm_line *line);

#endif
