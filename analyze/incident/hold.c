/* Messages put on hold or frozen by hand, and let go. Those that one command
 * stopped and one command freed are one incident; `also` names them. Bounces
 * that a server freezes by itself are none. What an operator removed without
 * a hold before is told, too: it is gone by his hand. */
#include <stdlib.h>
#include <string.h>

#include "analyze/case/incident_rows.h"
#include "analyze/incident/incidents.h"
#include "formats/base/mem.h"

/* Steps this close together come from one command. */
#define ONE_COMMAND_US (5 * MM_SECOND_US)

struct held {
	uint32_t message, origin;
	int64_t start_us, end_us; /* MM_TIME_NONE: never freed */
	struct mm_place at, end_at;
	struct mm_str queue_id;
	bool frozen, deleted, done;
};

struct holds {
	struct held *v;
	size_t n, cap;
};

static bool
is_hold(const struct mm_scene_step *t)
{
	return mm_str_is(t->kind, "held") || mm_str_is(t->kind, "frozen");
}

static bool
is_free(const struct mm_scene_step *t)
{
	return mm_str_is(t->kind, "released") || mm_str_is(t->kind, "deleted");
}

static int
by_message(const void *va, const void *vb)
{
	const struct mm_scene_step *const *a = va, *const *b = vb;

	if ((*a)->message != (*b)->message)
		return (*a)->message < (*b)->message ? -1 : 1;
	return *a < *b ? -1 : *a > *b;
}

static int
by_window(const void *va, const void *vb)
{
	const struct held *a = va, *b = vb;

	if (a->start_us != b->start_us)
		return a->start_us < b->start_us ? -1 : 1;
	return a->message < b->message ? -1 : a->message > b->message;
}

/* Each message's holds, paired with what ended them. */
static void
pair(const struct mm_scene *sc, struct holds *h)
{
	const struct mm_scene_step **order =
	    mm_alloc((sc->n_steps + 1) * sizeof(*order));
	struct held *open = NULL;

	for (size_t i = 0; i < sc->n_steps; i++)
		order[i] = &sc->steps[i];
	qsort(order, sc->n_steps, sizeof(*order), by_message);
	for (size_t i = 0; i < sc->n_steps; i++) {
		const struct mm_scene_step *t = order[i];

		if (open != NULL && open->message != t->message)
			open = NULL;
		if (is_hold(t) && open == NULL) {
			h->v = mm_grow(h->v, h->n, &h->cap, sizeof(*h->v));
			open = &h->v[h->n++];
			*open = (struct held){
				.message = t->message,
				.origin = t->origin,
				.start_us = t->t_us,
				.end_us = MM_TIME_NONE,
				.at = t->at,
				.frozen = mm_str_is(t->kind, "frozen"),
			};
		} else if (mm_str_is(t->kind, "deleted") && open == NULL) {
			h->v = mm_grow(h->v, h->n, &h->cap, sizeof(*h->v));
			h->v[h->n++] = (struct held){
				.message = t->message,
				.origin = t->origin,
				.start_us = t->t_us,
				.end_us = t->t_us,
				.at = t->at,
				.deleted = true,
			};
		} else if (is_free(t) && open != NULL) {
			open->end_us = t->t_us;
			open->end_at = t->at;
			open = NULL;
		}
	}
	free(order);
}

static bool
same_command(int64_t a, int64_t b)
{
	if (a == MM_TIME_NONE || b == MM_TIME_NONE)
		return a == b;
	return a < b ? b - a <= ONE_COMMAND_US : a - b <= ONE_COMMAND_US;
}

static void
take(struct mm_incident *in, const struct held *h)
{
	in->messages++;
	in->last_bad_us = h->start_us;
	if (in->end_us != MM_TIME_NONE && h->end_us > in->end_us)
		in->end_us = in->recovered_us = h->end_us;
	mm_incident_place(in, h->at);
}

