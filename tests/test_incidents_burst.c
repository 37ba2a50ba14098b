/* Bursts of failures among good trials: found where they were planted, and
 * not where failures come by chance. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/incident/burst.h"
#include "formats/base/mem.h"
#include "formats/base/status.h"

static const struct mm_burst_rule rule = { .background = 2e-3,
					   .at_least = 0.2,
					   .gap_us = 1000000 };

/* One trial a millisecond: 'x' bad, '.' good, '~' a silence beyond the gap. */
static size_t
trials_of(const char *text, struct mm_trial *t)
{
	int64_t now = 0;
	size_t n = 0;

	for (; *text != '\0'; text++) {
		now += *text == '~' ? 2000000 : 1000;
		if (*text != '~') {
			t[n] = (struct mm_trial){ .t_us = now,
						  .n = 1,
						  .bad = *text == 'x',
						  .message = (uint32_t)n + 1 };
			n++;
		}
	}
	return n;
}

static void
test_shapes(void **state)
{
	static const struct {
		const char *label, *trials;
		size_t n, first, last; /* bursts; of the first one */
	} cases[] = {
		{ "nothing bad", "..........", 0, 0, 0 },
		{ "all bad", "xxxxx", 1, 0, 4 },
		{ "an outage", "..........xxxxxx..........", 1, 10, 15 },
		{ "some pass", ".....xx.xxx.xx.xx.....", 1, 5, 16 },
		{ "a silence ends it", "xxxx~xxxx", 2, 0, 3 },
		{ "two outages", "xxxxxx......................xxxxxx", 2, 0,
		  5 },
	};
	struct mm_trial t[64];

	(void)state;
	for (size_t i = 0; i < MM_COUNT(cases); i++) {
		struct mm_burst *b;
		size_t n;

		print_message("  %s\n", cases[i].label);
		n = mm_burst_find(t, trials_of(cases[i].trials, t), &rule, &b);
		assert_int_equal(n, cases[i].n);
		if (n > 0) {
			assert_int_equal(b[0].first, cases[i].first);
			assert_int_equal(b[0].last, cases[i].last);
		}
		free(b);
	}
}

/* A poisoned message fails alone: its many tries weigh as one. */
static void
test_one_message(void **state)
{
	struct mm_trial t[40];
	struct mm_burst *b;
	size_t n = trials_of("........xxxxxxxx........", t);

	(void)state;
	for (size_t i = 0; i < n; i++)
		if (t[i].bad)
			t[i].message = 7;
	assert_int_equal(mm_burst_find(t, n, &rule, &b), 1);
	assert_int_equal(b[0].n_messages, 1);
	assert_true(b[0].score < 8);
	free(b);
}

static uint64_t seed;

static double
chance(void)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (double)(seed >> 11) / 9007199254740992.0;
}

/* At the background rate scores past ln(n) come about once in a sequence: a
 * hundred sequences must stay far below a hundred of them. */
static void
test_chance(void **state)
{
	enum { N = 20000 };
	struct mm_trial *t = mm_alloc(N * sizeof(*t));
	size_t alarms = 0;

	(void)state;
	for (int round = 0; round < 100; round++) {
		struct mm_burst *b;
		size_t n;

		for (uint32_t i = 0; i < N; i++)
			t[i] = (struct mm_trial){ .t_us = i,
						  .n = 1,
						  .bad = chance() < 2e-3,
						  .message = i + 1 };
		n = mm_burst_find(t, N, &rule, &b);
		for (size_t i = 0; i < n; i++)
			alarms += b[i].score > log(N / 0.1);
		free(b);
	}
	free(t);
	print_message("  %zu of 100 clean sequences\n", alarms);
	assert_true(alarms <= 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_one_message),
		cmocka_unit_test(test_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
