#include <stdlib.h>
#include <string.h>

#include "analyze/case/schema.h"
#include "analyze/timeline/open.h"
#include "formats/base/digest.h"
#include "formats/base/mem.h"

void
mm_open_init(struct mm_open *o, struct mm_load *load)
{
	*o = (struct mm_open){ .load = load, .n_slots = 4096 };
	o->table = mm_calloc(o->n_slots, sizeof(struct mm_life *));
	mm_lives_init(&o->lives);
}

void
mm_open_fini(struct mm_open *o)
{
	for (size_t i = 0; i < o->n_slots; i++)
		for (struct mm_life *l = o->table[i], *next; l != NULL;
		     l = next) {
			next = l->chain;
			mm_life_free(&o->lives, l);
		}
	mm_lives_fini(&o->lives);
	free(o->has_queue);
	free(o->table);
}

void
mm_open_mark_queue(struct mm_open *o, uint32_t root)
{
	while (o->cap_queue <= root) {
		size_t old = o->cap_queue;

		o->cap_queue = old > 0 ? old * 2 : 16;
		o->has_queue = mm_realloc(o->has_queue, o->cap_queue);
		memset(o->has_queue + old, 0, o->cap_queue - old);
	}
	o->has_queue[root] = true;
}

static bool
has_queue(const struct mm_open *o, uint32_t root)
{
	return root < o->cap_queue && o->has_queue[root];
}

static uint64_t
key_of(const struct mm_where *w, struct mm_str queue_id)
{
	return mm_hash64(queue_id) ^ ((uint64_t)w->host * 0x9e3779b97f4a7c15u);
}

static bool
same_queue(const struct mm_open *o, const struct mm_where *w,
	   const struct mm_life *l)
{
	return l->root == w->root ||
	       !(has_queue(o, l->root) && has_queue(o, w->root));
}

struct mm_life *
mm_open_find(const struct mm_open *o, const struct mm_where *w,
	     struct mm_str queue_id)
{
	uint64_t key = key_of(w, queue_id);
	struct mm_life *l = o->table[key & (o->n_slots - 1)], *other = NULL;

	for (; l != NULL; l = l->chain) {
		if (l->key != key || l->n_queue_id != queue_id.n ||
		    memcmp(l->queue_id, queue_id.p, queue_id.n) != 0)
			continue;
		if (l->root == w->root)
			return l;
		if (other == NULL && same_queue(o, w, l))
			other = l;
	}
	return other;
}

static void
widen(struct mm_open *o)
{
	size_t n = o->n_slots * 2;
	struct mm_life **table = mm_calloc(n, sizeof(struct mm_life *));

	for (size_t i = 0; i < o->n_slots; i++)
		for (struct mm_life *l = o->table[i], *next; l != NULL;
		     l = next) {
			next = l->chain;
			l->chain = table[l->key & (n - 1)];
			table[l->key & (n - 1)] = l;
		}
	free(o->table);
	o->table = table;
	o->n_slots = n;
}

struct mm_life *
mm_open_begin(struct mm_open *o, const struct mm_where *w,
	      struct mm_str queue_id)
{
	struct mm_life *l = mm_life_new(&o->lives);

	if (queue_id.n > MM_QUEUE_ID_MAX)
		queue_id.n = MM_QUEUE_ID_MAX;
	l->key = key_of(w, queue_id);
	memcpy(l->queue_id, queue_id.p, queue_id.n);
	l->n_queue_id = (uint8_t)queue_id.n;
	l->mta = w->mta;
	l->origin = w->origin;
	l->root = w->root;
	l->first_us = w->t_us;
	l->at = w->at;
	mm_trail_add(&l->trail, w->at);
	l->flags = MM_MSG_NO_START;
	if (++o->n_open > o->n_slots)
		widen(o);
	l->chain = o->table[l->key & (o->n_slots - 1)];
	o->table[l->key & (o->n_slots - 1)] = l;
	return l;
}

struct mm_kept_recipient *
mm_open_recipient(const struct mm_open *o, uint32_t id)
{
	return mm_kept_at(&o->lives.recipients, id);
}

/* Recipients named at arrival that never had an outcome: aliases that became
 * others are no rows; on an open message the rest is still waiting. */
static void
settle_given(struct mm_open *o, const struct mm_life *l)
{
	bool others = false;

	for (uint32_t id = l->first_recipient; id != 0;
	     id = mm_open_recipient(o, id)->next) {
		const struct mm_kept_recipient *r = mm_open_recipient(o, id);
		uint32_t alias = r->orig != 0 && r->orig != r->address
				     ? mm_life_find(&o->lives, l, r->orig)
				     : 0;

		others |= !r->given;
		if (alias != 0 && mm_open_recipient(o, alias)->given)
			mm_open_recipient(o, alias)->gone = true;
	}
	for (uint32_t id = l->first_recipient; id != 0;
	     id = mm_open_recipient(o, id)->next) {
		struct mm_kept_recipient *r = mm_open_recipient(o, id);

		if (!r->given || r->final != MM_FINAL_UNKNOWN)
			continue;
		if ((l->flags & MM_MSG_REJECTED) != 0) {
			r->final = MM_FINAL_REJECTED;
			r->final_us = l->ended_us;
			continue;
		}
		if ((l->flags & MM_MSG_CUT) != 0)
			r->gone = true; /* there was no mail for it */
		else if (!l->closed)
			r->final = MM_FINAL_DEFERRED;
		else if (others)
			r->gone = true; /* rewritten: known by another name */
	}
}

