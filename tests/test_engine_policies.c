/* What the engine has beyond the exact scenarios: shares, shared paces, rests,
 * chance. Expected values by arithmetic. */
#include <math.h>

#include "engine_lab.h"
#include "replay/engine/noise.h"

/* Two destinations of one receiver each unless told otherwise; times 1 ms. */
static void
make(struct lab *l, size_t n_dests, size_t n_messages)
{
	*l = (struct lab){ 0 };
	mm_scenario_init(&l->s);
	l->s.dests = mm_calloc(n_dests, sizeof(*l->s.dests));
	l->s.receivers = mm_calloc(n_dests, sizeof(*l->s.receivers));
	l->s.policies = mm_calloc(1, sizeof(*l->s.policies));
	l->s.n_dests = l->s.n_receivers = n_dests;
	l->s.n_policies = 1;
	mm_policy_init(l->s.policies);
	l->s.sender.window.limit = MM_NO_LIMIT;
	l->s.sender.retry.kind = MM_RETRY_INTERVAL;
	l->s.sender.retry.every_ms = 60000;
	for (size_t d = 0; d < n_dests; d++) {
		l->s.dests[d].receiver = (uint32_t)d;
		mm_receiver_spec_init(&l->s.receivers[d]);
	}
	(void)mm_scenario_grow(&l->s, n_messages);
	for (size_t i = 0; i < n_messages; i++)
		l->s.messages[i].dest = (uint32_t)(i % n_dests);
}

static void
pace(struct lab *l, enum mm_pace_scope scope, int64_t rate)
{
	l->s.policies[0].pace.kind = MM_PACE_CONSTANT;
	l->s.policies[0].pace.rate_per_hour = rate;
	l->s.policies[0].pace.scope = scope;
}

/* Of any four starts one is live mail's, as long as it has any; without a
 * reserve it waits behind all that is older. */
static void
reserve(void **state)
{
	static const int64_t shares[] = { 0, 250, 1000 };

	(void)state;
	for (size_t k = 0; k < MM_COUNT(shares); k++) {
		size_t n_live = 0, last = 0;
		struct lab l;

		make(&l, 1, 400);
		pace(&l, MM_PACE_DEST, 3600);
		l.s.policies[0].order = MM_AGE;
		l.s.policies[0].reserve_permille = shares[k];
		for (size_t i = 0; i < 400; i++) {
			l.s.messages[i].live = i >= 300;
			l.s.messages[i].created_ms = i >= 300 ? 0 : -1000;
		}
		lab_play(&l);
		assert_int_equal(l.n, 400);
		for (size_t i = 0; i < 400; i++) {
			if (l.log[i].message < 300)
				continue;
			n_live++;
			last = i;
			if (shares[k] == 250)
				assert_int_equal(i + 1, 4 * n_live);
		}
		assert_int_equal(n_live, 100);
		if (shares[k] == 1000)
			assert_int_equal(last, 99);
		if (shares[k] == 0)
			assert_int_equal(last, 399);
		lab_end(&l);
	}
}

/* What expires within the guard goes before what the order would send. */
static void
expire_guard(void **state)
{
	struct lab l;

	(void)state;
	make(&l, 1, 10);
	pace(&l, MM_PACE_DEST, 3600);
	l.s.sender.max_age_ms = 100000;
	l.s.policies[0].order = MM_NEWEST;
	l.s.policies[0].expire_guard_ms = 30000;
	for (size_t i = 0; i < 10; i++)
		l.s.messages[i].created_ms = -10000 * (int64_t)i;
	lab_play(&l);
	/* 7, 8 and 9 live 30, 20 and 10 s more; the newest of them first. */
	assert_int_equal(l.log[0].message, 7);
	assert_int_equal(l.log[1].message, 8);
	assert_int_equal(l.log[2].message, 9);
	for (size_t i = 3; i < 10; i++)
		assert_int_equal(l.log[i].message, i - 3);
	lab_end(&l);
}

