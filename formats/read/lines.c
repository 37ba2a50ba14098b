#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "formats/read/item.h"

#define BLOCK_BYTES ((size_t)1 << 20)

/* The block holds [at, end) not yet handed out; a partial last line moves to
 * the front before more is read. */
struct mm_lines {
	struct mm_evidence *ev; /* view */
	struct mm_item *item;	/* view */
	struct mm_open open;	/* owned */
	char *block;		/* owned: a line and BLOCK_BYTES */
	size_t at, end;
	uint64_t block_byte; /* of block[0] in the stream */
	uint64_t n_cut;
	uint64_t n_framed[MM_FRAME_COUNT];
	bool ended;    /* nothing comes behind the block */
	bool skipping; /* inside a line that was cut */
	bool finished;
	struct mm_framer framer;
};

struct mm_lines *
mm_lines_open(struct mm_evidence *ev, size_t i, struct mm_err *err)
{
	struct mm_item *it = &ev->items[i];
	struct mm_lines *l;
	struct mm_open open;

	if (mm_item_open(ev, it, &open, err) != MM_OK)
		return NULL;
	l = mm_calloc(1, sizeof(*l));
	l->ev = ev;
	l->item = it;
	l->open = open;
	l->block = mm_alloc(MM_LINE_MAX_BYTES + BLOCK_BYTES);
	it->row.n_lines = 0;
	it->row.first_us = it->row.last_us = MM_TIME_NONE;
	mm_framer_init(&l->framer, it->anchor_us, ev->o.zone_us);
	return l;
}

void
mm_lines_close(struct mm_lines *l)
{
	if (l == NULL)
		return;
	mm_source_close(l->open.content);
	free(l->block);
	free(l);
}

uint64_t
mm_lines_progress(const struct mm_lines *l)
{
	return l->open.leaf->given_bytes;
}

/* More bytes behind those that are left; `ended` when there are none. */
static enum mm_status
fill(struct mm_lines *l, struct mm_err *err)
{
	struct mm_err torn;
	enum mm_status st;
	size_t n = 0;

	memmove(l->block, l->block + l->at, l->end - l->at);
	l->block_byte += l->at;
	l->end -= l->at;
	l->at = 0;
	st = mm_source_read(l->open.content, l->block + l->end, BLOCK_BYTES, &n,
			    &torn);
	l->end += n;
	if (st == MM_EFORMAT) {
		mm_item_torn(l->ev, l->item, l->open.content);
	} else if (st != MM_OK && st != MM_END) {
		return mm_err_set(err, st, "%s", torn.text);
	}
	l->ended = st != MM_OK;
	return MM_OK;
}

/* Drop the rest of a line that is too long. */
static enum mm_status
skip_rest(struct mm_lines *l, struct mm_err *err)
{
	for (;;) {
		char *nl = memchr(l->block + l->at, '\n', l->end - l->at);
		enum mm_status st;

		if (nl != NULL) {
			l->at = (size_t)(nl + 1 - l->block);
			return MM_OK;
		}
		l->at = l->end;
		if (l->ended)
			return MM_OK;
		st = fill(l, err);
		if (st != MM_OK)
			return st;
	}
}

/* The next raw line without its line end. */
static enum mm_status
next_raw(struct mm_lines *l, struct mm_str *raw, bool *cut, struct mm_err *err)
{
	enum mm_status st;
	char *nl;

	if (l->skipping && (st = skip_rest(l, err)) != MM_OK)
		return st;
	l->skipping = false;
	while ((nl = memchr(l->block + l->at, '\n', l->end - l->at)) == NULL &&
	       !l->ended && l->end - l->at <= MM_LINE_MAX_BYTES) {
		st = fill(l, err);
		if (st != MM_OK)
			return st;
	}
	*raw = (struct mm_str){ l->block + l->at, l->end - l->at };
	if (nl != NULL)
		raw->n = (size_t)(nl - raw->p);
	else if (raw->n == 0)
		return MM_END;
	l->at += raw->n + (nl != NULL);
	*cut = raw->n > MM_LINE_MAX_BYTES;
	l->n_cut += *cut;
	if (*cut) {
		l->skipping = nl == NULL;
		raw->n = MM_LINE_MAX_BYTES;
	} else if (raw->n > 0 && raw->p[raw->n - 1] == '\r') {
		raw->n--;
	}
	return MM_OK;
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

static enum mm_status
finish(struct mm_lines *l, struct mm_err *err)
{
	struct mm_ledger *row = &l->item->row;
	enum mm_status st;
	char text[80];

	if (l->finished)
		return MM_END;
	l->finished = true;
	if (l->item->depth == 0) {
		st = mm_source_file_sha256(l->open.leaf, row->sha256, err);
		if (st != MM_OK)
			return st;
		row->n_bytes = l->open.leaf->given_bytes;
	}
	row->framing = main_framing(l);
	if (l->n_cut > 0) {
		(void)snprintf(text, sizeof(text),
			       "%llu %s longer than 1 MiB %s cut",
			       (unsigned long long)l->n_cut,
			       l->n_cut == 1 ? "line" : "lines",
			       l->n_cut == 1 ? "was" : "were");
		mm_item_note(l->ev, l->item, text);
	}
	return MM_END;
}

enum mm_status
mm_lines_next(struct mm_lines *l, struct mm_line *line, uint64_t *number,
	      uint64_t *at_byte, struct mm_err *err)
{
	struct mm_ledger *row = &l->item->row;
	struct mm_str raw;
	enum mm_status st;
	bool cut;

	st = next_raw(l, &raw, &cut, err);
	if (st == MM_END)
		return finish(l, err);
	if (st != MM_OK)
		return st;
	mm_frame(&l->framer, raw, line);
	line->cut = cut;
	*number = ++row->n_lines;
	*at_byte = l->block_byte + (size_t)(raw.p - l->block);
	l->n_framed[line->framing]++;
	if (line->t_us != MM_TIME_NONE) {
		if (row->first_us == MM_TIME_NONE || line->t_us < row->first_us)
			row->first_us = line->t_us;
		if (row->last_us == MM_TIME_NONE || line->t_us > row->last_us)
			row->last_us = line->t_us;
	}
	return MM_OK;
}
