/* Shapes of replies: what varies goes, providers' own codes stay, and both
 * together are the text again. `*` stands for a hole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "formats/mail/shape.h"

static const struct {
	const char *text, *want;
} cases[] = {
	{ "550 5.1.1 <bob@example.org>: User unknown",
	  "550 5.1.1 <*>: User unknown" },
	{ "host mx.example.org[192.0.2.1] said: 421 4.7.0 [TSS04] later",
	  "host *[*] said: 421 4.7.0 [TSS04] later" },
	{ "blocked (S3140)", "blocked (S3140)" },
	{ "Boite pleine. OFR_417 [417]", "Boite pleine. OFR_417 [417]" },
	{ "archivee. LPN007_420", "archivee. LPN007_420" },
	{ "refused SFR_IN_105", "refused SFR_IN_105" },
	{ "rejected. AUP#In-1310", "rejected. *In-1310" },
	{ "rejected. AUP#I-1000", "rejected. *I-1000" },
	{ "see http://h.example.net/faq/BL000010", "see http:*BL000010" },
	{ "queued as 4jXHnp1brhz89", "queued as *" },
	{ "queued as E362BF1", "queued as *" },
	{ "id=BE12345678", "*" },
	{ "after 30 seconds", "after * seconds" },
	{ "x1si2345678abc.12 - gsmtp", "* - gsmtp" },
	{ "", "" },
	{ "no holes here", "no holes here" },
};

static void
test_shapes(void **state)
{
	struct mm_buf shape, args, again;

	(void)state;
	mm_buf_init(&shape, 4096);
	mm_buf_init(&args, 4096);
	mm_buf_init(&again, 4096);
	for (size_t i = 0; i < MM_COUNT(cases); i++) {
		mm_buf_clear(&shape);
		mm_buf_clear(&args);
		mm_buf_clear(&again);
		mm_shape_split(mm_str_z(cases[i].text), &shape, &args);
		mm_shape_join(mm_buf_str(&shape), mm_buf_str(&args), &again);
		assert_string_equal(again.p, cases[i].text);
		for (size_t k = 0; k < shape.n; k++)
			if (shape.p[k] == MM_SHAPE_HOLE)
				shape.p[k] = '*';
		assert_string_equal(shape.p, cases[i].want);
	}
	mm_buf_fini(&again);
	mm_buf_fini(&args);
	mm_buf_fini(&shape);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
