#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/mem.h"
#include "formats/read/excerpt.h"
#include "formats/read/item.h"

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

/* It is read again later, and closed with the evidence. */
static void
keep_descriptor(struct mm_evidence *ev, int fd)
{
	ev->spills = mm_grow(ev->spills, ev->n_spills, &ev->cap_spills,
			     sizeof(*ev->spills));
	ev->spills[ev->n_spills++] = fd;
}

/* What comes through a pipe is read once; when it is packed it is copied
 * first, since what is inside has to be looked at more than once. */
static enum mm_status
copy_pipe(struct mm_walk *w, struct mm_item *it, struct mm_source **raw)
{
	struct mm_evidence *ev = w->ev;
	struct mm_str head;
	enum mm_status st;

	st = mm_source_peek(*raw, MM_SOURCE_HEAD_BYTES, &head, w->err);
	if (st != MM_OK || (!mm_gzip_is(head) && !mm_packed_name(head) &&
			    !mm_archive_name(head)))
		return st;
	it->fd = mm_file_spill(*raw, w->err);
	if (it->fd < 0)
		return MM_EIO;
	keep_descriptor(ev, it->fd);
	mm_source_close(*raw);
	*raw = mm_file_descriptor(it->fd, it->path, ev->o.max_expand);
	return MM_OK;
}

/* The hash of what nobody reads later is taken now. */
static enum mm_status
settle(struct mm_walk *w, size_t i, struct mm_open *o, bool pipe)
{
	struct mm_item *it = &w->ev->items[i];
	enum mm_status st = MM_OK;

	if (it->row.is_log && pipe && it->fd < 0) {
		it->kept = *o;
		return MM_OK;
	}
	if (!it->row.is_log && it->row.sha256[0] == '\0') {
		st = mm_file_sha256(o->leaf, it->row.sha256, w->err);
		it->row.n_bytes = o->leaf->given_bytes;
	}
	mm_source_close(o->content);
	return st;
}

/* The same file again, through another argument? Hard links are files of
 * their own: snapshots may share what did not change. */
static bool
is_known(struct mm_walk *w, const struct stat *sb)
{
	const uint64_t key[2] = { sb->st_dev, sb->st_ino };
	size_t n = w->seen.n;

	if (!S_ISREG(sb->st_mode) || sb->st_nlink != 1)
		return false;
	(void)mm_intern_add(&w->seen,
			    (struct mm_str){ (const char *)key, sizeof(key) });
	return w->seen.n == n;
}

