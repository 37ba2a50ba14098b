#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/front.h"
#include "analyze/judge.h"
#include "analyze/verbs.h"
#include "formats/base/mem.h"
#include "formats/base/utf8.h"
#include "formats/logs/own.h"
#include "formats/mail/fields.h"
#include "formats/mail/reply.h"
#include "formats/read/excerpt.h"
#include "reports/output.h"

static const char details[] =
    "How a line of a log is read, and why: its framing, its time, whose line\n"
    "it is, what records it makes, what a reply in it means. FILE is named as\n"
    "in the ledger, members of archives too (`logs.tar!mail.log`); `-` "
    "explains\n"
    "what comes through standard input. The file is read from its beginning, "
    "so\n"
    "that year and zone are those of an ingest.\n\n"
    "Exit status: 0 understood, 1 not a line of mail, 2 fatal, 3 a line of a\n"
    "mail server that is not understood.\n";

/* clang-format off */
static const struct mm_column columns[] = {
	{ "file", "file", MM_TEXT },
	{ "line", "line", MM_INT },
	{ "framing", "framing", MM_TEXT },
	{ "t", "time", MM_TIME },
	{ "host", "host", MM_TEXT },
	{ "tag", "tag", MM_TEXT },
	{ "pid", "pid", MM_INT },
	{ "text", "text", MM_TEXT },
	{ "format", "format", MM_TEXT },
	{ "verdict", "verdict", MM_TEXT },
	{ "why", "why", MM_TEXT },
	{ "record", "record", MM_TEXT },
	{ "operator", "run by", MM_TEXT },
	{ "cause", "cause", MM_TEXT },
	{ "rule", "rule", MM_TEXT },
};
/* clang-format on */

static const char *const verdicts[] = {
	[MM_LINE_RECORD] = "understood",
	[MM_LINE_NOISE] = "noise: known, and says nothing that is kept",
	[MM_LINE_FOREIGN] = "foreign: no mail server that is known here",
	[MM_LINE_MALFORMED] = "not understood",
};

struct explain {
	struct mm_front f;
	struct mm_output o;
	struct mm_judge judge;
	struct mm_own *own;  /* owned */
	struct mm_sink sink; /* of forms that are not text */
	/* The line in hand. */
	const char *file;
	uint64_t number;
	const struct mm_line *line;
	const struct mm_framer *clock;
	struct mm_buf records; /* what is told of them, for people */
	size_t n_records;
	enum mm_verdict verdict;
	const char *why, *format;
	enum mm_status st; /* of the rows */
	struct mm_err *err;
	/* Of all lines. */
	size_t n_shown, n_foreign, n_malformed;
};

/* `t_us`: of the record, which may know better than its line. */
static void
put_row(struct explain *x, int64_t t_us, struct mm_str record, const char *op,
	const char *cause, const char *rule)
{
	const struct mm_line *l = x->line;
	const struct mm_cell row[] = {
		mm_cell_z(x->file),
		mm_cell_int((int64_t)x->number),
		mm_cell_z(mm_framing_name(l->framing)),
		mm_cell_time(t_us),
		mm_cell_text(l->host),
		mm_cell_text(l->tag),
		l->pid > 0 ? mm_cell_int(l->pid) : mm_cell_null(),
		mm_cell_text(l->text),
		mm_cell_z(x->format),
		mm_cell_z(verdicts[x->verdict]),
		mm_cell_z(x->why),
		mm_cell_text(record),
		mm_cell_z(op),
		mm_cell_z(cause),
		mm_cell_z(rule),
	};

	if (x->st == MM_OK)
		x->st = x->sink.row(x->sink.ctx, row, x->err);
}

static void
add_label(struct mm_buf *b, const char *label)
{
	mm_buf_addf(b, "  %-12s ", label);
}

/* Code, stage, and cause of the words of a receiver, or of the MTA. */
static void
add_judgement(struct explain *x, const struct mm_record *r, const char *op,
	      const char *cause, const char *rule)
{
	struct mm_buf *b = &x->records;
	struct mm_reply reply;

	mm_reply_parse(r->reply, NULL, &reply);
	add_label(b, "  it says");
	if (reply.code > 0)
		mm_buf_addf(b, "%d ", reply.code);
	mm_utf8_add_visible(b, reply.enhanced);
	if (mm_stage_name(reply.stage) != NULL)
		mm_buf_addf(b, " at %s", mm_stage_name(reply.stage));
	if (reply.code <= 0 && reply.enhanced.n == 0)
		mm_buf_addz(b, "no code");
	mm_buf_addf(b, "; the receiver is run by %s\n",
		    op != NULL ? op : "nobody known");
	if (cause == NULL)
		return;
	add_label(b, "  cause");
	mm_buf_addf(b, "%s, by rule %s\n", cause, rule != NULL ? rule : "none");
}

