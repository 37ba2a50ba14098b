#include <stdlib.h>

#include "analyze/case/schema.h"
#include "analyze/timeline/join.h"
#include "formats/base/digest.h"
#include "formats/base/mem.h"

/* The next hop has the mail before its answer reaches us; clocks of two hosts
 * and whole-second stamps blur that. */
#define EARLY_US (10 * MM_MINUTE_US)
#define LATE_US	 (5 * MM_SECOND_US)
/* Clocks may be wrong, and logs without a zone hours apart: where the reply
 * names the id and the Message-ID is the same, that is proof enough. */
#define APART_US  MM_DAY_US
#define MAX_DEPTH 12
/* Ids as long as this are random numbers (UUIDs): no stranger has the same. */
#define UNIQUE_ID 32
/* For each hash of a sieve. */
#define SIEVE_BITS 16

struct hop {
	uint64_t next_hash;
	int64_t t_us;
	uint32_t recipient, next; /* message; 0: not in these logs */
	struct mm_row_place at;
	uint8_t kind;
	bool local, unique, sure;
};

struct edge {
	uint32_t from, to; /* from 0: whose Message-ID has this hash */
	uint64_t from_hash;
	uint32_t next; /* index + 1 of the next split of `from` */
	struct mm_row_place at;
	uint8_t kind;
};

struct by_hash {
	uint64_t hash;
	uint32_t message;
};

struct mm_joins {
	struct hop *hops;   /* owned */
	struct edge *edges; /* owned */
	size_t n_hops, cap_hops, n_edges, cap_edges;
	struct by_hash *index; /* owned: by queue id, what hops may name */
	size_t n_index;
	bool by_message_id; /* some hop is */
};

struct mm_joins *
mm_joins_new(void)
{
	return mm_calloc(1, sizeof(struct mm_joins));
}

void
mm_joins_free(struct mm_joins *j)
{
	if (j == NULL)
		return;
	free(j->hops);
	free(j->edges);
	free(j->index);
	free(j);
}

static uint32_t
add_hop(struct mm_joins *j, const struct hop *hop)
{
	j->hops = mm_grow(j->hops, j->n_hops, &j->cap_hops, sizeof(*j->hops));
	j->hops[j->n_hops++] = *hop;
	return (uint32_t)j->n_hops;
}

uint32_t
mm_joins_hop(struct mm_joins *j, uint32_t recipient, struct mm_str next,
	     int64_t t_us, enum mm_join kind, bool local,
	     struct mm_row_place at)
{
	j->by_message_id |= kind == MM_JOIN_MESSAGE_ID;
	return add_hop(j, &(struct hop){
			      .next_hash = mm_hash64(next),
			      .t_us = t_us,
			      .recipient = recipient,
			      .at = at,
			      .kind = (uint8_t)kind,
			      .local = local,
			      .unique = next.n >= UNIQUE_ID,
			  });
}

void
mm_joins_edge(struct mm_joins *j, uint32_t from, uint32_t to, enum mm_join kind,
	      struct mm_row_place at)
{
	j->edges =
	    mm_grow(j->edges, j->n_edges, &j->cap_edges, sizeof(*j->edges));
	j->edges[j->n_edges++] = (struct edge){
		.from = from, .to = to, .at = at, .kind = (uint8_t)kind
	};
}

void
mm_joins_edge_from(struct mm_joins *j, struct mm_str message_id, uint32_t to,
		   enum mm_join kind, struct mm_row_place at)
{
	mm_joins_edge(j, 0, to, kind, at);
	j->edges[j->n_edges - 1].from_hash = mm_hash64(message_id);
	j->by_message_id = true;
}

uint32_t
mm_joins_moved(struct mm_joins *j, uint32_t recipient, uint32_t to,
	       enum mm_join kind, struct mm_row_place at)
{
	return add_hop(j, &(struct hop){ .recipient = recipient,
					 .next = to,
					 .at = at,
					 .kind = (uint8_t)kind,
					 .sure = true });
}

