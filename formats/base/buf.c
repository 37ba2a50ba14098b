#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/buf.h"
#include "formats/base/mem.h"

void
mm_buf_init(struct mm_buf *b, size_t max_bytes)
{
	*b = (struct mm_buf){ .p = mm_alloc(64), .cap = 64,
		              .max_bytes = max_bytes };
	b->p[0] = '\0';
}

void
mm_buf_fini(struct mm_buf *b)
{
	free(b->p);
	*b = (struct mm_buf){ 0 };
}

void
mm_buf_clear(struct mm_buf *b)
{
	b->n = 0;
	b->over = false;
	b->p[0] = '\0';
}

/* Room for `n` more bytes and the NUL, or false and `over`. */
static bool
reserve(struct mm_buf *b, size_t n)
{
	if (b->over || n > b->max_bytes - b->n) {
		b->over = true;
		return false;
	}
	if (b->n + n + 1 > b->cap) {
		while (b->n + n + 1 > b->cap)
			b->cap *= 2;
		b->p = mm_realloc(b->p, b->cap);
	}
	return true;
}

void
mm_buf_add(struct mm_buf *b, const void *bytes, size_t n)
{
	if (n == 0 || !reserve(b, n))
		return;
	memcpy(b->p + b->n, bytes, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void
mm_buf_addc(struct mm_buf *b, char c)
{
	mm_buf_add(b, &c, 1);
}

void
mm_buf_addz(struct mm_buf *b, const char *z)
{
	mm_buf_add(b, z, strlen(z));
}

void
mm_buf_adds(struct mm_buf *b, struct mm_str s)
{
	mm_buf_add(b, s.p, s.n);
}

void
mm_buf_addle(struct mm_buf *b, uint64_t v, size_t n_bytes)
{
	for (size_t i = 0; i < n_bytes; i++)
		mm_buf_addc(b, (char)(v >> 8 * i));
}

void
mm_buf_addi(struct mm_buf *b, int64_t v)
{
	char digits[24];
	size_t at = sizeof(digits);
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do
		digits[--at] = (char)('0' + u % 10);
	while ((u /= 10) > 0);
	if (v < 0)
		digits[--at] = '-';
	mm_buf_add(b, digits + at, sizeof(digits) - at);
}

char *
mm_buf_room(struct mm_buf *b, size_t n)
{
	return reserve(b, n) ? b->p + b->n : NULL;
}

void
mm_buf_addf(struct mm_buf *b, const char *fmt, ...)
{
	char small[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n < sizeof(small)) {
		mm_buf_add(b, small, (size_t)n);
		return;
	}
	if (!reserve(b, (size_t)n))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

struct mm_str
mm_buf_str(const struct mm_buf *b)
{
	return (struct mm_str){ b->p, b->n };
}
