/* tsv.h - rows of the data files of this folder: cells between tabs.
 *
 * Lines that are empty or begin with # are passed over. Views only.
 */
#ifndef MM_TSV_H
#define MM_TSV_H

#include "formats/base/str.h"

struct mm_tsv {
	struct mm_str rest;
	size_t line; /* of the row read last, from 1 */
};

/* Read the next row into `cells` (missing ones are absent) and give the
 * number of cells it has, which may be more than `n`; 0 at the end. */
size_t mm_tsv_next(struct mm_tsv *t, struct mm_str *cells, size_t n);

#endif
