#include <stdlib.h>

#include "analyze/case/exports.h"
#include "analyze/case/figures.h"
#include "analyze/case/rows.h"
#include "analyze/case/shape.h"
#include "analyze/front.h"
#include "formats/base/mem.h"
#include "formats/base/whole.h"
#include "reports/cmd_report_case.h"
#include "reports/cmd_report_replay.h"
#include "reports/cmd_report_tale.h"

struct view {
	struct mm_store *s;
	struct mm_figures *figures; /* owned */
	struct mm_report *r;
	struct mm_err *err;
	const char *replay; /* NULL: none */
	struct mm_tale tale;
};

/* A figure as a table of the report; left out when it has no rows. */
static enum mm_status
add_figure(struct view *v, const char *name)
{
	struct mm_table *t = mm_figure(v->figures, name, 0, v->err);

	if (t == NULL)
		return v->err->code;
	if (t->n_rows > 0)
		mm_report_table(v->r, t, NULL);
	else
		mm_table_free(t);
	return MM_OK;
}

/* ---- the head ---- */

static enum mm_status
add_hosts(struct view *v)
{
	struct mm_dict *d = mm_dict_load(v->s, v->err);
	struct mm_buf b;

	if (d == NULL)
		return v->err->code;
	mm_buf_init(&b, (size_t)1 << 20);
	for (size_t i = 1; i < d->n_origins; i++) {
		bool seen = false;

		for (size_t k = 1; k < i; k++)
			seen = seen || mm_str_eq(d->origins[k].host,
						 d->origins[i].host);
		if (seen || d->origins[i].host.n == 0)
			continue;
		mm_buf_addz(&b, b.n > 0 ? ", " : "");
		mm_buf_adds(&b, d->origins[i].host);
	}
	if (b.n > 0)
		mm_report_fact(v->r, "Hosts", mm_cell_z(b.p));
	mm_buf_fini(&b);
	mm_dict_free(d);
	return MM_OK;
}

/* Counts from the figure of totals: final, recipients, share. */
static enum mm_status
add_totals(struct view *v)
{
	struct mm_table *t = mm_figure(v->figures, "totals", 0, v->err);
	int64_t n = 0;

	if (t == NULL)
		return v->err->code;
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct mm_cell *row = mm_table_row(t, i);

		n += row[1].i;
		if (mm_str_is(row[0].s, "deferred") ||
		    mm_str_is(row[0].s, "held"))
			v->tale.n_waiting += row[1].i;
	}
	mm_report_fact(v->r, "Recipients", mm_cell_int(n));
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct mm_cell *row = mm_table_row(t, i);

		if (mm_str_is(row[0].s, "sent"))
			mm_report_fact(v->r, "Delivered", row[2]);
	}
	mm_table_free(t);
	return MM_OK;
}

/* Of the lines that are mail: the export's lines, records, ... */
static enum mm_status
add_understood(struct view *v)
{
	enum { RECORDS = 9, NOISE, FOREIGN, MALFORMED };
	struct mm_table *t = mm_export_table(v->s, "ledger", "Ledger", v->err);
	int64_t bad = 0, all = 0;

	if (t == NULL)
		return v->err->code;
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct mm_cell *row = mm_table_row(t, i);

		bad += row[MALFORMED].i;
		all += row[RECORDS].i + row[NOISE].i + row[MALFORMED].i;
	}
	mm_report_fact(v->r, "Files", mm_cell_int((int64_t)t->n_rows));
	mm_report_fact(v->r, "Lines not understood",
		       all > 0 ? mm_cell_share((double)bad / (double)all)
			       : mm_cell_null());
	mm_table_free(t);
	return MM_OK;
}

static enum mm_status
add_head(struct view *v)
{
	enum mm_status st;

	mm_report_fact(v->r, "From", mm_cell_time(v->tale.first_us));
	mm_report_fact(v->r, "To", mm_cell_time(v->tale.last_us));
	st = add_hosts(v);
	if (st == MM_OK)
		st = add_totals(v);
	if (st == MM_OK)
		st = add_understood(v);
	if (st == MM_OK)
		mm_tale_answer(&v->tale, v->r);
	return st;
}

