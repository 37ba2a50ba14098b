/* load.h - rows into a new case, in bulk.
 *
 * Dictionaries are kept in memory and written at the end; rows are bound to
 * prepared statements as they come. The first failure is kept and everything
 * after it ignored, so that callers ask once, at the end.
 * Ids given to rows are the callers' where a struct has an `id`; 0 stands
 * for NULL in every reference, -1 in sizes and spans, MM_TIME_NONE in times.
 */
#ifndef MM_LOAD_H
#define MM_LOAD_H

#include "analyze/case/store.h"
#include "formats/base/intern.h"
#include "formats/base/time.h"

/* What only the rules of causes know; the caller gives it. */
struct mm_judge {
	/* Who runs this host; NULL when unknown. Static text. */
	const char *(*operator_of)(void *ctx, struct mm_str host);
	/* The cause of a reason (static texts; `*rule` NULL when none). */
	const char *(*cause_of)(void *ctx, const char *operator_name,
				struct mm_str reason, const char **rule);
	void *ctx;
};

struct mm_load;
struct mm_load *mm_load_new(struct mm_store *s, const struct mm_judge *j,
			    struct mm_err *err);
/* Write the dictionaries; the first failure of the load, if any. */
enum mm_status mm_load_finish(struct mm_load *l,
			      struct mm_err *err) MM_USE_RESULT;
void mm_load_free(struct mm_load *l);

/* Dictionary numbers; 0 for an absent text. */
uint32_t mm_load_name(struct mm_load *l, struct mm_str s);
uint32_t mm_load_address(struct mm_load *l, struct mm_str s);
uint32_t mm_load_relay(struct mm_load *l, struct mm_str name, struct mm_str ip,
		       int64_t port);
uint32_t mm_load_origin(struct mm_load *l, struct mm_str host,
			struct mm_str mta, struct mm_str instance);
/* The shape of `reason` at the operator of `relay`. What the shape leaves out
 * goes to `args`, appended; nothing is lost (mm_shape_join). */
uint32_t mm_load_reply(struct mm_load *l, struct mm_str reason, uint32_t relay,
		       struct mm_buf *args);
struct mm_str mm_load_address_text(const struct mm_load *l, uint32_t id);
/* Is the relay one of this machine (loopback, local, a pipe)? */
bool mm_load_relay_is_local(const struct mm_load *l, uint32_t id);

struct mm_row_place { /* evidence */
	uint32_t file, line;
};

struct mm_row_message {
	uint32_t id, origin;
	struct mm_str queue_id, message_id;
	uint32_t sender, client_name, client_ip, sasl;
	int64_t size, nrcpt, arrived_us, ended_us;
	unsigned flags;
	struct mm_row_place at;
	uint64_t byte;
};

struct mm_row_recipient {
	uint32_t message, address, orig, reply, relay;
	uint32_t n_attempts;
	uint32_t next; /* message it went on as */
	uint32_t heir; /* recipient there whose final counts */
	uint8_t final, proof;
	int64_t final_us;
};

struct mm_row_attempt {
	uint32_t recipient, relay, reply, dsn;
	struct mm_str args;
	int64_t t_us, delay_us, delays_us[4];
	uint8_t outcome, flags;
	struct mm_row_place at;
};

struct mm_row_leg {
	uint32_t message, origin, relay, reply;
	struct mm_str args;
	int64_t t_us;
	uint8_t flags;
	struct mm_row_place at;
};

struct mm_row_step {
	uint32_t message;
	int64_t t_us;
	const char *kind;
	struct mm_row_place at;
};

struct mm_row_edge {
	uint32_t from, to, recipient;
	uint8_t kind, sure;
	struct mm_row_place at;
};

struct mm_row_reject {
	uint32_t origin, message, client_name, client_ip, helo, sender,
	    recipient, reply, sasl;
	struct mm_str queue_id, stage, args;
	int64_t t_us;
	uint8_t action;
	struct mm_row_place at;
};

struct mm_row_event {
	uint32_t origin;
	int64_t t_us;
	const char *kind, *what;
	struct mm_str program, text;
	struct mm_row_place at;
};

void mm_load_message(struct mm_load *l, const struct mm_row_message *r);
void mm_load_recipient(struct mm_load *l, uint32_t id,
		       const struct mm_row_recipient *r);
void mm_load_attempt(struct mm_load *l, const struct mm_row_attempt *r);
void mm_load_leg(struct mm_load *l, const struct mm_row_leg *r);
void mm_load_step(struct mm_load *l, const struct mm_row_step *r);
void mm_load_edge(struct mm_load *l, const struct mm_row_edge *r);
void mm_load_reject(struct mm_load *l, const struct mm_row_reject *r);
void mm_load_event(struct mm_load *l, const struct mm_row_event *r);

#endif
