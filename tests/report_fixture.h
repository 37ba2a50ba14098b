/* report_fixture.h - a report with every kind of block, for the tests of the
 * forms and of the page in a browser. Two days of a made-up server; some
 * texts are hostile. */
#ifndef MM_REPORT_FIXTURE_H
#define MM_REPORT_FIXTURE_H

#include <math.h>

#include "formats/base/time.h"
#include "reports/report.h"

#define FIXTURE_T0 (INT64_C(1795219200) * 1000000) /* 2026-11-21T00:00:00Z */
#define FIXTURE_HOSTILE                                                        \
	"</script><script>window.owned=1</script><img src=x "                  \
	"onerror=\"window.owned=2\">\033[31m\xff"

static const char fixture_words[] =
    "421-4.7.28 Our system has detected an unusual rate of unsolicited mail "
    "originating from your IP address. To protect our users from spam, mail "
    "sent from your IP address has been temporarily rate limited.";

static int64_t
fixture_hour(double h)
{
	return FIXTURE_T0 + (int64_t)(h * 3600e6);
}

/* Every quarter of an hour: a day's rhythm, a throttle from 26 h to 31 h. */
static void
fixture_volume(struct mm_report *r)
{
	static const struct mm_column columns[] = {
		{ "t", "Time", MM_TIME },
		{ "sent", "sent", MM_INT },
		{ "deferred", "deferred", MM_INT },
		{ "bounced", "bounced", MM_INT },
	};
	static const enum mm_tone tones[] = { MM_TONE_GOOD, MM_TONE_WARN,
					      MM_TONE_BAD };
	struct mm_table *t = mm_table_new(
	    "volume", "Deliveries in each quarter of an hour", columns, 4);
	const struct mm_window windows[] = {
		{ fixture_hour(26), fixture_hour(31),
		  "1 Throttle at Examplemail", "i1", MM_TONE_WARN },
		{ fixture_hour(29), fixture_hour(29.6),
		  "2 DNS failure, own side " FIXTURE_HOSTILE, "i2",
		  MM_TONE_BAD },
		{ fixture_hour(40), fixture_hour(41), "Log missing", NULL,
		  MM_TONE_PLAIN },
	};
	const struct mm_chart chart = { .y_label = "recipients",
					.tones = tones,
					.windows = windows,
					.n_windows = 3 };

	for (int i = 0; i < 192; i++) {
		double h = i / 4.0, wave = 1 - cos(h / 24 * 6.2831853);
		bool slow = h >= 26 && h < 31, gone = h >= 40 && h < 41;
		struct mm_cell row[] = {
			mm_cell_time(fixture_hour(h)),
			mm_cell_int(
			    (int64_t)((400 + 900 * wave) * (slow ? 0.55 : 1)) +
			    i * 37 % 90),
			mm_cell_int(slow ? 700 + i * 53 % 160 : i * 29 % 40),
			mm_cell_int(8 + i * 7 % 11),
		};

		if (gone)
			row[1] = row[2] = row[3] = mm_cell_null();
		mm_table_add(t, row);
	}
	mm_report_chart(r, t, &chart);
}

static void
fixture_incidents(struct mm_report *r)
{
	static const struct mm_column columns[] = {
		{ "incident", "Incident", MM_TEXT },
		{ "kind", "Kind", MM_TEXT },
		{ "target", "Target", MM_TEXT },
		{ "start", "Start", MM_TIME },
		{ "end", "End", MM_TIME },
		{ "messages", "Messages", MM_INT },
		{ "confidence", "Confidence", MM_SHARE },
	};
	struct mm_table *t =
	    mm_table_new("incidents", "All incidents", columns, 7);
	const struct mm_cell rows[][7] = {
		{ mm_cell_z("i1"), mm_cell_z("throttle"),
		  mm_cell_z("Examplemail"), mm_cell_time(fixture_hour(26)),
		  mm_cell_time(fixture_hour(31)), mm_cell_int(14210),
		  mm_cell_share(0.93) },
		{ mm_cell_z("i2"), mm_cell_z("dns"), mm_cell_z("local"),
		  mm_cell_time(fixture_hour(29)), mm_cell_null(),
		  mm_cell_int(312), mm_cell_share(0.71) },
	};

	mm_table_add(t, rows[0]);
	mm_table_add(t, rows[1]);
	mm_report_table(r, t, "incident");
}

static void
fixture_causes(struct mm_report *r, size_t n_rows)
{
	static const struct mm_column columns[] = {
		{ "cause", "Cause", MM_TEXT },
		{ "recipients", "Recipients", MM_INT },
		{ "share", "Share", MM_SHARE },
		{ "delay", "Median delay", MM_SPAN },
		{ "size", "Size", MM_BYTES },
		{ "text", "In the provider's words", MM_TEXT },
	};
	static const char *const names[] = { "rate-limited", "greylisted",
					     "mailbox-full", "no-such-user",
					     "dns-failure" };
	struct mm_table *t =
	    mm_table_new("causes", "Causes of deferrals", columns, 6);

	for (size_t i = 0; i < n_rows; i++) {
		const struct mm_cell row[] = {
			mm_cell_z(names[i % MM_COUNT(names)]),
			mm_cell_int((int64_t)(14210 / (i + 1))),
			mm_cell_share(0.62 / (double)(i + 1)),
			mm_cell_span((int64_t)(i * i + 1) * 41 * MM_SECOND_US),
			mm_cell_bytes((int64_t)(i + 1) * 734003),
			i == 1 ? mm_cell_z(FIXTURE_HOSTILE)
			       : mm_cell_z(i == 2 ? "=HYPERLINK(\"x\")"
						  : fixture_words),
		};

		mm_table_add(t, row);
	}
	mm_report_table(r, t, NULL);
}

