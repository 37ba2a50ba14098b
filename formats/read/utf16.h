/* utf16.h - text of UTF-16 as UTF-8: what Windows exports. */
#ifndef MM_UTF16_H
#define MM_UTF16_H

#include "formats/read/source.h"

/* Told by a byte order mark. */
bool mm_utf16_is(struct mm_str head);
/* The text in `lower`, without the mark; owns it. What is no UTF-16 becomes
 * U+FFFD. Source: RFC 2781. */
struct mm_source *mm_source_utf16(struct mm_source *lower);

#endif
