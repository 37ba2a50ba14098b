#include "analyze/cause/tsv.h"

static size_t
split(struct mm_str line, struct mm_str *cells, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		cells[i] = MM_STR_ABSENT;
	for (;;) {
		struct mm_str cell;
		bool more = mm_str_cutc(&line, '\t', &cell);

		if (found < n)
			cells[found] = more ? cell : line;
		found++;
		if (!more)
			return found;
	}
}

size_t
mm_tsv_next(struct mm_tsv *t, struct mm_str *cells, size_t n)
{
	while (t->rest.n > 0) {
		struct mm_str line;

		if (!mm_str_cutc(&t->rest, '\n', &line)) {
			line = t->rest;
			t->rest = MM_STR_ABSENT;
		}
		t->line++;
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n > 0 && line.p[0] != '#')
			return split(line, cells, n);
	}
	return 0;
}
