#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/mem.h"
#include "formats/read/file.h"

/* A file as it lies there. */
struct file {
	struct mm_source base;
	int fd;
	bool owns_fd;
	bool seekable; /* read at `at`: several may share a descriptor */
	off_t at;
	struct mm_sha256 *hash; /* owned */
	uint64_t expanded_bytes, max_expand;
};

static enum mm_status
file_read(struct mm_source *s, char *to, size_t cap, size_t *n,
	  struct mm_err *err)
{
	struct file *f = (struct file *)s;
	ssize_t got;

	do
		got = f->seekable ? pread(f->fd, to, cap, f->at)
				  : read(f->fd, to, cap);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return mm_err_set(err, MM_EIO, "%s: %s", s->name,
				  strerror(errno));
	if (got == 0)
		return MM_END;
	*n = (size_t)got;
	f->at += got;
	if (f->hash != NULL)
		mm_sha256_add(f->hash, to, *n);
	return MM_OK;
}

static uint64_t
file_skip(struct mm_source *s, uint64_t n)
{
	struct file *f = (struct file *)s;
	uint64_t left;
	struct stat sb;

	if (f->hash != NULL || !f->seekable || fstat(f->fd, &sb) != 0 ||
	    sb.st_size <= f->at)
		return 0;
	left = (uint64_t)(sb.st_size - f->at);
	if (n > left)
		n = left;
	f->at += (off_t)n;
	s->given_bytes += n;
	return n;
}

static void
file_close(struct mm_source *s)
{
	struct file *f = (struct file *)s;
	char unused[MM_SHA256_HEX];

	if (f->hash != NULL)
		mm_sha256_hex(f->hash, unused);
	if (f->owns_fd)
		(void)close(f->fd);
	free(f);
}

struct mm_source *
mm_file_descriptor(int fd, const char *name, uint64_t max_expand)
{
	struct file *f = mm_calloc(1, sizeof(*f));
	struct stat sb;

	f->base.read = file_read;
	f->base.close = file_close;
	f->base.skip = file_skip;
	f->base.file = &f->base;
	f->base.name = name;
	f->base.torn_at = -1;
	f->fd = fd;
	f->seekable = fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode);
	f->hash = mm_sha256_new();
	f->max_expand = max_expand > 0 ? max_expand : MM_EXPAND_DEFAULT;
	return &f->base;
}

struct mm_source *
mm_file_open(const char *path, uint64_t max_expand, struct mm_err *err)
{
	struct mm_source *s;
	int fd;

	if (strcmp(path, "-") == 0)
		return mm_file_descriptor(STDIN_FILENO, path, max_expand);
	fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		(void)mm_err_set(err, MM_EIO, "%s: %s", path, strerror(errno));
		return NULL;
	}
	s = mm_file_descriptor(fd, path, max_expand);
	((struct file *)s)->owns_fd = true;
	return s;
}

void
mm_file_unhashed(struct mm_source *file)
{
	struct file *f = (struct file *)file;
	char unused[MM_SHA256_HEX];

	mm_sha256_hex(f->hash, unused);
	f->hash = NULL;
}

/* Bytes in memory: all that was peeked. */
static enum mm_status
memory_read(struct mm_source *s, char *to, size_t cap, size_t *n,
	    struct mm_err *err)
{
	(void)s, (void)to, (void)cap, (void)n, (void)err;
	return MM_END;
}

static void
memory_close(struct mm_source *s)
{
	free(s);
}

struct mm_source *
mm_file_memory(struct mm_str bytes, const char *name)
{
	struct mm_source *s = mm_calloc(1, sizeof(*s));

	s->read = memory_read;
	s->close = memory_close;
	s->file = s;
	s->name = name;
	s->torn_at = -1;
	s->ahead = mm_alloc(bytes.n + 1);
	memcpy(s->ahead, bytes.p, bytes.n);
	s->ahead_n = s->ahead_cap = bytes.n;
	s->given_bytes = bytes.n;
	return s;
}

enum mm_status
mm_file_expand(struct mm_source *s, size_t n, int64_t at, struct mm_err *err)
{
	struct file *f = (struct file *)s->file;
	const uint64_t free_bytes = (uint64_t)1 << 30;

	f->expanded_bytes += n;
	if (f->expanded_bytes < free_bytes ||
	    (f->expanded_bytes - free_bytes) / f->max_expand <=
		f->base.given_bytes)
		return MM_OK;
	return mm_source_break(
	    s, at, "expands beyond 1 GiB and --max-expand times its size", err);
}

enum mm_status
mm_file_sha256(struct mm_source *file, char hex[MM_SHA256_HEX],
	       struct mm_err *err)
{
	struct file *f = (struct file *)file;
	enum mm_status st = mm_source_drain(file, err);

	if (st != MM_OK)
		return st;
	mm_sha256_hex(f->hash, hex);
	f->hash = NULL;
	return MM_OK;
}

int
mm_file_temporary(struct mm_err *err)
{
	const char *folder = getenv("TMPDIR");
	char path[4096];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/mailmortem-XXXXXX",
		       folder != NULL ? folder : "/tmp");
	fd = mkstemp(path);
	if (fd < 0)
		(void)mm_err_set(err, MM_EIO, "%s: %s", path, strerror(errno));
	else
		(void)unlink(path);
	return fd;
}

enum mm_status
mm_file_append(int fd, struct mm_str bytes, struct mm_err *err)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return mm_err_set(err, MM_EIO, "a temporary file: %s",
					  strerror(errno));
		bytes = mm_str_from(bytes, (size_t)n);
	}
	return MM_OK;
}

int
mm_file_spill(struct mm_source *file, struct mm_err *err)
{
	char *block = mm_alloc(MM_SOURCE_INPUT_BYTES);
	enum mm_status st = MM_OK;
	int fd = mm_file_temporary(err);

	while (fd >= 0 && st == MM_OK) {
		size_t n = 0;

		st =
		    mm_source_read(file, block, MM_SOURCE_INPUT_BYTES, &n, err);
		if (st == MM_OK)
			st = mm_file_append(fd, (struct mm_str){ block, n },
					    err);
	}
	free(block);
	if (fd >= 0 && st != MM_END) {
		(void)close(fd);
		return -1;
	}
	return fd;
}
