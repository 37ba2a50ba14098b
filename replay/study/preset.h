/* preset.h - receiver files and sender files: the two sides of a replay.
 *
 * A receiver file says what one operator allows; behind each number stands
 * where it comes from (keys.h, struct mm_mark). What is assumed or measured
 * may have an interval, from which runs with a seed draw.
 *
 *	[receiver]    name, about, match
 *	[limits]      rate, burst, reject_cost, connections, msgs_per_conn,
 *	              daily_cap, midnight
 *	[greylist]    delay, passes
 *	[block]       strikes, within, for, growth, longest, at, extend
 *	[reputation]  base, start, half_life, good, scale, pool
 *	[share]       prior_good, prior_bad, good, rate, connlimit, connmsgs,
 *	              daily, blocked, greylist, hard, surge, growth, volume,
 *	              forgets: in place of points, see engine/scenario.h
 *	[penalty]     rate, connlimit, connmsgs, daily, blocked, greylist, hard
 *
 * `match` lists patterns: of a recipient's domain, mx:PATTERN of its relay's
 * name, operator:NAME.
 *
 *	[sender]  name, about, mta, addresses, connect, accept, reject,
 *	          refuse, reuse, msgs_per_conn, rate_delay, process_limit,
 *	          max_age
 *	[retry]   kind, granularity, slack, min, max, base, factor, every,
 *	          max_gap, rules, queue_run, jitter
 *	[window]  init, limit, adaptive, positive, negative, cohort, dead
 *	[host]    kind, for: what is remembered of a destination that refused
 */
#ifndef MM_PRESET_H
#define MM_PRESET_H

#include "replay/study/keys.h"

/* One number of a file, and where it comes from. */
struct mm_param {
	const struct mm_key *key; /* view */
	struct mm_str text;	  /* as written, without its mark; arena */
	enum mm_origin origin;
	bool ranged;
	int64_t low, high;   /* as the key's value */
	struct mm_str range; /* as written; arena; absent: none */
	struct mm_str note;  /* arena */
};

/* A [share] as written, in thousandths; settled into the spec. */
struct mm_share_keys {
	int64_t prior_good, prior_bad, good, bad[MM_N_RESULTS];
	int64_t surge, growth;
	int64_t volume_per_day, volume_half_life_ms; /* whole */
};

struct mm_receiver_file {
	struct mm_str name, about, match; /* arena */
	struct mm_receiver_spec spec;
	int64_t half_life_ms;
	struct mm_share_keys share;
	unsigned stage;		 /* of the block: 0 mail, 1 connect */
	struct mm_param *params; /* owned */
	size_t n_params, cap_params;
	struct mm_arena arena;
};

struct mm_sender_file {
	struct mm_str name, about, mta; /* arena */
	struct mm_sender sender;
	int64_t jitter_permille;
	int64_t cohort;
	int64_t n_addresses;	 /* that take turns; 0 is one */
	struct mm_param *params; /* owned */
	size_t n_params, cap_params;
	struct mm_arena arena;
};

/* Read a file's text. MM_EFORMAT: `err` says "line 3: ..."; the caller knows
 * the name. End with the fini in any case. */
enum mm_status mm_receiver_file_read(struct mm_receiver_file *f,
				     struct mm_str text,
				     struct mm_err *err) MM_USE_RESULT;
void mm_receiver_file_fini(struct mm_receiver_file *f);
enum mm_status mm_sender_file_read(struct mm_sender_file *f, struct mm_str text,
				   struct mm_err *err) MM_USE_RESULT;
void mm_sender_file_fini(struct mm_sender_file *f);

/* Is it what `postconf -n` prints? Then mm_sender_postconf puts it over a
 * sender that has been read (the preset of Postfix). MM_EFORMAT: a value that
 * cannot be played. */
bool mm_sender_is_postconf(struct mm_str text);
enum mm_status mm_sender_postconf(struct mm_sender_file *f, struct mm_str text,
				  struct mm_err *err) MM_USE_RESULT;
/* Put one value over what was read. */
enum mm_status mm_sender_file_set(struct mm_sender_file *f, const char *section,
				  const char *key, struct mm_str value,
				  struct mm_err *err) MM_USE_RESULT;

/* The receiver with its uncertain numbers drawn from their intervals: half of
 * the draws above the number, half below. `who` tells receivers of one file
 * apart. Seed 0 draws nothing. */
void mm_receiver_file_draw(const struct mm_receiver_file *f, uint64_t seed,
			   uint64_t who, struct mm_receiver_spec *spec);

/* How well a `match` fits: 0 not at all; operator, relay and domain count
 * more than a pattern. Absent views fit nothing. */
int mm_receiver_fits(struct mm_str match, struct mm_str domain,
		     struct mm_str relay, struct mm_str operator_name);

#endif
