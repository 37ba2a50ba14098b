#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/base/mem.h"
#include "formats/read/overlap.h"
#include "formats/read/reader.h"

enum mm_status
mm_leaf_all(const struct mm_leaf *leaf, size_t max_bytes,
	    struct mm_str *content, struct mm_err *err)
{
	enum mm_status st =
	    mm_source_peek(leaf->reader, max_bytes + 1, content, err);

	if (st == MM_OK && content->n > max_bytes)
		st = mm_err_set(err, MM_ELIMIT, "%.*s: larger than %zu bytes",
				MM_STR_ARG(leaf->name), max_bytes);
	return st;
}

/* Logs first, by the first time inside (undated ones last), then by name. */
static int
by_reading(const void *a, const void *b)
{
	const struct mm_ledger *x = &((const struct mm_item *)a)->row;
	const struct mm_ledger *y = &((const struct mm_item *)b)->row;

	if (x->is_log != y->is_log)
		return x->is_log ? -1 : 1;
	if (x->is_log && x->first_us != y->first_us) {
		if (x->first_us == MM_TIME_NONE || y->first_us == MM_TIME_NONE)
			return x->first_us == MM_TIME_NONE ? 1 : -1;
		return x->first_us < y->first_us ? -1 : 1;
	}
	return mm_str_cmp(x->name, y->name);
}

/* Nothing that anybody could use: say what was there instead. */
static enum mm_status
no_evidence(const struct mm_evidence *ev, const char *first_path,
	    struct mm_err *err)
{
	static const char hint[] = "give mail logs, spool folders or queue "
				   "listings (plain, compressed or archived)";

	/* One that could be made useful says how: members of archives stand
	 * behind them and know better. */
	for (size_t i = ev->n; ev->n != 1 && i > 0; i--) {
		const struct mm_ledger *row = &ev->items[i - 1].row;

		if (row->note.n > 0)
			return mm_err_set(
			    err, MM_EFORMAT,
			    "%s: no log and no spool among %zu files; "
			    "%.*s is %s: %.*s",
			    first_path, ev->n, MM_STR_ARG(row->name), row->kind,
			    MM_STR_ARG(row->note));
	}
	if (ev->n != 1)
		return mm_err_set(err, MM_EFORMAT,
				  "%s: no log and no spool among %zu files; "
				  "%s",
				  first_path, ev->n, hint);
	return mm_err_set(
	    err, MM_EFORMAT, "%.*s: %s, not a log; %s",
	    MM_STR_ARG(ev->items[0].row.name), ev->items[0].row.kind,
	    ev->items[0].row.note.n > 0 ? ev->items[0].row.note.p : hint);
}

static bool
is_useful(const struct mm_item *it)
{
	return it->row.is_log || it->taken;
}

struct mm_evidence *
mm_evidence_open(const char *const *paths, size_t n_paths,
		 const struct mm_evidence_options *o,
		 const struct mm_taker *taker, struct mm_err *err)
{
	struct mm_evidence *ev = mm_calloc(1, sizeof(*ev));
	struct mm_walk w = { .ev = ev, .taker = taker, .err = err };
	enum mm_status st = MM_OK;
	size_t useful = 0;

	mm_arena_init(&ev->texts);
	mm_intern_init(&w.seen);
	ev->o = *o;
	for (size_t i = 0; i < n_paths && st == MM_OK; i++)
		st = mm_walk(&w, paths[i]);
	mm_intern_fini(&w.seen);
	for (size_t i = 0; i < ev->n; i++)
		useful += is_useful(&ev->items[i]);
	if (st == MM_OK && useful == 0)
		st = no_evidence(ev, n_paths > 0 ? paths[0] : "", err);
	if (st == MM_OK) {
		mm_share_zones(ev);
		qsort(ev->items, ev->n, sizeof(*ev->items), by_reading);
		st = mm_same_logs(ev, err);
		qsort(ev->items, ev->n, sizeof(*ev->items), by_reading);
	}
	if (st == MM_OK)
		return ev;
	mm_evidence_close(ev);
	return NULL;
}

void
mm_evidence_close(struct mm_evidence *ev)
{
	if (ev == NULL)
		return;
	mm_reader_stop(ev->ahead);
	mm_overlap_free(ev->overlap);
	for (size_t i = 0; i < ev->n; i++)
		mm_source_close(ev->items[i].kept.content);
	for (size_t i = 0; i < ev->n_spills; i++)
		(void)close(ev->spills[i]);
	free(ev->spills);
	mm_arena_fini(&ev->texts);
	free(ev->items);
	free(ev);
}

size_t
mm_evidence_count(const struct mm_evidence *ev)
{
	return ev->n;
}

struct mm_ledger *
mm_evidence_ledger(struct mm_evidence *ev, size_t i)
{
	return &ev->items[i].row;
}

uint64_t
mm_evidence_log_bytes(const struct mm_evidence *ev)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ev->n; i++)
		if (ev->items[i].row.is_log)
			sum += ev->items[i].row.n_bytes;
	return sum;
}
