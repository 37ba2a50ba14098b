#include <stdio.h>
#include <string.h>

#include "analyze/case/rows.h"
#include "analyze/front.h"
#include "analyze/timeline/trace.h"
#include "analyze/verbs.h"
#include "formats/base/time.h"
#include "reports/output.h"

static const char details[] =
    "WHAT is an address, a domain, a queue id, a Message-ID, a client, a "
    "relay or a\nlogin; all of them are looked up. `*` and `?` make it a "
    "pattern. --by asks for\none kind: queue-id message-id sender recipient "
    "domain client relay user reply.\nTimes are 2026-11-22T05:30Z, "
    "2026-11-22, @SECONDS, or -2h before the last line.\n\n"
    "Exit status: 0 found, 1 nothing matched, 2 fatal.\n";

#define MAX_INDENT 8

struct trace {
	struct mm_front f;
	struct mm_output o;
	const char *by, *since, *until, *folder;
	bool alone, lines;
	int64_t limit;
};

static enum mm_status
choose(const struct trace *t, struct mm_find *find, struct mm_err *err)
{
	static const char *const names[MM_FIND_COUNT] = {
		"any",	  "queue-id", "message-id", "sender", "recipient",
		"domain", "client",   "relay",	    "user",   "reply",
	};

	for (int i = 0; t->by != NULL && i < MM_FIND_COUNT; i++)
		if (strcmp(t->by, names[i]) == 0) {
			find->by = (enum mm_find_by)i;
			return MM_OK;
		}
	if (t->by != NULL)
		return mm_err_set(err, MM_EUSAGE,
				  "--by: %s is none; see --help", t->by);
	return MM_OK;
}

static enum mm_status
bound(struct mm_store *s, const char *name, const char *text, int64_t *t_us,
      struct mm_err *err)
{
	int64_t first, last;
	enum mm_status st;

	if (text == NULL)
		return MM_OK;
	st = mm_rows_span(s, &first, &last, err);
	if (st == MM_OK && !mm_time_parse(mm_str_z(text), last, t_us))
		st = mm_err_set(err, MM_EUSAGE, "%s: \"%s\" is no time", name,
				text);
	return st;
}

/* `<a@b>` is written by those who copy from a header. */
static struct mm_str
bare(const char *word)
{
	struct mm_str s = mm_str_z(word);

	if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		s = (struct mm_str){ s.p + 1, s.n - 2 };
	return s;
}

/* A hop stands below the message that it comes from. */
static void
add_indented(struct mm_buf *out, const struct mm_buf *block, unsigned depth)
{
	struct mm_str left = mm_buf_str(block), line;

	while (mm_str_cutc(&left, '\n', &line)) {
		for (unsigned i = 0; i < depth && i < MAX_INDENT; i++)
			mm_buf_addz(out, "    ");
		mm_buf_adds(out, line);
		mm_buf_addc(out, '\n');
	}
}

static enum mm_status
print_block(struct trace *t, struct mm_story *y, const struct mm_found *found,
	    size_t i, struct mm_originals *lines, struct mm_err *err)
{
	unsigned depth = found->depth != NULL ? found->depth[i] : 0;
	struct mm_buf block;
	enum mm_status st;

	mm_buf_init(&block, t->o.buf.max_bytes);
	st = mm_trace_block(y, found->ids[i], lines, &block, err);
	if (i > 0)
		mm_buf_addc(&t->o.buf, '\n');
	add_indented(&t->o.buf, &block, depth);
	mm_buf_fini(&block);
	return st == MM_OK ? mm_output_flush(&t->o, err) : st;
}

static enum mm_status
print(struct trace *t, struct mm_store *s, const struct mm_found *found,
      struct mm_err *err)
{
	struct mm_story *y = mm_story_new(s, err);
	struct mm_originals *lines =
	    t->lines ? mm_originals_new(s, t->folder) : NULL;
	struct mm_sink sink;
	enum mm_status st = y != NULL ? mm_output_open(&t->o, err) : MM_EIO;
	bool text = st == MM_OK && mm_output_is_text(&t->o);
	size_t n = found->n;

