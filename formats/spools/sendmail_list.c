#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "formats/spools/entries.h"
#include "formats/spools/formats.h"

#define LIST_MAX_BYTES ((size_t)1 << 30)

/* mailq, also -v, -qQ, -Ac: for each queue a heading, then "ID[mark] size time
 * sender", the last reason of the message in parentheses, the recipients; with
 * -v each is followed by its own reason when that is another. Reasons are cut
 * at 60 (-v: 100) characters. */

static bool
is_heading(struct mm_str line)
{
	return mm_str_find(line, "-Q-ID-") != MM_NOT_FOUND &&
	       mm_str_find(line, "-Sender/Recipient-") != MM_NOT_FOUND;
}

static bool
is_status(struct mm_str line)
{
	return mm_str_ends(line, "Queue status...") ||
	       (mm_str_starts(line, "/") && mm_str_ends(line, " is empty"));
}

static bool
probe(const struct mm_leaf *leaf, struct mm_str *top)
{
	struct mm_str rest = leaf->head, line;

	*top = leaf->name;
	while (mm_entries_line(&rest, &line)) {
		line = mm_str_trim(line);
		if (is_heading(line) || is_status(line))
			return true;
		if (line.n > 0 && !mm_str_starts(line, "/"))
			return false;
	}
	return false;
}

static void *
begin(struct mm_str top)
{
	struct mm_entries *es = mm_alloc(sizeof(*es));

	mm_entries_init(es, top);
	return es;
}

static struct mm_str
take_word(struct mm_str *s)
{
	struct mm_str word;

	*s = mm_str_trim(*s);
	word = mm_str_upto(*s, mm_str_findc(*s, ' '));
	*s = mm_str_from(*s, word.n);
	return word;
}

/* Year, month, day, hour, minute, second of the id in UTC, one digit of base
 * 60 each; the year is given modulo 60. MM_TIME_NONE when it makes no sense. */
static int64_t
time_in_id(struct mm_str id, int64_t not_after_us)
{
	static const char digits[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx";
	struct mm_civil c = { .year = 0 }, now;
	int v[6];

	if (id.n != 14)
		return MM_TIME_NONE;
	for (size_t i = 0; i < MM_COUNT(v); i++) {
		const char *at = strchr(digits, id.p[i]);

		if (at == NULL || *at == '\0')
			return MM_TIME_NONE;
		v[i] = (int)(at - digits);
	}
	mm_time_to_civil(not_after_us, &now);
	c.year = now.year + 1 - ((now.year + 1 - 1900 - v[0]) % 60 + 60) % 60;
	c.month = v[1] + 1;
	c.day = v[2];
	c.hour = v[3];
	c.minute = v[4];
	c.second = v[5];
	if (c.year < 1970 || c.month > 12 || c.day < 1 ||
	    c.day > mm_time_month_days(c.year, c.month) || c.hour > 23)
		return MM_TIME_NONE;
	return mm_time_from_civil(&c);
}

/* "Sun Nov 22 05:37", with -v "Nov 22 05:37"; local time of the machine. */
static int64_t
take_date(struct mm_str *s, const struct mm_leaf *leaf)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	struct mm_str word = take_word(s), part;
	struct mm_civil c = { .month = mm_time_month(word) };
	uint64_t day, hour, minute;
	int weekday = -1;

	if (c.month == 0 && word.n == 3) {
		for (size_t i = 0; i < 7 && weekday < 0; i++)
			if (memcmp(days + 3 * i, word.p, 3) == 0)
				weekday = (int)i;
		word = take_word(s);
		c.month = mm_time_month(word);
	}
	word = take_word(s);
	part = take_word(s);
	if (c.month == 0 || !mm_str_to_u64(word, &day) ||
	    !mm_str_cutc(&part, ':', &word) || !mm_str_to_u64(word, &hour) ||
	    !mm_str_to_u64(part, &minute) || day < 1 || day > 31 || hour > 23 ||
	    minute > 59)
		return MM_TIME_NONE;
	c.day = (int)day;
	c.hour = (int)hour;
	c.minute = (int)minute;
	return mm_entries_date(c, weekday, leaf->mtime_us, leaf->zone);
}

