/* The tables of the summary and the report, from cases made row by row;
 * expected values counted by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/case/figures.h"
#include "analyze/case/scan.h"
#include "analyze/case/shape.h"
#include "tests/made_case.h"

/* Cells with blanks between, "-" for unknown; times and spans in seconds,
 * shares in percent. */
static void
show_row(struct mm_buf *b, const struct mm_table *t, size_t i, size_t from)
{
	for (size_t c = from; c < t->n_columns; c++) {
		const struct mm_cell *cell = &mm_table_row(t, i)[c];

		if (c > from)
			mm_buf_addc(b, ' ');
		if (cell->kind == MM_NULL)
			mm_buf_addc(b, '-');
		else if (cell->kind == MM_TEXT)
			mm_buf_adds(b, cell->s);
		else if (cell->kind == MM_SHARE)
			mm_buf_addf(b, "%.0f%%", cell->r * 100);
		else if (cell->kind == MM_TIME || cell->kind == MM_SPAN)
			mm_buf_addi(b, cell->i / MM_SECOND_US);
		else
			mm_buf_addi(b, cell->i);
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
		show_row(&b, t, i, 0);
	assert_string_equal(b.p, want);
	mm_buf_fini(&b);
	mm_table_free(t);
}

/* A curve: "TIME VALUES;" of each row whose values differ from the last. */
static void
check_curve(struct mm_store *s, const char *name, const char *want)
{
	struct mm_err err;
	struct mm_figures *f = mm_figures_new(s);
	struct mm_table *t = mm_figure(f, name, 0, &err);
	struct mm_buf all, last, row;

	assert_non_null(t);
	mm_buf_init(&all, 10000);
	mm_buf_init(&last, 1000);
	mm_buf_init(&row, 1000);
	for (size_t i = 0; i < t->n_rows; i++) {
		mm_buf_clear(&row);
		show_row(&row, t, i, 1);
		if (i == 0 || !mm_str_eq(mm_buf_str(&row), mm_buf_str(&last)))
			mm_buf_addf(
			    &all, "%lld %s",
			    (long long)(mm_table_row(t, i)[0].i / MM_SECOND_US),
			    row.p);
		mm_buf_clear(&last);
		mm_buf_adds(&last, mm_buf_str(&row));
	}
	assert_string_equal(all.p, want);
	mm_buf_fini(&all);
	mm_buf_fini(&last);
	mm_buf_fini(&row);
	mm_table_free(t);
	mm_figures_free(f);
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
		assert_int_equal(mm_scan_width(0,
					       rows[i].seconds * MM_SECOND_US,
					       rows[i].n_max),
				 rows[i].want * MM_SECOND_US);
}

/* Three hours: buckets of a minute. */
#define SPAN                                                                   \
	"INSERT INTO file(id, name, first_us, last_us) VALUES"                 \
	" (1, 'log', 60000000, 10860000000);"

static void
test_volume(void **state)
{
	/* outcome 1 sent, 2 deferred, 3 bounced; flag 1: contact */
	struct mm_store *s = make(
	    SPAN "INSERT INTO attempt(recipient, t_us, outcome, flags, file,"
		 " line) VALUES (1, 100000000, 1, 1, 1, 1),"
		 " (2, 119999999, 2, 1, 1, 2), (2, 120000000, 2, 0, 1, 3),"
		 " (3, 240000000, 3, 1, 1, 4), (3, 241000000, 1, 1, 1, 5),"
		 " (4, NULL, 1, 1, 1, 6), (4, 5, 3, 1, 1, 6),"
		 " (4, 99999000000, 3, 1, 1, 7)");

	(void)state;
	/* What lies outside is counted at the ends, never lost. */
	check_curve(s, "volume",
		    "60 1 1 1 0;120 0 0 0 1;180 0 0 0 0;240 1 0 1 0;"
		    "300 0 0 0 0;10860 0 0 1 0;");
	mm_store_close(s);
	s = make("SELECT 1");
	check_curve(s, "volume", "");
	mm_store_close(s);
	s = make(SPAN);
	check_curve(s, "volume", "60 0 0 0 0;");
	mm_store_close(s);
}

static void
test_waiting(void **state)
{
	/* finals: 1 sent, 2 bounced, 4 still queued, 0 unknown */
	struct mm_store *s = make(
	    SPAN "INSERT INTO message(id, origin, queue_id, arrived_us, flags,"
		 " file, line) VALUES (1, 1, 'A', 60000000, 0, 1, 1),"
		 " (2, 1, 'B', NULL, 1, 1, 2), (3, 1, 'C', 130000000, 0, 1, 3);"
		 "INSERT INTO recipient(message, address, final, final_us,"
		 " attempts, next) VALUES (1, 1, 1, 61000000, 1, NULL),"
		 " (1, 2, 1, 190000000, 3, NULL), (1, 3, 4, NULL, 3, NULL),"
		 " (1, 4, 0, NULL, 0, NULL), (1, 5, 1, 70000000, 1, 3),"
		 " (2, 1, 2, 125000000, 1, NULL),"
		 " (3, 1, 1, 131000000, 1, NULL)");

	(void)state;
	/* At 60: two of message 1 and the one from before; B's leaves in the
	 * next minute, C comes and goes, the second of A in the last. */
	check_curve(s, "waiting", "60 3;120 2;180 1;");
	mm_store_close(s);
}

/* Two senders, three receivers, one mail through a filter (message 3 is
 * message 2 again), one refused at the door. */
static const char mail[] =
    "INSERT INTO name VALUES (1, 'a.example'), (2, 'b.example'),"
    " (3, 'own.example');"
    "INSERT INTO address VALUES (1, 'x@own.example', 3), (2, '', NULL),"
    " (3, '1@a.example', 1), (4, '2@a.example', 1), (5, '1@b.example', 2);"
    "INSERT INTO relay VALUES (1, 'mx.a.example', NULL, 25, 'google');"
    "INSERT INTO reply(id, shape, sample, code, cause, rule) VALUES"
    " (1, '250', '250 ok', 250, NULL, NULL),"
    " (2, '421', '421 slow', 421, 'throttle_rate', 'r1'),"
    " (3, '450', '450 slower', 450, 'throttle_rate', 'r2'),"
    " (4, '550', '550 odd', 550, NULL, NULL);"
    "INSERT INTO message(id, origin, queue_id, sender, size, arrived_us,"
    " flags, file, line) VALUES (1, 1, 'A', 1, 100, 1000000, 0, 1, 1),"
    " (2, 1, 'B', 2, 10, 2000000, 0, 1, 2),"
    " (3, 1, 'C', 2, 10, 3000000, 0, 1, 3);"
    "INSERT INTO recipient(id, message, address, final, final_us, relay,"
    " attempts, next) VALUES (1, 1, 3, 1, 11000000, 1, 3, NULL),"
    " (2, 1, 4, 2, 5000000, 1, 1, NULL), (3, 1, 5, 4, NULL, NULL, 1, NULL),"
    " (4, 2, 3, 1, 6000000, NULL, 1, 3), (5, 3, 3, 1, 6000000, 1, 1, NULL);"
    "INSERT INTO attempt(recipient, t_us, reply, outcome, flags, file, line)"
    " VALUES (1, 2000000, 2, 2, 1, 1, 1), (1, 4000000, 2, 2, 1, 1, 1),"
    " (1, 5000000, 3, 2, 1, 1, 1), (1, 11000000, 1, 1, 1, 1, 1),"
    " (2, 5000000, 4, 3, 1, 1, 1), (3, 5000000, 2, 2, 0, 1, 1),"
    " (3, 9000000, 3, 2, 1, 1, 1), (5, 6000000, 1, 1, 1, 1, 1);"
    "INSERT INTO reject(origin, recipient, action, file, line) VALUES"
    " (1, 3, 0, 1, 1), (1, NULL, 0, 1, 1), (1, 3, 1, 1, 1);";

static void
test_counts(void **state)
{
	static const struct {
		const char *name, *want;
	} rows[] = {
		/* two messages were sent to somebody, 100 and 10 bytes */
		{ "totals", "sent 2 40% 2 110;bounced 1 20% 1 100;"
			    "deferred 1 20% 1 100;rejected 1 20% - -;" },
		/* delays of what was sent: 10 s and 3 s */
		{ "receivers", "a.example google 3 2 1 0 0 3 6 10;"
			       "b.example - 1 0 0 0 1 1 - -;" },
		{ "senders", "own.example 1 3 1 1 0 1;<> 1 1 1 0 0 0;" },
		/* attempts, recipients, receivers, lost */
		{ "causes", "throttle_rate 4 2 2 0 421 slow;"
			    "unknown 1 1 1 1 550 odd;" },
		{ "replies", "throttle_rate 421 slow 2 1 - r1 2 4;"
			     "throttle_rate 450 slower 2 2 - r2 5 9;"
			     "unknown 550 odd 1 1 - - 5 5;" },
	};
	struct mm_store *s = make(mail);
	struct mm_figures *f = mm_figures_new(s);
	struct mm_err err;

	(void)state;
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		print_message("  %s\n", rows[i].name);
		check(mm_figure(f, rows[i].name, 0, &err), rows[i].want);
	}
	check(mm_figure(f, "senders", 1, &err), "own.example 1 3 1 1 0 1;");
	assert_null(mm_figure(f, "nonsense", 0, &err));
	mm_figures_free(f);
	mm_figures_free(NULL);
	mm_store_close(s);
}

/* Every figure of an empty case is a table without rows. */
static void
test_nothing(void **state)
{
	static const char *const names[] = {
		"totals", "receivers", "senders", "causes",   "replies",
		"volume", "waiting",   "stories", "triggers", "rejects",
		"hours",  "files",     "unknown",
	};
	struct mm_store *s = make("SELECT 1");
	struct mm_figures *f = mm_figures_new(s);
	struct mm_err err;

	(void)state;
	for (size_t i = 0; i < MM_COUNT(names); i++)
		check(mm_figure(f, names[i], 0, &err), "");
	mm_figures_free(f);
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
		cmocka_unit_test(test_width),	cmocka_unit_test(test_volume),
		cmocka_unit_test(test_waiting), cmocka_unit_test(test_counts),
		cmocka_unit_test(test_nothing), cmocka_unit_test(test_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
