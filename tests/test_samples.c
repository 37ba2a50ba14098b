/* Nothing is read here without a sample beside what is wanted of it.
 *
 * Forms of lines: test-corpus/framing-forms.txt holds each form that is known
 * to occur, with three samples or more; its head says how they are written.
 * Log formats: each event, outcome, ... that the source of a format names is in
 * a wanted record of its corpus (tests/test_logs.c compares them). Spools: of
 * each format three entries come out of test-corpus/spools (the tests of the
 * formats compare them with the MTA's own listings). A new format comes in by
 * its row in logs.c or spools.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "formats/base/buf.h"
#include "formats/logs/logs.h"
#include "formats/mail/fields.h"
#include "formats/read/evidence.h"
#include "formats/spools/spools.h"

#define FORMS "test-corpus/framing-forms.txt"
#define LEAST 3
/* 2024-02-10T00:00:00Z: before the files of any checkout */
#define NOW_US ((int64_t)1707523200000000)

static void
read_into(struct mm_buf *b, const char *path)
{
	char block[4096];
	FILE *f = fopen(path, "r");
	size_t n;

	if (f == NULL)
		fail_msg("%s: cannot be read", path);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		mm_buf_add(b, block, n);
	(void)fclose(f);
}

/* All files of `folder` whose names begin and end so, one behind the other. */
static void
read_files(struct mm_buf *b, const char *folder, const char *begin,
	   const char *end)
{
	struct dirent **names = NULL;
	int n = scandir(folder, &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		struct mm_str name = mm_str_z(names[i]->d_name);
		char path[1024];

		(void)snprintf(path, sizeof(path), "%s/%s", folder, name.p);
		if (mm_str_starts(name, begin) && mm_str_ends(name, end))
			read_into(b, path);
		free(names[i]);
	}
	free(names);
}

/* ---- forms of lines ---- */

static void
put(struct mm_buf *b, struct mm_str s)
{
	if (s.p == NULL)
		mm_buf_addc(b, '-');
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 32)
			mm_buf_addf(b, "\\x%02x", (unsigned char)s.p[i]);
		else
			mm_buf_addc(b, s.p[i]);
	mm_buf_addc(b, '|');
}

static void
show(struct mm_buf *b, const struct mm_line *line)
{
	char time[MM_TIME_TEXT];
	bool fraction =
	    line->t_us != MM_TIME_NONE && line->t_us % MM_SECOND_US != 0;

	mm_buf_addf(b, "%s|%s|", mm_framing_name(line->framing),
		    mm_time_iso(line->t_us, fraction, time));
	put(b, line->host);
	put(b, line->tag);
	mm_buf_addf(b, "%u|%u|", line->pid, line->repeats);
	put(b, line->text);
	b->p[b->n - 1] = '\n';
}

/* The records of a file of its own that holds `sample`. */
static void
read_sample(struct mm_str sample, struct mm_buf *out)
{
	const struct mm_evidence_options o = { .now_us = NOW_US };
	char name[] = "/tmp/mm-sample-XXXXXX";
	const char *path = name;
	int fd = mkstemp(name);
	struct mm_evidence *ev;
	struct mm_lines *l;
	struct mm_line line;
	struct mm_err err;
	uint64_t number, at;

	assert_true(fd >= 0 &&
		    write(fd, sample.p, sample.n) == (ssize_t)sample.n);
	(void)close(fd);
	ev = mm_evidence_open(&path, 1, &o, NULL, &err);
	if (ev == NULL)
		fail_msg("%s", err.text);
	l = mm_lines_open(ev, 0, &err);
	assert_non_null(l);
	while (mm_lines_next(l, &line, &number, &at, &err) == MM_OK)
		show(out, &line);
	mm_lines_close(l);
	mm_evidence_close(ev);
	(void)unlink(name);
}

struct forms {
	struct mm_buf sample, form; /* in hand */
	size_t n_samples;	    /* of the form */
	size_t n_forms, n_bad;
	size_t n_framed[MM_FRAME_COUNT];
};

static void
end_form(struct forms *f)
{
	if (f->form.n > 0 && f->n_samples < LEAST) {
		print_error("%s: %zu samples\n", f->form.p, f->n_samples);
		f->n_bad++;
	}
	f->n_samples = 0;
	mm_buf_clear(&f->form);
}

