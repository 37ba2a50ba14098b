#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "formats/base/whole.h"
#include "reports/renderers.h"
#include "reports/report.h"

static enum mm_status
write_table(const char *folder, const char *name, const struct mm_table *t,
	    struct mm_err *err)
{
	struct mm_buf path, bytes;
	struct mm_render as = { .as = &mm_as_csv, .out = &bytes };
	struct mm_whole file;
	enum mm_status st;

	mm_buf_init(&path, SIZE_MAX / 2);
	mm_buf_init(&bytes, SIZE_MAX / 2);
	mm_buf_addf(&path, "%s/%s.csv", folder, name);
	mm_render_table(&as, t);
	st = mm_whole_open(&file, path.p, err);
	if (st == MM_OK) {
		(void)fwrite(bytes.p, 1, bytes.n, file.f);
		st = mm_whole_commit(&file, err); /* sees a failed write */
	}
	mm_buf_fini(&path);
	mm_buf_fini(&bytes);
	return st;
}

/* The lines of all lists in one table. */
static struct mm_table *
evidence_of(const struct mm_report *r)
{
	static const struct mm_column columns[] = {
		{ "about", "About", MM_TEXT },
		{ "source", "Source", MM_TEXT },
		{ "line", "Line", MM_TEXT },
	};
	struct mm_table *t = mm_table_new("evidence", "Evidence", columns, 3);

	for (size_t i = 0; i < r->n_blocks; i++) {
		const struct mm_block *b = &r->blocks[i];

		for (size_t k = 0; b->kind == MM_BLOCK_EVIDENCE && k < b->n;
		     k++) {
			const struct mm_cell row[] = {
				mm_cell_z(b->id),
				mm_cell_text(b->lines[k].source),
				mm_cell_text(b->lines[k].text),
			};

			mm_table_add(t, row);
		}
	}
	return t;
}

void
mm_report_json(const struct mm_report *r, struct mm_buf *out)
{
	struct mm_table *evidence = evidence_of(r);
	struct mm_render as = { .as = &mm_as_json, .out = out };

	for (size_t i = 0; i < r->n_blocks; i++) {
		as.name = r->blocks[i].id;
		if (r->blocks[i].table != NULL)
			mm_render_table(&as, r->blocks[i].table);
	}
	as.name = "evidence";
	mm_render_table(&as, evidence);
	mm_table_free(evidence);
}

enum mm_status
mm_report_csv(const struct mm_report *r, const char *folder, struct mm_err *err)
{
	struct mm_table *evidence;
	enum mm_status st = MM_OK;

	if (mkdir(folder, 0777) != 0 && errno != EEXIST)
		return mm_err_set(err, MM_EIO,
				  "%s: cannot make this folder: %s", folder,
				  strerror(errno));
	for (size_t i = 0; i < r->n_blocks && st == MM_OK; i++)
		if (r->blocks[i].table != NULL)
			st = write_table(folder, r->blocks[i].id,
					 r->blocks[i].table, err);
	evidence = evidence_of(r);
	if (st == MM_OK && evidence->n_rows > 0)
		st = write_table(folder, "evidence", evidence, err);
	mm_table_free(evidence);
	return st;
}
