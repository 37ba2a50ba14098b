/* embed.h - the evidence itself, kept in the case: for a case that travels
 * without its sources.
 *
 * Files as they lay there, compressed or not, in pieces of 1 MiB, with their
 * time and mode: what stands in for them later (merge.h) is read like them.
 */
#ifndef MM_EMBED_H
#define MM_EMBED_H

#include "analyze/case/store.h"
#include "formats/read/evidence.h"

/* Put every file of the ledger into the case, those of `stand_ins` (NULL: none)
 * from there. MM_EUSAGE when one came through
 * standard input, MM_EIO when one is gone or has changed meanwhile. */
enum mm_status mm_embed(struct mm_store *s,
			const struct mm_stand_ins *stand_ins,
			struct mm_err *err) MM_USE_RESULT;

/* A copy of file `id` of the ledger in an unlinked temporary file: its
 * descriptor, the caller's; -1 when the case does not hold it. */
int mm_embed_open(struct mm_store *s, int64_t id, struct mm_err *err);

#endif
