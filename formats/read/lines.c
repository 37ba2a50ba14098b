#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "formats/read/reader.h"

struct mm_lines {
	struct mm_evidence *ev; /* view */
	struct mm_item *item;	/* view */
	struct mm_reader *reader;
	const struct mm_block *block; /* view; NULL before the first */
	size_t at;		      /* of the next line in the block */
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

/* The next raw line without its line end. */
static enum mm_status
next_raw(struct mm_lines *l, struct mm_str *raw, bool *cut)
{
	const char *nl;

	while (l->block == NULL || l->at == l->block->n) {
		if (l->block != NULL && l->block->last)
			return MM_END;
		l->block = mm_reader_next(l->reader);
		l->at = 0;
	}
	*raw = (struct mm_str){ l->block->p + l->at, l->block->n - l->at };
	nl = memchr(raw->p, '\n', raw->n);
	if (nl != NULL)
		raw->n = (size_t)(nl - raw->p);
	l->at += raw->n + (nl != NULL);
	*cut = raw->n > MM_LINE_MAX_BYTES;
	if (*cut) {
		l->n_cut++;
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

enum mm_status
mm_lines_next(struct mm_lines *l, struct mm_line *line, uint64_t *number,
	      uint64_t *at_byte, struct mm_err *err)
{
	struct mm_ledger *row = &l->item->row;
	struct mm_str raw;
	bool cut;

	if (next_raw(l, &raw, &cut) == MM_END)
		return finish(l, err);
	mm_frame(&l->framer, raw, line);
	line->cut = cut;
	*number = ++row->n_lines;
	*at_byte = l->block->at_byte + (size_t)(raw.p - l->block->p);
	l->n_framed[line->framing]++;
	if (line->t_us != MM_TIME_NONE) {
		if (row->first_us == MM_TIME_NONE || line->t_us < row->first_us)
			row->first_us = line->t_us;
		/* NONE is the smallest of all. */
		if (line->t_us > row->last_us)
			row->last_us = line->t_us;
	}
	return MM_OK;
}