/* One bucket for all destinations of a receiver: together one a second. */
static void
shared_pace(void **state)
{
	static const struct {
		enum mm_pace_scope scope;
		size_t n_receivers;
		int64_t end_ms; /* of the last start */
	} rows[] = {
		{ MM_PACE_DEST, 1, 19000 },
		{ MM_PACE_RECEIVER, 1, 59000 },
		{ MM_PACE_RECEIVER, 3, 19000 },
		{ MM_PACE_GLOBAL, 3, 59000 },
	};

	(void)state;
	for (size_t k = 0; k < MM_COUNT(rows); k++) {
		struct lab l;

		make(&l, 3, 60);
		pace(&l, rows[k].scope, 3600);
		for (uint32_t d = 0; d < 3; d++)
			l.s.dests[d].receiver =
			    d % (uint32_t)rows[k].n_receivers;
		lab_play(&l);
		assert_int_equal(l.n, 60);
		assert_int_equal(l.log[59].start_ms, rows[k].end_ms);
		lab_end(&l);
	}
}

/* One a minute while the receiver refuses, then ten a second. */
static void
probe(void **state)
{
	struct mm_rate_step open = { 600000, 3600000 };
	struct lab l;

	(void)state;
	make(&l, 1, 200);
	pace(&l, MM_PACE_DEST, 60);
	l.s.policies[0].pace.kind = MM_PACE_PROBE;
	l.s.policies[0].pace.max_per_hour = 36000;
	l.s.receivers[0].rate_limited = true;
	l.s.receivers[0].burst = 1000;
	l.s.receivers[0].level = 0;
	l.s.receivers[0].rate_steps = &open;
	l.s.receivers[0].n_rate_steps = 1;
	lab_play(&l);
	for (size_t i = 0; i <= 10; i++)
		assert_int_equal(l.log[i].start_ms, i * 60000);
	assert_int_equal(l.out.n_results[MM_DEFER_RATE], 10);
	assert_int_equal(l.log[10].result, MM_ACCEPTED);
	/* The first success is known 2 ms after its start. */
	for (size_t i = 11; i < 210; i++)
		assert_in_range(l.log[i].start_ms -
				    (600000 + (int64_t)(i - 10) * 100),
				0, 2);
	lab_end(&l);
}

/* Postfix's destination_rate_delay: one at a time, and a rest after each. */
static void
rate_delay(void **state)
{
	struct lab l;

	(void)state;
	make(&l, 2, 20);
	l.s.sender.rate_delay_ms = 1000;
	lab_play(&l);
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(l.log[i].start_ms, (int64_t)(i / 2) * 1002);
	lab_end(&l);
}

/* OpenSMTPD: tries at 400 s times 0, 1, 4, 9 ... after the arrival. */
static void
squares(void **state)
{
	struct lab l;

	(void)state;
	make(&l, 1, 1);
	l.s.receivers[0].rate_limited = true;
	l.s.receivers[0].burst = l.s.receivers[0].level = 0;
	l.s.sender.retry.kind = MM_RETRY_SQUARE;
	l.s.sender.retry.base_ms = 400000;
	l.s.sender.max_age_ms = 345600000;
	lab_play(&l);
	assert_int_equal(l.n, 31); /* 400 s * 29^2 < 4 d <= 400 s * 30^2 */
	for (int64_t k = 0; k < 31; k++)
		assert_int_equal(l.log[k].start_ms, 400000 * k * k);
	lab_end(&l);
}

/* Waits vary evenly by up to a half, by the message and the try alone. */
static void
jitter(void **state)
{
	int64_t least = INT64_MAX, most = 0, sum = 0;
	int again[1000] = { 0 }, n = 0;
	struct lab l;

	(void)state;
	make(&l, 1, 1000);
	l.s.receivers[0].rate_limited = true;
	l.s.receivers[0].burst = l.s.receivers[0].level = 0;
	l.s.policies[0].retry_jitter_permille = 500;
	l.s.horizon_ms = 100000;
	lab_play(&l);
	for (size_t i = 1000; i < l.n; i++) {
		int64_t wait = l.log[i].start_ms - 2;

		if (again[l.log[i].message]++ > 0)
			continue; /* a third try */
		least = wait < least ? wait : least;
		most = wait > most ? wait : most;
		sum += wait;
		n++;
	}
	assert_int_equal(n, 1000);
	assert_in_range(least, 30000, 30600);
	assert_in_range(most, 89400, 90000);
	assert_in_range(sum / 1000, 58500, 61500);
	lab_end(&l);
}

