/* The way of a message by its Received fields. Wanted: the example of RFC 5322
 * appendix A.4 with the differences of its times; fields as Postfix, Exim,
 * Sendmail, OpenSMTPD, qmail, Exchange and Gmail write them, read by hand;
 * dates by Python's email.utils.parsedate_to_datetime. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/base/buf.h"
#include "formats/base/status.h"
#include "formats/mail/received.h"

static struct mm_received got;

static void
show(struct mm_buf *out)
{
	mm_buf_adds(out, got.message_id);
	mm_buf_addc(out, '\n');
	for (size_t i = 0; i < got.n_hops; i++) {
		const struct mm_received_hop *h = &got.hops[i];
		const struct mm_str cells[] = { h->from, h->from_ip, h->by,
						h->protocol, h->id };

		for (size_t k = 0; k < MM_COUNT(cells); k++) {
			mm_buf_adds(out, cells[k].p != NULL ? cells[k]
							    : MM_STR("-"));
			mm_buf_addc(out, '|');
		}
		if (h->t_us == MM_TIME_NONE)
			mm_buf_addz(out, "-");
		else
			mm_buf_addf(out, "%lld", (long long)h->t_us / 1000000);
		if (h->delay_us == MM_TIME_NONE)
			mm_buf_addz(out, "|-");
		else
			mm_buf_addf(out, "|%lld",
				    (long long)h->delay_us / 1000000);
		mm_buf_addz(out, h->odd_zone ? "|odd\n" : "\n");
	}
}

/* As it stands, and with CR LF; an exact copy, so that a sanitizer sees what
 * is read behind the end. */
static void
check(const char *header, const char *want)
{
	for (int crlf = 0; crlf < 2; crlf++) {
		struct mm_buf text, out;
		char *copy;

		mm_buf_init(&text, 1 << 16);
		mm_buf_init(&out, 1 << 16);
		for (const char *p = header; *p != '\0'; p++) {
			if (*p == '\n' && crlf)
				mm_buf_addc(&text, '\r');
			mm_buf_addc(&text, *p);
		}
		copy = malloc(text.n);
		memcpy(copy, text.p, text.n);
		mm_received_read((struct mm_str){ copy, text.n }, &got);
		show(&out);
		assert_string_equal(out.p, want);
		free(copy);
		mm_buf_fini(&text);
		mm_buf_fini(&out);
	}
}

static void
test_rfc(void **state)
{
	(void)state;
	check("Received: from x.y.test\n"
	      "   by example.net\n"
	      "   via TCP\n"
	      "   with ESMTP\n"
	      "   id ABC12345\n"
	      "   for <mary@example.net>;  21 Nov 1997 10:05:43 -0600\n"
	      "Received: from node.example by x.y.test; "
	      "21 Nov 1997 10:01:22 -0600\n"
	      "From: John Doe <jdoe@node.example>\n"
	      "To: Mary Smith <mary@example.net>\n"
	      "Subject: Saying Hello\n"
	      "Date: Fri, 21 Nov 1997 09:55:06 -0600\n"
	      "Message-ID: <1234@local.node.example>\n",
	      "1234@local.node.example\n"
	      "node.example|-|x.y.test|-|-|880128082|376\n"
	      "x.y.test|-|example.net|ESMTP|ABC12345|880128343|261\n");
}

/* One field of each, the youngest on top; 2026-11-22T05:32:00Z is 1795325520.
 */
static void
test_programs(void **state)
{
	(void)state;
	check(
	    "Received: by 2002:a05:6402:1234:b0:5d0:1 with SMTP id "
	    "x20csp1234567;\n"
	    "        Sat, 21 Nov 2026 21:32:09 -0800 (PST)\n"
	    "Received: from AM9P.prod.example (2603:10a6:20b:2a::5) by\n"
	    " AM8P.prod.example (2603:10a6:20b:2b::6) with Microsoft SMTP\n"
	    " Server (version=TLS1_2, cipher=X) id 15.20.9100.18; Sun, 22 Nov "
	    "2026\n 05:32:08 +0000\n"
	    "Received: from unknown (HELO app) (192.0.2.7)\n"
	    "  by q.example with SMTP; 22 Nov 2026 05:32:07 -0000\n"
	    "Received: from localhost (localhost [local])\n"
	    "\tby o.example (OpenSMTPD) with ESMTPA id 0f3d1e21\n"
	    "\tfor <a@b.example>;\n"
	    "\tSun, 22 Nov 2026 05:32:06 +0000 (UTC)\n"
	    "Received: from app (app.example [IPv6:2001:db8::7])\n"
	    "\tby s.example (8.17.1.9/8.17.1.9) with ESMTPS id "
	    "6AM5W5Xy000989\n"
	    "\t(version=TLSv1.3 cipher=A bits=256 verify=NO);\n"
	    "\tSun, 22 Nov 2026 06:32:05 +0100\n"
	    "Received: from [192.0.2.9] (helo=pc)\n"
	    "\tby e.example with esmtpsa (TLS1.3) tls X\n"
	    "\t(Exim 4.98)\n"
	    "\t(envelope-from <a@e.example>)\n"
	    "\tid 1vMhQ4-000000001Ab-0xYz\n"
	    "\tfor b@c.example;\n"
	    "\tSun, 22 Nov 2026 05:32:04 +0000\n"
	    "Received: by p.example (Postfix, from userid 1000)\n"
	    "\tid 4jXHlP3fNLz15; Sun, 22 Nov 2026 05:32:01 +0000 (UTC)\n"
	    "Date: Sun, 22 Nov 2026 05:32:00 +0000\n"
	    "\n"
	    "Received: of the body; 1 Jan 2026 00:00:00 +0000\n",
	    "\n"
	    "-|-|p.example|-|4jXHlP3fNLz15|1795325521|1\n"
	    "[192.0.2.9]|192.0.2.9|e.example|esmtpsa|"
	    "1vMhQ4-000000001Ab-0xYz|1795325524|3\n"
	    "app|2001:db8::7|s.example|ESMTPS|6AM5W5Xy000989|1795325525|1\n"
	    "localhost|local|o.example|ESMTPA|0f3d1e21|1795325526|1\n"
	    "unknown|192.0.2.7|q.example|SMTP|-|1795325527|1\n"
	    "AM9P.prod.example|2603:10a6:20b:2a::5|AM8P.prod.example|"
	    "Microsoft|15.20.9100.18|1795325528|1\n"
	    "-|-|2002:a05:6402:1234:b0:5d0:1|SMTP|x20csp1234567|1795325529|"
	    "1\n");
}

