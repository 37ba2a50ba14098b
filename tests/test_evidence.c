/* Evidence: each case that tests/evidence.py made is opened and read, and its
 * outcome compared with what Python computed. One line for each leaf that is
 * offered and wanted ("take" in its path), one for each row of the ledger:
 *   leaf NAME|ROOT|PATH|MODE|MTIME|BYTES|SHA256
 *   row
 * NAME|KIND|COMPRESSION|BYTES|SHA256|LINES|COPIES|FIRST..LAST|TORN_AT|DIGEST|NOTE
 *   error TEXT
 * DIGEST is the SHA-256 over "NUMBER AT_BYTE RAW\n" of all lines that are no
 * copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/base/buf.h"
#include "formats/base/digest.h"
#include "formats/read/evidence.h"
#include "formats/read/excerpt.h"

#define NOW_US ((int64_t)1700100000000000)

static char folder[] = "/tmp/mm-evidence-XXXXXX";

static void
run(const char *const *argv)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	assert_int_equal(status, 0);
}

static int
make(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	run((const char *const[]){ "python3", "tests/evidence.py", folder,
				   NULL });
	return 0;
}

static int
unmake(void **state)
{
	(void)state;
	run((const char *const[]){ "rm", "-rf", folder, NULL });
	return 0;
}

static void
digest(struct mm_str s, char hex[MM_SHA256_HEX])
{
	struct mm_sha256 *h = mm_sha256_new();

	mm_sha256_add(h, s.p, s.n);
	mm_sha256_hex(h, hex);
}

static enum mm_status
take(void *ctx, const struct mm_leaf *leaf, bool *taken, const char **kind,
     struct mm_err *err)
{
	struct mm_buf *out = ctx;
	char hex[MM_SHA256_HEX];
	struct mm_str all;

	if (mm_str_find(leaf->path, "take") == MM_NOT_FOUND)
		return MM_OK;
	assert_int_equal(mm_leaf_all(leaf, 1 << 20, &all, err), MM_OK);
	assert_true(leaf->head.n <= all.n &&
		    memcmp(leaf->head.p, all.p, leaf->head.n) == 0);
	assert_int_equal(leaf->whole, all.n < 65536);
	digest(all, hex);
	mm_buf_addf(out, "leaf %.*s|%.*s|%.*s|%o|%lld|%zu|%s\n",
		    MM_STR_ARG(leaf->name), MM_STR_ARG(leaf->root),
		    MM_STR_ARG(leaf->path), leaf->mode,
		    (long long)(leaf->mtime_us / MM_SECOND_US), all.n, hex);
	*taken = true;
	*kind = "spool file";
	return MM_OK;
}

/* Some lines of a log, to be read back. */
#define N_KEPT 48

struct kept {
	uint64_t number[N_KEPT];
	char hex[N_KEPT][MM_SHA256_HEX];
	size_t n;
	uint64_t next; /* line */
};

static void
keep(struct kept *k, const struct mm_line *line, uint64_t number)
{
	if (k->n == N_KEPT || line->cut || number < k->next)
		return;
	k->next = number * 4 / 3 + 1;
	k->number[k->n] = number;
	digest(line->raw, k->hex[k->n++]);
}

/* In their order, then backwards. */
static void
read_back(const struct mm_ledger *row, const struct kept *k)
{
	struct mm_excerpt *x;
	char hex[MM_SHA256_HEX], name[256];
	struct mm_str line;
	struct mm_buf index;
	struct mm_err err;

	(void)snprintf(name, sizeof(name), "%.*s", MM_STR_ARG(row->name));
	mm_buf_init(&index, (size_t)1 << 24);
	assert_int_equal(mm_excerpt_index(name, &index, &err), MM_OK);
	x = mm_excerpt_new(name, mm_buf_str(&index));
	mm_buf_fini(&index);
	for (size_t i = 0; i < 2 * k->n; i++) {
		size_t at = i < k->n ? i : 2 * k->n - 1 - i;

		assert_int_equal(mm_excerpt_line(x, k->number[at], &line, &err),
				 MM_OK);
		digest(line, hex);
		assert_string_equal(hex, k->hex[at]);
	}
	mm_excerpt_free(x);
}

static void
read_log(struct mm_evidence *ev, size_t i, char hex[MM_SHA256_HEX])
{
	struct kept kept = { .n = 0 };
	const struct mm_ledger *row = mm_evidence_ledger(ev, i);
	struct mm_sha256 *h = mm_sha256_new();
	struct mm_lines *l;
	struct mm_line line;
	struct mm_err err;
	uint64_t number, at;
	enum mm_status st;
	char place[64];

	l = mm_lines_open(ev, i, &err);
	assert_non_null(l);
	while ((st = mm_lines_next(l, &line, &number, &at, &err)) == MM_OK) {
		int n = snprintf(place, sizeof(place), "%llu %llu ",
				 (unsigned long long)number,
				 (unsigned long long)at);

		mm_sha256_add(h, place, (size_t)n);
		mm_sha256_add(h, line.raw.p, line.raw.n);
		if (line.cut)
			mm_sha256_add(h, " cut", 4);
		mm_sha256_add(h, "\n", 1);
		keep(&kept, &line, number);
	}
	assert_int_equal(st, MM_END);
	assert_int_equal(mm_lines_next(l, &line, &number, &at, &err), MM_END);
	mm_lines_close(l);
	mm_sha256_hex(h, hex);
	if (row->name.p[0] != '-')
		read_back(row, &kept);
}

