/* rows.h - what analyses read from a case: typed rows, streamed.
 *
 * Each reader streams one kind of row in the order said, once through, and
 * stops at the first status that is not MM_OK. Texts are looked up by number
 * in struct mm_dict, which holds the small dictionaries (not the addresses).
 * Numbers: 0 is none. Times: MM_TIME_NONE is unknown.
 */
#ifndef MM_ROWS_H
#define MM_ROWS_H

#include "analyze/case/schema.h"
#include "analyze/case/store.h"
#include "formats/base/arena.h"
#include "formats/base/time.h"

struct mm_dict_relay {
	struct mm_str name, ip;
	struct mm_str operator_name; /* absent: unknown */
};

struct mm_dict_reply {
	struct mm_str shape;  /* formats/mail/shape.h */
	struct mm_str sample; /* the first text of this shape, whole */
	struct mm_str operator_name;
	struct mm_str enhanced;
	struct mm_str cause, rule; /* absent for 2xx */
	int code;		   /* 0: none */
	int stage;		   /* enum mm_stage */
};

struct mm_dict_origin {
	struct mm_str host, mta, instance;
};

struct mm_dict {
	struct mm_arena texts;
	struct mm_str *names;		/* by id; [0] is absent */
	struct mm_dict_relay *relays;	/* by id */
	struct mm_dict_reply *replies;	/* by id */
	struct mm_dict_origin *origins; /* by id */
	struct mm_str *files;		/* by id: as given */
	size_t n_names, n_relays, n_replies, n_origins, n_files; /* ids + 1 */
};

struct mm_dict *mm_dict_load(struct mm_store *s, struct mm_err *err);
void mm_dict_free(struct mm_dict *d);

/* An attempt, or a leg of one (recipient 0: the line names none). */
struct mm_seen_attempt {
	int64_t t_us, delay_us, delays_us[4]; /* -1: not given */
	uint32_t id;			      /* of its table */
	uint32_t recipient, message;
	uint32_t address; /* of the recipient */
	uint32_t domain;  /* name id: receiver domain; 0 for a leg */
	uint32_t sender;  /* address id */
	uint32_t origin, relay, reply;
	uint8_t outcome; /* enum mm_outcome; deferred for a leg */
	bool contact;	 /* somebody was reached or tried for */
	bool leg;
	uint32_t file, line;
};

struct mm_seen_recipient { /* the end of the story, by message and id */
	uint32_t id, message, address, domain, sender, origin;
	uint32_t reply, relay, n_attempts, next;
	int64_t arrived_us, final_us, size_bytes;
	struct mm_str queue_id, message_id;
	uint8_t final; /* enum mm_final */
	unsigned message_flags;
	uint32_t file, line;
};

struct mm_seen_event {
	int64_t t_us;
	uint32_t origin;
	struct mm_str kind; /* "daemon", "trouble" */
	struct mm_str what; /* mm_daemon_name, mm_trouble_name */
	struct mm_str program, text;
	uint32_t file, line;
};

struct mm_seen_step { /* held, released, frozen, deleted, expired, ... */
	int64_t t_us;
	uint32_t message, origin;
	struct mm_str kind;
	uint32_t file, line;
};

struct mm_seen_waiting { /* in a spool snapshot */
	uint32_t snapshot, entry;
	int64_t taken_us, arrived_us, next_us, last_us, size_bytes, attempts;
	struct mm_str snapshot_name, host, mta, queue, queue_id, message_id,
	    sender, recipient, reason, cause;
};

/* What `row` gets are views valid during the call. */
/* Attempts and legs together, by time. `from_us`, `to_us`: half open;
 * MM_TIME_NONE: no bound. */
enum mm_status mm_rows_attempts(
    struct mm_store *s, int64_t from_us, int64_t to_us,
    enum mm_status (*row)(void *ctx, const struct mm_seen_attempt *a),
    void *ctx, struct mm_err *err) MM_USE_RESULT;
enum mm_status mm_rows_recipients(
    struct mm_store *s,
    enum mm_status (*row)(void *ctx, const struct mm_seen_recipient *r),
    void *ctx, struct mm_err *err) MM_USE_RESULT;
enum mm_status
mm_rows_events(struct mm_store *s,
	       enum mm_status (*row)(void *ctx, const struct mm_seen_event *e),
	       void *ctx, struct mm_err *err) MM_USE_RESULT;
enum mm_status
mm_rows_steps(struct mm_store *s,
	      enum mm_status (*row)(void *ctx, const struct mm_seen_step *st),
	      void *ctx, struct mm_err *err) MM_USE_RESULT;
/* By snapshot, then arrival. */
enum mm_status mm_rows_waiting(
    struct mm_store *s,
    enum mm_status (*row)(void *ctx, const struct mm_seen_waiting *w),
    void *ctx, struct mm_err *err) MM_USE_RESULT;

/* The text of one address, appended to `out` (which is not cleared). */
enum mm_status mm_rows_address(struct mm_store *s, uint32_t id,
			       struct mm_buf *out,
			       struct mm_err *err) MM_USE_RESULT;
/* First and last time of all logs; MM_TIME_NONE when there are none. */
enum mm_status mm_rows_span(struct mm_store *s, int64_t *first_us,
			    int64_t *last_us, struct mm_err *err) MM_USE_RESULT;

#endif
