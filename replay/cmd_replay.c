#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "formats/base/digest.h"
#include "formats/base/options.h"
#include "formats/base/whole.h"
#include "replay/engine/run.h"
#include "replay/verbs.h"

#define SCENARIO_MAX_BYTES ((size_t)1 << 30)
#define LOG_BLOCK_BYTES	   65536

struct options {
	struct mm_words scenarios;
	const char *format, *output;
	bool log;
};

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

static enum mm_status
read_file(const char *path, struct mm_buf *text, struct mm_err *err)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	char block[65536];
	size_t n;

	if (f == NULL)
		return mm_err_set(err, MM_EIO, "%s: %s", path, strerror(errno));
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		mm_buf_add(text, block, n);
	n = ferror(f) != 0;
	if (f != stdin)
		(void)fclose(f);
	if (n != 0)
		return mm_err_set(err, MM_EIO, "%s: cannot be read", path);
	if (text->over)
		return mm_err_set(err, MM_ELIMIT, "%s: too large", path);
	return MM_OK;
}

static void
play(struct mm_scenario *s, const struct options *o, FILE *to)
{
	struct log log = { .s = s, .out = to };
	const struct mm_run_hooks hooks = { .ctx = &log,
					    .attempt = add_attempt };
	struct mm_outcome outcome;
	char hex[MM_SHA256_HEX];
	struct mm_buf out;

	mm_buf_init(&log.lines, SIZE_MAX / 2);
	mm_buf_init(&out, SIZE_MAX / 2);
	if (!o->log)
		log.hash = mm_sha256_new();
	mm_run(s, &hooks, &outcome);
	empty_log(&log);
	if (!o->log) {
		mm_sha256_hex(log.hash, hex);
		mm_outcome_json(&outcome, s, hex, &out);
		mm_buf_addc(&out, '\n');
		(void)fwrite(out.p, 1, out.n, to);
	}
	mm_outcome_fini(&outcome);
	mm_buf_fini(&log.lines);
	mm_buf_fini(&out);
}

static enum mm_status
play_file(const char *path, const struct options *o, FILE *to,
	  struct mm_err *err)
{
	struct mm_scenario s;
	struct mm_err why;
	struct mm_buf text;
	enum mm_status st;

	mm_scenario_init(&s);
	mm_buf_init(&text, SCENARIO_MAX_BYTES);
	st = read_file(path, &text, err);
	if (st == MM_OK) {
		st = mm_scenario_read(&s, mm_buf_str(&text), &why);
		if (st != MM_OK)
			(void)mm_err_set(err, st, "%s: %.480s", path, why.text);
	}
	if (st == MM_OK)
		play(&s, o, to);
	mm_buf_fini(&text);
	mm_scenario_fini(&s);
	return st;
}

static enum mm_status
run_scenarios(const struct options *o, struct mm_err *err)
{
	struct mm_whole to;
	enum mm_status st = mm_whole_open(&to, o->output, err);

	if (st != MM_OK)
		return st;
	for (size_t i = 0; i < o->scenarios.n && st == MM_OK; i++)
		st = play_file(o->scenarios.v[i], o, to.f, err);
	if (st == MM_OK)
		st = mm_whole_commit(&to, err);
	mm_whole_abort(&to);
	return st;
}

static int
run(int argc, const char *const *argv)
{
	struct options o = { .format = "json", .output = "-" };
	const struct mm_option table[] = {
		{ 0, "scenario", MM_OPT_LIST, &o.scenarios, "FILE",
		  "play a scenario file; several: one after the other" },
		{ 0, "log", MM_OPT_FLAG, &o.log, NULL,
		  "print every attempt instead of the outcome" },
		{ 0, "format", MM_OPT_TEXT, &o.format, "json",
		  "form of the outcome" },
		{ 'o', "output", MM_OPT_TEXT, &o.output, "FILE",
		  "write there, whole or not at all" },
	};
	const struct mm_usage usage = {
		.verb = "replay",
		.summary = mm_verb_replay.summary,
		.synopsis = "replay --scenario FILE [--log] [-o FILE]",
		.options = table,
		.n_options = MM_COUNT(table),
	};
	struct mm_words words = { 0 };
	struct mm_err err;
	struct mm_buf help;
	enum mm_status st = mm_options_parse(&usage, argc, argv, &words, &err);

	if (st == MM_END) {
		mm_buf_init(&help, 65536);
		mm_options_help(&usage, &help);
		(void)fputs(help.p, stdout);
		mm_buf_fini(&help);
	} else if (st == MM_OK && words.n > 0) {
		st = mm_err_set(&err, MM_EUSAGE, "%s: not an option",
				words.v[0]);
	} else if (st == MM_OK && o.scenarios.n == 0) {
		st = mm_err_set(&err, MM_EUSAGE,
				"nothing to replay: give a "
				"--scenario");
	} else if (st == MM_OK && strcmp(o.format, "json") != 0) {
		st = mm_err_set(&err, MM_EUSAGE, "--format: \"%s\" is not json",
				o.format);
	} else if (st == MM_OK) {
		st = run_scenarios(&o, &err);
	}
	if (st != MM_OK && st != MM_END)
		(void)fprintf(stderr, "mailmortem replay: %s\n", err.text);
	mm_words_fini(&words);
	mm_words_fini(&o.scenarios);
	return st == MM_OK || st == MM_END ? MM_EXIT_DONE : MM_EXIT_FATAL;
}

const struct mm_verb mm_verb_replay = {
	.name = "replay",
	.summary = "play a way of resuming the queue against the receivers",
	.run = run,
};
