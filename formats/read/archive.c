#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "formats/base/mem.h"
#include "formats/base/time.h"
#include "formats/read/archive.h"
#include "formats/read/file.h"

/* libarchive's side of a source: it asks, we read. */
struct feed {
	struct mm_source *lower;
	enum mm_status st; /* of the last read */
	struct mm_err err;
	const char *data; /* what libarchive gave and nobody took yet */
	size_t n_data;
	char block[MM_SOURCE_INPUT_BYTES];
};

static la_ssize_t
feed_read(struct archive *a, void *ctx, const void **block)
{
	struct feed *f = ctx;
	size_t n = 0;

	*block = f->block;
	f->st =
	    mm_source_read(f->lower, f->block, sizeof(f->block), &n, &f->err);
	if (f->st == MM_EIO) {
		archive_set_error(a, EIO, "%s", f->err.text);
		return -1;
	}
	return (la_ssize_t)n;
}

static la_int64_t
feed_skip(struct archive *a, void *ctx, la_int64_t n)
{
	struct feed *f = ctx;

	(void)a;
	return (la_int64_t)mm_source_skip(f->lower, (uint64_t)n);
}

static struct feed *
feed_new(struct mm_source *lower)
{
	struct feed *f = mm_alloc(sizeof(*f));

	f->lower = lower;
	f->st = MM_OK;
	f->n_data = 0;
	return f;
}

static int64_t
taken(const struct feed *f)
{
	return (int64_t)(f->lower->given_bytes -
			 (f->lower->ahead_n - f->lower->ahead_at));
}

/* A break: below us, or here. */
static enum mm_status
feed_broke(struct feed *f, struct mm_source *s, struct mm_err *err)
{
	if (f->st == MM_EIO) {
		*err = f->err;
		return MM_EIO;
	}
	if (f->st == MM_EFORMAT)
		return mm_source_break(s, f->lower->torn_at, f->lower->why,
				       err);
	return mm_source_break(s, taken(f), "damaged or cut short", err);
}

/* Memory is the only thing that these calls can lack. */
static struct archive *
must(struct archive *a)
{
	return a != NULL ? a : mm_realloc(NULL, (size_t)-1);
}

static const struct {
	const char *magic;
	size_t n;
	const char *name;
} packed[] = {
	{ "BZh", 3, "bzip2" },
	{ "\xfd"
	  "7zXZ\0",
	  6, "xz" },
	{ "]\0\0", 3, "lzma" },
	{ "\x28\xb5\x2f\xfd", 4, "zstd" },
	{ "\x04\x22\x4d\x18", 4, "lz4" },
	{ "LZIP", 4, "lzip" },
	{ "\x1f\x9d", 2, "compress" },
};

const char *
mm_packed_name(struct mm_str head)
{
	for (size_t i = 0; i < MM_COUNT(packed); i++)
		if (head.n >= packed[i].n &&
		    memcmp(head.p, packed[i].magic, packed[i].n) == 0)
			return packed[i].name;
	return NULL;
}

/* What a compressed stream holds. */
struct unpacker {
	struct mm_source base;
	struct archive *a;
	struct feed *feed;
	bool begun;
};

/* The data of the entry at hand. By blocks: archive_read_data() forgets what
 * it has when the next block fails. Holes of sparse files are left out. */
static enum mm_status
read_data(struct mm_source *s, struct archive *a, struct feed *feed, char *to,
	  size_t cap, size_t *n, struct mm_err *err)
{
	const void *block = NULL;
	la_int64_t at;
	int rc = ARCHIVE_OK;

	while (feed->n_data == 0 && rc != ARCHIVE_EOF) {
		rc = archive_read_data_block(a, &block, &feed->n_data, &at);
		if (rc < ARCHIVE_WARN && rc != ARCHIVE_RETRY)
			return feed_broke(feed, s, err);
		feed->data = block;
	}
	/* Where the input breaks some filters just end. */
	if (feed->n_data == 0)
		return feed->st == MM_EFORMAT ? feed_broke(feed, s, err)
					      : MM_END;
	*n = feed->n_data < cap ? feed->n_data : cap;
	memcpy(to, feed->data, *n);
	feed->data += *n;
	feed->n_data -= *n;
	/* When that is too much this was the last. */
	(void)mm_file_expand(s, *n, taken(feed), err);
	return MM_OK;
}

