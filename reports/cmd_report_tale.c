#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/case/exports.h"
#include "analyze/case/rows.h"
#include "formats/base/mem.h"
#include "formats/base/time.h"
#include "reports/cmd_report_tale.h"

/* What CONTRACT calls kinds. */
static const struct mm_told_kind kinds[] = {
	{ "outage", "Outage", "%s could not be reached", MM_TONE_BAD },
	{ "throttle", "Throttle", "%s limited the rate of our mail",
	  MM_TONE_WARN },
	{ "block", "Block", "%s refused our mail", MM_TONE_BAD },
	{ "greylist", "Greylisting", "%s made our mail wait by greylisting",
	  MM_TONE_PLAIN },
	{ "dns", "DNS failure", "lookups for %s failed", MM_TONE_BAD },
	{ "tls", "TLS failure", "encrypted sessions with %s failed",
	  MM_TONE_BAD },
	{ "local-stop", "Standstill", "the mail server %s stood still",
	  MM_TONE_BAD },
	{ "disk", "Disk trouble", "the disk of %s was full or failed",
	  MM_TONE_BAD },
	{ "filter-down", "Filter down", "the content filter %s did not answer",
	  MM_TONE_BAD },
	{ "pause", "Pause", "deliveries to %s were paused", MM_TONE_PLAIN },
	{ "hold", "Hold", "mail of %s was put on hold", MM_TONE_PLAIN },
	{ "log-gap", "Gap in the log", "the log of %s has a hole",
	  MM_TONE_PLAIN },
	{ "clock-step", "Clock step", "the clock of %s jumped", MM_TONE_PLAIN },
	{ "volume-spike", "Volume spike", "far more mail than usual at %s",
	  MM_TONE_WARN },
	{ "bounce-spike", "Bounce spike", "far more bounces than usual at %s",
	  MM_TONE_WARN },
	{ "backscatter", "Backscatter",
	  "bounces of mail that was never sent came to %s", MM_TONE_WARN },
	{ "compromise", "Compromise", "%s sent what it should not",
	  MM_TONE_BAD },
	{ "failover", "Failover", "deliveries to %s took another way",
	  MM_TONE_PLAIN },
	{ "retry-storm", "Retry storm", "retries at %s came in bursts",
	  MM_TONE_WARN },
	{ "backlog", "Backlog", "mail for %s piled up", MM_TONE_WARN },
	{ "", "Incident", "something happened at %s", MM_TONE_PLAIN },
};

static const struct mm_told_kind *
kind_of(struct mm_str name)
{
	size_t i = 0;

	while (i + 1 < MM_COUNT(kinds) && !mm_str_is(name, kinds[i].name))
		i++;
	return &kinds[i];
}

/* Columns of the export, in the order of CONTRACT. */
enum {
	KIND,
	TARGET,
	ALSO,
	HOST,
	START,
	END,
	PEAK,
	LAST_GOOD,
	FIRST_BAD,
	RECOVERED,
	CAUSE,
	SIDE,
	CONFIDENCE,
	MESSAGES,
	RECIPIENTS,
	FAILED,
	EXPIRED,
	TRIGGER,
	EVIDENCE
};

static int64_t
time_in(const struct mm_cell *cell)
{
	return cell->kind == MM_TIME ? cell->i : MM_TIME_NONE;
}

/* Texts of a table end with a NUL; "local" is the own server. */
static void
name_target(const struct mm_tale *t, struct mm_told *d)
{
	d->target = d->name;
	if (mm_str_is(d->name, "local") && d->host.n > 0)
		d->target = d->host;
	else if (d->name.n > 0)
		d->target =
		    mm_str_z(mm_operator_title(t->operators, d->name.p));
}

static struct mm_told
told_of(const struct mm_tale *t, size_t i)
{
	const struct mm_cell *row = mm_table_row(t->rows, i);
	struct mm_told d = {
		.kind = kind_of(row[KIND].s),
		.name = row[TARGET].s,
		.host = row[HOST].s,
		.cause = row[CAUSE].s,
		.side = row[SIDE].s,
		.trigger = row[TRIGGER].s,
		.also = row[ALSO].s,
		.evidence = row[EVIDENCE].s,
		.story = mm_table_row(t->stories, i)[0].s,
		.start_us = time_in(&row[START]),
		.end_us = time_in(&row[END]),
		.peak_us = time_in(&row[PEAK]),
		.last_good_us = time_in(&row[LAST_GOOD]),
		.first_bad_us = time_in(&row[FIRST_BAD]),
		.recovered_us = time_in(&row[RECOVERED]),
		.n_messages = row[MESSAGES].i,
		.n_recipients = row[RECIPIENTS].i,
		.n_failed = row[FAILED].i,
		.n_expired = row[EXPIRED].i,
		.confidence = row[CONFIDENCE].r,
	};

	(void)snprintf(d.id, sizeof(d.id), "i%zu", i + 1);
	name_target(t, &d);
	return d;
}

