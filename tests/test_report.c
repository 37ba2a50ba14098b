/* The forms of a report: what is in them, what may not be, and that the same
 * calls give the same bytes. How the page works is tests/test_report_page.c. */
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

#include "formats/base/utf8.h"
#include "tests/report_fixture.h"

static struct mm_buf
html_of(size_t n_causes)
{
	struct mm_report *r = fixture_report(n_causes);
	struct mm_buf b;

	mm_buf_init(&b, 64 << 20);
	mm_report_html(r, &b);
	mm_report_free(r);
	return b;
}

static size_t
count(struct mm_str s, const char *z)
{
	size_t n = 0;
	struct mm_str head;

	while (mm_str_cut(&s, z, &head))
		n++;
	return n;
}

static void
test_same_bytes(void **state)
{
	struct mm_buf a = html_of(40), b = html_of(40);

	(void)state;
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
	mm_buf_fini(&a);
	mm_buf_fini(&b);
}

static void
test_nothing_slips_in(void **state)
{
	static const char *const never[] = {
		"<img",
		"window.owned=1</script>",
		"\033",
		"\xff\xff",
		"javascript:",
		" style=\"",
		"url(",
		"@import",
		"src=\"",
		"href=\"http",
		"sourceMappingURL",
	};
	struct mm_buf b = html_of(40);
	struct mm_str s = mm_buf_str(&b);

	(void)state;
	/* The library's own code is no markup: look at the rest. */
	s = mm_str_upto(s, mm_str_find(s, "<script>"));
	assert_int_equal(count(s, "<style>"), 1);
	s = mm_str_from(s, mm_str_find(s, "</style>"));
	for (size_t i = 0; i < MM_COUNT(never); i++) {
		print_message("  %s\n", never[i]);
		assert_int_equal(count(s, never[i]), 0);
	}
	/* What was hostile is there to be read: in a window and its bar, in
	 * prose, in a list of evidence and in a cell. */
	assert_int_equal(count(s, "&lt;/script&gt;&lt;script&gt;"), 5);
	assert_int_equal(count(mm_buf_str(&b), "<script>"), 1);
	assert_int_equal(count(mm_buf_str(&b), "</script>"), 1);
	mm_buf_fini(&b);
}

/* Each place that is linked to is there, once. */
static void
test_links(void **state)
{
	struct mm_buf b = html_of(3);
	struct mm_str rest = mm_buf_str(&b), head, id;
	char want[100];
	size_t n = 0;

	(void)state;
	rest = mm_str_upto(rest, mm_str_find(rest, "<script>"));
	while (mm_str_cut(&rest, "href=\"#", &head)) {
		struct mm_str from = rest;

		assert_true(mm_str_cutc(&from, '"', &id));
		(void)snprintf(want, sizeof(want), " id=\"%.*s\"",
			       MM_STR_ARG(id));
		print_message("  %s\n", want);
		assert_int_equal(count(mm_buf_str(&b), want), 1);
		n++;
	}
	assert_true(n >= 12);
	mm_buf_fini(&b);
}

/* A case of any size makes a page that opens: rows are capped and said to
 * be. */
static void
test_big(void **state)
{
	struct mm_buf b = html_of(200000);

	(void)state;
	assert_in_range(b.n, 200000, 2000000);
	assert_int_equal(
	    count(mm_buf_str(&b), "and 199800 more, see <code>causes.csv"), 1);
	assert_int_equal(count(mm_buf_str(&b), "and 24993 more"), 1);
	mm_buf_fini(&b);
}

static void
test_empty(void **state)
{
	struct mm_report *r = mm_report_new("Post-mortem", "Nothing <found>");
	struct mm_buf b;

	(void)state;
	mm_buf_init(&b, 1 << 20);
	mm_report_html(r, &b);
	assert_int_equal(count(mm_buf_str(&b), "<h1>Nothing &lt;found&gt;"), 1);
	mm_buf_clear(&b);
	mm_report_text(r, 0, false, &b);
	assert_string_equal(b.p, "\nNothing <found>\n===============\n\n");
	mm_buf_clear(&b);
	mm_report_markdown(r, &b);
	assert_string_equal(b.p, "# Nothing &lt;found>\n\n");
	mm_buf_fini(&b);
	mm_report_free(r);
	mm_report_free(NULL);
}

/* No line of prose is wider than asked, no control character but LF. */
static void
test_text(void **state)
{
	static const size_t widths[] = { 0, 40, 100 };
	struct mm_report *r = fixture_report(3);
	struct mm_buf b;

	(void)state;
	mm_buf_init(&b, 1 << 20);
	for (size_t i = 0; i < MM_COUNT(widths); i++) {
		struct mm_str rest, line;
		bool evidence = false;

		mm_buf_clear(&b);
		mm_report_text(r, widths[i], false, &b);
		rest = mm_buf_str(&b);
		while (mm_str_cutc(&rest, '\n', &line)) {
			for (size_t k = 0; k < line.n; k++)
				assert_true((unsigned char)line.p[k] >= 0x20 &&
					    line.p[k] != 0x7f);
			if (mm_str_starts(line, "  maillog"))
				evidence = true;
			else if (widths[i] == 100)
				assert_in_range(mm_utf8_columns(line), 0, 100);
		}
		assert_true(evidence);
	}
	assert_non_null(strstr(b.p, "\nWhy\n  Rate limit on the address"));
	assert_non_null(strstr(b.p, "\n  > 421-4.7.28 Our system"));
	assert_non_null(strstr(b.p, "\n 2. Stop the ramp when deferrals"));
	mm_buf_clear(&b);
	mm_report_text(r, 80, true, &b);
	assert_non_null(strstr(b.p, "\033[1mIncidents\033[0m\n---------\n"));
	mm_buf_fini(&b);
	mm_report_free(r);
}

