/* Thirty days of made mail (made_month.h): nothing is told of clean ones, and
 * what is planted in the flow of mail is found where and when it was. Troubles
 * of receivers and of the server itself: test_incidents_recall.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/case/incident_rows.h"
#include "analyze/incident/incidents.h"
#include "made_month.h"

/* Where tests plant, nothing else comes, so that they know the counts. */
#define PLANT_1 INT64_C(1794000000000000) /* 2026-11-06T21:20:00Z */
#define PLANT_2 INT64_C(1795000200000000) /* 2026-11-18T11:10:00Z */

static struct month
begin(void)
{
	struct month m = month_begin(1000, 1);

	m.kept_us[0] = PLANT_1;
	m.kept_us[1] = PLANT_2;
	m.kept_for_us = 20 * MM_MINUTE_US;
	return m;
}

/* A mail of a test: delivered at once. */
static void
put(struct month *m, struct month_mail mail)
{
	mail.sender = mail.sender != 0 ? mail.sender : 1;
	mail.ip = mail.ip != 0 ? mail.ip : MONTH_CLIENT;
	mail.receiver = MONTH_LOCAL;
	mail.plain = true;
	month_put(m, &mail);
}

/* ---- clean months ---- */

struct told {
	size_t n, n_grey;
};

/* That a receiver put off strangers is no false alarm where one did: the log
 * says so, and a reader asks why the mail came late. */
static bool
is_greylisting(const struct mm_incident_row *r)
{
	struct month_receiver who[MONTH_RECEIVERS] = { 0 };

	month_people(who);
	for (int i = 0; i < MONTH_RECEIVERS; i++)
		if (who[i].traits & MONTH_GREYLISTS &&
		    (mm_str_is(r->target, who[i].domain) ||
		     mm_str_is(r->target, who[i].host[0])))
			return mm_str_is(r->kind, "greylist");
	return false;
}

static enum mm_status
tell(void *ctx, const struct mm_incident_row *r)
{
	char from[MM_TIME_TEXT], to[MM_TIME_TEXT];
	struct told *t = ctx;

	if (is_greylisting(r)) {
		t->n_grey++;
		return MM_OK;
	}
	t->n++;
	print_message("    %.*s %.*s %s %s, %lld messages: %.*s\n",
		      MM_STR_ARG(r->kind), MM_STR_ARG(r->target),
		      mm_time_iso(r->start_us, false, from),
		      mm_time_iso(r->end_us, false, to), (long long)r->messages,
		      MM_STR_ARG(r->cause));
	return MM_OK;
}

/* At the default limits at most one false incident in thirty days, of any
 * kind and side, whatever the volume and the noise. */
static void
test_calm(void **state)
{
	static const struct {
		double a_day;
		uint64_t seeds;
	} volumes[] = { { 40, 6 }, { 400, 4 }, { 4000, 2 }, { 10000, 1 } };

	(void)state;
	for (size_t i = 0; i < MM_COUNT(volumes); i++)
		for (uint64_t seed = 1; seed <= volumes[i].seeds; seed++) {
			struct month m = month_begin(volumes[i].a_day, seed);
			struct mm_limits limits;
			struct mm_err err = { 0 };
			struct told t = { 0 };

			month_fill(&m);
			month_write(&m);
			mm_limits_default(&limits);
			must(mm_incidents_find(m.s, &limits, &err), &err);
			must(mm_incident_read(m.s, tell, &t, &err), &err);
			print_message("  %5.0f a day, noise %d: %zu false, "
				      "%zu of greylisting\n",
				      volumes[i].a_day, (int)seed, t.n,
				      t.n_grey);
			mm_store_close(m.s);
			assert_true(t.n <= 1);
		}
}

/* ---- what is planted ---- */

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

	mm_limits_default(&limits);
	mm_buf_init(&got, 1 << 16);
	must(mm_incidents_find(m->s, &limits, &err), &err);
	must(mm_incident_read(m->s, show, &got, &err), &err);
	assert_string_equal(got.p != NULL ? got.p : "", want);
	mm_buf_fini(&got);
	mm_store_close(m->s);
}

