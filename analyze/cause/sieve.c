#include <stdlib.h>
#include <string.h>

#include "analyze/cause/sieve.h"
#include "formats/base/mem.h"

#define GRAM	    3
#define BITS	    16
#define BUCKET_BITS 14
#define BUCKETS	    (1U << BUCKET_BITS)
#define TEXT_WEIGHT 4

struct entry {
	uint32_t gram; /* three bytes of the literal ... */
	uint32_t at;   /* ... which stand this far inside it */
	bool same;     /* the same literal as the entry before */
	struct mm_str literal;
	size_t id;
};

struct mm_sieve {
	struct entry *list; /* ordered by bucket once sealed */
	size_t n, cap;
	uint32_t uses[1U << BITS]; /* of a gram; only until the seal */
	uint64_t seen[(1U << BITS) / 64];
	uint32_t from[BUCKETS + 1]; /* entries of a bucket */
};

static uint32_t
gram_at(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16;
}

static uint32_t
hash(uint32_t gram)
{
	return (gram * 2654435761U) >> (32 - BITS);
}

struct mm_sieve *
mm_sieve_new(void)
{
	return mm_calloc(1, sizeof(struct mm_sieve));
}

void
mm_sieve_free(struct mm_sieve *s)
{
	if (s == NULL)
		return;
	free(s->list);
	free(s);
}

void
mm_sieve_add(struct mm_sieve *s, struct mm_str literal, size_t id)
{
	s->list = mm_grow(s->list, s->n, &s->cap, sizeof(*s->list));
	s->list[s->n++] = (struct entry){ .literal = literal, .id = id };
}

/* By bucket, then equal literals side by side. */
static int
by_bucket(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	uint32_t hx = hash(x->gram), hy = hash(y->gram);
	int way = mm_str_cmp(x->literal, y->literal);

	if (hx != hy)
		return hx < hy ? -1 : 1;
	return way != 0 ? way : (x->id > y->id) - (x->id < y->id);
}

void
mm_sieve_expect(struct mm_sieve *s, struct mm_str text)
{
	for (size_t at = 0; at + GRAM <= text.n; at++)
		s->uses[hash(gram_at(text.p + at))] += TEXT_WEIGHT;
}

/* What is common in the texts and in the other literals is a poor sign. */
static void
choose_grams(struct mm_sieve *s)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t at = 0; at + GRAM <= s->list[i].literal.n; at++)
			s->uses[hash(gram_at(s->list[i].literal.p + at))]++;
	for (size_t i = 0; i < s->n; i++) {
		struct entry *e = &s->list[i];
		uint32_t least = UINT32_MAX;

		for (size_t at = 0; at + GRAM <= e->literal.n; at++) {
			uint32_t g = gram_at(e->literal.p + at);

			if (s->uses[hash(g)] >= least)
				continue;
			least = s->uses[hash(g)];
			e->gram = g;
			e->at = (uint32_t)at;
		}
	}
}

void
mm_sieve_seal(struct mm_sieve *s)
{
	size_t k = 0;

	choose_grams(s);
	if (s->n > 0)
		qsort(s->list, s->n, sizeof(*s->list), by_bucket);
	for (size_t i = 0; i < s->n; i++) {
		uint32_t h = hash(s->list[i].gram);

		s->list[i].same = i > 0 && mm_str_eq(s->list[i].literal,
						     s->list[i - 1].literal);
		s->seen[h / 64] |= UINT64_C(1) << (h % 64);
	}
	for (uint32_t b = 0; b <= BUCKETS; b++) {
		while (k < s->n &&
		       hash(s->list[k].gram) >> (BITS - BUCKET_BITS) < b)
			k++;
		s->from[b] = (uint32_t)k;
	}
}

/* Short texts, most of which differ early: no call. */
static inline bool
same_bytes(const char *a, const char *b, size_t n)
{
	while (n > 0 && a[n - 1] == b[n - 1])
		n--;
	return n == 0;
}

static void
look(const struct mm_sieve *s, struct mm_str text, size_t at, uint64_t *bits)
{
	uint32_t gram = gram_at(text.p + at);
	uint32_t b = hash(gram) >> (BITS - BUCKET_BITS);
	bool met = false;

	for (uint32_t i = s->from[b]; i < s->from[b + 1]; i++) {
		const struct entry *e = &s->list[i];

		if (!e->same)
			met = e->gram == gram && at >= e->at &&
			      text.n - (at - e->at) >= e->literal.n &&
			      same_bytes(text.p + at - e->at, e->literal.p,
					 e->literal.n);
		if (met)
			bits[e->id / 64] |= UINT64_C(1) << (e->id % 64);
	}
}

void
mm_sieve_pass(const struct mm_sieve *s, struct mm_str text, uint64_t *bits)
{
	for (size_t at = 0; at + GRAM <= text.n; at++) {
		uint32_t h = hash(gram_at(text.p + at));

		if (s->seen[h / 64] >> (h % 64) & 1)
			look(s, text, at, bits);
	}
}
