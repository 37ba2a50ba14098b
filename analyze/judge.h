/* judge.h - the rules of causes as the loader of a case wants them. */
#ifndef MM_JUDGE_H
#define MM_JUDGE_H

#include "analyze/case/load.h"

struct mm_judge_rules; /* owned */

/* The built-in rules, after those of the file `path` (NULL: none). Fills
 * `judge`, which lives as long as what is returned; NULL on failure. */
struct mm_judge_rules *mm_judge_open(const char *path, struct mm_judge *judge,
				     struct mm_err *err);
void mm_judge_close(struct mm_judge_rules *r);

#endif