/* Wrong clocks, no date, no zone: told, and nothing counted over them. */
static void
test_bad_times(void **state)
{
	(void)state;
	check("Received: by d; Sun, 22 Nov 2026 05:32:10 +0000\n"
	      "Received: by c; yesterday\n"
	      "Received: by b; Sun, 22 Nov 2026 05:31:50 LMT\n"
	      "Received: by a; Sun, 22 Nov 2026 05:32:00 +0000\n"
	      "Received: (qmail 123 invoked by uid 0)\n"
	      "Date: none\n",
	      "\n"
	      "-|-|-|-|-|-|-\n"
	      "-|-|a|-|-|1795325520|-\n"
	      "-|-|b|-|-|1795325510|-10|odd\n"
	      "-|-|c|-|-|-|-\n"
	      "-|-|d|-|-|1795325530|20\n");
}

static void
test_dates(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		int64_t s; /* -1: none */
	} dates[] = {
		{ "Fri, 21 Nov 1997 09:55:06 -0600", 880127706 },
		{ "21 Nov 97 09:55:06 GMT", 880106106 },
		{ "Thu, 29 Feb 2024 23:59:60 +0000", 1709251200 },
		{ "Sun, 6 Nov 2026 8:49 EST", 1793972940 },
		{ "Thu,\n 13\n Feb\n 1969\n 23:32\n -0330 (Newfoundland Time)",
		  -27723480 },
		{ "Mon, 1 Jan 2001 00:00:00 +1400", 978256800 },
		{ "1 Jan 2001 00:00:00 (a (nested) \\) one) -0000", 978307200 },
		{ "Sun, 29 Feb 2026 00:00:00 +0000", -1 },
		{ "Sun, 31 Okt 2026 00:00:00 +0000", -1 },
		{ "Sun, 31 Oct 2026 24:00:00 +0000", -1 },
		{ "99999999999999999999 Oct 2026 10:00:00 +0000", -1 },
		{ "2026-10-31 10:00:00", -1 },
		{ "Oct 31 10:00:00 2026", -1 },
		{ "", -1 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < MM_COUNT(dates); i++) {
		int64_t t_us = -1;
		bool odd = false;
		bool is =
		    mm_received_date(mm_str_z(dates[i].text), &t_us, &odd);

		if (is != (dates[i].s != -1) ||
		    (is && (odd || t_us != dates[i].s * 1000000)))
			fail_msg("%s: %lld", dates[i].text, (long long)t_us);
	}
}

/* A loop of mails has no bound; a field may be as long as a mail. */
static void
test_hostile(void **state)
{
	struct mm_buf text;

	(void)state;
	mm_buf_init(&text, 4 << 20);
	for (int i = 0; i < 10000; i++)
		mm_buf_addf(&text,
			    "Received: by loop id %d; "
			    "22 Nov 2026 05:32:00 +0000\n",
			    i);
	mm_received_read(mm_buf_str(&text), &got);
	assert_int_equal(got.n_hops, MM_RECEIVED_MAX);
	assert_int_equal(got.n_more, 10000 - MM_RECEIVED_MAX);
	/* Those on top are kept, so the last one that is kept is the first. */
	assert_true(mm_str_eq(got.hops[0].id, MM_STR("99")));
	assert_int_equal(got.hops[0].delay_us, MM_TIME_NONE);
	assert_int_equal(got.hops[1].delay_us, 0);

	text.n = 0;
	mm_buf_addz(&text, "Received: from ");
	for (int i = 0; i < 200000; i++)
		mm_buf_addz(&text, "((\n ");
	mm_buf_addz(&text, " by nobody; 22 Nov 2026 05:32:00 +0000\n");
	mm_received_read(mm_buf_str(&text), &got);
	assert_int_equal(got.n_hops, 1);
	assert_null(got.hops[0].by.p);
	assert_int_equal(got.hops[0].t_us, MM_TIME_NONE);

	mm_received_read((struct mm_str){ "Received: \0 by \0;\0\\", 19 },
			 &got);
	assert_int_equal(got.n_hops, 1);
	mm_received_read(MM_STR("Received: from a (\\"), &got);
	assert_int_equal(got.n_hops, 1);
	mm_received_read((struct mm_str){ "", 0 }, &got);
	assert_int_equal(got.n_hops, 0);
	mm_buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_bad_times),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
