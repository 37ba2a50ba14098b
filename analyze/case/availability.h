/* availability.h - for how much of a month mail could go to a receiver, and
 * to all of them: a row for each month and receiver that had an incident, and
 * a row "all" for each month.
 *
 * By time: the month as far as the logs cover it, without their gaps; down is
 * the union of the windows in which nothing went (outage, block, dns, tls; for
 * all: the own server stopped, its disk or filter failed), slow that of those
 * in which a part went (throttle, greylist, backlog, or more passed than
 * failed). By mail: the share of
 * recipients whose mail came while neither their receiver nor the own server
 * was down, and of those that were delivered at the first try.
 */
#ifndef MM_AVAILABILITY_H
#define MM_AVAILABILITY_H

#include "analyze/case/store.h"
#include "formats/base/table.h"

/* Those that count, down or slow: a list in SQL. */
#define MM_SLA_KINDS                                                           \
	"('outage', 'block', 'dns', 'tls', 'disk', 'local-stop',"              \
	" 'filter-down', 'throttle', 'greylist', 'backlog')"

#define MM_AVAILABILITY_COLUMNS 11
extern const struct mm_column mm_availability_columns[MM_AVAILABILITY_COLUMNS];

/* The incidents have been looked for. */
enum mm_status mm_export_availability(struct mm_store *s, int64_t at_us,
				      const struct mm_sink *sink,
				      struct mm_err *err);

#endif