/* The batch of one morning is ten times the usual one. */
static void
test_volume(void **state)
{
	struct month m = begin();

	(void)state;
	month_fill(&m);
	for (int i = 0; i < 1200; i++)
		put(&m,
		    (struct month_mail){ .t_us = PLANT_1 + i * MM_SECOND_US });
	month_write(&m);
	check(&m, "volume-spike|local|2026-11-06T21:20:00Z|"
		  "2026-11-06T21:39:59Z|1200|lines\n");
}

/* A login sends from where it never was; as many from home are none. */
static void
test_compromise(void **state)
{
	struct month m = begin();

	(void)state;
	month_fill(&m);
	for (int i = 0; i < 50; i++) {
		put(&m, (struct month_mail){ .t_us = PLANT_1 + i * MM_SECOND_US,
					     .sasl = MONTH_ANNA,
					     .ip = MONTH_STRANGER });
		put(&m, (struct month_mail){ .t_us = PLANT_2 + i * MM_SECOND_US,
					     .sasl = MONTH_ANNA,
					     .ip = MONTH_ANNA });
	}
	month_write(&m);
	check(&m, "compromise|anna|2026-11-06T21:20:00Z|2026-11-06T21:20:49Z|"
		  "50|lines\n");
}

/* The recipients of a list that nobody kept; bounces of mail that others sent
 * in our name. */
static void
test_bounces(void **state)
{
	struct month m = begin();

	(void)state;
	month_fill(&m);
	for (int i = 0; i < 60; i++) {
		put(&m, (struct month_mail){ .t_us = PLANT_1 + i * MM_SECOND_US,
					     .no_user = true });
		put(&m, (struct month_mail){ .t_us = PLANT_2 + i * MM_SECOND_US,
					     .sender = MONTH_NULL_SENDER,
					     .ip = MONTH_STRANGER });
	}
	month_write(&m);
	check(&m, "bounce-spike|local|2026-11-06T21:20:02Z|"
		  "2026-11-06T21:21:01Z|60|lines\n"
		  "backscatter|local|2026-11-18T11:10:00Z|"
		  "2026-11-18T11:10:59Z|60|lines\n");
}

/* The last line before `t_us`; only of arrivals by SMTP. */
static int64_t
last_before(struct month *m, int64_t t_us, bool arrivals)
{
	struct mm_err err = { 0 };
	struct mm_query *q = mm_query_new(
	    m->s,
	    "SELECT max((SELECT max(arrived_us) FROM message WHERE arrived_us"
	    " < ?1), ?2 * (SELECT max(t_us) FROM attempt WHERE t_us < ?1))",
	    &err);
	int64_t last;

	assert_non_null(q);
	mm_query_bind_int(q, 0, t_us);
	mm_query_bind_int(q, 1, !arrivals);
	must(mm_query_step(q, &err), &err);
	last = mm_query_int(q, 0);
	mm_query_free(q);
	return last;
}

/* Five hours of log are gone, and mail that came within them left after them;
 * the same with a server that was stopped; what the logger says itself. */
static void
test_gaps(void **state)
{
	static const struct {
		int64_t t_us;
		const char *kind, *what, *text;
	} events[] = {
		{ PLANT_1 + 5 * MM_HOUR_US - MM_SECOND_US, "daemon", "start",
		  "starting" },
		{ INT64_C(1794100000000000), "daemon", "log-lost",
		  "7 messages lost" },
		{ INT64_C(1794100001000000), "daemon", "log-lost",
		  "9 messages lost" },
		{ INT64_C(1794200000000000), "daemon", "clock-step", "by 9 s" },
		{ INT64_C(1794300000000000), "trouble", "disk",
		  "No space left on device" },
	};

	(void)state;
	for (int stopped = 0; stopped < 2; stopped++) {
		struct month m = begin();
		char want[300], from[MM_TIME_TEXT];

		month_dark(&m, PLANT_1, PLANT_1 + 5 * MM_HOUR_US);
		month_fill(&m);
		for (int i = 0; i < 9 && !stopped; i++)
			put(&m, (struct month_mail){
				    .t_us = PLANT_1 + MM_HOUR_US + i,
				    .flags = MM_MSG_NO_START });
		for (size_t i = 0; i < MM_COUNT(events) && stopped; i++)
			month_event(&m, events[i].t_us, events[i].kind,
				    events[i].what, events[i].text);
		month_write(&m);
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
		    mm_time_iso(last_before(&m, PLANT_1, stopped), false,
				from));
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
