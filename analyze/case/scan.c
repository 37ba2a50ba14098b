#include <stdlib.h>

#include "analyze/case/scan.h"
#include "formats/base/intern.h"
#include "formats/base/mem.h"
#include "formats/mail/record.h"

/* Pairs of numbers, each once. The first of a pair is never 0. */
struct pairs {
	uint64_t *slots; /* owned; open addressing, 0: free */
	size_t n, n_slots;
};

static uint64_t *
slot_of(const struct pairs *p, uint64_t key)
{
	size_t i = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20);

	while (p->slots[i & (p->n_slots - 1)] != 0 &&
	       p->slots[i & (p->n_slots - 1)] != key)
		i++;
	return &p->slots[i & (p->n_slots - 1)];
}

static void
grow_pairs(struct pairs *p)
{
	struct pairs more = { .n = p->n,
			      .n_slots =
				  p->n_slots > 0 ? p->n_slots * 2 : 1024 };

	more.slots = mm_calloc(more.n_slots, sizeof(*more.slots));
	for (size_t i = 0; i < p->n_slots; i++)
		if (p->slots[i] != 0)
			*slot_of(&more, p->slots[i]) = p->slots[i];
	free(p->slots);
	*p = more;
}

/* Was it new? */
static bool
add_pair(struct pairs *p, uint32_t a, uint32_t b)
{
	uint64_t key = (uint64_t)a << 32 | b, *slot;

	if (p->n * 2 >= p->n_slots)
		grow_pairs(p);
	slot = slot_of(p, key);
	if (*slot == key)
		return false;
	*slot = key;
	p->n++;
	return true;
}

/* What the passes hand on to each other. Arrays by id, 0 is nobody. */
struct pass {
	struct mm_scan *c;
	struct mm_store *s;
	struct mm_err *err;
	size_t n_addresses, n_messages, n_recipients; /* ids + 1 */
	uint32_t *domain_of_address;
	bool *is_null; /* address: the null sender */
	struct message {
		uint32_t sender; /* place in c->senders */
		uint32_t size;
		int64_t arrived_us;
		uint8_t finals; /* bits: counted in these totals */
		bool counted;	/* in its sender's messages */
	} * messages;
	struct recipient {
		uint32_t domain;
		uint8_t final;
	} * recipients;
	uint32_t *cause_of_reply; /* place in c->causes */
	struct pairs replies, causes, receivers;
};

