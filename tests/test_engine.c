/* The six RS1 scenarios: every number and the hash of the log, as the
 * reference implementation gave them. */
#include "engine_lab.h"

static struct mm_str
load(const char *path, struct mm_buf *text)
{
	FILE *f = fopen(path, "rb");
	char block[4096];
	size_t n;

	if (f == NULL)
		fail_msg("%s: not there", path);
	mm_buf_init(text, SIZE_MAX / 2);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		mm_buf_add(text, block, n);
	(void)fclose(f);
	return mm_buf_str(text);
}

/* "a.b.c" in two objects: the same integer, null or text. */
static void
same_at(const struct mm_json *want, const struct mm_json *got, const char *path)
{
	struct mm_str left = mm_str_z(path), key;
	char name[64];

	while (left.n > 0) {
		if (!mm_str_cutc(&left, '.', &key)) {
			key = left;
			left = MM_STR("");
		}
		(void)snprintf(name, sizeof(name), "%.*s", MM_STR_ARG(key));
		want = mm_json_get(want, name);
		got = mm_json_get(got, name);
	}
	if (mm_json_int(want, -2) != mm_json_int(got, -2) ||
	    mm_json_is_null(want) != mm_json_is_null(got) ||
	    !mm_str_eq(mm_json_str(want), mm_json_str(got)))
		fail_msg("%s: want %lld, got %lld", path,
			 (long long)mm_json_int(want, -2),
			 (long long)mm_json_int(got, -2));
}

static const char *const numbers[] = {
	"messages",	    "status.delivered", "status.bounced",
	"status.expired",   "status.queued",	"attempts",
	"suspended_defers", "makespan_ms",	"drain_ms.25",
	"drain_ms.50",	    "drain_ms.75",	"drain_ms.90",
	"drain_ms.100",	    "delay_ms.50",	"delay_ms.90",
	"delay_ms.99",	    "delay_ms.sum",
};

static const char *const of_dest[] = {
	"connections", "blocks",	"blocked_ms",
	"rep_min_ppm", "rep_final_ppm", "rep_deficit_ppm_ms",
};

static void
compare(const struct lab *l, const struct mm_json *want,
	const struct mm_json *got)
{
	char path[128];

	for (size_t i = 0; i < MM_COUNT(numbers); i++)
		same_at(want, got, numbers[i]);
	for (int r = 0; r < MM_N_RESULTS; r++) {
		(void)snprintf(path, sizeof(path), "results.%s",
			       mm_result_name((enum mm_result)r));
		same_at(want, got, path);
	}
	for (size_t d = 0; d < l->s.n_dests; d++)
		for (size_t i = 0; i < MM_COUNT(of_dest); i++) {
			(void)snprintf(path, sizeof(path), "dests.%.*s.%s",
				       MM_STR_ARG(l->s.dests[d].name),
				       of_dest[i]);
			same_at(want, got, path);
		}
	same_at(want, got, "log_sha256");
}

static void
play_file(const char *path)
{
	struct mm_buf text, out, lines;
	struct mm_json *file, *got;
	const struct mm_json *want, *log;
	struct mm_err err;
	struct lab l;

	lab_play_json(&l, load(path, &text));
	mm_buf_init(&out, SIZE_MAX / 2);
	mm_outcome_json(&l.out, &l.s, l.hex, &out);
	file = mm_json_parse(mm_buf_str(&text), &err);
	got = mm_json_parse(mm_buf_str(&out), &err);
	want = mm_json_get(file, "expect");
	assert_non_null(want);
	assert_non_null(got);
	compare(&l, want, got);

	/* Where the file holds the log itself, line by line. */
	log = mm_json_get(want, "log");
	mm_buf_init(&lines, SIZE_MAX / 2);
	for (size_t i = 0; i < mm_json_len(log); i++) {
		mm_buf_adds(&lines, mm_json_str(mm_json_at(log, i)));
		mm_buf_addc(&lines, '\n');
	}
	if (log != NULL)
		assert_string_equal(l.text.p, lines.p);
	mm_buf_fini(&lines);
	mm_json_free(file);
	mm_json_free(got);
	mm_buf_fini(&text);
	mm_buf_fini(&out);
	lab_end(&l);
}

static void
scenarios(void **state)
{
	static const char *const names[] = {
		"s01-constant-pace",
		"s02-flush-waves",
		"s03-adaptive-window-dead",
		"s04-greylist-exim-expiry",
		"s05-exp-ramp-escalation-reputation",
		"s06-stagger-priority-window",
	};
	char path[128];

	(void)state;
	for (size_t i = 0; i < MM_COUNT(names); i++) {
		print_message("  %s\n", names[i]);
		(void)snprintf(path, sizeof(path), "test-corpus/replay/%s.json",
			       names[i]);
		play_file(path);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scenarios),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
