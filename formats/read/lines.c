#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/buf.h"
#include "formats/base/mem.h"
#include "formats/read/dating.h"
#include "formats/read/envelope.h"
#include "formats/read/overlap.h"
#include "formats/read/reader.h"

struct mm_lines {
	struct mm_evidence *ev; /* view */
	struct mm_item *item;	/* view */
	struct mm_reader *reader;
	const struct mm_block *block; /* view; NULL before the first */
	size_t at;		      /* of the next line in the block */
	uint64_t n_raw;		      /* lines as they lie there */
	struct mm_str last;	      /* the one before; view */
	struct mm_buf last_copy;      /* of it, when its block is gone */
	struct mm_envelope *envelope; /* owned */
	uint64_t number, at_byte;     /* where the record at hand begins */
	bool joining;		      /* the record goes on */
	struct mm_buf text;	      /* of the line, when it was escaped */
	struct mm_buf plain;	      /* the line, when it was copied */
	struct mm_overlap *overlap;   /* view; NULL when not in order */
	uint64_t n_cut;
	uint64_t n_framed[MM_FRAME_COUNT];
	bool finished;
	struct mm_framer framer;
	struct mm_dating dating;
};

/* The reader that went on with log `i` behind another one, or a new one. */
static struct mm_reader *
take_reader(struct mm_evidence *ev, size_t i, struct mm_err *err)
{
	struct mm_reader *r = ev->ahead;

	ev->ahead = NULL;
	if (r != NULL && mm_reader_log(r) == i)
		return r;
	mm_reader_stop(r);
	return mm_reader_start(ev, i, err);
}

/* What the logs before this one had; only when each is read in its turn. */
static struct mm_overlap *
take_overlap(struct mm_evidence *ev, size_t i)
{
	int64_t next_us = MM_TIME_NONE;

	if (i == 0) {
		mm_overlap_free(ev->overlap);
		ev->overlap = mm_overlap_new();
		ev->n_begun = 0;
	}
	if (i != ev->n_begun)
		return NULL;
	ev->n_begun++;
	if (i + 1 < ev->n && ev->items[i + 1].row.is_log)
		next_us = ev->items[i + 1].row.first_us;
	mm_overlap_begin(ev->overlap, ev->items[i].row.first_us, next_us);
	return ev->overlap;
}

struct mm_lines *
mm_lines_open(struct mm_evidence *ev, size_t i, struct mm_err *err)
{
	struct mm_item *it = &ev->items[i];
	struct mm_reader *reader = take_reader(ev, i, err);
	struct mm_lines *l;

	if (reader == NULL)
		return NULL;
	l = mm_calloc(1, sizeof(*l));
	l->ev = ev;
	l->item = it;
	l->reader = reader;
	l->overlap = take_overlap(ev, i);
	l->envelope = mm_envelope_new();
	mm_buf_init(&l->last_copy, MM_LINE_MAX_BYTES);
	mm_buf_init(&l->text, MM_LINE_MAX_BYTES);
	mm_buf_init(&l->plain, MM_LINE_MAX_BYTES);
	it->row.n_lines = it->row.n_duplicate_lines = 0;
	it->row.first_us = it->row.last_us = MM_TIME_NONE;
	mm_item_framer(it, &l->framer);
	mm_dating_init(&l->dating, it->zone != NULL);
	return l;
}

void
mm_lines_close(struct mm_lines *l)
{
	if (l == NULL)
		return;
	if (l->finished && l->ev->ahead == NULL)
		l->ev->ahead = l->reader;
	else
		mm_reader_stop(l->reader);
	mm_envelope_free(l->envelope);
	mm_buf_fini(&l->last_copy);
	mm_buf_fini(&l->text);
	mm_buf_fini(&l->plain);
	free(l);
}

const struct mm_framer *
mm_lines_framer(const struct mm_lines *l)
{
	return &l->framer;
}

uint64_t
mm_lines_progress(const struct mm_lines *l)
{
	return l->block != NULL ? l->block->taken_bytes : 0;
}

/* The raw line at `*at` of the block, without its line end; false when the
 * block has no more. */
static bool
raw_at(const struct mm_block *b, size_t *at, struct mm_str *raw, bool *cut)
{
	const char *nl;

	if (*at == b->n)
		return false;
	*raw = (struct mm_str){ b->p + *at, b->n - *at };
	nl = memchr(raw->p, '\n', raw->n);
	if (nl != NULL)
		raw->n = (size_t)(nl - raw->p);
	*at += raw->n + (nl != NULL);
	*cut = raw->n > MM_LINE_MAX_BYTES;
	if (*cut)
		raw->n = MM_LINE_MAX_BYTES;
	else if (raw->n > 0 && raw->p[raw->n - 1] == '\r')
		raw->n--;
	return true;
}

/* The last line, beyond the life of what it lies in. */
static void
keep_last(struct mm_lines *l, struct mm_str last)
{
	if (last.p != l->last_copy.p) {
		mm_buf_clear(&l->last_copy);
		mm_buf_adds(&l->last_copy, last);
	}
	l->last = mm_buf_str(&l->last_copy);
}

