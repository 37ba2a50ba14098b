/* Postfix queue files, postqueue -j and mailq. The corpus was written by
 * Postfix 3.7; postcat.txt is what its postcat(1) says of the same files. */
#include "tests/spools_show.h"

#include "formats/base/json.h"

#define SPOOL CORPUS "postfix/"

static const struct {
	const char *path;
	int64_t mtime_s; /* as in the spool */
} files[] = {
	{ "active/D7094FE", 1795325860 },
	{ "defer/2/4jXHp31MpGzd", 1795325807 },
	{ "defer/4/4jXHnD215qzBQ", 1795325680 },
	{ "defer/9/4jXHnS4Vzbz1J", 1795325691 },
	{ "defer/A/4jXHpz561RzJj", 1795325760 },
	{ "defer/C/C4251122", 1795325908 },
	{ "deferred/2/4jXHp31MpGzd", 1795325847 },
	{ "deferred/4/4jXHnD215qzBQ", 1795325712 },
	{ "deferred/C/C4251122", 1795325948 },
	{ "hold/4jXHnS4Vzbz1J", 1795325722 },
	{ "incoming/4jXHpz561RzJj", 1795325819 },
};

static struct mm_spools *
read_spool(void)
{
	struct mm_spools *sp = mm_spools_new();
	char name[256];

	for (size_t i = 0; i < MM_COUNT(files); i++) {
		(void)snprintf(name, sizeof(name), SPOOL "%s", files[i].path);
		assert_string_equal(
		    offer_file(sp, name, files[i].mtime_s, 0700),
		    "postfix queue file");
	}
	return sp;
}

/* What postcat.txt and an entry say in common. */

static void
as_postcat(void *ctx, const struct mm_spool_entry *e)
{
	mm_buf_addf(ctx, "%.*s %.*s\n%lld\n%.*s\n", MM_STR_ARG(e->queue),
		    MM_STR_ARG(e->queue_id), (long long)e->size_bytes,
		    MM_STR_ARG(e->sender));
	for (size_t i = 0; i < e->n_recipients; i++) {
		const struct mm_spool_recipient *r = &e->recipients[i];
		struct mm_str orig = r->orig.p != NULL ? r->orig : r->address;

		mm_buf_addf(ctx, "%.*s -> %.*s%s\n", MM_STR_ARG(orig),
			    MM_STR_ARG(r->address), r->done ? " done" : "");
	}
}

static void
no_snapshot(void *ctx, const struct mm_snapshot *s)
{
	(void)ctx;
	(void)s;
}

static void
postcat_line(struct mm_buf *b, struct mm_str line, struct mm_str *orig)
{
	struct mm_str name, value = line;
	bool done;

	if (mm_str_skip(&line, "### ")) {
		mm_buf_addf(b, "%.*s\n", MM_STR_ARG(line));
		return;
	}
	if (!mm_str_cutc(&value, ':', &name))
		return;
	value = mm_str_trim(value);
	done = mm_str_ends(name, " done_recipient");
	if (mm_str_ends(name, " message_size"))
		mm_buf_addf(
		    b, "%.*s\n",
		    MM_STR_ARG(mm_str_upto(value, mm_str_findc(value, ' '))));
	else if (mm_str_ends(name, " sender"))
		mm_buf_addf(b, "%.*s\n", MM_STR_ARG(value));
	else if (mm_str_ends(name, " original_recipient"))
		*orig = value;
	else if (done || mm_str_ends(name, " recipient"))
		mm_buf_addf(b, "%.*s -> %.*s%s\n", MM_STR_ARG(*orig),
			    MM_STR_ARG(value), done ? " done" : "");
}

