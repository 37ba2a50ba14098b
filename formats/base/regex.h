/* regex.h - patterns of rules and users: the door to PCRE2.
 *
 * Compiled once with JIT where there is one; match limits are set, so that no
 * pattern runs away on a hostile text (pcre2api(3), "match limit").
 */
#ifndef MM_REGEX_H
#define MM_REGEX_H

#include "formats/base/status.h"
#include "formats/base/str.h"

#define MM_REGEX_ICASE 1U

struct mm_regex; /* one compiled pattern; used by one thread */

/* Owned. NULL on failure; `err` then names the place in the pattern. */
struct mm_regex *mm_regex_new(struct mm_str pattern, unsigned flags,
			      struct mm_err *err);
void mm_regex_free(struct mm_regex *r);

/* How many groups it has; the name and number of the i-th one with a name, in
 * the order of the names, as a view: false past the last. */
size_t mm_regex_groups(const struct mm_regex *r);
bool mm_regex_name(const struct mm_regex *r, size_t i, struct mm_str *name,
		   size_t *number);

/* Does it match anywhere in `s`? Up to `n_groups` of `groups` (may be NULL)
 * are filled: [0] the whole match, then the numbered groups; absent ones
 * that took no part. A match that hits the limit counts as none. */
bool mm_regex_match(const struct mm_regex *r, struct mm_str s,
		    struct mm_str *groups, size_t n_groups);

#endif
