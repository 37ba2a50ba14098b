#include <stdlib.h>
#include <string.h>

#include "analyze/incident/stock.h"
#include "formats/base/mem.h"

/* Room up to index `i`, zeroed. */
static void *
widen(void *array, size_t *cap, size_t i, size_t each)
{
	size_t want = i + i / 2 + 64;

	if (i < *cap)
		return array;
	array = mm_realloc(array, want * each);
	memset((char *)array + *cap * each, 0, (want - *cap) * each);
	*cap = want;
	return array;
}

static enum mm_status
on_address(void *ctx, uint32_t address, uint32_t domain)
{
	struct mm_stock *k = ctx;

	k->domain_of = widen(k->domain_of, &k->cap_domains, address,
			     sizeof(*k->domain_of));
	k->domain_of[address] = domain;
	return MM_OK;
}

static enum mm_status
on_mail(void *ctx, const struct mm_lean_message *m)
{
	struct mm_stock *k = ctx;
	bool before = m->arrived_us == MM_TIME_NONE;

	k->mails = widen(k->mails, &k->cap_mails, m->id, sizeof(*k->mails));
	k->mails[m->id] = (struct mm_mail){
		.in_us = before ? k->first_us : m->arrived_us,
		.origin = m->origin,
		.sender = m->sender,
		.file = m->file,
		.line = m->line,
	};
	if (k->n_senders <= m->sender)
		k->n_senders = m->sender + 1;
	if (k->n_mails <= m->id)
		k->n_mails = m->id + 1;
	return MM_OK;
}

static bool
is_waiting(uint8_t final)
{
	return final == MM_FINAL_DEFERRED || final == MM_FINAL_HELD;
}

static enum mm_status
on_recipient(void *ctx, const struct mm_lean_recipient *r)
{
	struct mm_stock *k = ctx;
	bool waits = is_waiting(r->final);

	if (r->message >= k->n_mails || k->mails[r->message].origin == 0)
		return MM_OK;
	k->lays = widen(k->lays, &k->cap_lays, r->id, sizeof(*k->lays));
	k->lays[r->id] = (struct mm_lay){
		.out_us = waits ? MM_TIME_NONE : r->final_us,
		.message = r->message,
		.domain =
		    r->address < k->cap_domains ? k->domain_of[r->address] : 0,
		.address = r->address,
		.envelope = r->envelope,
		.again = r->attempts > 1,
		.final = r->final,
		.known = waits || (r->final != MM_FINAL_REJECTED &&
				   r->final_us != MM_TIME_NONE),
	};
	if (k->n_lays <= r->id)
		k->n_lays = r->id + 1;
	return MM_OK;
}

/* Who of the lays is whose: `key` by lay, less than n_keys. */
static void
order(const struct mm_stock *k, size_t n_keys,
      uint32_t (*key)(const struct mm_lay *lay), uint32_t **first,
      uint32_t **of)
{
	uint32_t *at = mm_calloc(n_keys + 2, sizeof(*at));

	*of = mm_calloc(k->n_lays + 1, sizeof(**of));
	for (size_t i = 0; i < k->n_lays; i++)
		if (k->lays[i].known)
			at[key(&k->lays[i]) + 1]++;
	for (size_t m = 0; m <= n_keys; m++)
		at[m + 1] += at[m];
	/* Filled from the back, ends become beginnings. */
	for (size_t i = k->n_lays; i-- > 0;)
		if (k->lays[i].known)
			(*of)[--at[key(&k->lays[i]) + 1]] = (uint32_t)i;
	memmove(at, at + 1, (n_keys + 1) * sizeof(*at));
	*first = at;
}

static uint32_t
message_of(const struct mm_lay *lay)
{
	return lay->message;
}

static uint32_t
domain_of(const struct mm_lay *lay)
{
	return lay->domain;
}

/* ---- classes ---- */

struct classing {
	const struct mm_limits *limits;
	uint32_t *sender, *recipient; /* by address: bits of the classes */
	size_t n_sender, n_recipient;
};