static void
test_against_postcat(void **state)
{
	struct mm_str text = read_file(SPOOL "postcat.txt"), rest = text, line;
	struct mm_str orig = MM_STR_ABSENT;
	struct mm_buf got, want;
	struct mm_spool_sink sink = { no_snapshot, as_postcat, &got, NULL };
	size_t blocks = 0;

	(void)state;
	mm_buf_init(&got, 1 << 20);
	mm_buf_init(&want, 1 << 20);
	mm_spools_finish(read_spool(), &sink);
	while (mm_str_cutc(&rest, '\n', &line)) {
		bool head = mm_str_starts(line, "### ");

		if ((head || rest.n == 0) && want.n > 0) {
			assert_non_null(strstr(got.p, want.p));
			mm_buf_clear(&want);
			blocks++;
		}
		postcat_line(&want, line, &orig);
	}
	assert_int_equal(blocks, 5);
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
	assert_non_null(strstr(
	    b.p, "postfix: postfix queue file name=test-corpus/spools/postfix "
		 "host=mx0.shop.example taken=1795325908\n"));
	/* A bounce, of which mailq says MAILER-DAEMON. */
	assert_non_null(strstr(
	    b.p,
	    "active D7094FE from= "
	    "mid=20261122053740.D7094FE@mx0.shop.example size=6672 "
	    "arrived=1795325860.880838\n  to whaas94.1550@sender1.example\n"));
	/* postqueue -j of the same moment has these reasons and times. */
	assert_non_null(strstr(
	    b.p,
	    "  to jan24@telecom.example reason=delivery temporarily "
	    "suspended: host mx1.telecom.example[203.0.113.21] refused to "
	    "talk to me: 421 mx1.telecom.example Too many connections, slow "
	    "down. OFR004_104 [104]\n"));
	assert_non_null(strstr(b.p, "arrived=1795325691.143769 "
				    "next=1795325847 last=1795325807\n"));
	mm_buf_fini(&b);
}

/* Recipients and reasons of every message in postqueue-j.json. */
static void
test_against_listing(void **state)
{
	struct mm_str text = read_file(CORPUS "postqueue-j.json"), rest = text,
		      line;
	struct mm_buf spool, want;
	size_t n = 0;

	(void)state;
	(void)show_all(read_spool(), &spool);
	mm_buf_init(&want, 1 << 20);
	while (mm_str_cutc(&rest, '\n', &line)) {
		struct mm_json *v = mm_json_parse(line, NULL);
		const struct mm_json *r =
		    mm_json_at(mm_json_get(v, "recipients"), 0);
		struct mm_str why = mm_json_str(mm_json_get(r, "delay_reason"));

		mm_buf_clear(&want);
		mm_buf_addf(&want, "  to %.*s reason=%.*s\n",
			    MM_STR_ARG(mm_json_str(mm_json_get(r, "address"))),
			    MM_STR_ARG(why));
		assert_non_null(strstr(spool.p, want.p));
		mm_json_free(v);
		n++;
	}
	assert_int_equal(n, 3);
	mm_buf_fini(&spool);
	mm_buf_fini(&want);
	free((char *)(uintptr_t)text.p);
}

/* The two listings of one moment tell the same; mailq does not know incoming
 * from deferred, and the long ids hold the time to the microsecond. */
static void
test_listings(void **state)
{
	static const char want[] =
	    "postfix: postqueue -j name=test-corpus/spools/postqueue-j.json "
	    "taken=1795325811\n"
	    "hold 4jXHnS4Vzbz1J from=newsletter@corp.example size=1075 "
	    "arrived=1795325660\n  to bela.ito@yohoo.example reason=";
	struct mm_spools *sp = mm_spools_new();
	struct mm_buf b;

	(void)state;
	assert_string_equal(
	    offer_file(sp, CORPUS "postqueue-j.json", 1795325811, 0644),
	    "postqueue -j");
	assert_string_equal(
	    offer_file(sp, CORPUS "mailq-long.txt", 1795325811, 0644),
	    "postfix mailq");
	/* Long after: the times in the listing count. */
	assert_string_equal(
	    offer_file(sp, CORPUS "mailq-short.txt", 1820000000, 0644),
	    "postfix mailq");
	(void)show_all(sp, &b);
	assert_non_null(strstr(b.p, want));
	assert_non_null(strstr(
	    b.p,
	    "mailq-short.txt taken=1795325860\n"
	    "deferred C4251122 from=newsletter@shop.example size=2523 "
	    "arrived=1795325797\n  to fatima.tanaka@bigmail.example reason="
	    "host mx2.bigmail.example[203.0.113.12] said: 452-4.2.2 The "
	    "recipient's inbox is out of storage space. "));
	assert_non_null(
	    strstr(b.p, "active CA3356A from=newsletter@shop.example size=1092 "
			"arrived=1795325859\n  to jan416@prospect.example\n"
			"  to will584@university.example\n"
			"active D7094FE from= size=6672 arrived=1795325860\n"));
	assert_non_null(strstr(b.p, "hold 4jXHnS4Vzbz1J "));
	assert_non_null(strstr(b.p, "  to ldubois79@bigmail.example\n"));
	assert_non_null(strstr(b.p, "arrived=1795325691.194182"));
	mm_buf_fini(&b);
}