/* The same message has the same luck whatever the order of the starts. */
static void
common_luck(void **state)
{
	static const int64_t table[] = { 500, 800, 1000, 1500, 4000 };
	int64_t took[2][300];

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct lab l;

		make(&l, 1, 300);
		pace(&l, MM_PACE_DEST, 36000);
		l.s.policies[0].order = k == 0 ? MM_AGE : MM_NEWEST;
		l.s.sender.times.accept_ms = 1000;
		l.s.noise.seed = 5;
		l.s.noise.service_permille = table;
		l.s.noise.n_service = MM_COUNT(table);
		for (size_t i = 0; i < 300; i++)
			l.s.messages[i].created_ms = (int64_t)i;
		lab_play(&l);
		for (size_t i = 0; i < 300; i++)
			took[k][l.log[i].message] =
			    l.log[i].end_ms - l.log[i].decide_ms;
		lab_end(&l);
	}
	assert_memory_equal(took[0], took[1], sizeof(took[0]));
	for (size_t i = 0; i < MM_COUNT(table); i++) {
		int n = 0;

		for (size_t k = 0; k < 300; k++)
			n += took[0][k] == table[i];
		assert_in_range(n, 40, 80); /* 60 in the mean */
	}
}

struct samples {
	int64_t last_ms, n;
	int64_t queued[8];
};

static void
take_sample(void *ctx, int64_t t_ms, int64_t n_queued,
	    const struct mm_receiver *receivers)
{
	struct samples *s = ctx;

	assert_non_null(receivers);
	assert_int_equal(t_ms, s->n * 1000);
	s->queued[s->n++] = n_queued;
	s->last_ms = t_ms;
}

/* One ends a second, at x.002 s: the state at each boundary before that. */
static void
samples(void **state)
{
	struct samples got = { 0 };
	const struct mm_run_hooks hooks = { .ctx = &got,
					    .sample_ms = 1000,
					    .sample = take_sample };
	struct lab l;

	(void)state;
	make(&l, 1, 5);
	pace(&l, MM_PACE_DEST, 3600);
	mm_buf_init(&l.text, 16);
	mm_run(&l.s, &hooks, &l.out);
	assert_int_equal(got.n, 5);
	for (int64_t i = 0; i < 5; i++)
		assert_int_equal(got.queued[i], 5 - i);
	lab_end(&l);
}

/* One message a second; from 3 s to 6 s nothing starts. Then what waited goes
 * at once, or at the policy's pace, which counts from there. */
static void
pause(void **state)
{
	static const struct {
		int64_t rate_per_hour; /* 0: no pace */
		int64_t start_ms[10];
	} rows[] = {
		{ 0, { 0, 1, 2, 6, 6, 6, 6, 7, 8, 9 } },
		{ 1800, { 0, 1, 2, 6, 8, 10, 12, 14, 16, 18 } },
	};

	(void)state;
	for (size_t k = 0; k < MM_COUNT(rows); k++) {
		struct lab l;

		make(&l, 1, 10);
		for (size_t i = 0; i < 10; i++)
			l.s.messages[i].arrive_ms = 1000 * (int64_t)i;
		if (rows[k].rate_per_hour > 0)
			pace(&l, MM_PACE_DEST, rows[k].rate_per_hour);
		l.s.policies[0].pause_at_ms = 3000;
		l.s.policies[0].resume_at_ms = 6000;
		lab_play(&l);
		assert_int_equal(l.n, 10);
		for (size_t i = 0; i < 10; i++) {
			assert_int_equal(l.log[i].message, i);
			assert_int_equal(l.log[i].start_ms,
					 1000 * rows[k].start_ms[i]);
		}
		lab_end(&l);
	}
}

/* A receiver that remembers shares: priors 20 and 2, what is good weighs 1, an
 * unknown user 3, half of it gone in a day. */
static void
share_receiver(struct mm_receiver_spec *r)
{
	r->reputation = (struct mm_reputation_spec){
		.used = true,
		.base_ppm = 909091,
		.start_ppm = 909091,
		.tick_ms = 60000,
		.recover_ppm = 1,
		.share = { .used = true,
			   .prior_good = 20,
			   .prior_bad = 2,
			   .half_life_ms = MM_DAY_MS,
			   .good = 1,
			   .bad[MM_HARD] = 3 },
	};
}

