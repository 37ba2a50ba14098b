#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/case/exports.h"
#include "analyze/case/rows.h"
#include "formats/base/mem.h"
#include "formats/base/time.h"
#include "reports/cmd_report_tale.h"

/* What CONTRACT calls kinds. A plain tone is the course of things: it leads
 * the report only when nothing else happened. */
/* clang-format off */
static const struct mm_told_kind kinds[] = {
	{ "outage", "Outage", "%s could not be reached", NULL, MM_TONE_BAD },
	{ "throttle", "Throttle", "%s limited the rate of our mail", NULL,
	  MM_TONE_WARN },
	{ "block", "Block", "%s refused our mail", NULL, MM_TONE_BAD },
	{ "greylist", "Greylisting", "%s made our mail wait by greylisting",
	  NULL, MM_TONE_PLAIN },
	{ "dns", "DNS failure", "lookups for %s failed",
	  "lookups at %s failed", MM_TONE_WARN },
	{ "tls", "TLS failure", "encrypted sessions with %s failed", NULL,
	  MM_TONE_WARN },
	{ "local-stop", "Standstill", "%s stood still", NULL, MM_TONE_BAD },
	{ "disk", "Disk trouble", "the disk of %s was full or failed", NULL,
	  MM_TONE_BAD },
	{ "filter-down", "Filter down", "the content filter %s did not answer",
	  "a content filter at %s did not answer", MM_TONE_BAD },
	{ "pause", "Pause", "deliveries to %s were put off by an operator",
	  "%s put off its deliveries", MM_TONE_WARN },
	{ "hold", "Hold", "mail for %s was put on hold",
	  "mail was put on hold at %s", MM_TONE_PLAIN },
	{ "freeze", "Freeze", "mail for %s was frozen",
	  "mail was frozen at %s", MM_TONE_PLAIN },
	{ "log-gap", "Gap in the log", "the log of %s has a hole", NULL,
	  MM_TONE_PLAIN },
	{ "clock-step", "Clock step", "the clock of %s jumped", NULL,
	  MM_TONE_PLAIN },
	{ "volume-spike", "Volume spike", "far more mail than usual for %s",
	  "far more mail than usual at %s", MM_TONE_WARN },
	{ "bounce-spike", "Bounce spike", "far more bounces than usual by %s",
	  "far more bounces than usual at %s", MM_TONE_WARN },
	{ "backscatter", "Backscatter",
	  "bounces of mail that was never sent came to %s", NULL,
	  MM_TONE_WARN },
	{ "compromise", "Compromise", "%s sent what it should not", NULL,
	  MM_TONE_BAD },
	{ "failover", "Failover", "deliveries to %s took another way", NULL,
	  MM_TONE_PLAIN },
	{ "retry-storm", "Retry storm", "retries to %s came in bursts",
	  "retries at %s came in bursts", MM_TONE_WARN },
	{ "backlog", "Backlog", "mail for %s piled up", "mail piled up at %s",
	  MM_TONE_WARN },
	{ "", "Incident", "something happened at %s", NULL, MM_TONE_PLAIN },
};
/* clang-format on */

static const struct mm_told_kind *
kind_of(struct mm_str name)
{
	size_t i = 0;

	while (i + 1 < MM_COUNT(kinds) && !mm_str_is(name, kinds[i].name))
		i++;
	return &kinds[i];
}

/* Columns of the export, in its order. */
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
	EVIDENCE,
	NUMBER,
	CHAIN,
	AFTER,
	LINK,
	SENDERS,
	BOUNCED,
	UNSURE,
	WAITING,
	DELAY_P50,
	DELAY_P95,
	USUAL_P50,
	USUAL_P95,
	MISSED
};

static int64_t
time_in(const struct mm_cell *cell)
{
	return cell->kind == MM_TIME ? cell->i : MM_TIME_NONE;
}

static int64_t
span_in(const struct mm_cell *cell)
{
	return cell->kind == MM_SPAN ? cell->i : MM_TIME_NONE;
}

static bool
is_own(const struct mm_told *d)
{
	return mm_str_is(d->name, "local");
}

/* Texts of a table end with a NUL. */
static void
name_target(struct mm_tale *t, struct mm_told *d)
{
	if (!is_own(d))
		d->target =
		    mm_str_z(mm_operator_title(t->operators, d->name.p));
	else if (d->host.n > 0)
		d->target = mm_str_z(mm_arena_fmt(&t->texts, "server %.*s",
						  MM_STR_ARG(d->host)));
	else
		d->target = MM_STR("this server");
	d->what =
	    is_own(d) && d->kind->own != NULL ? d->kind->own : d->kind->what;
}

/* "throttle_rate: 421 slow down", or words of the log alone. */
static void
split_cause(const struct mm_tale *t, struct mm_told *d, struct mm_str cause)
{
	struct mm_str rest = cause, name;

	if (!mm_str_cut(&rest, ": ", &name)) {
		name = cause;
		rest = MM_STR_ABSENT;
	}
	if (mm_causes_find(t->causes, name) != MM_NOT_FOUND) {
		d->cause = name;
		d->words = rest;
	} else {
		d->words = cause;
	}
}

