#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "formats/read/excerpt.h"
#include "formats/read/item.h"

#define BLOCK_BYTES ((size_t)64 * 1024)
/* Restart points lie about 4 MiB apart. */
#define NEAR_BYTES     ((uint64_t)6 << 20)
#define RESTARTS_BYTES ((size_t)1 << 30)
/* A mark in the index: a line number and the byte where that line begins. */
#define NUMBER_BYTES ((size_t)8)
#define MARK_BYTES   (2 * NUMBER_BYTES)

/* `block` holds [block_byte, block_byte + n) of the stream; the next line is
 * number `line` and begins at block[at]. */
struct mm_excerpt {
	char *name;	     /* owned */
	struct mm_buf index; /* number of marks, marks, restarts */
	struct mm_open open; /* owned; content NULL: not open */
	char *block;
	uint64_t block_byte;
	size_t n, at;
	uint64_t line;
	struct mm_buf text;
};

/* ---- the index ---- */

static uint64_t
number_at(const struct mm_buf *b, size_t at)
{
	uint64_t v = 0;

	for (size_t i = 0; i < NUMBER_BYTES && at + i < b->n; i++)
		v |= (uint64_t)(unsigned char)b->p[at + i] << 8 * i;
	return v;
}

/* One mark a block: the first line that begins in it. */
static enum mm_status
mark_lines(struct mm_source *content, struct mm_buf *marks, struct mm_err *err)
{
	char *block = mm_alloc(BLOCK_BYTES);
	uint64_t line = 1, byte = 0;
	bool marked = false;
	size_t n;
	enum mm_status st;

	while ((st = mm_source_read(content, block, BLOCK_BYTES, &n, err)) ==
	       MM_OK) {
		const char *p = block, *end = block + n;

		marked = false;
		while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
			p++;
			line++;
			if (!marked) {
				mm_buf_addle(marks, line, NUMBER_BYTES);
				mm_buf_addle(marks, byte + (size_t)(p - block),
					     NUMBER_BYTES);
				marked = true;
			}
		}
		byte += n;
	}
	free(block);
	return st == MM_END || st == MM_EFORMAT ? MM_OK : st;
}

enum mm_status
mm_excerpt_index(const char *name, struct mm_buf *index, struct mm_err *err)
{
	struct mm_open o = { 0 };
	struct mm_buf marks, restarts;
	uint64_t from;
	enum mm_status st =
	    mm_open_named(name, MM_STR_ABSENT, 0, &o, &from, err);

	if (st != MM_OK)
		return st;
	mm_buf_init(&marks, RESTARTS_BYTES);
	mm_buf_init(&restarts, RESTARTS_BYTES);
	if (o.is_gzip && name[mm_excerpt_file_part(name)] == '\0')
		mm_gzip_note_restarts(o.content, &restarts);
	st = mark_lines(o.content, &marks, err);
	mm_source_close(o.content);
	mm_buf_addle(index, marks.n / MARK_BYTES, NUMBER_BYTES);
	mm_buf_adds(index, mm_buf_str(&marks));
	mm_buf_adds(index, mm_buf_str(&restarts));
	mm_buf_fini(&marks);
	mm_buf_fini(&restarts);
	return st;
}

enum mm_status
mm_excerpt_sha256(const char *path, uint64_t n_bytes, char hex[MM_SHA256_HEX],
		  struct mm_err *err)
{
	struct mm_source *file = mm_file_open(path, 0, err);
	struct mm_sha256 *h;
	char *block;
	enum mm_status st = MM_OK;

	if (file == NULL)
		return MM_EIO;
	mm_file_unhashed(file);
	h = mm_sha256_new();
	block = mm_alloc(BLOCK_BYTES);
	while (n_bytes > 0 && st == MM_OK) {
		size_t n =
		    n_bytes < BLOCK_BYTES ? (size_t)n_bytes : BLOCK_BYTES;

		st = mm_source_read(file, block, n, &n, err);
		if (st == MM_OK) {
			mm_sha256_add(h, block, n);
			n_bytes -= n;
		}
	}
	free(block);
	mm_sha256_hex(h, hex);
	mm_source_close(file);
	return st == MM_END
		   ? mm_err_set(err, MM_ENOENT,
				"%s: is shorter than what was read", path)
		   : st;
}

/* The last mark that is not behind line `number`; line 1 without one. */
static void
find_mark(const struct mm_buf *index, uint64_t number, uint64_t *line,
	  uint64_t *byte)
{
	uint64_t low = 0, high = number_at(index, 0);

	*line = 1;
	*byte = 0;
	if (high > index->n / MARK_BYTES)
		high = index->n / MARK_BYTES;
	while (low < high) {
		uint64_t mid = low + (high - low) / 2;
		size_t at = NUMBER_BYTES + mid * MARK_BYTES;

		if (number_at(index, at) > number) {
			high = mid;
			continue;
		}
		low = mid + 1;
		*line = number_at(index, at);
		*byte = number_at(index, at + NUMBER_BYTES);
	}
}

