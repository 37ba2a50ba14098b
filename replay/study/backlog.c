#include <stdlib.h>
#include <string.h>

#include "analyze/case/rows.h"
#include "formats/base/mem.h"
#include "formats/mail/record.h"
#include "replay/engine/num.h"
#include "replay/study/backlog.h"

/* How long before the moment a snapshot may have been taken, and how far two
 * of one moment lie apart (a folder and a listing). */
#define FRESH_US  (10 * MM_MINUTE_US)
#define MOMENT_US (15 * MM_SECOND_US)

struct snapshot {
	uint32_t id;
	int64_t taken_us;
	struct mm_str name, host, mta; /* arena */
};

struct load {
	struct mm_backlog *b;
	const struct mm_backlog_wish *wish;
	struct mm_dict *dict;
	struct mm_err *err;
	struct snapshot *snapshots; /* owned */
	size_t n_snapshots, cap_snapshots;
	uint32_t *chosen; /* of them, owned */
	size_t n_chosen;
	struct mm_intern seen; /* queue id and recipient */
	struct mm_buf key;
	uint32_t *n_tries; /* by recipient, before the moment; owned */
	int64_t *last_us;  /* by recipient; owned */
	size_t n_recipients;
	struct mm_service_log service;
	int64_t live_credit; /* permille of a message that is due */
};

void
mm_backlog_fini(struct mm_backlog *b)
{
	free(b->items);
	free(b->domains);
	mm_intern_fini(&b->names);
	mm_arena_fini(&b->texts);
	*b = (struct mm_backlog){ 0 };
}

/* The number of a domain, whatever its case. */
static uint32_t
domain_of(struct load *l, struct mm_str name)
{
	struct mm_backlog *b = l->b;
	size_t before = b->names.n;
	uint32_t number;

	mm_buf_clear(&l->key);
	for (size_t i = 0; i < name.n; i++)
		mm_buf_addc(&l->key, name.p[i] >= 'A' && name.p[i] <= 'Z'
					 ? (char)(name.p[i] + 'a' - 'A')
					 : name.p[i]);
	number = mm_intern_add(&b->names, mm_buf_str(&l->key)) - 1;
	if (b->names.n > before) {
		b->domains = mm_grow(b->domains, number, &b->cap_domains,
				     sizeof(*b->domains));
		b->domains[number] = (struct mm_backlog_domain){
			.name = mm_intern_text(&b->names, number + 1),
		};
	}
	return number;
}

static struct mm_str
domain_part(struct mm_str address)
{
	size_t at = mm_str_find_last(address, "@");

	return at == MM_NOT_FOUND ? MM_STR("") : mm_str_from(address, at + 1);
}

static struct mm_backlog_item *
add_item(struct mm_backlog *b)
{
	b->items = mm_grow(b->items, b->n, &b->cap, sizeof(*b->items));
	b->items[b->n] = (struct mm_backlog_item){
		.last_us = MM_TIME_NONE,
		.next_us = MM_TIME_NONE,
		.size_bytes = -1,
	};
	return &b->items[b->n++];
}

/* ---- what the log says of the way out ---- */

static bool
is_remote(const struct mm_dict_relay *r)
{
	return r->ip.n > 0 || r->operator_name.n > 0 ||
	       mm_str_findc(r->name, '.') != MM_NOT_FOUND;
}

static enum mm_status
see_attempt(void *ctx, const struct mm_seen_attempt *a)
{
	struct load *l = ctx;
	const struct mm_dict_relay *relay = &l->dict->relays[a->relay];
	struct mm_backlog_domain *d;
	uint32_t domain;

	if (a->leg)
		return MM_OK;
	if (a->t_us <= l->b->at_us && a->recipient < l->n_recipients &&
	    a->outcome == MM_OUT_DEFERRED) {
		l->n_tries[a->recipient]++;
		l->last_us[a->recipient] = a->t_us;
	}
	if (a->domain == 0 || a->relay == 0)
		return MM_OK;
	domain = domain_of(l, l->dict->names[a->domain]);
	d = &l->b->domains[domain];
	if (!is_remote(relay)) {
		d->n_local += mm_str_is(relay->name, "none") ? 0 : 1;
		return MM_OK;
	}
	d->n_remote++;
	if (relay->operator_name.n > 0 || d->operator_name.n == 0) {
		d->relay = mm_arena_str(&l->b->texts, relay->name);
		d->operator_name =
		    mm_arena_str(&l->b->texts, relay->operator_name);
	}
	if (!a->contact)
		return MM_OK;
	l->b->n_contacts++;
	l->b->n_hard += a->outcome == MM_OUT_BOUNCED;
	mm_service_add(&l->service, a->delays_us[2], a->delays_us[3],
		       a->outcome == MM_OUT_SENT);
	return MM_OK;
}

