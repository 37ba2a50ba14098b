#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyze/case/rows.h"
#include "analyze/front.h"
#include "replay/engine/num.h"
#include "replay/engine/play.h"
#include "replay/study/compare.h"
#include "replay/study/emit_log.h"
#include "replay/study/inputs.h"
#include "replay/study/show.h"
#include "replay/verbs.h"
#include "reports/output.h"

static const char details[] =
    "Takes the mail that waits at a moment of the case, and the mail that "
    "came after\nit, and plays each policy against modelled receivers: what "
    "drains first, what new\nmail waits, what expires, what blocks and "
    "reputation it costs. Policies and\nreceivers are small files (--list, "
    "--show NAME); each number of a receiver says\nwhether it is published or "
    "assumed. With --seeds what is assumed is drawn from\nits interval, the "
    "same for all policies.\n\n"
    "Cost, in hours: until 99 % of the backlog is gone, plus what new mail "
    "waits\n(99 %), plus blocks, plus reputation lost, plus 10 for each "
    "percent of the mail\nthat expires or still waits at the end.\n";

struct replay {
	struct mm_front f;
	struct mm_output o;
	struct mm_words scenarios, policies, receivers;
	const char *at, *live_from, *sender, *show, *emit;
	bool log, expired, list, no_snapshot;
	double live;
	int64_t seeds, seed, jobs, horizon_us;
};

/* ---- simulated logs ---- */

/* What --emit-log asks for. */
struct emit {
	const struct mm_emit_form *form;
	const char *folder; /* view */
};

static enum mm_status
emit_init(struct emit *e, const char *word, struct mm_err *err)
{
	struct mm_str folder = mm_str_z(word), form;

	if (!mm_str_cutc(&folder, '=', &form) || folder.n == 0 ||
	    (e->form = mm_emit_form(form)) == NULL)
		return mm_err_set(err, MM_EUSAGE,
				  "--emit-log: \"%s\" is not postfix=FOLDER "
				  "or exim=FOLDER",
				  word);
	e->folder = folder.p;
	if (mkdir(e->folder, 0777) != 0 && errno != EEXIST)
		return mm_err_set(err, MM_EIO,
				  "%s: cannot make this folder: %s", e->folder,
				  strerror(errno));
	return MM_OK;
}

/* FOLDER/NAME.log, where what is no part of a file's name becomes `-`. */
static enum mm_status
emit_open(const struct emit *e, struct mm_str name, struct mm_whole *to,
	  struct mm_err *err)
{
	enum mm_status st;
	struct mm_buf path;

	mm_buf_init(&path, 4096);
	mm_buf_addf(&path, "%s/", e->folder);
	for (size_t i = 0; i < name.n; i++)
		mm_buf_addc(&path,
			    (unsigned char)name.p[i] > ' ' && name.p[i] != '/'
				? name.p[i]
				: '-');
	mm_buf_addz(&path, ".log");
	st = mm_whole_open(to, path.p, err);
	mm_buf_fini(&path);
	return st;
}

static enum mm_status
emit_study(const struct replay *r, const struct mm_study *s,
	   const struct mm_inputs *in, struct mm_err *err)
{
	struct emit e;
	struct mm_whole to;
	enum mm_status st = emit_init(&e, r->emit, err);

	for (size_t i = 0; i < in->n_plans && st == MM_OK; i++) {
		st = emit_open(&e, in->plans[i].name, &to, err);
		if (st != MM_OK)
			break;
		mm_emit_study(s, &in->plans[i], e.form, to.f);
		st = mm_whole_commit(&to, err);
		mm_whole_abort(&to);
	}
	return st;
}

/* "a/b/s01.json" gives "s01". */
static struct mm_str
stem_of(const char *path)
{
	struct mm_str name = mm_str_z(path);
	size_t slash = mm_str_find_last(name, "/");

	if (slash != MM_NOT_FOUND)
		name = mm_str_from(name, slash + 1);
	if (mm_str_ends(name, ".json"))
		name = mm_str_upto(name, name.n - strlen(".json"));
	return name;
}

static enum mm_status
emit_scenarios(const struct replay *r, struct mm_err *err)
{
	struct emit e;
	struct mm_whole to;
	struct mm_scenario s;
	enum mm_status st = emit_init(&e, r->emit, err);

	for (size_t i = 0; i < r->scenarios.n && st == MM_OK; i++) {
		mm_scenario_init(&s);
		st = mm_play_read(r->scenarios.v[i], &s, err);
		if (st == MM_OK)
			st =
			    emit_open(&e, stem_of(r->scenarios.v[i]), &to, err);
		if (st == MM_OK) {
			mm_emit_scenario(&s, e.form, to.f);
			st = mm_whole_commit(&to, err);
			mm_whole_abort(&to);
		}
		mm_scenario_fini(&s);
	}
	return st;
}

/* ---- exact scenarios ---- */

