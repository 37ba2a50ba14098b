#include "formats/base/status.h"
#include "formats/logs/exim_lines.h"

/* "plain:user" gives the user; the name of an authenticator alone is none. */
static struct mm_str
auth_user(struct mm_str auth)
{
	size_t at = mm_str_findc(auth, ':');

	return at != MM_NOT_FOUND ? mm_str_from(auth, at + 1) : MM_STR_ABSENT;
}

/* What a message about another one is. Exim's own subjects, which a site may
 * change (bounce_message_file, warn_message_file). */
static enum mm_notice
notice_of(struct mm_str subject)
{
	if (mm_str_find(subject, "Warning") != MM_NOT_FOUND ||
	    mm_str_ifind(subject, "delayed") != MM_NOT_FOUND)
		return MM_NOTICE_DELAY;
	if (mm_str_ifind(subject, "success") != MM_NOT_FOUND ||
	    mm_str_is(subject, "Delivery Status Notification"))
		return MM_NOTICE_SUCCESS;
	return MM_NOTICE_BOUNCE;
}

static void
emit_related(const struct mm_exim_head *h, const struct mm_exim_fields *f,
	     struct mm_emit *emit, bool is_null)
{
	struct mm_record r;

	if (mm_exim_id_length(f->router) == 0)
		return;
	mm_exim_begin(&r, is_null ? MM_EV_NOTICE : MM_EV_SAME_MAIL, h);
	r.queue_id = f->router;
	r.other_id = h->id;
	r.notice = notice_of(f->transport);
	r.join = is_null ? MM_JOIN_NOTICE : MM_JOIN_FILTER;
	emit->record(emit->ctx, &r);
}

static struct mm_str
take_recipient(struct mm_str *list)
{
	struct mm_str address, top;

	if (list->p[0] == '"') { /* may hold blanks */
		mm_exim_take_address(list, &address, &top);
	} else {
		address = mm_str_upto(*list, mm_str_findc(*list, ' '));
		*list = mm_str_from(*list, address.n);
	}
	*list = mm_str_trim(*list);
	return address;
}

static enum mm_verdict
parse_arrival(const struct mm_exim_head *h, struct mm_str text,
	      struct mm_emit *emit)
{
	struct mm_exim_fields f;
	struct mm_str sender, top, list;
	struct mm_record r;
	int64_t n = 0;

	mm_exim_take_address(&text, &sender, &top);
	mm_exim_take_fields(text, MM_EXIM_COLON, &f);
	mm_exim_begin(&r, MM_EV_ARRIVAL, h);
	r.sender = sender;
	mm_exim_put_client(&r, &f);
	r.protocol = f.protocol;
	r.size_bytes = f.size_bytes;
	r.message_id = f.message_id;
	r.sasl_user = auth_user(f.auth);
	if (!f.has_host)
		r.text = f.ident;
	for (list = f.recipients; list.n > 0; n++)
		(void)take_recipient(&list);
	if (n > 0)
		r.n_recipients = n;
	emit->record(emit->ctx, &r);
	for (list = f.recipients; list.n > 0;) {
		mm_exim_begin(&r, MM_EV_RECIPIENT, h);
		r.recipient = take_recipient(&list);
		emit->record(emit->ctx, &r);
	}
	emit_related(h, &f, emit, sender.n == 0);
	return MM_LINE_RECORD;
}

/* `u <u@d>`, `u <u+x@d>`: a mailbox here is logged by its user alone; the
 * address it was given as says more. */
static void
put_recipient(struct mm_record *r, struct mm_str address, struct mm_str top)
{
	r->recipient = address;
	r->orig_recipient = top;
	if (address.n > 0 && top.n > address.n &&
	    mm_str_findc(address, '@') == MM_NOT_FOUND &&
	    mm_str_ieq(mm_str_upto(top, address.n), address) &&
	    mm_str_findc(MM_STR("@+-_%="), top.p[address.n]) != MM_NOT_FOUND) {
		r->recipient = top;
		r->orig_recipient = MM_STR_ABSENT;
	}
}

/* Cut " DT=0.138s" off the end of the words of a failed delivery, or of one put
 * off for an errno. */
static struct mm_str
cut_time(struct mm_str words, int64_t *us)
{
	size_t at = mm_str_find_last(words, " DT=");
	int64_t span;

	if (at == MM_NOT_FOUND)
		return words;
	if (!mm_time_parse_span(mm_str_from(words, at + 4), &span))
		return words;
	*us = span;
	return mm_str_upto(words, at);
}

/* "Connection timed out H=h [ip]: SMTP timeout after ..." behind an errno:
 * the host goes to the record, the words that say more to the reply. */
static void
put_errno_words(struct mm_record *r, struct mm_str words)
{
	size_t at = mm_str_find(words, " H=");
	struct mm_exim_fields f;

	r->reply = words;
	if (at == MM_NOT_FOUND)
		return;
	r->reply = mm_str_upto(words, at);
	mm_exim_take_fields(mm_str_from(words, at + 1), MM_EXIM_COLON, &f);
	mm_exim_put_relay(r, &f);
	if (f.tried_us >= 0)
		r->delays_us[3] = f.tried_us;
	if (mm_str_starts(f.words, "SMTP ") || mm_str_starts(f.words, "LMTP "))
		r->reply = f.words;
}

static bool
is_expiry(struct mm_str words)
{
	return mm_str_find(words, "retry timeout exceeded") != MM_NOT_FOUND ||
	       mm_str_find(words, "failing for a long time") != MM_NOT_FOUND;
}