/* What each way of resuming would do: curves over time that passed. */
static void
fixture_replay(struct mm_report *r)
{
	static const struct mm_column columns[] = {
		{ "elapsed", "Elapsed", MM_SPAN },
		{ "flush", "Full flush", MM_INT },
		{ "linear", "Linear, 20/min", MM_INT },
		{ "exponential", "Exponential", MM_INT },
	};
	struct mm_table *t = mm_table_new(
	    "drain", "Messages still waiting, by policy", columns, 4);
	const struct mm_chart chart = { .y_label = "messages" };

	for (int i = 0; i <= 96; i++) {
		const struct mm_cell row[] = {
			mm_cell_span(i * 15 * MM_MINUTE_US),
			mm_cell_int(14000 - i * 40),
			mm_cell_int(i < 47 ? 14000 - i * 300 : 0),
			mm_cell_int((int64_t)(14000 * exp(-i / 12.0))),
		};

		mm_table_add(t, row);
	}
	mm_report_chart(r, t, &chart);
}

static void
fixture_head(struct mm_report *r)
{
	const struct mm_answer answers[] = {
		{ "What happened",
		  MM_STR("Examplemail limited the rate of our mail for five "
			 "hours; 14 210 messages waited, 38 expired."),
		  MM_STR_ABSENT, "i1" },
		{ "When",
		  MM_STR("From 2026-11-22 02:00 to 07:00 UTC, worst at 04:15."),
		  MM_STR_ABSENT, NULL },
		{ "Who was hit",
		  MM_STR("11 903 recipients at 214 domains, all hosted by "
			 "Examplemail. 96 % of them are of one sender."),
		  MM_STR_ABSENT, "causes-section" },
		{ "Why", MM_STR("Rate limit on the address 192.0.2.25."),
		  mm_str_z(fixture_words), NULL },
		{ "Is it over",
		  MM_STR("Yes: the last deferral was at 06:58, the backlog was "
			 "gone at 09:20."),
		  MM_STR_ABSENT, NULL },
		{ "What to do",
		  MM_STR("Slow down to Examplemail and warm up in steps."),
		  MM_STR_ABSENT, "todo" },
	};

	mm_report_verdict(r, MM_TONE_GOOD, "Over since 2026-11-22 07:00 UTC");
	mm_report_fact(r, "Period", mm_cell_z("2026-11-21 to 2026-11-22"));
	mm_report_fact(r, "Hosts", mm_cell_z("mx1.example.org"));
	mm_report_fact(r, "Messages", mm_cell_int(181204));
	mm_report_fact(r, "First line", mm_cell_time(FIXTURE_T0));
	mm_report_fact(r, "Not understood", mm_cell_share(0.0004));
	for (size_t i = 0; i < MM_COUNT(answers); i++)
		mm_report_answer(r, &answers[i]);
}

static void
fixture_evidence(struct mm_report *r)
{
	mm_report_evidence(r, "i1-evidence", "Evidence", 25000);
	for (int i = 0; i < 6; i++) {
		char line[200], source[40];

		(void)snprintf(source, sizeof(source), "maillog.1.gz:%d",
			       81200 + i);
		(void)snprintf(line, sizeof(line),
			       "Nov 22 02:0%d:11 mx1 postfix/smtp[812]: "
			       "4bX%d: to=<a%d@example.net>, status=deferred "
			       "(host mx.example.net said: 421 4.7.28 ...)",
			       i, i, i);
		mm_report_line(r, mm_str_z(source), mm_str_z(line));
	}
	mm_report_line(r, MM_STR("maillog:7"), MM_STR(FIXTURE_HOSTILE));
}

static struct mm_report *
fixture_report(size_t n_causes)
{
	struct mm_report *r =
	    mm_report_new("Post-mortem", "Mail to Examplemail delayed");

	fixture_head(r);
	mm_report_section(r, "volume-section", "Volume over time");
	mm_report_prose(r, "Each line counts recipients by the outcome of an "
			   "attempt that reached a server.");
	fixture_volume(r);
	mm_report_section(r, "incidents-section", "Incidents");
	fixture_incidents(r);
	mm_report_part(r, "i1", "1 Throttle at Examplemail");
	mm_report_fact(r, "Start", mm_cell_time(fixture_hour(26)));
	mm_report_fact(r, "Peak", mm_cell_time(fixture_hour(28.25)));
	mm_report_fact(r, "End", mm_cell_time(fixture_hour(31)));
	mm_report_fact(r, "Lasted", mm_cell_span(5 * MM_HOUR_US));
	mm_report_fact(r, "Side", mm_cell_z("receiver"));
	mm_report_fact(r, "Confidence", mm_cell_share(0.93));
	mm_report_prose(r, "The volume doubled at 01:30 when %s began to send.",
			"news@example.org " FIXTURE_HOSTILE);
	mm_report_words(r, mm_str_z(fixture_words),
			"mx.example.net, 9 412 times");
	fixture_evidence(r);
	mm_report_part(r, "i2", "2 DNS failure, own side");
	mm_report_prose(r, "The resolver did not answer for 36 minutes.");
	mm_report_section(r, "causes-section", "Causes");
	fixture_causes(r, n_causes);
	mm_report_section(r, "replay-section", "Ways to resume");
	fixture_replay(r);
	mm_report_section(r, "todo", "What to do");
	mm_report_step(r, "Limit mail to Examplemail to 20 messages a minute.");
	mm_report_step(r, "Stop the ramp when deferrals pass %d %%.", 5);
	mm_report_step(r, "Ask %s for the reason of the jump.", "news");
	return r;
}

#endif
