/* verdicts.h - what filters said of mails, tied to the mails.
 *
 * A verdict that names a queue id is tied when it is read, if its message is
 * known by then. What is left is tied here, once all is in: by the queue id on
 * its host and the time; by the Message-ID to the message that was in that
 * host's queue then, where several were to the one from its client, and the
 * tie says "one of several"; by client, sender and recipient where one message
 * of that minute fits. One that fits none stays untied, and is counted.
 * A greylister's verdict caused a refusal, which is tied, too; its mail is the
 * first of that client, sender and recipient that was let in after it.
 */
#ifndef MM_VERDICTS_H
#define MM_VERDICTS_H

#include "analyze/case/store.h"

enum mm_status mm_verdicts_tie(struct mm_store *s,
			       struct mm_err *err) MM_USE_RESULT;

#endif
