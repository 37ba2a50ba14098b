/* Spikes and gaps in thirty days of made mail: Poisson arrivals with the load
 * of the day and a batch each morning (noise by a counter, so each run sees
 * the same). Nothing is found where nothing was planted, and what was planted
 * is found where and when it was. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/case/incident_rows.h"
#include "analyze/case/schema.h"
#include "analyze/incident/incidents.h"
#include "formats/mail/record.h"
#include "made_case.h"
#include "replay/engine/noise.h"

#define FIRST_US (1793000000 * MM_SECOND_US)
#define DAYS	 30
#define HOST	 1 /* origin */

struct month {
	struct mm_store *s;
	struct mm_query *message, *recipient, *attempt;
	int64_t n; /* messages */
	uint64_t draws;
	double a_day;	       /* messages */
	int64_t off_us, on_us; /* the log says nothing between */
};

struct mail {
	int64_t t_us;
	int sasl, ip, sender, reply, final, flags; /* ids; 0: none */
};

static void
must(enum mm_status st, const struct mm_err *err)
{
	if (st != MM_OK && st != MM_END)
		fail_msg("%s", err->text);
}

static void
bind_id(struct mm_query *q, int at, int id)
{
	if (id == 0)
		mm_query_bind_null(q, at);
	else
		mm_query_bind_int(q, at, id);
}

/* A mail with one recipient, delivered two seconds later. */
static void
put(struct month *m, const struct mail *mail)
{
	struct mm_err err = { 0 };
	int64_t t = mail->t_us, n;

	if (t >= m->off_us && t < m->on_us && !(mail->flags & MM_MSG_NO_START))
		return;
	n = ++m->n;
	mm_query_bind_int(m->message, 0, n);
	bind_id(m->message, 1, mail->sender);
	bind_id(m->message, 2, mail->sasl);
	bind_id(m->message, 3, mail->ip);
	mm_query_bind_int(m->message, 4, t);
	mm_query_bind_int(m->message, 5, mail->flags);
	mm_query_bind_int(m->message, 6, 2 * n);
	must(mm_query_step(m->message, &err), &err);
	if (mail->flags & MM_MSG_NO_START)
		t = m->on_us; /* it left when the log was back */
	mm_query_bind_int(m->recipient, 0, n);
	mm_query_bind_int(m->recipient, 1, n);
	mm_query_bind_int(m->recipient, 2, mail->final);
	mm_query_bind_int(m->recipient, 3, t + 2 * MM_SECOND_US);
	bind_id(m->recipient, 4, mail->reply);
	must(mm_query_step(m->recipient, &err), &err);
	mm_query_bind_int(m->attempt, 0, n);
	mm_query_bind_int(m->attempt, 1, t + 2 * MM_SECOND_US);
	mm_query_bind_int(m->attempt, 2, 2 * n + 1);
	must(mm_query_step(m->attempt, &err), &err);
}

static double
draw(struct month *m)
{
	uint64_t x = mm_noise_mix(++m->draws * 0x9e3779b97f4a7c15u);

	return ((double)(x >> 11) + 0.5) / 9007199254740992.0;
}

/* Where tests plant, nothing else passes, so that they know the counts. */
#define PLANT_1 INT64_C(1794000000000000) /* 2026-11-06T21:20:00Z */
#define PLANT_2 INT64_C(1795000200000000) /* 2026-11-18T11:10:00Z */

static bool
is_kept_free(int64_t t_us)
{
	return (t_us >= PLANT_1 && t_us < PLANT_1 + 20 * MM_MINUTE_US) ||
	       (t_us >= PLANT_2 && t_us < PLANT_2 + 20 * MM_MINUTE_US);
}

/* What passes on any day. */
static void
fill(struct month *m)
{
	for (int64_t t = FIRST_US; t < FIRST_US + DAYS * MM_DAY_US;) {
		double hour = (double)(t % MM_DAY_US) / (double)MM_HOUR_US;
		double rate = m->a_day * (1 - 0.9 * cos(hour * 0.2617993878)) /
			      (double)MM_DAY_US;
		struct mail mail = { .sender = 1,
				     .ip = 4,
				     .final = MM_FINAL_SENT };

		t += (int64_t)(-log(draw(m)) / rate);
		mail.t_us = t;
		/* One of a hundred does not exist; a third comes from one of
		 * two logins, each at home. */
		if (draw(m) < 0.01) {
			mail.final = MM_FINAL_BOUNCED;
			mail.reply = 1;
		}
		if (draw(m) < 0.33)
			mail.sasl = mail.ip = draw(m) < 0.5 ? 1 : 2;
		if (!is_kept_free(t))
			put(m, &mail);
	}
	for (int day = 0; day < DAYS; day++) /* by login 2 */
		for (int i = 0; i < m->a_day / 20; i++)
			put(m,
			    &(struct mail){ .t_us = FIRST_US + day * MM_DAY_US +
						    30000 * MM_SECOND_US +
						    i * 200 * INT64_C(1000),
					    .sender = 1,
					    .sasl = 2,
					    .ip = 2,
					    .final = MM_FINAL_SENT });
}

