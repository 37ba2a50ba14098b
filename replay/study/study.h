/* study.h - one backlog, the receivers it goes to, and the policies to try.
 *
 * Prepared once; then every run (a policy, a seed) is a scenario made from it
 * that shares nothing that changes, so runs may go side by side.
 *
 * Time 0 of a run is the backlog's moment. A destination is a recipient
 * domain; those of one operator share a receiver. Where the sender has several
 * addresses a run has each destination and each receiver once for each of them,
 * side by side, and the mail of a destination goes to them in turn.
 */
#ifndef MM_STUDY_H
#define MM_STUDY_H

#include "replay/engine/run.h"
#include "replay/study/backlog.h"
#include "replay/study/plan.h"
#include "replay/study/preset.h"

/* A receiver file, and for whom. */
struct mm_study_choice {
	const struct mm_receiver_file *file; /* view */
	struct mm_str
	    pattern; /* as in a file's match; absent: the file's own */
	bool own;    /* the user's: stands above those built in */
};

struct mm_study_dest {
	struct mm_str name; /* view */
	uint32_t receiver;  /* index */
	size_t n_waiting;
};

struct mm_study_receiver {
	struct mm_str name; /* view: an operator, or a domain */
	const struct mm_receiver_file *file;
	size_t n_waiting;
};

struct mm_study {
	const struct mm_backlog *backlog;    /* view */
	const struct mm_sender_file *sender; /* view */
	struct mm_sender settled; /* the sender with the log's times */
	int64_t horizon_ms;
	size_t n_addresses;
	struct mm_study_dest *dests; /* owned; most mail first */
	size_t n_dests;
	struct mm_study_receiver *receivers; /* owned */
	size_t n_receivers;
	/* By destination, then creation; the shape of every run's messages. */
	struct mm_message *messages; /* owned */
	uint32_t *item_of;	     /* of the backlog, by message; owned */
	size_t n_messages, n_backlog;
	size_t n_live; /* messages that come after the moment */
};

/* Views of `b`, `sender` and the choices are kept: they must outlive it. The
 * choice that fits best is taken; one must fit all. */
void mm_study_init(struct mm_study *s, const struct mm_backlog *b,
		   const struct mm_sender_file *sender,
		   const struct mm_study_choice *choices, size_t n_choices,
		   int64_t horizon_ms);
void mm_study_fini(struct mm_study *s);

/* The scenario of one run. `plan` NULL: as if there had been no backlog and
 * no pause, for the live mail alone. Seed 0: every number as its file has it
 * and no chance; else drawn. End with mm_scenario_fini. */
void mm_study_scenario(const struct mm_study *s, const struct mm_plan *plan,
		       uint64_t seed, struct mm_scenario *out);

/* How the classes of a plan call a message: index, or MM_NOT_FOUND. */
size_t mm_study_class(const struct mm_study *s, const struct mm_plan *plan,
		      size_t message);

#endif