/* ---- from snapshots ---- */

static enum mm_status
see_snapshot(void *ctx, const struct mm_seen_waiting *w)
{
	struct load *l = ctx;

	if (w->taken_us == MM_TIME_NONE)
		return MM_OK;
	for (size_t i = l->n_snapshots; i-- > 0;)
		if (l->snapshots[i].id == w->snapshot)
			return MM_OK;
	l->snapshots = mm_grow(l->snapshots, l->n_snapshots, &l->cap_snapshots,
			       sizeof(*l->snapshots));
	l->snapshots[l->n_snapshots++] = (struct snapshot){
		.id = w->snapshot,
		.taken_us = w->taken_us,
		.name = mm_arena_str(&l->b->texts, w->snapshot_name),
		.host = mm_arena_str(&l->b->texts, w->host),
		.mta = mm_arena_str(&l->b->texts, w->mta),
	};
	return MM_OK;
}

/* A later one of the same queue takes the place of an earlier; two of one
 * moment are both read, and each mail counts once. */
static bool
is_replaced(const struct load *l, const struct snapshot *s, int64_t at_us)
{
	for (size_t i = 0; i < l->n_snapshots; i++) {
		const struct snapshot *o = &l->snapshots[i];

		if (o->taken_us > s->taken_us + MOMENT_US &&
		    o->taken_us <= at_us + MOMENT_US &&
		    mm_str_eq(o->host, s->host) && mm_str_eq(o->mta, s->mta))
			return true;
	}
	return false;
}

static void
choose_snapshots(struct load *l)
{
	int64_t at = l->wish->at_us;

	l->chosen = mm_calloc(l->n_snapshots, sizeof(*l->chosen));
	for (size_t i = 0; i < l->n_snapshots && at == MM_TIME_NONE; i++)
		l->b->at_us = mm_num_max(l->b->at_us, l->snapshots[i].taken_us);
	if (at == MM_TIME_NONE && l->n_snapshots > 0)
		at = l->b->at_us;
	for (size_t i = 0; i < l->n_snapshots; i++) {
		const struct snapshot *s = &l->snapshots[i];

		if (s->taken_us > at + MOMENT_US ||
		    s->taken_us < at - FRESH_US || is_replaced(l, s, at))
			continue;
		l->chosen[l->n_chosen++] = s->id;
		l->b->mta = s->mta;
		l->b->source = s->name;
	}
}

static bool
is_chosen(const struct load *l, uint32_t id)
{
	for (size_t i = 0; i < l->n_chosen; i++)
		if (l->chosen[i] == id)
			return true;
	return false;
}

static enum mm_status
see_waiting(void *ctx, const struct mm_seen_waiting *w)
{
	struct load *l = ctx;
	struct mm_backlog_item *m;
	uint32_t domain;
	size_t before;

	if (!is_chosen(l, w->snapshot) || mm_str_is(w->queue, "corrupt") ||
	    w->arrived_us == MM_TIME_NONE || w->arrived_us > l->b->at_us)
		return MM_OK;
	domain = domain_of(l, domain_part(w->recipient));
	before = l->seen.n;
	mm_buf_clear(&l->key);
	mm_buf_addf(&l->key, "%.*s ", MM_STR_ARG(w->queue_id));
	mm_buf_adds(&l->key, w->recipient);
	(void)mm_intern_add(&l->seen, mm_buf_str(&l->key));
	if (l->seen.n == before)
		return MM_OK;
	m = add_item(l->b);
	m->created_us = w->arrived_us;
	m->last_us = w->last_us;
	m->next_us = w->next_us;
	m->size_bytes = w->size_bytes;
	m->domain = domain;
	m->n_fails = w->attempts > 0 ? (uint32_t)w->attempts : 0;
	m->held = mm_str_is(w->queue, "hold") || mm_str_is(w->queue, "frozen");
	m->queue_id = mm_arena_str(&l->b->texts, w->queue_id);
	m->message_id = mm_arena_str(&l->b->texts, w->message_id);
	m->sender = mm_arena_str(&l->b->texts, w->sender);
	m->recipient = mm_arena_str(&l->b->texts, w->recipient);
	return MM_OK;
}