static enum mm_status
unpacker_read(struct mm_source *s, char *to, size_t cap, size_t *n,
	      struct mm_err *err)
{
	struct unpacker *u = (struct unpacker *)s;
	struct archive_entry *entry;

	if (!u->begun) {
		int rc =
		    archive_read_open(u->a, u->feed, NULL, feed_read, NULL);

		u->begun = true;
		if (rc == ARCHIVE_OK)
			rc = archive_read_next_header(u->a, &entry);
		if (rc == ARCHIVE_EOF)
			return MM_END;
		if (rc < ARCHIVE_WARN)
			return feed_broke(u->feed, s, err);
	}
	return read_data(s, u->a, u->feed, to, cap, n, err);
}

static void
unpacker_close(struct mm_source *s)
{
	struct unpacker *u = (struct unpacker *)s;

	(void)archive_read_free(u->a);
	mm_source_close(u->feed->lower);
	free(u->feed);
	free(u);
}

struct mm_source *
mm_source_packed(struct mm_source *lower)
{
	struct unpacker *u = mm_calloc(1, sizeof(*u));

	mm_source_init(&u->base, lower);
	u->base.read = unpacker_read;
	u->base.close = unpacker_close;
	u->feed = feed_new(lower);
	u->a = must(archive_read_new());
	(void)archive_read_support_filter_bzip2(u->a);
	(void)archive_read_support_filter_xz(u->a);
	(void)archive_read_support_filter_lzma(u->a);
	(void)archive_read_support_filter_zstd(u->a);
	(void)archive_read_support_filter_lz4(u->a);
	(void)archive_read_support_filter_lzip(u->a);
	(void)archive_read_support_filter_compress(u->a);
	(void)archive_read_support_format_raw(u->a);
	(void)archive_read_support_format_empty(u->a);
	return &u->base;
}

/* The sum of a tar header's bytes, its own field taken as blanks. */
static bool
is_tar(struct mm_str head)
{
	const unsigned char *p = (const unsigned char *)head.p;
	unsigned sum = 8 * ' ', want = 0;
	size_t i;

	if (head.n < 512 || p[0] == 0)
		return false;
	for (i = 0; i < 512; i++)
		if (i < 148 || i >= 156)
			sum += p[i];
	for (i = 148; i < 156 && p[i] == ' '; i++)
		;
	for (; i < 156 && p[i] >= '0' && p[i] <= '7'; i++)
		want = want * 8 + (unsigned)(p[i] - '0');
	return sum == want;
}

/* cpio's oldest form, which it still writes unless told otherwise: numbers of
 * 16 bits in the order of the machine that wrote it. The magic alone is too
 * little to tell; the name behind the header ends in a NUL. */
static bool
is_binary_cpio(struct mm_str head)
{
	const unsigned char *p = (const unsigned char *)head.p;
	size_t n_name;

	if (head.n < 28)
		return false;
	if (p[0] == 0xc7 && p[1] == 0x71)
		n_name = p[20] | (size_t)p[21] << 8;
	else if (p[0] == 0x71 && p[1] == 0xc7)
		n_name = p[21] | (size_t)p[20] << 8;
	else
		return false;
	return n_name > 1 && 26 + n_name <= head.n &&
	       memchr(p + 26, 0, n_name) == p + 26 + n_name - 1;
}

const char *
mm_archive_name(struct mm_str head)
{
	if (is_tar(head))
		return "tar";
	if (mm_str_starts(head, "PK\003\004") ||
	    mm_str_starts(head, "PK\005\006"))
		return "zip";
	if (head.n >= 110 &&
	    (mm_str_starts(head, "070701") || mm_str_starts(head, "070702") ||
	     mm_str_starts(head, "070707")))
		return "cpio";
	if (is_binary_cpio(head))
		return "cpio";
	return NULL;
}

struct mm_archive {
	struct archive *a;
	struct feed *feed;
	uint64_t n_entries;
	bool begun;
};

