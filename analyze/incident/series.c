#include <stdlib.h>
#include <string.h>

#include "analyze/case/incident_rows.h"
#include "analyze/case/load.h"
#include "analyze/incident/series.h"
#include "formats/base/intern.h"
#include "formats/base/mem.h"
#include "formats/mail/record.h"
#include "formats/mail/shape.h"

#define MANY		 UINT32_MAX
#define N_RUNS		 1000 /* the longest good run, as part of the logs */
#define N_RETRY_BINS	 128  /* four to each doubling, from 1 ms */
#define RETRY_QUANTILE	 0.9
#define DEFAULT_RETRY_US (30 * MM_MINUTE_US) /* when nothing was retried */

/* A run of good contacts: its first entry and the one that grows. */
struct run {
	uint32_t head, tail;
};

struct build {
	struct mm_series *s;
	struct mm_intern hosts, operators, pairs;
	uint32_t *host_of; /* by relay id */
	size_t cap_hosts;
	struct run *runs; /* by pair */
	size_t cap_runs;
	uint32_t *bad_domain, *bad_host; /* contact after the last bad one */
	size_t cap_bad_host;
	uint32_t *domain_of_address;
	size_t n_addresses;
	/* By recipient id. */
	uint32_t *message_of, *address_of;
	int64_t *deferred_us; /* last real try */
	size_t n_messages_of, n_addresses_of, n_deferred;
	/* By message id. */
	uint32_t *origin_of, *only_domain; /* 0: not known, MANY */
	size_t n_origins_of, n_only;
	struct mm_buf text;
	uint64_t retry_bins[N_RETRY_BINS];
};

/* Room up to index `i`, zeroed. */
static void *
widen(void *array, size_t *n, size_t i, size_t each)
{
	size_t want = *n;

	if (i < *n)
		return array;
	want = i + i / 2 + 64;
	array = mm_realloc(array, want * each);
	memset((char *)array + *n * each, 0, (want - *n) * each);
	*n = want;
	return array;
}

/* ---- hosts ---- */

static struct mm_str
host_key(const struct mm_dict_relay *r)
{
	struct mm_str name = r->name;

	if (name.n > 1 && name.p[name.n - 1] == '.')
		name.n--;
	return name.n > 0 ? name : r->ip;
}

static void
load_hosts(struct build *b)
{
	const struct mm_dict *d = b->s->dict;
	struct mm_series *s = b->s;
	struct mm_host *h;

	b->host_of = mm_calloc(d->n_relays + 1, sizeof(*b->host_of));
	s->hosts = mm_calloc(d->n_relays + 1, sizeof(*s->hosts));
	for (size_t i = 1; i < d->n_relays; i++) {
		struct mm_str key = host_key(&d->relays[i]);

		if (key.n == 0 || mm_str_is(key, "none"))
			continue;
		b->host_of[i] = mm_intern_add(&b->hosts, key);
		h = &s->hosts[b->host_of[i]];
		if (h->name.p == NULL) {
			h->name = key;
			h->local = mm_load_is_local(key, d->relays[i].ip);
		}
		if (h->ip.p == NULL)
			h->ip = d->relays[i].ip;
		if (h->operator_no == 0)
			h->operator_no = mm_intern_add(
			    &b->operators, d->relays[i].operator_name);
	}
	s->n_hosts = b->hosts.n + 1;
	s->n_operators = b->operators.n + 1;
	s->operators = mm_calloc(s->n_operators, sizeof(*s->operators));
	for (size_t i = 1; i < s->n_operators; i++)
		s->operators[i] =
		    mm_arena_str(&s->dict->texts,
				 mm_intern_text(&b->operators, (uint32_t)i));
}

/* ---- contacts ---- */

static struct mm_contact *
add_contact(struct build *b, const struct mm_contact *c)
{
	struct mm_series *s = b->s;

	s->contacts = mm_grow(s->contacts, s->n_contacts, &s->cap_contacts,
			      sizeof(*s->contacts));
	s->contacts[s->n_contacts] = *c;
	return &s->contacts[s->n_contacts++];
}

static void
add_bad(struct build *b, const struct mm_contact *c)
{
	uint32_t after = (uint32_t)b->s->n_contacts + 1;

	(void)add_contact(b, c);
	b->bad_domain[c->domain] = after;
	b->bad_host[c->host] = after;
}