static enum mm_status
play_scenarios(const struct replay *r, struct mm_err *err)
{
	struct mm_whole to;
	enum mm_status st =
	    mm_whole_open(&to, r->o.path != NULL ? r->o.path : "-", err);

	if (st != MM_OK)
		return st;
	for (size_t i = 0; i < r->scenarios.n && st == MM_OK; i++)
		st = mm_play_file(r->scenarios.v[i], r->log, to.f, err);
	if (st == MM_OK)
		st = mm_whole_commit(&to, err);
	mm_whole_abort(&to);
	return st;
}

/* ---- policies on a case ---- */

static enum mm_status
load_backlog(struct replay *r, struct mm_store *s, struct mm_backlog *b,
	     struct mm_err *err)
{
	struct mm_backlog_wish wish = {
		.at_us = MM_TIME_NONE,
		.live_span_us = r->horizon_us,
		.live_from_us = MM_TIME_NONE,
		.live_permille = (int64_t)(r->live * 1000 + 0.5),
		.addresses = true,
		.no_snapshots = r->no_snapshot,
	};
	int64_t first, last;
	enum mm_status st = mm_rows_span(s, &first, &last, err);

	if (st != MM_OK)
		return st;
	if (r->at != NULL && !mm_time_parse(mm_str_z(r->at), last, &wish.at_us))
		return mm_err_set(err, MM_EUSAGE, "--at: \"%s\" is no time",
				  r->at);
	if (r->live_from != NULL &&
	    !mm_time_parse(mm_str_z(r->live_from), last, &wish.live_from_us))
		return mm_err_set(err, MM_EUSAGE,
				  "--live-from: \"%s\" is no time",
				  r->live_from);
	return mm_backlog_load(b, s, &wish, err);
}

static enum mm_status
print(struct replay *r, const struct mm_comparison *c, struct mm_err *err)
{
	struct mm_table *t[2] = { NULL, NULL };
	const struct mm_table *shown;
	enum mm_status st = mm_output_open(&r->o, err);
	struct mm_buf *b = &r->o.buf;

	if (st == MM_OK && r->expired) {
		shown = t[0] = mm_show_lost(c);
		st = mm_output_tables(&r->o, &shown, 1, err);
	} else if (st == MM_OK && mm_output_is_text(&r->o)) {
		mm_show_setting(c, b);
		mm_buf_addc(b, '\n');
		shown = t[0] = mm_show_summary(c);
		st = mm_output_tables(&r->o, &shown, 1, err);
		mm_buf_addc(b, '\n');
		mm_show_chart(c, b);
		mm_buf_addc(b, '\n');
		mm_show_words(c, b);
		mm_buf_addz(b, "\nAssumed, not known:\n");
		mm_show_assumptions(c, b);
	} else if (st == MM_OK && strcmp(r->o.as->name, "json") == 0) {
		mm_show_json(c, b);
	} else if (st == MM_OK) {
		shown = t[1] = mm_show_metrics(c);
		st = mm_output_tables(&r->o, &shown, 1, err);
	}
	st = mm_output_close(&r->o, st, err);
	mm_table_free(t[0]);
	mm_table_free(t[1]);
	return st;
}

static size_t
n_threads(const struct replay *r)
{
	long n = r->jobs > 0 ? (long)r->jobs : sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > 256 ? 256 : (size_t)n;
}

static enum mm_status
compare(struct replay *r, struct mm_backlog *b, struct mm_err *err)
{
	struct mm_inputs in;
	struct mm_study study;
	struct mm_comparison c;
	enum mm_status st = mm_inputs_load(&in, &r->policies, &r->receivers,
					   r->sender, b->mta, err);

	if (st == MM_OK) {
		mm_study_init(&study, b, &in.sender, in.choices, in.n_receivers,
			      r->horizon_us / 1000);
		mm_compare_init(&c, &study, in.plans, in.n_plans,
				(size_t)r->seeds, (uint64_t)r->seed,
				n_threads(r));
		st = print(r, &c, err);
		mm_compare_fini(&c);
		if (st == MM_OK && r->emit != NULL)
			st = emit_study(r, &study, &in, err);
		mm_study_fini(&study);
	}
	mm_inputs_fini(&in);
	return st;
}

static enum mm_status
replay_case(struct replay *r, const struct mm_words *paths, struct mm_err *err)
{
	struct mm_store *s = mm_front_open(&r->f, paths->v, paths->n, err);
	struct mm_backlog b = { 0 };
	enum mm_status st;

	if (s == NULL)
		return err->code;
	st = load_backlog(r, s, &b, err);
	mm_store_close(s);
	if (st == MM_OK)
		st = compare(r, &b, err);
	mm_backlog_fini(&b);
	return st;
}

/* ---- the verb ---- */

static enum mm_status
print_built_in(const struct replay *r, struct mm_err *err)
{
	struct mm_str text;
	struct mm_buf b;

	if (r->show != NULL) {
		text = mm_inputs_text(r->show);
		if (text.p == NULL)
			return mm_err_set(err, MM_EUSAGE,
					  "--show: nothing built in is called "
					  "\"%s\"; see --list",
					  r->show);
		(void)fwrite(text.p, 1, text.n, stdout);
		return MM_OK;
	}
	mm_buf_init(&b, 1 << 16);
	mm_inputs_list(&b);
	(void)fwrite(b.p, 1, b.n, stdout);
	mm_buf_fini(&b);
	return MM_OK;
}

