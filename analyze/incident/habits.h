/* habits.h - breaks of habit at receivers that take the mail all the same:
 * a host that always spoke TLS and now does not, a domain whose mail goes to
 * another of its hosts than the usual one.
 *
 * Contacts of one origin come in by time, but those of another may be earlier:
 * habits are of an origin. Per receiver a habit is one host (or TLS) and how
 * often it was kept. A run of breaks is kept when its length is no chance:
 * one break has the chance (1 / 2) / (kept + 1), Jeffreys' estimate for an
 * event that was never seen. Memory grows with receivers and runs.
 */
#ifndef MM_HABITS_H
#define MM_HABITS_H

#include "formats/base/intern.h"

#define MM_HABIT_PLACES 8

struct mm_habit_contact {
	int64_t t_us;
	uint32_t party; /* whose habit */
	uint32_t way;	/* what it did; not 0 */
	uint32_t message, origin, file, line;
};

/* Breaks without the habit between. */
struct mm_habit_run {
	uint32_t habit, party, usual, way, origin;
	int64_t last_good_us, first_us, last_us;
	int64_t recovered_us; /* MM_TIME_NONE: the habit never came back */
	uint32_t n, last_message;
	double score; /* ln of how unlikely by chance */
	struct {
		uint32_t file, line;
	} at[MM_HABIT_PLACES];
	size_t n_at;
};

struct mm_habits {
	struct mm_intern keys; /* origin and party */
	struct mm_habit *v;    /* by the key's number */
	size_t n_habits;
	struct mm_habit_run *runs;
	size_t n_runs, cap_runs;
};

void mm_habits_init(struct mm_habits *h);
void mm_habits_note(struct mm_habits *h, const struct mm_habit_contact *c);
/* After the last contact: runs that are open are kept. */
void mm_habits_end(struct mm_habits *h);
void mm_habits_fini(struct mm_habits *h);

#endif
