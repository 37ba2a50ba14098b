/* What a run must give by arithmetic: closed forms, laws and identities.
 * None of the expected values comes from the engine. */
#include <math.h>

#include "engine_lab.h"

#define U    INT64_C(3600000)
#define HOUR INT64_C(3600000)

/* The sender of most checks; more of its keys and the policy may follow. */
#define SENDER	  "'connect_ms':100,'accept_ms':50,'reject_ms':20,'refuse_ms':30"
#define POSTFIX	  "'retry':{'kind':'postfix','min_ms':300000,'max_ms':4000000}"
#define FIVE_DAYS "'max_age_ms':432000000"

static int64_t
ceil_div(int64_t a, int64_t b)
{
	return (a + b - 1) / b;
}

/* The k-th start = resume + ceil((k - burst + 1) * U / rate); with a burst of
 * 1 the cap drops the fraction that is left. */
static void
pace_closed_form(void **state)
{
	static const struct {
		int64_t rate, burst;
	} rows[] = { { 7000, 1 }, { 1234, 3 }, { 7000, 2 }, { 100000, 7 } };

	(void)state;
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		int64_t rate = rows[i].rate, burst = rows[i].burst, want;
		struct lab l;

		lab_play_text(&l,
			      "{'dests':[{'name':'d'}],'groups':[{'prefix':'m',"
			      "'dest':'d','count':200}],'sender':{" SENDER
			      ",'concurrency':{'limit':1000000}},'policy':{"
			      "'resume_at_ms':500,'pace':{'kind':'constant',"
			      "'rate_per_hour':%lld,'burst':%lld}}}",
			      (long long)rate, (long long)burst);
		assert_int_equal(l.n, 200);
		for (int64_t k = 0; k < 200; k++) {
			want = burst == 1 ? k * ceil_div(U, rate)
			       : k < burst
				   ? 0
				   : ceil_div((k - burst + 1) * U, rate);
			assert_int_equal(l.log[k].start_ms, 500 + want);
		}
		lab_end(&l);
	}
}

/* c slots, a fixed service: ceil(N/c) rounds; the connection once when it is
 * used again. */
static void
slots_closed_form(void **state)
{
	static const int rows[][2] = { { 100, 7 }, { 64, 8 }, { 5, 20 } };

	(void)state;
	for (size_t i = 0; i < MM_COUNT(rows) * 2; i++) {
		int n = rows[i / 2][0], c = rows[i / 2][1];
		bool reuse = i % 2 == 1;
		int64_t rounds = ceil_div(n, c);
		struct lab l;

		lab_play_text(&l,
			      "{'dests':[{'name':'d'}],'groups':[{'prefix':'m',"
			      "'dest':'d','count':%d}],'sender':{" SENDER
			      ",'reuse':%s,'concurrency':{'limit':%d}}}",
			      n, reuse ? "true" : "false", c);
		assert_int_equal(l.out.makespan_ms,
				 reuse ? 100 + rounds * 50 : rounds * 150);
		lab_end(&l);
	}
}

/* In every interval at most burst + rate * dt are accepted; draining takes at
 * least (N - B)/r; a pace at the rate attains it to one service time. */
static void
bucket_conformance(void **state)
{
	static const char *const pace[] = {
		"",
		",'pace':{'kind':'constant','rate_per_hour':1800,'burst':12}",
	};
	int64_t lower = ceil_div((300 - 12) * U, 1800);

	(void)state;
	for (size_t i = 0; i < MM_COUNT(pace); i++) {
		int64_t debt = 0, last = 0;
		struct lab l;

		lab_play_text(
		    &l,
		    "{'dests':[{'name':'d','receiver':{"
		    "'rate_per_hour':1800,'burst':12}}],'groups':[{"
		    "'prefix':'m','dest':'d','count':300}],'sender':{" SENDER
		    "," POSTFIX "," FIVE_DAYS
		    "},'policy':{'resume_at_ms':0%s}}",
		    pace[i]);
		/* The debt of a bucket that has seen all accepts: conformance
		 * in every interval is that it never passes the depth. */
		for (size_t k = 0; k < l.n; k++) {
			const struct mm_attempt *a = &l.log[k];

			if (a->result != MM_ACCEPTED)
				continue;
			debt -= 1800 * (a->decide_ms - last);
			debt = (debt > 0 ? debt : 0) + U;
			last = a->decide_ms;
			assert_in_range(debt, 0, 12 * U);
		}
		assert_true(l.out.makespan_ms >= lower);
		if (i == 1) {
			assert_int_equal(l.out.n_attempts, 300);
			assert_int_equal(l.out.makespan_ms, lower + 150);
		}
		lab_end(&l);
	}
}

