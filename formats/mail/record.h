/* record.h - what all mail logs say, in one shape.
 *
 * A parser turns a line into no, one or several records; everything above
 * this header is the same for all MTAs. A record is a set of optional fields
 * around one event: a text that the line does not give is absent, a number is
 * -1. Texts are views into the line, valid during the call only.
 */
#ifndef MM_RECORD_H
#define MM_RECORD_H

#include "formats/base/time.h"

enum mm_mta {
	MM_MTA_NONE,
	MM_MTA_POSTFIX,
	MM_MTA_EXIM,
	MM_MTA_SENDMAIL,
	MM_MTA_OPENSMTPD,
	MM_MTA_QMAIL,
	MM_MTA_KUMOMTA,
	MM_MTA_POWERMTA,
	MM_MTA_EXCHANGE,
	MM_MTA_HARAKA,
	MM_MTA_OWN, /* a user's own format: `instance` names it */
	MM_MTA_COUNT
};

enum mm_event {
	/* Life of a queue id. */
	MM_EV_ARRIVAL, /* it begins: client or uid known; sender and the rest
			* where the line has them (Exim, Sendmail) */
	MM_EV_DETAIL,  /* more about it: message_id, sender, size, n_recipients;
			* begins a life when none is open */
	MM_EV_RECIPIENT, /* a recipient of it, before any attempt */
	MM_EV_ATTEMPT,	 /* one recipient, one outcome */
	MM_EV_LEG,	 /* a contact within an attempt that decided nothing;
			  * the queue id may be absent (then pid ties it) */
	MM_EV_EXPIRED,	 /* given up: the recipient, or all still deferred */
	MM_EV_NOTICE,	 /* other_id is a notice about it; `notice` says which.
			  * Without a queue id: about the mail of message_id */
	MM_EV_SAME_MAIL, /* it, or the recipient where there is one, goes on
			  * as other_id; `join` says why */
	MM_EV_HELD,
	MM_EV_RELEASED,
	MM_EV_FROZEN,	/* Exim; counts as held */
	MM_EV_DELETED,	/* by an operator: the recipient, or those not yet
			 * done. `outcome` tells what became of them where it
			 * is not just that: bounced, discarded */
	MM_EV_REQUEUED, /* Postfix -r: this id ends, another goes on */
	MM_EV_DONE,	/* it left the queue: removed, Completed */
	MM_EV_CUT,	/* the client left before the end: no message */
	/* Beside messages. */
	MM_EV_REJECT,  /* refused; the queue id may be absent; `action` */
	MM_EV_CONNECT, /* a session begins: client, or relay */
	MM_EV_DISCONNECT,
	MM_EV_DAEMON,  /* `daemon` says what happened to the MTA */
	MM_EV_TROUBLE, /* `trouble` says where; text is its words */
	/* What a filter said of a mail: `opinion`, score, text; which mail is
	 * told by the queue id, or by message_id, or by client, sender and
	 * recipient. */
	MM_EV_VERDICT,
	MM_EV_COUNT
};

enum mm_outcome {
	MM_OUT_NONE,
	MM_OUT_SENT,
	MM_OUT_DEFERRED,
	MM_OUT_BOUNCED,
	MM_OUT_DISCARDED /* accepted and thrown away on purpose */
};

enum mm_notice {
	MM_NOTICE_BOUNCE,
	MM_NOTICE_DELAY,
	MM_NOTICE_SUCCESS,
	MM_NOTICE_POSTMASTER
};

/* Why two queue ids are one mail; kept with every join. */
enum mm_join {
	MM_JOIN_NONE,
	MM_JOIN_QUEUED_AS,  /* the next hop's reply names the new id */
	MM_JOIN_FILTER,	    /* the same through a content filter */
	MM_JOIN_FORWARD,    /* local alias or .forward: "forwarded as" */
	MM_JOIN_REQUEUE,    /* postsuper -r: orig_id */
	MM_JOIN_CLONE,	    /* Sendmail: owner of a list */
	MM_JOIN_SPLIT,	    /* Sendmail: too many recipients */
	MM_JOIN_NOTICE,	    /* a bounce or delay notice and what it reports */
	MM_JOIN_MESSAGE_ID, /* only the Message-ID and the time speak for it */
	MM_JOIN_COUNT
};

enum mm_action { /* of MM_EV_REJECT */
		 MM_ACT_REJECT,
		 MM_ACT_WARN, /* reject_warning: let through */
		 MM_ACT_DISCARD,
		 MM_ACT_HOLD,
		 MM_ACT_REDIRECT,
		 MM_ACT_OTHER /* filter, prepend, info, ...: let through */
};

