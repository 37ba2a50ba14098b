#include <stdlib.h>
#include <string.h>

#include "analyze/timeline/sessions.h"
#include "formats/base/digest.h"
#include "formats/base/mem.h"

struct mm_refused {
	struct mm_refused *next;
	bool followed; /* by a mail: its transaction may have gone on */
	struct mm_row_reject row;
	char texts[];
};

static uint64_t
key_of(uint32_t host, struct mm_str session)
{
	uint64_t key = mm_hash64(session) ^ host * 0x9e3779b97f4a7c15u;

	return key != 0 ? key : 1;
}

/* The slots that `key` may have. */
static struct mm_session *
set_of(struct mm_sessions *s, uint64_t key)
{
	return &s->slots[key % (MM_SESSIONS_MAX / MM_SESSIONS_SET) *
			 MM_SESSIONS_SET];
}

static struct mm_session *
find(struct mm_sessions *s, uint32_t host, struct mm_str session)
{
	uint64_t key = key_of(host, session);
	struct mm_session *set = set_of(s, key);

	for (size_t i = 0; i < MM_SESSIONS_SET; i++)
		if (set[i].key == key)
			return &set[i];
	return NULL;
}

static void
free_refused(struct mm_sessions *s, struct mm_session *slot)
{
	for (struct mm_refused *r = slot->refused, *next; r != NULL; r = next) {
		next = r->next;
		free(r);
		s->n_refused--;
	}
	slot->refused = NULL;
}

/* In the order of their lines. */
static void
write_refused(struct mm_sessions *s, struct mm_session *slot,
	      struct mm_load *load)
{
	struct mm_refused *all = NULL, *next;

	for (struct mm_refused *r = slot->refused; r != NULL; r = next) {
		next = r->next;
		r->next = all;
		all = r;
	}
	slot->refused = all;
	for (struct mm_refused *r = all; r != NULL; r = r->next) {
		struct mm_row row = { MM_ROW_REJECT, { .reject = r->row } };

		if (r->followed && !slot->several)
			row.u.reject.sender = slot->sender;
		mm_load_row(load, &row);
	}
	free_refused(s, slot);
}

void
mm_sessions_end(struct mm_sessions *s, struct mm_load *load)
{
	for (size_t i = 0; i < MM_SESSIONS_MAX; i++)
		write_refused(s, &s->slots[i], load);
}

void
mm_sessions_fini(struct mm_sessions *s)
{
	for (size_t i = 0; i < MM_SESSIONS_MAX; i++)
		free_refused(s, &s->slots[i]);
}

static struct mm_str
copy_text(char *to, struct mm_str s)
{
	if (s.n > 0)
		memcpy(to, s.p, s.n);
	return s.p != NULL ? (struct mm_str){ to, s.n } : s;
}

bool
mm_sessions_refuse(struct mm_sessions *s, uint32_t host, struct mm_str session,
		   const struct mm_row_reject *row)
{
	struct mm_session *slot = find(s, host, session);
	struct mm_refused *r;

	if (slot == NULL || s->n_refused == MM_SESSIONS_REFUSED)
		return false;
	s->n_refused++;
	r = mm_alloc(sizeof(*r) + row->stage.n + row->args.n + row->queue_id.n);
	r->row = *row;
	r->followed = false;
	r->row.stage = copy_text(r->texts, row->stage);
	r->row.args = copy_text(r->texts + row->stage.n, row->args);
	r->row.queue_id =
	    copy_text(r->texts + row->stage.n + row->args.n, row->queue_id);
	r->next = slot->refused;
	slot->refused = r;
	return true;
}

void
mm_sessions_sender(struct mm_sessions *s, uint32_t host, struct mm_str session,
		   uint32_t sender)
{
	struct mm_session *slot = find(s, host, session);

	if (slot == NULL || sender == 0)
		return;
	slot->several |= slot->sender != 0 && slot->sender != sender;
	slot->sender = sender;
	for (struct mm_refused *r = slot->refused; r != NULL && !r->followed;
	     r = r->next)
		r->followed = true;
}

/* A free slot, or that of the session told of longest ago. */
static struct mm_session *
begin(struct mm_sessions *s, struct mm_load *load, uint64_t key)
{
	struct mm_session *set = set_of(s, key), *slot = set;

	for (size_t i = 1; i < MM_SESSIONS_SET && slot->key != 0; i++)
		if (set[i].key == 0 || set[i].t_us < slot->t_us)
			slot = &set[i];
	write_refused(s, slot, load);
	*slot = (struct mm_session){ .key = key };
	return slot;
}

void
mm_sessions_note(struct mm_sessions *s, struct mm_load *load, uint32_t host,
		 const struct mm_record *r)
{
	struct mm_session *slot;

	if (r->session.p == NULL)
		return;
	slot = find(s, host, r->session);
	if (r->event == MM_EV_DISCONNECT) {
		if (slot != NULL)
			write_refused(s, slot, load);
		return;
	}
	if (slot == NULL)
		slot = begin(s, load, key_of(host, r->session));
	slot->t_us = r->t_us;
	slot->secure |= r->secure;
	if (r->relay_name.p != NULL)
		slot->relay =
		    mm_load_relay(load, r->relay_name, r->relay_ip, -1);
	if (r->client_name.p != NULL)
		slot->client_name = mm_load_name(load, r->client_name);
	if (r->client_ip.p != NULL)
		slot->client_ip = mm_load_name(load, r->client_ip);
	if (r->sasl_user.p != NULL)
		slot->sasl = mm_load_name(load, r->sasl_user);
}

uint32_t
mm_sessions_relay(struct mm_sessions *s, uint32_t host, struct mm_str session)
{
	struct mm_session *slot = find(s, host, session);

	return slot != NULL ? slot->relay : 0;
}

bool
mm_sessions_secure(struct mm_sessions *s, uint32_t host, struct mm_str session)
{
	struct mm_session *slot = find(s, host, session);

	return slot != NULL && slot->secure;
}

void
mm_sessions_fill(struct mm_sessions *s, uint32_t host, struct mm_str session,
		 int64_t since_us, struct mm_life *life)
{
	struct mm_session *slot = find(s, host, session);

	if (slot == NULL || slot->t_us < since_us)
		return;
	if (life->client_name == 0)
		life->client_name = slot->client_name;
	if (life->client_ip == 0)
		life->client_ip = slot->client_ip;
	if (life->sasl == 0)
		life->sasl = slot->sasl;
}
