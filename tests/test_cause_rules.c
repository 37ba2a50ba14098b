/* The built-in rules of causes: each decides its samples, none stands in the
 * shadow of another. The samples stand under the rows of rules.tsv. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/cause/check.h"
#include "analyze/cause/rules.h"
#include "formats/base/buf.h"

static struct mm_rules *
built_in(void)
{
	struct mm_err err = { 0 };
	struct mm_rules *r = mm_rules_open(NULL, &err);

	if (r == NULL)
		fail_msg("%s", err.text);
	return r;
}

static void
show_fault(void *ctx, const struct mm_rule *rule, size_t line, const char *what)
{
	(void)ctx;
	print_error("line %zu: %s: %s\n", line, rule->id, what);
}

/* Unique ids, each row decides its samples and fits none of the others. */
static void
test_samples(void **state)
{
	struct mm_rules *r = built_in();

	(void)state;
	assert_true(mm_rules_n_samples(r) > mm_rules_count(r));
	assert_int_equal(mm_rules_check(r, show_fault, NULL), 0);
	mm_rules_free(r);
}

static void
add_fault(void *ctx, const struct mm_rule *rule, size_t line, const char *what)
{
	mm_buf_addf(ctx, "%zu %s: %s\n", line, rule->id, what);
}

/* The faults of a user's file, each seen. */
static void
test_check(void **state)
{
	static const char own[] =
	    "a\t*\t550\t*\t*\tno such (?:user|mailbox)\tblock_ip\tours\n"
	    "+\t*\t550\t*\t*\tno such user\n"
	    "-\t*\t450\t*\t*\tno such user\n"
	    "b\t*\t*\t*\t*\tsuch user\tblock_ip\tours\n"
	    "+\t*\t550\t5.1.1\trcpt\tno such user\n"
	    "-\t*\t450\t*\t*\tno such user\n"
	    "a\t*\t*\t*\t*\t[ab]x\tblock_ip\tours\n"
	    "+\t*\t*\t*\t*\tcx\n";
	static const char want[] =
	    "7 a: this id is used twice\n"
	    "7 a: no text of three characters is needed for a match, so every "
	    "reply is tried\n"
	    "5 b: this sample is decided by a\n"
	    "6 b: this row must not fit the sample\n"
	    "8 a: this sample is decided by no row\n"
	    "4 b: an earlier row stands before all its samples\n"
	    "7 a: an earlier row stands before all its samples\n";
	struct mm_err err = { 0 };
	struct mm_rules *r = mm_rules_new(mm_str_z(own), "own", &err);
	struct mm_buf got;

	(void)state;
	assert_non_null(r);
	mm_buf_init(&got, 4096);
	assert_int_equal(mm_rules_check(r, add_fault, &got), 7);
	assert_string_equal(got.p, want);
	mm_buf_fini(&got);
	mm_rules_free(r);
}

/* Words that say nothing: an honest "unknown". */
static void
test_nothing_said(void **state)
{
	const struct mm_refusal cases[] = {
		{ .code = 550,
		  .enhanced = MM_STR("5.0.0"),
		  .text = MM_STR("Requested action not taken") },
		{ .code = 550, .text = MM_STR("Rejected") },
		{ .code = 554, .text = MM_STR("Transaction failed") },
		{ .code = 550, .text = MM_STR("Message refused") },
		{ .code = 550, .text = MM_STR("Won't accept this email") },
		{ 0 },
	};
	struct mm_rules *r = built_in();

	(void)state;
	for (size_t i = 0; i < MM_COUNT(cases); i++)
		assert_null(mm_rules_classify(r, &cases[i]).rule);
	mm_rules_free(r);
}

static void
test_rows(void **state)
{
	struct mm_rules *r = built_in();
	const struct mm_causes *c = mm_rules_causes(r);
	struct mm_err err = { 0 };

	(void)state;
	if (mm_rules_compile(r, &err) != MM_OK)
		fail_msg("%s", err.text);
	assert_true(mm_rules_count(r) > 200);
	for (size_t i = 0; i < mm_rules_count(r); i++) {
		const struct mm_rule *row = mm_rules_get(r, i);

		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(mm_rules_get(r, k)->id,
						row->id);
		assert_true(row->note.n > 0);
		if (row->always)
			fail_msg("%s: tried on every text", row->id);
	}
	for (size_t i = 0; i < mm_causes_count(c); i++) {
		struct mm_advice a = mm_causes_advice(c, i, NULL);

		assert_non_null(a.waiting);
		assert_non_null(a.fix);
		assert_non_null(a.avoid);
	}
	mm_rules_free(r);
}

