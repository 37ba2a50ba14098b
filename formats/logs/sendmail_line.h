/* sendmail_line.h - one Sendmail line on its way to records; inside the
 * parser. sendmail.c takes the head off, the other sendmail_*.c read the rest.
 */
#ifndef MM_SENDMAIL_LINE_H
#define MM_SENDMAIL_LINE_H

#include "formats/logs/logs.h"

struct mm_sendmail_line {
	const struct mm_line *line;
	struct mm_emit *emit;
	struct mm_str id;   /* absent: none, or NOQUEUE */
	struct mm_str text; /* behind "ID: " */
};

/* The fields of "key=value, key=value"; absent or -1 when not there. Values
 * run to the next ", key=". */
struct mm_sendmail_fields {
	struct mm_str relay_name, relay_ip; /* relay=name. [ip] */
	bool has_relay;
	struct mm_str mailer, dsn, msgid, proto, arg1, authid;
	int64_t size_bytes, n_recipients, delay_us, xdelay_us;
};

/* A record with all that the head says. */
void mm_sendmail_begin(const struct mm_sendmail_line *l, struct mm_record *r,
		       enum mm_event event);
enum mm_verdict mm_sendmail_emit(const struct mm_sendmail_line *l,
				 const struct mm_record *r);

/* Length of a queue id at the front of `s` with ": " behind it, 0 for none. */
size_t mm_sendmail_id(struct mm_str s);
void mm_sendmail_take_fields(struct mm_str s, struct mm_sendmail_fields *f);
/* "name. [ip]", "[ip]", "user@localhost", "local" taken apart. */
void mm_sendmail_relay(struct mm_str s, struct mm_sendmail_fields *f);
/* Cut one address of a list off the front, without < >. False at its end. */
bool mm_sendmail_take_address(struct mm_str *s, struct mm_str *address);

enum mm_verdict mm_sendmail_from(const struct mm_sendmail_line *l);
enum mm_verdict mm_sendmail_to(const struct mm_sendmail_line *l);
/* "ID2: words"; `other` is ID2, l->text stands behind it. */
enum mm_verdict mm_sendmail_other_id(const struct mm_sendmail_line *l,
				     struct mm_str other);
enum mm_verdict mm_sendmail_event(const struct mm_sendmail_line *l);

#endif