static void
take_record(void *ctx, const struct mm_record *r)
{
	struct explain *x = ctx;
	struct mm_buf *b = &x->records;
	const char *op = NULL, *cause = NULL, *rule = NULL;
	const struct mm_field *f;
	char own[MM_TIME_TEXT];
	struct mm_buf row;

	x->n_records++;
	if (r->relay_name.p != NULL)
		op = x->judge.operator_of(x->judge.ctx, r->relay_name);
	if (r->reply.p != NULL && r->outcome != MM_OUT_SENT)
		cause = x->judge.cause_of(x->judge.ctx, op, r->reply, r->dsn,
					  &rule);
	mm_buf_init(&row, MM_LINE_MAX_BYTES * 2);
	mm_record_add(&row, r);
	if (!mm_output_is_text(&x->o)) {
		put_row(x, r->t_us, mm_buf_str(&row), op, cause, rule);
	} else {
		add_label(b, "record");
		mm_buf_addf(b, "%s\n", mm_event_name(r->event));
		if (r->t_us != x->line->t_us)
			mm_buf_addf(b, "    %-14s %s\n", "t",
				    mm_time_iso(r->t_us,
						r->t_us % MM_SECOND_US != 0,
						own));
		if (!mm_str_eq(r->host, x->line->host)) {
			mm_buf_addf(b, "    %-14s ", "host");
			mm_utf8_add_visible(b, r->host);
			mm_buf_addc(b, '\n');
		}
		for (size_t i = 0; (f = mm_fields(i)) != NULL; i++) {
			if (!mm_field_is_set(r, f))
				continue;
			mm_buf_addf(b, "    %-14s ", f->name);
			mm_buf_clear(&row);
			mm_field_add(&row, r, f);
			mm_utf8_add_visible(b, mm_buf_str(&row));
			mm_buf_addc(b, '\n');
		}
		if (r->reply.p != NULL)
			add_judgement(x, r, op, cause, rule);
	}
	mm_buf_fini(&row);
}

static void
add_time(struct mm_buf *b, const struct mm_line *l, const struct mm_framer *f)
{
	char text[MM_TIME_TEXT];
	int64_t zone = f->zone_us / 60000000;

	add_label(b, "time");
	if (l->t_us == MM_TIME_NONE) {
		mm_buf_addz(b, "none: the line is undated\n");
		return;
	}
	mm_buf_addz(b, mm_time_iso(l->t_us, l->t_us % MM_SECOND_US != 0, text));
	if (l->framing == MM_FRAME_RFC3164)
		mm_buf_addf(b,
			    "; no year in the stamp, %d by the file's own "
			    "time and its other lines",
			    f->year);
	if (f->is_local)
		mm_buf_addf(b, "; no zone, UTC%c%02lld:%02lld is taken",
			    zone < 0 ? '-' : '+', llabs((long long)zone) / 60,
			    llabs((long long)zone) % 60);
	mm_buf_addc(b, '\n');
}

static void
add_text(struct mm_buf *b, const char *label, struct mm_str s)
{
	if (s.p == NULL)
		return;
	add_label(b, label);
	mm_utf8_add_visible(b, s);
	mm_buf_addc(b, '\n');
}

/* Told by its tag, whatever the text, or by both or the text alone? */
static void
add_claim(struct explain *x)
{
	struct mm_buf *b = &x->o.buf;
	struct mm_line bare = *x->line;
	const char *format;

	add_label(b, "format");
	if (x->format == NULL) {
		mm_buf_addz(b, "none\n");
		return;
	}
	if (x->line->cells != NULL || x->line->framing == MM_FRAME_CSV) {
		mm_buf_addf(b, "%s, told by the names of its values\n",
			    x->format);
		return;
	}
	bare.text = MM_STR("");
	format = mm_logs_claim(x->own, &bare);
	mm_buf_addf(b, "%s, told by its %s\n", x->format,
		    format != NULL && strcmp(format, x->format) == 0 ? "tag"
								     : "text");
}

/* The tags under which the lines of each server are best known. */
static const char *const usual_tags[] = {
	"postfix/qmgr", "postfix/cleanup", "postfix/smtpd",
	"postfix/smtp", "postfix/pickup",  "exim",
	"sm-mta",	"smtpd",	   "qmail-send",
};

/* A line that nobody understands: under which other tag would it be? */
static const char *
would_be(struct explain *x)
{
	struct mm_line other = *x->line;
	const char *why;

	for (size_t i = 0; i < MM_COUNT(usual_tags); i++) {
		other.tag = mm_str_z(usual_tags[i]);
		if (mm_logs_verdict(NULL, &other, &why) == MM_LINE_RECORD)
			return usual_tags[i];
	}
	return NULL;
}

