/* Questions about spool snapshots, from cases made row by row; expected values
 * counted by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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
	    b.p, "corrupt A5 - - - - - - held - - - - - - set aside mx f6;"
		 "deferred A1 s@d X@One 10 1100 900 2299 recorded 1900 3 "
		 "432900 default mailbox-full full - mx f3;"
		 "deferred A1 s@d z@two 10 1100 900 2299 recorded 1900 3 "
		 "432900 default - - - mx f3;"
		 "hold A3 s@E x@one 30 500 1500 - held - - - - - - - mx f4;"
		 "deferred A4 s@E w@two 40 400 1600 1999 recorded - 0 433600 "
		 "default - - - mx f5;");
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
	      "TOTAL 4 1 2 0 0 0 0 0 0 1 0 432900 0;"
	      "one 2 0 1 0 0 0 0 0 0 1 0 432900 0;"
	      "two 2 1 1 0 0 0 0 0 0 0 0 432900 0;");
	mm_store_close(s);
}

/* One entry of the queue of mx.d at 100000 s, and what the log has. Expected
 * by hand from the rules that due.h names: next try, rests on, last try,
 * tries, given up after, by. */
static const struct due_rule {
	const char *label, *mta, *kind, *entry, *log, *want;
} due_rules[] = {
	{ "Postfix, the time of the queue file", "postfix",
	  "postfix queue file", "'deferred', 's@d', 99000, 100200, 99900, NULL",
	  "", "100200 recorded 99900 - 531000 default" },
	{ "Postfix, in its first delivery", "postfix", "postfix queue file",
	  "'active', 's@d', 99000, NULL, NULL, NULL", "",
	  "- being tried - - 531000 default" },
	{ "Postfix, not picked up", "postfix", "postfix queue file",
	  "'maildrop', 's@d', 99000, NULL, NULL, NULL", "",
	  "100000 first try - - 531000 default" },
	{ "Postfix, a listing has no times", "postfix", "postqueue -j",
	  "'deferred', 's@d', 99000, NULL, NULL, NULL", "",
	  "- not known - - 531000 default" },
	{ "Exim, young: 15 min", "exim", "exim spool file",
	  "'deferred', 's@d', 97000, NULL, 99900, NULL", "",
	  "100800 default rule 99900 - 442600 default" },
	{ "Exim, failing for 2 h 15 min: 1 h", "exim", "exim spool file",
	  "'deferred', 's@d', 91800, NULL, 99900, NULL", "",
	  "103500 default rule 99900 - 437400 default" },
	/* 1 h, 1.5 h, then 2.25 h */
	{ "Exim, failing for 4 h 45 min: 2 h 15 min", "exim", "exim spool file",
	  "'deferred', 's@d', 82800, NULL, 99900, NULL", "",
	  "108000 default rule 99900 - 428400 default" },
	{ "Exim, failing for a day: 6 h", "exim", "exim spool file",
	  "'deferred', 's@d', 13500, NULL, 99900, NULL", "",
	  "121500 default rule 99900 - 359100 default" },
	{ "Exim, frozen", "exim", "exim spool file",
	  "'frozen', '', 97000, NULL, 99900, NULL", "", "- held 99900 - - -" },
	{ "Exim, started without runner", "exim", "exim spool file",
	  "'deferred', 's@d', 97000, NULL, 99900, NULL",
	  "(98000, 'exim', 'exim 4.96 daemon started: pid=1, -q30m'),"
	  "(99000, 'exim', 'exim 4.96 daemon started: pid=2, no queue"
	  " runs, listening')",
	  "- no queue runs 99900 - 442600 default" },
	{ "Exim, started so after the snapshot", "exim", "exim spool file",
	  "'deferred', 's@d', 97000, NULL, 99900, NULL",
	  "(100001, 'exim', 'exim 4.96 daemon started: pid=2, no"
	  " queue runs, listening')",
	  "100800 default rule 99900 - 442600 default" },
	{ "Sendmail, no log", "sendmail", "sendmail queue file",
	  "'deferred', 's@d', 99000, NULL, 99900, 3", "",
	  "- not known 99900 3 531000 default" },
	{ "Sendmail, not tried yet", "sendmail", "sendmail queue file",
	  "'deferred', 's@d', 99000, NULL, NULL, 0", "",
	  "100000 first try - 0 531000 default" },
	{ "Sendmail, a run each half hour; the client's is another's",
	  "sendmail", "sendmail queue file",
	  "'deferred', 's@d', 99000, NULL, 99900, 3",
	  "(90000, 'sm-mta', 'starting daemon (8.17.1.9):"
	  " SMTP+queueing@00:30:00'),"
	  "(90001, 'sm-msp-queue', 'starting daemon (8.17.1.9):"
	  " queueing@00:20:00')",
	  "101700 queue run 99900 3 531000 default" },
	{ "Sendmail, started without runner", "sendmail", "sendmail queue file",
	  "'deferred', 's@d', 99000, NULL, 99900, 3",
	  "(90000, 'sm-mta', 'starting daemon (8.17.1.9): SMTP')",
	  "- no queue runs 99900 3 531000 default" },
	{ "OpenSMTPD, from the envelope", "opensmtpd", "opensmtpd queue file",
	  "'deferred', 's@d', 99000, 100600, NULL, 2", "",
	  "100600 envelope - 2 444600 default" },
	{ "OpenSMTPD, from its listing", "opensmtpd", "smtpctl show queue",
	  "'deferred', 's@d', 99000, 100600, NULL, 2", "",
	  "100600 recorded - 2 444600 default" },
};