static bool
next_raw(struct mm_lines *l, struct mm_str *raw, bool *cut)
{
	while (l->block == NULL || !raw_at(l->block, &l->at, raw, cut)) {
		if (l->block != NULL && l->block->last)
			return false;
		keep_last(l, l->last);
		l->block = mm_reader_next(l->reader);
		l->at = 0;
	}
	l->n_raw++;
	l->n_cut += *cut;
	return true;
}

/* "last message repeated 2 times": how often; 0 when it is something else. */
static uint32_t
repeats_of_last(const struct mm_line *line)
{
	struct mm_str s = line->text, head;
	uint64_t n;

	if (line->tag.p != NULL || s.n < 25)
		return 0;
	(void)mm_str_skip(&s, "--- ");
	if ((!mm_str_skip(&s, "last message ") &&
	     !mm_str_skip(&s, "Last message ")) ||
	    !mm_str_cut(&s, "repeated ", &head) || !mm_str_take_u64(&s, &n) ||
	    n > UINT32_MAX || !mm_str_starts(s, " time"))
		return 0;
	return (uint32_t)n;
}

/* The line stands for the one before it, some times more. */
static void
repeat_last(struct mm_lines *l, uint32_t n, struct mm_line *line)
{
	struct mm_framer before = l->framer;
	struct mm_line last;

	mm_frame(&before, l->last, &last);
	if (last.framing == MM_FRAME_NONE || !mm_str_eq(last.host, line->host))
		return;
	line->tag = last.tag;
	line->pid = last.pid;
	line->text = last.text;
	line->repeats = n;
}

/* Frame a raw line, or take it out of what is around it. */
static enum mm_wrapped
unwrap(struct mm_lines *l, struct mm_str raw, struct mm_line *line)
{
	enum mm_wrapped w = MM_WRAP_NONE;
	uint32_t n;

	if (mm_envelope_wants(l->envelope, raw))
		w = mm_envelope_open(l->envelope, &l->framer, raw, line);
	if (w != MM_WRAP_NONE)
		return w;
	mm_frame(&l->framer, raw, line);
	if (l->framer.is_local && mm_dating_learn(&l->dating, &l->framer, line))
		mm_frame(&l->framer, raw, line);
	w = mm_envelope_cri(l->envelope, &l->framer, line);
	if (w != MM_WRAP_NONE)
		return w;
	n = repeats_of_last(line);
	if (n > 0 && l->last.n > 0)
		repeat_last(l, n, line);
	else if (l->item->copied != MM_COPIED_NOT)
		keep_last(l, raw);
	else
		l->last = raw;
	return w;
}

/* A line as it was before it went through a page (HTML 5 section 13.1.4) or a
 * forum (CommonMark section 2.4). */
static struct mm_str
uncopied(struct mm_lines *l, struct mm_str raw)
{
	static const struct {
		const char *as, *was;
	} marks[] = {
		{ "&lt;", "<" },  { "&gt;", ">" },  { "&quot;", "\"" },
		{ "&#39;", "'" }, { "&amp;", "&" },
	};
	bool html = l->item->copied == MM_COPIED_HTML;
	struct mm_str s = raw;

	mm_buf_clear(&l->plain);
	while (s.n > 0) {
		size_t i = 0;

		while (html && i < MM_COUNT(marks) &&
		       !mm_str_skip(&s, marks[i].as))
			i++;
		if (html && i < MM_COUNT(marks)) {
			mm_buf_addz(&l->plain, marks[i].was);
			continue;
		}
		if (!html && s.n > 1 && s.p[0] == '\\' &&
		    strchr("\\`*_{}[]()<>#+-.!|~", s.p[1]) != NULL)
			s = mm_str_from(s, 1);
		mm_buf_addc(&l->plain, s.p[0]);
		s = mm_str_from(s, 1);
	}
	return mm_buf_str(&l->plain);
}

/* The next record; false at the end of the log. */
static bool
next_line(struct mm_lines *l, struct mm_line *line)
{
	struct mm_str lies, raw;
	enum mm_wrapped w;
	bool cut, more;

	do {
		more = next_raw(l, &lies, &cut);
		if (more && !l->joining) {
			l->number = l->n_raw;
			l->at_byte =
			    l->block->at_byte + (size_t)(lies.p - l->block->p);
		}
		raw = lies;
		if (more && l->item->copied != MM_COPIED_NOT)
			raw = uncopied(l, lies);
		w = more ? unwrap(l, raw, line)
			 : mm_envelope_end(l->envelope, &l->framer, line);
		if (w == MM_WRAP_PART)
			l->joining = true;
	} while (w == MM_WRAP_PART);
	if (w == MM_WRAP_BROKEN && more) {
		l->at = (size_t)(lies.p - l->block->p);
		l->n_raw--;
		l->n_cut -= cut;
	}
	if (more || w == MM_WRAP_BROKEN) {
		line->raw = l->joining ? line->text : raw;
		line->cut = more && cut && w != MM_WRAP_BROKEN;
	}
	l->joining = false;
	return more || w == MM_WRAP_BROKEN;
}

