/* front.h - how a verb comes by its case: `-c CASE`, or paths from which a
 * private one is made; and what is said on stderr meanwhile.
 */
#ifndef MM_FRONT_H
#define MM_FRONT_H

#include "analyze/case/store.h"
#include "analyze/timeline/ingest.h"
#include "formats/base/options.h"

struct mm_front {
	const char *case_path;	 /* -c */
	struct mm_words zones;	 /* --tz: "UTC", "old*=Europe/Berlin" */
	const char *rules_path;	 /* --rules: asked before the built-in ones */
	double max_unknown;	 /* --max-unknown; 0: the default, 1 % */
	int64_t max_expand;	 /* --max-expand; 0: the default */
	struct mm_words formats; /* --log-format */
	bool quiet;		 /* -q */
	bool fix_skew;		 /* put the clocks of hosts right */
	bool embed;		 /* keep the sources in the case, too */
	/* The zones, once they were read; owned. */
	struct mm_zone **loaded;
	struct mm_zone_choice *choices;
	struct mm_arena patterns;
	size_t n_loaded;
	/* After mm_front_open, when evidence was read. */
	struct mm_ingest_sum sum;
	bool has_read;
};

/* clang-format off */
#define MM_FRONT_READING(f) \
	{ 0, "tz", MM_OPT_LIST, &(f).zones, "[FILE=]ZONE", \
	  "of stamps without one: UTC, +01:00, Europe/Berlin" }, \
	{ 0, "log-format", MM_OPT_LIST, &(f).formats, "FILE", \
	  "a log format of your own; several are fine" }, \
	{ 0, "rules", MM_OPT_TEXT, &(f).rules_path, "FILE", \
	  "own rules of causes, asked first" }, \
	{ 0, "max-expand", MM_OPT_INT, &(f).max_expand, "N", \
	  "what is packed may be N times its size, or 1 GiB (300)" }
#define MM_FRONT_OPTIONS(f) \
	{ 'c', "case", MM_OPT_TEXT, &(f).case_path, "CASE", \
	  "the case file" }, \
	MM_FRONT_READING(f), \
	{ 0, "max-unknown", MM_OPT_REAL, &(f).max_unknown, "SHARE", \
	  "exit 3 above this share not understood (1%)" }, \
	{ 'q', "quiet", MM_OPT_FLAG, &(f).quiet, NULL, \
	  "no progress, no summary" }
/* clang-format on */

/* What the options say of how evidence is to be read. */
enum mm_status mm_front_evidence(struct mm_front *f,
				 struct mm_evidence_options *o,
				 struct mm_err *err) MM_USE_RESULT;
/* The log formats of --log-format; NULL without any. Owned, on failure too. */
enum mm_status mm_front_own(struct mm_front *f, struct mm_own **own,
			    struct mm_err *err) MM_USE_RESULT;
/* The case a verb reads: the one of -c, or a private one made of `paths`.
 * Owned; NULL on failure. Prints progress and what was read to stderr. */
struct mm_store *mm_front_open(struct mm_front *f, const char *const *paths,
			       size_t n_paths, struct mm_err *err);
/* A new case of `paths` at f->case_path, or more evidence for the one that
 * is there: then all of it is read again, the old sources first, the way that
 * case was made. */
enum mm_status mm_front_ingest(struct mm_front *f, const char *const *paths,
			       size_t n_paths,
			       struct mm_err *err) MM_USE_RESULT;
/* A new case at f->case_path of all that `cases` were made of: merge.h. */
enum mm_status mm_front_merge(struct mm_front *f, const char *const *cases,
			      size_t n_cases, struct mm_err *err) MM_USE_RESULT;
/* The `run` of a verb that makes a case by one of the two. */
int mm_front_make(const struct mm_usage *usage, struct mm_front *f, int argc,
		  const char *const *argv,
		  enum mm_status (*make)(struct mm_front *f,
					 const char *const *words, size_t n,
					 struct mm_err *err));
/* Before incidents are read: look for them when that was not yet done, or
 * once more by the limits of a file (analyze/incident/limits.h; NULL: none)
 * and by classes as --class gives them (NULL: none). */
enum mm_status mm_front_incidents(struct mm_store *s, const char *limits_path,
				  const struct mm_words *classes,
				  struct mm_err *err) MM_USE_RESULT;
/* Free what the options hold. */
void mm_front_fini(struct mm_front *f);
/* The end of a verb: what the options hold is freed, `err` is printed; the exit
 * status that belongs to `st`, or MM_EXIT_UNKNOWN when too much of the evidence
 * was not understood. */
int mm_front_exit(struct mm_front *f, const char *verb, enum mm_status st,
		  const struct mm_err *err);

/* --help: print it; the exit status. */
int mm_front_help(const struct mm_usage *u);

#endif
