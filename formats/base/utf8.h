/* utf8.h - UTF-8 as people see it: sequences, widths, and what may be shown.
 *
 * Bytes from logs reach a terminal, a report or a wiki only through
 * mm_utf8_add_visible. Sources: RFC 3629; UAX #11 (wide characters); UAX #9
 * (characters that turn the direction of what follows).
 */
#ifndef MM_UTF8_H
#define MM_UTF8_H

#include "formats/base/buf.h"

/* Length of the valid sequence at `p`, or 0 when there is none; `n` bytes
 * are there, at least 1. `code` may be NULL. */
size_t mm_utf8_take(const char *p, size_t n, uint32_t *code);

/* Control characters (C0, DEL, C1), line separators, marks of direction. */
bool mm_utf8_is_control(uint32_t code);

/* Columns on a terminal: 0 for marks that combine, 2 for wide ones. */
size_t mm_utf8_width(uint32_t code);
size_t mm_utf8_columns(struct mm_str s); /* the sum; valid UTF-8 only */

/* Bytes of the longest front of `s` that fits in `columns`. */
size_t mm_utf8_fit(struct mm_str s, size_t columns);

/* Add `s` so that nothing in it acts: control characters as \n \t \r \x1b
 * \u202e, what is not UTF-8 as U+FFFD. */
void mm_utf8_add_visible(struct mm_buf *b, struct mm_str s);
/* The same, but TAB, LF and CR stay. */
void mm_utf8_add_lines(struct mm_buf *b, struct mm_str s);

#endif
