#include <stdlib.h>

#include "analyze/case/before_count.h"
#include "formats/base/mem.h"
#include "formats/mail/record.h"

#define MIN_WINDOW (60 * MM_SECOND_US)
#define MAX_WINDOW (24 * 3600 * MM_SECOND_US)
#define FEW	   10 /* refusals: fewer are of single mails */

/* ---- who refused ---- */

static const char targets_sql[] =
    "WITH x AS MATERIALIZED ("
    " SELECT coalesce(l.operator, n.text) AS k, t.t_us, t.id, p.cause,"
    " p.cause LIKE 'block%' AS b"
    " FROM attempt t JOIN recipient r ON r.id = t.recipient"
    " JOIN address a ON a.id = r.address JOIN reply p ON p.id = t.reply"
    " LEFT JOIN relay l ON l.id = t.relay LEFT JOIN name n ON n.id = a.domain"
    " WHERE t.outcome IN (2, 3) AND t.flags & 1 AND t.t_us IS NOT NULL"
    " AND t.reply IN (SELECT id FROM reply WHERE cause IN ('block_ip',"
    " 'block_dnsbl', 'block_domain', 'throttle_reputation'))),"
    " g AS (SELECT k, b, min(t_us) AS t, count(*) AS n FROM x"
    " WHERE k IS NOT NULL GROUP BY k, b HAVING count(*) >= ?2)"
    " SELECT g.k, g.t, g.n, (SELECT cause FROM x WHERE x.k = g.k"
    " AND x.b = g.b AND x.t_us = g.t ORDER BY x.id LIMIT 1)"
    " FROM g ORDER BY g.n DESC, g.k, g.b LIMIT ?1";

/* A text of the dictionary that equals `s`, so that it stays. */
static struct mm_str
kept(const struct mm_dict *d, struct mm_str s)
{
	for (size_t i = 1; i < d->n_relays; i++)
		if (mm_str_eq(d->relays[i].operator_name, s))
			return d->relays[i].operator_name;
	for (size_t i = 1; i < d->n_names; i++)
		if (mm_str_eq(d->names[i], s))
			return d->names[i];
	return MM_STR_ABSENT;
}

static struct mm_str
kept_cause(const struct mm_dict *d, struct mm_str s)
{
	for (size_t i = 1; i < d->n_replies; i++)
		if (mm_str_eq(d->replies[i].cause, s))
			return d->replies[i].cause;
	return MM_STR_ABSENT;
}

