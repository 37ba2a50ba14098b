/* test_capture.c - the whole way on the logs of real servers and a spool:
 * ingest, export, and compare with what the sender, the receivers and the
 * operator's script wrote down (test-corpus/postfix-throttle-and-pause/
 * README.md tells how).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/case/exports.h"
#include "analyze/front.h"
#include "formats/base/intern.h"
#include "formats/base/json.h"
#include "formats/base/mem.h"
#include "formats/base/time.h"
#include "formats/read/evidence.h"

#define CORPUS "test-corpus/postfix-throttle-and-pause/"

/* What the tests know of a capture beside its truth. */
static const struct capture {
	const char *folder;
	size_t n_lines; /* zcat -f logs/\* | wc -l, rejectlog left out */
	size_t n_truth; /* rows that say anything */
	/* Rows that the log cannot tell: a mail that expired after the truth
	 * was closed, or that was held before anything was tried; files that
	 * an operator removed; clients of Sendmail and OpenSMTPD refused
	 * before, or without, a sender in the log; null MX that OpenSMTPD 6.8
	 * keeps until it expires. */
	size_t n_beyond;
	size_t n_codes_beyond; /* bounces told twice, with another code */
	size_t n_caused;       /* failures whose cause the truth knows */
} captures[] = {
	{ "postfix-throttle-and-pause", 28146, 4000, 2, 0, 59 },
	{ "exim-c", 2439, 700, 0, 0, 0 },
	{ "sendmail-c", 7371, 850, 7, 0, 0 },
	{ "opensmtpd-a", 11867, 1800, 32, 1, 0 },
};

/* One exported delivery, found by its Message-ID or queue id and its
 * recipient, as it is or as it was given, or, when refused, by (sender,
 * recipient). */
struct row {
	struct row *next;
	int64_t final_us;
	int final_code; /* of the last attempt with one */
	char final[16], cause[32];
	bool used;
};

struct book {
	struct mm_intern keys;
	struct row **rows; /* by key id - 1 */
	size_t cap, n_rows, n_attempts;
};

static void
add_key(struct mm_buf *key, struct mm_str who, struct mm_str recipient)
{
	size_t at = mm_str_find_last(recipient, "@");

	mm_buf_clear(key);
	mm_buf_adds(key, who);
	mm_buf_addc(key, ' ');
	for (size_t i = 0; i < recipient.n; i++) {
		char c = recipient.p[i];

		mm_buf_addc(key, i > at && c >= 'A' && c <= 'Z' ? (char)(c + 32)
								: c);
	}
}

static struct row *
find(const struct book *b, struct mm_str key)
{
	uint32_t id = mm_intern_find(&b->keys, key);

	return id != 0 ? b->rows[id - 1] : NULL;
}

static int
last_code(struct mm_str attempts, size_t *n)
{
	struct mm_json *j = mm_json_parse(attempts, NULL);
	int code = 0;

	assert_non_null(j);
	*n += mm_json_len(j);
	for (size_t i = 0; i < mm_json_len(j); i++) {
		int64_t c =
		    mm_json_int(mm_json_get(mm_json_at(j, i), "code"), 0);

		code = c != 0 ? (int)c : code;
	}
	mm_json_free(j);
	return code;
}

static void
insert(struct book *b, struct mm_str who, struct mm_str recipient,
       const struct row *row)
{
	struct row *r = mm_alloc(sizeof(*r));
	size_t before = b->keys.n;
	struct mm_buf key;
	uint32_t id;

	mm_buf_init(&key, 4096);
	add_key(&key, who, recipient);
	id = mm_intern_add(&b->keys, mm_buf_str(&key));
	mm_buf_fini(&key);
	if (b->keys.n > before) {
		b->rows = mm_grow(b->rows, before, &b->cap, sizeof(*b->rows));
		b->rows[before] = NULL;
	}
	*r = *row;
	r->next = b->rows[id - 1];
	b->rows[id - 1] = r;
}

static enum mm_status
take(void *ctx, const struct mm_cell *c, struct mm_err *err)
{
	struct book *b = ctx;
	struct row r = { .final_us =
			     c[11].kind == MM_NULL ? MM_TIME_NONE : c[11].i };

	(void)err;
	(void)snprintf(r.final, sizeof(r.final), "%.*s", MM_STR_ARG(c[10].s));
	(void)snprintf(r.cause, sizeof(r.cause), "%.*s", MM_STR_ARG(c[12].s));
	r.final_code = last_code(c[14].s, &b->n_attempts);
	b->n_rows++;
	if (mm_str_is(c[10].s, "rejected")) {
		insert(b, c[5].s, c[6].s, &r);
		return MM_OK;
	}
	for (size_t who = 3; who <= 4; who++)
		for (size_t name = 6; name <= 7; name++)
			if (c[who].s.n > 0 && c[name].s.n > 0)
				insert(b, c[who].s, c[name].s, &r);
	return MM_OK;
}