	if (t->limit > 0 && n > (size_t)t->limit)
		n = (size_t)t->limit;
	if (st == MM_OK && !text)
		st = mm_output_begin(&t->o, mm_trace_columns,
				     mm_trace_n_columns, &sink, err);
	for (size_t i = 0; i < n && st == MM_OK; i++) {
		if (!text) {
			st = mm_trace_rows(y, found->ids[i], lines, &sink, err);
			continue;
		}
		st = print_block(t, y, found, i, lines, err);
	}
	st = mm_output_close(&t->o, st, err);
	mm_story_free(y);
	mm_originals_free(lines);
	if (st == MM_OK && n < found->n && !t->f.quiet)
		(void)fprintf(stderr,
			      "%zu of %zu messages; --limit 0 shows all\n", n,
			      found->n);
	return st;
}

static enum mm_status
trace(struct trace *t, const struct mm_words *words, struct mm_err *err)
{
	struct mm_find find = { .from_us = MM_TIME_NONE,
				.to_us = MM_TIME_NONE };
	struct mm_found found = { 0 };
	struct mm_store *s;
	enum mm_status st = choose(t, &find, err);

	if (st != MM_OK)
		return st;
	find.what = bare(words->v[0]);
	find.pattern = strpbrk(words->v[0], "*?") != NULL;
	s = mm_front_open(&t->f, words->v + 1, words->n - 1, err);
	if (s == NULL)
		return err->code;
	st = bound(s, "--since", t->since, &find.from_us, err);
	if (st == MM_OK)
		st = bound(s, "--until", t->until, &find.to_us, err);
	if (st == MM_OK)
		st = mm_find_messages(s, &find, &found, err);
	if (st == MM_OK && found.n == 0)
		st = mm_err_set(err, MM_ENOENT, "nothing matched");
	if (st == MM_OK && !t->alone)
		st = mm_find_related(s, &found, err);
	if (st == MM_OK)
		st = print(t, s, &found, err);
	mm_found_fini(&found);
	mm_store_close(s);
	return st;
}

static int
run(int argc, const char *const *argv)
{
	struct trace t = { .limit = 1000 };
	const struct mm_option options[] = {
		MM_FRONT_OPTIONS(t.f),
		{ 0, "by", MM_OPT_TEXT, &t.by, "KIND", "look up one kind" },
		{ 0, "since", MM_OPT_TEXT, &t.since, "TIME",
		  "arrived at TIME or later" },
		{ 0, "until", MM_OPT_TEXT, &t.until, "TIME",
		  "arrived before TIME" },
		{ 0, "alone", MM_OPT_FLAG, &t.alone, NULL,
		  "without the other hops and notices of the mail" },
		{ 0, "lines", MM_OPT_FLAG, &t.lines, NULL,
		  "the lines themselves, too, out of the sources" },
		{ 0, "evidence", MM_OPT_TEXT, &t.folder, "DIR",
		  "where sources that moved lie now; told by hash" },
		{ 0, "limit", MM_OPT_INT, &t.limit, "N",
		  "at most N messages (1000); 0: all" },
		MM_OUTPUT_OPTIONS(t.o),
	};
	const struct mm_usage usage = {
		.verb = "trace",
		.summary = "the story of a message, like exigrep",
		.synopsis = "trace WHAT (-c CASE | PATH...)",
		.details = details,
		.options = options,
		.n_options = MM_COUNT(options),
	};
	struct mm_words words = { 0 };
	struct mm_err err = { 0 };
	enum mm_status st = mm_options_parse(&usage, argc, argv, &words, &err);

	if (st == MM_END) {
		mm_words_fini(&words);
		return mm_front_help(&usage);
	}
	if (st == MM_OK && words.n == 0)
		st = mm_err_set(&err, MM_EUSAGE, "usage: mailmortem %s",
				usage.synopsis);
	if (st == MM_OK)
		st = trace(&t, &words, &err);
	mm_words_fini(&words);
	return mm_front_exit(&t.f, usage.verb, st, &err);
}

const struct mm_verb mm_verb_trace = {
	.name = "trace",
	.summary = "the story of a message: address, queue id, Message-ID, ...",
	.run = run,
};
