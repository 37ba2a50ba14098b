#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "formats/read/reader.h"

#define N_BLOCKS    8
#define BLOCK_BYTES ((size_t)1 << 20)
/* That of a terabyte of log. */

struct mm_reader {
	const struct mm_evidence *ev; /* view */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Under the lock: blocks [first, first + n_full) are full; the one
	 * before `first` is in the caller's hands when `lent`. */
	struct mm_block ring[N_BLOCKS];
	size_t first, n_full;
	bool lent, stopping;
	/* The caller's. */
	size_t log;
	/* The thread's. */
	char *carry; /* owned: the partial line behind the last block */
	size_t n_carry;
	uint64_t carry_byte;
	bool skipping; /* inside a line that was cut */
};

/* The next free block, emptied; NULL when it is time to stop. */
static struct mm_block *
get_free(struct mm_reader *r)
{
	struct mm_block *b = NULL;

	(void)pthread_mutex_lock(&r->lock);
	while (!r->stopping && r->n_full + r->lent == N_BLOCKS)
		(void)pthread_cond_wait(&r->changed, &r->lock);
	if (!r->stopping)
		b = &r->ring[(r->first + r->n_full) % N_BLOCKS];
	(void)pthread_mutex_unlock(&r->lock);
	if (b != NULL) {
		*b = (struct mm_block){ .p = b->p, .torn_at = -1 };
		if (b->p == NULL)
			b->p = mm_alloc(MM_LINE_MAX_BYTES + BLOCK_BYTES);
	}
	return b;
}

static void
put_full(struct mm_reader *r)
{
	(void)pthread_mutex_lock(&r->lock);
	r->n_full++;
	(void)pthread_cond_signal(&r->changed);
	(void)pthread_mutex_unlock(&r->lock);
}

/* Bytes behind the last line end. */
static size_t
tail_bytes(const char *p, size_t n)
{
	size_t at = n;

	while (at > 0 && p[at - 1] != '\n')
		at--;
	return n - at;
}

/* Leave out the rest of a line that was cut. */
static void
skip_rest(struct mm_reader *r, struct mm_block *b)
{
	char *nl = memchr(b->p, '\n', b->n);
	size_t gone = nl != NULL ? (size_t)(nl + 1 - b->p) : b->n;

	memmove(b->p, b->p + gone, b->n - gone);
	b->n -= gone;
	b->at_byte += gone;
	r->skipping = nl == NULL;
}

/* Fill `b` with what was carried over and about BLOCK_BYTES more, then carry
 * the partial last line over. */
static enum mm_status
fill(struct mm_reader *r, struct mm_source *content, struct mm_block *b)
{
	enum mm_status st = MM_OK;
	size_t tail = r->n_carry;

	memcpy(b->p, r->carry, r->n_carry);
	b->n = r->n_carry;
	b->at_byte = r->carry_byte;
	r->n_carry = 0;
	/* A line of more than BLOCK_BYTES is read on to its end or its cut. */
	while (st == MM_OK && (b->n < BLOCK_BYTES || tail == b->n) &&
	       b->n <= MM_LINE_MAX_BYTES) {
		size_t n = 0;

		st = mm_source_read(content, b->p + b->n, BLOCK_BYTES, &n,
				    &b->err);
		b->n += n;
		if (r->skipping)
			skip_rest(r, b);
		tail = tail_bytes(b->p, b->n);
	}
	if (st == MM_OK && tail <= MM_LINE_MAX_BYTES) {
		r->n_carry = tail;
		b->n -= tail;
		memcpy(r->carry, b->p + b->n, tail);
	}
	r->skipping = tail > MM_LINE_MAX_BYTES;
	r->carry_byte = b->at_byte + b->n;
	return st;
}

/* Close the log's last block. */
static void
end_log(const struct mm_item *it, struct mm_open *o, struct mm_block *b,
	enum mm_status st)
{
	b->last = true;
	if (st == MM_EFORMAT) {
		b->torn_at = o->content->torn_at;
		b->why = o->content->why;
		st = MM_END;
	}
	if (st == MM_END)
		st = it->depth == 0
			 ? mm_file_sha256(o->leaf, b->sha256, &b->err)
			 : mm_source_drain(o->leaf, &b->err);
	b->st = st;
	b->taken_bytes = o->leaf->given_bytes;
}

/* False when it is time to stop. */
static bool
read_log(struct mm_reader *r, struct mm_item *it)
{
	struct mm_block *b = get_free(r);
	struct mm_open o = { 0 };
	enum mm_status st;

	if (b == NULL)
		return false;
	st = mm_item_open(r->ev, it, &o, &b->err);
	if (st != MM_OK) {
		b->last = true;
		b->st = st;
		put_full(r);
		return true;
	}
	r->n_carry = 0;
	r->carry_byte = 0;
	r->skipping = false;
	while ((st = fill(r, o.content, b)) == MM_OK) {
		b->taken_bytes = o.leaf->given_bytes;
		put_full(r);
		b = get_free(r);
		if (b == NULL)
			break;
	}
	if (b != NULL) {
		end_log(it, &o, b, st);
		put_full(r);
	}
	mm_source_close(o.content);
	return b != NULL;
}

static void *
run(void *ctx)
{
	struct mm_reader *r = ctx;

	for (size_t i = r->log; i < r->ev->n && r->ev->items[i].row.is_log; i++)
		if (!read_log(r, &r->ev->items[i]))
			break;
	return NULL;
}

struct mm_reader *
mm_reader_start(const struct mm_evidence *ev, size_t i, struct mm_err *err)
{
	struct mm_reader *r = mm_calloc(1, sizeof(*r));
	int rc;

	r->ev = ev;
	r->log = i;
	r->carry = mm_alloc(MM_LINE_MAX_BYTES);
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->changed, NULL);
	rc = pthread_create(&r->thread, NULL, run, r);
	if (rc == 0)
		return r;
	(void)mm_err_set(err, MM_EIO, "no thread for reading: %s",
			 strerror(rc));
	free(r->carry);
	free(r);
	return NULL;
}

size_t
mm_reader_log(const struct mm_reader *r)
{
	return r->log;
}

const struct mm_block *
mm_reader_next(struct mm_reader *r)
{
	struct mm_block *b;

	(void)pthread_mutex_lock(&r->lock);
	r->lent = false;
	(void)pthread_cond_signal(&r->changed);
	while (r->n_full == 0)
		(void)pthread_cond_wait(&r->changed, &r->lock);
	b = &r->ring[r->first];
	r->first = (r->first + 1) % N_BLOCKS;
	r->n_full--;
	r->lent = true;
	(void)pthread_mutex_unlock(&r->lock);
	if (b->last)
		r->log++;
	return b;
}

void
mm_reader_stop(struct mm_reader *r)
{
	if (r == NULL)
		return;
	(void)pthread_mutex_lock(&r->lock);
	r->stopping = true;
	(void)pthread_cond_signal(&r->changed);
	(void)pthread_mutex_unlock(&r->lock);
	(void)pthread_join(r->thread, NULL);
	(void)pthread_cond_destroy(&r->changed);
	(void)pthread_mutex_destroy(&r->lock);
	for (size_t i = 0; i < N_BLOCKS; i++)
		free(r->ring[i].p);
	free(r->carry);
	free(r);
}