static void
free_book(struct book *b)
{
	for (size_t i = 0; i < b->keys.n; i++)
		for (struct row *r = b->rows[i], *next; r != NULL; r = next) {
			next = r->next;
			free(r);
		}
	free(b->rows);
	mm_intern_fini(&b->keys);
}

/* Its final as the export spells it. */
static bool
same_final(const char *final, struct mm_str truth)
{
	if (mm_str_is(truth, "queued"))
		return strcmp(final, "deferred") == 0;
	if (mm_str_is(truth, "discarded")) /* as it was told to */
		return strcmp(final, "sent") == 0;
	return mm_str_is(truth, final);
}

struct score {
	size_t n, right, late, coded, code_right, caused, cause_right;
};

static bool
judge_refused(const struct mm_json *t, struct row *r)
{
	int64_t at =
	    (int64_t)(1e6 * mm_json_real(mm_json_get(t, "reject_at"), 0));

	for (; r != NULL; r = r->next)
		if (!r->used && strcmp(r->final, "rejected") == 0 &&
		    llabs(r->final_us - at) <= 5 * MM_SECOND_US) {
			r->used = true;
			return true;
		}
	return false;
}

static bool
judge_row(const struct mm_json *t, struct row *r, struct score *s)
{
	struct mm_str final = mm_json_str(mm_json_get(t, "final"));
	struct mm_str cause = mm_json_str(mm_json_get(t, "final_cause"));
	double at = mm_json_real(mm_json_get(t, "final_at"), 0);
	int64_t code = mm_json_int(mm_json_get(t, "last_code"), 0);
	struct row *best = NULL;
	bool late = false;

	for (; r != NULL; r = r->next) {
		if (!same_final(r->final, final))
			continue;
		best = best == NULL ? r : best;
		late =
		    mm_str_is(final, "sent") && at > 0 &&
		    llabs(r->final_us - (int64_t)(at * 1e6)) > 3 * MM_SECOND_US;
		if (!late) {
			best = r;
			break;
		}
	}
	if (best == NULL)
		return false;
	s->late += late;
	if (mm_str_is(final, "bounced") && code != 0) {
		s->coded++;
		s->code_right += best->final_code == code;
	}
	if (cause.n > 0 &&
	    (mm_str_is(final, "bounced") || mm_str_is(final, "expired"))) {
		s->caused++;
		s->cause_right += mm_str_is(cause, best->cause);
	}
	return true;
}

/* The rows of this truth: by Message-ID, by queue id, and there as given. */
static struct row *
find_rows(const struct mm_json *t, const struct book *b, struct mm_buf *key)
{
	static const char *const who[] = { "message_id", "queue_id",
					   "queue_id" };
	static const char *const name[] = { "recipient", "recipient", "orig" };
	struct row *r = NULL;

	for (size_t i = 0; i < MM_COUNT(who) && r == NULL; i++) {
		struct mm_str id = mm_json_str(mm_json_get(t, who[i]));

		if (i == 0 && id.n > 2)
			id = (struct mm_str){ id.p + 1, id.n - 2 }; /* < > */
		add_key(key, id, mm_json_str(mm_json_get(t, name[i])));
		r = find(b, mm_buf_str(key));
	}
	return r;
}

static void
judge(const struct mm_json *t, const struct book *b, struct score *s)
{
	struct mm_str final = mm_json_str(mm_json_get(t, "final"));
	struct mm_str recipient = mm_json_str(mm_json_get(t, "recipient"));
	bool right;
	struct mm_buf key;

	if (mm_str_is(final, "unknown") ||
	    mm_str_is(mm_json_str(mm_json_get(t, "reject_stage")), "vanish"))
		return; /* the truth does not know, or the client left */
	mm_buf_init(&key, 4096);
	if (mm_str_is(final, "rejected")) {
		add_key(&key, mm_json_str(mm_json_get(t, "sender")), recipient);
		right = judge_refused(t, find(b, mm_buf_str(&key)));
	} else {
		right = judge_row(t, find_rows(t, b, &key), s);
	}
	if (!right)
		print_message("  not as the truth says: %.*s %.*s\n",
			      MM_STR_ARG(final), MM_STR_ARG(recipient));
	s->n++;
	s->right += right;
	mm_buf_fini(&key);
}

