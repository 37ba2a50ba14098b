#include <string.h>

#include "formats/base/time.h"
#include "reports/cmd_report_incidents.h"

/* "2026-11-22 02:00:11 UTC"; the day is left out when it is that of `day`. */
static void
add_time(struct mm_buf *b, int64_t t_us, int64_t day_us)
{
	char text[MM_TIME_TEXT];

	(void)mm_time_iso(t_us, false, text);
	if (day_us == MM_TIME_NONE || t_us / MM_DAY_US != day_us / MM_DAY_US)
		mm_buf_addf(b, "%.10s ", text);
	mm_buf_addf(b, "%.8s", text + 11);
}

static void
add_what(struct mm_buf *b, const struct mm_told *t)
{
	const char *hole = strstr(t->kind->what, "%s");
	size_t at = b->n;

	mm_buf_add(b, t->kind->what, (size_t)(hole - t->kind->what));
	mm_buf_adds(b, t->target);
	mm_buf_addz(b, hole + 2);
	/* A sentence begins large, but a name of a host stays as it is. */
	if (hole != t->kind->what)
		b->p[at] = (char)(b->p[at] - 'a' + 'A');
}

/* "1 recipient", "2 recipients" */
static void
add_count(struct mm_buf *b, int64_t n, const char *noun)
{
	mm_buf_addf(b, "%lld %s%s", (long long)n, noun, n != 1 ? "s" : "");
}

static void
add_span(struct mm_buf *b, const struct mm_told *t, int64_t last_us)
{
	char text[MM_TIME_TEXT];

	if (t->end_us != MM_TIME_NONE)
		mm_buf_addf(b, " for %s",
			    mm_time_span(t->end_us - t->start_us, text));
	else
		mm_buf_addf(b, " for at least %s",
			    mm_time_span(last_us - t->start_us, text));
}

static void
answer(struct mm_report *r, const char *question, struct mm_buf *b,
       struct mm_str words, const char *see)
{
	const struct mm_answer a = { question, mm_buf_str(b), words, see };

	mm_report_answer(r, &a);
	mm_buf_clear(b);
}

struct mm_str
mm_incidents_words(const struct mm_told *t, const struct mm_table *templates)
{
	enum { OPERATOR = 1, TEMPLATE_CAUSE = 4, FIRST = 8, LAST, SAMPLE };
	struct mm_str any = MM_STR_ABSENT;

	for (size_t i = 0; i < templates->n_rows; i++) {
		const struct mm_cell *row = mm_table_row(templates, i);

		if (!mm_str_eq(row[TEMPLATE_CAUSE].s, t->cause) ||
		    row[LAST].i < t->start_us ||
		    (t->end_us != MM_TIME_NONE && row[FIRST].i > t->end_us))
			continue;
		if (row[OPERATOR].s.n > 0 &&
		    mm_str_eq(row[OPERATOR].s, t->target))
			return row[SAMPLE].s;
		if (any.p == NULL ||
		    (mm_str_ifind(any, t->target.p) == MM_NOT_FOUND &&
		     mm_str_ifind(row[SAMPLE].s, t->target.p) != MM_NOT_FOUND))
			any = row[SAMPLE].s;
	}
	return any;
}

static void
answer_over(const struct mm_incidents *in, struct mm_report *r,
	    struct mm_buf *b, int64_t last_us, int64_t n_waiting)
{
	int64_t over_us = in->worst->start_us;

	for (size_t i = 0; i < in->n; i++)
		if (in->told[i].end_us > over_us)
			over_us = in->told[i].end_us;
	if (in->n_open == 0) {
		mm_buf_addz(b, "Yes: the last incident ended at ");
		add_time(b, over_us, MM_TIME_NONE);
		mm_buf_addz(b, " UTC.");
	} else {
		mm_buf_addf(b,
			    "No: %zu of %zu incidents had not ended when the "
			    "logs did, at ",
			    in->n_open, in->n);
		add_time(b, last_us, MM_TIME_NONE);
		mm_buf_addz(b, " UTC.");
	}
	if (n_waiting > 0) {
		mm_buf_addc(b, ' ');
		add_count(b, n_waiting, "recipient");
		mm_buf_addz(b, " still waited then.");
	}
	mm_report_verdict(r, in->n_open > 0 ? MM_TONE_BAD : MM_TONE_GOOD,
			  in->n_open > 0 ? "Not over at the end of the logs"
					 : "Over");
	answer(r, "Is it over", b, MM_STR_ABSENT, NULL);
}

