/* data.h - the data files that are built into the program.
 *
 * Rules, presets, policies, the page of the report and its chart library:
 * each is a readable file in the source tree (the list is DATA in the
 * Makefile) and reaches the program byte for byte, so that one binary is all.
 */
#ifndef MM_DATA_H
#define MM_DATA_H

#include "formats/base/str.h"

struct mm_data {
	const char *path; /* as in the source tree: "reports/page.css" */
	const unsigned char *bytes;
	size_t n_bytes;
};

extern const struct mm_data mm_data_list[]; /* ended by a NULL path */

/* The content of one of them; absent when there is no such file. */
struct mm_str mm_data(const char *path);

#endif
