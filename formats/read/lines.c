#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "formats/read/overlap.h"
#include "formats/read/reader.h"

struct mm_lines {
	struct mm_evidence *ev; /* view */
	struct mm_item *item;	/* view */
	struct mm_reader *reader;
	const struct mm_block *block; /* view; NULL before the first */
	size_t at;		      /* of the next line in the block */
	struct mm_overlap *overlap;   /* view; NULL when not in order */
	uint64_t n_cut;
	uint64_t n_framed[MM_FRAME_COUNT];
	bool finished;
	struct mm_framer framer;
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
	it->row.n_lines = it->row.n_duplicate_lines = 0;
	it->row.first_us = it->row.last_us = MM_TIME_NONE;
	mm_framer_init(&l->framer, it->anchor_us, ev->o.zone_us);
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
	free(l);
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

static bool
next_raw(struct mm_lines *l, struct mm_str *raw, bool *cut)
{
	while (l->block == NULL || !raw_at(l->block, &l->at, raw, cut)) {
		if (l->block != NULL && l->block->last)
			return false;
		l->block = mm_reader_next(l->reader);
		l->at = 0;
	}
	l->n_cut += *cut;
	return true;
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
	while (n < MM_COUNT(next) && raw_at(l->block, &at, &raw, &cut))
		mm_frame(&ahead, raw, &next[n++]);
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
	struct mm_str raw;
	bool cut;

	for (;;) {
		if (!next_raw(l, &raw, &cut))
			return finish(l, err);
		row->n_lines++;
		mm_frame(&l->framer, raw, line);
		l->n_framed[line->framing]++;
		widen(row, line->t_us);
		if (!is_copy(l, line))
			break;
		row->n_duplicate_lines++;
	}
	line->cut = cut;
	*number = row->n_lines;
	*at_byte = l->block->at_byte + (size_t)(raw.p - l->block->p);
	return MM_OK;
}
