#include <stdlib.h>
#include <string.h>

#include "analyze/case/trail.h"
#include "formats/base/mem.h"

#define NUMBER_BYTES 10

static void
make_room(struct mm_trail *t)
{
	size_t cap = t->large != NULL ? t->cap : MM_TRAIL_SMALL;

	if (t->n + 2 * NUMBER_BYTES <= cap)
		return;
	cap *= 2;
	if (t->large == NULL) {
		t->large = mm_alloc(cap);
		memcpy(t->large, t->small, t->n);
	} else {
		t->large = mm_realloc(t->large, cap);
	}
	t->cap = cap;
}

static void
put(struct mm_trail *t, uint64_t v)
{
	uint8_t *to = t->large != NULL ? t->large : t->small;

	for (; v >= 128; v >>= 7)
		to[t->n++] = (uint8_t)(v | 128);
	to[t->n++] = (uint8_t)v;
}

void
mm_trail_add(struct mm_trail *t, struct mm_row_place at)
{
	bool same =
	    t->n > 0 && at.file == t->last.file && at.line >= t->last.line;

	if (same && at.line == t->last.line)
		return;
	make_room(t);
	if (same) {
		put(t, (uint64_t)(at.line - t->last.line) * 2);
	} else {
		put(t, (uint64_t)at.file * 2 + 1);
		put(t, at.line);
	}
	t->last = at;
}

struct mm_str
mm_trail_bytes(const struct mm_trail *t)
{
	const uint8_t *p = t->large != NULL ? t->large : t->small;

	return (struct mm_str){ (const char *)p, t->n };
}

void
mm_trail_fini(struct mm_trail *t)
{
	free(t->large);
	t->large = NULL;
}

static bool
take(struct mm_str *bytes, uint64_t *v)
{
	unsigned shift = 0;

	*v = 0;
	for (size_t i = 0; i < bytes->n && i < NUMBER_BYTES; i++, shift += 7) {
		uint8_t c = (uint8_t)bytes->p[i];

		*v |= (uint64_t)(c & 127) << shift;
		if (c < 128) {
			*bytes = mm_str_from(*bytes, i + 1);
			return true;
		}
	}
	return false;
}

bool
mm_trail_next(struct mm_str *bytes, struct mm_row_place *at)
{
	uint64_t v;

	if (!take(bytes, &v))
		return false;
	if ((v & 1) == 0) {
		at->line += (uint32_t)(v / 2);
		return true;
	}
	at->file = (uint32_t)(v / 2);
	if (!take(bytes, &v))
		return false;
	at->line = (uint32_t)v;
	return true;
}
