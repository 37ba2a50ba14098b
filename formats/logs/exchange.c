#include "formats/logs/exchange.h"
#include "formats/base/status.h"

struct exchange {
	const struct mm_line *line;
	struct mm_emit *emit;
};

/* By the name in the files, or the one that PowerShell gives it. */
static struct mm_str
get(const struct exchange *x, const char *name, const char *property)
{
	struct mm_str v = mm_cells_get(x->line->cells, name);

	return v.p != NULL ? v : mm_cells_get(x->line->cells, property);
}

/* The first label, unless it is an address. */
static struct mm_str
label(struct mm_str host)
{
	bool digits = true;

	for (size_t i = 0; i < host.n; i++)
		digits &= host.p[i] == '.' || host.p[i] == ':' ||
			  (host.p[i] >= '0' && host.p[i] <= '9');
	if (digits)
		return host.n > 0 ? host : MM_STR_ABSENT;
	return mm_str_upto(host, mm_str_findc(host, '.'));
}

/* Is it about a session with the next hop? Then the server is that. */
static bool
is_outbound(const struct exchange *x)
{
	return mm_str_is(get(x, "source", "Source"), "SMTP") &&
	       !mm_str_is(get(x, "event-id", "EventId"), "RECEIVE");
}

/* Who wrote the line: the client of such a session, else the server. */
static struct mm_str
own_host(const struct exchange *x)
{
	struct mm_str server = get(x, "server-hostname", "ServerHostname");
	struct mm_str client = get(x, "client-hostname", "ClientHostname");

	return label(client.n > 0 && (is_outbound(x) || server.n == 0)
			 ? client
			 : server);
}

static void
begin(const struct exchange *x, struct mm_record *r, enum mm_event event)
{
	mm_record_init(r, event, MM_MTA_EXCHANGE);
	r->t_us = x->line->t_us;
	r->host = own_host(x);
	r->program = get(x, "source", "Source");
	r->queue_id = get(x, "internal-message-id", "InternalMessageId");
}

static void
fill_message(const struct exchange *x, struct mm_record *r)
{
	struct mm_str id = mm_str_trim(get(x, "message-id", "MessageId"));
	struct mm_str sender = get(x, "sender-address", "Sender");
	int64_t v;

	if (mm_str_skip(&id, "<") && id.n > 0 && id.p[id.n - 1] == '>')
		id.n--;
	if (id.n > 0)
		r->message_id = id;
	r->sender = mm_str_is(sender, "<>") ? MM_STR("") : sender;
	if (mm_str_to_i64(get(x, "total-bytes", "TotalBytes"), &v) && v >= 0)
		r->size_bytes = v;
}

/* The next of a list with `;`; one in braces or brackets holds more of them. */
static bool
take(struct mm_str *left, struct mm_str *one)
{
	size_t i = 0;
	int depth = 0;

	if (left->n == 0)
		return false;
	for (; i < left->n && (left->p[i] != ';' || depth > 0); i++)
		depth += (left->p[i] == '[' || left->p[i] == '{') -
			 (left->p[i] == ']' || left->p[i] == '}');
	*one = mm_str_trim(mm_str_upto(*left, i));
	*left = mm_str_from(*left, i < left->n ? i + 1 : i);
	return true;
}

/* "[{LED=550 5.1.10 ...};{MSG=};...]": what it says. */
static struct mm_str
status_text(struct mm_str s)
{
	struct mm_str head, rest = s;

	if (!mm_str_cut(&rest, "{LED=", &head))
		return s;
	return mm_str_upto(rest, mm_str_findc(rest, '}'));
}

/* A record for each recipient, with its status; PowerShell puts blanks between
 * them, as no list of its own has `;`. */
static enum mm_verdict
each_recipient(const struct exchange *x, struct mm_record *r)
{
	struct mm_str left = get(x, "recipient-address", "Recipients");
	struct mm_str status = get(x, "recipient-status", "RecipientStatus");
	struct mm_str one, text = MM_STR_ABSENT;
	bool any = false;

	while (take(&left, &one)) {
		/* Where there are fewer the last stands for the rest. */
		if (status.n > 0 && r->event == MM_EV_ATTEMPT)
			(void)take(&status, &text);
		if (one.n == 0)
			continue;
		r->recipient = one;
		if (r->event == MM_EV_ATTEMPT) {
			r->reply = status_text(text);
			if (r->reply.n == 0 && r->outcome != MM_OUT_SENT)
				r->reply =
				    get(x, "source-context", "SourceContext");
			if (r->reply.n == 0)
				r->reply = MM_STR_ABSENT;
		}
		x->emit->record(x->emit->ctx, r);
		any = true;
	}
	if (any)
		return MM_LINE_RECORD;
	x->emit->why = "an event of Exchange without a recipient";
	return MM_LINE_MALFORMED;
}

