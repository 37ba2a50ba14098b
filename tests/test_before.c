/* What went before a block, from a case made row by row; expected numbers
 * counted by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/case/before.h"
#include "formats/base/time.h"
#include "tests/made_case.h"

/* Blocked at second 400, so the window is 300 to 400. Before it: 30 recipients
 * in 300 s. In it: 60 of a new sender, login and size, 12 of them unknown, and
 * 24 tries put off by a throttle. A report of a complaint at 200. */
static const char mail[] =
    "INSERT INTO file(id, name, first_us, last_us) VALUES"
    " (1, 'log', 0, 500000000);"
    "INSERT INTO name VALUES (1, 'a.example'), (2, 'own.example'),"
    " (3, 'ann'), (4, 'bob');"
    "INSERT INTO address VALUES (1, 'old@own.example', 2),"
    " (2, 'new@own.example', 2), (3, 'x@a.example', 1),"
    " (4, 'fbl@reports.example', NULL);"
    "INSERT INTO reply(id, shape, cause) VALUES (1, '250', NULL),"
    " (2, '550', 'recipient_unknown'), (3, '421', 'throttle_rate'),"
    " (4, '554', 'block_ip');"
    "INSERT INTO message(id, origin, queue_id, sender, sasl, size,"
    " arrived_us, flags, file, line) VALUES"
    " (1, 1, 'A', 1, 3, 1000, 1, 0, 1, 1),"
    " (2, 1, 'B', 2, 4, 5000, 300000000, 0, 1, 2),"
    " (3, 1, 'C', 4, NULL, 900, 200000000, 0, 1, 3);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 100) INSERT INTO recipient(id, message, address, final,"
    " attempts) SELECT i, 1 + (i > 30), 3, 1, 1 FROM n;"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 124) INSERT INTO attempt(recipient, t_us, reply, outcome,"
    " flags, file, line) SELECT"
    " CASE WHEN i > 100 THEN i - 70 ELSE i END,"
    " 1000000 * CASE WHEN i <= 30 THEN i * 10 - 5 WHEN i <= 90 THEN i + 270"
    "  WHEN i <= 100 THEN i + 309 ELSE i + 260 END,"
    " CASE WHEN i <= 30 THEN 1 WHEN i <= 42 THEN 2 WHEN i <= 90 THEN 1"
    "  WHEN i <= 100 THEN 4 ELSE 3 END,"
    " CASE WHEN i <= 30 THEN 1 WHEN i <= 42 THEN 3 WHEN i <= 90 THEN 1"
    "  WHEN i <= 100 THEN 3 ELSE 2 END, 1, 1, i FROM n;";

static enum mm_status
show(void *ctx, const struct mm_before *b)
{
	assert_true(mm_str_is(b->target, "a.example"));
	assert_true(mm_str_is(b->cause, "block_ip"));
	mm_buf_addf(ctx, "%s %.*s %lld/%lld %.1f\n", mm_before_name(b->kind),
		    MM_STR_ARG(b->who), (long long)b->n, (long long)b->of,
		    b->past);
	return MM_OK;
}

static void
check(struct mm_store *s, const char *want)
{
	struct mm_err err = { 0 };
	struct mm_buf got;

	mm_buf_init(&got, 4096);
	mm_buf_addz(&got, "");
	assert_int_equal(mm_before(s, show, &got, &err), MM_OK);
	assert_string_equal(got.n > 0 ? got.p : "", want);
	mm_buf_fini(&got);
	mm_store_close(s);
}

static void
test_all(void **state)
{
	/* The past is 295 s long: 30 recipients are 10.2 in 100 s. */
	(void)state;
	check(make(mail), "volume  60/-1 10.2\n"
			  "unknown-users  12/84 0.0\n"
			  "new-sender new@own.example 60/60 0.0\n"
			  "new-login bob 60/60 0.0\n"
			  "new-content  60/60 0.0\n"
			  "ignored-4xx  24/-1 0.0\n"
			  "complaints  1/-1 -1.0\n");
}

static void
test_words(void **state)
{
	struct mm_err err = { 0 };
	struct mm_store *s = make(mail);
	struct mm_table *t = mm_before_table(s, 2, &err);

	(void)state;
	assert_non_null(t);
	assert_int_equal(t->n_rows, 2);
	assert_true(mm_str_is(mm_table_row(t, 0)[5].s,
			      "60 recipients in the 1 min 40 s before, against "
			      "10 in such a time before that"));
	assert_true(
	    mm_str_is(mm_table_row(t, 1)[5].s,
		      "12 of 84 tries in the 1 min 40 s before named "
		      "unknown or closed mailboxes (14.3 %; 0.0 % before "
		      "that)"));
	assert_int_equal(mm_table_row(t, 1)[3].i, 10);
	mm_table_free(t);
	mm_store_close(s);
}

/* Without a past nothing is said to be new or more than before; nine refusals
 * are of single mails; nothing is nothing. */
static void
test_less(void **state)
{
	struct mm_store *s = make(mail);
	struct mm_err err = { 0 };

	(void)state;
	assert_int_equal(
	    mm_store_exec(s, "DELETE FROM attempt WHERE t_us < 300000000",
			  &err),
	    MM_OK);
	check(s, "unknown-users  12/84 -1.0\nignored-4xx  24/-1 -1.0\n"
		 "complaints  1/-1 -1.0\n");
	s = make(mail);
	assert_int_equal(mm_store_exec(s,
				       "DELETE FROM attempt WHERE"
				       " t_us = 409000000",
				       &err),
			 MM_OK);
	check(s, "");
	check(make("SELECT 1"), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
