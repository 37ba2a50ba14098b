/* Questions about spool snapshots, from cases made row by row; expected values
 * counted by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/case/queue.h"
#include "analyze/case/shape.h"
#include "formats/base/time.h"
#include "tests/made_case.h"

/* Cells with blanks between, "-" for unknown ones, rows with a semicolon;
 * times and spans as seconds. */
static void
add_row(struct mm_buf *b, const struct mm_cell *row, size_t n)
{
	for (size_t c = 0; c < n; c++) {
		if (c > 0)
			mm_buf_addc(b, ' ');
		if (row[c].kind == MM_NULL)
			mm_buf_addc(b, '-');
		else if (row[c].kind == MM_TEXT)
			mm_buf_adds(b, row[c].s);
		else if (row[c].kind == MM_TIME || row[c].kind == MM_SPAN)
			mm_buf_addi(b, row[c].i / MM_SECOND_US);
		else
			mm_buf_addi(b, row[c].i);
	}
	mm_buf_addc(b, ';');
}

static void
check(struct mm_table *t, const char *want)
{
	struct mm_buf b;

	assert_non_null(t);
	mm_buf_init(&b, 10000);
	for (size_t i = 0; i < t->n_rows; i++)
		add_row(&b, mm_table_row(t, i), t->n_columns);
	assert_string_equal(b.p, want);
	mm_buf_fini(&b);
	mm_table_free(t);
}

static enum mm_status
collect(void *ctx, const struct mm_cell *row, struct mm_err *err)
{
	(void)err;
	add_row(ctx, row, mm_queue_n_columns);
	return MM_OK;
}

/* Two moments of one host's queue: 1 at 1000 s, 2 at 2000 s. */
#define TWO                                                                    \
	"INSERT INTO snapshot(id, name, host, mta, kind, taken_us) VALUES"     \
	" (1, 'a', 'mx', 'postfix', 'postfix queue file', 1000000000),"        \
	" (2, 'b', 'mx', 'postfix', 'postfix queue file', 2000000000);"        \
	"INSERT INTO entry(id, snapshot, queue, queue_id, sender, size,"       \
	" arrived_us, next_us, last_us, attempts, source, note) VALUES"        \
	" (1, 1, 'deferred', 'A1', 's@d', 10, 900000000, NULL, NULL, NULL,"    \
	"  'f1', NULL),"                                                       \
	" (2, 1, 'deferred', 'A2', '', 20, 990000000, NULL, NULL, NULL,"       \
	"  'f2', NULL),"                                                       \
	" (3, 2, 'deferred', 'A1', 's@d', 10, 900000000, 2299000000,"          \
	"  1900000000, 3, 'f3', NULL),"                                        \
	" (4, 2, 'hold', 'A3', 's@E', 30, 1500000000, NULL, NULL, NULL,"       \
	"  'f4', NULL),"                                                       \
	" (5, 2, 'deferred', 'A4', 's@E', 40, 1600000000, 1999000000, NULL,"   \
	"  0, 'f5', NULL),"                                                    \
	" (6, 2, 'corrupt', 'A5', NULL, NULL, NULL, NULL, NULL, NULL, 'f6',"   \
	"  'set aside');"                                                      \
	"INSERT INTO waiting(entry, recipient, reason, cause, done) VALUES"    \
	" (1, 'x@one', NULL, NULL, 0), (1, 'y@one', NULL, NULL, 0),"           \
	" (1, 'z@two', NULL, NULL, 0), (2, 'x@one', NULL, NULL, 0),"           \
	" (3, 'X@One', 'full', 'mailbox-full', 0),"                            \
	" (3, 'y@one', NULL, NULL, 1), (3, 'z@two', NULL, NULL, 0),"           \
	" (4, 'x@one', NULL, NULL, 0), (5, 'w@two', NULL, NULL, 0),"           \
	" (6, 'v@two', NULL, NULL, 1);"

static void
test_list(void **state)
{
	struct mm_store *s = make(TWO);
	struct mm_buf b;
	struct mm_sink sink = { collect, &b };
	struct mm_err err;

	(void)state;
	mm_buf_init(&b, 10000);
	assert_int_equal(mm_queue_list(s, MM_TIME_NONE, &sink, &err), MM_OK);
	assert_string_equal(
	    b.p, "corrupt A5 - - - - - - - - - - set aside mx f6;"
		 "deferred A1 s@d X@One 10 1100 900 2299 1900 3 mailbox-full "
		 "full - mx f3;"
		 "deferred A1 s@d z@two 10 1100 900 2299 1900 3 - - - mx f3;"
		 "hold A3 s@E x@one 30 500 1500 - - - - - - mx f4;"
		 "deferred A4 s@E w@two 40 400 1600 1999 - 0 - - - mx f5;");
	mm_buf_clear(&b);
	assert_int_equal(mm_queue_list(s, 999999999, &sink, &err), MM_OK);
	assert_string_equal(b.p, "");
	mm_buf_fini(&b);
	mm_store_close(s);
}