static void
try_sample(struct forms *f, struct mm_str want)
{
	struct mm_buf got;

	mm_buf_init(&got, 1 << 20);
	read_sample(mm_buf_str(&f->sample), &got);
	if (got.n != want.n + 1 || memcmp(got.p, want.p, want.n) != 0) {
		print_error("%s: %swant %.*s\ngot  %s", f->form.p, f->sample.p,
			    MM_STR_ARG(want), got.p);
		f->n_bad++;
	}
	for (int i = 0; i < MM_FRAME_COUNT; i++) {
		const char *name = mm_framing_name((enum mm_framing)i);

		f->n_framed[i] +=
		    mm_str_starts(want, name) && want.p[strlen(name)] == '|';
	}
	f->n_samples++;
	mm_buf_fini(&got);
}

static void
take_line(struct forms *f, struct mm_str line)
{
	if (mm_str_skip(&line, "== ")) {
		end_form(f);
		mm_buf_adds(&f->form, line);
		f->n_forms++;
	} else if (mm_str_skip(&line, "=> ")) {
		assert_true(f->form.n > 0 && f->sample.n > 0);
		try_sample(f, line);
		mm_buf_clear(&f->sample);
	} else if (f->sample.n > 0 ||
		   (line.n > 0 && !mm_str_starts(line, "# "))) {
		mm_buf_adds(&f->sample, line);
		mm_buf_addc(&f->sample, '\n');
	}
}

static void
test_forms(void **state)
{
	struct forms f = { 0 };
	struct mm_buf text;
	struct mm_str left, line;

	(void)state;
	mm_buf_init(&text, 1 << 20);
	mm_buf_init(&f.sample, 1 << 20);
	mm_buf_init(&f.form, 1 << 10);
	read_into(&text, FORMS);
	left = mm_buf_str(&text);
	while (mm_str_cutc(&left, '\n', &line))
		take_line(&f, line);
	end_form(&f);
	for (int i = 0; i < MM_FRAME_COUNT; i++)
		if (f.n_framed[i] < LEAST) {
			print_error("framing %s: %zu samples\n",
				    mm_framing_name((enum mm_framing)i),
				    f.n_framed[i]);
			f.n_bad++;
		}
	print_message("  %zu forms\n", f.n_forms);
	assert_int_equal(f.sample.n, 0);
	assert_int_equal(f.n_bad, 0);
	mm_buf_fini(&f.form);
	mm_buf_fini(&f.sample);
	mm_buf_fini(&text);
}

/* ---- log formats ---- */

/* "MM_EV_SAME_MAIL" and "same-mail": the words of each enum in sources are
 * those of the rows, but for what is told by a name of its own. */
static const struct {
	const char *prefix, *field; /* NULL: the event itself */
} words[] = {
	{ "MM_EV_", NULL },	      { "MM_OUT_", "outcome" },
	{ "MM_NOTICE_", "notice" },   { "MM_DAEMON_", "daemon" },
	{ "MM_TROUBLE_", "trouble" }, { "MM_OPINION_", "opinion" },
};

/* The token of an enum behind its prefix, as a word of the rows. */
static void
word_of(struct mm_str token, char word[64])
{
	size_t n = 0;

	for (; n < token.n && n < 63; n++) {
		char c = token.p[n];

		if (c >= 'A' && c <= 'Z')
			word[n] = (char)(c + 32);
		else if (c == '_')
			word[n] = '-';
		else
			break;
	}
	word[n] = '\0';
}

static bool
is_known(const char *field, const char *word)
{
	const struct mm_field *f;

	if (field == NULL)
		return mm_event_find(mm_str_z(word)) != MM_EV_COUNT;
	f = mm_field_find(mm_str_z(field));
	assert_non_null(f);
	if (strcmp(word, "none") == 0)
		return false;
	for (size_t i = 0; f->words[i] != NULL; i++)
		if (strcmp(f->words[i], word) == 0)
			return true;
	return false;
}

/* Is there a wanted row that has it? */
static bool
in_rows(struct mm_str rows, const char *field, const char *word)
{
	char want[160];
	size_t at;

	(void)snprintf(want, sizeof(want), "%s%s%s",
		       field != NULL ? field : "\n\t", field != NULL ? "=" : "",
		       word);
	while ((at = mm_str_find(rows, want)) != MM_NOT_FOUND) {
		rows = mm_str_from(rows, at + strlen(want));
		if (rows.n == 0 || rows.p[0] == ' ' || rows.p[0] == '\n')
			return true;
	}
	return false;
}

