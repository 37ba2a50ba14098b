/* spools.h - queue snapshots: spool folders and listings, in one shape.
 *
 * Files are offered one by one (formats/read/evidence.h); what one MTA keeps
 * below one folder, in an archive or not, is one snapshot, and so is each
 * listing. Adding a kind of spool or listing is one file and one row in
 * spools.c.
 */
#ifndef MM_SPOOLS_H
#define MM_SPOOLS_H

#include "formats/mail/record.h"
#include "formats/read/evidence.h"

struct mm_spool_recipient {
	struct mm_str address; /* final, quoted as in the logs */
	struct mm_str orig;    /* as given; absent when the same */
	struct mm_str reason;  /* last reply or reason; absent when none */
	bool done;	       /* not waited for: delivered, given up, or the
				* message is none (yet): not exported */
};

struct mm_spool_entry {
	/* "active", "incoming", "deferred", "hold", "maildrop", "corrupt";
	 * "frozen"; "quarantine"; "queue" where the MTA knows but one. */
	struct mm_str queue;
	struct mm_str queue_id;
	struct mm_str message_id; /* without < >; absent when not read */
	/* The fields Received, Date and Message-ID as they lie there, for
	 * formats/mail/received.h; absent when not read. */
	struct mm_str header;
	struct mm_str sender; /* empty: the null sender; absent: not read */
	int64_t size_bytes;   /* -1 unknown */
	int64_t arrived_us;
	int64_t next_try_us, last_try_us; /* MM_TIME_NONE unknown */
	int64_t n_attempts;		  /* -1 unknown */
	struct mm_str source;		  /* name of the leaf */
	struct mm_str note; /* damaged, half written, ...; absent */
	struct mm_spool_recipient *recipients;
	size_t n_recipients;
};

struct mm_snapshot {
	struct mm_str name; /* "ev/spool.tar.gz", "ev/spool.tar!var/spool" */
	struct mm_str host; /* where the files tell it */
	struct mm_str instance; /* of several: "postfix-out"; absent */
	enum mm_mta mta;
	const char *kind; /* the format's name */
	int64_t taken_us; /* the youngest trustworthy time in it */
};

/* How the MTA was configured, where the evidence tells. */
struct mm_setting {
	struct mm_str source; /* name of the leaf */
	struct mm_str host;   /* absent: not told */
	enum mm_mta mta;
	struct mm_str name, value;
};

/* All views are valid during the call. Entries follow their snapshot. */
struct mm_spool_sink {
	void (*snapshot)(void *ctx, const struct mm_snapshot *s);
	void (*entry)(void *ctx, const struct mm_spool_entry *e);
	void *ctx;
	void (*setting)(void *ctx, const struct mm_setting *s); /* or NULL */
};

struct mm_spool_format {
	const char *name;   /* "postfix queue file": the ledger's kind */
	const char *source; /* where the format is documented */
	/* Is this leaf ours? Looks at head and names; cheap. `top` is then
	 * what its snapshot goes by: a view of the front of leaf->name. */
	bool (*probe)(const struct mm_leaf *leaf, struct mm_str *top);
	/* One snapshot's state. Owned by the caller; ended by `finish`. */
	void *(*begin)(struct mm_str top);
	/* Damaged files become entries with a note, or are left out when
	 * they tell nothing: they never fail the snapshot. */
	void (*file)(void *state, const struct mm_leaf *leaf);
	/* Emit the snapshot and its entries, in order of their queue ids
	 * (when `sink` is not NULL), and free the state. */
	void (*finish)(void *state, const struct mm_spool_sink *sink);
};

/* The collection of all snapshots met during a walk. */
struct mm_spools;
struct mm_spools *mm_spools_new(void);
size_t mm_spools_count(const struct mm_spools *sp); /* snapshots met */
/* A struct mm_taker's `take`, with the struct mm_spools as `ctx`. */
enum mm_status mm_spools_take(void *ctx, const struct mm_leaf *leaf,
			      bool *taken, const char **kind,
			      struct mm_err *err);
/* Emit all snapshots in order of their names (nothing when `sink` is NULL);
 * free the collection. */
void mm_spools_finish(struct mm_spools *sp, const struct mm_spool_sink *sink);

const struct mm_spool_format *mm_spools_format(size_t i); /* NULL past end */

#endif
