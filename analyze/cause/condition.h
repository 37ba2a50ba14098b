/* condition.h - what a rule asks of the codes and the stage of a reply.
 *
 * Cells of rules.tsv, words with comma between, "*" for any and "-" for none:
 * codes "421", "55"; enhanced codes "5.7.26", "x.1.1", "4.7.500-699",
 * "5.7.*"; stages by name.
 */
#ifndef MM_CONDITION_H
#define MM_CONDITION_H

#include "formats/mail/reply.h"

#define MM_CODE_MAX   600
#define MM_STATUS_MAX 6 /* enhanced codes in one cell */

/* An enhanced code (`high` equals `low`), or a range of them. */
struct mm_status_range {
	int family;  /* 2, 4, 5; 0: any, or no code at all */
	int subject; /* -1: any */
	int low, high;
};

struct mm_condition {
	bool any_code, no_code;
	uint64_t codes[(MM_CODE_MAX + 63) / 64];
	bool any_status, no_status;
	struct mm_status_range status[MM_STATUS_MAX];
	size_t n_status;
	unsigned stages; /* a bit per enum mm_stage; 0: any */
};

/* False when a cell is not of the form above; `*wrong` is the cell. */
bool mm_condition_read(struct mm_condition *c, struct mm_str codes,
		       struct mm_str statuses, struct mm_str stages,
		       struct mm_str *wrong);

/* "5.7.26" in numbers; family 0 when it is none. */
struct mm_status_range mm_status_read(struct mm_str enhanced);

bool mm_condition_fits(const struct mm_condition *c, int code,
		       const struct mm_status_range *status,
		       enum mm_stage stage);

#endif
