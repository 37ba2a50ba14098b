#include <string.h>

#include "formats/base/buf.h"
#include "formats/base/mem.h"
#include "formats/read/item.h"
#include "formats/read/kind.h"

#define N_KINDS		8
#define NAME_MAX_BYTES	((size_t)64 * 1024)
#define SMALL_MAX_BYTES ((size_t)64 << 20)

struct mm_item *
mm_item_add(struct mm_evidence *ev, struct mm_str name)
{
	struct mm_item *it;

	ev->items = mm_grow(ev->items, ev->n, &ev->cap, sizeof(*ev->items));
	it = &ev->items[ev->n++];
	*it = (struct mm_item){
		.row = { .name = name,
			 .kind = "",
			 .compression = "none",
			 .framing = "none",
			 .first_us = MM_TIME_NONE,
			 .last_us = MM_TIME_NONE,
			 .torn_at = -1 },
		.fd = -1,
		.mtime_us = MM_TIME_NONE,
		.anchor_us = MM_TIME_NONE,
	};
	return it;
}

/* No line is later: the time of the file, unless it is not known or from
 * before there were such logs (a copy that lost its times). */
static int64_t
anchor_of(const struct mm_evidence *ev, int64_t gzip_us, int64_t mtime_us)
{
	const int64_t dawn = 10 * 365 * MM_DAY_US;
	int64_t t = gzip_us >= dawn ? gzip_us : mtime_us, now = ev->o.now_us;

	if (now <= 0)
		return t >= dawn ? t : MM_TIME_NONE;
	return t < dawn || t > now ? now : t;
}

/* Offer it; what nobody takes is a log when it is text. */
static enum mm_status
offer(struct mm_walk *w, struct mm_item *it, struct mm_leaf *leaf,
      struct mm_source *content)
{
	enum mm_status st = MM_OK;
	const char *way;

	leaf->whole = leaf->head.n < MM_SOURCE_HEAD_BYTES;
	leaf->reader = content;
	leaf->mtime_us = it->mtime_us;
	leaf->zone = mm_zone_told(&w->ev->o, it->row.name.p);
	if (w->taker != NULL && leaf->head.n > 0) {
		st = w->taker->take(w->taker->ctx, leaf, &it->taken,
				    &it->row.kind, w->err);
		w->stopped = st != MM_OK;
		if (st != MM_OK || it->taken)
			return st;
		st = mm_source_peek(content, MM_SOURCE_HEAD_BYTES, &leaf->head,
				    w->err);
		if (st != MM_OK)
			return st;
	}
	it->row.kind = mm_kind_of(leaf->head, &way);
	if (leaf->head.n == 0 && content->torn_at >= 0)
		it->row.kind = "damaged";
	if (mm_gzip_is(leaf->head) || mm_packed_name(leaf->head) != NULL) {
		it->row.kind = "packed more than twice";
		way = "unpack it first";
	}
	it->row.is_log = strcmp(it->row.kind, "log") == 0;
	if (it->row.is_log) {
		it->whole = leaf->whole;
		it->head_hash = mm_hash64(leaf->head);
		mm_item_study(w->ev, it, leaf->head);
		if (it->row.first_us == MM_TIME_NONE)
			it->row.kind = "text";
	}
	mm_item_note(w->ev, it, way);
	return MM_OK;
}

static enum mm_status walk_archive(struct mm_walk *w, size_t i,
				   struct mm_source *content);

enum mm_status
mm_visit(struct mm_walk *w, size_t i, struct mm_leaf *leaf,
	 struct mm_source *raw, struct mm_open *o)
{
	struct mm_item *it = &w->ev->items[i];
	int64_t gzip_us;
	enum mm_status st;
	bool same;

	st = mm_open_content(raw, o, &it->row.compression, &gzip_us, w->err);
	if (st != MM_OK)
		return st;
	it->anchor_us = anchor_of(w->ev, gzip_us, it->mtime_us);
	st = mm_source_peek(o->content, MM_SOURCE_HEAD_BYTES, &leaf->head,
			    w->err);
	if (st != MM_OK)
		return st;
	if (mm_archive_name(leaf->head) != NULL) {
		it->row.kind = mm_archive_name(leaf->head);
		if (it->depth == MM_DEPTH_MAX) {
			mm_item_note(w->ev, it,
				     "in more than two archives; unpack the "
				     "outer one first");
			return MM_OK;
		}
		st = mm_same_archive(w->ev, i, &same, w->err);
		return st != MM_OK || same ? st
					   : walk_archive(w, i, o->content);
	}
	st = offer(w, it, leaf, o->content);
	mm_item_torn(w->ev, it, o->content->torn_at, o->content->why);
	return st;
}

