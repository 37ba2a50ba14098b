/* quote.h - what the case knows of single lines of its evidence, named
 * FILE:LINE: for lists of evidence, also where the files are gone.
 */
#ifndef MM_QUOTE_H
#define MM_QUOTE_H

#include "analyze/case/store.h"
#include "formats/base/intern.h"

struct mm_quotes {
	struct mm_intern sources; /* wanted, by number */
	struct mm_arena texts;
	struct mm_str *text; /* text[number]; owned; NULL before load */
};

void mm_quotes_init(struct mm_quotes *q);
void mm_quotes_fini(struct mm_quotes *q);
void mm_quotes_want(struct mm_quotes *q, struct mm_str source);
/* After all are wanted: look them up, in one pass. Of a name that is no file
 * of the case, and of a line that made no row, nothing is known. */
enum mm_status mm_quotes_load(struct mm_quotes *q, struct mm_store *s,
			      struct mm_err *err) MM_USE_RESULT;
/* "2026-11-22T02:00:11Z 4bX0: to=<a@b>, relay=mx.b, deferred (421 ...)";
 * absent when nothing is known. View, valid until fini. */
struct mm_str mm_quotes_text(const struct mm_quotes *q, struct mm_str source);

#endif
