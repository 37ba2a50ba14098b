#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analyze/case/embed.h"
#include "analyze/case/incident_rows.h"
#include "analyze/case/sources.h"
#include "analyze/front.h"
#include "analyze/incident/incidents.h"
#include "analyze/judge.h"
#include "analyze/timeline/skew.h"
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

static enum mm_status
parse_zone(const char *text, int64_t *zone_us, struct mm_err *err)
{
	struct mm_str stamp;
	char full[64];
	bool has_zone;
	int64_t t;

	*zone_us = 0;
	if (text == NULL || strcmp(text, "UTC") == 0)
		return MM_OK;
	/* Midnight there, seen from UTC, is minus the offset. */
	(void)snprintf(full, sizeof(full), "1970-01-02T00:00:00%s", text);
	stamp = mm_str_z(full);
	if (!mm_time_take_iso(&stamp, &t, &has_zone) || !has_zone ||
	    stamp.n > 0)
		return mm_err_set(err, MM_EUSAGE,
				  "--tz: \"%s\" is no zone; write UTC or "
				  "+01:00",
				  text);
	*zone_us = MM_DAY_US - t;
	return MM_OK;
}

enum mm_status
mm_front_evidence(const struct mm_front *f, struct mm_evidence_options *o,
		  struct mm_err *err)
{
	o->now_us = wall_us();
	o->zone_fixed = f->zone != NULL;
	if (f->max_expand > 0)
		o->max_expand = (uint64_t)f->max_expand;
	return parse_zone(f->zone, &o->zone_us, err);
}

enum mm_status
mm_front_own(const struct mm_front *f, struct mm_own **own, struct mm_err *err)
{
	int64_t zone_us;
	enum mm_status st = parse_zone(f->zone, &zone_us, err);

	*own = f->formats.n > 0 ? mm_own_new(zone_us) : NULL;
	for (size_t i = 0; i < f->formats.n && st == MM_OK; i++)
		st = mm_own_add(*own, f->formats.v[i], err);
	return st;
}

static enum mm_status
fill(struct mm_front *f, struct mm_store *s, const char *const *paths,
     size_t n_paths, struct mm_err *err)
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
		st = mm_ingest(s, paths, n_paths, &o, &f->sum, err);
	mm_judge_close(rules);
	mm_own_free(own);
	if (o.progress != NULL)
		(void)fprintf(stderr, "\r\033[K");
	if (st == MM_OK)
		st = mm_sources_write(s, "source", paths, n_paths, err);
	if (st == MM_OK)
		st = mm_sources_write(s, "format", f->formats.v, f->formats.n,
				      err);
	if (st == MM_OK) {
		skews = mm_skews_find(s, f->fix_skew, err);
		st = skews != NULL ? MM_OK : err->code;
	}
	if (st == MM_OK && f->embed)
		st = mm_embed(s, err);
	f->has_read = st == MM_OK;
	if (st == MM_OK && !f->quiet) {
		show_sum(&f->sum);
		show_skews(skews, f->fix_skew);
	}
	mm_skews_free(skews);
	return st;
}

static struct mm_store *
make(struct mm_front *f, const char *case_path, const char *const *paths,
     size_t n_paths, struct mm_err *err)
{
	struct mm_store *s = mm_store_create(case_path, err);

	if (s != NULL && (fill(f, s, paths, n_paths, err) != MM_OK ||
			  mm_store_commit(s, err) != MM_OK)) {
		mm_store_close(s);
		return NULL;
	}
	return s;
}

struct mm_store *
mm_front_open(struct mm_front *f, const char *const *paths, size_t n_paths,
	      struct mm_err *err)
{
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
	return make(f, NULL, paths, n_paths, err);
}

/* Those that are not there yet. */
static void
add_new(struct mm_words *all, const char *const *paths, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool known = false;

		for (size_t k = 0; k < all->n; k++)
			known |= strcmp(all->v[k], paths[i]) == 0;
		if (!known)
			mm_words_add(all, paths[i]);
	}
}

enum mm_status
mm_front_ingest(struct mm_front *f, const char *const *paths, size_t n_paths,
		struct mm_err *err)
{
	struct mm_words all = { 0 }, formats = { 0 };
	struct mm_arena texts;
	struct mm_store *s;
	enum mm_status st = MM_OK;

	mm_arena_init(&texts);
	if (access(f->case_path, F_OK) == 0) {
		s = mm_store_open(f->case_path, err);
		st = s != NULL ? mm_sources_read(s, "source", &texts, &all, err)
			       : MM_EFORMAT;
		if (st == MM_OK)
			st =
			    mm_sources_read(s, "format", &texts, &formats, err);
		mm_store_close(s);
	}
	add_new(&all, paths, n_paths);
	add_new(&formats, f->formats.v, f->formats.n);
	mm_words_fini(&f->formats);
	f->formats = formats;
	if (st == MM_OK) {
		s = make(f, f->case_path, all.v, all.n, err);
		st = s != NULL ? MM_OK : err->code;
		mm_store_close(s);
	}
	mm_words_fini(&all);
	mm_words_fini(&f->formats);
	mm_arena_fini(&texts);
	return st;
}

enum mm_status
mm_front_incidents(struct mm_store *s, struct mm_err *err)
{
	struct mm_limits limits;
	enum mm_status st = mm_incident_begin(s, err);

	if (st != MM_OK)
		return st == MM_END ? MM_OK : st;
	mm_limits_default(&limits);
	return mm_incident_end(s, mm_incidents_find(s, &limits, err), err);
}

int
mm_front_exit(struct mm_front *f, const char *verb, enum mm_status st,
	      const struct mm_err *err)
{
	double limit = f->max_unknown > 0 ? f->max_unknown : MAX_UNKNOWN;

	mm_words_fini(&f->formats);
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
