#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyze/case/ledger.h"
#include "analyze/case/notices.h"
#include "analyze/case/reports.h"
#include "analyze/case/spooled.h"
#include "analyze/case/verdicts.h"
#include "analyze/timeline/clock.h"
#include "analyze/timeline/ingest.h"
#include "analyze/timeline/stitch.h"
#include "formats/base/mem.h"
#include "formats/logs/logs.h"
#include "formats/mail/shape.h"
#include "formats/spools/spools.h"

#define PROGRESS_LINES 65536
#define MAX_SHAPES     10000
#define SAMPLE_BYTES   500

struct unknowns {
	struct mm_intern shapes;
	struct mm_row_unknown *rows; /* owned */
	size_t cap;
	struct mm_arena samples;
	struct mm_buf shape, args;
};

struct ingest {
	const struct mm_ingest_options *o;
	struct mm_evidence *ev;
	struct mm_load *load;
	struct mm_stitch *stitch;
	struct unknowns unknown;
	struct mm_row_place at;
	uint64_t done; /* bytes of the logs before this one */
	struct mm_ingest_sum *sum;
};

double
mm_ingest_unknown(const struct mm_ingest_sum *sum)
{
	uint64_t mail = sum->n_records + sum->n_noise + sum->n_malformed;

	return mail > 0 ? (double)sum->n_malformed / (double)mail : 0;
}

static void
unknowns_init(struct unknowns *u)
{
	*u = (struct unknowns){ 0 };
	mm_intern_init(&u->shapes);
	mm_arena_init(&u->samples);
	mm_buf_init(&u->shape, 4096);
	mm_buf_init(&u->args, (size_t)1 << 20);
}

static void
unknowns_fini(struct unknowns *u)
{
	mm_intern_fini(&u->shapes);
	mm_arena_fini(&u->samples);
	mm_buf_fini(&u->shape);
	mm_buf_fini(&u->args);
	free(u->rows);
}

static void
unknowns_add(struct unknowns *u, const struct mm_line *line, const char *why,
	     struct mm_row_place at)
{
	size_t before = u->shapes.n;
	uint32_t id;

	mm_buf_clear(&u->shape);
	mm_buf_clear(&u->args);
	mm_buf_adds(&u->shape, mm_str_upto(line->tag, 64));
	mm_buf_addz(&u->shape, ": ");
	mm_shape_split(mm_str_upto(line->text, SAMPLE_BYTES), &u->shape,
		       &u->args);
	if (before >= MAX_SHAPES &&
	    mm_intern_find(&u->shapes, mm_buf_str(&u->shape)) == 0)
		return; /* the ledger counts the line all the same */
	id = mm_intern_add(&u->shapes, mm_buf_str(&u->shape));
	if (u->shapes.n > before) {
		u->rows = mm_grow(u->rows, before, &u->cap, sizeof(*u->rows));
		u->rows[before] = (struct mm_row_unknown){
			.file = at.file,
			.line = at.line,
			.shape = mm_intern_text(&u->shapes, id),
			.sample = mm_arena_str(
			    &u->samples, mm_str_upto(line->raw, SAMPLE_BYTES)),
			.why = why,
		};
	}
	u->rows[id - 1].n_lines++;
}

static void
take_record(void *ctx, const struct mm_record *r)
{
	struct ingest *in = ctx;

	mm_stitch_record(in->stitch, r, in->at);
}

static void
count_line(struct ingest *in, struct mm_ledger *f, const struct mm_line *line,
	   enum mm_verdict v, const char *why)
{
	switch (v) {
	case MM_LINE_RECORD:
		f->n_records++;
		break;
	case MM_LINE_NOISE:
		f->n_noise++;
		break;
	case MM_LINE_FOREIGN:
		f->n_foreign++;
		break;
	case MM_LINE_MALFORMED:
		f->n_malformed++;
		unknowns_add(&in->unknown, line, why, in->at);
		break;
	}
}

static void
report_progress(struct ingest *in, const struct mm_lines *lines)
{
	if (in->o->progress != NULL)
		in->o->progress(
		    in->o->progress_ctx, in->done + mm_lines_progress(lines),
		    mm_evidence_log_bytes(in->ev), in->sum->n_lines);
}

/* A step of the clock, told as if a line had said so. */
static void
emit_step(struct ingest *in, const struct mm_clock *c, struct mm_str host)
{
	struct mm_row_place at = in->at;
	char span[MM_TIME_TEXT], text[MM_TIME_TEXT + 32];
	struct mm_record r;

	(void)snprintf(text, sizeof(text), "the stamps go back by %s",
		       mm_time_span(c->high_us - c->t_us, span));
	mm_record_init(&r, MM_EV_DAEMON, MM_MTA_NONE);
	r.daemon = MM_DAEMON_CLOCK_STEP;
	r.t_us = c->t_us;
	r.host = host;
	r.text = mm_str_z(text);
	in->at = c->at;
	take_record(in, &r);
	in->at = at;
}

/* What was cut off might have changed everything. */
static enum mm_verdict
parse_line(const struct ingest *in, const struct mm_line *line,
	   struct mm_emit *emit)
{
	if (!line->cut)
		return mm_logs_parse(in->o->own, line, emit);
	emit->why = "longer than 1 MiB";
	return MM_LINE_MALFORMED;
}

