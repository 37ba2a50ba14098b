/* notices.h - notices of a mail system that no line ties to their mail.
 *
 * OpenSMTPD hands its notices to itself over a local session and never says
 * what they are about. A notice goes to the sender of a mail that failed,
 * waited or was delivered a moment before: where just one mail of that sender
 * fits (one that failed before one that waits, that before one delivered) it
 * is that one. The edge says that this is not sure; several that fit tie none,
 * nor is it tried for a sender of a thousand mails or more.
 */
#ifndef MM_NOTICES_H
#define MM_NOTICES_H

#include "analyze/case/store.h"

enum mm_status mm_notices_tie(struct mm_store *s,
			      struct mm_err *err) MM_USE_RESULT;

#endif
