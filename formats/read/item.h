/* item.h - what evidence.c and lines.c share: one row of the ledger with the
 * way back to its bytes. Private to this room. */
#ifndef MM_ITEM_H
#define MM_ITEM_H

#include "formats/base/arena.h"
#include "formats/read/evidence.h"
#include "formats/read/source.h"

/* The bytes of one item. */
struct mm_open {
	struct mm_source *file;	   /* as it lies there; view into `content` */
	struct mm_source *content; /* decompressed; owned */
};

struct mm_item {
	struct mm_ledger row;
	const char *path;    /* arena: to open it again */
	int64_t mtime_us;    /* of the file */
	int64_t gzip_us;     /* in the gzip header */
	int64_t anchor_us;   /* see struct mm_framer */
	bool taken;	     /* by the caller, as spool or listing */
	struct mm_open kept; /* a pipe: cannot be opened twice */
};

struct mm_evidence {
	struct mm_arena texts;
	struct mm_item *items; /* owned */
	size_t n, cap;
	struct mm_evidence_options o;
};

/* Ended by mm_source_close(o->content). Fills the compression of the row. */
enum mm_status mm_item_open(struct mm_item *it, struct mm_open *o,
			    struct mm_err *err) MM_USE_RESULT;

#endif