static enum mm_status
find_targets(struct mm_before_pass *p)
{
	struct mm_query *q = mm_query_new(p->s, targets_sql, p->err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	if (q != NULL)
		mm_query_bind_int(q, 0, MM_BEFORE_TARGETS);
	if (q != NULL)
		mm_query_bind_int(q, 1, FEW);
	while (st == MM_OK && (st = mm_query_step(q, p->err)) == MM_OK) {
		struct mm_before_target *t = &p->targets[p->n_targets++];

		t->name = kept(p->dict, mm_query_text(q, 0));
		t->t_us = mm_query_int(q, 1);
		t->refusals = mm_query_int(q, 2);
		t->cause = kept_cause(p->dict, mm_query_text(q, 3));
		t->window_us = (t->t_us - p->logs_us) / 4;
		if (t->window_us < MIN_WINDOW)
			t->window_us = MIN_WINDOW;
		if (t->window_us > MAX_WINDOW)
			t->window_us = MAX_WINDOW;
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

/* ---- what came before ---- */

static const char attempts_sql[] =
    "SELECT t.t_us, t.recipient, a.domain, m.sender, m.sasl, m.size, t.relay,"
    " t.reply, t.outcome, t.flags"
    " FROM attempt t JOIN recipient r ON r.id = t.recipient"
    " JOIN address a ON a.id = r.address JOIN message m ON m.id = r.message"
    " WHERE t.t_us < ?1";

static size_t
id_at(const struct mm_query *q, int column, size_t n)
{
	int64_t id = mm_query_int(q, column);

	return id > 0 && (uint64_t)id < n ? (size_t)id : 0;
}

/* The targets that a name is, a bit each. */
static unsigned
targets_named(const struct mm_before_pass *p, struct mm_str name)
{
	unsigned bits = 0;

	for (size_t i = 0; i < p->n_targets; i++)
		if (mm_str_eq(p->targets[i].name, name))
			bits |= 1U << i;
	return bits;
}

/* An operator goes before the domain, as in the statement above. */
static unsigned
targets_of(const struct mm_before_pass *p, size_t domain, size_t relay)
{
	return p->dict->relays[relay].operator_name.n > 0
		   ? p->of_relay[relay]
		   : p->of_domain[domain];
}

static void
index_targets(struct mm_before_pass *p)
{
	const struct mm_dict *d = p->dict;

	p->of_relay = mm_calloc(d->n_relays, sizeof(*p->of_relay));
	p->of_domain = mm_calloc(d->n_names, sizeof(*p->of_domain));
	for (size_t i = 1; i < d->n_relays; i++)
		p->of_relay[i] = targets_named(p, d->relays[i].operator_name);
	for (size_t i = 1; i < d->n_names; i++)
		p->of_domain[i] = targets_named(p, d->names[i]);
}

static struct mm_before_tally *
slot_of(struct mm_before_tally *slots, size_t n_slots, uint64_t key)
{
	size_t i = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20);

	while (slots[i & (n_slots - 1)].key != 0 &&
	       slots[i & (n_slots - 1)].key != key)
		i++;
	return &slots[i & (n_slots - 1)];
}

static void
tally(struct mm_before_pass *p, size_t target, enum mm_sign_before kind,
      uint64_t id, enum mm_when when)
{
	uint64_t key = (uint64_t)(kind + 1) << 56 | (uint64_t)target << 48 | id;
	struct mm_before_tally *slot;

	if (p->n_tallies * 2 >= p->n_slots) {
		size_t n = p->n_slots > 0 ? p->n_slots * 2 : 1024;
		struct mm_before_tally *more = mm_calloc(n, sizeof(*more));

		for (size_t i = 0; i < p->n_slots; i++)
			if (p->tallies[i].key != 0)
				*slot_of(more, n, p->tallies[i].key) =
				    p->tallies[i];
		free(p->tallies);
		p->tallies = more;
		p->n_slots = n;
	}
	slot = slot_of(p->tallies, p->n_slots, key);
	p->n_tallies += slot->key == 0;
	slot->key = key;
	slot->n[when]++;
}

/* Sizes within some five percent are one. */
static uint64_t
size_class(int64_t size)
{
	uint64_t c = 0;

	while (size > 20) {
		size -= size / 20;
		c++;
	}
	return c + 1;
}

static bool
starts(struct mm_str cause, const char *group)
{
	return mm_str_starts(cause, group);
}

static void
count_contact(struct mm_before_counts *c, const struct mm_dict_reply *y,
	      int64_t outcome)
{
	c->contacts++;
	if (outcome != MM_OUT_DEFERRED && outcome != MM_OUT_BOUNCED)
		return;
	c->unknown += starts(y->cause, "recipient_unknown") ||
		      starts(y->cause, "recipient_disabled") ||
		      starts(y->cause, "recipient_bad");
	c->content += starts(y->cause, "content_");
	c->auth += starts(y->cause, "auth_");
	c->slow += outcome == MM_OUT_DEFERRED && starts(y->cause, "throttle_");
}

/* The first time at this target? */
static bool
is_new(struct mm_before_pass *p, size_t target, size_t recipient)
{
	uint64_t *word = &p->seen[(target * p->n_recipients + recipient) / 64];
	uint64_t bit = UINT64_C(1)
		       << ((target * p->n_recipients + recipient) % 64);
	bool is_first = recipient != 0 && (*word & bit) == 0;

	*word |= bit;
	return is_first;
}

static void
count_attempt(struct mm_before_pass *p, const struct mm_query *q, size_t i)
{
	struct mm_before_target *t = &p->targets[i];
	int64_t t_us = mm_query_int(q, 0);
	enum mm_when when =
	    t_us >= t->t_us - t->window_us ? MM_WINDOW : MM_PAST;

	if (t_us >= t->t_us)
		return;
	if (t->first_us == 0 || t_us < t->first_us)
		t->first_us = t_us;
	if ((mm_query_int(q, 9) & MM_ATT_CONTACT) != 0)
		count_contact(
		    &t->at[when],
		    &p->dict->replies[id_at(q, 7, p->dict->n_replies)],
		    mm_query_int(q, 8));
	if (!is_new(p, i, id_at(q, 1, p->n_recipients)))
		return;
	t->at[when].recipients++;
	tally(p, i, MM_BEFORE_NEW_SENDER, (uint64_t)mm_query_int(q, 3), when);
	if (!mm_query_is_null(q, 4))
		tally(p, i, MM_BEFORE_NEW_LOGIN, (uint64_t)mm_query_int(q, 4),
		      when);
	if (!mm_query_is_null(q, 5))
		tally(p, i, MM_BEFORE_NEW_CONTENT,
		      size_class(mm_query_int(q, 5)), when);
}

/* An attempt counts at each target that it was made to. */
static void
count_row(struct mm_before_pass *p, const struct mm_query *q)
{
	unsigned bits = targets_of(p, id_at(q, 2, p->dict->n_names),
				   id_at(q, 6, p->dict->n_relays));

	for (; bits != 0; bits &= bits - 1)
		count_attempt(p, q, (size_t)__builtin_ctz(bits));
}

static enum mm_status
count_all(struct mm_before_pass *p)
{
	struct mm_query *q =
	    mm_query_new(p->s, "SELECT max(id) FROM recipient", p->err);
	enum mm_status st = q != NULL ? mm_query_step(q, p->err) : MM_EIO;
	int64_t last_us = 0;

	if (st == MM_OK)
		p->n_recipients = (size_t)mm_query_int(q, 0) + 1;
	mm_query_free(q);
	if (st != MM_OK)
		return st;
	p->seen = mm_calloc(p->n_targets * p->n_recipients / 64 + 1,
			    sizeof(*p->seen));
	index_targets(p);
	for (size_t i = 0; i < p->n_targets; i++)
		if (p->targets[i].t_us > last_us)
			last_us = p->targets[i].t_us;
	q = mm_query_new(p->s, attempts_sql, p->err);
	if (q == NULL)
		return MM_EIO;
	mm_query_bind_int(q, 0, last_us);
	while ((st = mm_query_step(q, p->err)) == MM_OK)
		count_row(p, q);
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

/* Reports of a feedback loop (RFC 5965), by their senders. */
static const char complaints_sql[] =
    "SELECT arrived_us FROM message WHERE arrived_us IS NOT NULL"
    " AND sender IN (SELECT id FROM address"
    " WHERE text LIKE '%fbl%@%' OR text LIKE '%feedbackloop%@%'"
    " OR text LIKE 'staff@hotmail.com' OR text LIKE 'scomp@aol.net'"
    " OR text LIKE 'feedback@arf.%' OR text LIKE '%complaints@%')";

/* Those of the day before each refusal. */
static enum mm_status
count_complaints(struct mm_before_pass *p)
{
	struct mm_query *q = mm_query_new(p->s, complaints_sql, p->err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	while (st == MM_OK && (st = mm_query_step(q, p->err)) == MM_OK) {
		int64_t t_us = mm_query_int(q, 0);

		for (size_t i = 0; i < p->n_targets; i++)
			p->targets[i].complaints +=
			    t_us >= p->targets[i].t_us - MM_DAY_US &&
			    t_us < p->targets[i].t_us;
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

enum mm_status
mm_before_count(struct mm_before_pass *p)
{
	int64_t last_us;
	enum mm_status st = mm_rows_span(p->s, &p->logs_us, &last_us, p->err);

	if (st == MM_OK) {
		p->dict = mm_dict_load(p->s, p->err);
		st = p->dict != NULL ? find_targets(p) : p->err->code;
	}
	if (st == MM_OK && p->n_targets > 0)
		st = count_all(p);
	if (st == MM_OK && p->n_targets > 0)
		st = count_complaints(p);
	return st;
}

void
mm_before_fini(struct mm_before_pass *p)
{
	mm_dict_free(p->dict);
	free(p->seen);
	free(p->of_relay);
	free(p->of_domain);
	free(p->tallies);
}
