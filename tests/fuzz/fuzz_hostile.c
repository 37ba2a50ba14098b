/* Any bytes as a file of evidence: told, unpacked, walked and read to its
 * end. Held to: the ledger adds up, texts and numbers are in their bounds.
 * Seeds: test-corpus/hostile. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "formats/base/digest.h"
#include "formats/read/evidence.h"
#include "formats/read/excerpt.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static enum mm_status
take(void *ctx, const struct mm_leaf *leaf, bool *taken, const char **kind,
     struct mm_err *err)
{
	struct mm_str all;

	(void)ctx;
	*kind = "taken";
	*taken = leaf->path.n % 2 == 1 &&
		 mm_leaf_all(leaf, 1 << 20, &all, err) == MM_OK;
	(void)mm_hash64(leaf->name);
	(void)mm_hash64(leaf->head);
	return MM_OK;
}

static void
read_log(struct mm_evidence *ev, size_t i)
{
	const struct mm_ledger *row = mm_evidence_ledger(ev, i);
	struct mm_err err;
	struct mm_lines *l = mm_lines_open(ev, i, &err);
	struct mm_line line;
	uint64_t number, at, given = 0, before = 0;
	enum mm_status st = MM_END;

	while (l != NULL &&
	       (st = mm_lines_next(l, &line, &number, &at, &err)) == MM_OK) {
		if (number <= before)
			abort();
		before = number;
		given++;
		(void)mm_hash64(line.raw);
		(void)mm_hash64(line.text);
	}
	if (l != NULL && given + row->n_duplicate_lines != row->n_lines)
		abort();
	mm_lines_close(l);
}

/* The last lines of the log, read back. */
static void
read_back(const struct mm_ledger *row)
{
	char name[4096];
	struct mm_buf index;
	struct mm_excerpt *x;
	struct mm_str line;
	struct mm_err err;

	if (row->name.n >= sizeof(name) || row->n_lines == 0)
		return;
	(void)snprintf(name, sizeof(name), "%.*s", MM_STR_ARG(row->name));
	mm_buf_init(&index, (size_t)1 << 24);
	if (mm_excerpt_index(name, &index, &err) == MM_OK) {
		x = mm_excerpt_new(name, mm_buf_str(&index));
		for (uint64_t n = row->n_lines; n + 3 > row->n_lines && n > 0;
		     n--)
			if (mm_excerpt_line(x, n, &line, &err) == MM_OK)
				(void)mm_hash64(line);
		mm_excerpt_free(x);
	}
	mm_buf_fini(&index);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct mm_evidence_options o = { .now_us = 1700000000000000 };
	const struct mm_taker taker = { take, NULL };
	struct mm_evidence *ev;
	struct mm_err err;
	char path[64];
	const char *paths[] = { path };
	int fd;

	(void)snprintf(path, sizeof(path), "/tmp/mm-fuzz-%ld", (long)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
		abort();
	(void)close(fd);
	ev = mm_evidence_open(paths, 1, &o, &taker, &err);
	for (size_t i = 0; ev != NULL && i < mm_evidence_count(ev); i++)
		if (mm_evidence_ledger(ev, i)->is_log) {
			read_log(ev, i);
			read_back(mm_evidence_ledger(ev, i));
		}
	mm_evidence_close(ev);
	(void)unlink(path);
	return 0;
}
