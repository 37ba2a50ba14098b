/* life.h - one life of one queue id while it is being read, and what stays of
 * it until the end of the logs.
 *
 * An open life is a struct mm_life from a free list. Of every message and of
 * every recipient a short struct is kept to the end, since joins across queue
 * ids decide finals late; their places in struct mm_kept are the row ids.
 */
#ifndef MM_LIFE_H
#define MM_LIFE_H

#include "analyze/case/load.h"
#include "analyze/case/trail.h"
#include "formats/mail/record.h"

#define MM_QUEUE_ID_MAX 47

struct mm_kept_message {
	uint64_t queue_id_hash, message_id_hash; /* 0: no Message-ID */
	int64_t arrived_us;
	uint32_t origin;
	uint32_t split;		  /* index + 1 of its first split; 0: none */
	uint32_t first_recipient; /* chained by mm_kept_recipient.next */
	unsigned flags;		  /* enum mm_message_flag */
};

struct mm_kept_recipient {
	uint32_t next; /* of the same message; 0: last */
	uint32_t message;
	uint32_t address, orig;
	uint32_t reply, relay; /* that decided; of a real contact if any */
	uint32_t n_attempts;
	uint32_t envelope; /* mm_record.envelope_id, its end; 0: none */
	uint32_t hop;	   /* index into the hops, + 1; 0: none */
	uint32_t heir;	   /* at the next hop, once settled; 0: none */
	int64_t final_us;
	uint8_t final; /* enum mm_final */
	bool real;     /* `reply` is of a contact */
	bool given;    /* named at arrival, not yet by an outcome */
	bool here;     /* a copy was delivered on this host */
	bool picked;   /* by the attempt in hand: parts.c */
	bool gone;     /* an alias that became others: no row of its own */
};

/* Rows in blocks that never move; ids from 1. */
struct mm_kept {
	char **blocks; /* owned */
	size_t n_blocks, cap_blocks, each_bytes;
	uint32_t n;
};

void mm_kept_init(struct mm_kept *k, size_t each_bytes);
void mm_kept_fini(struct mm_kept *k);
uint32_t mm_kept_add(struct mm_kept *k); /* zeroed; returns its id */
void *mm_kept_at(const struct mm_kept *k, uint32_t id);

bool mm_kept_is_final(const struct mm_kept_recipient *r);
/* Keep the id that its lines have for it alone. */
void mm_kept_name(struct mm_kept_recipient *k, const struct mm_record *r);
/* What an outcome means for its recipient. A deferral after a final is a line
 * that came late. The reply that counts is that of the last real contact:
 * "temporarily suspended" only repeats it. */
void mm_kept_apply(struct mm_kept_recipient *k, const struct mm_record *r,
		   uint32_t reply, uint32_t relay);

struct mm_life {
	struct mm_life *chain; /* same slot of the table; free list */
	uint64_t key;	       /* hash of host and queue id */
	uint32_t id;	       /* of the message, in order of appearance */
	uint32_t origin, root; /* root of the instance: "postfix-out" */
	uint32_t pid;	       /* of the arrival */
	char queue_id[MM_QUEUE_ID_MAX + 1];
	uint8_t n_queue_id, mta;
	bool arrived; /* an arrival was seen */
	bool active;  /* it reached the queue */
	bool closed, evicted;
	unsigned flags;	  /* enum mm_message_flag */
	char *message_id; /* owned; NULL unknown */
	size_t n_message_id;
	uint32_t sender, client_name, client_ip, sasl;
	int64_t size, nrcpt, first_us, arrived_us, ended_us;
	struct mm_row_place at;
	struct mm_trail trail;
	uint32_t first_recipient, last_recipient, n_recipients;
	uint32_t *index; /* recipients by address, when many; owned */
	size_t n_index;
};

struct mm_lives {
	struct mm_arena arena;
	struct mm_life *free_list;
	struct mm_kept messages, recipients;
};

void mm_lives_init(struct mm_lives *l);
void mm_lives_fini(struct mm_lives *l);
struct mm_life *mm_life_new(struct mm_lives *l);
void mm_life_free(struct mm_lives *l, struct mm_life *life);
/* The recipient with this address; made when new. */
struct mm_kept_recipient *mm_life_recipient(struct mm_lives *l,
					    struct mm_life *life,
					    uint32_t address, uint32_t *id);

/* The id of the recipient with this address, or 0. */
uint32_t mm_life_find(const struct mm_lives *l, const struct mm_life *life,
		      uint32_t address);

#endif
