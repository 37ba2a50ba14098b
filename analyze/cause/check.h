/* check.h - are rules what their author meant?
 *
 * Finds: an id used twice; a pattern that does not compile; a sample that
 * another row decides, or that a row must not fit and does; a row that decides
 * none of its samples, so stands in the shadow of an earlier one; a pattern
 * that has to be tried on every text.
 */
#ifndef MM_CHECK_H
#define MM_CHECK_H

#include "analyze/cause/rules.h"

/* What is wrong with the row `rule` of the file; `line` of the file. */
typedef void mm_fault_fn(void *ctx, const struct mm_rule *rule, size_t line,
			 const char *what);

/* Check the user's rows, or all where `r` has none of the user's. Gives the
 * number of faults. */
size_t mm_rules_check(struct mm_rules *r, mm_fault_fn *fault, void *ctx);

#endif
