/* The own server down: from its stop, crash and start lines; where a start
 * has no stop before it, from the silence that precedes it. */
#include <stdlib.h>
#include <string.h>

#include "analyze/case/incident_rows.h"
#include "analyze/incident/incidents.h"
#include "formats/base/mem.h"
#include "formats/mail/record.h"

/* Down for less is a restart, not an incident. */
#define LEAST_US (5 * MM_SECOND_US)
/* A silence says something when it is so many usual gaps long. */
#define USUAL_GAPS 6
#define N_GAPS	   64 /* arrivals before the start that say what is usual */

/* The last arrivals by SMTP at one origin before one start. */
struct before {
	int64_t start_us;
	uint32_t origin;
	const struct mm_scene_event *start;
	int64_t last[N_GAPS]; /* the latest, ascending */
	size_t n;
};

struct starts {
	struct before *v;
	size_t n, cap;
};

static bool
is_daemon(const struct mm_scene_event *e, enum mm_daemon what)
{
	return mm_str_is(e->kind, "daemon") &&
	       mm_str_is(e->what, mm_daemon_name(what));
}

static struct mm_incident *
add_stop(const struct mm_scene *sc, struct mm_incidents *list, int64_t from_us,
	 int64_t to_us, const struct mm_scene_event *e)
{
	struct mm_incident *in =
	    mm_incidents_add(list, "local-stop", MM_STR("local"));

	in->start_us = in->first_bad_us = from_us;
	in->end_us = in->recovered_us = to_us;
	in->last_bad_us = to_us != MM_TIME_NONE ? to_us : from_us;
	in->host = sc->series->dict->origins[e->origin].host;
	in->cause = mm_str_z(mm_arena_fmt(&list->texts, "local_error: %.*s",
					  MM_STR_ARG(e->text)));
	mm_incident_place(in, e->at);
	return in;
}

/* A stop or crash, and the next start of the same. */
static void
from_stops(const struct mm_scene *sc, struct mm_incidents *list)
{
	for (size_t i = 0; i < sc->n_events; i++) {
		const struct mm_scene_event *e = &sc->events[i], *up = NULL;
		struct mm_incident *in;
		int64_t until = sc->series->last_us;

		if (!is_daemon(e, MM_DAEMON_STOP))
			continue;
		for (size_t k = i + 1; k < sc->n_events && up == NULL; k++) {
			const struct mm_scene_event *o = &sc->events[k];

			if (o->origin != e->origin)
				continue;
			/* Two lines of one stop: the second speaks for it. */
			if (is_daemon(o, MM_DAEMON_STOP))
				break;
			if (is_daemon(o, MM_DAEMON_START))
				up = o;
		}
		if (up != NULL)
			until = up->t_us;
		if (until - e->t_us < LEAST_US)
			continue;
		in = add_stop(sc, list, e->t_us,
			      up != NULL ? up->t_us : MM_TIME_NONE, e);
		in->confidence = up != NULL ? 0.98 : 0.8;
		if (up != NULL)
			mm_incident_place(in, up->at);
	}
}

/* ---- starts without a stop ---- */

static bool
was_stopped(const struct mm_scene *sc, size_t start)
{
	for (size_t k = start; k-- > 0;) {
		const struct mm_scene_event *o = &sc->events[k];

		if (o->origin != sc->events[start].origin)
			continue;
		if (is_daemon(o, MM_DAEMON_STOP))
			return true;
		/* Two lines of one start say the same. */
		if (is_daemon(o, MM_DAEMON_START))
			return sc->events[start].t_us - o->t_us < LEAST_US;
	}
	return false;
}

static void
collect_starts(const struct mm_scene *sc, struct starts *st)
{
	for (size_t i = 0; i < sc->n_events; i++) {
		const struct mm_scene_event *e = &sc->events[i];

		if (!is_daemon(e, MM_DAEMON_START) || was_stopped(sc, i))
			continue;
		st->v = mm_grow(st->v, st->n, &st->cap, sizeof(*st->v));
		st->v[st->n] = (struct before){ .start_us = e->t_us,
						.origin = e->origin,
						.start = e };
		st->n++;
	}
}

/* Messages come in the order in which they ended. */
static void
note_arrival(struct before *b, int64_t t_us)
{
	size_t at = b->n;

	while (at > 0 && b->last[at - 1] > t_us)
		at--;
	if (b->n < N_GAPS) {
		memmove(&b->last[at + 1], &b->last[at],
			(b->n++ - at) * sizeof(*b->last));
	} else if (at == 0) {
		return;
	} else {
		at--;
		memmove(&b->last[0], &b->last[1], at * sizeof(*b->last));
	}
	b->last[at] = t_us;
}

static enum mm_status
on_message(void *ctx, const struct mm_lean_message *m)
{
	struct starts *st = ctx;

	if (m->arrived_us == MM_TIME_NONE || m->client_ip == 0)
		return MM_OK;
	for (size_t i = 0; i < st->n; i++) {
		struct before *b = &st->v[i];

		if (m->origin != b->origin || m->arrived_us >= b->start_us)
			continue;
		note_arrival(b, m->arrived_us);
	}
	return MM_OK;
}

static void
judge_silence(const struct mm_scene *sc, struct mm_incidents *list,
	      struct before *b)
{
	size_t n = b->n;
	struct mm_incident *in;
	int64_t usual, silent;

	if (n < 8)
		return;
	usual = (b->last[n - 1] - b->last[0]) / (int64_t)(n - 1);
	silent = b->start_us - b->last[n - 1];
	if (silent < LEAST_US || silent < USUAL_GAPS * usual)
		return;
	in = add_stop(sc, list, b->last[n - 1], b->start_us, b->start);
	in->last_good_us = b->last[n - 1];
	in->confidence = 0.6;
}

static enum mm_status
find(const struct mm_scene *sc, struct mm_incidents *list, struct mm_err *err)
{
	struct starts st = { 0 };
	enum mm_status status = MM_OK;

	from_stops(sc, list);
	collect_starts(sc, &st);
	if (st.n > 0)
		status = mm_lean_messages(sc->store, on_message, &st, err);
	for (size_t i = 0; i < st.n && status == MM_OK; i++)
		judge_silence(sc, list, &st.v[i]);
	free(st.v);
	return status;
}

const struct mm_detector mm_detect_local_stop = { "local-stop", find };