struct mm_archive *
mm_archive_open(struct mm_source *lower)
{
	struct mm_archive *ar = mm_calloc(1, sizeof(*ar));

	ar->feed = feed_new(lower);
	ar->a = must(archive_read_new());
	(void)archive_read_support_format_tar(ar->a);
	(void)archive_read_support_format_cpio(ar->a);
	(void)archive_read_support_format_zip_streamable(ar->a);
	return ar;
}

void
mm_archive_close(struct mm_archive *ar)
{
	if (ar == NULL)
		return;
	(void)archive_read_free(ar->a);
	free(ar->feed);
	free(ar);
}

/* MM_OK with an entry, whatever it is. */
static enum mm_status
next_entry(struct mm_archive *ar, struct archive_entry **entry,
	   struct mm_err *err)
{
	int rc = ARCHIVE_OK;

	if (!ar->begun)
		rc = archive_read_open2(ar->a, ar->feed, NULL, feed_read,
					feed_skip, NULL);
	ar->begun = true;
	ar->feed->n_data = 0;
	if (rc == ARCHIVE_OK)
		do
			rc = archive_read_next_header(ar->a, entry);
		while (rc == ARCHIVE_RETRY);
	if (rc == ARCHIVE_EOF && ar->feed->st != MM_EFORMAT)
		return MM_END;
	if (rc < ARCHIVE_WARN || rc == ARCHIVE_EOF)
		return feed_broke(ar->feed, ar->feed->lower, err);
	return MM_OK;
}

static struct mm_str
path_of(struct archive_entry *entry)
{
	const char *path = archive_entry_pathname(entry);
	struct mm_str s;

	/* NULL where the locale cannot hold the name. */
	if (path == NULL)
		path = archive_entry_pathname_utf8(entry);
	s = mm_str_z(path != NULL ? path : "?");
	while (mm_str_skip(&s, "./") || mm_str_skip(&s, "/"))
		;
	return s;
}

enum mm_status
mm_archive_next(struct mm_archive *ar, struct mm_member *m, struct mm_err *err)
{
	struct archive_entry *e;
	enum mm_status st;

	for (;;) {
		st = next_entry(ar, &e, err);
		if (st != MM_OK)
			return st;
		ar->n_entries++;
		/* A hard link's bytes stand at its first name. */
		if (archive_entry_filetype(e) == AE_IFREG &&
		    archive_entry_hardlink(e) == NULL)
			break;
	}
	*m = (struct mm_member){
		.path = path_of(e),
		.mtime_us = MM_TIME_NONE,
		.mode = (unsigned)archive_entry_perm(e),
		.number = ar->n_entries - 1,
		.encrypted = archive_entry_is_encrypted(e) != 0,
	};
	if (archive_entry_size_is_set(e) && archive_entry_size(e) > 0)
		m->n_bytes = (uint64_t)archive_entry_size(e);
	if (archive_entry_mtime_is_set(e) && archive_entry_mtime(e) >= 0 &&
	    archive_entry_mtime(e) <= (time_t)UINT32_MAX)
		m->mtime_us = archive_entry_mtime(e) * MM_SECOND_US +
			      archive_entry_mtime_nsec(e) / 1000;
	return MM_OK;
}

struct member {
	struct mm_source base;
	struct mm_archive *ar;
	bool owns;
};

static enum mm_status
member_read(struct mm_source *s, char *to, size_t cap, size_t *n,
	    struct mm_err *err)
{
	struct mm_archive *ar = ((struct member *)s)->ar;

	return read_data(s, ar->a, ar->feed, to, cap, n, err);
}

static void
member_close(struct mm_source *s)
{
	struct member *m = (struct member *)s;
	struct mm_source *lower = m->ar->feed->lower;

	if (m->owns) {
		mm_archive_close(m->ar);
		mm_source_close(lower);
	}
	free(m);
}

struct mm_source *
mm_archive_member(struct mm_archive *ar, const char *name, bool owns)
{
	struct member *m = mm_calloc(1, sizeof(*m));

	mm_source_init(&m->base, ar->feed->lower);
	m->base.name = name;
	m->base.read = member_read;
	m->base.close = member_close;
	m->ar = ar;
	m->owns = owns;
	return &m->base;
}
