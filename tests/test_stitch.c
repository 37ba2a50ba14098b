/* test_stitch.c - small logs and the deliveries that they must give.
 *
 * test-corpus/timeline/MTA.txt: blocks of "# what is shown", log lines, then
 *   > QUEUE_ID RECIPIENT [<ORIG>] FINAL ATTEMPTS [CODE] [-> HOST NEXT PROOF]
 *   (and, when refused or thrown away untried, <- SENDER if known)
 *   ~ FROM_ID TO_ID KIND sure|unsure
 * in any order; "-" is unknown; CODE is that of the last attempt with one.
 * Wanted lines were written by hand from what the MTAs' manuals and real
 * servers say of each case.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyze/case/exports.h"
#include "analyze/front.h"
#include "formats/base/json.h"

#define MAX_ROWS 32

struct rows {
	char v[MAX_ROWS][256];
	size_t n;
};

static void
add(struct rows *r, const struct mm_buf *line)
{
	assert_in_range(r->n, 0, MAX_ROWS - 1);
	(void)snprintf(r->v[r->n++], sizeof(r->v[0]), "%.*s",
		       MM_STR_ARG(mm_buf_str(line)));
}

static struct mm_str
known(struct mm_str s)
{
	return s.n > 0 ? s : MM_STR("-");
}

static void
add_attempts(struct mm_buf *b, struct mm_str json)
{
	struct mm_json *j = mm_json_parse(json, NULL);
	int64_t code = 0, n = (int64_t)mm_json_len(j);

	for (size_t i = 0; i < mm_json_len(j); i++)
		code = mm_json_int(mm_json_get(mm_json_at(j, i), "code"), code);
	mm_buf_addf(b, " %lld", (long long)n);
	if (code != 0)
		mm_buf_addf(b, " %lld", (long long)code);
	mm_json_free(j);
}

static void
add_next(struct mm_buf *b, struct mm_str json)
{
	static const char *const keys[] = { "host", "queue_id", "proof" };
	struct mm_json *j = mm_json_parse(json, NULL);

	mm_buf_addz(b, " ->");
	for (size_t i = 0; i < MM_COUNT(keys); i++) {
		mm_buf_addc(b, ' ');
		mm_buf_adds(b, known(mm_json_str(mm_json_get(j, keys[i]))));
	}
	mm_json_free(j);
}

/* Columns of CONTRACT.md, export deliveries. */
static enum mm_status
take_delivery(void *ctx, const struct mm_cell *c, struct mm_err *err)
{
	struct mm_buf b;

	(void)err;
	mm_buf_init(&b, 4096);
	mm_buf_addz(&b, "> ");
	mm_buf_adds(&b, known(c[3].s));
	mm_buf_addc(&b, ' ');
	mm_buf_adds(&b, c[6].s);
	if (c[7].s.n > 0)
		mm_buf_addf(&b, " <%.*s>", MM_STR_ARG(c[7].s));
	mm_buf_addc(&b, ' ');
	mm_buf_adds(&b, c[10].s);
	add_attempts(&b, c[14].s);
	if (c[15].kind != MM_NULL)
		add_next(&b, c[15].s);
	if ((mm_str_is(c[10].s, "rejected") ||
	     (mm_str_is(c[10].s, "deleted") && mm_str_is(c[14].s, "[]"))) &&
	    c[5].s.n > 0)
		mm_buf_addf(&b, " <- %.*s", MM_STR_ARG(c[5].s));
	add(ctx, &b);
	mm_buf_fini(&b);
	return MM_OK;
}

static enum mm_status
take_hop(void *ctx, const struct mm_cell *c, struct mm_err *err)
{
	struct mm_buf b;

	(void)err;
	mm_buf_init(&b, 4096);
	mm_buf_addf(&b, "~ %.*s %.*s %.*s %s", MM_STR_ARG(c[2].s),
		    MM_STR_ARG(c[4].s), MM_STR_ARG(c[0].s),
		    c[7].i != 0 ? "sure" : "unsure");
	add(ctx, &b);
	mm_buf_fini(&b);
	return MM_OK;
}

