/* verbs.h - the verbs of this folder: one cmd_VERB.c each. */
#ifndef MM_REPORTS_VERBS_H
#define MM_REPORTS_VERBS_H

#include "formats/base/verb.h"

extern const struct mm_verb mm_verb_report;

#endif
