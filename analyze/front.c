#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analyze/case/embed.h"
#include "analyze/case/incident_rows.h"
#include "analyze/case/merge.h"
#include "analyze/case/sources.h"
#include "analyze/front.h"
#include "analyze/incident/incidents.h"
#include "analyze/judge.h"
#include "analyze/timeline/skew.h"
#include "formats/base/mem.h"
#include "formats/base/time.h"
#include "formats/base/verb.h"
#include "formats/logs/own.h"

#define MAX_UNKNOWN 0.01

static int64_t
wall_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * MM_SECOND_US + ts.tv_nsec / 1000;
}

/* ---- what is said meanwhile ---- */

struct progress {
	int64_t start_us, last_us;
};

static void
show_progress(void *ctx, uint64_t done, uint64_t all, uint64_t n_lines)
{
	struct progress *p = ctx;
	int64_t now = wall_us();
	double seconds = (double)(now - p->start_us) / 1e6;
	double rate = seconds > 0 ? (double)done / seconds : 0;

	if (now - p->last_us < MM_SECOND_US / 5 || all == 0)
		return;
	p->last_us = now;
	(void)fprintf(stderr,
		      "\r\033[Kreading %3.0f %%  %.1f MB/s  %.2f M lines/s"
		      "  %.0f s left",
		      100.0 * (double)done / (double)all, rate / 1e6,
		      seconds > 0 ? (double)n_lines / seconds / 1e6 : 0,
		      rate > 0 ? (double)(all - done) / rate : 0);
}

static void
show_sum(const struct mm_ingest_sum *sum)
{
	(void)fprintf(
	    stderr,
	    "read %llu lines of %llu logs: %llu records, %llu known "
	    "noise, %llu foreign, %llu not understood (%.2f %% of "
	    "the mail lines)",
	    (unsigned long long)sum->n_lines, (unsigned long long)sum->n_logs,
	    (unsigned long long)sum->n_records,
	    (unsigned long long)sum->n_noise,
	    (unsigned long long)sum->n_foreign,
	    (unsigned long long)sum->n_malformed, 100 * mm_ingest_unknown(sum));
	if (sum->n_duplicate > 0)
		(void)fprintf(stderr, ", %llu twice",
			      (unsigned long long)sum->n_duplicate);
	if (sum->n_torn > 0)
		(void)fprintf(stderr, "; %llu files are torn, see the ledger",
			      (unsigned long long)sum->n_torn);
	(void)fprintf(stderr, "\n");
}

static void
show_skews(const struct mm_skews *k, bool fixed)
{
	const struct mm_skew *s;
	char far[MM_TIME_TEXT], give[MM_TIME_TEXT];

	for (size_t i = 0; (s = mm_skews_at(k, i)) != NULL; i++)
		(void)fprintf(
		    stderr,
		    "the clock of %.*s is %s (give or take %s) %s that of "
		    "%.*s, by %zu hops; %s\n",
		    MM_STR_ARG(s->host),
		    mm_time_span(llabs((long long)s->ahead_us), far),
		    mm_time_span(s->give_us, give),
		    s->ahead_us < 0 ? "behind" : "ahead of",
		    MM_STR_ARG(s->than), s->n_hops,
		    fixed ? "its times were put right"
			  : "`ingest --fix-skew` puts its times right");
}

/* ---- making a case ---- */