/* ---- from timelines ---- */

static enum mm_status
count_recipients(void *ctx, const struct mm_seen_recipient *r)
{
	struct load *l = ctx;

	if (r->id >= l->n_recipients)
		l->n_recipients = (size_t)r->id + 1;
	if (l->b->mta.p == NULL)
		l->b->mta = l->dict->origins[r->origin].mta;
	return MM_OK;
}

/* Is it mail that went its way from here? */
static bool
is_mail(const struct mm_seen_recipient *r)
{
	return r->arrived_us != MM_TIME_NONE && r->next == 0 &&
	       r->domain != 0 && r->final != MM_FINAL_REJECTED &&
	       r->final != MM_FINAL_UNKNOWN &&
	       (r->message_flags & (MM_MSG_REQUEUED | MM_MSG_CUT)) == 0;
}

/* Did it wait at the moment? */
static bool
waited(const struct load *l, const struct mm_seen_recipient *r)
{
	int64_t at = l->b->at_us;
	bool ended = r->final_us != MM_TIME_NONE && r->final_us <= at &&
		     r->final != MM_FINAL_DEFERRED && r->final != MM_FINAL_HELD;

	return l->n_chosen == 0 && r->arrived_us <= at && !ended;
}

static int64_t
live_from(const struct load *l)
{
	return l->wish->live_from_us != MM_TIME_NONE ? l->wish->live_from_us
						     : l->b->at_us;
}

/* How many new messages it stands for. */
static int64_t
take_live(struct load *l, const struct mm_seen_recipient *r)
{
	int64_t after = r->arrived_us - live_from(l), n;

	if (after <= 0 || after > l->wish->live_span_us)
		return 0;
	l->live_credit += l->wish->live_permille;
	n = l->live_credit / 1000;
	l->live_credit %= 1000;
	return n;
}

static void
add_recipient(struct load *l, const struct mm_seen_recipient *r, bool live)
{
	struct mm_backlog_item *m = add_item(l->b);

	m->created_us = r->arrived_us;
	if (live)
		m->created_us += l->b->at_us - live_from(l);
	m->size_bytes = r->size_bytes;
	m->domain = domain_of(l, l->dict->names[r->domain]);
	m->live = live;
	m->held = !live && r->final == MM_FINAL_HELD;
	m->bad = r->final == MM_FINAL_BOUNCED;
	m->address = r->address;
	m->sender_address = r->sender;
	m->queue_id = mm_arena_str(&l->b->texts, r->queue_id);
	m->message_id = mm_arena_str(&l->b->texts, r->message_id);
	if (!live) {
		m->n_fails = l->n_tries[r->id];
		m->last_us = l->last_us[r->id];
	}
}

static enum mm_status
see_recipient(void *ctx, const struct mm_seen_recipient *r)
{
	struct load *l = ctx;

	if (!is_mail(r))
		return MM_OK;
	if (waited(l, r))
		add_recipient(l, r, false);
	for (int64_t n = take_live(l, r); n > 0; n--)
		add_recipient(l, r, true);
	return MM_OK;
}

/* ---- both ---- */

static int
by_creation(const void *a, const void *b)
{
	const struct mm_backlog_item *x = a, *y = b;
	int ids;

	if (x->created_us != y->created_us)
		return x->created_us < y->created_us ? -1 : 1;
	ids = mm_str_cmp(x->queue_id, y->queue_id);
	if (ids != 0)
		return ids;
	return (x->address > y->address) - (x->address < y->address);
}

/* What stays in the house is nothing to replay. */
static void
leave_out_local(struct mm_backlog *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct mm_backlog_domain *d =
		    &b->domains[b->items[i].domain];

		if (d->n_local > 0 && d->n_remote == 0)
			continue;
		b->n_live += b->items[i].live;
		b->n_held += b->items[i].held;
		b->items[n++] = b->items[i];
	}
	b->n = n;
}

static enum mm_status
read_address(struct load *l, struct mm_store *s, uint32_t id,
	     struct mm_str *text)
{
	enum mm_status st;

