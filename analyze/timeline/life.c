#include <stdlib.h>
#include <string.h>

#include "analyze/case/schema.h"
#include "analyze/timeline/life.h"
#include "formats/base/mem.h"

#define BLOCK_ROWS	16384u
#define MANY_RECIPIENTS 24

void
mm_kept_init(struct mm_kept *k, size_t each_bytes)
{
	*k = (struct mm_kept){ .each_bytes = each_bytes };
}

void
mm_kept_fini(struct mm_kept *k)
{
	for (size_t i = 0; i < k->n_blocks; i++)
		free(k->blocks[i]);
	free(k->blocks);
	*k = (struct mm_kept){ 0 };
}

uint32_t
mm_kept_add(struct mm_kept *k)
{
	if (k->n == k->n_blocks * BLOCK_ROWS) {
		k->blocks = mm_grow(k->blocks, k->n_blocks, &k->cap_blocks,
				    sizeof(*k->blocks));
		k->blocks[k->n_blocks++] = mm_calloc(BLOCK_ROWS, k->each_bytes);
	}
	return ++k->n;
}

void *
mm_kept_at(const struct mm_kept *k, uint32_t id)
{
	uint32_t i = id - 1;

	return k->blocks[i / BLOCK_ROWS] + i % BLOCK_ROWS * k->each_bytes;
}

void
mm_lives_init(struct mm_lives *l)
{
	*l = (struct mm_lives){ 0 };
	mm_arena_init(&l->arena);
	mm_kept_init(&l->messages, sizeof(struct mm_kept_message));
	mm_kept_init(&l->recipients, sizeof(struct mm_kept_recipient));
}

void
mm_lives_fini(struct mm_lives *l)
{
	mm_kept_fini(&l->messages);
	mm_kept_fini(&l->recipients);
	mm_arena_fini(&l->arena);
}

struct mm_life *
mm_life_new(struct mm_lives *l)
{
	struct mm_life *life = l->free_list;

	if (life != NULL)
		l->free_list = life->chain;
	else
		life = mm_arena_alloc(&l->arena, sizeof(*life));
	*life = (struct mm_life){ .size = -1,
				  .nrcpt = -1,
				  .arrived_us = MM_TIME_NONE,
				  .ended_us = MM_TIME_NONE };
	life->id = mm_kept_add(&l->messages);
	return life;
}

void
mm_life_free(struct mm_lives *l, struct mm_life *life)
{
	mm_trail_fini(&life->trail);
	free(life->message_id);
	free(life->index);
	life->chain = l->free_list;
	l->free_list = life;
}

static struct mm_kept_recipient *
recipient_at(const struct mm_lives *l, uint32_t id)
{
	return mm_kept_at(&l->recipients, id);
}

static uint32_t *
index_slot(const struct mm_lives *l, const struct mm_life *life,
	   uint32_t address)
{
	size_t mask = life->n_index - 1;
	size_t i = (address * (size_t)2654435761u) & mask;

	while (life->index[i] != 0 &&
	       recipient_at(l, life->index[i])->address != address)
		i = (i + 1) & mask;
	return &life->index[i];
}

/* Lists of thousands of recipients are real: no walk for each of them. */
static void
index_add(const struct mm_lives *l, struct mm_life *life, uint32_t id)
{
	if (life->n_recipients < MANY_RECIPIENTS)
		return;
	if (life->n_recipients * 2 > life->n_index) {
		free(life->index);
		life->n_index = 64;
		while (life->n_index < (size_t)life->n_recipients * 4)
			life->n_index *= 2;
		life->index = mm_calloc(life->n_index, sizeof(*life->index));
		for (id = life->first_recipient; id != 0;
		     id = recipient_at(l, id)->next)
			*index_slot(l, life, recipient_at(l, id)->address) = id;
		return;
	}
	*index_slot(l, life, recipient_at(l, id)->address) = id;
}

uint32_t
mm_life_find(const struct mm_lives *l, const struct mm_life *life,
	     uint32_t address)
{
	uint32_t id = life->first_recipient;

	if (life->index != NULL)
		return *index_slot(l, life, address);
	while (id != 0 && recipient_at(l, id)->address != address)
		id = recipient_at(l, id)->next;
	return id;
}

struct mm_kept_recipient *
mm_life_recipient(struct mm_lives *l, struct mm_life *life, uint32_t address,
		  uint32_t *id)
{
	struct mm_kept_recipient *r;

	*id = mm_life_find(l, life, address);
	if (*id != 0)
		return recipient_at(l, *id);
	*id = mm_kept_add(&l->recipients);
	r = recipient_at(l, *id);
	r->message = life->id;
	r->address = address;
	r->final_us = MM_TIME_NONE;
	if (life->last_recipient != 0)
		recipient_at(l, life->last_recipient)->next = *id;
	else
		life->first_recipient = *id;
	life->last_recipient = *id;
	life->n_recipients++;
	index_add(l, life, *id);
	return r;
}

bool
mm_kept_is_final(const struct mm_kept_recipient *r)
{
	return r->final != MM_FINAL_UNKNOWN && r->final != MM_FINAL_DEFERRED &&
	       r->final != MM_FINAL_HELD;
}

static uint8_t
final_of(enum mm_outcome o)
{
	static const uint8_t finals[] = {
		[MM_OUT_NONE] = MM_FINAL_UNKNOWN,
		[MM_OUT_SENT] = MM_FINAL_SENT,
		[MM_OUT_DEFERRED] = MM_FINAL_DEFERRED,
		[MM_OUT_BOUNCED] = MM_FINAL_BOUNCED,
		[MM_OUT_DISCARDED] = MM_FINAL_SENT, /* as it was told to */
	};

	return finals[o];
}

void
mm_kept_name(struct mm_kept_recipient *k, const struct mm_record *r)
{
	const struct mm_str hex = MM_STR("0123456789abcdef");
	struct mm_str end = mm_str_from(r->envelope_id, r->queue_id.n);
	uint32_t v = 0;

	for (size_t i = 0; i < end.n; i++) {
		size_t digit = mm_str_findc(hex, end.p[i]);

		if (digit == MM_NOT_FOUND)
			return;
		v = v << 4 | (uint32_t)digit;
	}
	if (v != 0)
		k->envelope = v;
}

void
mm_kept_apply(struct mm_kept_recipient *k, const struct mm_record *r,
	      uint32_t reply, uint32_t relay)
{
	bool replaces = r->outcome != MM_OUT_DEFERRED || !mm_kept_is_final(k);

	k->given = false;
	k->n_attempts++;
	if (!replaces)
		return;
	k->final = final_of(r->outcome);
	k->final_us = r->outcome != MM_OUT_DEFERRED ? r->t_us : MM_TIME_NONE;
	if (r->contact || !k->real || r->outcome == MM_OUT_SENT) {
		k->reply = reply;
		k->relay = relay;
		k->real = r->contact;
	}
}
