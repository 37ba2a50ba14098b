#include <stdio.h>

#include "formats/base/status.h"
#include "formats/logs/kumomta.h"
#include "formats/mail/reply.h"

#define MAX_REPLY 8192

struct kumo {
	const struct mm_line *line;
	struct mm_emit *emit;
	char reply[MAX_REPLY], dsn[32];
};

static struct mm_str
get(const struct kumo *k, const char *name)
{
	return mm_cells_get(k->line->cells, name);
}

/* Not negative; else -1. */
static int64_t
number(struct mm_str s)
{
	int64_t v;

	return mm_str_to_i64(s, &v) && v >= 0 ? v : -1;
}

/* Names out of DNS end in a dot. */
static struct mm_str
without_dot(struct mm_str s)
{
	if (s.n > 1 && s.p[s.n - 1] == '.')
		s.n--;
	return s.n > 0 ? s : MM_STR_ABSENT;
}

static struct mm_str
message_id(const struct kumo *k)
{
	return mm_str_bare(get(k, "headers.Message-ID"));
}

static void
begin(const struct kumo *k, struct mm_record *r, enum mm_event event)
{
	mm_record_init(r, event, MM_MTA_KUMOMTA);
	r->t_us = k->line->t_us;
	r->host = get(k, "nodeid");
	r->program = MM_STR("kumod");
	r->queue_id = get(k, "id");
}

static void
emit(const struct kumo *k, const struct mm_record *r)
{
	k->emit->record(k->emit->ctx, r);
}

static void
fill_message(const struct kumo *k, struct mm_record *r)
{
	int64_t size = number(get(k, "size"));

	r->sender = get(k, "sender");
	r->message_id = message_id(k);
	/* Where it was not in memory the size is given as 0. */
	r->size_bytes = size > 0 ? size : -1;
}

/* "192.0.2.1", "192.0.2.1:25", "[2001:db8::1]:25"; a socket's path is none. */
static struct mm_str
peer_ip(const struct kumo *k)
{
	struct mm_str s = get(k, "peer_address.addr");
	size_t first = mm_str_findc(s, ':');

	if (s.n == 0 || s.p[0] == '/' || s.p[0] == '<')
		return MM_STR_ABSENT;
	if (mm_str_skip(&s, "["))
		return mm_str_upto(s, mm_str_findc(s, ']'));
	return first == mm_str_find_last(s, ":") ? mm_str_upto(s, first) : s;
}

static bool
has_peer(const struct kumo *k)
{
	return get(k, "peer_address.addr").n > 0 ||
	       get(k, "peer_address.name").n > 0;
}

/* "RCPT TO:<a@b>", "." and so on, as Postfix calls them in replies. */
static struct mm_str
command(const struct kumo *k)
{
	struct mm_str s = get(k, "response.command");

	s = mm_str_trim(mm_str_upto(s, mm_str_findc(s, ':')));
	return mm_str_is(s, ".") ? MM_STR("end of DATA") : mm_str_upto(s, 64);
}

/* "250 2.0.0 OK ids=... (in reply to end of DATA command)" out of the parts.
 * What KumoMTA says itself comes with codes that nobody replied. */
static void
fill_reply(struct kumo *k, struct mm_record *r)
{
	struct mm_str code =
	    has_peer(k) ? get(k, "response.code") : MM_STR_ABSENT;
	struct mm_str content = get(k, "response.content");
	struct mm_str verb = command(k);
	struct mm_str enhanced = MM_STR_ABSENT;
	bool staged = has_peer(k) && mm_stage_of(verb) != MM_STAGE_NONE;
	struct mm_str dsn[3] = { get(k, "response.enhanced_code.class"),
				 get(k, "response.enhanced_code.subject"),
				 get(k, "response.enhanced_code.detail") };
	int n;

	if (code.p == NULL && content.p == NULL)
		return;
	if (dsn[0].n > 0 && dsn[1].n > 0 && dsn[2].n > 0) {
		n = snprintf(k->dsn, sizeof(k->dsn), "%.*s.%.*s.%.*s",
			     MM_STR_ARG(dsn[0]), MM_STR_ARG(dsn[1]),
			     MM_STR_ARG(dsn[2]));
		if (n > 0 && n < (int)sizeof(k->dsn))
			r->dsn = (struct mm_str){ k->dsn, (size_t)n };
	}
	if (code.n > 0)
		enhanced = r->dsn;
	n = snprintf(k->reply, sizeof(k->reply), "%.*s%s%.*s %.*s%s%.*s%s",
		     MM_STR_ARG(code), enhanced.n > 0 ? " " : "",
		     MM_STR_ARG(enhanced),
		     MM_STR_ARG(mm_str_upto(content, MAX_REPLY - 256)),
		     staged ? " (in reply to " : "",
		     MM_STR_ARG(staged ? verb : MM_STR_ABSENT),
		     staged ? " command)" : "");
	if (n >= (int)sizeof(k->reply))
		n = (int)sizeof(k->reply) - 1;
	r->reply = mm_str_trim((struct mm_str){ k->reply, (size_t)n });
}

