#include <stdlib.h>

#include "formats/base/intern.h"
#include "formats/base/mem.h"
#include "replay/engine/num.h"
#include "replay/engine/read.h"

static void
read_dests(struct mm_reader *r, const struct mm_place *top,
	   const struct mm_json *root)
{
	const struct mm_json *list = mm_json_get(root, "dests");
	struct mm_scenario *s = r->s;

	if (!mm_json_is_array(list))
		mm_read_fail(r, top, "dests", list, "an array");
	s->n_dests = s->n_receivers = mm_json_len(list);
	s->dests = mm_calloc(s->n_dests, sizeof(*s->dests));
	s->receivers = mm_calloc(s->n_receivers, sizeof(*s->receivers));
	for (size_t i = 0; i < s->n_dests && !r->failed; i++) {
		const struct mm_place all = { .up = top, .key = "dests" };
		const struct mm_place at = { .up = &all, .index = i };
		const struct mm_json *o = mm_json_at(list, i);

		s->dests[i].name =
		    mm_arena_str(&s->arena, mm_read_text(r, &at, o, "name"));
		s->dests[i].receiver = (uint32_t)i;
		mm_receiver_spec_init(&s->receivers[i]);
		mm_read_receiver(r, &at, o, &s->receivers[i]);
	}
}

/* The messages as they are read, and what finds their destinations. */
struct load {
	struct mm_intern names;
	uint32_t *dest_of_name; /* by number of the name, owned */
	struct mm_str *keys;	/* greylist keys, views; NULL: not needed */
	bool ranked;		/* some priority is not 0 */
};

static uint32_t
read_dest(struct mm_reader *r, const struct mm_place *at,
	  const struct mm_json *o, struct load *l)
{
	struct mm_str name = mm_read_text(r, at, o, "dest");
	uint32_t number = mm_intern_find(&l->names, name);

	if (number == 0) {
		mm_read_fail(r, at, "dest", mm_json_get(o, "dest"),
			     "the name of one of the dests");
		return 0;
	}
	return l->dest_of_name[number - 1];
}

struct group {
	int64_t count, arrive, arrive_step, created, created_step, next,
	    next_step, prio, bad_every;
};

#define G(member) offsetof(struct group, member)

static void
read_group(struct mm_reader *r, const struct mm_place *at,
	   const struct mm_json *o, struct load *l)
{
	static const struct mm_field fields[] = {
		{ "count", G(count), 0, MM_REQUIRED },
		{ "arrive", G(arrive), MM_ANY, MM_OPTIONAL },
		{ "arrive_step", G(arrive_step), MM_ANY, MM_OPTIONAL },
		{ "created", G(created), MM_ANY, MM_OPTIONAL },
		{ "created_step", G(created_step), MM_ANY, MM_OPTIONAL },
		{ "next", G(next), MM_ANY, MM_OPTIONAL },
		{ "next_step", G(next_step), MM_ANY, MM_OPTIONAL },
		{ "prio", G(prio), MM_ANY, MM_OPTIONAL },
		{ "bad_every", G(bad_every), 0, MM_OPTIONAL },
	};
	struct group g = { 0 };
	struct mm_scenario *s = r->s;
	bool aged = !mm_json_is_null(mm_json_get(o, "created"));
	bool timed = !mm_json_is_null(mm_json_get(o, "next"));
	struct mm_str prefix = mm_read_text(r, at, o, "prefix");
	uint32_t dest = read_dest(r, at, o, l);
	size_t first = s->n_messages;
	struct mm_message *m;

	MM_READ_FIELDS(r, at, o, fields, &g);
	if (r->failed)
		return;
	m = mm_scenario_grow(s, (size_t)g.count);
	for (int64_t i = 0; i < g.count; i++, m++) {
		m->dest = dest;
		m->arrive_ms =
		    mm_num_add(g.arrive, mm_num_mul(i, g.arrive_step));
		m->created_ms =
		    aged ? mm_num_add(g.created, mm_num_mul(i, g.created_step))
			 : m->arrive_ms;
		m->next_ms =
		    timed ? mm_num_add(g.next, mm_num_mul(i, g.next_step)) : 0;
		m->bad = g.bad_every > 0 && (i + 1) % g.bad_every == 0;
		s->priority[first + (size_t)i] = g.prio;
	}
	l->ranked |= g.prio != 0;
	s->ids = mm_grow(s->ids, s->n_ids, &s->cap_ids, sizeof(*s->ids));
	s->ids[s->n_ids++] = (struct mm_ids){
		.text = mm_arena_str(&s->arena, prefix),
		.first = first,
		.count = (size_t)g.count,
		.numbered = true,
	};
}

static void
read_message(struct mm_reader *r, const struct mm_place *at,
	     const struct mm_json *o, struct load *l)
{
	struct mm_scenario *s = r->s;
	size_t i = s->n_messages;
	struct mm_str id = mm_read_text(r, at, o, "id");
	struct mm_message *m = mm_scenario_grow(s, 1);
	bool bad = false;

	m->dest = read_dest(r, at, o, l);
	m->arrive_ms = mm_read_int(r, at, o, "arrive", 0);
	m->created_ms = mm_read_int(r, at, o, "created", m->arrive_ms);
	m->next_ms = mm_read_int(r, at, o, "next", 0);
	mm_read_bool(r, at, o, "bad", &bad);
	m->bad = bad;
	s->priority[i] = mm_read_int(r, at, o, "prio", 0);
	l->ranked |= s->priority[i] != 0;
	if (l->keys != NULL && !mm_json_is_null(mm_json_get(o, "key")))
		l->keys[i] = mm_read_text(r, at, o, "key");
	s->ids = mm_grow(s->ids, s->n_ids, &s->cap_ids, sizeof(*s->ids));
	s->ids[s->n_ids++] = (struct mm_ids){
		.text = mm_arena_str(&s->arena, id), .first = i, .count = 1
	};
}

