#include "formats/base/mem.h"
#include "replay/engine/num.h"
#include "replay/engine/state.h"

enum gate {
	OPEN,
	SHUT,	 /* until an event of the destination, or a look */
	STARVED, /* by a pace that it shares with others */
	BLOCKED	 /* nobody may start */
};

void
mm_dispatch_keep(struct mm_run *run, uint32_t dest, uint32_t carried)
{
	struct mm_flow *f = &run->flows[dest];

	if (f->n_idle == 0) {
		run->idle = mm_grow(run->idle, run->n_idle, &run->cap_idle,
				    sizeof(*run->idle));
		run->idle[run->n_idle++] = dest;
	}
	f->idle = mm_grow(f->idle, f->n_idle, &f->cap_idle, sizeof(*f->idle));
	f->idle[f->n_idle++] = carried;
}

/* Come back at `t_ms`, unless a look before it is due anyway. */
static void
look_at(struct mm_run *run, uint32_t dest, int64_t t_ms)
{
	struct mm_flow *f = &run->flows[dest];

	if (run->now_ms < f->poke_ms && f->poke_ms <= t_ms)
		return;
	f->poke_ms = t_ms;
	mm_events_push(&run->events, t_ms, MM_EV_TIMER,
		       (uint64_t)dest * 4 + MM_POKE);
}

/* Is `t_ms` inside a window of the day? If not, when does the next begin? */
static bool
in_window(const struct mm_policy *p, int64_t t_ms, int64_t *begins_ms)
{
	int64_t at = mm_num_add(t_ms, p->day_offset_ms) % MM_DAY_MS;
	int64_t wait = MM_DAY_MS;

	if (at < 0)
		at += MM_DAY_MS;
	for (size_t i = 0; i < p->windows.n; i++) {
		int64_t from = p->windows.v[i].from_ms;

		if (at >= from && at < p->windows.v[i].to_ms)
			return true;
		wait = mm_num_min(wait, from > at ? from - at
						  : from - at + MM_DAY_MS);
	}
	*begins_ms = mm_num_add(t_ms, wait);
	return p->windows.n == 0;
}

static enum gate
gate(struct mm_run *run, uint32_t dest)
{
	struct mm_flow *f = &run->flows[dest];
	int64_t t = run->now_ms, look;

	if (t < f->resume_ms && t >= f->policy->pause_at_ms)
		return SHUT;
	if (t < f->suspended_ms) {
		look_at(run, dest, f->suspended_ms);
		return SHUT;
	}
	if (!in_window(f->policy, t, &look)) {
		look_at(run, dest, look);
		return SHUT;
	}
	if (f->n_flying >= mm_num_min(f->window.size, f->policy->concurrency) ||
	    (run->s->sender.rate_delay_ms > 0 && f->n_flying > 0))
		return SHUT;
	if (run->n_flying >= run->s->sender.global_limit)
		return BLOCKED;
	/* Until the pause the MTA sends as it always does. */
	if (f->pace == NULL || t < f->resume_ms ||
	    mm_pace_open(f->pace, t, &look))
		return OPEN;
	if (look >= 0)
		look_at(run, dest, look);
	if (f->policy->pace.scope == MM_PACE_DEST)
		return SHUT;
	return run->one_pace ? BLOCKED : STARVED;
}

int64_t
mm_dispatch_time(const struct mm_run *run, uint32_t message,
		 enum mm_noise_purpose what, int64_t ms)
{
	const struct mm_noise *noise = &run->s->noise;
	uint64_t draw;

	if (noise->n_service == 0)
		return ms;
	draw = mm_noise_draw(noise->seed, message,
			     run->s->messages[message].n_fails, what);
	ms = mm_num_mul_div(
	    ms, noise->service_permille[mm_noise_below(draw, noise->n_service)],
	    1000);
	return mm_num_max(1, ms);
}

/* The latest idle connection that may carry one more, if there is one. */
static bool
take_idle(struct mm_run *run, struct mm_flow *f, uint32_t *carried)
{
	int64_t most = mm_num_min(run->s->sender.max_msgs_per_conn,
				  f->policy->msgs_per_conn);

	while (f->n_idle > 0) {
		*carried = f->idle[--f->n_idle];
		if (*carried < most)
			return true;
		mm_receiver_disconnect(f->receiver);
	}
	*carried = 0;
	return false;
}

static void
start(struct mm_run *run, uint32_t dest)
{
	struct mm_flow *f = &run->flows[dest];
	uint32_t message = mm_ready_take(&run->ready, dest);
	struct mm_attempt *a;
	int64_t at = run->now_ms;
	uint64_t number;

	if (mm_run_expire_paused(run, message, run->now_ms))
		return;
	a = mm_attempts_start(&run->attempts, &number);
	a->message = message;
	a->start_ms = run->now_ms;
	__builtin_prefetch(&run->s->messages[a->message], 1);
	if (f->pace != NULL && run->now_ms >= f->resume_ms)
		mm_pace_take(f->pace);
	f->n_flying++;
	run->n_flying++;
	a->reused = take_idle(run, f, &a->carried);
	if (!a->reused) {
		a->result = (uint8_t)mm_receiver_connect(f->receiver, at);
		at = mm_num_add(
		    at, mm_dispatch_time(run, a->message, MM_NOISE_CONNECT,
					 a->result == MM_ACCEPTED
					     ? f->times->connect_ms
					     : f->times->refuse_ms));
	}
	a->connected = a->reused || a->result == MM_ACCEPTED;
	mm_events_push(&run->events, at,
		       a->connected ? MM_EV_DECIDE : MM_EV_COMPLETE, number);
}

static void
close_idle(struct mm_run *run)
{
	while (run->n_idle > 0) {
		struct mm_flow *f = &run->flows[run->idle[--run->n_idle]];

		for (; f->n_idle > 0; f->n_idle--)
			mm_receiver_disconnect(f->receiver);
	}
}

/* One pass over the destinations in their order. True: it started some. */
static bool
pass(struct mm_run *run)
{
	bool started = false;
	size_t d = mm_minset_next(&run->active, 0);

	for (; d != MM_MINSET_END; d = mm_minset_next(&run->active, d + 1)) {
		uint32_t dest = (uint32_t)d;
		enum gate g = SHUT;

		if (mm_ready_count(&run->ready, dest) > 0)
			g = gate(run, dest);
		if (g == BLOCKED)
			break;
		if (g == SHUT)
			mm_minset_drop(&run->active, d);
		if (g == OPEN) {
			start(run, dest);
			started = true;
		}
	}
	return started;
}

void
mm_dispatch(struct mm_run *run)
{
	while (pass(run))
		;
	close_idle(run);
}
