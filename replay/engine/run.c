#include <stdlib.h>

#include "formats/base/mem.h"
#include "replay/engine/num.h"
#include "replay/engine/run.h"
#include "replay/engine/state.h"

/* ---- a message's way ---- */

static void
finish(struct mm_run *run, uint32_t i, enum mm_state state, int64_t t_ms)
{
	struct mm_message *m = &run->s->messages[i];

	m->state = state;
	m->at_ms = t_ms;
	run->flows[m->dest].n_queued--;
	run->n_queued--;
}

bool
mm_run_expire_paused(struct mm_run *run, uint32_t i, int64_t t_ms)
{
	const struct mm_message *m = &run->s->messages[i];
	const struct mm_flow *f = &run->flows[m->dest];
	int64_t t = mm_num_add(m->created_ms, run->s->sender.max_age_ms);

	/* Not before it would have been tried. */
	t = mm_num_max(f->policy->pause_at_ms, mm_num_max(t, m->at_ms));
	if (!f->policy->expire_paused || t >= f->resume_ms || t > t_ms)
		return false;
	finish(run, i, MM_EXPIRED, t);
	return true;
}

/* By how much chance makes the wait for the next try longer or shorter. */
static int64_t
wait_permille(const struct mm_run *run, uint32_t i)
{
	const struct mm_message *m = &run->s->messages[i];
	const struct mm_noise *n = &run->s->noise;
	int64_t most =
	    mm_num_max(n->retry_jitter_permille,
		       run->flows[m->dest].policy->retry_jitter_permille);
	uint64_t draw;

	if (most == 0)
		return 1000;
	draw = mm_noise_draw(n->seed, i, m->n_fails, MM_NOISE_RETRY);
	return 1000 - most +
	       (int64_t)mm_noise_below(draw, (uint64_t)(2 * most + 1));
}

/* The next try of a message: as its destination is known to refuse, else by
 * its own failures. */
static bool
next_try(struct mm_run *run, uint32_t i, int64_t *next_ms)
{
	struct mm_message *m = &run->s->messages[i];
	int64_t until = run->flows[m->dest].host.until_ms;

	if (run->now_ms < until)
		return mm_retry_wait(&run->retry, m, run->now_ms, until,
				     next_ms);
	m->n_fails++;
	return mm_retry_next(&run->retry, m, i, run->now_ms,
			     wait_permille(run, i), next_ms);
}

static void
defer(struct mm_run *run, uint32_t i)
{
	struct mm_message *m = &run->s->messages[i];
	int64_t next;

	if (!next_try(run, i, &next)) {
		finish(run, i, MM_EXPIRED, run->now_ms);
		return;
	}
	m->state = MM_WAITING;
	m->at_ms = next;
	mm_events_push(&run->events, next, MM_EV_WAKE, i);
}

/* Given back by a dead destination. */
static void
suspend(struct mm_run *run, uint32_t i)
{
	run->n_suspended++;
	if (run->hooks->suspended != NULL)
		run->hooks->suspended(run->hooks->ctx, run->now_ms, i);
	defer(run, i);
}

/* Its time has come: it is tried as soon as may be. A dead destination gives
 * it back at once. */
static void
make_ready(struct mm_run *run, uint32_t i)
{
	struct mm_message *m = &run->s->messages[i];
	const struct mm_flow *f = &run->flows[m->dest];

	if (f->window.dead || run->now_ms < f->host.until_ms) {
		suspend(run, i);
		return;
	}
	m->state = MM_READY;
	mm_ready_add(&run->ready, i, run->now_ms);
	mm_minset_add(&run->active, m->dest);
}

static void
wake(struct mm_run *run, uint32_t i)
{
	const struct mm_message *m = &run->s->messages[i];

	/* One that a flush has overtaken is void. */
	if (m->state == MM_WAITING && m->at_ms == run->now_ms)
		make_ready(run, i);
}

/* ---- a destination's way ---- */

static void
touch(struct mm_run *run, uint32_t dest)
{
	if (mm_ready_count(&run->ready, dest) > 0)
		mm_minset_add(&run->active, dest);
}

