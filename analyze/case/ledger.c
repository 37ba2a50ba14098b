#include "analyze/case/ledger.h"
#include "analyze/case/received_rows.h"

static void
bind_opt(struct mm_query *q, int at, int64_t v, int64_t none)
{
	if (v == none)
		mm_query_bind_null(q, at);
	else
		mm_query_bind_int(q, at, v);
}

static void
bind_file(struct mm_query *q, const struct mm_ledger *f, size_t id)
{
	mm_query_bind_int(q, 0, (int64_t)id);
	mm_query_bind_text(q, 1, f->name);
	mm_query_bind_int(q, 2, (int64_t)f->n_bytes);
	mm_query_bind_text(
	    q, 3, f->sha256[0] != '\0' ? mm_str_z(f->sha256) : MM_STR_ABSENT);
	mm_query_bind_text(q, 4, mm_str_z(f->kind));
	mm_query_bind_text(q, 5, mm_str_z(f->compression));
	mm_query_bind_text(q, 6, mm_str_z(f->framing));
	mm_query_bind_time(q, 7, f->first_us);
	mm_query_bind_time(q, 8, f->last_us);
	mm_query_bind_int(q, 9, (int64_t)f->n_lines);
	mm_query_bind_int(q, 10, (int64_t)f->n_records);
	mm_query_bind_int(q, 11, (int64_t)f->n_noise);
	mm_query_bind_int(q, 12, (int64_t)f->n_foreign);
	mm_query_bind_int(q, 13, (int64_t)f->n_malformed);
	mm_query_bind_int(q, 14, (int64_t)f->n_duplicate_lines);
	bind_opt(q, 15, f->torn_at, -1);
	mm_query_bind_null(q, 16);
	mm_query_bind_text(q, 17, f->note);
}

