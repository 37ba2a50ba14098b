#include <string.h>

#include "analyze/incident/story.h"
#include "formats/base/buf.h"

/* What happened; the name of the target goes before or where "%" stands. */
static const struct {
	const char *kind, *what, *own; /* NULL: the same of the own server */
} phrases[] = {
	{ "outage", "% could not be reached or did not take mail", NULL },
	{ "throttle", "% let only a part of our mail in", NULL },
	{ "block", "% refused our mail", NULL },
	{ "greylist", "% put off mail that it did not know yet", NULL },
	{ "dns", "the name lookups for % failed", NULL },
	{ "tls", "no TLS session with % came about", NULL },
	{ "local-stop", "% stood still", NULL },
	{ "disk", "the disk of % was full or failed", NULL },
	{ "filter-down", "the content filter % did not take mail", NULL },
	{ "pause", "mail was kept back on purpose", NULL },
	{ "hold", "messages were put on hold", NULL },
	{ "log-gap", "the log of % says nothing", NULL },
	{ "clock-step", "the clock of % jumped", NULL },
	{ "volume-spike", "% brought far more mail than before", NULL },
	{ "bounce-spike", "far more mail than before bounced at %", NULL },
	{ "backscatter", "bounces of mail that was never sent came in", NULL },
	{ "compromise", "% sent what is not its habit", NULL },
	{ "failover", "mail for % took another way", NULL },
	{ "retry-storm", "% was retried in bursts", NULL },
	{ "backlog", "mail for % piled up", "mail piled up at %" },
};

bool
mm_incident_is_kind(struct mm_str name)
{
	for (size_t i = 0; i < MM_COUNT(phrases); i++)
		if (mm_str_is(name, phrases[i].kind))
			return true;
	return false;
}

static void
add_what(struct mm_buf *b, const struct mm_incident *in)
{
	struct mm_str what = MM_STR("something happened at %");
	struct mm_str head = what;
	bool own = mm_str_is(in->target, "local");
	struct mm_str name = own ? MM_STR("the own server") : in->target;

	for (size_t i = 0; i < MM_COUNT(phrases); i++)
		if (strcmp(phrases[i].kind, in->kind) == 0)
			what = mm_str_z(own && phrases[i].own != NULL
					    ? phrases[i].own
					    : phrases[i].what);
	if (mm_str_find(in->cause, "removed by") != MM_NOT_FOUND)
		what = MM_STR("messages were removed from the queue");
	if (own && strcmp(in->kind, "dns") == 0)
		name = MM_STR("many receivers at once");
	else if (own && strcmp(in->kind, "outage") == 0)
		name = MM_STR("many receivers at once");
	if (mm_str_cutc(&what, '%', &head)) {
		mm_buf_adds(b, head);
		mm_buf_adds(b, name);
	}
	mm_buf_adds(b, what);
	/* A domain keeps its small letter. */
	if (b->p[0] >= 'a' && b->p[0] <= 'z' && (own || head.n > 0))
		b->p[0] = (char)(b->p[0] - 'a' + 'A');
}

/* "2026-11-22 05:34:31"; the day is left out when it is that of `day_us`. */
static const char *
clock_text(int64_t t_us, int64_t day_us, char text[MM_TIME_TEXT])
{
	(void)mm_time_iso(t_us, false, text);
	text[10] = ' ';
	text[19] = '\0'; /* without the Z */
	if (day_us != MM_TIME_NONE && t_us / MM_DAY_US == day_us / MM_DAY_US)
		memmove(text, text + 11, 9);
	return text;
}

static void
add_when(struct mm_buf *b, const struct mm_incident *in)
{
	char from[MM_TIME_TEXT], to[MM_TIME_TEXT], span[MM_TIME_TEXT];

	(void)clock_text(in->start_us, MM_TIME_NONE, from);
	if (in->end_us == MM_TIME_NONE)
		mm_buf_addf(b,
			    " from %s UTC on; it was not over when the logs "
			    "end.",
			    from);
	else if (in->end_us - in->start_us < MM_SECOND_US)
		mm_buf_addf(b, " at %s UTC.", from);
	else
		mm_buf_addf(b, " from %s to %s UTC (%s).", from,
			    clock_text(in->end_us, in->start_us, to),
			    mm_time_span(in->end_us - in->start_us, span));
}

static void
add_number(struct mm_buf *b, uint32_t n, const char *what)
{
	mm_buf_addf(b, "%u %s%s", n, what, n == 1 ? "" : "s");
}