/* Queue files made here record by record, as rec_type.h has them: a line is a
 * type and its data; '!' puts the rest as it is. */

#define T "T1795325691 046671\n" /* 19 bytes in the file */

static const struct {
	const char *label, *name;
	unsigned mode;
	const char *records;
	const char *want; /* without the line of the snapshot */
} made[] = {
	{ "recipients behind the content", "deferred/A/ABCDE1", 0700,
	  T "Sa@b\nM\nNSubject: hello\nN\nNhi\nX\nRc@d\nE",
	  "deferred ABCDE1 from=a@b arrived=1795325691.046671 "
	  "next=1000\n  to c@d\n" },
	{ "headers of the message", "active/ABCDE1", 0700,
	  T "Sa@b\nRc@d\nM\nNReceived: by mx.e.example (Postfix)\n"
	    "N\tid ABCDE1; Sun\nNmessage-id:\nL  <12\nN3@e>\nN\nN<no@e>\nX\nE",
	  "active ABCDE1 from=a@b mid=123@e arrived=1795325691.046671\n"
	  "  to c@d\n" },
	{ "pointers and padding", "active/ABCDE1", 0700,
	  T "Sa@b\np             43\nE\nw000000\nRc@d\np              0\nE",
	  "active ABCDE1 from=a@b arrived=1795325691.046671\n  to c@d\n" },
	{ "pointers in a circle", "active/ABCDE1", 0700,
	  T "Sa@b\nRc@d\np             29",
	  "active ABCDE1 from=a@b arrived=1795325691.046671 "
	  "note=pointers in a circle\n  to c@d\n" },
	{ "pointer to nowhere", "active/ABCDE1", 0700,
	  T "Sa@b\np        9999999\nRc@d",
	  "active ABCDE1 from=a@b arrived=1795325691.046671 "
	  "note=pointer to nowhere\n" },
	{ "cut within a record", "deferred/A/ABCDE1", 0700,
	  T "Sa@b\nRc@d\n!R\x09"
	    "e@",
	  "deferred ABCDE1 from=a@b arrived=1795325691.046671 next=1000 "
	  "note=cut within a record\n  to c@d\n" },
	{ "a length that never ends", "active/ABCDE1", 0700,
	  T "Sa@b\n!R\xff\xff\xff\xff\xff\x01",
	  "active ABCDE1 from=a@b arrived=1795325691.046671 "
	  "note=record with a bad length\n" },
	{ "without an end", "deferred/A/ABCDE1", 0700, T "Sa@b\nRc@d\nM",
	  "deferred ABCDE1 from=a@b arrived=1795325691.046671 next=1000 "
	  "note=no end record\n  to c@d\n" },
	{ "half written", "incoming/ABCDE1", 0600, T "Sa@b\nRc@d",
	  "incoming ABCDE1 from=a@b arrived=1795325691.046671 next=1000 "
	  "note=half written: the message is not accepted yet\n"
	  "  done c@d\n" },
	{ "empty", "incoming/ABCDE1", 0700, "",
	  "incoming ABCDE1 next=1000 note=empty file\n" },
	{ "zeroed by a crash", "deferred/A/ABCDE1", 0700, "0\n0\n0",
	  "deferred ABCDE1 next=1000 note=not a queue file\n" },
	{ "set aside", "corrupt/ABCDE1", 0400, T "Sa@b\nRc@d\nE",
	  "corrupt ABCDE1 from=a@b arrived=1795325691.046671 "
	  "note=set aside as corrupt\n  done c@d\n" },
	{ "not picked up yet", "maildrop/ABCDE1", 0700,
	  "T1795325691\nAa=b\nFAnna\nS\nRc@d\nM\nE",
	  "maildrop ABCDE1 from= arrived=1795325691 "
	  "note=not picked up yet: no queue id\n  done c@d\n" },
	{ "names that need quotes", "active/ABCDE1", 0700,
	  T "Sx y@z\nOp..q\nRa\"b@cd\nR.a\nRa.b@c\nRe@f@g\nE",
	  "active ABCDE1 from=\"x y\"@z arrived=1795325691.046671\n"
	  "  to \"a\\\"b\"@cd orig=\"p..q\"\n  to \".a\"\n  to a.b@c\n"
	  "  to \"e@f\"@g\n" },
	{ "done, canceled, original", "active/ABCDE1", 0700,
	  T "Sa@b\nOC@D\nDc@d\nOo@p\nRq@r\n/s@t\nRu@v\nE",
	  "active ABCDE1 from=a@b arrived=1795325691.046671\n"
	  "  done c@d\n  to q@r orig=o@p\n  to u@v\n" },
	{ "a queue file anywhere", "some-copy", 0644,
	  T "Alog_ident=1234567\nSa@b\nRc@d\nE",
	  "queue 1234567 from=a@b arrived=1795325691.046671\n  to c@d\n" },
};

