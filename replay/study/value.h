/* value.h - what a setting's text means, kind by kind: behind keys.c.
 */
#ifndef MM_VALUE_H
#define MM_VALUE_H

#include "replay/study/keys.h"

/* False: the text is not of the kind. */
bool mm_value_put(const struct mm_key *k, struct mm_str s, void *to,
		  struct mm_arena *a);
/* "a share: 12.5%" */
const char *mm_value_expected(enum mm_key_kind kind);

#endif
