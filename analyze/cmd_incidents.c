#include <stdio.h>
#include <string.h>

#include "analyze/case/exports.h"
#include "analyze/case/incident_rows.h"
#include "analyze/case/quote.h"
#include "analyze/front.h"
#include "analyze/verbs.h"
#include "formats/base/json.h"
#include "formats/base/mem.h"
#include "formats/base/utf8.h"
#include "reports/output.h"

static const char details[] =
    "A table of all, then each in words with the lines that show it. What came "
    "of\nanother stands below it and names it under `after`, with the proof: "
    "recipients\nthat the one had hit before the other did, or the same "
    "receiver or server soon\nafter. `incidents show N` tells one, with what "
    "its lines say. A length with a `>`:\nthe logs end before it does. --json "
    "and --csv give the columns of `export\nincidents`, with --sla those of "
    "`export availability`.\n\n"
    "FILE of --limits; what it finds stays in the case:\n\n"
    "  [limits]\n"
    "  false_alarms = 0.1   windows at receivers that chance may make up in "
    "all of\n"
    "                       the logs; one of ten such cases has a false one\n"
    "  spike = 3            mail that counts as a spike, what waits in a "
    "backlog, and a\n"
    "                       silence that counts as a gap, are so many times "
    "what is\n"
    "                       usual: a busy day is less than twice a quiet one\n"
    "  least = 30           a spike has at least so many mails in ten "
    "minutes, a backlog\n"
    "                       and a wave of retries so many recipients: fewer "
    "are gone\n"
    "                       before anybody has read of them\n"
    "  [mute]               as many as you like; either key may be absent\n"
    "  kind = greylist\n"
    "  target = mx.example\n"
    "  [class \"otp\"]        mail with a deadline; sender, recipient: "
    "patterns\n"
    "  sender = codes@*\n"
    "  deadline = 5m\n\n"
    "Exit status: 0 found, 1 there is none, 2 fatal.\n";

/* clang-format off */
static const struct mm_column columns[] = {
	{ "n", "no", MM_INT },
	{ "after", "after", MM_INT },
	{ "kind", "kind", MM_TEXT },
	{ "target", "target", MM_TEXT },
	{ "start", "start", MM_TIME },
	{ "length", "length", MM_TEXT },
	{ "messages", "messages", MM_INT },
	{ "side", "side", MM_TEXT },
	{ "cause", "cause", MM_TEXT },
};
/* clang-format on */

#define CHART_MAX 72 /* columns; a terminal has less or more */

struct telling {
	struct mm_table *table;
	struct mm_buf words, chart;
	int64_t n, only;	   /* 0: all */
	int64_t first_us, last_us; /* of the logs */
	size_t width;		   /* of the chart; 0: none */
	struct mm_store *s;
	struct mm_err *err;
};

static void
add_seen(struct mm_buf *b, const char *before, struct mm_str s)
{
	if (s.n == 0)
		return;
	mm_buf_addz(b, before);
	mm_utf8_add_visible(b, s);
}

/* The items of a JSON array of texts. */
static void
add_list(struct mm_buf *b, const char *first, const char *then,
	 struct mm_str json)
{
	struct mm_json *j = mm_json_parse(json, NULL);

	for (size_t i = 0; i < mm_json_len(j); i++)
		add_seen(b, i == 0 ? first : then,
			 mm_json_str(mm_json_at(j, i)));
	mm_json_free(j);
}

static const char *
plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

static void
add_time(struct mm_buf *b, const char *name, int64_t t_us)
{
	char text[MM_TIME_TEXT];

	if (t_us != MM_TIME_NONE)
		mm_buf_addf(b, "%s %s", name, mm_time_iso(t_us, false, text));
}

/* When, on a line as long as the logs. */
static void
draw(struct telling *t, const struct mm_incident_row *r, int64_t end_us)
{
	int64_t span = t->last_us - t->first_us, w = (int64_t)t->width;

	if (w == 0 || span <= 0)
		return;
	mm_buf_addf(&t->chart, "%4lld ", (long long)t->n);
	for (int64_t i = 0; i < w; i++) {
		int64_t from = t->first_us + span / w * i;
		int64_t to = from + span / w;
		bool on = r->start_us < to && end_us >= from;

		mm_buf_addz(&t->chart, on ? "\xe2\x96\x88" : "\xc2\xb7");
	}
	mm_buf_addc(&t->chart, ' ');
	mm_utf8_add_visible(&t->chart, r->kind);
	mm_buf_addc(&t->chart, '\n');
}