static void
test_user_rules(void **state)
{
	static const char own[] =
	    "mine\tgoogle\t550\t5.1.1\trcpt\tno such (?:user|"
	    "mailbox)\tblock_ip\tours\n";
	struct mm_err err = { 0 };
	struct mm_rules *r = mm_rules_new(mm_str_z(own), "own", &err);
	struct mm_refusal f = { .op = "google",
				.code = 550,
				.enhanced = MM_STR("5.1.1"),
				.stage = MM_STAGE_RCPT,
				.text = MM_STR("No  Such\nMAILBOX") };

	(void)state;
	assert_non_null(r);
	assert_string_equal(mm_rules_classify(r, &f).rule, "mine");
	f.op = "yahoo";
	assert_string_not_equal(mm_rules_classify(r, &f).rule, "mine");
	f.op = "google";
	f.stage = MM_STAGE_EOD;
	assert_string_not_equal(mm_rules_classify(r, &f).rule, "mine");
	mm_rules_free(r);
}

static void
test_bad_rules(void **state)
{
	static const struct {
		const char *row, *why;
	} cases[] = {
		{ "a\tb\n", "own:1: 2 cells" },
		{ "+\t*\t*\t*\t*\tx\n", "own:1: a sample without a row" },
		{ "+\tx\n", "own:1: 2 cells between tabs, a sample" },
		{ "a\t*\t*\t*\t*\t*\tnonesuch\tx\n", "no cause \"nonesuch\"" },
		{ "a\t*\t9x\t*\t*\t*\tunknown\tx\n", "\"9x\"" },
		{ "a\t*\t*\t5.x.1\t*\t*\tunknown\tx\n", "\"5.x.1\"" },
		{ "a\t*\t*\t*\tlunch\t*\tunknown\tx\n", "\"lunch\"" },
		{ "#\n\na\t*\t*\t*\t*\t(\tunknown\tx\n", "own:3: pattern" },
	};

	(void)state;
	for (size_t i = 0; i < MM_COUNT(cases); i++) {
		struct mm_err err = { 0 };

		assert_null(mm_rules_new(mm_str_z(cases[i].row), "own", &err));
		if (strstr(err.text, cases[i].why) == NULL)
			fail_msg("%s", err.text);
	}
}

/* A whole reason, taken apart first. */
static void
test_reasons(void **state)
{
	static const struct {
		const char *reason, *want;
	} cases[] = {
		{ "host mx[192.0.2.1] said: 550-5.1.1 No 550 5.1.1 such user "
		  "(in reply to RCPT TO command)",
		  "recipient_unknown" },
		{ "delivery temporarily suspended: host mx[192.0.2.1] refused "
		  "to talk to me: 554 5.7.1 blocked using zen.spamhaus.org",
		  "block_dnsbl" },
		{ "SMTP error from remote mail server after end of data: "
		  "554-Sorry,\\n554 spam detected",
		  "content_spam" },
		{ "Deferred: Connection timed out with mx.example.org.",
		  "net_unreachable" },
		{ "", "unknown" },
	};
	struct mm_buf fold;
	struct mm_rules *r = built_in();

	mm_buf_init(&fold, 4096);
	(void)state;
	for (size_t i = 0; i < MM_COUNT(cases); i++) {
		struct mm_reply reply;
		struct mm_refusal refusal;
		struct mm_ruling got;

		mm_reply_parse(mm_str_z(cases[i].reason), &fold, &reply);
		refusal = (struct mm_refusal){ .code = reply.code,
					       .enhanced = reply.enhanced,
					       .stage = reply.stage,
					       .text = reply.text };
		got = mm_rules_classify(r, &refusal);
		assert_string_equal(
		    mm_causes_get(mm_rules_causes(r), got.cause)->name,
		    cases[i].want);
	}
	mm_buf_fini(&fold);
	mm_rules_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_nothing_said),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_user_rules),
		cmocka_unit_test(test_bad_rules),
		cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
