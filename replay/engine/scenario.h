/* scenario.h - what is replayed: messages, destinations, sender, receivers.
 *
 * All times and durations are signed milliseconds from the start of the run;
 * mail of the backlog was created before it. A limit that is none is
 * MM_NO_LIMIT, a switch that is off is 0. Filled by mm_scenario_read from a
 * scenario file, or by hand; mm_run (run.h) plays it.
 * Source: the RS1 scenario format, test-corpus/replay/README.md.
 */
#ifndef MM_SCENARIO_H
#define MM_SCENARIO_H

#include "formats/base/arena.h"
#include "formats/base/buf.h"
#include "formats/base/status.h"

#define MM_NO_LIMIT ((int64_t)1 << 62)
#define MM_TOKEN    INT64_C(3600000) /* a message: msg/h times ms */
#define MM_DAY_MS   INT64_C(86400000)

/* What an attempt ended with. In the order of their names. */
enum mm_result {
	MM_DEFER_BLOCKED,
	MM_DEFER_CONNMSGS,
	MM_DEFER_DAILY,
	MM_DEFER_GREYLIST,
	MM_DEFER_OTHER, /* of the message's own; never the receiver's */
	MM_DEFER_RATE,
	MM_HARD,
	MM_ACCEPTED,
	MM_REFUSED_BLOCKED,
	MM_REFUSED_CONNLIMIT,
	MM_N_RESULTS,
	MM_NO_RESULT = MM_N_RESULTS /* not known when the run ended */
};

/* "ok", "hard", "defer:rate", "refused:connlimit"; "-" for no result. */
const char *mm_result_name(enum mm_result r);

enum mm_state {
	MM_WAITING, /* for its arrival or its next try */
	MM_READY,   /* due, or an attempt is under way */
	MM_DELIVERED,
	MM_BOUNCED,
	MM_EXPIRED
};

/* One message for one destination. The run uses it up: the members marked
 * (run) change, so that a queued message takes these 40 bytes, its 16 in the
 * event queue and its place in a ready list, and nothing more. */
struct mm_message {
	int64_t created_ms;    /* what its age counts from */
	int64_t arrive_ms;     /* enters the queue; (run) Exim: last try */
	int64_t next_ms;       /* retry time already set, 0 none; (run) Exim:
				* the next try as foreseen at the last */
	int64_t at_ms;	       /* (run) when it wakes, or when it ended */
	uint32_t dest;	       /* index */
	uint32_t n_fails : 27; /* (run) */
	uint32_t bad : 1;      /* unknown user: bounced when accepted */
	uint32_t live : 1;     /* came after the pause: see reserve */
	uint32_t state : 3;    /* (run) enum mm_state */
};

/* Ids of messages `first` ... `first + count - 1`: the text alone, or the
 * text with a number from 0. */
struct mm_ids {
	struct mm_str text; /* arena */
	size_t first, count;
	bool numbered;
};

enum mm_retry_kind {
	MM_RETRY_NONE,
	MM_RETRY_POSTFIX,
	MM_RETRY_EXPONENTIAL,
	MM_RETRY_INTERVAL,
	MM_RETRY_EXIM,
	MM_RETRY_SQUARE
};

struct mm_exim_rule {
	bool geometric; /* G, else F */
	int64_t cutoff_ms, gap_ms, factor_permille;
};

struct mm_exim_rules {
	struct mm_exim_rule *v; /* arena */
	size_t n;
};

struct mm_retry_spec {
	enum mm_retry_kind kind;
	int64_t granularity_ms, slack_ms, min_ms; /* postfix */
	int64_t max_ms;				  /* postfix, exponential */
	int64_t base_ms, num, den; /* exponential; square: base */
	int64_t every_ms;	   /* interval */
	int64_t max_gap_ms;	   /* exim */
	struct mm_exim_rules rules;
	int64_t queue_run_ms; /* retries wait for a multiple of it; 0: off */
};

/* One direction of the feedback: a step of `fixed`, or of 1/window. */
struct mm_feedback {
	bool per_window;
	double fixed;
};

struct mm_window_spec {
	int64_t init, limit;
	bool adaptive;
	struct mm_feedback positive, negative;
	double cohort_limit; /* 0: a destination never dies */
	int64_t dead_ms;
};

/* How long things take. */
struct mm_times {
	int64_t connect_ms, accept_ms, reject_ms, refuse_ms;
};

/* What the sender remembers of a destination that refused a connection: until
 * its time has come nothing is tried there, and what is due waits for it. */
enum mm_host_kind {
	MM_HOST_NONE,
	MM_HOST_RULES, /* Exim: its retry rules, from the first refusal on */
	MM_HOST_FIXED  /* Sendmail's host status: a fixed time */
};

struct mm_host_spec {
	enum mm_host_kind kind;
	int64_t for_ms; /* fixed */
};

struct mm_sender {
	struct mm_times times;
	bool reuse;
	int64_t max_msgs_per_conn, global_limit, max_age_ms;
	int64_t rate_delay_ms; /* a destination rests after each; 0: none */
	struct mm_retry_spec retry;
	struct mm_window_spec window;
	struct mm_host_spec host;
};

enum mm_order {
	MM_FIFO,
	MM_AGE,
	MM_NEWEST,
	MM_PRIORITY,
	MM_DEADLINE /* expires first; as all live equally long, by age */
};

enum mm_pace_kind {
	MM_PACE_NONE,
	MM_PACE_CONSTANT,
	MM_PACE_LINEAR,
	MM_PACE_EXP,
	MM_PACE_AIMD,
	MM_PACE_PROBE /* slow until one is taken, then max_per_hour */
};

/* Who shares a bucket, among destinations of one pace_group. */
enum mm_pace_scope { MM_PACE_DEST, MM_PACE_RECEIVER, MM_PACE_GLOBAL };

