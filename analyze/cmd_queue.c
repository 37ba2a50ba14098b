#include <stdio.h>

#include "analyze/case/queue.h"
#include "analyze/case/shape.h"
#include "analyze/front.h"
#include "analyze/verbs.h"
#include "reports/output.h"

static const char details[] =
    "Without one of the four views: how many recipients have waited how long,\n"
    "by destination, like qshape. Columns are minutes: under 5, 5 to 10, ...\n"
    "When something is tried again rests on what the spool or the listing\n"
    "recorded (Exim: db/retry and db/wait-*), else on the MTA's rule (Exim's\n"
    "default, 15 min in the first 2 h; Sendmail's runs, when its log is "
    "there).\n"
    "That is the earliest time: the queue run after it does it. Given up: at\n"
    "the first try after what `postconf -n` says, else the age at which mail\n"
    "expired in the log, else the MTA's default.";

struct queue {
	struct mm_front f;
	struct mm_output o;
	const char *by, *at;
	bool list, due, compare, reconcile;
};

static enum mm_status
list(struct queue *q, struct mm_store *s, int64_t at_us, struct mm_err *err)
{
	struct mm_sink sink;
	enum mm_status st = mm_output_open(&q->o, err);

	if (st == MM_OK)
		st = mm_output_begin(&q->o, mm_queue_columns,
				     mm_queue_n_columns, &sink, err);
	if (st == MM_OK)
		st = mm_queue_list(s, at_us, &sink, err);
	return mm_output_close(&q->o, st, err);
}

static struct mm_table *
view(const struct queue *q, struct mm_store *s, int64_t at_us,
     struct mm_err *err)
{
	if (q->due)
		return mm_queue_due(s, at_us, err);
	if (q->compare)
		return mm_queue_compare(s, at_us, err);
	if (q->reconcile)
		return mm_queue_reconcile(s, at_us, err);
	return mm_shape_by(s, q->by != NULL ? q->by : "domain", at_us, err);
}

static enum mm_status
table(struct queue *q, struct mm_store *s, int64_t at_us, struct mm_err *err)
{
	struct mm_table *t = view(q, s, at_us, err);
	const struct mm_table *shown = t;
	enum mm_status st = err->code;

	if (t == NULL)
		return st;
	st = mm_output_open(&q->o, err);
	if (st == MM_OK)
		st = mm_output_tables(&q->o, &shown, 1, err);
	st = mm_output_close(&q->o, st, err);
	mm_table_free(t);
	return st;
}

static enum mm_status
queue(struct queue *q, const struct mm_words *words, struct mm_err *err)
{
	int64_t at_us = MM_TIME_NONE;
	struct mm_store *s;
	struct mm_table *any;
	enum mm_status st = MM_OK;

	if (q->list + q->due + q->compare + q->reconcile + (q->by != NULL) > 1)
		return mm_err_set(err, MM_EUSAGE,
				  "one of --by, --list, --due, --compare, "
				  "--reconcile at a time");
	if (q->at != NULL && !mm_time_parse(mm_str_z(q->at), 0, &at_us))
		return mm_err_set(err, MM_EUSAGE,
				  "--at: \"%s\" is no time; write "
				  "2026-11-22T05:30Z or @SECONDS",
				  q->at);
	s = mm_front_open(&q->f, words->v, words->n, err);
	if (s == NULL)
		return err->code;
	any = mm_shape(s, at_us, err);
	if (any == NULL)
		st = err->code;
	else if (any->n_rows == 0)
		st = mm_err_set(err, MM_ENOENT, "no spool or queue listing%s",
				q->at != NULL ? " so early" : "");
	mm_table_free(any);
	if (st == MM_OK)
		st = q->list ? list(q, s, at_us, err) : table(q, s, at_us, err);
	mm_store_close(s);
	return st;
}

static int
run(int argc, const char *const *argv)
{
	struct queue q = { 0 };
	const struct mm_option options[] = {
		MM_FRONT_OPTIONS(q.f),
		{ 0, "by", MM_OPT_TEXT, &q.by, "WHAT",
		  "domain (of recipients), sender, cause, queue, host" },
		{ 'l', "list", MM_OPT_FLAG, &q.list, NULL,
		  "each recipient that waits" },
		{ 0, "due", MM_OPT_FLAG, &q.due, NULL,
		  "what is tried again when" },
		{ 0, "compare", MM_OPT_FLAG, &q.compare, NULL,
		  "the last two snapshots: what left, came, is stuck" },
		{ 0, "reconcile", MM_OPT_FLAG, &q.reconcile, NULL,
		  "where snapshot and log contradict each other" },
		{ 0, "at", MM_OPT_TEXT, &q.at, "TIME",
		  "the last snapshots not after it" },
		MM_OUTPUT_OPTIONS(q.o),
	};
	const struct mm_usage usage = {
		.verb = "queue",
		.summary = "what waits, by destination and age, like qshape",
		.synopsis = "queue (-c CASE | PATH...)",
		.details = details,
		.options = options,
		.n_options = MM_COUNT(options),
	};
	struct mm_words words = { 0 };
	struct mm_err err = { 0 };
	enum mm_status st = mm_options_parse(&usage, argc, argv, &words, &err);

	if (st == MM_END) {
		mm_words_fini(&words);
		return mm_front_help(&usage);
	}
	if (st == MM_OK)
		st = queue(&q, &words, &err);
	mm_words_fini(&words);
	return mm_front_exit(&q.f, usage.verb, st, &err);
}

const struct mm_verb mm_verb_queue = {
	.name = "queue",
	.summary = "what waits in a spool: shape, list, due, changes",
	.run = run,
};
