/* scan.h - one pass over a case: the counts that the summary and the report
 * show, by what became of the mail, receiver, sender, cause, reply and time.
 *
 * Statements that group would read the same million rows once each. A mail
 * that went on under another queue id counts where it went, once; attempts
 * count where they were made. About 40 bytes of memory a message.
 */
#ifndef MM_SCAN_H
#define MM_SCAN_H

#include "analyze/case/rows.h"

struct mm_scan_total {
	int64_t recipients, messages, bytes;
};

struct mm_scan_party { /* a domain as receiver, or as sender */
	uint32_t recipients, messages;
	uint32_t finals[MM_FINAL_COUNT];
	uint32_t deferrals;	      /* that reached somebody */
	uint32_t n_delays;	      /* of what was sent */
	int64_t delay_sum, delay_max; /* microseconds */
	uint32_t relay;		      /* one that took or refused its mail */
};

struct mm_scan_reply { /* said when mail was put off or bounced */
	uint32_t attempts, recipients;
	int64_t first_us, last_us;
};

struct mm_scan_cause {
	struct mm_str name; /* absent: unknown */
	uint32_t attempts, recipients, receivers, lost;
	uint32_t reply; /* the one said most often */
};

struct mm_scan_bucket {
	uint32_t sent, deferred, bounced, untried; /* attempts */
	int64_t arrived, left;			   /* recipients */
};

struct mm_scan {
	struct mm_dict *dict;
	struct mm_scan_total totals[MM_FINAL_COUNT];
	int64_t n_rejects; /* recipients refused at the door */
	struct mm_scan_party *receivers, *senders; /* by name; 0: unknown */
	size_t null_sender; /* place of <> in `senders`; the last one */
	struct mm_scan_reply *replies; /* by reply; 0: none given */
	struct mm_scan_cause *causes;
	size_t n_causes;
	/* Time of the logs; no buckets when it is not known. What lies outside
	 * counts at the ends. */
	int64_t first_us, width_us;
	struct mm_scan_bucket *buckets;
	size_t n_buckets;
};

#define MM_SCAN_BUCKETS 240 /* at most */

/* Owned; NULL on failure. */
struct mm_scan *mm_scan_new(struct mm_store *s, struct mm_err *err);
void mm_scan_free(struct mm_scan *c);
/* The least round width (1 s ... 7 d) that needs at most `n_max` buckets. */
int64_t mm_scan_width(int64_t from_us, int64_t to_us, int64_t n_max);

#endif
