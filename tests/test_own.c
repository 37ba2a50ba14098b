/* A user's log formats: those of test-corpus/own-formats/ hold their samples,
 * which are tried whenever one is read; what a declaration may not be is told
 * with file and line. The wanted messages are those that own.h promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "formats/logs/own.h"

#define FOLDER "test-corpus/own-formats/"

static const char good[] =
    "[format]\n"
    "name = tiny\n"
    "source = tiny(8)\n"
    "tag = tinyd\n"
    "[pattern \"delivered\"]\n"
    "event = attempt\n"
    "match = ^(?<queue_id>\\S+): to (?<recipient>\\S+), (?<size>\\S+) bytes$\n"
    "outcome = sent\n"
    "[pattern \"idle\"]\n"
    "event = noise\n"
    "match = ^idle # ever so\n"
    "[sample]\n"
    "line = Nov  4 09:29:26 host tinyd[7]: 17: to a@b.c, 5 bytes\n"
    "want = attempt queue_id=17 recipient=a@b.c size=5 outcome=sent\n"
    "[sample]\n"
    "line = Nov  4 09:29:26 host tinyd[7]: idle # ever so\n"
    "want = noise\n";

/* `good` with the first `from` in place of `to`, read. */
static enum mm_status
read_with(const char *from, const char *to, struct mm_own *own,
	  struct mm_err *err)
{
	char path[] = "/tmp/mm-own-XXXXXX";
	const char *at = strstr(good, from);
	int fd = mkstemp(path);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	enum mm_status st;

