/* rows_in.h - the rows of a case as the loader hands them to the writer.
 *
 * In every reference 0 stands for NULL, in sizes and spans -1, in times
 * MM_TIME_NONE; a text that is absent is NULL.
 */
#ifndef MM_ROWS_IN_H
#define MM_ROWS_IN_H

#include "formats/base/time.h"

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
	struct mm_str lines; /* see trail.h */
};

struct mm_row_recipient {
	uint32_t id, message, address, orig, reply, relay;
	uint32_t n_attempts;
	uint32_t next;	   /* message it went on as */
	uint32_t heir;	   /* recipient there whose final counts */
	uint32_t envelope; /* OpenSMTPD: what its id has behind the queue id */
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

struct mm_row_tie { /* the leg that was the n-th row is of `message` */
	uint32_t leg, message;
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

struct mm_row_verdict {
	uint32_t message, origin;
	int64_t t_us;
	const char *opinion;
	struct mm_str program, score, text, queue_id, message_id, client_ip,
	    sender, recipient;
	struct mm_row_place at;
};

struct mm_row_word { /* of a dictionary; text: view until the writer ends */
	uint32_t id, domain;
	struct mm_str text;
};

enum mm_row_kind {
	MM_ROW_MESSAGE,
	MM_ROW_RECIPIENT,
	MM_ROW_ATTEMPT,
	MM_ROW_LEG,
	MM_ROW_TIE,
	MM_ROW_STEP,
	MM_ROW_EDGE,
	MM_ROW_REJECT,
	MM_ROW_EVENT,
	MM_ROW_VERDICT,
	MM_ROW_NAME,
	MM_ROW_ADDRESS,
	MM_ROW_KINDS
};

struct mm_row {
	enum mm_row_kind kind;
	union {
		struct mm_row_message message;
		struct mm_row_recipient recipient;
		struct mm_row_attempt attempt;
		struct mm_row_leg leg;
		struct mm_row_tie tie;
		struct mm_row_step step;
		struct mm_row_edge edge;
		struct mm_row_reject reject;
		struct mm_row_event event;
		struct mm_row_verdict verdict;
		struct mm_row_word word;
	} u;
};

#endif