/* What the client's verb was, as others say it: "RCPT TO" is RCPT. */
static struct mm_str
stage(const struct kumo *k)
{
	struct mm_str s = command(k);

	if (mm_stage_of(s) == MM_STAGE_EOD)
		return MM_STR("EOD");
	return s.n > 0 ? mm_str_upto(s, mm_str_findc(s, ' ')) : MM_STR_ABSENT;
}

/* `each` recipient of a list. */
static void
each_recipient(struct kumo *k, struct mm_record *r)
{
	struct mm_str left = get(k, "recipient"), one;

	while (left.n > 0) {
		if (!mm_str_cutc(&left, ';', &one)) {
			one = left;
			left.n = 0;
		}
		r->recipient = one;
		if (one.n > 0)
			emit(k, r);
	}
}

/* With one recipient the message is done. */
static void
emit_done(const struct kumo *k)
{
	struct mm_record r;

	if (mm_str_findc(get(k, "recipient"), ';') != MM_NOT_FOUND)
		return;
	begin(k, &r, MM_EV_DONE);
	emit(k, &r);
}

static enum mm_verdict
parse_reception(struct kumo *k)
{
	struct mm_record r;

	begin(k, &r, MM_EV_ARRIVAL);
	fill_message(k, &r);
	r.helo = without_dot(get(k, "peer_address.name"));
	r.client_ip = peer_ip(k);
	r.protocol = get(k, "reception_protocol");
	r.session = get(k, "session_id");
	r.sasl_user = get(k, "meta.authn_id");
	emit(k, &r);
	begin(k, &r, MM_EV_RECIPIENT);
	each_recipient(k, &r);
	return MM_LINE_RECORD;
}

/* Somebody was reached, or KumoMTA says that it tried. */
static bool
was_tried(const struct kumo *k)
{
	struct mm_str s = get(k, "response.content");

	if (mm_str_skip(&s, "KumoMTA internal: "))
		return mm_str_starts(s, "failed to connect") ||
		       mm_str_starts(s, "failed to send");
	return has_peer(k);
}

static enum mm_verdict
parse_attempt(struct kumo *k, enum mm_outcome outcome)
{
	int64_t created = number(get(k, "created"));
	struct mm_record r;

	begin(k, &r, MM_EV_ATTEMPT);
	fill_message(k, &r);
	fill_reply(k, &r);
	r.outcome = outcome;
	r.relay_name = without_dot(get(k, "peer_address.name"));
	r.relay_ip = peer_ip(k);
	r.contact = outcome == MM_OUT_SENT || was_tried(k);
	r.transport = get(k, "delivery_protocol");
	if (mm_str_is(r.transport, "xfer"))
		r.relay_name = get(k, "site");
	r.secure = get(k, "tls_cipher").n > 0;
	r.session = get(k, "session_id");
	if (created > 0 && created <= k->line->t_us / MM_SECOND_US)
		r.delay_us = k->line->t_us - created * MM_SECOND_US;
	each_recipient(k, &r);
	if (outcome != MM_OUT_DEFERRED)
		emit_done(k);
	return MM_LINE_RECORD;
}

static enum mm_verdict
parse_delivery(struct kumo *k)
{
	return parse_attempt(k, MM_OUT_SENT);
}

static enum mm_verdict
parse_bounce(struct kumo *k)
{
	return parse_attempt(k, MM_OUT_BOUNCED);
}

/* Also what put it off without anybody being asked. */
static enum mm_verdict
parse_deferral(struct kumo *k)
{
	return parse_attempt(k, MM_OUT_DEFERRED);
}

static enum mm_verdict
parse_expiration(struct kumo *k)
{
	struct mm_record r;

	begin(k, &r, MM_EV_EXPIRED);
	fill_message(k, &r);
	fill_reply(k, &r);
	each_recipient(k, &r);
	emit_done(k);
	return MM_LINE_RECORD;
}

