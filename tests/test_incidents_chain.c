/* What piles up and what does not, what came of what, what it cost, and for
 * how much of a month mail could go: over two days of mail made here, a mail a
 * minute to one receiver, which takes it within two seconds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "analyze/case/availability.h"
#include "analyze/case/exports.h"
#include "analyze/case/incident_rows.h"
#include "analyze/incident/incidents.h"
#include "made_case.h"

/* 2026-06-30T00:00Z ... 07-02T00:00Z; S(n): n seconds after it. */
#define S(n) "(1782777600000000 + (" n ") * 1000000)"

#define MANY(n)                                                                \
	"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE" \
	" i + 1 < " n ") "

/* `n` mails from sender `who`, ids from `base`, each of one recipient
 * `address`, arriving and ending as told. 1: sent, 4: deferred, 5: held. */
#define MAILS(n, base, who, address, in, final, out, tries)                    \
	MANY(n)                                                                \
	"INSERT INTO message(id, origin, queue_id, sender, arrived_us, flags," \
	" file, line) SELECT " base " + i, 1, 'Q' || (" base " + i), " who     \
	", " S(in) ", 0, 1, " base " + i FROM n;" MANY(                        \
	    n) "INSERT INTO recipient(id, message, address, final, final_us,"  \
	       " attempts) SELECT " base " + i, " base " + i, " address        \
	       ", " final ", " S(out) ", " tries " FROM n;"

/* One try of each: 1 sent, 2 deferred; with reply, if not 0. */
#define TRIES(n, base, at, outcome, reply)                                     \
	MANY(n)                                                                \
	"INSERT INTO attempt(recipient, t_us, outcome, flags, file, line,"     \
	" reply) SELECT " base " + i, " S(at) ", " outcome ", 1, 1, " base     \
					      " + i, nullif(" reply            \
					      ", 0) FROM n;"

static const char calm[] =
    "INSERT INTO file(id, name, first_us, last_us)"
    " VALUES(1, 'mail.log', " S("0") ", " S(
	"172800") ");"
		  "INSERT INTO origin VALUES(1, 'mx', 'postfix', '');"
		  "INSERT INTO name VALUES(1, 'a.example'), (2, 'b.example'),"
		  " (3, 'typo.example'), (4, 'x.example');"
		  "INSERT INTO address VALUES(1, 'a@x.example', 4),"
		  " (2, 'codes@x.example', 4), (3, 'u@a.example', 1),"
		  " (4, 'u@b.example', 2), (5, 'u@typo.example', 3);"
		  "INSERT INTO reply VALUES"
		  "(1, 'mailbox full', NULL, 452, '4.2.2', 0, 'mailbox_full', "
		  "'r', 'full'),"
		  "(2, 'refused', NULL, NULL, NULL, 1, 'net_unreachable', 'r',"
		  " 'Connection refused'),"
		  "(3, 'slow down', NULL, 421, '4.7.0', 0, 'throttle_rate', "
		  "'r',"
		  " '421 4.7.0 slow down'),"
		  "(4, 'put off', NULL, NULL, NULL, 1, 'local_error', 'r',"
		  " 'deferred transport');" MAILS(
		      "2880", "1", "1", "4", "i * 60", "1", "i * 60 + 2", "1")
		      TRIES("2880", "1", "i * 60 + 2", "1", "0");

static void
must(enum mm_status st, const struct mm_err *err)
{
	if (st != MM_OK && st != MM_END)
		fail_msg("%s", err->text);
}

static enum mm_status
show(void *ctx, const struct mm_incident_row *r)
{
	char from[MM_TIME_TEXT], to[MM_TIME_TEXT];

	(void)mm_time_iso(r->start_us, false, from);
	(void)mm_time_iso(r->end_us, false, to);
	mm_buf_addf(ctx, "%.*s %.*s %s %s %lld waiting=%lld after=%lld %.*s\n",
		    MM_STR_ARG(r->kind), MM_STR_ARG(r->target), from, to,
		    (long long)r->recipients, (long long)r->waiting,
		    (long long)r->after, MM_STR_ARG(r->link));
	return MM_OK;
}