static void
add_guess(struct explain *x)
{
	const struct mm_line *l = x->line;
	struct mm_buf *b = &x->o.buf;
	const char *tag;

	if (x->verdict != MM_LINE_FOREIGN && x->verdict != MM_LINE_MALFORMED)
		return;
	add_label(b, "hint");
	if (mm_str_trim(l->text).n == 0) {
		mm_buf_addz(b, "there are no words in it\n");
	} else if ((tag = would_be(x)) != NULL) {
		mm_buf_addf(b, "under the tag %s it would be understood\n",
			    tag);
	} else if (x->verdict == MM_LINE_MALFORMED) {
		mm_buf_addz(b, "it is counted and sampled; a line that was cut "
			       "or wrapped reads like this\n");
	} else if (l->framing == MM_FRAME_NONE && l->tag.p == NULL) {
		mm_buf_addz(b, "it begins with no time that is known, and with "
			       "no program\n");
	} else {
		mm_buf_addz(b, "if it is of a mail server, declare its format "
			       "with --log-format\n");
	}
}

static enum mm_status
print_line(struct explain *x)
{
	const struct mm_line *l = x->line;
	struct mm_buf *b = &x->o.buf;

	mm_buf_addf(b, "%s%s:%llu\n", x->n_shown > 0 ? "\n" : "", x->file,
		    (unsigned long long)x->number);
	add_text(b, "line", l->raw);
	add_label(b, "framing");
	mm_buf_addf(b, "%s%s\n", mm_framing_name(l->framing),
		    l->cut ? "; longer than 1 MiB, cut" : "");
	add_time(b, l, x->clock);
	add_text(b, "host", l->host);
	add_text(b, "tag", l->tag);
	if (l->pid > 0) {
		add_label(b, "pid");
		mm_buf_addf(b, "%u\n", l->pid);
	}
	add_text(b, "text", l->text);
	if (l->repeats > 1) {
		add_label(b, "repeats");
		mm_buf_addf(b, "%u\n", l->repeats);
	}
	add_claim(x);
	add_label(b, "verdict");
	mm_buf_addz(b, verdicts[x->verdict]);
	if (x->why != NULL)
		mm_buf_addf(b, ": %s", x->why);
	mm_buf_addc(b, '\n');
	add_guess(x);
	mm_buf_adds(b, mm_buf_str(&x->records));
	return mm_output_flush(&x->o, x->err);
}

static enum mm_status
explain_line(struct explain *x, const struct mm_line *line)
{
	struct mm_emit emit = { take_record, x, NULL };

	x->line = line;
	x->format = mm_logs_claim(x->own, line);
	x->n_records = 0;
	mm_buf_clear(&x->records);
	/* The verdict stands in the rows of the records: asked for first. */
	x->verdict = mm_logs_verdict(x->own, line, &x->why);
	x->n_foreign += x->verdict == MM_LINE_FOREIGN;
	x->n_malformed += x->verdict == MM_LINE_MALFORMED;
	(void)mm_logs_parse(x->own, line, &emit);
	if (mm_output_is_text(&x->o))
		x->st = print_line(x);
	else if (x->n_records == 0)
		put_row(x, line->t_us, MM_STR_ABSENT, NULL, NULL, NULL);
	x->n_shown++;
	return x->st;
}

/* What was asked for: a file and lines of it. */
struct wanted {
	char *name; /* owned */
	uint64_t first, last;
};

static enum mm_status
parse_word(const char *word, struct wanted *w, struct mm_err *err)
{
	struct mm_str s = mm_str_z(word);
	size_t colon = mm_str_find_last(s, ":");
	struct mm_str lines;
	bool well = false;

	w->name = mm_strdup(word);
	w->first = 1;
	w->last = UINT64_MAX;
	if (strcmp(word, "-") == 0)
		return MM_OK;
	if (colon != MM_NOT_FOUND) {
		w->name[colon] = '\0';
		lines = mm_str_from(s, colon + 1);
		well = mm_str_take_u64(&lines, &w->first);
		w->last = w->first;
		if (well && mm_str_skip(&lines, "-"))
			well = mm_str_take_u64(&lines, &w->last);
		well =
		    well && lines.n == 0 && w->first > 0 && w->last >= w->first;
	}
	if (well)
		return MM_OK;
	return mm_err_set(err, MM_EUSAGE,
			  "%s: say which line, as FILE:12 or FILE:12-20", word);
}

