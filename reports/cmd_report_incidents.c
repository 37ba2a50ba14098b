#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/case/exports.h"
#include "analyze/case/quote.h"
#include "formats/base/json.h"
#include "formats/base/mem.h"
#include "formats/base/time.h"
#include "reports/cmd_report_incidents.h"

#define N_PARTS	   50 /* incidents that are told one by one */
#define N_EVIDENCE 25 /* lines of each */

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

static struct mm_told
told_of(const struct mm_cell *row, size_t number)
{
	struct mm_told t = {
		.kind = kind_of(row[KIND].s),
		.target = row[TARGET].s,
		.host = row[HOST].s,
		.cause = row[CAUSE].s,
		.side = row[SIDE].s,
		.trigger = row[TRIGGER].s,
		.also = row[ALSO].s,
		.evidence = row[EVIDENCE].s,
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

	(void)snprintf(t.id, sizeof(t.id), "i%zu", number);
	if (mm_str_is(t.target, "local") && t.host.n > 0)
		t.target = t.host;
	return t;
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

enum mm_status
mm_incidents_read(struct mm_incidents *in, struct mm_store *s,
		  struct mm_err *err)
{
	const struct mm_export *x = mm_export_find("incidents");
	struct mm_sink sink = { keep, NULL };
	enum mm_status st;

	*in = (struct mm_incidents){ 0 };
	in->rows = mm_table_new(x->name, x->what, x->columns, x->n_columns);
	sink.ctx = in->rows;
	st = x->run(s, MM_TIME_NONE, &sink, err);
	in->n = in->rows->n_rows;
	in->told = mm_calloc(in->n + 1, sizeof(*in->told));
	for (size_t i = 0; i < in->n; i++) {
		in->told[i] = told_of(mm_table_row(in->rows, i), i + 1);
		if (is_worse(&in->told[i], in->worst))
			in->worst = &in->told[i];
		in->n_open += in->told[i].end_us == MM_TIME_NONE;
	}
	return st;
}

void
mm_incidents_fini(struct mm_incidents *in)
{
	mm_table_free(in->rows);
	free(in->told);
	*in = (struct mm_incidents){ 0 };
}

/* ---- the section ---- */

void
mm_incidents_windows(const struct mm_incidents *in, int64_t last_us,
		     struct mm_window *windows, struct mm_arena *texts)
{
	for (size_t i = 0; i < in->n; i++) {
		const struct mm_told *t = &in->told[i];

		windows[i] = (struct mm_window){
			.from = t->start_us,
			.to = t->end_us != MM_TIME_NONE ? t->end_us : last_us,
			.label =
			    mm_arena_fmt(texts, "%s %s: %.*s", t->id,
					 t->kind->title, MM_STR_ARG(t->target)),
			.see = i < N_PARTS ? t->id : NULL,
			.tone = t->kind->tone,
		};
	}
}

static void
tell_table(const struct mm_incidents *in, struct mm_report *r)
{
	static const struct mm_column columns[] = {
		{ "incident", "Incident", MM_TEXT },
		{ "kind", "Kind", MM_TEXT },
		{ "target", "Target", MM_TEXT },
		{ "start", "Start", MM_TIME },
		{ "end", "End", MM_TIME },
		{ "recipients", "Recipients", MM_INT },
		{ "attempts_failed", "Failed attempts", MM_INT },
		{ "cause", "Cause", MM_TEXT },
		{ "side", "Side", MM_TEXT },
		{ "confidence", "Confidence", MM_SHARE },
	};
	struct mm_table *t = mm_table_new("incidents", "All incidents", columns,
					  MM_COUNT(columns));

	for (size_t i = 0; i < in->n; i++) {
		const struct mm_told *d = &in->told[i];
		const struct mm_cell row[] = {
			i < N_PARTS ? mm_cell_z(d->id) : mm_cell_null(),
			mm_cell_z(d->kind->title),
			mm_cell_text(d->target),
			mm_cell_time(d->start_us),
			mm_cell_time(d->end_us),
			mm_cell_int(d->n_recipients),
			mm_cell_int(d->n_failed),
			mm_cell_text(d->cause),
			mm_cell_text(d->side),
			mm_cell_share(d->confidence),
		};

		mm_table_add(t, row);
	}
	mm_report_table(r, t, "incident");
}

static void
tell_facts(const struct mm_told *t, struct mm_report *r)
{
	const struct mm_fact facts[] = {
		{ "Start", mm_cell_time(t->start_us) },
		{ "Worst", mm_cell_time(t->peak_us) },
		{ "End", mm_cell_time(t->end_us) },
		{ "Lasted", mm_cell_span(t->end_us == MM_TIME_NONE
					     ? MM_TIME_NONE
					     : t->end_us - t->start_us) },
		{ "Last good before", mm_cell_time(t->last_good_us) },
		{ "First bad", mm_cell_time(t->first_bad_us) },
		{ "First good after", mm_cell_time(t->recovered_us) },
		{ "Recipients", mm_cell_int(t->n_recipients) },
		{ "Messages", mm_cell_int(t->n_messages) },
		{ "Failed attempts", mm_cell_int(t->n_failed) },
		{ "Expired", mm_cell_int(t->n_expired) },
		{ "Cause", mm_cell_text(t->cause) },
		{ "Side", mm_cell_text(t->side) },
		{ "Confidence", mm_cell_share(t->confidence) },
	};

	for (size_t i = 0; i < MM_COUNT(facts); i++)
		if (facts[i].cell.kind != MM_NULL)
			mm_report_fact(r, facts[i].label, facts[i].cell);
}

/* The texts of a JSON list, one behind the other. */
static void
add_list(struct mm_buf *b, struct mm_str json)
{
	struct mm_json *list = mm_json_parse(json, NULL);

	for (size_t i = 0; i < mm_json_len(list); i++) {
		mm_buf_addz(b, i > 0 ? ", " : "");
		mm_buf_adds(b, mm_json_str(mm_json_at(list, i)));
	}
	mm_json_free(list);
}

static void
tell_evidence(const struct mm_told *t, struct mm_report *r,
	      const struct mm_quotes *quotes)
{
	struct mm_json *list = mm_json_parse(t->evidence, NULL);
	size_t n = mm_json_len(list);
	char id[40];

	(void)snprintf(id, sizeof(id), "%s-evidence", t->id);
	if (n > 0)
		mm_report_evidence(r, id, "Evidence", n);
	for (size_t i = 0; i < n && i < N_EVIDENCE; i++) {
		struct mm_str source = mm_json_str(mm_json_at(list, i));

		mm_report_line(r, source, mm_quotes_text(quotes, source));
	}
	mm_json_free(list);
}

static void
tell_one(const struct mm_told *t, struct mm_report *r,
	 const struct mm_table *templates, const struct mm_quotes *quotes)
{
	struct mm_str words = mm_incidents_words(t, templates);
	struct mm_buf b;

	mm_buf_init(&b, (size_t)1 << 20);
	mm_buf_addf(&b, "%s %s: %.*s", t->id, t->kind->title,
		    MM_STR_ARG(t->target));
	mm_report_part(r, t->id, b.p);
	tell_facts(t, r);
	mm_buf_clear(&b);
	add_list(&b, t->also);
	if (b.n > 0)
		mm_report_prose(r, "It concerns %s.", b.p);
	if (t->trigger.n > 0)
		mm_report_prose(r, "Likely trigger: %.*s.",
				MM_STR_ARG(t->trigger));
	if (t->cause.n > 0 && words.n > 0)
		mm_report_words(r, words, "most often said of this cause");
	tell_evidence(t, r, quotes);
	mm_buf_fini(&b);
}

enum mm_status
mm_incidents_tell(const struct mm_incidents *in, struct mm_report *r,
		  struct mm_store *s, const struct mm_table *templates,
		  struct mm_err *err)
{
	struct mm_quotes quotes;
	enum mm_status st;

	mm_report_section(r, "incidents-section", "Incidents");
	if (in->n == 0) {
		mm_report_prose(r, "None was found.");
		return MM_OK;
	}
	tell_table(in, r);
	mm_quotes_init(&quotes);
	for (size_t i = 0; i < in->n && i < N_PARTS; i++) {
		struct mm_json *list =
		    mm_json_parse(in->told[i].evidence, NULL);

		for (size_t k = 0; k < mm_json_len(list) && k < N_EVIDENCE; k++)
			mm_quotes_want(&quotes,
				       mm_json_str(mm_json_at(list, k)));
		mm_json_free(list);
	}
	st = mm_quotes_load(&quotes, s, err);
	for (size_t i = 0; i < in->n && i < N_PARTS && st == MM_OK; i++)
		tell_one(&in->told[i], r, templates, &quotes);
	mm_quotes_fini(&quotes);
	return st;
}