/* One file: `root` NULL when it is an argument of its own. */
static enum mm_status
walk_file(struct mm_walk *w, const char *path, const char *root,
	  const struct stat *sb)
{
	struct mm_str name = mm_arena_str(&w->ev->texts, mm_str_z(path));
	struct mm_leaf leaf = { .name = name, .root = name };
	size_t i = w->ev->n;
	struct mm_item *it;
	bool pipe = !S_ISREG(sb->st_mode);
	struct mm_open o = { 0 };
	enum mm_status st;

	if (is_known(w, sb))
		return MM_OK;
	it = mm_item_add(w->ev, name);
	it->path = name.p;
	leaf.path = mm_str_z(base_name(it->path));
	if (root != NULL) {
		leaf.root = mm_str_z(root);
		leaf.path = mm_str_from(name, leaf.root.n);
		(void)mm_str_skip(&leaf.path, "/");
	}
	leaf.mode = (unsigned)sb->st_mode & 07777U;
	if (!pipe) {
		it->mtime_us = mtime_of(sb);
		it->row.n_bytes = (uint64_t)sb->st_size;
	}
	o.content = mm_file_open(path, w->ev->o.max_expand, w->err);
	st = o.content == NULL ? MM_EIO : MM_OK;
	if (st == MM_OK && pipe)
		st = copy_pipe(w, it, &o.content);
	if (st == MM_OK)
		st = mm_visit(w, i, &leaf, o.content, &o);
	if (st == MM_OK)
		return settle(w, i, &o, pipe);
	mm_source_close(o.content);
	if (root == NULL || w->stopped)
		return st;
	it = &w->ev->items[i];
	it->row.kind = "unreadable";
	mm_item_note(w->ev, it, w->err->text);
	return MM_OK;
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
walk_folder(struct mm_walk *w, const char *root)
{
	struct paths files = { 0 }, folders = { 0 };
	enum mm_status st = MM_OK;

	paths_add(&folders, mm_strdup(root));
	for (size_t i = 0; i < folders.n; i++) {
		st = list_folder(folders.v[i], &files, &folders, w->err);
		if (st != MM_OK && i == 0)
			goto out;
		if (st != MM_OK) {
			struct mm_item *it = mm_item_add(
			    w->ev, mm_arena_str(&w->ev->texts,
						mm_str_z(folders.v[i])));

			it->row.kind = "unreadable";
			mm_item_note(w->ev, it, w->err->text);
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
walk_stand_in(struct mm_walk *w, size_t k)
{
	const struct mm_stand_ins *all = w->ev->o.stand_ins;
	const struct mm_stand_in *f = &all->v[k];
	struct mm_str name = mm_arena_str(&w->ev->texts, mm_str_z(f->name));
	struct mm_leaf leaf = { .name = name, .root = name, .mode = f->mode };
	struct mm_item *it = mm_item_add(w->ev, name);
	size_t i = w->ev->n - 1;
	struct mm_open o = { 0 };
	enum mm_status st;

	it->path = name.p;
	leaf.path = mm_str_z(base_name(it->path));
	if (strcmp(f->name, f->argument) != 0) {
		leaf.root = mm_str_z(f->argument);
		leaf.path = mm_str_from(name, leaf.root.n);
		(void)mm_str_skip(&leaf.path, "/");
	}
	it->mtime_us = f->mtime_us;
	it->row.n_bytes = f->n_bytes;
	it->fd = all->open(all->ctx, k, w->err);
	if (it->fd < 0)
		return MM_EIO;
	keep_descriptor(w->ev, it->fd);
	o.content = mm_file_descriptor(it->fd, it->path, w->ev->o.max_expand);
	st = mm_visit(w, i, &leaf, o.content, &o);
	if (st != MM_OK) {
		mm_source_close(o.content);
		return st;
	}
	st = settle(w, i, &o, false);
	it = &w->ev->items[i];
	/* Nobody reads it again: spools have thousands of files. */
	if (!it->row.is_log && !it->row.is_folded && w->ev->n == i + 1)
		(void)close(w->ev->spills[--w->ev->n_spills]);
	return st;
}

/* Does anything stand in for `path`? Then that is walked. */
static enum mm_status
walk_stand_ins(struct mm_walk *w, const char *path, bool *any)
{
	const struct mm_stand_ins *all = w->ev->o.stand_ins;
	enum mm_status st = MM_OK;

	*any = false;
	for (size_t i = 0; all != NULL && i < all->n && st == MM_OK; i++)
		if (strcmp(all->v[i].argument, path) == 0) {
			*any = true;
			st = walk_stand_in(w, i);
		}
	return st;
}

enum mm_status
mm_walk(struct mm_walk *w, const char *path)
{
	struct stat sb = { 0 };
	bool any;
	enum mm_status st = walk_stand_ins(w, path, &any);

	if (st != MM_OK || any)
		return st;

	if (strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &sb) != 0
				   : stat(path, &sb) != 0)
		return mm_err_set(w->err, MM_EIO, "%s: %s", path,
				  strerror(errno));
	if (S_ISDIR(sb.st_mode))
		return walk_folder(w, path);
	return walk_file(w, path, NULL, &sb);
}

enum mm_status
mm_excerpt_find(const char *folder, uint64_t n_bytes, const char *sha256,
		struct mm_buf *path, struct mm_err *err)
{
	struct paths files = { 0 }, folders = { 0 };
	enum mm_status st = MM_OK;
	bool found = false;

	paths_add(&folders, mm_strdup(folder));
	for (size_t i = 0; i < folders.n && (i == 0 || st == MM_OK); i++)
		if (list_folder(folders.v[i], &files, &folders, err) != MM_OK &&
		    i == 0)
			st = MM_EIO;
	if (files.n > 0)
		qsort(files.v, files.n, sizeof(*files.v), by_bytes);
	for (size_t i = 0; i < files.n && st == MM_OK && !found; i++) {
		char hex[MM_SHA256_HEX];
		struct stat sb;

		if (lstat(files.v[i], &sb) != 0 || sb.st_size < 0 ||
		    (uint64_t)sb.st_size < n_bytes ||
		    mm_excerpt_sha256(files.v[i], n_bytes, hex, err) != MM_OK)
			continue;
		found = strcmp(hex, sha256) == 0;
		if (found)
			mm_buf_addz(path, files.v[i]);
	}
	paths_fini(&files);
	paths_fini(&folders);
	if (st == MM_OK && !found)
		st = mm_err_set(err, MM_ENOENT, "%s: the file is not below it",
				folder);
	return st;
}
