/* cells.h - the named values of a line that is a row of a table (CSV) or an
 * object (JSON): for who reads such a line by what its fields are called.
 */
#ifndef MM_CELLS_H
#define MM_CELLS_H

#include "formats/base/arena.h"

/* A row whose values take more is not read: it has no cells. */
#define MM_ROW_MAX_BYTES ((size_t)256 << 10)

struct mm_cells {
	const struct mm_str *names, *values; /* views; an absent value: none */
	size_t n;
	bool ragged; /* the values do not fit the names */
};

/* The value of that name, ASCII case ignored; absent when there is none, or
 * `c` is NULL. */
struct mm_str mm_cells_get(const struct mm_cells *c, const char *name);

/* Why a row of `n_bytes` with these cells (NULL: none) is not whole; NULL: it
 * is. */
const char *mm_cells_fault(const struct mm_cells *c, size_t n_bytes);

/* Room for one line's cells, used again for the next. Private to this room.
 * All views die with the next mm_cells_clear. */
struct mm_cells_room {
	struct mm_cells cells;
	struct mm_str *names, *values; /* owned */
	size_t cap_names, cap_values;
	struct mm_arena texts;
};

void mm_cells_init(struct mm_cells_room *r);
void mm_cells_fini(struct mm_cells_room *r);
void mm_cells_clear(struct mm_cells_room *r);
/* Add one, as views. */
void mm_cells_add(struct mm_cells_room *r, struct mm_str name,
		  struct mm_str value);
/* All values of a JSON object, which outlives them: those of an object in it
 * are called "outer.inner", those of a list are put together with `;`. Two
 * levels; what lies deeper is left out. */
struct mm_json;
void mm_cells_json(struct mm_cells_room *r, const struct mm_json *object);
/* What was added is complete: valid until the next clear. */
const struct mm_cells *mm_cells_done(struct mm_cells_room *r);

#endif
