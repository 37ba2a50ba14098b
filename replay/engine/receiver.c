#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "replay/engine/num.h"
#include "replay/engine/receiver.h"

/* A bucket of this many messages never runs out, and fits 63 bits. */
#define DEPTH_MAX ((int64_t)1 << 41)

static void
take_steps(struct mm_receiver *r)
{
	const struct mm_receiver_spec *s = r->spec;

	for (; r->next_step < s->n_rate_steps &&
	       s->rate_steps[r->next_step].t_ms <= r->filled_ms;
	     r->next_step++)
		r->rate_per_hour = s->rate_steps[r->next_step].rate_per_hour;
}

void
mm_receiver_init(struct mm_receiver *r, const struct mm_receiver_spec *spec,
		 int64_t *first_seen)
{
	*r = (struct mm_receiver){
		.spec = spec,
		.capacity = mm_num_min(spec->burst, DEPTH_MAX) * MM_TOKEN,
		.level = mm_num_min(spec->level, DEPTH_MAX) * MM_TOKEN,
		.rate_per_hour = spec->rate_per_hour,
		.next_block_ms = spec->block_ms,
		.day = INT64_MIN,
		.first_seen = first_seen,
	};
	mm_reputation_init(&r->reputation, &spec->reputation);
	r->permille = mm_reputation_permille(&r->reputation);
	take_steps(r);
}

void
mm_receiver_fini(struct mm_receiver *r)
{
	free(r->strikes);
	free(r->blocks);
	*r = (struct mm_receiver){ 0 };
}

static void
refill(struct mm_receiver *r, int64_t t_ms)
{
	const struct mm_receiver_spec *s = r->spec;

	while (r->filled_ms < t_ms) {
		int64_t to = t_ms, rate;

		if (r->next_step < s->n_rate_steps)
			to = mm_num_min(to, s->rate_steps[r->next_step].t_ms);
		rate = mm_num_mul_div(r->rate_per_hour, r->permille, 1000);
		r->level =
		    mm_num_add(r->level, mm_num_mul(rate, to - r->filled_ms));
		r->level = mm_num_min(r->level, r->capacity);
		r->filled_ms = to;
		take_steps(r);
	}
}

/* Every decision begins with what time has done. */
static void
begin(struct mm_receiver *r, int64_t t_ms)
{
	if (r->spec->rate_limited)
		refill(r, t_ms);
	mm_reputation_advance(&r->reputation, t_ms);
}

static void
block(struct mm_receiver *r, int64_t t_ms)
{
	int64_t length = mm_num_min(r->next_block_ms, r->spec->block_max_ms);

	r->block_until_ms = mm_num_add(t_ms, length);
	r->blocks =
	    mm_grow(r->blocks, r->n_blocks, &r->cap_blocks, sizeof(*r->blocks));
	r->blocks[r->n_blocks++] =
	    (struct mm_block_span){ t_ms, r->block_until_ms };
	r->next_block_ms = mm_num_mul(r->next_block_ms, r->spec->block_mult);
}

static void
strike(struct mm_receiver *r, int64_t t_ms)
{
	int64_t since = mm_num_sub(t_ms, r->spec->strike_window_ms);
	size_t n;

	while (r->first_strike < r->n_strikes &&
	       r->strikes[r->first_strike] <= since)
		r->first_strike++;
	n = r->n_strikes - r->first_strike;
	if (r->first_strike > n) {
		/* More than half of it is past: move the rest down. */
		memmove(r->strikes, r->strikes + r->first_strike,
			n * sizeof(*r->strikes));
		r->n_strikes = n;
		r->first_strike = 0;
	}
	r->strikes = mm_grow(r->strikes, r->n_strikes, &r->cap_strikes,
			     sizeof(*r->strikes));
	r->strikes[r->n_strikes++] = t_ms;
	if ((int64_t)(n + 1) < r->spec->strike_n)
		return;
	r->first_strike = r->n_strikes = 0;
	block(r, t_ms);
}

static bool
is_strike(enum mm_result w)
{
	return w == MM_DEFER_RATE || w == MM_DEFER_DAILY ||
	       w == MM_DEFER_CONNMSGS || w == MM_REFUSED_CONNLIMIT;
}