static size_t
count_missing(const char *format, struct mm_str source, struct mm_str rows)
{
	size_t n_bad = 0, n = 0, at;

	for (size_t i = 0; i < MM_COUNT(words); i++) {
		struct mm_str left = source;

		while ((at = mm_str_find(left, words[i].prefix)) !=
		       MM_NOT_FOUND) {
			char word[64];

			left = mm_str_from(left, at + strlen(words[i].prefix));
			word_of(left, word);
			if (!is_known(words[i].field, word))
				continue;
			n++;
			if (in_rows(rows, words[i].field, word))
				continue;
			print_error("%s: no sample of %s%s\n", format,
				    words[i].prefix, word);
			n_bad++;
		}
	}
	assert_true(n > 0);
	return n_bad;
}

static void
test_logs(void **state)
{
	size_t n_bad = 0;

	(void)state;
	for (size_t i = 0; mm_logs_format(i) != NULL; i++) {
		const char *name = mm_logs_format(i)->name;
		struct mm_buf source, rows;
		char folder[256];

		(void)snprintf(folder, sizeof(folder), "test-corpus/%s", name);
		mm_buf_init(&source, 1 << 22);
		mm_buf_init(&rows, 1 << 22);
		read_files(&source, "formats/logs", name, ".c");
		read_files(&rows, folder, "", ".txt");
		n_bad +=
		    count_missing(name, mm_buf_str(&source), mm_buf_str(&rows));
		mm_buf_fini(&source);
		mm_buf_fini(&rows);
	}
	assert_int_equal(n_bad, 0);
}

/* ---- spools and listings ---- */

struct spools {
	struct mm_spools *all;
	const char *kind;	       /* of the snapshot in hand */
	size_t entries[64], files[64]; /* by format */
};

static enum mm_status
take_leaf(void *ctx, const struct mm_leaf *leaf, bool *taken, const char **kind,
	  struct mm_err *err)
{
	struct spools *c = ctx;
	enum mm_status st = mm_spools_take(c->all, leaf, taken, kind, err);

	for (size_t i = 0; *taken && mm_spools_format(i) != NULL; i++)
		c->files[i] += strcmp(mm_spools_format(i)->name, *kind) == 0;
	return st;
}

static void
take_snapshot(void *ctx, const struct mm_snapshot *s)
{
	((struct spools *)ctx)->kind = s->kind;
}

static void
take_entry(void *ctx, const struct mm_spool_entry *e)
{
	struct spools *c = ctx;

	assert_true(e->queue_id.p != NULL || e->note.p != NULL);
	for (size_t i = 0; mm_spools_format(i) != NULL; i++)
		c->entries[i] +=
		    strcmp(mm_spools_format(i)->name, c->kind) == 0;
}

/* A listing is one file of many entries; a file that is known and tells
 * nothing (host status) has none. */
static void
test_spools(void **state)
{
	const struct mm_evidence_options o = { .now_us = INT64_MAX };
	const char *path = "test-corpus/spools";
	struct spools c = { .all = mm_spools_new() };
	const struct mm_taker taker = { take_leaf, &c };
	struct mm_evidence *ev;
	struct mm_err err;
	size_t n_bad = 0;

	(void)state;
	ev = mm_evidence_open(&path, 1, &o, &taker, &err);
	assert_non_null(ev);
	mm_evidence_close(ev);
	mm_spools_finish(c.all, &(struct mm_spool_sink){
				    take_snapshot, take_entry, &c, NULL });
	for (size_t i = 0; mm_spools_format(i) != NULL; i++) {
		assert_true(i < MM_COUNT(c.files));
		print_message("  %s: %zu entries, %zu files\n",
			      mm_spools_format(i)->name, c.entries[i],
			      c.files[i]);
		n_bad += c.entries[i] < LEAST && c.files[i] < LEAST;
	}
	assert_int_equal(n_bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_logs),
		cmocka_unit_test(test_spools),
	};

	return cmocka_run_group_tests_name("samples", tests, NULL, NULL);
}
