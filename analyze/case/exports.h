/* exports.h - the machine-readable answers of CONTRACT.md, as rows.
 *
 * Each export is one row of a table: its name, its columns in the contract's
 * order, and a function that streams its rows from a case.
 */
#ifndef MM_EXPORTS_H
#define MM_EXPORTS_H

#include "analyze/case/store.h"
#include "formats/base/table.h"

struct mm_export {
	const char *name; /* "deliveries" */
	const char *what; /* one line for --help */
	const struct mm_column *columns;
	size_t n_columns;
	/* `at_us`: the moment asked about (queue); MM_TIME_NONE: the last. */
	enum mm_status (*run)(struct mm_store *s, int64_t at_us,
			      const struct mm_sink *sink, struct mm_err *err);
	bool of_incidents; /* they must have been looked for */
};

/* By number (NULL past the end), by name (NULL when there is none). */
const struct mm_export *mm_export_at(size_t i);
const struct mm_export *mm_export_find(const char *name);
/* Its rows, kept: owned, NULL on failure. A `title` of NULL is its `what`. */
struct mm_table *mm_export_table(struct mm_store *s, const char *name,
				 const char *title, struct mm_err *err);

#endif
