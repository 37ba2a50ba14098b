/* dsn.h - delivery status notifications in messages and mailboxes.
 *
 * A mailbox is mbox ("From " lines; CR LF and the lone CR of old Macs are
 * fine) or one message (.eml, a file of a maildir). Of each message only the
 * machine-readable part of a report is read, and the Message-ID of what was
 * returned; subjects and texts are not. Who asks gets each header. A part in
 * base64 is left out. Source: RFC 3464 (fields), RFC 3462 (multipart/report),
 * RFC 4155 (mbox).
 */
#ifndef MM_DSN_H
#define MM_DSN_H

#include "formats/base/str.h"

/* Views into the mailbox, unfolded where a field had several lines; absent
 * when not there. Address types ("rfc822;") are cut off. */
struct mm_dsn {
	size_t number;		  /* of the message in the mailbox, from 1 */
	struct mm_str message_id; /* of the report, without < > */
	struct mm_str reporting_mta, envelope_id;
	struct mm_str queue_id; /* X-Postfix-Queue-ID and the like */
	struct mm_str original_message_id;
	/* The recipient in hand. */
	struct mm_str recipient, orig_recipient;
	struct mm_str action;	  /* failed, delayed, delivered, relayed, ... */
	struct mm_str status;	  /* 5.1.1 */
	struct mm_str diagnostic; /* the reply */
	struct mm_str remote_mta;
};

struct mm_dsn_sink {
	void (*recipient)(void *ctx, const struct mm_dsn *d);
	/* Each message, before what it reports: its header; may be NULL. */
	void (*message)(void *ctx, size_t number, struct mm_str header);
	void *ctx;
};

/* Does a file that begins so look like a mailbox or a message? */
bool mm_mailbox_is(struct mm_str head);
/* Read all of it; how many messages it has. */
size_t mm_mailbox_read(struct mm_str content, const struct mm_dsn_sink *sink);

#endif
