/* Exim's -H, -D, -J and msglog, and exim -bp. The corpus was written by Exim
 * 4.96 and 4.98; exim-bp.txt is what its `exim -bp` said of the same
 * messages. */
#include "tests/spools_show.h"

#define SPOOL CORPUS "exim/"

static const struct {
	const char *path;
	int64_t mtime_s;
} files[] = {
	{ "msglog/1xV0Dj-00002B-1j", 1795325756 },
	{ "msglog/1xV0Gq-0000w7-1V", 1795325868 },
	{ "msglog/K/1xV0LK-000000005rC-3goi", 1795326272 },
	{ "msglog/o/1xV0do-0000J1-2p", 1795327292 },
	{ "input/1xV0Dj-00002B-1j-D", 1795325675 },
	{ "input/1xV0Dj-00002B-1j-H", 1795325859 },
	{ "input/1xV0Gq-0000w7-1V-D", 1795325868 },
	{ "input/1xV0Gq-0000w7-1V-H", 1795325868 },
	{ "input/K/1xV0LK-000000005rC-3goi-D", 1795326146 },
	{ "input/K/1xV0LK-000000005rC-3goi-H", 1795326164 },
	{ "input/K/1xV0LK-000000005rC-3goi-J", 1795326271 },
	{ "input/o/1xV0do-0000J1-2p-J", 1795327292 },
	{ "input/o/1xV0do-0000J1-2p-D", 1795327292 },
	{ "input/o/1xV0do-0000J1-2p-H", 1795327292 },
};

static struct mm_spools *
read_spool(void)
{
	struct mm_spools *sp = mm_spools_new();
	char name[256];

	for (size_t i = 0; i < MM_COUNT(files); i++) {
		(void)snprintf(name, sizeof(name), SPOOL "%s", files[i].path);
		assert_string_equal(
		    offer_file(sp, name, files[i].mtime_s, 0640),
		    "exim spool file");
	}
	return sp;
}

/* What spool and listing have in common. */
static void
as_listed(void *ctx, const struct mm_spool_entry *e)
{
	mm_buf_addf(ctx, "%.*s <%.*s>%s\n", MM_STR_ARG(e->queue_id),
		    MM_STR_ARG(e->sender),
		    mm_str_is(e->queue, "frozen") ? " *** frozen ***" : "");
	for (size_t i = 0; i < e->n_recipients; i++)
		mm_buf_addf(ctx, "        %s %.*s\n",
			    e->recipients[i].done ? "D" : " ",
			    MM_STR_ARG(e->recipients[i].address));
	mm_buf_addc(ctx, '\n');
}

static void
no_snapshot(void *ctx, const struct mm_snapshot *s)
{
	(void)ctx;
	(void)s;
}

static void
test_against_listing(void **state)
{
	struct mm_str text = read_file(CORPUS "exim-bp.txt"), rest = text, line;
	struct mm_spools *sp = mm_spools_new();
	struct mm_buf got, want;
	struct mm_spool_sink sink = { no_snapshot, as_listed, &got, NULL };

	(void)state;
	mm_buf_init(&got, 1 << 20);
	mm_buf_init(&want, 1 << 20);
	/* The listing is in order of the ids, but for its age and size. */
	while (mm_str_cutc(&rest, '\n', &line)) {
		if (line.n > 10 && line.p[3] != ' ')
			line = mm_str_from(line, 11);
		else if (line.n > 10 && line.p[2] == 'm')
			line = mm_str_from(line, 10);
		mm_buf_addf(&want, "%.*s\n", MM_STR_ARG(line));
	}
	mm_spools_finish(read_spool(), &sink);
	assert_string_equal(got.p, want.p);
	mm_buf_clear(&got);
	assert_string_equal(
	    offer_file(sp, CORPUS "exim-bp.txt", 1795327292, 0644), "exim -bp");
	mm_spools_finish(sp, &sink);
	assert_string_equal(got.p, want.p);
	mm_buf_fini(&got);
	mm_buf_fini(&want);
	free((char *)(uintptr_t)text.p);
}