/* ---- the body ---- */

/* How wide the buckets of a curve are, as prose. */
static void
tell_steps(struct view *v, const struct mm_table *curve)
{
	int64_t width =
	    mm_table_row(curve, 1)[0].i - mm_table_row(curve, 0)[0].i;
	char text[MM_TIME_TEXT];

	mm_report_prose(v->r,
			"Attempts and recipients in steps of %s; incidents "
			"are shaded. An attempt that reached nobody, because "
			"the destination was suspended or not yet due, is no "
			"contact and counts apart.",
			mm_time_span(width, text));
}

static enum mm_status
add_volume(struct view *v)
{
	static const enum mm_tone tones[] = { MM_TONE_GOOD, MM_TONE_WARN,
					      MM_TONE_BAD, MM_TONE_PLAIN };
	struct mm_window *windows = mm_calloc(v->tale.n + 1, sizeof(*windows));
	struct mm_chart chart = { .y_label = "attempts",
				  .tones = tones,
				  .windows = windows,
				  .n_windows = v->tale.n };
	struct mm_table *volume = mm_figure(v->figures, "volume", 0, v->err);
	struct mm_table *waiting = mm_figure(v->figures, "waiting", 0, v->err);

	mm_report_section(v->r, "volume-section", "Volume over time");
	mm_tale_windows(&v->tale, windows, &v->r->texts);
	if (volume != NULL) {
		if (volume->n_rows > 1)
			tell_steps(v, volume);
		mm_report_chart(v->r, volume, &chart);
	}
	chart.y_label = "recipients";
	chart.tones = NULL;
	if (waiting != NULL)
		mm_report_chart(v->r, waiting, &chart);
	free(windows);
	return volume != NULL && waiting != NULL ? MM_OK : v->err->code;
}

static enum mm_status
add_backlog(struct view *v)
{
	struct mm_table *t = mm_shape(v->s, MM_TIME_NONE, v->err);

	if (t == NULL)
		return v->err->code;
	if (t->n_rows == 0) {
		mm_table_free(t);
		return MM_OK;
	}
	mm_report_section(v->r, "backlog-section", "The backlog");
	mm_report_prose(v->r, "Recipients in the last snapshot of the queue, "
			      "by destination and by how long they had "
			      "waited, as qshape shows it: a column counts "
			      "those under its minutes.");
	mm_report_table(v->r, t, NULL);
	return MM_OK;
}

#define REPLAY_MAX_BYTES ((size_t)64 << 20)

static enum mm_status
add_replay(struct view *v)
{
	struct mm_buf text;
	enum mm_status st = MM_OK;

	if (v->replay == NULL)
		return MM_OK;
	mm_buf_init(&text, REPLAY_MAX_BYTES);
	st = mm_whole_read(v->replay, &text, v->err);
	if (st == MM_OK)
		st = mm_report_replay(v->r, mm_buf_str(&text), v->replay,
				      v->err);
	mm_buf_fini(&text);
	return st;
}

/* What a person signs: which bytes were read. Columns of the export. */
static void
add_hashes(struct view *v, const struct mm_table *ledger)
{
	enum { FILE_NAME, BYTES, SHA256 };
	static const struct mm_column columns[] = {
		{ "file", "file", MM_TEXT },
		{ "bytes", "bytes", MM_INT },
		{ "sha256", "SHA-256", MM_TEXT },
	};
	struct mm_table *t = mm_table_new("hashes", "The files, by their bytes",
					  columns, MM_COUNT(columns));

	for (size_t i = 0; i < ledger->n_rows; i++) {
		const struct mm_cell *x = mm_table_row(ledger, i);
		struct mm_cell row[] = { x[FILE_NAME], x[BYTES], x[SHA256] };

		if (row[1].kind != MM_NULL)
			row[1].kind = MM_INT;
		mm_table_add(t, row);
	}
	mm_report_table(v->r, t, NULL);
}

