#include "analyze/timeline/sessions.h"
#include "formats/base/digest.h"

static uint64_t
key_of(uint32_t host, struct mm_str session)
{
	uint64_t key = mm_hash64(session) ^ host * 0x9e3779b97f4a7c15u;

	return key != 0 ? key : 1;
}

static const struct mm_session *
find(const struct mm_sessions *s, uint32_t host, struct mm_str session)
{
	uint64_t key = key_of(host, session);
	const struct mm_session *slot = &s->slots[key % MM_SESSIONS_MAX];

	return slot->key == key ? slot : NULL;
}

void
mm_sessions_note(struct mm_sessions *s, struct mm_load *load, uint32_t host,
		 const struct mm_record *r)
{
	struct mm_session *slot;
	uint64_t key;

	if (r->event != MM_EV_CONNECT || r->session.p == NULL)
		return;
	key = key_of(host, r->session);
	slot = &s->slots[key % MM_SESSIONS_MAX];
	if (slot->key != key)
		*slot = (struct mm_session){ .key = key };
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
mm_sessions_relay(const struct mm_sessions *s, uint32_t host,
		  struct mm_str session)
{
	const struct mm_session *slot = find(s, host, session);

	return slot != NULL ? slot->relay : 0;
}

bool
mm_sessions_secure(const struct mm_sessions *s, uint32_t host,
		   struct mm_str session)
{
	const struct mm_session *slot = find(s, host, session);

	return slot != NULL && slot->secure;
}

void
mm_sessions_fill(const struct mm_sessions *s, uint32_t host,
		 struct mm_str session, struct mm_life *life)
{
	const struct mm_session *slot = find(s, host, session);

	if (slot == NULL)
		return;
	if (life->client_name == 0)
		life->client_name = slot->client_name;
	if (life->client_ip == 0)
		life->client_ip = slot->client_ip;
	if (life->sasl == 0)
		life->sasl = slot->sasl;
}
