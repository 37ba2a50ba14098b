#include "analyze/case/incident_rows.h"
#include "analyze/case/latest.h"

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

/* ---- attempts and legs, merged ---- */

static void
fill_attempt(const struct mm_query *q, bool leg, struct mm_lean_attempt *a)
{
	*a = (struct mm_lean_attempt){
		.t_us = mm_query_int(q, 0),
		.recipient = id_at(q, 1),
		.message = id_at(q, 2),
		.origin = id_at(q, 3),
		.relay = id_at(q, 4),
		.reply = id_at(q, 5),
		.args = mm_query_text(q, 6),
		.outcome = (uint8_t)mm_query_int(q, 7),
		.contact = mm_query_int(q, 8) & MM_ATT_CONTACT,
		.secure = mm_query_int(q, 8) & MM_ATT_SECURE,
		.unsure = mm_query_int(q, 8) & MM_ATT_UNCERTAIN,
		.file = id_at(q, 9),
		.line = id_at(q, 10),
		.dsn = id_at(q, 11),
		.leg = leg,
	};
}

enum mm_status
mm_lean_attempts(struct mm_store *s,
		 enum mm_status (*row)(void *ctx,
				       const struct mm_lean_attempt *a),
		 void *ctx, struct mm_err *err)
{
	static const char *const sql[2] = {
		"SELECT t_us, recipient, 0, 0, relay, reply, args, outcome,"
		" flags, file, line, dsn FROM attempt WHERE t_us IS NOT NULL"
		" ORDER BY id",
		/* 2: deferred */
		"SELECT t_us, 0, message, origin, relay, reply, args, 2,"
		" flags, file, line, 0 FROM leg WHERE t_us IS NOT NULL"
		" ORDER BY id",
	};
	struct mm_query *q[2] = { NULL, NULL };
	enum mm_status at[2] = { MM_OK, MM_OK }, st = MM_OK;
	struct mm_lean_attempt a;

	for (int i = 0; i < 2 && st == MM_OK; i++) {
		q[i] = mm_query_new(s, sql[i], err);
		at[i] = q[i] != NULL ? mm_query_step(q[i], err) : MM_EIO;
		st = at[i] == MM_END ? MM_OK : at[i];
	}
	while (st == MM_OK && (at[0] == MM_OK || at[1] == MM_OK)) {
		int i = at[0] != MM_OK ||
			(at[1] == MM_OK &&
			 mm_query_int(q[1], 0) < mm_query_int(q[0], 0));

		fill_attempt(q[i], i == 1, &a);
		st = row(ctx, &a);
		if (st == MM_OK)
			at[i] = mm_query_step(q[i], err);
		if (at[i] != MM_OK && at[i] != MM_END)
			st = at[i];
	}
	mm_query_free(q[0]);
	mm_query_free(q[1]);
	return st;
}

/* ---- narrow tables ---- */