static void
test_due_rules(void **state)
{
	struct mm_buf b, sql;
	struct mm_sink sink = { collect, &b };
	struct mm_err err;

	(void)state;
	mm_buf_init(&b, 10000);
	mm_buf_init(&sql, 10000);
	for (size_t i = 0; i < MM_COUNT(due_rules); i++) {
		struct mm_store *s;

		print_message("  %s\n", due_rules[i].label);
		mm_buf_clear(&sql);
		mm_buf_clear(&b);
		mm_buf_addf(
		    &sql,
		    "INSERT INTO snapshot(id, name, host, mta, kind, taken_us)"
		    " VALUES (1, 'q', 'mx.d', '%s', '%s', 100000000000);"
		    "INSERT INTO origin(id, host, mta, instance)"
		    " VALUES (1, 'mx', '%s', '');"
		    "INSERT INTO entry(id, snapshot, queue, sender, arrived_us,"
		    " next_us, last_us, attempts)"
		    " SELECT 1, 1, column1, column2, column3 * 1000000,"
		    " column4 * 1000000, column5 * 1000000, column6"
		    " FROM (VALUES (%s));"
		    "INSERT INTO waiting(entry, recipient, done)"
		    " VALUES (1, 'r@x', 0);",
		    due_rules[i].mta, due_rules[i].kind, due_rules[i].mta,
		    due_rules[i].entry);
		if (due_rules[i].log[0] != '\0')
			mm_buf_addf(&sql,
				    "INSERT INTO event(origin, t_us, kind,"
				    " what, program, text, file, line) SELECT"
				    " 1, column1 * 1000000, 'daemon', 'start',"
				    " column2, column3, 1, 1 FROM (VALUES %s);",
				    due_rules[i].log);
		s = make(sql.p);
		assert_int_equal(mm_queue_list(s, MM_TIME_NONE, &sink, &err),
				 MM_OK);
		assert_non_null(strstr(b.p, due_rules[i].want));
		mm_store_close(s);
	}
	mm_buf_fini(&b);
	mm_buf_fini(&sql);
}

/* Twenty mails expired 150 s old and one was expired by hand; of notices two.
 * A tenth may be younger than the lifetime. */
static void
test_due_lives(void **state)
{
	struct mm_store *s = make(
	    "INSERT INTO snapshot(id, name, host, mta, kind, taken_us) VALUES"
	    " (1, 'q', 'mx', 'postfix', 'postfix queue file', 2000000000);"
	    "INSERT INTO entry(id, snapshot, queue, queue_id, sender,"
	    " arrived_us, next_us) VALUES"
	    " (1, 1, 'deferred', 'A', 's@d', 1900000000, 2100000000),"
	    " (2, 1, 'deferred', 'B', '', 1900000000, 2100000000);"
	    "INSERT INTO waiting(entry, recipient, done)"
	    " VALUES (1, 'r@x', 0), (2, 'r@x', 0);"
	    "INSERT INTO origin(id, host, mta, instance) VALUES"
	    " (1, 'mx', 'postfix', ''), (2, 'other', 'postfix', '');"
	    "INSERT INTO address(id, text) VALUES (1, ''), (2, 's@d');"
	    "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n"
	    " WHERE i < 24) INSERT INTO message(id, origin, queue_id, sender, "
	    "arrived_us,"
	    " flags, file, line) SELECT i, 1 + (i = 24), i,"
	    " 2 - (i IN (22, 23)), 0, 0, 1, i FROM n;"
	    "INSERT INTO recipient(message, address, final, final_us, attempts)"
	    " SELECT id, 1, 3, CASE WHEN id = 1 THEN 7 WHEN id = 24 THEN 9"
	    "  WHEN id IN (22, 23) THEN 80 ELSE 150 + id END * 1000000, 1"
	    " FROM message;");
	struct mm_buf b;
	struct mm_sink sink = { collect, &b };
	struct mm_err err;

	(void)state;
	mm_buf_init(&b, 10000);
	assert_int_equal(mm_queue_list(s, MM_TIME_NONE, &sink, &err), MM_OK);
	/* The third youngest of 21 is 153 s; of two notices the first. */
	assert_string_equal(b.p, "deferred A s@d r@x - 100 1900 2100 recorded "
				 "- - 2053 log - - - mx -;"
				 "deferred B  r@x - 100 1900 2100 recorded "
				 "- - 1980 log - - - mx -;");
	/* What was set goes before; the host that it is of counts. */
	assert_int_equal(
	    mm_store_exec(s,
			  "INSERT INTO setting VALUES ('p', 'mx', 'postfix',"
			  " 'maximal_queue_lifetime', '2h'), ('q', 'other',"
			  " 'postfix', 'bounce_queue_lifetime', '1d');",
			  &err),
	    MM_OK);
	mm_buf_clear(&b);
	assert_int_equal(mm_queue_list(s, MM_TIME_NONE, &sink, &err), MM_OK);
	assert_string_equal(b.p, "deferred A s@d r@x - 100 1900 2100 recorded "
				 "- - 9100 settings - - - mx -;"
				 "deferred B  r@x - 100 1900 2100 recorded "
				 "- - 433900 settings - - - mx -;");
	mm_buf_fini(&b);
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
	/* The same where the older is a listing, the younger a spool. */
	assert_int_equal(
	    mm_store_exec(s,
			  "UPDATE snapshot SET kind = 'postqueue -j'"
			  " WHERE taken_us < 2000000000",
			  &err),
	    MM_OK);
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
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_due),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_due_rules),
		cmocka_unit_test(test_due_lives),
		cmocka_unit_test(test_latest),
		cmocka_unit_test(test_reconcile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
