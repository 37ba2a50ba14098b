/* NDJSON, CONTRACT.md: one object a line, keys in the order of columns. */
#include <stdlib.h>

#include "formats/base/json.h"
#include "formats/base/mem.h"
#include "reports/renderers.h"

/* The bytes before each value, made once: `{"host":`, `,"mta":`. */
struct keys {
	struct mm_buf bytes;
	size_t *end; /* end[c]: behind the key of column c */
};

static void
begin(struct mm_render *r)
{
	struct keys *k = mm_calloc(1, sizeof(*k));

	mm_buf_init(&k->bytes, SIZE_MAX / 2);
	k->end = mm_calloc(r->n_columns + 1, sizeof(*k->end));
	mm_buf_addc(&k->bytes, '{');
	if (r->name != NULL) {
		mm_buf_addz(&k->bytes, "\"table\":");
		mm_json_add_str(&k->bytes, mm_str_z(r->name));
		mm_buf_addc(&k->bytes, ',');
	}
	for (size_t c = 0; c < r->n_columns; c++) {
		if (c > 0)
			mm_buf_addc(&k->bytes, ',');
		mm_json_add_str(&k->bytes, mm_str_z(r->columns[c].name));
		mm_buf_addc(&k->bytes, ':');
		k->end[c] = k->bytes.n;
	}
	r->own = k;
}

static void
row(struct mm_render *r, const struct mm_cell *cells)
{
	const struct keys *k = r->own;
	size_t from = 0;

	for (size_t c = 0; c < r->n_columns; c++) {
		mm_buf_add(r->out, k->bytes.p + from, k->end[c] - from);
		from = k->end[c];
		if (cells[c].kind == MM_TEXT)
			mm_json_add_str(r->out, cells[c].s);
		else if (cells[c].kind == MM_NESTED)
			mm_buf_adds(r->out, cells[c].s);
		else if (!mm_render_number(r->out, &cells[c]))
			mm_buf_addz(r->out, "null");
	}
	mm_buf_addz(r->out, "}\n");
}

static void
end(struct mm_render *r)
{
	struct keys *k = r->own;

	mm_buf_fini(&k->bytes);
	free(k->end);
	free(k);
	r->own = NULL;
}

const struct mm_renderer mm_as_json = {
	.name = "json",
	.suffixes = ".json .ndjson .jsonl ",
	.begin = begin,
	.row = row,
	.end = end,
};
