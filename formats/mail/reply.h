/* reply.h - what a receiver answered, taken out of an MTA's reason text.
 *
 * Every MTA wraps the receiver's reply in words of its own: Postfix "host H
 * said: ... (in reply to RCPT TO command)", Exim "SMTP error from remote mail
 * server after ...", Sendmail "Deferred: ...", qmail "Remote host said: ...".
 * Lines of a multi-line reply stand glued with their codes repeated. Here the
 * wrapping goes, the rest is what the rules of causes and people read.
 *
 * No allocation per call but the growth of `fold`; views only.
 * Sources: RFC 5321 section 4.2, RFC 3463 section 2; Postfix smtp(8) and
 * error(8), Exim spec chapter "Log files", qmail-remote(8), smtpd(8).
 */
#ifndef MM_REPLY_H
#define MM_REPLY_H

#include "formats/base/buf.h"

/* How far the dialogue had come. */
enum mm_stage {
	MM_STAGE_NONE, /* not told, or nobody was tried */
	MM_STAGE_CONNECT,
	MM_STAGE_BANNER,
	MM_STAGE_HELO,
	MM_STAGE_STARTTLS,
	MM_STAGE_AUTH,
	MM_STAGE_MAIL,
	MM_STAGE_RCPT,
	MM_STAGE_DATA,
	MM_STAGE_EOD, /* after the message's last dot */
	MM_STAGE_COUNT
};

struct mm_reply {
	int code;		/* 200 ... 599; 0: none */
	struct mm_str enhanced; /* "4.7.28"; absent: none */
	enum mm_stage stage;
	struct mm_str host, ip; /* who said it, where the text names it */
	/* The reply without its codes; where nobody replied, the reason as it
	 * stands. A view into `reason`, or into `fold` when lines were joined.
	 */
	struct mm_str text;
	/* Nobody was tried now: the text repeats an older failure ("delivery
	 * temporarily suspended", "retry time not reached"). */
	bool suspended;
};

/* Take `reason` apart. `fold` holds a joined multi-line text; it may be NULL,
 * then repeated codes stay in the text. Never fails: what is not understood
 * is text. */
void mm_reply_parse(struct mm_str reason, struct mm_buf *fold,
		    struct mm_reply *out);

/* Only the joining: the text of a reply whose first code is cut off already,
 * with repeated codes and line ends (also the two characters "\n") made to
 * single blanks. Returns `text` itself when there is nothing to join. */
struct mm_str mm_reply_fold(struct mm_str text, int code,
			    struct mm_str enhanced, struct mm_buf *fold);

/* Cut a reply code and an enhanced code off the front: "550-5.1.1 x" gives
 * 550, "5.1.1" and "x". What is not there stays 0 and absent. */
void mm_reply_codes(struct mm_str *s, int *code, struct mm_str *enhanced);

/* "rcpt"; NULL for MM_STAGE_NONE. */
const char *mm_stage_name(enum mm_stage stage);
/* The stage of a command or of an MTA's words for it: "rcpt", "RCPT TO",
 * "sending end of data", "initial connection"; MM_STAGE_NONE else. */
enum mm_stage mm_stage_of(struct mm_str words);

#endif
