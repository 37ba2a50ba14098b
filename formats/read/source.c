#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "formats/base/mem.h"
#include "formats/base/time.h"
#include "formats/read/source.h"

void
mm_source_init(struct mm_source *s, const struct mm_source *lower)
{
	s->file = lower->file;
	s->name = lower->name;
	s->torn_at = -1;
}

enum mm_status
mm_source_break(struct mm_source *s, int64_t at, const char *why,
		struct mm_err *err)
{
	s->ended = true;
	s->torn_at = at;
	s->why = why;
	return mm_err_set(err, MM_EFORMAT, "%s: %s at byte %lld", s->name, why,
			  (long long)at);
}

enum mm_status
mm_source_read(struct mm_source *s, char *to, size_t cap, size_t *n,
	       struct mm_err *err)
{
	size_t have = s->ahead_n - s->ahead_at;
	enum mm_status st;

	if (have > 0) {
		*n = have < cap ? have : cap;
		memcpy(to, s->ahead + s->ahead_at, *n);
		s->ahead_at += *n;
		return MM_OK;
	}
	if (s->ended)
		return s->torn_at < 0
			   ? MM_END
			   : mm_source_break(s, s->torn_at, s->why, err);
	st = s->read(s, to, cap, n, err);
	if (st == MM_OK)
		s->given_bytes += *n;
	return st;
}

/* Room for at least one more byte in `ahead`, what was taken moved out. */
static void
make_room(struct mm_source *s, size_t want)
{
	s->ahead_n -= s->ahead_at;
	if (s->ahead_at > 0)
		memmove(s->ahead, s->ahead + s->ahead_at, s->ahead_n);
	s->ahead_at = 0;
	if (s->ahead_n < s->ahead_cap || s->ahead_n >= want)
		return;
	if (s->ahead_cap == MM_SOURCE_HEAD_BYTES) {
		s->head = s->ahead;
		s->ahead = mm_alloc(2 * s->ahead_cap);
		memcpy(s->ahead, s->head, s->ahead_n);
		s->ahead_cap *= 2;
		return;
	}
	s->ahead_cap =
	    s->ahead_cap > 0 ? 2 * s->ahead_cap : MM_SOURCE_HEAD_BYTES;
	s->ahead = mm_realloc(s->ahead, s->ahead_cap);
}

enum mm_status
mm_source_peek(struct mm_source *s, size_t want, struct mm_str *head,
	       struct mm_err *err)
{
	enum mm_status st;

	for (;;) {
		size_t n = 0;

		make_room(s, want);
		if (s->ended || s->ahead_n >= want)
			break;
		st = s->read(s, s->ahead + s->ahead_n,
			     s->ahead_cap - s->ahead_n, &n, err);
		if (st == MM_EIO)
			return st;
		s->ahead_n += n;
		s->given_bytes += n;
		s->ended = s->ended || st != MM_OK;
	}
	*head =
	    (struct mm_str){ s->ahead, s->ahead_n < want ? s->ahead_n : want };
	return MM_OK;
}

uint64_t
mm_source_skip(struct mm_source *s, uint64_t n)
{
	uint64_t ahead = s->ahead_n - s->ahead_at;

	if (ahead > n)
		ahead = n;
	s->ahead_at += (size_t)ahead;
	if (s->skip == NULL || s->ended)
		return ahead;
	return ahead + s->skip(s, n - ahead);
}

void
mm_source_close(struct mm_source *s)
{
	char *ahead, *head;

	if (s == NULL)
		return;
	ahead = s->ahead;
	head = s->head;
	s->close(s);
	free(ahead);
	free(head);
}

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
mm_source_descriptor(int fd, const char *name, uint64_t max_expand)
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
mm_source_file(const char *path, uint64_t max_expand, struct mm_err *err)
{
	struct mm_source *s;
	int fd;

	if (strcmp(path, "-") == 0)
		return mm_source_descriptor(STDIN_FILENO, path, max_expand);
	fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		(void)mm_err_set(err, MM_EIO, "%s: %s", path, strerror(errno));
		return NULL;
	}
	s = mm_source_descriptor(fd, path, max_expand);
	((struct file *)s)->owns_fd = true;
	return s;
}

void
mm_source_file_unhashed(struct mm_source *file)
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
mm_source_memory(struct mm_str bytes, const char *name)
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
mm_source_expand(struct mm_source *s, size_t n, int64_t at, struct mm_err *err)
{
	struct file *f = (struct file *)s->file;
	const uint64_t free_bytes = (uint64_t)1 << 30;

	f->expanded_bytes += n;
	if (f->expanded_bytes < free_bytes ||
	    (f->expanded_bytes - free_bytes) / f->max_expand <=
		f->base.given_bytes)
		return MM_OK;
	return mm_source_break(s, at, "expands without end (--max-expand)",
			       err);
}

enum mm_status
mm_source_drain(struct mm_source *s, struct mm_err *err)
{
	char *block = mm_alloc(MM_SOURCE_INPUT_BYTES);
	enum mm_status st;
	size_t n;

	do
		st = mm_source_read(s, block, MM_SOURCE_INPUT_BYTES, &n, err);
	while (st == MM_OK);
	free(block);
	return st == MM_END || st == MM_EFORMAT ? MM_OK : st;
}

enum mm_status
mm_source_file_sha256(struct mm_source *file, char hex[MM_SHA256_HEX],
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

static bool
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, p, n);

		if (put < 0 && errno != EINTR)
			return false;
		if (put > 0) {
			p += put;
			n -= (size_t)put;
		}
	}
	return true;
}

