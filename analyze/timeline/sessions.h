/* sessions.h - who is at the other end of the sessions under way, for logs
 * whose later lines name only the session (OpenSMTPD).
 *
 * OpenSMTPD logs a refused RCPT without its sender. The mails that the same
 * session hands over name theirs: a refusal waits for the end of its session,
 * and when a mail followed and all mails of the session had one sender, that
 * is its sender, too (after a refused RCPT the transaction goes on, RFC 5321
 * section 3.3). Else the sender stays unknown.
 * A table of fixed size; a session that others have pushed out is forgotten.
 */
#ifndef MM_SESSIONS_H
#define MM_SESSIONS_H

#include "analyze/case/load.h"
#include "analyze/timeline/life.h"
#include "formats/mail/record.h"

#define MM_SESSIONS_MAX 4096
#define MM_SESSIONS_SET 8 /* slots that a session may have */
/* Numbers of processes come again; a session lasts no longer. */
#define MM_SESSIONS_PROCESS_US (60 * MM_MINUTE_US)
/* Refusals that wait at one time; more are written as they come. */
#define MM_SESSIONS_REFUSED 65536

struct mm_sessions {
	size_t n_refused;
	struct mm_session {
		uint64_t key;
		int64_t t_us;			       /* last told of */
		uint32_t relay;			       /* 0: not known */
		uint32_t client_name, client_ip, sasl; /* name ids */
		bool secure, several;		       /* senders */
		uint32_t sender; /* address of its mails; 0: none yet */
		struct mm_refused *refused; /* owned, the last first */
	} slots[MM_SESSIONS_MAX];
};

/* A record MM_EV_CONNECT with a session, or MM_EV_DISCONNECT, which writes its
 * refusals; others are ignored. */
void mm_sessions_note(struct mm_sessions *s, struct mm_load *load,
		      uint32_t host, const struct mm_record *r);
/* Whom the session is with, or 0. */
uint32_t mm_sessions_relay(struct mm_sessions *s, uint32_t host,
			   struct mm_str session);
/* Is TLS on in it, as far as the log told? */
bool mm_sessions_secure(struct mm_sessions *s, uint32_t host,
			struct mm_str session);
/* Fill what the life does not know yet about its client, by a session told of
 * since `since_us`; MM_TIME_NONE: at any time. */
void mm_sessions_fill(struct mm_sessions *s, uint32_t host,
		      struct mm_str session, int64_t since_us,
		      struct mm_life *life);
/* A mail of this session is from `sender`. */
void mm_sessions_sender(struct mm_sessions *s, uint32_t host,
			struct mm_str session, uint32_t sender);
/* Keep a refusal that knows no sender until its session ends; false: the
 * session is not known, or too many wait. Texts are copied. */
bool mm_sessions_refuse(struct mm_sessions *s, uint32_t host,
			struct mm_str session, const struct mm_row_reject *row);
/* The logs are over: write what waits. */
void mm_sessions_end(struct mm_sessions *s, struct mm_load *load);
/* Free what waits, unwritten. */
void mm_sessions_fini(struct mm_sessions *s);

#endif
