/* stock.h - what lay in the queue, and for how long: each recipient of a case
 * from its mail's arrival to its final, and which of them an incident hit.
 */
#ifndef MM_STOCK_H
#define MM_STOCK_H

#include "analyze/case/incident_rows.h"
#include "analyze/incident/limits.h"

struct mm_lay {		/* a recipient, by its id */
	int64_t out_us; /* its final; MM_TIME_NONE: waits at the logs' end */
	uint32_t message, domain, address;
	uint32_t envelope; /* the end of its id at OpenSMTPD; 0: none */
	uint8_t final;	  /* enum mm_final */
	uint8_t class_no; /* of the user's classes, from 1; 0: none */
	bool known;	  /* was in a queue: arrived, not refused at once */
	bool again;	  /* tried more than once */
};

struct mm_mail { /* a message, by its id */
	int64_t in_us;
	uint32_t origin, sender, file, line;
};

struct mm_stock {
	struct mm_lay *lays;
	struct mm_mail *mails;
	size_t n_lays, n_mails; /* ids are less */
	/* The recipients of mail m: of[first[m]] ... of[first[m + 1] - 1]. */
	uint32_t *first, *of;
	/* Those of domain d: at[first_at[d]] ... at[first_at[d + 1] - 1]. */
	uint32_t *first_at, *at;
	size_t n_senders, n_domains; /* ids are less */
	size_t cap_lays, cap_mails;
	uint32_t *domain_of; /* by address, while loading */
	size_t cap_domains;
	int64_t first_us; /* mail that was there before the logs came then */
};

/* A recipient that an incident hit, and when it first did. */
struct mm_hit {
	int64_t t_us;
	uint32_t recipient;
};

/* Mail of which the logs do not hold the beginning came at `first_us`. */
enum mm_status mm_stock_load(struct mm_stock *k, struct mm_store *s,
			     const struct mm_limits *limits, int64_t first_us,
			     struct mm_err *err) MM_USE_RESULT;
void mm_stock_free(struct mm_stock *k);

/* Sort by recipient and keep the first hit of each. Returns how many are left.
 */
size_t mm_hits_sort(struct mm_hit *hits, size_t n);
/* How many of `later` had `earlier` hit before; `at_once`: or with the same
 * line. Both sorted. */
size_t mm_hits_before(const struct mm_hit *earlier, size_t n_earlier,
		      const struct mm_hit *later, size_t n_later, bool at_once);

#endif
