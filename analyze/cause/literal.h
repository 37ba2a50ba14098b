/* literal.h - texts of which a pattern's match must hold at least one.
 *
 * "(?:user|mailbox) (?:unknown|not found)" needs "unknown" or "not found";
 * "\bspf fail" needs "spf fail". They tell cheaply where a pattern need not
 * be tried at all. Understands what patterns of rules use: literals, escapes,
 * classes, groups with alternatives, quantifiers, anchors. Where it does not
 * follow, it says so by giving none.
 */
#ifndef MM_LITERAL_H
#define MM_LITERAL_H

#include "formats/base/arena.h"

#define MM_LITERAL_MAX 256 /* texts of one pattern */
#define MM_LITERAL_MIN 3   /* bytes: shorter ones are no use */

/* The next alternative of the outermost level of a pattern: "a|(b|c)d" has "a"
 * and "(b|c)d". False at the end. A pattern that may not be cut there (flags
 * for all of it) is given whole. */
bool mm_pattern_next(struct mm_str *rest, struct mm_str *part);

/* Fill `out` with up to MM_LITERAL_MAX texts (in `arena`, ASCII letters in
 * lower case) and give their number; 0: the pattern may match anything.
 * `*exact`: the pattern is this one text, and finding it is the match. */
size_t mm_literals(struct mm_str pattern, struct mm_arena *arena,
		   struct mm_str *out, bool *exact);

#endif