static void
answer_none(struct mm_report *r, struct mm_buf *b, int64_t n_waiting)
{
	mm_report_verdict(r, MM_TONE_GOOD, "No incident found");
	mm_buf_addz(b, "Nothing in these logs stands out as an incident.");
	if (n_waiting > 0) {
		mm_buf_addc(b, ' ');
		add_count(b, n_waiting, "recipient");
		mm_buf_addz(b, " waited when they ended.");
	}
	answer(r, "What happened", b, MM_STR_ABSENT, NULL);
}

static void
answer_what(const struct mm_incidents *in, struct mm_report *r,
	    struct mm_buf *b, int64_t last_us)
{
	const struct mm_told *t = in->worst;

	add_what(b, t);
	add_span(b, t, last_us);
	mm_buf_addc(b, '.');
	if (in->n > 1)
		mm_buf_addf(b, " %zu more incident%s found.", in->n - 1,
			    in->n > 2 ? "s were" : " was");
	answer(r, "What happened", b, MM_STR_ABSENT, t->id);
}

static void
answer_when(const struct mm_told *t, struct mm_report *r, struct mm_buf *b)
{
	mm_buf_addz(b, "From ");
	add_time(b, t->start_us, MM_TIME_NONE);
	if (t->end_us != MM_TIME_NONE) {
		mm_buf_addz(b, " to ");
		add_time(b, t->end_us, t->start_us);
	}
	mm_buf_addz(b, " UTC");
	if (t->peak_us != MM_TIME_NONE) {
		mm_buf_addz(b, ", worst at ");
		add_time(b, t->peak_us, t->start_us);
	}
	mm_buf_addc(b, '.');
	answer(r, "When", b, MM_STR_ABSENT, NULL);
}

static void
answer_who(const struct mm_told *t, struct mm_report *r, struct mm_buf *b)
{
	add_count(b, t->n_recipients, "recipient");
	mm_buf_addz(b, " of ");
	add_count(b, t->n_messages, "message");
	if (t->n_expired > 0)
		mm_buf_addf(b, "; %lld of them expired",
			    (long long)t->n_expired);
	mm_buf_addz(b, ". ");
	add_count(b, t->n_failed, "attempt");
	mm_buf_addz(b, " failed.");
	answer(r, "Who was hit", b, MM_STR_ABSENT, "receivers-section");
}

static void
answer_why(const struct mm_told *t, struct mm_report *r, struct mm_buf *b,
	   const struct mm_table *templates)
{
	if (t->cause.n > 0)
		mm_buf_adds(b, t->cause);
	else
		mm_buf_addz(b, "The cause is not known");
	if (t->side.n > 0)
		mm_buf_addf(b, ", on the side of the %.*s",
			    MM_STR_ARG(t->side));
	mm_buf_addc(b, '.');
	if (t->trigger.n > 0)
		mm_buf_addf(b, " Likely trigger: %.*s.",
			    MM_STR_ARG(t->trigger));
	answer(r, "Why", b, mm_incidents_words(t, templates), "causes-section");
}

void
mm_incidents_answer(const struct mm_incidents *in, struct mm_report *r,
		    const struct mm_table *templates, int64_t last_us,
		    int64_t n_waiting)
{
	struct mm_buf b;

	mm_buf_init(&b, (size_t)1 << 20);
	if (in->worst == NULL) {
		answer_none(r, &b, n_waiting);
	} else {
		answer_what(in, r, &b, last_us);
		answer_when(in->worst, r, &b);
		answer_who(in->worst, r, &b);
		answer_why(in->worst, r, &b, templates);
		answer_over(in, r, &b, last_us, n_waiting);
	}
	mm_buf_fini(&b);
}