static struct month
begin(double a_day)
{
	struct mm_err err;
	struct month m = { .a_day = a_day };

	m.s = make("INSERT INTO file(id, name, first_us, last_us)"
		   " VALUES(1, 'mail.log', 1793000000000000,"
		   " 1795592000000000);"
		   "INSERT INTO origin VALUES(1, 'mx', 'postfix', '');"
		   "INSERT INTO name VALUES(1, 'anna'), (2, 'robot'),"
		   " (3, '203.0.113.9'), (4, 'x.example');"
		   "INSERT INTO address VALUES(1, 'a@x.example', 4),"
		   " (2, '', NULL);"
		   "INSERT INTO reply VALUES(1, 'no such user', NULL, 550,"
		   " '5.1.1', 0, 'recipient_unknown', 'r', 'no such user');");
	m.message = mm_query_new(
	    m.s,
	    "INSERT INTO message(id, origin, queue_id, sender, sasl, client_ip,"
	    " arrived_us, flags, file, line)"
	    " VALUES(?1, 1, 'Q' || ?1, ?2, ?3, ?4, ?5, ?6, 1, ?7)",
	    &err);
	m.recipient = mm_query_new(
	    m.s,
	    "INSERT INTO recipient(id, message, address, final, final_us,"
	    " reply, attempts) VALUES(?1, ?2, 1, ?3, ?4, ?5, 1)",
	    &err);
	m.attempt = mm_query_new(
	    m.s,
	    "INSERT INTO attempt(recipient, t_us, outcome, flags, file, line)"
	    " VALUES(?1, ?2, 1, 1, 1, ?3)",
	    &err);
	assert_non_null(m.message);
	assert_non_null(m.recipient);
	assert_non_null(m.attempt);
	return m;
}

static enum mm_status
show(void *ctx, const struct mm_incident_row *r)
{
	char from[MM_TIME_TEXT], to[MM_TIME_TEXT];

	if (mm_str_is(r->side, "receiver"))
		return MM_OK;
	mm_buf_addf(ctx, "%.*s|%.*s|%s|%s|%lld|%s\n", MM_STR_ARG(r->kind),
		    MM_STR_ARG(r->target),
		    mm_time_iso(r->start_us, false, from),
		    mm_time_iso(r->end_us, false, to), (long long)r->messages,
		    r->evidence.n > 2 ? "lines" : "none");
	return MM_OK;
}

static void
check(struct month *m, const char *want)
{
	struct mm_limits limits;
	struct mm_err err = { 0 };
	struct mm_buf got;

	mm_query_free(m->message);
	mm_query_free(m->recipient);
	mm_query_free(m->attempt);
	mm_limits_default(&limits);
	mm_buf_init(&got, 1 << 16);
	must(mm_incidents_find(m->s, &limits, &err), &err);
	must(mm_incident_read(m->s, show, &got, &err), &err);
	assert_string_equal(got.p != NULL ? got.p : "", want);
	mm_buf_fini(&got);
	mm_store_close(m->s);
}

static void
test_calm(void **state)
{
	static const double days[] = { 40, 400, 4000 };

	(void)state;
	for (size_t i = 0; i < MM_COUNT(days); i++) {
		struct month m = begin(days[i]);

		fill(&m);
		check(&m, "");
	}
}

/* The batch of one morning is ten times the usual one. */
static void
test_volume(void **state)
{
	struct month m = begin(1000);

	(void)state;
	fill(&m);
	for (int i = 0; i < 1200; i++)
		put(&m, &(struct mail){ .t_us = PLANT_1 + i * MM_SECOND_US,
					.sender = 1,
					.final = MM_FINAL_SENT });
	check(&m, "volume-spike|local|2026-11-06T21:20:00Z|"
		  "2026-11-06T21:39:59Z|1200|lines\n");
}

