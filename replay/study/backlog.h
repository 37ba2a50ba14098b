/* backlog.h - the mail that waits at a moment, and the mail that comes after.
 *
 * From the queue snapshots of a case when one was taken shortly before, else
 * from its timelines: what had arrived and had no end yet. One item for each
 * recipient. Mail that goes nowhere outside (local transports) is left out.
 */
#ifndef MM_BACKLOG_H
#define MM_BACKLOG_H

#include "analyze/case/store.h"
#include "formats/base/intern.h"
#include "formats/base/time.h"
#include "replay/study/service.h"

struct mm_backlog_item {
	int64_t created_us, last_us, next_us; /* NONE: unknown */
	int64_t size_bytes;		      /* -1: unknown */
	uint32_t domain;		      /* index */
	uint32_t n_fails;
	uint32_t address, sender_address; /* of the case; 0: see the texts */
	struct mm_str queue_id;		  /* arena */
	struct mm_str message_id;	  /* arena; may be absent */
	struct mm_str sender, recipient;  /* arena; may be absent */
	bool live;			  /* came after the moment */
	bool held;			  /* on hold by an operator */
	bool bad;			  /* bounced in truth */
};

struct mm_backlog_domain {
	struct mm_str name, relay, operator_name; /* arena; absent: unknown */
	uint64_t n_remote, n_local; /* attempts that the log shows */
};

struct mm_backlog {
	struct mm_backlog_item *items; /* owned; by creation */
	size_t n, cap, n_live, n_held;
	struct mm_backlog_domain *domains; /* owned, by number of the name */
	size_t cap_domains;
	struct mm_intern names; /* of domains */
	struct mm_arena texts;
	int64_t at_us;
	struct mm_str source; /* "snapshot NAME of TIME", "the timelines" */
	struct mm_str mta;    /* whose queue it is; absent: unknown */
	struct mm_service service;
	/* First contacts that were refused for good, of all. */
	uint64_t n_hard, n_contacts;
};

struct mm_backlog_wish {
	int64_t at_us; /* NONE: the latest snapshot, else the logs' end */
	/* New mail: as much of it as came within live_span_us from
	 * live_from_us on (NONE: from the moment on), as if it came from the
	 * moment on; thinned or multiplied to live_permille. */
	int64_t live_span_us, live_from_us, live_permille;
	bool addresses;	   /* read the texts of addresses too */
	bool no_snapshots; /* from the timelines in any case */
};

/* End with mm_backlog_fini in any case. MM_ENOENT: nothing waits then. */
enum mm_status mm_backlog_load(struct mm_backlog *b, struct mm_store *s,
			       const struct mm_backlog_wish *wish,
			       struct mm_err *err) MM_USE_RESULT;
void mm_backlog_fini(struct mm_backlog *b);

#endif
