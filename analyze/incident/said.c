/* What a single line says outright: the logger dropped lines, the clock was
 * set, the disk is full. Lines less than ten minutes apart are one incident. */
#include <string.h>

#include "analyze/incident/incidents.h"
#include "formats/mail/record.h"

#define NEAR_US (10 * MM_MINUTE_US)

/* The one that this line goes on with: those of other hosts lie between. */
static struct mm_incident *
open_one(const struct mm_incidents *list, const char *kind, struct mm_str host,
	 int64_t t_us)
{
	for (size_t i = list->n; i-- > 0;)
		if (strcmp(list->v[i].kind, kind) == 0 &&
		    mm_str_eq(list->v[i].host, host))
			return t_us - list->v[i].end_us <= NEAR_US ? &list->v[i]
								   : NULL;
	return NULL;
}

static void
collect(const struct mm_scene *sc, struct mm_incidents *list, const char *event,
	const char *what, const char *kind, const char *side, const char *cause)
{
	for (size_t i = 0; i < sc->n_events; i++) {
		const struct mm_scene_event *e = &sc->events[i];
		struct mm_incident *in;
		struct mm_str host;

		if (!mm_str_is(e->kind, event) || !mm_str_is(e->what, what) ||
		    e->t_us == MM_TIME_NONE)
			continue;
		host = sc->series->dict->origins[e->origin].host;
		in = open_one(list, kind, host, e->t_us);
		if (in == NULL) {
			in = mm_incidents_add(list, kind, MM_STR("local"));
			in->start_us = in->first_bad_us = e->t_us;
			in->host = host;
			in->side = side;
			in->confidence = 0.95;
			in->cause =
			    mm_str_z(mm_arena_fmt(&list->texts, "%s: %.*s",
						  cause, MM_STR_ARG(e->text)));
		}
		in->end_us = in->last_bad_us = e->t_us;
		mm_incident_place(in, e->at);
	}
}

static enum mm_status
find(const struct mm_scene *sc, struct mm_incidents *list, struct mm_err *err)
{
	(void)err;
	collect(sc, list, "daemon", mm_daemon_name(MM_DAEMON_LOG_LOST),
		"log-gap", "evidence", "unknown");
	collect(sc, list, "daemon", mm_daemon_name(MM_DAEMON_CLOCK_STEP),
		"clock-step", "evidence", "local_error");
	collect(sc, list, "trouble", mm_trouble_name(MM_TROUBLE_DISK), "disk",
		"own", "local_error");
	return MM_OK;
}

const struct mm_detector mm_detect_said = { "said", find };