static void
add_good(struct build *b, const struct mm_contact *c)
{
	struct mm_contact *all = b->s->contacts;
	/* Of one origin they come by time. */
	uint32_t key[4] = { c->domain, c->host, c->took, c->origin };
	uint32_t id = mm_intern_add(
	    &b->pairs, (struct mm_str){ (const char *)key, sizeof(key) });
	uint32_t now = (uint32_t)b->s->n_contacts;
	int64_t longest = (b->s->last_us - b->s->first_us) / N_RUNS;
	struct run *run;

	b->runs = widen(b->runs, &b->cap_runs, id, sizeof(*b->runs));
	run = &b->runs[id];
	if (run->tail == 0 || run->head < b->bad_domain[c->domain] ||
	    run->head < b->bad_host[c->host] ||
	    c->t_us - all[run->head].t_us > longest) {
		*run = (struct run){ now, now };
		(void)add_contact(b, c);
	} else if (run->tail == run->head) {
		run->tail = now;
		(void)add_contact(b, c);
	} else {
		all[run->tail].t_us = c->t_us;
		all[run->tail].n++;
	}
}

/* ---- how long a retry takes ---- */

static size_t
retry_bin(int64_t gap_us)
{
	size_t bin = 0;
	int64_t edge = 1000;

	while (bin < N_RETRY_BINS - 4 && gap_us >= 2 * edge) {
		edge *= 2;
		bin += 4;
	}
	return bin + (size_t)((gap_us - edge) * 4 / edge) % 4;
}

static int64_t
retry_bin_end(size_t bin)
{
	int64_t edge = 1000;

	for (size_t i = 0; i < bin / 4; i++)
		edge *= 2;
	return edge + edge * (int64_t)(bin % 4 + 1) / 4;
}

static void
note_try(struct build *b, const struct mm_lean_attempt *a)
{
	int64_t *last = &b->deferred_us[a->recipient];

	if (*last != 0 && a->t_us - *last > MM_SECOND_US)
		b->retry_bins[retry_bin(a->t_us - *last)]++;
	*last = a->outcome == MM_OUT_DEFERRED ? a->t_us : 0;
}

static int64_t
retry_quantile(const struct build *b)
{
	uint64_t all = 0, seen = 0;

	for (size_t i = 0; i < N_RETRY_BINS; i++)
		all += b->retry_bins[i];
	for (size_t i = 0; i < N_RETRY_BINS; i++) {
		seen += b->retry_bins[i];
		if (all > 0 && (double)seen >= RETRY_QUANTILE * (double)all)
			return retry_bin_end(i);
	}
	return DEFAULT_RETRY_US;
}

/* ---- rows ---- */

static enum mm_status
on_address(void *ctx, uint32_t address, uint32_t domain)
{
	struct build *b = ctx;

	b->domain_of_address = widen(b->domain_of_address, &b->n_addresses,
				     address, sizeof(*b->domain_of_address));
	b->domain_of_address[address] = domain;
	return MM_OK;
}

static enum mm_status
on_recipient(void *ctx, const struct mm_lean_recipient *r)
{
	struct build *b = ctx;
	struct mm_series *s = b->s;

	s->finals = widen(s->finals, &s->n_finals, r->id, 1);
	b->message_of = widen(b->message_of, &b->n_messages_of, r->id, 4);
	b->address_of = widen(b->address_of, &b->n_addresses_of, r->id, 4);
	b->deferred_us = widen(b->deferred_us, &b->n_deferred, r->id, 8);
	s->finals[r->id] = r->final;
	b->message_of[r->id] = r->message;
	b->address_of[r->id] = r->address;
	return MM_OK;
}

static enum mm_status
on_message(void *ctx, const struct mm_lean_message *m)
{
	struct build *b = ctx;

	b->origin_of = widen(b->origin_of, &b->n_origins_of, m->id, 4);
	b->only_domain = widen(b->only_domain, &b->n_only, m->id, 4);
	b->origin_of[m->id] = m->origin;
	return MM_OK;
}

static void
note_domain(struct build *b, const struct mm_contact *c)
{
	struct mm_host *h = &b->s->hosts[c->host];
	uint32_t *only = &b->only_domain[c->message];

	*only = *only == 0 || *only == c->domain ? c->domain : MANY;
	if (c->host == 0 || h->several)
		return;
	h->several = h->domain != 0 && h->domain != c->domain;
	h->domain = h->several ? 0 : c->domain;
}

