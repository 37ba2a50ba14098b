/* embed.h - the evidence itself, kept in the case: for a case that travels
 * without its sources.
 *
 * Files as they lay there, compressed or not, in pieces of 1 MiB.
 */
#ifndef MM_EMBED_H
#define MM_EMBED_H

#include "analyze/case/store.h"

/* Put every file of the ledger into the case. MM_EUSAGE when one came through
 * standard input, MM_EIO when one is gone or has changed meanwhile. */
enum mm_status mm_embed(struct mm_store *s, struct mm_err *err) MM_USE_RESULT;

/* A copy of file `id` of the ledger in an unlinked temporary file: its
 * descriptor, the caller's; -1 when the case does not hold it. */
int mm_embed_open(struct mm_store *s, int64_t id, struct mm_err *err);

#endif