int
mm_source_spill(struct mm_source *file, struct mm_err *err)
{
	const char *folder = getenv("TMPDIR");
	char path[4096], *block;
	enum mm_status st = MM_OK;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/mailmortem-XXXXXX",
		       folder != NULL ? folder : "/tmp");
	fd = mkstemp(path);
	if (fd >= 0)
		(void)unlink(path);
	block = mm_alloc(MM_SOURCE_INPUT_BYTES);
	while (fd >= 0 && st == MM_OK) {
		size_t n = 0;

		st =
		    mm_source_read(file, block, MM_SOURCE_INPUT_BYTES, &n, err);
		if (st == MM_OK && !write_all(fd, block, n))
			break;
	}
	free(block);
	if (fd >= 0 && st == MM_END)
		return fd;
	if (st == MM_OK)
		(void)mm_err_set(err, MM_EIO, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

/* What a gzip stream holds. */
struct gzip {
	struct mm_source base;
	struct mm_source *lower; /* owned */
	z_stream z;
	uint64_t in_bytes; /* taken from `lower` */
	bool in_member;	   /* between a header and its trailer */
	bool behind;	   /* at least one member was read whole */
	Bytef in[MM_SOURCE_INPUT_BYTES];
};

bool
mm_gzip_is(struct mm_str head)
{
	return mm_str_starts(head, "\x1f\x8b\x08");
}

int64_t
mm_gzip_time(struct mm_str head)
{
	const unsigned char *p = (const unsigned char *)head.p;
	uint32_t seconds;

	if (!mm_gzip_is(head) || head.n < 8)
		return MM_TIME_NONE;
	seconds = (uint32_t)p[4] | (uint32_t)p[5] << 8 | (uint32_t)p[6] << 16 |
		  (uint32_t)p[7] << 24;
	return seconds != 0 ? seconds * MM_SECOND_US : MM_TIME_NONE;
}

static enum mm_status
gzip_torn(struct gzip *g, const char *why, struct mm_err *err)
{
	return mm_source_break(&g->base, (int64_t)(g->in_bytes - g->z.avail_in),
			       why, err);
}

/* More input when there is none left. */
static enum mm_status
gzip_refill(struct gzip *g, struct mm_err *err)
{
	enum mm_status st;
	size_t n = 0;

	if (g->z.avail_in > 0)
		return MM_OK;
	st = mm_source_read(g->lower, (char *)g->in, MM_SOURCE_INPUT_BYTES, &n,
			    err);
	g->z.next_in = g->in;
	g->z.avail_in = (uInt)n;
	g->in_bytes += n;
	return st;
}

/* Between members: step over zeros (tapes pad with them), start the next. */
static enum mm_status
gzip_next_member(struct gzip *g, struct mm_err *err)
{
	enum mm_status st;

	while ((st = gzip_refill(g, err)) == MM_OK) {
		while (g->behind && g->z.avail_in > 0 && *g->z.next_in == 0) {
			g->z.next_in++;
			g->z.avail_in--;
		}
		if (g->z.avail_in > 0)
			break;
	}
	if (st != MM_OK)
		return st;
	if (*g->z.next_in != 0x1f)
		return gzip_torn(g, "bytes that are not gzip", err);
	(void)inflateReset(&g->z);
	g->in_member = true;
	return MM_OK;
}

static enum mm_status
gzip_step(struct gzip *g, struct mm_err *err)
{
	enum mm_status st =
	    g->in_member ? gzip_refill(g, err) : gzip_next_member(g, err);
	int rc;

	if (st == MM_END && !g->in_member)
		return MM_END;
	if (st == MM_END || (st == MM_EFORMAT && !g->base.ended))
		return gzip_torn(g, "the gzip data ends too early", err);
	if (st != MM_OK)
		return st;
	rc = inflate(&g->z, Z_NO_FLUSH);
	if (rc == Z_STREAM_END) {
		g->in_member = false;
		g->behind = true;
	} else if (rc != Z_OK && rc != Z_BUF_ERROR) {
		return gzip_torn(g, "the gzip data is damaged", err);
	}
	return MM_OK;
}

static enum mm_status
gzip_read(struct mm_source *s, char *to, size_t cap, size_t *n,
	  struct mm_err *err)
{
	struct gzip *g = (struct gzip *)s;
	enum mm_status st = MM_OK;

	if (cap > UINT32_MAX)
		cap = UINT32_MAX;
	g->z.next_out = (Bytef *)to;
	g->z.avail_out = (uInt)cap;
	while (st == MM_OK && g->z.avail_out > 0)
		st = gzip_step(g, err);
	*n = cap - g->z.avail_out;
	if (st == MM_OK)
		st = mm_source_expand(s, *n, (int64_t)g->in_bytes, err);
	/* What was readable before the break is given first. */
	if (st != MM_EIO && *n > 0) {
		s->ended = st != MM_OK;
		return MM_OK;
	}
	return st;
}

static void
gzip_close(struct mm_source *s)
{
	struct gzip *g = (struct gzip *)s;

	(void)inflateEnd(&g->z);
	mm_source_close(g->lower);
	free(g);
}

struct mm_source *
mm_source_gzip(struct mm_source *lower)
{
	struct gzip *g = mm_calloc(1, sizeof(*g));

	mm_source_init(&g->base, lower);
	g->base.read = gzip_read;
	g->base.close = gzip_close;
	g->lower = lower;
	/* 16: gzip framing, checked; fails for want of memory only. */
	if (inflateInit2(&g->z, MAX_WBITS + 16) != Z_OK)
		g = mm_realloc(g, (size_t)-1);
	return &g->base;
}