static void
add_impact(struct mm_buf *b, const struct mm_incident *in)
{
	if (in->n_bad > 0) {
		mm_buf_addc(b, ' ');
		add_number(b, in->attempts_failed, "attempt");
		mm_buf_addz(b, " failed");
		if (in->messages > 0) {
			mm_buf_addz(b, ", for ");
			add_number(b, in->messages, "message");
		}
		if (in->recipients > 0) {
			mm_buf_addz(b, " to ");
			add_number(b, in->recipients, "recipient");
		}
		if (in->n_passed > 0)
			mm_buf_addf(b, "; %u passed meanwhile", in->n_passed);
		mm_buf_addc(b, '.');
	} else if (in->messages > 0) {
		mm_buf_addc(b, ' ');
		add_number(b, in->messages, "message");
		mm_buf_addz(b, in->messages == 1 ? " is concerned."
						 : " are concerned.");
	}
	if (in->expired > 0) {
		mm_buf_addc(b, ' ');
		add_number(b, in->expired, "recipient");
		mm_buf_addz(b, in->expired == 1 ? " was" : " were");
		mm_buf_addz(b, " given up with this as the last reason.");
	}
}

/* Causes are "name: words"; the words are those of who refused. */
static void
add_words(struct mm_buf *b, const struct mm_incident *in)
{
	struct mm_str words = in->cause, name;

	if (!mm_str_cut(&words, ": ", &name) || words.n == 0)
		return;
	mm_buf_addz(b, in->n_bad > 0 ? " Most often the log says: "
				     : " The log says: ");
	mm_buf_adds(b, words);
	if (words.p[words.n - 1] != '.')
		mm_buf_addc(b, '.');
}

static void
add_edges(struct mm_buf *b, const struct mm_incident *in)
{
	char good[MM_TIME_TEXT], bad[MM_TIME_TEXT];
	int64_t day = in->start_us;

	if (in->n_bad == 0)
		return;
	if (in->last_good_us != MM_TIME_NONE &&
	    in->start_us != in->first_bad_us)
		mm_buf_addf(b,
			    " It began between the last success at %s and the "
			    "first failure at %s.",
			    clock_text(in->last_good_us, day, good),
			    clock_text(in->first_bad_us, day, bad));
	if (in->end_us == MM_TIME_NONE || in->recovered_us == MM_TIME_NONE)
		return;
	if (in->end_us != in->last_bad_us)
		mm_buf_addf(b,
			    " It ended between the last failure at %s and the "
			    "first success at %s.",
			    clock_text(in->last_bad_us, day, bad),
			    clock_text(in->recovered_us, day, good));
	else
		mm_buf_addf(b, " The first success after it was at %s.",
			    clock_text(in->recovered_us, day, good));
}

/* "the throttle of big.example" */
static void
add_name(struct mm_buf *b, const struct mm_incident *in)
{
	mm_buf_addz(b, "the ");
	mm_buf_addz(b, in->kind);
	if (!mm_str_is(in->target, "local"))
		mm_buf_addf(b, " of %.*s", MM_STR_ARG(in->target));
}

/* What it came of, and what came of it. */
static void
add_chain(struct mm_buf *b, const struct mm_incidents *l,
	  const struct mm_incident *in)
{
	uint32_t no = (uint32_t)(in - l->v) + 1;
	bool any = false;

	if (in->after != 0) {
		mm_buf_addz(b, " It came of ");
		add_name(b, &l->v[in->after - 1]);
		mm_buf_addf(b, ": %.*s.", MM_STR_ARG(in->link));
	}
	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i].after != no)
			continue;
		mm_buf_addz(b, any ? ", " : " What came of it: ");
		add_name(b, &l->v[i]);
		any = true;
	}
	if (any)
		mm_buf_addc(b, '.');
}

void
mm_incident_tell(struct mm_incidents *l, struct mm_incident *in)
{
	struct mm_buf b;

	mm_buf_init(&b, (size_t)1 << 16);
	add_what(&b, in);
	add_when(&b, in);
	add_impact(&b, in);
	add_words(&b, in);
	add_edges(&b, in);
	add_chain(&b, l, in);
	if (in->trigger.n > 0)
		mm_buf_addf(&b, " Just before: %.*s%s", MM_STR_ARG(in->trigger),
			    in->trigger.p[in->trigger.n - 1] == '.' ? "" : ".");
	in->story = mm_arena_str(&l->texts, mm_buf_str(&b));
	mm_buf_fini(&b);
}
