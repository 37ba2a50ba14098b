/* spools.h - queue snapshots: spool folders and listings, in one shape.
 *
 * Files are offered one by one (formats/read/evidence.h); what belongs to one
 * root (an archive, a folder) and one MTA is one snapshot. Adding a kind of
 * spool or listing is one file and one row in spools.c.
 */
#ifndef MM_SPOOLS_H
#define MM_SPOOLS_H

#include "formats/mail/record.h"
#include "formats/read/evidence.h"

struct mm_spool_recipient {
	struct mm_str address; /* final */
	struct mm_str orig;    /* as given; absent when the same */
	struct mm_str reason;  /* last reply or reason; absent when none */
	bool done;	       /* no longer waited for: not exported */
};

struct mm_spool_entry {
	struct mm_str queue; /* "deferred", "active", "hold", "incoming" */
	struct mm_str queue_id;
	struct mm_str message_id; /* without < >; absent when not read */
	struct mm_str sender;	  /* empty: the null sender */
	int64_t size_bytes;	  /* -1 unknown */
	int64_t arrived_us;
	int64_t next_try_us, last_try_us; /* MM_TIME_NONE unknown */
	int64_t n_attempts;		  /* -1 unknown */
	struct mm_str source;		  /* name of the leaf */
	struct mm_str note; /* damaged, half written, ...; absent */
	const struct mm_spool_recipient *recipients;
	size_t n_recipients;
};

struct mm_snapshot {
	struct mm_str name; /* root */
	struct mm_str host; /* where the files tell it */
	enum mm_mta mta;
	const char *kind; /* "postfix spool", "postqueue -j", "mailq" */
	int64_t taken_us; /* the youngest trustworthy file time in it */
};

/* All views are valid during the call. Entries follow their snapshot. */
struct mm_spool_sink {
	void (*snapshot)(void *ctx, const struct mm_snapshot *s);
	void (*entry)(void *ctx, const struct mm_spool_entry *e);
	void *ctx;
};

struct mm_spool_format {
	const char *name;   /* "postfix queue file": the ledger's kind */
	const char *source; /* where the format is documented */
	/* Is this leaf ours? Looks at head and path; cheap. */
	bool (*probe)(const struct mm_leaf *leaf);
	/* One snapshot's state. Owned by the caller; ended by `finish`. */
	void *(*begin)(struct mm_str root);
	enum mm_status (*file)(void *state, const struct mm_leaf *leaf,
			       struct mm_err *err);
	/* Emit the snapshot and its entries (when `sink` is not NULL), and free
	 * the state. Damaged files become entries with a note or none: they
	 * never fail the snapshot. */
	void (*finish)(void *state, const struct mm_spool_sink *sink);
};

/* The collection of all snapshots met during a walk. */
struct mm_spools;
struct mm_spools *mm_spools_new(void);
/* A struct mm_taker's `take`, with the struct mm_spools as `ctx`. */
enum mm_status mm_spools_take(void *ctx, const struct mm_leaf *leaf,
			      bool *taken, const char **kind,
			      struct mm_err *err);
/* Emit all snapshots in order of their roots' names; free the collection. */
void mm_spools_finish(struct mm_spools *sp, const struct mm_spool_sink *sink);

const struct mm_spool_format *mm_spools_format(size_t i); /* NULL past end */

#endif
