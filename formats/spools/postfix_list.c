#include <stdlib.h>
#include <string.h>

#include "formats/base/json.h"
#include "formats/base/mem.h"
#include "formats/spools/entries.h"
#include "formats/spools/formats.h"

#define LIST_MAX_BYTES ((size_t)1 << 30)
#define ALPHABET       "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"

static void *
begin(struct mm_str top)
{
	struct mm_entries *es = mm_alloc(sizeof(*es));

	mm_entries_init(es, top);
	return es;
}

static void
finish(struct mm_entries *es, const char *kind, const struct mm_spool_sink *to)
{
	if (to != NULL)
		mm_entries_emit(es, MM_MTA_POSTFIX, kind, mm_entries_merge_done,
				to);
	mm_entries_fini(es);
	free(es);
}

/* The listings show the null sender under this name (empty_address_*). */
static struct mm_str
sender_of(struct mm_entries *es, struct mm_str s)
{
	return mm_str_is(s, "MAILER-DAEMON") ? MM_STR("")
					     : mm_entries_keep(es, s);
}

/* postqueue -j: one object a line. */

static bool
j_probe(const struct mm_leaf *leaf, struct mm_str *top)
{
	struct mm_str line =
	    mm_str_upto(leaf->head, mm_str_findc(leaf->head, '\n'));

	*top = leaf->name;
	return mm_str_starts(line, "{") &&
	       mm_str_find(line, "\"queue_name\"") != MM_NOT_FOUND &&
	       mm_str_find(line, "\"queue_id\"") != MM_NOT_FOUND;
}

static void
j_recipient(struct mm_entries *es, const struct mm_json *v)
{
	static const char *const reasons[] = { "delay_reason", "bounce_reason",
					       "other_reason" };
	struct mm_str address = mm_json_str(mm_json_get(v, "address")), text;
	struct mm_spool_recipient *r;

	if (address.p == NULL)
		return;
	r = mm_entries_recipient(es, address);
	text = mm_json_str(mm_json_get(v, "orig_address"));
	if (!mm_str_ieq(text, address))
		r->orig = mm_entries_keep(es, text);
	for (size_t i = 0; i < MM_COUNT(reasons); i++) {
		text = mm_json_str(mm_json_get(v, reasons[i]));
		if (text.p != NULL)
			r->reason = mm_entries_keep(es, text);
	}
	/* Given up already, the notice is not written yet. */
	r->done = mm_json_get(v, "bounce_reason") != NULL;
}

static void
j_entry(struct mm_entries *es, const struct mm_leaf *leaf, struct mm_str line)
{
	struct mm_json *v = mm_json_parse(line, NULL);
	const struct mm_json *list = mm_json_get(v, "recipients");
	struct mm_str id = mm_json_str(mm_json_get(v, "queue_id"));
	struct mm_str queue = mm_json_str(mm_json_get(v, "queue_name"));
	struct mm_spool_entry *e;
	int64_t sec = mm_json_int(mm_json_get(v, "arrival_time"), 0);

	if (id.p != NULL) {
		e = mm_entries_begin(es, leaf->name, id);
		if (queue.p != NULL)
			e->queue = mm_entries_keep(es, queue);
		e->sender =
		    sender_of(es, mm_json_str(mm_json_get(v, "sender")));
		e->size_bytes = mm_json_int(mm_json_get(v, "message_size"), -1);
		if (sec > 0 && sec < INT64_MAX / MM_SECOND_US)
			e->arrived_us = sec * MM_SECOND_US;
		mm_entries_saw(es, e->arrived_us);
		for (size_t i = 0; i < mm_json_len(list); i++)
			j_recipient(es, mm_json_at(list, i));
		mm_entries_end(es);
	}
	mm_json_free(v);
}

static void
j_file(void *state, const struct mm_leaf *leaf)
{
	struct mm_str all, line;
	bool whole;

	all = mm_entries_content(leaf, LIST_MAX_BYTES, &whole);
	while (mm_entries_line(&all, &line))
		if (line.n > 0)
			j_entry(state, leaf, line);
	mm_entries_saw_listing(state, leaf->mtime_us);
}

static void
j_finish(void *state, const struct mm_spool_sink *sink)
{
	finish(state, mm_spool_postqueue_j.name, sink);
}

const struct mm_spool_format mm_spool_postqueue_j = {
	.name = "postqueue -j",
	.source = "postqueue(1), showq_json.c",
	.probe = j_probe,
	.begin = begin,
	.file = j_file,
	.finish = j_finish,
};

/* mailq, postqueue -p: a line a message, indented lines for recipients, the
 * reason in parentheses before those it concerns. */

static bool
mailq_probe(const struct mm_leaf *leaf, struct mm_str *top)
{
	struct mm_str line =
	    mm_str_upto(leaf->head, mm_str_findc(leaf->head, '\n'));

	*top = leaf->name;
	line = mm_str_trim(line);
	return (mm_str_starts(line, "-") && mm_str_ends(line, "-") &&
		mm_str_find(line, "-Queue ID-") != MM_NOT_FOUND &&
		mm_str_find(line, "-Sender/Recipient-") != MM_NOT_FOUND) ||
	       mm_str_is(line, "Mail queue is empty");
}

