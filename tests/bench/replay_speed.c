/* replay_speed.c - events a second and bytes a message of the replay engine.
 *
 * usage: replay_speed WORKLOAD MESSAGES
 * Prints one line: workload, messages, events, attempts, seconds, million
 * events a second, peak memory and bytes a message above an empty run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "formats/base/mem.h"
#include "replay/engine/run.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)

static void
postfix(struct mm_scenario *s)
{
	s->sender.times.connect_ms = 250;
	s->sender.times.accept_ms = 250;
	s->sender.times.reject_ms = 50;
	s->sender.times.refuse_ms = 100;
	s->sender.reuse = true;
	s->sender.max_age_ms = 120 * HOUR;
	s->sender.retry = (struct mm_retry_spec){
		.kind = MM_RETRY_POSTFIX,
		.granularity_ms = 1000,
		.slack_ms = 1000,
		.min_ms = 5 * MINUTE,
		.max_ms = 4000000,
		.queue_run_ms = 5 * MINUTE,
		.den = 1,
	};
}

/* A backlog of an hour meets a rate that drains it in two days. */
static void
flush(struct mm_scenario *s)
{
	postfix(s);
	s->sender.window.limit = 1000;
	s->receivers[0].rate_limited = true;
	s->receivers[0].rate_per_hour = (int64_t)s->n_messages / 40;
	s->receivers[0].burst = s->receivers[0].level = 1000;
	s->horizon_ms = 48 * HOUR;
}

/* The same, oldest first. */
static void
age(struct mm_scenario *s)
{
	flush(s);
	s->policies[0].order = MM_AGE;
}

/* Paced below the rate: nothing fails. */
static void
paced(struct mm_scenario *s)
{
	flush(s);
	s->sender.window.limit = 1000;
	s->policies[0].pace.kind = MM_PACE_CONSTANT;
	s->policies[0].pace.rate_per_hour =
	    s->receivers[0].rate_per_hour * 9 / 10;
}

/* The queue alone: every message fails, and is due again some time within
 * hours that no grid rounds. */
static void
hold(struct mm_scenario *s)
{
	postfix(s);
	s->sender.retry.queue_run_ms = 0;
	s->sender.retry.granularity_ms = 1;
	s->sender.window.limit = MM_NO_LIMIT;
	s->receivers[0].rate_limited = true;
	s->receivers[0].burst = s->receivers[0].level = 0;
	s->horizon_ms = 12 * HOUR;
}

static const struct workload {
	const char *name;
	void (*fill)(struct mm_scenario *s);
} workloads[] = {
	{ "flush", flush },
	{ "age", age },
	{ "paced", paced },
	{ "hold", hold },
};

static long
peak_kb(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

static double
seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
play(const struct workload *w, size_t n)
{
	struct mm_scenario s;
	struct mm_outcome out;
	uint64_t x = 12345;
	long before = peak_kb();
	double start;

	mm_scenario_init(&s);
	s.dests = mm_calloc(1, sizeof(*s.dests));
	s.receivers = mm_calloc(1, sizeof(*s.receivers));
	s.policies = mm_calloc(1, sizeof(*s.policies));
	s.n_dests = s.n_receivers = s.n_policies = 1;
	s.dests[0].name = MM_STR("d");
	mm_receiver_spec_init(s.receivers);
	mm_policy_init(s.policies);
	(void)mm_scenario_grow(&s, n);
	for (size_t i = 0; i < n; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		s.messages[i].created_ms = -(int64_t)(x >> 33) % HOUR;
		s.messages[i].next_ms =
		    w->fill == hold ? (int64_t)(x >> 35) % HOUR : 0;
	}
	w->fill(&s);
	start = seconds();
	mm_run(&s, NULL, &out);
	start = seconds() - start;
	(void)printf("%-8s %9zu messages %10lld events %9lld attempts "
		     "%7.2f s %6.2f M events/s %6ld MB %5.1f bytes/message\n",
		     w->name, n, (long long)out.n_events,
		     (long long)out.n_attempts, start,
		     (double)out.n_events / start / 1e6, peak_kb() / 1024,
		     (double)(peak_kb() - before) * 1024 / (double)n);
	mm_outcome_fini(&out);
	mm_scenario_fini(&s);
}

int
main(int argc, char **argv)
{
	size_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;

	for (size_t i = 0; i < MM_COUNT(workloads) && n > 0; i++)
		if (strcmp(argv[1], workloads[i].name) == 0) {
			play(&workloads[i], n);
			return 0;
		}
	(void)fprintf(stderr, "usage: replay_speed flush|age|paced|hold N\n");
	return 2;
}