static bool
is_unknown(const struct mm_dict_reply *r)
{
	return r->cause.p == NULL || mm_str_is(r->cause, "unknown");
}

static enum mm_sign
sign_of(const struct build *b, const struct mm_lean_attempt *a)
{
	enum mm_sign sign;

	if (a->outcome == MM_OUT_SENT || a->outcome == MM_OUT_DISCARDED)
		return MM_SIGN_GOOD;
	sign = a->reply != 0 ? b->s->signs[a->reply] : mm_sign_of_dsn(a->dsn);
	/* Tried in vain, and told in the MTA's words alone. */
	if (a->contact && a->reply != 0 &&
	    ((sign == MM_SIGN_NONE &&
	      is_unknown(&b->s->dict->replies[a->reply])) ||
	     (sign == MM_SIGN_LOCAL && a->leg)))
		return MM_SIGN_ILL;
	/* A lookup that failed reached nobody, but was tried. */
	if (!a->contact && sign != MM_SIGN_DNS && sign != MM_SIGN_GONE &&
	    sign != MM_SIGN_PAUSED)
		return MM_SIGN_NONE;
	return sign;
}

/* The reason, whole again; a view into b->text. */
static struct mm_str
reason_of(struct build *b, const struct mm_lean_attempt *a)
{
	mm_buf_clear(&b->text);
	mm_shape_join(b->s->dict->replies[a->reply].shape, a->args, &b->text);
	return mm_buf_str(&b->text);
}

/* Postfix says relay=none when no connection came about; then the reason
 * names the host: "connect to H[IP]:25: Connection refused". */
static uint32_t
host_of(struct build *b, const struct mm_lean_attempt *a)
{
	uint32_t host = b->host_of[a->relay];
	struct mm_str text, name;

	if (host != 0 || a->args.n == 0 || a->outcome != MM_OUT_DEFERRED)
		return host;
	text = reason_of(b, a);
	if (!mm_str_skip(&text, "connect to ") ||
	    !mm_str_cutc(&text, '[', &name))
		return 0;
	return mm_intern_find(&b->hosts, name);
}

struct said_key {
	uint32_t party, reply, by_host; /* no padding: its bytes are the key */
};

static struct said_key
said_key(const struct mm_contact *c, bool by_host)
{
	return (struct said_key){ by_host ? c->host : c->domain, c->reply,
				  by_host };
}

static void
note_said(struct build *b, const struct mm_contact *c,
	  const struct mm_lean_attempt *a)
{
	struct mm_series *s = b->s;
	struct said_key key = said_key(c, c->domain == 0);
	size_t before = s->said.n;
	uint32_t id = mm_intern_add(
	    &s->said, (struct mm_str){ (const char *)&key, sizeof(key) });

	if (s->said.n == before || a->reply == 0)
		return;
	s->texts = widen(s->texts, &s->cap_texts, id, sizeof(*s->texts));
	s->texts[id] = mm_arena_str(&s->dict->texts, reason_of(b, a));
}

struct mm_str
mm_series_said(const struct mm_series *s, const struct mm_contact *c)
{
	/* Legs learn their domain only after all is read. */
	for (int by_host = c->domain == 0; by_host < 2; by_host++) {
		struct said_key key = said_key(c, by_host);
		uint32_t id = mm_intern_find(
		    &s->said,
		    (struct mm_str){ (const char *)&key, sizeof(key) });

		if (id != 0 && id < s->cap_texts)
			return s->texts[id];
	}
	return MM_STR_ABSENT;
}

static void
note_habits(struct mm_series *s, const struct mm_contact *c, bool secure)
{
	struct mm_habit_contact h = { c->t_us,	 c->domain, c->host, c->message,
				      c->origin, c->file,   c->line };

	if (c->host == 0)
		return;
	if (c->domain != 0)
		mm_habits_note(&s->ways, &h);
	h.party = c->host;
	h.way = secure ? 1 : 2;
	mm_habits_note(&s->tls, &h);
}

