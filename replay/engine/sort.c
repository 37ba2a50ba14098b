#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "replay/engine/sort.h"

#define FEW 48

static void
sort_few(uint64_t *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint64_t x = v[i];
		size_t k = i;

		for (; k > 0 && v[k - 1] > x; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

/* One pass by the byte at `shift`, from `from` to `to`. */
static void
sort_pass(const uint64_t *from, uint64_t *to, size_t n, unsigned shift)
{
	size_t at[257] = { 0 };

	for (size_t i = 0; i < n; i++)
		at[(from[i] >> shift & 255) + 1]++;
	for (size_t b = 0; b < 256; b++)
		at[b + 1] += at[b];
	for (size_t i = 0; i < n; i++)
		to[at[from[i] >> shift & 255]++] = from[i];
}

void
mm_sort_u64(uint64_t *v, size_t n)
{
	uint64_t *from = v, *to, *room, differs = 0;
	size_t descents = 0;

	for (size_t i = 1; i < n; i++) {
		differs |= v[i] ^ v[0];
		descents += v[i] < v[i - 1];
	}
	if (descents == 0)
		return;
	if (n <= FEW) {
		sort_few(v, n);
		return;
	}
	room = to = mm_alloc(n * sizeof(*v));
	for (unsigned shift = 0; shift < 64; shift += 8) {
		uint64_t *t = to;

		if ((differs >> shift & 255) == 0)
			continue;
		sort_pass(from, to, n, shift);
		to = from;
		from = t;
	}
	if (from != v)
		memcpy(v, from, n * sizeof(*v));
	free(room);
}

void
mm_sort_i64(int64_t *v, size_t n)
{
	uint64_t *u = (uint64_t *)v;

	for (size_t i = 0; i < n; i++)
		u[i] = mm_sort_key(v[i]);
	mm_sort_u64(u, n);
	for (size_t i = 0; i < n; i++)
		u[i] = mm_sort_key((int64_t)u[i]);
}

static void
sort_by_pass(const uint32_t *from, uint32_t *to, size_t n, unsigned shift,
	     uint64_t (*key)(const void *ctx, uint32_t i), const void *ctx)
{
	size_t at[257] = { 0 };

	for (size_t i = 0; i < n; i++)
		at[(key(ctx, from[i]) >> shift & 255) + 1]++;
	for (size_t b = 0; b < 256; b++)
		at[b + 1] += at[b];
	for (size_t i = 0; i < n; i++)
		to[at[key(ctx, from[i]) >> shift & 255]++] = from[i];
}

void
mm_sort_by(uint32_t *v, size_t n, uint64_t (*key)(const void *ctx, uint32_t i),
	   const void *ctx)
{
	uint32_t *from = v, *to, *room;
	uint64_t differs = 0;

	for (size_t i = 1; i < n; i++)
		differs |= key(ctx, v[i]) ^ key(ctx, v[0]);
	room = to = mm_alloc(n * sizeof(*v));
	for (unsigned shift = 0; shift < 64; shift += 8) {
		uint32_t *t = to;

		if ((differs >> shift & 255) == 0)
			continue;
		sort_by_pass(from, to, n, shift, key, ctx);
		to = from;
		from = t;
	}
	if (from != v)
		memcpy(v, from, n * sizeof(*v));
	free(room);
}
