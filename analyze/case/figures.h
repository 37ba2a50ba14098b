/* figures.h - the tables of the one-page summary and of the report.
 *
 * Each figure is one statement and its columns; adding one is a row in
 * figures.c. Counts of recipients are of finals, counts of attempts of tries.
 */
#ifndef MM_FIGURES_H
#define MM_FIGURES_H

#include "analyze/case/store.h"
#include "formats/base/table.h"

/* By name; at most `limit` rows (0: all). Owned; NULL on failure.
 *   totals     what became of the mail: final, recipients, share
 *   receivers  recipient domains: sent, deferrals, bounced, delays
 *   senders    sender domains
 *   causes     why mail was deferred or bounced, with an example
 *   replies    what was said when mail was put off or bounced, by shape
 *   stories    of the incidents, in the order of their export
 *   rejects    refused at the door: stage, cause, example
 *   hours      volume by hour
 *   files      the ledger in short
 *   unknown    shapes of lines that no parser understood */
struct mm_table *mm_figure(struct mm_store *s, const char *name, int64_t limit,
			   struct mm_err *err);

#endif
