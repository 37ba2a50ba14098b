#include "replay/engine/play.h"
#include "formats/base/digest.h"
#include "formats/base/whole.h"
#include "replay/engine/run.h"

#define SCENARIO_MAX_BYTES ((size_t)1 << 30)
#define LOG_BLOCK_BYTES	   65536

/* The canonical log on its way into its hash, or out. */
struct log {
	const struct mm_scenario *s;
	struct mm_buf lines;
	struct mm_sha256 *hash; /* NULL: to `out` */
	FILE *out;
};

static void
empty_log(struct log *l)
{
	if (l->hash != NULL)
		mm_sha256_add(l->hash, l->lines.p, l->lines.n);
	else
		(void)fwrite(l->lines.p, 1, l->lines.n, l->out);
	mm_buf_clear(&l->lines);
}

static void
add_attempt(void *ctx, uint64_t number, const struct mm_attempt *a)
{
	struct log *l = ctx;

	mm_outcome_log_line(l->s, number, a, &l->lines);
	if (l->lines.n >= LOG_BLOCK_BYTES)
		empty_log(l);
}

static void
play(struct mm_scenario *s, bool print_log, FILE *to)
{
	struct log log = { .s = s, .out = to };
	const struct mm_run_hooks hooks = { .ctx = &log,
					    .attempt = add_attempt };
	struct mm_outcome outcome;
	char hex[MM_SHA256_HEX];
	struct mm_buf out;

	mm_buf_init(&log.lines, SIZE_MAX / 2);
	mm_buf_init(&out, SIZE_MAX / 2);
	if (!print_log)
		log.hash = mm_sha256_new();
	mm_run(s, &hooks, &outcome);
	empty_log(&log);
	if (!print_log) {
		mm_sha256_hex(log.hash, hex);
		mm_outcome_json(&outcome, s, hex, &out);
		mm_buf_addc(&out, '\n');
		(void)fwrite(out.p, 1, out.n, to);
	}
	mm_outcome_fini(&outcome);
	mm_buf_fini(&log.lines);
	mm_buf_fini(&out);
}

enum mm_status
mm_play_read(const char *path, struct mm_scenario *s, struct mm_err *err)
{
	struct mm_err why;
	struct mm_buf text;
	enum mm_status st;

	mm_buf_init(&text, SCENARIO_MAX_BYTES);
	st = mm_whole_read(path, &text, err);
	if (st == MM_OK) {
		st = mm_scenario_read(s, mm_buf_str(&text), &why);
		if (st != MM_OK)
			(void)mm_err_set(err, st, "%s: %.480s", path, why.text);
	}
	mm_buf_fini(&text);
	return st;
}

enum mm_status
mm_play_file(const char *path, bool log, FILE *to, struct mm_err *err)
{
	struct mm_scenario s;
	enum mm_status st;

	mm_scenario_init(&s);
	st = mm_play_read(path, &s, err);
	if (st == MM_OK)
		play(&s, log, to);
	mm_scenario_fini(&s);
	return st;
}
