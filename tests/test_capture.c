/* test_capture.c - the whole way on a real server's log and spool: ingest,
 * export, and compare with what the sender, the receivers and the operator's
 * script wrote down (test-corpus/postfix-throttle-and-pause/README.md).
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

/* One exported delivery, found by (Message-ID, recipient) or, when refused,
 * by (sender, recipient). */
struct row {
	struct row *next;
	int64_t final_us;
	int final_code; /* of the last attempt with one */
	char final[16];
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

static enum mm_status
take(void *ctx, const struct mm_cell *c, struct mm_err *err)
{
	struct book *b = ctx;
	bool refused = mm_str_is(c[10].s, "rejected");
	struct row *r = mm_calloc(1, sizeof(*r));
	struct mm_buf key;
	size_t before = b->keys.n;
	uint32_t id;

	(void)err;
	mm_buf_init(&key, 4096);
	add_key(&key, refused ? c[5].s : c[4].s, c[6].s);
	id = mm_intern_add(&b->keys, mm_buf_str(&key));
	mm_buf_fini(&key);
	if (b->keys.n > before) {
		b->rows = mm_grow(b->rows, before, &b->cap, sizeof(*b->rows));
		b->rows[before] = NULL;
	}
	(void)snprintf(r->final, sizeof(r->final), "%.*s", MM_STR_ARG(c[10].s));
	r->final_us = c[11].kind == MM_NULL ? MM_TIME_NONE : c[11].i;
	r->final_code = last_code(c[14].s, &b->n_attempts);
	r->next = b->rows[id - 1];
	b->rows[id - 1] = r;
	b->n_rows++;
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
	return mm_str_is(truth, final);
}

struct score {
	size_t n, right, late, coded, code_right;
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
	double at = mm_json_real(mm_json_get(t, "final_at"), 0);
	int64_t code = mm_json_int(mm_json_get(t, "last_code"), 0);

	while (r != NULL && !same_final(r->final, final))
		r = r->next;
	if (r == NULL)
		return false;
	if (mm_str_is(final, "sent") && at > 0 &&
	    llabs(r->final_us - (int64_t)(at * 1e6)) > 3 * MM_SECOND_US)
		s->late++;
	if (mm_str_is(final, "bounced") && code != 0) {
		s->coded++;
		s->code_right += r->final_code == code;
	}
	return true;
}

static void
judge(const struct mm_json *t, const struct book *b, struct score *s)
{
	struct mm_str final = mm_json_str(mm_json_get(t, "final"));
	struct mm_str id = mm_json_str(mm_json_get(t, "message_id"));
	bool refused = mm_str_is(final, "rejected"), right;
	struct mm_buf key;

	if (mm_str_is(final, "unknown") ||
	    mm_str_is(mm_json_str(mm_json_get(t, "reject_stage")), "vanish"))
		return; /* the truth does not know, or the client left */
	mm_buf_init(&key, 4096);
	if (id.n > 2)
		id = (struct mm_str){ id.p + 1, id.n - 2 }; /* < > */
	add_key(&key, refused ? mm_json_str(mm_json_get(t, "sender")) : id,
		mm_json_str(mm_json_get(t, "recipient")));
	right = refused ? judge_refused(t, find(b, mm_buf_str(&key)))
			: judge_row(t, find(b, mm_buf_str(&key)), s);
	if (!right)
		print_message("  not as the truth says: %.*s %s\n",
			      MM_STR_ARG(final), key.p);
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
judge_all(const struct book *b, struct score *s)
{
	const char *const path[] = { CORPUS "truth.ndjson.gz" };
	struct mm_evidence_options o = { .now_us = INT64_MAX / 2 };
	struct mm_taker taker = { take_nothing, NULL };
	struct mm_err err = { 0 };
	struct mm_evidence *ev = mm_evidence_open(path, 1, &o, &taker, &err);
	struct mm_lines *lines = mm_lines_open(ev, 0, &err);
	struct mm_line line;
	uint64_t number, byte;

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
open_capture(void)
{
	const char *const paths[] = { CORPUS "logs" };
	struct mm_front f = { .quiet = true };
	struct mm_err err = { 0 };
	struct mm_store *s = mm_front_open(&f, paths, 1, &err);

	if (s == NULL)
		fail_msg("%s", err.text);
	/* Every line is accounted for, and every mail line understood. */
	assert_int_equal(f.sum.n_lines, f.sum.n_records + f.sum.n_noise +
					    f.sum.n_foreign +
					    f.sum.n_malformed);
	assert_int_equal(f.sum.n_lines, 28146); /* zcat -f logs/\* | wc -l */
	assert_int_equal(f.sum.n_malformed, 0);
	return s;
}

static void
test_deliveries(void **state)
{
	struct mm_store *s = open_capture();
	const struct mm_export *x = mm_export_find("deliveries");
	struct book b = { 0 };
	struct mm_sink sink = { take, &b };
	struct score score = { 0 };
	struct mm_err err = { 0 };

	(void)state;
	mm_intern_init(&b.keys);
	assert_int_equal(x->run(s, MM_TIME_NONE, &sink, &err), MM_OK);
	judge_all(&b, &score);
	print_message("  %zu rows exported, %zu of %zu finals right, %zu of "
		      "%zu bounces with the receiver's code, %zu late\n",
		      b.n_rows, score.right, score.n, score.code_right,
		      score.coded, score.late);
	/* Two rows are beyond the log: one mail expired after the truth was
	 * closed, one was held before anything was tried. */
	assert_in_range(score.n, 4000, 4200);
	assert_in_range(score.n - score.right, 0, 2);
	assert_int_equal(score.code_right, score.coded);
	assert_int_equal(score.late, 0);
	free_book(&b);
	mm_store_close(s);
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