static enum mm_status
read_log(struct ingest *in, size_t i, struct mm_err *err)
{
	struct mm_ledger *f = mm_evidence_ledger(in->ev, i);
	struct mm_lines *lines = mm_lines_open(in->ev, i, err);
	struct mm_emit emit = { take_record, in, NULL };
	enum mm_status st = lines != NULL ? MM_OK : MM_EIO;
	struct mm_line line;
	enum mm_verdict v;
	struct mm_clock clock;
	uint64_t number, byte;

	mm_clock_init(&clock);
	while (st == MM_OK) {
		st = mm_lines_next(lines, &line, &number, &byte, err);
		if (st != MM_OK)
			break;
		in->at =
		    (struct mm_row_place){ (uint32_t)i + 1, (uint32_t)number };
		v = parse_line(in, &line, &emit);
		count_line(in, f, &line, v, emit.why);
		if (mm_clock_next(&clock, line.t_us, in->at))
			emit_step(in, &clock, line.host);
		if (++in->sum->n_lines % PROGRESS_LINES == 0)
			report_progress(in, lines);
	}
	mm_lines_close(lines);
	in->done += f->n_bytes;
	return st == MM_END ? MM_OK : st;
}

/* The promise of the ledger: every line is exactly one of these. */
static void
add_up(struct ingest *in)
{
	for (size_t i = 0; i < mm_evidence_count(in->ev); i++) {
		const struct mm_ledger *f = mm_evidence_ledger(in->ev, i);

		assert(!f->is_log ||
		       f->n_lines == f->n_records + f->n_noise + f->n_foreign +
					 f->n_malformed + f->n_duplicate_lines);
		in->sum->n_files++;
		in->sum->n_logs += f->is_log;
		in->sum->n_spool_files += !f->is_log && f->n_records > 0;
		in->sum->n_records += f->n_records;
		in->sum->n_noise += f->n_noise;
		in->sum->n_foreign += f->n_foreign;
		in->sum->n_malformed += f->n_malformed;
		in->sum->n_duplicate += f->n_duplicate_lines;
		in->sum->n_torn += f->torn_at >= 0;
	}
}

static enum mm_status
read_logs(struct ingest *in, struct mm_err *err)
{
	enum mm_status st = MM_OK;

	for (size_t i = 0; i < mm_evidence_count(in->ev) && st == MM_OK; i++)
		if (mm_evidence_ledger(in->ev, i)->is_log)
			st = read_log(in, i, err);
	return st;
}

static enum mm_status
write_ledger(struct ingest *in, struct mm_store *s, struct mm_err *err)
{
	enum mm_status st = mm_ledger_write(s, in->ev, err);

	if (st == MM_OK)
		st = mm_ledger_unknown(s, in->unknown.rows,
				       in->unknown.shapes.n, err);
	return st;
}

/* Who is offered what is no log. */
struct takers {
	struct mm_spools *spools;
	struct mm_reports *reports;
};

static enum mm_status
take_leaf(void *ctx, const struct mm_leaf *leaf, bool *taken, const char **kind,
	  struct mm_err *err)
{
	struct takers *t = ctx;
	enum mm_status st = mm_spools_take(t->spools, leaf, taken, kind, err);

	if (st == MM_OK && *taken)
		mm_reports_take_spooled(t->reports, leaf);
	else if (st == MM_OK)
		*taken = mm_reports_take(t->reports, leaf, kind);
	return st;
}

/* Text files of other things than mail are no evidence. */
static enum mm_status
check_mail(const struct ingest *in, const struct takers *t, struct mm_err *err)
{
	const struct mm_ingest_sum *sum = in->sum;

	if (sum->n_records + sum->n_noise + sum->n_malformed > 0 ||
	    mm_spools_count(t->spools) > 0 || mm_reports_count(t->reports) > 0)
		return mm_reports_status(t->reports, err);
	return mm_err_set(err, MM_EUSAGE,
			  "%.*s%s: %llu lines were read and none is of a mail "
			  "server that is known here",
			  MM_STR_ARG(mm_evidence_ledger(in->ev, 0)->name),
			  sum->n_files > 1 ? " and others" : "",
			  (unsigned long long)sum->n_lines);
}

enum mm_status
mm_ingest(struct mm_store *s, const char *const *paths, size_t n_paths,
	  const struct mm_ingest_options *o, struct mm_ingest_sum *sum,
	  struct mm_err *err)
{
	struct mm_spools *spools = mm_spools_new();
	struct mm_reports *reports = mm_reports_new(s, o->judge, err);
	struct takers takers = { spools, reports };
	struct mm_taker taker = { take_leaf, &takers };
	struct ingest in = { .o = o, .sum = sum };
	enum mm_status st = MM_EIO;

	*sum = (struct mm_ingest_sum){ 0 };
	unknowns_init(&in.unknown);
	if (reports != NULL)
		in.ev =
		    mm_evidence_open(paths, n_paths, &o->evidence, &taker, err);
	if (in.ev != NULL)
		in.load = mm_load_new(s, o->judge, err);
	if (in.load != NULL) {
		in.stitch = mm_stitch_new(in.load);
		st = read_logs(&in, err);
	}
	if (st == MM_OK) {
		mm_stitch_end(in.stitch);
		add_up(&in);
		st = check_mail(&in, &takers, err);
	}
	if (st == MM_OK)
		st = mm_load_finish(in.load, err);
	if (st == MM_OK)
		st = mm_verdicts_tie(s, err);
	if (st == MM_OK)
		st = mm_notices_tie(s, err);
	if (st == MM_OK)
		st = write_ledger(&in, s, err);
	if (st == MM_OK)
		st = mm_ledger_spools(s, o->judge, spools, err);
	else
		mm_spools_finish(spools, NULL);
	if (st == MM_OK)
		st = mm_spooled_settle(s, err);
	mm_reports_free(reports);
	mm_stitch_free(in.stitch);
	mm_load_free(in.load);
	mm_evidence_close(in.ev);
	unknowns_fini(&in.unknown);
	return st;
}