	if (id == 0 || text->p != NULL)
		return MM_OK;
	mm_buf_clear(&l->key);
	st = mm_rows_address(s, id, &l->key, l->err);
	*text = mm_arena_str(&l->b->texts, mm_buf_str(&l->key));
	return st;
}

static enum mm_status
read_addresses(struct load *l, struct mm_store *s)
{
	enum mm_status st = MM_OK;

	for (size_t i = 0; i < l->b->n && st == MM_OK; i++) {
		struct mm_backlog_item *m = &l->b->items[i];

		st = read_address(l, s, m->address, &m->recipient);
		if (st == MM_OK)
			st = read_address(l, s, m->sender_address, &m->sender);
	}
	return st;
}

static void
name_source(struct mm_backlog *b, size_t n_chosen)
{
	char at[MM_TIME_TEXT];

	(void)mm_time_iso(b->at_us, false, at);
	if (n_chosen == 0)
		b->source = mm_str_z(mm_arena_fmt(
		    &b->texts, "the timelines of the logs at %s", at));
	else if (n_chosen == 1)
		b->source = mm_str_z(mm_arena_fmt(&b->texts,
						  "the snapshot %.*s, for %s",
						  MM_STR_ARG(b->source), at));
	else
		b->source = mm_str_z(mm_arena_fmt(
		    &b->texts, "%zu snapshots, for %s", n_chosen, at));
}

static enum mm_status
load(struct load *l, struct mm_store *s)
{
	struct mm_backlog *b = l->b;
	int64_t first, last;
	enum mm_status st = MM_OK;

	if (!l->wish->no_snapshots)
		st = mm_rows_waiting(s, see_snapshot, l, l->err);
	if (st == MM_OK)
		choose_snapshots(l);
	if (st == MM_OK)
		st = mm_rows_span(s, &first, &last, l->err);
	if (st != MM_OK)
		return st;
	if (l->wish->at_us != MM_TIME_NONE)
		b->at_us = l->wish->at_us;
	else if (l->n_chosen == 0)
		b->at_us = last;
	st = mm_rows_recipients(s, count_recipients, l, l->err);
	l->n_tries = mm_calloc(l->n_recipients, sizeof(*l->n_tries));
	l->last_us = mm_alloc(l->n_recipients * sizeof(*l->last_us));
	for (size_t i = 0; i < l->n_recipients; i++)
		l->last_us[i] = MM_TIME_NONE;
	if (st == MM_OK)
		st = mm_rows_attempts(s, MM_TIME_NONE, MM_TIME_NONE,
				      see_attempt, l, l->err);
	if (st == MM_OK)
		st = mm_rows_recipients(s, see_recipient, l, l->err);
	if (st == MM_OK && l->n_chosen > 0)
		st = mm_rows_waiting(s, see_waiting, l, l->err);
	if (st != MM_OK)
		return st;
	leave_out_local(b);
	qsort(b->items, b->n, sizeof(*b->items), by_creation);
	b->mta = mm_arena_str(&b->texts, b->mta);
	name_source(b, l->n_chosen);
	return l->wish->addresses ? read_addresses(l, s) : MM_OK;
}

enum mm_status
mm_backlog_load(struct mm_backlog *b, struct mm_store *s,
		const struct mm_backlog_wish *wish, struct mm_err *err)
{
	struct load l = { .b = b, .wish = wish, .err = err };
	char at[MM_TIME_TEXT];
	enum mm_status st;

	*b = (struct mm_backlog){ .at_us = MM_TIME_NONE };
	mm_arena_init(&b->texts);
	mm_intern_init(&b->names);
	mm_intern_init(&l.seen);
	mm_buf_init(&l.key, 1 << 16);
	l.dict = mm_dict_load(s, err);
	st = l.dict != NULL ? load(&l, s) : MM_EIO;
	if (st == MM_OK && b->n == b->n_live)
		st = mm_err_set(err, MM_ENOENT,
				"no mail waits at %s: give the moment with "
				"--at, or a case with a snapshot of the queue",
				mm_time_iso(b->at_us, false, at));
	b->service = mm_service_end(&l.service);
	mm_dict_free(l.dict);
	mm_intern_fini(&l.seen);
	mm_buf_fini(&l.key);
	free(l.snapshots);
	free(l.chosen);
	free(l.n_tries);
	free(l.last_us);
	return st;
}
