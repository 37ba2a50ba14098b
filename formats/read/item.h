/* item.h - one row of the ledger with the way back to its bytes: what walk.c,
 * evidence.c and lines.c share. Private to this room. */
#ifndef MM_ITEM_H
#define MM_ITEM_H

#include "formats/base/intern.h"
#include "formats/read/archive.h"
#include "formats/read/evidence.h"
#include "formats/read/file.h"

/* Archives in archives: a tar of a server's logs and spool tar. */
#define MM_DEPTH_MAX 2

/* The bytes of one item. */
struct mm_open {
	struct mm_source *leaf;	   /* as they lie in the file or archive */
	struct mm_source *content; /* decompressed, on top of it; owned */
	bool is_gzip;		   /* content is gzip's, right on the leaf */
};

/* What a page or a forum made of lines that were copied out of it. */
enum mm_copied {
	MM_COPIED_NOT,
	MM_COPIED_HTML,	   /* to=&lt;a@b&gt; */
	MM_COPIED_MARKDOWN /* to=\<a\_b@c\> */
};

struct mm_item {
	struct mm_ledger row;
	/* The file, then for each archive the number of the member in it. */
	const char *path; /* arena */
	int fd;		  /* in place of path when >= 0; one of `spills` */
	unsigned depth;
	uint64_t members[MM_DEPTH_MAX];
	int64_t mtime_us;	    /* of the file or member */
	int64_t anchor_us;	    /* see struct mm_framer */
	int64_t zone_us;	    /* of its stamps without one */
	const struct mm_zone *zone; /* the same where it was told; else NULL */
	int64_t arrival_us;	    /* a time near its beginning that is sure */
	bool is_local;		    /* its first stamp has no zone */
	struct mm_str small; /* arena: all of a small log in an archive */
	enum mm_copied copied;
	bool taken;	     /* by the caller, as spool or listing */
	bool whole;	     /* head is all of it */
	uint64_t head_hash;  /* of the first bytes, decompressed */
	struct mm_open kept; /* a pipe: cannot be opened twice */
};

struct mm_evidence {
	struct mm_arena texts;
	struct mm_item *items; /* owned */
	size_t n, cap;
	size_t n_small_bytes; /* how much of that there is */
	int *spills;	      /* owned: copies of what came through pipes */
	size_t n_spills, cap_spills;
	struct mm_evidence_options o;
	struct mm_reader *ahead;    /* owned: went on behind a finished log */
	struct mm_overlap *overlap; /* owned: of the logs read in order */
	size_t n_begun;		    /* how many of them */
};

struct mm_walk {
	struct mm_evidence *ev;
	const struct mm_taker *taker; /* may be NULL */
	bool stopped;		      /* by the taker */
	struct mm_intern seen;	      /* files, by device and inode */
	struct mm_err *err;
};

/* View into the evidence, until the next one is added. */
struct mm_item *mm_item_add(struct mm_evidence *ev, struct mm_str name);
/* Add to the note of the row; NULL adds nothing. */
void mm_item_note(struct mm_evidence *ev, struct mm_item *it, const char *text);
/* Say where the stream broke, if it did (-1: no) and if that is not said. */
void mm_item_torn(struct mm_evidence *ev, struct mm_item *it, int64_t at,
		  const char *why);

/* What the user said of a file: the first that fits, else what is for all;
 * NULL: nothing. */
const struct mm_zone *mm_zone_told(const struct mm_evidence_options *o,
				   const char *name);
/* Read the head of a log for its first time, its zone and its year. */
void mm_item_study(const struct mm_evidence *ev, struct mm_item *it,
		   struct mm_str head);
/* Begin framing it. */
void mm_item_framer(const struct mm_item *it, struct mm_framer *f);
/* Logs without ids take the zone of their neighbours. */
void mm_share_zones(struct mm_evidence *ev);

/* Put the decompression that `leaf` asks for on top of it. Whatever comes,
 * o->content is to be closed. */
enum mm_status mm_open_content(struct mm_source *leaf, struct mm_open *o,
			       const char **compression, int64_t *gzip_us,
			       struct mm_err *err) MM_USE_RESULT;
/* The bytes of what the ledger calls `name`: a file, or a member of an archive
 * behind a `!`. Of a gzip file right on the disk: from the last of `restarts`
 * on that is not behind `at_byte`; else from 0. `*from` says which. Nothing
 * is left open on failure. */
enum mm_status mm_open_named(const char *name, struct mm_str restarts,
			     uint64_t at_byte, struct mm_open *o,
			     uint64_t *from, struct mm_err *err) MM_USE_RESULT;
/* Ended by mm_source_close(o->content). Nothing is left open on failure. */
enum mm_status mm_item_open(const struct mm_evidence *ev, struct mm_item *it,
			    struct mm_open *o,
			    struct mm_err *err) MM_USE_RESULT;

/* Find out what item `i`, whose bytes are `raw`, is: offer it, or step
 * through it when it is an archive (its logs become items of their own).
 * Whatever comes, o->content is to be closed. */
enum mm_status mm_visit(struct mm_walk *w, size_t i, struct mm_leaf *leaf,
			struct mm_source *raw, struct mm_open *o) MM_USE_RESULT;

/* The SHA-256 of item `i`'s file, which nobody else reads. */
enum mm_status mm_item_sha256(const struct mm_evidence *ev, struct mm_item *it,
			      struct mm_err *err) MM_USE_RESULT;
/* Logs that hold the same bytes as one before them become duplicates. */
enum mm_status mm_same_logs(struct mm_evidence *ev,
			    struct mm_err *err) MM_USE_RESULT;
/* Is item `i`, an archive, a copy of one before it? Then it becomes a
 * duplicate. */
enum mm_status mm_same_archive(struct mm_evidence *ev, size_t i, bool *same,
			       struct mm_err *err) MM_USE_RESULT;

/* Add all that lies at `path`. */
enum mm_status mm_walk(struct mm_walk *w, const char *path) MM_USE_RESULT;

#endif
