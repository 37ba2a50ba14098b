/* The built-in rules of causes: each decides its samples, none stands in the
 * shadow of another. The samples say what is wanted; test-corpus/replies/. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/cause/rules.h"
#include "analyze/cause/tsv.h"
#include "formats/base/arena.h"

#define SAMPLES "test-corpus/replies/samples.tsv"

static struct mm_str
read_whole(const char *path, char **bytes)
{
	FILE *f = fopen(path, "rb");
	size_t n = 0, got;

	assert_non_null(f);
	*bytes = malloc(1 << 20);
	assert_non_null(*bytes);
	while ((got = fread(*bytes + n, 1, (1 << 20) - n, f)) > 0)
		n += got;
	(void)fclose(f);
	return (struct mm_str){ *bytes, n };
}

static struct mm_rules *
built_in(void)
{
	struct mm_err err = { 0 };
	struct mm_rules *r = mm_rules_open(NULL, &err);

	if (r == NULL)
		fail_msg("%s", err.text);
	return r;
}

struct sample {
	struct mm_str rule, cause;
	struct mm_refusal refusal;
};

static void
fill(struct sample *s, const struct mm_str *cell, struct mm_arena *a)
{
	uint64_t code = 0;

	(void)mm_str_to_u64(cell[3], &code);
	*s = (struct sample){
		.rule = cell[0],
		.cause = cell[1],
		.refusal = { .op = cell[2].n > 0 ? mm_arena_str(a, cell[2]).p
						 : NULL,
			     .code = (int)code,
			     .enhanced =
				 cell[4].n > 0 ? cell[4] : MM_STR_ABSENT,
			     .stage = mm_stage_of(cell[5]),
			     .text = cell[6] },
	};
}

static size_t
index_of(const struct mm_rules *r, struct mm_str id)
{
	for (size_t i = 0; i < mm_rules_count(r); i++)
		if (mm_str_is(id, mm_rules_get(r, i)->id))
			return i;
	fail_msg("no rule %.*s", MM_STR_ARG(id));
	return 0;
}

static void
test_samples(void **state)
{
	struct mm_rules *r = built_in();
	struct mm_arena a;
	char *bytes;
	struct mm_tsv t = { .rest = read_whole(SAMPLES, &bytes) };
	bool *decides = calloc(mm_rules_count(r), sizeof(*decides));
	struct mm_str cell[7];
	struct sample s;
	size_t n_wrong = 0;

	(void)state;
	mm_arena_init(&a);
	assert_non_null(decides);
	while (mm_tsv_next(&t, cell, 7) > 0) {
		struct mm_ruling got;

		fill(&s, cell, &a);
		if (mm_str_skip(&s.rule, "!")) {
			if (!mm_rules_fits(r, index_of(r, s.rule), &s.refusal))
				continue;
			print_error("line %zu: %.*s must not fit\n", t.line,
				    MM_STR_ARG(s.rule));
			n_wrong++;
			continue;
		}
		got = mm_rules_classify(r, &s.refusal);
		if (!mm_str_is(s.rule, got.rule != NULL ? got.rule : "none") ||
		    !mm_str_is(
			s.cause,
			mm_causes_get(mm_rules_causes(r), got.cause)->name)) {
			print_error("line %zu: want %.*s, got %s\n", t.line,
				    MM_STR_ARG(s.rule),
				    got.rule != NULL ? got.rule : "none");
			n_wrong++;
		} else if (got.rule != NULL) {
			decides[index_of(r, s.rule)] = true;
		}
	}
	for (size_t i = 0; i < mm_rules_count(r); i++) {
		if (decides[i])
			continue;
		print_error("%s: decides no sample\n", mm_rules_get(r, i)->id);
		n_wrong++;
	}
	assert_int_equal(n_wrong, 0);
	free(decides);
	free(bytes);
	mm_arena_fini(&a);
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
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_user_rules),
		cmocka_unit_test(test_bad_rules),
		cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
