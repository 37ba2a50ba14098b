#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "formats/base/mem.h"
#include "formats/base/time.h"
#include "formats/read/source.h"

#define INPUT_BYTES ((size_t)256 * 1024)

enum mm_status
mm_source_read(struct mm_source *s, char *to, size_t cap, size_t *n,
	       struct mm_err *err)
{
	size_t have = s->ahead_n - s->ahead_at;

	if (have > 0) {
		*n = have < cap ? have : cap;
		memcpy(to, s->ahead + s->ahead_at, *n);
		s->ahead_at += *n;
		return MM_OK;
	}
	if (s->ended)
		return s->torn_at >= 0
			   ? mm_err_set(err, MM_EFORMAT,
					"%s: broken at byte %lld", s->name,
					(long long)s->torn_at)
			   : MM_END;
	return s->read(s, to, cap, n, err);
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
		s->ended = st != MM_OK;
	}
	*head =
	    (struct mm_str){ s->ahead, s->ahead_n < want ? s->ahead_n : want };
	return MM_OK;
}

void
mm_source_close(struct mm_source *s)
{
	char *ahead;

	if (s == NULL)
		return;
	ahead = s->ahead;
	s->close(s);
	free(ahead);
}

/* A file as it lies there. */
struct file {
	struct mm_source base;
	int fd;
	struct mm_sha256 *hash;	      /* owned */
	_Atomic uint64_t taken_bytes; /* read by the progress bar's thread */
};

static enum mm_status
file_read(struct mm_source *s, char *to, size_t cap, size_t *n,
	  struct mm_err *err)
{
	struct file *f = (struct file *)s;
	ssize_t got;

	do
		got = read(f->fd, to, cap);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return mm_err_set(err, MM_EIO, "%s: %s", s->name,
				  strerror(errno));
	if (got == 0)
		return MM_END;
	*n = (size_t)got;
	mm_sha256_add(f->hash, to, *n);
	f->taken_bytes += *n;
	return MM_OK;
}

static void
file_close(struct mm_source *s)
{
	struct file *f = (struct file *)s;
	char unused[MM_SHA256_HEX];

	if (f->hash != NULL)
		mm_sha256_hex(f->hash, unused);
	if (f->fd != STDIN_FILENO)
		(void)close(f->fd);
	free(f);
}

struct mm_source *
mm_source_file(const char *path, struct mm_err *err)
{
	struct file *f;
	int fd = STDIN_FILENO;

	if (strcmp(path, "-") != 0)
		fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		(void)mm_err_set(err, MM_EIO, "%s: %s", path, strerror(errno));
		return NULL;
	}
	f = mm_calloc(1, sizeof(*f));
	f->base = (struct mm_source){ .read = file_read,
				      .close = file_close,
				      .name = path,
				      .torn_at = -1 };
	f->fd = fd;
	f->hash = mm_sha256_new();
	return &f->base;
}

uint64_t
mm_source_file_taken(const struct mm_source *file)
{
	return ((const struct file *)file)->taken_bytes;
}

enum mm_status
mm_source_file_sha256(struct mm_source *file, char hex[MM_SHA256_HEX],
		      struct mm_err *err)
{
	struct file *f = (struct file *)file;
	char *block = mm_alloc(INPUT_BYTES);
	enum mm_status st;
	size_t n;

	do
		st = file_read(file, block, INPUT_BYTES, &n, err);
	while (st == MM_OK);
	free(block);
	if (st != MM_END)
		return st;
	mm_sha256_hex(f->hash, hex);
	f->hash = NULL;
	return MM_OK;
}

/* What a gzip stream holds. */
struct gzip {
	struct mm_source base;
	struct mm_source *lower; /* owned */
	z_stream z;
	uint64_t in_bytes; /* taken from `lower` */
	bool in_member;	   /* between a header and its trailer */
	bool behind;	   /* at least one member was read whole */
	Bytef in[INPUT_BYTES];
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
gzip_torn(struct gzip *g, const char *what, struct mm_err *err)
{
	g->base.torn_at = (int64_t)(g->in_bytes - g->z.avail_in);
	g->base.ended = true;
	return mm_err_set(err, MM_EFORMAT, "%s: %s at byte %lld", g->base.name,
			  what, (long long)g->base.torn_at);
}

/* More input when there is none left. */
static enum mm_status
gzip_refill(struct gzip *g, struct mm_err *err)
{
	enum mm_status st;
	size_t n = 0;

	if (g->z.avail_in > 0)
		return MM_OK;
	st = mm_source_read(g->lower, (char *)g->in, INPUT_BYTES, &n, err);
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
	struct gzip *g = mm_alloc(sizeof(*g));

	g->base = (struct mm_source){ .read = gzip_read,
				      .close = gzip_close,
				      .name = lower->name,
				      .torn_at = -1 };
	g->lower = lower;
	g->in_bytes = 0;
	g->in_member = g->behind = false;
	memset(&g->z, 0, sizeof(g->z));
	/* 16: gzip framing, checked; fails for want of memory only. */
	if (inflateInit2(&g->z, MAX_WBITS + 16) != Z_OK)
		g = mm_realloc(g, (size_t)-1);
	return &g->base;
}
