#include <stdio.h>
#include <string.h>

#include "analyze/case/exports.h"
#include "analyze/front.h"
#include "analyze/verbs.h"
#include "formats/base/time.h"
#include "reports/output.h"

static const char details[] =
    "Machine-readable forms with fixed names: NDJSON, or CSV with --csv or "
    "a\nFILE.csv. WHAT is one of:\n\n"
    "  deliveries  a row for each message and recipient, with its attempts\n"
    "  incidents   windows of outages, throttles, blocks, pauses\n"
    "  queue       what waits in the spool snapshots (--at TIME)\n"
    "  ledger      a row for each file that was read\n"
    "  hops        a row for each time a mail changed its queue id\n"
    "  causes      deferrals and bounces by cause and operator\n"
    "  templates   reply texts by shape\n"
    "  reports     a row for each recipient of a bounce or delay notice in a\n"
    "              mailbox or .eml file\n"
    "  timeseries  attempts by minute and receiver\n"
    "  duplicates  recipients who got a mail more than once, or may have\n"
    "  received    a row for each hop that the header of a message in a "
    "spool,\n"
    "              mailbox or .eml file tells of, with its delay\n";

static enum mm_status
export_to(struct mm_output *o, struct mm_store *s, const struct mm_export *x,
	  int64_t at_us, struct mm_err *err)
{
	struct mm_sink sink;
	enum mm_status st =
	    mm_output_begin(o, x->columns, x->n_columns, &sink, err);

	return st == MM_OK ? x->run(s, at_us, &sink, err) : st;
}

static enum mm_status
find(const struct mm_words *words, const char *at, const struct mm_export **x,
     int64_t *at_us, struct mm_err *err)
{
	*at_us = MM_TIME_NONE;
	*x = words->n > 0 ? mm_export_find(words->v[0]) : NULL;
	if (*x == NULL)
		return mm_err_set(err, MM_EUSAGE,
				  "%s is no export; see `mailmortem export "
				  "--help`",
				  words->n > 0 ? words->v[0] : "nothing");
	if (at != NULL && !mm_time_parse(mm_str_z(at), 0, at_us))
		return mm_err_set(err, MM_EUSAGE,
				  "--at: \"%s\" is no time; write "
				  "2026-11-22T05:30Z or @SECONDS",
				  at);
	return MM_OK;
}

static int
run(int argc, const char *const *argv)
{
	struct mm_front f = { 0 };
	struct mm_output o = { 0 };
	const char *at = NULL;
	const struct mm_option options[] = {
		MM_FRONT_OPTIONS(f),
		{ 0, "at", MM_OPT_TEXT, &at, "TIME",
		  "queue: the last snapshots not after it" },
		MM_OUTPUT_OPTIONS(o),
	};
	const struct mm_usage usage = {
		.verb = "export",
		.summary = "rows for scripts: NDJSON or CSV",
		.synopsis = "export WHAT (-c CASE | PATH...) [-o FILE]",
		.details = details,
		.options = options,
		.n_options = MM_COUNT(options),
	};
	struct mm_words words = { 0 };
	struct mm_err err = { 0 };
	const struct mm_export *x;
	struct mm_store *s = NULL;
	int64_t at_us;
	enum mm_status st = mm_options_parse(&usage, argc, argv, &words, &err);

	if (st == MM_END) {
		mm_words_fini(&words);
		return mm_front_help(&usage);
	}
	if (st == MM_OK)
		st = find(&words, at, &x, &at_us, &err);
	if (st == MM_OK) {
		s = mm_front_open(&f, words.v + 1, words.n - 1, &err);
		st = s != NULL ? MM_OK : err.code;
		if (st == MM_OK && x->of_incidents)
			st = mm_front_incidents(s, NULL, NULL, &err);
	}
	if (st == MM_OK) {
		/* For scripts unless told otherwise. */
		o.json = !o.csv && o.format == NULL && o.path == NULL;
		st = mm_output_open(&o, &err);
		if (st == MM_OK)
			st = export_to(&o, s, x, at_us, &err);
		st = mm_output_close(&o, st, &err);
	}
	mm_store_close(s);
	mm_words_fini(&words);
	return mm_front_exit(&f, usage.verb, st, &err);
}

const struct mm_verb mm_verb_export = {
	.name = "export",
	.summary = "deliveries, incidents, queue, ledger, ... for scripts",
	.run = run,
};
