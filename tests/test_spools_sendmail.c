/* Sendmail's qf, hf, df and mailq. The corpus was written by Sendmail 8.17;
 * the listings are what its `mailq`, `mailq -v`, `mailq -qQ` said of the same
 * messages. */
#include "tests/spools_show.h"

#define SPOOL CORPUS "sendmail/"
#define LIMIT                                                                  \
	"451 4.7.650 The mail server [198.18.5.25] has been temporarily rate " \
	"limited due to IP repu"

static const struct {
	const char *path;
	int64_t mtime_s;
} files[] = {
	{ "mqueue-client/df6AM5aRvh000585", 1795325787 },
	{ "mqueue-client/qf6AM5aRvh000585", 1795325787 },
	{ "mqueue/df6AM5aT9k000617", 1795325789 },
	{ "mqueue/hf6AM5aT9k000617", 1795325868 },
	{ "mqueue/q1/df6AM5kigC002877", 1795326405 },
	{ "mqueue/q1/qf6AM5kigC002877", 1795326434 },
	{ "mqueue/q2/df6AM5mKdG005196", 1795326500 },
	{ "mqueue/q2/qf6AM5mKdG005196", 1795326500 },
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
		    "sendmail queue file");
	}
	return sp;
}

/* What spool and listing have in common: id, size, time, sender, whom. */
static void
as_listed(void *ctx, const struct mm_spool_entry *e)
{
	mm_buf_addf(ctx, "%.*s %lld %lld %.*s%s\n", MM_STR_ARG(e->queue_id),
		    (long long)e->size_bytes, (long long)e->arrived_us,
		    MM_STR_ARG(e->sender),
		    mm_str_is(e->queue, "quarantine") ? " quarantined" : "");
	for (size_t i = 0; i < e->n_recipients; i++)
		mm_buf_addf(ctx, "  %.*s\n",
			    MM_STR_ARG(e->recipients[i].address));
	if (mm_str_is(e->queue, "quarantine"))
		mm_buf_addf(ctx, "  (%.*s)\n", MM_STR_ARG(e->note));
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
	struct mm_spools *sp = mm_spools_new();
	struct mm_buf spool, all, quarantined;
	struct mm_spool_sink sink = { no_snapshot, as_listed, &spool, NULL };
	const char *line;

	(void)state;
	mm_buf_init(&spool, 1 << 20);
	mm_buf_init(&all, 1 << 20);
	mm_buf_init(&quarantined, 1 << 20);
	mm_spools_finish(read_spool(), &sink);
	(void)offer_file(sp, CORPUS "sendmail-mailq.txt", 1795326600, 0644);
	sink.ctx = &all;
	mm_spools_finish(sp, &sink);
	sp = mm_spools_new();
	(void)offer_file(sp, CORPUS "sendmail-mailq-qQ.txt", 1795326600, 0644);
	sink.ctx = &quarantined;
	mm_spools_finish(sp, &sink);
	/* In order of ids the quarantined one is the second. */
	line = strstr(all.p, "6AM5kigC002877");
	assert_non_null(line);
	assert_memory_equal(spool.p, all.p, (size_t)(line - all.p));
	assert_non_null(strstr(spool.p, quarantined.p));
	assert_non_null(strstr(spool.p, line));
	assert_int_equal(spool.n, all.n + quarantined.n);
	mm_buf_fini(&spool);
	mm_buf_fini(&all);
	mm_buf_fini(&quarantined);
}

static void
test_whole_snapshot(void **state)
{
	struct mm_buf b;

	(void)state;
	(void)show_all(read_spool(), &b);
	assert_non_null(strstr(
	    b.p, "sendmail: sendmail queue file name=test-corpus/spools/"
		 "sendmail host=mx-out.corp.example taken=1795326500\n"
		 "incoming 6AM5aRvh000585 from=mlist+m000069@corp.example "));
	assert_non_null(
	    strstr(b.p, "quarantine 6AM5aT9k000617 from=carol@corp.example "
			"mid=26fc29dc-a972-000715@svc.example size=1503 "
			"arrived=1795325789 last=1795325852 tries=5 "
			"note=held by operator\n  to u01446@smallbiz.example "
			"reason=Connection refused by mx.smallbiz.example.\n"));
	/* The bounce, with nothing said but "Deferred". */
	assert_non_null(strstr(
	    b.p, "deferred 6AM5mKdG005196 from= "
		 "mid=202611220548.6AM5mKdG005196@relay1.shop.test "
		 "size=12125 arrived=1795326500 last=1795326500 tries=1\n"
		 "  to app+m001992@svc.example reason=Deferred\n"));
	mm_buf_fini(&b);
}

/* With -v each recipient has its own reason. */
static void
test_reasons(void **state)
{
	static const char want[] =
	    "sendmail: sendmail mailq "
	    "name=test-corpus/spools/sendmail-mailq-v.txt taken=1795326600\n"
	    "deferred 6AM5kigC002877 from=app+m002016@svc.example size=1841 "
	    "arrived=1795326404\n"
	    "  to u03883@deadhost.example reason=Connection refused by "
	    "mx.deadhost.example.\n"
	    "  to u03881@ol.test reason=" LIMIT "\n"
	    "  to u03880@ol.test reason=" LIMIT "\n"
	    "  to u03879@ol.test reason=" LIMIT "\n";
	struct mm_spools *sp = mm_spools_new();
	struct mm_buf got, spool;

	(void)state;
	(void)offer_file(sp, CORPUS "sendmail-mailq-v.txt", 1795326600, 0644);
	assert_string_equal(show_all(sp, &got), want);
	(void)show_all(read_spool(), &spool);
	assert_non_null(strstr(
	    spool.p, "  to u03883@deadhost.example reason=Connection refused "
		     "by mx.deadhost.example.\n"
		     "  to u03881@ol.test reason=" LIMIT "tation. For "));
	mm_buf_fini(&got);
	mm_buf_fini(&spool);
}