static void
forget(struct mm_run *run, uint32_t dest)
{
	struct mm_flow *f = &run->flows[dest];

	if (f->n_flying == 0 && mm_ready_count(&run->ready, dest) == 0)
		mm_window_forget(&f->window);
}

/* What the handshake says of the destination. */
static void
feed_back(struct mm_run *run, uint32_t dest, bool refused)
{
	struct mm_flow *f = &run->flows[dest];

	if (!refused) {
		mm_window_positive(&f->window, f->n_flying);
		return;
	}
	if (!mm_window_negative(&f->window, run->now_ms))
		return;
	mm_events_push(&run->events, f->window.undead_ms, MM_EV_TIMER,
		       (uint64_t)dest * 4 + MM_UNDEAD);
	while (mm_ready_count(&run->ready, dest) > 0)
		suspend(run, mm_ready_take(&run->ready, dest));
}

/* Whether the destination could be reached is remembered, or forgotten. */
static void
remember_host(struct mm_run *run, uint32_t dest, bool refused)
{
	const struct mm_host_spec *spec = &run->s->sender.host;
	struct mm_flow *f = &run->flows[dest];

	if (spec->kind == MM_HOST_NONE)
		return;
	if (!refused) {
		f->host = (struct mm_host){ 0 };
		return;
	}
	/* Others were on their way when the first was refused. */
	if (run->now_ms < f->host.until_ms)
		return;
	mm_retry_host(&run->retry, spec, &f->host, run->now_ms);
	while (mm_ready_count(&run->ready, dest) > 0)
		suspend(run, mm_ready_take(&run->ready, dest));
}

/* A run of failures suspends the destination. */
static void
count_failures(struct mm_run *run, struct mm_flow *f, enum mm_result r)
{
	if (f->policy->suspend_after == 0 || r == MM_DEFER_GREYLIST)
		return;
	f->n_failed++;
	if (r == MM_ACCEPTED || r == MM_HARD)
		f->n_failed = 0;
	if (f->n_failed < f->policy->suspend_after)
		return;
	f->n_failed = 0;
	f->suspended_ms = mm_num_add(run->now_ms, f->policy->suspend_ms);
}

static void
flush(struct mm_run *run, uint32_t dest)
{
	struct mm_flow *f = &run->flows[dest];

	if (f->window.dead) {
		f->window.cohort = 0;
		mm_window_revive(&f->window, f->n_flying);
	}
	f->host = (struct mm_host){ 0 };
	for (size_t k = 0; k < mm_ready_all(&run->ready, dest); k++) {
		uint32_t i = mm_ready_nth(&run->ready, dest, k);
		const struct mm_message *m = &run->s->messages[i];

		if (m->state == MM_WAITING && m->arrive_ms <= run->now_ms)
			make_ready(run, i);
	}
}

static void
adapt(struct mm_run *run, uint32_t dest)
{
	struct mm_flow *f = &run->flows[dest];
	const struct mm_pace_spec *p = &f->policy->pace;

	mm_pace_adapt(f->pace, run->now_ms);
	if ((p->scope != MM_PACE_DEST ? run->n_queued : f->n_queued) > 0)
		mm_events_push(&run->events,
			       mm_num_add(run->now_ms, p->period_ms),
			       MM_EV_TIMER, (uint64_t)dest * 4 + MM_ADAPT);
}

static void
timer(struct mm_run *run, uint32_t dest, enum mm_timer kind)
{
	struct mm_flow *f = &run->flows[dest];

	switch (kind) {
	case MM_UNDEAD:
		if (!f->window.dead || f->window.undead_ms != run->now_ms)
			break;
		f->window.cohort = 0;
		mm_window_revive(&f->window, f->n_flying);
		forget(run, dest);
		break;
	case MM_RESUME:
		if (f->policy->flush)
			flush(run, dest);
		break;
	case MM_ADAPT:
		adapt(run, dest);
		break;
	case MM_POKE:
		break;
	}
	touch(run, dest);
}

/* ---- an attempt's way ---- */

