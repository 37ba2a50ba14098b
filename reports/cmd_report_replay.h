/* cmd_report_replay.h - what each way of resuming would do, from the result
 * of `mailmortem replay ... --format json` (CONTRACT). */
#ifndef MM_CMD_REPORT_REPLAY_H
#define MM_CMD_REPORT_REPLAY_H

#include "reports/report.h"

/* Add the section: a table of policies, the curves, what was assumed. `text`
 * is the JSON, `name` its file for messages. MM_EFORMAT when it is no such
 * result; then nothing was added. */
enum mm_status mm_report_replay(struct mm_report *r, struct mm_str text,
				const char *name,
				struct mm_err *err) MM_USE_RESULT;

#endif
