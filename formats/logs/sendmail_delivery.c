#include "formats/base/status.h"
#include "formats/logs/sendmail_line.h"

/* relay=root@localhost: a local user, not a host. */
static void
put_client(struct mm_record *r, const struct mm_sendmail_fields *f)
{
	struct mm_str host = f->relay_name, user;

	r->client_ip = f->relay_ip;
	if (mm_str_cutc(&host, '@', &user) && f->relay_ip.n == 0)
		r->text = user;
	else if (host.n > 0)
		r->client_name = host;
}

enum mm_verdict
mm_sendmail_from(const struct mm_sendmail_line *l)
{
	struct mm_str s = mm_str_from(l->text, 5);
	struct mm_sendmail_fields f;
	struct mm_record r;

	mm_sendmail_begin(l, &r, MM_EV_ARRIVAL);
	if (!mm_sendmail_take_address(&s, &r.sender)) {
		l->emit->why = "from= without a sender";
		return MM_LINE_MALFORMED;
	}
	if (mm_str_is(r.sender, "NONE"))
		r.sender = MM_STR_ABSENT;
	mm_sendmail_take_fields(s, &f);
	r.size_bytes = f.size_bytes;
	r.n_recipients = f.n_recipients;
	r.message_id = f.msgid;
	r.protocol = f.proto;
	put_client(&r, &f);
	return mm_sendmail_emit(l, &r);
}

/* What a to= line says of all its recipients. */
struct fate {
	struct mm_sendmail_fields f;
	struct mm_str reply; /* reply= */
	struct mm_str stat;
};

/* `stat=` is last, `reply=` stands before it; both may hold commas and
 * equal signs. */
static bool
take_fate(struct mm_str s, struct fate *fate)
{
	size_t at = mm_str_find_last(s, ", stat=");

	if (at == MM_NOT_FOUND)
		return false;
	fate->stat = mm_str_from(s, at + 7);
	s = mm_str_upto(s, at);
	at = mm_str_find(s, ", reply=");
	fate->reply = MM_STR_ABSENT;
	if (at != MM_NOT_FOUND) {
		fate->reply = mm_str_from(s, at + 8);
		s = mm_str_upto(s, at);
	}
	mm_sendmail_take_fields(s, &fate->f);
	return true;
}

static bool
is_untried(struct mm_str stat)
{
	return mm_str_starts(stat, "queued") ||
	       mm_str_starts(stat, "quarantine");
}

static enum mm_outcome
outcome_of(const struct fate *fate)
{
	if (mm_str_starts(fate->stat, "Sent"))
		return MM_OUT_SENT;
	if (mm_str_starts(fate->stat, "Deferred") || is_untried(fate->stat))
		return MM_OUT_DEFERRED;
	if (mm_str_starts(fate->f.dsn, "2."))
		return MM_OUT_SENT;
	return mm_str_starts(fate->f.dsn, "4.") ? MM_OUT_DEFERRED
						: MM_OUT_BOUNCED;
}

/* With its [ip] the host was connected to, or tried; without one the words
 * are those of an earlier try (Timeout.hoststatus), or of the DNS. A reply is
 * one of now: the [ip] is lost where the connection was, after it. */
static bool
is_contact(const struct fate *fate)
{
	const struct mm_sendmail_fields *f = &fate->f;

	return !is_untried(fate->stat) &&
	       (f->relay_ip.n > 0 || !f->has_relay || fate->reply.n > 0 ||
		mm_str_is(f->relay_name, "local"));
}

/* reply= or what stat= says behind "Sent (" and "Deferred: ". */
static struct mm_str
reply_of(const struct fate *fate)
{
	struct mm_str s = fate->stat;

	if (fate->reply.n > 0)
		return fate->reply;
	if (mm_str_skip(&s, "Sent (") && mm_str_ends(s, ")"))
		return mm_str_upto(s, s.n - 1);
	if (mm_str_is(s, "Sent") || mm_str_is(s, "queued") ||
	    mm_str_is(s, "Deferred"))
		return MM_STR_ABSENT;
	if (mm_str_skip(&s, "Deferred: "))
		return s;
	return fate->stat;
}

static void
put_attempt(struct mm_record *r, const struct fate *fate)
{
	const struct mm_sendmail_fields *f = &fate->f;

	r->relay_name = f->relay_name;
	r->relay_ip = f->relay_ip;
	if (!f->has_relay && !is_untried(fate->stat))
		r->relay_name = MM_STR("local");
	r->transport = f->mailer;
	r->dsn = f->dsn;
	r->outcome = outcome_of(fate);
	r->contact = is_contact(fate);
	r->reply = reply_of(fate);
	r->delay_us = f->delay_us;
	r->delays_us[3] = f->xdelay_us;
}

/* Refused when its DATA had come: "stat=Please try again later". */
static void
put_refused(struct mm_record *r, const struct fate *fate)
{
	r->stage = MM_STR("DATA");
	r->dsn = fate->f.dsn;
	r->reply = reply_of(fate);
	r->outcome =
	    mm_str_starts(fate->f.dsn, "4.") ||
		    mm_str_ifind(fate->stat, "try again") != MM_NOT_FOUND
		? MM_OUT_DEFERRED
		: MM_OUT_BOUNCED;
	r->text = fate->stat;
}

/* A backslash in front: "this user, without its .forward". */
static struct mm_str
plain_name(struct mm_str address)
{
	while (mm_str_skip(&address, "\\"))
		continue;
	return address;
}

enum mm_verdict
mm_sendmail_to(const struct mm_sendmail_line *l)
{
	struct mm_str s = mm_str_from(l->text, 3), fields = s, address;
	enum mm_verdict v = MM_LINE_MALFORMED;
	struct mm_record r;
	struct fate fate;
	bool refused, discarded;

	while (mm_sendmail_take_address(&fields, &address))
		continue;
	l->emit->why = "to= without stat=";
	if (!take_fate(fields, &fate))
		return MM_LINE_MALFORMED;
	refused = fate.f.mailer.n == 0 && !is_untried(fate.stat) &&
		  outcome_of(&fate) != MM_OUT_SENT;
	discarded = refused && mm_str_is(fate.stat, "discarded");
	while (mm_sendmail_take_address(&s, &address)) {
		mm_sendmail_begin(l, &r,
				  discarded ? MM_EV_DELETED
				  : refused ? MM_EV_REJECT
					    : MM_EV_ATTEMPT);
		r.recipient = plain_name(address);
		if (discarded) {
			r.outcome = MM_OUT_DISCARDED;
			r.text = fate.stat;
		} else if (refused)
			put_refused(&r, &fate);
		else
			put_attempt(&r, &fate);
		v = mm_sendmail_emit(l, &r);
	}
	return v;
}