/* The delivery was handed to nobody: "Explicitly queued", "SMTP delivery
 * explicitly queued" (queue_smtp_domains, -odqs). */
static bool
is_queued(struct mm_str words)
{
	return mm_str_ifind(words, "explicitly queued") != MM_NOT_FOUND;
}

static void
put_failure(struct mm_record *r, const struct mm_exim_fields *f)
{
	r->outcome = MM_OUT_BOUNCED;
	r->reply = cut_time(f->words, &r->delays_us[3]);
	/* Failed while routing: nobody was tried. */
	r->contact = f->transport.n > 0;
	if (is_expiry(r->reply)) {
		r->event = MM_EV_EXPIRED;
		r->outcome = MM_OUT_NONE;
		r->contact = false;
	}
}

/* Exim's ERRNO_RETRY_BASE: from here on down nothing was tried. */
#define NOT_TRIED (-52)

/* Errors that only a delivery to a file, a pipe or a mailbox can meet: from
 * ERRNO_USERSLASH to ERRNO_LOCKFAILED, quota, writing, retry time of local
 * deliveries. */
static bool
is_local_error(int64_t number)
{
	return (number <= -2 && number >= -9) || number == -22 ||
	       number == -26 || number == -31 || number == -33 ||
	       number == -34 || number == -53;
}

static void
put_deferral(struct mm_record *r, const struct mm_exim_fields *f)
{
	r->outcome = MM_OUT_DEFERRED;
	r->reply = cut_time(f->words, &r->delays_us[3]);
	r->contact = !f->is_routing && f->transport.n > 0 &&
		     f->number > NOT_TRIED && !is_queued(f->words);
	if (is_local_error(f->number))
		r->relay_name = MM_STR("local");
	if (f->number > 0)
		put_errno_words(r, r->reply);
}

static void
put_delivery(struct mm_record *r, const struct mm_exim_fields *f, bool dropped)
{
	r->outcome = dropped ? MM_OUT_DISCARDED : MM_OUT_SENT;
	r->contact = !dropped;
	r->reply = f->response;
}

/* Without a host: a delivery that was made was made here; one that failed
 * may not have reached a host, unless its address is a pipe or a file. */
static bool
is_local(struct mm_str flag, struct mm_str address)
{
	return (!mm_str_is(flag, "**") && !mm_str_is(flag, "==")) ||
	       (address.n > 0 && (address.p[0] == '|' || address.p[0] == '/'));
}

static enum mm_verdict
parse_delivery(const struct mm_exim_head *h, struct mm_str text,
	       struct mm_emit *emit)
{
	struct mm_str flag = mm_str_upto(h->text, 2), address, top;
	bool blackhole;
	struct mm_exim_fields f;
	struct mm_record r;

	mm_exim_take_address(&text, &address, &top);
	mm_exim_take_fields(text, MM_EXIM_COLON, &f);
	mm_exim_begin(&r, MM_EV_ATTEMPT, h);
	blackhole = mm_str_is(address, ":blackhole:");
	if (blackhole)
		r.recipient = top;
	else
		put_recipient(&r, address, top);
	r.sender = f.sender;
	r.transport = f.transport;
	r.relay_name = MM_STR("none");
	if (f.has_host)
		mm_exim_put_relay(&r, &f);
	else if (f.transport.n > 0 && is_local(flag, address))
		r.relay_name = MM_STR("local");
	r.delay_us = f.queued_us;
	r.delays_us[3] = f.tried_us;
	if (mm_str_is(flag, "**"))
		put_failure(&r, &f);
	else if (mm_str_is(flag, "=="))
		put_deferral(&r, &f);
	else
		put_delivery(&r, &f, blackhole || mm_str_is(flag, "*>"));
	emit->record(emit->ctx, &r);
	return MM_LINE_RECORD;
}

/* "=> blackhole (DATA ACL discarded recipients)": the whole message. */
static enum mm_verdict
parse_discard(const struct mm_exim_head *h, struct mm_str text,
	      struct mm_emit *emit)
{
	struct mm_record r;

	mm_exim_begin(&r, MM_EV_DELETED, h);
	r.outcome = MM_OUT_DISCARDED;
	r.text = text;
	emit->record(emit->ctx, &r);
	return MM_LINE_RECORD;
}

bool
mm_exim_is_flagged(struct mm_str text)
{
	static const char *const flags[] = { "=> ", "== ", "<= ", "-> ",
					     "** ", ">> ", "*> ", "(= " };

	for (size_t i = 0; i < MM_COUNT(flags); i++)
		if (mm_str_starts(text, flags[i]))
			return true;
	return false;
}

enum mm_verdict
mm_exim_parse_flagged(const struct mm_exim_head *h, struct mm_emit *emit)
{
	struct mm_str text = mm_str_trim(mm_str_from(h->text, 2));

	if (h->id.n == 0 || text.n == 0) {
		emit->why = "a flag without a message id or an address";
		return MM_LINE_MALFORMED;
	}
	if (h->text.p[0] == '<' || h->text.p[0] == '(')
		return parse_arrival(h, text, emit);
	if (mm_str_find(text, "ACL discarded recipients)") != MM_NOT_FOUND ||
	    mm_str_is(text, "discarded (system filter)"))
		return parse_discard(h, text, emit);
	return parse_delivery(h, text, emit);
}
