#include <stdlib.h>

#include "analyze/case/rows.h"
#include "formats/base/mem.h"
#include "formats/mail/record.h"

/* ---- dictionaries ---- */

static struct mm_str
kept(struct mm_dict *d, const struct mm_query *q, int column)
{
	return mm_arena_str(&d->texts, mm_query_text(q, column));
}

/* Each fills one place of its array from a row. */
static void
fill_text(struct mm_dict *d, void *place, const struct mm_query *q)
{
	*(struct mm_str *)place = kept(d, q, 1);
}

static void
fill_relay(struct mm_dict *d, void *place, const struct mm_query *q)
{
	*(struct mm_dict_relay *)place =
	    (struct mm_dict_relay){ kept(d, q, 1), kept(d, q, 2),
				    kept(d, q, 3) };
}

static void
fill_origin(struct mm_dict *d, void *place, const struct mm_query *q)
{
	*(struct mm_dict_origin *)place =
	    (struct mm_dict_origin){ kept(d, q, 1), kept(d, q, 2),
				     kept(d, q, 3) };
}

static void
fill_reply(struct mm_dict *d, void *place, const struct mm_query *q)
{
	*(struct mm_dict_reply *)place = (struct mm_dict_reply){
		.shape = kept(d, q, 1),
		.sample = kept(d, q, 2),
		.operator_name = kept(d, q, 3),
		.enhanced = kept(d, q, 4),
		.cause = kept(d, q, 5),
		.rule = kept(d, q, 6),
		.code = (int)mm_query_int(q, 7),
		.stage = (int)mm_query_int(q, 8),
	};
}

static enum mm_status
load_part(struct mm_dict *d, struct mm_store *s, const char *sql,
	  const char *count_sql, void **array, size_t each, size_t *n,
	  void (*fill)(struct mm_dict *, void *, const struct mm_query *),
	  struct mm_err *err)
{
	struct mm_query *q = mm_query_new(s, count_sql, err);
	enum mm_status st = q != NULL ? mm_query_step(q, err) : MM_EIO;

	if (st == MM_OK)
		*n = (size_t)mm_query_int(q, 0) + 1;
	mm_query_free(q);
	if (st != MM_OK)
		return st;
	*array = mm_calloc(*n, each);
	q = mm_query_new(s, sql, err);
	st = q != NULL ? MM_OK : MM_EIO;
	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		int64_t id = mm_query_int(q, 0);

