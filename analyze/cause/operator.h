/* operator.h - who runs a receiving host.
 *
 * Told from the name of the MX or relay, so that a custom domain at a provider
 * counts with the provider. The table is data: analyze/cause/operators.tsv.
 */
#ifndef MM_OPERATOR_H
#define MM_OPERATOR_H

#include "formats/base/status.h"
#include "formats/base/str.h"

struct mm_operators; /* the table; read only once made */

/* Owned. NULL only when the built-in data are damaged; `err` says where. */
struct mm_operators *mm_operators_new(struct mm_err *err);
void mm_operators_free(struct mm_operators *o);

/* "google" for "aspmx.l.google.com" (a final dot and case do not matter);
 * NULL when the host is nobody's that we know. Lives as long as `o`. */
const char *mm_operator_of(const struct mm_operators *o, struct mm_str host);
/* The same from words in a banner or reply that only one operator uses. */
const char *mm_operator_of_text(const struct mm_operators *o,
				struct mm_str text);
/* The operator as people know it: "Google"; `name` itself when unknown. */
const char *mm_operator_title(const struct mm_operators *o, const char *name);

#endif
