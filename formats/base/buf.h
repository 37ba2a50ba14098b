/* buf.h - bytes that grow, up to a ceiling.
 *
 * Invariants: `p` is never NULL after mm_buf_init and p[n] is always NUL.
 * Past `max_bytes` nothing more is added and `over` says so; the caller
 * checks it once at the end.
 */
#ifndef MM_BUF_H
#define MM_BUF_H

#include "formats/base/status.h"
#include "formats/base/str.h"

struct mm_buf {
	char *p;  /* owned */
	size_t n; /* bytes used, without the NUL */
	size_t cap;
	size_t max_bytes; /* ceiling */
	bool over;	  /* something did not fit */
};

void mm_buf_init(struct mm_buf *b, size_t max_bytes);
void mm_buf_fini(struct mm_buf *b);
void mm_buf_clear(struct mm_buf *b); /* keeps the storage */
void mm_buf_add(struct mm_buf *b, const void *bytes, size_t n);
void mm_buf_addc(struct mm_buf *b, char c);
void mm_buf_addz(struct mm_buf *b, const char *z);
void mm_buf_adds(struct mm_buf *b, struct mm_str s);
void mm_buf_addi(struct mm_buf *b, int64_t v); /* decimal */
/* The low `n_bytes` of `v`, least first. */
void mm_buf_addle(struct mm_buf *b, uint64_t v, size_t n_bytes);
/* Room for `n` bytes behind what is there, for the caller to fill and then to
 * count by adding to `b->n` (and to end with a NUL). NULL past the ceiling. */
char *mm_buf_room(struct mm_buf *b, size_t n);
void mm_buf_addf(struct mm_buf *b, const char *fmt, ...) MM_PRINTF(2, 3);
struct mm_str mm_buf_str(const struct mm_buf *b); /* view */

#endif