static struct mm_str
restarts_of(const struct mm_buf *index)
{
	uint64_t at = NUMBER_BYTES + number_at(index, 0) * MARK_BYTES;

	return at < index->n ? mm_str_from(mm_buf_str(index), at)
			     : MM_STR_ABSENT;
}

/* ---- reading ---- */

struct mm_excerpt *
mm_excerpt_new(const char *name, struct mm_str index)
{
	struct mm_excerpt *x = mm_calloc(1, sizeof(*x));

	x->name = mm_strdup(name);
	mm_buf_init(&x->index, index.n);
	mm_buf_adds(&x->index, index);
	x->block = mm_alloc(BLOCK_BYTES);
	mm_buf_init(&x->text, MM_LINE_MAX_BYTES);
	return x;
}

void
mm_excerpt_free(struct mm_excerpt *x)
{
	if (x == NULL)
		return;
	mm_source_close(x->open.content);
	mm_buf_fini(&x->index);
	mm_buf_fini(&x->text);
	free(x->block);
	free(x->name);
	free(x);
}

/* The next block of the stream. */
static enum mm_status
next_block(struct mm_excerpt *x, struct mm_err *err)
{
	enum mm_status st;

	x->block_byte += x->n;
	x->n = x->at = 0;
	st = mm_source_read(x->open.content, x->block, BLOCK_BYTES, &x->n, err);
	return st == MM_EFORMAT ? MM_END : st;
}

/* Is it better to begin anew at a restart point than to read on? */
static bool
is_far(const struct mm_excerpt *x, uint64_t byte)
{
	return byte < x->block_byte + x->at ||
	       (byte - x->block_byte > NEAR_BYTES &&
		restarts_of(&x->index).n > 0);
}

/* Stand at the line that begins at `byte`. */
static enum mm_status
go_to(struct mm_excerpt *x, uint64_t line, uint64_t byte, struct mm_err *err)
{
	enum mm_status st = MM_OK;

	if (x->open.content == NULL || is_far(x, byte)) {
		mm_source_close(x->open.content);
		x->open.content = NULL;
		x->n = x->at = 0;
		st = mm_open_named(x->name, restarts_of(&x->index), byte,
				   &x->open, &x->block_byte, err);
	}
	if (st == MM_OK && byte > x->block_byte + x->n) {
		x->block_byte += x->n;
		x->n = 0;
		x->block_byte +=
		    mm_source_skip(x->open.content, byte - x->block_byte);
	}
	while (st == MM_OK && byte > x->block_byte + x->n)
		st = next_block(x, err);
	if (st != MM_OK)
		return st;
	x->at = (size_t)(byte - x->block_byte);
	x->line = line;
	return MM_OK;
}

/* Take the rest of the line, into `text` when it is wanted. */
static enum mm_status
take_line(struct mm_excerpt *x, struct mm_buf *text, struct mm_err *err)
{
	enum mm_status st = MM_OK;
	bool any = false;

	do {
		size_t n = x->n - x->at;
		const char *p = x->block + x->at, *nl = memchr(p, '\n', n);

		if (nl != NULL)
			n = (size_t)(nl - p);
		if (text != NULL)
			mm_buf_add(text, p,
				   n < MM_LINE_MAX_BYTES - text->n
				       ? n
				       : MM_LINE_MAX_BYTES - text->n);
		any |= n > 0 || nl != NULL;
		x->at += n + (nl != NULL);
		if (nl != NULL)
			break;
		st = next_block(x, err);
	} while (st == MM_OK);
	if (st == MM_END && any)
		st = MM_OK;
	x->line += st == MM_OK;
	return st;
}

enum mm_status
mm_excerpt_line(struct mm_excerpt *x, uint64_t number, struct mm_str *line,
		struct mm_err *err)
{
	uint64_t mark, byte;
	enum mm_status st = MM_OK;

	find_mark(&x->index, number, &mark, &byte);
	if (x->open.content == NULL || number < x->line || x->line < mark)
		st = go_to(x, mark, byte, err);
	while (st == MM_OK && x->line < number)
		st = take_line(x, NULL, err);
	mm_buf_clear(&x->text);
	if (st == MM_OK)
		st = take_line(x, &x->text, err);
	if (st == MM_END)
		st = mm_err_set(err, MM_EIO,
				"%s: ends before line %llu; it is not the file "
				"that was read",
				x->name, (unsigned long long)number);
	if (st != MM_OK)
		return st;
	*line = mm_buf_str(&x->text);
	if (line->n < MM_LINE_MAX_BYTES && mm_str_ends(*line, "\r"))
		line->n--;
	return MM_OK;
}
