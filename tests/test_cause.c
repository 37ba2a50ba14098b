/* What the rules of causes stand on: literals of patterns, the sieve, the
 * conditions on codes, operators of hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/cause/condition.h"
#include "analyze/cause/literal.h"
#include "analyze/cause/operator.h"
#include "analyze/cause/sieve.h"
#include "analyze/cause/tsv.h"
#include "formats/base/buf.h"

/* Wanted by hand: a text that every match must hold, "" where there is none;
 * "=" before it where finding it is the match. */
static const struct {
	const char *pattern, *want;
} literals[] = {
	{ "no such user", "=no such user" },
	{ "a\\.b\\.c", "=a.b.c" },
	{ "No Such", "=no such" },
	{ "\\bspf\\b", "spf" },
	{ "^helo", "helo" },
	{ "colou?r of it", "r of it" },
	{ "(?:user|mailbox) (?:unknown|invalid)", "unknown,invalid" },
	{ "ab(?:cde|fgh)*xyz", "xyz" },
	{ "ab+cd", "" },
	{ "abc+d", "abc" },
	{ "abc{2}d", "abc" },
	{ "abcd{0,3}", "abc" },
	{ "(?!not this)these words", "these words" },
	{ "(?<!un)known as", "known as" },
	{ "x[a-z]yes", "yes" },
	{ "x[]a]yes", "yes" },
	{ "cat|doggy", "cat,doggy" },
	{ "ca|doggy", "" },
	{ "(?:cat|do)ggy", "ggy" },
	{ ".*", "" },
	{ "\\d+ hours", " hours" },
	{ "(?i)words", "" },
	{ "a(bcd", "" },
	{ "", "" },
};

static void
test_literals(void **state)
{
	struct mm_str list[MM_LITERAL_MAX];
	struct mm_arena a;
	struct mm_buf got;

	(void)state;
	mm_arena_init(&a);
	mm_buf_init(&got, 4096);
	for (size_t i = 0; i < MM_COUNT(literals); i++) {
		bool exact;
		size_t n = mm_literals(mm_str_z(literals[i].pattern), &a, list,
				       &exact);

		print_message("  %s\n", literals[i].pattern);
		mm_buf_clear(&got);
		if (exact)
			mm_buf_addc(&got, '=');
		for (size_t k = 0; k < n; k++) {
			if (k > 0)
				mm_buf_addc(&got, ',');
			mm_buf_adds(&got, list[k]);
		}
		assert_string_equal(got.p, literals[i].want);
	}
	mm_buf_fini(&got);
	mm_arena_fini(&a);
}

static void
test_alternatives(void **state)
{
	static const struct {
		const char *pattern, *want;
	} cases[] = {
		{ "a|b", "<a><b>" },
		{ "a|(?:b|c)d|e", "<a><(?:b|c)d><e>" },
		{ "a\\|b|c", "<a\\|b><c>" },
		{ "[|]|b", "<[|]><b>" },
		{ "[]|]|b", "<[]|]><b>" },
		{ "[^]|]|b", "<[^]|]><b>" },
		{ "(?i)a|b", "<(?i)a|b>" },
		{ "a|", "<a><>" },
		{ "(a|b", "<(a|b>" },
	};
	struct mm_buf got;

	(void)state;
	mm_buf_init(&got, 4096);
	for (size_t i = 0; i < MM_COUNT(cases); i++) {
		struct mm_str rest = mm_str_z(cases[i].pattern), part;

		mm_buf_clear(&got);
		while (mm_pattern_next(&rest, &part))
			mm_buf_addf(&got, "<%.*s>", MM_STR_ARG(part));
		assert_string_equal(got.p, cases[i].want);
	}
	mm_buf_fini(&got);
}

static void
test_sieve(void **state)
{
	static const char *const words[] = { "user", "unknown", "known", "use",
					     "user" };
	static const struct {
		const char *text;
		uint64_t want; /* a bit a word */
	} cases[] = {
		{ "user unknown", 0x1f },
		{ "known", 0x04 },
		{ "us", 0 },
		{ "", 0 },
		{ "a muse", 0x08 },
		{ "unknow", 0 },
	};
	struct mm_sieve *s = mm_sieve_new();

	(void)state;
	for (size_t i = 0; i < MM_COUNT(words); i++)
		mm_sieve_add(s, mm_str_z(words[i]), i);
	mm_sieve_seal(s);
	for (size_t i = 0; i < MM_COUNT(cases); i++) {
		uint64_t bits = 0;

		mm_sieve_pass(s, mm_str_z(cases[i].text), &bits);
		assert_int_equal(bits, cases[i].want);
	}
	mm_sieve_free(s);
	s = mm_sieve_new();
	mm_sieve_seal(s);
	mm_sieve_pass(s, MM_STR("nothing to look for"), NULL);
	mm_sieve_free(s);
}