static int
compare_hash(const void *va, const void *vb)
{
	const struct by_hash *a = va, *b = vb;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return (a->message > b->message) - (a->message < b->message);
}

static struct mm_kept_message *
message_at(const struct mm_lives *l, uint32_t id)
{
	return mm_kept_at(&l->messages, id);
}

static struct mm_kept_recipient *
recipient_at(const struct mm_lives *l, uint32_t id)
{
	return mm_kept_at(&l->recipients, id);
}

/* A set of hashes, a bit for each: it may hold some that were never added. */
struct sieve {
	uint8_t *bits; /* owned */
	size_t mask;
};

static struct sieve
sieve_for(size_t n)
{
	struct sieve v = { .mask = 1023 };

	while (v.mask < n * SIEVE_BITS)
		v.mask = v.mask * 2 + 1;
	v.bits = mm_calloc(v.mask / 8 + 1, 1);
	return v;
}

static void
sieve_add(const struct sieve *v, uint64_t hash)
{
	size_t at = (size_t)hash & v->mask;

	v->bits[at / 8] |= (uint8_t)(1u << at % 8);
}

static bool
sieve_has(const struct sieve *v, uint64_t hash)
{
	size_t at = (size_t)hash & v->mask;

	return (v->bits[at / 8] >> at % 8 & 1) != 0;
}

static void
add_index(struct mm_joins *j, size_t *cap, uint64_t hash, uint32_t message)
{
	j->index = mm_grow(j->index, j->n_index, cap, sizeof(*j->index));
	j->index[j->n_index++] = (struct by_hash){ hash, message };
}

/* Most hops lead to hosts of others, most messages to none of these logs: only
 * those that may meet are sorted. */
static void
build_index(struct mm_joins *j, const struct mm_lives *l)
{
	struct sieve here = sieve_for(l->messages.n);
	struct sieve wanted = sieve_for(j->n_hops + j->n_edges);
	size_t cap = 0;

	for (uint32_t id = 1; id <= l->messages.n; id++) {
		sieve_add(&here, message_at(l, id)->queue_id_hash);
		if (j->by_message_id)
			sieve_add(&here, message_at(l, id)->message_id_hash);
	}
	for (size_t i = 0; i < j->n_hops; i++)
		if (sieve_has(&here, j->hops[i].next_hash))
			sieve_add(&wanted, j->hops[i].next_hash);
	for (size_t i = 0; i < j->n_edges; i++)
		if (j->edges[i].from == 0)
			sieve_add(&wanted, j->edges[i].from_hash);
	for (uint32_t id = 1; id <= l->messages.n; id++) {
		const struct mm_kept_message *m = message_at(l, id);

		if (sieve_has(&wanted, m->queue_id_hash))
			add_index(j, &cap, m->queue_id_hash, id);
		if (j->by_message_id && m->message_id_hash != 0 &&
		    sieve_has(&wanted, m->message_id_hash))
			add_index(j, &cap, m->message_id_hash, id);
	}
	free(here.bits);
	free(wanted.bits);
	if (j->n_index > 0)
		qsort(j->index, j->n_index, sizeof(*j->index), compare_hash);
}

