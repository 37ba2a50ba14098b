/* cmd_report_case.h - a case as a report: what the answers are made of, and
 * in which order they are told. */
#ifndef MM_CMD_REPORT_CASE_H
#define MM_CMD_REPORT_CASE_H

#include "analyze/case/store.h"
#include "reports/report.h"

/* `replay` is a file of cmd_report_replay.h, or NULL. Owned; NULL on failure.
 */
struct mm_report *mm_report_of_case(struct mm_store *s, const char *replay,
				    struct mm_err *err);

#endif
