#include <stdlib.h>
#include <string.h>

#include "analyze/case/load.h"
#include "analyze/case/writer.h"
#include "formats/base/mem.h"
#include "formats/mail/record.h"
#include "formats/mail/reply.h"
#include "formats/mail/shape.h"

#define BARE_MAX 40 /* bytes */

struct relay {
	uint32_t name, ip;
	int64_t port;
	const char *operator_name; /* static */
	bool local;
};

struct reply {
	const char *operator_name; /* static */
	struct mm_str sample, dsn; /* arena of `samples` */
};

struct mm_load {
	struct mm_store *store;
	struct mm_judge judge;
	struct mm_writer *writer; /* NULL once ended */
	struct mm_intern names, addresses, relays, origins, replies;
	struct relay *relay_list; /* by id - 1 */
	struct reply *reply_list; /* by id - 1 */
	size_t cap_relays, cap_replies;
	struct mm_arena samples;
	struct mm_buf key; /* scratch */
};

struct mm_load *
mm_load_new(struct mm_store *s, const struct mm_judge *j, struct mm_err *err)
{
	struct mm_load *l = mm_calloc(1, sizeof(*l));

	l->store = s;
	l->judge = *j;
	mm_intern_init(&l->names);
	mm_intern_init(&l->addresses);
	mm_intern_init(&l->relays);
	mm_intern_init(&l->origins);
	mm_intern_init(&l->replies);
	mm_arena_init(&l->samples);
	mm_buf_init(&l->key, (size_t)1 << 20);
	l->writer = mm_writer_new(s, err);
	if (l->writer == NULL) {
		mm_load_free(l);
		return NULL;
	}
	return l;
}

void
mm_load_free(struct mm_load *l)
{
	if (l == NULL)
		return;
	/* Not ended: the case is thrown away, whatever became of it. */
	if (l->writer != NULL && mm_writer_end(l->writer, NULL) != MM_OK)
		l->writer = NULL;
	mm_intern_fini(&l->names);
	mm_intern_fini(&l->addresses);
	mm_intern_fini(&l->relays);
	mm_intern_fini(&l->origins);
	mm_intern_fini(&l->replies);
	mm_arena_fini(&l->samples);
	mm_buf_fini(&l->key);
	free(l->relay_list);
	free(l->reply_list);
	free(l);
}

/* A new word of a dictionary goes to the case at once. */
static void
add_word(struct mm_load *l, enum mm_row_kind kind, uint32_t id,
	 struct mm_str text, uint32_t domain)
{
	mm_writer_add(l->writer, &(struct mm_row){
				     kind, { .word = { id, domain, text } } });
}

void
mm_load_expect(const struct mm_load *l, const struct mm_record *r)
{
	mm_intern_expect(&l->addresses, r->recipient);
	mm_intern_expect(&l->addresses, r->sender);
	mm_intern_expect(&l->names, r->client_name);
	mm_intern_expect(&l->names, r->client_ip);
}

uint32_t
mm_load_name(struct mm_load *l, struct mm_str s)
{
	size_t before = l->names.n;
	uint32_t id = mm_intern_add(&l->names, s);

	if (l->names.n > before)
		add_word(l, MM_ROW_NAME, id, mm_intern_text(&l->names, id), 0);
	return id;
}

