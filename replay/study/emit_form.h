/* emit_form.h - between emit_log.c, which plays, and emit_forms.c, which
 * writes.
 */
#ifndef MM_EMIT_FORM_H
#define MM_EMIT_FORM_H

#include "replay/study/emit_log.h"

/* In the order in which those of one instant are written. */
enum mm_emit_kind {
	MM_EMIT_ARRIVAL,
	MM_EMIT_ATTEMPT,
	MM_EMIT_SUSPENDED, /* deferred without an attempt */
	MM_EMIT_END	   /* by the message's state */
};

struct mm_emit_event {
	int64_t t_ms;
	int64_t start_ms, decide_ms; /* of an attempt; -1: never decided */
	uint32_t message;
	uint8_t kind, result;
};

/* Who a message is from and to. */
struct mm_emit_mail {
	struct mm_str id;	 /* of the Message-ID, without a domain */
	struct mm_str sender;	 /* absent: not known */
	struct mm_str recipient; /* absent: not known */
	struct mm_str relay;	 /* absent: not known */
	int64_t size_bytes;	 /* -1: not known */
};

struct mm_emit {
	const struct mm_scenario *s;
	int64_t t0_us;
	/* Fill `m` with the names of a message, views until the next call. */
	void (*name)(struct mm_emit *e, size_t message, struct mm_emit_mail *m);
	const struct mm_study *study; /* of a study; else NULL */
	struct mm_buf text;	      /* for `name` */
	struct mm_buf out;	      /* lines */
};

struct mm_emit_form {
	const char *name;
	void (*line[MM_EMIT_END + 1])(struct mm_emit *e,
				      const struct mm_emit_event *ev);
};

extern const struct mm_emit_form mm_emit_postfix, mm_emit_exim;

#endif
