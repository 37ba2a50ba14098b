#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyze/case/embed.h"
#include "analyze/case/originals.h"
#include "formats/base/mem.h"
#include "formats/read/excerpt.h"

#define PATH_BYTES  ((size_t)64 * 1024)
#define INDEX_BYTES ((size_t)1 << 31)

/* What one row of the ledger needs to be read again. */
struct original {
	struct mm_excerpt
	    *x;	       /* owned; NULL: not opened yet, or not to be had */
	char *name;    /* owned; NULL: not looked up yet */
	char *refusal; /* owned; why it cannot be had */
	int fd;	       /* of a copy that the case held; -1 */
};

struct mm_originals {
	struct mm_store *store; /* view */
	const char *folder;	/* view; may be NULL */
	struct original *files; /* by id - 1; owned */
	size_t n_files;
};

struct mm_originals *
mm_originals_new(struct mm_store *s, const char *folder)
{
	struct mm_originals *o = mm_calloc(1, sizeof(*o));

	o->store = s;
	o->folder = folder;
	return o;
}

void
mm_originals_free(struct mm_originals *o)
{
	if (o == NULL)
		return;
	for (size_t i = 0; i < o->n_files; i++) {
		mm_excerpt_free(o->files[i].x);
		free(o->files[i].name);
		free(o->files[i].refusal);
		if (o->files[i].fd >= 0)
			(void)close(o->files[i].fd);
	}
	free(o->files);
	free(o);
}

static struct original *
original(struct mm_originals *o, uint32_t file)
{
	size_t n = o->n_files;

	if (file > n) {
		o->files = mm_realloc(o->files, file * sizeof(*o->files));
		for (; n < file; n++)
			o->files[n] = (struct original){ .fd = -1 };
		o->n_files = n;
	}
	return &o->files[file - 1];
}

/* ---- where the bytes are ---- */

/* The file on the disk that an item of the ledger is, or lies in. */
struct place {
	int64_t id;
	char *name;	  /* owned: of the item */
	size_t n_file;	  /* of `name`: the file's; members follow */
	uint64_t n_bytes; /* of the file */
	char sha256[MM_SHA256_HEX];
};

static enum mm_status
find_place(struct mm_store *s, uint32_t file, struct place *p,
	   struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s,
	    "SELECT t.id, f.name, length(CAST(t.name AS BLOB)), t.bytes,"
	    " t.sha256 FROM file f JOIN file t ON t.sha256 IS NOT NULL"
	    " AND (t.id = f.id OR (f.sha256 IS NULL AND"
	    " substr(f.name, 1, length(t.name) + 1) = t.name || '!'))"
	    " WHERE f.id = ? ORDER BY length(t.name) LIMIT 1",
	    err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	if (q != NULL)
		mm_query_bind_int(q, 0, file);
	if (st == MM_OK)
		st = mm_query_step(q, err);
	if (st == MM_OK) {
		p->id = mm_query_int(q, 0);
		p->name = mm_strdup(mm_query_text(q, 1).p);
		p->n_file = (size_t)mm_query_int(q, 2);
		p->n_bytes = (uint64_t)mm_query_int(q, 3);
		(void)snprintf(p->sha256, sizeof(p->sha256), "%s",
			       mm_query_text(q, 4).p);
	} else if (st == MM_END) {
		st = mm_err_set(err, MM_EIO, "file %u is not in the ledger",
				file);
	}
	mm_query_free(q);
	return st;
}

/* The time of the file at `path`, when it is long enough to be the one. */
static bool
may_be(const char *path, uint64_t n_bytes, int64_t *mtime_us)
{
	struct stat sb;

	if (stat(path, &sb) != 0 || !S_ISREG(sb.st_mode) ||
	    (uint64_t)sb.st_size < n_bytes)
		return false;
	*mtime_us =
	    (int64_t)sb.st_mtim.tv_sec * 1000000 + sb.st_mtim.tv_nsec / 1000;
	return true;
}

/* Is the file at `path` what was read? One whose time is `trusted` was looked
 * at before. */
static bool
is_it(const struct place *p, const char *path, int64_t trusted_us,
      int64_t *mtime_us)
{
	char hex[MM_SHA256_HEX];
	struct mm_err err;

	return may_be(path, p->n_bytes, mtime_us) &&
	       (*mtime_us == trusted_us ||
		(mm_excerpt_sha256(path, p->n_bytes, hex, &err) == MM_OK &&
		 strcmp(hex, p->sha256) == 0));
}

