/* test_base.c - views, buffers, arenas, interning, times, digests, JSON,
 * options, whole files. Expected values: RFC 3339 and 6234 examples, date(1),
 * python3's datetime and json.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "formats/base/digest.h"
#include "formats/base/intern.h"
#include "formats/base/json.h"
#include "formats/base/options.h"
#include "formats/base/regex.h"
#include "formats/base/table.h"
#include "formats/base/time.h"
#include "formats/base/whole.h"

static void
test_str_scanners(void **state)
{
	struct mm_str s = MM_STR("to=<a@b>, relay=none, delay=12"), head;
	uint64_t n;

	(void)state;
	assert_true(mm_str_skip(&s, "to=<"));
	assert_false(mm_str_skip(&s, "x"));
	assert_true(mm_str_cutc(&s, '>', &head));
	assert_true(mm_str_is(head, "a@b"));
	assert_true(mm_str_cut(&s, "delay=", &head));
	assert_true(mm_str_is(head, ", relay=none, "));
	assert_true(mm_str_take_u64(&s, &n));
	assert_int_equal(n, 12);
	assert_int_equal(s.n, 0);
	assert_false(mm_str_take_u64(&s, &n));
	s = MM_STR("18446744073709551616"); /* 2^64 */
	assert_false(mm_str_take_u64(&s, &n));
	assert_int_equal(s.n, 20); /* not moved */
	assert_int_equal(mm_str_find_last(MM_STR("a, b, c"), ", "), 4);
	assert_int_equal(mm_str_find(MM_STR("aab"), "ab"), 1);
	assert_int_equal(mm_str_find(MM_STR("aab"), "ac"), MM_NOT_FOUND);
	assert_int_equal(mm_str_ifind(MM_STR("xGreyLIST"), "greylist"), 1);
}

static void
test_fixed(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t want; /* millionths */
	} rows[] = {
		{ "12.5", true, 12500000 },
		{ "0.43", true, 430000 },
		{ "1e-05", true, 10 },
		{ "2.5e+1", true, 25000000 },
		{ ".5", true, 500000 },
		{ "-3", true, -3000000 },
		{ "1.23456789", true, 1234567 },
		{ "", false, 0 },
		{ ".", false, 0 },
		{ "1x", false, 0 },
		{ "99999999999999", false, 0 },
		{ "1e99", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		int64_t v = 0;

		print_message("  \"%s\"\n", rows[i].text);
		assert_int_equal(
		    mm_str_to_fixed(mm_str_z(rows[i].text), 1000000, &v),
		    rows[i].ok);
		if (rows[i].ok)
			assert_int_equal(v, rows[i].want);
	}
}

static void
test_buf_ceiling(void **state)
{
	struct mm_buf b;

	(void)state;
	mm_buf_init(&b, 100);
	for (int i = 0; i < 30; i++)
		mm_buf_addz(&b, "12345");
	assert_true(b.over);
	assert_int_equal(b.n, 100);
	assert_int_equal(b.p[100], '\0');
	mm_buf_clear(&b);
	mm_buf_addf(&b, "%s-%d", "x", 7);
	assert_string_equal(b.p, "x-7");
	assert_false(b.over);
	mm_buf_fini(&b);
}

static void
test_intern(void **state)
{
	struct mm_intern t;
	char text[16];

	(void)state;
	mm_intern_init(&t);
	for (int i = 0; i < 5000; i++) {
		int n = snprintf(text, sizeof(text), "t%d", i);

		assert_int_equal(
		    mm_intern_add(&t, (struct mm_str){ text, (size_t)n }),
		    i + 1);
	}
	assert_int_equal(mm_intern_add(&t, MM_STR("t77")), 78);
	assert_int_equal(mm_intern_find(&t, MM_STR("t4999")), 5000);
	assert_int_equal(mm_intern_find(&t, MM_STR("absent")), 0);
	assert_int_equal(mm_intern_add(&t, MM_STR_ABSENT), 0);
	assert_int_equal(mm_intern_add(&t, MM_STR("")), 5001);
	assert_true(mm_str_is(mm_intern_text(&t, 78), "t77"));
	assert_null(mm_intern_text(&t, 0).p);
	mm_intern_fini(&t);
}