/* Four bad and ten good ones at once (least: after the bad), then silence until
 * one more that is good, d days later: of 10 and 12 there are left 2^-d. */
static void
share(void **state)
{
	static const double days[] = { 0.5, 1, 3 };

	(void)state;
	for (size_t k = 0; k < MM_COUNT(days); k++) {
		double left = exp2(-days[k]), good = 20 + 10 * left + 1;
		double bad = 2 + 12 * left;
		struct lab l;

		make(&l, 1, 15);
		share_receiver(&l.s.receivers[0]);
		for (size_t i = 0; i < 4; i++)
			l.s.messages[i].bad = 1;
		l.s.messages[14].arrive_ms =
		    (int64_t)(days[k] * (double)MM_DAY_MS);
		lab_play(&l);
		assert_in_range(l.out.dests[0].least_ppm, 20 * 1000000 / 34 - 1,
				20 * 1000000 / 34 + 1);
		assert_true(fabs((double)l.out.dests[0].final_ppm -
				 1e6 * good / (good + bad)) < 2);
		lab_end(&l);
	}
}

/* 100 a day are usual and 1.5 times that is let pass: of 400 at once those
 * weigh 0.5 more that stand beyond it, and each adds ln 2 / 7 to the usual. */
static void
surge(void **state)
{
	double usual = 100 + log(2) / 7 * 400, beyond = 0;
	double good = 100 / log(2), bad = 2;
	struct mm_reputation_share *s;
	struct lab l;

	(void)state;
	make(&l, 1, 400);
	share_receiver(&l.s.receivers[0]);
	s = &l.s.receivers[0].reputation.share;
	s->surge = 0.5;
	s->growth = 1.5;
	s->volume_per_day = 100;
	s->volume_half_life_ms = 7 * (double)MM_DAY_MS;
	lab_play(&l);
	for (int i = 1; i <= 400; i++)
		beyond += i > 1.5 * (100 + log(2) / 7 * i);
	assert_true(usual > 100 && beyond > 200);
	good += 20 + 400;
	bad += 0.5 * beyond;
	assert_true(fabs((double)l.out.dests[0].final_ppm -
			 1e6 * good / (good + bad)) < 200);
	lab_end(&l);
}

/* How long until it is back: the weights fade until the share is that. */
static void
share_back(void **state)
{
	struct mm_receiver_spec r;
	const struct mm_reputation_share *s = &r.reputation.share;
	int64_t ms;
	double left;

	(void)state;
	mm_receiver_spec_init(&r);
	share_receiver(&r);
	ms = mm_reputation_share_back(s, 10, 40, 800000);
	left = exp2(-(double)ms / (double)MM_DAY_MS);
	assert_true(fabs((20 + 10 * left) / (22 + 50 * left) - 0.8) < 1e-6);
	assert_int_equal(mm_reputation_share_back(s, 10, 0, 800000), 0);
	assert_int_equal(mm_reputation_share_back(s, 0, 1, 950000),
			 MM_NO_LIMIT);
}

/* Exim's record of a host. The first message is put off and earns a block of 50
 * min at connect; the second is refused. Then everything waits, what comes
 * meanwhile too: by the rule 15 min, and for the queue run, every 20 min. One
 * asks in vain at 20 and 40 min, and at 60 all go. */
