/* Replies and reasons taken apart. What is wanted follows from the reply that
 * the text wraps (RFC 5321 4.2), not from what the code makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/mail/reply.h"

/* Reason, then code/enhanced/stage/suspended/text. */
static const struct {
	const char *label, *reason, *want;
} cases[] = {
	{ "bare reply", "550 5.1.1 No such user",
	  "550|5.1.1|-|-|No such user" },
	{ "no enhanced code", "550 No such user", "550|-|-|-|No such user" },
	{ "only a code", "421", "421|-|-|-|" },
	{ "code with a dash, as Sendmail keeps the first line",
	  "Deferred: 450-4.2.1 The user is busy",
	  "450|4.2.1|-|-|The user is busy" },
	{ "OpenSMTPD, greeted with a refusal",
	  "BANNER rejected: 421 4.3.2 Too busy, come back later",
	  "421|4.3.2|banner|-|Too busy, come back later" },
	{ "OpenSMTPD, not known by its name",
	  "HELO rejected: 550 5.7.1 Who are you?",
	  "550|5.7.1|helo|-|Who are you?" },
	{ "what Exim's callout was told",
	  "mx.sink.example [192.0.2.25] : SMTP error from remote mail server "
	  "after RCPT TO:<temp+probe@sink.example>: 450 4.2.0 Mailbox busy",
	  "450|4.2.0|rcpt|-|Mailbox busy" },
	{ "a program speaks LMTP",
	  "Error (temporary failure: \"mail.lmtp: LMTP server error: 554 5.7.1 "
	  "Message looks like spam\")",
	  "554|5.7.1|-|-|Message looks like spam" },
	{ "hash before the enhanced code", "550 #5.7.1 Rejected",
	  "550|5.7.1|-|-|Rejected" },
	{ "address is no enhanced code", "550 5.6.7.8 is listed",
	  "550|-|-|-|5.6.7.8 is listed" },
	{ "number is no code", "5000 messages", "0|-|-|-|5000 messages" },
	{ "Postfix said",
	  "host mx.example.org[192.0.2.1] said: 552 5.2.2 Over (quota) (in "
	  "reply "
	  "to RCPT TO command)",
	  "552|5.2.2|rcpt|-|Over (quota)" },
	{ "Postfix said, IPv6, end of data",
	  "host mx[2001:db8::1] said: 554 Spam (in reply to end of DATA "
	  "command)",
	  "554|-|eod|-|Spam" },
	{ "Postfix refused to talk",
	  "host mx.example.org[192.0.2.1] refused to talk to me: 421 4.7.0 "
	  "Busy",
	  "421|4.7.0|banner|-|Busy" },
	{ "Postfix refused to talk, before 2.3",
	  "connect to mx[192.0.2.1]: server refused to talk to me: 421 Busy",
	  "421|-|banner|-|Busy" },
	{ "Postfix lines folded with their codes",
	  "host mx[192.0.2.1] said: 421-4.7.28 One 421-4.7.28 two. 421 4.7.28 "
	  "three (in reply to end of DATA command)",
	  "421|4.7.28|eod|-|One two. three" },
	{ "the same without enhanced codes",
	  "host mx[192.0.2.1] said: 554-One 554-two 554 three (in reply to "
	  "MAIL "
	  "FROM command)",
	  "554|-|mail|-|One two 554 three" },
	{ "a code within a sentence stays", "550 5.7.1 error 550 see help",
	  "550|5.7.1|-|-|error 550 see help" },
	{ "Postfix suspended",
	  "delivery temporarily suspended: host mx[192.0.2.1] refused to talk "
	  "to "
	  "me: 421 Busy",
	  "421|-|banner|suspended|Busy" },
	{ "Postfix suspended, no connection",
	  "delivery temporarily suspended: connect to mx[192.0.2.1]:25: "
	  "Connection refused",
	  "0|-|connect|suspended|connect to mx[192.0.2.1]:25: Connection "
	  "refused" },
	{ "Postfix lost connection",
	  "lost connection with mx[192.0.2.1] while sending end of data -- "
	  "message may be sent more than once",
	  "0|-|eod|-|lost connection with mx[192.0.2.1] while sending end of "
	  "data -- message may be sent more than once" },
	{ "Postfix time-out at the greeting",
	  "conversation with mx[192.0.2.1] timed out while receiving the "
	  "initial "
	  "server greeting",
	  "0|-|banner|-|conversation with mx[192.0.2.1] timed out while "
	  "receiving "
	  "the initial server greeting" },
	{ "Postfix TLS refused",
	  "TLS is required, but host mx[192.0.2.1] refused to start TLS: 454 "
	  "4.7.0 Not now",
	  "454|4.7.0|starttls|-|Not now" },
	{ "Postfix TLS not offered",
	  "TLS is required, but was not offered by host mx[192.0.2.1]",
	  "0|-|starttls|-|TLS is required, but was not offered by host "
	  "mx[192.0.2.1]" },
	{ "Postfix login",
	  "SASL authentication failed; server mx[192.0.2.1] said: 535 5.7.8 No",
	  "535|5.7.8|auth|-|No" },
	{ "Exim RCPT with a colon in the address",
	  "SMTP error from remote mail server after RCPT TO:<\"a: b\"@x>: 550 "
	  "5.1.1 No",
	  "550|5.1.1|rcpt|-|No" },
	{ "Exim pipelined MAIL and escaped line ends",
	  "SMTP error from remote mail server after pipelined MAIL FROM:<a@b> "
	  "SIZE=99: 421-4.7.28 One\\n421-4.7.28 two\\n421 4.7.28 three",
	  "421|4.7.28|mail|-|One two three" },
	{ "Exim in a bounce message names the host",
	  "SMTP error from remote mail server after end of data: host mx "
	  "[192.0.2.1]: 554 No",
	  "554|-|eod|-|No" },
	{ "Exim as cPanel shows it",
	  "host mx [192.0.2.1] SMTP error from remote mail server after MAIL "
	  "FROM:<a@b> SIZE=9: 553 5.7.1 No",
	  "553|5.7.1|mail|-|No" },
	{ "Exim with host",
	  "H=mx.example.org [192.0.2.1]: SMTP error from remote mail server "
	  "after "
	  "initial connection: 554 Go away",
	  "554|-|banner|-|Go away" },
	{ "Exim with a system error first",
	  "Connection timed out H=mx [192.0.2.1]: SMTP timeout after initial "
	  "connection",
	  "0|-|banner|-|SMTP timeout after initial connection" },
	{ "Exim no route", "No route to host H=mx [192.0.2.1]: mx [192.0.2.1]",
	  "0|-|connect|-|No route to host H=mx [192.0.2.1]: mx [192.0.2.1]" },
	{ "Exim closed",
	  "Remote host closed connection in response to end of data",
	  "0|-|eod|-|Remote host closed connection in response to end of "
	  "data" },
	{ "Exim did not try", "retry time not reached for any host for 'x.org'",
	  "0|-|-|suspended|retry time not reached for any host for 'x.org'" },
	{ "qmail",
	  "192.0.2.1 does not like recipient. Remote host said: 550 5.1.1 No "
	  "Giving up on 192.0.2.1.",
	  "550|5.1.1|rcpt|-|No Giving up on 192.0.2.1." },
	{ "OpenSMTPD glues lines",
	  "421 4.7.28 unsolicited mail4.7.28 originating from you",
	  "421|4.7.28|-|-|unsolicited mail originating from you" },
	{ "diagnostic code of a DSN", "smtp; 550 5.1.1 No",
	  "550|5.1.1|-|-|No" },
	{ "real line ends", "550-5.1.1 One\r\n550 5.1.1 two",
	  "550|5.1.1|-|-|One two" },
	{ "KumoMTA's fields put together",
	  "550 5.1.1 No (really) (in reply to RCPT TO command)",
	  "550|5.1.1|rcpt|-|No (really)" },
	{ "KumoMTA reached nobody",
	  "KumoMTA internal: failed to connect to any candidate hosts: x",
	  "0|-|connect|-|KumoMTA internal: failed to connect to any candidate "
	  "hosts: x" },
	{ "KumoMTA did not try",
	  "KumoMTA internal: scheduled queue is suspended: x",
	  "0|-|-|suspended|KumoMTA internal: scheduled queue is suspended: x" },
	{ "empty", "", "0|-|-|-|" },
};