/* Where the file of `p` lies now, into `path`. */
static enum mm_status
locate(struct mm_originals *o, const struct place *p, struct original *f,
       int64_t *mtime_us, struct mm_buf *path, struct mm_err *err)
{
	struct stat sb;

	mm_buf_adds(path, (struct mm_str){ p->name, p->n_file });
	if (is_it(p, path->p, *mtime_us, mtime_us))
		return MM_OK;
	f->fd = mm_embed_open(o->store, p->id, err);
	if (f->fd >= 0) {
		mm_buf_clear(path);
		mm_buf_addf(path, "/dev/fd/%d", f->fd);
		return MM_OK;
	}
	if (o->folder != NULL) {
		struct mm_buf found;
		enum mm_status st;

		mm_buf_init(&found, PATH_BYTES);
		st = mm_excerpt_find(o->folder, p->n_bytes, p->sha256, &found,
				     err);
		if (st == MM_OK) {
			mm_buf_clear(path);
			mm_buf_adds(path, mm_buf_str(&found));
		}
		mm_buf_fini(&found);
		if (st != MM_ENOENT)
			return st;
	}
	return mm_err_set(
	    err, MM_EIO, "%s: %s; %s", path->p,
	    stat(path->p, &sb) == 0 ? "is not what was read" : strerror(errno),
	    o->folder != NULL ? "nor is it below the folder of --evidence"
			      : "--evidence DIR says where it lies now");
}

/* ---- the index ---- */

static enum mm_status
load_index(struct mm_store *s, uint32_t file, int64_t *mtime_us,
	   struct mm_buf *index, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s, "SELECT mtime_us, bytes FROM line_index WHERE file = ?", err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	if (q != NULL)
		mm_query_bind_int(q, 0, file);
	if (st == MM_OK)
		st = mm_query_step(q, err);
	if (st == MM_OK) {
		*mtime_us = mm_query_int(q, 0);
		mm_buf_adds(index, mm_query_blob(q, 1));
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

/* A case that cannot be written does without. */
static void
save_index(struct mm_store *s, uint32_t file, int64_t mtime_us,
	   const struct mm_buf *index)
{
	struct mm_err err;
	struct mm_query *q = mm_query_new(
	    s, "INSERT OR REPLACE INTO line_index VALUES(?,?,?)", &err);

	if (q == NULL)
		return;
	mm_query_bind_int(q, 0, file);
	mm_query_bind_int(q, 1, mtime_us);
	mm_query_bind_blob(q, 2, mm_buf_str(index));
	(void)mm_query_step(q, &err);
	mm_query_free(q);
}

static enum mm_status
open_original(struct mm_originals *o, uint32_t file, struct original *f,
	      struct mm_err *err)
{
	struct place p = { 0 };
	struct mm_buf path, index;
	int64_t indexed_us = -1, mtime_us;
	enum mm_status st = find_place(o->store, file, &p, err);

	if (st != MM_OK)
		return st;
	f->name = p.name;
	mm_buf_init(&path, PATH_BYTES);
	mm_buf_init(&index, INDEX_BYTES);
	st = load_index(o->store, file, &indexed_us, &index, err);
	mtime_us = indexed_us;
	if (st == MM_OK)
		st = locate(o, &p, f, &mtime_us, &path, err);
	mm_buf_addz(&path, p.name + p.n_file);
	if (st == MM_OK && index.n == 0)
		st = mm_excerpt_index(path.p, &index, err);
	if (st == MM_OK && mtime_us != indexed_us && !index.over)
		save_index(o->store, file, mtime_us, &index);
	if (st == MM_OK)
		f->x = mm_excerpt_new(path.p, mm_buf_str(&index));
	mm_buf_fini(&path);
	mm_buf_fini(&index);
	return st;
}

enum mm_status
mm_originals_line(struct mm_originals *o, struct mm_row_place at,
		  struct mm_str *file, struct mm_str *line, struct mm_err *err)
{
	struct original *f = original(o, at.file);

	if (f->x == NULL && f->refusal == NULL &&
	    open_original(o, at.file, f, err) != MM_OK)
		f->refusal = mm_strdup(err->text);
	*file = mm_str_z(f->name);
	if (f->x == NULL)
		return mm_err_set(err, MM_EIO, "%s", f->refusal);
	return mm_excerpt_line(f->x, at.line, line, err);
}
