/* The small parts of the replay engine, each against the plain way. */
#include "engine_lab.h"
#include "replay/engine/event.h"
#include "replay/engine/minset.h"
#include "replay/engine/power.h"
#include "replay/engine/ready.h"
#include "replay/engine/sort.h"

static uint64_t
draw(uint64_t *x)
{
	*x = *x * 6364136223846793005u + 1442695040888963407u;
	return *x >> 20;
}

struct planned {
	int64_t t;
	uint64_t key;
};

static int
by_time(const void *a, const void *b)
{
	const struct planned *x = a, *y = b;

	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	return (x->key > y->key) - (x->key < y->key);
}

/* Many events at once, and more from each that is taken: by time, class and
 * number, as sorting has it. */
static void
events_in_order(void **state)
{
	enum { N = 4000, MORE = 20000 };
	static struct planned plan[N + MORE];
	struct mm_events q;
	struct mm_event e;
	uint64_t x = 7;
	size_t n = 0, taken = 0;
	int64_t now = 0;

	(void)state;
	mm_events_init(&q, NULL, 0);
	while (n < N) {
		static const int64_t spans[] = { 3, 300, 100000, 1 << 30 };
		int class = draw(&x) % 2 == 0 ? MM_EV_COMPLETE : MM_EV_TIMER;

		plan[n].t = (int64_t)draw(&x) % spans[n % 4];
		plan[n].key = (uint64_t) class << 61 | n;
		mm_events_push(&q, plan[n].t, (enum mm_event_class) class, n);
		n++;
	}
	do {
		/* The plan's earliest to its front, as the queue gives them. */
		while (mm_events_pop(&q, &e)) {
			qsort(plan + taken, n - taken, sizeof(*plan), by_time);
			assert_int_equal(plan[taken].t, now);
			assert_int_equal(plan[taken].key,
					 (uint64_t)e.class << 61 | e.number);
			taken++;
			if (n >= N + MORE / 100)
				continue;
			plan[n].t = now + (int64_t)draw(&x) % 2000 / 10;
			plan[n].key = (uint64_t)MM_EV_DECIDE << 61 | n;
			/* At the present only what is still to come. */
			if (plan[n].t == now)
				plan[n].key = (uint64_t)MM_EV_TIMER << 61 | n;
			mm_events_push(&q, plan[n].t,
				       (enum mm_event_class)(plan[n].key >> 61),
				       n);
			n++;
		}
	} while (mm_events_next(&q, &now));
	assert_int_equal(taken, n);
	mm_events_fini(&q);
}

/* Wakes stand between decisions and timers; all of an instant come. */
static void
wakes_of_an_instant(void **state)
{
	enum { N = 1000 };
	bool seen[N] = { false };
	int last = 0, n = 0;
	struct mm_events q;
	struct mm_event e;
	int64_t now;

	(void)state;
	mm_events_init(&q, seen, sizeof(*seen));
	mm_events_push(&q, 5000, MM_EV_TIMER, 1);
	for (uint64_t i = 0; i < N; i++)
		mm_events_push(&q, 5000, MM_EV_WAKE, N - 1 - i);
	mm_events_push(&q, 5000, MM_EV_DECIDE, 2);
	mm_events_push(&q, 5000, MM_EV_COMPLETE, 9);
	assert_true(mm_events_next(&q, &now));
	assert_int_equal(now, 5000);
	for (; mm_events_pop(&q, &e); n++) {
		assert_true((int)e.class >= last);
		last = (int)e.class;
		if (e.class == MM_EV_WAKE) {
			assert_false(seen[e.number]);
			seen[e.number] = true;
		}
	}
	assert_int_equal(n, N + 3);
	assert_false(mm_events_next(&q, &now));
	mm_events_fini(&q);
}

static void
sets(void **state)
{
	static const size_t sizes[] = { 1, 63, 64, 65, 4095, 4096, 300000 };
	uint64_t x = 3;

	(void)state;
	for (size_t k = 0; k < MM_COUNT(sizes); k++) {
		size_t n = sizes[k];
		bool *in = mm_calloc(n + 1, sizeof(*in));
		struct mm_minset s;

		mm_minset_init(&s, n);
		assert_int_equal(mm_minset_next(&s, 0), MM_MINSET_END);
		for (int step = 0; step < 3000; step++) {
			size_t i = draw(&x) % n, from = draw(&x) % (n + 1);

			in[i] = draw(&x) % 3 != 0;
			(in[i] ? mm_minset_add : mm_minset_drop)(&s, i);
			for (i = from; i < n && !in[i]; i++)
				;
			assert_int_equal(mm_minset_next(&s, from),
					 i < n ? i : MM_MINSET_END);
		}
		mm_minset_fini(&s);
		free(in);
	}
}

