#include <stdio.h>

#include "formats/base/digest.h"
#include "formats/base/status.h"
#include "formats/logs/powermta.h"

struct pmta {
	const struct mm_line *line;
	struct mm_emit *emit;
	char id[24];
};

static struct mm_str
get(const struct pmta *p, const char *name)
{
	return mm_cells_get(p->line->cells, name);
}

/* "rfc822;a@b", "smtp;250 OK": without the type in front. */
static struct mm_str
untyped(struct mm_str s, const char *type)
{
	(void)mm_str_skip(&s, type);
	return s.n > 0 ? s : MM_STR_ABSENT;
}

/* "mx.example.org (192.0.2.1)" */
static void
split_host(struct mm_str s, struct mm_str *name, struct mm_str *ip)
{
	struct mm_str head;

	*ip = MM_STR_ABSENT;
	if (mm_str_cut(&s, " (", &head)) {
		*name = head;
		*ip = mm_str_upto(s, mm_str_findc(s, ')'));
	} else {
		*name = s;
	}
	if (name->n == 0)
		*name = MM_STR_ABSENT;
}

static struct mm_str
bare_id(struct mm_str s)
{
	s = mm_str_bare(mm_str_trim(s));
	return s.n > 0 ? s : MM_STR_ABSENT;
}

/* "2024-02-04 09:29:26+0100", or seconds since 1970. */
static bool
parse_time(struct mm_str s, int64_t *t_us, bool *has_zone)
{
	uint64_t seconds;

	if (mm_str_to_u64(s, &seconds) && seconds < UINT32_MAX) {
		*t_us = (int64_t)seconds * MM_SECOND_US;
		*has_zone = true;
		return true;
	}
	return mm_time_take_iso(&s, t_us, has_zone);
}

/* What tells this message from others of the same sender and recipient. A row
 * of a type that comes but once (`alone`) may stand for itself. */
static bool
find_tie(const struct pmta *p, bool alone, uint64_t *tie)
{
	struct mm_str id = bare_id(get(p, "header_Message-Id"));
	int64_t t_us;
	bool has_zone;

	if (id.p == NULL && get(p, "envId").n > 0)
		id = get(p, "envId");
	/* As a number: daylight saving changes the text. */
	if (parse_time(get(p, "timeQueued"), &t_us, &has_zone))
		*tie = (uint64_t)t_us;
	else if (id.p != NULL)
		*tie = mm_hash64(id);
	else if (alone)
		*tie = ~(uint64_t)p->line->t_us;
	else
		return false;
	return true;
}

static bool
make_id(struct pmta *p, bool alone)
{
	uint64_t h;

	if (!find_tie(p, alone, &h))
		return false;
	h = h * 0x9e3779b97f4a7c15u + mm_hash64(get(p, "orig"));
	h = h * 0x9e3779b97f4a7c15u + mm_hash64(get(p, "rcpt"));
	(void)snprintf(p->id, sizeof(p->id), "%016llx", (unsigned long long)h);
	return true;
}

static void
begin(struct pmta *p, struct mm_record *r, enum mm_event event)
{
	mm_record_init(r, event, MM_MTA_POWERMTA);
	r->t_us = p->line->t_us;
	r->host = p->line->host;
	r->program = MM_STR("pmta");
}

/* What every row says of its message. */
static void
fill_message(struct pmta *p, struct mm_record *r)
{
	int64_t t_us, size;
	bool has_zone;

	r->queue_id = mm_str_z(p->id);
	r->sender = get(p, "orig").p != NULL ? get(p, "orig") : MM_STR("");
	r->recipient = get(p, "rcpt");
	r->orig_recipient = untyped(get(p, "orcpt"), "rfc822;");
	if (mm_str_eq(r->orig_recipient, r->recipient))
		r->orig_recipient = MM_STR_ABSENT;
	r->message_id = bare_id(get(p, "header_Message-Id"));
	if (mm_str_to_i64(get(p, "dlvSize"), &size) && size >= 0)
		r->size_bytes = size;
	if (parse_time(get(p, "timeQueued"), &t_us, &has_zone) && has_zone &&
	    t_us <= p->line->t_us)
		r->delay_us = p->line->t_us - t_us;
}

