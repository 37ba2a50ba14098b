/* ingest.h - from paths to a filled case: read, parse, stitch, load. */
#ifndef MM_INGEST_H
#define MM_INGEST_H

#include "analyze/case/load.h"
#include "formats/read/evidence.h"

struct mm_own; /* formats/logs/own.h */

struct mm_ingest_options {
	struct mm_evidence_options evidence;
	const struct mm_judge *judge;
	const struct mm_own *own; /* the user's formats; NULL: none */
	/* Called now and then with bytes done of bytes in all; may be NULL. */
	void (*progress)(void *ctx, uint64_t done, uint64_t all,
			 uint64_t n_lines);
	void *progress_ctx;
};

/* What was read, for the summary that precedes any result. */
struct mm_ingest_sum {
	uint64_t n_files, n_logs, n_lines, n_records, n_noise, n_foreign,
	    n_malformed, n_duplicate;
	uint64_t n_torn;
	uint64_t n_spool_files;
};

/* Share of mail lines that was not understood: malformed / (records + noise +
 * malformed). */
double mm_ingest_unknown(const struct mm_ingest_sum *sum);

/* Fill the new case `s` (not committed here) from `paths`. */
enum mm_status mm_ingest(struct mm_store *s, const char *const *paths,
			 size_t n_paths, const struct mm_ingest_options *o,
			 struct mm_ingest_sum *sum,
			 struct mm_err *err) MM_USE_RESULT;

#endif