static enum mm_status
on_attempt(void *ctx, const struct mm_lean_attempt *a)
{
	struct build *b = ctx;
	enum mm_sign sign = sign_of(b, a);
	struct mm_contact c = { .t_us = a->t_us,
				.message = a->leg ? a->message
						  : b->message_of[a->recipient],
				.recipient = a->recipient,
				.reply = a->reply,
				.file = a->file,
				.line = a->line,
				.n = 1,
				.sign = (uint8_t)sign,
				.unsure = a->unsure,
				.leg = a->leg };
	bool local;

	if (sign == MM_SIGN_NONE)
		return MM_OK;
	c.host = host_of(b, a);
	local = b->s->hosts[c.host].local;
	c.address = b->address_of[a->recipient];
	c.domain = local || a->leg ? 0 : b->domain_of_address[c.address];
	c.origin = a->leg ? a->origin : b->origin_of[c.message];
	if (!a->leg && !local)
		note_domain(b, &c);
	if (!a->leg && a->contact)
		note_try(b, a);
	c.took = a->outcome == MM_OUT_SENT;
	if (sign == MM_SIGN_GOOD && a->contact && !local)
		note_habits(b->s, &c, a->secure);
	if (sign == MM_SIGN_GOOD)
		add_good(b, &c);
	else {
		note_said(b, &c, a);
		add_bad(b, &c);
	}
	return MM_OK;
}

/* A TLS session that failed is told apart from the delivery that went on in
 * clear; the line names the host. */
static enum mm_status
on_event(void *ctx, const struct mm_seen_event *e)
{
	struct build *b = ctx;
	struct mm_contact c = { .t_us = e->t_us,
				.origin = e->origin,
				.file = e->file,
				.line = e->line,
				.n = 1,
				.sign = MM_SIGN_TLS,
				.leg = true };
	struct mm_str rest = e->text, word;

	if (!mm_str_is(e->kind, "trouble") ||
	    !mm_str_is(e->what, mm_trouble_name(MM_TROUBLE_TLS)))
		return MM_OK;
	while (rest.n > 0 && c.host == 0) {
		size_t n = 0;

		while (n < rest.n && strchr(" =[],;:<>()", rest.p[n]) == NULL)
			n++;
		word = mm_str_upto(rest, n);
		rest = mm_str_from(rest, n < rest.n ? n + 1 : n);
		c.host = mm_intern_find(&b->hosts, word);
	}
	if (c.host != 0)
		add_bad(b, &c);
	return MM_OK;
}

/* Whom a leg was for: the host's only domain, or the message's. */
static void
name_legs(struct build *b)
{
	struct mm_series *s = b->s;

	for (size_t i = 0; i < s->n_contacts; i++) {
		struct mm_contact *c = &s->contacts[i];
		uint32_t of;

		if (!c->leg || c->domain != 0 || s->hosts[c->host].local)
			continue;
		of = b->only_domain[c->message];
		if (s->hosts[c->host].domain != 0)
			c->domain = s->hosts[c->host].domain;
		else if (!s->hosts[c->host].several && of != MANY)
			c->domain = of;
	}
}

static int
by_time(const void *va, const void *vb)
{
	const struct mm_contact *a = va, *b = vb;

	if (a->t_us != b->t_us)
		return a->t_us < b->t_us ? -1 : 1;
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->recipient < b->recipient ? -1 : a->recipient > b->recipient;
}

/* ---- the indexes ---- */

static uint32_t
party(const struct mm_series *s, const struct mm_contact *c, int level)
{
	switch (level) {
	case MM_BY_DOMAIN:
		return c->domain;
	case MM_BY_HOST:
		return c->host;
	default:
		return s->hosts[c->host].operator_no;
	}
}

static void
build_index(struct mm_series *s, int level, size_t n_parties)
{
	struct mm_index *x = &s->by[level];
	uint32_t *count = mm_calloc(n_parties + 2, sizeof(*count));
	uint32_t *ill = mm_calloc(n_parties + 1, sizeof(*ill));
	size_t all = 0;

	for (size_t i = 0; i < s->n_contacts; i++)
		if (s->contacts[i].sign != MM_SIGN_GOOD)
			ill[party(s, &s->contacts[i], level)] |=
			    1u << s->contacts[i].sign;
	ill[0] = 0;
	for (size_t i = 0; i < s->n_contacts; i++) {
		uint32_t p = party(s, &s->contacts[i], level);

		if (ill[p] != 0) {
			count[p + 1]++;
			all++;
		}
	}
	for (size_t p = 0; p <= n_parties; p++)
		count[p + 1] += count[p];
	x->at = mm_calloc(all + 1, sizeof(*x->at));
	x->n_parties = n_parties;
	x->first = mm_alloc((n_parties + 2) * sizeof(*x->first));
	memcpy(x->first, count, (n_parties + 2) * sizeof(*x->first));
	for (size_t i = 0; i < s->n_contacts; i++) {
		uint32_t p = party(s, &s->contacts[i], level);

		if (ill[p] != 0)
			x->at[count[p]++] = (uint32_t)i;
	}
	x->signs = ill;
	free(count);
}

