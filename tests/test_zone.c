/* Zones by name. Wanted times come from the IANA database by Python's zoneinfo
 * (3.11, tzdata 2024a); Debian's tzdata gives the same here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/read/framing.h"

static struct mm_zone *
zone(const char *name)
{
	struct mm_err err;
	struct mm_zone *z = mm_zone_new(name, &err);

	if (z == NULL)
		fail_msg("%s: %s", name, err.text);
	return z;
}

static int64_t
time_of(const char *text)
{
	struct mm_str s = mm_str_z(text);
	bool has_zone;
	int64_t t_us;

	assert_true(mm_time_take_iso(&s, &t_us, &has_zone));
	return t_us;
}

/* `second`: of an hour that comes twice, told by what was before. */
static const struct {
	const char *zone, *local;
	bool second;
	const char *want;
} rows[] = {
	{ "Europe/Berlin", "2024-01-15T12:00:00", false,
	  "2024-01-15T11:00:00Z" },
	{ "Europe/Berlin", "2024-07-15T12:00:00", false,
	  "2024-07-15T10:00:00Z" },
	{ "Europe/Berlin", "2024-10-27T01:59:59", false,
	  "2024-10-26T23:59:59Z" },
	{ "Europe/Berlin", "2024-10-27T02:30:00", false,
	  "2024-10-27T00:30:00Z" },
	{ "Europe/Berlin", "2024-10-27T02:30:00", true,
	  "2024-10-27T01:30:00Z" },
	{ "Europe/Berlin", "2024-10-27T03:00:00", false,
	  "2024-10-27T02:00:00Z" },
	{ "America/New_York", "2024-11-03T01:15:00", false,
	  "2024-11-03T05:15:00Z" },
	{ "America/New_York", "2024-11-03T01:15:00", true,
	  "2024-11-03T06:15:00Z" },
	{ "America/New_York", "2026-11-01T00:59:59", false,
	  "2026-11-01T04:59:59Z" },
	{ "Australia/Sydney", "2024-04-07T02:30:00", false,
	  "2024-04-06T15:30:00Z" },
	{ "Australia/Sydney", "2024-04-07T02:30:00", true,
	  "2024-04-06T16:30:00Z" },
	{ "Australia/Lord_Howe", "2024-04-07T01:45:00", false,
	  "2024-04-06T14:45:00Z" },
	{ "Australia/Lord_Howe", "2024-04-07T01:45:00", true,
	  "2024-04-06T15:15:00Z" },
	{ "Asia/Kolkata", "2024-02-04T09:29:26", false,
	  "2024-02-04T03:59:26Z" },
	{ "America/Sao_Paulo", "2018-02-17T23:30:00", false,
	  "2018-02-18T01:30:00Z" },
	{ "America/Sao_Paulo", "2018-02-17T23:30:00", true,
	  "2018-02-18T02:30:00Z" },
	{ "Africa/Casablanca", "2024-03-10T02:30:00", false,
	  "2024-03-10T01:30:00Z" },
	{ "Africa/Casablanca", "2024-03-10T02:30:00", true,
	  "2024-03-10T02:30:00Z" },
	{ "Europe/Berlin", "2060-07-01T00:00:00", false,
	  "2060-06-30T22:00:00Z" },
	{ "Europe/Berlin", "2060-12-01T00:00:00", false,
	  "2060-11-30T23:00:00Z" },
	{ "Pacific/Chatham", "2060-01-01T00:00:00", false,
	  "2059-12-31T10:15:00Z" },
	{ "Europe/Moscow", "2010-10-31T02:30:00", true,
	  "2010-10-30T23:30:00Z" },
	{ "Europe/Moscow", "2014-10-26T01:30:00", false,
	  "2014-10-25T21:30:00Z" },
	{ "Europe/Moscow", "2014-10-26T01:30:00", true,
	  "2014-10-25T22:30:00Z" },
	{ "Europe/Berlin", "2024-03-31T02:30:00", false,
	  "2024-03-31T01:30:00Z" },
};

