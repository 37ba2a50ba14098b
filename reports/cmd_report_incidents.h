/* cmd_report_incidents.h - the incidents of a case in words: the answers of
 * the head, the table, a part for each with its evidence. */
#ifndef MM_CMD_REPORT_INCIDENTS_H
#define MM_CMD_REPORT_INCIDENTS_H

#include "analyze/case/store.h"
#include "reports/report.h"

struct mm_told_kind {
	const char *name, *title;
	const char *what; /* "%s" is the target */
	enum mm_tone tone;
};

struct mm_told {     /* one incident; texts are of the table it came from */
	char id[24]; /* "i3" */
	const struct mm_told_kind *kind;
	struct mm_str target, host, cause, side, trigger;
	struct mm_str also, evidence; /* JSON lists */
	int64_t start_us, end_us, peak_us, last_good_us, first_bad_us,
	    recovered_us;
	int64_t n_messages, n_recipients, n_failed, n_expired;
	double confidence;
};

struct mm_incidents {
	struct mm_table *rows; /* owned; the export */
	struct mm_told *told;  /* owned; by start */
	size_t n;
	const struct mm_told *worst; /* most recipients; NULL: none at all */
	size_t n_open;		     /* not over at the end of the logs */
};

enum mm_status mm_incidents_read(struct mm_incidents *in, struct mm_store *s,
				 struct mm_err *err) MM_USE_RESULT;
void mm_incidents_fini(struct mm_incidents *in);

/* The verdict and the answers; `last_us` is the end of the logs, `templates`
 * the replies by shape (export templates), `n_waiting` recipients are not
 * done. */
void mm_incidents_answer(const struct mm_incidents *in, struct mm_report *r,
			 const struct mm_table *templates, int64_t last_us,
			 int64_t n_waiting);
/* The provider's own words: what was said most often of this cause, by the
 * target if it is known who that is. */
struct mm_str mm_incidents_words(const struct mm_told *t,
				 const struct mm_table *templates);
/* Windows for charts over time: `windows` has room for in->n; labels are
 * built in `texts`. */
void mm_incidents_windows(const struct mm_incidents *in, int64_t last_us,
			  struct mm_window *windows, struct mm_arena *texts);
/* The section. */
enum mm_status mm_incidents_tell(const struct mm_incidents *in,
				 struct mm_report *r, struct mm_store *s,
				 const struct mm_table *templates,
				 struct mm_err *err) MM_USE_RESULT;

#endif
