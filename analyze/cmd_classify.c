#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "analyze/cause/check.h"
#include "analyze/cause/rules.h"
#include "analyze/front.h"
#include "analyze/verbs.h"
#include "formats/base/utf8.h"
#include "formats/logs/logs.h"

#define TEXT_MAX ((size_t)1 << 20)

struct classify {
	bool tsv, explain, check;
	const char *rules_path, *relay, *op;
	struct mm_rules *rules;
	struct mm_framer framer;
	struct mm_buf words; /* of qmail */
	struct mm_buf fold;  /* lines joined */
	struct mm_buf out;
	/* Of the record of a log line that carries a reply. */
	bool found;
	struct mm_buf reason;
	const char *record_op;
	enum mm_stage stage;
};

/* qmail-send logs the words of qmail-remote with `_` for each blank. */
static struct mm_str
qmail_words(struct classify *c, struct mm_str reason)
{
	if (mm_str_find(reason, "_Remote_host_said:_") == MM_NOT_FOUND &&
	    mm_str_find(reason, "/Remote_host_said:_") == MM_NOT_FOUND &&
	    !mm_str_starts(reason, "Sorry,_"))
		return reason;
	mm_buf_clear(&c->words);
	for (size_t i = 0; i < reason.n; i++)
		mm_buf_addc(&c->words, reason.p[i] == '_' ? ' ' : reason.p[i]);
	return mm_buf_str(&c->words);
}

/* A reason as an MTA writes it, or a reply as a receiver does. */
static struct mm_refusal
from_reason(struct classify *c, struct mm_str reason)
{
	struct mm_reply r;

	reason = qmail_words(c, reason);

	mm_reply_parse(reason, &c->fold, &r);
	return (struct mm_refusal){ .op = c->op,
				    .code = r.code,
				    .enhanced = r.enhanced,
				    .stage = r.stage,
				    .text = r.text };
}

/* "550<TAB>5.1.1<TAB>text". Without a code the text may be a whole reason. */
static bool
from_cells(struct classify *c, struct mm_str line, struct mm_refusal *out)
{
	struct mm_str code, enhanced;
	uint64_t n = 0;

	if (!mm_str_cutc(&line, '\t', &code) ||
	    !mm_str_cutc(&line, '\t', &enhanced) ||
	    (code.n > 0 && (!mm_str_to_u64(code, &n) || n > 999)))
		return false;
	if (n == 0)
		*out = from_reason(c, line);
	else
		*out = (struct mm_refusal){
			.op = c->op,
			.code = (int)n,
			.text = mm_reply_fold(line, (int)n, enhanced, &c->fold)
		};
	if (enhanced.n > 0)
		out->enhanced = enhanced;
	return true;
}

static void
take_record(void *ctx, const struct mm_record *r)
{
	struct classify *c = ctx;

	if (r->reply.n == 0 || c->found)
		return;
	c->found = true;
	c->record_op =
	    mm_operator_of(mm_rules_operators(c->rules), r->relay_name);
	c->stage = mm_stage_of(r->stage);
	mm_buf_clear(&c->reason);
	mm_buf_adds(&c->reason, r->reply);
}

/* A line of a log, if a format claims it; else the text itself. */
static struct mm_refusal
from_line(struct classify *c, struct mm_str line)
{
	struct mm_emit emit = { .record = take_record, .ctx = c };
	struct mm_refusal refusal;
	struct mm_line framed;

	c->found = false;
	mm_frame(&c->framer, line, &framed);
	if (framed.framing != MM_FRAME_NONE || framed.tag.n > 0)
		(void)mm_logs_parse(NULL, &framed, &emit);
	refusal = from_reason(c, c->found ? mm_buf_str(&c->reason) : line);
	if (c->found && refusal.stage == MM_STAGE_NONE)
		refusal.stage = c->stage;
	if (c->found && refusal.op == NULL)
		refusal.op = c->record_op;
	return refusal;
}

