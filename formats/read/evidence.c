#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "formats/base/buf.h"
#include "formats/base/mem.h"
#include "formats/read/item.h"

/* Files that turn up beside logs, with the way on. */
static const struct {
	const char *magic;
	const char *what;
	const char *way; /* NULL: nothing in it for us */
} known[] = {
	{ "\x89PNG\r\n\x1a\n", "a PNG image", NULL },
	{ "\xff\xd8\xff", "a JPEG image", NULL },
	{ "%PDF-", "a PDF document", NULL },
	{ "\x7f"
	  "ELF",
	  "a program", NULL },
	{ "SQLite format 3", "an SQLite database", "give a case with -c" },
	{ "LPKSHHRH", "a systemd journal",
	  "write it out with journalctl --file=FILE -o export" },
	{ "\x89LZO\0\r\n\x1a\n", "lzop data", "unpack it first" },
	{ "ElfFile", "a Windows event log", "export it as text" },
	{ "\xd4\xc3\xb2\xa1", "a packet capture", NULL },
	{ "\x0a\x0d\x0d\x0a", "a packet capture", NULL },
};

/* Everything that one walk needs. */
struct walk {
	struct mm_evidence *ev;
	const struct mm_taker *taker; /* may be NULL */
	struct mm_err *err;
};

struct paths {
	char **v; /* owned, each too */
	size_t n, cap;
};

static void
paths_add(struct paths *p, char *path)
{
	p->v = mm_grow(p->v, p->n, &p->cap, sizeof(*p->v));
	p->v[p->n++] = path;
}

static void
paths_fini(struct paths *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i]);
	free(p->v);
}

static char *
path_join(const char *folder, const char *name)
{
	size_t n = strlen(folder), k = strlen(name);
	char *path = mm_alloc(n + k + 2);

	memcpy(path, folder, n);
	if (n > 0 && path[n - 1] != '/')
		path[n++] = '/';
	memcpy(path + n, name, k + 1);
	return path;
}

static struct mm_item *
item_add(struct mm_evidence *ev, const char *name)
{
	struct mm_item *it;

	ev->items = mm_grow(ev->items, ev->n, &ev->cap, sizeof(*ev->items));
	it = &ev->items[ev->n++];
	*it = (struct mm_item){
		.row = { .name = mm_arena_str(&ev->texts, mm_str_z(name)),
			 .kind = "",
			 .compression = "none",
			 .framing = "none",
			 .first_us = MM_TIME_NONE,
			 .last_us = MM_TIME_NONE,
			 .torn_at = -1 },
		.mtime_us = MM_TIME_NONE,
		.gzip_us = MM_TIME_NONE,
		.anchor_us = MM_TIME_NONE,
	};
	it->path = it->row.name.p;
	return it;
}

static void
item_note(struct mm_evidence *ev, struct mm_item *it, const char *text)
{
	it->row.note = mm_str_z(mm_arena_fmt(&ev->texts, "%s", text));
}

enum mm_status
mm_item_open(struct mm_item *it, struct mm_open *o, struct mm_err *err)
{
	struct mm_str head;

	if (it->kept.content != NULL) {
		*o = it->kept;
		it->kept = (struct mm_open){ 0 };
		return MM_OK;
	}
	o->file = mm_source_file(it->path, err);
	if (o->file == NULL)
		return MM_EIO;
	o->content = o->file;
	if (mm_source_peek(o->file, MM_SOURCE_HEAD_BYTES, &head, err) !=
	    MM_OK) {
		mm_source_close(o->file);
		return MM_EIO;
	}
	if (mm_gzip_is(head)) {
		it->row.compression = "gzip";
		it->gzip_us = mm_gzip_time(head);
		o->content = mm_source_gzip(o->file);
	}
	return MM_OK;
}

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

static const char *
known_kind(struct mm_str head, const char **way)
{
	for (size_t i = 0; i < MM_COUNT(known); i++)
		if (mm_str_starts(head, known[i].magic)) {
			*way = known[i].way;
			return known[i].what;
		}
	*way = NULL;
	return NULL;
}