static const char *
seconds(int64_t t_us, char text[MM_TIME_TEXT])
{
	return t_us == MM_TIME_NONE ? "-" : mm_time_seconds(t_us, text);
}

static void
show(struct mm_buf *out, const char *const *paths, size_t n)
{
	const struct mm_evidence_options o = { .now_us = NOW_US };
	struct mm_taker taker = { take, out };
	struct mm_err err;
	struct mm_evidence *ev = mm_evidence_open(paths, n, &o, &taker, &err);

	if (ev == NULL) {
		mm_buf_addf(out, "error %s\n", err.text);
		return;
	}
	for (size_t i = 0; i < mm_evidence_count(ev); i++) {
		struct mm_ledger *r = mm_evidence_ledger(ev, i);
		char hex[MM_SHA256_HEX] = "";
		char first[MM_TIME_TEXT], last[MM_TIME_TEXT];

		if (r->is_log)
			read_log(ev, i, hex);
		mm_buf_addf(
		    out,
		    "row %.*s|%s|%s|%llu|%s|%llu|%llu|%s..%s|%lld|%s|%.*s\n",
		    MM_STR_ARG(r->name), r->kind, r->compression,
		    (unsigned long long)r->n_bytes, r->sha256,
		    (unsigned long long)r->n_lines,
		    (unsigned long long)r->n_duplicate_lines,
		    seconds(r->first_us, first), seconds(r->last_us, last),
		    (long long)r->torn_at, hex, MM_STR_ARG(r->note));
	}
	mm_evidence_close(ev);
}

static char *
slurp(const char *name, const char *ending, char *text, size_t cap)
{
	char path[256];
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s%s", name, ending);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(text, 1, cap - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

/* A last argument of "<FILE" is standard input. */
static void
give_stdin(const char *path)
{
	int fd = open(path, O_RDONLY), ends[2];

	assert_true(fd >= 0 && pipe(ends) == 0);
	if (fork() == 0) {
		char block[4096];
		ssize_t n;

		(void)close(ends[0]);
		while ((n = read(fd, block, sizeof(block))) > 0)
			if (write(ends[1], block, (size_t)n) != n)
				break;
		_exit(0);
	}
	(void)close(ends[1]);
	(void)close(fd);
	assert_true(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
	(void)close(ends[0]);
}

static void
check(const char *name)
{
	static char args[4096], want[65536];
	const char *paths[16];
	struct mm_buf out;
	size_t n = 0;

	slurp(name, ".args", args, sizeof(args));
	slurp(name, ".want", want, sizeof(want));
	for (char *p = args, *nl; (nl = strchr(p, '\n')) != NULL; p = nl + 1) {
		*nl = '\0';
		if (*p == '<')
			give_stdin(p + 1);
		else
			paths[n++] = p;
	}
	mm_buf_init(&out, 1 << 20);
	show(&out, paths, n);
	print_message("  %s\n", name);
	assert_string_equal(out.p, want);
	mm_buf_fini(&out);
}

static int
is_case(const struct dirent *d)
{
	return mm_str_ends(mm_str_z(d->d_name), ".args");
}

static void
test_cases(void **state)
{
	struct dirent **names = NULL;
	int n, home = open(".", O_RDONLY);

	(void)state;
	assert_int_equal(chdir(folder), 0);
	n = scandir(".", &names, is_case, alphasort);
	assert_true(n > 20);
	for (int i = 0; i < n; i++) {
		names[i]->d_name[strlen(names[i]->d_name) - 5] = '\0';
		check(names[i]->d_name);
		free(names[i]);
	}
	free(names);
	assert_int_equal(fchdir(home), 0);
	(void)close(home);
}

/* It ends, says why, and gave no more than the first GiB and 300 times its
 * size. */
static void
test_bomb(void **state)
{
	const struct mm_evidence_options o = { .now_us = NOW_US };
	char path[256];
	const char *paths[] = { path };
	struct mm_evidence *ev;
	struct mm_lines *l;
	struct mm_line line;
	struct mm_err err;
	const struct mm_ledger *row;
	uint64_t number, at, last = 0;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/bomb.zst", folder);
	ev = mm_evidence_open(paths, 1, &o, NULL, &err);
	assert_non_null(ev);
	l = mm_lines_open(ev, 0, &err);
	while (mm_lines_next(l, &line, &number, &at, &err) == MM_OK)
		last = at;
	mm_lines_close(l);
	row = mm_evidence_ledger(ev, 0);
	assert_true(row->torn_at > 0 && row->n_lines >= 16);
	assert_true(last <= (1 << 30) + 300 * row->n_bytes);
	assert_true(mm_str_find(row->note, "--max-expand") != MM_NOT_FOUND);
	mm_evidence_close(ev);
}

/* A place that is not there (any more) is an error, whatever of it is. */
static void
test_no_such_member(void **state)
{
	static const char *const gone[] = {
		"zip/x.zip!other.log",
		"zip/x.zip!mail.log!more",
		"tars/torn.tar.gz!none",
		"tars/outer.tar!ev/all.tgz!none",
	};
	struct mm_err err;
	struct mm_buf index;
	char path[256];

	(void)state;
	mm_buf_init(&index, 4096);
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, gone[i]);
		if (mm_excerpt_index(path, &index, &err) == MM_OK)
			fail_msg("%s: read", gone[i]);
		assert_true(err.text[0] != '\0');
	}
	mm_buf_fini(&index);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_no_such_member),
	};

	return cmocka_run_group_tests_name("evidence", tests, make, unmake);
}