static bool
fits(struct mm_str pattern, struct mm_str text)
{
	return pattern.p == NULL || mm_str_glob(pattern, text);
}

static enum mm_status
on_text(void *ctx, uint32_t address, struct mm_str text)
{
	struct classing *c = ctx;

	c->sender = widen(c->sender, &c->n_sender, address, sizeof(*c->sender));
	c->recipient = widen(c->recipient, &c->n_recipient, address,
			     sizeof(*c->recipient));
	for (size_t i = 0; i < c->limits->n_classes; i++) {
		if (fits(c->limits->classes[i].sender, text))
			c->sender[address] |= 1u << i;
		if (fits(c->limits->classes[i].recipient, text))
			c->recipient[address] |= 1u << i;
	}
	return MM_OK;
}

/* The first class that fits counts. */
static enum mm_status
classify(struct mm_stock *k, struct mm_store *s, const struct mm_limits *limits,
	 struct mm_err *err)
{
	struct classing c = { .limits = limits };
	enum mm_status st;

	if (limits->n_classes == 0)
		return MM_OK;
	st = mm_lean_addresses(s, on_text, &c, err);
	for (size_t i = 0; i < k->n_lays && st == MM_OK; i++) {
		struct mm_lay *lay = &k->lays[i];
		uint32_t from = k->mails[lay->message].sender, bits, no = 0;

		if (!lay->known || lay->address >= c.n_recipient ||
		    from >= c.n_sender)
			continue;
		bits = c.sender[from] & c.recipient[lay->address];
		while (bits != 0 && (bits & 1u << no) == 0)
			no++;
		lay->class_no = bits != 0 ? (uint8_t)(no + 1) : 0;
	}
	free(c.sender);
	free(c.recipient);
	return st;
}

enum mm_status
mm_stock_load(struct mm_stock *k, struct mm_store *s,
	      const struct mm_limits *limits, int64_t first_us,
	      struct mm_err *err)
{
	enum mm_status st;

	*k = (struct mm_stock){ .first_us = first_us };
	st = mm_lean_domains(s, on_address, k, err);
	if (st == MM_OK)
		st = mm_lean_messages(s, on_mail, k, err);
	if (st == MM_OK)
		st = mm_lean_recipients(s, on_recipient, k, err);
	k->n_domains = k->cap_domains;
	for (size_t i = 0; i < k->n_lays; i++)
		if (k->lays[i].domain >= k->n_domains)
			k->n_domains = k->lays[i].domain + 1;
	order(k, k->n_mails, message_of, &k->first, &k->of);
	order(k, k->n_domains, domain_of, &k->first_at, &k->at);
	return st == MM_OK ? classify(k, s, limits, err) : st;
}

void
mm_stock_free(struct mm_stock *k)
{
	free(k->lays);
	free(k->mails);
	free(k->first);
	free(k->of);
	free(k->first_at);
	free(k->at);
	free(k->domain_of);
}

/* ---- hits ---- */

static int
by_recipient(const void *va, const void *vb)
{
	const struct mm_hit *a = va, *b = vb;

	if (a->recipient != b->recipient)
		return a->recipient < b->recipient ? -1 : 1;
	return a->t_us < b->t_us ? -1 : a->t_us > b->t_us;
}

size_t
mm_hits_sort(struct mm_hit *hits, size_t n)
{
	size_t kept = 0;

	if (n > 0)
		qsort(hits, n, sizeof(*hits), by_recipient);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || hits[kept - 1].recipient != hits[i].recipient)
			hits[kept++] = hits[i];
	return kept;
}

size_t
mm_hits_before(const struct mm_hit *earlier, size_t n_earlier,
	       const struct mm_hit *later, size_t n_later, bool at_once)
{
	size_t n = 0, i = 0;

	for (size_t k = 0; k < n_later; k++) {
		while (i < n_earlier &&
		       earlier[i].recipient < later[k].recipient)
			i++;
		if (i < n_earlier &&
		    earlier[i].recipient == later[k].recipient &&
		    earlier[i].t_us < later[k].t_us + at_once)
			n++;
	}
	return n;
}
