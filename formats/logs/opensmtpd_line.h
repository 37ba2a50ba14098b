/* opensmtpd_line.h - one OpenSMTPD line on its way to records; inside the
 * parser. opensmtpd.c tells the kinds, the other files read one each.
 */
#ifndef MM_OPENSMTPD_LINE_H
#define MM_OPENSMTPD_LINE_H

#include "formats/logs/logs.h"

struct mm_opensmtpd_line {
	const struct mm_line *line;
	struct mm_emit *emit;
	struct mm_str session; /* absent: none, or all zeros */
	struct mm_str text;    /* what the line says, without it */
};

/* "key=value key=value", in old releases with commas between. Absent or -1
 * when not there. */
struct mm_opensmtpd_fields {
	struct mm_str msgid, evpid, from, to, rcpt;
	struct mm_str source, relay, user, result, stat, reason;
	struct mm_str address, host, command, proto;
	int64_t size_bytes, n_recipients, delay_us;
};

void mm_opensmtpd_take_fields(struct mm_str s, struct mm_opensmtpd_fields *f);
/* "192.0.2.1 (host.example)", "192.0.2.1 (192.0.2.1)", "example.org", taken
 * apart; what is not there is absent. */
void mm_opensmtpd_host(struct mm_str s, struct mm_str *name, struct mm_str *ip);
/* Length of `n` hex digits at the front of `s` with a blank, a colon, a comma
 * or the end behind them; 0 else. */
size_t mm_opensmtpd_hex(struct mm_str s, size_t n);

/* A record with all that the line's head says. */
void mm_opensmtpd_begin(const struct mm_opensmtpd_line *l, struct mm_record *r,
			enum mm_event event);
enum mm_verdict mm_opensmtpd_emit(const struct mm_opensmtpd_line *l,
				  const struct mm_record *r);
enum mm_verdict mm_opensmtpd_malformed(const struct mm_opensmtpd_line *l,
				       const char *why);
void mm_opensmtpd_put_client(struct mm_record *r,
			     const struct mm_opensmtpd_fields *f);

/* Readers of one kind of line; `s` is what follows the words that told it. */
typedef enum mm_verdict mm_opensmtpd_reader(const struct mm_opensmtpd_line *l,
					    struct mm_str s);

mm_opensmtpd_reader mm_opensmtpd_message;      /* "S smtp message" */
mm_opensmtpd_reader mm_opensmtpd_envelope;     /* "S smtp envelope" */
mm_opensmtpd_reader mm_opensmtpd_mta_delivery; /* "S mta delivery" */
mm_opensmtpd_reader mm_opensmtpd_mda_delivery; /* "S mda delivery" */
mm_opensmtpd_reader mm_opensmtpd_log_for;      /* "relay: ", "delivery: " */
mm_opensmtpd_reader mm_opensmtpd_accepted;     /* "smtp-in: Accepted message" */
mm_opensmtpd_reader mm_opensmtpd_connected;    /* "S smtp connected" */
mm_opensmtpd_reader mm_opensmtpd_new_session;  /* "smtp-in: New session" */
mm_opensmtpd_reader mm_opensmtpd_disconnected; /* "S smtp disconnected" */
mm_opensmtpd_reader mm_opensmtpd_failed;       /* "S smtp failed-command" */
mm_opensmtpd_reader mm_opensmtpd_old_failed;   /* "smtp-in: Failed command" */
mm_opensmtpd_reader mm_opensmtpd_authentication; /* "S smtp authentication" */
mm_opensmtpd_reader mm_opensmtpd_connecting;	 /* "S mta connecting" */
mm_opensmtpd_reader mm_opensmtpd_mta_tls;	 /* "S mta tls" */
mm_opensmtpd_reader mm_opensmtpd_mta_error;	 /* "S mta error" */
mm_opensmtpd_reader mm_opensmtpd_disabling;	 /* "smtp-out: Disabling" */
mm_opensmtpd_reader mm_opensmtpd_no_mx;		 /* "smtp-out: Failed to" */
mm_opensmtpd_reader mm_opensmtpd_info;		 /* "info: " */
mm_opensmtpd_reader mm_opensmtpd_warning;	 /* "warn: " */
mm_opensmtpd_reader mm_opensmtpd_fatal;		 /* "fatal" */
mm_opensmtpd_reader mm_opensmtpd_exiting;	 /* "Exiting" */

#endif