/* Text has few control bytes; NULs come in runs where a machine went down. */
static bool
is_text(struct mm_str head)
{
	size_t bad = 0, n = 0;

	for (size_t i = 0; i < head.n; i++) {
		unsigned char c = (unsigned char)head.p[i];

		n += c != 0;
		bad += c != 0 && c < 32 && c != '\n' && c != '\r' &&
		       c != '\t' && c != 27;
	}
	return n > 0 && bad * 20 <= n;
}

/* The first time inside, as far as the head shows. */
static int64_t
first_time(struct mm_str head, const struct mm_item *it, int64_t zone_us)
{
	struct mm_framer f;
	struct mm_line line;
	struct mm_str raw;

	mm_framer_init(&f, it->anchor_us, zone_us);
	while (mm_str_cutc(&head, '\n', &raw)) {
		mm_frame(&f, raw, &line);
		if (line.t_us != MM_TIME_NONE)
			return line.t_us;
	}
	mm_frame(&f, head, &line);
	return line.t_us;
}

/* Nobody took it: a log, or what else is it? */
static void
classify(struct walk *w, struct mm_item *it, struct mm_str head)
{
	const char *way;

	it->row.kind = known_kind(head, &way);
	if (it->row.kind != NULL) {
		if (way != NULL)
			item_note(w->ev, it, way);
	} else if (head.n == 0) {
		it->row.kind = "empty";
	} else if (is_text(head)) {
		it->row.kind = "log";
		it->row.is_log = true;
		it->row.first_us = first_time(head, it, w->ev->o.zone_us);
	} else {
		it->row.kind = "binary";
	}
}

static enum mm_status
offer(struct walk *w, struct mm_item *it, struct mm_open *open,
      struct mm_leaf *leaf)
{
	bool taken = false;
	enum mm_status st;

	st = mm_source_peek(open->content, MM_SOURCE_HEAD_BYTES, &leaf->head,
			    w->err);
	if (st != MM_OK)
		return st;
	leaf->whole = leaf->head.n < MM_SOURCE_HEAD_BYTES;
	leaf->reader = open->content;
	leaf->mtime_us = it->mtime_us;
	if (w->taker != NULL && leaf->head.n > 0) {
		st = w->taker->take(w->taker->ctx, leaf, &taken, &it->row.kind,
				    w->err);
		it->taken = taken;
		if (st != MM_OK || taken)
			return st;
		st = mm_source_peek(open->content, MM_SOURCE_HEAD_BYTES,
				    &leaf->head, w->err);
	}
	if (st == MM_OK)
		classify(w, it, leaf->head);
	return st;
}

/* Not a log: nothing reads it later, so its size and hash are taken now. */
static enum mm_status
settle(struct walk *w, struct mm_item *it, struct mm_open *open)
{
	enum mm_status st;

	st = mm_source_file_sha256(open->file, it->row.sha256, w->err);
	it->row.n_bytes = mm_source_file_taken(open->file);
	it->row.torn_at = open->content->torn_at;
	return st;
}