static struct mm_str
or_dash(struct mm_str s)
{
	return s.p != NULL ? s : MM_STR("-");
}

static void
test_parse(void **state)
{
	struct mm_buf fold, got;

	(void)state;
	mm_buf_init(&fold, 4096);
	mm_buf_init(&got, 4096);
	for (size_t i = 0; i < MM_COUNT(cases); i++) {
		struct mm_reply r;
		const char *stage;

		print_message("  %s\n", cases[i].label);
		mm_reply_parse(mm_str_z(cases[i].reason), &fold, &r);
		stage = mm_stage_name(r.stage);
		mm_buf_clear(&got);
		mm_buf_addf(&got, "%d|%.*s|%s|%s|%.*s", r.code,
			    MM_STR_ARG(or_dash(r.enhanced)),
			    stage != NULL ? stage : "-",
			    r.suspended ? "suspended" : "-",
			    MM_STR_ARG(r.text));
		assert_string_equal(got.p, cases[i].want);
	}
	mm_buf_fini(&got);
	mm_buf_fini(&fold);
}

/* Any cut of any text must be taken without a step outside of it. */
static void
test_any_cut(void **state)
{
	struct mm_buf fold;

	(void)state;
	mm_buf_init(&fold, 4096);
	for (size_t i = 0; i < MM_COUNT(cases); i++) {
		size_t n = strlen(cases[i].reason);

		for (size_t from = 0; from <= n; from++)
			for (size_t to = from + 1; to <= n; to++) {
				char *exact = malloc(to - from + 1);
				struct mm_reply r;

				assert_non_null(exact);
				memcpy(exact, cases[i].reason + from,
				       to - from);
				exact = realloc(exact, to - from);
				mm_reply_parse(
				    (struct mm_str){ exact, to - from }, &fold,
				    &r);
				assert_true(r.text.n <= to - from);
				free(exact);
			}
	}
	mm_buf_fini(&fold);
}

static void
test_host(void **state)
{
	struct mm_reply r;

	(void)state;
	mm_reply_parse(MM_STR("host mx.example.org[192.0.2.1] said: 550 x"),
		       NULL, &r);
	assert_true(mm_str_is(r.host, "mx.example.org"));
	assert_true(mm_str_is(r.ip, "192.0.2.1"));
}

static void
test_stages(void **state)
{
	(void)state;
	for (int s = MM_STAGE_CONNECT; s < MM_STAGE_COUNT; s++)
		assert_int_equal(
		    mm_stage_of(mm_str_z(mm_stage_name((enum mm_stage)s))), s);
	assert_int_equal(mm_stage_of(MM_STR("RCPT")), MM_STAGE_RCPT);
	assert_int_equal(mm_stage_of(MM_STR("END-OF-MESSAGE")), MM_STAGE_EOD);
	assert_int_equal(mm_stage_of(MM_STR("xyz")), MM_STAGE_NONE);
	assert_int_equal(mm_stage_of(MM_STR_ABSENT), MM_STAGE_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_any_cut),
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_stages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
