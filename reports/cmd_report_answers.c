#include <string.h>

#include "formats/base/time.h"
#include "reports/cmd_report_tale.h"

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

/* A sentence begins large, but a name of a host stays as it is. */
static void
add_what(struct mm_buf *b, const struct mm_told *d)
{
	const char *hole = strstr(d->what, "%s");
	size_t at = b->n;

	mm_buf_add(b, d->what, (size_t)(hole - d->what));
	mm_buf_adds(b, d->target);
	mm_buf_addz(b, hole + 2);
	if (hole != d->what || mm_str_is(d->name, "local"))
		b->p[at] = (char)(b->p[at] - 'a' + 'A');
}

/* "1 recipient", "2 recipients" */
static void
add_count(struct mm_buf *b, int64_t n, const char *noun)
{
	mm_buf_addf(b, "%lld %s%s", (long long)n, noun, n != 1 ? "s" : "");
}

static void
add_span(struct mm_buf *b, const struct mm_tale *t, const struct mm_told *d)
{
	char text[MM_TIME_TEXT];

	if (d->end_us != MM_TIME_NONE)
		mm_buf_addf(b, " for %s",
			    mm_time_span(d->end_us - d->start_us, text));
	else
		mm_buf_addf(b, " for at least %s",
			    mm_time_span(t->last_us - d->start_us, text));
}

static void
answer(struct mm_report *r, const char *question, struct mm_buf *b,
       struct mm_str words, const char *see)
{
	const struct mm_answer a = { question, mm_buf_str(b), words, see };

	mm_report_answer(r, &a);
	mm_buf_clear(b);
}

#define N_ALSO	 3 /* further incidents that the head names */
#define N_LED_TO 5

/* Is it a consequence of what leads the report? */
static bool
is_led_to(const struct mm_tale *t, const struct mm_told *d)
{
	return d != t->worst && d->after != 0 &&
	       &t->told[d->chain - 1] == t->worst;
}

/* Mail that an operator keeps, or that took another way, is no trouble that
 * goes on. */
static bool
is_trouble(const struct mm_tale *t, const struct mm_told *d)
{
	return is_led_to(t, d) && d->kind->tone != MM_TONE_PLAIN;
}

/* The end of it and of all that came of it; MM_TIME_NONE: not over. */
static int64_t
chain_end(const struct mm_tale *t)
{
	int64_t end = t->worst->end_us;

	for (size_t i = 0; i < t->n && end != MM_TIME_NONE; i++)
		if (is_trouble(t, &t->told[i]) &&
		    (t->told[i].end_us == MM_TIME_NONE ||
		     t->told[i].end_us > end))
			end = t->told[i].end_us;
	return end;
}

static const struct mm_told *
next_worst(const struct mm_tale *t, const struct mm_told *than)
{
	const struct mm_told *next = NULL;

	for (size_t i = 0; i < t->n; i++)
		if (!is_led_to(t, &t->told[i]) &&
		    mm_tale_is_worse(than, &t->told[i]) &&
		    mm_tale_is_worse(&t->told[i], next))
			next = &t->told[i];
	return next;
}

/* " Also: Block at big.example (107 recipients), ... and 9 more." */
static void
add_also(const struct mm_tale *t, struct mm_buf *b)
{
	const struct mm_told *d = t->worst;
	size_t n = 0, others = 0;

	while (n < N_ALSO && (d = next_worst(t, d)) != NULL) {
		mm_buf_addf(b, "%s%s at %.*s (",
			    n++ > 0 ? ", " : " Also: ", d->kind->title,
			    MM_STR_ARG(d->target));
		add_count(b, d->n_recipients, "recipient");
		mm_buf_addc(b, ')');
	}
	for (size_t i = 0; i < t->n; i++)
		others += !is_led_to(t, &t->told[i]);
	if (others > n + 1)
		mm_buf_addf(b, " and %zu more", others - n - 1);
	if (n > 0)
		mm_buf_addc(b, '.');
}

/* " It led to: Backlog at this server, Block at Google." */
static void
add_led_to(const struct mm_tale *t, struct mm_buf *b)
{
	size_t n = 0, all = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct mm_told *d = &t->told[i];

		if (!is_trouble(t, d) || all++ >= N_LED_TO)
			continue;
		mm_buf_addf(b, "%s%s at %.*s",
			    n++ > 0 ? ", " : " It led to: ", d->kind->title,
			    MM_STR_ARG(d->target));
	}
	if (all > n)
		mm_buf_addf(b, " and %zu more", all - n);
	if (n > 0)
		mm_buf_addc(b, '.');
}

static void
answer_what(const struct mm_tale *t, struct mm_report *r, struct mm_buf *b)
{
	add_what(b, t->worst);
	add_span(b, t, t->worst);
	mm_buf_addc(b, '.');
	add_led_to(t, b);
	add_also(t, b);
	answer(r, "What happened", b, MM_STR_ABSENT, t->worst->id);
}