static void
settle_held(struct mm_open *o, const struct mm_life *l)
{
	for (uint32_t id = l->first_recipient; id != 0;
	     id = mm_open_recipient(o, id)->next) {
		struct mm_kept_recipient *r = mm_open_recipient(o, id);

		if (r->final == MM_FINAL_DEFERRED ||
		    r->final == MM_FINAL_UNKNOWN)
			r->final = MM_FINAL_HELD;
	}
}

static void
write_message(struct mm_open *o, const struct mm_life *l)
{
	struct mm_row row = { MM_ROW_MESSAGE,
			      { .message = {
				    .id = l->id,
				    .origin = l->origin,
				    .queue_id = { l->queue_id, l->n_queue_id },
				    .message_id = { l->message_id,
						    l->n_message_id },
				    .sender = l->sender,
				    .client_name = l->client_name,
				    .client_ip = l->client_ip,
				    .sasl = l->sasl,
				    .size = l->size,
				    .nrcpt = l->nrcpt,
				    .arrived_us = l->arrived_us,
				    .ended_us = l->ended_us,
				    .flags = l->flags,
				    .at = l->at,
				    .lines = mm_trail_bytes(&l->trail),
				} } };

	mm_load_row(o->load, &row);
}

/* Rows of PowerMTA and Exchange have no end mark: a message is done when
 * nobody of it waits. */
static bool
is_done(const struct mm_open *o, const struct mm_life *l)
{
	bool any = false;

	if (l->mta != MM_MTA_POWERMTA && l->mta != MM_MTA_EXCHANGE)
		return l->closed;
	for (uint32_t id = l->first_recipient; id != 0;
	     id = mm_open_recipient(o, id)->next) {
		const struct mm_kept_recipient *r = mm_open_recipient(o, id);

		if (!r->gone && r->hop == 0 && !mm_kept_is_final(r))
			return false;
		any |= !r->gone;
	}
	return l->closed || any;
}

/* The life is over for good: its row goes out, what joins need stays. */
static void
evict(struct mm_open *o, struct mm_life *l)
{
	struct mm_life **at = &o->table[l->key & (o->n_slots - 1)];
	struct mm_kept_message *kept = mm_kept_at(&o->lives.messages, l->id);

	if (l->arrived_us == MM_TIME_NONE)
		l->arrived_us = l->first_us;
	settle_given(o, l);
	if (!is_done(o, l))
		l->flags |= MM_MSG_NO_END;
	if (!l->closed && (l->flags & MM_MSG_HELD) != 0)
		settle_held(o, l);
	write_message(o, l);
	*kept = (struct mm_kept_message){
		.queue_id_hash =
		    mm_hash64((struct mm_str){ l->queue_id, l->n_queue_id }),
		.message_id_hash = l->n_message_id > 0
				       ? mm_hash64((struct mm_str){
					     l->message_id, l->n_message_id })
				       : 0,
		.arrived_us = l->first_us,
		.origin = l->origin,
		.first_recipient = l->first_recipient,
		.flags = l->flags,
	};
	while (*at != l)
		at = &(*at)->chain;
	*at = l->chain;
	o->n_open--;
	mm_life_free(&o->lives, l);
}

void
mm_open_close(struct mm_open *o, struct mm_life *l, int64_t t_us)
{
	if (l->closed)
		return;
	l->closed = true;
	l->ended_us = t_us;
	if (o->late[o->next_late] != NULL)
		evict(o, o->late[o->next_late]);
	o->late[o->next_late] = l;
	o->next_late = (o->next_late + 1) % MM_OPEN_LATE;
}

void
mm_open_freeze(struct mm_open *o, struct mm_life *l)
{
	if (l->sender == 0 || mm_load_address_text(o->load, l->sender).n > 0)
		return;
	for (uint32_t id = l->first_recipient; id != 0;
	     id = mm_open_recipient(o, id)->next)
		if (mm_open_recipient(o, id)->final == MM_FINAL_BOUNCED)
			mm_open_recipient(o, id)->final = MM_FINAL_HELD;
}

static void
leave_ring(struct mm_open *o, const struct mm_life *l)
{
	for (size_t i = 0; i < MM_OPEN_LATE && l->closed; i++)
		if (o->late[i] == l)
			o->late[i] = NULL;
}

void
mm_open_again(struct mm_open *o, struct mm_life *l)
{
	leave_ring(o, l);
	l->closed = false;
	l->ended_us = MM_TIME_NONE;
	l->flags &= ~(unsigned)MM_MSG_CUT;
}

void
mm_open_end(struct mm_open *o, struct mm_life *l)
{
	leave_ring(o, l);
	evict(o, l);
}

struct mm_life *
mm_open_get(struct mm_open *o, const struct mm_where *w, struct mm_str queue_id)
{
	struct mm_life *l = mm_open_find(o, w, queue_id);

	if (l == NULL)
		return mm_open_begin(o, w, queue_id);
	mm_trail_add(&l->trail, w->at);
	return l;
}

static int
compare_id(const void *va, const void *vb)
{
	const struct mm_life *const *a = va, *const *b = vb;

	return ((*a)->id > (*b)->id) - ((*a)->id < (*b)->id);
}

void
mm_open_end_all(struct mm_open *o)
{
	struct mm_life **all = mm_calloc(o->n_open, sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; i < o->n_slots; i++)
		for (struct mm_life *l = o->table[i]; l != NULL; l = l->chain)
			all[n++] = l;
	qsort(all, n, sizeof(struct mm_life *), compare_id);
	for (size_t i = 0; i < n; i++)
		evict(o, all[i]);
	free(all);
	memset(o->late, 0, sizeof(o->late));
}
