/* verbs.h - the verbs of replay/, for mailmortem.c.
 */
#ifndef MM_REPLAY_VERBS_H
#define MM_REPLAY_VERBS_H

#include "formats/base/verb.h"

extern const struct mm_verb mm_verb_replay;

#endif
