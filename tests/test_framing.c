/* Framing: one raw line and what is to come of it, as
 * "framing|time|host|tag|pid|repeats|text"; `-` where there is nothing.
 * Times were computed with date(1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <stdio.h>

#include "formats/base/buf.h"
#include "formats/read/framing.h"

/* 2024-02-10T00:00:00Z */
#define ANCHOR_US ((int64_t)1707523200000000)

struct framing_case {
	const char *label, *line, *want;
};

static const struct framing_case cases[] = {
	/* clang-format off */
	{ "rfc3164, day padded by a blank",
	  "Feb  4 09:29:26 mx1 postfix/smtp[1234]: 4XyZ: to=<a@b>",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|postfix/smtp|1234|1|4XyZ: to=<a@b>" },
	{ "day padded by a zero",
	  "Feb 04 09:29:26 mx1 sm-mta[7]: x",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|sm-mta|7|1|x" },
	{ "day not padded",
	  "Feb 4 09:29:26 mx1 smtpd[7]: x",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|smtpd|7|1|x" },
	{ "year of the anchor would be too late",
	  "Nov 30 23:59:59 mx1 a[1]: x",
	  "rfc3164|2023-11-30T23:59:59Z|mx1|a|1|1|x" },
	{ "one day behind the anchor is allowed",
	  "Feb 10 23:59:59 mx1 a[1]: x",
	  "rfc3164|2024-02-10T23:59:59Z|mx1|a|1|1|x" },
	{ "Feb 29 asks for a leap year",
	  "Feb 29 12:00:00 mx1 a[1]: x",
	  "rfc3164|2020-02-29T12:00:00Z|mx1|a|1|1|x" },
	{ "short-precise fraction",
	  "Feb  4 09:29:26.123456 mx1 a[1]: x",
	  "rfc3164|2024-02-04T09:29:26.123456Z|mx1|a|1|1|x" },
	{ "priority in front",
	  "<22>Feb  4 09:29:26 mx1 postfix/smtp[6]: x y",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|postfix/smtp|6|1|x y" },
	{ "tag without pid",
	  "Feb  4 09:29:26 mx1 kernel: Out of memory: x",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|kernel|0|1|Out of memory: x" },
	{ "empty host",
	  "Feb  4 09:29:26  postfix/smtp[6]: x",
	  "rfc3164|2024-02-04T09:29:26Z|-|postfix/smtp|6|1|x" },
	{ "missing host",
	  "Feb  4 09:29:26 postfix/smtp[6]: x",
	  "rfc3164|2024-02-04T09:29:26Z|-|postfix/smtp|6|1|x" },
	{ "host is an IPv6 address",
	  "Feb  4 09:29:26 2001:db8::1 postfix/smtp[6]: x",
	  "rfc3164|2024-02-04T09:29:26Z|2001:db8::1|postfix/smtp|6|1|x" },
	{ "no blank behind the tag",
	  "Feb  4 09:29:26 mx1 sendmail[6]:x y",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|sendmail|6|1|x y" },
	{ "empty text",
	  "Feb  4 09:29:26 mx1 sendmail[6]:",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|sendmail|6|1|" },
	{ "no tag",
	  "Feb  4 09:29:26 mx1 last message repeated 2 times",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|-|0|1|last message repeated 2 times" },
	{ "repeats of rsyslog",
	  "Feb  4 09:29:26 mx1 a[1]: message repeated 3 times: [ x [y] z]",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|a|1|3|x [y] z" },
	{ "no such day",
	  "Feb 30 09:29:26 mx1 a[1]: x",
	  "none|-|-|-|0|1|Feb 30 09:29:26 mx1 a[1]: x" },
	{ "no such hour",
	  "Feb  3 24:29:26 mx1 a[1]: x",
	  "none|-|-|-|0|1|Feb  3 24:29:26 mx1 a[1]: x" },
	{ "rfc3339 with a zone",
	  "2023-03-14T00:00:31.185246+01:00 mx1 postfix/qmgr[9]: A: removed",
	  "rfc3339|2023-03-13T23:00:31.185246Z|mx1|postfix/qmgr|9|1|A: removed" },
	{ "rfc3339, Z, no fraction",
	  "2023-03-14T00:00:31Z mx1 a[9]: x",
	  "rfc3339|2023-03-14T00:00:31Z|mx1|a|9|1|x" },
	{ "short-iso of journalctl",
	  "2024-02-04T09:29:26+0100 mx1 a[9]: x",
	  "rfc3339|2024-02-04T08:29:26Z|mx1|a|9|1|x" },
	{ "nine digits of fraction",
	  "2024-02-04T09:29:26.123456789Z mx1 a[9]: x",
	  "rfc3339|2024-02-04T09:29:26.123456Z|mx1|a|9|1|x" },
	{ "west of Greenwich",
	  "2024-02-04T09:29:26.5-08:00 mx1 a[9]: x",
	  "rfc3339|2024-02-04T17:29:26.500000Z|mx1|a|9|1|x" },
	{ "rfc5424",
	  "<22>1 2024-02-04T09:29:26.123456+01:00 mx1 postfix/smtp 6 - - x y",
	  "rfc5424|2024-02-04T08:29:26.123456Z|mx1|postfix/smtp|6|1|x y" },
	{ "rfc5424, structured data, BOM",
	  "<22>1 2024-02-04T09:29:26Z mx1 a 6 ID47 [x y=\"z\\\"]\"][b] \xef\xbb\xbfx",
	  "rfc5424|2024-02-04T09:29:26Z|mx1|a|6|1|x" },
	{ "rfc5424, all nil",
	  "<22>1 - - - - - -",
	  "rfc5424|-|-|-|0|1|" },
	{ "exim",
	  "2023-04-23 05:42:42 1qDO9M-0000CR-2p Completed",
	  "iso-blank|2023-04-23T05:42:42Z|-|-|0|1|1qDO9M-0000CR-2p Completed" },
	{ "exim with milliseconds, zone and pid",
	  "2023-04-23 05:42:42.123 +0200 [1487] 1qDO9M-0000CR-2p Completed",
	  "iso-blank|2023-04-23T03:42:42.123000Z|-|-|1487|1|1qDO9M-0000CR-2p Completed" },
	{ "exim, an address is no pid",
	  "2023-04-23 05:42:42 [192.0.2.1] x",
	  "iso-blank|2023-04-23T05:42:42Z|-|-|0|1|[192.0.2.1] x" },
	{ "year first",
	  "2022 Feb  4 09:29:26 mx1 a[1]: x",
	  "rfc3164|2022-02-04T09:29:26Z|mx1|a|1|1|x" },
	{ "year behind the day",
	  "Feb  4 2022 09:29:26 mx1 a[1]: x",
	  "rfc3164|2022-02-04T09:29:26Z|mx1|a|1|1|x" },
	{ "French month",
	  "ao\xc3\xbbt 19 11:08:37 mx1 a[1]: x",
	  "rfc3164|2023-08-19T11:08:37Z|mx1|a|1|1|x" },
	{ "German month",
	  "M\xc3\xa4r 19 11:08:37 mx1 a[1]: x",
	  "rfc3164|2023-03-19T11:08:37Z|mx1|a|1|1|x" },
	{ "French month with a dot",
	  "d\xc3\xa9" "c. 9 11:08:37 mx1 a[1]: x",
	  "rfc3164|2023-12-09T11:08:37Z|mx1|a|1|1|x" },
	{ "FreeBSD syslogd -v",
	  "Jan 21 19:06:28 <mail.info> mx1 dovecot: x",
	  "rfc3164|2024-01-21T19:06:28Z|mx1|dovecot|0|1|x" },
	{ "FreeBSD syslogd -v, numbers",
	  "Jan 21 19:06:28 <2.6> mx1 dovecot: x",
	  "rfc3164|2024-01-21T19:06:28Z|mx1|dovecot|0|1|x" },
	{ "Solaris",
	  "Oct 20 21:22:57 mx1 postfix/smtp[2076]: [ID 197553 mail.info] 2E35E: x",
	  "rfc3164|2023-10-20T21:22:57Z|mx1|postfix/smtp|2076|1|2E35E: x" },
	{ "BusyBox",
	  "Mar 22 07:45:01 mx1 mail.info postfix/smtpd[1080]: x",
	  "rfc3164|2023-03-22T07:45:01Z|mx1|postfix/smtpd|1080|1|x" },
	{ "OpenWrt",
	  "Sat Mar 22 07:45:01 2025 mail.info prog[1]: x",
	  "rfc3164|2025-03-22T07:45:01Z|-|prog|1|1|x" },
	{ "AIX",
	  "Mar 28 10:15:02 mx1 mail:info sendmail[12345678]: x",
	  "rfc3164|2023-03-28T10:15:02Z|mx1|sendmail|12345678|1|x" },
	{ "syslog-ng, source and relay",
	  "Feb  4 09:29:26 s_local@mx1/relay postfix/smtp[1]: x",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|postfix/smtp|1|1|x" },
	{ "syslog-ng, source",
	  "Feb  4 09:29:26 src@mx1 a[1]: x",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|a|1|1|x" },
	{ "host is a dash",
	  "Feb  4 09:29:26 - a[1]: x",
	  "rfc3164|2024-02-04T09:29:26Z|-|a|1|1|x" },
	{ "tag of several instances",
	  "Feb  4 09:29:26 mx1 postfix-out/submission/smtpd[1]: x",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|postfix-out/submission/smtpd|1|1|x" },
	{ "journalctl short-full",
	  "Sun 2024-02-04 09:29:26 CET mx1 postfix/smtp[1]: x",
	  "dated|2024-02-04T08:29:26Z|mx1|postfix/smtp|1|1|x" },
	{ "journalctl short-unix",
	  "1707035366.123456 mx1 postfix/smtp[1]: x",
	  "epoch|2024-02-04T08:29:26.123456Z|mx1|postfix/smtp|1|1|x" },
	{ "journalctl short-monotonic",
	  "[ 1234.567890] mx1 postfix/smtp[1]: x",
	  "none|-|mx1|postfix/smtp|1|1|x" },
	{ "multilog",
	  "@400000004bac90a33711966c new msg 7",
	  "tai64n|2010-03-26T10:46:49.923899Z|-|-|0|1|new msg 7" },
	{ "s6-log",
	  "2026-07-23 18:19:31.381269500  new msg 7",
	  "iso-blank|2026-07-23T18:19:31.381269Z|-|-|0|1|new msg 7" },
	{ "qmail by splogger",
	  "Jun 19 04:12:24 mx1 qmail: 1276913544.622156 new msg 8127",
	  "rfc3164|2010-06-19T02:12:24.622156Z|mx1|qmail|0|1|new msg 8127" },
	{ "qmail by itself",
	  "1276913544.622156 new msg 8127",
	  "epoch|2010-06-19T02:12:24.622156Z|-|-|0|1|new msg 8127" },
	{ "Exim by syslog, its own stamp kept",
	  "Feb  4 09:29:26 mx1 exim[77]: 2021-02-04 09:29:26 1qDO9M-0000CR-2p Completed",
	  "rfc3164|2021-02-04T09:29:26Z|mx1|exim|77|1|1qDO9M-0000CR-2p Completed" },
	{ "Exim by syslog",
	  "Feb  4 09:29:26 mx1 exim[77]: 1qDO9M-0000CR-2p Completed",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|exim|77|1|1qDO9M-0000CR-2p Completed" },
	{ "rsyslog, a template with blanks",
	  "2024-02-04 09:29:26 mx1 postfix/smtp[1]: x",
	  "iso-blank|2024-02-04T09:29:26Z|mx1|postfix/smtp|1|1|x" },
	{ "Roundcube",
	  "[20-Oct-2021 10:23:47 -0600]: x",
	  "dated|2021-10-20T16:23:47Z|-|-|0|1|x" },
	{ "Kerio",
	  "[18/Jan/2014 06:41:25] x",
	  "dated|2014-01-18T06:41:25Z|-|-|0|1|x" },
	{ "Python",
	  "[2023-03-28 03:09:25,112] x",
	  "dated|2023-03-28T03:09:25.112000Z|-|-|0|1|x" },
	{ "log4j",
	  "2021-03-03 19:26:38,616 INFO  [qtp1] x",
	  "iso-blank|2021-03-03T19:26:38.616000Z|-|-|0|1|INFO  [qtp1] x" },
	{ "day first",
	  "22-06-2014 09:56:12   smtp: x",
	  "dated|2014-06-22T09:56:12Z|-|-|0|1|smtp: x" },
	{ "month first",
	  "06-22-2014 09:56:12   smtp: x",
	  "dated|2014-06-22T09:56:12Z|-|-|0|1|smtp: x" },
	{ "Domino",
	  "[28325:00010-3735542592] 22-06-2014 09:56:12   x",
	  "dated|2014-06-22T09:56:12Z|-|-|0|1|x" },
	{ "ASSP",
	  "Apr-07-13 07:08:36 [id] 192.0.2.1 x",
	  "dated|2013-04-07T07:08:36Z|-|-|0|1|[id] 192.0.2.1 x" },
	{ "labelled data sets",
	  "- 1131566490 2005.11.09 h Nov 9 12:01:30 src@mx1 sendmail[1]: x",
	  "rfc3164|2005-11-09T20:01:30Z|mx1|sendmail|1|1|x" },
	{ "grep -H",
	  "maillog-20240101:Feb  4 09:29:26 mx1 a[1]: x",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|a|1|1|x" },
	{ "grep -Hn",
	  "/var/log/mail.log.2.gz:1234:Feb  4 09:29:26 mx1 a[1]: x",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|a|1|1|x" },
	{ "grep -n",
	  "1234:2024-02-04T09:29:26Z mx1 a[1]: x",
	  "rfc3339|2024-02-04T09:29:26Z|mx1|a|1|1|x" },
	{ "cat -n",
	  "   123\tFeb  4 09:29:26 mx1 a[1]: x",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|a|1|1|x" },
	{ "docker compose",
	  "mail-1  | Feb  4 09:29:26 mx1 a[1]: x",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|a|1|1|x" },
	{ "docker compose in colour, no header inside",
	  "\x1b[36mmail-1  |\x1b[0m postfix/smtpd[1]: x",
	  "none|-|-|postfix/smtpd|1|1|x" },
	{ "Kubernetes, header inside",
	  "2024-02-04T08:29:26.123456789Z stdout F Feb  4 09:29:26 mx1 a[1]: x",
	  "cri|2024-02-04T08:29:26.123456Z|mx1|a|1|1|x" },
	{ "Kubernetes, no header inside",
	  "2024-02-04T08:29:26.123456789Z stderr F postfix/smtpd[1]: x",
	  "cri|2024-02-04T08:29:26.123456Z|-|postfix/smtpd|1|1|x" },
	{ "spreadsheet padding",
	  "Feb  4 09:29:26 mx1 a[1]: B7: removed,,,,,,",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|a|1|1|B7: removed" },
	{ "spreadsheet quotes",
	  "\"Feb  4 09:29:26 mx1 a[1]: B7: removed\",,,,",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|a|1|1|B7: removed" },
	{ "byte order mark",
	  "\xef\xbb\xbf" "Feb  4 09:29:26 mx1 a[1]: x",
	  "rfc3164|2024-02-04T09:29:26Z|mx1|a|1|1|x" },
	{ "no header, but a tag",
	  "sm-mta[20900]: k4PK8x: y",
	  "none|-|-|sm-mta|20900|1|k4PK8x: y" },
	{ "no header, no tag",
	  "4E74613FE76: to=<a@b>",
	  "none|-|-|-|0|1|4E74613FE76: to=<a@b>" },
	{ "prose", "Subject: hello", "none|-|-|-|0|1|Subject: hello" },
	{ "empty", "", "none|-|-|-|0|1|" },
	/* clang-format on */
};

static void
put(struct mm_buf *b, struct mm_str s)
{
	if (s.p == NULL)
		mm_buf_addz(b, "-");
	mm_buf_adds(b, s);
	mm_buf_addc(b, '|');
}

static void
show(struct mm_buf *b, const struct mm_line *line)
{
	char time[MM_TIME_TEXT];

	mm_buf_addf(b, "%s|%s|", mm_framing_name(line->framing),
		    mm_time_iso(line->t_us,
				line->t_us % MM_SECOND_US != 0 &&
				    line->t_us != MM_TIME_NONE,
				time));
	put(b, line->host);
	put(b, line->tag);
	mm_buf_addf(b, "%u|%u|", line->pid, line->repeats);
	mm_buf_adds(b, line->text);
}

static void
check(struct mm_framer *f, const struct framing_case *c)
{
	struct mm_line line;
	struct mm_buf b;

	mm_buf_init(&b, 1 << 20);
	mm_frame(f, mm_str_z(c->line), &line);
	show(&b, &line);
	if (strcmp(b.p, c->want) != 0)
		print_error("  %s\n", c->label);
	assert_string_equal(b.p, c->want);
	mm_buf_fini(&b);
}

static void
test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < MM_COUNT(cases); i++) {
		struct mm_framer f;

		mm_framer_init(&f, ANCHOR_US, 0);
		check(&f, &cases[i]);
		/* Again, with the stamp in the cache. */
		check(&f, &cases[i]);
	}
}

static void
test_zone(void **state)
{
	static const struct framing_case zoned[] = {
		{ "local time", "Feb  4 00:30:00 h a[1]: x",
		  "rfc3164|2024-02-03T23:30:00Z|h|a|1|1|x" },
		{ "again, from the cache", "Feb  4 00:30:00 h a[1]: x",
		  "rfc3164|2024-02-03T23:30:00Z|h|a|1|1|x" },
		{ "its own zone wins", "2024-02-04T00:30:00Z h a[1]: x",
		  "rfc3339|2024-02-04T00:30:00Z|h|a|1|1|x" },
		{ "iso without a zone", "2024-02-04 00:30:00 x",
		  "iso-blank|2024-02-03T23:30:00Z|-|-|0|1|x" },
	};
	struct mm_framer f;

	(void)state;
	mm_framer_init(&f, ANCHOR_US, MM_HOUR_US);
	for (size_t i = 0; i < MM_COUNT(zoned); i++)
		check(&f, &zoned[i]);
}

/* The years of a run of stamps. */
static const struct {
	const char *label;
	int64_t anchor_us; /* 0: ANCHOR_US */
	const char *stamps[8];
	int years[8];
} runs[] = {
	/* clang-format off */
	{ "over New Year", 0,
	  { "Dec 31 23:59:59", "Jan  1 00:00:00", "Feb  9 00:00:00" },
	  { 2023, 2024, 2024 } },
	{ "a small step back", 0,
	  { "Jan 20 10:00:00", "Jan 20 09:59:58", "Jan 19 23:00:00" },
	  { 2024, 2024, 2024 } },
	{ "a small step back over New Year", 0,
	  { "Dec 31 23:59:59", "Jan  1 00:00:01", "Dec 31 23:59:58",
	    "Jan  1 00:00:02" },
	  { 2023, 2024, 2023, 2024 } },
	{ "a long silence keeps the year", 1735689600000000 /* 2025-01-01 */,
	  { "Jan  3 00:00:00", "Nov 30 00:00:00", "Dec 31 00:00:00" },
	  { 2024, 2024, 2024 } },
	{ "Feb 29 of the anchor's year", 1709251200000000 /* 2024-03-01 */,
	  { "Dec 24 00:00:00", "Feb 29 12:00:00", "Mar  1 00:00:00" },
	  { 2023, 2024, 2024 } },
	{ "a dated line settles the year", 0,
	  { "2021-12-31T23:00:00Z", "Dec 31 23:30:00", "Jan  1 00:10:00" },
	  { 2021, 2021, 2022 } },
	{ "two years in one file", 0,
	  { "2021-11-30T23:00:00Z", "Dec 31 23:30:00", "Jan  1 00:10:00",
	    "Dec 20 00:00:00", "Jan  2 00:00:00" },
	  { 2021, 2021, 2022, 2022, 2023 } },
	/* clang-format on */
};

static void
test_years(void **state)
{
	(void)state;
	for (size_t i = 0; i < MM_COUNT(runs); i++) {
		struct mm_framer f;

		mm_framer_init(
		    &f, runs[i].anchor_us != 0 ? runs[i].anchor_us : ANCHOR_US,
		    0);
		for (size_t k = 0; runs[i].stamps[k] != NULL && k < 8; k++) {
			struct mm_line line;
			struct mm_civil c;
			char raw[80];

			(void)snprintf(raw, sizeof(raw), "%s h a[1]: x",
				       runs[i].stamps[k]);
			mm_frame(&f, mm_str_z(raw), &line);
			assert_true(line.t_us != MM_TIME_NONE);
			mm_time_to_civil(line.t_us, &c);
			if (c.year != runs[i].years[k])
				print_error("  %s: %s\n", runs[i].label,
					    runs[i].stamps[k]);
			assert_int_equal(c.year, runs[i].years[k]);
		}
	}
}

static void
test_names(void **state)
{
	(void)state;
	for (int i = 0; i < MM_FRAME_COUNT; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(
			    mm_framing_name((enum mm_framing)i),
			    mm_framing_name((enum mm_framing)k));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_zone),
		cmocka_unit_test(test_years),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("framing", tests, NULL, NULL);
}
