/* kind.h - what a file is, told by its first bytes. */
#ifndef MM_KIND_H
#define MM_KIND_H

#include "formats/base/str.h"

/* Static text: "log" for text, "empty", "a PNG image", "binary", ... `*way`
 * says what to do to have it read; NULL when there is nothing to say. */
const char *mm_kind_of(struct mm_str head, const char **way);

#endif