static void
export_all(const char *path, struct rows *got)
{
	struct mm_front f = { .quiet = true };
	struct mm_err err = { 0 };
	struct mm_store *s;
	struct mm_sink deliveries = { take_delivery, got };
	struct mm_sink hops = { take_hop, got };

	mm_words_add(&f.zones, "UTC");
	s = mm_front_open(&f, &path, 1, &err);
	if (s == NULL)
		fail_msg("%s", err.text);
	mm_front_fini(&f);
	assert_int_equal(f.sum.n_malformed, 0);
	assert_int_equal(mm_export_find("deliveries")
			     ->run(s, MM_TIME_NONE, &deliveries, &err),
			 MM_OK);
	assert_int_equal(
	    mm_export_find("hops")->run(s, MM_TIME_NONE, &hops, &err), MM_OK);
	mm_store_close(s);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool
same(struct rows *got, struct rows *want)
{
	bool ok = got->n == want->n;

	qsort(got->v, got->n, sizeof(got->v[0]), compare);
	qsort(want->v, want->n, sizeof(want->v[0]), compare);
	for (size_t i = 0; i < got->n && ok; i++)
		ok = strcmp(got->v[i], want->v[i]) == 0;
	return ok;
}

/* The block's log is in `path`; true when it gives what is wanted. */
static bool
check(const char *label, const char *path, struct rows *want)
{
	struct rows got = { .n = 0 };

	export_all(path, &got);
	if (same(&got, want))
		return true;
	print_message("  not right: %s", label);
	for (size_t i = 0; i < want->n; i++)
		print_message("    want %s\n", want->v[i]);
	for (size_t i = 0; i < got.n; i++)
		print_message("    got  %s\n", got.v[i]);
	return false;
}

struct block {
	char label[256];
	FILE *log;
	struct rows want;
};

static bool
next_block(FILE *in, struct block *b)
{
	char line[2048];

	b->want.n = 0;
	while (fgets(line, sizeof(line), in) != NULL && line[0] != '\n') {
		if (strncmp(line, "# ", 2) == 0) {
			(void)snprintf(b->label, sizeof(b->label), "%.200s",
				       line + 2);
		} else if (line[0] == '>' || line[0] == '~') {
			size_t n = strcspn(line, "\n");

			if (n > 2 && strncmp(line + n - 2, " -", 2) == 0)
				n -= 2; /* no code */
			assert_in_range(b->want.n, 0, MAX_ROWS - 1);
			(void)snprintf(b->want.v[b->want.n++],
				       sizeof(b->want.v[0]), "%.*s", (int)n,
				       line);
		} else {
			assert_int_not_equal(fputs(line, b->log), EOF);
		}
	}
	return fflush(b->log) == 0 && ftell(b->log) > 0;
}

static void
check_file(const char *path)
{
	FILE *in = fopen(path, "r");
	char log[] = "/tmp/mm-stitch-XXXXXX";
	int fd = mkstemp(log), n_wrong = 0, n = 0;
	struct block b;

	assert_non_null(in);
	assert_int_not_equal(fd, -1);
	b.log = fdopen(fd, "w");
	assert_non_null(b.log);
	while (next_block(in, &b)) {
		n_wrong += !check(b.label, log, &b.want);
		n++;
		rewind(b.log);
		assert_int_equal(ftruncate(fd, 0), 0);
	}
	(void)fclose(b.log);
	(void)fclose(in);
	(void)remove(log);
	print_message("  %d logs of %s\n", n, path);
	assert_int_equal(n_wrong, 0);
	assert_in_range(n, 3, 1000);
}

static void
test_postfix(void **state)
{
	(void)state;
	check_file("test-corpus/timeline/postfix.txt");
}

static void
test_exim(void **state)
{
	(void)state;
	check_file("test-corpus/timeline/exim.txt");
}

static void
test_sendmail(void **state)
{
	(void)state;
	check_file("test-corpus/timeline/sendmail.txt");
}

static void
test_opensmtpd(void **state)
{
	(void)state;
	check_file("test-corpus/timeline/opensmtpd.txt");
}

static void
test_rows(void **state)
{
	(void)state;
	check_file("test-corpus/timeline/kumomta.txt");
	check_file("test-corpus/timeline/powermta.txt");
	check_file("test-corpus/timeline/exchange.txt");
}

static void
test_haraka(void **state)
{
	(void)state;
	check_file("test-corpus/timeline/haraka.txt");
	check_file("test-corpus/timeline/haraka-run.txt");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_postfix),
		cmocka_unit_test(test_exim),
		cmocka_unit_test(test_sendmail),
		cmocka_unit_test(test_opensmtpd),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_haraka),
	};

	return cmocka_run_group_tests_name("stitch", tests, NULL, NULL);
}
