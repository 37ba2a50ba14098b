/* exim_hints.h - Exim's own notes on when to try again.
 *
 * db/retry has a record for each address (R:) and host (T:) that failed, with
 * the time before which it is not tried; a host may have one for a message
 * only. db/wait-TRANSPORT has the messages that wait for a host. Read are
 * those of Berkeley DB (hash), as Debian builds Exim, of either byte order
 * and with times of 64 bits; of others nothing is known.
 * Source: Exim 4.98 hintsdb_structs.h, retry.c, transport.c; Berkeley DB 5.3
 * dbinc/db_page.h. Seen: the spools of Exim 4.96 and 4.98.
 */
#ifndef MM_EXIM_HINTS_H
#define MM_EXIM_HINTS_H

#include "formats/base/arena.h"
#include "formats/spools/spools.h"

/* "T:host:ip", "T:host:ip:ID", "R:address:<sender>": kept. */
struct mm_exim_retry {
	struct mm_str key;
	int64_t next_us;
};

struct mm_exim_wait {
	struct mm_str queue_id, host;
};

struct mm_exim_hints {
	struct mm_arena texts;
	struct mm_exim_retry *retries; /* owned */
	size_t n_retries, cap_retries;
	struct mm_exim_wait *waits; /* owned */
	size_t n_waits, cap_waits;
	bool has_retries; /* db/retry is there; for the caller to set */
};

void mm_exim_hints_init(struct mm_exim_hints *h);
void mm_exim_hints_fini(struct mm_exim_hints *h);

/* Is it such a file? By its first bytes. */
bool mm_exim_hints_probe(struct mm_str head);
/* Take all records of a file's content; what makes no sense is left out. */
void mm_exim_hints_take(struct mm_exim_hints *h, struct mm_str content);
/* All files are taken: put them in order for mm_exim_hints_say. */
void mm_exim_hints_sort(struct mm_exim_hints *h);
/* Give an entry the time of its next try, the earliest of those of its
 * recipients. Without a record of them it is as old as the entry when db/retry
 * is there, unknown else. Nothing is said of what was not tried yet: some of
 * its recipients may have no record because their turn is still to come. */
void mm_exim_hints_say(const struct mm_exim_hints *h, struct mm_spool_entry *e);

#endif