/* Some fail for a reason of their own, whatever the receiver would say. */
static bool
fails_itself(const struct mm_run *run, uint32_t i)
{
	const struct mm_noise *n = &run->s->noise;

	return n->fail_ppm > 0 &&
	       (int64_t)mm_noise_below(
		   mm_noise_draw(n->seed, i, run->s->messages[i].n_fails,
				 MM_NOISE_FAIL),
		   1000000) < n->fail_ppm;
}

static void
decide(struct mm_run *run, uint64_t number)
{
	struct mm_attempt *a = mm_attempts_get(&run->attempts, number);
	const struct mm_message *m = &run->s->messages[a->message];
	const struct mm_flow *f = &run->flows[m->dest];
	uint32_t key = a->message;
	enum mm_result r = MM_DEFER_OTHER;
	int64_t time;

	if (run->s->grey_key != NULL)
		key = run->s->grey_key[key];
	a->decide_ms = run->now_ms;
	a->carried++;
	if (!fails_itself(run, a->message))
		r = mm_receiver_message(f->receiver, run->now_ms, a->carried,
					m->bad, key);
	a->result = (uint8_t)r;
	time = mm_dispatch_time(run, a->message, MM_NOISE_REPLY,
				r == MM_ACCEPTED ? f->times->accept_ms
						 : f->times->reject_ms);
	mm_events_push(&run->events, mm_num_add(run->now_ms, time),
		       MM_EV_COMPLETE, number);
}

/* The receiver ends the session after these. */
static bool
closes(enum mm_result r)
{
	return r == MM_DEFER_RATE || r == MM_DEFER_DAILY ||
	       r == MM_DEFER_BLOCKED || r == MM_DEFER_CONNMSGS;
}

static void
complete(struct mm_run *run, uint64_t number, struct mm_outcome *out)
{
	struct mm_attempt *a = mm_attempts_get(&run->attempts, number);
	enum mm_result r = (enum mm_result)a->result;
	uint32_t dest = run->s->messages[a->message].dest;
	struct mm_flow *f = &run->flows[dest];

	a->end_ms = run->now_ms;
	out->n_results[r]++;
	if (f->pace != NULL && run->now_ms >= f->resume_ms)
		mm_pace_count(f->pace, r, run->now_ms);
	feed_back(run, dest, !a->connected);
	remember_host(run, dest, !a->connected);
	count_failures(run, f, r);
	if (run->s->sender.rate_delay_ms > 0)
		f->suspended_ms = mm_num_max(
		    f->suspended_ms,
		    mm_num_add(run->now_ms, run->s->sender.rate_delay_ms));
	f->n_flying--;
	run->n_flying--;
	forget(run, dest);
	if (a->connected && (closes(r) || !run->s->sender.reuse))
		mm_receiver_disconnect(f->receiver);
	else if (a->connected)
		mm_dispatch_keep(run, dest, a->carried);
	if (r == MM_ACCEPTED)
		finish(run, a->message, MM_DELIVERED, run->now_ms);
	else if (r == MM_HARD)
		finish(run, a->message, MM_BOUNCED, run->now_ms);
	else
		defer(run, a->message);
	touch(run, dest);
}

/* ---- the run ---- */

static void
init_receivers(struct mm_run *run)
{
	const struct mm_scenario *s = run->s;
	bool grey = false;

	for (size_t i = 0; i < s->n_receivers; i++)
		grey |= s->receivers[i].greylist_ms > 0;
	if (grey) {
		run->first_seen =
		    mm_alloc(s->n_messages * sizeof(*run->first_seen));
		for (size_t i = 0; i < s->n_messages; i++)
			run->first_seen[i] = -1;
	}
	run->receivers = mm_calloc(s->n_receivers, sizeof(*run->receivers));
	for (size_t i = 0; i < s->n_receivers; i++)
		mm_receiver_init(&run->receivers[i], &s->receivers[i],
				 run->first_seen);
	for (size_t i = 0; i < s->n_receivers; i++)
		run->receivers[i].pool = run->receivers + s->receivers[i].pool;
}