/* Names them, and takes out bounces that froze themselves. */
static enum mm_status
name_all(const struct mm_scene *sc, struct mm_incidents *list, struct holds *h,
	 struct mm_err *err)
{
	enum mm_status st = MM_OK;
	struct mm_buf id;

	mm_buf_init(&id, 256);
	for (size_t i = 0; i < h->n && st == MM_OK; i++) {
		struct held *o = &h->v[i];
		bool notice;

		mm_buf_clear(&id);
		st = mm_lean_queue_id(sc->store, o->message, &id, &notice, err);
		o->queue_id = mm_arena_str(&list->texts, mm_buf_str(&id));
		o->done = o->frozen && notice;
	}
	mm_buf_fini(&id);
	return st;
}

/* Whom it kept: all recipients, or those that were removed. OpenSMTPD's
 * operators name each by an id of its own. */
static void
add_recipients(const struct mm_scene *sc, struct mm_incidents *list,
	       struct mm_incident *in, const struct held *o,
	       struct mm_hit **hits, size_t *n, size_t *cap)
{
	const struct mm_stock *k = &sc->stock;

	mm_incident_also(list, in, o->queue_id);
	if (o->message >= k->n_mails)
		return;
	for (uint32_t i = k->first[o->message]; i < k->first[o->message + 1];
	     i++) {
		const struct mm_lay *lay = &k->lays[k->of[i]];

		if (o->deleted && lay->final != MM_FINAL_DELETED)
			continue;
		*hits = mm_grow(*hits, *n, cap, sizeof(**hits));
		(*hits)[(*n)++] = (struct mm_hit){ o->start_us, k->of[i] };
		if (lay->envelope != 0)
			mm_incident_also(
			    list, in,
			    mm_str_z(mm_arena_fmt(&list->texts, "%.*s%08x",
						  MM_STR_ARG(o->queue_id),
						  lay->envelope)));
	}
}

static void
report(const struct mm_scene *sc, struct mm_incidents *list, struct holds *h,
       size_t i)
{
	struct held *first = &h->v[i];
	struct mm_hit *hits = NULL;
	size_t n = 0, cap = 0;
	struct mm_incident *in =
	    mm_incidents_add(list, "hold", MM_STR("local"));

	in->start_us = in->first_bad_us = first->start_us;
	in->end_us = in->recovered_us = first->end_us;
	in->host = sc->series->dict->origins[first->origin].host;
	in->cause = first->frozen ? MM_STR("local_error: frozen by an operator")
		    : first->deleted
			? MM_STR("local_error: removed by an operator")
			: MM_STR("local_error: put on hold");
	in->confidence = 0.98;
	for (size_t k = i; k < h->n; k++) {
		struct held *o = &h->v[k];

		if (o->start_us - first->start_us > ONE_COMMAND_US &&
		    !same_command(in->last_bad_us, o->start_us))
			break;
		if (o->done || o->origin != first->origin ||
		    o->frozen != first->frozen ||
		    o->deleted != first->deleted ||
		    !same_command(first->end_us, o->end_us))
			continue;
		o->done = true;
		take(in, o);
		add_recipients(sc, list, in, o, &hits, &n, &cap);
	}
	mm_incident_place(in, first->end_at);
	if (n > 0)
		mm_incident_hit(sc, list, in, hits, n);
	free(hits);
}

static enum mm_status
find(const struct mm_scene *sc, struct mm_incidents *list, struct mm_err *err)
{
	struct holds h = { 0 };
	enum mm_status st;

	pair(sc, &h);
	if (h.n > 0)
		qsort(h.v, h.n, sizeof(*h.v), by_window);
	st = name_all(sc, list, &h, err);
	for (size_t i = 0; i < h.n && st == MM_OK; i++)
		if (!h.v[i].done)
			report(sc, list, &h, i);
	free(h.v);
	return st;
}

const struct mm_detector mm_detect_hold = { "hold", find };
