#include <stdlib.h>
#include <string.h>

#include "analyze/case/incident_rows.h"
#include "analyze/incident/incidents.h"
#include "analyze/incident/receivers.h"
#include "analyze/incident/story.h"
#include "formats/base/json.h"
#include "formats/base/mem.h"

static const struct mm_detector *const detectors[] = {
	&mm_detect_receivers,  &mm_detect_pause,      &mm_detect_hold,
	&mm_detect_local_stop, &mm_detect_transports, &mm_detect_failover,
	&mm_detect_spikes,     &mm_detect_said,	      &mm_detect_gaps,
	&mm_detect_backlog,    &mm_detect_retries,    &mm_detect_snapshots,
};

/* ---- the list ---- */

struct mm_incident *
mm_incidents_add(struct mm_incidents *l, const char *kind, struct mm_str target)
{
	struct mm_incident *in;

	l->v = mm_grow(l->v, l->n, &l->cap, sizeof(*l->v));
	in = &l->v[l->n++];
	memset(in, 0, sizeof(*in));
	in->kind = kind;
	in->side = "own";
	in->target = mm_arena_str(&l->texts, target);
	in->start_us = in->end_us = in->peak_us = MM_TIME_NONE;
	in->last_good_us = in->first_bad_us = MM_TIME_NONE;
	in->last_bad_us = in->recovered_us = MM_TIME_NONE;
	return in;
}

void
mm_incident_also(struct mm_incidents *l, struct mm_incident *in,
		 struct mm_str name)
{
	if (name.n == 0 || mm_str_eq(name, in->target) ||
	    in->n_also == MM_ALSO_MAX)
		return;
	for (size_t i = 0; i < in->n_also; i++)
		if (mm_str_eq(in->also[i], name))
			return;
	in->also[in->n_also++] = mm_arena_str(&l->texts, name);
}

bool
mm_incident_names(const struct mm_incident *in, struct mm_str a,
		  struct mm_str b)
{
	for (size_t i = 0; i <= in->n_also; i++) {
		struct mm_str name = i < in->n_also ? in->also[i] : in->target;

		if (name.n > 0 && (mm_str_eq(name, a) || mm_str_eq(name, b)))
			return true;
	}
	return false;
}

void
mm_incident_place(struct mm_incident *in, struct mm_place at)
{
	if (at.file == 0 || in->n_evidence == MM_EVIDENCE_MAX)
		return;
	for (size_t i = 0; i < in->n_evidence; i++)
		if (in->evidence[i].file == at.file &&
		    in->evidence[i].line == at.line)
			return;
	in->evidence[in->n_evidence++] = at;
}

/* ---- the scene ---- */

static enum mm_status
on_event(void *ctx, const struct mm_seen_event *e)
{
	struct mm_scene *sc = ctx;
	struct mm_scene_event *to;

	sc->events = mm_grow(sc->events, sc->n_events, &sc->cap_events,
			     sizeof(*sc->events));
	to = &sc->events[sc->n_events++];
	*to = (struct mm_scene_event){
		.t_us = e->t_us,
		.origin = e->origin,
		.kind = mm_arena_str(&sc->texts, e->kind),
		.what = mm_arena_str(&sc->texts, e->what),
		.program = mm_arena_str(&sc->texts, e->program),
		.text = mm_arena_str(&sc->texts, e->text),
		.at = { e->file, e->line },
	};
	return MM_OK;
}

static enum mm_status
on_step(void *ctx, const struct mm_seen_step *e)
{
	struct mm_scene *sc = ctx;

	sc->steps =
	    mm_grow(sc->steps, sc->n_steps, &sc->cap_steps, sizeof(*sc->steps));
	sc->steps[sc->n_steps++] = (struct mm_scene_step){
		.t_us = e->t_us,
		.message = e->message,
		.origin = e->origin,
		.kind = mm_arena_str(&sc->texts, e->kind),
		.at = { e->file, e->line },
	};
	return MM_OK;
}

static enum mm_status
load_scene(struct mm_scene *sc, struct mm_store *s, struct mm_err *err)
{
	enum mm_status st = MM_OK;

	sc->store = s;
	mm_arena_init(&sc->texts);
	sc->series = mm_series_load(s, err);
	if (sc->series == NULL)
		return err->code;
	st =
	    mm_stock_load(&sc->stock, s, sc->limits, sc->series->first_us, err);
	if (st == MM_OK)
		st = mm_rows_events(s, on_event, sc, err);
	if (st == MM_OK)
		st = mm_rows_steps(s, on_step, sc, err);
	return st;
}

static void
free_scene(struct mm_scene *sc)
{
	mm_series_free(sc->series);
	mm_stock_free(&sc->stock);
	mm_arena_fini(&sc->texts);
	free(sc->events);
	free(sc->steps);
}

/* ---- into the case ---- */

static int
by_start(const void *va, const void *vb)
{
	const struct mm_incident *a = va, *b = vb;

	if (a->start_us != b->start_us)
		return a->start_us < b->start_us ? -1 : 1;
	if (a->end_us != b->end_us)
		return a->end_us < b->end_us ? -1 : 1;
	if (strcmp(a->kind, b->kind) != 0)
		return strcmp(a->kind, b->kind);
	return mm_str_cmp(a->target, b->target);
}