struct mm_pace_spec {
	enum mm_pace_kind kind;
	enum mm_pace_scope scope;
	uint32_t bad_results; /* bit by enum mm_result: what aimd, probe heed */
	int64_t rate_per_hour, burst;
	int64_t inc, step_ms, num, den;
	int64_t period_ms, threshold_permille;
	int64_t min_per_hour, max_per_hour;
};

struct mm_day_span {
	int64_t from_ms, to_ms; /* [from, to) of the day */
};

struct mm_day_spans {
	struct mm_day_span *v; /* arena */
	size_t n;
};

struct mm_policy {
	int64_t pause_at_ms; /* from then until it is resumed nothing starts */
	int64_t resume_at_ms, stagger_ms;
	enum mm_order order;
	int64_t concurrency, msgs_per_conn;
	int64_t reserve_permille;      /* of the starts for live mail, if any */
	int64_t expire_guard_ms;       /* what expires so soon goes first */
	int64_t retry_jitter_permille; /* the wait varies by up to this */
	uint32_t pace_group;
	bool flush;
	/* Mail that is too old is given up while it is paused as well. */
	bool expire_paused;
	int64_t suspend_after, suspend_ms;
	struct mm_day_spans windows; /* none: always */
	int64_t day_offset_ms;
	struct mm_pace_spec pace;
};

struct mm_rate_step {
	int64_t t_ms, rate_per_hour;
};

struct mm_scale_step {
	int64_t min_ppm, permille;
};

struct mm_scale {
	struct mm_scale_step *v; /* arena, ascending */
	size_t n;
};

/* Reputation as the share of good mail among all that is remembered: each
 * message and each event has a weight, and weights fade. What a new sender
 * has is the share of the two priors, which do not fade. */
struct mm_reputation_share {
	bool used; /* else points: the exact core's integers */
	double prior_good, prior_bad;
	double half_life_ms;
	double good; /* weight of a message that was taken */
	double bad[MM_N_RESULTS];
	/* A message beyond `growth` times the volume of a day that the
	 * receiver is used to weighs so much more; 0: none does. */
	double surge, growth;
	double volume_per_day; /* used to at the start; it was good mail */
	double volume_half_life_ms;
};

struct mm_reputation_spec {
	bool used;
	int64_t base_ppm, start_ppm, tick_ms, recover_ppm, good_ppm;
	int64_t penalty_ppm[MM_N_RESULTS];
	bool scaled; /* the rate depends on it */
	struct mm_scale scale;
	/* Of each change this much is felt by the others of its pool. */
	int64_t spread_permille;
	struct mm_reputation_share share;
};

struct mm_receiver_spec {
	bool rate_limited;
	int64_t rate_per_hour, burst, level;
	struct mm_rate_step *rate_steps; /* arena, ascending */
	size_t n_rate_steps;
	int64_t reject_cost_permille;
	int64_t max_conn, max_msgs_per_conn, daily_cap, day_offset_ms;
	int64_t greylist_ms, greylist_awl;
	int64_t strike_n, strike_window_ms;
	int64_t block_ms, block_mult, block_max_ms;
	bool block_at_connect; /* else at the message */
	int64_t extend_ms;
	struct mm_reputation_spec reputation;
	/* Receivers that are one, each seeing another address of the sender's
	 * pool: this one is one of `pool_size` from index `pool` on. */
	size_t pool, pool_size;
};

struct mm_dest {
	struct mm_str name;	      /* arena or view */
	const struct mm_times *times; /* view; NULL: the sender's */
	uint32_t receiver;	      /* index */
	uint32_t policy;	      /* index */
};

/* Chance, for runs that are no exact scenarios. Zero: none. */
struct mm_noise {
	uint64_t seed;
	const int64_t
	    *service_permille; /* view: how times vary, drawn evenly */
	size_t n_service;
	int64_t retry_jitter_permille;
	int64_t fail_ppm; /* attempts that fail as MM_DEFER_OTHER */
};

struct mm_scenario {
	struct mm_message *messages; /* owned, as all arrays here */
	size_t n_messages, cap_messages;
	int64_t *priority; /* by message; NULL: all 0 */
	/* By message: the first message with the same greylist key and
	 * receiver. NULL: every message has a key of its own. */
	uint32_t *grey_key;
	struct mm_ids *ids; /* ascending; none when no log is wanted */
	size_t n_ids, cap_ids;
	struct mm_dest *dests;
	size_t n_dests;
	struct mm_receiver_spec *receivers;
	size_t n_receivers;
	struct mm_policy *policies;
	size_t n_policies;
	struct mm_sender sender;
	struct mm_noise noise;
	int64_t horizon_ms; /* nothing later is played */
	struct mm_arena arena;
};

/* Empty; with every limit none and every switch off. */
void mm_scenario_init(struct mm_scenario *s);
void mm_scenario_fini(struct mm_scenario *s);
void mm_sender_init(struct mm_sender *s);
void mm_policy_init(struct mm_policy *p);
void mm_receiver_spec_init(struct mm_receiver_spec *r);

/* Room for `n` more messages, all zero: the first of them. */
struct mm_message *mm_scenario_grow(struct mm_scenario *s, size_t n);

/* The id of message `i`, added to `out`. */
void mm_scenario_add_id(const struct mm_scenario *s, size_t i,
			struct mm_buf *out);

/* Fill `s` (init done) from the text of a scenario file. Unknown keys are
 * passed over. MM_EFORMAT: `err` names the key that is wrong, what stands
 * there and what was expected. */
enum mm_status mm_scenario_read(struct mm_scenario *s, struct mm_str text,
				struct mm_err *err) MM_USE_RESULT;

#endif