static void
sorting(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 40, 48, 49, 1000, 70000 };
	uint64_t x = 11;

	(void)state;
	for (size_t k = 0; k < MM_COUNT(sizes); k++) {
		size_t n = sizes[k];
		int64_t *v = mm_alloc(n * sizeof(*v)), sum = 0, after = 0;

		for (size_t i = 0; i < n; i++) {
			v[i] = (int64_t)(draw(&x) << 30) >> (draw(&x) % 60);
			sum ^= v[i];
		}
		mm_sort_i64(v, n);
		for (size_t i = 0; i < n; i++) {
			after ^= v[i];
			assert_true(i == 0 || v[i - 1] <= v[i]);
		}
		assert_true(sum == after);
		free(v);
	}
}

/* Values by Python's integers. */
static void
powers(void **state)
{
	static const struct {
		int64_t base, num, den;
		size_t k;
		int64_t want;
	} rows[] = {
		{ 60000, 11, 10, 0, 60000 },
		{ 60000, 11, 10, 1, 66000 },
		{ 60000, 11, 10, 40, 2715555 },
		{ 60000, 11, 10, 100, 826836740 },
		{ 1, 11, 10, 443, 2172498699250080583 },
		{ 1, 11, 10, 452, 4611686018427387904 },
		{ 7, 3, 1, 30, 1441237924662543 },
		{ 7, 3, 1, 60, 4611686018427387904 },
		{ 1000000000000000, 9, 10, 5, 590490000000000 },
		{ 1000000000000000, 9, 10, 200, 705507 },
		{ 1000000000000000, 9, 10, 400, 0 },
		{ 5, 0, 7, 0, 5 },
		{ 5, 0, 7, 1, 0 },
		{ 999, 1000003, 1000000, 500, 1000 },
		{ 4611686018427387904, 1, 1, 9, 4611686018427387904 },
		{ 1125899906842624, 1099511627777, 1099511627776, 3000,
		  1125899909914624 },
	};

	(void)state;
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		struct mm_powers p;

		mm_powers_init(&p, rows[i].base, rows[i].num, rows[i].den,
			       MM_NO_LIMIT);
		assert_true(mm_powers_get(&p, rows[i].k) == rows[i].want);
		mm_powers_fini(&p);
	}
}

/* Five messages made ready out of order, two of them an instant later. */
static void
ready_orders(void **state)
{
	static const struct {
		enum mm_order order;
		uint32_t want[5];
	} rows[] = {
		{ MM_FIFO, { 0, 2, 4, 1, 3 } },
		{ MM_AGE, { 2, 4, 0, 1, 3 } },
		{ MM_NEWEST, { 0, 1, 3, 4, 2 } },
		{ MM_PRIORITY, { 3, 4, 0, 1, 2 } },
	};
	static const int64_t created[] = { 50, 50, 10, 50, 20 };
	static const int64_t priority[] = { 7, 7, 9, -2, 7 };
	struct mm_dest dest = { 0 };
	struct mm_message m[5];
	struct mm_policy policy;
	struct mm_scenario s = { .messages = m, .n_messages = 5 };
	struct mm_ready r;

	(void)state;
	s.dests = &dest;
	s.policies = &policy;
	s.n_dests = s.n_policies = 1;
	s.priority = mm_alloc(sizeof(priority));
	memcpy(s.priority, priority, sizeof(priority));
	for (size_t i = 0; i < 5; i++)
		m[i] = (struct mm_message){ .created_ms = created[i] };
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		mm_policy_init(&policy);
		policy.order = rows[i].order;
		mm_ready_init(&r, &s);
		mm_ready_add(&r, 4, 1000);
		mm_ready_add(&r, 0, 1000);
		mm_ready_add(&r, 2, 1000);
		mm_ready_add(&r, 3, 1001);
		mm_ready_add(&r, 1, 1001);
		for (size_t k = 0; k < 5; k++)
			assert_int_equal(mm_ready_take(&r, 0), rows[i].want[k]);
		assert_int_equal(mm_ready_count(&r, 0), 0);
		mm_ready_fini(&r);
	}
	free(s.priority);
}

#define DEST "'dests':[{'name':'d','receiver':{'max_conn':2}}]"
#define MAIL "'groups':[{'prefix':'m','dest':'d','count':2}]"