enum mm_status
mm_ledger_write(struct mm_store *s, struct mm_evidence *ev, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s, "INSERT INTO file VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	    err);
	enum mm_status st = q != NULL ? MM_END : MM_EIO;

	for (size_t i = 0; i < mm_evidence_count(ev) && st == MM_END; i++) {
		bind_file(q, mm_evidence_ledger(ev, i), i + 1);
		st = mm_query_step(q, err);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

enum mm_status
mm_ledger_unknown(struct mm_store *s, const struct mm_row_unknown *rows,
		  size_t n, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s, "INSERT INTO unknown_shape VALUES(?,?,?,?,?,?)", err);
	enum mm_status st = q != NULL ? MM_END : MM_EIO;

	for (size_t i = 0; i < n && st == MM_END; i++) {
		mm_query_bind_int(q, 0, rows[i].file);
		mm_query_bind_text(q, 1, rows[i].shape);
		mm_query_bind_text(q, 2, mm_str_z(rows[i].why));
		mm_query_bind_int(q, 3, (int64_t)rows[i].n_lines);
		mm_query_bind_int(q, 4, rows[i].line);
		mm_query_bind_text(q, 5, rows[i].sample);
		st = mm_query_step(q, err);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

/* ---- snapshots ---- */

struct writer {
	struct mm_query *snapshot, *entry, *waiting, *setting;
	struct mm_received_rows *ways;
	const struct mm_judge *judge;
	int64_t n_snapshots, n_entries;
	enum mm_status st; /* MM_END: well so far */
	struct mm_err *err;
};

static void
write_snapshot(void *ctx, const struct mm_snapshot *s)
{
	struct writer *w = ctx;
	struct mm_query *q = w->snapshot;

	if (w->st != MM_END)
		return;
	mm_query_bind_int(q, 0, ++w->n_snapshots);
	mm_query_bind_text(q, 1, s->name);
	mm_query_bind_text(q, 2, s->host);
	mm_query_bind_text(q, 3, mm_str_z(mm_mta_name(s->mta)));
	mm_query_bind_text(q, 4, mm_str_z(s->kind));
	mm_query_bind_time(q, 5, s->taken_us);
	mm_query_bind_text(q, 6, s->instance);
	w->st = mm_query_step(q, w->err);
}

static void
write_waiting(struct writer *w, const struct mm_spool_recipient *r)
{
	struct mm_query *q = w->waiting;
	const char *rule = NULL, *cause = NULL;
	size_t at = mm_str_find_last(r->address, "@");

	if (r->reason.p != NULL)
		cause = w->judge->cause_of(
		    w->judge->ctx,
		    w->judge->operator_of(w->judge->ctx,
					  at != MM_NOT_FOUND
					      ? mm_str_from(r->address, at + 1)
					      : MM_STR_ABSENT),
		    r->reason, MM_STR_ABSENT, &rule);
	mm_query_bind_int(q, 0, w->n_entries);
	mm_query_bind_text(q, 1, r->address);
	mm_query_bind_text(q, 2, r->orig);
	mm_query_bind_text(q, 3, r->reason);
	mm_query_bind_text(q, 4, mm_str_z(cause));
	mm_query_bind_text(q, 5, mm_str_z(rule));
	mm_query_bind_int(q, 6, r->done);
	w->st = mm_query_step(q, w->err);
}

static void
write_entry(void *ctx, const struct mm_spool_entry *e)
{
	struct writer *w = ctx;
	struct mm_query *q = w->entry;

	if (w->st != MM_END)
		return;
	mm_query_bind_int(q, 0, ++w->n_entries);
	mm_query_bind_int(q, 1, w->n_snapshots);
	mm_query_bind_text(q, 2, e->queue);
	mm_query_bind_text(q, 3, e->queue_id);
	mm_query_bind_text(q, 4, e->message_id);
	mm_query_bind_text(q, 5, e->sender);
	bind_opt(q, 6, e->size_bytes, -1);
	mm_query_bind_time(q, 7, e->arrived_us);
	mm_query_bind_time(q, 8, e->next_try_us);
	mm_query_bind_time(q, 9, e->last_try_us);
	bind_opt(q, 10, e->n_attempts, -1);
	mm_query_bind_text(q, 11, e->source);
	mm_query_bind_text(q, 12, e->note);
	w->st = mm_query_step(q, w->err);
	for (size_t i = 0; i < e->n_recipients && w->st == MM_END; i++)
		write_waiting(w, &e->recipients[i]);
	if (e->header.p != NULL)
		mm_received_rows_add(w->ways, e->source, 0, e->header);
}

static void
write_setting(void *ctx, const struct mm_setting *s)
{
	struct writer *w = ctx;
	struct mm_query *q = w->setting;

	if (w->st != MM_END)
		return;
	mm_query_bind_text(q, 0, s->source);
	mm_query_bind_text(q, 1, s->host);
	mm_query_bind_text(q, 2, mm_str_z(mm_mta_name(s->mta)));
	mm_query_bind_text(q, 3, s->name);
	mm_query_bind_text(q, 4, s->value);
	w->st = mm_query_step(q, w->err);
}

enum mm_status
mm_ledger_spools(struct mm_store *s, const struct mm_judge *j,
		 struct mm_spools *spools, struct mm_err *err)
{
	struct writer w = { .judge = j, .st = MM_END, .err = err };
	struct mm_spool_sink sink = { write_snapshot, write_entry, &w,
				      write_setting };

	w.snapshot =
	    mm_query_new(s, "INSERT INTO snapshot VALUES(?,?,?,?,?,?,?)", err);
	w.entry = mm_query_new(
	    s, "INSERT INTO entry VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)", err);
	w.waiting =
	    mm_query_new(s, "INSERT INTO waiting VALUES(?,?,?,?,?,?,?)", err);
	w.setting =
	    mm_query_new(s, "INSERT INTO setting VALUES(?,?,?,?,?)", err);
	w.ways = mm_received_rows_new(s, err);
	if (w.snapshot == NULL || w.entry == NULL || w.waiting == NULL ||
	    w.setting == NULL || w.ways == NULL)
		w.st = MM_EIO;
	mm_spools_finish(spools, &sink);
	if (w.st == MM_END && mm_received_rows_status(w.ways, err) != MM_OK)
		w.st = err->code;
	mm_received_rows_free(w.ways);
	mm_query_free(w.snapshot);
	mm_query_free(w.entry);
	mm_query_free(w.waiting);
	mm_query_free(w.setting);
	return w.st == MM_END ? MM_OK : w.st;
}