static struct mm_str
build(struct mm_buf *b, const char *records)
{
	struct mm_str rest = mm_str_z(records), line;

	mm_buf_clear(b);
	while (rest.n > 0) {
		if (mm_str_skip(&rest, "!")) {
			mm_buf_adds(b, rest);
			break;
		}
		if (!mm_str_cutc(&rest, '\n', &line)) {
			line = rest;
			rest.n = 0;
		}
		/* No type is a digit: that is a byte. */
		mm_buf_addc(b, (char)(line.p[0] == '0' ? 0 : line.p[0]));
		mm_buf_addc(b, (char)(line.n - 1));
		mm_buf_add(b, line.p + 1, line.n - 1);
	}
	return mm_buf_str(b);
}

static void
test_made(void **state)
{
	struct mm_buf bytes, got;

	(void)state;
	mm_buf_init(&bytes, 1 << 20);
	for (size_t i = 0; i < MM_COUNT(made); i++) {
		struct mm_spools *sp = mm_spools_new();
		const char *text;

		print_message("  %s\n", made[i].label);
		assert_non_null(offer(sp, made[i].name,
				      build(&bytes, made[i].records), 1000,
				      made[i].mode));
		text = strchr(show_all(sp, &got), '\n');
		assert_string_equal(text + 1, made[i].want);
		mm_buf_fini(&got);
	}
	mm_buf_fini(&bytes);
}

/* The head alone, when it tells all; the rest is fetched when it does not. */
static void
test_long_file(void **state)
{
	struct mm_spools *sp = mm_spools_new();
	struct mm_leaf leaf = { .name = MM_STR("s.tar!deferred/A/ABCDE1"),
				.mode = 0700 };
	struct mm_str all;
	struct mm_buf bytes, got;
	const char *kind;
	bool taken;

	(void)state;
	mm_buf_init(&bytes, 1 << 20);
	all = build(&bytes, "C           1234 0 2 0\n" T
			    "Sa@b\nRc@d\nM\nNSubject: x\nN\nX\nRe@f\nE");
	leaf.head = mm_str_upto(all, 60);
	leaf.reader = &all;
	assert_int_equal(mm_spools_take(sp, &leaf, &taken, &kind, NULL), MM_OK);
	assert_true(taken);
	assert_string_equal(
	    show_all(sp, &got),
	    "postfix: postfix queue file name=s.tar taken=1795325691.046671\n"
	    "deferred ABCDE1 from=a@b size=1234 arrived=1795325691.046671 "
	    "next=0\n  to c@d\n  to e@f\n");
	mm_buf_fini(&bytes);
	mm_buf_fini(&got);
}

/* A copy of a live spool holds a message in two places, and one of the two
 * may be a mere link (tar). Instances and snapshots stay apart. */
