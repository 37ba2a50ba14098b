#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "formats/base/mem.h"
#include "formats/base/time.h"
#include "formats/read/file.h"

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

#define GZIP_BITS     (MAX_WBITS + 16) /* zlib: gzip around it, checked */
#define WINDOW_BYTES  32768
#define RESTART_BYTES ((uint64_t)4 << 20)

/* What a gzip stream holds. */
struct gzip {
	struct mm_source base;
	struct mm_source *lower; /* owned */
	z_stream z;
	uint64_t in_bytes;	 /* taken from `lower` */
	bool in_member;		 /* between a header and its trailer */
	bool behind;		 /* at least one member was read whole */
	struct mm_buf *restarts; /* view; NULL: nobody wants them */
	uint64_t out_bytes, restart_byte; /* given; the last restart */
	size_t trailer; /* bytes of it that are still to be left out */
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
		size_t n =
		    g->trailer < g->z.avail_in ? g->trailer : g->z.avail_in;

		g->z.next_in += n;
		g->z.avail_in -= (uInt)n;
		g->trailer -= n;
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
	(void)inflateReset2(&g->z, GZIP_BITS);
	g->in_member = true;
	return MM_OK;
}

static uint64_t
take_number(struct mm_str *s, size_t n_bytes)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n_bytes && i < s->n; i++)
		v |= (uint64_t)(unsigned char)s->p[i] << 8 * i;
	*s = mm_str_from(*s, n_bytes < s->n ? n_bytes : s->n);
	return v;
}

/* What was given, what was taken, the bits of the last byte that are still
 * to be read, the window before it, deflated. */
static void
note_restart(struct gzip *g)
{
	Bytef window[WINDOW_BYTES], packed[WINDOW_BYTES + 1024];
	uInt n = sizeof(window);
	uLongf n_packed = sizeof(packed);

	g->restart_byte = g->out_bytes;
	if (inflateGetDictionary(&g->z, window, &n) != Z_OK ||
	    compress2(packed, &n_packed, window, n, 6) != Z_OK)
		return;
	mm_buf_addle(g->restarts, g->out_bytes, 8);
	mm_buf_addle(g->restarts, g->in_bytes - g->z.avail_in, 8);
	mm_buf_addle(g->restarts, (uint64_t)(g->z.data_type & 7), 1);
	mm_buf_addle(g->restarts, n_packed, 4);
	mm_buf_add(g->restarts, packed, n_packed);
}

static enum mm_status
gzip_step(struct gzip *g, struct mm_err *err)
{
	enum mm_status st =
	    g->in_member ? gzip_refill(g, err) : gzip_next_member(g, err);
	uInt room;
	int rc;

	if (st == MM_END && !g->in_member)
		return MM_END;
	if (st == MM_END || (st == MM_EFORMAT && !g->base.ended))
		return gzip_torn(g, "the gzip data ends too early", err);
	if (st != MM_OK)
		return st;
	room = g->z.avail_out;
	rc = inflate(&g->z, g->restarts != NULL ? Z_BLOCK : Z_NO_FLUSH);
	g->out_bytes += room - g->z.avail_out;
	/* At the end of a block that is not the last. */
	if (g->restarts != NULL && rc == Z_OK &&
	    (g->z.data_type & 192) == 128 &&
	    g->out_bytes - g->restart_byte >= RESTART_BYTES)
		note_restart(g);
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
		st = mm_file_expand(s, *n, (int64_t)g->in_bytes, err);
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
	/* Fails for want of memory only. */
	if (inflateInit2(&g->z, GZIP_BITS) != Z_OK)
		g = mm_realloc(g, (size_t)-1);
	return &g->base;
}

void
mm_gzip_note_restarts(struct mm_source *gzip, struct mm_buf *restarts)
{
	((struct gzip *)gzip)->restarts = restarts;
}

struct restart {
	uint64_t out, in;
	int bits;
	struct mm_str packed;
};

/* The last one that is not behind `at_byte`. */
static bool
find_restart(struct mm_str all, uint64_t at_byte, struct restart *found)
{
	bool any = false;

	while (all.n >= 21) {
		struct restart r;
		uint64_t n;

		r.out = take_number(&all, 8);
		r.in = take_number(&all, 8);
		r.bits = (int)take_number(&all, 1) & 7;
		n = take_number(&all, 4);
		if (n > all.n || r.in == 0 || r.out > at_byte)
			break;
		r.packed = mm_str_upto(all, (size_t)n);
		all = mm_str_from(all, (size_t)n);
		*found = r;
		any = true;
	}
	return any;
}

/* Put `g` into the middle of a member. */
static bool
restart(struct gzip *g, const struct restart *r)
{
	uint64_t in = r->in - (r->bits > 0);
	Bytef window[WINDOW_BYTES];
	uLongf n = sizeof(window);
	struct mm_err err;
	size_t n_bits = 0;
	char bits = 0;

	if (mm_source_skip(g->lower, in) != in ||
	    uncompress(window, &n, (const Bytef *)r->packed.p, r->packed.n) !=
		Z_OK ||
	    inflateReset2(&g->z, -MAX_WBITS) != Z_OK)
		return false;
	if (r->bits > 0 &&
	    (mm_source_read(g->lower, &bits, 1, &n_bits, &err) != MM_OK ||
	     inflatePrime(&g->z, r->bits,
			  (unsigned char)bits >> (8 - r->bits)) != Z_OK))
		return false;
	g->in_bytes = r->in;
	g->out_bytes = r->out;
	g->trailer = 8;
	g->in_member = true;
	return inflateSetDictionary(&g->z, window, (uInt)n) == Z_OK;
}

struct mm_source *
mm_source_gzip_at(struct mm_source *lower, struct mm_str restarts,
		  uint64_t at_byte, uint64_t *from)
{
	struct mm_source *s = mm_source_gzip(lower);
	struct restart r;

	*from = 0;
	if (!find_restart(restarts, at_byte, &r))
		return s;
	if (!restart((struct gzip *)s, &r)) {
		mm_source_close(s);
		return NULL;
	}
	*from = r.out;
	return s;
}
