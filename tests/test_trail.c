/* The places of a message's lines: the bytes that the header's rule gives,
 * worked out by hand, and there and back for many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/case/trail.h"
#include "formats/base/status.h"

static void
test_bytes(void **state)
{
	/* File 1 line 5; two lines on; the same again; file 2 line 300; back
	 * to file 1, line 200; 100 lines on. */
	static const struct mm_row_place places[] = { { 1, 5 },	  { 1, 7 },
						      { 1, 7 },	  { 2, 300 },
						      { 1, 200 }, { 1, 300 } };
	static const uint8_t want[] = { 3, 5,	4,    5,   0xac, 2,
					3, 200, 0x01, 200, 0x01 };
	struct mm_trail t = { .n = 0 };
	struct mm_str got;

	(void)state;
	for (size_t i = 0; i < MM_COUNT(places); i++)
		mm_trail_add(&t, places[i]);
	got = mm_trail_bytes(&t);
	assert_int_equal(got.n, sizeof(want));
	assert_memory_equal(got.p, want, sizeof(want));
	mm_trail_fini(&t);
}

static void
test_there_and_back(void **state)
{
	struct mm_row_place in[500], at = { 0 };
	struct mm_trail t = { .n = 0 };
	struct mm_str left;
	uint32_t seed = 1;

	(void)state;
	for (size_t i = 0; i < MM_COUNT(in); i++) {
		seed = seed * 1664525 + 1013904223;
		in[i].file = 1 + (uint32_t)(i / 40);
		in[i].line =
		    i % 40 == 0 ? seed >> 8 : in[i - 1].line + 1 + (seed >> 28);
		mm_trail_add(&t, in[i]);
	}
	left = mm_trail_bytes(&t);
	for (size_t i = 0; i < MM_COUNT(in); i++) {
		assert_true(mm_trail_next(&left, &at));
		assert_int_equal(at.file, in[i].file);
		assert_int_equal(at.line, in[i].line);
	}
	assert_false(mm_trail_next(&left, &at));
	mm_trail_fini(&t);
}

/* Bytes of a case that somebody spoiled: an end, never a read behind it. */
static void
test_spoiled(void **state)
{
	struct mm_str endless = MM_STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff"
				       "\xff\xff\xff");
	struct mm_str cut = MM_STR("\x03");
	struct mm_row_place at = { 0 };

	(void)state;
	assert_false(mm_trail_next(&endless, &at));
	assert_false(mm_trail_next(&cut, &at));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_spoiled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