static bool
shares_pace(const struct mm_scenario *s, uint32_t a, uint32_t b)
{
	const struct mm_policy *p = &s->policies[s->dests[a].policy];
	const struct mm_policy *q = &s->policies[s->dests[b].policy];

	return p->pace.kind != MM_PACE_NONE && q->pace.kind != MM_PACE_NONE &&
	       p->pace_group == q->pace_group &&
	       p->pace.scope == q->pace.scope &&
	       (p->pace.scope == MM_PACE_GLOBAL ||
		(p->pace.scope == MM_PACE_RECEIVER &&
		 s->dests[a].receiver == s->dests[b].receiver));
}

/* A shared pace belongs to the first destination of those that share it. */
static uint32_t
pace_owner(const struct mm_scenario *s, uint32_t dest)
{
	uint32_t first = 0;

	if (s->policies[s->dests[dest].policy].pace.scope == MM_PACE_DEST)
		return dest;
	while (first < dest && !shares_pace(s, first, dest))
		first++;
	return first;
}

static void
init_flow(struct mm_run *run, uint32_t dest)
{
	const struct mm_dest *d = &run->s->dests[dest];
	const struct mm_policy *p = &run->s->policies[d->policy];
	struct mm_flow *f = &run->flows[dest];
	uint32_t owner = pace_owner(run->s, dest);

	f->policy = p;
	f->times = d->times != NULL ? d->times : &run->s->sender.times;
	f->receiver = &run->receivers[d->receiver];
	f->poke_ms = -1;
	f->resume_ms =
	    mm_num_add(p->resume_at_ms, mm_num_mul(dest, p->stagger_ms));
	mm_window_init(&f->window, &run->s->sender.window);
	mm_events_push(&run->events, f->resume_ms, MM_EV_TIMER,
		       (uint64_t)dest * 4 + MM_RESUME);
	if (p->pace.kind == MM_PACE_NONE)
		return;
	f->pace = &run->paces[owner];
	if (owner != dest)
		return;
	mm_pace_init(f->pace, &p->pace, f->resume_ms);
	if (p->pace.kind == MM_PACE_AIMD)
		mm_events_push(&run->events,
			       mm_num_add(f->resume_ms, p->pace.period_ms),
			       MM_EV_TIMER, (uint64_t)dest * 4 + MM_ADAPT);
}

static void
init(struct mm_run *run, struct mm_scenario *s)
{
	*run = (struct mm_run){ .s = s };
	mm_events_init(&run->events, s->messages, sizeof(*s->messages));
	mm_attempts_init(&run->attempts);
	mm_ready_init(&run->ready, s);
	mm_retry_init(&run->retry, &s->sender, s->messages, s->n_messages);
	mm_minset_init(&run->active, s->n_dests);
	init_receivers(run);
	run->flows = mm_calloc(s->n_dests, sizeof(*run->flows));
	run->paces = mm_calloc(s->n_dests, sizeof(*run->paces));
	run->one_pace = s->n_dests > 0;
	for (size_t d = 0; d < s->n_dests; d++) {
		init_flow(run, (uint32_t)d);
		run->one_pace &= shares_pace(s, 0, (uint32_t)d);
	}
	for (size_t i = 0; i < s->n_messages; i++) {
		struct mm_message *m = &s->messages[i];

		m->state = MM_WAITING;
		m->at_ms = mm_num_max(0, mm_num_max(m->arrive_ms, m->next_ms));
		mm_events_push(&run->events, m->at_ms, MM_EV_WAKE, i);
		run->flows[m->dest].n_queued++;
	}
	run->n_queued = (int64_t)s->n_messages;
}

static void
fini(struct mm_run *run)
{
	for (size_t i = 0; i < run->s->n_receivers; i++)
		mm_receiver_fini(&run->receivers[i]);
	for (size_t d = 0; d < run->s->n_dests; d++)
		free(run->flows[d].idle);
	free(run->receivers);
	free(run->flows);
	free(run->paces);
	free(run->idle);
	mm_attempts_fini(&run->attempts);
	mm_minset_fini(&run->active);
}

