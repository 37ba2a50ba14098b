#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/case/find.h"
#include "formats/base/mem.h"
#include "formats/base/time.h"

struct way {
	const char *index; /* what makes the exact question quick */
	const char *sql;   /* ids of messages; %s is the comparison with ?1 */
	bool exact;	   /* upper and lower case differ */
};

#define ADDRESS_INDEX                                                          \
	"CREATE INDEX IF NOT EXISTS address_text ON"                           \
	" address(text COLLATE NOCASE);"
#define RECIPIENT_INDEX                                                        \
	"CREATE INDEX IF NOT EXISTS recipient_address ON recipient(address);"  \
	"CREATE INDEX IF NOT EXISTS recipient_orig ON recipient(orig)"         \
	" WHERE orig IS NOT NULL;"
#define SENDER_INDEX                                                           \
	"CREATE INDEX IF NOT EXISTS message_sender ON message(sender);"
#define NAME_INDEX                                                             \
	"CREATE INDEX IF NOT EXISTS name_text ON name(text COLLATE NOCASE);"

static const struct way ways[MM_FIND_COUNT] = {
	[MM_FIND_QUEUE_ID] = {
	    "CREATE INDEX IF NOT EXISTS message_queue_id ON message(queue_id);"
	    "CREATE INDEX IF NOT EXISTS recipient_message ON"
	    " recipient(message);",
	    /* Haraka's lines also say "ID.1", for what goes out of ID. */
	    "SELECT id FROM message WHERE queue_id %s UNION "
	    "SELECT id FROM message WHERE instr(?1, '.') > 0 AND"
	    " queue_id = rtrim(rtrim(?1, '0123456789'), '.')"
	    /* OpenSMTPD: an envelope's id begins with the message's. */
	    " UNION SELECT m.id FROM message m JOIN recipient r"
	    " ON r.message = m.id WHERE length(?1) = 16 AND"
	    " m.queue_id = substr(?1, 1, 8) AND r.envelope IS NOT NULL AND"
	    " m.queue_id || printf('%08x', r.envelope) = ?1", true,
	},
	[MM_FIND_MESSAGE_ID] = {
	    "CREATE INDEX IF NOT EXISTS message_message_id"
	    " ON message(message_id);",
	    "SELECT id FROM message WHERE message_id %s", true,
	},
	[MM_FIND_SENDER] = {
	    ADDRESS_INDEX SENDER_INDEX,
	    "SELECT id FROM message WHERE sender IN"
	    " (SELECT id FROM address WHERE text %s)", false,
	},
	[MM_FIND_RECIPIENT] = {
	    ADDRESS_INDEX RECIPIENT_INDEX,
	    "SELECT message FROM recipient WHERE address IN"
	    " (SELECT id FROM address WHERE text %s) UNION "
	    "SELECT message FROM recipient WHERE orig IN"
	    " (SELECT id FROM address WHERE text %s)", false,
	},
	[MM_FIND_DOMAIN] = {
	    NAME_INDEX SENDER_INDEX RECIPIENT_INDEX
	    "CREATE INDEX IF NOT EXISTS address_domain ON address(domain);",
	    "SELECT message FROM recipient WHERE address IN"
	    " (SELECT a.id FROM name n JOIN address a ON a.domain = n.id"
	    " WHERE n.text %s) UNION "
	    "SELECT id FROM message WHERE sender IN"
	    " (SELECT a.id FROM name n JOIN address a ON a.domain = n.id"
	    " WHERE n.text %s)", false,
	},
	[MM_FIND_CLIENT] = {
	    NAME_INDEX
	    "CREATE INDEX IF NOT EXISTS message_client_ip"
	    " ON message(client_ip);"
	    "CREATE INDEX IF NOT EXISTS message_client_name"
	    " ON message(client_name);",
	    "SELECT id FROM message WHERE client_ip IN"
	    " (SELECT id FROM name WHERE text %s) UNION "
	    "SELECT id FROM message WHERE client_name IN"
	    " (SELECT id FROM name WHERE text %s)", false,
	},
	[MM_FIND_RELAY] = {
	    "CREATE INDEX IF NOT EXISTS attempt_relay ON attempt(relay);",
	    "SELECT r.message FROM attempt t"
	    " JOIN recipient r ON r.id = t.recipient WHERE t.relay IN"
	    " (SELECT id FROM relay WHERE name %s UNION"
	    "  SELECT id FROM relay WHERE ip %s)", false,
	},
	[MM_FIND_USER] = {
	    NAME_INDEX
	    "CREATE INDEX IF NOT EXISTS message_sasl ON message(sasl)"
	    " WHERE sasl IS NOT NULL;",
	    "SELECT id FROM message WHERE sasl IN"
	    " (SELECT id FROM name WHERE text %s)", false,
	},
	[MM_FIND_REPLY] = {
	    "CREATE INDEX IF NOT EXISTS attempt_reply ON attempt(reply);",
	    "SELECT r.message FROM attempt t"
	    " JOIN recipient r ON r.id = t.recipient WHERE t.reply IN"
	    " (SELECT id FROM reply WHERE instr(lower(shape), lower(?1))"
	    "  OR instr(lower(sample), lower(?1)))", false,
	},
};

