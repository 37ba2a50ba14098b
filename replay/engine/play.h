/* play.h - a scenario file from reading to its outcome as text.
 */
#ifndef MM_PLAY_H
#define MM_PLAY_H

#include <stdio.h>

#include <stdbool.h>

#include "formats/base/status.h"

/* Play the scenario at `path` ("-": standard input) and write its outcome as
 * one line of JSON, or its canonical log, to `to`. */
enum mm_status mm_play_file(const char *path, bool log, FILE *to,
			    struct mm_err *err) MM_USE_RESULT;

#endif
