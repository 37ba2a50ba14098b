/* Where a verb's result goes: files whole or not at all, forms by option and
 * suffix, failures of the disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "reports/output.h"

static const struct mm_column columns[] = { { "who", "Who", MM_TEXT },
					    { "n", "Number", MM_INT } };

static char folder[] = "/tmp/test_output.XXXXXX";
static char file[64];

static void
in_folder(const char *name)
{
	(void)snprintf(file, sizeof(file), "%s/%s", folder, name);
}

static int
set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	return rmdir(folder); /* fails when something was left behind */
}

static enum mm_status
write_rows(struct mm_output *o, int n, struct mm_err *err)
{
	struct mm_sink sink;
	enum mm_status st = mm_output_open(o, err);

	if (st == MM_OK)
		st = mm_output_begin(o, columns, 2, &sink, err);
	for (int i = 0; i < n && st == MM_OK; i++) {
		const struct mm_cell row[] = { mm_cell_z("x"), mm_cell_int(i) };

		st = sink.row(sink.ctx, row, err);
	}
	return mm_output_close(o, st, err);
}

static void
check_file(const char *want)
{
	char got[4096] = "";
	FILE *f = fopen(file, "rb");

	assert_non_null(f);
	(void)fread(got, 1, sizeof(got) - 1, f);
	(void)fclose(f);
	assert_string_equal(got, want);
	assert_int_equal(unlink(file), 0);
}

static void
test_forms(void **state)
{
	static const struct {
		const char *name, *format;
		bool json, csv;
		const char *want;
	} rows[] = {
		{ "a.csv", NULL, false, false, "who,n\r\nx,0\r\n" },
		{ "a.json", NULL, false, false, "{\"who\":\"x\",\"n\":0}\n" },
		{ "a.txt", NULL, false, false,
		  "Who  Number\n---  ------\nx         0\n" },
		{ "a", NULL, false, false,
		  "Who  Number\n---  ------\nx         0\n" },
		{ "a.md", NULL, false, false,
		  "| Who | Number |\n| --- | ---: |\n| x | 0 |\n\n" },
		{ "a.csv", "json", false, false, "{\"who\":\"x\",\"n\":0}\n" },
		{ "a.txt", NULL, true, false, "{\"who\":\"x\",\"n\":0}\n" },
		{ "a.txt", "csv", false, true, "who,n\r\nx,0\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		struct mm_err err;
		struct mm_output o = { .path = file,
				       .format = rows[i].format,
				       .json = rows[i].json,
				       .csv = rows[i].csv };

		print_message("  %s %s\n", rows[i].name, rows[i].want);
		in_folder(rows[i].name);
		assert_int_equal(write_rows(&o, 1, &err), MM_OK);
		check_file(rows[i].want);
	}
}

static void
test_usage(void **state)
{
	static const struct mm_output rows[] = {
		{ .format = "pdf" },
		{ .format = "html" }, /* only a part of a page */
		{ .json = true, .csv = true },
		{ .json = true, .format = "csv" },
		{ .colour = "sometimes" },
	};

	(void)state;
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		struct mm_output o = rows[i];
		struct mm_err err = { 0 };

		in_folder("never");
		o.path = file;
		assert_int_equal(write_rows(&o, 1, &err), MM_EUSAGE);
		print_message("  %s\n", err.text);
		assert_true(strlen(err.text) > 20);
		assert_int_not_equal(access(file, F_OK), 0);
	}
}

/* More rows than any buffer holds, so that the failure comes early; and few,
 * so that it comes at the end. */
static void
test_disk_full(void **state)
{
	static const int n_rows[] = { 1, 200000 };

	(void)state;
	for (size_t i = 0; i < MM_COUNT(n_rows); i++) {
		struct mm_output o = { .path = "/dev/full", .csv = true };
		struct mm_err err = { 0 };
		struct stat st;

		assert_int_equal(write_rows(&o, n_rows[i], &err), MM_EIO);
		assert_string_equal(
		    err.text,
		    "/dev/full: cannot write: No space left on device");
		assert_int_equal(stat("/dev/full", &st), 0);
		assert_true(S_ISCHR(st.st_mode));
	}
}

