/* incident_rows.h - what the search for incidents reads and writes.
 *
 * The readers give narrow rows without joins, since the search sees every
 * attempt of a case: about as fast as SQLite steps. What they leave out is
 * looked up in arrays by the caller.
 */
#ifndef MM_INCIDENT_ROWS_H
#define MM_INCIDENT_ROWS_H

#include "analyze/case/rows.h"

/* An attempt or a leg. The two are merged by time; times fall only where the
 * logs of one host end and those of another begin. */
struct mm_lean_attempt {
	int64_t t_us;
	uint32_t recipient;	  /* 0 for a leg */
	uint32_t message, origin; /* of a leg only */
	uint32_t relay, reply, file, line;
	uint32_t dsn;	    /* the MTA's own: 4.4.3 is 4004003; 0: none */
	struct mm_str args; /* what the shape of the reply leaves out */
	uint8_t outcome;    /* enum mm_outcome */
	bool contact, leg;
	bool secure; /* over TLS */
	bool unsure; /* lost after the end of data */
};

struct mm_lean_recipient {
	uint32_t id, message, address, attempts;
	uint32_t envelope; /* the end of its id at OpenSMTPD; 0: none */
	uint8_t final;	   /* enum mm_final */
	int64_t final_us;
};

struct mm_lean_message {
	uint32_t id, origin, sender, client_name, client_ip, sasl, file, line;
	int64_t arrived_us;
};

/* Who waits in the last snapshot of a queue, for one domain. */
struct mm_lean_waiting {
	uint32_t snapshot, messages, recipients;
	int64_t taken_us, oldest_us;
	struct mm_str host, domain;
};

/* One incident, ready to be written; texts absent or times MM_TIME_NONE are
 * unknown. `also`, `evidence`: JSON arrays of text. */
struct mm_incident_row {
	struct mm_str kind, target, also, host, cause, side, trigger, evidence,
	    story;
	int64_t start_us, end_us, peak_us, last_good_us, first_bad_us,
	    recovered_us;
	double confidence;
	int64_t messages, recipients, attempts_failed, expired;
	int64_t passed; /* successes within the window */
	/* Numbers of incidents, from 1: what leads the chain, and what it came
	 * of (0: nothing known), with the proof. */
	int64_t chain, after;
	struct mm_str link;
	/* What it cost; delays of those it hit, and of the same receivers'
	 * mail before. `missed`: a JSON list of class, recipients, missed. */
	int64_t senders, bounced, unsure, waiting;
	int64_t delay_p50_us, delay_p95_us, usual_p50_us, usual_p95_us;
	struct mm_str missed;
};

/* How the mail of a class kept its deadline. Recipients; `open`: it is not
 * over when the logs end. */
struct mm_deadline_row {
	struct mm_str name, sender, recipient; /* patterns; absent: any */
	int64_t deadline_us, in_time, late, never, open;
};

/* What `row` gets are views valid during the call. Each stops at the first
 * status that is not MM_OK. */
enum mm_status mm_lean_attempts(
    struct mm_store *s,
    enum mm_status (*row)(void *ctx, const struct mm_lean_attempt *a),
    void *ctx, struct mm_err *err) MM_USE_RESULT;
enum mm_status mm_lean_recipients(
    struct mm_store *s,
    enum mm_status (*row)(void *ctx, const struct mm_lean_recipient *r),
    void *ctx, struct mm_err *err) MM_USE_RESULT;
enum mm_status mm_lean_messages(
    struct mm_store *s,
    enum mm_status (*row)(void *ctx, const struct mm_lean_message *m),
    void *ctx, struct mm_err *err) MM_USE_RESULT;
/* The domain (a name id) of each address. */
enum mm_status mm_lean_domains(struct mm_store *s,
			       enum mm_status (*row)(void *ctx,
						     uint32_t address,
						     uint32_t domain),
			       void *ctx, struct mm_err *err) MM_USE_RESULT;
enum mm_status mm_lean_addresses(struct mm_store *s,
				 enum mm_status (*row)(void *ctx,
						       uint32_t address,
						       struct mm_str text),
				 void *ctx, struct mm_err *err) MM_USE_RESULT;
/* Those of more than `aged_us`; by snapshot, the domain of most first. A mail
 * for several domains counts for the first. */
enum mm_status mm_lean_waiting(
    struct mm_store *s, int64_t aged_us,
    enum mm_status (*row)(void *ctx, const struct mm_lean_waiting *w),
    void *ctx, struct mm_err *err) MM_USE_RESULT;
/* The queue id of a message, appended to `out`; is its sender the null one? */
enum mm_status mm_lean_queue_id(struct mm_store *s, uint32_t message,
				struct mm_buf *out, bool *null_sender,
				struct mm_err *err) MM_USE_RESULT;

/* A case is searched when it is first asked for incidents, or once more where
 * `again`. MM_END: that was done. MM_OK: rows may be written, to be kept by
 * mm_incident_end; in a case that cannot be written they last as long as it is
 * open. */
enum mm_status mm_incident_begin(struct mm_store *s, bool again,
				 struct mm_err *err) MM_USE_RESULT;
/* Keep what was found when `st` is MM_OK. Returns `st`, or what went wrong. */
enum mm_status mm_incident_end(struct mm_store *s, enum mm_status st,
			       struct mm_err *err) MM_USE_RESULT;
enum mm_status mm_incident_write(struct mm_store *s,
				 const struct mm_incident_row *rows, size_t n,
				 struct mm_err *err) MM_USE_RESULT;
enum mm_status mm_deadline_write(struct mm_store *s,
				 const struct mm_deadline_row *rows, size_t n,
				 struct mm_err *err) MM_USE_RESULT;
/* In the order of their numbers: what leads a chain before the rest of it. */
enum mm_status mm_incident_read(
    struct mm_store *s,
    enum mm_status (*row)(void *ctx, const struct mm_incident_row *r),
    void *ctx, struct mm_err *err) MM_USE_RESULT;

#endif