static void
count(struct mm_receiver *r, enum mm_result w, int64_t permille)
{
	mm_reputation_count(&r->reputation, w, permille);
	r->permille = mm_reputation_permille(&r->reputation);
}

/* What one address does the others of its pool feel, too. */
static void
spread(struct mm_receiver *r, int64_t t_ms, enum mm_result w)
{
	const struct mm_receiver_spec *s = r->spec;

	for (size_t i = 0; i < s->pool_size; i++)
		if (&r->pool[i] != r) {
			begin(&r->pool[i], t_ms);
			count(&r->pool[i], w, s->reputation.spread_permille);
		}
}

/* Every decision ends with what it does to the next ones. */
static enum mm_result
end(struct mm_receiver *r, int64_t t_ms, enum mm_result w)
{
	if (r->spec->strike_n > 0 && is_strike(w) && t_ms >= r->block_until_ms)
		strike(r, t_ms);
	if (r->spec->extend_ms > 0 &&
	    (w == MM_DEFER_BLOCKED || w == MM_REFUSED_BLOCKED)) {
		r->block_until_ms = mm_num_max(
		    r->block_until_ms, mm_num_add(t_ms, r->spec->extend_ms));
		r->blocks[r->n_blocks - 1].until_ms = r->block_until_ms;
	}
	count(r, w, 1000);
	if (r->spec->reputation.spread_permille > 0)
		spread(r, t_ms, w);
	return w;
}

enum mm_result
mm_receiver_connect(struct mm_receiver *r, int64_t t_ms)
{
	begin(r, t_ms);
	if (t_ms < r->block_until_ms && r->spec->block_at_connect)
		return end(r, t_ms, MM_REFUSED_BLOCKED);
	if (r->n_open >= r->spec->max_conn)
		return end(r, t_ms, MM_REFUSED_CONNLIMIT);
	r->n_open++;
	r->n_connections++;
	return MM_ACCEPTED;
}

void
mm_receiver_disconnect(struct mm_receiver *r)
{
	r->n_open--;
}

static bool
greylisted(struct mm_receiver *r, int64_t t_ms, uint32_t key)
{
	const struct mm_receiver_spec *s = r->spec;

	if (s->greylist_ms == 0 ||
	    (s->greylist_awl > 0 && r->n_passes >= s->greylist_awl))
		return false;
	if (r->first_seen[key] < 0)
		r->first_seen[key] = t_ms;
	return t_ms - r->first_seen[key] < s->greylist_ms;
}

static enum mm_result
take(struct mm_receiver *r, bool bad)
{
	if (r->spec->rate_limited)
		r->level -= MM_TOKEN;
	r->n_today++;
	r->n_passes += r->spec->greylist_ms > 0;
	return bad ? MM_HARD : MM_ACCEPTED;
}

static enum mm_result
over_rate(struct mm_receiver *r)
{
	int64_t cost = mm_num_min(r->spec->reject_cost_permille, 1000);

	r->level = mm_num_max(0, r->level - MM_TOKEN * cost / 1000);
	return MM_DEFER_RATE;
}

enum mm_result
mm_receiver_message(struct mm_receiver *r, int64_t t_ms, int64_t nth, bool bad,
		    uint32_t grey_key)
{
	const struct mm_receiver_spec *s = r->spec;
	enum mm_result w;
	int64_t day;

	begin(r, t_ms);
	day = mm_num_floor_div(mm_num_add(t_ms, s->day_offset_ms), MM_DAY_MS);
	if (day != r->day) {
		r->day = day;
		r->n_today = 0;
	}
	if (t_ms < r->block_until_ms)
		w = MM_DEFER_BLOCKED;
	else if (nth > s->max_msgs_per_conn)
		w = MM_DEFER_CONNMSGS;
	else if (r->n_today >= s->daily_cap)
		w = MM_DEFER_DAILY;
	else if (greylisted(r, t_ms, grey_key))
		w = MM_DEFER_GREYLIST;
	else if (s->rate_limited && r->level < MM_TOKEN)
		w = over_rate(r);
	else
		w = take(r, bad);
	return end(r, t_ms, w);
}