static enum mm_status
take_nothing(void *ctx, const struct mm_leaf *leaf, bool *taken,
	     const char **kind, struct mm_err *err)
{
	(void)ctx;
	(void)leaf;
	(void)kind;
	(void)err;
	*taken = false;
	return MM_OK;
}

/* The truth is gzip of NDJSON: read by the program's own line reader. */
static void
judge_all(const char *folder, const struct book *b, struct score *s)
{
	char truth[256];
	const char *const path[] = { truth };
	struct mm_evidence_options o = { .now_us = INT64_MAX / 2 };
	struct mm_taker taker = { take_nothing, NULL };
	struct mm_err err = { 0 };
	struct mm_evidence *ev;
	struct mm_lines *lines;
	struct mm_line line;
	uint64_t number, byte;

	(void)snprintf(truth, sizeof(truth), "test-corpus/%s/truth.ndjson.gz",
		       folder);
	ev = mm_evidence_open(path, 1, &o, &taker, &err);
	assert_non_null(ev);
	lines = mm_lines_open(ev, 0, &err);

	assert_non_null(lines);
	while (mm_lines_next(lines, &line, &number, &byte, &err) == MM_OK) {
		struct mm_json *t = mm_json_parse(line.raw, &err);

		assert_non_null(t);
		judge(t, b, s);
		mm_json_free(t);
	}
	mm_lines_close(lines);
	mm_evidence_close(ev);
}

static struct mm_store *
open_capture(const struct capture *c)
{
	char logs[256];
	const char *const paths[] = { logs };
	struct mm_front f = { .quiet = true };
	struct mm_err err = { 0 };
	struct mm_store *s;

	(void)snprintf(logs, sizeof(logs), "test-corpus/%s/logs", c->folder);
	s = mm_front_open(&f, paths, 1, &err);
	if (s == NULL)
		fail_msg("%s", err.text);
	/* Every line is accounted for, and every mail line understood. */
	assert_int_equal(f.sum.n_lines, f.sum.n_records + f.sum.n_noise +
					    f.sum.n_foreign +
					    f.sum.n_malformed);
	assert_int_equal(f.sum.n_lines, c->n_lines);
	assert_int_equal(f.sum.n_malformed, 0);
	return s;
}

static void
check_capture(const struct capture *c)
{
	struct mm_store *s = open_capture(c);
	const struct mm_export *x = mm_export_find("deliveries");
	struct book b = { 0 };
	struct mm_sink sink = { take, &b };
	struct score score = { 0 };
	struct mm_err err = { 0 };

	mm_intern_init(&b.keys);
	assert_int_equal(x->run(s, MM_TIME_NONE, &sink, &err), MM_OK);
	judge_all(c->folder, &b, &score);
	print_message(
	    "  %s: %zu rows exported, %zu of %zu finals right, %zu "
	    "of %zu bounces with the receiver's code, %zu of %zu failures "
	    "with its cause, %zu late\n",
	    c->folder, b.n_rows, score.right, score.n, score.code_right,
	    score.coded, score.cause_right, score.caused, score.late);
	assert_in_range(score.n, c->n_truth, c->n_truth + 100);
	assert_in_range(score.n - score.right, 0, c->n_beyond);
	assert_in_range(score.coded - score.code_right, 0, c->n_codes_beyond);
	assert_int_equal(score.caused, c->n_caused);
	assert_true(score.cause_right * 100 >= score.caused * 97);
	assert_int_equal(score.late, 0);
	free_book(&b);
	mm_store_close(s);
}

static void
test_deliveries(void **state)
{
	(void)state;
	for (size_t i = 0; i < MM_COUNT(captures); i++)
		check_capture(&captures[i]);
}

struct count {
	size_t n;
	bool pause, throttle;
};

static enum mm_status
take_queue(void *ctx, const struct mm_cell *c, struct mm_err *err)
{
	struct count *n = ctx;

	(void)c;
	(void)err;
	n->n++;
	return MM_OK;
}

/* The spool in the pause: recipients waiting, by `postqueue -j` of the same
 * moment: 489, all of them found; the live copy holds a few more. */
static void
test_spool(void **state)
{
	const char *const paths[] = {
		CORPUS "spool/spool-1795325681.tar.gz",
	};
	struct mm_front f = { .quiet = true };
	struct mm_err err = { 0 };
	struct mm_store *s = mm_front_open(&f, paths, 1, &err);
	struct count n = { 0 };
	struct mm_sink sink = { take_queue, &n };

	(void)state;
	assert_non_null(s);
	assert_int_equal(
	    mm_export_find("queue")->run(s, MM_TIME_NONE, &sink, &err), MM_OK);
	assert_in_range(n.n, 489, 502);
	mm_store_close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deliveries),
		cmocka_unit_test(test_spool),
	};

	return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