static void
add(struct mm_found *found, uint32_t id)
{
	found->ids =
	    mm_grow(found->ids, found->n, &found->cap, sizeof(*found->ids));
	found->ids[found->n++] = id;
}

/* The statement of one way, with its comparison in each place. */
static const char *
statement(const struct way *w, bool pattern, struct mm_buf *sql)
{
	const char *compare_with = pattern    ? "GLOB ?1"
				   : w->exact ? "= ?1"
					      : "= ?1 COLLATE NOCASE";
	struct mm_str rest = mm_str_z(w->sql), head;

	mm_buf_clear(sql);
	while (mm_str_cut(&rest, "%s", &head)) {
		mm_buf_adds(sql, head);
		mm_buf_addz(sql, compare_with);
	}
	mm_buf_adds(sql, rest);
	return sql->p;
}

static enum mm_status
find_one_way(struct mm_store *s, const struct mm_find *f, enum mm_find_by by,
	     struct mm_found *found, struct mm_err *err)
{
	struct mm_buf sql;
	struct mm_query *q;
	enum mm_status st;

	mm_store_index(s, ways[by].index);
	mm_buf_init(&sql, 4096);
	q = mm_query_new(s, statement(&ways[by], f->pattern, &sql), err);
	st = q != NULL ? MM_OK : MM_EIO;
	if (q != NULL)
		mm_query_bind_text(q, 0, f->what);
	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK)
		add(found, (uint32_t)mm_query_int(q, 0));
	mm_query_free(q);
	mm_buf_fini(&sql);
	return st == MM_END ? MM_OK : st;
}

static int
compare(const void *va, const void *vb)
{
	const uint32_t *a = va, *b = vb;

	return (*a > *b) - (*a < *b);
}

static void
unique(struct mm_found *found)
{
	size_t n = 0;

	if (found->n > 0)
		qsort(found->ids, found->n, sizeof(*found->ids), compare);
	for (size_t i = 0; i < found->n; i++)
		if (n == 0 || found->ids[i] != found->ids[n - 1])
			found->ids[n++] = found->ids[i];
	found->n = n;
}