static void
play(struct mm_run *run, struct mm_event e, struct mm_outcome *out)
{
	out->n_events++;
	switch (e.class) {
	case MM_EV_COMPLETE:
		complete(run, e.number, out);
		break;
	case MM_EV_DECIDE:
		decide(run, e.number);
		break;
	case MM_EV_WAKE:
		wake(run, (uint32_t)e.number);
		break;
	case MM_EV_TIMER:
		timer(run, (uint32_t)(e.number / 4),
		      (enum mm_timer)(e.number % 4));
		break;
	}
}

/* Give the attempts that have ended on to who wants them. */
static void
retire(struct mm_run *run, bool any_case)
{
	const struct mm_run_hooks *hooks = run->hooks;
	struct mm_attempt *a;

	while ((a = mm_attempts_retire(&run->attempts, any_case)) != NULL) {
		if (a->end_ms < 0)
			a->result = MM_NO_RESULT;
		if (hooks->attempt != NULL)
			hooks->attempt(hooks->ctx, run->attempts.oldest - 1, a);
	}
}

static void
take_stock(struct mm_run *run, struct mm_outcome *out)
{
	/* What is large goes first: counting needs room again. */
	mm_events_fini(&run->events);
	mm_ready_fini(&run->ready);
	mm_retry_fini(&run->retry);
	free(run->first_seen);
	out->n_attempts = (int64_t)(run->attempts.next - 1);
	out->n_suspended = run->n_suspended;
	mm_outcome_messages(out, run->s);
	out->n_dests = run->s->n_dests;
	out->dests = mm_calloc(out->n_dests, sizeof(*out->dests));
	for (size_t d = 0; d < out->n_dests; d++) {
		struct mm_receiver *r = run->flows[d].receiver;
		struct mm_reputation *p = &r->reputation;
		struct mm_outcome_dest *o = &out->dests[d];
		int64_t end = out->makespan_ms;

		mm_reputation_advance(p, mm_num_max(end, p->t_ms));
		o->n_connections = r->n_connections;
		o->n_blocks = (int64_t)r->n_blocks;
		o->least_ppm = p->least_ppm;
		o->final_ppm = p->ppm;
		o->deficit = p->deficit;
		o->loss = p->loss;
		o->low_ms = p->low_ms;
		o->good = p->good;
		o->bad = p->bad;
		for (size_t i = 0; i < r->n_blocks; i++)
			o->blocked_ms +=
			    mm_num_min(r->blocks[i].until_ms, end) -
			    mm_num_min(r->blocks[i].from_ms, end);
	}
}

/* The state stands still between two instants: show it at every boundary
 * before `t_ms`. */
static void
sample(struct mm_run *run, int64_t *at_ms, int64_t t_ms)
{
	const struct mm_run_hooks *hooks = run->hooks;

	if (hooks->sample == NULL)
		return;
	for (; *at_ms < t_ms; *at_ms += hooks->sample_ms)
		hooks->sample(hooks->ctx, *at_ms, run->n_queued,
			      run->receivers);
}

void
mm_run(struct mm_scenario *s, const struct mm_run_hooks *hooks,
       struct mm_outcome *out)
{
	static const struct mm_run_hooks nobody;
	int64_t sample_ms = 0;
	struct mm_run run;
	struct mm_event e;

	*out = (struct mm_outcome){ 0 };
	init(&run, s);
	run.hooks = hooks != NULL ? hooks : &nobody;
	do {
		sample(&run, &sample_ms, run.now_ms);
		while (mm_events_pop(&run.events, &e)) {
			do
				play(&run, e, out);
			while (mm_events_pop(&run.events, &e));
			mm_dispatch(&run);
		}
		retire(&run, false);
	} while (mm_events_next(&run.events, &run.now_ms) &&
		 run.now_ms <= s->horizon_ms);
	retire(&run, true);
	for (size_t i = 0; i < s->n_messages; i++)
		if (s->messages[i].state == MM_READY)
			(void)mm_run_expire_paused(&run, (uint32_t)i,
						   s->horizon_ms);
	take_stock(&run, out);
	fini(&run);
}
