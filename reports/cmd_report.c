#include <stdio.h>

#include "analyze/front.h"
#include "formats/base/whole.h"
#include "reports/cmd_report_case.h"
#include "reports/output.h"
#include "reports/verbs.h"

static const char details[] =
    "The answers first: what happened, when, who was hit, why, is it over. "
    "Then\ncharts, incidents, causes, receivers, senders, the backlog, and "
    "what was read.\n\n"
    "  --html FILE      one page for any browser: nothing is fetched, no\n"
    "                   script is needed to read it, it prints well\n"
    "  --markdown FILE  for a wiki\n"
    "  --json FILE      all rows of all tables, one object a line\n"
    "  --csv FOLDER     the same, one file each\n\n"
    "Several may be given. -o takes its form from the suffix; without any, "
    "plain text\non standard output.\n";

struct ask {
	const char *html, *markdown, *json, *csv, *output, *colour, *replay;
};

struct form {
	const char *suffixes;
	void (*write)(const struct mm_report *r, struct mm_buf *out);
};

static const struct form as_html = { ".html .htm ", mm_report_html };
static const struct form as_markdown = { ".md .markdown ", mm_report_markdown };
static const struct form as_json = { ".json .ndjson .jsonl ", mm_report_json };

static enum mm_status
write_form(const struct form *f, const char *path, const struct mm_report *r,
	   struct mm_err *err)
{
	struct mm_buf bytes;
	struct mm_whole file;
	enum mm_status st;

	if (path == NULL)
		return MM_OK;
	st = mm_whole_open(&file, path, err);
	if (st != MM_OK)
		return st;
	mm_buf_init(&bytes, SIZE_MAX / 2);
	f->write(r, &bytes);
	(void)fwrite(bytes.p, 1, bytes.n, file.f);
	mm_buf_fini(&bytes);
	return mm_whole_commit(&file, err); /* sees a failed write */
}

static enum mm_status
write_text(const struct ask *a, const struct mm_report *r, struct mm_err *err)
{
	struct mm_output o = { .path = a->output,
			       .format = "text",
			       .colour = a->colour };
	enum mm_status st = mm_output_open(&o, err);

	if (st == MM_OK)
		mm_report_text(r, o.width, o.has_colour, &o.buf);
	return mm_output_close(&o, st, err);
}

static enum mm_status
write_output(const struct ask *a, const struct mm_report *r, struct mm_err *err)
{
	static const struct form *const forms[] = { &as_html, &as_markdown,
						    &as_json };
	struct mm_str path = mm_str_z(a->output), all, suffix;

	for (size_t i = 0; a->output != NULL && i < MM_COUNT(forms); i++) {
		all = mm_str_z(forms[i]->suffixes);
		while (mm_str_cutc(&all, ' ', &suffix))
			if (path.n >= suffix.n &&
			    mm_str_ieq(mm_str_from(path, path.n - suffix.n),
				       suffix))
				return write_form(forms[i], a->output, r, err);
	}
	return write_text(a, r, err);
}

static enum mm_status
write_all(const struct ask *a, const struct mm_report *r, struct mm_err *err)
{
	bool named = a->html != NULL || a->markdown != NULL ||
		     a->json != NULL || a->csv != NULL;
	enum mm_status st = write_form(&as_html, a->html, r, err);

	if (st == MM_OK)
		st = write_form(&as_markdown, a->markdown, r, err);
	if (st == MM_OK)
		st = write_form(&as_json, a->json, r, err);
	if (st == MM_OK && a->csv != NULL)
		st = mm_report_csv(r, a->csv, err);
	if (st == MM_OK && (a->output != NULL || !named))
		st = write_output(a, r, err);
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
		{ 0, "json", MM_OPT_TEXT, &a.json, "FILE",
		  "all tables, one object a line" },
		{ 'o', "output", MM_OPT_TEXT, &a.output, "FILE",
		  "form by suffix, else plain text" },
		{ 0, "color", MM_OPT_TEXT, &a.colour, "WHEN",
		  "auto, always or never" },
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
