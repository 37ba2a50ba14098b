/* The report of a case that was made row by row: what the head answers, and
 * that every part of the case has its place. Expected texts by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "reports/cmd_report_case.h"
#include "reports/cmd_report_replay.h"
#include "reports/verbs.h"

/* 2026-11-22T05:00:00Z; 421 is said to three of four, one recovers. */
#define AT(s) "1795323600000000 + 1000000 * " #s

/* clang-format off */
static const char rows[] =
    "INSERT INTO meta VALUES('incidents', 'searched');"
    "INSERT INTO file(id, name, bytes, kind, lines, records, noise,"
    " foreign_lines, malformed, duplicate_lines, first_us, last_us) VALUES"
    " (1, 'mail.log', 5000, 'log', 100, 89, 10, 0, 1, 0,"
    " " AT(0) ", " AT(3600) ");"
    "INSERT INTO unknown_shape VALUES (1, 'odd *', 'no parser', 1, 9,"
    " 'odd <b>line</b>');"
    "INSERT INTO origin VALUES (1, 'mx1.example.org', 'postfix', 'postfix');"
    "INSERT INTO name VALUES (1, 'big.example'), (2, 'example.org');"
    "INSERT INTO address VALUES (1, 'news@example.org', 2),"
    " (2, 'a@big.example', 1), (3, 'b@big.example', 1);"
    "INSERT INTO relay VALUES (1, 'mx.big.example', '192.0.2.1', 25, 'google');"
    "INSERT INTO reply(id, shape, operator, code, enhanced, stage, cause,"
    " rule, sample) VALUES (1, '250 ok', 'google', 250, NULL, 0, NULL, NULL,"
    " '250 ok'), (2, '421 4.7.0 slow down', 'google', 421, '4.7.0', 0,"
    " 'throttle_rate', 'big-1', '421 4.7.0 slow down <b>');"
    "INSERT INTO message(id, origin, queue_id, sender, arrived_us, flags,"
    " file, line) VALUES (1, 1, '4bX1', 1, " AT(0) ", 0, 1, 1);"
    "INSERT INTO recipient(id, message, address, final, final_us, reply,"
    " relay, attempts) VALUES (1, 1, 2, 1, " AT(1800) ", 1, 1, 2),"
    " (2, 1, 3, 4, NULL, 2, 1, 2);"
    "INSERT INTO attempt(recipient, t_us, relay, reply, outcome, flags,"
    " file, line) VALUES (1, " AT(60) ", 1, 2, 2, 1, 1, 2),"
    " (1, " AT(1800) ", 1, 1, 1, 1, 1, 3),"
    " (2, " AT(61) ", 1, 2, 2, 1, 1, 4),"
    " (2, " AT(1801) ", 1, 2, 2, 1, 1, 5);"
    "INSERT INTO snapshot(id, name, mta, kind, taken_us) VALUES"
    " (1, 'mailq', 'postfix', 'list', " AT(3600) ");"
    "INSERT INTO entry(id, snapshot, queue_id, arrived_us) VALUES"
    " (1, 1, '4bX1', " AT(0) ");"
    "INSERT INTO waiting(entry, recipient, done) VALUES"
    " (1, 'b@big.example', 0);";

static const char incidents[] =
    "INSERT INTO incident(kind, target, also, host, start_us, end_us,"
    " peak_us, cause, side, confidence, messages, recipients,"
    " attempts_failed, expired, trigger, evidence, story) VALUES"
    " ('throttle', 'google', '[\"mx.big.example\"]', 'mx1.example.org',"
    " " AT(60) ", " AT(1800) ", " AT(90) ", 'throttle_rate: 421 4.7.0 slow down <b>', 'receiver',"
    " 0.9, 1, 2, 3, 0, 'news@example.org began to send',"
    " '[\"mail.log:2\",\"mail.log:4\",\"gone.log:1\"]',"
    " 'The rate was cut.'),"
    " ('local-stop', 'local', '[]', 'mx1.example.org', " AT(3000) ", NULL,"
    " NULL, NULL, 'own', 0.5, 0, 0, 0, 0, NULL, '[]', NULL)";
/* clang-format on */

/* Of two policies, as CONTRACT gives it. */
static const char replay_json[] =
    "{\"policies\":[{\"name\":\"slow <i>\",\"about\":\"20 a minute\","
    "\"metrics\":{\"t99_s\":{\"mean\":7200,\"lo\":7000,\"hi\":7400},"
    "\"deferral_ratio\":{\"mean\":0.25,\"lo\":0.2,\"hi\":0.3}},"
    "\"series\":[{\"t\":1795327200,\"backlog\":90,\"reputation\":1},"
    "{\"t\":1795330800.5,\"backlog\":40,\"reputation\":0.5}]},"
    "{\"name\":\"flush\",\"metrics\":{},\"series\":["
    "{\"t\":1795327200,\"backlog\":90,\"reputation\":null}]}],"
    "\"assumptions\":[\"receivers as published\"],\"seed\":7,\"at\":1795327200,"
    "\"backlog\":90}";