/* Logs of whole seconds tell no less. */
static const char *
span_text(int64_t span_us, char text[MM_TIME_TEXT])
{
	return span_us == 0 ? "under 1 s" : mm_time_span(span_us, text);
}

static void
add_delays(struct mm_buf *b, const struct mm_incident_row *r)
{
	char p50[MM_TIME_TEXT], p95[MM_TIME_TEXT];

	if (r->delay_p50_us == MM_TIME_NONE)
		return;
	mm_buf_addf(b, "\n   delay: half within %s, 95 %% within %s",
		    span_text(r->delay_p50_us, p50),
		    span_text(r->delay_p95_us, p95));
	if (r->usual_p50_us != MM_TIME_NONE)
		mm_buf_addf(b, "; before it %s and %s",
			    span_text(r->usual_p50_us, p50),
			    span_text(r->usual_p95_us, p95));
}

static void
add_missed(struct mm_buf *b, struct mm_str json)
{
	struct mm_json *j = mm_json_parse(json, NULL);

	for (size_t i = 0; i < mm_json_len(j); i++) {
		const struct mm_json *c = mm_json_at(j, i);

		add_seen(b, "\n   deadline missed: ",
			 mm_json_str(mm_json_get(c, "class")));
		mm_buf_addf(b, ", %.0f of %.0f recipients",
			    mm_json_real(mm_json_get(c, "missed"), 0),
			    mm_json_real(mm_json_get(c, "recipients"), 0));
	}
	mm_json_free(j);
}

static void
add_cost(struct mm_buf *b, const struct mm_incident_row *r)
{
	if (r->senders > 0)
		mm_buf_addf(b, "\n   mail of %lld sender%s",
			    (long long)r->senders, plural(r->senders));
	if (r->bounced > 0)
		mm_buf_addf(b, "; %lld recipient%s bounced",
			    (long long)r->bounced, plural(r->bounced));
	if (r->unsure > 0)
		mm_buf_addf(b, "; %lld message%s may have come twice",
			    (long long)r->unsure, plural(r->unsure));
	add_delays(b, r);
	add_missed(b, r->missed);
}

/* The lines that show it; of one incident alone, with what they say. */
static enum mm_status
add_evidence(struct telling *t, struct mm_str json)
{
	struct mm_json *j = mm_json_parse(json, NULL);
	struct mm_quotes quotes;
	enum mm_status st = MM_OK;

	mm_quotes_init(&quotes);
	for (size_t i = 0; t->only != 0 && i < mm_json_len(j); i++)
		mm_quotes_want(&quotes, mm_json_str(mm_json_at(j, i)));
	if (t->only != 0)
		st = mm_quotes_load(&quotes, t->s, t->err);
	for (size_t i = 0; i < mm_json_len(j) && st == MM_OK; i++) {
		struct mm_str at = mm_json_str(mm_json_at(j, i));

		add_seen(&t->words,
			 i == 0 ? "\n   evidence: " : "\n             ", at);
		if (t->only != 0)
			add_seen(&t->words, "\n               ",
				 mm_quotes_text(&quotes, at));
	}
	mm_quotes_fini(&quotes);
	mm_json_free(j);
	return st;
}

