/* entries.h - the entries of one snapshot while its files are read.
 *
 * What the kinds of spools share: entries are gathered in an arena in the
 * order of the files, joined with what other files say about them, and emitted
 * in order of their queue ids.
 */
#ifndef MM_ENTRIES_H
#define MM_ENTRIES_H

#include "formats/base/arena.h"
#include "formats/base/buf.h"
#include "formats/spools/spools.h"

/* What a file beside the queue file says: a defer log, a journal, ... */
struct mm_said {
	struct mm_str queue_id;
	struct mm_str address;	  /* absent: all recipients without a reason */
	struct mm_str reason;	  /* absent: nothing new */
	int64_t tried_us;	  /* by a file's time; MM_TIME_NONE unknown */
	int64_t body_us;	  /* the body file's time; MM_TIME_NONE: none */
	int64_t size_bytes;	  /* to add to the entry's size, -1: unknown */
	struct mm_str message_id; /* absent: unknown */
	struct mm_str header;	  /* see struct mm_spool_entry */
	bool done;
};

struct mm_entries {
	struct mm_arena texts;
	struct mm_str name;	     /* of the snapshot */
	struct mm_spool_entry *list; /* owned */
	size_t n, cap;
	struct mm_spool_recipient *rcpts; /* owned: of the open entry */
	size_t n_rcpts, cap_rcpts;
	struct mm_said *said; /* owned */
	size_t n_said, cap_said;
	int64_t youngest_us;	   /* in the files; MM_TIME_NONE: none seen */
	int64_t youngest_mtime_us; /* of the files */
	size_t n_timely, n_late;   /* files with the time they should have */
	bool is_copied;		   /* most have not: file times say nothing */
	bool next_is_mtime;	   /* so are the times of the next try */
	struct mm_str host;
	struct mm_buf header; /* scratch */
};

void mm_entries_init(struct mm_entries *es, struct mm_str name);
void mm_entries_fini(struct mm_entries *es);

/* Begin an entry, all unknown but its source and queue id (copied). Valid
 * until the next one begins; mm_entries_end keeps its recipients. */
struct mm_spool_entry *mm_entries_begin(struct mm_entries *es,
					struct mm_str source,
					struct mm_str queue_id);
/* A recipient of the open entry; valid until the next one. `address` is
 * copied. */
struct mm_spool_recipient *mm_entries_recipient(struct mm_entries *es,
						struct mm_str address);
void mm_entries_end(struct mm_entries *es);
/* Keep what a side file says; the texts must be kept already. */
void mm_entries_say(struct mm_entries *es, const struct mm_said *said);
struct mm_str mm_entries_keep(struct mm_entries *es, struct mm_str s);
/* The snapshot is not older than this, which stands in a file; than this, the
 * time of a file. MM_TIME_NONE is ignored. File times do not count when most
 * bodies are an hour younger than their messages: a copy did not keep them. */
void mm_entries_saw(struct mm_entries *es, int64_t t_us);
void mm_entries_saw_mtime(struct mm_entries *es, int64_t mtime_us);
/* The snapshot of a listing whose own times are all seen: the file's time, if
 * it was written at most a day after the youngest of them. */
void mm_entries_saw_listing(struct mm_entries *es, int64_t mtime_us);

/* Read Message-ID, and the host from the Received field with the entry's own
 * id, out of a block of header lines. */
void mm_entries_headers(struct mm_entries *es, struct mm_spool_entry *e,
			struct mm_str block);

/* Of two entries with one id make `into`, the first in the order of files,
 * the one that stands. */
typedef void mm_entries_merge(struct mm_entries *es,
			      struct mm_spool_entry *into,
			      const struct mm_spool_entry *from);
/* `into` stands; what is done in one of the two is done. */
mm_entries_merge mm_entries_merge_done;
/* Each entry is an envelope with one recipient: `into` gets those of all. */
mm_entries_merge mm_entries_merge_recipients;

/* Join with what was said, sort by queue id, merge, and emit. */
void mm_entries_emit(struct mm_entries *es, enum mm_mta mta, const char *kind,
		     mm_entries_merge *merge, const struct mm_spool_sink *sink);

/* The whole content of a leaf up to `max_bytes`; the head when there is more,
 * or it cannot be read (`*all` false). */
struct mm_str mm_entries_content(const struct mm_leaf *leaf, size_t max_bytes,
				 bool *all);

/* The next line of `*s`, without LF or CR LF. False at the end. */
bool mm_entries_line(struct mm_str *s, struct mm_str *line);
/* Cut the last component off a path: "a/b.tar!c/d" gives "d", then "c". Both
 * '/' and '!' part components. False when nothing is left. */
bool mm_entries_cut_last(struct mm_str *path, struct mm_str *last);
/* What is left of a path as the name of a snapshot: "a.tar" of "a.tar!.". */
struct mm_str mm_entries_top(struct mm_str path);
/* "1795325859", "1795325859.25": a time. MM_TIME_NONE when it is none. */
int64_t mm_entries_epoch(struct mm_str seconds);
/* A calendar time without a year: the year whose weekday (0 Sunday, -1 not
 * given) fits, at most a day after `not_after_us`. In the local time of `zone`,
 * as UTC when that is NULL. */
int64_t mm_entries_date(struct mm_civil c, int weekday, int64_t not_after_us,
			const struct mm_zone *zone);

#endif