/* What is wrong is named: the key, what stands there, what was expected. */
static void
faults(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "[1]", ": found an array, expected an object" },
		{ "{", "line 1, column 1: not JSON: string or '}' expected "
		       "near end of file" },
		{ "{}", "dests: it is missing, expected an array" },
		{ "{'dests':[{'name':3}]}",
		  "dests[0].name: found 3, expected a text" },
		{ "{'dests':[{'name':'d','receiver':{'burst':-1}}]}",
		  "dests[0].receiver.burst: found -1, expected an integer of "
		  "at least 0" },
		{ "{'dests':[{'name':'d','receiver':{'burst':1.5}}]}",
		  "dests[0].receiver.burst: found 1.5, expected an integer of "
		  "at least 0" },
		{ "{'dests':[{'name':'d','receiver':{'strike_n':1,"
		  "'block_ms':1}}]}",
		  "dests[0].receiver.strike_window_ms: it is missing, "
		  "expected an integer of at least 0" },
		{ "{'dests':[{'name':'d','receiver':{'block_stage':'x'}}]}",
		  "dests[0].receiver.block_stage: found \"x\", expected one "
		  "of \"mail\" \"connect\"" },
		{ "{'dests':[{'name':'d','receiver':{'rep':{'base':1,"
		  "'scale':[[1,2],[3]]}}}]}",
		  "dests[0].receiver.rep.scale[1]: found an array, expected "
		  "two integers" },
		{ "{" DEST ",'groups':[{'prefix':'m','dest':'e','count':1}]}",
		  "groups[0].dest: found \"e\", expected the name of one of "
		  "the dests" },
		{ "{" DEST ",'groups':[{'prefix':'m','dest':'d',"
		  "'count':5000000000}]}",
		  "groups: found 5000000000, expected fewer than 2^32 "
		  "messages" },
		{ "{" DEST "," MAIL "}",
		  "sender.connect_ms: it is missing, expected an integer of "
		  "at least 1" },
		{ "{" DEST "," MAIL ",'sender':{'connect_ms':1,"
		  "'accept_ms':1,'refuse_ms':1}}",
		  "sender.retry: it is missing, expected how a message that "
		  "is deferred is tried again" },
		{ "{" DEST "," MAIL ",'sender':{'connect_ms':1,"
		  "'accept_ms':1,'refuse_ms':1,'retry':{'kind':'interval'}}}",
		  "sender.retry.every_ms: it is missing, expected an integer "
		  "of at least 0" },
		{ "{" DEST ",'sender':{'concurrency':{'pos':'1/M'}}}",
		  "sender.concurrency.pos: found \"1/M\", expected \"1/N\" or "
		  "a decimal number as a text" },
		{ "{" DEST ",'policy':{'windows':[[5,5]]}}",
		  "policy.windows[0]: found an array, expected 0 <= from < to "
		  "<= 86400000" },
		{ "{" DEST ",'policy':{'pace':{'kind':'exp',"
		  "'rate_per_hour':1,'num':2,'den':0,'step_ms':1}}}",
		  "policy.pace.den: found 0, expected an integer of at least "
		  "1" },
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		struct mm_scenario s;
		struct mm_err err;

		(void)snprintf(text, sizeof(text), "%s", rows[i].text);
		for (char *p = text; *p != '\0'; p++)
			if (*p == '\'')
				*p = '"';
		mm_scenario_init(&s);
		assert_int_equal(mm_scenario_read(&s, mm_str_z(text), &err),
				 MM_EFORMAT);
		assert_string_equal(err.text, rows[i].want);
		mm_scenario_fini(&s);
	}
}

/* A group of no messages is a scenario of none (RS1 section 1: count is free);
 * a fuzzer found it added to the address of nothing. */
static void
no_messages(void **state)
{
	static const char text[] =
	    "{\"dests\":[{\"name\":\"d\",\"receiver\":{}}],"
	    "\"groups\":[{\"prefix\":\"m\",\"dest\":\"d\",\"count\":0}]}";
	struct mm_scenario s;
	struct mm_err err;

	(void)state;
	mm_scenario_init(&s);
	assert_int_equal(mm_scenario_read(&s, mm_str_z(text), &err), MM_OK);
	assert_int_equal(s.n_messages, 0);
	mm_scenario_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_in_order),
		cmocka_unit_test(wakes_of_an_instant),
		cmocka_unit_test(sets),
		cmocka_unit_test(sorting),
		cmocka_unit_test(powers),
		cmocka_unit_test(ready_orders),
		cmocka_unit_test(faults),
		cmocka_unit_test(no_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
