/* find.h - messages by whatever a person has in hand.
 *
 * The index that a question needs is made on the first such question.
 */
#ifndef MM_FIND_H
#define MM_FIND_H

#include "analyze/case/store.h"

enum mm_find_by {
	MM_FIND_ANY, /* all below but the reply text */
	MM_FIND_QUEUE_ID,
	MM_FIND_MESSAGE_ID,
	MM_FIND_SENDER,
	MM_FIND_RECIPIENT, /* final or as given */
	MM_FIND_DOMAIN,	   /* of sender or recipient */
	MM_FIND_CLIENT,	   /* name or address */
	MM_FIND_RELAY,	   /* name or address of an attempt */
	MM_FIND_USER,	   /* SASL login */
	MM_FIND_REPLY,	   /* words in a reply */
	MM_FIND_COUNT
};

struct mm_find {
	enum mm_find_by by;
	struct mm_str what;	/* addresses: case of letters ignored */
	bool pattern;		/* `*` and `?` in `what` stand for others */
	int64_t from_us, to_us; /* arrival; MM_TIME_NONE: no bound */
};

struct mm_found {
	uint32_t *ids;	 /* owned; messages in order of arrival */
	unsigned *depth; /* owned; see mm_find_related; NULL before */
	size_t n, cap;
};

/* Appends what matches to `found`, each message once, in order of arrival;
 * not an error when nothing does. */
enum mm_status mm_find_messages(struct mm_store *s, const struct mm_find *f,
				struct mm_found *found,
				struct mm_err *err) MM_USE_RESULT;
/* Adds the messages that are the same mail under other ids, and notices about
 * them: what edges reach in either direction. Each is then followed by what it
 * went on as, `depth` hops below the first. */
enum mm_status mm_find_related(struct mm_store *s, struct mm_found *found,
			       struct mm_err *err) MM_USE_RESULT;
void mm_found_fini(struct mm_found *found);

#endif
