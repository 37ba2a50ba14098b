/* Missing evidence: a log that is never silent for long is silent. Mail that is
 * first seen after the silence but came within it is the proof that lines are
 * lost; without it the server may have stood still as well, which is said. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/case/flow.h"
#include "analyze/incident/incidents.h"
#include "formats/base/mem.h"
#include "formats/mail/record.h"

#define EDGE_US	   MM_MINUTE_US /* a stop or start this near explains */
#define SILENCES   5		/* more are a habit */
#define LEAST_ROWS 200

struct tick {
	int64_t t_us;
	struct mm_place at;
};

struct look { /* at one host after the other */
	const struct mm_scene *sc;
	struct mm_incidents *list;
	struct tick *ticks, *lacking; /* lines; mails without their first */
	size_t n, cap, n_lacking, cap_lacking;
};

static bool
is_explained(const struct look *l, struct mm_str host, int64_t a_us,
	     int64_t b_us)
{
	for (size_t i = 0; i < l->sc->n_events; i++) {
		const struct mm_scene_event *e = &l->sc->events[i];

		if (mm_str_is(e->kind, "daemon") && e->t_us >= a_us - EDGE_US &&
		    e->t_us <= b_us + EDGE_US &&
		    mm_str_eq(l->sc->series->dict->origins[e->origin].host,
			      host) &&
		    (mm_str_is(e->what, mm_daemon_name(MM_DAEMON_STOP)) ||
		     mm_str_is(e->what, mm_daemon_name(MM_DAEMON_START)) ||
		     mm_str_is(e->what, mm_daemon_name(MM_DAEMON_PAUSE)) ||
		     mm_str_is(e->what, mm_daemon_name(MM_DAEMON_RESUME))))
			return true;
	}
	return false;
}

static void
add(const struct look *l, struct mm_str host, const struct tick *before,
    int64_t usual_us)
{
	const struct tick *after = before + 1;
	char usual[MM_TIME_TEXT];
	struct mm_incident *in;

	if (is_explained(l, host, before->t_us, after->t_us))
		return;
	in = mm_incidents_add(l->list, "log-gap", MM_STR("local"));
	in->host = mm_arena_str(&l->list->texts, host);
	in->side = "evidence";
	in->start_us = in->last_good_us = in->first_bad_us = before->t_us;
	in->end_us = in->last_bad_us = in->recovered_us = after->t_us;
	mm_incident_place(in, before->at);
	mm_incident_place(in, after->at);
	for (size_t i = 0; i < l->n_lacking; i++)
		if (l->lacking[i].t_us > before->t_us &&
		    l->lacking[i].t_us < after->t_us) {
			in->messages++;
			mm_incident_place(in, l->lacking[i].at);
		}
	in->confidence =
	    in->messages > 0 ? 1 - 0.5 * exp(-(double)in->messages) : 0.5;
	(void)mm_time_span(usual_us, usual);
	in->cause = mm_str_z(mm_arena_fmt(
	    &l->list->texts,
	    in->messages > 0
		? "unknown: mail came meanwhile of which the log has no first "
		  "line; it is never silent for more than %s otherwise"
		: "unknown: no line is left, or nothing ran; the log is never "
		  "silent for more than %s otherwise",
	    usual));
}

/* How long nothing was said behind tick `i`. */
static int64_t
silence(const struct look *l, size_t i)
{
	return l->ticks[i + 1].t_us - l->ticks[i].t_us;
}

/* The longest silences, the longest first; of equal ones the first. */
static size_t
find_longest(const struct look *l, size_t top[SILENCES + 1])
{
	size_t n = 0;

	for (size_t i = 0; i + 1 < l->n; i++) {
		size_t k = n;

		while (k > 0 && silence(l, i) > silence(l, top[k - 1]))
			k--;
		if (k > SILENCES)
			continue;
		n += n <= SILENCES;
		memmove(&top[k + 1], &top[k], (n - k - 1) * sizeof(*top));
		top[k] = i;
	}
	return n;
}

/* Those that are `spike` times longer than the next, each with room for `least`
 * lines by the pace of the log. */
static void
look_at(void *ctx, struct mm_str host)
{
	struct look *l = ctx;
	size_t top[SILENCES + 1], n_top = 0, n_gaps = 0;
	const struct mm_limits *m = l->sc->limits;
	double pace_us = 0;

	if (l->n >= LEAST_ROWS) {
		n_top = find_longest(l, top);
		pace_us = (double)(l->ticks[l->n - 1].t_us - l->ticks[0].t_us) /
			  (double)l->n;
	}
	for (size_t i = 0; i + 1 < n_top; i++) {
		double gap = (double)silence(l, top[i]);

		if (gap >= m->spike * (double)silence(l, top[i + 1]) &&
		    gap >= m->least * pace_us)
			n_gaps = i + 1;
	}
	for (size_t i = 0; i < n_gaps; i++)
		add(l, host, &l->ticks[top[i]], silence(l, top[n_gaps]));
	l->n = l->n_lacking = 0;
}

static void
take(void *ctx, const struct mm_flow_row *r)
{
	const struct tick t = { r->t_us, { r->file, r->line } };
	struct look *l = ctx;

	if (r->from.p != NULL) {
		l->lacking = mm_grow(l->lacking, l->n_lacking, &l->cap_lacking,
				     sizeof(*l->lacking));
		l->lacking[l->n_lacking++] = t;
	} else {
		l->ticks = mm_grow(l->ticks, l->n, &l->cap, sizeof(*l->ticks));
		l->ticks[l->n++] = t;
	}
}

static enum mm_status
find(const struct mm_scene *sc, struct mm_incidents *list, struct mm_err *err)
{
	struct look l = { .sc = sc, .list = list };
	const struct mm_flow_sink sink = { take, look_at, &l };
	enum mm_status st = mm_flow_rows(sc->store, MM_FLOW_LINES, &sink, err);

	free(l.ticks);
	free(l.lacking);
	return st;
}

const struct mm_detector mm_detect_gaps = { "gaps", find };
