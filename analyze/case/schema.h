/* schema.h - the tables of a case file, version MM_CASE_VERSION.
 *
 *   file --< (every row that names its evidence: file, line)
 *   origin (host, MTA, instance) --< message --< recipient --< attempt
 *                                       |            `-- next -> message
 *                                       +--< leg, step, edge
 *   origin --< reject, event
 *   snapshot --< entry --< waiting
 *   setting: how an MTA was configured, by name
 *   name, address, relay, reply: dictionaries of repeated text
 *
 * Times are microseconds since 1970 UTC, NULL when unknown. The views v_* are
 * the public face: their columns are those of CONTRACT.md and stay; tables
 * may change with the version.
 */
#ifndef MM_SCHEMA_H
#define MM_SCHEMA_H

extern const char *const mm_schema_made[]; /* tables, views; ends in NULL */
extern const char mm_schema_indexes[];	   /* after the load */

/* recipient.final; the text is the CONTRACT's. */
enum mm_final {
	MM_FINAL_UNKNOWN,
	MM_FINAL_SENT,
	MM_FINAL_BOUNCED,
	MM_FINAL_EXPIRED,
	MM_FINAL_DEFERRED, /* still queued at the end of the logs */
	MM_FINAL_HELD,
	MM_FINAL_DELETED,
	MM_FINAL_REJECTED,
	MM_FINAL_COUNT
};
const char *mm_final_name(int final);

/* message.flags */
enum mm_message_flag {
	MM_MSG_NO_START = 1,  /* its beginning lies before the logs */
	MM_MSG_NO_END = 2,    /* no end mark: queued, or the logs end */
	MM_MSG_CUT = 4,	      /* the client left in the middle: no message */
	MM_MSG_HELD = 8,      /* on hold at the end */
	MM_MSG_DELETED = 16,  /* by an operator */
	MM_MSG_NOTICE = 32,   /* a bounce or delay notice */
	MM_MSG_REQUEUED = 64, /* goes on under another id */
	MM_MSG_REJECTED = 128 /* refused after it had its queue id */
};

/* attempt.flags and leg.flags */
enum mm_attempt_flag {
	MM_ATT_CONTACT = 1,   /* somebody was reached or tried for */
	MM_ATT_EXPIRED = 2,   /* not a try: given up here */
	MM_ATT_UNCERTAIN = 4, /* lost after the end of data: may have arrived */
	MM_ATT_SECURE = 8,    /* over TLS; logs that never say so have none */
	MM_ATT_AGAIN = 16     /* within it a host before was lost after the end
			       * of data: it may have kept a copy */
};

#endif
