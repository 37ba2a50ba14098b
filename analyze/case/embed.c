#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyze/case/embed.h"
#include "formats/base/digest.h"
#include "formats/base/intern.h"
#include "formats/base/mem.h"
#include "formats/read/file.h"

#define PIECE_BYTES ((size_t)1 << 20)

/* Files that lie in other cases, by name. */
struct elsewhere {
	const struct mm_stand_ins *all; /* NULL: none */
	struct mm_intern names;		/* ids are places in `all`, + 1 */
};

/* Open the file `name` and bind its time and mode. */
static FILE *
open_file(struct mm_query *q, const struct elsewhere *e, const char *name,
	  struct mm_err *err)
{
	uint32_t id = mm_intern_find(&e->names, mm_str_z(name));
	const struct mm_stand_in *in = id > 0 ? &e->all->v[id - 1] : NULL;
	int fd = in != NULL ? e->all->open(e->all->ctx, id - 1, err) : -1;
	FILE *f = in != NULL ? fdopen(fd, "rb") : fopen(name, "rb");
	struct stat sb;

	if (f == NULL || fstat(fileno(f), &sb) != 0 || fseek(f, 0, 0) != 0) {
		if (in == NULL || fd >= 0)
			(void)mm_err_set(err, MM_EIO, "%s: %s", name,
					 strerror(errno));
		if (f != NULL)
			(void)fclose(f);
		return NULL;
	}
	mm_query_bind_int(q, 1,
			  in != NULL ? in->mtime_us
				     : sb.st_mtim.tv_sec * MM_SECOND_US +
					   sb.st_mtim.tv_nsec / 1000);
	mm_query_bind_int(q, 2, in != NULL ? in->mode : sb.st_mode & 07777U);
	return f;
}

static enum mm_status
put_pieces(struct mm_query *q, const struct mm_query *file, FILE *f,
	   struct mm_sha256 *h, struct mm_err *err)
{
	char *piece = mm_alloc(PIECE_BYTES);
	/* A log that is written to has grown since. */
	uint64_t left = (uint64_t)mm_query_int(file, 3);
	enum mm_status st = MM_END;

	/* An empty file has one piece, too. */
	do {
		size_t n =
		    fread(piece, 1,
			  left < PIECE_BYTES ? (size_t)left : PIECE_BYTES, f);

		if (n == 0 && left > 0)
			break;
		left -= n;
		mm_sha256_add(h, piece, n);
		mm_query_bind_int(q, 0, mm_query_int(file, 0));
		mm_query_bind_blob(q, 3, (struct mm_str){ piece, n });
		st = mm_query_step(q, err);
	} while (st == MM_END && left > 0);
	free(piece);
	return st == MM_END ? MM_OK : st;
}

static enum mm_status
put_file(struct mm_query *q, const struct mm_query *file,
	 const struct elsewhere *e, struct mm_err *err)
{
	const char *name = mm_query_text(file, 1).p;
	char hex[MM_SHA256_HEX];
	struct mm_sha256 *h;
	enum mm_status st;
	FILE *f;

	if (strcmp(name, "-") == 0)
		return mm_err_set(err, MM_EUSAGE,
				  "standard input cannot be embedded; save it "
				  "to a file first");
	f = open_file(q, e, name, err);
	if (f == NULL)
		return MM_EIO;
	h = mm_sha256_new();
	st = put_pieces(q, file, f, h, err);
	mm_sha256_hex(h, hex);
	if (st == MM_OK && ferror(f))
		st = mm_err_set(err, MM_EIO, "%s: %s", name, strerror(errno));
	if (st == MM_OK && !mm_str_is(mm_query_text(file, 2), hex))
		st = mm_err_set(err, MM_EIO,
				"%s: is not what was read any more; embed "
				"a copy that stays as it is",
				name);
	(void)fclose(f);
	return st;
}

enum mm_status
mm_embed(struct mm_store *s, const struct mm_stand_ins *stand_ins,
	 struct mm_err *err)
{
	struct elsewhere e = { .all = stand_ins };
	struct mm_query *files =
	    mm_query_new(s,
			 "SELECT id, name, sha256, bytes FROM file"
			 " WHERE sha256 IS NOT NULL",
			 err);
	struct mm_query *q =
	    mm_query_new(s, "INSERT INTO embedded VALUES(NULL,?,?,?,?)", err);
	enum mm_status st = files != NULL && q != NULL ? MM_OK : MM_EIO;

	mm_intern_init(&e.names);
	for (size_t i = 0; stand_ins != NULL && i < stand_ins->n; i++)
		(void)mm_intern_add(&e.names, mm_str_z(stand_ins->v[i].name));
	while (st == MM_OK && (st = mm_query_step(files, err)) == MM_OK)
		st = put_file(q, files, &e, err);
	mm_intern_fini(&e.names);
	mm_query_free(files);
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

int
mm_embed_open(struct mm_store *s, int64_t id, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s, "SELECT bytes FROM embedded WHERE file = ? ORDER BY id", err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;
	int fd = -1;

	if (q != NULL)
		mm_query_bind_int(q, 0, id);
	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		if (fd < 0)
			fd = mm_file_temporary(err);
		st = fd < 0 ? MM_EIO
			    : mm_file_append(fd, mm_query_blob(q, 0), err);
	}
	mm_query_free(q);
	if (fd >= 0 && st != MM_END) {
		(void)close(fd);
		return -1;
	}
	return fd;
}
