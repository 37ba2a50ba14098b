/* Expected values: RFC 4180 section 2, by its numbered rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "formats/base/csv.h"

static void
test_write(void **state)
{
	static const struct {
		const char *label, *in, *want;
	} rows[] = {
		{ "plain", "aaa", "aaa" },
		{ "rule 6: comma", "a,b", "\"a,b\"" },
		{ "rule 6: line end", "b\r\nbb", "\"b\r\nbb\"" },
		{ "rule 7: quote", "b\"bb", "\"b\"\"bb\"" },
		{ "rule 4: blanks belong to the field", " a", "\" a\"" },
		{ "blank behind", "a ", "\"a \"" },
		{ "empty, not unknown", "", "\"\"" },
		{ "only quotes", "\"\"", "\"\"\"\"\"\"" },
	};
	struct mm_buf b;

	(void)state;
	mm_buf_init(&b, 1000);
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		print_message("  %s\n", rows[i].label);
		mm_buf_clear(&b);
		mm_csv_add_field(&b, mm_str_z(rows[i].in));
		assert_string_equal(b.p, rows[i].want);
	}
	mm_buf_fini(&b);
	mm_buf_init(&b, 10);
	mm_csv_add_field(&b, mm_str_z("\"a long, quoted one\""));
	assert_true(b.over);
	mm_buf_fini(&b);
}

/* Records shown as their fields between bars, "~" for an absent one. */
static void
show(struct mm_buf *b, const struct mm_csv *c)
{
	size_t n;
	const struct mm_str *f = mm_csv_fields(c, &n);

	for (size_t i = 0; i < n; i++)
		mm_buf_addf(b, "%s%.*s", i > 0 ? "|" : "",
			    f[i].p != NULL ? (int)f[i].n : 1,
			    f[i].p != NULL ? f[i].p : "~");
	mm_buf_addc(b, ';');
}

static void
test_read(void **state)
{
	static const struct {
		const char *label, *lines[4], *want;
		char separator;
	} rows[] = {
		{ "plain", { "a,b,c" }, "a|b|c;", ',' },
		{ "absent and empty", { "a,,\"\"" }, "a|~|;", ',' },
		{ "all absent", { ",," }, "~|~|~;", ',' },
		{ "quotes doubled",
		  { "\"x \"\"y\"\"\",z" },
		  "x \"y\"|z;",
		  ',' },
		{ "over two lines", { "1,\"a", "b\",2" }, "1|a\nb|2;", ',' },
		{ "blank line", { "", "a,b" }, "a|b;", ',' },
		{ "two records", { "a,b", "c" }, "a|b;c;", ',' },
		{ "never closed", { "1,\"a", "b" }, "1|a\nb\n;", ',' },
		{ "a CR inside", { "a\rb,c" }, "a\rb|c;", ',' },
		{ "semicolons", { "a,b;c" }, "a,b|c;", ';' },
		{ "tabs", { "a\t\tb" }, "a|~|b;", '\t' },
	};
	struct mm_buf b;

	(void)state;
	mm_buf_init(&b, 1000);
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		struct mm_csv *c = mm_csv_new(rows[i].separator, 100);

		print_message("  %s\n", rows[i].label);
		mm_buf_clear(&b);
		for (size_t l = 0; l < 4 && rows[i].lines[l] != NULL; l++)
			if (mm_csv_line(c, mm_str_z(rows[i].lines[l])) == MM_OK)
				show(&b, c);
		if (mm_csv_finish(c) == MM_OK)
			show(&b, c);
		assert_string_equal(b.p, rows[i].want);
		mm_csv_free(c);
	}
	mm_buf_fini(&b);
}

/* A quote that is never closed may not eat the rest of a file. */
static void
test_limit(void **state)
{
	struct mm_csv *c = mm_csv_new(',', 100);
	enum mm_status st = mm_csv_line(c, MM_STR("a,\"open"));
	size_t n;

	(void)state;
	for (int i = 0; i < 50 && st == MM_END; i++)
		st = mm_csv_line(c, MM_STR("more"));
	assert_int_equal(st, MM_ELIMIT);
	assert_int_equal(mm_csv_line(c, MM_STR("b,c")), MM_OK);
	assert_true(mm_str_is(mm_csv_fields(c, &n)[0], "b"));
	assert_int_equal(n, 2);
	mm_csv_free(c);
	mm_csv_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