static void
test_shape(void **state)
{
	struct mm_store *s = make(TWO);
	struct mm_err err;

	(void)state;
	check(mm_shape_by(s, "sender", MM_TIME_NONE, &err),
	      "TOTAL 4 0 2 2 0 0 0 0 0 0 0;d 2 0 0 2 0 0 0 0 0 0 0;"
	      "e 2 0 2 0 0 0 0 0 0 0 0;");
	check(mm_shape_by(s, "sender", 1000000000, &err),
	      "TOTAL 4 4 0 0 0 0 0 0 0 0 0;d 3 3 0 0 0 0 0 0 0 0 0;"
	      "<> 1 1 0 0 0 0 0 0 0 0 0;");
	check(mm_shape_by(s, "queue", MM_TIME_NONE, &err),
	      "TOTAL 4 0 2 2 0 0 0 0 0 0 0;deferred 3 0 1 2 0 0 0 0 0 0 0;"
	      "hold 1 0 1 0 0 0 0 0 0 0 0;");
	check(mm_shape_by(s, "cause", MM_TIME_NONE, &err),
	      "TOTAL 4 0 2 2 0 0 0 0 0 0 0;none 3 0 2 1 0 0 0 0 0 0 0;"
	      "mailbox-full 1 0 0 1 0 0 0 0 0 0 0;");
	assert_null(mm_shape_by(s, "colour", MM_TIME_NONE, &err));
	assert_int_equal(err.code, MM_EUSAGE);
	mm_store_close(s);
}

static void
test_due(void **state)
{
	struct mm_store *s = make(TWO);
	struct mm_err err;

	(void)state;
	check(mm_queue_due(s, MM_TIME_NONE, &err),
	      "TOTAL 4 1 2 0 0 0 0 0 0 1;one 2 0 1 0 0 0 0 0 0 1;"
	      "two 2 1 1 0 0 0 0 0 0 0;");
	mm_store_close(s);
}

static void
test_compare(void **state)
{
	struct mm_store *s = make(TWO);
	struct mm_err err;

	(void)state;
	/* A1 to y@one is done, A2 is gone: two left; A3, A4 came; A1 to the
	 * others stayed, since 900. */
	check(mm_queue_compare(s, MM_TIME_NONE, &err),
	      "TOTAL 4 2 2 2 4 1100 1000 2000;one 3 2 1 1 2 1100 1000 2000;"
	      "two 1 0 1 1 2 1100 1000 2000;");
	assert_null(mm_queue_compare(s, 1500000000, &err));
	assert_int_equal(err.code, MM_ENOENT);
	mm_store_close(s);
}

/* Which snapshot is a queue's last: a listing beside its spool counts once, a
 * much younger one instead of it; instances and hosts are queues apart. */
