/* The dictionaries of a case, from one made row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/case/rows.h"

static void
test_dict(void **state)
{
	struct mm_err err;
	struct mm_store *s = mm_store_create(NULL, &err);
	struct mm_dict *d;

	(void)state;
	assert_non_null(s);
	d = mm_dict_load(s, &err); /* of an empty case */
	assert_non_null(d);
	assert_int_equal(d->n_names, 1);
	mm_dict_free(d);

	assert_int_equal(
	    mm_store_exec(
		s,
		"INSERT INTO name(id, text) VALUES (1, 'a'), (3, 'c');"
		"INSERT INTO relay(id, name, ip, operator) VALUES"
		" (1, 'mx', '192.0.2.1', NULL);"
		"INSERT INTO reply(id, shape, code, stage, cause) VALUES"
		" (2, 'no', 550, 3, 'policy');"
		"INSERT INTO origin(id, host, mta, instance) VALUES"
		" (1, 'h', 'exim', '');"
		"INSERT INTO file(id, name) VALUES (1, 'maillog')",
		&err),
	    MM_OK);
	d = mm_dict_load(s, &err);
	assert_non_null(d);
	assert_int_equal(d->n_names, 4);
	assert_null(d->names[0].p);
	assert_true(mm_str_is(d->names[1], "a"));
	assert_null(d->names[2].p);
	assert_true(mm_str_is(d->names[3], "c"));
	assert_true(mm_str_is(d->relays[1].ip, "192.0.2.1"));
	assert_null(d->relays[1].operator_name.p);
	assert_int_equal(d->replies[2].code, 550);
	assert_true(mm_str_is(d->replies[2].cause, "policy"));
	assert_true(mm_str_is(d->origins[1].mta, "exim"));
	assert_true(mm_str_is(d->files[1], "maillog"));
	mm_dict_free(d);
	mm_dict_free(NULL);
	mm_store_close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