static struct mm_report *
make(const char *more, const char *replay)
{
	struct mm_err err;
	struct mm_store *s = mm_store_create(NULL, &err);
	struct mm_report *r;

	assert_non_null(s);
	if (mm_store_exec(s, rows, &err) != MM_OK ||
	    mm_store_exec(s, more, &err) != MM_OK)
		fail_msg("%s", err.text);
	r = mm_report_of_case(s, replay, &err);
	if (r == NULL)
		fail_msg("%s", err.text);
	mm_store_close(s);
	return r;
}

static void
check(const struct mm_buf *b, const char *const *want, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strstr(b->p, want[i]) == NULL)
			fail_msg("not there: %s\nin: %s", want[i], b->p);
}

static void
test_text(void **state)
{
	static const char *const want[] = {
		"\nThrottle: Google\n================\n\n"
		"Over since 2026-11-22 05:30:00 UTC, others were open\n",
		"Hosts                 mx1.example.org\n",
		"Recipients            2\n",
		"Delivered             50.0 %\n",
		"Lines not understood  1.0 %\n",
		"\nWhat happened\n"
		"  Google limited the rate of our mail for 29 min. Also: "
		"Standstill at server\n  mx1.example.org (0 recipients).\n",
		"\nWhen\n"
		"  From 2026-11-22 05:01:00 to 05:30:00 UTC, worst at "
		"05:01:30.\n",
		"\nWho was hit\n"
		"  2 recipients of 1 message. 3 attempts failed.\n",
		"\nWhy\n  Too many messages in a time from this address, "
		"domain "
		"or account\n  (throttle_rate). Side: receiver. Likely "
		"trigger: "
		"news@example.org began to\n  send.\n",
		"\n  > 421 4.7.0 slow down <b>\n",
		"\nIs it over\n"
		"  Yes, since 2026-11-22 05:30:00 UTC. 1 other incident had no "
		"end in the logs.\n"
		"  1 recipient still waited at the end of the logs.\n",
		"\ni1 Throttle: Google\n",
		"\nWhat to do\n  Lower messages an hour to this operator;",
		"\n 1. Google (i1, throttle_rate): Lower messages an hour",
		"\nThe rate was cut.\n",
		"\nIt concerns mx.big.example.\n",
		"\nLikely trigger: news@example.org began to send.\n",
		"  mail.log:2  2026-11-22T05:01:00Z 4bX1: to=<a@big.example>, "
		"relay=mx.big.example, deferred (421 4.7.0 slow down)\n",
		"  gone.log:1  \n",
		"\ni2 Standstill: server mx1.example.org\n",
		"\nTOTAL            1      0   0",
		"odd <b>line</b>  mail.log:9",
	};
	struct mm_report *r = make(incidents, NULL);
	struct mm_buf b;

	(void)state;
	mm_buf_init(&b, 1 << 20);
	mm_report_text(r, 0, false, &b);
	check(&b, want, MM_COUNT(want));
	mm_buf_fini(&b);
	mm_report_free(r);
}

/* Each place that is linked to is there. */
static void
check_links(const struct mm_buf *b)
{
	const char *end = strstr(b->p, "<script>");
	char want[100];
	size_t n = 0;

	for (const char *p = b->p;
	     (p = strstr(p, "href=\"#")) != NULL && p < end; n++) {
		p += 7;
		(void)snprintf(want, sizeof(want), " id=\"%.*s\"",
			       (int)strcspn(p, "\""), p);
		if (strstr(b->p, want) == NULL)
			fail_msg("no place for %s", want);
	}
	assert_true(n > 10);
}

static void
test_html(void **state)
{
	static const char *const want[] = {
		"<p class=\"verdict warn\">Over since",
		"<blockquote>421 4.7.0 slow down &lt;b&gt;</blockquote>",
		"<td><a href=\"#i1\">i1</a></td><td class=\"u\">-</td>"
		"<td>Throttle</td>",
		"<h3 id=\"i2\">i2 Standstill: server mx1.example.org</h3>",
		"data-from=\"1795323660\" data-to=\"1795325400\"><a "
		"href=\"#i1\">i1 Throttle: Google</a>",
		"<details class=\"evidence\" id=\"i1-evidence\"><summary>"
		"Evidence <small>3 lines</small></summary>",
		"odd &lt;b&gt;line&lt;/b&gt;",
	};
	struct mm_report *r = make(incidents, NULL);
	struct mm_buf b;

	(void)state;
	mm_buf_init(&b, 1 << 20);
	mm_report_html(r, &b);
	check(&b, want, MM_COUNT(want));
	check_links(&b);
	mm_buf_fini(&b);
	mm_report_free(r);
}