static struct mm_str
also_json(struct mm_incidents *l, const struct mm_incident *in,
	  struct mm_buf *b)
{
	mm_buf_clear(b);
	mm_buf_addc(b, '[');
	for (size_t i = 0; i < in->n_also; i++) {
		if (i > 0)
			mm_buf_addc(b, ',');
		mm_json_add_str(b, in->also[i]);
	}
	mm_buf_addc(b, ']');
	return mm_arena_str(&l->texts, mm_buf_str(b));
}

static struct mm_str
evidence_json(struct mm_incidents *l, const struct mm_scene *sc,
	      const struct mm_incident *in, struct mm_buf *b)
{
	mm_buf_clear(b);
	mm_buf_addc(b, '[');
	for (size_t i = 0; i < in->n_evidence; i++) {
		const struct mm_place *at = &in->evidence[i];

		if (i > 0)
			mm_buf_addc(b, ',');
		mm_json_add_str(
		    b, mm_str_z(mm_arena_fmt(
			   &l->texts, "%.*s:%u",
			   MM_STR_ARG(sc->series->dict->files[at->file]),
			   at->line)));
	}
	mm_buf_addc(b, ']');
	return mm_arena_str(&l->texts, mm_buf_str(b));
}

static enum mm_status
write_all(const struct mm_scene *sc, struct mm_incidents *l, struct mm_err *err)
{
	struct mm_incident_row *rows = mm_calloc(l->n + 1, sizeof(*rows));
	struct mm_buf b;
	enum mm_status st;

	mm_buf_init(&b, (size_t)1 << 20);
	for (size_t i = 0; i < l->n; i++) {
		const struct mm_incident *in = &l->v[i];

		rows[i] = (struct mm_incident_row){
			.kind = mm_str_z(in->kind),
			.target = in->target,
			.also = also_json(l, in, &b),
			.host = in->host,
			.cause = in->cause,
			.side = mm_str_z(in->side),
			.trigger = in->trigger,
			.evidence = evidence_json(l, sc, in, &b),
			.story = in->story,
			.start_us = in->start_us,
			.end_us = in->end_us,
			.peak_us = in->peak_us,
			.last_good_us = in->last_good_us,
			.first_bad_us = in->first_bad_us,
			.recovered_us = in->recovered_us,
			.confidence = in->confidence,
			.messages = in->messages,
			.recipients = in->recipients,
			.attempts_failed = in->attempts_failed,
			.passed = in->n_passed,
			.expired = in->expired,
			.chain = in->chain,
			.after = in->after,
			.link = in->link,
			.senders = in->senders,
			.bounced = in->bounced,
			.unsure = in->unsure,
			.waiting = in->waiting,
			.delay_p50_us = in->delay_p50_us,
			.delay_p95_us = in->delay_p95_us,
			.usual_p50_us = in->usual_p50_us,
			.usual_p95_us = in->usual_p95_us,
			.missed = in->missed,
		};
	}
	st = mm_incident_write(sc->store, rows, l->n, err);
	mm_buf_fini(&b);
	free(rows);
	return st;
}

/* A mute for one receiver hides nothing that concerns many. */
static bool
is_muted(const struct mm_limits *m, const struct mm_incident *in)
{
	for (size_t i = 0; i < m->n_mutes; i++)
		if ((m->mutes[i].kind.n == 0 ||
		     mm_str_is(m->mutes[i].kind, in->kind)) &&
		    (m->mutes[i].target.n == 0 ||
		     mm_str_eq(m->mutes[i].target, in->target) ||
		     (!mm_str_is(in->target, "local") &&
		      mm_incident_names(in, m->mutes[i].target,
					MM_STR_ABSENT))))
			return true;
	return false;
}

/* Only now: what is muted may still be the reason of something else. */
static void
drop_muted(const struct mm_limits *m, struct mm_incidents *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (!is_muted(m, &l->v[i]))
			l->v[n++] = l->v[i];
	l->n = n;
}

enum mm_status
mm_incidents_find(struct mm_store *s, const struct mm_limits *limits,
		  struct mm_err *err)
{
	struct mm_incidents list = { 0 };
	struct mm_scene sc = { .limits = limits };
	enum mm_status st;

	mm_arena_init(&list.texts);
	st = load_scene(&sc, s, err);
	for (size_t i = 0; i < MM_COUNT(detectors) && st == MM_OK; i++)
		st = detectors[i]->find(&sc, &list, err);
	if (st == MM_OK && list.n > 0) {
		qsort(list.v, list.n, sizeof(*list.v), by_start);
		mm_incidents_widen(&sc, &list);
		drop_muted(limits, &list);
		qsort(list.v, list.n, sizeof(*list.v), by_start);
		mm_incidents_link(&list);
		st = mm_incidents_toll(&sc, &list, err);
		if (st == MM_OK)
			st = mm_incidents_trigger(&sc, &list, err);
		for (size_t i = 0; i < list.n; i++)
			mm_incident_tell(&list, &list.v[i]);
		if (st == MM_OK)
			st = write_all(&sc, &list, err);
	}
	free_scene(&sc);
	mm_arena_fini(&list.texts);
	free(list.v);
	return st;
}
