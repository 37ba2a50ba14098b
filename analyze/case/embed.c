#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/case/embed.h"
#include "formats/base/digest.h"
#include "formats/base/mem.h"
#include "formats/read/file.h"

#define PIECE_BYTES ((size_t)1 << 20)

static enum mm_status
put_pieces(struct mm_query *q, const struct mm_query *file, FILE *f,
	   struct mm_sha256 *h, struct mm_err *err)
{
	char *piece = mm_alloc(PIECE_BYTES);
	/* A log that is written to has grown since. */
	uint64_t left = (uint64_t)mm_query_int(file, 3);
	enum mm_status st = MM_END;

	while (st == MM_END && left > 0) {
		size_t n =
		    fread(piece, 1,
			  left < PIECE_BYTES ? (size_t)left : PIECE_BYTES, f);

		if (n == 0)
			break;
		left -= n;
		mm_sha256_add(h, piece, n);
		mm_query_bind_int(q, 0, mm_query_int(file, 0));
		mm_query_bind_blob(q, 1, (struct mm_str){ piece, n });
		st = mm_query_step(q, err);
	}
	free(piece);
	return st == MM_END ? MM_OK : st;
}

static enum mm_status
put_file(struct mm_query *q, const struct mm_query *file, struct mm_err *err)
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
	f = fopen(name, "rb");
	if (f == NULL)
		return mm_err_set(err, MM_EIO, "%s: %s", name, strerror(errno));
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
mm_embed(struct mm_store *s, struct mm_err *err)
{
	struct mm_query *files =
	    mm_query_new(s,
			 "SELECT id, name, sha256, bytes FROM file"
			 " WHERE sha256 IS NOT NULL",
			 err);
	struct mm_query *q =
	    mm_query_new(s, "INSERT INTO embedded VALUES(NULL,?,?)", err);
	enum mm_status st = files != NULL && q != NULL ? MM_OK : MM_EIO;

	while (st == MM_OK && (st = mm_query_step(files, err)) == MM_OK)
		st = put_file(q, files, err);
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
