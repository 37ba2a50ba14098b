/* logs.h - the list of log formats, and what each of them is.
 *
 * A format is one file and one row in logs.c. It is asked whether a framed
 * line is its own (by tag, or by the look of the text where there is no tag),
 * then reads it. Adding a format touches nothing else.
 */
#ifndef MM_LOGS_H
#define MM_LOGS_H

#include "formats/mail/record.h"
#include "formats/read/framing.h"

/* What became of a line; each line is exactly one of these. */
enum mm_verdict {
	MM_LINE_RECORD,	  /* at least one record was emitted */
	MM_LINE_NOISE,	  /* known, and says nothing that we keep */
	MM_LINE_FOREIGN,  /* of a program that has nothing to do with mail */
	MM_LINE_MALFORMED /* of an MTA, but not understood */
};

struct mm_emit {
	/* `r` and its views are valid during the call. */
	void (*record)(void *ctx, const struct mm_record *r);
	void *ctx;
	const char *why; /* out: static text, why a line is malformed */
};

struct mm_log_format {
	const char *name;   /* "postfix" */
	const char *source; /* where the line shapes are documented */
	/* Is the line of this MTA? Looks at tag first; cheap. */
	bool (*claims)(const struct mm_line *line);
	/* Emits zero or more records with time, host, pid of the line set. */
	enum mm_verdict (*parse)(const struct mm_line *line,
				 struct mm_emit *emit);
};

/* Read one line with the format that claims it, one of `own` (own.h; NULL:
 * there are none) before the built-in ones; MM_LINE_FOREIGN when none does.
 * Stateless: the same line always gives the same records. */
struct mm_own;
enum mm_verdict mm_logs_parse(const struct mm_own *own,
			      const struct mm_line *line, struct mm_emit *emit);
/* Whose line it is, by name; NULL when nobody's. */
const char *mm_logs_claim(const struct mm_own *own, const struct mm_line *line);
/* The verdict alone, and why a line is malformed (static; else NULL). */
enum mm_verdict mm_logs_verdict(const struct mm_own *own,
				const struct mm_line *line, const char **why);

const struct mm_log_format *mm_logs_format(size_t i); /* NULL past the end */

#endif