static void
fill_relay(const struct pmta *p, struct mm_record *r)
{
	struct mm_str ip = get(p, "dlvDestinationIp");

	split_host(get(p, "dsnMta"), &r->relay_name, &r->relay_ip);
	if (ip.n > 0)
		r->relay_ip = ip;
	r->contact = r->relay_ip.p != NULL;
	r->transport = get(p, "vmta");
	/* "2.0.0 (success)" */
	r->dsn = get(p, "dsnStatus");
	r->dsn = mm_str_upto(r->dsn, mm_str_findc(r->dsn, ' '));
	if (r->dsn.n == 0)
		r->dsn = MM_STR_ABSENT;
	r->reply = untyped(get(p, "dsnDiag"), "smtp;");
	if (r->reply.p == NULL)
		r->reply = untyped(get(p, "dsnStatus"), "");
}

static enum mm_verdict
no_recipient(struct pmta *p)
{
	p->emit->why = "a row of PowerMTA without a recipient (column rcpt)";
	return MM_LINE_MALFORMED;
}

/* Given up after the time that a message may wait. */
static bool
is_expired(const struct pmta *p, const struct mm_record *r)
{
	return mm_str_is(get(p, "bounceCat"), "message-expired") ||
	       mm_str_is(r->dsn, "4.4.7") || mm_str_is(r->dsn, "5.4.7");
}

static enum mm_verdict
parse_attempt(struct pmta *p, enum mm_outcome outcome)
{
	bool alone = outcome != MM_OUT_DEFERRED;
	struct mm_record r;

	if (get(p, "rcpt").n == 0)
		return no_recipient(p);
	begin(p, &r, MM_EV_LEG);
	if (make_id(p, alone)) {
		r.event = MM_EV_ATTEMPT;
		fill_message(p, &r);
	}
	fill_relay(p, &r);
	r.outcome = outcome;
	if (outcome == MM_OUT_BOUNCED && is_expired(p, &r)) {
		r.event = MM_EV_EXPIRED;
		r.contact = false;
	}
	p->emit->record(p->emit->ctx, &r);
	return MM_LINE_RECORD;
}

static enum mm_verdict
parse_delivered(struct pmta *p)
{
	return parse_attempt(p, MM_OUT_SENT);
}

static enum mm_verdict
parse_bounced(struct pmta *p)
{
	return parse_attempt(p, MM_OUT_BOUNCED);
}

static enum mm_verdict
parse_transient(struct pmta *p)
{
	return parse_attempt(p, MM_OUT_DEFERRED);
}

/* No message was tried: the queue as a whole was put off. */
static enum mm_verdict
parse_queue(struct pmta *p)
{
	struct mm_record r;

	begin(p, &r, MM_EV_LEG);
	fill_relay(p, &r);
	r.outcome = MM_OUT_DEFERRED;
	p->emit->record(p->emit->ctx, &r);
	return MM_LINE_RECORD;
}

static enum mm_verdict
parse_received(struct pmta *p)
{
	struct mm_record r;

	if (get(p, "rcpt").n == 0)
		return no_recipient(p);
	if (!make_id(p, false))
		return MM_LINE_NOISE;
	begin(p, &r, MM_EV_ARRIVAL);
	fill_message(p, &r);
	split_host(get(p, "srcMta"), &r.client_name, &r.client_ip);
	r.protocol = get(p, "srcType");
	r.delay_us = -1;
	r.recipient = r.orig_recipient = MM_STR_ABSENT;
	p->emit->record(p->emit->ctx, &r);
	begin(p, &r, MM_EV_RECIPIENT);
	r.queue_id = mm_str_z(p->id);
	r.recipient = get(p, "rcpt");
	p->emit->record(p->emit->ctx, &r);
	return MM_LINE_RECORD;
}

