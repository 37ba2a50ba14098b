/* ledger.h - what was read: files, lines not understood, queue snapshots. */
#ifndef MM_CASE_LEDGER_H
#define MM_CASE_LEDGER_H

#include "analyze/case/load.h"
#include "formats/read/evidence.h"
#include "formats/spools/spools.h"

/* A shape of lines that no parser understood. */
struct mm_row_unknown {
	uint32_t file, line; /* of the first */
	struct mm_str shape, sample;
	const char *why;
	uint64_t n_lines;
};

/* All files of the evidence; ids are their places, from 1. */
enum mm_status mm_ledger_write(struct mm_store *s, struct mm_evidence *ev,
			       struct mm_err *err) MM_USE_RESULT;
enum mm_status mm_ledger_unknown(struct mm_store *s,
				 const struct mm_row_unknown *rows, size_t n,
				 struct mm_err *err) MM_USE_RESULT;
/* All snapshots collected in `spools`, which is freed. */
enum mm_status mm_ledger_spools(struct mm_store *s, const struct mm_judge *j,
				struct mm_spools *spools,
				struct mm_err *err) MM_USE_RESULT;

#endif