/* Its age doubles: a' = a + e + clamp(a + e, 300 s, 4000 s), until 5 days. */
static void
postfix_recurrence(void **state)
{
	static const int64_t first[] = { 0, 300120, 600480, 1201200, 2402640 };
	int64_t age = 0, end, gap;
	size_t n = 0;
	struct lab l;

	(void)state;
	lab_play_text(&l, "{'dests':[{'name':'d','receiver':{'rate_per_hour':0,"
			  "'burst':0}}],'groups':[{'prefix':'m','dest':'d',"
			  "'count':1}],'sender':{" SENDER "," POSTFIX
			  "," FIVE_DAYS "}}");
	for (;; age = end + gap) {
		assert_true(n < l.n);
		if (n < MM_COUNT(first))
			assert_int_equal(first[n], age);
		assert_int_equal(l.log[n++].start_ms, age);
		end = age + 120;
		if (end >= 432000000)
			break;
		gap = end < 300000 ? 300000 : end > 4000000 ? 4000000 : end;
	}
	assert_int_equal(n, 113);
	assert_int_equal(l.n, 113);
	assert_int_equal(l.out.n_expired, 1);
	lab_end(&l);
}

/* F,2h,15m; G,16h,1h,1.5; F,4d,6h, as Exim's manual has it: the gaps. */
static void
exim_schedule(void **state)
{
	static const int64_t gaps[] = {
		900000, 900000,	 900000,  900000,  900000,   900000,   900000,
		900000, 3600000, 5400000, 8100000, 12150000, 18225000, 27337500,
	};
	struct lab l;

	(void)state;
	lab_play_text(&l, "{'dests':[{'name':'d','receiver':{'rate_per_hour':0,"
			  "'burst':0}}],'groups':[{'prefix':'m','dest':'d',"
			  "'count':1}],'sender':{" SENDER
			  ",'max_age_ms':1000000000000,'retry':{'kind':'exim',"
			  "'rules':[['F',7200000,900000,0],['G',57600000,"
			  "3600000,1500],['F',345600000,21600000,0]]}}}");
	for (size_t k = 0; k + 1 < l.n; k++) {
		int64_t gap = l.log[k + 1].start_ms - l.log[k].end_ms;

		if (k < MM_COUNT(gaps))
			assert_int_equal(gap, gaps[k]);
		else if (k > MM_COUNT(gaps))
			assert_int_equal(gap, 21600000);
	}
	assert_true(l.out.makespan_ms > 345600000);
	assert_int_equal(l.out.n_expired, 1);
	lab_end(&l);
}

/* An aged backlog comes back in waves of ceil(4000/300) * 300 = 4200 s. */
static void
flush_wave_law(void **state)
{
	int64_t wave = -4200, t;
	int n_waves = 0;
	struct lab l;

	(void)state;
	lab_play_text(&l, "{'dests':[{'name':'d','receiver':{"
			  "'rate_per_hour':1800,'burst':12}}],'groups':[{"
			  "'prefix':'m','dest':'d','count':60,"
			  "'created':-7200000}],'sender':{" SENDER "," FIVE_DAYS
			  ",'concurrency':{'limit':4},'retry':{"
			  "'kind':'postfix','min_ms':300000,'max_ms':4000000,"
			  "'queue_run_ms':300000}}}");
	for (size_t k = 0; k < l.n; k++) {
		t = l.log[k].start_ms / 300000 * 300;
		if (t == wave)
			continue;
		assert_int_equal(t, wave + 4200);
		wave = t;
		n_waves++;
	}
	assert_int_equal(n_waves, 5);
	lab_end(&l);
}

