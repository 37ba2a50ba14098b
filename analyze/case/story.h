/* story.h - one message as the logs tell it: head, recipients, facts. */
#ifndef MM_STORY_H
#define MM_STORY_H

#include "analyze/case/schema.h"
#include "analyze/case/store.h"
#include "formats/base/time.h"

struct mm_story_head {
	uint32_t id;
	struct mm_str host, mta, instance, queue_id, message_id, sender,
	    client_name, client_ip, user, source;
	int64_t size_bytes, n_recipients, arrived_us, ended_us;
	unsigned flags;	     /* enum mm_message_flag */
	struct mm_str lines; /* that told of it; see trail.h */
};

struct mm_story_recipient {
	uint32_t id;
	struct mm_str address, orig, cause, next_host, next_id;
	int64_t final_us, n_attempts;
	int final; /* enum mm_final */
	int proof; /* enum mm_join of `next` */
};

/* An attempt, a leg of one, a step (held, expired, ...), a refusal, what a
 * filter said. */
struct mm_story_fact {
	int64_t t_us, delay_us; /* delay -1: not given */
	const char *kind;	/* "attempt", "leg", "step", "reject",
				   "verdict", "way" (a hop of its header) */
	uint32_t recipient;	/* 0: the whole message */
	struct mm_str what;	/* outcome, or the step's name */
	struct mm_str relay, ip, enhanced, cause, rule;
	struct mm_str text;   /* reply or reason, whole */
	int code;	      /* 0: none */
	unsigned flags;	      /* enum mm_attempt_flag */
	struct mm_str source; /* FILE:LINE */
};

/* A recipient who got the mail more than once, or may have: duplicates.h. */
struct mm_story_duplicate {
	struct mm_str address, how;
	int64_t n_sent, n_uncertain;
	struct mm_str evidence; /* "FILE:LINE, FILE:LINE" */
};

/* Prepared once, asked for many messages. Owned. */
struct mm_story;
struct mm_story *mm_story_new(struct mm_store *s, struct mm_err *err);
void mm_story_free(struct mm_story *y);

/* Views in what is handed out are valid until the next call. */
enum mm_status mm_story_head(struct mm_story *y, uint32_t message,
			     struct mm_story_head *head,
			     struct mm_err *err) MM_USE_RESULT;
/* MM_OK for each recipient, MM_END after the last; `first` begins anew. */
enum mm_status mm_story_recipient(struct mm_story *y, uint32_t message,
				  bool first, struct mm_story_recipient *r,
				  struct mm_err *err) MM_USE_RESULT;
/* The same for those who got it twice, as far as this message did it. */
enum mm_status mm_story_duplicate(struct mm_story *y, uint32_t message,
				  bool first, struct mm_story_duplicate *d,
				  struct mm_err *err) MM_USE_RESULT;
/* The same for facts, by time. */
enum mm_status mm_story_fact(struct mm_story *y, uint32_t message, bool first,
			     struct mm_story_fact *f,
			     struct mm_err *err) MM_USE_RESULT;

#endif