static void
test_places(void **state)
{
	struct mm_spools *sp = mm_spools_new();
	struct mm_buf bytes, got;

	(void)state;
	mm_buf_init(&bytes, 1 << 20);
	(void)offer(sp, "a.tar!./var/spool/postfix/deferred/A/ABCDE1",
		    build(&bytes, T "Sa@b\nDc@d\nRe@f\nE"), 1000, 0700);
	(void)offer(sp, "a.tar!./var/spool/postfix/active/ABCDE1",
		    build(&bytes, T "Sa@b\nRc@d\nRe@f\nE"), 900, 0700);
	(void)offer(sp, "a.tar!./var/spool/postfix/active/ABCDE2",
		    build(&bytes, T "Sa@b\nRc@d\nE"), 900, 0700);
	(void)offer(sp, "a.tar!./var/spool/postfix/deferred/A/ABCDE2",
		    MM_STR(""), 900, 0700);
	(void)offer(sp, "a.tar!./var/spool/postfix-out/hold/ABCDE1",
		    build(&bytes, T "Sg@h\nRi@j\nE"), 900, 0700);
	(void)offer(sp, "a.tar!./var/spool/postfix-out/defer/A/ABCDE1",
		    MM_STR("\n<i@j>: old words\n\n"), 950, 0600);
	assert_string_equal(
	    show_all(sp, &got),
	    "postfix: postfix queue file name=a.tar!./var/spool/postfix "
	    "taken=1795325691.046671\n"
	    "active ABCDE1 from=a@b arrived=1795325691.046671\n"
	    "  done c@d\n  to e@f\n"
	    "active ABCDE2 from=a@b arrived=1795325691.046671\n"
	    "  to c@d\n"
	    "postfix: postfix queue file name=a.tar!./var/spool/postfix-out "
	    "taken=1795325691.046671\n"
	    "hold ABCDE1 from=g@h arrived=1795325691.046671 last=950\n"
	    "  to i@j reason=old words\n");
	mm_buf_fini(&bytes);
	mm_buf_fini(&got);
}

/* qmgr(8) sets whole seconds: a fraction is of a copy that did not keep them,
 * and then no file time says anything. */
static void
test_copied(void **state)
{
	struct mm_spools *sp = mm_spools_new();
	struct mm_leaf leaf = { .name = MM_STR("s/deferred/A/ABCDE1"),
				.mtime_us = 1799999999123456,
				.mode = 0644,
				.whole = true };
	struct mm_buf bytes, got;
	const char *kind;
	bool taken;

	(void)state;
	mm_buf_init(&bytes, 1 << 20);
	leaf.head = build(&bytes, T "Sa@b\nRc@d\nE");
	assert_int_equal(mm_spools_take(sp, &leaf, &taken, &kind, NULL), MM_OK);
	(void)offer(sp, "s/defer/A/ABCDE1", MM_STR("\n<c@d>: why\n\n"),
		    1799999999, 0644);
	assert_string_equal(
	    show_all(sp, &got),
	    "postfix: postfix queue file name=s taken=1795325691.046671\n"
	    "deferred ABCDE1 from=a@b arrived=1795325691.046671\n"
	    "  to c@d reason=why\n");
	mm_buf_fini(&bytes);
	mm_buf_fini(&got);
}

/* What is not ours stays for others. */
static void
test_foreign(void **state)
{
	static const struct other others[] = {
		{ "mail.log", "Nov 22 05:34:51 mail postfix/qmgr[1]: x\n" },
		{ "deferred/notes.txt", "Tuesday we met\n" },
		{ "active/ABCDE1", "Tuesday we met\n" },
		{ "defer/A/ABCDE1", "Tuesday we met\n" },
		{ "data.json", "{\"queue\": 1}\n" },
		{ "empty", "" },
	};

	(void)state;
	offer_foreign(others, MM_COUNT(others));
}

/* `postconf -n` of a real server: what `grep` finds there. */
static void
test_postconf(void **state)
{
	static const char *const others[] = {
		"# main.cf\nqueue_directory = /var/spool/postfix\n",
		"a = b\nc = d\ne = f\ng = h\ni = j\n",
		"Nov 22 05:34:35 mx x: queue_directory = y\n",
	};
	struct mm_spools *sp = mm_spools_new();
	struct mm_buf b;

	(void)state;
	for (size_t i = 0; i < MM_COUNT(others); i++)
		assert_null(
		    offer(sp, "postconf", mm_str_z(others[i]), 0, 0644));
	assert_string_equal(
	    offer_file(sp, CORPUS "postconf/block.txt", 0, 0644),
	    "postconf -n");
	(void)show_all(sp, &b);
	assert_non_null(strstr(b.p, "postfix of mx0.shop.example: "
				    "maximal_queue_lifetime=150s\n"));
	assert_non_null(strstr(b.p, ": alias_database=hash:/etc/aliases\n"));
	mm_buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_postcat),
		cmocka_unit_test(test_whole_snapshot),
		cmocka_unit_test(test_against_listing),
		cmocka_unit_test(test_listings),
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_long_file),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_copied),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_postconf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