static struct mm_str
address_of(struct mm_str s)
{
	s = mm_str_trim(s);
	if (s.n > 1 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		s = mm_str_from(mm_str_upto(s, s.n - 1), 1);
	return s;
}

/* '*' running, '-' too young, 'X' load too high, '?' lost. */
static char
cut_mark(struct mm_str *id)
{
	char mark = id->n > 0 ? id->p[id->n - 1] : '\0';

	if (strchr("*-?", mark) == NULL && (mark != 'X' || id->n != 15))
		return ' ';
	if (mark != '\0')
		id->n--;
	return mark;
}

struct reader {
	struct mm_entries *es;
	struct mm_spool_entry *open; /* NULL: between messages */
	struct mm_str reason;
	const struct mm_leaf *leaf;
	bool verbose; /* a priority stands before the time */
};

/* Without -v the reason is of one of the recipients, nobody knows which. */
static void
close_entry(struct reader *r)
{
	struct mm_entries *es = r->es;

	if (r->open == NULL)
		return;
	for (size_t i = 0; i < es->n_rcpts; i++)
		if (es->rcpts[i].reason.p == NULL &&
		    (r->verbose || es->n_rcpts == 1))
			es->rcpts[i].reason = r->reason;
	mm_entries_end(es);
	r->open = NULL;
	r->reason = MM_STR_ABSENT;
}

/* False when the line is no first line of a message. */
static bool
take_head(struct reader *r, struct mm_str line)
{
	struct mm_str id = take_word(&line), size;
	char mark = cut_mark(&id);
	uint64_t n;
	int64_t date_us;

	for (size_t i = 0; i < id.n; i++)
		if (!((id.p[i] >= '0' && id.p[i] <= '9') ||
		      (id.p[i] >= 'A' && id.p[i] <= 'Z') ||
		      (id.p[i] >= 'a' && id.p[i] <= 'z')))
			return false;
	line = mm_str_trim(line);
	if (id.n < 12 || line.n == 0)
		return false;
	close_entry(r);
	if (line.p[0] == '(')
		return true; /* (job completed), (no control file) */
	size = take_word(&line);
	if (!mm_str_to_u64(size, &n) || n > INT64_MAX)
		return false;
	if (r->verbose)
		(void)take_word(&line);
	r->open = mm_entries_begin(r->es, r->es->name, id);
	r->open->queue = mark == '*' ? MM_STR("active") : MM_STR("deferred");
	r->open->size_bytes = (int64_t)n;
	date_us = take_date(&line, r->leaf);
	r->open->arrived_us = time_in_id(id, r->leaf->mtime_us);
	if (r->open->arrived_us == MM_TIME_NONE)
		r->open->arrived_us = date_us;
	line = address_of(line);
	r->open->sender = mm_str_is(line, "MAILER-DAEMON")
			      ? MM_STR("")
			      : mm_entries_keep(r->es, line);
	mm_entries_saw(r->es, r->open->arrived_us);
	return true;
}

static void
take_reason(struct reader *r, struct mm_str text)
{
	struct mm_entries *es = r->es;

	if (mm_str_ends(text, ")"))
		text.n--;
	/* That says how long, not why. */
	if (mm_str_starts(text, "Warning: could not send message"))
		return;
	(void)mm_str_skip(&text, "Deferred: ");
	text = mm_entries_keep(es, text);
	if (es->n_rcpts > 0)
		es->rcpts[es->n_rcpts - 1].reason = text;
	else
		r->reason = text;
}

/* A line below the first one of a message; the body type may stand before the
 * reason. */
static void
take_detail(struct reader *r, struct mm_str line)
{
	(void)(mm_str_skip(&line, "8BITMIME") || mm_str_skip(&line, "7BIT"));
	line = mm_str_trim(line);
	if (mm_str_skip(&line, "QUARANTINE: ")) {
		r->open->queue = MM_STR("quarantine");
		r->open->note = mm_entries_keep(r->es, line);
	} else if (mm_str_starts(line, "(---")) {
		return; /* -v: the controlling user */
	} else if (mm_str_skip(&line, "(")) {
		take_reason(r, line);
	} else if (line.n > 0) {
		(void)mm_entries_recipient(r->es, address_of(line));
	}
}

static void
file(void *state, const struct mm_leaf *leaf)
{
	struct reader r = { .es = state, .leaf = leaf };
	struct mm_str rest, line;
	bool all;

	rest = mm_entries_content(leaf, LIST_MAX_BYTES, &all);
	while (mm_entries_line(&rest, &line)) {
		struct mm_str text = mm_str_trim(line);

		if (text.n == 0)
			continue;
		if (is_heading(text)) {
			close_entry(&r);
			r.verbose =
			    mm_str_find(text, "-Priority-") != MM_NOT_FOUND;
		} else if (is_status(text) ||
			   mm_str_starts(text, "Total requests:") ||
			   (mm_str_starts(text, "/") &&
			    (mm_str_ends(text, " requests)") ||
			     mm_str_ends(text, " request)")))) {
			close_entry(&r);
		} else if (line.p[0] == ' ' || line.p[0] == '\t') {
			if (r.open != NULL)
				take_detail(&r, text);
		} else {
			(void)take_head(&r, line);
		}
	}
	close_entry(&r);
	mm_entries_saw_listing(state, leaf->mtime_us);
}

static void
finish(void *state, const struct mm_spool_sink *sink)
{
	struct mm_entries *es = state;

	if (sink != NULL)
		mm_entries_emit(es, MM_MTA_SENDMAIL,
				mm_spool_sendmail_mailq.name,
				mm_entries_merge_done, sink);
	mm_entries_fini(es);
	free(es);
}

const struct mm_spool_format mm_spool_sendmail_mailq = {
	.name = "sendmail mailq",
	.source = "mailq(1), Sendmail 8.17 queue.c printqueue()",
	.probe = probe,
	.begin = begin,
	.file = file,
	.finish = finish,
};
