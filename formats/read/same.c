#include <stdlib.h>

#include "formats/base/mem.h"
#include "formats/read/item.h"

/* One log as it is compared. */
struct face {
	size_t item;
	uint64_t hash; /* of the head, then of all */
	bool whole;    /* the head is all */
};

enum mm_status
mm_item_sha256(const struct mm_evidence *ev, struct mm_item *it,
	       struct mm_err *err)
{
	struct mm_source *file =
	    it->fd >= 0 ? mm_file_descriptor(it->fd, it->path, ev->o.max_expand)
			: mm_file_open(it->path, ev->o.max_expand, err);
	enum mm_status st;

	if (file == NULL)
		return MM_EIO;
	st = mm_file_sha256(file, it->row.sha256, err);
	it->row.n_bytes = file->given_bytes;
	mm_source_close(file);
	return st;
}

static void
make_duplicate(struct mm_evidence *ev, struct mm_item *it,
	       const struct mm_item *same)
{
	it->row.is_log = false;
	it->row.kind = "duplicate";
	it->row.first_us = MM_TIME_NONE;
	mm_item_note(ev, it,
		     mm_arena_fmt(&ev->texts, "the same as %.*s",
				  MM_STR_ARG(same->row.name)));
}

/* The identity of all that item `it` holds. */
static enum mm_status
identity(const struct mm_evidence *ev, struct mm_item *it, uint64_t *hash,
	 struct mm_err *err)
{
	char *block;
	struct mm_identity *id;
	struct mm_open o;
	enum mm_status st;
	size_t n;

	st = mm_item_open(ev, it, &o, err);
	if (st != MM_OK)
		return st;
	block = mm_alloc(MM_SOURCE_INPUT_BYTES);
	id = mm_identity_new();
	while ((st = mm_source_read(o.content, block, MM_SOURCE_INPUT_BYTES, &n,
				    err)) == MM_OK)
		mm_identity_add(id, block, n);
	*hash = mm_identity_end(id);
	free(block);
	mm_source_close(o.content);
	return st == MM_END || st == MM_EFORMAT ? MM_OK : st;
}

/* By hash, then in reading order. */
static int
by_hash(const void *a, const void *b)
{
	const struct face *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->item < y->item ? -1 : x->item > y->item;
}

/* Among `n` faces with one head: where that is not all, compare all. */
static enum mm_status
settle_heads(struct mm_evidence *ev, struct face *f, size_t n,
	     struct mm_err *err)
{
	enum mm_status st = MM_OK;

	for (size_t i = 0; i < n && n > 1 && st == MM_OK; i++)
		if (!f[i].whole)
			st = identity(ev, &ev->items[f[i].item], &f[i].hash,
				      err);
	return st;
}

enum mm_status
mm_same_logs(struct mm_evidence *ev, struct mm_err *err)
{
	struct face *f = mm_alloc(ev->n * sizeof(*f));
	const struct mm_item *first = NULL;
	enum mm_status st = MM_OK;
	size_t n = 0, i, k;

	for (i = 0; i < ev->n && ev->items[i].row.is_log; i++) {
		const struct mm_item *it = &ev->items[i];

		/* What comes through a pipe is read once. */
		if (it->kept.content == NULL)
			f[n++] = (struct face){ i, it->head_hash, it->whole };
	}
	if (n > 0)
		qsort(f, n, sizeof(*f), by_hash);
	for (i = 0; i < n && st == MM_OK; i = k) {
		for (k = i + 1; k < n && f[k].hash == f[i].hash; k++)
			;
		st = settle_heads(ev, f + i, k - i, err);
	}
	if (n > 0)
		qsort(f, n, sizeof(*f), by_hash);
	for (i = 0; i < n && st == MM_OK; i++) {
		struct mm_item *it = &ev->items[f[i].item];

		if (i == 0 || f[i].hash != f[i - 1].hash) {
			first = it;
			continue;
		}
		make_duplicate(ev, it, first);
		if (it->depth == 0)
			st = mm_item_sha256(ev, it, err);
	}
	free(f);
	return st;
}

enum mm_status
mm_same_archive(struct mm_evidence *ev, size_t i, bool *same,
		struct mm_err *err)
{
	struct mm_item *it = &ev->items[i];
	enum mm_status st = MM_OK;

	*same = false;
	for (size_t k = 0; k < i && it->depth == 0 && !*same; k++) {
		const struct mm_item *old = &ev->items[k];

		if (!old->row.is_folded || old->depth > 0 ||
		    old->row.n_bytes != it->row.n_bytes)
			continue;
		if (it->row.sha256[0] == '\0')
			st = mm_item_sha256(ev, it, err);
		if (st != MM_OK)
			return st;
		*same = mm_str_is(mm_str_z(old->row.sha256), it->row.sha256);
		if (*same)
			make_duplicate(ev, it, old);
	}
	return MM_OK;
}
