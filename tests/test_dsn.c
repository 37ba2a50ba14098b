/* Reports out of a mailbox against what RFC 3464 says of their fields; the
 * wanted rows were written beside test-corpus/dsn/bounces.mbox by hand. The
 * same with CR LF, with the CR of old Macs, and cut at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/base/buf.h"
#include "formats/base/whole.h"
#include "formats/mail/dsn.h"

#define MAILBOX "test-corpus/dsn/bounces.mbox"

static const char want[] =
    "1|20261122053059.7D1329642@mx0.shop.example|mx0.shop.example|4C11A9641|"
    "order-17@app1.shop.example|nouser1@bigmail.example|"
    "NoUser1@bigmail.example|failed|5.1.1|gsmtp-in.bigmail.example|"
    "550-5.1.1 The email account that you tried to reach does not exist. 550 "
    "5.1.1 https://support.google.com/mail/?p=NoSuchUser - gsmtp\n"
    "1|20261122053059.7D1329642@mx0.shop.example|mx0.shop.example|4C11A9641|"
    "order-17@app1.shop.example|full2@bigmail.example|-|failed|5.2.2|-|"
    "552 5.2.2 The recipient's inbox is out of storage space\n"
    "3|202611220535.6AM5Z00L000989@smtp2.hq.example|smtp2.hq.example|-|"
    "m9@hq.example|carol@greyhill.example|-|delayed|4.2.0|"
    "mx1.greyhill.example|450 4.2.0 Greylisted, please try again in 300 "
    "seconds\n"
    /* Real ones of tests/rig: SMTPUTF8, and a comment behind the action. */
    "4|20261127144105.7F02220E@mx.rig.example|mx.rig.example|5683D20B|"
    "utf8-perm@client.example|perm+gr\xc3\xbcn@sink.example|"
    "perm+gr\xc3\xbcn@sink.example|failed|5.1.1|mx.sink.example|"
    "550 5.1.1 No such user here\n"
    "5|202611271441.6AREf2ss000375@mx.rig.example|mx.rig.example|-|"
    "dsn-success@client.example|ok+dsn-success@bare.example|-|relayed|2.1.5|"
    "mx.bare.example|250 2.1.5 Ok\n";

static void
show(void *ctx, const struct mm_dsn *d)
{
	const struct mm_str cells[] = {
		d->message_id, d->reporting_mta,
		d->queue_id,   d->original_message_id,
		d->recipient,  d->orig_recipient,
		d->action,     d->status,
		d->remote_mta, d->diagnostic,
	};

	mm_buf_addf(ctx, "%zu", d->number);
	for (size_t i = 0; i < MM_COUNT(cells); i++) {
		mm_buf_addc(ctx, '|');
		mm_buf_adds(ctx, cells[i].p != NULL ? cells[i] : MM_STR("-"));
	}
	mm_buf_addc(ctx, '\n');
}

static void
load(struct mm_buf *text)
{
	struct mm_err err;

	mm_buf_init(text, 1 << 20);
	assert_int_equal(mm_whole_read(MAILBOX, text, &err), MM_OK);
}

static void
check(struct mm_str content)
{
	struct mm_buf got;
	const struct mm_dsn_sink sink = { show, NULL, &got };

	mm_buf_init(&got, 1 << 20);
	assert_true(mm_mailbox_is(content));
	assert_int_equal(mm_mailbox_read(content, &sink), 5);
	assert_string_equal(got.p, want);
	mm_buf_fini(&got);
}

/* With `end` in place of each LF. */
static void
check_with(const char *end)
{
	struct mm_buf text, other;

	load(&text);
	mm_buf_init(&other, 1 << 20);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\n')
			mm_buf_addz(&other, end);
		else
			mm_buf_addc(&other, text.p[i]);
	check(mm_buf_str(&other));
	mm_buf_fini(&other);
	mm_buf_fini(&text);
}

static void
test_line_ends(void **state)
{
	(void)state;
	check_with("\n");
	check_with("\r\n");
	check_with("\r");
}

static void
count(void *ctx, const struct mm_dsn *d)
{
	(void)d;
	++*(size_t *)ctx;
}

/* Whatever is left of it: no more recipients than there were, nothing read
 * behind the end (the copy is exact, so that a sanitizer sees it). */
static void
test_cut(void **state)
{
	struct mm_buf text;

	(void)state;
	load(&text);
	for (size_t n = 0; n < text.n; n++) {
		char *copy = malloc(n + 1);
		size_t found = 0;
		const struct mm_dsn_sink sink = { count, NULL, &found };

		memcpy(copy, text.p, n);
		copy = realloc(copy, n > 0 ? n : 1);
		(void)mm_mailbox_read((struct mm_str){ copy, n }, &sink);
		assert_true(found <= 5);
		free(copy);
	}
	mm_buf_fini(&text);
}

static void
test_no_mailbox(void **state)
{
	static const char *const heads[] = {
		"",
		"From here on nothing is mail\nand so on\n",
		"Nov 22 05:28:00 mail postfix/qmgr[7]: E362BF1: removed\n",
		"Date: today\nit is a diary\nTo: me\n",
		"{\"From\": 1}\n",
	};

	static const char *const mails[] = {
		"X-Report: a\n folded\nReceived: from a\n by b\n"
		"From: a\nTo: b\n",
		"\xef\xbb\xbf"
		"From: a\nTo: b\nSubject: c\n",
	};

	(void)state;
	for (size_t i = 0; i < MM_COUNT(heads); i++)
		assert_false(mm_mailbox_is(mm_str_z(heads[i])));
	for (size_t i = 0; i < MM_COUNT(mails); i++)
		assert_true(mm_mailbox_is(mm_str_z(mails[i])));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_no_mailbox),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
