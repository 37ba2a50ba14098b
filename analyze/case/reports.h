/* reports.h - bounces and delay notices found in mailboxes and spools, as rows.
 *
 * One row of table dsn for each recipient of each report; v_dsn ties them to
 * the message by queue id or Message-ID.
 */
#ifndef MM_REPORTS_H
#define MM_REPORTS_H

#include "analyze/case/load.h"
#include "formats/read/evidence.h"

struct mm_reports;
struct mm_reports *mm_reports_new(struct mm_store *s, const struct mm_judge *j,
				  struct mm_err *err);
void mm_reports_free(struct mm_reports *r); /* NULL is fine */
/* Read a leaf that is a mailbox or a message: false when it is none. */
bool mm_reports_take(struct mm_reports *r, const struct mm_leaf *leaf,
		     const char **kind);
/* The same for a leaf that is a spool file: reports that wait there. */
void mm_reports_take_spooled(struct mm_reports *r, const struct mm_leaf *leaf);
size_t mm_reports_count(const struct mm_reports *r); /* messages read */
/* MM_OK, or what went wrong while rows were written. */
enum mm_status mm_reports_status(const struct mm_reports *r,
				 struct mm_err *err) MM_USE_RESULT;

#endif