/* A login sends from where it never was; as many from home are none. */
static void
test_compromise(void **state)
{
	struct month m = begin(1000);

	(void)state;
	fill(&m);
	for (int i = 0; i < 100; i++) {
		put(&m, &(struct mail){ .t_us = PLANT_1 + i * MM_SECOND_US,
					.sender = 1,
					.sasl = 1,
					.ip = 3,
					.final = MM_FINAL_SENT });
		put(&m, &(struct mail){ .t_us = PLANT_2 + i * MM_SECOND_US,
					.sender = 1,
					.sasl = 1,
					.ip = 1,
					.final = MM_FINAL_SENT });
	}
	check(&m, "compromise|anna|2026-11-06T21:20:00Z|2026-11-06T21:21:39Z|"
		  "100|lines\n");
}

/* The recipients of a list that nobody kept; bounces of mail that others sent
 * in our name. */
static void
test_bounces(void **state)
{
	struct month m = begin(1000);

	(void)state;
	fill(&m);
	for (int i = 0; i < 60; i++) {
		put(&m, &(struct mail){ .t_us = PLANT_1 + i * MM_SECOND_US,
					.sender = 1,
					.final = MM_FINAL_BOUNCED,
					.reply = 1 });
		put(&m, &(struct mail){ .t_us = PLANT_2 + i * MM_SECOND_US,
					.sender = 2,
					.ip = 3,
					.final = MM_FINAL_SENT });
	}
	check(&m, "bounce-spike|local|2026-11-06T21:20:02Z|"
		  "2026-11-06T21:21:01Z|60|lines\n"
		  "backscatter|local|2026-11-18T11:10:00Z|"
		  "2026-11-18T11:10:59Z|60|lines\n");
}

/* Five hours of log are gone, and mail that came within them left after them;
 * the same with a server that was stopped; what the logger says itself. */
static void
test_gaps(void **state)
{
	(void)state;
	for (int stopped = 0; stopped < 2; stopped++) {
		struct month m = begin(1000);
		struct mm_err err = { 0 };
		char want[300], from[MM_TIME_TEXT];
		int64_t before;
		struct mm_query *q;

		m.off_us = PLANT_1;
		m.on_us = m.off_us + 5 * MM_HOUR_US;
		fill(&m);
		if (!stopped)
			for (int i = 0; i < 9; i++)
				put(&m, &(struct mail){
					    .t_us = m.off_us + MM_HOUR_US + i,
					    .sender = 1,
					    .flags = MM_MSG_NO_START,
					    .final = MM_FINAL_SENT });
		else
			must(mm_store_exec(
				 m.s,
				 "INSERT INTO event VALUES(NULL, 1,"
				 " 1794017999000000, 'daemon', 'start', 'p',"
				 " 'starting', 1, 1), (NULL, 1,"
				 " 1794100000000000, 'daemon', 'log-lost', 'j',"
				 " '7 messages lost', 1, 2), (NULL, 1,"
				 " 1794100001000000, 'daemon', 'log-lost', 'j',"
				 " '9 messages lost', 1, 3), (NULL, 1,"
				 " 1794200000000000, 'daemon', 'clock-step',"
				 " 'c', 'by 9 s', 1, 4), (NULL, 1, "
				 "1794300000000000,"
				 " 'trouble', 'disk', 'p', 'No space left on"
				 " device', 1, 5)",
				 &err),
			     &err);
		q = mm_query_new(
		    m.s,
		    "SELECT (SELECT max(arrived_us) FROM message WHERE"
		    " arrived_us < 1794000000000000), (SELECT max(t_us) FROM"
		    " attempt WHERE t_us < 1794000002000000)",
		    &err);
		must(mm_query_step(q, &err), &err);
		before = mm_query_int(q, stopped ? 0 : 1);
		mm_query_free(q);
		(void)snprintf(
		    want, sizeof(want),
		    stopped
			? "local-stop|local|%s|2026-11-07T02:19:59Z|0|lines\n"
			  "log-gap|local|2026-11-08T01:06:40Z|"
			  "2026-11-08T01:06:41Z|0|lines\n"
			  "clock-step|local|2026-11-09T04:53:20Z|"
			  "2026-11-09T04:53:20Z|0|lines\n"
			  "disk|local|2026-11-10T08:40:00Z|"
			  "2026-11-10T08:40:00Z|0|lines\n"
			: "log-gap|local|%s|2026-11-07T02:20:02Z|9|lines\n",
		    mm_time_iso(before, false, from));
		check(&m, want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calm),
		cmocka_unit_test(test_volume),
		cmocka_unit_test(test_compromise),
		cmocka_unit_test(test_bounces),
		cmocka_unit_test(test_gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