/* The ids as a table of the connection, so that the rest is one statement. */
static enum mm_status
to_table(struct mm_store *s, const struct mm_found *found, struct mm_err *err)
{
	struct mm_query *q;
	enum mm_status st = mm_store_exec(
	    s,
	    "CREATE TEMP TABLE IF NOT EXISTS found(id INTEGER PRIMARY KEY);"
	    "DELETE FROM temp.found;",
	    err);

	if (st != MM_OK)
		return st;
	q = mm_query_new(s, "INSERT OR IGNORE INTO temp.found VALUES(?)", err);
	st = q != NULL ? MM_END : MM_EIO;
	for (size_t i = 0; i < found->n && st == MM_END; i++) {
		mm_query_bind_int(q, 0, found->ids[i]);
		st = mm_query_step(q, err);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

/* The few ids come first (CROSS): not all messages are looked at for them. */
static enum mm_status
from_table(struct mm_store *s, int64_t from_us, int64_t to_us,
	   struct mm_found *found, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s,
	    "SELECT m.id FROM temp.found f CROSS JOIN message m ON m.id = f.id"
	    " WHERE coalesce(m.arrived_us, ?1) >= ?1"
	    " AND coalesce(m.arrived_us, ?1) < ?2"
	    " ORDER BY m.arrived_us, m.id",
	    err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	found->n = 0;
	if (q != NULL) {
		mm_query_bind_int(q, 0, from_us);
		mm_query_bind_int(q, 1,
				  to_us != MM_TIME_NONE ? to_us : INT64_MAX);
	}
	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK)
		add(found, (uint32_t)mm_query_int(q, 0));
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

enum mm_status
mm_find_messages(struct mm_store *s, const struct mm_find *f,
		 struct mm_found *found, struct mm_err *err)
{
	enum mm_status st = MM_OK;

	if (f->by != MM_FIND_ANY)
		st = find_one_way(s, f, f->by, found, err);
	else
		for (int by = MM_FIND_ANY + 1;
		     by < MM_FIND_REPLY && st == MM_OK; by++)
			st =
			    find_one_way(s, f, (enum mm_find_by)by, found, err);
	unique(found);
	if (st == MM_OK)
		st = to_table(s, found, err);
	if (st == MM_OK)
		st = from_table(s, f->from_us, f->to_us, found, err);
	return st;
}

/* ---- hops below the message that they come from ---- */

struct hop {
	uint32_t from, to; /* places in the list of messages */
};

struct hops {
	struct hop *v; /* owned; by `from`, then `to` */
	size_t n, cap;
};

static size_t
place_of(const struct mm_found *by_id, const uint32_t *place, uint32_t id)
{
	const uint32_t *at =
	    bsearch(&id, by_id->ids, by_id->n, sizeof(id), compare);

	return place[at - by_id->ids];
}

static int
compare_hops(const void *va, const void *vb)
{
	const struct hop *a = va, *b = vb;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (a->to > b->to) - (a->to < b->to);
}

/* The edges among what was found; `from` comes before `to`, so that there is
 * no circle. */
static enum mm_status
load_hops(struct mm_store *s, const struct mm_found *found, struct hops *h,
	  struct mm_err *err)
{
	struct mm_query *q =
	    mm_query_new(s,
			 "SELECT e.from_message, e.to_message FROM temp.found f"
			 " CROSS JOIN edge e ON e.from_message = f.id"
			 " CROSS JOIN temp.found t ON t.id = e.to_message",
			 err);
	struct mm_found by_id = { .ids = mm_alloc(found->n * sizeof(uint32_t)),
				  .n = found->n };
	uint32_t *place = mm_alloc(found->n * sizeof(*place));
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	memcpy(by_id.ids, found->ids, found->n * sizeof(uint32_t));
	qsort(by_id.ids, by_id.n, sizeof(uint32_t), compare);
	for (uint32_t i = 0; i < found->n; i++) {
		const uint32_t *at = bsearch(&found->ids[i], by_id.ids, by_id.n,
					     sizeof(uint32_t), compare);

		place[at - by_id.ids] = i;
	}
	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		size_t from =
		    place_of(&by_id, place, (uint32_t)mm_query_int(q, 0));
		size_t to =
		    place_of(&by_id, place, (uint32_t)mm_query_int(q, 1));

		if (from >= to)
			continue;
		h->v = mm_grow(h->v, h->n, &h->cap, sizeof(*h->v));
		h->v[h->n++] = (struct hop){ (uint32_t)from, (uint32_t)to };
	}
	if (h->n > 0)
		qsort(h->v, h->n, sizeof(*h->v), compare_hops);
	mm_query_free(q);
	free(by_id.ids);
	free(place);
	return st == MM_END ? MM_OK : st;
}

/* The first hop from place `from`. */
static size_t
first_hop(const struct hops *h, uint32_t from)
{
	size_t low = 0, high = h->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (h->v[mid].from < from)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Put the list into the order of a tree. A message with several parents stands
 * below the first of them. */
static void
order(struct mm_found *found, const struct hops *h)
{
	uint32_t *ids = mm_alloc(found->n * sizeof(*ids));
	unsigned *depth = mm_alloc(found->n * sizeof(*depth));
	bool *put = mm_calloc(found->n, sizeof(*put));
	struct frame {
		uint32_t at;
		size_t hop; /* to be looked at next */
	} *stack = mm_alloc((found->n + 1) * sizeof(*stack));
	size_t n = 0, top = 0;

	for (uint32_t root = 0; root < found->n; root++) {
		if (put[root])
			continue;
		stack[top++] = (struct frame){ root, first_hop(h, root) };
		while (top > 0) {
			struct frame *f = &stack[top - 1];
			uint32_t to;

			if (!put[f->at]) {
				put[f->at] = true;
				ids[n] = found->ids[f->at];
				depth[n++] = (unsigned)top - 1;
			}
			if (f->hop == h->n || h->v[f->hop].from != f->at) {
				top--;
				continue;
			}
			to = h->v[f->hop++].to;
			if (!put[to])
				stack[top++] =
				    (struct frame){ to, first_hop(h, to) };
		}
	}
	memcpy(found->ids, ids, n * sizeof(*ids));
	free(found->depth);
	found->depth = depth;
	free(ids);
	free(put);
	free(stack);
}

enum mm_status
mm_find_related(struct mm_store *s, struct mm_found *found, struct mm_err *err)
{
	struct hops hops = { 0 };
	enum mm_status st = to_table(s, found, err);

	mm_store_index(s, "CREATE INDEX IF NOT EXISTS edge_from"
			  " ON edge(from_message);"
			  "CREATE INDEX IF NOT EXISTS edge_to"
			  " ON edge(to_message);");
	if (st == MM_OK)
		st = mm_store_exec(
		    s,
		    "WITH RECURSIVE reach(id) AS (SELECT id FROM temp.found"
		    " UNION SELECT e.to_message FROM reach r"
		    " JOIN edge e ON e.from_message = r.id"
		    " UNION SELECT e.from_message FROM reach r"
		    " JOIN edge e ON e.to_message = r.id)"
		    " INSERT OR IGNORE INTO temp.found SELECT id FROM reach;",
		    err);
	if (st == MM_OK)
		st = from_table(s, MM_TIME_NONE, MM_TIME_NONE, found, err);
	if (st == MM_OK)
		st = load_hops(s, found, &hops, err);
	if (st == MM_OK)
		order(found, &hops);
	free(hops.v);
	return st;
}

void
mm_found_fini(struct mm_found *found)
{
	free(found->ids);
	free(found->depth);
	*found = (struct mm_found){ 0 };
}