#define ID "6AM5kigC002877"

/* Control files made here after op.me, section B.3. */
static const struct {
	const char *label, *name, *text, *want;
} made[] = {
	{ "what came before the expansion", "s/qf" ID,
	  "V8\nT1795326404\nK0\nN0\nS<a@b>\nQrfc822;list@b\n"
	  "rRFC822; c@d\nRPFD:c@d\nQrfc822;E@F\nR<e@f>\nH?P?Return-Path: <\x81"
	  "g>\nH??Message-ID:\n\t<1@2>\n.\n",
	  "incoming " ID " from=a@b mid=1@2 arrived=1795326404 tries=0\n"
	  "  to c@d orig=list@b\n  to e@f\n" },
	{ "reasons before and after the sender", "s/qf/qf" ID,
	  "V8\nMDeferred: all\nS<a@b>\nMown\nRPFD:c@d\n"
	  "MWarning: could not send message for past 4 hours\nRPFD:e@f\n.\n",
	  "deferred " ID " from=a@b\n  to c@d reason=own\n"
	  "  to e@f reason=all\n" },
	{ "no end", "s/q1/qf/qf" ID, "V8\nT1795326404\nS<a@b>\nRPFD:c@d\n",
	  "deferred " ID " from=a@b arrived=1795326404 note=no end line\n"
	  "  to c@d\n" },
	{ "a bad one", "s/Qf" ID, "V8\nS<a@b>\nRPFD:c@d\n.\n",
	  "corrupt " ID " from=a@b note=set aside as bad\n  done c@d\n" },
	{ "empty", "s/qf" ID, "", "deferred " ID " note=empty file\n" },
};

static void
test_made(void **state)
{
	struct mm_buf got;

	(void)state;
	for (size_t i = 0; i < MM_COUNT(made); i++) {
		struct mm_spools *sp = mm_spools_new();

		print_message("  %s\n", made[i].label);
		assert_non_null(offer(sp, made[i].name, mm_str_z(made[i].text),
				      1000, 0640));
		(void)show_all(sp, &got);
		assert_true(mm_str_starts(mm_buf_str(&got),
					  "sendmail: sendmail queue file "
					  "name=s "));
		assert_string_equal(strchr(got.p, '\n') + 1, made[i].want);
		mm_buf_fini(&got);
	}
}

static void
test_listing_forms(void **state)
{
	struct mm_spools *sp = mm_spools_new();
	struct mm_buf got;

	(void)state;
	assert_string_equal(
	    offer(
		sp, "mailq",
		MM_STR(
		    "\t\t/var/spool/mqueue (4 requests)\n"
		    "-----Q-ID----- --Size-- -----Q-Time----- "
		    "------------Sender/Recipient-----------\n"
		    "6AM5kigC002877* (job completed)\n"
		    "6AM5kigC002878*     12 Sun Nov 22 05:46 MAILER-DAEMON"
		    "\n      8BITMIME   (Deferred: why)\n\t\t\t\t\t a@b\n"
		    "n2DAj1fe006727?      3 Fri Mar 13 10:45 <>\n"
		    "      (Warning: could not send message for past 4 hours)\n"
		    "\t\t\t\t\t c\n"),
		1795500000, 0644),
	    "sendmail mailq");
	assert_string_equal(
	    show_all(sp, &got),
	    "sendmail: sendmail mailq name=mailq taken=1795326404\n"
	    "active 6AM5kigC002878 from= size=12 arrived=1795326404\n"
	    "  to a@b reason=why\n"
	    "deferred n2DAj1fe006727 from= size=3 arrived=1236941101\n"
	    "  to c\n");
	mm_buf_fini(&got);
}

/* Known, and no snapshot. */
static void
test_host_status(void **state)
{
	struct mm_spools *sp = mm_spools_new();
	struct mm_buf got;

	(void)state;
	assert_string_equal(offer(sp, "host_status/example./flaky./in",
				  MM_STR("V0\nE0\nH0\nS0\nU1795325877\n.\n"), 0,
				  0644),
			    "sendmail host status");
	assert_string_equal(show_all(sp, &got), "");
	mm_buf_fini(&got);
}

static void
test_foreign(void **state)
{
	static const struct other others[] = {
		{ "maillog", "Nov 22 05:34:51 mx sm-mta[1]: " ID ": x\n" },
		{ "s/qf" ID, "Tuesday\n" },
		{ "s/qfabc", "V8\nT1\n" },
		{ "s/" ID, "V8\nT1\n" },
		{ "notes", "/var/spool/mqueue was full\n" },
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
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_listing_forms),
		cmocka_unit_test(test_host_status),
		cmocka_unit_test(test_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
