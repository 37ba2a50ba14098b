/* play.h - a scenario file from reading to its outcome as text.
 */
#ifndef MM_PLAY_H
#define MM_PLAY_H

#include <stdio.h>

#include <stdbool.h>

#include "replay/engine/scenario.h"

/* Fill `s` (init done) from the scenario file at `path` ("-": standard input);
 * the errors name it. */
enum mm_status mm_play_read(const char *path, struct mm_scenario *s,
			    struct mm_err *err) MM_USE_RESULT;
/* Play the scenario at `path` ("-": standard input) and write its outcome as
 * one line of JSON, or its canonical log, to `to`. */
enum mm_status mm_play_file(const char *path, bool log, FILE *to,
			    struct mm_err *err) MM_USE_RESULT;

#endif
