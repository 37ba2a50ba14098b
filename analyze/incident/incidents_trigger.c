/* What may have set an incident off: a restart or a new configuration just
 * before trouble of the own server, between what last went well and what first
 * did not; before a block or a throttle, what stood out in the mail for that
 * receiver (before.h). */
#include <string.h>

#include "analyze/case/before.h"
#include "analyze/incident/incidents.h"
#include "formats/mail/record.h"

#define JUST_BEFORE_US (2 * MM_MINUTE_US)

struct triggers {
	const struct mm_scene *sc;
	struct mm_incidents *list;
};

static bool
is_change(const struct mm_scene_event *e)
{
	return mm_str_is(e->kind, "daemon") &&
	       (mm_str_is(e->what, mm_daemon_name(MM_DAEMON_START)) ||
		mm_str_is(e->what, mm_daemon_name(MM_DAEMON_RELOAD)));
}

/* How a pause was made, too; not what comes of something else. */
static bool
is_own_trouble(const struct mm_incident *in)
{
	static const char *const kinds[] = { "outage",	    "dns",
					     "tls",	    "disk",
					     "filter-down", "compromise" };
	bool is = false;

	for (size_t i = 0; i < MM_COUNT(kinds); i++)
		is |= strcmp(in->kind, kinds[i]) == 0;
	if (strcmp(in->kind, "pause") == 0)
		return true;
	return is && in->after == 0 && strcmp(in->side, "receiver") != 0 &&
	       (mm_str_is(in->target, "local") ||
		strcmp(in->kind, "filter-down") == 0);
}

/* The last change at its host before it; the incident's own lines are none. */
static void
from_events(const struct triggers *t, struct mm_incident *in)
{
	const struct mm_scene_event *last = NULL;
	const struct mm_dict *d = t->sc->series->dict;
	char when[MM_TIME_TEXT];
	int64_t from_us = in->start_us - JUST_BEFORE_US;

	if (in->last_good_us != MM_TIME_NONE && in->last_good_us < from_us)
		from_us = in->last_good_us;
	for (size_t i = 0; i < t->sc->n_events; i++) {
		const struct mm_scene_event *e = &t->sc->events[i];

		if (e->t_us >= in->start_us)
			break;
		if (e->t_us >= from_us && is_change(e) &&
		    (in->host.n == 0 ||
		     mm_str_eq(d->origins[e->origin].host, in->host)))
			last = e;
	}
	if (last == NULL)
		return;
	in->trigger = mm_str_z(mm_arena_fmt(
	    &t->list->texts, "%.*s at %s: %.*s", MM_STR_ARG(last->what),
	    mm_time_iso(last->t_us, false, when), MM_STR_ARG(last->text)));
	mm_incident_place(in, last->at);
}

/* What stood out goes to the incident that the refusal is of. */
static enum mm_status
on_before(void *ctx, const struct mm_before *b)
{
	struct triggers *t = ctx;

	for (size_t i = 0; i < t->list->n; i++) {
		struct mm_incident *in = &t->list->v[i];

		if (in->trigger.n > 0 || in->n_bad == 0 ||
		    b->t_us < in->start_us ||
		    (in->end_us != MM_TIME_NONE && b->t_us > in->end_us) ||
		    !mm_incident_names(in, b->target, MM_STR_ABSENT))
			continue;
		in->trigger = mm_arena_str(&t->list->texts, b->words);
		break;
	}
	return MM_OK;
}

enum mm_status
mm_incidents_trigger(const struct mm_scene *sc, struct mm_incidents *list,
		     struct mm_err *err)
{
	struct triggers t = { sc, list };
	bool refused = false;

	for (size_t i = 0; i < list->n; i++) {
		if (is_own_trouble(&list->v[i]))
			from_events(&t, &list->v[i]);
		refused |= strcmp(list->v[i].kind, "block") == 0 ||
			   strcmp(list->v[i].kind, "throttle") == 0;
	}
	return refused ? mm_before(sc->store, on_before, &t, err) : MM_OK;
}