static struct mm_str
take_word(struct mm_str *s)
{
	struct mm_str word;

	while (mm_str_skip(s, " ") || mm_str_skip(s, "\t"))
		;
	word = mm_str_upto(*s, mm_str_findc(*s, ' '));
	*s = mm_str_from(*s, word.n);
	return word;
}

/* mail_queue.h: seconds, six digits of base 52 and more, then four digits of
 * microseconds, then 'z' and the inode. Short ids hold no seconds. */
static int64_t
time_in_id(struct mm_str id)
{
	size_t z = mm_str_find_last(id, "z");
	int64_t v[2] = { 0, 0 };

	if (z == MM_NOT_FOUND || z < 10 || z > 12)
		return MM_TIME_NONE;
	for (size_t i = 0; i < z; i++) {
		const char *digit = strchr(ALPHABET, id.p[i]);

		if (digit == NULL || *digit == '\0')
			return MM_TIME_NONE;
		v[i >= z - 4] = v[i >= z - 4] * 52 + (digit - ALPHABET);
	}
	return v[1] < MM_SECOND_US ? v[0] * MM_SECOND_US + v[1] : MM_TIME_NONE;
}

/* "Sun Nov 22 05:37:39", in the local time of the machine. */
static int64_t
take_date(struct mm_str *s, const struct mm_leaf *leaf)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	struct mm_str day = take_word(s), month = take_word(s);
	struct mm_str dom = take_word(s), hms = take_word(s), part;
	struct mm_civil c = { .month = mm_time_month(month) };
	uint64_t d, h, m, sec;
	size_t at = mm_str_find(mm_str_z(days), "Sun");

	for (at = 0; at < 7; at++)
		if (day.n == 3 && memcmp(days + 3 * at, day.p, 3) == 0)
			break;
	if (at == 7 || c.month == 0 || !mm_str_to_u64(dom, &d) ||
	    !mm_str_cutc(&hms, ':', &part) || !mm_str_to_u64(part, &h) ||
	    !mm_str_cutc(&hms, ':', &part) || !mm_str_to_u64(part, &m) ||
	    !mm_str_to_u64(hms, &sec) || d < 1 || d > 31 || h > 23 || m > 59 ||
	    sec > 60)
		return MM_TIME_NONE;
	c.day = (int)d;
	c.hour = (int)h;
	c.minute = (int)m;
	c.second = (int)sec;
	return mm_entries_date(c, (int)at, leaf->mtime_us, leaf->zone);
}

static struct mm_spool_entry *
mailq_entry(struct mm_entries *es, const struct mm_leaf *leaf,
	    struct mm_str line)
{
	struct mm_str id = take_word(&line), size;
	struct mm_str queue = MM_STR("deferred");
	struct mm_spool_entry *e;
	int64_t date_us;
	uint64_t n;

	while (id.n > 0 && strchr("*!#", id.p[id.n - 1]) != NULL) {
		if (id.p[id.n - 1] != '#') /* to be expired */
			queue = id.p[id.n - 1] == '*' ? MM_STR("active")
						      : MM_STR("hold");
		id.n--;
	}
	size = take_word(&line);
	if (!mm_str_to_u64(size, &n) || n > INT64_MAX)
		return NULL;
	e = mm_entries_begin(es, leaf->name, id);
	e->queue = queue;
	e->size_bytes = (int64_t)n;
	date_us = take_date(&line, leaf);
	e->arrived_us = time_in_id(id);
	if (e->arrived_us == MM_TIME_NONE)
		e->arrived_us = date_us;
	e->sender = sender_of(es, mm_str_trim(line));
	mm_entries_saw(es, e->arrived_us);
	return e;
}

static void
mailq_file(void *state, const struct mm_leaf *leaf)
{
	struct mm_entries *es = state;
	struct mm_spool_entry *open = NULL;
	struct mm_spool_recipient *r;
	struct mm_str all, line, reason = MM_STR_ABSENT;
	bool whole;

	all = mm_entries_content(leaf, LIST_MAX_BYTES, &whole);
	while (mm_entries_line(&all, &line)) {
		struct mm_str text = mm_str_trim(line);

		if (text.n == 0 || mm_str_starts(text, "-- ")) {
			if (open != NULL)
				mm_entries_end(es);
			open = NULL;
		} else if (open == NULL) {
			open = mailq_entry(es, leaf, line);
			reason = MM_STR_ABSENT;
		} else if (text.p[0] == '(' && mm_str_ends(text, ")")) {
			text = mm_str_from(mm_str_upto(text, text.n - 1), 1);
			reason = mm_str_is(text, "reason unavailable")
				     ? MM_STR_ABSENT
				     : mm_entries_keep(es, text);
		} else {
			r = mm_entries_recipient(es, text);
			r->reason = reason;
		}
	}
	if (open != NULL)
		mm_entries_end(es);
	mm_entries_saw_listing(es, leaf->mtime_us);
}

static void
mailq_finish(void *state, const struct mm_spool_sink *sink)
{
	finish(state, mm_spool_postfix_mailq.name, sink);
}

const struct mm_spool_format mm_spool_postfix_mailq = {
	.name = "postfix mailq",
	.source = "postqueue(1), showq_compat.c",
	.probe = mailq_probe,
	.begin = begin,
	.file = mailq_file,
	.finish = mailq_finish,
};
