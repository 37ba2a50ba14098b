/* Lines out of whole files: each file of test-corpus/framing, beside it in
 * FILE.want what its lines are, written by hand: "number|framing|time|host|
 * tag|pid|repeats|text", `-` where there is nothing, bytes outside of printable
 * ASCII as \xNN. Then the promises that hold for any input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>

#include "formats/base/buf.h"
#include "formats/read/evidence.h"

#define FOLDER "test-corpus/framing/"
/* 2024-02-10T00:00:00Z: before the files of any checkout */
#define NOW_US ((int64_t)1707523200000000)

static void
put(struct mm_buf *b, struct mm_str s)
{
	if (s.p == NULL)
		mm_buf_addz(b, "-");
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 32 || c > 126)
			mm_buf_addf(b, "\\x%02x", c);
		else
			mm_buf_addc(b, (char)c);
	}
}

static void
show(struct mm_buf *b, const struct mm_line *line, uint64_t number)
{
	char time[MM_TIME_TEXT];

	mm_buf_addf(b, "%llu|%s|%s|", (unsigned long long)number,
		    mm_framing_name(line->framing),
		    mm_time_iso(line->t_us,
				line->t_us != MM_TIME_NONE &&
				    line->t_us % MM_SECOND_US != 0,
				time));
	put(b, line->host);
	mm_buf_addc(b, '|');
	put(b, line->tag);
	mm_buf_addf(b, "|%u|%u|", line->pid, line->repeats);
	if (line->text.n > 0)
		put(b, line->text);
	mm_buf_addc(b, '\n');
}

static void
read_log(struct mm_evidence *ev, size_t i, struct mm_buf *out)
{
	const struct mm_ledger *row = mm_evidence_ledger(ev, i);
	struct mm_lines *l;
	struct mm_line line;
	struct mm_err err = { .code = MM_OK };
	uint64_t number, at, n = 0, before = 0;

	l = mm_lines_open(ev, i, &err);
	assert_non_null(l);
	while (mm_lines_next(l, &line, &number, &at, &err) == MM_OK) {
		show(out, &line, number);
		assert_true(number > before);
		before = number;
		n++;
	}
	assert_int_equal(err.code, 0);
	assert_true(row->n_lines == n + row->n_duplicate_lines);
	mm_lines_close(l);
}

static void
read_all(const char *path, struct mm_buf *out)
{
	const struct mm_evidence_options o = { .now_us = NOW_US };
	struct mm_err err;
	struct mm_evidence *ev = mm_evidence_open(&path, 1, &o, NULL, &err);

	assert_non_null(ev);
	for (size_t i = 0; i < mm_evidence_count(ev); i++)
		if (mm_evidence_ledger(ev, i)->is_log)
			read_log(ev, i, out);
	mm_evidence_close(ev);
}

static void
check(const char *name)
{
	static char want[65536];
	char path[512];
	struct mm_buf out;
	FILE *f;

	print_message("  %s\n", name);
	(void)snprintf(path, sizeof(path), FOLDER "%s.want", name);
	f = fopen(path, "r");
	assert_non_null(f);
	want[fread(want, 1, sizeof(want) - 1, f)] = '\0';
	fclose(f);
	(void)snprintf(path, sizeof(path), FOLDER "%s", name);
	mm_buf_init(&out, 1 << 20);
	read_all(path, &out);
	assert_string_equal(out.p, want);
	mm_buf_fini(&out);
}

static int
is_log(const struct dirent *d)
{
	struct mm_str name = mm_str_z(d->d_name);

	return name.p[0] != '.' && !mm_str_ends(name, ".want");
}

static void
test_corpus(void **state)
{
	struct dirent **names = NULL;
	int n = scandir(FOLDER, &names, is_log, alphasort);

	(void)state;
	assert_true(n >= 9);
	for (int i = 0; i < n; i++) {
		check(names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

/* Whatever it is, it is read to its end and accounted for: each alone, where
 * a file with nothing in it is an error that names it, then all together. */
static void
test_hostile(void **state)
{
	const struct mm_evidence_options o = { .now_us = NOW_US };
	const char *folder = "test-corpus/hostile";
	struct dirent **names = NULL;
	struct mm_evidence *ev;
	struct mm_buf out;
	struct mm_err err;
	char path[512];
	int n = scandir(folder, &names, is_log, alphasort);

	(void)state;
	assert_true(n >= 30);
	mm_buf_init(&out, 1 << 24);
	for (int i = 0; i < n; i++) {
		const char *p = path;

		(void)snprintf(path, sizeof(path), "%s/%s", folder,
			       names[i]->d_name);
		ev = mm_evidence_open(&p, 1, &o, NULL, &err);
		if (ev == NULL)
			assert_non_null(strstr(err.text, path));
		else
			read_all(path, &out);
		mm_evidence_close(ev);
		free(names[i]);
	}
	free(names);
	read_all(folder, &out);
	mm_buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