/* Each --tz once: "ZONE", or "PATTERN=ZONE" for the files that fit. */
static enum mm_status
load_zones(struct mm_front *f, struct mm_err *err)
{
	if (f->n_loaded == f->zones.n)
		return MM_OK;
	f->choices = mm_realloc(f->choices, f->zones.n * sizeof(*f->choices));
	f->loaded = mm_realloc(f->loaded, f->zones.n * sizeof(*f->loaded));
	for (; f->n_loaded < f->zones.n; f->n_loaded++) {
		const char *word = f->zones.v[f->n_loaded];
		const char *at = strrchr(word, '=');
		struct mm_err why;
		struct mm_zone *z =
		    mm_zone_new(at != NULL ? at + 1 : word, &why);

		if (z == NULL)
			return mm_err_set(err, why.code, "--tz: %.480s",
					  why.text);
		f->loaded[f->n_loaded] = z;
		f->choices[f->n_loaded] = (struct mm_zone_choice){ .zone = z };
		if (at != NULL)
			f->choices[f->n_loaded].pattern =
			    mm_arena_str(&f->patterns,
					 mm_str_upto(mm_str_z(word),
						     (size_t)(at - word)))
				.p;
	}
	return MM_OK;
}

enum mm_status
mm_front_evidence(struct mm_front *f, struct mm_evidence_options *o,
		  struct mm_err *err)
{
	enum mm_status st = load_zones(f, err);

	o->now_us = wall_us();
	if (f->max_expand > 0)
		o->max_expand = (uint64_t)f->max_expand;
	o->zones = f->choices;
	o->n_zones = f->n_loaded;
	return st;
}

/* That of all files. */
static const struct mm_zone *
plain_zone(const struct mm_front *f)
{
	const struct mm_zone *z = NULL;

	for (size_t i = 0; i < f->n_loaded; i++)
		if (f->choices[i].pattern == NULL)
			z = f->choices[i].zone;
	return z;
}

enum mm_status
mm_front_own(struct mm_front *f, struct mm_own **own, struct mm_err *err)
{
	enum mm_status st = load_zones(f, err);

	*own = f->formats.n > 0 ? mm_own_new(plain_zone(f)) : NULL;
	for (size_t i = 0; i < f->formats.n && st == MM_OK; i++)
		st = mm_own_add(*own, f->formats.v[i], err);
	return st;
}

void
mm_front_fini(struct mm_front *f)
{
	for (size_t i = 0; i < f->n_loaded; i++)
		mm_zone_free(f->loaded[i]);
	mm_arena_fini(&f->patterns);
	free(f->loaded);
	free(f->choices);
	f->loaded = NULL;
	f->choices = NULL;
	f->n_loaded = 0;
	mm_words_fini(&f->zones);
	mm_words_fini(&f->formats);
}

/* What a case that grows is to be again. */
static enum mm_status
write_switches(struct mm_store *s, const struct mm_front *f, struct mm_err *err)
{
	const char *names[2];
	size_t n = 0;

	if (f->fix_skew)
		names[n++] = "fix-skew";
	if (f->embed)
		names[n++] = "embed";
	return mm_sources_write(s, "switch", names, n, err);
}

static enum mm_status
fill(struct mm_front *f, struct mm_store *s, const struct mm_words *paths,
     const struct mm_stand_ins *stand_ins, struct mm_err *err)
{
	struct progress p = { .start_us = wall_us() };
	struct mm_ingest_options o = { 0 };
	struct mm_judge_rules *rules;
	struct mm_judge judge;
	struct mm_skews *skews = NULL;
	struct mm_own *own;
	enum mm_status st;

	st = mm_front_evidence(f, &o.evidence, err);
	if (st != MM_OK)
		return st;
	o.evidence.stand_ins = stand_ins;
	rules = mm_judge_open(f->rules_path, &judge, err);
	if (rules == NULL)
		return MM_EFORMAT;
	o.judge = &judge;
	st = mm_front_own(f, &own, err);
	o.own = own;
	if (!f->quiet && isatty(STDERR_FILENO)) {
		o.progress = show_progress;
		o.progress_ctx = &p;
	}
	if (st == MM_OK)
		st = mm_ingest(s, paths->v, paths->n, &o, &f->sum, err);
	mm_judge_close(rules);
	mm_own_free(own);
	if (o.progress != NULL)
		(void)fprintf(stderr, "\r\033[K");
	if (st == MM_OK)
		st = mm_sources_write(s, "source", paths->v, paths->n, err);
	if (st == MM_OK)
		st = mm_sources_write(s, "rules", &f->rules_path,
				      f->rules_path != NULL, err);
	if (st == MM_OK)
		st = mm_sources_write(s, "format", f->formats.v, f->formats.n,
				      err);
	if (st == MM_OK)
		st = mm_sources_write(s, "zone", f->zones.v, f->zones.n, err);
	if (st == MM_OK)
		st = write_switches(s, f, err);
	if (st == MM_OK) {
		skews = mm_skews_find(s, f->fix_skew, err);
		st = skews != NULL ? MM_OK : err->code;
	}
	if (st == MM_OK && f->embed)
		st = mm_embed(s, stand_ins, err);
	f->has_read = st == MM_OK;
	if (st == MM_OK && !f->quiet) {
		show_sum(&f->sum);
		show_skews(skews, f->fix_skew);
	}
	mm_skews_free(skews);
	return st;
}

