/* verbs.h - the verbs of this folder: one cmd_VERB.c each. */
#ifndef MM_ANALYZE_VERBS_H
#define MM_ANALYZE_VERBS_H

#include "formats/base/verb.h"

extern const struct mm_verb mm_verb_ingest;
extern const struct mm_verb mm_verb_merge;
extern const struct mm_verb mm_verb_export;
extern const struct mm_verb mm_verb_trace;
extern const struct mm_verb mm_verb_summary;
extern const struct mm_verb mm_verb_incidents;
extern const struct mm_verb mm_verb_causes;
extern const struct mm_verb mm_verb_classify;
extern const struct mm_verb mm_verb_queue;
extern const struct mm_verb mm_verb_explain;

#endif