/* The k-th block lasts min(max, b * m^k): attempts inside are no strikes. */
static void
block_geometry(void **state)
{
	static const struct mm_receiver_spec shape = {
		.burst = 1,
		.max_conn = 0, /* every connection is one too many */
		.max_msgs_per_conn = MM_NO_LIMIT,
		.daily_cap = MM_NO_LIMIT,
		.strike_n = 3,
		.strike_window_ms = 1000000000,
		.block_ms = 600000,
		.block_mult = 2,
		.block_max_ms = 3600000,
		.block_at_connect = true,
	};
	static const int64_t want[] = { 600000, 1200000, 2400000, 3600000,
					3600000 };
	struct mm_receiver r;
	int64_t t = 0;

	(void)state;
	mm_receiver_init(&r, &shape, NULL);
	for (size_t i = 0; i < MM_COUNT(want); i++) {
		for (int k = 0; k < 3; k++)
			assert_int_equal(mm_receiver_connect(&r, t + k),
					 MM_REFUSED_CONNLIMIT);
		assert_int_equal(r.n_blocks, i + 1);
		assert_int_equal(r.blocks[i].until_ms - r.blocks[i].from_ms,
				 want[i]);
		t = r.block_until_ms;
		assert_int_equal(mm_receiver_connect(&r, t - 1),
				 MM_REFUSED_BLOCKED);
	}
	mm_receiver_fini(&r);
}

/* recover = 1 - 2^(-tick/H): the gap to the base halves in every H. */
static void
half_life(void **state)
{
	const int64_t tick = 60000, half = 6 * HOUR;
	const double k = 1 - pow(2, -(double)tick / (double)half);
	const struct mm_reputation_spec spec = {
		.used = true,
		.base_ppm = 900000,
		.start_ppm = 300000,
		.tick_ms = tick,
		.recover_ppm = (int64_t)(1e6 * k + 0.5),
	};
	struct mm_reputation p;

	(void)state;
	mm_reputation_init(&p, &spec);
	for (int n = 1; n <= 5; n++) {
		double gap;

		mm_reputation_advance(&p, n * half);
		gap = (double)(900000 - p.ppm) / 600000;
		assert_true(fabs(gap - pow(2, -n)) < 0.002);
	}
	assert_int_equal(p.least_ppm, 300000);
}

static double
uniform(uint64_t *x)
{
	*x = *x * 6364136223846793005u + 1442695040888963407u;
	return ((double)(*x >> 11) + 0.5) / 9007199254740992.0;
}

/* Poisson arrivals, one slot, a fixed service S:
 * E[W] = rho * S / (2 * (1 - rho)). */
static void
one_server_wait(void **state)
{
	const double rho = 0.7, service = 1000, want = rho * service / 2 / 0.3;
	const size_t n = 150000;
	double t = 0, waited = 0;
	uint64_t x = 12;
	struct lab l = { 0 };

	(void)state;
	mm_scenario_init(&l.s);
	l.s.dests = mm_calloc(1, sizeof(*l.s.dests));
	l.s.receivers = mm_calloc(1, sizeof(*l.s.receivers));
	l.s.policies = mm_calloc(1, sizeof(*l.s.policies));
	l.s.n_dests = l.s.n_receivers = l.s.n_policies = 1;
	mm_receiver_spec_init(l.s.receivers);
	mm_policy_init(l.s.policies);
	l.s.sender.window.limit = 1;
	l.s.sender.times.accept_ms = (int64_t)service - 1;
	(void)mm_scenario_grow(&l.s, n);
	for (size_t i = 0; i < n; i++) {
		t += -log(uniform(&x)) * service / rho;
		l.s.messages[i].arrive_ms = (int64_t)(t + 0.5);
		l.s.messages[i].created_ms = l.s.messages[i].arrive_ms;
	}
	lab_play(&l);
	assert_int_equal(l.n, n);
	for (size_t i = 0; i < n; i++)
		waited += (double)(l.log[i].start_ms -
				   l.s.messages[l.log[i].message].created_ms);
	assert_true(fabs(waited / (double)n / want - 1) < 0.03);
	lab_end(&l);
}

/* Against a bare rate limit C the rate of aimd settles between C/2 and C, its
 * mean near C * (1 + 1/2) / 2. */
