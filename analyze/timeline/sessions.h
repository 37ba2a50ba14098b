/* sessions.h - who is at the other end of the sessions under way, for logs
 * whose later lines name only the session (OpenSMTPD).
 *
 * A table of fixed size; a session that others have pushed out is forgotten.
 */
#ifndef MM_SESSIONS_H
#define MM_SESSIONS_H

#include "analyze/case/load.h"
#include "analyze/timeline/life.h"
#include "formats/mail/record.h"

#define MM_SESSIONS_MAX 4096

struct mm_sessions {
	struct mm_session {
		uint64_t key;
		uint32_t relay;			       /* 0: not known */
		uint32_t client_name, client_ip, sasl; /* name ids */
		bool secure;
	} slots[MM_SESSIONS_MAX];
};

/* A record MM_EV_CONNECT with a session; others are ignored. */
void mm_sessions_note(struct mm_sessions *s, struct mm_load *load,
		      uint32_t host, const struct mm_record *r);
/* Whom the session is with, or 0. */
uint32_t mm_sessions_relay(const struct mm_sessions *s, uint32_t host,
			   struct mm_str session);
/* Is TLS on in it, as far as the log told? */
bool mm_sessions_secure(const struct mm_sessions *s, uint32_t host,
			struct mm_str session);
/* Fill what the life does not know yet about its client. */
void mm_sessions_fill(const struct mm_sessions *s, uint32_t host,
		      struct mm_str session, struct mm_life *life);

#endif