static enum mm_status
add_evidence(struct view *v)
{
	struct mm_table *ledger =
	    mm_export_table(v->s, "ledger", "Ledger", v->err);
	enum mm_status st = ledger != NULL ? MM_OK : v->err->code;

	if (st == MM_OK) {
		mm_report_section(v->r, "evidence-section", "Evidence");
		mm_report_prose(v->r, "Every line read is counted as a record, "
				      "as known noise, as foreign, as not "
				      "understood or as a duplicate. FILE:LINE "
				      "in this report names a line.");
		st = add_figure(v, "files");
	}
	if (st == MM_OK)
		st = add_figure(v, "unknown");
	if (st != MM_OK) {
		mm_table_free(ledger);
		return st;
	}
	add_hashes(v, ledger);
	mm_report_rows(v->r, ledger);
	return MM_OK;
}

struct section {
	const char *id, *title;
	const char *figures[5];
};

static enum mm_status
add_figures(struct view *v, const struct section *s)
{
	enum mm_status st = MM_OK;

	mm_report_section(v->r, s->id, s->title);
	for (size_t i = 0; s->figures[i] != NULL && st == MM_OK; i++)
		st = add_figure(v, s->figures[i]);
	return st;
}

static enum mm_status
add_body(struct view *v)
{
	static const struct section causes = { "causes-section",
					       "Causes",
					       { "causes", "triggers",
						 "replies", "rejects" } };
	static const struct section parties[] = {
		{ "receivers-section", "Receivers", { "receivers" } },
		{ "senders-section", "Senders", { "senders" } },
	};
	enum mm_status st = MM_OK;

	if (v->tale.first_us != MM_TIME_NONE)
		st = add_volume(v);
	if (st == MM_OK)
		st = mm_tale_tell(&v->tale, v->r, v->s, v->err);
	if (st == MM_OK) {
		mm_tale_advise(&v->tale, v->r);
		st = add_figures(v, &causes);
	}
	for (size_t i = 0; i < MM_COUNT(parties) && st == MM_OK; i++)
		st = add_figures(v, &parties[i]);
	if (st == MM_OK)
		st = add_backlog(v);
	if (st == MM_OK)
		st = add_replay(v);
	return st == MM_OK ? add_evidence(v) : st;
}

/* "Throttle: Google" */
static struct mm_report *
titled(const struct mm_tale *t)
{
	struct mm_report *r;
	struct mm_buf b;

	mm_buf_init(&b, (size_t)1 << 20);
	if (t->worst != NULL)
		mm_buf_addf(&b, "%s: %.*s", t->worst->kind->title,
			    MM_STR_ARG(t->worst->target));
	else
		mm_buf_addz(&b, "What happened to the mail");
	r = mm_report_new("Post-mortem", b.p);
	mm_buf_fini(&b);
	return r;
}

struct mm_report *
mm_report_of_case(struct mm_store *s, const char *replay, struct mm_err *err)
{
	struct view v = { .s = s,
			  .figures = mm_figures_new(s),
			  .replay = replay,
			  .err = err };
	enum mm_status st = mm_front_incidents(s, NULL, NULL, err);

	if (st == MM_OK)
		st = mm_tale_read(&v.tale, s, v.figures, err);
	if (st == MM_OK) {
		v.r = titled(&v.tale);
		st = add_head(&v);
	}
	if (st == MM_OK)
		st = add_body(&v);
	if (st == MM_OK) {
		mm_report_rows(v.r, v.tale.rows);
		v.tale.rows = NULL;
	}
	mm_tale_fini(&v.tale);
	mm_figures_free(v.figures);
	if (st == MM_OK)
		return v.r;
	mm_report_free(v.r);
	return NULL;
}