static void
test_conditions(void **state)
{
	static const struct {
		const char *codes, *statuses, *stages;
		int code;
		const char *status;
		enum mm_stage stage;
		bool want;
	} cases[] = {
		{ "*", "*", "*", 0, "", MM_STAGE_NONE, true },
		{ "-", "*", "*", 0, "", MM_STAGE_NONE, true },
		{ "-", "*", "*", 550, "", MM_STAGE_NONE, false },
		{ "5", "*", "*", 599, "", MM_STAGE_NONE, true },
		{ "5", "*", "*", 499, "", MM_STAGE_NONE, false },
		{ "45,550", "*", "*", 451, "", MM_STAGE_NONE, true },
		{ "45,550", "*", "*", 551, "", MM_STAGE_NONE, false },
		{ "*", "-", "*", 550, "", MM_STAGE_NONE, true },
		{ "*", "-", "*", 550, "5.1.1", MM_STAGE_NONE, false },
		{ "*", "x.1.1", "*", 450, "4.1.1", MM_STAGE_NONE, true },
		{ "*", "5.1.1", "*", 450, "4.1.1", MM_STAGE_NONE, false },
		{ "*", "5.7.600-649", "*", 550, "5.7.606", MM_STAGE_NONE,
		  true },
		{ "*", "5.7.600-649", "*", 550, "5.7.60", MM_STAGE_NONE,
		  false },
		{ "*", "x.6.*", "*", 554, "5.6.9", MM_STAGE_NONE, true },
		{ "*", "x.*.1", "*", 554, "5.6.1", MM_STAGE_NONE, true },
		{ "*", "x.1.1", "*", 550, "5.1.1.1", MM_STAGE_NONE, false },
		{ "*", "*", "rcpt,eod", 550, "", MM_STAGE_EOD, true },
		{ "*", "*", "rcpt,eod", 550, "", MM_STAGE_NONE, false },
	};

	(void)state;
	for (size_t i = 0; i < MM_COUNT(cases); i++) {
		struct mm_condition c;
		struct mm_status_range status =
		    mm_status_read(mm_str_z(cases[i].status));
		struct mm_str wrong;

		assert_true(mm_condition_read(
		    &c, mm_str_z(cases[i].codes), mm_str_z(cases[i].statuses),
		    mm_str_z(cases[i].stages), &wrong));
		if (mm_condition_fits(&c, cases[i].code, &status,
				      cases[i].stage) != cases[i].want)
			fail_msg("%s %s %s", cases[i].codes, cases[i].statuses,
				 cases[i].stages);
	}
}

/* MX names as the providers publish them for their own domains. */
static void
test_operators(void **state)
{
	static const struct {
		const char *host, *want;
	} cases[] = {
		{ "aspmx.l.google.com", "google" },
		{ "ALT1.GMAIL-SMTP-IN.L.GOOGLE.COM.", "google" },
		{ "example-org.mail.protection.outlook.com", "microsoft365" },
		{ "hotmail-com.olc.protection.outlook.com", "outlook" },
		{ "mta5.am0.yahoodns.net", "yahoo" },
		{ "mx01.mail.icloud.com", "apple" },
		{ "mx1.comcast.net", "comcast" },
		{ "mx00.emig.gmx.net", "gmx" },
		{ "mx00.t-online.de", "t-online" },
		{ "smtp-in.orange.fr", "orange" },
		{ "eu-smtp-inbound-1.mimecast.com", "mimecast" },
		{ "mxa-0012ab01.gslb.pphosted.com", "proofpoint" },
		{ "d1.a.ess.de.barracudanetworks.com", "barracuda" },
		{ "mx1.hc1-1.iphmx.com", "cisco" },
		{ "cluster1.eu.messagelabs.com", "broadcom" },
		{ "mxs.mail.ru", "mail.ru" },
		{ "mx.yandex.ru", "yandex" },
		{ "mx1.qq.com", "qq" },
		{ "163mx01.mxmail.netease.com", "netease" },
		{ "in1-smtp.messagingengine.com", "fastmail" },
		{ "mail.protonmail.ch", "proton" },
		{ "google.com", "google" },
		{ "notgoogle.com", NULL },
		{ "google.com.example.org", NULL },
		{ "mx.example.org", NULL },
		{ "", NULL },
		{ ".", NULL },
	};
	struct mm_err err = { 0 };
	struct mm_operators *o = mm_operators_new(&err);

	(void)state;
	assert_non_null(o);
	for (size_t i = 0; i < MM_COUNT(cases); i++) {
		const char *got = mm_operator_of(o, mm_str_z(cases[i].host));

		if (cases[i].want == NULL)
			assert_null(got);
		else
			assert_string_equal(got, cases[i].want);
	}
	assert_null(mm_operator_of(o, MM_STR_ABSENT));
	assert_string_equal(mm_operator_of_text(o, MM_STR("No. x1si2 - GSMTP")),
			    "google");
	assert_null(mm_operator_of_text(o, MM_STR("no such user")));
	assert_string_equal(mm_operator_title(o, "google"), "Google");
	assert_string_equal(mm_operator_title(o, "nobody"), "nobody");
	mm_operators_free(o);
}

static void
test_tsv(void **state)
{
	struct mm_tsv t = { .rest = MM_STR("# no\n\na\tb\r\nc\n\td\te") };
	struct mm_str cell[2];

	(void)state;
	assert_int_equal(mm_tsv_next(&t, cell, 2), 2);
	assert_int_equal(t.line, 3);
	assert_true(mm_str_is(cell[1], "b"));
	assert_int_equal(mm_tsv_next(&t, cell, 2), 1);
	assert_null(cell[1].p);
	assert_int_equal(mm_tsv_next(&t, cell, 2), 3);
	assert_int_equal(cell[0].n, 0);
	assert_int_equal(mm_tsv_next(&t, cell, 2), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_alternatives),
		cmocka_unit_test(test_sieve),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_operators),
		cmocka_unit_test(test_tsv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