/* What came back later, by mail or from who received it. */
static enum mm_verdict
parse_later(struct pmta *p, struct mm_str what, enum mm_opinion opinion)
{
	static const char *const words[] = { "dsnDiag", "feedbackType",
					     "dsnStatus", "bounceCat" };
	struct mm_record r;

	begin(p, &r, MM_EV_VERDICT);
	if (make_id(p, false))
		fill_message(p, &r);
	r.message_id = bare_id(get(p, "header_Message-Id"));
	if (r.queue_id.p == NULL && r.message_id.p == NULL &&
	    get(p, "rcpt").n == 0)
		return MM_LINE_NOISE; /* about nobody */
	r.sender = get(p, "orig");
	r.recipient = get(p, "rcpt");
	r.size_bytes = r.delay_us = -1;
	r.program = what;
	r.opinion = opinion;
	for (size_t i = 0; i < MM_COUNT(words) && r.text.n == 0; i++)
		r.text = untyped(get(p, words[i]), "smtp;");
	p->emit->record(p->emit->ctx, &r);
	return MM_LINE_RECORD;
}

static enum mm_verdict
parse_remote_bounce(struct pmta *p)
{
	return parse_later(p, MM_STR("remote-bounce"), MM_OPINION_REJECT);
}

static enum mm_verdict
parse_remote_status(struct pmta *p)
{
	return parse_later(p, MM_STR("remote-status"), MM_OPINION_OTHER);
}

/* Somebody called it spam, or what else the report says. */
static enum mm_verdict
parse_feedback(struct pmta *p)
{
	return parse_later(p, MM_STR("feedback-loop"), MM_OPINION_SPAM);
}

static const struct {
	const char *type;
	enum mm_verdict (*parse)(struct pmta *p); /* NULL: noise */
} types[] = {
	{ "d", parse_delivered },
	{ "b", parse_bounced },
	{ "t", parse_transient },
	{ "tq", parse_queue },
	{ "r", parse_received },
	{ "rb", parse_remote_bounce },
	{ "rs", parse_remote_status },
	{ "f", parse_feedback },
	{ "p", NULL },
};

static bool
is_names(struct mm_str s)
{
	return mm_str_starts(s, "type,") || mm_str_starts(s, "\"type\",");
}

/* A row that has no end. */
static bool
is_torn(struct mm_str s)
{
	struct mm_str type;

	if (!mm_str_cutc(&s, ',', &type))
		return false;
	for (size_t i = 0; i < MM_COUNT(types); i++)
		if (mm_str_is(type, types[i].type))
			return true;
	return false;
}

static bool
powermta_claims(const struct mm_line *line)
{
	if (line->framing != MM_FRAME_CSV)
		return false;
	return line->cells != NULL
		   ? mm_cells_get(line->cells, "type").p != NULL &&
			 mm_cells_get(line->cells, "timeLogged").p != NULL
		   : is_names(line->text) || is_torn(line->text);
}

/* Why a row cannot be read at all; NULL: it can. */
static const char *
what_is_wrong(const struct mm_line *line)
{
	const char *fault = mm_cells_fault(line->cells, line->text.n);

	if (fault == NULL && line->t_us == MM_TIME_NONE)
		fault = "a row of PowerMTA without a time";
	return fault;
}

static enum mm_verdict
powermta_parse(const struct mm_line *line, struct mm_emit *emit)
{
	struct pmta p = { .line = line, .emit = emit };
	struct mm_str type = mm_cells_get(line->cells, "type");

	if (line->cells == NULL && is_names(line->text)) {
		if (mm_str_find(line->text, "timeLogged") != MM_NOT_FOUND)
			return MM_LINE_NOISE;
		emit->why = "names without timeLogged: the rows have no time";
		return MM_LINE_MALFORMED;
	}
	emit->why = what_is_wrong(line);
	if (emit->why != NULL)
		return MM_LINE_MALFORMED;
	for (size_t i = 0; i < MM_COUNT(types); i++)
		if (mm_str_is(type, types[i].type))
			return types[i].parse != NULL ? types[i].parse(&p)
						      : MM_LINE_NOISE;
	emit->why = "a row of PowerMTA of an unknown type";
	return MM_LINE_MALFORMED;
}

const struct mm_log_format mm_log_powermta = {
	.name = "powermta",
	.source = "PowerMTA 4.5 and 5.0 user's guides, \"Accounting\"",
	.claims = powermta_claims,
	.parse = powermta_parse,
};