/* Control characters as rsyslog and syslogd write them: "#011" is a tab. Some
 * programs say "#123" and mean it, so only these few are turned back. */
static void
unescape(struct mm_lines *l, struct mm_line *line)
{
	const char *end = line->text.p + line->text.n, *p = line->text.p, *at;

	mm_buf_clear(&l->text);
	while (p != NULL && (at = memchr(p, '#', (size_t)(end - p))) != NULL) {
		struct mm_str s = { at, (size_t)(end - at) };
		bool is_tab = mm_str_starts(s, "#011");

		if (is_tab || mm_str_starts(s, "#012") ||
		    mm_str_starts(s, "#015")) {
			mm_buf_add(&l->text, p, (size_t)(at - p));
			mm_buf_addc(&l->text, is_tab ? '\t' : ' ');
			p = at + 4;
		} else {
			mm_buf_add(&l->text, p, (size_t)(at + 1 - p));
			p = at + 1;
		}
	}
	if (l->text.n == 0)
		return;
	mm_buf_add(&l->text, p, (size_t)(end - p));
	line->text = mm_buf_str(&l->text);
}

/* Did an earlier log have it? The two lines behind it help to tell. */
static bool
is_copy(struct mm_lines *l, const struct mm_line *line)
{
	struct mm_framer ahead;
	struct mm_line next[2];
	struct mm_str raw;
	enum mm_seen seen;
	size_t at = l->at, n = 0;
	bool cut;

	if (l->overlap == NULL)
		return false;
	seen = mm_overlap_look(l->overlap, line);
	if (seen != MM_SEEN_MAYBE)
		return seen == MM_SEEN_COPY;
	ahead = l->framer;
	while (n < MM_COUNT(next) && raw_at(l->block, &at, &raw, &cut)) {
		if (!mm_envelope_peek(l->envelope, &ahead, raw, &next[n]))
			mm_frame(&ahead, raw, &next[n]);
		n++;
	}
	/* At the end of a block it cannot be told: taken as new. */
	if (n < MM_COUNT(next) && !l->block->last)
		next[n++].t_us = MM_TIME_NONE;
	return mm_overlap_decide(l->overlap, next, n);
}

static const char *
main_framing(const struct mm_lines *l)
{
	size_t best = 0;

	for (size_t i = 0; i < MM_FRAME_COUNT; i++)
		if (l->n_framed[i] > l->n_framed[best])
			best = i;
	return mm_framing_name((enum mm_framing)best);
}

static void
note_cuts(struct mm_lines *l)
{
	char text[80];

	if (l->n_cut == 0)
		return;
	(void)snprintf(text, sizeof(text), "%llu %s longer than 1 MiB %s cut",
		       (unsigned long long)l->n_cut,
		       l->n_cut == 1 ? "line" : "lines",
		       l->n_cut == 1 ? "was" : "were");
	mm_item_note(l->ev, l->item, text);
}

/* Ids know better than who told the zone. */
static void
note_contradiction(struct mm_lines *l)
{
	int64_t minutes = l->dating.other_us / MM_MINUTE_US;
	char text[120];

	if (!l->dating.contradicted)
		return;
	(void)snprintf(text, sizeof(text),
		       "queue ids tell of UTC%c%02d:%02d, which is not what "
		       "--tz says",
		       minutes < 0 ? '-' : '+',
		       (int)(minutes < 0 ? -minutes : minutes) / 60,
		       (int)(minutes < 0 ? -minutes : minutes) % 60);
	mm_item_note(l->ev, l->item, text);
}

/* What the last block tells about the file goes to the ledger. */
static enum mm_status
finish(struct mm_lines *l, struct mm_err *err)
{
	const struct mm_block *b = l->block;
	struct mm_ledger *row = &l->item->row;

	if (b->st != MM_OK) {
		*err = b->err;
		return b->st;
	}
	if (l->finished)
		return MM_END;
	l->finished = true;
	memcpy(row->sha256, b->sha256, sizeof(row->sha256));
	if (l->item->depth == 0)
		row->n_bytes = b->taken_bytes;
	row->framing = main_framing(l);
	mm_item_torn(l->ev, l->item, b->torn_at, b->why);
	note_cuts(l);
	note_contradiction(l);
	return MM_END;
}

static void
widen(struct mm_ledger *row, int64_t t_us)
{
	if (t_us == MM_TIME_NONE)
		return;
	if (row->first_us == MM_TIME_NONE || t_us < row->first_us)
		row->first_us = t_us;
	/* NONE is the smallest of all. */
	if (t_us > row->last_us)
		row->last_us = t_us;
}

enum mm_status
mm_lines_next(struct mm_lines *l, struct mm_line *line, uint64_t *number,
	      uint64_t *at_byte, struct mm_err *err)
{
	struct mm_ledger *row = &l->item->row;

	for (;;) {
		if (!next_line(l, line))
			return finish(l, err);
		row->n_lines++;
		l->n_framed[line->framing]++;
		widen(row, line->t_us);
		if (!is_copy(l, line))
			break;
		row->n_duplicate_lines++;
	}
	unescape(l, line);
	*number = l->number;
	*at_byte = l->at_byte;
	return MM_OK;
}
