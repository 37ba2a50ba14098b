/* Pauses: mail that an operator keeps back. Said by the MTA itself (paused
 * and resumed, a daemon without queue runs, runs skipped for the load), or
 * seen on mail whose transport is put off. */
#include <stdlib.h>
#include <string.h>

#include "analyze/incident/incidents.h"
#include "formats/base/mem.h"
#include "formats/mail/record.h"

#define GAP_RETRIES 4 /* deferred lines further apart: two pauses */
#define GAP_RUNS    3 /* the same for skipped queue runs */

static bool
is_what(const struct mm_scene_event *e, enum mm_daemon what)
{
	return mm_str_is(e->kind, "daemon") &&
	       mm_str_is(e->what, mm_daemon_name(what));
}

static bool
same_line(const struct mm_scene_event *a, const struct mm_scene_event *b)
{
	return a->at.file == b->at.file && a->at.line == b->at.line;
}

static struct mm_incident *
add_pause(const struct mm_scene *sc, struct mm_incidents *list,
	  const char *kind, struct mm_str target,
	  const struct mm_scene_event *e)
{
	struct mm_incident *in = mm_incidents_add(list, kind, target);

	in->start_us = in->first_bad_us = in->last_bad_us = e->t_us;
	in->cause = mm_str_z(mm_arena_fmt(&list->texts, "local_error: %.*s",
					  MM_STR_ARG(e->text)));
	in->host = sc->series->dict->origins[e->origin].host;
	in->confidence = 0.95;
	mm_incident_place(in, e->at);
	return in;
}

/* ---- said by the MTA ---- */

/* "mta paused" is ended by "mta resumed", not by "mda resumed"; a start ends
 * any, unless its line itself says that there are no queue runs. */
static bool
ends(const struct mm_scene_event *pause, const struct mm_scene_event *e)
{
	struct mm_str word = pause->text;
	size_t at = mm_str_find(word, " paused");

	if (e->origin != pause->origin || same_line(e, pause))
		return false;
	if (at == MM_NOT_FOUND || !is_what(e, MM_DAEMON_RESUME))
		return is_what(e, MM_DAEMON_RESUME) ||
		       is_what(e, MM_DAEMON_START);
	word = mm_str_upto(word, at);
	at = mm_str_find_last(word, " ");
	if (at != MM_NOT_FOUND)
		word = mm_str_from(word, at + 1);
	at = mm_str_find(e->text, " resumed");
	return at != MM_NOT_FOUND && at >= word.n &&
	       memcmp(e->text.p + at - word.n, word.p, word.n) == 0;
}

static bool
is_load(const struct mm_scene_event *e)
{
	return is_what(e, MM_DAEMON_PAUSE) &&
	       mm_str_find(e->text, "load") != MM_NOT_FOUND;
}

static void
said_pauses(const struct mm_scene *sc, struct mm_incidents *list)
{
	for (size_t i = 0; i < sc->n_events; i++) {
		const struct mm_scene_event *e = &sc->events[i];
		struct mm_incident *in;

		if (!is_what(e, MM_DAEMON_PAUSE) || is_load(e))
			continue;
		in = add_pause(sc, list, "pause", MM_STR("local"), e);
		for (size_t k = i + 1; k < sc->n_events; k++) {
			if (!ends(e, &sc->events[k]))
				continue;
			in->end_us = in->recovered_us = sc->events[k].t_us;
			in->last_bad_us = in->end_us;
			mm_incident_place(in, sc->events[k].at);
			break;
		}
	}
}

