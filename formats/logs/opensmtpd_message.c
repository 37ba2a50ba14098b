#include "formats/base/status.h"
#include "formats/logs/opensmtpd_line.h"

/* The message's part of an envelope id. */
static struct mm_str
msgid_of(struct mm_str evpid)
{
	return mm_opensmtpd_hex(evpid, 16) > 0 ? mm_str_upto(evpid, 8)
					       : MM_STR_ABSENT;
}

static void
put_recipient(struct mm_record *r, const struct mm_opensmtpd_fields *f)
{
	r->queue_id = msgid_of(f->evpid);
	r->envelope_id = f->evpid;
	r->sender = f->from;
	r->recipient = f->to;
	if (!mm_str_is(f->rcpt, "-") && !mm_str_eq(f->rcpt, f->to))
		r->orig_recipient = f->rcpt;
	r->delay_us = f->delay_us;
}

enum mm_verdict
mm_opensmtpd_message(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	struct mm_opensmtpd_fields f;
	struct mm_record r;

	mm_opensmtpd_take_fields(s, &f);
	if (mm_opensmtpd_hex(f.msgid, 8) == 0)
		return mm_opensmtpd_malformed(l, "a message without msgid=");
	/* Releases that name a recipient have a line for each. */
	mm_opensmtpd_begin(l, &r,
			   f.to.p != NULL ? MM_EV_DETAIL : MM_EV_ARRIVAL);
	r.queue_id = f.msgid;
	r.sender = f.from;
	r.size_bytes = f.size_bytes;
	r.n_recipients = f.n_recipients;
	r.protocol = f.proto;
	if (f.address.p != NULL)
		mm_opensmtpd_put_client(&r, &f);
	(void)mm_opensmtpd_emit(l, &r);
	if (f.to.p != NULL) {
		mm_opensmtpd_begin(l, &r, MM_EV_RECIPIENT);
		r.queue_id = f.msgid;
		r.recipient = f.to;
		(void)mm_opensmtpd_emit(l, &r);
	}
	return MM_LINE_RECORD;
}

enum mm_verdict
mm_opensmtpd_envelope(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	struct mm_opensmtpd_fields f;
	struct mm_record r;

	mm_opensmtpd_take_fields(s, &f);
	mm_opensmtpd_begin(l, &r, MM_EV_RECIPIENT);
	put_recipient(&r, &f);
	if (r.queue_id.n == 0)
		return mm_opensmtpd_malformed(l, "an envelope without evpid=");
	r.orig_recipient = MM_STR_ABSENT;
	return mm_opensmtpd_emit(l, &r);
}

static const struct result {
	const char *word;
	enum mm_outcome outcome;
} results[] = {
	{ "Ok", MM_OUT_SENT },
	{ "TempFail", MM_OUT_DEFERRED },
	{ "PermFail", MM_OUT_BOUNCED },
	{ "Loop", MM_OUT_BOUNCED }, /* "LoopDetected" in 7.x */
};

static enum mm_outcome
outcome_of(struct mm_str word)
{
	for (size_t i = 0; i < MM_COUNT(results); i++)
		if (mm_str_starts(word, results[i].word))
			return results[i].outcome;
	return MM_OUT_NONE;
}

static enum mm_verdict
emit_attempt(const struct mm_opensmtpd_line *l,
	     const struct mm_opensmtpd_fields *f, struct mm_str result,
	     bool local)
{
	struct mm_record r;

	mm_opensmtpd_begin(l, &r, MM_EV_ATTEMPT);
	put_recipient(&r, f);
	r.outcome = outcome_of(result);
	if (r.queue_id.n == 0 || r.outcome == MM_OUT_NONE)
		return mm_opensmtpd_malformed(
		    l, "a delivery without evpid or result");
	r.reply = f->stat;
	r.transport = local ? MM_STR("mda") : MM_STR("mta");
	if (local) {
		r.relay_name = MM_STR("local");
		r.contact = true;
	} else {
		mm_opensmtpd_host(f->relay, &r.relay_name, &r.relay_ip);
		r.contact = !mm_str_is(f->source, "-");
	}
	return mm_opensmtpd_emit(l, &r);
}

enum mm_verdict
mm_opensmtpd_mta_delivery(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	struct mm_opensmtpd_fields f;

	mm_opensmtpd_take_fields(s, &f);
	return emit_attempt(l, &f, f.result, false);
}

enum mm_verdict
mm_opensmtpd_mda_delivery(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	struct mm_opensmtpd_fields f;

	mm_opensmtpd_take_fields(s, &f);
	return emit_attempt(l, &f, f.result, true);
}

/* "relay: Expire for EVPID: from=<a@b>, ...", "delivery: Ok for EVPID: ..." */
enum mm_verdict
mm_opensmtpd_log_for(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	bool local = mm_str_starts(l->text, "delivery");
	struct mm_str word, evpid;
	struct mm_opensmtpd_fields f;
	struct mm_record r;

	if (!mm_str_cut(&s, " for ", &word) || mm_opensmtpd_hex(s, 16) == 0)
		return mm_opensmtpd_malformed(l, "words about no envelope");
	evpid = mm_str_upto(s, 16);
	mm_opensmtpd_take_fields(mm_str_from(s, 17), &f);
	f.evpid = evpid;
	if (!mm_str_is(word, "Expire") && !mm_str_is(word, "Remove"))
		return emit_attempt(l, &f, word, local);
	mm_opensmtpd_begin(
	    l, &r, mm_str_is(word, "Expire") ? MM_EV_EXPIRED : MM_EV_DELETED);
	put_recipient(&r, &f);
	if (r.event == MM_EV_EXPIRED)
		r.reply = f.stat;
	else
		r.text = f.stat;
	return mm_opensmtpd_emit(l, &r);
}

/* "smtp-in: Accepted message 4296f490 on session S: from=<a@b>, ..." */
enum mm_verdict
mm_opensmtpd_accepted(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	struct mm_str msgid = mm_str_upto(s, 8), session;
	struct mm_opensmtpd_line old = *l;
	struct mm_opensmtpd_fields f;
	struct mm_record r;

	if (mm_opensmtpd_hex(s, 8) == 0 ||
	    !mm_str_cut(&s, " on session ", &session) ||
	    mm_opensmtpd_hex(s, 16) == 0)
		return mm_opensmtpd_malformed(
		    l, "a message without its id or session");
	old.session = mm_str_upto(s, 16);
	mm_opensmtpd_take_fields(mm_str_from(s, 17), &f);
	mm_opensmtpd_begin(&old, &r,
			   f.to.p != NULL ? MM_EV_DETAIL : MM_EV_ARRIVAL);
	r.queue_id = msgid;
	r.sender = f.from;
	r.size_bytes = f.size_bytes;
	r.n_recipients = f.n_recipients;
	r.protocol = f.proto;
	(void)mm_opensmtpd_emit(&old, &r);
	if (f.to.p == NULL)
		return MM_LINE_RECORD;
	mm_opensmtpd_begin(&old, &r, MM_EV_RECIPIENT);
	r.queue_id = msgid;
	r.recipient = f.to;
	return mm_opensmtpd_emit(&old, &r);
}
