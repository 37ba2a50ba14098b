/* OpenSMTPD's envelopes and smtpctl show queue. The corpus was written by
 * OpenSMTPD 6.8; smtpctl-show-queue.txt is what it said of the same messages,
 * a second later, of those it had by then. */
#include "tests/spools_show.h"

#define SPOOL CORPUS "opensmtpd/"

static const struct {
	const char *path;
	int64_t mtime_s;
} files[] = {
	{ "incoming/304677c4/304677c468a6182f", 1795325939 },
	{ "queue/85/85d64b9e/85d64b9e82f6079b", 1795325977 },
	{ "queue/85/85d64b9e/85d64b9e9a22b635", 1795325977 },
	{ "queue/85/85d64b9e/message", 1795325975 },
	{ "queue/aa/aaf6e702/aaf6e7021e440c47", 1795325976 },
	{ "queue/aa/aaf6e702/message", 1795325976 },
	{ "queue/b1/b1a800c2/b1a800c235a1e482", 1795325952 },
	{ "queue/b1/b1a800c2/b1a800c2522fa249", 1795325952 },
	{ "queue/b1/b1a800c2/b1a800c2bff9a953", 1795325875 },
	{ "queue/b1/b1a800c2/message", 1795325875 },
	{ "queue/cd/cdaede2c/cdaede2cbbb985c7", 1795325941 },
	{ "queue/cd/cdaede2c/message", 1795325921 },
	{ "temporary/304677c4", 1795325939 },
};

static struct mm_spools *
read_spool(void)
{
	struct mm_spools *sp = mm_spools_new();
	char name[256];

	for (size_t i = 0; i < MM_COUNT(files); i++) {
		(void)snprintf(name, sizeof(name), SPOOL "%s", files[i].path);
		assert_string_equal(
		    offer_file(sp, name, files[i].mtime_s, 0600),
		    "opensmtpd queue file");
	}
	return sp;
}

#define NET "reason=Network error on destination MXs\n"
#define GREY_A                                                                 \
	"reason=450 4.2.0 <u00175@greyhill.example>: Recipient "               \
	"address rejected: Greylisted, try again in 25 seconds\n"
#define GREY_B                                                                 \
	"reason=450 4.2.0 <rep3@greyhill.example>: Recipient "                 \
	"address rejected: Greylisted, try again in 6 seconds\n"

static void
test_whole_snapshot(void **state)
{
	struct mm_buf b;

	(void)state;
	assert_string_equal(
	    show_all(read_spool(), &b),
	    "opensmtpd: opensmtpd queue file "
	    "name=test-corpus/spools/opensmtpd host=mx-out.corp.example "
	    "taken=1795325977\n"
	    "incoming 304677c4 from=app+m000156@svc.example size=0 "
	    "arrived=1795325939 tries=0 "
	    "note=half written: the message is not accepted yet\n"
	    "  done u00356@bigmail.example\n"
	    /* Its bounce envelope is no mail yet. */
	    "deferred 85d64b9e from=alerts@corp.example "
	    "mid=m000074.1f9fdb3b@corp.example size=7548 "
	    "arrived=1795325975 next=1795326375 tries=1\n"
	    "  to u00175@greyhill.example " GREY_A
	    "incoming aaf6e702 from= mid=a1ad927aa8615163@corp.example "
	    "size=5255 arrived=1795325976 "
	    "tries=0\n"
	    "  to app+m000307@svc.example\n"
	    "deferred b1a800c2 from=mlist+m000736@corp.example "
	    "mid=20260000000736.A83FF.736@app3.corp.example "
	    "size=3696 "
	    "arrived=1795325875 next=1795329475 tries=3\n"
	    "  to u01531@deadhost.example " NET
	    "  to user37@deadhost.example " NET "  to u01534@faraway.example\n"
	    "deferred cdaede2c from=mlist+m000813@corp.example "
	    "mid=20260000000813.F4E5F.813@app2.corp.example "
	    "size=6656 "
	    "arrived=1795325921 "
	    "next=1795327521 tries=2\n"
	    "  to rep3@greyhill.example "
	    "orig=sales@CORP.EXAMPLE " GREY_B);
	mm_buf_fini(&b);
}

/* 1795325875 + 103 is the moment; 397 and 3497 s later they are due: the same
 * times as reckoned from the envelopes. */
