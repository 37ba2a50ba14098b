#include <stdio.h>
#include <string.h>

#include "analyze/front.h"
#include "formats/base/whole.h"
#include "reports/cmd_report_case.h"
#include "reports/output.h"
#include "reports/verbs.h"

static const char details[] =
    "The answers first: what happened, when, who was hit, why, is it over. "
    "Then\ncharts, incidents, causes, receivers, senders, the backlog, and "
    "what was read.\nWithout an option that names a file, plain text on "
    "standard output.\n\n"
    "  --html FILE      one page for any browser: nothing is fetched, no\n"
    "                   script is needed to read it, it prints well\n"
    "  --markdown FILE  for a wiki\n"
    "  --csv FOLDER     all rows of all tables, one file each\n";

struct ask {
	const char *html, *markdown, *csv, *text, *replay;
};

struct form {
	const char *path;
	void (*write)(const struct mm_report *r, struct mm_buf *out);
};

static void
write_text(const struct mm_report *r, struct mm_buf *out)
{
	mm_report_text(r, 0, false, out);
}

static enum mm_status
write_form(const struct form *f, const struct mm_report *r, struct mm_err *err)
{
	struct mm_buf bytes;
	struct mm_whole file;
	enum mm_status st = mm_whole_open(&file, f->path, err);

	if (st != MM_OK)
		return st;
	mm_buf_init(&bytes, SIZE_MAX / 2);
	f->write(r, &bytes);
	(void)fwrite(bytes.p, 1, bytes.n, file.f);
	mm_buf_fini(&bytes);
	return mm_whole_commit(&file, err); /* sees a failed write */
}

static enum mm_status
write_all(const struct ask *a, const struct mm_report *r, struct mm_err *err)
{
	bool named = a->html != NULL || a->markdown != NULL || a->csv != NULL;
	const struct form forms[] = {
		{ a->html, mm_report_html },
		{ a->markdown, mm_report_markdown },
		{ a->text == NULL && !named ? "-" : a->text, write_text },
	};
	enum mm_status st = MM_OK;

	for (size_t i = 0; i < MM_COUNT(forms) && st == MM_OK; i++)
		if (forms[i].path != NULL)
			st = write_form(&forms[i], r, err);
	if (st == MM_OK && a->csv != NULL)
		st = mm_report_csv(r, a->csv, err);
	return st;
}

static int
run(int argc, const char *const *argv)
{
	struct mm_front f = { 0 };
	struct ask a = { 0 };
	const struct mm_option options[] = {
		MM_FRONT_OPTIONS(f),
		{ 0, "html", MM_OPT_TEXT, &a.html, "FILE", "one page" },
		{ 0, "markdown", MM_OPT_TEXT, &a.markdown, "FILE",
		  "for a wiki" },
		{ 0, "csv", MM_OPT_TEXT, &a.csv, "FOLDER",
		  "all tables, one file each" },
		{ 'o', "output", MM_OPT_TEXT, &a.text, "FILE", "plain text" },
		{ 0, "replay", MM_OPT_TEXT, &a.replay, "FILE",
		  "also tell what `replay --format json` found" },
	};
	const struct mm_usage usage = {
		.verb = "report",
		.summary = "the post-mortem, to read, print and sign",
		.synopsis = "report (-c CASE | PATH...) [--html FILE]",
		.details = details,
		.options = options,
		.n_options = MM_COUNT(options),
	};
	struct mm_words words = { 0 };
	struct mm_err err = { 0 };
	struct mm_store *s = NULL;
	struct mm_report *r = NULL;
	enum mm_status st = mm_options_parse(&usage, argc, argv, &words, &err);

	if (st == MM_END) {
		mm_words_fini(&words);
		return mm_front_help(&usage);
	}
	if (st == MM_OK) {
		s = mm_front_open(&f, words.v, words.n, &err);
		st = s != NULL ? MM_OK : err.code;
	}
	if (st == MM_OK) {
		r = mm_report_of_case(s, a.replay, &err);
		st = r != NULL ? write_all(&a, r, &err) : err.code;
	}
	mm_report_free(r);
	mm_store_close(s);
	mm_words_fini(&words);
	return mm_front_exit(&f, usage.verb, st, &err);
}

const struct mm_verb mm_verb_report = {
	.name = "report",
	.summary = "the post-mortem as one page, Markdown, text, CSV",
	.run = run,
};