static size_t
first_with(const struct mm_joins *j, uint64_t hash)
{
	size_t low = 0, high = j->n_index;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (j->index[mid].hash < hash)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* 2: the same mail for sure; 1: nothing speaks against it; 0: another. */
static int
fits(const struct hop *h, const struct mm_kept_message *from,
     const struct mm_kept_message *to)
{
	bool same_id = from->message_id_hash != 0 &&
		       from->message_id_hash == to->message_id_hash;
	bool apart = same_id && to->origin != from->origin;

	if (to == from || to->arrived_us == MM_TIME_NONE ||
	    to->arrived_us > h->t_us + (apart ? APART_US : LATE_US) ||
	    to->arrived_us < h->t_us - (apart ? APART_US : EARLY_US))
		return 0;
	if (h->kind == MM_JOIN_FORWARD && to->origin != from->origin)
		return 0;
	if (from->message_id_hash != 0 && to->message_id_hash != 0)
		return same_id ? 2 : 0;
	if (h->unique)
		return 2;
	/* Without Message-IDs an id of another host proves nothing: queue ids
	 * of strangers look like ours. */
	return h->local ? 1 : 0;
}

static struct mm_str
first_label(struct mm_str host)
{
	return mm_str_upto(host, mm_str_findc(host, '.'));
}

/* By the Message-ID alone: at the host that took it, about then. Services of
 * one host share a clock: what was there before does not come after. */
static int
fits_message_id(const struct mm_load *load, const struct hop *h,
		const struct mm_kept_recipient *r,
		const struct mm_kept_message *from,
		const struct mm_kept_message *to)
{
	return to != from &&
		       (to->origin != from->origin ||
			to->arrived_us >= from->arrived_us) &&
		       to->message_id_hash == h->next_hash &&
		       to->arrived_us != MM_TIME_NONE &&
		       to->arrived_us <= h->t_us + LATE_US &&
		       to->arrived_us >= h->t_us - EARLY_US &&
		       mm_str_ieq(
			   first_label(mm_load_origin_host(load, to->origin)),
			   first_label(mm_load_relay_name(load, r->relay)))
		   ? 2
		   : 0;
}

static int64_t
apart(const struct hop *h, const struct mm_kept_message *to)
{
	return h->t_us > to->arrived_us ? h->t_us - to->arrived_us
					: to->arrived_us - h->t_us;
}

/* Among several lives of that id the one that began last before the reply; of
 * that Message-ID the one that began next to it. */
static void
decide(const struct mm_joins *j, const struct mm_lives *l,
       const struct mm_load *load, struct hop *h)
{
	const struct mm_kept_recipient *r = recipient_at(l, h->recipient);
	const struct mm_kept_message *from = message_at(l, r->message);
	int best = 0;

	if (h->next != 0)
		return; /* a line has told */
	for (size_t i = first_with(j, h->next_hash);
	     i < j->n_index && j->index[i].hash == h->next_hash; i++) {
		const struct mm_kept_message *to =
		    message_at(l, j->index[i].message);
		int fit = h->kind == MM_JOIN_MESSAGE_ID
			      ? fits_message_id(load, h, r, from, to)
			      : fits(h, from, to);

		if (fit == 0 || fit < best)
			continue;
		if (fit == best &&
		    (h->kind == MM_JOIN_MESSAGE_ID
			 ? apart(h, to) > apart(h, message_at(l, h->next))
			 : to->arrived_us < message_at(l, h->next)->arrived_us))
			continue;
		best = fit;
		h->next = j->index[i].message;
	}
	h->sure = best == 2;
}

static bool
has_recipient(const struct mm_lives *l, uint32_t message, uint32_t address)
{
	uint32_t id = message_at(l, message)->first_recipient;

	while (id != 0 && recipient_at(l, id)->address != address &&
	       recipient_at(l, id)->orig != address)
		id = recipient_at(l, id)->next;
	return id != 0;
}

/* Not done by its own queue id alone: no final yet, or taken by a filter that
 * gave the mail back for it. */
static bool
is_handed_on(const struct mm_lives *l, const struct mm_kept_recipient *r,
	     const struct edge *e)
{
	if (r->hop != 0 || r->final == MM_FINAL_BOUNCED ||
	    r->final == MM_FINAL_EXPIRED)
		return false;
	return r->final != MM_FINAL_SENT ||
	       (e->kind == MM_JOIN_FILTER &&
		has_recipient(l, e->to, r->address));
}

/* Whose Message-ID was named: on the same host rather than on another, and
 * the last that began before. */
static void
find_from(const struct mm_joins *j, const struct mm_lives *l, struct edge *e)
{
	const struct mm_kept_message *to = message_at(l, e->to), *best = NULL;

	for (size_t i = first_with(j, e->from_hash);
	     i < j->n_index && j->index[i].hash == e->from_hash; i++) {
		uint32_t id = j->index[i].message;
		const struct mm_kept_message *m = message_at(l, id);
		bool here = m->origin == to->origin;

		if (m == to || m->message_id_hash != e->from_hash ||
		    m->arrived_us > to->arrived_us + LATE_US)
			continue;
		if (best != NULL && (best->origin == to->origin) > here)
			continue;
		if (best != NULL && (best->origin == to->origin) == here &&
		    m->arrived_us < best->arrived_us)
			continue;
		best = m;
		e->from = id;
	}
}

/* A line that ties two ids hands on the recipients that are not done. */
static void
spread_edge(struct mm_joins *j, const struct mm_lives *l, struct edge *e)
{
	struct mm_kept_message *from;
	uint32_t id;

	if (e->kind == MM_JOIN_NOTICE)
		return;
	from = message_at(l, e->from);
	id = from->first_recipient;
	if (e->kind == MM_JOIN_SPLIT || e->kind == MM_JOIN_CLONE) {
		e->next = from->split;
		from->split = (uint32_t)(e - j->edges) + 1;
		return;
	}
	for (; id != 0; id = recipient_at(l, id)->next) {
		struct mm_kept_recipient *r = recipient_at(l, id);

		if (!is_handed_on(l, r, e))
			continue;
		r->here = false;
		r->hop = add_hop(j, &(struct hop){ .recipient = id,
						   .next = e->to,
						   .at = e->at,
						   .kind = e->kind,
						   .sure = true });
	}
}

/* The worse news first: a mail handed on to several is sent when all are. */
static int
gravity(const struct mm_kept_recipient *r)
{
	static const int order[MM_FINAL_COUNT] = {
		[MM_FINAL_SENT] = 0,	 [MM_FINAL_UNKNOWN] = 1,
		[MM_FINAL_DELETED] = 2,	 [MM_FINAL_HELD] = 3,
		[MM_FINAL_DEFERRED] = 4, [MM_FINAL_EXPIRED] = 5,
		[MM_FINAL_REJECTED] = 6, [MM_FINAL_BOUNCED] = 7,
	};

	return order[r->final];
}

enum match { MATCH_ADDRESS, MATCH_ORIG, MATCH_ANY };

static bool
matches(const struct mm_load *load, const struct mm_kept_recipient *r,
	uint32_t address, enum match how)
{
	uint32_t with = how == MATCH_ADDRESS ? r->address : r->orig;

	if (r->gone)
		return false;
	return how == MATCH_ANY || with == address ||
	       (with != 0 && mm_str_ieq(mm_load_address_text(load, with),
					mm_load_address_text(load, address)));
}

/* Is `c` the heir of another recipient of the message that `r` is of? */
static bool
is_taken(const struct mm_lives *l, const struct mm_kept_recipient *r,
	 const struct mm_kept_recipient *c)
{
	uint32_t id = message_at(l, r->message)->first_recipient;

	while (id != 0 && recipient_at(l, id)->address != c->address)
		id = recipient_at(l, id)->next;
	return id != 0;
}

static void
look_in(const struct mm_lives *l, const struct mm_load *load,
	const struct mm_kept_recipient *r, uint32_t message, enum match how,
	uint32_t *best)
{
	uint32_t id = message_at(l, message)->first_recipient;

	for (; id != 0; id = recipient_at(l, id)->next) {
		const struct mm_kept_recipient *c = recipient_at(l, id);

		if (!matches(load, c, r->address, how) ||
		    (how == MATCH_ANY && is_taken(l, r, c)))
			continue;
		if (*best == 0 || gravity(c) > gravity(recipient_at(l, *best)))
			*best = id;
	}
}

/* The recipient at the next hop whose final counts for `r`, or 0. What the
 * next hop split or cloned for lists is looked through, too. */
static uint32_t
heir(const struct mm_joins *j, const struct mm_lives *l,
     const struct mm_load *load, const struct mm_kept_recipient *r,
     uint32_t next)
{
	uint32_t best = 0;

	for (enum match how = MATCH_ADDRESS; how <= MATCH_ANY && best == 0;
	     how++) {
		uint32_t e = message_at(l, next)->split;

		look_in(l, load, r, next, how, &best);
		for (; e != 0; e = j->edges[e - 1].next)
			look_in(l, load, r, j->edges[e - 1].to, how, &best);
	}
	return best;
}

/* Take over what the next hop knows. True when something changed. */
static bool
follow(const struct mm_joins *j, const struct mm_lives *l,
       const struct mm_load *load, const struct hop *h)
{
	struct mm_kept_recipient *r = recipient_at(l, h->recipient);
	const struct mm_kept_message *to = message_at(l, h->next);
	uint32_t id = heir(j, l, load, r, h->next);
	uint8_t was = r->final;
	int64_t was_us = r->final_us;

	/* A copy that stayed here decides; of several sent on, the last. */
	if (id == h->recipient || r->here || &j->hops[r->hop - 1] != h)
		return false;
	if (id == 0) {
		/* It arrived there; nothing more was seen of it. */
		r->final = to->flags & MM_MSG_NO_END ? MM_FINAL_DEFERRED
						     : MM_FINAL_UNKNOWN;
	} else {
		const struct mm_kept_recipient *c = recipient_at(l, id);

		r->heir = id;
		r->final = c->final;
		r->final_us = c->final_us;
		r->reply = c->reply;
		r->relay = c->relay;
	}
	return r->final != was || r->final_us != was_us;
}

static void
write_edge(struct mm_load *load, struct mm_row_edge edge)
{
	mm_load_row(load, &(struct mm_row){ MM_ROW_EDGE, { .edge = edge } });
}

/* Does a reply to `from` name `to`, too? Then the edge is written already. */
static bool
is_hop(const struct mm_joins *j, const struct mm_lives *l, const struct edge *e)
{
	uint32_t id = message_at(l, e->from)->first_recipient;

	for (; id != 0; id = recipient_at(l, id)->next) {
		uint32_t hop = recipient_at(l, id)->hop;

		if (hop != 0 && j->hops[hop - 1].next == e->to)
			return true;
	}
	return false;
}

void
mm_joins_settle(struct mm_joins *j, struct mm_lives *lives,
		struct mm_load *load)
{
	bool changed = true;

	build_index(j, lives);
	for (size_t i = 0; i < j->n_hops; i++)
		decide(j, lives, load, &j->hops[i]);
	for (size_t i = 0; i < j->n_edges; i++)
		if (j->edges[i].from == 0)
			find_from(j, lives, &j->edges[i]);
	free(j->index);
	j->index = NULL;
	for (size_t i = 0; i < j->n_edges; i++)
		spread_edge(j, lives, &j->edges[i]);
	for (int depth = 0; depth < MAX_DEPTH && changed; depth++) {
		changed = false;
		for (size_t i = 0; i < j->n_hops; i++)
			if (j->hops[i].next != 0 &&
			    follow(j, lives, load, &j->hops[i]))
				changed = true;
	}
	for (size_t i = 0; i < j->n_hops; i++) {
		const struct hop *h = &j->hops[i];

		if (h->next == 0)
			continue;
		write_edge(load, (struct mm_row_edge){
				     recipient_at(lives, h->recipient)->message,
				     h->next, h->recipient, h->kind, h->sure,
				     h->at });
	}
	for (size_t i = 0; i < j->n_edges; i++)
		if (j->edges[i].from != 0 &&
		    j->edges[i].kind != MM_JOIN_REQUEUE &&
		    (j->edges[i].kind != MM_JOIN_FILTER ||
		     !is_hop(j, lives, &j->edges[i])))
			write_edge(load,
				   (struct mm_row_edge){
				       j->edges[i].from, j->edges[i].to, 0,
				       j->edges[i].kind, 1, j->edges[i].at });
}

uint32_t
mm_joins_next(const struct mm_joins *j, const struct mm_kept_recipient *r,
	      uint8_t *kind)
{
	if (r->hop == 0)
		return 0;
	*kind = j->hops[r->hop - 1].kind;
	return j->hops[r->hop - 1].next;
}