static enum mm_status
tell(struct telling *t, const struct mm_incident_row *r)
{
	struct mm_buf *b = &t->words;
	enum mm_status st;

	mm_buf_addf(b, "\n%lld. ", (long long)t->n);
	mm_utf8_add_visible(b, r->kind);
	add_seen(b, ": ", r->target);
	add_seen(b, " seen by ", r->host);
	add_time(b, "\n   from", r->start_us);
	add_time(b, " to", r->end_us);
	if (r->end_us == MM_TIME_NONE)
		mm_buf_addz(b, ", not over when the logs end");
	add_time(b, ", worst at", r->peak_us);
	add_time(b, "\n   last good", r->last_good_us);
	add_time(b, ", first bad", r->first_bad_us);
	add_time(b, ", good again", r->recovered_us);
	mm_buf_addf(b,
		    "\n   %lld attempt%s failed for %lld recipient%s of %lld "
		    "message%s; %lld expired",
		    (long long)r->attempts_failed, plural(r->attempts_failed),
		    (long long)r->recipients, plural(r->recipients),
		    (long long)r->messages, plural(r->messages),
		    (long long)r->expired);
	add_cost(b, r);
	if (r->after != 0)
		mm_buf_addf(b, "\n   after: %lld, ", (long long)r->after);
	add_seen(b, "", r->link);
	add_seen(b, "\n   side: ", r->side);
	mm_buf_addf(b, ", confidence %.0f %%", 100 * r->confidence);
	add_seen(b, "\n   why: ", r->cause);
	add_seen(b, "\n   likely trigger: ", r->trigger);
	add_seen(b, "\n   ", r->story);
	add_list(b, "\n   also: ", ", ", r->also);
	st = add_evidence(t, r->evidence);
	mm_buf_addc(b, '\n');
	return st;
}

static enum mm_status
take(void *ctx, const struct mm_incident_row *r)
{
	struct telling *t = ctx;
	bool open = r->end_us == MM_TIME_NONE;
	char length[MM_TIME_TEXT + 2] = ">";
	int64_t end_us = open ? t->last_us : r->end_us;

	t->n++;
	if (t->only != 0 && t->only != t->n)
		return MM_OK;
	if (end_us != MM_TIME_NONE) /* a queue without logs has none */
		(void)mm_time_span(end_us - r->start_us, length + open);
	mm_table_add(t->table,
		     (const struct mm_cell[]){
			 mm_cell_int(t->n),
			 r->after != 0 ? mm_cell_int(r->after) : mm_cell_null(),
			 mm_cell_text(r->kind),
			 mm_cell_text(r->target),
			 mm_cell_time(r->start_us),
			 mm_cell_z(length),
			 mm_cell_int(r->messages),
			 mm_cell_text(r->side),
			 mm_cell_text(mm_str_upto(r->cause, 60)),
		     });
	draw(t, r, end_us);
	return tell(t, r);
}

static enum mm_status
print_words(struct mm_store *s, struct mm_output *o, int64_t only,
	    struct mm_err *err)
{
	struct telling t = { .only = only, .s = s, .err = err };
	enum mm_status st = mm_rows_span(s, &t.first_us, &t.last_us, err);
	const struct mm_table *table;

	t.table = mm_table_new("incidents", NULL, columns, MM_COUNT(columns));
	mm_buf_init(&t.words, (size_t)1 << 26);
	mm_buf_init(&t.chart, (size_t)1 << 26);
	if (o->terminal && only == 0)
		t.width = o->width > 30 && o->width - 20 < CHART_MAX
			      ? o->width - 20
			      : CHART_MAX;
	if (st == MM_OK)
		st = mm_incident_read(s, take, &t, err);
	if (st == MM_OK && t.table->n_rows == 0)
		st = mm_err_set(err, MM_ENOENT,
				only != 0 ? "there is no incident %lld"
					  : "no incident was found",
				(long long)only);
	table = t.table;
	if (st == MM_OK && only == 0)
		st = mm_output_tables(o, &table, 1, err);
	if (st == MM_OK) {
		if (t.chart.n > 0) {
			mm_buf_addc(&o->buf, '\n');
			mm_buf_adds(&o->buf, mm_buf_str(&t.chart));
		}
		mm_buf_adds(&o->buf, mm_buf_str(&t.words));
		st = mm_output_flush(o, err);
	}
	mm_table_free(t.table);
	mm_buf_fini(&t.words);
	mm_buf_fini(&t.chart);
	return st;
}

/* Rows of an export as they come. */
static enum mm_status
print_rows(struct mm_store *s, struct mm_output *o, const char *name,
	   struct mm_err *err)
{
	const struct mm_export *x = mm_export_find(name);
	struct mm_sink sink;
	enum mm_status st =
	    mm_output_begin(o, x->columns, x->n_columns, &sink, err);

	return st == MM_OK ? x->run(s, MM_TIME_NONE, &sink, err) : st;
}

/* Availability by month and receiver, what each incident took of it, and the
 * deadlines, where any were given. */