static enum mm_verdict
parse_receive(const struct exchange *x)
{
	struct mm_record r;
	int64_t v;

	begin(x, &r, MM_EV_ARRIVAL);
	fill_message(x, &r);
	r.client_name = get(x, "client-hostname", "ClientHostname");
	r.client_ip = get(x, "client-ip", "ClientIp");
	r.protocol = get(x, "source", "Source");
	if (mm_str_to_i64(get(x, "recipient-count", "RecipientCount"), &v) &&
	    v >= 0)
		r.n_recipients = v;
	x->emit->record(x->emit->ctx, &r);
	begin(x, &r, MM_EV_RECIPIENT);
	(void)each_recipient(x, &r);
	return MM_LINE_RECORD;
}

static enum mm_verdict
parse_send(const struct exchange *x)
{
	struct mm_record r;

	begin(x, &r, MM_EV_ATTEMPT);
	fill_message(x, &r);
	r.outcome = MM_OUT_SENT;
	r.contact = true;
	r.transport = get(x, "connector-id", "ConnectorId");
	r.relay_name = get(x, "server-hostname", "ServerHostname");
	r.relay_ip = get(x, "server-ip", "ServerIp");
	return each_recipient(x, &r);
}

static enum mm_verdict
parse_deliver(const struct exchange *x)
{
	struct mm_record r;

	begin(x, &r, MM_EV_ATTEMPT);
	fill_message(x, &r);
	r.outcome = MM_OUT_SENT;
	r.contact = true;
	r.relay_name = MM_STR("local");
	r.transport = MM_STR("storedriver");
	return each_recipient(x, &r);
}

static enum mm_verdict
parse_failed(const struct exchange *x, enum mm_outcome outcome)
{
	struct mm_record r;

	begin(x, &r, MM_EV_ATTEMPT);
	fill_message(x, &r);
	r.outcome = outcome;
	r.contact = is_outbound(x);
	if (r.contact) {
		r.relay_name = get(x, "server-hostname", "ServerHostname");
		r.relay_ip = get(x, "server-ip", "ServerIp");
	}
	r.transport = get(x, "connector-id", "ConnectorId");
	return each_recipient(x, &r);
}

static enum mm_verdict
parse_fail(const struct exchange *x)
{
	return parse_failed(x, MM_OUT_BOUNCED);
}

static enum mm_verdict
parse_defer(const struct exchange *x)
{
	return parse_failed(x, MM_OUT_DEFERRED);
}

/* Thrown away without a word to the sender. */
static enum mm_verdict
parse_drop(const struct exchange *x)
{
	return parse_failed(x, MM_OUT_DISCARDED);
}

/* Other addresses in place of one. */
static enum mm_verdict
parse_readdress(const struct exchange *x)
{
	struct mm_record r;

	begin(x, &r, MM_EV_RECIPIENT);
	r.orig_recipient =
	    get(x, "related-recipient-address", "RelatedRecipientAddress");
	return each_recipient(x, &r);
}

static enum mm_verdict
parse_deleted(const struct exchange *x)
{
	struct mm_record r;

	begin(x, &r, MM_EV_DELETED);
	fill_message(x, &r);
	x->emit->record(x->emit->ctx, &r);
	return MM_LINE_RECORD;
}