/* What an archive holds, by kind: most members have no row of their own. */
struct tally {
	const char *kinds[N_KINDS];
	uint64_t n[N_KINDS], n_other;
};

static void
tally_add(struct tally *t, const char *kind)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		if (t->kinds[i] == NULL)
			t->kinds[i] = kind;
		if (strcmp(t->kinds[i], kind) == 0) {
			t->n[i]++;
			return;
		}
	}
	t->n_other++;
}

static void
tally_note(const struct tally *t, struct mm_evidence *ev, struct mm_item *it)
{
	struct mm_buf b;

	mm_buf_init(&b, 4096);
	mm_buf_addz(&b, t->kinds[0] != NULL ? "holds " : "holds no files");
	for (size_t i = 0; i < N_KINDS && t->kinds[i] != NULL; i++)
		mm_buf_addf(&b, "%s%llu x %s", i > 0 ? ", " : "",
			    (unsigned long long)t->n[i], t->kinds[i]);
	if (t->n_other > 0)
		mm_buf_addf(&b, ", %llu x others",
			    (unsigned long long)t->n_other);
	mm_item_note(ev, it, b.p);
	mm_buf_fini(&b);
}

/* A log that is all in its head need not be looked for in the archive again. */
static void
keep_small(struct mm_evidence *ev, struct mm_item *it, struct mm_str head)
{
	if (!it->row.is_log || !it->whole ||
	    ev->n_small_bytes + head.n > SMALL_MAX_BYTES)
		return;
	ev->n_small_bytes += head.n;
	it->small = mm_arena_str(&ev->texts, head);
}

/* One member of the archive that is item `i`; `name` is overwritten. */
static enum mm_status
walk_member(struct mm_walk *w, size_t i, struct mm_archive *ar,
	    const struct mm_member *m, struct mm_buf *name)
{
	const struct mm_item *outer = &w->ev->items[i];
	struct mm_leaf leaf = { .root = outer->row.name, .mode = m->mode };
	size_t k = w->ev->n;
	struct mm_item *it;
	struct mm_open o;
	enum mm_status st;

	mm_buf_clear(name);
	mm_buf_addf(name, "%.*s!", MM_STR_ARG(leaf.root));
	mm_buf_adds(name, m->path);
	leaf.name = mm_buf_str(name);
	leaf.path = mm_str_from(leaf.name, leaf.root.n + 1);
	it = mm_item_add(w->ev, leaf.name);
	outer = &w->ev->items[i];
	it->path = outer->path;
	it->fd = outer->fd;
	it->depth = outer->depth + 1;
	memcpy(it->members, outer->members, sizeof(it->members));
	it->members[outer->depth] = m->number;
	it->mtime_us = m->mtime_us;
	it->row.n_bytes = m->n_bytes;
	if (m->encrypted) {
		it->row.kind = "encrypted";
		mm_item_note(w->ev, it, "unpack it with its password first");
		return MM_OK;
	}
	st = mm_visit(w, k, &leaf, mm_archive_member(ar, name->p, false), &o);
	if (st == MM_OK)
		keep_small(w->ev, &w->ev->items[k], leaf.head);
	mm_source_close(o.content);
	return st;
}

static enum mm_status
walk_archive(struct mm_walk *w, size_t i, struct mm_source *content)
{
	struct mm_archive *ar = mm_archive_open(content);
	struct tally tally = { 0 };
	struct mm_member m;
	struct mm_buf name;
	enum mm_status st;

	mm_buf_init(&name, NAME_MAX_BYTES);
	while ((st = mm_archive_next(ar, &m, w->err)) == MM_OK) {
		size_t k = w->ev->n;
		struct mm_item *it;

		st = walk_member(w, i, ar, &m, &name);
		if (st != MM_OK)
			break;
		it = &w->ev->items[k];
		tally_add(&tally, it->row.kind);
		w->ev->items[i].taken = w->ev->items[i].taken || it->taken;
		/* What could be made useful keeps its row: it says how. */
		if (it->row.is_log || it->row.is_folded || it->row.note.n > 0)
			it->row.name =
			    mm_arena_str(&w->ev->texts, it->row.name);
		else
			w->ev->n--;
	}
	mm_buf_fini(&name);
	mm_archive_close(ar);
	if (st != MM_END && st != MM_EFORMAT)
		return st;
	w->ev->items[i].row.is_folded = true;
	mm_item_torn(w->ev, &w->ev->items[i], content->torn_at, content->why);
	tally_note(&tally, w->ev, &w->ev->items[i]);
	return MM_OK;
}