enum mm_daemon {
	MM_DAEMON_START,
	MM_DAEMON_STOP,
	MM_DAEMON_RELOAD,
	MM_DAEMON_CRASH, /* fatal, panic, killed by a signal */
	MM_DAEMON_PAUSE, /* smtpctl pause, no queue runs, load too high */
	MM_DAEMON_RESUME,
	MM_DAEMON_QUEUE_RUN,   /* text: "Start ..." or "End ...", flags */
	MM_DAEMON_LOG_RESTART, /* the logger itself: start, HUP, rotation */
	MM_DAEMON_LOG_LOST,    /* rate limit: lines are missing */
	MM_DAEMON_CLOCK_STEP   /* text: how far, or who says so */
};

enum mm_trouble {
	MM_TROUBLE_DISK,
	MM_TROUBLE_DNS,
	MM_TROUBLE_TLS,
	MM_TROUBLE_FILTER, /* milter or policy service */
	MM_TROUBLE_CONFIG,
	MM_TROUBLE_RESOURCE, /* processes, memory, load */
	MM_TROUBLE_OTHER
};

enum mm_opinion {
	MM_OPINION_NONE,
	MM_OPINION_CLEAN,
	MM_OPINION_SPAM,
	MM_OPINION_INFECTED,
	MM_OPINION_BANNED,
	MM_OPINION_SIGNED,
	MM_OPINION_PASS, /* of a check: DKIM, DMARC, SPF, greylist */
	MM_OPINION_FAIL,
	MM_OPINION_GREYLIST,
	MM_OPINION_DEFER,
	MM_OPINION_REJECT,
	MM_OPINION_DISCARD,
	MM_OPINION_QUARANTINE,
	MM_OPINION_STORED, /* in a mailbox */
	MM_OPINION_FORWARDED,
	MM_OPINION_OTHER
};

struct mm_record {
	enum mm_event event;
	enum mm_mta mta;
	int64_t t_us;
	struct mm_str host;
	struct mm_str instance; /* "postfix", "postfix-out/slow"; "" else */
	struct mm_str program;	/* "smtp", "qmgr" */
	uint32_t pid;

	struct mm_str queue_id, other_id;
	/* OpenSMTPD: the queue id and eight digits more, for one recipient. */
	struct mm_str envelope_id;
	struct mm_str message_id; /* without < > */
	struct mm_str sender;	  /* envelope; empty: the null sender */
	struct mm_str recipient, orig_recipient;
	/* Of a message that goes out in parts, one for each domain of its
	 * recipients in their order: which, from 1. An attempt of Haraka that
	 * names no recipient, or "@domain", is of those of the part, or of all,
	 * that wait; of n_recipients of them where that is known. */
	int64_t part;
	int64_t size_bytes, n_recipients;

	struct mm_str client_name, client_ip, helo, sasl_user, protocol;
	/* With a client or a relay, where lines name it; qmail: the number of
	 * a delivery, which ties the outcome to the recipient. */
	struct mm_str session;
	struct mm_str relay_name; /* next hop, or "local", "virtual", "none" */
	struct mm_str relay_ip;
	int64_t relay_port;
	struct mm_str transport; /* daemon, transport or mailer that tried */

	enum mm_outcome outcome;
	bool contact;	      /* somebody was reached, or tried for */
	bool secure;	      /* the line says that TLS was on */
	struct mm_str dsn;    /* the MTA's own status code: "4.7.1" */
	struct mm_str reply;  /* the reason or reply, as logged */
	int64_t delay_us;     /* since arrival */
	int64_t delays_us[4]; /* Postfix a/b/c/d; -1 each when absent */

	struct mm_str stage; /* of a reject: "RCPT", "CONNECT", ... */
	enum mm_action action;
	enum mm_notice notice;
	enum mm_join join;
	enum mm_daemon daemon;
	enum mm_trouble trouble;
	enum mm_opinion opinion;
	struct mm_str score; /* of a filter, as it writes it: "15.1/15.0" */
	struct mm_str text;  /* free words of the event */
};

/* All fields absent but event, mta, and what `line` knows. */
void mm_record_init(struct mm_record *r, enum mm_event event, enum mm_mta mta);

/* The words of the enums in their order; each ends in NULL. */
extern const char *const mm_outcome_words[],
    *const mm_action_words[], *const mm_notice_words[],
				  *const mm_join_words[],
				      *const mm_daemon_words[],
					  *const mm_trouble_words[],
					      *const mm_opinion_words[];

const char *mm_mta_name(enum mm_mta mta);	/* "postfix" */
const char *mm_event_name(enum mm_event event); /* "attempt" */
const char *mm_outcome_name(enum mm_outcome o); /* "sent" */
const char *mm_join_name(enum mm_join join);	/* "queued-as" */
const char *mm_daemon_name(enum mm_daemon d);	/* "start" */
const char *mm_opinion_name(enum mm_opinion o); /* "spam" */
const char *mm_trouble_name(enum mm_trouble t); /* "disk" */

#endif
