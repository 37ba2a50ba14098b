#include <stdio.h>

#include "analyze/case/quote.h"
#include "formats/base/json.h"
#include "formats/base/time.h"
#include "reports/cmd_report_tale.h"

#define N_PARTS	   50 /* incidents that are told one by one */
#define N_EVIDENCE 25 /* lines of each */

void
mm_tale_windows(const struct mm_tale *t, struct mm_window *windows,
		struct mm_arena *texts)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct mm_told *d = &t->told[i];

		windows[i] = (struct mm_window){
			.from = d->start_us,
			.to =
			    d->end_us != MM_TIME_NONE ? d->end_us : t->last_us,
			.label =
			    mm_arena_fmt(texts, "%s %s: %.*s", d->id,
					 d->kind->title, MM_STR_ARG(d->target)),
			.see = i < N_PARTS ? d->id : NULL,
			.tone = d->kind->tone,
		};
	}
}

static struct mm_cell
lasted(const struct mm_told *d)
{
	return mm_cell_span(
	    d->end_us == MM_TIME_NONE ? MM_TIME_NONE : d->end_us - d->start_us);
}

static void
tell_table(const struct mm_tale *t, struct mm_report *r)
{
	static const struct mm_column columns[] = {
		{ "incident", "incident", MM_TEXT },
		{ "after", "after", MM_TEXT },
		{ "kind", "kind", MM_TEXT },
		{ "target", "target", MM_TEXT },
		{ "start", "start", MM_TIME },
		{ "lasted", "lasted", MM_SPAN },
		{ "recipients", "recipients", MM_INT },
		{ "cause", "cause", MM_TEXT },
		{ "side", "side", MM_TEXT },
		{ "confidence", "confidence", MM_SHARE },
	};
	struct mm_table *all = mm_table_new("overview", "All incidents",
					    columns, MM_COUNT(columns));

	for (size_t i = 0; i < t->n; i++) {
		const struct mm_told *d = &t->told[i];
		const struct mm_cell row[] = {
			i < N_PARTS ? mm_cell_z(d->id) : mm_cell_null(),
			d->after != 0 ? mm_cell_z(t->told[d->after - 1].id)
				      : mm_cell_null(),
			mm_cell_z(d->kind->title),
			mm_cell_text(d->target),
			mm_cell_time(d->start_us),
			lasted(d),
			mm_cell_int(d->n_recipients),
			mm_cell_text(d->cause),
			mm_cell_text(d->side),
			mm_cell_share(d->confidence),
		};

		mm_table_add(all, row);
	}
	mm_report_table(r, all, "incident");
}

static struct mm_cell
some(int64_t n)
{
	return n > 0 ? mm_cell_int(n) : mm_cell_null();
}