	assert_non_null(f);
	assert_non_null(at);
	fprintf(f, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
	fclose(f);
	st = mm_own_add(own, path, err);
	unlink(path);
	return st;
}

static void
test_refused(void **state)
{
	static const struct {
		const char *from, *to, *why; /* behind the file's name */
	} cases[] = {
		{ "outcome=sent\n", "outcome=bounced\n",
		  ": line 13: the sample gives `attempt queue_id=17 "
		  "recipient=a@b.c size=5 outcome=sent;`, wanted is `attempt "
		  "queue_id=17 recipient=a@b.c size=5 outcome=bounced;`" },
		{ "<recipient>", "<rcpt>",
		  ": line 7: the group is no field of a record: \"rcpt\"" },
		{ "event = attempt", "event = try",
		  ": line 6: is no event; one of arrival, detail, recipient, "
		  "attempt, expired, notice, held, released, deleted, done, "
		  "reject, daemon, trouble, noise: \"try\"" },
		{ "outcome = sent", "outcome = gone",
		  ": line 8: is no value for this field: \"gone\"" },
		{ "outcome = sent", "colour = red",
		  ": line 8: a pattern has event, match, and fields of a "
		  "record, not this: \"colour\"" },
		{ "match = ^idle", "match = (",
		  ": line 11: pattern \"( # ever so\", character 12: missing "
		  "closing parenthesis: \"idle\"" },
		{ "match = ^idle # ever so", "",
		  ": line 9: the pattern needs an event and a match: "
		  "\"idle\"" },
		{ "[7]: idle", "[7]: 18: to x, 1 bytes",
		  ": line 16: no pattern of its format matches: \"Nov  4 "
		  "09:29:26 host tinyd[7]: 18: to x, 1 bytes # ever so\"" },
		{ "match = ^idle", "match = ^nothing",
		  ": line 16: no pattern of its format matches: \"Nov  4 "
		  "09:29:26 host tinyd[7]: idle # ever so\"" },
		{ "event = noise\n", "event = noise\nsize = 1\n", NULL },
		{ "[sample]\nline = Nov  4 09:29:26 host tinyd[7]: idle # ever "
		  "so\nwant = noise\n",
		  "", ": line 9: no sample matches the pattern: \"idle\"" },
		{ "a@b.c, 5 bytes", "a@b.c, five bytes",
		  ": line 13: a group holds what its field does not take: "
		  "\"Nov  4 09:29:26 host tinyd[7]: 17: to a@b.c, five "
		  "bytes\"" },
		{ "host tinyd[7]: 17", "host other[7]: 17",
		  ": line 13: the sample is not of this format by tag or "
		  "claim: \"Nov  4 09:29:26 host other[7]: 17: to a@b.c, 5 "
		  "bytes\"" },
		{ "tag = tinyd\n", "",
		  ": [format] needs a name, a source (where the lines are "
		  "documented) and a tag or a claim" },
		{ "source = tiny(8)\n", "",
		  ": [format] needs a name, a source (where the lines are "
		  "documented) and a tag or a claim" },
		{ "[format]\n", "[formats]\n",
		  ": line 1: a format has [format], [pattern \"...\"], "
		  "[sample]: \"formats\"" },
		{ "[format]\n", "x = 1\n[format]\n",
		  ": line 1: stands before any section: \"x\"" },
	};

	(void)state;
	for (size_t i = 0; i < MM_COUNT(cases); i++) {
		struct mm_own *own = mm_own_new(NULL);
		struct mm_err err = { 0 };
		enum mm_status st =
		    read_with(cases[i].from, cases[i].to, own, &err);

		if (cases[i].why == NULL) {
			assert_int_equal(st, MM_OK);
		} else {
			assert_int_equal(st, MM_EFORMAT);
			assert_non_null(strchr(err.text, ':'));
			assert_string_equal(strchr(err.text, ':'),
					    cases[i].why);
		}
		mm_own_free(own);
	}
}

static void
test_no_samples(void **state)
{
	struct mm_own *own = mm_own_new(NULL);
	struct mm_err err;
	const char *samples = strstr(good, "[sample]");

	(void)state;
	assert_int_equal(read_with(samples, "", own, &err), MM_EFORMAT);
	assert_non_null(
	    strstr(err.text, ": a format needs a [sample] for each pattern"));
	mm_own_free(own);
}

static void
count(void *ctx, const struct mm_record *r)
{
	assert_int_equal(r->mta, MM_MTA_OWN);
	assert_true(mm_str_is(r->instance, "tiny"));
	++*(int *)ctx;
}

/* Before the built-in formats, only for lines of its own; a pattern that runs
 * away is no match. */
static void
test_lines(void **state)
{
	static const struct {
		const char *tag, *text;
		enum mm_verdict want;
		int n_records;
	} cases[] = {
		{ "tinyd", "9: to x@y, 7 bytes", MM_LINE_RECORD, 1 },
		{ "tinyd", "idle # ever so", MM_LINE_NOISE, 0 },
		{ "tinyd", "what", MM_LINE_MALFORMED, 0 },
		{ "tinyd", "9: to x@y, no bytes", MM_LINE_MALFORMED, 0 },
		{ "other", "9: to x@y, 7 bytes", MM_LINE_FOREIGN, 0 },
	};
	struct mm_own *own = mm_own_new(NULL);
	struct mm_err err;

	(void)state;
	assert_int_equal(read_with("tiny\n", "tiny\n", own, &err), MM_OK);
	for (size_t i = 0; i < MM_COUNT(cases); i++) {
		struct mm_line line = { .tag = mm_str_z(cases[i].tag),
					.text = mm_str_z(cases[i].text),
					.repeats = 1 };
		int n = 0;
		struct mm_emit emit = { count, &n, NULL };

		assert_int_equal(mm_logs_parse(own, &line, &emit),
				 cases[i].want);
		assert_int_equal(n, cases[i].n_records);
		assert_int_equal(emit.why != NULL,
				 cases[i].want == MM_LINE_MALFORMED);
	}
	mm_own_free(own);
}

static void
test_corpus(void **state)
{
	DIR *d = opendir(FOLDER);
	struct dirent *e;
	size_t n = 0;

	(void)state;
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		struct mm_own *own;
		struct mm_err err = { 0 };
		char path[512];

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), FOLDER "%s", e->d_name);
		own = mm_own_new(NULL);
		if (mm_own_add(own, path, &err) != MM_OK)
			fail_msg("%s", err.text);
		mm_own_free(own);
		n++;
	}
	(void)closedir(d);
	assert_true(n >= 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_samples),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
