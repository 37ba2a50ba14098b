#include "analyze/timeline/stitching.h"

/* What ties a session's lines: its own id, or (Sendmail) the process and the
 * host that it speaks to. */
static struct mm_str
session_of(const struct mm_stitch *s, uint32_t *host)
{
	const struct mm_record *r = s->r;

	*host = s->where.host;
	if (r->mta != MM_MTA_SENDMAIL)
		return r->session;
	*host ^= r->pid * 2654435761u;
	return r->relay_name.p != NULL ? r->relay_name : r->client_ip;
}

bool
mm_stitch_is_secure(struct mm_stitch *s)
{
	uint32_t host;
	struct mm_str session = session_of(s, &host);

	return s->r->secure ||
	       (session.n > 0 &&
		mm_sessions_secure(&s->sessions, host, session));
}

void
mm_stitch_login(struct mm_stitch *s, struct mm_life *l)
{
	uint32_t host;
	struct mm_str session = session_of(s, &host);

	if (session.p != NULL)
		mm_sessions_fill(&s->sessions, host, session,
				 s->r->t_us - MM_SESSIONS_PROCESS_US, l);
}

void
mm_stitch_session(struct mm_stitch *s)
{
	struct mm_record r = *s->r;
	uint32_t host;

	r.session = session_of(s, &host);
	mm_sessions_note(&s->sessions, s->load, host, &r);
}
