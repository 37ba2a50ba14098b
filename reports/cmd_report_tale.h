/* cmd_report_tale.h - the incidents of a case in words: the answers of the
 * head, the table, a part for each with its evidence, and what to do. */
#ifndef MM_CMD_REPORT_TALE_H
#define MM_CMD_REPORT_TALE_H

#include "analyze/case/figures.h"
#include "analyze/cause/causes.h"
#include "analyze/cause/operator.h"
#include "reports/report.h"

struct mm_told_kind {
	const char *name, *title;
	const char *what; /* "%s" is the target */
	const char *own;  /* the same of the own server; NULL: as `what` */
	enum mm_tone tone;
};

/* One incident; texts are views of the tables of the tale. */
struct mm_told {
	char id[24]; /* "i3" */
	const struct mm_told_kind *kind;
	const char *what;     /* kind->what or kind->own */
	struct mm_str name;   /* of the target: "google", "big.example" */
	struct mm_str target; /* as people know it: "Google" */
	struct mm_str cause;  /* name in the taxonomy; absent: none */
	struct mm_str words;  /* what was said, or stands in the log */
	struct mm_str host, side, trigger, story;
	struct mm_str also, evidence; /* JSON lists */
	int64_t start_us, end_us, peak_us, last_good_us, first_bad_us,
	    recovered_us;
	int64_t n_messages, n_recipients, n_failed, n_expired;
	int64_t n_senders, n_bounced, n_unsure;
	int64_t delay_us, usual_us; /* half came within; MM_TIME_NONE */
	double confidence;
	/* Numbers from 1: what leads its chain, what it came of (0: nothing
	 * known), and the proof. */
	size_t chain, after;
	struct mm_str link;
	int64_t weight; /* recipients; what leads has the most of its chain */
};

struct mm_tale {
	struct mm_table *rows, *stories; /* owned */
	struct mm_causes *causes;	 /* owned */
	struct mm_operators *operators;	 /* owned */
	struct mm_arena texts;
	struct mm_told *told; /* owned; by number */
	size_t n;
	const struct mm_told *worst; /* NULL: none at all */
	size_t n_open;		     /* not over at the end of the logs */
	int64_t first_us, last_us;   /* of the logs */
	int64_t n_waiting; /* recipients not done then; the caller's to set */
};

enum mm_status mm_tale_read(struct mm_tale *t, struct mm_store *s,
			    struct mm_figures *figures,
			    struct mm_err *err) MM_USE_RESULT;
void mm_tale_fini(struct mm_tale *t);

/* The verdict and the answers. */
void mm_tale_answer(const struct mm_tale *t, struct mm_report *r);
/* Windows for charts over time: `windows` has room for t->n; labels are
 * built in `texts`. */
void mm_tale_windows(const struct mm_tale *t, struct mm_window *windows,
		     struct mm_arena *texts);
/* The section of the incidents, and the one of what to do about them. */
enum mm_status mm_tale_tell(const struct mm_tale *t, struct mm_report *r,
			    struct mm_store *s,
			    struct mm_err *err) MM_USE_RESULT;
void mm_tale_advise(const struct mm_tale *t, struct mm_report *r);

/* Does `a` weigh more in the report? Anything outweighs NULL. */
bool mm_tale_is_worse(const struct mm_told *a, const struct mm_told *b);
/* What the answers and the parts share: "too many messages in a time ...
 * (throttle_rate)"; the incident has a cause. */
void mm_tale_add_cause(const struct mm_tale *t, const struct mm_told *d,
		       struct mm_buf *b);
struct mm_advice mm_tale_advice(const struct mm_tale *t,
				const struct mm_told *d);

#endif