/* Messages that share a key at one receiver point to the first of them. */
static void
join_keys(struct mm_scenario *s, const struct mm_str *keys)
{
	uint32_t *first = mm_calloc(s->n_messages, sizeof(*first));
	struct mm_intern seen;
	struct mm_buf b;

	s->grey_key = mm_calloc(s->n_messages, sizeof(*s->grey_key));
	mm_intern_init(&seen);
	mm_buf_init(&b, SIZE_MAX / 2);
	for (size_t i = 0; i < s->n_messages; i++) {
		size_t before = seen.n;
		uint32_t n;

		mm_buf_clear(&b);
		mm_buf_addf(&b, "%u ", s->dests[s->messages[i].dest].receiver);
		if (keys[i].p != NULL)
			mm_buf_adds(&b, keys[i]);
		else
			mm_scenario_add_id(s, i, &b);
		n = mm_intern_add(&seen, mm_buf_str(&b));
		if (seen.n > before)
			first[n - 1] = (uint32_t)i;
		s->grey_key[i] = first[n - 1];
	}
	mm_buf_fini(&b);
	mm_intern_fini(&seen);
	free(first);
}

/* How many messages there will be, or 0 and an error. */
static size_t
count_messages(struct mm_reader *r, const struct mm_place *top,
	       const struct mm_json *groups, const struct mm_json *messages)
{
	size_t total = mm_json_len(messages);

	for (size_t i = 0; i < mm_json_len(groups); i++) {
		const struct mm_json *n =
		    mm_json_get(mm_json_at(groups, i), "count");

		total += (size_t)mm_num_max(0, mm_json_int(n, 0)) & UINT32_MAX;
		if (mm_json_int(n, 0) >= UINT32_MAX || total >= UINT32_MAX) {
			mm_read_fail(r, top, "groups", n,
				     "fewer than 2^32 messages");
			return 0;
		}
	}
	return total;
}

static void
read_messages(struct mm_reader *r, const struct mm_place *top,
	      const struct mm_json *root)
{
	const struct mm_place at_groups = { .up = top, .key = "groups" };
	const struct mm_place at_messages = { .up = top, .key = "messages" };
	const struct mm_json *groups = mm_json_get(root, "groups");
	const struct mm_json *messages = mm_json_get(root, "messages");
	struct mm_scenario *s = r->s;
	size_t total = count_messages(r, top, groups, messages);
	struct load l = { 0 };

	mm_intern_init(&l.names);
	l.dest_of_name = mm_calloc(s->n_dests, sizeof(*l.dest_of_name));
	for (size_t i = 0; i < s->n_dests; i++) {
		size_t before = l.names.n;

		(void)mm_intern_add(&l.names, s->dests[i].name);
		if (l.names.n > before)
			l.dest_of_name[before] = (uint32_t)i;
	}
	s->priority = mm_calloc(total, sizeof(*s->priority));
	for (size_t i = 0; i < s->n_receivers; i++)
		if (s->receivers[i].greylist_ms > 0 && l.keys == NULL)
			l.keys = mm_calloc(total, sizeof(*l.keys));
	for (size_t i = 0; i < mm_json_len(groups) && !r->failed; i++) {
		const struct mm_place at = { .up = &at_groups, .index = i };

		read_group(r, &at, mm_json_at(groups, i), &l);
	}
	for (size_t i = 0; i < mm_json_len(messages) && !r->failed; i++) {
		const struct mm_place at = { .up = &at_messages, .index = i };

		read_message(r, &at, mm_json_at(messages, i), &l);
	}
	if (l.keys != NULL && !r->failed)
		join_keys(s, l.keys);
	if (!l.ranked) {
		free(s->priority);
		s->priority = NULL;
	}
	free(l.keys);
	free(l.dest_of_name);
	mm_intern_fini(&l.names);
}

enum mm_status
mm_scenario_read(struct mm_scenario *s, struct mm_str text, struct mm_err *err)
{
	static const struct mm_field horizon = { "horizon_ms", 0, 0, MM_LIMIT };
	static const struct mm_place top = { .key = "" };
	struct mm_json *root = mm_json_parse(text, err);
	struct mm_reader r = { .s = s, .err = err };

	if (root == NULL)
		return MM_EFORMAT;
	if (!mm_json_is_object(root))
		mm_read_fail(&r, &top, NULL, root, "an object");
	s->policies = mm_calloc(1, sizeof(*s->policies));
	s->n_policies = 1;
	mm_policy_init(s->policies);
	mm_read_field(&r, &top, root, &horizon, &s->horizon_ms);
	read_dests(&r, &top, root);
	if (!r.failed)
		read_messages(&r, &top, root);
	if (!r.failed)
		mm_read_sender(&r, &top, root);
	mm_read_policy(&r, &top, root, s->policies);
	mm_json_free(root);
	return r.failed ? MM_EFORMAT : MM_OK;
}