static void
begin(struct build *b)
{
	struct mm_series *s = b->s;

	s->signs = mm_calloc(s->dict->n_replies + 1, sizeof(*s->signs));
	for (size_t i = 1; i < s->dict->n_replies; i++)
		s->signs[i] = mm_sign_of(&s->dict->replies[i]);
	load_hosts(b);
	b->bad_domain = mm_calloc(s->dict->n_names + 1, sizeof(*b->bad_domain));
	b->bad_host = mm_calloc(s->n_hosts + 1, sizeof(*b->bad_host));
}

static void
end(struct build *b)
{
	free(b->host_of);
	free(b->runs);
	free(b->bad_domain);
	free(b->bad_host);
	free(b->domain_of_address);
	free(b->message_of);
	free(b->address_of);
	free(b->deferred_us);
	free(b->origin_of);
	free(b->only_domain);
	mm_buf_fini(&b->text);
	mm_intern_fini(&b->hosts);
	mm_intern_fini(&b->operators);
	mm_intern_fini(&b->pairs);
}

static enum mm_status
read_all(struct build *b, struct mm_store *store, struct mm_err *err)
{
	enum mm_status st = mm_lean_domains(store, on_address, b, err);

	/* Number 0 is there even in an empty case. */
	(void)on_address(b, 0, 0);
	(void)on_recipient(b, &(struct mm_lean_recipient){ 0 });
	(void)on_message(b, &(struct mm_lean_message){ 0 });
	if (st == MM_OK)
		st = mm_lean_recipients(store, on_recipient, b, err);
	if (st == MM_OK)
		st = mm_lean_messages(store, on_message, b, err);
	if (st == MM_OK)
		st = mm_lean_attempts(store, on_attempt, b, err);
	if (st == MM_OK)
		st = mm_rows_events(store, on_event, b, err);
	return st;
}

struct mm_series *
mm_series_load(struct mm_store *store, struct mm_err *err)
{
	struct mm_series *s = mm_calloc(1, sizeof(*s));
	struct build b = { .s = s };
	enum mm_status st = mm_rows_span(store, &s->first_us, &s->last_us, err);

	mm_intern_init(&s->said);
	mm_habits_init(&s->ways);
	mm_habits_init(&s->tls);
	mm_intern_init(&b.hosts);
	mm_intern_init(&b.operators);
	mm_intern_init(&b.pairs);
	mm_buf_init(&b.text, (size_t)1 << 20);
	s->dict = st == MM_OK ? mm_dict_load(store, err) : NULL;
	if (s->dict != NULL) {
		begin(&b);
		st = read_all(&b, store, err);
	}
	if (s->dict != NULL && st == MM_OK) {
		name_legs(&b);
		if (s->n_contacts > 0)
			qsort(s->contacts, s->n_contacts, sizeof(*s->contacts),
			      by_time);
		build_index(s, MM_BY_DOMAIN, s->dict->n_names);
		build_index(s, MM_BY_HOST, s->n_hosts);
		build_index(s, MM_BY_OPERATOR, s->n_operators);
		s->retry_us = retry_quantile(&b);
		s->last_bad = mm_calloc(s->n_finals, sizeof(*s->last_bad));
		for (size_t i = 0; i < s->n_contacts; i++)
			if (s->contacts[i].sign != MM_SIGN_GOOD)
				s->last_bad[s->contacts[i].recipient] =
				    (uint32_t)i;
	}
	mm_habits_end(&s->ways);
	mm_habits_end(&s->tls);
	end(&b);
	if (s->dict != NULL && st == MM_OK)
		return s;
	mm_series_free(s);
	return NULL;
}

void
mm_series_free(struct mm_series *s)
{
	if (s == NULL)
		return;
	for (int i = 0; i < MM_LEVELS; i++) {
		free(s->by[i].first);
		free(s->by[i].at);
		free(s->by[i].signs);
	}
	mm_habits_fini(&s->ways);
	mm_habits_fini(&s->tls);
	mm_dict_free(s->dict);
	mm_intern_fini(&s->said);
	free(s->texts);
	free(s->signs);
	free(s->contacts);
	free(s->hosts);
	free(s->operators);
	free(s->finals);
	free(s->last_bad);
	free(s);
}
