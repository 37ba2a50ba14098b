/* event.h - the events to come, earliest first.
 *
 * A radix heap: buckets by the highest bit in which a time differs from the
 * last one taken, so a push and a pop cost a few moves whatever the number of
 * pending events. It needs what a simulation gives: no event is set before
 * the present. 16 bytes an event, in blocks that are used again.
 *
 * Total order: by time, then class, then number. Only the wakes of one
 * instant come as they were pushed: nothing may depend on their order (the
 * ready lists sort), and waves of a million of them need no second copy.
 * Source: Ahuja, Mehlhorn, Orlin, Tarjan 1990, "radix heap".
 */
#ifndef MM_EVENT_H
#define MM_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mm_event_class {
	MM_EV_COMPLETE = 1, /* number: of the attempt */
	MM_EV_DECIDE = 2,   /* number: of the attempt */
	MM_EV_WAKE = 3,	    /* number: of the message */
	MM_EV_TIMER = 4	    /* number: 4 * destination + kind */
};

enum mm_timer { MM_UNDEAD, MM_RESUME, MM_ADAPT, MM_POKE };

struct mm_event {
	enum mm_event_class class;
	uint64_t number; /* below 2^61 */
};

struct mm_block;

struct mm_events {
	struct mm_block *bucket[65]; /* owned chains, oldest block first */
	struct mm_block *last[65];   /* the end of each */
	uint64_t least[65];	     /* earliest time in each */
	uint64_t filled;	     /* bit b: bucket b + 1 is not empty */
	struct mm_block *spare;	     /* blocks to use again */
	uint64_t now;
	const char *wakes; /* view */
	size_t each_bytes;
	uint64_t *batch; /* this instant's events but wakes, sorted; owned */
	size_t at, n, cap;
};

/* `wakes`: what the wakes are about, `each_bytes` a number; it is fetched
 * ahead of them. */
void mm_events_init(struct mm_events *q, const void *wakes, size_t each_bytes);
void mm_events_fini(struct mm_events *q);

/* `t_ms` is not before the present (0 at first). */
void mm_events_push(struct mm_events *q, int64_t t_ms,
		    enum mm_event_class class, uint64_t number);

/* Go on to the earliest time that has an event, if there is one. Only when
 * mm_events_pop has given all of the present. */
bool mm_events_next(struct mm_events *q, int64_t *t_ms);

/* Take the next event of the present instant. Those pushed for the present
 * in between come in their order too. */
bool mm_events_pop(struct mm_events *q, struct mm_event *e);

#endif
