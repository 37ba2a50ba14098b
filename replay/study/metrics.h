/* metrics.h - what a run cost, in numbers that people compare.
 *
 * Times are seconds from the backlog's moment. Mail that is not done at the
 * horizon counts with the time it has waited so far. NaN: unknown, or not
 * reached within the horizon.
 */
#ifndef MM_METRICS_H
#define MM_METRICS_H

#include "formats/base/table.h"
#include "replay/study/study.h"

enum mm_metric {
	MM_MET_COST,
	MM_MET_T50,
	MM_MET_T90,
	MM_MET_T99,
	MM_MET_T100,
	MM_MET_DELAY_P50,
	MM_MET_DELAY_P99,
	MM_MET_LIVE_P50,
	MM_MET_LIVE_P99,
	MM_MET_LIVE_HARM,
	MM_MET_ATTEMPTS,
	MM_MET_DEFERRALS,
	MM_MET_DELIVERED,
	MM_MET_BOUNCED,
	MM_MET_EXPIRED,
	MM_MET_LEFT,
	MM_MET_BLOCKED,
	MM_MET_REJECTED_BLOCKED,
	MM_MET_REPUTATION_MIN,
	MM_MET_REPUTATION_END,
	MM_MET_REPUTATION_LOSS,
	MM_MET_RECOVERY,
	MM_MET_GOODPUT,
	MM_MET_EFFICIENCY,
	MM_MET_FAIRNESS,
	MM_MET_DEADLINE_MISSES,
	MM_N_METRICS
};

struct mm_metric_info {
	const char *name;	/* as in the JSON, with its unit */
	const char *title;	/* as people read it */
	enum mm_cell_kind kind; /* MM_SPAN: given in seconds */
};
extern const struct mm_metric_info mm_metric_infos[MM_N_METRICS];

/* Of a scenario that has been played. `plan` as it was made with. */
void mm_metrics_take(const struct mm_study *st, const struct mm_plan *plan,
		     const struct mm_scenario *s, const struct mm_outcome *o,
		     double v[MM_N_METRICS]);
/* What needs another run: that of the live mail without backlog and pause. */
void mm_metrics_compare(double v[MM_N_METRICS],
			const double undisturbed[MM_N_METRICS]);

#endif
