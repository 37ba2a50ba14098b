/* causes.h - the taxonomy of bounces and blocks, and advice in plain words.
 *
 * The tables are data: analyze/cause/causes.tsv and advice.tsv. A cause is
 * known by its name in every result; its index is its place in the table and
 * is good within one run only.
 */
#ifndef MM_CAUSES_H
#define MM_CAUSES_H

#include "formats/base/status.h"
#include "formats/base/str.h"

struct mm_cause {
	const char *name;    /* "mailbox_full" */
	const char *group;   /* "mailbox" */
	const char *scope;   /* whom the verdict is about: "ip", "message" */
	const char *action;  /* "retry", "delist" */
	const char *meaning; /* one line */
};

/* NULL where nothing is to be said. */
struct mm_advice {
	const char *waiting; /* does it help to wait? */
	const char *fix;     /* what to do */
	const char *avoid;   /* what not to do */
};

struct mm_causes; /* the tables; read only once made */

/* Owned. NULL only when the built-in data are damaged; `err` says where. */
struct mm_causes *mm_causes_new(struct mm_err *err);
void mm_causes_free(struct mm_causes *c);

size_t mm_causes_count(const struct mm_causes *c);
const struct mm_cause *mm_causes_get(const struct mm_causes *c, size_t i);
/* Index of a name; MM_NOT_FOUND when there is none. */
size_t mm_causes_find(const struct mm_causes *c, struct mm_str name);
/* The cause of which nothing is known: always there. */
size_t mm_causes_unknown(const struct mm_causes *c);

/* What to do about cause `i` at operator `op` (NULL: anywhere). Where the
 * operator has no words of its own, the general ones. */
struct mm_advice mm_causes_advice(const struct mm_causes *c, size_t i,
				  const char *op);
/* Where a reply says to ask: its first http(s) page, else the mail address
 * that follows "contact", "write to" or "forward"; absent when there is none.
 */
struct mm_str mm_causes_page(struct mm_str reply);

#endif