static enum mm_status
print_sla(struct mm_store *s, struct mm_output *o, struct mm_err *err)
{
	static const char *const names[][2] = {
		{ "availability", "Availability" },
		{ "downtime", "What each incident took" },
		{ "deadlines", "Deadlines" },
	};
	const struct mm_table *tables[MM_COUNT(names)];
	struct mm_table *made[MM_COUNT(names)] = { NULL };
	enum mm_status st = MM_OK;
	size_t n = 0;

	for (size_t i = 0; i < MM_COUNT(names) && st == MM_OK; i++) {
		made[i] = mm_export_table(s, names[i][0], names[i][1], err);
		st = made[i] != NULL ? MM_OK : err->code;
		if (st == MM_OK && made[i]->n_rows > 0)
			tables[n++] = made[i];
	}
	if (st == MM_OK && n > 0)
		st = mm_output_tables(o, tables, n, err);
	for (size_t i = 0; i < MM_COUNT(names); i++)
		mm_table_free(made[i]);
	return st;
}

static enum mm_status
print(struct mm_store *s, struct mm_output *o, int64_t only, bool sla,
      struct mm_err *err)
{
	enum mm_status st = mm_output_open(o, err);

	if (st == MM_OK && mm_output_is_text(o))
		st = sla ? print_sla(s, o, err) : print_words(s, o, only, err);
	else if (st == MM_OK)
		st = print_rows(s, o, sla ? "availability" : "incidents", err);
	return mm_output_close(o, st, err);
}

/* `show N` at the front of the words. */
static enum mm_status
which(struct mm_words *words, int64_t *only, struct mm_err *err)
{
	*only = 0;
	if (words->n == 0 || strcmp(words->v[0], "show") != 0)
		return MM_OK;
	if (words->n < 2 || !mm_str_to_i64(mm_str_z(words->v[1]), only) ||
	    *only < 1)
		return mm_err_set(err, MM_EUSAGE,
				  "show wants the number of an incident");
	words->n -= 2;
	memmove(words->v, words->v + 2, words->n * sizeof(*words->v));
	return MM_OK;
}

static int
run(int argc, const char *const *argv)
{
	struct mm_front f = { 0 };
	struct mm_output o = { 0 };
	const char *limits = NULL;
	bool sla = false;
	struct mm_words words = { 0 }, classes = { 0 };
	const struct mm_option options[] = {
		MM_FRONT_OPTIONS(f),
		{ 0, "limits", MM_OPT_TEXT, &limits, "FILE",
		  "look again, by thresholds and mutes of your own" },
		{ 0, "sla", MM_OPT_FLAG, &sla, NULL,
		  "availability by month and receiver, and deadlines kept" },
		{ 0, "class", MM_OPT_LIST, &classes, "NAME=WHAT",
		  "look again; mail with a deadline: otp=sender:codes@*:5m" },
		MM_OUTPUT_OPTIONS(o),
	};
	const struct mm_usage usage = {
		.verb = "incidents",
		.summary = "what went wrong, when, on whose side, how bad",
		.synopsis = "incidents [show N] (-c CASE | PATH...)",
		.details = details,
		.options = options,
		.n_options = MM_COUNT(options),
	};
	struct mm_err err = { 0 };
	struct mm_store *s = NULL;
	int64_t only;
	enum mm_status st = mm_options_parse(&usage, argc, argv, &words, &err);

	if (st == MM_END) {
		mm_words_fini(&words);
		mm_words_fini(&classes);
		return mm_front_help(&usage);
	}
	if (st == MM_OK)
		st = which(&words, &only, &err);
	if (st == MM_OK) {
		s = mm_front_open(&f, words.v, words.n, &err);
		st = s != NULL ? mm_front_incidents(s, limits, &classes, &err)
			       : err.code;
		if (st == MM_OK)
			st = print(s, &o, only, sla, &err);
	}
	mm_store_close(s);
	mm_words_fini(&words);
	mm_words_fini(&classes);
	return mm_front_exit(&f, usage.verb, st, &err);
}

const struct mm_verb mm_verb_incidents = {
	.name = "incidents",
	.summary = "outages, throttles, blocks, pauses: when, why, how bad",
	.run = run,
};