static void
test_listing(void **state)
{
	struct mm_spools *sp = mm_spools_new();
	struct mm_buf b;

	(void)state;
	assert_string_equal(
	    offer_file(sp, CORPUS "smtpctl-show-queue.txt", 0, 0644),
	    "smtpctl show queue");
	assert_string_equal(
	    show_all(sp, &b),
	    "opensmtpd: smtpctl show queue "
	    "name=test-corpus/spools/smtpctl-show-queue.txt "
	    "taken=1795325978\n"
	    "deferred 85d64b9e from=alerts@corp.example "
	    "arrived=1795325975 next=1795326375 tries=1\n"
	    "  to u00175@greyhill.example " GREY_A
	    "active b1a800c2 from=mlist+m000736@corp.example "
	    "arrived=1795325875 next=1795329475 last=1795325875 "
	    "tries=3\n"
	    "  to u01531@deadhost.example " NET
	    "  to user37@deadhost.example " NET "  to u01534@faraway.example\n"
	    "deferred cdaede2c from=mlist+m000813@corp.example "
	    "arrived=1795325921 next=1795327521 tries=2\n"
	    "  to rep3@greyhill.example "
	    "orig=sales@CORP.EXAMPLE " GREY_B);
	mm_buf_fini(&b);
}

#define E "queue/b1/b1a800c2/b1a800c2"

static const struct {
	const char *label, *name, *text, *want;
} made[] = {
	{ "local delivery backs off less", E "35a1e482",
	  "version: 3\ntype: mda\nsender: a@b\nrcpt: c@d\ndest: e@d\n"
	  "ctime: 1000\nlast-try: 1100\nretry: 3\nerrorline: a: b|c\n",
	  "deferred b1a800c2 from=a@b arrived=1000 next=1090 last=1100 "
	  "tries=3\n  to e@d orig=c@d reason=a: b|c\n" },
	{ "an older version", E "35a1e482",
	  "version: 2\ntype: mta\nsender: @\nrcpt: c@d\ndest: c@d\n"
	  "ctime: 1000\nlast-try: 0\nexpire: 345600\nretry: 0\n",
	  "incoming b1a800c2 from= arrived=1000 tries=0\n  to c@d\n" },
	{ "cut", E "35a1e482", "version: 3\ntype: mta\nsender: a@b\nrc",
	  "deferred b1a800c2 from=a@b note=cut envelope\n" },
	{ "empty", E "35a1e482", "", "deferred b1a800c2 note=empty file\n" },
};

static void
test_made(void **state)
{
	struct mm_buf got;

	(void)state;
	for (size_t i = 0; i < MM_COUNT(made); i++) {
		struct mm_spools *sp = mm_spools_new();

		print_message("  %s\n", made[i].label);
		assert_non_null(
		    offer(sp, made[i].name, mm_str_z(made[i].text), 900, 0600));
		(void)show_all(sp, &got);
		assert_string_equal(strchr(got.p, '\n') + 1, made[i].want);
		mm_buf_fini(&got);
	}
}

/* A message moves from incoming to the queue while it is copied; many
 * envelopes are one message. */
static void
test_many(void **state)
{
	struct mm_spools *sp = mm_spools_new();
	struct mm_buf text, got;
	char name[128];

	(void)state;
	mm_buf_init(&text, 1 << 20);
	(void)offer(sp, "s.tar!incoming/b1a800c2/b1a800c200000000",
		    MM_STR("version: 3\ntype: mta\nsender: a@b\ndest: r0@d\n"
			   "ctime: 1000\nretry: 0\n"),
		    1000, 0600);
	for (int i = 0; i < 9; i++) {
		mm_buf_clear(&text);
		mm_buf_addf(&text,
			    "version: 3\ntype: mta\nsender: a@b\ndest: r%d@d\n"
			    "ctime: %d\nlast-try: %d\nretry: 1\n",
			    i, 1000 - i, 1000 + i);
		(void)snprintf(name, sizeof(name),
			       "s.tar!queue/b1/b1a800c2/b1a800c20000000%d", i);
		(void)offer(sp, name, mm_buf_str(&text), 1000, 0600);
	}
	assert_string_equal(
	    strchr(show_all(sp, &got), '\n') + 1,
	    "deferred b1a800c2 from=a@b arrived=992 next=1392 last=1008 "
	    "tries=1\n  to r0@d\n  to r1@d\n  to r2@d\n  to r3@d\n"
	    "  to r4@d\n  to r5@d\n  to r6@d\n  to r7@d\n  to r8@d\n");
	mm_buf_fini(&text);
	mm_buf_fini(&got);
}

static void
test_foreign(void **state)
{
	static const struct other others[] = {
		{ "queue/b1/b1a800c2/b1a800c235a1e48", "version: 3\n" },
		{ "queue/b1/b1a800c2/b1a800c335a1e482", "version: 3\n" },
		{ E "35a1e482", "Tuesday\n" },
		{ "notes", "a|b|c|d|e|f|g|h|i|j|k|l|m|n\n" },
	};

	(void)state;
	offer_foreign(others, MM_COUNT(others));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_snapshot),
		cmocka_unit_test(test_listing),
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