static enum mm_status
keep(void *ctx, const struct mm_cell *row, struct mm_err *err)
{
	(void)err;
	mm_table_add(ctx, row);
	return MM_OK;
}

static bool
is_worse(const struct mm_told *a, const struct mm_told *b)
{
	if (b == NULL || a->n_recipients != b->n_recipients)
		return b == NULL || a->n_recipients > b->n_recipients;
	return a->n_failed > b->n_failed;
}

static enum mm_status
read_tables(struct mm_tale *t, struct mm_store *s, struct mm_figures *figures,
	    struct mm_err *err)
{
	const struct mm_export *x = mm_export_find("incidents");
	struct mm_sink sink = { keep, NULL };

	t->causes = mm_causes_new(err);
	t->operators = t->causes != NULL ? mm_operators_new(err) : NULL;
	if (t->operators == NULL)
		return err->code;
	t->rows = mm_table_new(x->name, x->what, x->columns, x->n_columns);
	sink.ctx = t->rows;
	if (x->run(s, MM_TIME_NONE, &sink, err) != MM_OK)
		return err->code;
	t->stories = mm_figure(figures, "stories", 0, err);
	t->replies =
	    t->stories != NULL ? mm_figure(figures, "replies", 0, err) : NULL;
	return t->replies != NULL ? MM_OK : err->code;
}

enum mm_status
mm_tale_read(struct mm_tale *t, struct mm_store *s, struct mm_figures *figures,
	     struct mm_err *err)
{
	enum mm_status st;

	*t = (struct mm_tale){ 0 };
	st = mm_rows_span(s, &t->first_us, &t->last_us, err);
	if (st == MM_OK)
		st = read_tables(t, s, figures, err);
	if (st != MM_OK)
		return st;
	t->n = t->rows->n_rows;
	t->told = mm_calloc(t->n + 1, sizeof(*t->told));
	for (size_t i = 0; i < t->n; i++) {
		t->told[i] = told_of(t, i);
		if (is_worse(&t->told[i], t->worst))
			t->worst = &t->told[i];
		t->n_open += t->told[i].end_us == MM_TIME_NONE;
	}
	return MM_OK;
}

void
mm_tale_fini(struct mm_tale *t)
{
	mm_table_free(t->rows);
	mm_table_free(t->stories);
	mm_table_free(t->replies);
	mm_causes_free(t->causes);
	mm_operators_free(t->operators);
	free(t->told);
	*t = (struct mm_tale){ 0 };
}

/* Columns of the figure "replies". */
struct mm_str
mm_tale_words(const struct mm_tale *t, const struct mm_told *d)
{
	enum { REPLY_CAUSE, SAMPLE, OPERATOR = 4, FIRST = 6, LAST };
	struct mm_str best = MM_STR_ABSENT;

	if (d->cause.n == 0 || d->name.n == 0)
		return best;
	for (size_t i = 0; i < t->replies->n_rows; i++) {
		const struct mm_cell *row = mm_table_row(t->replies, i);

		if (!mm_str_eq(row[REPLY_CAUSE].s, d->cause) ||
		    row[LAST].i < d->start_us ||
		    (d->end_us != MM_TIME_NONE && row[FIRST].i > d->end_us))
			continue;
		if ((row[OPERATOR].s.n > 0 &&
		     mm_str_eq(row[OPERATOR].s, d->name)) ||
		    mm_str_ifind(row[SAMPLE].s, d->name.p) != MM_NOT_FOUND)
			return row[SAMPLE].s;
		if (best.p == NULL)
			best = row[SAMPLE].s;
	}
	return best;
}

void
mm_tale_add_cause(const struct mm_tale *t, const struct mm_told *d,
		  struct mm_buf *b)
{
	size_t i = mm_causes_find(t->causes, d->cause);

	if (i == MM_NOT_FOUND)
		mm_buf_adds(b, d->cause);
	else
		mm_buf_addf(b, "%s (%.*s)",
			    mm_causes_get(t->causes, i)->meaning,
			    MM_STR_ARG(d->cause));
}

struct mm_advice
mm_tale_advice(const struct mm_tale *t, const struct mm_told *d)
{
	size_t i = mm_causes_find(t->causes, d->cause);

	return i != MM_NOT_FOUND ? mm_causes_advice(t->causes, i, d->name.p)
				 : (struct mm_advice){ 0 };
}
