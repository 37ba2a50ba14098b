/* keys.h - settings files read by tables: one row for each key.
 *
 * Strict, since a policy that is misread does harm: unknown sections and keys
 * are refused, numbers need their units, and what is wrong is said with the
 * line, what was found and what was expected.
 */
#ifndef MM_KEYS_H
#define MM_KEYS_H

#include "formats/base/arena.h"
#include "formats/base/ini.h"
#include "formats/base/time.h"
#include "replay/engine/scenario.h"

enum mm_key_kind {
	MM_KEY_TEXT,	  /* struct mm_str (arena) */
	MM_KEY_SPAN,	  /* int64_t ms: 30s 5m 2h 1d */
	MM_KEY_WHEN,	  /* struct mm_when: never, +30m, 2026-01-01T06:00Z */
	MM_KEY_RATE,	  /* int64_t an hour: 3/s 60/m 2880/h 5000/d */
	MM_KEY_PER_DAY,	  /* int64_t a day: 5000/d */
	MM_KEY_COUNT,	  /* int64_t */
	MM_KEY_PERMILLE,  /* int64_t: 12.5% */
	MM_KEY_MILLI,	  /* int64_t thousandths: 2, 0.05 */
	MM_KEY_PPM,	  /* int64_t: 0.0025% */
	MM_KEY_FACTOR,	  /* int64_t num and then den: 2, 1.5, 1/2 */
	MM_KEY_SWITCH,	  /* bool: yes, no */
	MM_KEY_WORD,	  /* an enum: index in `words` */
	MM_KEY_WORD_SET,  /* uint32_t: a bit for each of `words` */
	MM_KEY_OFFSET,	  /* int64_t ms: +01:00, east of UTC */
	MM_KEY_FEEDBACK,  /* struct mm_feedback: 1/N, 0.5 */
	MM_KEY_DAY_SPANS, /* struct mm_day_spans: 21:00-06:00 12:00-13:00 */
	MM_KEY_SCALE,	  /* struct mm_scale: 0%:25% 85%:100% */
	MM_KEY_EXIM_RULES /* struct mm_exim_rules: F,2h,15m; G,16h,1h,1.5 */
};

/* Relative to the moment of the backlog, or absolute. */
struct mm_when {
	int64_t after_ms; /* MM_NO_LIMIT: never */
	int64_t at_us;	  /* MM_TIME_NONE: relative */
};

enum mm_key_flag {
	MM_KEY_NOT_ZERO = 1,
	MM_KEY_OR_NONE = 2 /* the word none is MM_NO_LIMIT */
};

struct mm_key {
	const char *section, *key;
	enum mm_key_kind kind;
	size_t at; /* offset in the struct it goes to */
	unsigned flags;
	const char *const *words; /* ended by NULL */
};

/* Is there a section of this name? MM_EFORMAT: `err` names those there are. */
enum mm_status mm_keys_section(const struct mm_key *table, size_t n,
			       const struct mm_ini_item *item,
			       struct mm_err *err) MM_USE_RESULT;
/* The row of a key; NULL: `err` names the keys of the section. */
const struct mm_key *mm_keys_find(const struct mm_key *table, size_t n,
				  const struct mm_ini_item *item,
				  struct mm_err *err);
/* Put a value where it goes. MM_EFORMAT: "line 3: [pace] rate: found "30",
 * expected ...". */
enum mm_status mm_keys_put(const struct mm_key *k, struct mm_str value,
			   size_t line, void *base, struct mm_arena *arena,
			   struct mm_err *err) MM_USE_RESULT;

/* What stands behind a value in brackets: where the number comes from.
 *	rate = 3600/h [assumed 1800/h..7200/h: order of magnitude only]
 *	msgs_per_conn = 20 [published: reply to a sender, 2011] */
enum mm_origin { MM_GIVEN, MM_PUBLISHED, MM_ASSUMED, MM_MEASURED };

struct mm_mark {
	enum mm_origin origin;
	struct mm_str low, high; /* absent: no interval */
	struct mm_str note;	 /* absent: none */
};

/* Take the mark off the end of a value. MM_EFORMAT for one that is none. */
enum mm_status mm_keys_mark(struct mm_str *value, size_t line,
			    struct mm_mark *mark,
			    struct mm_err *err) MM_USE_RESULT;
const char *mm_origin_name(enum mm_origin o);

#endif