static const struct {
	const char *event;
	enum mm_verdict (*parse)(const struct exchange *x); /* NULL: noise */
} events[] = {
	{ "RECEIVE", parse_receive },
	{ "SEND", parse_send },
	{ "DELIVER", parse_deliver },
	{ "DUPLICATEDELIVER", parse_deliver },
	{ "FAIL", parse_fail },
	{ "DEFER", parse_defer },
	{ "EXPAND", parse_readdress },
	{ "RESOLVE", parse_readdress },
	{ "REDIRECT", parse_readdress },
	{ "BADMAIL", parse_deleted },
	{ "POISONMESSAGE", parse_deleted },
	{ "DROP", parse_drop },
	{ "CLIENTSUBMISSION", NULL },
	{ "DSN", NULL },
	{ "SUBMIT", NULL },
	{ "SUBMITDEFER", NULL },
	{ "SUBMITFAIL", NULL },
	{ "RESUBMIT", NULL },
	{ "RESUBMITDEFER", NULL },
	{ "RESUBMITFAIL", NULL },
	{ "TRANSFER", NULL },
	{ "PROCESS", NULL },
	{ "PROCESSMEETINGMESSAGE", NULL },
	{ "AGENTINFO", NULL },
	{ "NOTIFYMAPI", NULL },
	{ "NOTIFYSHADOW", NULL },
	{ "HAREDIRECT", NULL },
	{ "HAREDIRECTFAIL", NULL },
	{ "HARECEIVE", NULL },
	{ "HADISCARD", NULL },
	{ "LOAD", NULL },
	{ "THROTTLE", NULL },
	{ "INITMESSAGECREATED", NULL },
	{ "MODERATIONEXPIRE", NULL },
	{ "MODERATORAPPROVE", NULL },
	{ "MODERATORREJECT", NULL },
	{ "MODERATORSALLNDR", NULL },
	{ "DELIVERFAIL", NULL },
	{ "DUPLICATEEXPAND", NULL },
	{ "DUPLICATEREDIRECT", NULL },
	{ "SUPPRESSED", NULL },
};

/* The head of a file, and the names. */
static bool
is_head(struct mm_str s)
{
	return mm_str_starts(s, "#Software: Microsoft Exchange") ||
	       mm_str_starts(s, "#Log-type: Message Tracking Log") ||
	       mm_str_starts(s, "#Fields: date-time,client-ip") ||
	       mm_str_starts(s, "date-time,") ||
	       mm_str_starts(s, "\"date-time\",") ||
	       (mm_str_starts(s, "\"") &&
		mm_str_find(s, "\"EventId\"") != MM_NOT_FOUND) ||
	       (mm_str_starts(s, "#TYPE ") &&
		mm_str_find(s, "Microsoft.Exchange") != MM_NOT_FOUND);
}

/* "#Version: 15.01.2507.017", "#Date: 2024-02-04T08:00:00.123Z" */
static bool
is_number_line(struct mm_str s)
{
	return (mm_str_skip(&s, "#Version: ") || mm_str_skip(&s, "#Date: ")) &&
	       s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9';
}

static bool
exchange_claims(const struct mm_line *line)
{
	if (line->framing == MM_FRAME_CSV)
		return true; /* PowerMTA was asked before */
	return line->text.n > 8 && line->text.p[0] == '#' &&
	       (is_head(line->text) || is_number_line(line->text));
}

static enum mm_verdict
exchange_parse(const struct mm_line *line, struct mm_emit *emit)
{
	const struct exchange x = { line, emit };
	struct mm_str event = get(&x, "event-id", "EventId");

	if (line->cells == NULL) {
		if (is_head(line->text) || is_number_line(line->text))
			return MM_LINE_NOISE;
		emit->why = "a row whose quotes are not closed";
		return MM_LINE_MALFORMED;
	}
	if (line->t_us == MM_TIME_NONE) {
		emit->why = "a row with a time in the form of some country: "
			    "export it as yyyy-MM-ddTHH:mm:ss.fffZ";
		return MM_LINE_MALFORMED;
	}
	if (mm_str_is(get(&x, "recipient-address", "Recipients"),
		      "System.String[]")) {
		emit->why = "a row whose recipients were not exported: join "
			    "them with ; first";
		return MM_LINE_MALFORMED;
	}
	for (size_t i = 0; i < MM_COUNT(events); i++)
		if (mm_str_is(event, events[i].event))
			return events[i].parse != NULL ? events[i].parse(&x)
						       : MM_LINE_NOISE;
	emit->why = event.n > 0 ? "an event of Exchange that is not known"
				: "a row of a table of another kind";
	return MM_LINE_MALFORMED;
}

const struct mm_log_format mm_log_exchange = {
	.name = "exchange",
	.source = "Microsoft Learn, \"Message tracking\"",
	.claims = exchange_claims,
	.parse = exchange_parse,
};
