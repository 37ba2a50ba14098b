/* Numbers over time and the age of what waits, from cases made row by row;
 * expected values counted by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/case/curves.h"
#include "analyze/case/shape.h"
#include "formats/base/time.h"

/* As a person would read it: cells with blanks, rows with a semicolon; times
 * and spans as seconds. */
static void
check(struct mm_table *t, const char *want)
{
	struct mm_buf b;

	assert_non_null(t);
	mm_buf_init(&b, 10000);
	for (size_t i = 0; i < t->n_rows; i++) {
		for (size_t c = 0; c < t->n_columns; c++) {
			const struct mm_cell *cell = &mm_table_row(t, i)[c];

			if (c > 0)
				mm_buf_addc(&b, ' ');
			if (cell->kind == MM_TEXT)
				mm_buf_adds(&b, cell->s);
			else
				mm_buf_addi(&b, cell->kind == MM_TIME
						    ? cell->i / MM_SECOND_US
						    : cell->i);
		}
		mm_buf_addc(&b, ';');
	}
	assert_string_equal(b.p, want);
	mm_buf_fini(&b);
	mm_table_free(t);
}

static struct mm_store *
make(const char *sql)
{
	struct mm_err err;
	struct mm_store *s = mm_store_create(NULL, &err);

	assert_non_null(s);
	if (mm_store_exec(s, sql, &err) != MM_OK)
		fail_msg("%s", err.text);
	return s;
}

static void
test_width(void **state)
{
	static const struct {
		int64_t seconds, n_max, want;
	} rows[] = {
		{ 0, 200, 1 },	       { 199, 200, 1 },
		{ 200, 200, 2 },       { 900, 200, 5 },
		{ 86400, 200, 600 },   { 86400, 24, 7200 },
		{ 864000, 200, 7200 }, { 1000000000, 10, 604800 },
	};

	(void)state;
	for (size_t i = 0; i < MM_COUNT(rows); i++)
		assert_int_equal(mm_curve_width(0,
						rows[i].seconds * MM_SECOND_US,
						rows[i].n_max),
				 rows[i].want * MM_SECOND_US);
}

static void
test_volume(void **state)
{
	/* outcome 1 sent, 2 deferred, 3 bounced; flag 1: contact */
	struct mm_store *s =
	    make("INSERT INTO attempt(recipient, t_us, outcome, flags, file,"
		 " line) VALUES (1, 100000000, 1, 1, 1, 1),"
		 " (2, 119999999, 2, 1, 1, 2), (2, 120000000, 2, 0, 1, 3),"
		 " (3, 240000000, 3, 1, 1, 4), (3, 241000000, 1, 1, 1, 5),"
		 " (4, NULL, 1, 1, 1, 6)");
	struct mm_err err;

	(void)state;
	check(mm_curve_volume(s, 100000000, 300000000, 60000000, &err),
	      "60 1 1 0 0;120 0 0 0 1;180 0 0 0 0;240 1 0 1 0;300 0 0 0 0;");
	/* What lies outside is counted at the ends, never lost. */
	check(mm_curve_volume(s, 120000000, 180000000, 60000000, &err),
	      "120 1 1 0 1;180 1 0 1 0;");
	mm_store_close(s);
	s = make("SELECT 1");
	check(mm_curve_volume(s, 0, 60000000, 60000000, &err),
	      "0 0 0 0 0;60 0 0 0 0;");
	mm_store_close(s);
}

static void
test_waiting(void **state)
{
	/* finals: 1 sent, 2 bounced, 4 still queued, 0 unknown */
	struct mm_store *s =
	    make("INSERT INTO message(id, origin, queue_id, arrived_us, flags,"
		 " file, line) VALUES (1, 1, 'A', 60000000, 0, 1, 1),"
		 " (2, 1, 'B', NULL, 1, 1, 2), (3, 1, 'C', 130000000, 0, 1, 3);"
		 "INSERT INTO recipient(message, address, final, final_us,"
		 " attempts, next) VALUES (1, 1, 1, 61000000, 1, NULL),"
		 " (1, 2, 1, 190000000, 3, NULL), (1, 3, 4, NULL, 3, NULL),"
		 " (1, 4, 0, NULL, 0, NULL), (1, 5, 1, 70000000, 1, 3),"
		 " (2, 1, 2, 125000000, 1, NULL),"
		 " (3, 1, 1, 131000000, 1, NULL)");
	struct mm_err err;

	(void)state;
	/* At 60: two of message 1 and the one from before; B's leaves in the
	 * next minute, C comes and goes, the second of A in the last. */
	check(mm_curve_waiting(s, 60000000, 190000000, 60000000, &err),
	      "60 3;120 2;180 1;");
	mm_store_close(s);
}

static void
test_shape(void **state)
{
	struct mm_store *s = make(
	    "INSERT INTO snapshot(id, name, host, mta, kind, taken_us) VALUES"
	    " (1, 'old', NULL, 'postfix', 'spool', 6000000000),"
	    " (2, 'new', NULL, 'postfix', 'spool', 9000000000),"
	    " (3, 'listing of new', NULL, 'postfix', 'list', 9000000000),"
	    " (4, 'other', 'mx2', 'exim', 'spool', 9000000000),"
	    " (5, 'undated', NULL, 'exim', 'spool', NULL);"
	    "INSERT INTO entry(id, snapshot, arrived_us) VALUES"
	    " (1, 1, 0), (2, 2, 8701000000), (3, 2, 8700000000),"
	    " (4, 3, 8701000000), (5, 4, 0), (6, 2, NULL), (7, 5, 0),"
	    " (8, 2, 8701000000);" /* nobody waits for it any more */
	    "INSERT INTO waiting(entry, recipient, done) VALUES"
	    " (1, 'x@old.example', 0), (2, 'a@B.example', 0),"
	    " (2, 'b@b.example', 1), (3, '\"a@b\"@b.example', 0),"
	    " (4, 'a@B.example', 0), (5, 'a@c.example', 0),"
	    " (6, 'root', 0), (7, 'z@undated.example', 0)");
	struct mm_err err;

	(void)state;
	check(mm_shape(s, MM_TIME_NONE, &err),
	      "TOTAL 4 1 1 0 0 0 1 0 0 0 0;"
	      "b.example 2 1 1 0 0 0 0 0 0 0 0;"
	      "c.example 1 0 0 0 0 0 1 0 0 0 0;"
	      "root 1 0 0 0 0 0 0 0 0 0 0;");
	check(mm_shape(s, 8999999999, &err),
	      "TOTAL 1 0 0 0 0 0 1 0 0 0 0;"
	      "old.example 1 0 0 0 0 0 1 0 0 0 0;");
	check(mm_shape(s, 1, &err), "");
	mm_store_close(s);
	s = make("INSERT INTO snapshot(id, name, mta, kind, taken_us) VALUES"
		 " (1, 'empty', 'exim', 'spool', 5)");
	check(mm_shape(s, MM_TIME_NONE, &err), "TOTAL 0 0 0 0 0 0 0 0 0 0 0;");
	mm_store_close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_volume),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
