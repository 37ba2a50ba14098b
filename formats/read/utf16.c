#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "formats/read/utf16.h"

struct utf16 {
	struct mm_source base;
	struct mm_source *lower; /* owned */
	size_t at, n;		 /* of `in` */
	uint32_t high;		 /* first half of a pair, or 0 */
	bool begun, big;
	char spare[8]; /* converted, not yet given */
	size_t spare_at, spare_n;
	unsigned char in[16384];
};

bool
mm_utf16_is(struct mm_str head)
{
	return mm_str_starts(head, "\xff\xfe") ||
	       mm_str_starts(head, "\xfe\xff");
}

/* At least two bytes from `at` on. */
static enum mm_status
refill(struct utf16 *u, struct mm_err *err)
{
	enum mm_status st;
	size_t n = 0;

	while (u->n - u->at < 2) {
		memmove(u->in, u->in + u->at, u->n - u->at);
		u->n -= u->at;
		u->at = 0;
		st = mm_source_read(u->lower, (char *)u->in + u->n,
				    sizeof(u->in) - u->n, &n, err);
		if (st != MM_OK)
			return st;
		u->n += n;
	}
	return MM_OK;
}

static size_t
put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 63));
		to[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 63));
	to[2] = (char)(0x80 | (c >> 6 & 63));
	to[3] = (char)(0x80 | (c & 63));
	return 4;
}

/* One unit of two bytes; how many bytes of UTF-8 it gave: at most seven. */
static size_t
put_unit(struct utf16 *u, uint32_t unit, char *to)
{
	size_t n = 0;

	if (u->high != 0 && unit >= 0xdc00 && unit <= 0xdfff) {
		n = put_utf8(to, 0x10000 + ((u->high - 0xd800) << 10) +
				     (unit - 0xdc00));
		u->high = 0;
		return n;
	}
	if (u->high != 0)
		n = put_utf8(to, 0xfffd);
	u->high = 0;
	if (unit >= 0xd800 && unit <= 0xdbff)
		u->high = unit;
	else if (unit >= 0xdc00 && unit <= 0xdfff)
		n += put_utf8(to + n, 0xfffd);
	else
		n += put_utf8(to + n, unit);
	return n;
}

/* The next unit goes to `spare`. */
static enum mm_status
convert(struct utf16 *u, struct mm_err *err)
{
	enum mm_status st = refill(u, err);
	uint32_t a, b;

	if (st != MM_OK)
		return st;
	a = u->in[u->at];
	b = u->in[u->at + 1];
	u->at += 2;
	u->spare_at = u->spare_n = 0;
	if (u->begun)
		u->spare_n =
		    put_unit(u, u->big ? a << 8 | b : b << 8 | a, u->spare);
	else
		u->big = a == 0xfe; /* the mark */
	u->begun = true;
	return MM_OK;
}

static enum mm_status
utf16_read(struct mm_source *s, char *to, size_t cap, size_t *n,
	   struct mm_err *err)
{
	struct utf16 *u = (struct utf16 *)s;
	enum mm_status st = MM_OK;

	*n = 0;
	while (*n < cap && st == MM_OK) {
		if (u->spare_at < u->spare_n)
			to[(*n)++] = u->spare[u->spare_at++];
		else
			st = convert(u, err);
	}
	if (st == MM_EFORMAT) {
		s->torn_at = u->lower->torn_at;
		s->why = u->lower->why;
	}
	if (st == MM_EIO || *n == 0)
		return st;
	s->ended = st != MM_OK;
	return MM_OK;
}

static void
utf16_close(struct mm_source *s)
{
	struct utf16 *u = (struct utf16 *)s;

	mm_source_close(u->lower);
	free(u);
}

struct mm_source *
mm_source_utf16(struct mm_source *lower)
{
	struct utf16 *u = mm_calloc(1, sizeof(*u));

	mm_source_init(&u->base, lower);
	u->base.read = utf16_read;
	u->base.close = utf16_close;
	u->lower = lower;
	return &u->base;
}
