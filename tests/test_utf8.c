/* Sequences: RFC 3629 section 4 and the lists of Unicode 15 table 3-7; widths:
 * EastAsianWidth.txt; what acts: UAX #9. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/base/utf8.h"

static void
test_take(void **state)
{
	static const struct {
		const char *label, *bytes;
		size_t length;
		uint32_t code;
	} rows[] = {
		{ "ascii", "a", 1, 'a' },
		{ "two", "\xc3\xa9", 2, 0xe9 },
		{ "three", "\xe2\x82\xac", 3, 0x20ac },
		{ "four", "\xf0\x9f\x93\xac", 4, 0x1f4ec },
		{ "last", "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
		{ "beyond the last", "\xf4\x90\x80\x80", 0, 0 },
		{ "lone follower", "\x80", 0, 0 },
		{ "overlong slash", "\xc0\xaf", 0, 0 },
		{ "overlong, three", "\xe0\x80\xaf", 0, 0 },
		{ "surrogate", "\xed\xa0\x80", 0, 0 },
		{ "cut", "\xe2\x82", 0, 0 },
		{ "latin1 word", "\xe9t\xe9", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		struct mm_str s = mm_str_z(rows[i].bytes);
		uint32_t code = 0;

		print_message("  %s\n", rows[i].label);
		assert_int_equal(mm_utf8_take(s.p, s.n, &code), rows[i].length);
		assert_int_equal(code, rows[i].code);
	}
}

static void
test_columns(void **state)
{
	static const struct {
		const char *text;
		size_t columns, fit_in_3;
	} rows[] = {
		{ "", 0, 0 },
		{ "abcd", 4, 3 },
		{ "\xc3\xa9t\xc3\xa9s", 4, 5 },	       /* étés */
		{ "e\xcc\x81t", 2, 4 },		       /* e + accent */
		{ "\xe6\x97\xa5\xe6\x9c\xac", 4, 3 },  /* 日本 */
		{ "\xf0\x9f\x93\xac!", 3, 5 },	       /* a mailbox */
		{ "\xea\xb0\x80\xea\xb0\x81x", 5, 3 }, /* 가각x */
		{ "\xe3\x81\x8b\xe3\x82\x99x", 3, 7 }, /* か + mark */
	};

	(void)state;
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		struct mm_str s = mm_str_z(rows[i].text);

		print_message("  %s\n", rows[i].text);
		assert_int_equal(mm_utf8_columns(s), rows[i].columns);
		assert_int_equal(mm_utf8_fit(s, 3), rows[i].fit_in_3);
	}
}

static void
test_visible(void **state)
{
	static const struct {
		const char *label, *in, *want;
	} rows[] = {
		{ "plain", "user@example.org", "user@example.org" },
		{ "escape sequence", "a\033[2Jb", "a\\x1b[2Jb" },
		{ "C1 as UTF-8",
		  "a\xc2\x9b"
		  "2J",
		  "a\\x9b2J" },
		{ "C1 as a byte",
		  "a\x9b"
		  "2J",
		  "a\xef\xbf\xbd"
		  "2J" },
		{ "bell, delete", "\a\x7f", "\\x07\\x7f" },
		{ "line ends", "a\r\n\tb", "a\\r\\n\\tb" },
		{ "right-to-left override",
		  "\xe2\x80\xae"
		  "gpj",
		  "\\u202egpj" },
		{ "line separator", "\xe2\x80\xa8", "\\u2028" },
		{ "letters stay", "\xc3\xa9\xe6\x97\xa5",
		  "\xc3\xa9\xe6\x97\xa5" },
	};
	struct mm_buf b;

	(void)state;
	mm_buf_init(&b, 1000);
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		print_message("  %s\n", rows[i].label);
		mm_buf_clear(&b);
		mm_utf8_add_visible(&b, mm_str_z(rows[i].in));
		assert_string_equal(b.p, rows[i].want);
	}
	mm_buf_clear(&b);
	mm_utf8_add_lines(&b, mm_str_z("a\r\n\tb\033"));
	assert_string_equal(b.p, "a\r\n\tb\\x1b");
	mm_buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_visible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