static enum mm_status
explain_lines(struct explain *x, struct mm_evidence *ev, size_t i,
	      const struct wanted *w)
{
	struct mm_lines *lines = mm_lines_open(ev, i, x->err);
	enum mm_status st = lines != NULL ? MM_OK : MM_EIO;
	size_t before = x->n_shown;
	struct mm_line line;
	uint64_t at;

	while (st == MM_OK) {
		st = mm_lines_next(lines, &line, &x->number, &at, x->err);
		if (st != MM_OK || x->number > w->last)
			break;
		x->clock = mm_lines_framer(lines);
		if (x->number >= w->first)
			st = explain_line(x, &line);
	}
	mm_lines_close(lines);
	if ((st == MM_OK || st == MM_END) && x->n_shown == before)
		return mm_err_set(x->err, MM_EUSAGE,
				  "%s: no record begins in line %llu", w->name,
				  (unsigned long long)w->first);
	return st == MM_END ? MM_OK : st;
}

static enum mm_status
explain_word(struct explain *x, const char *word)
{
	struct mm_evidence_options o = { 0 };
	struct mm_evidence *ev = NULL;
	struct wanted w;
	const char *path;
	enum mm_status st = parse_word(word, &w, x->err);
	char *file = mm_strdup(w.name);
	bool found = false;

	file[mm_excerpt_file_part(w.name)] = '\0';
	path = file;
	x->file = w.name;
	if (st == MM_OK)
		st = mm_front_evidence(&x->f, &o, x->err);
	if (st == MM_OK) {
		ev = mm_evidence_open(&path, 1, &o, NULL, x->err);
		st = ev != NULL ? MM_OK : MM_EIO;
	}
	for (size_t i = 0; st == MM_OK && i < mm_evidence_count(ev); i++) {
		struct mm_ledger *row = mm_evidence_ledger(ev, i);

		if (!row->is_log || !mm_str_is(row->name, w.name))
			continue;
		found = true;
		st = explain_lines(x, ev, i, &w);
	}
	if (st == MM_OK && !found)
		st = mm_err_set(x->err, MM_EUSAGE,
				"%s: is no log; `mailmortem export ledger %s` "
				"lists what is in it",
				w.name, file);
	mm_evidence_close(ev);
	free(file);
	free(w.name);
	return st;
}

static enum mm_status
explain(struct explain *x, const struct mm_words *words)
{
	struct mm_judge_rules *rules =
	    mm_judge_open(x->f.rules_path, &x->judge, x->err);
	enum mm_status st = rules != NULL ? MM_OK : MM_EFORMAT;

	if (st == MM_OK)
		st = mm_front_own(&x->f, &x->own, x->err);
	if (st == MM_OK)
		st = mm_output_open(&x->o, x->err);
	if (st == MM_OK && !mm_output_is_text(&x->o))
		st = mm_output_begin(&x->o, columns, MM_COUNT(columns),
				     &x->sink, x->err);
	for (size_t i = 0; i < words->n && st == MM_OK; i++)
		st = explain_word(x, words->v[i]);
	if (rules != NULL)
		st = mm_output_close(&x->o, st, x->err);
	mm_judge_close(rules);
	mm_own_free(x->own);
	return st;
}

static int
run(int argc, const char *const *argv)
{
	struct mm_err err = { 0 };
	struct explain x = { .err = &err };
	const struct mm_option options[] = {
		MM_FRONT_READING(x.f),
		MM_OUTPUT_OPTIONS(x.o),
	};
	const struct mm_usage usage = {
		.verb = "explain",
		.summary = "how a line of a log is read, and why",
		.synopsis = "explain (FILE:LINE | FILE:FROM-TO | -)...",
		.details = details,
		.options = options,
		.n_options = MM_COUNT(options),
	};
	struct mm_words words = { 0 };
	enum mm_status st = mm_options_parse(&usage, argc, argv, &words, &err);
	int status;

	if (st == MM_END) {
		mm_words_fini(&words);
		return mm_front_help(&usage);
	}
	if (st == MM_OK && words.n == 0)
		st = mm_err_set(&err, MM_EUSAGE,
				"usage: mailmortem %s (see --help)",
				usage.synopsis);
	mm_buf_init(&x.records, MM_LINE_MAX_BYTES * 16);
	if (st == MM_OK)
		st = explain(&x, &words);
	mm_buf_fini(&x.records);
	mm_words_fini(&words);
	status = mm_front_exit(&x.f, usage.verb, st, &err);
	if (status == MM_EXIT_DONE && x.n_malformed > 0)
		return MM_EXIT_UNKNOWN;
	return status == MM_EXIT_DONE && x.n_foreign == x.n_shown
		   ? MM_EXIT_NO_MATCH
		   : status;
}

const struct mm_verb mm_verb_explain = {
	.name = "explain",
	.summary = "how a line of a log is read, and why",
	.run = run,
};