static void
test_iso(void **state)
{
	static const struct {
		const char *text;
		bool ok, zone;
		int64_t want_us;
		const char *rest;
	} rows[] = {
		/* RFC 3339 section 5.8; seconds from date -u -d ... +%s */
		{ "1985-04-12T23:20:50.52Z x", true, true, 482196050520000,
		  " x" },
		{ "1996-12-19T16:39:57-08:00", true, true, 851042397000000,
		  "" },
		{ "2026-11-22T05:32:40.019509+00:00 mx0", true, true,
		  1795325560019509, " mx0" },
		{ "2026-11-22 05:32:40,5", true, false, 1795325560500000, "" },
		{ "2024-02-29T00:00:00+0100", true, true, 1709161200000000,
		  "" },
		{ "2023-02-29T00:00:00Z", false, false, 0, "" },
		{ "2026-13-01T00:00:00Z", false, false, 0, "" },
		{ "2026-11-22X05:32:40", false, false, 0, "" },
		{ "2026-11-22T05:32", false, false, 0, "" },
		{ "1990-12-31T23:59:60Z", true, true, 662688000000000, "" },
	};

	(void)state;
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		struct mm_str s = mm_str_z(rows[i].text);
		bool zone = false;
		int64_t t = 0;

		print_message("  %s\n", rows[i].text);
		assert_int_equal(mm_time_take_iso(&s, &t, &zone), rows[i].ok);
		if (!rows[i].ok) {
			assert_int_equal(s.n, strlen(rows[i].text));
			continue;
		}
		assert_int_equal(t, rows[i].want_us);
		assert_int_equal(zone, rows[i].zone);
		assert_true(mm_str_is(s, rows[i].rest));
	}
}

static void
test_civil_round_trip(void **state)
{
	(void)state;
	/* Every day from 1970 to 2100: one more second than the day before
	 * times 86400, and back to the same date. */
	for (int64_t day = 0; day < 47847; day++) {
		struct mm_civil c;

		mm_time_to_civil(day * MM_DAY_US + 1, &c);
		assert_int_equal(mm_time_from_civil(&c), day * MM_DAY_US + 1);
		assert_in_range(c.day, 1, mm_time_month_days(c.year, c.month));
	}
}

static void
test_time_texts(void **state)
{
	char text[MM_TIME_TEXT];
	int64_t v;

	(void)state;
	assert_string_equal(mm_time_iso(1795325560019509, true, text),
			    "2026-11-22T05:32:40.019509Z");
	assert_string_equal(mm_time_iso(MM_TIME_NONE, false, text), "-");
	assert_string_equal(mm_time_seconds(1795325560500000, text),
			    "1795325560.5");
	assert_string_equal(mm_time_seconds(-500000, text), "-0.5");
	assert_string_equal(mm_time_seconds(7000000, text), "7");
	assert_string_equal(mm_time_span(93784000000, text), "1 d 2 h");
	assert_string_equal(mm_time_span(65000000, text), "1 min 5 s");
	assert_string_equal(mm_time_span(4250000, text), "4.2 s");
	assert_string_equal(mm_time_span(35000, text), "35 ms");
	assert_true(mm_time_parse_span(MM_STR("1.5h"), &v));
	assert_int_equal(v, 5400000000);
	assert_false(mm_time_parse_span(MM_STR("5"), &v));
	assert_true(mm_time_parse(MM_STR("-2h"), 7200000000, &v));
	assert_int_equal(v, 0);
	assert_true(mm_time_parse(MM_STR("2026-11-22T05:30Z"), 0, &v));
	assert_int_equal(v, INT64_C(1795325400000000));
	assert_true(mm_time_parse(MM_STR("2026-11-22"), 0, &v));
	assert_int_equal(v, 1795305600000000);
	assert_true(mm_time_parse(MM_STR("@1795325560.5"), 0, &v));
	assert_int_equal(v, 1795325560500000);
	assert_false(mm_time_parse(MM_STR("yesterday"), 0, &v));
}