/* Of `paths`; with `m` from what the cases hold of them. */
static struct mm_store *
make(struct mm_front *f, const char *case_path, const struct mm_words *paths,
     struct mm_merge *m, bool exact, struct mm_err *err)
{
	struct mm_store *s = mm_store_create(case_path, err);
	enum mm_status st = s != NULL ? MM_OK : MM_EIO;

	if (st == MM_OK)
		st = fill(f, s, paths, m != NULL ? mm_merge_stand_ins(m) : NULL,
			  err);
	if (st == MM_OK && exact)
		st = mm_merge_check(m, s, err);
	if (st == MM_OK)
		st = mm_store_commit(s, err);
	if (st == MM_OK)
		return s;
	mm_store_close(s);
	return NULL;
}

struct mm_store *
mm_front_open(struct mm_front *f, const char *const *paths, size_t n_paths,
	      struct mm_err *err)
{
	struct mm_words all = { 0 };
	struct mm_store *s;

	if (f->case_path != NULL && n_paths > 0) {
		(void)mm_err_set(err, MM_EUSAGE,
				 "either -c CASE or paths; to put %s into the "
				 "case use `mailmortem ingest`",
				 paths[0]);
		return NULL;
	}
	if (f->case_path != NULL)
		return mm_store_open(f->case_path, err);
	if (n_paths == 0) {
		(void)mm_err_set(err, MM_EUSAGE,
				 "give a case with -c CASE, or paths of logs "
				 "and spools");
		return NULL;
	}
	for (size_t i = 0; i < n_paths; i++)
		mm_words_add(&all, paths[i]);
	s = make(f, NULL, &all, NULL, false, err);
	mm_words_fini(&all);
	return s;
}

/* What the cases had, then what is given now. */
static void
put_first(struct mm_words *given, const struct mm_words *old)
{
	struct mm_words all = { 0 };

	for (size_t i = 0; i < old->n; i++)
		mm_words_add_new(&all, old->v[i]);
	for (size_t i = 0; i < given->n; i++)
		mm_words_add_new(&all, given->v[i]);
	mm_words_fini(given);
	*given = all;
}

/* Make the case of what was gathered, the way that its parts were made. */
static enum mm_status
make_merged(struct mm_front *f, struct mm_merge *m, bool exact,
	    struct mm_err *err)
{
	const struct mm_made *made = mm_merge_made(m);
	struct mm_store *s;

	put_first(&f->formats, &made->formats);
	put_first(&f->zones, &made->zones);
	if (f->rules_path == NULL)
		f->rules_path = made->rules;
	f->fix_skew |= made->fix_skew;
	/* What a case holds may be nowhere else. */
	f->embed |= made->embed;
	s = make(f, f->case_path, mm_merge_paths(m), m, exact, err);
	mm_store_close(s);
	mm_front_fini(f);
	return s != NULL ? MM_OK : err->code;
}

enum mm_status
mm_front_merge(struct mm_front *f, const char *const *cases, size_t n_cases,
	       struct mm_err *err)
{
	struct mm_merge *m = mm_merge_new(f->zones.n > 0);
	enum mm_status st = MM_OK;

