/* figures.h - the tables of the one-page summary and of the report.
 *
 * Some come of one pass over the case (counted.c), made when the first is
 * asked for; the others are one statement each (figures.c). Adding one is a
 * row there. Counts of recipients are of finals, each mail where it went
 * last; counts of attempts are of tries that reached somebody.
 */
#ifndef MM_FIGURES_H
#define MM_FIGURES_H

#include "analyze/case/store.h"
#include "formats/base/table.h"

struct mm_figures;
struct mm_figures *mm_figures_new(struct mm_store *s);
void mm_figures_free(struct mm_figures *f);

/* By name; at most `limit` rows (0: all). Owned; NULL on failure.
 *   totals     what became of the mail: final, recipients, share
 *   receivers  recipient domains: sent, deferrals, bounced, delays
 *   senders    sender domains
 *   causes     why mail was deferred or bounced, with an example
 *   replies    what was said when mail was put off or bounced, by shape
 *   volume     attempts by outcome, over time; one row a bucket of time
 *   waiting    recipients that had come and not left, over time
 *   stories    of the incidents, in the order of their export
 *   triggers   what went before blocks (before.h)
 *   rejects    refused at the door: stage, cause, example
 *   hours      volume by hour
 *   files      the ledger in short
 *   unknown    shapes of lines that no parser understood */
struct mm_table *mm_figure(struct mm_figures *f, const char *name,
			   int64_t limit, struct mm_err *err);

#endif