static int64_t
mtime_of(const struct stat *sb)
{
	return sb->st_mtim.tv_sec * MM_SECOND_US + sb->st_mtim.tv_nsec / 1000;
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* No line is later: the file's time, unless it is not known or in the days
 * before there were such logs (a copy without times). */
static int64_t
anchor_of(const struct mm_evidence *ev, const struct mm_item *it)
{
	const int64_t dawn = 10 * 365 * MM_DAY_US;
	int64_t t = it->gzip_us >= dawn ? it->gzip_us : it->mtime_us;

	return t < dawn || t > ev->o.now_us ? ev->o.now_us : t;
}

/* One file: `root` NULL when it is an argument of its own. */
static enum mm_status
walk_file(struct walk *w, const char *path, const char *root,
	  const struct stat *sb)
{
	struct mm_item *it = item_add(w->ev, path);
	struct mm_leaf leaf = { .name = it->row.name, .root = it->row.name };
	struct mm_open open;
	enum mm_status st;

	leaf.path = mm_str_z(base_name(it->path));
	if (root != NULL) {
		leaf.root = mm_str_z(root);
		leaf.path = mm_str_from(leaf.name, leaf.root.n);
		(void)mm_str_skip(&leaf.path, "/");
	}
	leaf.mode = (unsigned)sb->st_mode & 07777U;
	if (S_ISREG(sb->st_mode)) {
		it->mtime_us = mtime_of(sb);
		it->row.n_bytes = (uint64_t)sb->st_size;
	}
	st = mm_item_open(it, &open, w->err);
	if (st != MM_OK) {
		if (root == NULL)
			return st;
		it->row.kind = "unreadable";
		item_note(w->ev, it, w->err->text);
		return MM_OK;
	}
	it->anchor_us = anchor_of(w->ev, it);
	st = offer(w, it, &open, &leaf);
	if (st == MM_OK && !it->row.is_log)
		st = settle(w, it, &open);
	if (st == MM_OK && it->row.is_log && !S_ISREG(sb->st_mode)) {
		it->kept = open;
		return MM_OK;
	}
	mm_source_close(open.content);
	return st;
}

/* The files in one folder go to `files`, its folders to `folders`. */
static enum mm_status
list_folder(const char *folder, struct paths *files, struct paths *folders,
	    struct mm_err *err)
{
	DIR *d = opendir(folder);
	struct dirent *e;

	if (d == NULL)
		return mm_err_set(err, MM_EIO, "%s: %s", folder,
				  strerror(errno));
	while ((e = readdir(d)) != NULL) {
		struct stat sb = { 0 };
		char *path;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		path = path_join(folder, e->d_name);
		if (lstat(path, &sb) == 0 && S_ISDIR(sb.st_mode))
			paths_add(folders, path);
		else if (S_ISREG(sb.st_mode))
			paths_add(files, path);
		else
			free(path); /* sockets, pipes, links: no evidence */
	}
	(void)closedir(d);
	return MM_OK;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum mm_status
walk_folder(struct walk *w, const char *root)
{
	struct paths files = { 0 }, folders = { 0 };
	enum mm_status st = MM_OK;

	paths_add(&folders, mm_strdup(root));
	for (size_t i = 0; i < folders.n; i++) {
		st = list_folder(folders.v[i], &files, &folders, w->err);
		if (st != MM_OK && i == 0)
			goto out;
		if (st != MM_OK) {
			struct mm_item *it = item_add(w->ev, folders.v[i]);

			it->row.kind = "unreadable";
			item_note(w->ev, it, w->err->text);
		}
	}
	st = MM_OK;
	if (files.n > 0)
		qsort(files.v, files.n, sizeof(*files.v), by_bytes);
	for (size_t i = 0; i < files.n && st == MM_OK; i++) {
		struct stat sb = { 0 };

		(void)lstat(files.v[i], &sb);
		st = walk_file(w, files.v[i], root, &sb);
	}
out:
	paths_fini(&files);
	paths_fini(&folders);
	return st;
}

static enum mm_status
walk_path(struct walk *w, const char *path)
{
	struct stat sb = { 0 };

	if (strcmp(path, "-") == 0)
		return walk_file(w, path, NULL, &sb);
	if (stat(path, &sb) != 0)
		return mm_err_set(w->err, MM_EIO, "%s: %s", path,
				  strerror(errno));
	if (S_ISDIR(sb.st_mode))
		return walk_folder(w, path);
	return walk_file(w, path, NULL, &sb);
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
	struct walk w = { .ev = ev, .taker = taker, .err = err };
	enum mm_status st = MM_OK;
	size_t useful = 0;

	mm_arena_init(&ev->texts);
	ev->o = *o;
	for (size_t i = 0; i < n_paths && st == MM_OK; i++)
		st = walk_path(&w, paths[i]);
	for (size_t i = 0; i < ev->n; i++)
		useful += is_useful(&ev->items[i]);
	if (st == MM_OK && useful == 0)
		st = no_evidence(ev, n_paths > 0 ? paths[0] : "", err);
	if (st != MM_OK) {
		mm_evidence_close(ev);
		return NULL;
	}
	qsort(ev->items, ev->n, sizeof(*ev->items), by_reading);
	return ev;
}

void
mm_evidence_close(struct mm_evidence *ev)
{
	if (ev == NULL)
		return;
	for (size_t i = 0; i < ev->n; i++)
		mm_source_close(ev->items[i].kept.content);
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
