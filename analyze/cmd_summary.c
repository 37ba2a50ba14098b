#include <stdio.h>

#include "analyze/case/figures.h"
#include "analyze/front.h"
#include "analyze/verbs.h"
#include "reports/output.h"

/* The page in reading order; a table without rows is left out. */
static const char *const page[] = {
	"files",     "unknown", "totals", "hours",
	"receivers", "senders", "causes", "rejects"
};

static enum mm_status
summary(struct mm_front *f, struct mm_output *o, const struct mm_words *words,
	int64_t rows, struct mm_err *err)
{
	struct mm_store *s = mm_front_open(f, words->v, words->n, err);
	struct mm_figures *figures = mm_figures_new(s);
	struct mm_table *all[MM_COUNT(page)];
	const struct mm_table *shown[MM_COUNT(page)];
	size_t n = 0, n_shown = 0;
	enum mm_status st = s != NULL ? MM_OK : err->code;

	for (; n < MM_COUNT(page) && st == MM_OK; n++) {
		all[n] = mm_figure(figures, page[n], rows, err);
		if (all[n] == NULL) {
			st = err->code;
			break;
		}
		if (all[n]->n_rows > 0)
			shown[n_shown++] = all[n];
	}
	if (st == MM_OK) {
		st = mm_output_open(o, err);
		if (st == MM_OK)
			st = mm_output_tables(o, shown, n_shown, err);
		st = mm_output_close(o, st, err);
	}
	while (n-- > 0)
		mm_table_free(all[n]);
	mm_figures_free(figures);
	mm_store_close(s);
	return st;
}

static int
run(int argc, const char *const *argv)
{
	struct mm_front f = { 0 };
	struct mm_output o = { 0 };
	int64_t rows = 15;
	const struct mm_option options[] = {
		MM_FRONT_OPTIONS(f),
		{ 'n', "rows", MM_OPT_INT, &rows, "N",
		  "rows of each table (15); 0: all" },
		MM_OUTPUT_OPTIONS(o),
	};
	const struct mm_usage usage = {
		.verb = "summary",
		.summary = "one page, like pflogsumm",
		.synopsis = "summary (-c CASE | PATH...)",
		.options = options,
		.n_options = MM_COUNT(options),
	};
	struct mm_words words = { 0 };
	struct mm_err err = { 0 };
	enum mm_status st = mm_options_parse(&usage, argc, argv, &words, &err);

	if (st == MM_END) {
		mm_words_fini(&words);
		return mm_front_help(&usage);
	}
	if (st == MM_OK)
		st = summary(&f, &o, &words, rows, &err);
	mm_words_fini(&words);
	return mm_front_exit(&f, usage.verb, st, &err);
}

const struct mm_verb mm_verb_summary = {
	.name = "summary",
	.summary = "one page: what was read, what became of the mail, why",
	.run = run,
};
