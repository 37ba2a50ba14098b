/* open.h - the lives that are open: found by host and queue id, closed, and
 * written when nothing more can come of them.
 */
#ifndef MM_OPEN_H
#define MM_OPEN_H

#include "analyze/timeline/life.h"

/* Closed lives are kept for so many more closings: late lines of other
 * processes still find theirs. */
#define MM_OPEN_LATE 4096

/* Where and when the record in hand was written. */
struct mm_where {
	uint32_t host, origin;
	uint32_t root; /* of the instance: "postfix-out/slow" is one queue
			* with "postfix-out" */
	int64_t t_us;
	uint8_t mta;
	struct mm_row_place at;
};

struct mm_open {
	struct mm_load *load; /* view */
	struct mm_lives lives;
	struct mm_life **table; /* chains by key; owned */
	size_t n_slots, n_open;
	struct mm_life *late[MM_OPEN_LATE]; /* a ring */
	size_t next_late;
	bool *has_queue; /* by root: it runs a queue manager; owned */
	size_t cap_queue;
};

void mm_open_init(struct mm_open *o, struct mm_load *load);
void mm_open_fini(struct mm_open *o);

/* The life of this id that is open or was closed last; NULL for none. A
 * daemon with a log name of its own ("submission/smtpd") shares the queue of
 * the instance; two roots that both run a queue manager do not. */
struct mm_life *mm_open_find(const struct mm_open *o, const struct mm_where *w,
			     struct mm_str queue_id);
struct mm_life *mm_open_begin(struct mm_open *o, const struct mm_where *w,
			      struct mm_str queue_id);
/* Find, else begin. */
struct mm_life *mm_open_get(struct mm_open *o, const struct mm_where *w,
			    struct mm_str queue_id);
/* Its end was seen; late lines may still come. */
void mm_open_close(struct mm_open *o, struct mm_life *l, int64_t t_us);
/* A notice that cannot be delivered is refused, then frozen (Exim): it waits
 * in the queue all the same. */
void mm_open_freeze(struct mm_open *o, struct mm_life *l);
/* It was taken for cut, and goes on. */
void mm_open_again(struct mm_open *o, struct mm_life *l);
/* The next life of the same id begins: this one is over and written. */
void mm_open_end(struct mm_open *o, struct mm_life *l);
/* The logs are over. */
void mm_open_end_all(struct mm_open *o);
void mm_open_mark_queue(struct mm_open *o, uint32_t root);

struct mm_kept_recipient *mm_open_recipient(const struct mm_open *o,
					    uint32_t id);

#endif