/* The domain gets its own number, so that receivers group without text. */
static uint32_t
domain_number(struct mm_load *l, struct mm_str address)
{
	size_t at = mm_str_find_last(address, "@"), n;
	char domain[256];

	if (at == MM_NOT_FOUND || address.n - at - 1 >= sizeof(domain))
		return 0;
	n = address.n - at - 1;
	for (size_t i = 0; i < n; i++) {
		char c = address.p[at + 1 + i];

		domain[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	return mm_load_name(l, (struct mm_str){ domain, n });
}

uint32_t
mm_load_address(struct mm_load *l, struct mm_str s)
{
	size_t before = l->addresses.n;
	uint32_t id = mm_intern_add(&l->addresses, s);
	struct mm_str text;

	if (l->addresses.n > before) {
		text = mm_intern_text(&l->addresses, id);
		add_word(l, MM_ROW_ADDRESS, id, text, domain_number(l, text));
	}
	return id;
}

struct mm_str
mm_load_address_text(const struct mm_load *l, uint32_t id)
{
	return mm_intern_text(&l->addresses, id);
}

bool
mm_load_is_local(struct mm_str name, struct mm_str ip)
{
	static const char *const names[] = { "local",	  "virtual", "none",
					     "localhost", "pipe",    "error" };

	if (mm_str_starts(ip, "127.") || mm_str_is(ip, "::1") ||
	    mm_str_starts(name, "127."))
		return true;
	for (size_t i = 0; i < MM_COUNT(names); i++)
		if (mm_str_is(name, names[i]))
			return true;
	/* A pipe(8) transport's name, a socket: no host. */
	return ip.p == NULL && mm_str_findc(name, '.') == MM_NOT_FOUND;
}

uint32_t
mm_load_relay(struct mm_load *l, struct mm_str name, struct mm_str ip,
	      int64_t port)
{
	size_t before = l->relays.n;
	struct relay *relay;
	uint32_t id;

	if (name.p == NULL && ip.p == NULL)
		return 0;
	mm_buf_clear(&l->key);
	mm_buf_adds(&l->key, name);
	mm_buf_addc(&l->key, '\0');
	mm_buf_adds(&l->key, ip);
	mm_buf_add(&l->key, &port, sizeof(port));
	id = mm_intern_add(&l->relays, mm_buf_str(&l->key));
	if (l->relays.n == before)
		return id;
	l->relay_list = mm_grow(l->relay_list, before, &l->cap_relays,
				sizeof(*l->relay_list));
	relay = &l->relay_list[before];
	relay->name = mm_load_name(l, name);
	relay->ip = mm_load_name(l, ip);
	relay->port = port;
	relay->operator_name = l->judge.operator_of(l->judge.ctx, name);
	relay->local = mm_load_is_local(name, ip);
	return id;
}

bool
mm_load_relay_is_local(const struct mm_load *l, uint32_t id)
{
	return id == 0 || l->relay_list[id - 1].local;
}

struct mm_str
mm_load_relay_name(const struct mm_load *l, uint32_t id)
{
	uint32_t name = id != 0 ? l->relay_list[id - 1].name : 0;

	return name != 0 ? mm_intern_text(&l->names, name) : MM_STR_ABSENT;
}

struct mm_str
mm_load_origin_host(const struct mm_load *l, uint32_t id)
{
	struct mm_str key = mm_intern_text(&l->origins, id), host;

	return mm_str_cutc(&key, '\0', &host) ? host : MM_STR_ABSENT;
}

uint32_t
mm_load_origin(struct mm_load *l, struct mm_str host, struct mm_str mta,
	       struct mm_str instance)
{
	mm_buf_clear(&l->key);
	mm_buf_adds(&l->key, host);
	mm_buf_addc(&l->key, '\0');
	mm_buf_adds(&l->key, mta);
	mm_buf_addc(&l->key, '\0');
	mm_buf_adds(&l->key, instance);
	return mm_intern_add(&l->origins, mm_buf_str(&l->key));
}

/* Words without a figure and too few to name a host or a reason. */
static bool
is_bare(struct mm_str reason)
{
	if (reason.n >= BARE_MAX)
		return false;
	for (size_t i = 0; i < reason.n; i++)
		if (reason.p[i] >= '0' && reason.p[i] <= '9')
			return false;
	return true;
}

uint32_t
mm_load_reply(struct mm_load *l, struct mm_str reason, struct mm_str dsn,
	      uint32_t relay, struct mm_buf *args)
{
	const char *operator_name =
	    relay > 0 ? l->relay_list[relay - 1].operator_name : NULL;
	size_t before = l->replies.n;
	uint32_t id;

	if (reason.p == NULL && (dsn.n == 0 || dsn.p[0] == '2'))
		return 0;
	/* Key: the operator, the status where it must tell, the shape. */
	mm_buf_clear(&l->key);
	mm_buf_addz(&l->key, operator_name != NULL ? operator_name : "");
	mm_buf_addc(&l->key, '\0');
	if (is_bare(reason))
		mm_buf_adds(&l->key, dsn);
	mm_buf_addc(&l->key, '\0');
	mm_shape_split(reason, &l->key, args);
	id = mm_intern_add(&l->replies, mm_buf_str(&l->key));
	if (l->replies.n == before)
		return id;
	l->reply_list = mm_grow(l->reply_list, before, &l->cap_replies,
				sizeof(*l->reply_list));
	l->reply_list[before] = (struct reply){
		operator_name,
		mm_arena_str(&l->samples, reason),
		mm_arena_str(&l->samples, dsn),
	};
	return id;
}

/* Sizes, counts, spans: negative is NULL. */
static void
bind_size(struct mm_query *q, int at, int64_t v)
{
	if (v < 0)
		mm_query_bind_null(q, at);
	else
		mm_query_bind_int(q, at, v);
}

void
mm_load_row(struct mm_load *l, const struct mm_row *row)
{
	mm_writer_add(l->writer, row);
}

/* One dictionary of plain texts. `columns` are bound from `bind`. */
static enum mm_status
write_rows(struct mm_load *l, const char *sql, size_t n,
	   void (*bind)(struct mm_load *l, struct mm_query *q, uint32_t id),
	   struct mm_err *err)
{
	struct mm_query *q = mm_query_new(l->store, sql, err);
	enum mm_status st = q != NULL ? MM_END : MM_EIO;

	for (uint32_t id = 1; id <= n && st == MM_END; id++) {
		mm_query_bind_int(q, 0, id);
		bind(l, q, id);
		st = mm_query_step(q, err);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

static void
bind_relay(struct mm_load *l, struct mm_query *q, uint32_t id)
{
	const struct relay *r = &l->relay_list[id - 1];

	mm_query_bind_text(q, 1, mm_intern_text(&l->names, r->name));
	mm_query_bind_text(q, 2, mm_intern_text(&l->names, r->ip));
	bind_size(q, 3, r->port);
	mm_query_bind_text(q, 4, mm_str_z(r->operator_name));
}

static void
bind_origin(struct mm_load *l, struct mm_query *q, uint32_t id)
{
	struct mm_str key = mm_intern_text(&l->origins, id), part;

	for (int i = 1; i < 3; i++)
		if (mm_str_cutc(&key, '\0', &part))
			mm_query_bind_text(q, i, part);
	mm_query_bind_text(q, 3, key);
}

static void
bind_reply(struct mm_load *l, struct mm_query *q, uint32_t id)
{
	struct mm_str key = mm_intern_text(&l->replies, id), part;
	const struct reply *r = &l->reply_list[id - 1];
	const char *rule = NULL, *cause;
	struct mm_reply parsed;

	(void)mm_str_cutc(&key, '\0', &part);
	(void)mm_str_cutc(&key, '\0', &part);
	mm_reply_parse(r->sample, NULL, &parsed);
	cause = (parsed.code >= 200 && parsed.code < 300) ||
			(parsed.code == 0 && mm_str_starts(r->dsn, "2."))
		    ? NULL
		    : l->judge.cause_of(l->judge.ctx, r->operator_name,
					r->sample, r->dsn, &rule);
	mm_query_bind_text(q, 1, key);
	mm_query_bind_text(q, 2, mm_str_z(r->operator_name));
	bind_size(q, 3, parsed.code > 0 ? parsed.code : -1);
	mm_query_bind_text(q, 4,
			   parsed.code > 0 || parsed.enhanced.n > 0
			       ? parsed.enhanced
			       : r->dsn);
	bind_size(q, 5, parsed.stage != MM_STAGE_NONE ? (int)parsed.stage : -1);
	mm_query_bind_text(q, 6, mm_str_z(cause));
	mm_query_bind_text(q, 7, mm_str_z(rule));
	mm_query_bind_text(q, 8, r->sample);
}

enum mm_status
mm_load_finish(struct mm_load *l, struct mm_err *err)
{
	enum mm_status st = mm_writer_end(l->writer, err);

	l->writer = NULL;
	if (st != MM_OK)
		return st;
	st = write_rows(l, "INSERT INTO relay VALUES(?,?,?,?,?)", l->relays.n,
			bind_relay, err);
	if (st == MM_OK)
		st = write_rows(l, "INSERT INTO origin VALUES(?,?,?,?)",
				l->origins.n, bind_origin, err);
	if (st == MM_OK)
		st =
		    write_rows(l, "INSERT INTO reply VALUES(?,?,?,?,?,?,?,?,?)",
			       l->replies.n, bind_reply, err);
	return st;
}
