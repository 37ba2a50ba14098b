/* Haraka's queue files. The corpus was written by Haraka 3.3.4: three mails to
 * a sink that puts them off, each tried twice (sizes are what follows the JSON
 * in the files), and two that a full disk would leave. */
#include "tests/spools_show.h"

#define QUEUE CORPUS "haraka/queue/"

static const char *const files[] = {
	"1795760145435_1795760211094_2_13474_ru3zvR_20_mx.example",
	"1795760145443_1795760211094_2_13474_fqibDq_21_mx.example",
	"1795760145451_1795760211090_2_13474_do8ifg_19_mx.example",
	"1795760145500_1795760145500_0_13474_zEr0qx_22_mx.example",
	"1795760145501_1795760145501_0_13474_tOrnqx_23_mx.example",
};

static void
test_whole_snapshot(void **state)
{
	struct mm_spools *sp = mm_spools_new();
	struct mm_buf b;
	char name[256];

	(void)state;
	for (size_t i = 0; i < MM_COUNT(files); i++) {
		(void)snprintf(name, sizeof(name), QUEUE "%s", files[i]);
		assert_string_equal(offer_file(sp, name, 1795760151, 0644),
				    "haraka queue file");
	}
	assert_string_equal(
	    show_all(sp, &b),
	    "haraka: haraka queue file name=test-corpus/spools/haraka/queue "
	    "host=mx.example taken=1795760151\n"
	    "deferred 521C617A-754D-47E0-9DEC-65DD68B36541.1 "
	    "from=throttled@c.example mid=1795760145.4388561@c.example "
	    "size=414 arrived=1795760145.443 next=1795760211.094 tries=2\n"
	    "  to t@far.example\n"
	    "deferred 5C577631-E3C2-44A7-A2FB-5D81A064E1BC.1 "
	    "from=s@c.example mid=1795760145.4469905@c.example size=398 "
	    "arrived=1795760145.451 next=1795760211.09 tries=2\n"
	    "  to d@down.example\n"
	    "deferred 862BC1FA-3DE7-43EB-8F24-BDCEACEB4E66.1 "
	    "from=s@c.example mid=1795760145.4331686@c.example size=398 "
	    "arrived=1795760145.435 next=1795760211.094 tries=2\n"
	    "  to always@far.example\n"
	    "active tOrnqx arrived=1795760145.501 tries=0 "
	    "note=cut before its mail\n"
	    "active zEr0qx arrived=1795760145.5 tries=0 note=empty file\n");
	mm_buf_fini(&b);
}

#define NAME "q/1000_2000_1_7_aBcDeF_1_mx"
#define TODO                                                                   \
	"{\"rcpt_to\":[{\"user\":\"a b\",\"host\":\"x.example\"},7],"          \
	"\"mail_from\":{\"original\":\"<>\",\"user\":null},\"uuid\":\"U.1."    \
	"2\"}"

/* A length that lies, wrong types, a null sender, two parts of one mail. */
static void
test_made(void **state)
{
	static const struct {
		const char *name, *text;
		size_t n;
		const char *want;
	} rows[] = {
		{ NAME, "\0\0\xff\xff{}", 6,
		  "deferred aBcDeF arrived=1 next=2 tries=1 "
		  "note=cut before its mail\n" },
		{ NAME, "\0\0", 2,
		  "deferred aBcDeF arrived=1 next=2 tries=1 "
		  "note=cut before its mail\n" },
		{ NAME, "\0\0\0\x02[]", 6,
		  "deferred aBcDeF size=0 arrived=1 next=2 tries=1\n" },
		{ NAME, "\0\0\0\x6a" TODO "Subject: x\n", 4 + 106 + 11,
		  "deferred U.1 from= size=11 arrived=1 next=2 tries=1\n"
		  "  to a b@x.example\n" },
		{ "q/error.1000_2000_1_7_aBcDeF_1_mx", "\0\0", 2,
		  "corrupt aBcDeF arrived=1 next=2 tries=1 "
		  "note=put aside by Haraka as damaged\n" },
	};

	(void)state;
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		struct mm_spools *sp = mm_spools_new();
		struct mm_buf b;
		struct mm_str text = { rows[i].text, rows[i].n };

		assert_non_null(offer(sp, rows[i].name, text, 1, 0644));
		(void)show_all(sp, &b);
		assert_string_equal(strchr(b.p, '\n') + 1, rows[i].want);
		mm_buf_fini(&b);
	}
}

static void
test_foreign(void **state)
{
	static const struct other others[] = {
		{ "q/1000_2000_1_7_aBcDeF_1_mx", "text" },
		{ "q/1000_2000_1_7_aBcDeF_1_", "" },
		{ "q/1000_2000_x_7_aBcDeF_1_mx", "" },
		{ "q/99999999999999_2000_1_7_aBcDeF_1_mx", "" },
	};

	(void)state;
	offer_foreign(others, MM_COUNT(others));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_snapshot),
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
