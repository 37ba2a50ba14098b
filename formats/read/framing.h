/* framing.h - one raw line of a log file taken apart: stamp, host, tag, text.
 *
 * Decided per line, since real files mix their framings. What stands behind
 * the tag is for formats/logs to read. No allocation; everything is a view
 * into the line.
 * Sources: RFC 3164 section 4.1, RFC 5424, RFC 3339; reference of forms seen
 * in the wild in test-corpus/framing/.
 */
#ifndef MM_FRAMING_H
#define MM_FRAMING_H

#include "formats/base/zone.h"
#include "formats/read/cells.h"

#define MM_LINE_MAX_BYTES ((size_t)1 << 20)

enum mm_framing {
	MM_FRAME_NONE, /* no stamp that we know */
	MM_FRAME_RFC3164,
	MM_FRAME_RFC3339,
	MM_FRAME_RFC5424,
	MM_FRAME_ISO_BLANK, /* Exim's own files, s6-log, log4j */
	MM_FRAME_DATED,	    /* another order: 20-Oct-2021, 22/06/2014, ... */
	MM_FRAME_EPOCH,	    /* seconds since 1970 */
	MM_FRAME_TAI64N,    /* multilog */
	MM_FRAME_CRI,	    /* Kubernetes, whatever is inside */
	MM_FRAME_DOCKER,    /* json-file of Docker, whatever is inside */
	MM_FRAME_JSON,	    /* a log shipper's JSON, whatever is inside */
	MM_FRAME_JOURNAL,   /* journalctl -o json or export */
	MM_FRAME_CSV,	    /* a row of a table, or its names */
	MM_FRAME_COUNT	    /* others are added before this one */
};

struct mm_line {
	struct mm_str raw; /* the whole line, without LF or CR LF */
	enum mm_framing framing;
	int64_t t_us;	    /* UTC; MM_TIME_NONE when the line is undated */
	struct mm_str host; /* absent when the framing has none */
	struct mm_str
	    tag;      /* "postfix/smtp", "sm-mta", "smtpd"; may be absent */
	uint32_t pid; /* 0: not given */
	struct mm_str text; /* behind "tag[pid]: "; all of it without a tag */
	uint32_t repeats;   /* 1; N for `message repeated N times: [ text ]` */
	/* Of a row of a table, or an object that is the MTA's own; else NULL.
	 * View. */
	const struct mm_cells *cells;
	bool cut; /* longer than MM_LINE_MAX_BYTES: count it as malformed */
};

/* What one file's stamps need: kept by the reader of the file. */
struct mm_framer {
	int64_t anchor_us; /* file or member time: a stamp without a year is
			      not later than a day after this */
	int64_t zone_us;   /* east of UTC, for stamps without a zone */
	/* Who knows how that changes; NULL: it does not. View. Then zone_us is
	 * that of the last stamp, and sure for local times from ... to. */
	const struct mm_zone *zone;
	int64_t zone_from_us, zone_to_us;
	int64_t last_us;   /* of the stamp before; MM_TIME_NONE at first */
	int year;	   /* of stamps without one; 0: not settled yet */
	bool is_local;	   /* the last stamp had no zone of its own */
	/* Stamp cache: most lines share their second with the line before. */
	char stamp[20];
	int64_t stamp_us;
};

/* An anchor of MM_TIME_NONE sets no limit: the first stamp then gets 2000. */
void mm_framer_init(struct mm_framer *f, int64_t anchor_us, int64_t zone_us);
/* A time that is sure: years follow from it. */
void mm_framer_settle(struct mm_framer *f, int64_t t_us);
/* Take `raw` apart. Never fails: a line without a known stamp has
 * MM_FRAME_NONE and its text, and its tag where it starts with "tag[pid]: ".
 * Years: the first stamp gets the latest year that the anchor allows; then a
 * backward step of the calendar by more than half a year adds a year (Dec 31
 * -> Jan 1), Jan 1 -> Dec 31 takes one away, and other steps never change
 * it; Feb 29 asks for a leap year. */
void mm_frame(struct mm_framer *f, struct mm_str raw, struct mm_line *out);
/* The same for a line out of an envelope that was written at `t_us`: that is
 * its time unless the line itself has one with a year. */
void mm_frame_inner(struct mm_framer *f, struct mm_str text, int64_t t_us,
		    struct mm_line *out);
const char *mm_framing_name(enum mm_framing f);
/* A local time of this log as UTC. */
int64_t mm_framer_utc(struct mm_framer *f, int64_t local_us);

#endif