static void
test_sha256(void **state)
{
	struct mm_sha256 *h = mm_sha256_new();
	char hex[MM_SHA256_HEX];

	(void)state;
	/* RFC 6234 section 8.5, TEST1. */
	mm_sha256_add(h, "ab", 2);
	mm_sha256_add(h, "c", 1);
	mm_sha256_hex(h, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a3961"
				 "77a9cb410ff61f20015ad");
}

static void
test_json_out(void **state)
{
	static const struct {
		const char *in;
		const char *want;
	} rows[] = {
		{ "a\"b\\c\n\t\x01\x7f",
		  "\"a\\\"b\\\\c\\n\\t\\u0001\\u007f\"" },
		{ "R\xc3\xa9union", "\"R\xc3\xa9union\"" },
		{ "R\xe9union", "\"R\xef\xbf\xbdunion\"" },
		{ "\xed\xa0\x80", /* a surrogate: RFC 3629 forbids */
		  "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"" },
		{ NULL, "null" },
		{ "", "\"\"" },
	};
	struct mm_buf b;

	(void)state;
	mm_buf_init(&b, 4096);
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		mm_buf_clear(&b);
		mm_json_add_str(&b, mm_str_z(rows[i].in));
		assert_string_equal(b.p, rows[i].want);
	}
	mm_buf_clear(&b);
	mm_json_add_time(&b, 1795325560019509);
	mm_json_add_time(&b, MM_TIME_NONE);
	assert_string_equal(b.p, "1795325560.019509null");
	mm_buf_fini(&b);
}

static void
test_json_in(void **state)
{
	struct mm_err err = { 0 };
	struct mm_json *j =
	    mm_json_parse(MM_STR("{\"a\":[1,-2.5,true,\"x\\u00e9\"],\"big\":"
				 "4611686018427387904}"),
			  &err);
	const struct mm_json *a = mm_json_get(j, "a");

	(void)state;
	assert_non_null(j);
	assert_int_equal(mm_json_len(a), 4);
	assert_int_equal(mm_json_int(mm_json_at(a, 0), 0), 1);
	assert_true(mm_json_real(mm_json_at(a, 1), 0) == -2.5);
	assert_true(mm_json_bool(mm_json_at(a, 2), false));
	assert_true(mm_str_is(mm_json_str(mm_json_at(a, 3)), "x\xc3\xa9"));
	assert_int_equal(mm_json_int(mm_json_get(j, "big"), 0),
			 4611686018427387904);
	assert_int_equal(mm_json_int(mm_json_get(j, "none"), 9), 9);
	mm_json_free(j);
	assert_null(mm_json_parse(MM_STR("{\"a\":\n}"), &err));
	assert_non_null(strstr(err.text, "line 2"));
}

