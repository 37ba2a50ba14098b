/* local.h - the domain of local users that a log names without one.
 *
 * Sendmail logs the users that an alias became as `to=alice`. Elsewhere the
 * same host's local mailer takes `to=<bob@example.org>`: the domain it takes
 * most is that of the bare names too. Where a host never shows one, the bare
 * name stays as it is.
 */
#ifndef MM_LOCAL_H
#define MM_LOCAL_H

#include "analyze/case/load.h"

struct mm_locals {
	struct mm_intern domains; /* origin and domain */
	uint32_t *counts;	  /* by its id - 1; owned */
	size_t cap;
	struct mm_buf key;
};

void mm_locals_init(struct mm_locals *l);
void mm_locals_fini(struct mm_locals *l);
/* The local mailer of `origin` took `address`. */
void mm_locals_note(struct mm_locals *l, uint32_t origin,
		    struct mm_str address);
/* The number of `address`, with the domain of `origin` when it is a bare user
 * name and one is known. */
uint32_t mm_locals_qualify(struct mm_locals *l, struct mm_load *load,
			   uint32_t origin, uint32_t address);

#endif
