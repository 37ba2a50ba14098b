/* postfix_line.h - one Postfix line on its way to records; inside the parser.
 *
 * postfix.c finds out what kind of line it is, the other postfix_*.c read one
 * kind each.
 */
#ifndef MM_POSTFIX_LINE_H
#define MM_POSTFIX_LINE_H

#include "formats/logs/logs.h"

enum mm_postfix_program {
	MM_POSTFIX_UNKNOWN, /* no tag, or a name that is not Postfix's */
	MM_POSTFIX_CLIENT,  /* smtp, lmtp: speaks to other hosts */
	MM_POSTFIX_AGENT,   /* local, virtual, pipe: delivers here */
	MM_POSTFIX_IDLE,    /* error, retry, discard: reaches nobody */
	MM_POSTFIX_SMTPD,
	MM_POSTFIX_CLEANUP,
	MM_POSTFIX_QMGR,
	MM_POSTFIX_SPAWN,
	MM_POSTFIX_MASTER,
	MM_POSTFIX_POSTSUPER,
	MM_POSTFIX_DAEMON, /* any other daemon */
	MM_POSTFIX_TOOL	   /* a command that a person or a script ran */
};

struct mm_postfix_line {
	const struct mm_line *line;
	struct mm_emit *emit;
	enum mm_postfix_program kind;
	struct mm_str instance, program;
	struct mm_str queue_id; /* absent: none, or NOQUEUE */
	struct mm_str rest;	/* the text behind "ID: " or "NOQUEUE: " */
};

/* Who stands at the other end, out of "name[ip]:port"; what is not there is
 * absent or -1. Postfix's word "unknown" stays a name, but is no address. */
struct mm_postfix_host {
	struct mm_str name, ip;
	int64_t port;
};

/* The length of a queue id at the front of `s` that ": " follows, or 0. */
size_t mm_postfix_id(struct mm_str s);
/* These move `*s` behind what they took; the first always succeeds. */
void mm_postfix_take_host(struct mm_str *s, struct mm_postfix_host *h);
bool mm_postfix_take_address(struct mm_str *s, struct mm_str *address);

/* A record with all that line and tag say. */
void mm_postfix_begin(const struct mm_postfix_line *l, struct mm_record *r,
		      enum mm_event event);
/* Hand it out; MM_LINE_RECORD. */
enum mm_verdict mm_postfix_emit(const struct mm_postfix_line *l,
				const struct mm_record *r);
enum mm_verdict mm_postfix_malformed(const struct mm_postfix_line *l,
				     const char *why);
enum mm_verdict mm_postfix_noise(const struct mm_postfix_line *l);

/* Readers: `rest` begins with the words given. */
typedef enum mm_verdict mm_postfix_reader(const struct mm_postfix_line *l);

mm_postfix_reader mm_postfix_delivery;	 /* "to=" */
mm_postfix_reader mm_postfix_leg;	 /* "host H said: ", and all else that
					  * a client says behind an id */
mm_postfix_reader mm_postfix_connect_to; /* "connect to ", no id */

mm_postfix_reader mm_postfix_client;	 /* "client=" */
mm_postfix_reader mm_postfix_pickup;	 /* "uid=" */
mm_postfix_reader mm_postfix_message_id; /* "message-id=", "resent-..." */
mm_postfix_reader mm_postfix_sender;	 /* "from=": the queue manager's */
mm_postfix_reader mm_postfix_removed;	 /* "removed" */
mm_postfix_reader mm_postfix_notice;	 /* "... notification: ID" */
mm_postfix_reader mm_postfix_operator;	 /* "placed on hold", ... */

mm_postfix_reader mm_postfix_connect;	 /* "connect from " */
mm_postfix_reader mm_postfix_disconnect; /* "disconnect from " */
mm_postfix_reader mm_postfix_cut;	 /* "lost connection after ", ... */
mm_postfix_reader mm_postfix_too_long;	 /* "message rejected: " */
/* "ACTION: ..." of smtpd, cleanup, postscreen, milters, proxies. False when
 * the first word is no action. */
bool mm_postfix_action(const struct mm_postfix_line *l,
		       enum mm_verdict *verdict);

mm_postfix_reader mm_postfix_severity;	/* "warning: ", "fatal: ", ... */
mm_postfix_reader mm_postfix_tls_error; /* "SSL_connect error to " */
mm_postfix_reader mm_postfix_stress;	/* "entering STRESS mode" */
mm_postfix_reader mm_postfix_daemon;	/* "reload ", "terminating on ", ... */

#endif
