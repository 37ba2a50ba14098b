/* sources.h - what a case was made of, as it was given: paths of evidence
 * (kind "source"), of the user's log formats ("format"). */
#ifndef MM_SOURCES_H
#define MM_SOURCES_H

#include "analyze/case/store.h"
#include "formats/base/arena.h"
#include "formats/base/options.h"

enum mm_status mm_sources_write(struct mm_store *s, const char *kind,
				const char *const *paths, size_t n_paths,
				struct mm_err *err) MM_USE_RESULT;
/* Appended to `paths`; the texts go to `texts`. */
enum mm_status mm_sources_read(struct mm_store *s, const char *kind,
			       struct mm_arena *texts, struct mm_words *paths,
			       struct mm_err *err) MM_USE_RESULT;

#endif
