/* evidence.h - what to read, in what order, once.
 *
 * Paths are files, folders (walked in byte order of names, symbolic links not
 * followed below the top), archives, or "-". Every file found is a leaf; its
 * kind is told by its first bytes, never by its name. A leaf is offered first
 * to the caller (who knows spools and listings); what he does not take and
 * what is text becomes a log. Logs are then read with mm_lines_open in the
 * order of the first time inside them, so that the order of arguments does
 * not matter. The same content twice (also under another compression) counts
 * once. Nothing is written.
 */
#ifndef MM_EVIDENCE_H
#define MM_EVIDENCE_H

#include "formats/base/status.h"
#include "formats/base/str.h"
#include "formats/read/framing.h"

enum mm_compression {
	MM_PLAIN,
	MM_GZIP,
	MM_ARCHIVED, /* by libarchive: bzip2, xz, zstd, lz4, ... */
};

/* One file, or one member of an archive. Views are valid during the call
 * that hands it out. */
struct mm_leaf {
	struct mm_str name; /* as given: "ev/spool.tar.gz!deferred/4/4jX" */
	struct mm_str root; /* what it belongs to: the argument or archive */
	struct mm_str path; /* below root: "deferred/4/4jX" */
	int64_t mtime_us;
	/* Of times without one, where somebody told; else NULL. View. */
	const struct mm_zone *zone;
	unsigned mode;	    /* permission bits, as in the file or the archive */
	struct mm_str head; /* the first bytes, decompressed: up to 64 KiB */
	bool whole;	    /* head is all of it */
	void *reader;	    /* for mm_leaf_all */
};

/* The whole content, at most `max_bytes` (MM_ELIMIT above). View, valid until
 * the callback returns. */
enum mm_status mm_leaf_all(const struct mm_leaf *leaf, size_t max_bytes,
			   struct mm_str *content,
			   struct mm_err *err) MM_USE_RESULT;

/* Offered every leaf that is no archive. `*taken` true: the caller has read
 * what it wants, and `*kind` (static text, "postfix queue file") goes to the
 * ledger. A failure stops the walk. */
struct mm_taker {
	enum mm_status (*take)(void *ctx, const struct mm_leaf *leaf,
			       bool *taken, const char **kind,
			       struct mm_err *err);
	void *ctx;
};

/* One row of the ledger. Texts are arena of the evidence. */
struct mm_ledger {
	struct mm_str name;
	uint64_t n_bytes; /* of the file as it lies there */
	char sha256[65];  /* of the same; "" for a member of an archive */
	const char *kind; /* "log", "postfix queue file", "empty",
			     "binary", "duplicate of NAME" in `note` */
	const char *compression;
	const char *framing; /* of most lines */
	int64_t first_us, last_us;
	/* lines = records + noise + foreign + malformed + duplicate_lines */
	uint64_t n_lines, n_records, n_noise, n_foreign, n_malformed;
	uint64_t n_duplicate_lines;
	int64_t torn_at;    /* byte of the file where it broke; -1 */
	struct mm_str note; /* what the user should know; may be absent */
	bool is_log;
	bool is_folded; /* many spool files: one row for the archive */
};

struct mm_evidence;

/* A file that is not where it was: what stands in for it is read under its old
 * name, as if it still lay there. */
struct mm_stand_in {
	const char *name;     /* as it was: "/var/log/mail.log" */
	const char *argument; /* what it was found through: "/var/log" */
	int64_t mtime_us;
	unsigned mode;
	uint64_t n_bytes;
};

struct mm_stand_ins {
	const struct mm_stand_in *v; /* those of one argument in a row */
	size_t n;
	/* A descriptor of its own for v[i]; -1 with `err` filled. */
	int (*open)(void *ctx, size_t i, struct mm_err *err);
	void *ctx;
};

/* The zone of stamps without one, in files whose name, or its last part, fits
 * a pattern of fnmatch(3); pattern NULL: in all that fit no other. */
struct mm_zone_choice {
	const char *pattern;
	const struct mm_zone *zone; /* view */
};

struct mm_evidence_options {
	/* Without a choice that fits it is UTC, unless queue ids tell. */
	const struct mm_zone_choice *zones;
	size_t n_zones;
	int64_t now_us;	     /* no log line is later than a day after this */
	uint64_t max_expand; /* ratio of expanded to given bytes, 0: default */
	const struct mm_stand_ins *stand_ins; /* NULL: none */
};

/* Walk and offer everything. Owned; NULL on failure. A path that does not
 * exist, or cannot be read, is a failure naming it; a folder without any
 * evidence is one, too. */
struct mm_evidence *mm_evidence_open(const char *const *paths, size_t n_paths,
				     const struct mm_evidence_options *o,
				     const struct mm_taker *taker,
				     struct mm_err *err);
void mm_evidence_close(struct mm_evidence *ev);

/* The ledger: all files, logs first in reading order. The counts of a log
 * are the caller's to fill while reading it. */
size_t mm_evidence_count(const struct mm_evidence *ev);
struct mm_ledger *mm_evidence_ledger(struct mm_evidence *ev, size_t i);
/* Bytes of all logs as they lie there: for the progress bar. */
uint64_t mm_evidence_log_bytes(const struct mm_evidence *ev);

/* Read log `i` of the ledger from its beginning. A thread of its own reads and
 * inflates ahead; lines come out in order on the caller's thread. Lines that
 * are copies of what an earlier log had are counted, not given, when the logs
 * are read in their order from 0 on. */
struct mm_lines;
struct mm_lines *mm_lines_open(struct mm_evidence *ev, size_t i,
			       struct mm_err *err);
/* Step to the next line: framed, numbered from 1.
 *   at_byte  where it starts in the uncompressed stream, from 0
 * Views are valid until the next call. MM_OK, MM_END after the last; a torn
 * file gives its readable lines, then MM_END with ledger->torn_at set; MM_EIO
 * when the disk refuses. Fills sha256, n_lines, framing, first and last time
 * of the ledger row at MM_END. */
enum mm_status mm_lines_next(struct mm_lines *l, struct mm_line *line,
			     uint64_t *number, uint64_t *at_byte,
			     struct mm_err *err);
/* How the stamp of the last line was completed: year, zone. View. */
const struct mm_framer *mm_lines_framer(const struct mm_lines *l);
/* Compressed bytes consumed so far. */
uint64_t mm_lines_progress(const struct mm_lines *l);
void mm_lines_close(struct mm_lines *l);

#endif
