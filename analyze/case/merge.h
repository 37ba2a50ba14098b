/* merge.h - what cases were made of, gathered to make one of it all.
 *
 * Lives, joins and finals depend on every line of every log: a merged case is
 * exact only when all of the evidence is read again, in one go. Each path of a
 * case is read from the case itself when it was made with --embed, else from
 * where it lay. Two cases that name the same path for different files (both
 * hosts have a /var/log/mail.log) are told apart: that of the later one goes
 * on as "CASE!PATH"; this takes an embedded one.
 * Refused, always with the way on: evidence that is neither held nor there,
 * that changed since, and cases made with different options.
 */
#ifndef MM_MERGE_H
#define MM_MERGE_H

#include "analyze/case/store.h"
#include "formats/base/options.h"
#include "formats/read/evidence.h"

/* How cases were made; texts are the merge's. */
struct mm_made {
	struct mm_words zones, formats;
	const char *rules; /* NULL: only the built-in ones */
	bool fix_skew, embed;
};

struct mm_merge;
/* `zones_given`: those of the cases need not be the same, nobody asks. */
struct mm_merge *mm_merge_new(bool zones_given);
void mm_merge_free(struct mm_merge *m); /* NULL is fine */

/* Evidence that is given now: it is read from where it lies, behind that of
 * the cases, even when one holds what lay there before. Told first. */
void mm_merge_path(struct mm_merge *m, const char *path);
/* Add what the case at `path` was made of. */
enum mm_status mm_merge_case(struct mm_merge *m, const char *path,
			     struct mm_err *err) MM_USE_RESULT;

/* What to read, in order; views. */
const struct mm_words *mm_merge_paths(struct mm_merge *m);
const struct mm_made *mm_merge_made(const struct mm_merge *m);
const struct mm_stand_ins *mm_merge_stand_ins(struct mm_merge *m);

/* Was `s` made of the files of the cases, and of nothing else? */
enum mm_status mm_merge_check(const struct mm_merge *m, struct mm_store *s,
			      struct mm_err *err) MM_USE_RESULT;

#endif