static void
test_whole_snapshot(void **state)
{
	struct mm_buf b;

	(void)state;
	(void)show_all(read_spool(), &b);
	assert_non_null(
	    strstr(b.p, "exim: exim spool file name=test-corpus/spools/exim "
			"host=mx-out.corp.example taken=1795327292.879542\n"));
	/* The size as S= in the msglog: 1678. */
	assert_non_null(strstr(
	    b.p, "frozen 1xV0Dj-00002B-1j from=mlist+m000800@corp.example "
		 "mid=20260000000800.5F67D.800@app0.corp.example size=1678 "
		 "arrived=1795325675.538814 last=1795325756\n"));
	assert_non_null(strstr(
	    b.p, "  to full5@smallbiz.example reason=SMTP error from remote "
		 "mail server after RCPT TO:<full5@smallbiz.example>: 452 "
		 "4.2.2 <full5@smallbiz.example>: mailbox full\n"));
	/* Being tried for the first time. */
	assert_non_null(
	    strstr(b.p, "incoming 1xV0do-0000J1-2p from=alerts@verein.example "
			"mid=d8b60c42-7eb2-000034@svc.example size=1007 "
			"arrived=1795327292.879542 last=1795327292 tries=0\n"
			"  done dave@verein.example\n"));
	mm_buf_fini(&b);
}

#define ID "1xV0Dj-00002B-1j"

/* -H files made here after spool_in.c. */
static const struct {
	const char *label, *text, *want;
} made[] = {
	{ "whatever an ACL variable holds",
	  ID "-H\nme 1 2\n<a@b>\n1795325675 0\n-received_time_usec .538814\n"
	     "-aclm 0 9\n-frozen 1\n--aclc _x 3\nXX\n\n-local\nXX\n1\nc@d\n\n"
	     "008  a: b\n c\n\n",
	  "deferred " ID " from=a@b size=8 arrived=1795325675.538814\n"
	  "  to c@d\n" },
	{ "what stands behind recipients",
	  ID "-H\nme 1 -2\n<>\n1795325675 0\nXX\n6\n"
	     "a@b e@f 3,0#1\nc@d rfc822;x@y 10,3 0,-1#3\n"
	     "e@f  0,4 g@h 3,-1#3\ng@h 5\ni@j 0,0,7\nk l@m\n\n",
	  "deferred " ID " from= size=0 arrived=1795325675\n"
	  "  to a@b\n  to c@d\n  to e@f\n  to g@h\n  to i@j\n  to k l@m\n" },
	{ "deleted headers do not count",
	  ID "-H\nme 1 2\n<a@b>\n1795325675 1\n-deliver_firsttime\nXX\n1\n"
	     "c@d\n\n011* X-Old: abc\n014I Message-ID: <\n",
	  "incoming " ID
	  " from=a@b size=14 arrived=1795325675 tries=0\n  to c@d\n" },
	{ "cut in the tree", ID "-H\nme 1 2\n<a@b>\n1795325675 0\nYY c@d\n",
	  "deferred " ID " from=a@b arrived=1795325675 "
	  "note=cut within the envelope\n" },
	{ "cut in the recipients",
	  ID "-H\nme 1 2\n<a@b>\n1795325675 0\nXX\n3\nc@d\n",
	  "deferred " ID " from=a@b arrived=1795325675 "
	  "note=cut within the envelope\n  to c@d\n" },
	{ "cut in the envelope", ID "-H\nme 1 2\n<a@b>\n1795325675 0\n",
	  "deferred " ID " from=a@b arrived=1795325675 "
	  "note=cut within the envelope\n" },
	{ "no sender", ID "-H\nme 1 2\na@b\n1795325675 0\nXX\n1\nc@d\n\n",
	  "deferred " ID " note=no sender where it should be\n" },
	{ "no count", ID "-H\nme 1 2\n<a@b>\n1795325675 0\nXX\nmany\n",
	  "deferred " ID " from=a@b arrived=1795325675 "
	  "note=no count of recipients where it should be\n" },
	{ "empty", "", "deferred " ID " note=empty file\n" },
};

static void
test_made(void **state)
{
	struct mm_buf got;

	(void)state;
	for (size_t i = 0; i < MM_COUNT(made); i++) {
		struct mm_spools *sp = mm_spools_new();
		const char *text;

		print_message("  %s\n", made[i].label);
		assert_non_null(offer(sp, "s/input/" ID "-H",
				      mm_str_z(made[i].text), 1000, 0640));
		text = strchr(show_all(sp, &got), '\n') + 1;
		assert_memory_equal(text, made[i].want, strlen(made[i].want));
		mm_buf_fini(&got);
	}
}

/* A header file about to replace -H tells who is done; alone it is a message
 * that nobody has accepted. Zones, logs of children, both places of a split
 * spool. */