static enum mm_verdict
parse_admin_bounce(struct kumo *k)
{
	struct mm_record r;

	begin(k, &r, MM_EV_DELETED);
	fill_message(k, &r);
	fill_reply(k, &r);
	r.outcome = MM_OUT_BOUNCED;
	each_recipient(k, &r);
	emit_done(k);
	return MM_LINE_RECORD;
}

static enum mm_verdict
parse_rejection(struct kumo *k)
{
	struct mm_str refused = get(k, "response.command");
	struct mm_record r;

	begin(k, &r, MM_EV_REJECT);
	r.queue_id = MM_STR_ABSENT;
	r.sender = get(k, "sender");
	fill_reply(k, &r);
	r.stage = stage(k);
	r.helo = without_dot(get(k, "peer_address.name"));
	r.client_ip = peer_ip(k);
	r.session = get(k, "session_id");
	/* The record's own recipient is the last that was accepted. */
	if (mm_str_is(r.stage, "RCPT") &&
	    mm_str_cutc(&refused, '<', &r.recipient) &&
	    mm_str_cutc(&refused, '>', &r.recipient))
		emit(k, &r);
	else if (get(k, "recipient").n > 0)
		each_recipient(k, &r);
	else
		emit(k, &r);
	return MM_LINE_RECORD;
}

static const struct {
	const char *type;
	enum mm_verdict (*parse)(struct kumo *k); /* NULL: noise */
} types[] = {
	{ "Reception", parse_reception },
	{ "Delivery", parse_delivery },
	{ "TransientFailure", parse_deferral },
	{ "Delayed", parse_deferral },
	{ "Bounce", parse_bounce },
	{ "Expiration", parse_expiration },
	{ "AdminBounce", parse_admin_bounce },
	{ "Rejection", parse_rejection },
	{ "OOB", NULL },
	{ "Feedback", NULL },
	{ "AdminRebind", NULL },
	{ "DeferredInjectionRebind", NULL },
	{ "XferIn", parse_reception }, /* from another node, and to one */
	{ "XferOut", parse_delivery },
};

static bool
is_known(struct mm_str type)
{
	for (size_t i = 0; i < MM_COUNT(types); i++)
		if (mm_str_is(type, types[i].type))
			return true;
	return false;
}

/* Cut in the middle it is no JSON any more; "type" comes first. */
static bool
is_torn(const struct mm_line *line)
{
	struct mm_str s = line->text;

	return line->cells == NULL && mm_str_skip(&s, "{\"type\":\"") &&
	       is_known(mm_str_upto(s, mm_str_findc(s, '"')));
}

/* Its objects have the queue beside the id, or a type that is known. */
static bool
kumomta_claims(const struct mm_line *line)
{
	if (is_torn(line))
		return true;
	return line->cells != NULL && line->framing == MM_FRAME_JSON &&
	       mm_cells_get(line->cells, "id").p != NULL &&
	       mm_cells_get(line->cells, "recipient").p != NULL &&
	       (is_known(mm_cells_get(line->cells, "type")) ||
		mm_cells_get(line->cells, "queue").p != NULL);
}

static enum mm_verdict
kumomta_parse(const struct mm_line *line, struct mm_emit *emit)
{
	struct kumo k = { .line = line, .emit = emit };
	struct mm_str type = mm_cells_get(line->cells, "type");

	if (line->cells == NULL) {
		emit->why = "a record of KumoMTA that is not whole";
		return MM_LINE_MALFORMED;
	}
	for (size_t i = 0; i < MM_COUNT(types); i++) {
		if (!mm_str_is(type, types[i].type))
			continue;
		/* What its log hooks send is no mail. */
		if (types[i].parse == NULL ||
		    mm_str_is(get(&k, "reception_protocol"), "LogRecord"))
			return MM_LINE_NOISE;
		if (get(&k, "recipient").n > 0 ||
		    types[i].parse == parse_rejection)
			return types[i].parse(&k);
		emit->why = "a record of KumoMTA without a recipient";
		return MM_LINE_MALFORMED;
	}
	emit->why = "a record of KumoMTA of an unknown type";
	return MM_LINE_MALFORMED;
}

const struct mm_log_format mm_log_kumomta = {
	.name = "kumomta",
	.source = "docs.kumomta.com, \"Log Record\"; kumod at 3ebc1e8",
	.claims = kumomta_claims,
	.parse = kumomta_parse,
};