static void
show_row(struct classify *c, const struct mm_cause *cause, const char *rule)
{
	mm_buf_addf(&c->out, "%s\t%s\t%s\t%s\t%s\n", cause->name, cause->group,
		    cause->scope, cause->action, rule);
}

static void
show_advice(struct classify *c, struct mm_advice a)
{
	if (a.waiting != NULL)
		mm_buf_addf(&c->out, "  waiting  %s\n", a.waiting);
	if (a.fix != NULL)
		mm_buf_addf(&c->out, "  do       %s\n", a.fix);
	if (a.avoid != NULL)
		mm_buf_addf(&c->out, "  avoid    %s\n", a.avoid);
}

/* Every row that fits, in the order in which they are asked. */
static void
show_rules(struct classify *c, const struct mm_refusal *refusal)
{
	const struct mm_causes *causes = mm_rules_causes(c->rules);

	for (size_t i = 0; i < mm_rules_count(c->rules); i++) {
		const struct mm_rule *r = mm_rules_get(c->rules, i);

		if (mm_rules_fits(c->rules, i, refusal))
			mm_buf_addf(&c->out, "  fits     %s: %s (%.*s)\n",
				    r->id,
				    mm_causes_get(causes, r->cause)->name,
				    MM_STR_ARG(r->note));
	}
}

static void
show(struct classify *c, struct mm_str text, const struct mm_refusal *refusal)
{
	struct mm_ruling ruling = mm_rules_classify(c->rules, refusal);
	const struct mm_causes *causes = mm_rules_causes(c->rules);
	const struct mm_cause *cause = mm_causes_get(causes, ruling.cause);
	const char *rule = ruling.rule != NULL ? ruling.rule : "none";

	if (c->tsv) {
		show_row(c, cause, rule);
		return;
	}
	mm_utf8_add_visible(&c->out, text);
	mm_buf_addf(&c->out,
		    "\n  cause    %s: %s\n  about    %s, %s; helps: %s\n"
		    "  rule     %s\n",
		    cause->name, cause->meaning, cause->group, cause->scope,
		    cause->action, rule);
	if (c->explain)
		show_rules(c, refusal);
	show_advice(c, mm_causes_advice(causes, ruling.cause, refusal->op));
}

static void
classify_line(struct classify *c, struct mm_str line)
{
	struct mm_refusal refusal;

	if (!from_cells(c, line, &refusal))
		refusal = from_line(c, line);
	show(c, line, &refusal);
}

static void
flush(struct classify *c)
{
	(void)fwrite(c->out.p, 1, c->out.n, stdout);
	mm_buf_clear(&c->out);
}