static struct mm_store *
search(const char *more, const char *rest, const struct mm_limits *limits)
{
	struct mm_store *s = make(calm);
	struct mm_limits usual;
	struct mm_err err = { 0 };

	mm_limits_default(&usual);
	must(mm_store_exec(s, more, &err), &err);
	must(mm_store_exec(s, rest, &err), &err);
	must(mm_incidents_find(s, limits != NULL ? limits : &usual, &err),
	     &err);
	return s;
}

static void
check(const char *more, const char *want)
{
	struct mm_store *s = search(more, "", NULL);
	struct mm_err err = { 0 };
	struct mm_buf got;

	mm_buf_init(&got, 1 << 16);
	must(mm_incident_read(s, show, &got, &err), &err);
	assert_string_equal(got.p != NULL ? got.p : "", want);
	mm_buf_fini(&got);
	mm_store_close(s);
}

/* A batch that comes at once (a spike of that moment) and is gone in five
 * minutes; full mailboxes of a receiver that takes the rest; the few for a
 * domain that never took any. */
static void
test_no_backlog(void **state)
{
	(void)state;
	check("", "");
	check(MAILS("600", "10001", "1", "4", "40000", "1", "40001 + i / 2",
		    "1") TRIES("600", "10001", "40001 + i / 2", "1", "0"),
	      "volume-spike local 2026-06-30T11:06:40Z 2026-06-30T11:06:40Z "
	      "600 waiting=0 after=0 \n");
	check(MAILS("300", "10001", "1", "4", "i * 500", "4", "i * 500 + 9",
		    "3") TRIES("300", "10001", "i * 500 + 1", "2", "1")
		  TRIES("300", "10001", "i * 500 + 9", "2", "1"),
	      "");
	check(MAILS("29", "10001", "1", "5", "i * 5000", "4", "i * 5000 + 9",
		    "1"),
	      "");
}

/* 100 mails within an hour for a transport that is put off for three: each is
 * tried every 30 minutes and leaves at 13:00, one a second. They count as
 * waiting 15 minutes after they came; the window lasts while 15 wait, half of
 * `least`: from the 15th (10:08:24) to the 86th that leaves (13:01:25). */
#define PAUSED(who)                                                            \
	MAILS("100", "10001", who, "3", "36000 + i * 36", "1", "46800 + i",    \
	      "6")                                                             \
	TRIES("100", "10001", "36001 + i * 36", "2", "4")                      \
	TRIES("100", "10001", "37801 + i * 36", "2", "4")                      \
	TRIES("100", "10001", "39601 + i * 36", "2", "4")                      \
	TRIES("100", "10001", "41401 + i * 36", "2", "4")                      \
	TRIES("100", "10001", "43201 + i * 36", "2", "4")                      \
	TRIES("100", "10001", "46800 + i", "1", "0")

static void
test_backlog(void **state)
{
	(void)state;
	check(PAUSED("1"),
	      "pause local 2026-06-30T10:00:01Z 2026-06-30T13:00:00Z 100 "
	      "waiting=0 after=0 \n"
	      "backlog a.example 2026-06-30T10:08:24Z 2026-06-30T13:01:25Z "
	      "100 waiting=100 after=1 100 of its 100 recipients were kept "
	      "back by it\n");
}

/* 60 mails that are refused when they come and, all of them, three times at
 * once after that: a storm where the receiver limits the rate, none where
 * nobody answers. */
#define REFUSED(by)                                                            \
	MAILS("60", "10001", "1", "3", "36000 + i * 60", "1", "52000 + i",     \
	      "5")                                                             \
	TRIES("60", "10001", "36001 + i * 60", "2", by)                        \
	TRIES("60", "10001", "41000 + i", "2", by)                             \
	TRIES("60", "10001", "44600 + i", "2", by)                             \
	TRIES("60", "10001", "48200 + i", "2", by)                             \
	TRIES("60", "10001", "52000 + i", "1", "0")

