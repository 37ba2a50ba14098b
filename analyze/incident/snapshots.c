/* A backlog that only a copy of the queue shows, where there are no logs to
 * tell how it came: who waits longer than a quarter of an hour in the last
 * snapshot of each queue. Nobody knows whether it is over. */
#include <stdlib.h>

#include "analyze/case/incident_rows.h"
#include "analyze/incident/incidents.h"
#include "formats/base/mem.h"

#define AGED_US (15 * MM_MINUTE_US)
#define MOST	0.8 /* waiting for one receiver: it is that one's */

struct look {
	const struct mm_scene *sc;
	struct mm_incidents *list;
	struct mm_incident *in; /* of the queue in hand; NULL: none yet */
	uint32_t snapshot;
	uint32_t n, n_first; /* who wait; of the first domain */
	int64_t oldest_us, taken_us;
	struct mm_str domain; /* of most: rows come by number */
};

/* The queue in hand is told, or was not worth it. */
static void
end(struct look *l)
{
	char age[MM_TIME_TEXT], when[MM_TIME_TEXT];
	struct mm_incident *in = l->in;

	l->in = NULL;
	if (in == NULL)
		return;
	if (l->n < l->sc->limits->least) {
		l->list->n--;
		return;
	}
	if ((double)l->n_first >= MOST * l->n)
		in->target = l->domain;
	in->start_us = in->first_bad_us = l->oldest_us;
	in->last_bad_us = in->peak_us = l->taken_us;
	in->waiting = in->recipients = l->n;
	in->cause = mm_str_z(mm_arena_fmt(
	    &l->list->texts,
	    "unknown: %u recipients waited longer than 15 min in the queue as "
	    "it was at %s, the oldest for %s",
	    l->n, mm_time_iso(l->taken_us, false, when),
	    mm_time_span(l->taken_us - l->oldest_us, age)));
}

static enum mm_status
take(void *ctx, const struct mm_lean_waiting *w)
{
	struct look *l = ctx;

	if (l->in == NULL || l->snapshot != w->snapshot) {
		end(l);
		l->in = mm_incidents_add(l->list, "backlog", MM_STR("local"));
		l->in->host = mm_arena_str(&l->list->texts, w->host);
		l->in->confidence = 0.9;
		l->snapshot = w->snapshot;
		l->taken_us = w->taken_us;
		l->oldest_us = w->oldest_us;
		l->domain = mm_arena_str(&l->list->texts, w->domain);
		l->n_first = w->recipients;
		l->n = 0;
	}
	l->n += w->recipients;
	l->in->messages += w->messages;
	if (w->oldest_us < l->oldest_us)
		l->oldest_us = w->oldest_us;
	mm_incident_also(l->list, l->in, w->domain);
	return MM_OK;
}

static enum mm_status
find(const struct mm_scene *sc, struct mm_incidents *list, struct mm_err *err)
{
	struct look l = { .sc = sc, .list = list };
	enum mm_status st;

	if (sc->stock.n_mails > 1)
		return MM_OK;
	st = mm_lean_waiting(sc->store, AGED_US, take, &l, err);
	end(&l);
	return st;
}

const struct mm_detector mm_detect_snapshots = { "snapshots", find };
