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
	s = mm_str_trim(s);
	if (mm_str_skip(&s, "<") && s.n > 0 && s.p[s.n - 1] == '>')
		s.n--;
	return s.n > 0 ? s : MM_STR_ABSENT;
}

static void
make_id(struct pmta *p)
{
	static const char *const parts[] = { "timeQueued", "orig", "envId",
					     "jobId" };
	struct mm_str mid = get(p, "header_Message-Id");
	uint64_t h = mm_hash64(mid.n > 0 ? mid : get(p, "rcpt"));

	for (size_t i = 0; i < MM_COUNT(parts); i++)
		h = h * 0x9e3779b97f4a7c15u + mm_hash64(get(p, parts[i]));
	(void)snprintf(p->id, sizeof(p->id), "%016llx", (unsigned long long)h);
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
	struct mm_str queued = get(p, "timeQueued");
	int64_t t_us, size;
	bool has_zone;

	make_id(p);
	r->queue_id = mm_str_z(p->id);
	r->sender = get(p, "orig").p != NULL ? get(p, "orig") : MM_STR("");
	r->recipient = get(p, "rcpt");
	r->orig_recipient = untyped(get(p, "orcpt"), "rfc822;");
	if (mm_str_eq(r->orig_recipient, r->recipient))
		r->orig_recipient = MM_STR_ABSENT;
	r->message_id = bare_id(get(p, "header_Message-Id"));
	if (mm_str_to_i64(get(p, "dlvSize"), &size) && size >= 0)
		r->size_bytes = size;
	if (mm_time_take_iso(&queued, &t_us, &has_zone) && has_zone &&
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
parse_attempt(struct pmta *p, enum mm_outcome outcome)
{
	struct mm_record r;

	begin(p, &r, MM_EV_ATTEMPT);
	fill_message(p, &r);
	fill_relay(p, &r);
	r.outcome = outcome;
	if (r.recipient.n == 0) {
		p->emit->why = "a row of PowerMTA without a recipient";
		return MM_LINE_MALFORMED;
	}
	p->emit->record(p->emit->ctx, &r);
	if (outcome != MM_OUT_DEFERRED && r.message_id.p == NULL) {
		/* It has no other recipient. */
		begin(p, &r, MM_EV_DONE);
		r.queue_id = mm_str_z(p->id);
		p->emit->record(p->emit->ctx, &r);
	}
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

	begin(p, &r, MM_EV_ARRIVAL);
	fill_message(p, &r);
	split_host(get(p, "srcMta"), &r.client_name, &r.client_ip);
	r.protocol = get(p, "srcType");
	r.delay_us = -1;
	if (r.recipient.n == 0) {
		p->emit->why = "a row of PowerMTA without a recipient";
		return MM_LINE_MALFORMED;
	}
	r.recipient = r.orig_recipient = MM_STR_ABSENT;
	p->emit->record(p->emit->ctx, &r);
	begin(p, &r, MM_EV_RECIPIENT);
	r.queue_id = mm_str_z(p->id);
	r.recipient = get(p, "rcpt");
	p->emit->record(p->emit->ctx, &r);
	return MM_LINE_RECORD;
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
	{ "rb", NULL },
	{ "rs", NULL },
	{ "f", NULL },
	{ "p", NULL },
};

static bool
is_names(struct mm_str s)
{
	return mm_str_starts(s, "type,time") ||
	       mm_str_starts(s, "\"type\",\"time");
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

static enum mm_verdict
powermta_parse(const struct mm_line *line, struct mm_emit *emit)
{
	struct pmta p = { .line = line, .emit = emit };
	struct mm_str type = mm_cells_get(line->cells, "type");

	if (line->cells == NULL && is_names(line->text))
		return MM_LINE_NOISE;
	if (line->cells == NULL || line->t_us == MM_TIME_NONE) {
		emit->why = line->cells == NULL
				? "a row whose quotes are not closed"
				: "a row of PowerMTA without a time";
		return MM_LINE_MALFORMED;
	}
	for (size_t i = 0; i < MM_COUNT(types); i++)
		if (mm_str_is(type, types[i].type))
			return types[i].parse != NULL ? types[i].parse(&p)
						      : MM_LINE_NOISE;
	emit->why = "a row of PowerMTA of an unknown type";
	return MM_LINE_MALFORMED;
}

const struct mm_log_format mm_log_powermta = {
	.name = "powermta",
	.source = "PowerMTA 4.0 and 5.0 user's guides, \"Accounting\"",
	.claims = powermta_claims,
	.parse = powermta_parse,
};