static void
test_latest(void **state)
{
	static const struct {
		const char *label, *snapshots, *want;
	} rows[] = {
		{ "a listing a minute younger",
		  "(1, 's', 'mx', 'postfix', 'postfix queue file',"
		  " 60000000, NULL),"
		  "(2, 'l', NULL, 'postfix', 'postqueue -j', 120000000, NULL)",
		  "1" },
		{ "a listing an hour younger",
		  "(1, 's', 'mx', 'postfix', 'postfix queue file',"
		  " 60000000, NULL),"
		  "(2, 'l', NULL, 'postfix', 'postqueue -j', 3660000000, NULL)",
		  "2" },
		{ "of two hosts a listing is of neither",
		  "(1, 's', 'mx1', 'postfix', 'postfix queue file',"
		  " 60000000, NULL),"
		  "(2, 's', 'mx2', 'postfix', 'postfix queue file',"
		  " 70000000, NULL),"
		  "(3, 'l', NULL, 'postfix', 'postqueue -j', 60000000, NULL)",
		  "123" },
		{ "two instances",
		  "(1, 's', 'mx', 'postfix', 'postfix queue file',"
		  " 60000000, 'postfix'),"
		  "(2, 's', 'mx', 'postfix', 'postfix queue file',"
		  " 70000000, 'postfix-out'),"
		  "(3, 's', 'mx', 'postfix', 'postfix queue file',"
		  " 50000000, 'postfix-out')",
		  "12" },
		{ "two MTAs",
		  "(1, 's', 'mx', 'postfix', 'postfix queue file',"
		  " 60000000, NULL),"
		  "(2, 's', 'mx', 'exim', 'exim spool file', 70000000, NULL)",
		  "12" },
	};
	struct mm_buf b, sql;
	struct mm_sink sink = { collect, &b };
	struct mm_err err;

	(void)state;
	mm_buf_init(&b, 10000);
	mm_buf_init(&sql, 10000);
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		struct mm_store *s;

		print_message("  %s\n", rows[i].label);
		mm_buf_clear(&sql);
		mm_buf_clear(&b);
		mm_buf_addf(&sql,
			    "INSERT INTO snapshot(id, name, host, mta, kind,"
			    " taken_us, instance) VALUES %s;"
			    "INSERT INTO entry(id, snapshot, queue, note)"
			    " SELECT id, id, id, 'x' FROM snapshot;",
			    rows[i].snapshots);
		s = make(sql.p);
		assert_int_equal(mm_queue_list(s, MM_TIME_NONE, &sink, &err),
				 MM_OK);
		mm_buf_clear(&sql);
		for (const char *p = b.p; *p != '\0'; p++)
			if (p == b.p || p[-1] == ';')
				mm_buf_addc(&sql, *p);
		assert_string_equal(sql.p, rows[i].want);
		mm_store_close(s);
	}
	mm_buf_fini(&b);
	mm_buf_fini(&sql);
}

/* Log and snapshot (2, at 2000 s) of one host, and a log of another. */
static void
test_reconcile(void **state)
{
	struct mm_store *s =
	    make(TWO "INSERT INTO file(id, name) VALUES (1, 'mail.log');"
		     "INSERT INTO origin(id, host, mta, instance) VALUES"
		     " (1, 'mx', 'postfix', ''), (2, 'other', 'postfix', '');"
		     "INSERT INTO address(id, text) VALUES (1, 'x@one'),"
		     " (2, 'z@two'), (3, 's@d');"
		     "INSERT INTO message(id, origin, queue_id, sender,"
		     " arrived_us, ended_us, flags, file, line) VALUES"
		     /* An earlier life of the id, long done. */
		     " (1, 1, 'A1', 3, 100000000, 101000000, 0, 1, 1),"
		     " (2, 1, 'A1', 3, 900500000, NULL, 2, 1, 2),"
		     /* Requeued: the entry keeps its first time. */
		     " (3, 1, 'A3', 3, 1900000000, NULL, 2, 1, 3),"
		     /* Waits by the log, is in no queue. */
		     " (4, 1, 'B1', 3, 1000000000, NULL, 2, 1, 4),"
		     " (5, 1, 'B2', 3, 1000000000, 2100000000, 0, 1, 5),"
		     /* Gone seconds after: a copy is no moment. */
		     " (6, 1, 'B3', 3, 1000000000, 2005000000, 0, 1, 6),"
		     " (7, 1, 'B4', 3, 2500000000, NULL, 2, 1, 7),"
		     " (8, 2, 'C1', 3, 1000000000, NULL, 2, 1, 8);"
		     "INSERT INTO recipient(message, address, final, final_us,"
		     " attempts) VALUES (1, 1, 1, 101000000, 1),"
		     " (2, 1, 1, 1950000000, 1), (2, 2, 4, NULL, 1),"
		     " (3, 1, 4, NULL, 1), (4, 1, 4, NULL, 1),"
		     " (5, 1, 1, 2100000000, 1), (6, 1, 1, 2005000000, 1),"
		     " (7, 1, 4, NULL, 1), (8, 1, 4, NULL, 1);");
	struct mm_err err;

	(void)state;
	check(mm_queue_reconcile(s, MM_TIME_NONE, &err),
	      "done in the log mx deferred A1 s@d X@One 900 2000 sent 1950 "
	      "mail.log:2;"
	      "not in the log mx deferred A4 s@E w@two 1600 2000 - - -;"
	      "not in the queue mx - B1 s@d x@one 1000 2000 deferred - "
	      "mail.log:4;"
	      "not in the queue mx - B2 s@d x@one 1000 2000 sent 2100 "
	      "mail.log:5;");
	mm_store_close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),   cmocka_unit_test(test_shape),
		cmocka_unit_test(test_due),    cmocka_unit_test(test_compare),
		cmocka_unit_test(test_latest), cmocka_unit_test(test_reconcile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
