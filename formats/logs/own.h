/* own.h - log formats that a user declares in a small file.
 *
 *	[format]
 *	name = nullmailer
 *	source = nullmailer-send(8), nullmailer 2.2
 *	tag = nullmailer-send           # whose lines; or `claim = PATTERN`
 *
 *	[pattern "delivered"]
 *	event = attempt                 # formats/mail/record.h; or noise
 *	match = ^(?<queue_id>\S+): delivered to (?<recipient>\S+)
 *	outcome = sent                  # the same for every such line
 *
 *	[sample]
 *	line = Nov  4 09:29:26 host nullmailer-send[7]: 17: delivered to a@b.c
 *	want = attempt queue_id=17 recipient=a@b.c outcome=sent
 *
 * `match` is a PCRE2 pattern against the text behind the tag; its named groups
 * are fields (formats/mail/fields.h), and `t` (a time with its year, in any
 * form that stands before lines, where the framing has none) and `host`. Every
 * pattern that matches gives a record; a line of the format that none matches
 * is not understood. A format without samples, a sample that comes out
 * otherwise than wanted, a pattern that no sample needs, a group or key that is
 * no field: all are refused, with file and line. `#` begins a comment at the
 * start of a line only.
 *
 * Own formats are asked before the built-in ones.
 */
#ifndef MM_OWN_H
#define MM_OWN_H

#include "formats/base/status.h"
#include "formats/logs/logs.h"

/* Used by one thread. */
struct mm_own;

/* Owned: no formats yet. `zone` is that of times without one; NULL is UTC.
 * View, to outlive it. */
struct mm_own *mm_own_new(const struct mm_zone *zone);
void mm_own_free(struct mm_own *own);
/* Add the format of the file `path`. MM_EFORMAT: "FILE: line 7: ...". */
enum mm_status mm_own_add(struct mm_own *own, const char *path,
			  struct mm_err *err) MM_USE_RESULT;

/* The name of the format that claims the line; NULL when none does, also when
 * `own` is NULL. */
const char *mm_own_claim(const struct mm_own *own, const struct mm_line *line);
/* Read a line; MM_LINE_FOREIGN when no format claims it. */
enum mm_verdict mm_own_parse(const struct mm_own *own,
			     const struct mm_line *line, struct mm_emit *emit);

#endif