static void
test_options(void **state)
{
	bool quiet = false;
	const char *path = NULL;
	int64_t n = 0, span = 0;
	double share = 0;
	struct mm_words list = { 0 }, words = { 0 };
	const struct mm_option options[] = {
		{ 'q', "quiet", MM_OPT_FLAG, &quiet, NULL, "" },
		{ 'o', "output", MM_OPT_TEXT, &path, "FILE", "" },
		{ 0, "rows", MM_OPT_INT, &n, "N", "" },
		{ 0, "every", MM_OPT_SPAN, &span, "SPAN", "" },
		{ 0, "share", MM_OPT_REAL, &share, "SHARE", "" },
		{ 0, "policy", MM_OPT_LIST, &list, "FILE", "" },
	};
	const struct mm_usage u = { "x",  "",	   "x",
				    NULL, options, MM_COUNT(options) };
	const char *const argv[] = { "x",	 "-q",	     "a",
				     "-ofile",	 "--rows=7", "--every",
				     "2h",	 "--share",  "2.5%",
				     "--policy", "p1",	     "--policy=p2",
				     "--",	 "-z" };
	const char *const bad[] = { "x", "--rows", "many" };
	const char *const none[] = { "x", "--nothing" };
	struct mm_err err = { 0 };

	(void)state;
	assert_int_equal(mm_options_parse(&u, 14, argv, &words, &err), MM_OK);
	assert_true(quiet);
	assert_string_equal(path, "file");
	assert_int_equal(n, 7);
	assert_int_equal(span, 7200000000);
	assert_true(share > 0.02499 && share < 0.02501);
	assert_int_equal(list.n, 2);
	assert_string_equal(list.v[1], "p2");
	assert_int_equal(words.n, 2);
	assert_string_equal(words.v[1], "-z");
	assert_int_equal(mm_options_parse(&u, 3, bad, &words, &err), MM_EUSAGE);
	assert_non_null(strstr(err.text, "--rows: \"many\""));
	assert_int_equal(mm_options_parse(&u, 2, none, &words, &err),
			 MM_EUSAGE);
	mm_words_fini(&words);
	mm_words_fini(&list);
}

static void
test_regex(void **state)
{
	struct mm_err err = { 0 };
	struct mm_regex *r = mm_regex_new(MM_STR("block(ed|list)? (\\d+)"),
					  MM_REGEX_ICASE, &err);
	struct mm_str g[3];

	(void)state;
	assert_non_null(r);
	assert_true(mm_regex_match(r, MM_STR("IP Block 42!"), g, 3));
	assert_true(mm_str_is(g[0], "Block 42"));
	assert_null(g[1].p);
	assert_true(mm_str_is(g[2], "42"));
	assert_false(mm_regex_match(r, MM_STR("block"), g, 3));
	mm_regex_free(r);
	assert_null(mm_regex_new(MM_STR("a(b"), 0, &err));
	assert_non_null(strstr(err.text, "character"));
	/* A pattern that would run for ages ends as no match. */
	r = mm_regex_new(MM_STR("^(a+)+$"), 0, &err);
	assert_false(mm_regex_match(
	    r, MM_STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
	    NULL, 0));
	mm_regex_free(r);
}

static void
test_whole(void **state)
{
	char dir[] = "/tmp/mm-whole-XXXXXX", path[64], line[32] = "";
	struct mm_err err = { 0 };
	struct mm_whole w;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/result", dir);
	assert_int_equal(mm_whole_open(&w, path, &err), MM_OK);
	(void)fprintf(w.f, "first\n");
	assert_int_equal(access(path, F_OK), -1); /* not there yet */
	assert_int_equal(mm_whole_commit(&w, &err), MM_OK);
	/* A second one that is given up leaves the first. */
	assert_int_equal(mm_whole_open(&w, path, &err), MM_OK);
	(void)fprintf(w.f, "second\n");
	mm_whole_abort(&w);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line, "first\n");
	(void)fclose(f);
	(void)unlink(path);
	assert_int_equal(rmdir(dir), 0); /* and no temporary file */
	assert_int_equal(mm_whole_open(&w, "/nowhere/x", &err), MM_EIO);
	assert_non_null(strstr(err.text, "/nowhere/x"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_str_scanners),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_buf_ceiling),
		cmocka_unit_test(test_intern),
		cmocka_unit_test(test_iso),
		cmocka_unit_test(test_civil_round_trip),
		cmocka_unit_test(test_time_texts),
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_json_out),
		cmocka_unit_test(test_json_in),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_regex),
		cmocka_unit_test(test_whole),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