static void
check_kinds(const char *more, const char *want)
{
	struct mm_store *s = search(more, "", NULL);
	struct mm_err err = { 0 };
	struct mm_query *q = mm_query_new(
	    s,
	    "SELECT group_concat(kind || ' ' || coalesce(after, 0) || ' ' ||"
	    " recipients, ', ') FROM incident",
	    &err);
	char got[300];

	must(mm_query_step(q, &err), &err);
	(void)snprintf(got, sizeof(got), "%.*s",
		       MM_STR_ARG(mm_query_text(q, 0)));
	assert_string_equal(got, want);
	mm_query_free(q);
	mm_store_close(s);
}

static void
test_storm(void **state)
{
	(void)state;
	check_kinds(REFUSED("2"), "outage 0 60, backlog 1 60");
	check_kinds(REFUSED("3"),
		    "throttle 0 60, backlog 1 60, retry-storm 2 60");
}

/* The pause again, with mail that must be there within 2.5 hours: mail i takes
 * 10800 - 35 i seconds, so 52 are late. Three more of the class: bounced,
 * waiting for 20 hours, waiting for 47 minutes. Mail to a.example took two
 * seconds before. */
static void
test_toll(void **state)
{
	struct mm_limits limits;
	struct mm_err err = { 0 };
	struct mm_query *q;
	struct mm_store *s;

	(void)state;
	mm_limits_default(&limits);
	limits.n_classes = 1;
	limits.classes[0] = (struct mm_class){ .name = MM_STR("otp"),
					       .sender = MM_STR("CODES@*"),
					       .deadline_us = 9000000000 };
	s = search(
	    PAUSED("2"),
	    MAILS("20", "20001", "1", "3", "1000 + i * 100", "1",
		  "1002 + i * 100",
		  "1") TRIES("20", "20001", "1002 + i * 100", "1", "0")
		MAILS("1", "30001", "2", "4", "100000", "2", "100001", "1")
		    MAILS("1", "30002", "2", "4", "100060", "4", "100061", "1")
			MAILS("1", "30003", "2", "4", "170000", "4", "170001",
			      "1"),
	    &limits);
	q = mm_query_new(
	    s,
	    "SELECT class, in_time, late, never, open, missed, senders,"
	    " delay_p50_us / 1000000, delay_p95_us / 1000000,"
	    " usual_p50_us / 1000000, usual_p95_us / 1000000"
	    " FROM deadline, incident WHERE kind = 'pause'",
	    &err);
	assert_non_null(q);
	assert_int_equal(mm_query_step(q, &err), MM_OK);
	assert_true(mm_str_is(mm_query_text(q, 0), "otp"));
	assert_int_equal(mm_query_int(q, 1), 48);
	assert_int_equal(mm_query_int(q, 2), 52);
	assert_int_equal(mm_query_int(q, 3), 2);
	assert_int_equal(mm_query_int(q, 4), 1);
	assert_true(mm_str_is(mm_query_text(q, 5),
			      "[{\"class\":\"otp\",\"recipients\":100,"
			      "\"missed\":52}]"));
	assert_int_equal(mm_query_int(q, 6), 1);
	/* 7335 + 35 k seconds, k 49 and 94 of 0 ... 99 */
	assert_int_equal(mm_query_int(q, 7), 9050);
	assert_int_equal(mm_query_int(q, 8), 10625);
	assert_int_equal(mm_query_int(q, 9), 2);
	assert_int_equal(mm_query_int(q, 10), 2);
	mm_query_free(q);
	mm_store_close(s);
}

/* Three own servers at the same time, whose logs were read one behind the
 * other: the second uses another host of the receiver than they do. That is
 * no change of ways. */
static void
test_servers(void **state)
{
	(void)state;
	check(
	    MAILS("900", "10001", "1", "3", "(i % 300) * 500", "1",
		  "(i % 300) * 500 + 2", "1")
		TRIES(
		    "900", "10001", "(i % 300) * 500 + 2", "1",
		    "0") "INSERT INTO origin VALUES(2, 'two', 'postfix', ''),"
			 " (3, 'three', 'postfix', '');"
			 "INSERT INTO relay VALUES(1, 'mx1.a.example', "
			 "'192.0.2.1', 25,"
			 " NULL), (2, 'mx2.a.example', '192.0.2.2', 25, NULL);"
			 "UPDATE message SET origin = 1 + (id - 10001) / 300"
			 " WHERE id > 10000;"
			 "UPDATE attempt SET relay = 1 + ((recipient - 10001) "
			 "/ 300 = 1)"
			 " WHERE recipient > 10000;",
	    "");
}