static void
test_quiet(void **state)
{
	static const char *const want[] = {
		"\nNo incident found\n",
		("Nothing in these logs stands out as an incident. 1 recipient "
		 "waited"),
		"\nIncidents\n---------\n\nNone was found.\n",
	};
	struct mm_report *r = make("SELECT 1", NULL);
	struct mm_buf b;

	(void)state;
	mm_buf_init(&b, 1 << 20);
	mm_report_text(r, 0, false, &b);
	check(&b, want, MM_COUNT(want));
	mm_buf_fini(&b);
	mm_report_free(r);
}

static void
test_replay(void **state)
{
	static const char *const want[] = {
		"\nWays to resume\n--------------\n",
		"Messages waiting  90\n",
		"Seed              7\n",
		"slow <i>  20 a minute",
		"         2 h ",
		"  25.0 %  ",
		"  slow <i>  \xe2\x96\x88\xe2\x96\x84  most 90\n",
		"  flush     \xe2\x96\x88   most 90\n",
		"\nreceivers as published\n",
	};
	static const char *const bad[] = { "not JSON", "", "{}",
					   "{\"policies\":[]}", "[1]" };
	char path[] = "/tmp/test_report_case.XXXXXX";
	int fd = mkstemp(path);
	struct mm_report *r;
	struct mm_buf b;

	(void)state;
	assert_int_equal(write(fd, replay_json, sizeof(replay_json) - 1),
			 sizeof(replay_json) - 1);
	assert_int_equal(close(fd), 0);
	r = make(incidents, path);
	assert_int_equal(unlink(path), 0);
	mm_buf_init(&b, 1 << 20);
	mm_report_text(r, 200, false, &b);
	check(&b, want, MM_COUNT(want));
	mm_buf_clear(&b);
	mm_report_html(r, &b);
	check_links(&b);
	mm_buf_fini(&b);
	for (size_t i = 0; i < MM_COUNT(bad); i++) {
		struct mm_err err = { 0 };

		assert_int_equal(
		    mm_report_replay(r, mm_str_z(bad[i]), "f.json", &err),
		    MM_EFORMAT);
		print_message("  %s\n", err.text);
		assert_non_null(strstr(err.text, "f.json: no result of"));
	}
	mm_report_free(r);
}

/* The verb: forms by suffix, several at once, nothing over the case. */
static void
test_verb(void **state)
{
	static const struct {
		const char *option, *name, *begins;
	} forms[] = {
		{ "-o", "a.html", "<!DOCTYPE html>" },
		{ "-o", "a.MD", "# What happened to the mail\n" },
		{ "-o", "a.json", "{\"table\":\"files\"," },
		{ "-o", "a.txt", "\nWhat happened to the mail\n====" },
		{ "--html", "a", "<!DOCTYPE html>" },
		{ "--markdown", "a", "# What happened" },
	};
	char folder[] = "/tmp/test_report_case.XXXXXX", path[80], out[80];
	struct mm_err err;
	struct mm_store *s;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/case.mm", folder);
	s = mm_store_create(path, &err);
	assert_non_null(s);
	assert_int_equal(mm_store_exec(s,
				       "INSERT INTO file(id, name) VALUES"
				       " (1, 'log')",
				       &err),
			 MM_OK);
	assert_int_equal(mm_store_commit(s, &err), MM_OK);
	mm_store_close(s);
	for (size_t i = 0; i < MM_COUNT(forms); i++) {
		const char *argv[] = { "report",	"-q", "-c", path,
				       forms[i].option, out };
		char got[64] = "";
		FILE *f;

		print_message("  %s %s\n", forms[i].option, forms[i].name);
		(void)snprintf(out, sizeof(out), "%s/%s", folder,
			       forms[i].name);
		assert_int_equal(mm_verb_report.run(6, argv), 0);
		f = fopen(out, "rb");
		assert_non_null(f);
		(void)fread(got, 1, sizeof(got) - 1, f);
		assert_int_equal(fclose(f), 0);
		assert_memory_equal(got, forms[i].begins,
				    strlen(forms[i].begins));
		assert_int_equal(unlink(out), 0);
	}
	{
		const char *argv[] = { "report", "-q",	   "-c",
				       path,	 "--html", path };

		assert_int_equal(mm_verb_report.run(6, argv), 2);
		s = mm_store_open(path, &err);
		assert_non_null(s);
		mm_store_close(s);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* A case without a single mail is a case. */
static void
test_empty(void **state)
{
	struct mm_err err;
	struct mm_store *s = mm_store_create(NULL, &err);
	struct mm_report *r = mm_report_of_case(s, NULL, &err);

	(void)state;
	assert_non_null(r);
	mm_report_free(r);
	mm_store_close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),  cmocka_unit_test(test_html),
		cmocka_unit_test(test_quiet), cmocka_unit_test(test_replay),
		cmocka_unit_test(test_verb),  cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