static void
answer_when(const struct mm_told *d, struct mm_report *r, struct mm_buf *b)
{
	mm_buf_addz(b, "From ");
	add_time(b, d->start_us, MM_TIME_NONE);
	if (d->end_us != MM_TIME_NONE) {
		mm_buf_addz(b, " to ");
		add_time(b, d->end_us, d->start_us);
	}
	mm_buf_addz(b, " UTC");
	if (d->peak_us != MM_TIME_NONE) {
		mm_buf_addz(b, ", worst at ");
		add_time(b, d->peak_us, d->start_us);
	}
	mm_buf_addc(b, '.');
	answer(r, "When", b, MM_STR_ABSENT, NULL);
}

static void
answer_who(const struct mm_told *d, struct mm_report *r, struct mm_buf *b)
{
	add_count(b, d->n_recipients, "recipient");
	mm_buf_addz(b, " of ");
	add_count(b, d->n_messages, "message");
	if (d->n_expired > 0)
		mm_buf_addf(b, "; %lld of them expired",
			    (long long)d->n_expired);
	mm_buf_addz(b, ". ");
	add_count(b, d->n_failed, "attempt");
	mm_buf_addz(b, " failed.");
	answer(r, "Who was hit", b, MM_STR_ABSENT, "receivers-section");
}

static void
answer_why(const struct mm_tale *t, struct mm_report *r, struct mm_buf *b)
{
	const struct mm_told *d = t->worst;

	if (d->cause.n > 0)
		mm_tale_add_cause(t, d, b);
	else
		mm_buf_addz(b, "the cause is not known");
	if (b->p[0] >= 'a' && b->p[0] <= 'z')
		b->p[0] = (char)(b->p[0] - 'a' + 'A');
	mm_buf_addc(b, '.');
	if (d->side.n > 0)
		mm_buf_addf(b, " Side: %.*s.", MM_STR_ARG(d->side));
	if (d->trigger.n > 0)
		mm_buf_addf(b, " Likely trigger: %.*s.",
			    MM_STR_ARG(d->trigger));
	answer(r, "Why", b, d->words, "causes-section");
}

/* What leads the report decides whether it is over; what else was open is
 * said beside it. */
static void
answer_over(const struct mm_tale *t, struct mm_report *r, struct mm_buf *b)
{
	const struct mm_told *d = t->worst;
	int64_t end_us = chain_end(t);
	char text[MM_TIME_TEXT];

	if (end_us != MM_TIME_NONE) {
		mm_buf_addz(b, "Yes, since ");
		add_time(b, end_us, MM_TIME_NONE);
		mm_buf_addz(b, " UTC.");
		if (end_us != d->end_us) {
			mm_buf_addz(b, " It ended itself at ");
			add_time(b, d->end_us, end_us);
			mm_buf_addz(b, ", what it led to lasted longer.");
		}
		(void)mm_time_iso(end_us, false, text);
		mm_report_verdict(
		    r, t->n_open > 0 ? MM_TONE_WARN : MM_TONE_GOOD,
		    "Over since %.10s %.8s UTC%s", text, text + 11,
		    t->n_open > 0 ? ", others were open" : "");
	} else {
		mm_buf_addz(b, "No: it had not ended when the logs did, at ");
		add_time(b, t->last_us, MM_TIME_NONE);
		mm_buf_addz(b, " UTC.");
		mm_report_verdict(r, MM_TONE_BAD,
				  "Not over at the end of the logs");
	}
	if (t->n_open > (end_us == MM_TIME_NONE)) {
		mm_buf_addc(b, ' ');
		add_count(b, (int64_t)t->n_open - (end_us == MM_TIME_NONE),
			  "other incident");
		mm_buf_addz(b, " had no end in the logs.");
	}
	if (t->n_waiting > 0) {
		mm_buf_addc(b, ' ');
		add_count(b, t->n_waiting, "recipient");
		mm_buf_addz(b, " still waited at the end of the logs.");
	}
	answer(r, "Is it over", b, MM_STR_ABSENT, "incidents-section");
}

static void
answer_todo(const struct mm_tale *t, struct mm_report *r, struct mm_buf *b)
{
	struct mm_advice a = mm_tale_advice(t, t->worst);

	if (a.fix == NULL)
		return;
	mm_buf_addf(b, "%s Does waiting help? %s %s", a.fix, a.waiting,
		    a.avoid);
	answer(r, "What to do", b, MM_STR_ABSENT, "todo");
}

static void
answer_none(const struct mm_tale *t, struct mm_report *r, struct mm_buf *b)
{
	mm_report_verdict(r, MM_TONE_GOOD, "No incident found");
	mm_buf_addz(b, "Nothing in these logs stands out as an incident.");
	if (t->n_waiting > 0) {
		mm_buf_addc(b, ' ');
		add_count(b, t->n_waiting, "recipient");
		mm_buf_addz(b, " waited at the end of the logs.");
	}
	answer(r, "What happened", b, MM_STR_ABSENT, NULL);
}

void
mm_tale_answer(const struct mm_tale *t, struct mm_report *r)
{
	struct mm_buf b;

	mm_buf_init(&b, (size_t)1 << 20);
	if (t->worst == NULL) {
		answer_none(t, r, &b);
	} else {
		answer_what(t, r, &b);
		answer_when(t->worst, r, &b);
		answer_who(t->worst, r, &b);
		answer_why(t, r, &b);
		answer_over(t, r, &b);
		answer_todo(t, r, &b);
	}
	mm_buf_fini(&b);
}