static void
aimd_sawtooth(void **state)
{
	int64_t first = 0, last = 0, end = 0;
	double mean;
	int n = 0;
	struct lab l;

	(void)state;
	lab_play_text(&l,
		      "{'dests':[{'name':'d','receiver':{"
		      "'rate_per_hour':3600,'burst':10}}],'groups':[{"
		      "'prefix':'m','dest':'d','count':9000}],'sender':{" SENDER
		      "," FIVE_DAYS ",'retry':{'kind':'interval',"
		      "'every_ms':1800000}},'policy':{'pace':{'kind':"
		      "'aimd','rate_per_hour':600,'period_ms':60000,"
		      "'threshold_permille':20,'num':1,'den':2,'inc':120,"
		      "'min_per_hour':60,'max_per_hour':36000}}}");
	for (size_t k = 0; k < l.n; k++)
		if (l.log[k].result == MM_ACCEPTED)
			end = l.log[k].decide_ms;
	for (size_t k = 0; k < l.n; k++) {
		int64_t t = l.log[k].decide_ms;

		if (l.log[k].result != MM_ACCEPTED || t <= 2 * HOUR ||
		    5 * t >= 4 * end)
			continue;
		first = n++ == 0 ? t : first;
		last = t;
	}
	mean = (double)(n - 1) * (double)HOUR / (double)(last - first);
	assert_true(mean > 0.70 * 3600 && mean < 0.88 * 3600);
	lab_end(&l);
}

/* Nothing is lost or counted twice, in any order; and the integral of the
 * number in the system is the sum of the times in it (Little). */
static void
conservation(void **state)
{
	static const char *const orders[] = { "fifo", "age", "newest",
					      "priority" };

	(void)state;
	for (size_t i = 0; i < MM_COUNT(orders); i++) {
		int64_t sum = 0, all = 0, tries = 0, area = 0, last = 0;
		int64_t n_in = 300;
		int64_t *ends;
		struct lab l;

		lab_play_text(
		    &l,
		    "{'dests':[{'name':'d','receiver':{'rate_per_hour':1800,"
		    "'burst':12,'strike_n':30,'strike_window_ms':600000,"
		    "'block_ms':1800000,'daily_cap':200,'max_conn':9}}],"
		    "'groups':[{'prefix':'m','dest':'d','count':300,"
		    "'created':-3600000,'created_step':977,'bad_every':11}],"
		    "'sender':{" SENDER "," POSTFIX "," FIVE_DAYS
		    "},'policy':{'order':'%s'}}",
		    orders[i]);
		ends = mm_alloc(300 * sizeof(*ends));
		for (int r = 0; r < MM_N_RESULTS; r++)
			all += l.out.n_results[r];
		assert_int_equal(l.out.n_attempts, all);
		assert_int_equal(l.out.n_delivered,
				 l.out.n_results[MM_ACCEPTED]);
		assert_int_equal(l.out.n_bounced, l.out.n_results[MM_HARD]);
		assert_int_equal(l.out.n_bounced, 300 / 11);
		assert_int_equal(l.out.n_delivered + l.out.n_bounced +
				     l.out.n_expired + l.out.n_queued,
				 300);
		for (size_t m = 0; m < 300; m++) {
			tries += l.s.messages[m].n_fails +
				 (l.s.messages[m].state != MM_EXPIRED);
			sum += ends[m] = l.s.messages[m].at_ms;
		}
		assert_int_equal(tries, l.out.n_attempts);
		for (size_t m = 1; m < 300; m++) /* ascending */
			for (size_t k = m; k > 0 && ends[k] < ends[k - 1];
			     k--) {
				int64_t t = ends[k];

				ends[k] = ends[k - 1];
				ends[k - 1] = t;
			}
		for (size_t m = 0; m < 300; m++, n_in--) {
			area += n_in * (ends[m] - last);
			last = ends[m];
		}
		assert_int_equal(area, sum);
		free(ends);
		lab_end(&l);
	}
}

/* Every time doubled, every rate halved: the same log at twice the times (as
 * long as a token takes whole milliseconds). */