/* Queue runs skipped because of the load: a pause nobody asked for. */
static void
load_pauses(const struct mm_scene *sc, struct mm_incidents *list)
{
	bool *done = mm_calloc(sc->n_events + 1, sizeof(*done));

	for (size_t i = 0; i < sc->n_events; i++) {
		const struct mm_scene_event *e = &sc->events[i];
		struct mm_incident *in;
		int64_t last = e->t_us, step = 0;

		if (done[i] || !is_load(e))
			continue;
		in = add_pause(sc, list, "local-stop", e->program, e);
		for (size_t k = i + 1; k < sc->n_events; k++) {
			const struct mm_scene_event *o = &sc->events[k];

			if (!is_load(o) || o->origin != e->origin ||
			    !mm_str_eq(o->program, e->program))
				continue;
			if (step > 0 && o->t_us - last > GAP_RUNS * step)
				break;
			if (step == 0 || o->t_us - last < step)
				step = o->t_us - last;
			if (step < MM_SECOND_US)
				step = MM_SECOND_US;
			last = o->t_us;
			done[k] = true;
			in->attempts_failed++;
			mm_incident_place(in, o->at);
		}
		in->attempts_failed++;
		in->last_bad_us = last;
		in->end_us = last + step;
		if (sc->series->last_us - last <= GAP_RUNS * step)
			in->end_us = MM_TIME_NONE;
	}
	free(done);
}

/* ---- seen on the mail ---- */

/* The first real contact after `t_us` with a receiver that was paused. */
static int64_t
resumed(const struct mm_series *s, const uint32_t *bad, size_t n, int64_t t_us)
{
	bool *was = mm_calloc(s->dict->n_names + 1, sizeof(*was));
	int64_t found = MM_TIME_NONE;

	for (size_t i = 0; i < n; i++)
		was[s->contacts[bad[i]].domain] = true;
	was[0] = false;
	for (size_t i = bad[n - 1]; i < s->n_contacts; i++) {
		const struct mm_contact *c = &s->contacts[i];

		if (c->t_us > t_us && c->sign != MM_SIGN_PAUSED &&
		    was[c->domain]) {
			found = c->t_us;
			break;
		}
	}
	free(was);
	return found;
}

static void
add_seen(const struct mm_scene *sc, struct mm_incidents *list,
	 const uint32_t *bad, size_t n)
{
	const struct mm_series *s = sc->series;
	struct mm_incident *in =
	    mm_incidents_add(list, "pause", MM_STR("local"));

	mm_incident_from(sc, list, in, bad, n);
	for (size_t i = 0; i < n; i++)
		mm_incident_also(list, in,
				 s->dict->names[s->contacts[bad[i]].domain]);
	in->confidence = 0.98;
	in->recovered_us = resumed(s, bad, n, in->last_bad_us);
	if (in->recovered_us != MM_TIME_NONE &&
	    in->recovered_us - in->last_bad_us < s->retry_us)
		in->end_us = in->recovered_us;
	else if (in->recovered_us == MM_TIME_NONE &&
		 s->last_us - in->last_bad_us < GAP_RETRIES * s->retry_us)
		in->end_us = MM_TIME_NONE;
}

static void
seen_pauses(const struct mm_scene *sc, struct mm_incidents *list)
{
	const struct mm_series *s = sc->series;
	uint32_t *bad = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < s->n_contacts; i++) {
		const struct mm_contact *c = &s->contacts[i];

		if (c->sign != MM_SIGN_PAUSED)
			continue;
		if (n > 0 && c->t_us - s->contacts[bad[n - 1]].t_us >
				 GAP_RETRIES * s->retry_us) {
			add_seen(sc, list, bad, n);
			n = 0;
		}
		bad = mm_grow(bad, n, &cap, sizeof(*bad));
		bad[n++] = (uint32_t)i;
	}
	if (n > 0)
		add_seen(sc, list, bad, n);
	free(bad);
}

static enum mm_status
find(const struct mm_scene *sc, struct mm_incidents *list, struct mm_err *err)
{
	(void)err;
	said_pauses(sc, list);
	load_pauses(sc, list);
	seen_pauses(sc, list);
	return MM_OK;
}

const struct mm_detector mm_detect_pause = { "pause", find };