/* The line of a chart: its highest value is a full block, what is unknown a
 * blank. */
static void
test_sparkline(void **state)
{
	static const struct mm_column columns[] = { { "t", "T", MM_TIME },
						    { "n", "n", MM_INT } };
	static const int64_t values[] = { 0, 1, 4, -1, 8 };
	struct mm_report *r = mm_report_new("", "x");
	struct mm_table *t = mm_table_new("c", "Chart", columns, 2);
	const struct mm_chart chart = { .y_label = "things" };
	struct mm_buf b;

	(void)state;
	for (size_t i = 0; i < MM_COUNT(values); i++) {
		const struct mm_cell row[] = {
			mm_cell_time((int64_t)i * MM_HOUR_US),
			values[i] < 0 ? mm_cell_null() : mm_cell_int(values[i]),
		};

		mm_table_add(t, row);
	}
	mm_report_chart(r, t, &chart);
	mm_buf_init(&b, 1 << 20);
	mm_report_text(r, 0, false, &b);
	assert_non_null(strstr(b.p, "Chart (things)\n  n  \xe2\x96\x81"
				    "\xe2\x96\x81\xe2\x96\x84 \xe2\x96\x88"
				    "  most 8\n"));
	mm_buf_fini(&b);
	mm_report_free(r);
}

static void
test_markdown(void **state)
{
	struct mm_report *r = fixture_report(3);
	struct mm_buf b;

	(void)state;
	mm_buf_init(&b, 1 << 20);
	mm_report_prose(r, "# no heading");
	mm_report_prose(r, "%s", "1. no list");
	mm_report_markdown(r, &b);
	assert_non_null(strstr(b.p, "**Why.** Rate limit"));
	assert_non_null(strstr(b.p, "\n> 421-4.7.28 Our system"));
	assert_non_null(strstr(b.p, "\n- Lasted: 5 h\n"));
	assert_non_null(strstr(b.p, "\n\\# no heading\n\n1\\. no list\n"));
	assert_int_equal(count(mm_buf_str(&b), "<"), 0);
	mm_buf_fini(&b);
	mm_report_free(r);
}

static void
test_json(void **state)
{
	static const char *const want[] = {
		("{\"table\":\"volume\",\"t\":1795219200,\"sent\":400,"
		 "\"deferred\":0,\"bounced\":8}\n"),
		"{\"table\":\"incidents\",\"incident\":\"i2\",",
		"{\"table\":\"evidence\",\"about\":\"i1-evidence\",",
	};
	struct mm_report *r = fixture_report(300);
	struct mm_buf b;

	(void)state;
	mm_buf_init(&b, 1 << 20);
	mm_report_json(r, &b);
	for (size_t i = 0; i < MM_COUNT(want); i++)
		assert_non_null(strstr(b.p, want[i]));
	/* all rows of all tables and charts, and all lines of evidence */
	assert_int_equal(count(mm_buf_str(&b), "\n"), 192 + 2 + 300 + 97 + 7);
	mm_buf_fini(&b);
	mm_report_free(r);
}

static char *
read_file(const char *folder, const char *name)
{
	char path[200];
	char *text = calloc(1, 1 << 20);
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "rb");
	assert_non_null(f);
	(void)fread(text, 1, (1 << 20) - 1, f);
	(void)fclose(f);
	assert_int_equal(unlink(path), 0);
	return text;
}

static void
test_csv(void **state)
{
	static const struct {
		const char *name, *begins;
		size_t n_lines;
	} files[] = {
		{ "volume.csv",
		  "t,sent,deferred,bounced\r\n1795219200,400,0,8\r\n", 193 },
		{ "incidents.csv", "incident,kind,target,start,end,messages",
		  3 },
		{ "causes.csv", "cause,recipients,share,delay,size,text", 301 },
		{ "drain.csv", "elapsed,flush,linear,exponential\r\n0,", 98 },
		{ "evidence.csv", "about,source,line\r\ni1-evidence,", 8 },
	};
	char folder[] = "/tmp/test_report.XXXXXX", made[64];
	struct mm_report *r = fixture_report(300);
	struct mm_err err;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(made, sizeof(made), "%s/made", folder);
	assert_int_equal(mm_report_csv(r, made, &err), MM_OK);
	assert_int_equal(mm_report_csv(r, made, &err), MM_OK); /* again */
	for (size_t i = 0; i < MM_COUNT(files); i++) {
		char *text = read_file(made, files[i].name);

		print_message("  %s\n", files[i].name);
		assert_memory_equal(text, files[i].begins,
				    strlen(files[i].begins));
		assert_int_equal(count(mm_str_z(text), "\r\n"),
				 files[i].n_lines);
		free(text);
	}
	assert_int_equal(rmdir(made), 0); /* no other file */
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(mm_report_csv(r, "/nowhere/at/all", &err), MM_EIO);
	assert_string_equal(err.text, "/nowhere/at/all: cannot make this "
				      "folder: No such file or directory");
	mm_report_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_nothing_slips_in),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_big),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_sparkline),
		cmocka_unit_test(test_markdown),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_csv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
