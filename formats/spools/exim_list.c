#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "formats/spools/entries.h"
#include "formats/spools/formats.h"

#define LIST_MAX_BYTES ((size_t)1 << 30)

/* exim -bp: " 25m  2.9K 0tH4Fb-000Bxm-8F <sender> *** frozen ***", then a line
 * for each recipient, "D" before those that are done, then a blank line. */

/* string_format_size(): bytes, or with K, M, G at most one decimal. */
static int64_t
size_of(struct mm_str s)
{
	static const char units[] = "KMG";
	int64_t tenths, unit = 1;
	const char *at;

	if (s.n > 0 && (at = strchr(units, s.p[s.n - 1])) != NULL) {
		unit = (int64_t)1 << (10 * (at - units + 1));
		s.n--;
	}
	return mm_str_to_fixed(s, 10, &tenths) && tenths >= 0 &&
		       tenths < INT64_MAX / unit
		   ? tenths * unit / 10
		   : -1;
}

/* queue_list(): minutes up to 90, then hours up to 72, then days, rounded to
 * the nearest. The least that it can be; -1 when it is no age. */
static int64_t
least_age(struct mm_str s)
{
	char unit = s.n > 1 ? s.p[s.n - 1] : '\0';
	uint64_t n;
	int64_t minutes;

	if (!mm_str_to_u64(mm_str_upto(s, s.n - (s.n > 0)), &n) || n > 99999)
		return -1;
	minutes = (int64_t)n;
	if (unit == 'd')
		minutes = minutes * 24 - 12;
	if (unit == 'd' || unit == 'h')
		minutes = minutes * 60 - 30;
	else if (unit != 'm')
		return -1;
	return minutes > 0 ? minutes * MM_MINUTE_US : 0;
}

/* Digits of base 62; -1 when there is another, or too many. */
static int64_t
base62(struct mm_str s)
{
	int64_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'A' && c <= 'Z' ? c - 'A' + 10
			    : c >= 'a' && c <= 'z' ? c - 'a' + 36
						   : -1;

		if (digit < 0 || v > (INT64_MAX - digit) / 62)
			return -1;
		v = v * 62 + digit;
	}
	return v;
}

/* Seconds, process, fraction. The unit of the last is 1 us in ids of Exim
 * 4.97 and later; in those before it depends on localhost_number, so it is
 * left out. MM_TIME_NONE when it is no id. */
static int64_t
time_in_id(struct mm_str id)
{
	size_t dash = id.n == 16 ? 13 : 18;
	int64_t sec, part, pid;

	if ((id.n != 16 && id.n != 23) || id.p[6] != '-' || id.p[dash] != '-')
		return MM_TIME_NONE;
	sec = base62(mm_str_upto(id, 6));
	pid = base62(mm_str_from(mm_str_upto(id, dash), 7));
	part = base62(mm_str_from(id, dash + 1));
	if (sec < 0 || pid < 0 || part < 0)
		return MM_TIME_NONE;
	return sec * MM_SECOND_US + (id.n == 16 ? 0 : part);
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

struct head {
	int64_t age_us, size_bytes, arrived_us;
	struct mm_str id, sender;
	bool frozen;
};

static bool
take_head(struct mm_str line, struct head *h)
{
	struct mm_str age = take_word(&line), size = take_word(&line), part;

	h->age_us = least_age(age);
	h->size_bytes = size_of(size);
	h->id = take_word(&line);
	h->arrived_us = time_in_id(h->id);
	if (h->age_us < 0 || h->arrived_us == MM_TIME_NONE)
		return false;
	line = mm_str_trim(line);
	h->sender = MM_STR_ABSENT; /* *** spool read error *** */
	if (mm_str_skip(&line, "<") && mm_str_cutc(&line, '>', &part))
		h->sender = part;
	h->frozen = mm_str_ends(line, "*** frozen ***");
	return true;
}

static bool
probe(const struct mm_leaf *leaf, struct mm_str *top)
{
	struct mm_str rest = leaf->head, line;
	struct head h;

	*top = leaf->name;
	while (mm_entries_line(&rest, &line))
		if (line.n > 0)
			return take_head(line, &h);
	return false;
}

static void *
begin(struct mm_str top)
{
	struct mm_entries *es = mm_alloc(sizeof(*es));

	mm_entries_init(es, top);
	return es;
}

static void
take_recipient(struct mm_entries *es, struct mm_str line)
{
	struct mm_str address = mm_str_trim(line);
	bool done = mm_str_skip(&address, "+D ") || /* child of an alias */
		    mm_str_skip(&address, "D ");
	struct mm_spool_recipient *r;

	if (mm_str_starts(address, "***"))
		return; /* spool format error */
	r = mm_entries_recipient(es, mm_str_trim(address));
	r->done = done;
}

static void
file(void *state, const struct mm_leaf *leaf)
{
	struct mm_entries *es = state;
	struct mm_str rest, line;
	struct mm_spool_entry *e;
	struct head h;
	bool open = false, all;

	rest = mm_entries_content(leaf, LIST_MAX_BYTES, &all);
	while (mm_entries_line(&rest, &line)) {
		if (mm_str_trim(line).n == 0)
			continue;
		if (!take_head(line, &h)) {
			if (open)
				take_recipient(es, line);
			continue;
		}
		if (open)
			mm_entries_end(es);
		e = mm_entries_begin(es, leaf->name, h.id);
		e->queue = h.frozen ? MM_STR("frozen") : MM_STR("deferred");
		e->sender = mm_entries_keep(es, h.sender);
		e->size_bytes = h.size_bytes;
		e->arrived_us = h.arrived_us;
		mm_entries_saw(es, h.arrived_us + h.age_us);
		open = true;
	}
	if (open)
		mm_entries_end(es);
	mm_entries_saw_listing(es, leaf->mtime_us);
}

static void
finish(void *state, const struct mm_spool_sink *sink)
{
	struct mm_entries *es = state;

	if (sink != NULL)
		mm_entries_emit(es, MM_MTA_EXIM, mm_spool_exim_bp.name,
				mm_entries_merge_done, sink);
	mm_entries_fini(es);
	free(es);
}

const struct mm_spool_format mm_spool_exim_bp = {
	.name = "exim -bp",
	.source = "Exim 4.98 queue.c queue_list()",
	.probe = probe,
	.begin = begin,
	.file = file,
	.finish = finish,
};
