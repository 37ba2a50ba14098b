/* Exim's databases of retries and of waiting messages. Those of the corpus
 * were written by Exim 4.96, exim_dumpdb.txt is what its exim_dumpdb printed
 * of the same; others are made here after dbinc/db_page.h. */
#include "tests/spools_show.h"

#include "formats/base/time.h"
#include "formats/spools/exim_hints.h"

#define HINTS CORPUS "exim-hints/"
#define ID    "1xV0Dj-00002B-1j"
#define OTHER "1xV0Dj-00002B-2j"
#define PAGE  1024

static struct mm_exim_hints
read_hints(const char *path)
{
	struct mm_str text = read_file(path);
	struct mm_exim_hints h;

	mm_exim_hints_init(&h);
	assert_true(mm_exim_hints_probe(text));
	mm_exim_hints_take(&h, text);
	free((char *)(uintptr_t)text.p);
	return h;
}

/* "22-Nov-2026 06:01:44", UTC. */
static int64_t
printed_time(struct mm_str s)
{
	struct mm_civil c = { .year = 2026, .month = 11, .day = 22 };
	int hour, minute, second;

	assert_int_equal(
	    sscanf(s.p, "22-Nov-2026 %d:%d:%d", &hour, &minute, &second), 3);
	c.hour = hour;
	c.minute = minute;
	c.second = second;
	return mm_time_from_civil(&c);
}

/* Each record in two lines: "  KEY NUMBERS TEXT", and the times of the first
 * failure, the last try and the next. */
static void
test_against_dump(void **state)
{
	struct mm_exim_hints h = read_hints(HINTS "db/retry");
	struct mm_str text = read_file(HINTS "exim_dumpdb.txt"), rest = text;
	struct mm_str line, key;
	size_t n = 0, found = 0;

	(void)state;
	mm_exim_hints_sort(&h);
	for (; mm_str_cutc(&rest, '\n', &line); n++) {
		key = mm_str_trim(line);
		key = mm_str_upto(key, mm_str_findc(key, ' '));
		assert_true(mm_str_cutc(&rest, '\n', &line));
		for (size_t i = 0; i < h.n_retries; i++) {
			if (!mm_str_eq(h.retries[i].key, key))
				continue;
			found++;
			assert_int_equal(h.retries[i].next_us,
					 printed_time(mm_str_from(line, 44)));
		}
	}
	assert_int_equal(n, 29);
	assert_int_equal(found, 29);
	assert_int_equal(h.n_retries, 29);
	mm_exim_hints_fini(&h);
	free((char *)(uintptr_t)text.p);
}

static void
test_waits(void **state)
{
	struct mm_exim_hints h = read_hints(HINTS "db/wait-remote_smtp");

	(void)state;
	/* What `strings` shows before three hosts: 1, 13 and 5 ids. */
	assert_int_equal(h.n_waits, 19);
	for (size_t i = 0; i < h.n_waits; i++)
		assert_true(h.waits[i].queue_id.n == 16);
	mm_exim_hints_fini(&h);
}

/* A database in the making: the first page, then one with items from its end
 * on. */
struct db {
	unsigned char bytes[8 * PAGE];
	bool is_big;
	size_t n, end;
};

static void
put(struct db *d, size_t at, uint64_t v, size_t n_bytes)
{
	for (size_t i = 0; i < n_bytes; i++)
		d->bytes[at + (d->is_big ? n_bytes - 1 - i : i)] =
		    (unsigned char)(v >> (8 * i));
}

static void
begin(struct db *d, bool is_big)
{
	*d = (struct db){ .is_big = is_big, .end = PAGE };
	put(d, 12, 0x61561, 4);
	put(d, 20, PAGE, 4);
	d->bytes[25] = 8;
	d->bytes[PAGE + 25] = 13;
}

static void
item(struct db *d, int kind, const void *bytes, size_t n)
{
	d->end -= n + 1;
	d->bytes[PAGE + d->end] = (unsigned char)kind;
	memcpy(d->bytes + PAGE + d->end + 1, bytes, n);
	put(d, PAGE + 26 + 2 * d->n++, d->end, 2);
	put(d, PAGE + 20, d->n, 2);
}