static void
test_nothing_half(void **state)
{
	struct mm_err err = { 0 };
	struct mm_output o = { .path = file, .json = true };
	enum mm_status st;
	struct mm_sink sink;

	(void)state;
	in_folder("kept.json");
	assert_int_equal(write_rows(&o, 1, &err), MM_OK);
	o = (struct mm_output){ .path = file };
	assert_int_equal(mm_output_open(&o, &err), MM_OK);
	st = mm_output_begin(&o, columns, 2, &sink, &err);
	assert_int_equal(st, MM_OK);
	st = mm_output_close(&o, MM_EFORMAT, &err); /* the verb failed */
	assert_int_equal(st, MM_EFORMAT);
	check_file("{\"who\":\"x\",\"n\":0}\n"); /* as it was before */

	o = (struct mm_output){ .path = "/nowhere/at/all.csv" };
	assert_int_equal(write_rows(&o, 1, &err), MM_EIO);
	assert_non_null(strstr(err.text, "/nowhere/at/all.csv"));
}

/* A slip of the hand must not cost the case. */
static void
test_case_stays(void **state)
{
	struct mm_output o = { .path = file };
	struct mm_err err = { 0 };
	FILE *f;

	(void)state;
	in_folder("case.mm");
	f = fopen(file, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite("SQLite format 3\0more", 1, 20, f), 20);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(write_rows(&o, 1, &err), MM_EUSAGE);
	assert_non_null(strstr(err.text, "this is a case"));
	check_file("SQLite format 3");
}

static void
test_tables(void **state)
{
	struct mm_table *a = mm_table_new("a", "First", columns, 2);
	struct mm_table *b = mm_table_new("b", "Second", columns + 1, 1);
	const struct mm_table *both[] = { a, b };
	static const struct {
		const char *format, *want;
	} rows[] = {
		{ "json", "{\"table\":\"a\",\"who\":\"x\",\"n\":1}\n"
			  "{\"table\":\"b\",\"n\":1}\n" },
		{ "csv", "table,a\r\nwho,n\r\nx,1\r\n\r\n"
			 "table,b\r\nn\r\n1\r\n\r\n" },
		{ "text", "First\nWho  Number\n---  ------\nx         1\n\n"
			  "Second\nNumber\n------\n     1\n\n" },
	};
	const struct mm_cell row[] = { mm_cell_z("x"), mm_cell_int(1) };

	(void)state;
	mm_table_add(a, row);
	mm_table_add(b, row + 1);
	in_folder("tables");
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		struct mm_output o = { .path = file, .format = rows[i].format };
		struct mm_err err;
		enum mm_status st = mm_output_open(&o, &err);

		if (st == MM_OK)
			st = mm_output_tables(&o, both, 2, &err);
		st = mm_output_close(&o, st, &err);
		assert_int_equal(st, MM_OK);
		check_file(rows[i].want);
	}
	mm_table_free(a);
	mm_table_free(b);
}

static void
test_colour(void **state)
{
	static const struct {
		const char *option, *no_color;
		bool want;
	} rows[] = {
		{ NULL, NULL, false }, /* a file is no terminal */
		{ "always", NULL, true }, { "always", "1", true },
		{ "never", NULL, false }, { "auto", "1", false },
	};

	(void)state;
	in_folder("colour");
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		struct mm_output o = { .path = file, .colour = rows[i].option };
		struct mm_err err;

		if (rows[i].no_color != NULL)
			assert_int_equal(
			    setenv("NO_COLOR", rows[i].no_color, 1), 0);
		else
			assert_int_equal(unsetenv("NO_COLOR"), 0);
		assert_int_equal(mm_output_open(&o, &err), MM_OK);
		assert_int_equal(o.has_colour, rows[i].want);
		assert_string_equal(mm_output_style(&o, MM_STYLE_RED),
				    rows[i].want ? "\033[31m" : "");
		assert_int_equal(mm_output_close(&o, MM_END, &err), MM_END);
	}
}

/* The options of a verb, with these spliced in, parse. */
static void
test_options(void **state)
{
	struct mm_output o = { 0 };
	const struct mm_option options[] = { MM_OUTPUT_OPTIONS(o) };
	const struct mm_usage u = { .verb = "try",
				    .options = options,
				    .n_options = MM_COUNT(options) };
	const char *const argv[] = { "try",	      "-o",	 "f.csv",
				     "--format=json", "--color", "never" };
	struct mm_words words = { 0 };
	struct mm_err err;

	(void)state;
	assert_int_equal(mm_options_parse(&u, 6, argv, &words, &err), MM_OK);
	assert_string_equal(o.path, "f.csv");
	assert_string_equal(o.format, "json");
	assert_string_equal(o.colour, "never");
	mm_words_fini(&words);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_disk_full),
		cmocka_unit_test(test_nothing_half),
		cmocka_unit_test(test_case_stays),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_colour),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