static void
classify_stdin(struct classify *c)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) >= 0) {
		struct mm_str s = { line, (size_t)n };

		while (s.n > 0 &&
		       (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
			s.n--;
		classify_line(c, s);
		if (c->out.n > 32768)
			flush(c);
	}
	free(line);
}

static void
show_fault(void *ctx, const struct mm_rule *rule, size_t line, const char *what)
{
	struct classify *c = ctx;

	mm_buf_addf(&c->out, "%s:%zu: %s: %s\n",
		    rule->user ? c->rules_path : "rules.tsv", line, rule->id,
		    what);
}

static enum mm_status
check(struct classify *c, struct mm_err *err)
{
	size_t faults;

	if (mm_rules_compile(c->rules, err) != MM_OK)
		return MM_EFORMAT;
	faults = mm_rules_check(c->rules, show_fault, c);
	mm_buf_addf(&c->out, "%zu rules, %zu samples, %zu faults\n",
		    mm_rules_count(c->rules), mm_rules_n_samples(c->rules),
		    faults);
	if (faults > 0)
		return mm_err_set(err, MM_EFORMAT, "%s: the rules are not fit",
				  c->rules_path != NULL ? c->rules_path
							: "built in");
	return MM_OK;
}

static enum mm_status
classify(struct classify *c, const struct mm_words *words, struct mm_err *err)
{
	struct mm_buf text;

	c->rules = mm_rules_open(c->rules_path, err);
	if (c->rules == NULL)
		return err->code;
	if (c->relay != NULL && c->op == NULL)
		c->op = mm_operator_of(mm_rules_operators(c->rules),
				       mm_str_z(c->relay));
	if (c->check)
		return check(c, err);
	if (words->n == 0) {
		classify_stdin(c);
		return MM_OK;
	}
	mm_buf_init(&text, TEXT_MAX);
	for (size_t i = 0; i < words->n; i++) {
		mm_buf_addz(&text, i > 0 ? " " : "");
		mm_buf_addz(&text, words->v[i]);
	}
	classify_line(c, mm_buf_str(&text));
	mm_buf_fini(&text);
	return MM_OK;
}

static const char details[] =
    "Why a receiver refused: the cause, the rule that decided, what to do.\n"
    "TEXT is a reply, a reason as a mail server logs it, or a log line; "
    "without\nTEXT each line of standard input is one. A line may also be "
    "three cells with\ntabs between: reply code, enhanced code, text.\n\n"
    "--tsv prints for each line: cause, group, scope, action, rule.\n\n"
    "A file of own rules has a row a line, eight cells with tabs between: id,\n"
    "operator, code, enhanced code, stage, pattern, cause, note; `*` for any.\n"
    "Its rows are asked before the built-in ones; the first that fits "
    "decides.\nUnder a row may stand samples, six cells: `+` it must decide or "
    "`-` it must\nnot fit, operator, code, enhanced code, stage, text; --check "
    "tries them.\n";

static int
run(int argc, const char *const *argv)
{
	struct classify c = { 0 };
	const struct mm_option options[] = {
		{ 0, "tsv", MM_OPT_FLAG, &c.tsv, NULL,
		  "one row of five cells for each line" },
		{ 0, "rules", MM_OPT_TEXT, &c.rules_path, "FILE",
		  "own rules, asked first" },
		{ 0, "relay", MM_OPT_TEXT, &c.relay, "HOST",
		  "the host that said it" },
		{ 0, "operator", MM_OPT_TEXT, &c.op, "NAME",
		  "who runs that host" },
		{ 0, "explain", MM_OPT_FLAG, &c.explain, NULL,
		  "show all rules that fit" },
		{ 0, "check", MM_OPT_FLAG, &c.check, NULL,
		  "only check the rules and try their samples" },
	};
	const struct mm_usage usage = {
		.verb = "classify",
		.summary = "the cause behind a reply",
		.synopsis = "classify [--tsv] [--rules FILE] [TEXT...]",
		.details = details,
		.options = options,
		.n_options = MM_COUNT(options),
	};
	struct mm_words words = { 0 };
	struct mm_front front = { 0 };
	struct mm_err err = { 0 };
	enum mm_status st = mm_options_parse(&usage, argc, argv, &words, &err);

	if (st == MM_END) {
		mm_words_fini(&words);
		return mm_front_help(&usage);
	}
	mm_buf_init(&c.fold, TEXT_MAX);
	mm_buf_init(&c.words, TEXT_MAX);
	mm_buf_init(&c.reason, TEXT_MAX);
	mm_buf_init(&c.out, SIZE_MAX);
	mm_framer_init(&c.framer, MM_TIME_NONE, 0);
	if (st == MM_OK)
		st = classify(&c, &words, &err);
	flush(&c);
	if (st == MM_OK && (fflush(stdout) != 0 || ferror(stdout)))
		st = mm_err_set(&err, MM_EIO, "standard output: write failed");
	mm_rules_free(c.rules);
	mm_buf_fini(&c.out);
	mm_buf_fini(&c.reason);
	mm_buf_fini(&c.words);
	mm_buf_fini(&c.fold);
	mm_words_fini(&words);
	return mm_front_exit(&front, usage.verb, st, &err);
}

const struct mm_verb mm_verb_classify = {
	.name = "classify",
	.summary = "why a reply says what it says; tests rules of causes",
	.run = run,
};
