#include <string.h>

#include "analyze/timeline/clients.h"

uint64_t
mm_clients_key(uint32_t origin, uint32_t pid)
{
	uint64_t key = (uint64_t)origin << 32 | pid;

	return key != 0 ? key : 1;
}

static struct mm_client *
slot_of(struct mm_clients *c, uint64_t key)
{
	return &c->slots[(key ^ key >> 29) & (MM_CLIENTS_MAX - 1)];
}

void
mm_clients_leg(struct mm_clients *c, uint64_t key, int64_t t_us,
	       struct mm_row_place at)
{
	struct mm_client *s = slot_of(c, key);

	c->n_legs++;
	if (key == 0)
		return;
	if (s->key != key || t_us - s->t_us > MM_CLIENTS_GAP_US)
		*s = (struct mm_client){ .key = key };
	s->t_us = t_us;
	if (s->n == MM_CLIENTS_LEGS)
		return;
	s->at[s->n] = at;
	s->legs[s->n++] = c->n_legs;
}

bool
mm_clients_take(struct mm_clients *c, uint64_t key, int64_t t_us, uint32_t *leg,
		struct mm_row_place *at)
{
	struct mm_client *s = slot_of(c, key);

	if (s->key != key || s->n == 0 || t_us - s->t_us > MM_CLIENTS_GAP_US)
		return false;
	*leg = s->legs[0];
	*at = s->at[0];
	s->n--;
	memmove(s->legs, s->legs + 1, s->n * sizeof(s->legs[0]));
	memmove(s->at, s->at + 1, s->n * sizeof(s->at[0]));
	return true;
}

void
mm_clients_lost(struct mm_clients *c, uint64_t key, uint32_t message,
		int64_t t_us)
{
	struct mm_client *s = slot_of(c, key);

	if (s->key != key)
		*s = (struct mm_client){ .key = key };
	s->t_us = t_us;
	s->lost = message;
	s->until_us = t_us + MM_CLIENTS_GAP_US;
}

bool
mm_clients_again(struct mm_clients *c, uint64_t key, uint32_t message,
		 int64_t t_us)
{
	struct mm_client *s = slot_of(c, key);

	if (s->key != key || s->lost == 0)
		return false;
	if (s->lost != message || t_us > s->until_us) {
		s->lost = 0;
		return false;
	}
	/* The lines of one delivery come at once. */
	if (s->until_us > t_us + MM_CLIENTS_BURST_US)
		s->until_us = t_us + MM_CLIENTS_BURST_US;
	return true;
}

void
mm_clients_drop(struct mm_clients *c, uint64_t key)
{
	struct mm_client *s = slot_of(c, key);

	if (s->key == key)
		s->n = 0;
}
