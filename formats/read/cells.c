#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/json.h"
#include "formats/base/mem.h"
#include "formats/read/cells.h"

#define CELLS_MAX 4096
#define LEVELS	  3

struct mm_str
mm_cells_get(const struct mm_cells *c, const char *name)
{
	struct mm_str wanted = mm_str_z(name);

	for (size_t i = 0; c != NULL && i < c->n; i++)
		if (mm_str_ieq(c->names[i], wanted))
			return c->values[i];
	return MM_STR_ABSENT;
}

const char *
mm_cells_fault(const struct mm_cells *c, size_t n_bytes)
{
	if (c == NULL)
		return n_bytes > MM_ROW_MAX_BYTES
			   ? "a row of more than 256 KiB"
			   : "a row whose quotes are not closed";
	return c->ragged ? "a row that does not fit the names of its columns"
			 : NULL;
}

void
mm_cells_init(struct mm_cells_room *r)
{
	*r = (struct mm_cells_room){ 0 };
	mm_arena_init(&r->texts);
}

void
mm_cells_fini(struct mm_cells_room *r)
{
	free(r->names);
	free(r->values);
	mm_arena_fini(&r->texts);
	*r = (struct mm_cells_room){ 0 };
}

void
mm_cells_clear(struct mm_cells_room *r)
{
	r->cells = (struct mm_cells){ 0 };
	mm_arena_clear(&r->texts);
}

void
mm_cells_add(struct mm_cells_room *r, struct mm_str name, struct mm_str value)
{
	size_t n = r->cells.n;

	if (n == CELLS_MAX)
		return;
	r->names = mm_grow(r->names, n, &r->cap_names, sizeof(*r->names));
	r->values = mm_grow(r->values, n, &r->cap_values, sizeof(*r->values));
	r->names[n] = name;
	r->values[n] = value;
	r->cells.n++;
}

const struct mm_cells *
mm_cells_done(struct mm_cells_room *r)
{
	r->cells.names = r->names;
	r->cells.values = r->values;
	return &r->cells;
}

/* ---- objects ---- */

struct walk {
	struct mm_cells_room *r;
	struct mm_str outer; /* absent: the object itself */
	int depth;
};

static struct mm_str
scalar(struct mm_arena *a, const struct mm_json *v)
{
	if (mm_json_is_integer(v))
		return mm_str_z(mm_arena_fmt(a, "%" PRId64, mm_json_int(v, 0)));
	if (mm_json_is_number(v))
		return mm_str_z(mm_arena_fmt(a, "%.6f", mm_json_real(v, 0)));
	if (mm_json_is_bool(v))
		return mm_str_z(mm_json_bool(v, false) ? "true" : "false");
	return mm_json_str(v);
}

static struct mm_str
list(struct mm_arena *a, const struct mm_json *v)
{
	size_t n = mm_json_len(v), n_bytes = 0, at = 0;
	char *text;

	for (size_t i = 0; i < n; i++)
		n_bytes += mm_json_str(mm_json_at(v, i)).n + 1;
	text = mm_arena_alloc(a, n_bytes + 1);
	for (size_t i = 0; i < n; i++) {
		struct mm_str s = mm_json_str(mm_json_at(v, i));

		if (i > 0)
			text[at++] = ';';
		if (s.n > 0)
			memcpy(text + at, s.p, s.n);
		at += s.n;
	}
	return (struct mm_str){ text, at };
}

static void
add_member(void *ctx, struct mm_str key, const struct mm_json *v)
{
	const struct walk *w = ctx;
	struct mm_arena *a = &w->r->texts;
	struct mm_str name = key;

	if (w->outer.p != NULL)
		name = mm_str_z(mm_arena_fmt(
		    a, "%.*s.%.*s", MM_STR_ARG(w->outer), MM_STR_ARG(key)));
	if (mm_json_is_object(v)) {
		struct walk inner = { w->r, name, w->depth + 1 };

		if (inner.depth < LEVELS)
			mm_json_each(v, add_member, &inner);
		return;
	}
	mm_cells_add(w->r, name,
		     mm_json_is_array(v) ? list(a, v) : scalar(a, v));
}

void
mm_cells_json(struct mm_cells_room *r, const struct mm_json *object)
{
	struct walk w = { r, MM_STR_ABSENT, 0 };

	mm_json_each(object, add_member, &w);
}