static enum mm_status
replay(struct replay *r, const struct mm_words *paths, struct mm_err *err)
{
	if (r->list || r->show != NULL)
		return print_built_in(r, err);
	if (r->scenarios.n > 0)
		return r->emit != NULL ? emit_scenarios(r, err)
				       : play_scenarios(r, err);
	if (r->f.case_path == NULL && paths->n == 0)
		return mm_err_set(err, MM_EUSAGE,
				  "nothing to replay: give -c CASE, paths of "
				  "evidence, or --scenario FILE");
	if (r->seeds < 1 || r->seeds > 100000)
		return mm_err_set(err, MM_EUSAGE,
				  "--seeds: 1 to 100000 are possible");
	if (r->horizon_us < MM_MINUTE_US || r->seed < 0)
		return mm_err_set(err, MM_EUSAGE,
				  "--horizon is a minute at least, --seed not "
				  "negative");
	if (!(r->live >= 0 && r->live <= 100))
		return mm_err_set(err, MM_EUSAGE,
				  "--live: 0 to 100 (times what came), or a "
				  "share with %%");
	return replay_case(r, paths, err);
}

static int
run(int argc, const char *const *argv)
{
	struct replay r = {
		.seeds = 1, .seed = 1, .live = 1, .horizon_us = 3 * MM_DAY_US
	};
	const struct mm_option options[] = {
		MM_FRONT_OPTIONS(r.f),
		{ 0, "at", MM_OPT_TEXT, &r.at, "TIME",
		  "the moment (the latest snapshot, else the logs' end)" },
		{ 'p', "policy", MM_OPT_LIST, &r.policies, "NAME",
		  "one to compare: built in, or a file; again for more" },
		{ 'r', "receiver", MM_OPT_LIST, &r.receivers, "[PATTERN=]NAME",
		  "a receiver: built in, or a file; for domains that fit" },
		{ 0, "sender", MM_OPT_TEXT, &r.sender, "NAME",
		  "the sending MTA: built in, or a file (as the case has it)" },
		{ 'n', "seeds", MM_OPT_INT, &r.seeds, "N",
		  "play each policy N times with what is unknown drawn" },
		{ 0, "seed", MM_OPT_INT, &r.seed, "N",
		  "which draws; the same give the same result" },
		{ 0, "horizon", MM_OPT_SPAN, &r.horizon_us, "SPAN",
		  "how long is played (3d)" },
		{ 0, "live", MM_OPT_REAL, &r.live, "SHARE",
		  "so much new mail of what came after the moment (100%)" },
		{ 0, "live-from", MM_OPT_TEXT, &r.live_from, "TIME",
		  "new mail comes as it came from then on (the moment)" },
		{ 0, "no-snapshot", MM_OPT_FLAG, &r.no_snapshot, NULL,
		  "take the backlog from the logs in any case" },
		{ 'j', "jobs", MM_OPT_INT, &r.jobs, "N",
		  "threads (one for each processor)" },
		{ 0, "expired", MM_OPT_FLAG, &r.expired, NULL,
		  "which mail expires under which policy, instead" },
		{ 0, "list", MM_OPT_FLAG, &r.list, NULL, "what is built in" },
		{ 0, "show", MM_OPT_TEXT, &r.show, "NAME",
		  "print a built-in file, to start one's own from" },
		{ 0, "scenario", MM_OPT_LIST, &r.scenarios, "FILE",
		  "play an exact scenario; again for more" },
		{ 0, "log", MM_OPT_FLAG, &r.log, NULL,
		  "of a scenario: every attempt instead of the outcome" },
		{ 0, "emit-log", MM_OPT_TEXT, &r.emit, "FORM=FOLDER",
		  "what postfix or exim would have logged, a file a policy" },
		MM_OUTPUT_OPTIONS(r.o),
	};
	const struct mm_usage usage = {
		.verb = "replay",
		.summary = mm_verb_replay.summary,
		.synopsis = "replay (-c CASE | PATH...) [--at TIME] "
			    "[-p POLICY...] [-r RECEIVER...]",
		.details = details,
		.options = options,
		.n_options = MM_COUNT(options),
	};
	struct mm_words paths = { 0 };
	struct mm_err err = { 0 };
	enum mm_status st = mm_options_parse(&usage, argc, argv, &paths, &err);
	int code;

	if (st == MM_OK)
		st = replay(&r, &paths, &err);
	code = st == MM_END ? mm_front_help(&usage)
			    : mm_front_exit(&r.f, usage.verb, st, &err);
	mm_words_fini(&paths);
	mm_words_fini(&r.scenarios);
	mm_words_fini(&r.policies);
	mm_words_fini(&r.receivers);
	return code;
}

const struct mm_verb mm_verb_replay = {
	.name = "replay",
	.summary = "what each way of resuming the queue would do",
	.run = run,
};
