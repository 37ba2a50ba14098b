/* show.h - a comparison as tables, as plain words, and as JSON.
 *
 * JSON: CONTRACT.md, `mailmortem replay -c CASE ... --format json`.
 */
#ifndef MM_SHOW_H
#define MM_SHOW_H

#include "replay/study/compare.h"

/* The table people read: a row for each policy, the best first. Owned. */
struct mm_table *mm_show_summary(const struct mm_comparison *c);
/* Every metric of every policy with its interval. Owned. */
struct mm_table *mm_show_metrics(const struct mm_comparison *c);
/* The mail that expires, a row for each and each policy, as far as it does so
 * without chance. Owned. */
struct mm_table *mm_show_lost(const struct mm_comparison *c);
/* What waits over time, a line of bars for each policy, one scale for all. */
void mm_show_chart(const struct mm_comparison *c, struct mm_buf *out);
/* What is replayed, and under which receivers: some lines. */
void mm_show_setting(const struct mm_comparison *c, struct mm_buf *out);
/* A line for each policy: what it costs. */
void mm_show_words(const struct mm_comparison *c, struct mm_buf *out);
/* What was assumed: a line for each number. */
void mm_show_assumptions(const struct mm_comparison *c, struct mm_buf *out);
void mm_show_json(const struct mm_comparison *c, struct mm_buf *out);

#endif
