/* The life of a queue id: who brought the mail, what the queue manager says,
 * notices about it, what operators do to it. */
#include "formats/base/status.h"
#include "formats/logs/postfix_line.h"

enum mm_verdict
mm_postfix_client(const struct mm_postfix_line *l)
{
	struct mm_str s = l->rest, key, old = MM_STR_ABSENT;
	struct mm_postfix_host h;
	struct mm_record r;

	if (l->queue_id.n == 0) /* NOQUEUE: a filter before the queue */
		return MM_LINE_NOISE;
	mm_postfix_begin(l, &r, MM_EV_ARRIVAL);
	(void)mm_str_skip(&s, "client=");
	mm_postfix_take_host(&s, &h);
	r.client_name = h.name;
	r.client_ip = h.ip;
	while (mm_str_skip(&s, ", ") && mm_str_cutc(&s, '=', &key)) {
		struct mm_str value = mm_str_upto(s, mm_str_find(s, ", "));

		if (mm_str_is(key, "sasl_username"))
			r.sasl_user = value;
		else if (mm_str_is(key, "orig_client"))
			r.text = value;
		else if (mm_str_is(key, "orig_queue_id"))
			old = value;
		s = mm_str_from(s, value.n);
	}
	(void)mm_postfix_emit(l, &r);
	if (old.n == 0)
		return MM_LINE_RECORD;
	mm_postfix_begin(l, &r, MM_EV_SAME_MAIL);
	r.other_id = r.queue_id;
	r.queue_id = old;
	r.join = MM_JOIN_FILTER;
	return mm_postfix_emit(l, &r);
}

enum mm_verdict
mm_postfix_pickup(const struct mm_postfix_line *l)
{
	struct mm_str s = l->rest, old = MM_STR_ABSENT;
	struct mm_record r;

	mm_postfix_begin(l, &r, MM_EV_ARRIVAL);
	if (!mm_str_cutc(&s, ' ', &r.text) || !mm_str_skip(&s, "from=") ||
	    !mm_postfix_take_address(&s, &r.sender))
		return mm_postfix_malformed(l, "uid= without from=");
	if (mm_str_skip(&s, " orig_id="))
		old = s;
	(void)mm_postfix_emit(l, &r);
	if (old.n == 0)
		return MM_LINE_RECORD;
	mm_postfix_begin(l, &r, MM_EV_SAME_MAIL);
	r.other_id = r.queue_id;
	r.queue_id = old;
	r.join = MM_JOIN_REQUEUE;
	return mm_postfix_emit(l, &r);
}

enum mm_verdict
mm_postfix_message_id(const struct mm_postfix_line *l)
{
	struct mm_str s = l->rest;
	struct mm_record r;

	mm_postfix_begin(l, &r, MM_EV_DETAIL);
	if (mm_str_skip(&s, "resent-"))
		r.text = MM_STR("resent");
	(void)mm_str_skip(&s, "message-id=");
	s = mm_str_trim(s);
	/* With its brackets; without them; with words behind them. */
	if (mm_str_skip(&s, "<"))
		s = mm_str_upto(s, mm_str_find_last(s, ">"));
	r.message_id = s;
	return mm_postfix_emit(l, &r);
}

enum mm_verdict
mm_postfix_sender(const struct mm_postfix_line *l)
{
	struct mm_str s = l->rest;
	struct mm_record r;
	uint64_t v;

	mm_postfix_begin(l, &r, MM_EV_DETAIL);
	(void)mm_str_skip(&s, "from=");
	if (!mm_postfix_take_address(&s, &r.sender))
		return mm_postfix_malformed(l, "sender cut");
	if (mm_str_skip(&s, ", status=")) {
		r.event = MM_EV_EXPIRED;
		r.text = mm_str_upto(s, mm_str_findc(s, ','));
		return mm_postfix_emit(l, &r);
	}
	if (mm_str_skip(&s, ", size=") && mm_str_take_u64(&s, &v) &&
	    v <= INT64_MAX)
		r.size_bytes = (int64_t)v;
	if (mm_str_skip(&s, ", nrcpt=") && mm_str_take_u64(&s, &v) &&
	    v <= INT64_MAX)
		r.n_recipients = (int64_t)v;
	return mm_postfix_emit(l, &r);
}

enum mm_verdict
mm_postfix_removed(const struct mm_postfix_line *l)
{
	struct mm_record r;

	mm_postfix_begin(l, &r, MM_EV_DONE);
	if (l->kind == MM_POSTFIX_POSTSUPER)
		r.event = MM_EV_DELETED;
	/* cleanup of 3.10 and later: the client or a check ended it. */
	else if (mm_str_is(l->rest, "removed (canceled)"))
		r.event = MM_EV_CUT;
	else if (mm_str_is(l->rest, "removed (discarded)"))
		r.text = MM_STR("discarded");
	else if (l->rest.n != 7)
		return mm_postfix_malformed(l, "removed, but how?");
	return mm_postfix_emit(l, &r);
}

static const struct {
	const char *words;
	enum mm_notice notice;
} notices[] = {
	{ "sender non-delivery notification: ", MM_NOTICE_BOUNCE },
	{ "postmaster non-delivery notification: ", MM_NOTICE_POSTMASTER },
	{ "postmaster delay notification: ", MM_NOTICE_POSTMASTER },
	{ "sender delay notification: ", MM_NOTICE_DELAY },
	{ "sender delivery status notification: ", MM_NOTICE_SUCCESS },
};

enum mm_verdict
mm_postfix_notice(const struct mm_postfix_line *l)
{
	struct mm_str s = l->rest;
	struct mm_record r;

	for (size_t i = 0; i < MM_COUNT(notices); i++) {
		if (!mm_str_skip(&s, notices[i].words))
			continue;
		mm_postfix_begin(l, &r, MM_EV_NOTICE);
		r.other_id = s;
		r.notice = notices[i].notice;
		r.join = MM_JOIN_NOTICE;
		return mm_postfix_emit(l, &r);
	}
	return mm_postfix_malformed(l, "notification of an unknown kind");
}

static const struct {
	const char *words;
	enum mm_event event;
	const char *text;
} acts[] = {
	{ "placed on hold", MM_EV_HELD, NULL },
	{ "released from hold", MM_EV_RELEASED, NULL },
	{ "requeued", MM_EV_REQUEUED, NULL },
	/* One more attempt follows; qmgr says when it has really expired. */
	{ "expired", MM_EV_DETAIL, "force-expired" },
};

enum mm_verdict
mm_postfix_operator(const struct mm_postfix_line *l)
{
	struct mm_record r;

	for (size_t i = 0; i < MM_COUNT(acts); i++) {
		if (!mm_str_is(l->rest, acts[i].words))
			continue;
		mm_postfix_begin(l, &r, acts[i].event);
		r.text = mm_str_z(acts[i].text);
		return mm_postfix_emit(l, &r);
	}
	return mm_postfix_malformed(l, "unknown act on a message");
}