		if (id > 0 && (size_t)id < *n)
			fill(d, (char *)*array + (size_t)id * each, q);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

struct mm_dict *
mm_dict_load(struct mm_store *s, struct mm_err *err)
{
	struct mm_dict *d = mm_calloc(1, sizeof(*d));
	enum mm_status st;
	void *names = NULL, *relays = NULL, *replies = NULL, *origins = NULL,
	     *files = NULL;

	mm_arena_init(&d->texts);
#define PART(table, columns, array, n, fill)                                   \
	load_part(d, s, "SELECT " columns " FROM " table,                      \
		  "SELECT coalesce(max(id), 0) FROM " table, &(array),         \
		  sizeof(*d->array), &d->n, fill, err)
	st = PART("name", "id, text", names, n_names, fill_text);
	d->names = names;
	if (st == MM_OK)
		st = PART("relay", "id, name, ip, operator", relays, n_relays,
			  fill_relay);
	d->relays = relays;
	if (st == MM_OK)
		st = PART("reply",
			  "id, shape, sample, operator, enhanced, cause, rule,"
			  " code, stage",
			  replies, n_replies, fill_reply);
	d->replies = replies;
	if (st == MM_OK)
		st = PART("origin", "id, host, mta, instance", origins,
			  n_origins, fill_origin);
	d->origins = origins;
	if (st == MM_OK)
		st = PART("file", "id, name", files, n_files, fill_text);
	d->files = files;
#undef PART
	if (st != MM_OK) {
		mm_dict_free(d);
		return NULL;
	}
	return d;
}

void
mm_dict_free(struct mm_dict *d)
{
	if (d == NULL)
		return;
	mm_arena_fini(&d->texts);
	free(d->names);
	free(d->relays);
	free(d->replies);
	free(d->origins);
	free(d->files);
	free(d);
}

/* ---- rows ---- */

static uint32_t
id_at(const struct mm_query *q, int column)
{
	return (uint32_t)mm_query_int(q, column);
}

static int64_t
time_at(const struct mm_query *q, int column)
{
	return mm_query_is_null(q, column) ? MM_TIME_NONE
					   : mm_query_int(q, column);
}

static int64_t
size_at(const struct mm_query *q, int column)
{
	return mm_query_is_null(q, column) ? -1 : mm_query_int(q, column);
}

enum mm_status
mm_rows_attempts(struct mm_store *s, int64_t from_us, int64_t to_us,
		 enum mm_status (*row)(void *ctx,
				       const struct mm_seen_attempt *a),
		 void *ctx, struct mm_err *err)
{
	static const char sql[] =
	    "SELECT t.t_us, t.delay_us, t.a_us, t.b_us, t.c_us, t.d_us, t.id,"
	    " t.recipient, r.message, r.address, a.domain, m.sender, m.origin,"
	    " t.relay, t.reply, t.outcome, t.flags, 0, t.file, t.line"
	    " FROM attempt t JOIN recipient r ON r.id = t.recipient"
	    " JOIN message m ON m.id = r.message"
	    " JOIN address a ON a.id = r.address"
	    " WHERE t.t_us >= ?1 AND t.t_us < ?2 UNION ALL "
	    "SELECT g.t_us, NULL, NULL, NULL, NULL, NULL, g.id, 0, g.message,"
	    " 0, 0, m.sender, g.origin, g.relay, g.reply, 2, g.flags, 1,"
	    " g.file, g.line FROM leg g LEFT JOIN message m ON m.id = g.message"
	    " WHERE g.t_us >= ?1 AND g.t_us < ?2 ORDER BY 1, 18, 7";
	struct mm_query *q = mm_query_new(s, sql, err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	if (q != NULL) {
		mm_query_bind_int(q, 0, from_us); /* NONE is the least */
		mm_query_bind_int(q, 1,
				  to_us != MM_TIME_NONE ? to_us : INT64_MAX);
	}
	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		struct mm_seen_attempt a = {
			.t_us = mm_query_int(q, 0),
			.delay_us = size_at(q, 1),
			.id = id_at(q, 6),
			.recipient = id_at(q, 7),
			.message = id_at(q, 8),
			.address = id_at(q, 9),
			.domain = id_at(q, 10),
			.sender = id_at(q, 11),
			.origin = id_at(q, 12),
			.relay = id_at(q, 13),
			.reply = id_at(q, 14),
			.outcome = (uint8_t)mm_query_int(q, 15),
			.contact = mm_query_int(q, 16) & MM_ATT_CONTACT,
			.leg = mm_query_int(q, 17) != 0,
			.file = id_at(q, 18),
			.line = id_at(q, 19),
		};

		for (int i = 0; i < 4; i++)
			a.delays_us[i] = size_at(q, 2 + i);
		st = row(ctx, &a);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

enum mm_status
mm_rows_recipients(struct mm_store *s,
		   enum mm_status (*row)(void *ctx,
					 const struct mm_seen_recipient *r),
		   void *ctx, struct mm_err *err)
{
	static const char sql[] =
	    "SELECT r.id, r.message, r.address, a.domain, m.sender, m.origin,"
	    " r.reply, r.relay, r.attempts, r.next, m.arrived_us, r.final_us,"
	    " m.size, r.final, m.flags, m.file, m.line, m.queue_id,"
	    " m.message_id"
	    " FROM recipient r"
	    " JOIN message m ON m.id = r.message"
	    " JOIN address a ON a.id = r.address ORDER BY r.id";
	struct mm_query *q = mm_query_new(s, sql, err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		struct mm_seen_recipient r = {
			.id = id_at(q, 0),
			.message = id_at(q, 1),
			.address = id_at(q, 2),
			.domain = id_at(q, 3),
			.sender = id_at(q, 4),
			.origin = id_at(q, 5),
			.reply = id_at(q, 6),
			.relay = id_at(q, 7),
			.n_attempts = id_at(q, 8),
			.next = id_at(q, 9),
			.arrived_us = time_at(q, 10),
			.final_us = time_at(q, 11),
			.size_bytes = size_at(q, 12),
			.final = (uint8_t)mm_query_int(q, 13),
			.message_flags = (unsigned)mm_query_int(q, 14),
			.file = id_at(q, 15),
			.line = id_at(q, 16),
			.queue_id = mm_query_text(q, 17),
			.message_id = mm_query_text(q, 18),
		};

		st = row(ctx, &r);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

enum mm_status
mm_rows_events(struct mm_store *s,
	       enum mm_status (*row)(void *ctx, const struct mm_seen_event *e),
	       void *ctx, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s,
	    "SELECT t_us, origin, kind, what, program, text, file, line"
	    " FROM event ORDER BY t_us, id",
	    err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		struct mm_seen_event e = {
			.t_us = time_at(q, 0),
			.origin = id_at(q, 1),
			.kind = mm_query_text(q, 2),
			.what = mm_query_text(q, 3),
			.program = mm_query_text(q, 4),
			.text = mm_query_text(q, 5),
			.file = id_at(q, 6),
			.line = id_at(q, 7),
		};

		st = row(ctx, &e);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

enum mm_status
mm_rows_steps(struct mm_store *s,
	      enum mm_status (*row)(void *ctx, const struct mm_seen_step *st),
	      void *ctx, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s,
	    "SELECT t.t_us, t.message, m.origin, t.kind, t.file, t.line"
	    " FROM step t LEFT JOIN message m ON m.id = t.message"
	    " ORDER BY t.t_us, t.rowid",
	    err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		struct mm_seen_step e = {
			.t_us = time_at(q, 0),
			.message = id_at(q, 1),
			.origin = id_at(q, 2),
			.kind = mm_query_text(q, 3),
			.file = id_at(q, 4),
			.line = id_at(q, 5),
		};

		st = row(ctx, &e);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

enum mm_status
mm_rows_waiting(struct mm_store *s,
		enum mm_status (*row)(void *ctx,
				      const struct mm_seen_waiting *w),
		void *ctx, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s,
	    "SELECT s.id, e.id, s.taken_us, e.arrived_us, e.next_us, e.last_us,"
	    " e.size, e.attempts, s.name, s.host, s.mta, e.queue, e.queue_id,"
	    " e.message_id, e.sender, w.recipient, w.reason, w.cause"
	    " FROM snapshot s JOIN entry e ON e.snapshot = s.id"
	    " JOIN waiting w ON w.entry = e.id WHERE w.done = 0"
	    " ORDER BY s.taken_us, s.id, e.arrived_us, e.id, w.rowid",
	    err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		struct mm_seen_waiting w = {
			.snapshot = id_at(q, 0),
			.entry = id_at(q, 1),
			.taken_us = time_at(q, 2),
			.arrived_us = time_at(q, 3),
			.next_us = time_at(q, 4),
			.last_us = time_at(q, 5),
			.size_bytes = size_at(q, 6),
			.attempts = size_at(q, 7),
			.snapshot_name = mm_query_text(q, 8),
			.host = mm_query_text(q, 9),
			.mta = mm_query_text(q, 10),
			.queue = mm_query_text(q, 11),
			.queue_id = mm_query_text(q, 12),
			.message_id = mm_query_text(q, 13),
			.sender = mm_query_text(q, 14),
			.recipient = mm_query_text(q, 15),
			.reason = mm_query_text(q, 16),
			.cause = mm_query_text(q, 17),
		};

		st = row(ctx, &w);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

enum mm_status
mm_rows_address(struct mm_store *s, uint32_t id, struct mm_buf *out,
		struct mm_err *err)
{
	struct mm_query *q =
	    mm_query_new(s, "SELECT text FROM address WHERE id = ?", err);
	enum mm_status st = MM_EIO;

	if (q != NULL) {
		mm_query_bind_int(q, 0, id);
		st = mm_query_step(q, err);
	}
	if (st == MM_OK)
		mm_buf_adds(out, mm_query_text(q, 0));
	mm_query_free(q);
	return st == MM_END ? MM_ENOENT : st;
}

enum mm_status
mm_rows_span(struct mm_store *s, int64_t *first_us, int64_t *last_us,
	     struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s, "SELECT min(first_us), max(last_us) FROM file", err);
	enum mm_status st = q != NULL ? mm_query_step(q, err) : MM_EIO;

	if (st == MM_OK) {
		*first_us = time_at(q, 0);
		*last_us = time_at(q, 1);
	}
	mm_query_free(q);
	return st;
}