static void
test_beside(void **state)
{
	static const char head[] = ID "-H\nme 1 2\n<a@b>\n1795325675 0\n";
	struct mm_spools *sp = mm_spools_new();
	struct mm_buf b, got;

	(void)state;
	mm_buf_init(&b, 4096);
	mm_buf_addf(&b, "%sXX\n3\nc@d\ne@f\ng@h\n\n", head);
	(void)offer(sp, "s.tar!x/input/j/" ID "-H", mm_buf_str(&b), 1000, 0640);
	(void)offer(sp, "s.tar!x/input/" ID "-H", mm_buf_str(&b), 1000, 0640);
	mm_buf_clear(&b);
	mm_buf_addf(&b, "%sNN c@d\n3\nc@d\ne@f\ng@h\n\n", head);
	(void)offer(sp, "s.tar!x/input/j/hdr." ID, mm_buf_str(&b), 1000, 0640);
	(void)offer(sp, "s.tar!x/input/j/hdr.1xV0Dj-00002B-2j",
		    MM_STR("1xV0Dj-00002B-2j-H\nme 1 2\n<a@b>\n1 0\nXX\n1\n"
			   "c@d\n\n"),
		    1000, 0640);
	(void)offer(sp, "s.tar!x/msglog/j/" ID,
		    MM_STR("2026-11-22 06:01:32 +0100 e@f R=r T=t defer (-53):"
			   " retry time not reached for any host\n"
			   "2026-11-22 06:01:32.123 kid@i <g@h> F=<a@b> R=r "
			   "T=t defer (111) H=mx.i [192.0.2.1]:25 I=[x]:1: "
			   "Connection refused DT=0.000s\n"
			   "2026-11-22 06:01:33 c@d: t transport succeeded\n"),
		    1795325700, 0640);
	assert_string_equal(
	    show_all(sp, &got),
	    "exim: exim spool file name=s.tar!x taken=1795325700\n"
	    "deferred " ID " from=a@b size=0 arrived=1795325675 "
	    "last=1795325700\n"
	    "  done c@d\n"
	    "  to e@f reason=retry time not reached for any host\n"
	    "  to g@h reason=Connection refused\n");
	mm_buf_fini(&b);
	mm_buf_fini(&got);
}

/* Copied without their times: a body is not hours younger than its message.
 * Then no file time says anything. */
static void
test_copied(void **state)
{
	struct mm_spools *sp = mm_spools_new();
	struct mm_buf got;
	char name[256];

	(void)state;
	for (size_t i = 0; i < MM_COUNT(files); i++) {
		(void)snprintf(name, sizeof(name), SPOOL "%s", files[i].path);
		(void)offer_file(sp, name, 1799999999, 0640);
	}
	(void)show_all(sp, &got);
	assert_non_null(strstr(got.p, " taken=1795327292.879542\n"));
	assert_null(strstr(got.p, "1799999999"));
	mm_buf_fini(&got);
}

static void
test_listing_forms(void **state)
{
	struct mm_spools *sp = mm_spools_new();
	struct mm_buf got;

	(void)state;
	assert_string_equal(
	    offer(sp, "bp",
		  MM_STR("\n26h 12.5K 1xV0Dj-00002B-1j <a@b> (www) *** frozen "
			 "***\n        D c@d\n       +D kid@d\n          e@f\n"
			 "\n 4d     0 1xV0LK-000000005rC-3goi\n"
			 "    *** spool format error: size=12 ***\n\n"),
		  0, 0644),
	    "exim -bp");
	/* Rounded twice: 4 days are at least 83.5 hours. */
	assert_string_equal(show_all(sp, &got),
			    "exim: exim -bp name=bp taken=1795626746.879576\n"
			    "frozen 1xV0Dj-00002B-1j from=a@b size=12800 "
			    "arrived=1795325675\n"
			    "  done c@d\n  done kid@d\n  to e@f\n"
			    "deferred 1xV0LK-000000005rC-3goi size=0 "
			    "arrived=1795326146.879576\n");
	mm_buf_fini(&got);
}

static void
test_foreign(void **state)
{
	static const struct other others[] = {
		{ "mainlog", "2026-11-22 05:34:35 1xV0Dj-00002B-1j <= a@b\n" },
		{ "input/" ID "-H", "Tuesday\n" },
		{ ID, "Tuesday\n" },
		{ "notes", " 3m we met\n" },
		{ "notes", " 4d     0 1xV0LK-zzzzzzzzzzz-3goi <a@b>\n" },
		{ "notes", "" },
	};

	(void)state;
	offer_foreign(others, MM_COUNT(others));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_listing),
		cmocka_unit_test(test_whole_snapshot),
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_copied),
		cmocka_unit_test(test_listing_forms),
		cmocka_unit_test(test_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
