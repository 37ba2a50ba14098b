/* envelope.h - log lines that stand inside something else.
 *
 * Objects of Docker's json-file, of log shippers (Fluent Bit, Vector, GELF,
 * ECS) and of journalctl (-o json, json-pretty, json-sse, json-seq, export);
 * parts of long lines (Docker, CRI) are joined; rows of CSV (sheet.h); objects
 * that an MTA writes itself, whose members become cells. One for each log that
 * is read; a record takes at most MM_LINE_MAX_BYTES. Private to this room.
 * Sources: systemd.journal-fields(7), "Journal Export Formats" of systemd,
 * Docker's json-file driver, Kubernetes' CRI log format, GELF 1.1, ECS.
 */
#ifndef MM_ENVELOPE_H
#define MM_ENVELOPE_H

#include "formats/read/framing.h"

struct mm_envelope;
struct mm_envelope *mm_envelope_new(void);
void mm_envelope_free(struct mm_envelope *e); /* NULL is fine */

enum mm_wrapped {
	MM_WRAP_NONE, /* nothing is around it: frame it as it is */
	MM_WRAP_PART, /* kept: the record goes on */
	MM_WRAP_LINE, /* `line` is filled, but for `raw` */
	/* What was kept has no end: `line` is that much of it. The raw line
	 * was not looked at and is to be given again. */
	MM_WRAP_BROKEN
};

/* May `raw` be of interest? Cheap; for nearly all lines it says no. */
bool mm_envelope_wants(const struct mm_envelope *e, struct mm_str raw);
/* Views in `line` are valid until the next call. */
enum mm_wrapped mm_envelope_open(struct mm_envelope *e, struct mm_framer *f,
				 struct mm_str raw, struct mm_line *line);
/* The same for a line that mm_envelope_open() had no part in, once mm_frame()
 * has read it into `line`: parts of CRI lines are joined. */
enum mm_wrapped mm_envelope_cri(struct mm_envelope *e, struct mm_framer *f,
				struct mm_line *line);
/* A line that stands behind the one in hand, which nothing is to be kept of:
 * false when it is to be framed as it is. */
bool mm_envelope_peek(const struct mm_envelope *e, struct mm_framer *f,
		      struct mm_str raw, struct mm_line *line);
/* The log has ended: BROKEN when something was kept, else NONE. */
enum mm_wrapped mm_envelope_end(struct mm_envelope *e, struct mm_framer *f,
				struct mm_line *line);

#endif
