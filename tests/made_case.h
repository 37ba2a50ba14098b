/* made_case.h - a private case that tests fill by statements. */
#ifndef MM_MADE_CASE_H
#define MM_MADE_CASE_H

#include "analyze/case/store.h"

static struct mm_store *
make(const char *sql)
{
	struct mm_err err;
	struct mm_store *s = mm_store_create(NULL, &err);

	assert_non_null(s);
	if (mm_store_exec(s, sql, &err) != MM_OK)
		fail_msg("%s", err.text);
	return s;
}

#endif