static void
test_local(void **state)
{
	(void)state;
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		struct mm_zone *z = zone(rows[i].zone);
		int64_t local = time_of(rows[i].local);
		int64_t want = time_of(rows[i].want);
		struct mm_zone_span s;

		s = mm_zone_local(z, local, want - MM_SECOND_US);
		if (local - s.offset_us != want)
			fail_msg("%s %s: offset %lld", rows[i].zone,
				 rows[i].local, (long long)s.offset_us);
		if (!rows[i].second) {
			s = mm_zone_local(z, local, MM_TIME_NONE);
			assert_true(local - s.offset_us == want);
		}
		mm_zone_free(z);
	}
}

/* What is sure of an answer is what the answer is there. */
static void
test_spans(void **state)
{
	struct mm_zone *z = zone("Europe/Berlin");
	int64_t t = time_of("2023-12-01T00:00:00");

	(void)state;
	for (int i = 0; i < 400 * 24; i++, t += MM_HOUR_US) {
		struct mm_zone_span s = mm_zone_local(z, t, MM_TIME_NONE), at;

		if (t < s.from_us || t >= s.to_us)
			continue;
		at = mm_zone_local(z, s.from_us, MM_TIME_NONE);
		assert_true(at.offset_us == s.offset_us);
		at = mm_zone_local(z, s.to_us - 1, MM_TIME_NONE);
		assert_true(at.offset_us == s.offset_us);
	}
	mm_zone_free(z);
}

/* A log through the night in which clocks are put back, in its own order. */
static void
test_fold(void **state)
{
	const int64_t change = time_of("2024-10-27T01:00:00");
	struct mm_zone *z = zone("Europe/Berlin");
	struct mm_framer f;
	struct mm_line line;
	struct mm_civil c;
	char text[80];

	(void)state;
	mm_framer_init(&f, change + MM_DAY_US, 0);
	f.zone = z;
	for (int64_t t = change - 3 * MM_HOUR_US; t < change + 3 * MM_HOUR_US;
	     t += 7 * MM_SECOND_US) {
		mm_time_to_civil(t + (t < change ? 2 : 1) * MM_HOUR_US, &c);
		(void)snprintf(text, sizeof(text),
			       "Oct %d %02d:%02d:%02d mx postfix/smtp[1]: x",
			       c.day, c.hour, c.minute, c.second);
		mm_frame(&f, mm_str_z(text), &line);
		if (line.t_us != t)
			fail_msg("%s: %lld", text, (long long)(line.t_us - t));
	}
	mm_zone_free(z);
}

static void
test_fixed(void **state)
{
	static const struct {
		const char *name;
		int64_t offset_us;
	} names[] = { { "UTC", 0 },
		      { "+01:00", MM_HOUR_US },
		      { "-0330", -210 * MM_MINUTE_US } };

	(void)state;
	for (size_t i = 0; i < MM_COUNT(names); i++) {
		struct mm_zone *z = zone(names[i].name);

		assert_true(mm_zone_local(z, 0, MM_TIME_NONE).offset_us ==
			    names[i].offset_us);
		assert_string_equal(mm_zone_name(z), names[i].name);
		mm_zone_free(z);
	}
}

static void
test_wrong(void **state)
{
	static const char *const names[] = {
		"",	  "Mars/Olympus", "../../etc/passwd", "/etc/passwd",
		"+25:00", "zone.tab",	  "Europe",
	};
	struct mm_err err;

	(void)state;
	for (size_t i = 0; i < MM_COUNT(names); i++) {
		err.text[0] = '\0';
		assert_null(mm_zone_new(names[i], &err));
		assert_true(err.text[0] != '\0');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_local), cmocka_unit_test(test_spans),
		cmocka_unit_test(test_fold),  cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