static void
host_record(void **state)
{
	static const int64_t start_min[] = { 0, 0, 20, 40, 60 };
	struct mm_exim_rule rule = { .cutoff_ms = 4 * MM_DAY_MS,
				     .gap_ms = 15 * 60000 };
	struct mm_rate_step open = { 59 * 60000, 3600000 };
	struct mm_receiver_spec *r;
	struct lab l;

	(void)state;
	make(&l, 1, 12);
	l.s.sender.retry.kind = MM_RETRY_EXIM;
	l.s.sender.retry.max_gap_ms = MM_DAY_MS;
	l.s.sender.retry.rules = (struct mm_exim_rules){ &rule, 1 };
	l.s.sender.retry.queue_run_ms = 20 * 60000;
	l.s.sender.host.kind = MM_HOST_RULES;
	l.s.sender.window.limit = l.s.sender.window.init = 1;
	r = &l.s.receivers[0];
	r->rate_limited = true;
	r->burst = 100;
	r->level = 0;
	r->rate_steps = &open;
	r->n_rate_steps = 1;
	r->strike_n = 1;
	r->strike_window_ms = 60000;
	r->block_ms = 50 * 60000;
	r->block_at_connect = true;
	l.s.messages[11].arrive_ms = 5 * 60000;
	lab_play(&l);
	for (size_t i = 0; i < MM_COUNT(start_min); i++)
		assert_int_equal(l.log[i].start_ms / 60000, start_min[i]);
	assert_int_equal(l.out.n_results[MM_DEFER_RATE], 1);
	assert_int_equal(l.out.n_results[MM_REFUSED_BLOCKED], 3);
	assert_int_equal(l.out.n_results[MM_ACCEPTED], 12);
	/* 9 when the second is refused, the late one, 11 twice. */
	assert_int_equal(l.out.n_suspended, 9 + 1 + 11 + 11);
	lab_end(&l);
}

/* Paused from 0.5 s to 6 s, living 4 s: of those created at -3 to 2 s the first
 * is sent before the pause, those that come of age within it end then. */
static void
expire_paused(void **state)
{
	/* Seconds when it ends, by message; 0: it is sent. */
	static const int64_t with[] = { 0, 2, 3, 4, 5, 0 };

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct lab l;

		make(&l, 1, 6);
		l.s.sender.max_age_ms = 4000;
		l.s.policies[0].pause_at_ms = 500;
		l.s.policies[0].resume_at_ms = 6000;
		l.s.policies[0].expire_paused = k == 1;
		for (size_t i = 0; i < 6; i++) {
			l.s.messages[i].created_ms = 1000 * ((int64_t)i - 3);
			l.s.messages[i].arrive_ms = i == 0 ? 0 : 1000;
		}
		lab_play(&l);
		for (size_t i = 0; i < 6; i++) {
			bool lost = k == 1 && with[i] > 0;

			assert_int_equal(l.s.messages[i].state,
					 lost ? MM_EXPIRED : MM_DELIVERED);
			if (lost)
				assert_int_equal(l.s.messages[i].at_ms,
						 1000 * with[i]);
		}
		assert_int_equal(l.out.n_expired, k == 1 ? 4 : 0);
		lab_end(&l);
	}
}

/* Two addresses of a pool before one receiver: an unknown user costs the one
 * that asked 10 %, and the other the share that spreads. */
static void
pool(void **state)
{
	static const struct {
		int64_t spread_permille, asked_ppm, other_ppm;
	} rows[] = { { 0, 600000, 900000 },
		     { 250, 600000, 825000 },
		     { 1000, 600000, 600000 } };

	(void)state;
	for (size_t k = 0; k < MM_COUNT(rows); k++) {
		struct lab l;

		make(&l, 2, 6);
		for (size_t r = 0; r < 2; r++) {
			struct mm_receiver_spec *x = &l.s.receivers[r];

			x->pool_size = 2;
			x->reputation = (struct mm_reputation_spec){
				.used = true,
				.base_ppm = 900000,
				.start_ppm = 900000,
				.penalty_ppm[MM_HARD] = 100000,
				.spread_permille = rows[k].spread_permille
			};
		}
		/* 0, 2 and 4 go to the first. */
		for (size_t i = 0; i < 6; i += 2)
			l.s.messages[i].bad = 1;
		lab_play(&l);
		assert_int_equal(l.out.dests[0].final_ppm, rows[k].asked_ppm);
		assert_int_equal(l.out.dests[1].final_ppm, rows[k].other_ppm);
		lab_end(&l);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reserve),	 cmocka_unit_test(expire_guard),
		cmocka_unit_test(shared_pace),	 cmocka_unit_test(probe),
		cmocka_unit_test(rate_delay),	 cmocka_unit_test(squares),
		cmocka_unit_test(jitter),	 cmocka_unit_test(common_luck),
		cmocka_unit_test(samples),	 cmocka_unit_test(pause),
		cmocka_unit_test(share),	 cmocka_unit_test(surge),
		cmocka_unit_test(share_back),	 cmocka_unit_test(host_record),
		cmocka_unit_test(expire_paused), cmocka_unit_test(pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