static void
add_retry(struct db *d, const char *key, int64_t next_s)
{
	struct db v = { .is_big = d->is_big };

	put(&v, 24, (uint64_t)next_s, 8);
	item(d, 1, key, strlen(key) + 1);
	item(d, 1, v.bytes, 45);
}

static void
add_wait(struct db *d, const char *host, const char *ids, size_t n)
{
	struct db v = { .is_big = d->is_big };

	put(&v, 8, n, 4);
	memcpy(v.bytes + 16, ids, strlen(ids));
	item(d, 1, host, strlen(host) + 1);
	item(d, 1, v.bytes, 16 + strlen(ids));
}

/* What the records say of ID from s@d to R@Big.example and t@other; seconds.
 * -1: unknown. */
static const struct {
	const char *label;
	struct {
		const char *key;
		int64_t next_s;
	} records[4];
	const char *waits_for; /* ID and OTHER */
	int64_t want_s;
} rows[] = {
	{ "no record: in the next run", { { "R:x@y", 500 } }, NULL, 100 },
	{ "the address", { { "R:R@big.example", 500 } }, NULL, 500 },
	{ "the address and this sender",
	  { { "R:R@big.example:<s@d>", 500 } },
	  NULL,
	  500 },
	{ "another sender", { { "R:R@big.example:<x@d>", 500 } }, NULL, 100 },
	{ "the domain and the address",
	  { { "R:big.example", 700 }, { "R:R@big.example", 500 } },
	  NULL,
	  700 },
	{ "a local delivery", { { "T:t@other", 500 } }, NULL, 500 },
	{ "the first of two recipients",
	  { { "R:R@big.example", 500 }, { "R:t@other", 400 } },
	  NULL,
	  400 },
	{ "a host for this message",
	  { { "T:mx.a:192.0.2.1:" ID, 500 }, { "T:mx.a:192.0.2.1:" OTHER, 3 } },
	  NULL,
	  500 },
	{ "a host for another message",
	  { { "T:mx.a:192.0.2.1:" OTHER, 500 } },
	  NULL,
	  100 },
	{ "a host that the message waits for",
	  { { "T:mx.a:192.0.2.1", 500 } },
	  "mx.a",
	  500 },
	{ "a host that it does not wait for",
	  { { "T:mx.a:192.0.2.1", 500 } },
	  "mx",
	  100 },
	{ "the first address of a host",
	  { { "T:mx.a:192.0.2.1", 500 }, { "T:mx.a:2001:db8::1", 400 } },
	  "mx.a",
	  400 },
	{ "for all and for this one: the later",
	  { { "T:mx.a:192.0.2.1", 500 }, { "T:mx.a:192.0.2.1:" ID, 600 } },
	  "mx.a",
	  600 },
};

static int64_t
said(struct mm_exim_hints *h)
{
	struct mm_spool_recipient r[] = {
		{ .address = MM_STR("R@Big.example") },
		{ .address = MM_STR("t@other") },
	};
	struct mm_spool_entry e = { .queue_id = MM_STR(ID),
				    .sender = MM_STR("s@d"),
				    .arrived_us = 100 * MM_SECOND_US,
				    .next_try_us = MM_TIME_NONE,
				    .n_attempts = -1,
				    .recipients = r,
				    .n_recipients = 2 };

	mm_exim_hints_sort(h);
	mm_exim_hints_say(h, &e);
	return e.next_try_us == MM_TIME_NONE ? -1
					     : e.next_try_us / MM_SECOND_US;
}