static struct mm_told
told_of(struct mm_tale *t, size_t i)
{
	const struct mm_cell *row = mm_table_row(t->rows, i);
	struct mm_told d = {
		.kind = kind_of(row[KIND].s),
		.name = row[TARGET].s,
		.host = row[HOST].s,
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
		.chain = (size_t)row[CHAIN].i,
		.after = (size_t)row[AFTER].i,
		.link = row[LINK].s,
		.n_senders = row[SENDERS].i,
		.n_bounced = row[BOUNCED].i,
		.n_unsure = row[UNSURE].i,
		.delay_us = span_in(&row[DELAY_P50]),
		.usual_us = span_in(&row[USUAL_P50]),
		.weight = row[RECIPIENTS].i,
	};

	(void)snprintf(d.id, sizeof(d.id), "i%zu", i + 1);
	if (d.name.p == NULL)
		d.name = MM_STR("local");
	name_target(t, &d);
	split_cause(t, &d, row[CAUSE].s);
	return d;
}

static enum mm_status
read_tables(struct mm_tale *t, struct mm_store *s, struct mm_figures *figures,
	    struct mm_err *err)
{
	t->causes = mm_causes_new(err);
	t->operators = t->causes != NULL ? mm_operators_new(err) : NULL;
	if (t->operators == NULL)
		return err->code;
	t->rows = mm_export_table(s, "incidents", NULL, err);
	if (t->rows == NULL)
		return err->code;
	t->stories = mm_figure(figures, "stories", 0, err);
	return t->stories != NULL ? MM_OK : err->code;
}

/* What came of something else does not lead, nor what is but a sign of it. */
static int
rank(const struct mm_told *d)
{
	if (d->kind->tone == MM_TONE_PLAIN)
		return 2;
	return d->after != 0 || strcmp(d->kind->name, "backlog") == 0 ||
	       strcmp(d->kind->name, "retry-storm") == 0;
}

/* A chain weighs what the heaviest of it does. */
static void
weigh(struct mm_tale *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct mm_told *d = &t->told[i], *root;

		if (d->chain == 0 || d->chain > t->n)
			continue;
		root = &t->told[d->chain - 1];
		if (d->weight > root->weight)
			root->weight = d->weight;
	}
}

bool
mm_tale_is_worse(const struct mm_told *a, const struct mm_told *b)
{
	if (b == NULL || rank(a) != rank(b))
		return b == NULL || rank(a) < rank(b);
	if (a->weight != b->weight)
		return a->weight > b->weight;
	if (a->n_failed != b->n_failed)
		return a->n_failed > b->n_failed;
	return a < b; /* of one list: the earlier */
}

enum mm_status
mm_tale_read(struct mm_tale *t, struct mm_store *s, struct mm_figures *figures,
	     struct mm_err *err)
{
	enum mm_status st;

	*t = (struct mm_tale){ 0 };
	mm_arena_init(&t->texts);
	st = mm_rows_span(s, &t->first_us, &t->last_us, err);
	if (st == MM_OK)
		st = read_tables(t, s, figures, err);
	if (st != MM_OK)
		return st;
	t->n = t->rows->n_rows;
	t->told = mm_calloc(t->n + 1, sizeof(*t->told));
	for (size_t i = 0; i < t->n; i++) {
		t->told[i] = told_of(t, i);
		t->n_open += t->told[i].end_us == MM_TIME_NONE;
		/* A queue without logs was last seen when it was copied. */
		if (t->first_us == MM_TIME_NONE &&
		    t->told[i].peak_us > t->last_us)
			t->last_us = t->told[i].peak_us;
	}
	weigh(t);
	for (size_t i = 0; i < t->n; i++)
		if (mm_tale_is_worse(&t->told[i], t->worst))
			t->worst = &t->told[i];
	return MM_OK;
}

void
mm_tale_fini(struct mm_tale *t)
{
	mm_table_free(t->rows);
	mm_table_free(t->stories);
	mm_causes_free(t->causes);
	mm_operators_free(t->operators);
	mm_arena_fini(&t->texts);
	free(t->told);
	*t = (struct mm_tale){ 0 };
}

/* Then the cause in the log only says that somebody did it. */
static bool
is_on_purpose(const struct mm_told *d)
{
	return strcmp(d->kind->name, "pause") == 0 ||
	       strcmp(d->kind->name, "hold") == 0;
}

void
mm_tale_add_cause(const struct mm_tale *t, const struct mm_told *d,
		  struct mm_buf *b)
{
	size_t i = mm_causes_find(t->causes, d->cause);

	mm_buf_addf(b, "%s (%.*s)",
		    is_on_purpose(d) ? "somebody kept mail back on purpose"
				     : mm_causes_get(t->causes, i)->meaning,
		    MM_STR_ARG(d->cause));
}

struct mm_advice
mm_tale_advice(const struct mm_tale *t, const struct mm_told *d)
{
	size_t i = d->cause.p != NULL ? mm_causes_find(t->causes, d->cause)
				      : MM_NOT_FOUND;

	if (is_on_purpose(d))
		return (struct mm_advice){
			.fix = "Find out who did it and why, and let the mail "
			       "go in steps: `replay` compares ways.",
			.waiting = "No: it waits for somebody to let it go.",
			.avoid = "Do not flush it all at once.",
		};
	return i != MM_NOT_FOUND ? mm_causes_advice(t->causes, i, d->name.p)
				 : (struct mm_advice){ 0 };
}
