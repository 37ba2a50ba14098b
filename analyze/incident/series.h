/* series.h - the evidence of a case as detectors look at it: who was
 * contacted when, and what that says of them.
 *
 * Every attempt and leg becomes a contact with a sign. Contacts are indexed
 * by receiver domain, by relay host and by operator; a run of good ones with
 * nothing bad between becomes two entries that carry its number, so memory
 * grows with failures and with receivers, not with lines.
 */
#ifndef MM_SERIES_H
#define MM_SERIES_H

#include "analyze/incident/habits.h"
#include "analyze/incident/sign.h"
#include "formats/base/intern.h"

struct mm_contact {
	int64_t t_us;
	uint32_t domain, host; /* 0: not known, or local */
	uint32_t message, recipient, address, reply, origin;
	uint32_t file, line;
	uint32_t n;   /* good: contacts it stands for, else 1 */
	uint8_t sign; /* enum mm_sign */
	bool leg;     /* another host was tried after it */
	bool took;    /* good: the mail was taken */
	bool unsure;  /* lost after the end of data: may have been taken */
};

struct mm_host {
	struct mm_str name, ip; /* the first address seen */
	uint32_t operator_no;	/* 0: unknown */
	uint32_t domain;	/* the only one it serves; 0: none or several */
	bool several;
	bool local; /* of this machine */
};

enum mm_level {
	MM_BY_DOMAIN, /* party: name id */
	MM_BY_HOST,
	MM_BY_OPERATOR,
	MM_LEVELS
};

/* Contacts of each party in order of time: at[first[p]] ... at[first[p+1]-1].
 * Parties that never failed have none. `signs` says which failures a party
 * has: bit 1 << enum mm_sign. */
struct mm_index {
	size_t n_parties;
	uint32_t *first, *at;
	uint32_t *signs;
};

struct mm_series {
	struct mm_dict *dict;
	enum mm_sign *signs;	     /* by reply id */
	struct mm_contact *contacts; /* by time */
	size_t n_contacts, cap_contacts;
	struct mm_host *hosts; /* from 1 */
	size_t n_hosts;
	struct mm_str *operators; /* from 1 */
	size_t n_operators;
	struct mm_index by[MM_LEVELS];
	struct mm_habits ways; /* by domain: which host took its mail */
	struct mm_habits tls;  /* by host: 1 over TLS, 2 in clear */
	/* The first text of each reply at each receiver. */
	struct mm_intern said; /* keys */
	struct mm_str *texts;  /* by number */
	size_t cap_texts;
	uint8_t *finals;    /* enum mm_final by recipient id */
	uint32_t *last_bad; /* contact, by recipient id */
	size_t n_finals;
	int64_t first_us, last_us;
	/* How long a recipient waits for the next try, in this data: nine of
	 * ten wait no longer. */
	int64_t retry_us;
};

/* Owned. NULL on failure. Empty when the case holds no time. */
struct mm_series *mm_series_load(struct mm_store *s, struct mm_err *err);
void mm_series_free(struct mm_series *s);

/* What this receiver said, whole, when it first failed as contact `c` did;
 * absent when it said nothing. */
struct mm_str mm_series_said(const struct mm_series *s,
			     const struct mm_contact *c);
#endif