enum mm_status
mm_lean_recipients(struct mm_store *s,
		   enum mm_status (*row)(void *ctx,
					 const struct mm_lean_recipient *r),
		   void *ctx, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s,
	    "SELECT id, message, address, final, final_us, attempts,"
	    " envelope FROM recipient ORDER BY id",
	    err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		struct mm_lean_recipient r = {
			.id = id_at(q, 0),
			.message = id_at(q, 1),
			.address = id_at(q, 2),
			.final = (uint8_t)mm_query_int(q, 3),
			.final_us = time_at(q, 4),
			.attempts = id_at(q, 5),
			.envelope = id_at(q, 6),
		};

		st = row(ctx, &r);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

enum mm_status
mm_lean_messages(struct mm_store *s,
		 enum mm_status (*row)(void *ctx,
				       const struct mm_lean_message *m),
		 void *ctx, struct mm_err *err)
{
	struct mm_query *q =
	    mm_query_new(s,
			 "SELECT id, origin, sender, client_name, client_ip,"
			 " sasl, arrived_us, file, line FROM message"
			 " ORDER BY id",
			 err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		struct mm_lean_message m = {
			.id = id_at(q, 0),
			.origin = id_at(q, 1),
			.sender = id_at(q, 2),
			.client_name = id_at(q, 3),
			.client_ip = id_at(q, 4),
			.sasl = id_at(q, 5),
			.arrived_us = time_at(q, 6),
			.file = id_at(q, 7),
			.line = id_at(q, 8),
		};

		st = row(ctx, &m);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

enum mm_status
mm_lean_domains(struct mm_store *s,
		enum mm_status (*row)(void *ctx, uint32_t address,
				      uint32_t domain),
		void *ctx, struct mm_err *err)
{
	struct mm_query *q =
	    mm_query_new(s, "SELECT id, domain FROM address ORDER BY id", err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK)
		st = row(ctx, id_at(q, 0), id_at(q, 1));
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

enum mm_status
mm_lean_addresses(struct mm_store *s,
		  enum mm_status (*row)(void *ctx, uint32_t address,
					struct mm_str text),
		  void *ctx, struct mm_err *err)
{
	struct mm_query *q =
	    mm_query_new(s, "SELECT id, text FROM address ORDER BY id", err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK)
		st = row(ctx, id_at(q, 0), mm_query_text(q, 1));
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

enum mm_status
mm_lean_waiting(struct mm_store *s, int64_t aged_us,
		enum mm_status (*row)(void *ctx,
				      const struct mm_lean_waiting *w),
		void *ctx, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s,
	    "WITH " MM_LATEST_SNAPSHOTS ","
	    " one AS (SELECT l.id, l.taken_us, l.host, e.arrived_us,"
	    "  " MM_BEHIND_AT("w.recipient") " AS domain,"
	    "  row_number() OVER (PARTITION BY e.id) = 1 AS first"
	    "  FROM last l JOIN entry e ON e.snapshot = l.id"
	    "  JOIN waiting w ON w.entry = e.id AND w.done = 0"
	    "  WHERE e.arrived_us < l.taken_us - ?2)"
	    " SELECT id, sum(first), count(*), taken_us, min(arrived_us),"
	    " host, domain FROM one GROUP BY id, domain"
	    " ORDER BY id, 3 DESC, domain",
	    err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	if (st == MM_OK) {
		mm_query_bind_null(q, 0);
		mm_query_bind_int(q, 1, aged_us);
	}
	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		struct mm_lean_waiting w = {
			.snapshot = id_at(q, 0),
			.messages = id_at(q, 1),
			.recipients = id_at(q, 2),
			.taken_us = mm_query_int(q, 3),
			.oldest_us = mm_query_int(q, 4),
			.host = mm_query_text(q, 5),
			.domain = mm_query_text(q, 6),
		};

		st = row(ctx, &w);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

enum mm_status
mm_lean_queue_id(struct mm_store *s, uint32_t message, struct mm_buf *out,
		 bool *null_sender, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s,
	    "SELECT m.queue_id, a.text = '' FROM message m"
	    " LEFT JOIN address a ON a.id = m.sender WHERE m.id = ?1",
	    err);
	enum mm_status st;

	*null_sender = false;
	if (q == NULL)
		return MM_EIO;
	mm_query_bind_int(q, 0, message);
	st = mm_query_step(q, err);
	if (st == MM_OK) {
		mm_buf_adds(out, mm_query_text(q, 0));
		*null_sender = mm_query_int(q, 1) != 0;
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

/* ---- the table of incidents ---- */

#define COLUMNS                                                                \
	"kind, target, also, host, start_us, end_us, peak_us, last_good_us,"   \
	" first_bad_us, recovered_us, cause, side, confidence, messages,"      \
	" recipients, attempts_failed, expired, trigger, evidence, story,"     \
	" chain, after, link, senders, bounced, unsure, waiting,"              \
	" delay_p50_us, delay_p95_us, usual_p50_us, usual_p95_us, missed,"     \
	" passed"

/* Already looked for: in the case, or while it is open. */
static bool
is_searched(struct mm_store *s)
{
	struct mm_query *q = mm_query_new(
	    s,
	    "SELECT 1 FROM meta WHERE key = 'incidents' UNION ALL"
	    " SELECT 1 FROM sqlite_temp_schema WHERE name = 'incident'",
	    NULL);
	bool found = q != NULL && mm_query_step(q, NULL) == MM_OK;

	mm_query_free(q);
	return found;
}

enum mm_status
mm_incident_begin(struct mm_store *s, bool again, struct mm_err *err)
{
	enum mm_status undone;

	if (!again && is_searched(s))
		return MM_END;
	if (mm_store_exec(s,
			  "BEGIN IMMEDIATE; DELETE FROM main.incident;"
			  "DELETE FROM main.deadline;"
			  "INSERT OR REPLACE INTO main.meta"
			  " VALUES('incidents', 'searched');",
			  NULL) == MM_OK)
		return MM_OK;
	/* Only where the transaction had begun is there anything to undo. */
	undone = mm_store_exec(s, "ROLLBACK", NULL);
	(void)undone;
	/* A temporary table of the name stands before the case's own. */
	return mm_store_exec(s,
			     "CREATE TEMP TABLE incident AS"
			     " SELECT * FROM main.incident WHERE 0;"
			     "CREATE TEMP TABLE deadline AS"
			     " SELECT * FROM main.deadline WHERE 0;"
			     "BEGIN;",
			     err);
}

enum mm_status
mm_incident_end(struct mm_store *s, enum mm_status st, struct mm_err *err)
{
	enum mm_status undone;

	if (st == MM_OK)
		return mm_store_exec(s, "COMMIT", err);
	undone = mm_store_exec(s, "ROLLBACK", NULL);
	return undone == MM_OK ? st : undone;
}

enum mm_status
mm_incident_write(struct mm_store *s, const struct mm_incident_row *rows,
		  size_t n, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s,
	    "INSERT INTO incident(" COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6,"
	    " ?7, ?8, ?9, ?10, ?11, ?12, ?13 / 1e4, ?14, ?15, ?16, ?17, ?18,"
	    " ?19, ?20, ?21, nullif(?22, 0), ?23,"
	    " ?24, ?25, ?26, nullif(?27, 0), ?28, ?29, ?30, ?31, ?32,"
	    " ?33)",
	    err);
	enum mm_status st = q != NULL ? MM_END : MM_EIO;

	for (size_t i = 0; i < n && st == MM_END; i++) {
		const struct mm_incident_row *r = &rows[i];
		const struct mm_str head[] = { r->kind, r->target, r->also,
					       r->host };
		const int64_t times[] = { r->start_us,	   r->end_us,
					  r->peak_us,	   r->last_good_us,
					  r->first_bad_us, r->recovered_us };
		const int64_t counts[] = { r->senders, r->bounced, r->unsure,
					   r->waiting };
		const int64_t delays[] = { r->delay_p50_us, r->delay_p95_us,
					   r->usual_p50_us, r->usual_p95_us };

		for (int k = 0; k < 4; k++)
			mm_query_bind_text(q, k, head[k]);
		for (int k = 0; k < 6; k++)
			mm_query_bind_time(q, 4 + k, times[k]);
		mm_query_bind_text(q, 10, r->cause);
		mm_query_bind_text(q, 11, r->side);
		mm_query_bind_int(q, 12, (int64_t)(r->confidence * 1e4));
		mm_query_bind_int(q, 13, r->messages);
		mm_query_bind_int(q, 14, r->recipients);
		mm_query_bind_int(q, 15, r->attempts_failed);
		mm_query_bind_int(q, 16, r->expired);
		mm_query_bind_text(q, 17, r->trigger);
		mm_query_bind_text(q, 18, r->evidence);
		mm_query_bind_text(q, 19, r->story);
		mm_query_bind_int(q, 20, r->chain);
		mm_query_bind_int(q, 21, r->after);
		mm_query_bind_text(q, 22, r->link);
		for (int k = 0; k < 4; k++)
			mm_query_bind_int(q, 23 + k, counts[k]);
		for (int k = 0; k < 4; k++)
			mm_query_bind_time(q, 27 + k, delays[k]);
		mm_query_bind_text(q, 31, r->missed);
		mm_query_bind_int(q, 32, r->passed);
		st = mm_query_step(q, err);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

enum mm_status
mm_deadline_write(struct mm_store *s, const struct mm_deadline_row *rows,
		  size_t n, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s, "INSERT INTO deadline VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	    err);
	enum mm_status st = q != NULL ? MM_END : MM_EIO;

	for (size_t i = 0; i < n && st == MM_END; i++) {
		const int64_t v[] = { rows[i].deadline_us, rows[i].in_time,
				      rows[i].late, rows[i].never,
				      rows[i].open };

		mm_query_bind_text(q, 0, rows[i].name);
		mm_query_bind_text(q, 1, rows[i].sender);
		mm_query_bind_text(q, 2, rows[i].recipient);
		for (int k = 0; k < 5; k++)
			mm_query_bind_int(q, 3 + k, v[k]);
		st = mm_query_step(q, err);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

enum mm_status
mm_incident_read(struct mm_store *s,
		 enum mm_status (*row)(void *ctx,
				       const struct mm_incident_row *r),
		 void *ctx, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s, "SELECT " COLUMNS " FROM incident ORDER BY id", err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		struct mm_incident_row r = {
			.kind = mm_query_text(q, 0),
			.target = mm_query_text(q, 1),
			.also = mm_query_text(q, 2),
			.host = mm_query_text(q, 3),
			.start_us = time_at(q, 4),
			.end_us = time_at(q, 5),
			.peak_us = time_at(q, 6),
			.last_good_us = time_at(q, 7),
			.first_bad_us = time_at(q, 8),
			.recovered_us = time_at(q, 9),
			.cause = mm_query_text(q, 10),
			.side = mm_query_text(q, 11),
			.confidence = mm_query_real(q, 12),
			.messages = mm_query_int(q, 13),
			.recipients = mm_query_int(q, 14),
			.attempts_failed = mm_query_int(q, 15),
			.expired = mm_query_int(q, 16),
			.trigger = mm_query_text(q, 17),
			.evidence = mm_query_text(q, 18),
			.story = mm_query_text(q, 19),
			.chain = mm_query_int(q, 20),
			.after = mm_query_int(q, 21),
			.link = mm_query_text(q, 22),
			.senders = mm_query_int(q, 23),
			.bounced = mm_query_int(q, 24),
			.unsure = mm_query_int(q, 25),
			.waiting = mm_query_int(q, 26),
			.delay_p50_us = time_at(q, 27),
			.delay_p95_us = time_at(q, 28),
			.usual_p50_us = time_at(q, 29),
			.usual_p95_us = time_at(q, 30),
			.missed = mm_query_text(q, 31),
			.passed = mm_query_int(q, 32),
		};

		st = row(ctx, &r);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}