/* Rows of a statement, each to `row`. */
static enum mm_status
walk(struct pass *p, const char *sql,
     void (*row)(struct pass *p, const struct mm_query *q))
{
	struct mm_query *q = mm_query_new(p->s, sql, p->err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	while (st == MM_OK && (st = mm_query_step(q, p->err)) == MM_OK)
		row(p, q);
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

static uint32_t
id_at(const struct mm_query *q, int column, size_t n)
{
	int64_t id = mm_query_int(q, column);

	return id > 0 && (uint64_t)id < n ? (uint32_t)id : 0;
}

static int64_t
time_at(const struct mm_query *q, int column)
{
	return mm_query_is_null(q, column) ? MM_TIME_NONE
					   : mm_query_int(q, column);
}

static struct mm_scan_bucket *
bucket_at(const struct mm_scan *c, int64_t t_us)
{
	int64_t i =
	    t_us >= c->first_us ? (t_us - c->first_us) / c->width_us : 0;

	return &c->buckets[(size_t)i < c->n_buckets ? (size_t)i
						    : c->n_buckets - 1];
}

/* ---- the passes ---- */

static void
size_row(struct pass *p, const struct mm_query *q)
{
	p->n_addresses = (size_t)mm_query_int(q, 0) + 1;
	p->n_messages = (size_t)mm_query_int(q, 1) + 1;
	p->n_recipients = (size_t)mm_query_int(q, 2) + 1;
	p->c->n_rejects = mm_query_int(q, 3);
}

static void
address_row(struct pass *p, const struct mm_query *q)
{
	uint32_t id = id_at(q, 0, p->n_addresses);

	p->domain_of_address[id] = id_at(q, 1, p->c->dict->n_names);
	p->is_null[id] = mm_query_int(q, 2) != 0;
}

static void
message_row(struct pass *p, const struct mm_query *q)
{
	struct message *m = &p->messages[id_at(q, 0, p->n_messages)];
	uint32_t sender = id_at(q, 1, p->n_addresses);
	int64_t size = mm_query_int(q, 2);

	m->sender = p->is_null[sender] ? (uint32_t)p->c->null_sender
				       : p->domain_of_address[sender];
	m->size = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
	m->arrived_us = time_at(q, 3);
}

static void
count_party(struct mm_scan_party *party, int final)
{
	party->recipients++;
	party->finals[final]++;
}

static void
count_delay(struct mm_scan_party *to, int final, int64_t arrived_us,
	    int64_t final_us)
{
	int64_t delay_us = final_us - arrived_us;

	if (final != MM_FINAL_SENT || final_us == MM_TIME_NONE ||
	    arrived_us == MM_TIME_NONE)
		return;
	to->n_delays++;
	to->delay_sum += delay_us;
	to->delay_max = delay_us > to->delay_max ? delay_us : to->delay_max;
}

/* Who came and who left, for the curve of what waits. */
static void
count_waiting(struct mm_scan *c, int final, int64_t arrived_us,
	      int64_t final_us)
{
	if (c->n_buckets == 0 || final == MM_FINAL_UNKNOWN)
		return;
	bucket_at(c, arrived_us)->arrived++;
	if (final != MM_FINAL_DEFERRED && final != MM_FINAL_HELD)
		bucket_at(c, final_us != MM_TIME_NONE ? final_us : arrived_us)
		    ->left++;
}

static void
recipient_row(struct pass *p, const struct mm_query *q)
{
	struct recipient *r = &p->recipients[id_at(q, 0, p->n_recipients)];
	struct message *m = &p->messages[id_at(q, 1, p->n_messages)];
	int64_t final = mm_query_int(q, 3);
	struct mm_scan_total *total;
	struct mm_scan_party *to;

	r->domain = p->domain_of_address[id_at(q, 2, p->n_addresses)];
	r->final = final >= 0 && final < MM_FINAL_COUNT ? (uint8_t) final : 0;
	if (!mm_query_is_null(q, 6))
		return; /* counts where it went on */
	total = &p->c->totals[r->final];
	total->recipients++;
	total->bytes += m->size;
	total->messages += (m->finals >> r->final & 1) == 0;
	m->finals = (uint8_t)(m->finals | 1U << r->final);
	to = &p->c->receivers[r->domain];
	count_party(to, r->final);
	count_delay(to, r->final, m->arrived_us, time_at(q, 4));
	if (!mm_query_is_null(q, 5))
		to->relay = id_at(q, 5, p->c->dict->n_relays);
	count_party(&p->c->senders[m->sender], r->final);
	p->c->senders[m->sender].messages += !m->counted;
	m->counted = true;
	count_waiting(p->c, r->final, m->arrived_us, time_at(q, 4));
}

static void
count_bucket(struct mm_scan_bucket *b, int64_t outcome, bool contact)
{
	if (outcome == MM_OUT_SENT)
		b->sent++;
	else if (outcome == MM_OUT_BOUNCED)
		b->bounced++;
	else if (outcome == MM_OUT_DEFERRED && contact)
		b->deferred++;
	else if (outcome == MM_OUT_DEFERRED)
		b->untried++;
}

/* A contact that put mail off or bounced it, at this reply. */
static void
count_reply(struct pass *p, uint32_t recipient, uint32_t reply, int64_t t_us)
{
	const struct recipient *r = &p->recipients[recipient];
	struct mm_scan_reply *y = &p->c->replies[reply];
	uint32_t cause = p->cause_of_reply[reply];
	struct mm_scan_cause *k = &p->c->causes[cause];

	if (y->attempts++ == 0)
		y->first_us = y->last_us = t_us;
	y->first_us = t_us < y->first_us ? t_us : y->first_us;
	y->last_us = t_us > y->last_us ? t_us : y->last_us;
	y->recipients += add_pair(&p->replies, recipient, reply);
	k->attempts++;
	if (add_pair(&p->causes, recipient, cause)) {
		k->recipients++;
		k->lost += r->final == MM_FINAL_BOUNCED ||
			   r->final == MM_FINAL_EXPIRED;
	}
	if (r->domain != 0)
		k->receivers += add_pair(&p->receivers, r->domain, cause);
}

static void
attempt_row(struct pass *p, const struct mm_query *q)
{
	uint32_t recipient = id_at(q, 0, p->n_recipients);
	int64_t t_us = time_at(q, 1), outcome = mm_query_int(q, 3);
	bool contact = (mm_query_int(q, 4) & MM_ATT_CONTACT) != 0;
	struct mm_scan_party *to =
	    &p->c->receivers[p->recipients[recipient].domain];

	if (p->c->n_buckets > 0 && t_us != MM_TIME_NONE)
		count_bucket(bucket_at(p->c, t_us), outcome, contact);
	if (!contact || recipient == 0 ||
	    (outcome != MM_OUT_DEFERRED && outcome != MM_OUT_BOUNCED))
		return;
	to->deferrals += outcome == MM_OUT_DEFERRED;
	count_reply(p, recipient, id_at(q, 2, p->c->dict->n_replies), t_us);
}

/* ---- before and after ---- */

int64_t
mm_scan_width(int64_t from_us, int64_t to_us, int64_t n_max)
{
	static const int64_t seconds[] = {
		1,     2,     5,     10,    15,	    30,	    60,
		120,   300,   600,   900,   1800,   3600,   7200,
		10800, 21600, 43200, 86400, 172800, 604800,
	};
	size_t i = 0;

	while (i + 1 < MM_COUNT(seconds) &&
	       (to_us - from_us) / (seconds[i] * MM_SECOND_US) >= n_max)
		i++;
	return seconds[i] * MM_SECOND_US;
}

static enum mm_status
set_buckets(struct pass *p)
{
	struct mm_scan *c = p->c;
	int64_t from_us, to_us;
	enum mm_status st = mm_rows_span(p->s, &from_us, &to_us, p->err);

	if (st != MM_OK || from_us == MM_TIME_NONE)
		return st;
	/* A whole multiple of the width may lie before the first line, and
	 * then costs one more. */
	c->width_us = mm_scan_width(from_us, to_us, MM_SCAN_BUCKETS - 1);
	c->first_us = from_us - from_us % c->width_us;
	c->n_buckets = (size_t)((to_us - c->first_us) / c->width_us) + 1;
	c->buckets = mm_calloc(c->n_buckets, sizeof(*c->buckets));
	return MM_OK;
}

/* Causes by number: 0 is unknown, the others in the order of the replies. */
static void
set_causes(struct pass *p)
{
	const struct mm_dict *d = p->c->dict;
	struct mm_intern names;

	mm_intern_init(&names);
	p->cause_of_reply = mm_calloc(d->n_replies, sizeof(uint32_t));
	for (size_t i = 1; i < d->n_replies; i++)
		if (!mm_str_is(d->replies[i].cause, "unknown"))
			p->cause_of_reply[i] =
			    mm_intern_add(&names, d->replies[i].cause);
	p->c->n_causes = names.n + 1;
	p->c->causes = mm_calloc(p->c->n_causes, sizeof(*p->c->causes));
	for (size_t i = 1; i < d->n_replies; i++)
		if (p->cause_of_reply[i] != 0)
			p->c->causes[p->cause_of_reply[i]].name =
			    d->replies[i].cause;
	mm_intern_fini(&names);
}

static void
set_examples(struct pass *p)
{
	for (uint32_t i = 1; i < p->c->dict->n_replies; i++) {
		struct mm_scan_cause *k = &p->c->causes[p->cause_of_reply[i]];

		if (p->c->replies[i].attempts >
		    p->c->replies[k->reply].attempts)
			k->reply = i;
	}
}

static enum mm_status
run(struct pass *p)
{
	struct mm_scan *c = p->c;
	enum mm_status st =
	    walk(p,
		 "SELECT (SELECT max(id) FROM address),"
		 " (SELECT max(id) FROM message),"
		 " (SELECT max(id) FROM recipient),"
		 " (SELECT count(*) FROM reject WHERE action = 0"
		 "  AND recipient IS NOT NULL)",
		 size_row);

	if (st != MM_OK)
		return st;
	c->null_sender = c->dict->n_names;
	c->receivers = mm_calloc(c->dict->n_names, sizeof(*c->receivers));
	c->senders = mm_calloc(c->dict->n_names + 1, sizeof(*c->senders));
	c->replies = mm_calloc(c->dict->n_replies, sizeof(*c->replies));
	p->domain_of_address = mm_calloc(p->n_addresses, sizeof(uint32_t));
	p->is_null = mm_calloc(p->n_addresses, sizeof(bool));
	p->messages = mm_calloc(p->n_messages, sizeof(*p->messages));
	p->recipients = mm_calloc(p->n_recipients, sizeof(*p->recipients));
	set_causes(p);
	st = set_buckets(p);
	if (st == MM_OK)
		st = walk(p, "SELECT id, domain, text = '' FROM address",
			  address_row);
	if (st == MM_OK)
		st = walk(p, "SELECT id, sender, size, arrived_us FROM message",
			  message_row);
	if (st == MM_OK)
		st = walk(p,
			  "SELECT id, message, address, final, final_us,"
			  " relay, next FROM recipient",
			  recipient_row);
	if (st == MM_OK)
		st = walk(p,
			  "SELECT recipient, t_us, reply, outcome, flags"
			  " FROM attempt",
			  attempt_row);
	set_examples(p);
	return st;
}

struct mm_scan *
mm_scan_new(struct mm_store *s, struct mm_err *err)
{
	struct pass p = { .s = s, .err = err };
	enum mm_status st = MM_EIO;

	p.c = mm_calloc(1, sizeof(*p.c));
	p.c->dict = mm_dict_load(s, err);
	if (p.c->dict != NULL)
		st = run(&p);
	free(p.domain_of_address);
	free(p.is_null);
	free(p.messages);
	free(p.recipients);
	free(p.cause_of_reply);
	free(p.replies.slots);
	free(p.causes.slots);
	free(p.receivers.slots);
	if (st == MM_OK)
		return p.c;
	mm_scan_free(p.c);
	return NULL;
}

void
mm_scan_free(struct mm_scan *c)
{
	if (c == NULL)
		return;
	mm_dict_free(c->dict);
	free(c->receivers);
	free(c->senders);
	free(c->replies);
	free(c->causes);
	free(c->buckets);
	free(c);
}