static void
scaled_time(void **state)
{
	struct lab l[2];

	(void)state;
	for (int k = 1; k <= 2; k++)
		lab_play_text(
		    &l[k - 1],
		    "{'dests':[{'name':'d','receiver':{'rate_per_hour':%d,"
		    "'burst':6,'max_conn':3,'strike_n':9,"
		    "'strike_window_ms':%d,'block_ms':%d,'greylist_ms':%d}}],"
		    "'groups':[{'prefix':'m','dest':'d','count':80,"
		    "'created':%d,'created_step':%d,'bad_every':7}],"
		    "'sender':{'connect_ms':%d,'accept_ms':%d,'reject_ms':%d,"
		    "'refuse_ms':%d,'reuse':true,'max_age_ms':%d,"
		    "'concurrency':{'adaptive':true,'dead_ms':%d},'retry':{"
		    "'kind':'postfix','min_ms':%d,'max_ms':%d,"
		    "'granularity_ms':%d,'slack_ms':%d,'queue_run_ms':%d}},"
		    "'policy':{'order':'age','pace':{'kind':'constant',"
		    "'rate_per_hour':%d}}}",
		    3600 / k, 600000 * k, 900000 * k, 60000 * k, -3600000 * k,
		    1000 * k, 150 * k, 120 * k, 40 * k, 90 * k, 86400000 * k,
		    300000 * k, 300000 * k, 4000000 * k, 1000 * k, 1000 * k,
		    300000 * k, 4800 / k);
	assert_int_equal(l[0].n, l[1].n);
	assert_true(l[0].n > 100);
	for (size_t i = 0; i < l[0].n; i++) {
		const struct mm_attempt *a = &l[0].log[i], *b = &l[1].log[i];

		assert_int_equal(a->start_ms * 2, b->start_ms);
		assert_int_equal(a->end_ms * 2, b->end_ms);
		assert_int_equal(a->message, b->message);
		assert_int_equal(a->result, b->result);
		assert_int_equal(a->reused, b->reused);
	}
	lab_end(&l[0]);
	lab_end(&l[1]);
}

#define BUSY                                                                   \
	"{'name':'busy','receiver':{'rate_per_hour':1800,'burst':5,"           \
	"'max_conn':4,'rep':{'base':900000,'tick_ms':60000,"                   \
	"'recover_ppm':5000,'pen':{'rate':3000,'connlimit':900},"              \
	"'scale':[[800000,1000],[0,300]]}}}"
#define BUSY_REST                                                              \
	"'groups':[{'prefix':'m','dest':'busy','count':120,"                   \
	"'created':-600000}],'sender':{" SENDER "," POSTFIX "," FIVE_DAYS      \
	",'concurrency':{'adaptive':true}},'policy':{'order':'newest',"        \
	"'flush':true,'suspend_after':6,'suspend_ms':700000}}"

/* A destination without mail changes nothing for the others, before or
 * behind them (a stagger would). */
static void
idle_destination(void **state)
{
	static const char *const dests[] = {
		BUSY,
		BUSY ",{'name':'idle'}",
		"{'name':'idle','receiver':{'max_conn':1}}," BUSY,
	};
	char hex[MM_SHA256_HEX] = "";

	(void)state;
	for (size_t i = 0; i < MM_COUNT(dests); i++) {
		struct lab l;

		lab_play_text(&l, "{'dests':[%s]," BUSY_REST, dests[i]);
		assert_true(l.n > 200);
		if (i > 0)
			assert_string_equal(l.hex, hex);
		(void)snprintf(hex, sizeof(hex), "%s", l.hex);
		lab_end(&l);
	}
}

/* A receiver that takes more never slows a paced run down (it may a flush). */
static void
more_capacity(void **state)
{
	int64_t last = INT64_MAX;

	(void)state;
	for (int rate = 600; rate <= 6000; rate += 300) {
		struct lab l;

		lab_play_text(
		    &l,
		    "{'dests':[{'name':'d','receiver':{'rate_per_hour':%d,"
		    "'burst':10}}],'groups':[{'prefix':'m','dest':'d',"
		    "'count':500,'created':-3600000}],'sender':{" SENDER
		    "," FIVE_DAYS ",'retry':{'kind':'interval',"
		    "'every_ms':60000}},'policy':{'pace':{'kind':'constant',"
		    "'rate_per_hour':%d}}}",
		    rate, rate < 3600 ? rate : 3600);
		assert_true(l.out.makespan_ms <= last);
		last = l.out.makespan_ms;
		lab_end(&l);
	}
	assert_in_range(last, 499 * 1000, 501 * 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pace_closed_form),
		cmocka_unit_test(slots_closed_form),
		cmocka_unit_test(bucket_conformance),
		cmocka_unit_test(postfix_recurrence),
		cmocka_unit_test(exim_schedule),
		cmocka_unit_test(flush_wave_law),
		cmocka_unit_test(block_geometry),
		cmocka_unit_test(half_life),
		cmocka_unit_test(one_server_wait),
		cmocka_unit_test(aimd_sawtooth),
		cmocka_unit_test(conservation),
		cmocka_unit_test(scaled_time),
		cmocka_unit_test(idle_destination),
		cmocka_unit_test(more_capacity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
