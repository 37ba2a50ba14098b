#include <inttypes.h>
#include <stdlib.h>

#include "formats/base/mem.h"
#include "replay/engine/num.h"
#include "replay/engine/run.h"
#include "replay/study/emit_form.h"

#define BLOCK_BYTES 65536
/* 2024-01-01T00:00:00Z: of scenarios, which have no date of their own. */
#define SCENARIO_US (INT64_C(1704067200) * MM_SECOND_US)

struct events {
	struct mm_emit_event *v; /* owned */
	size_t n, cap;
};

const struct mm_emit_form *
mm_emit_form(struct mm_str name)
{
	static const struct mm_emit_form *const forms[] = { &mm_emit_postfix,
							    &mm_emit_exim };

	for (size_t i = 0; i < MM_COUNT(forms); i++)
		if (mm_str_is(name, forms[i]->name))
			return forms[i];
	return NULL;
}

static struct mm_emit_event *
add(struct events *l, enum mm_emit_kind kind, int64_t t_ms, uint32_t message)
{
	l->v = mm_grow(l->v, l->n, &l->cap, sizeof(*l->v));
	l->v[l->n] = (struct mm_emit_event){ .t_ms = t_ms,
					     .message = message,
					     .kind = (uint8_t)kind };
	return &l->v[l->n++];
}

static void
see_attempt(void *ctx, uint64_t number, const struct mm_attempt *a)
{
	struct mm_emit_event *e;

	(void)number;
	if (a->result == MM_NO_RESULT)
		return; /* the log ends before */
	e = add(ctx, MM_EMIT_ATTEMPT, a->end_ms, a->message);
	e->start_ms = a->start_ms;
	e->decide_ms = a->decide_ms;
	e->result = a->result;
}

static void
see_suspended(void *ctx, int64_t t_ms, uint32_t message)
{
	(void)add(ctx, MM_EMIT_SUSPENDED, t_ms, message);
}

/* Arrivals and ends stand in the messages. */
static void
add_lives(struct events *l, const struct mm_scenario *s)
{
	for (size_t i = 0; i < s->n_messages; i++) {
		const struct mm_message *m = &s->messages[i];

		if (m->created_ms <= s->horizon_ms)
			(void)add(l, MM_EMIT_ARRIVAL, m->created_ms,
				  (uint32_t)i);
		if (m->state >= MM_DELIVERED)
			(void)add(l, MM_EMIT_END, m->at_ms, (uint32_t)i);
	}
}

static int
by_time(const void *a, const void *b)
{
	const struct mm_emit_event *x = a, *y = b;

	if (x->t_ms != y->t_ms)
		return x->t_ms < y->t_ms ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->message != y->message)
		return x->message < y->message ? -1 : 1;
	return (x->start_ms > y->start_ms) - (x->start_ms < y->start_ms);
}

static void
play(struct mm_emit *e, struct mm_scenario *s, const struct mm_emit_form *form,
     FILE *to)
{
	struct events l = { 0 };
	const struct mm_run_hooks hooks = { .ctx = &l,
					    .attempt = see_attempt,
					    .suspended = see_suspended };
	struct mm_outcome o;

	e->s = s;
	mm_buf_init(&e->text, SIZE_MAX / 2);
	mm_buf_init(&e->out, SIZE_MAX / 2);
	mm_run(s, &hooks, &o);
	add_lives(&l, s);
	qsort(l.v, l.n, sizeof(*l.v), by_time);
	for (size_t i = 0; i < l.n; i++) {
		form->line[l.v[i].kind](e, &l.v[i]);
		if (e->out.n < BLOCK_BYTES && i + 1 < l.n)
			continue;
		(void)fwrite(e->out.p, 1, e->out.n, to);
		mm_buf_clear(&e->out);
	}
	mm_outcome_fini(&o);
	mm_buf_fini(&e->text);
	mm_buf_fini(&e->out);
	free(l.v);
}

/* ---- who the messages are ---- */

static void
name_of_scenario(struct mm_emit *e, size_t message, struct mm_emit_mail *m)
{
	size_t n;

	mm_buf_clear(&e->text);
	mm_scenario_add_id(e->s, message, &e->text);
	n = e->text.n;
	mm_buf_addc(&e->text, '@');
	mm_buf_adds(&e->text, e->s->dests[e->s->messages[message].dest].name);
	*m = (struct mm_emit_mail){ .id = mm_str_upto(mm_buf_str(&e->text), n),
				    .recipient = mm_buf_str(&e->text),
				    .size_bytes = -1 };
}

static void
name_of_study(struct mm_emit *e, size_t message, struct mm_emit_mail *m)
{
	const struct mm_backlog *b = e->study->backlog;
	const struct mm_backlog_item *item =
	    &b->items[e->study->item_of[message]];

	mm_buf_clear(&e->text);
	if (item->queue_id.n > 0) {
		mm_buf_adds(&e->text, item->queue_id);
		mm_buf_addc(&e->text, '.');
	}
	mm_buf_addf(&e->text, "%zu", message);
	*m = (struct mm_emit_mail){ .id = mm_buf_str(&e->text),
				    .sender = item->sender,
				    .recipient = item->recipient,
				    .relay = b->domains[item->domain].relay,
				    .size_bytes = item->size_bytes };
}

void
mm_emit_scenario(struct mm_scenario *s, const struct mm_emit_form *form,
		 FILE *to)
{
	struct mm_emit e = { .t0_us = SCENARIO_US, .name = name_of_scenario };

	play(&e, s, form, to);
}

void
mm_emit_study(const struct mm_study *s, const struct mm_plan *plan,
	      const struct mm_emit_form *form, FILE *to)
{
	struct mm_emit e = { .t0_us = s->backlog->at_us,
			     .name = name_of_study,
			     .study = s };
	struct mm_scenario scenario;

	mm_study_scenario(s, plan, 0, &scenario);
	play(&e, &scenario, form, to);
	mm_scenario_fini(&scenario);
}
