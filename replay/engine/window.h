/* window.h - how many attempts at once the sender allows a destination.
 *
 * Postfix's concurrency feedback: the window grows with handshakes that
 * succeed and shrinks with those that fail (a 4xx reply after the handshake
 * is no failure); a pseudo-cohort of failures makes the destination dead.
 * Source: Postfix SCHEDULER_README, qmgr_queue.c; RS1 section 3.
 */
#ifndef MM_WINDOW_H
#define MM_WINDOW_H

#include "replay/engine/scenario.h"

struct mm_window {
	const struct mm_window_spec *spec; /* view */
	int64_t size;
	double succ, failc, cohort;
	bool dead;
	int64_t undead_ms; /* when a dead one gets another chance */
};

void mm_window_init(struct mm_window *w, const struct mm_window_spec *spec);

/* A handshake that succeeded; `n_flying` attempts, this one included. */
void mm_window_positive(struct mm_window *w, int64_t n_flying);
/* A handshake that failed. True when it made the destination dead. */
bool mm_window_negative(struct mm_window *w, int64_t t_ms);
void mm_window_revive(struct mm_window *w, int64_t n_flying);
/* Nothing is in flight or ready: a live destination is forgotten. */
void mm_window_forget(struct mm_window *w);

#endif