static void
tell_facts(const struct mm_told *d, struct mm_report *r)
{
	const struct mm_fact facts[] = {
		{ "Start", mm_cell_time(d->start_us) },
		{ "Worst", mm_cell_time(d->peak_us) },
		{ "End", mm_cell_time(d->end_us) },
		{ "Lasted", lasted(d) },
		{ "Last good before", mm_cell_time(d->last_good_us) },
		{ "First bad", mm_cell_time(d->first_bad_us) },
		{ "First good after", mm_cell_time(d->recovered_us) },
		{ "Recipients", mm_cell_int(d->n_recipients) },
		{ "Messages", mm_cell_int(d->n_messages) },
		{ "Failed attempts", mm_cell_int(d->n_failed) },
		{ "Expired", some(d->n_expired) },
		{ "Bounced", some(d->n_bounced) },
		{ "Perhaps delivered twice", some(d->n_unsure) },
		{ "Senders", some(d->n_senders) },
		{ "Half came within", mm_cell_span(d->delay_us) },
		{ "Before it within", mm_cell_span(d->usual_us) },
		{ "Cause", mm_cell_text(d->cause) },
		{ "Side", mm_cell_text(d->side) },
		{ "Confidence", mm_cell_share(d->confidence) },
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
tell_evidence(const struct mm_told *d, struct mm_report *r,
	      const struct mm_quotes *quotes)
{
	struct mm_json *list = mm_json_parse(d->evidence, NULL);
	size_t n = mm_json_len(list);
	char id[40];

	(void)snprintf(id, sizeof(id), "%s-evidence", d->id);
	if (n > 0)
		mm_report_evidence(r, id, "Evidence", n);
	for (size_t i = 0; i < n && i < N_EVIDENCE; i++) {
		struct mm_str source = mm_json_str(mm_json_at(list, i));

		mm_report_line(r, source, mm_quotes_text(quotes, source));
	}
	mm_json_free(list);
}

/* What it meant, and the words: of the other side, or of the own log. */
static void
tell_cause(const struct mm_tale *t, const struct mm_told *d,
	   struct mm_report *r)
{
	const char *whose =
	    mm_str_is(d->side, "own") ? "in the own log" : "in their own words";
	struct mm_buf b;

	mm_buf_init(&b, (size_t)1 << 20);
	if (d->cause.n > 0) {
		mm_tale_add_cause(t, d, &b);
		mm_buf_addz(&b, ", ");
	}
	mm_buf_addz(&b, whose);
	if (d->words.n > 0)
		mm_report_words(r, d->words, b.p);
	mm_buf_fini(&b);
}

static void
tell_one(const struct mm_tale *t, const struct mm_told *d, struct mm_report *r,
	 const struct mm_quotes *quotes)
{
	struct mm_buf b;

	mm_buf_init(&b, (size_t)1 << 20);
	mm_buf_addf(&b, "%s %s: %.*s", d->id, d->kind->title,
		    MM_STR_ARG(d->target));
	mm_report_part(r, d->id, b.p);
	tell_facts(d, r);
	if (d->story.n > 0)
		mm_report_prose(r, "%.*s", MM_STR_ARG(d->story));
	mm_buf_clear(&b);
	add_list(&b, d->also);
	if (b.n > 0)
		mm_report_prose(r, "It concerns %s.", b.p);
	if (d->trigger.n > 0)
		mm_report_prose(r, "Likely trigger: %.*s.",
				MM_STR_ARG(d->trigger));
	tell_cause(t, d, r);
	tell_evidence(d, r, quotes);
	mm_buf_fini(&b);
}

static void
want_evidence(const struct mm_told *d, struct mm_quotes *quotes)
{
	struct mm_json *list = mm_json_parse(d->evidence, NULL);

	for (size_t k = 0; k < mm_json_len(list) && k < N_EVIDENCE; k++)
		mm_quotes_want(quotes, mm_json_str(mm_json_at(list, k)));
	mm_json_free(list);
}

enum mm_status
mm_tale_tell(const struct mm_tale *t, struct mm_report *r, struct mm_store *s,
	     struct mm_err *err)
{
	size_t n = t->n < N_PARTS ? t->n : N_PARTS;
	struct mm_quotes quotes;
	enum mm_status st;

	mm_report_section(r, "incidents-section", "Incidents");
	if (t->n == 0) {
		mm_report_prose(r, "None was found.");
		return MM_OK;
	}
	tell_table(t, r);
	mm_quotes_init(&quotes);
	for (size_t i = 0; i < n; i++)
		want_evidence(&t->told[i], &quotes);
	st = mm_quotes_load(&quotes, s, err);
	for (size_t i = 0; i < n && st == MM_OK; i++)
		tell_one(t, &t->told[i], r, &quotes);
	mm_quotes_fini(&quotes);
	return st;
}

/* Was the same said of an incident before `i`? */
static bool
is_said(const struct mm_tale *t, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (mm_str_eq(t->told[k].cause, t->told[i].cause) &&
		    mm_str_eq(t->told[k].name, t->told[i].name))
			return true;
	return false;
}

void
mm_tale_advise(const struct mm_tale *t, struct mm_report *r)
{
	bool any = false;

	for (size_t i = 0; i < t->n; i++) {
		const struct mm_told *d = &t->told[i];
		struct mm_advice a = mm_tale_advice(t, d);

		if (a.fix == NULL || is_said(t, i))
			continue;
		if (!any)
			mm_report_section(r, "todo", "What to do");
		any = true;
		mm_report_step(r,
			       "%.*s (%s, %.*s): %s Does waiting help? %s "
			       "%s",
			       MM_STR_ARG(d->target), d->id,
			       MM_STR_ARG(d->cause), a.fix, a.waiting, a.avoid);
	}
}