/* ---- availability ---- */

static enum mm_status
show_row(void *ctx, const struct mm_cell *c, struct mm_err *err)
{
	(void)err;
	mm_buf_addf(ctx, "%.*s %.*s %.2f %.2f %.2f %.4f %lld %lld %lld %.4f\n",
		    MM_STR_ARG(c[0].s), MM_STR_ARG(c[1].s),
		    (double)c[2].i / 3.6e9, (double)c[3].i / 3.6e9,
		    (double)c[4].i / 3.6e9, c[5].r, (long long)c[6].i,
		    (long long)c[7].i, (long long)c[8].i, c[9].r);
	return MM_OK;
}

static enum mm_status
show_downtime(void *ctx, const struct mm_cell *c, struct mm_err *err)
{
	(void)err;
	mm_buf_addf(ctx, "%lld %.*s %.*s %.2f %.6f\n", (long long)c[0].i,
		    MM_STR_ARG(c[1].s), MM_STR_ARG(c[2].s),
		    (double)c[4].i / 3.6e9, c[5].r);
	return MM_OK;
}

#define WINDOW(kind, target, also, from, to, recipients)                       \
	"INSERT INTO incident(kind, target, also, start_us, end_us,"           \
	" recipients, attempts_failed, passed) VALUES('" kind "', '" target    \
	"', '" also "', " S(from) ", " S(to) ", " recipients ", 10, 0);"

/* Hours. b.example: an outage from 23 to 1, over the end of June; throttled
 * from 0:30 to 2, of which 1:30 to 1:45 is not in the logs; one of its hosts
 * gone from 12 to 13, while the other took the mail. The own server stood
 * still from 10 to 11. 60 mails an hour. */
static void
test_availability(void **state)
{
	static const char windows[] = WINDOW("outage", "b.example", "[]",
					     "82800", "90000", "10")
	    WINDOW("throttle", "b.example", "[]", "88200", "93600", "10")
		WINDOW("log-gap", "local", "[]", "91800", "92700", "0")
		    WINDOW("local-stop", "local", "[]", "122400", "126000", "0")
			WINDOW("outage", "mx.b.example", "[\"b.example\"]",
			       "129600", "133200", "0");
	struct mm_store *s = make(calm);
	struct mm_err err = { 0 };
	struct mm_buf got;
	const struct mm_sink sink = { show_row, &got };
	const struct mm_sink each = { show_downtime, &got };

	(void)state;
	mm_buf_init(&got, 1 << 16);
	must(mm_store_exec(s, windows, &err), &err);
	must(mm_export_find("availability")->run(s, MM_TIME_NONE, &sink, &err),
	     &err);
	/* 23 / 24; 22.75 / 23.75; of 1440 mails 60 came while it was down,
	 * and 60 more while the own server was. */
	assert_string_equal(
	    got.p, "2026-06 all 24.00 0.00 0.00 1.0000 0 1440 1440 0.9583\n"
		   "2026-06 b.example 24.00 1.00 0.00 0.9583 1 1440 1440 "
		   "0.9583\n"
		   "2026-07 all 23.75 1.00 0.00 0.9579 1 1440 1440 0.9167\n"
		   "2026-07 b.example 23.75 1.00 1.75 0.9579 3 1440 1440 "
		   "0.9167\n");
	/* June has 720 hours, July 744; a gap is no downtime. */
	mm_buf_clear(&got);
	must(mm_export_find("downtime")->run(s, MM_TIME_NONE, &each, &err),
	     &err);
	assert_string_equal(got.p, "1 2026-06 outage 2.00 0.002778\n"
				   "2 2026-07 throttle 1.50 0.002016\n"
				   "4 2026-07 local-stop 1.00 0.001344\n"
				   "5 2026-07 outage 1.00 0.001344\n");
	mm_buf_fini(&got);
	mm_store_close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_backlog),
		cmocka_unit_test(test_backlog),
		cmocka_unit_test(test_storm),
		cmocka_unit_test(test_toll),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_availability),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
