#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "formats/read/excerpt.h"
#include "formats/read/item.h"

#define BLOCK_BYTES ((size_t)64 * 1024)
/* Reading on is cheaper than starting anew as long as it is less than this. */
#define NEAR_BYTES ((uint64_t)8 << 20)

/* `block` holds [block_byte, block_byte + n) of the stream. */
struct mm_excerpt {
	char *name;		/* owned */
	struct mm_buf restarts; /* a copy */
	struct mm_open open;	/* owned; content NULL: not open */
	char *block;
	uint64_t block_byte;
	size_t n;
	struct mm_buf line;
};

struct mm_excerpt *
mm_excerpt_new(struct mm_str name, struct mm_str restarts)
{
	struct mm_excerpt *x = mm_calloc(1, sizeof(*x));

	x->name = mm_alloc(name.n + 1);
	memcpy(x->name, name.p, name.n);
	x->name[name.n] = '\0';
	mm_buf_init(&x->restarts, restarts.n);
	mm_buf_adds(&x->restarts, restarts);
	x->block = mm_alloc(BLOCK_BYTES);
	mm_buf_init(&x->line, MM_LINE_MAX_BYTES);
	return x;
}

void
mm_excerpt_free(struct mm_excerpt *x)
{
	if (x == NULL)
		return;
	mm_source_close(x->open.content);
	mm_buf_fini(&x->restarts);
	mm_buf_fini(&x->line);
	free(x->block);
	free(x->name);
	free(x);
}

static enum mm_status
reopen(struct mm_excerpt *x, uint64_t at_byte, struct mm_err *err)
{
	mm_source_close(x->open.content);
	x->open.content = NULL;
	x->n = 0;
	return mm_open_named(x->name, mm_buf_str(&x->restarts), at_byte,
			     &x->open, &x->block_byte, err);
}

/* The next block of the stream. */
static enum mm_status
next_block(struct mm_excerpt *x, struct mm_err *err)
{
	enum mm_status st;

	x->block_byte += x->n;
	x->n = 0;
	st = mm_source_read(x->open.content, x->block, BLOCK_BYTES, &x->n, err);
	return st == MM_EFORMAT ? MM_END : st;
}

/* Make the block hold `at_byte`. */
static enum mm_status
seek(struct mm_excerpt *x, uint64_t at_byte, struct mm_err *err)
{
	enum mm_status st = MM_OK;

	if (x->open.content == NULL || at_byte < x->block_byte ||
	    at_byte - x->block_byte > NEAR_BYTES)
		st = reopen(x, at_byte, err);
	if (st == MM_OK && at_byte > x->block_byte + x->n) {
		x->block_byte += x->n;
		x->n = 0;
		x->block_byte +=
		    mm_source_skip(x->open.content, at_byte - x->block_byte);
	}
	while (st == MM_OK && at_byte >= x->block_byte + x->n)
		st = next_block(x, err);
	if (st == MM_END)
		st = mm_err_set(err, MM_EIO,
				"%s: ends before byte %llu; it is not the file "
				"that was read",
				x->name, (unsigned long long)at_byte);
	return st;
}

enum mm_status
mm_excerpt_line(struct mm_excerpt *x, uint64_t at_byte, struct mm_str *line,
		struct mm_err *err)
{
	enum mm_status st = seek(x, at_byte, err);
	size_t at = (size_t)(at_byte - x->block_byte);
	const char *nl = NULL;

	mm_buf_clear(&x->line);
	while (st == MM_OK && nl == NULL && !x->line.over) {
		size_t n = x->n - at;

		nl = memchr(x->block + at, '\n', n);
		if (nl != NULL)
			n = (size_t)(nl - x->block) - at;
		if (n > MM_LINE_MAX_BYTES - x->line.n)
			n = MM_LINE_MAX_BYTES - x->line.n;
		mm_buf_add(&x->line, x->block + at, n);
		if (x->line.n == MM_LINE_MAX_BYTES)
			break;
		at = 0;
		if (nl == NULL)
			st = next_block(x, err);
	}
	if (st != MM_OK && st != MM_END)
		return st;
	*line = mm_buf_str(&x->line);
	if (line->n < MM_LINE_MAX_BYTES && mm_str_ends(*line, "\r"))
		line->n--;
	return MM_OK;
}