	for (size_t i = 0; i < n_cases && st == MM_OK; i++)
		st = mm_merge_case(m, cases[i], err);
	if (st == MM_OK)
		st = make_merged(f, m, true, err);
	mm_merge_free(m);
	return st;
}

enum mm_status
mm_front_ingest(struct mm_front *f, const char *const *paths, size_t n_paths,
		struct mm_err *err)
{
	struct mm_merge *m = mm_merge_new(false);
	enum mm_status st = MM_OK;

	for (size_t i = 0; i < n_paths; i++)
		mm_merge_path(m, paths[i]);
	if (access(f->case_path, F_OK) == 0)
		st = mm_merge_case(m, f->case_path, err);
	if (st == MM_OK)
		st = make_merged(f, m, false, err);
	mm_merge_free(m);
	return st;
}

int
mm_front_make(const struct mm_usage *usage, struct mm_front *f, int argc,
	      const char *const *argv,
	      enum mm_status (*make_case)(struct mm_front *f,
					  const char *const *words, size_t n,
					  struct mm_err *err))
{
	struct mm_words words = { 0 };
	struct mm_err err = { 0 };
	enum mm_status st = mm_options_parse(usage, argc, argv, &words, &err);

	if (st == MM_END) {
		mm_words_fini(&words);
		return mm_front_help(usage);
	}
	if (st == MM_OK && (f->case_path == NULL || words.n == 0))
		st = mm_err_set(&err, MM_EUSAGE,
				"usage: mailmortem %s (see --help)",
				usage->synopsis);
	if (st == MM_OK)
		st = make_case(f, words.v, words.n, &err);
	mm_words_fini(&words);
	return mm_front_exit(f, usage->verb, st, &err);
}

enum mm_status
mm_front_incidents(struct mm_store *s, const char *limits_path,
		   const struct mm_words *classes, struct mm_err *err)
{
	struct mm_limits limits;
	struct mm_arena texts;
	enum mm_status st = MM_OK;
	size_t n = classes != NULL ? classes->n : 0;

	mm_arena_init(&texts);
	mm_limits_default(&limits);
	if (limits_path != NULL)
		st = mm_limits_read(&limits, limits_path, &texts, err);
	for (size_t i = 0; i < n && st == MM_OK; i++)
		st = mm_limits_class(&limits, mm_str_z(classes->v[i]), &texts,
				     err);
	if (st == MM_OK)
		st = mm_incident_begin(s, limits_path != NULL || n > 0, err);
	if (st == MM_OK)
		st =
		    mm_incident_end(s, mm_incidents_find(s, &limits, err), err);
	mm_arena_fini(&texts);
	return st == MM_END ? MM_OK : st;
}

int
mm_front_exit(struct mm_front *f, const char *verb, enum mm_status st,
	      const struct mm_err *err)
{
	double limit = f->max_unknown > 0 ? f->max_unknown : MAX_UNKNOWN;

	mm_front_fini(f);
	if (st == MM_ENOENT) {
		if (!f->quiet)
			(void)fprintf(stderr, "mailmortem %s: %s\n", verb,
				      err->text);
		return MM_EXIT_NO_MATCH;
	}
	if (st != MM_OK) {
		(void)fprintf(stderr, "mailmortem %s: %s\n", verb, err->text);
		return MM_EXIT_FATAL;
	}
	if (f->has_read && mm_ingest_unknown(&f->sum) > limit)
		return MM_EXIT_UNKNOWN;
	return MM_EXIT_DONE;
}

int
mm_front_help(const struct mm_usage *u)
{
	struct mm_buf text;

	mm_buf_init(&text, (size_t)1 << 16);
	mm_options_help(u, &text);
	(void)fputs(text.p, stdout);
	mm_buf_fini(&text);
	return MM_EXIT_DONE;
}
