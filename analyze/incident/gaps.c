/* Missing evidence: a log that is never silent for long is silent. Mail that is
 * first seen after the silence but came within it is the proof that lines are
 * lost; without it the server may have stood still as well, which is said. */
#include <math.h>
#include <stdlib.h>

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
	struct mm_buf who;
	struct tick *ticks, *lacking; /* lines; mails without their first */
	size_t n, cap, n_lacking, cap_lacking;
};

static bool
is_explained(const struct look *l, int64_t a_us, int64_t b_us)
{
	for (size_t i = 0; i < l->sc->n_events; i++) {
		const struct mm_scene_event *e = &l->sc->events[i];

		if (mm_str_is(e->kind, "daemon") && e->t_us >= a_us - EDGE_US &&
		    e->t_us <= b_us + EDGE_US &&
		    mm_str_eq(l->sc->series->dict->origins[e->origin].host,
			      mm_buf_str(&l->who)) &&
		    (mm_str_is(e->what, mm_daemon_name(MM_DAEMON_STOP)) ||
		     mm_str_is(e->what, mm_daemon_name(MM_DAEMON_START)) ||
		     mm_str_is(e->what, mm_daemon_name(MM_DAEMON_PAUSE)) ||
		     mm_str_is(e->what, mm_daemon_name(MM_DAEMON_RESUME))))
			return true;
	}
	return false;
}

static void
add(const struct look *l, const struct tick *before, int64_t usual_us)
{
	const struct tick *after = before + 1;
	char usual[MM_TIME_TEXT];
	struct mm_incident *in;
	uint32_t n = 0;

	if (is_explained(l, before->t_us, after->t_us))
		return;
	for (size_t i = 0; i < l->n_lacking; i++)
		n += l->lacking[i].t_us > before->t_us &&
		     l->lacking[i].t_us < after->t_us;
	in = mm_incidents_add(l->list, "log-gap", MM_STR("local"));
	in->host = mm_arena_str(&l->list->texts, mm_buf_str(&l->who));
	in->side = "evidence";
	in->start_us = in->last_good_us = in->first_bad_us = before->t_us;
	in->end_us = in->last_bad_us = in->recovered_us = after->t_us;
	in->messages = n;
	in->confidence = n > 0 ? 1 - 0.5 * exp(-(double)n) : 0.5;
	(void)mm_time_span(usual_us, usual);
	in->cause = mm_str_z(mm_arena_fmt(
	    &l->list->texts,
	    n > 0 ? "unknown: mail came meanwhile of which the log has no "
		    "first line; it is never silent for more than %s otherwise"
		  : "unknown: no line is left, or nothing ran; the log is "
		    "never silent for more than %s otherwise",
	    usual));
	mm_incident_place(in, before->at);
	mm_incident_place(in, after->at);
	for (size_t i = 0; i < l->n_lacking; i++)
		if (l->lacking[i].t_us > before->t_us &&
		    l->lacking[i].t_us < after->t_us)
			mm_incident_place(in, l->lacking[i].at);
}

/* The longest silences, `spike` times longer than the next, each with room
 * for `least` lines by the pace of the log. */
static void
look_at(const struct look *l)
{
	size_t top[SILENCES + 1], n_top = 0, n_gaps = 0;
	const struct mm_limits *m = l->sc->limits;
	double pace_us;

	if (l->n < LEAST_ROWS)
		return;
	pace_us =
	    (double)(l->ticks[l->n - 1].t_us - l->ticks[0].t_us) / (double)l->n;
	for (size_t i = 0; i + 1 < l->n; i++) {
		int64_t gap = l->ticks[i + 1].t_us - l->ticks[i].t_us;
		size_t k = n_top;

		if (n_top == SILENCES + 1 &&
		    gap <= l->ticks[top[k - 1] + 1].t_us -
			       l->ticks[top[k - 1]].t_us)
			continue;
		if (n_top <= SILENCES)
			n_top++;
		else
			k--;
		for (; k > 0 && gap > l->ticks[top[k - 1] + 1].t_us -
					  l->ticks[top[k - 1]].t_us;
		     k--)
			top[k] = top[k - 1];
		top[k] = i;
	}
	for (size_t i = 0; i + 1 < n_top; i++) {
		int64_t gap = l->ticks[top[i] + 1].t_us - l->ticks[top[i]].t_us;
		int64_t next =
		    l->ticks[top[i + 1] + 1].t_us - l->ticks[top[i + 1]].t_us;

		if ((double)gap >= m->spike * (double)next &&
		    (double)gap >= m->least * pace_us)
			n_gaps = i + 1;
	}
	for (size_t i = 0; i < n_gaps; i++)
		add(l, &l->ticks[top[i]],
		    l->ticks[top[n_gaps] + 1].t_us -
			l->ticks[top[n_gaps]].t_us);
}

static enum mm_status
take(void *ctx, const struct mm_flow_row *r)
{
	const struct tick t = { r->t_us, { r->file, r->line } };
	struct look *l = ctx;

	if (!mm_str_eq(r->who, mm_buf_str(&l->who))) {
		look_at(l);
		l->n = l->n_lacking = 0;
		mm_buf_clear(&l->who);
		mm_buf_adds(&l->who, r->who);
	}
	if (r->from.p != NULL) {
		l->lacking = mm_grow(l->lacking, l->n_lacking, &l->cap_lacking,
				     sizeof(*l->lacking));
		l->lacking[l->n_lacking++] = t;
	} else {
		l->ticks = mm_grow(l->ticks, l->n, &l->cap, sizeof(*l->ticks));
		l->ticks[l->n++] = t;
	}
	return MM_OK;
}

static enum mm_status
find(const struct mm_scene *sc, struct mm_incidents *list, struct mm_err *err)
{
	struct look l = { .sc = sc, .list = list };
	enum mm_status st;

	mm_buf_init(&l.who, 4096);
	st = mm_flow_rows(sc->store, MM_FLOW_LINES, take, &l, err);
	look_at(&l);
	free(l.ticks);
	free(l.lacking);
	mm_buf_fini(&l.who);
	return st;
}

const struct mm_detector mm_detect_gaps = { "gaps", find };