static void
test_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * MM_COUNT(rows); i++) {
		struct mm_exim_hints h;
		struct db d;

		print_message("  %s\n", rows[i / 2].label);
		begin(&d, i % 2 == 1);
		for (size_t k = 0; k < 4; k++)
			if (rows[i / 2].records[k].key != NULL)
				add_retry(&d, rows[i / 2].records[k].key,
					  rows[i / 2].records[k].next_s);
		if (rows[i / 2].waits_for != NULL)
			add_wait(&d, rows[i / 2].waits_for, OTHER ID, 2);
		mm_exim_hints_init(&h);
		h.has_retries = true;
		mm_exim_hints_take(
		    &h, (struct mm_str){ (char *)d.bytes, 2 * PAGE });
		assert_int_equal(said(&h), rows[i / 2].want_s);
		mm_exim_hints_fini(&h);
	}
}

/* A value on two pages of its own; then the second leads back to the first. */
static void
test_long_values(void **state)
{
	(void)state;
	for (int loops = 0; loops < 2; loops++) {
		struct mm_exim_hints h;
		struct db d;
		unsigned char where[11] = { 0 };

		begin(&d, false);
		where[3] = 2;			 /* the page */
		where[7] = (16 + 80 * 16) & 255; /* bytes in all */
		where[8] = (16 + 80 * 16) >> 8;
		item(&d, 1, "mx.a", 5);
		item(&d, 3, where, sizeof(where));
		add_retry(&d, "T:mx.a:192.0.2.1", 500);
		for (size_t page = 2; page < 4; page++) {
			d.bytes[page * PAGE + 25] = 7;
			put(&d, page * PAGE + 16,
			    page == 2 ? 3 : (loops ? 2 : 0), 4);
			put(&d, page * PAGE + 22,
			    page == 2 ? 900 : 16 + 80 * 16 - 900, 2);
		}
		put(&d, 2 * PAGE + 26 + 8, 80, 4);
		for (size_t i = 0; i < 80 * 16; i++) {
			size_t at = 16 + i;

			d.bytes[at < 900 ? 2 * PAGE + 26 + at
					 : 3 * PAGE + 26 + at - 900] =
			    (unsigned char)(ID[i % 16]);
		}
		mm_exim_hints_init(&h);
		mm_exim_hints_take(
		    &h, (struct mm_str){ (char *)d.bytes, 4 * PAGE });
		assert_int_equal(h.n_waits, 80);
		assert_int_equal(said(&h), 500);
		mm_exim_hints_fini(&h);
	}
}

/* Without a db/retry nothing is known; a database of another kind, or cut,
 * says as much as is there. */
static void
test_nothing(void **state)
{
	struct mm_exim_hints h;
	struct db d;

	(void)state;
	mm_exim_hints_init(&h);
	assert_int_equal(said(&h), -1);
	begin(&d, false);
	add_retry(&d, "R:R@big.example", 500);
	put(&d, PAGE + 20, 60000, 2);
	for (size_t n = 0; n < 2 * PAGE; n += 13)
		mm_exim_hints_take(&h, (struct mm_str){ (char *)d.bytes, n });
	assert_int_equal(said(&h), -1);
	mm_exim_hints_take(&h, (struct mm_str){ (char *)d.bytes, 2 * PAGE });
	assert_int_equal(said(&h), 500);
	mm_exim_hints_fini(&h);
	assert_false(mm_exim_hints_probe(MM_STR("GDBM: not read")));
}

/* As files of a spool. */
static void
test_spool(void **state)
{
	struct mm_spools *sp = mm_spools_new();
	struct mm_buf got;
	struct db d;

	(void)state;
	begin(&d, false);
	add_retry(&d, "R:c@d:<a@b>", 1795325999);
	assert_string_equal(offer(sp, "s/db/retry",
				  (struct mm_str){ (char *)d.bytes, 2 * PAGE },
				  1000, 0640),
			    "exim spool file");
	assert_non_null(offer(sp, "s/input/" ID "-H",
			      MM_STR(ID "-H\nme 1 2\n<a@b>\n1795325675 0\n"
					"XX\n1\nc@d\n\n"),
			      1000, 0640));
	(void)show_all(sp, &got);
	assert_non_null(strstr(got.p, "deferred " ID " from=a@b size=0 "
				      "arrived=1795325675 next=1795325999\n"));
	mm_buf_fini(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_dump),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_said),
		cmocka_unit_test(test_long_values),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_spool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
