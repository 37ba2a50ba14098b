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

/* A receive connector is named "SERVER\\Name", a send connector is not. */
static bool
has_receive_connector(const struct exchange *x)
{
	return mm_str_findc(get(x, "connector-id", "ConnectorId"), '\\') !=
	       MM_NOT_FOUND;
}

/* Is it about a session with the next hop? Then the server is that. */
static bool
is_outbound(const struct exchange *x)
{
	return mm_str_is(get(x, "source", "Source"), "SMTP") &&
	       !mm_str_is(get(x, "event-id", "EventId"), "RECEIVE") &&
	       !has_receive_connector(x);
}

/* Does the server stand behind who wrote the line: the next hop, the server of
 * the mailbox, or of the transport service? */
static bool
is_client_first(const struct exchange *x)
{
	struct mm_str event = get(x, "event-id", "EventId");

	return is_outbound(x) || mm_str_is(event, "DELIVER") ||
	       mm_str_is(event, "DUPLICATEDELIVER") ||
	       mm_str_is(event, "SUBMIT");
}

/* Who wrote the line. */
static struct mm_str
own_host(const struct exchange *x)
{
	struct mm_str server = get(x, "server-hostname", "ServerHostname");
	struct mm_str client = get(x, "client-hostname", "ClientHostname");
	struct mm_str connector = get(x, "connector-id", "ConnectorId");
	struct mm_str head;

	if (has_receive_connector(x) && mm_str_cutc(&connector, '\\', &head) &&
	    head.n > 0)
		return label(head);
	return label(client.n > 0 && (is_client_first(x) || server.n == 0)
			 ? client
			 : server);
}

/* "<a@b>", and as PowerShell shows lists: "{<a@b>}". */
static struct mm_str
bare_id(struct mm_str s)
{
	s = mm_str_trim(s);
	if (mm_str_skip(&s, "{") && s.n > 0 && s.p[s.n - 1] == '}')
		s.n--;
	s = mm_str_bare(s);
	return s.n > 0 ? s : MM_STR_ABSENT;
}

static struct mm_str
queue_id(const struct exchange *x)
{
	struct mm_str id = get(x, "internal-message-id", "InternalMessageId");

	/* It may never have got one. */
	return id.n == 0 || mm_str_is(id, "0") ? MM_STR_ABSENT : id;
}

static void
begin(const struct exchange *x, struct mm_record *r, enum mm_event event)
{
	mm_record_init(r, event, MM_MTA_EXCHANGE);
	r->t_us = x->line->t_us;
	r->host = own_host(x);
	r->program = get(x, "source", "Source");
	r->queue_id = queue_id(x);
}

static void
fill_message(const struct exchange *x, struct mm_record *r)
{
	struct mm_str from = get(x, "sender-address", "Sender");
	struct mm_str path = get(x, "return-path", "ReturnPath");
	int64_t v;

	r->message_id = bare_id(get(x, "message-id", "MessageId"));
	/* That of the header stands in where the envelope's was not kept. */
	r->sender = path.n > 0 ? path : from;
	if (mm_str_is(r->sender, "<>"))
		r->sender = MM_STR("");
	if (mm_str_to_i64(get(x, "total-bytes", "TotalBytes"), &v) && v >= 0)
		r->size_bytes = v;
}

/* "2024-02-04T08:29:26.000Z;SRV=...": when the mail came to the organization,
 * with SEND and DELIVER. */
static void
fill_delay(const struct exchange *x, struct mm_record *r)
{
	struct mm_str info = get(x, "message-info", "MessageInfo");
	int64_t t_us;
	bool has_zone;

	if (mm_time_take_iso(&info, &t_us, &has_zone) && has_zone &&
	    t_us <= r->t_us)
		r->delay_us = r->t_us - t_us;
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

/* "550 5.1.1 ...", "[{LED=...": where a status begins. Others are more of the
 * one before: "550 4.4.7 QUEUE.Expired;<text>". */
static bool
is_status(struct mm_str s)
{
	s = mm_str_trim(s);
	return s.n == 0 || s.p[0] == ';' || s.p[0] == '[' || s.p[0] == '{' ||
	       (s.n > 2 && s.p[0] >= '2' && s.p[0] <= '5' && s.p[1] >= '0' &&
		s.p[1] <= '9' && s.p[2] >= '0' && s.p[2] <= '9');
}

static bool
take_status(struct mm_str *left, struct mm_str *one)
{
	struct mm_str more;

	if (!take(left, one))
		return false;
	while (!is_status(*left) && take(left, &more))
		one->n = (size_t)(more.p + more.n - one->p);
	return true;
}

/* "08DC;250 2.6.0 <a@b> [InternalId=7, Hostname=ex2] Queued mail for
 * delivery;ClientSubmitTime:...": the answer to the whole message, where it
 * names the next id. */
static struct mm_str
final_answer(const struct exchange *x)
{
	struct mm_str left = get(x, "source-context", "SourceContext"), one;

	while (take(&left, &one))
		if (mm_str_starts(one, "250 ") &&
		    mm_str_find(one, "[InternalId=") != MM_NOT_FOUND)
			return one;
	return MM_STR_ABSENT;
}

static void
fill_reply(const struct exchange *x, struct mm_record *r, struct mm_str status)
{
	struct mm_str answer =
	    r->outcome == MM_OUT_SENT ? final_answer(x) : MM_STR_ABSENT;

	r->reply = answer.n > 0 ? answer : status_text(status);
	if (r->reply.n == 0 && r->outcome != MM_OUT_SENT)
		r->reply = get(x, "source-context", "SourceContext");
	if (r->reply.n == 0)
		r->reply = MM_STR_ABSENT;
}

/* Given up after the time that a message may wait. */
static bool
is_expired(const struct mm_record *r)
{
	return r->outcome == MM_OUT_BOUNCED &&
	       (mm_str_find(r->reply, "QUEUE.Expired") != MM_NOT_FOUND ||
		mm_str_find(r->reply, " 4.4.7 ") != MM_NOT_FOUND);
}

/* A record for each recipient, with its status; PowerShell puts blanks between
 * them, as no list of its own has `;`. */
static enum mm_verdict
each_recipient(const struct exchange *x, struct mm_record *r)
{
	struct mm_str left = get(x, "recipient-address", "Recipients");
	struct mm_str status = get(x, "recipient-status", "RecipientStatus");
	bool with_status =
	    r->event == MM_EV_ATTEMPT || r->event == MM_EV_REJECT;
	enum mm_event event = r->event;
	struct mm_str one, text = MM_STR_ABSENT;
	bool any = false;

	while (take(&left, &one)) {
		/* Where there are fewer the last stands for the rest. */
		if (status.n > 0 && with_status)
			(void)take_status(&status, &text);
		if (one.n == 0)
			continue;
		r->recipient = one;
		if (with_status)
			fill_reply(x, r, text);
		r->event = event == MM_EV_ATTEMPT && is_expired(r)
			       ? MM_EV_EXPIRED
			       : event;
		x->emit->record(x->emit->ctx, r);
		any = true;
	}
	if (any)
		return MM_LINE_RECORD;
	x->emit->why = "an event of Exchange without a recipient";
	return MM_LINE_MALFORMED;
}

/* The same for what must have an id; without one the line is malformed. */
static bool
begin_with_id(const struct exchange *x, struct mm_record *r,
	      enum mm_event event)
{
	begin(x, r, event);
	if (r->queue_id.p != NULL)
		return true;
	x->emit->why = "an event of Exchange without an internal-message-id";
	return false;
}

static enum mm_verdict
parse_receive(const struct exchange *x)
{
	struct mm_record r;
	int64_t v;

	if (!begin_with_id(x, &r, MM_EV_ARRIVAL))
		return MM_LINE_MALFORMED;
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

	if (!begin_with_id(x, &r, MM_EV_ATTEMPT))
		return MM_LINE_MALFORMED;
	fill_message(x, &r);
	r.outcome = MM_OUT_SENT;
	r.contact = true;
	r.transport = get(x, "connector-id", "ConnectorId");
	r.relay_name = get(x, "server-hostname", "ServerHostname");
	r.relay_ip = get(x, "server-ip", "ServerIp");
	fill_delay(x, &r);
	return each_recipient(x, &r);
}

/* From a mailbox to the transport service. Before 2013 the message had no id
 * there: the RECEIVE that follows is its beginning. */
static enum mm_verdict
parse_submit(const struct exchange *x)
{
	return queue_id(x).p != NULL &&
		       get(x, "recipient-address", "Recipients").n > 0
		   ? parse_send(x)
		   : MM_LINE_NOISE;
}

static enum mm_verdict
parse_deliver(const struct exchange *x)
{
	struct mm_record r;

	if (!begin_with_id(x, &r, MM_EV_ATTEMPT))
		return MM_LINE_MALFORMED;
	fill_message(x, &r);
	r.outcome = MM_OUT_SENT;
	r.contact = true;
	r.relay_name = MM_STR("local");
	r.transport = MM_STR("storedriver");
	fill_delay(x, &r);
	return each_recipient(x, &r);
}

static enum mm_verdict
parse_failed(const struct exchange *x, enum mm_outcome outcome)
{
	struct mm_record r;

	if (!begin_with_id(x, &r, MM_EV_ATTEMPT))
		return MM_LINE_MALFORMED;
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

/* While it was received, or before it had an id. */
static enum mm_verdict
parse_refused(const struct exchange *x)
{
	struct mm_record r;

	begin(x, &r, MM_EV_REJECT);
	fill_message(x, &r);
	r.queue_id = MM_STR_ABSENT;
	r.size_bytes = -1;
	r.action = MM_ACT_REJECT;
	r.client_ip = get(x, "client-ip", "ClientIp");
	r.client_name = get(x, "client-hostname", "ClientHostname");
	if (mm_str_eq(label(r.client_name), r.host))
		r.client_name = MM_STR_ABSENT; /* itself */
	r.text = get(x, "source-context", "SourceContext");
	return each_recipient(x, &r);
}

static enum mm_verdict
parse_fail(const struct exchange *x)
{
	if (queue_id(x).p == NULL ||
	    (mm_str_is(get(x, "source", "Source"), "SMTP") &&
	     has_receive_connector(x)))
		return parse_refused(x);
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

	if (!begin_with_id(x, &r, MM_EV_RECIPIENT))
		return MM_LINE_MALFORMED;
	r.orig_recipient =
	    get(x, "related-recipient-address", "RelatedRecipientAddress");
	return each_recipient(x, &r);
}

/* Some recipients go on as a message of their own; `reference` is the id of
 * the one that they were of. */
static enum mm_verdict
parse_transfer(const struct exchange *x)
{
	struct mm_str from = get(x, "reference", "Reference");
	struct mm_record r;

	begin(x, &r, MM_EV_SAME_MAIL);
	from = bare_id(from);
	if (r.queue_id.p == NULL || from.p == NULL ||
	    mm_str_eq(from, r.queue_id) ||
	    mm_str_findc(from, '@') != MM_NOT_FOUND)
		return MM_LINE_NOISE;
	r.other_id = r.queue_id;
	r.queue_id = from;
	r.join = MM_JOIN_SPLIT;
	if (each_recipient(x, &r) != MM_LINE_RECORD)
		return MM_LINE_MALFORMED;
	begin(x, &r, MM_EV_DETAIL);
	fill_message(x, &r);
	x->emit->record(x->emit->ctx, &r);
	begin(x, &r, MM_EV_RECIPIENT);
	return each_recipient(x, &r);
}

/* A notice begins its life; `reference` is the Message-ID of what it tells. */
static enum mm_verdict
parse_dsn(const struct exchange *x)
{
	struct mm_record r;

	begin(x, &r, MM_EV_ARRIVAL);
	if (r.queue_id.p == NULL)
		return MM_LINE_NOISE;
	fill_message(x, &r);
	x->emit->record(x->emit->ctx, &r);
	begin(x, &r, MM_EV_RECIPIENT);
	if (get(x, "recipient-address", "Recipients").n > 0)
		(void)each_recipient(x, &r);
	begin(x, &r, MM_EV_NOTICE);
	r.message_id = bare_id(get(x, "reference", "Reference"));
	if (r.message_id.p == NULL)
		return MM_LINE_RECORD;
	r.other_id = r.queue_id;
	r.queue_id = MM_STR_ABSENT;
	r.notice = MM_NOTICE_BOUNCE;
	x->emit->record(x->emit->ctx, &r);
	return MM_LINE_RECORD;
}

static enum mm_verdict
parse_deleted(const struct exchange *x)
{
	struct mm_record r;

	begin(x, &r, MM_EV_DELETED);
	if (r.queue_id.p == NULL)
		return MM_LINE_NOISE;
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
	{ "SENDEXTERNAL", parse_send },
	{ "SUBMIT", parse_submit },
	{ "DELIVER", parse_deliver },
	{ "DUPLICATEDELIVER", parse_deliver },
	{ "FAIL", parse_fail },
	{ "DEFER", parse_defer },
	{ "EXPAND", parse_readdress },
	{ "RESOLVE", parse_readdress },
	{ "REDIRECT", parse_readdress },
	{ "TRANSFER", parse_transfer },
	{ "DSN", parse_dsn },
	{ "BADMAIL", parse_deleted },
	{ "POISONMESSAGE", parse_deleted },
	{ "DROP", parse_drop },
	{ "CLIENTSUBMISSION", NULL },
	{ "SUBMITDEFER", NULL },
	{ "SUBMITFAIL", NULL },
	{ "RESUBMIT", NULL },
	{ "RESUBMITDEFER", NULL },
	{ "RESUBMITFAIL", NULL },
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
	       ((mm_str_starts(s, "date_time") ||
		 mm_str_starts(s, "\"date_time")) &&
		mm_str_find(s, "event_id") != MM_NOT_FOUND) ||
	       (mm_str_starts(s, "\"") &&
		mm_str_find(s, "\"EventId\"") != MM_NOT_FOUND) ||
	       ((mm_str_starts(s, "Timestamp,") ||
		 mm_str_starts(s, "PSComputerName,") ||
		 mm_str_starts(s, "RunspaceId,")) &&
		mm_str_find(s, ",EventId") != MM_NOT_FOUND) ||
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

/* A line of names or a row of it without events: what it is of. */
static const char message_trace[] =
    "a message trace without its routing details: export it with them, as an "
    "extended report";

static const char *
another_table(const struct exchange *x)
{
	if (get(x, "session-id", "SessionId").p != NULL)
		return "a row of a protocol log of Exchange, which is not "
		       "read: give its message tracking log";
	if (get(x, "origin-timestamp", "MessageTraceId").p != NULL ||
	    get(x, "origin-timestamp-utc", "Received").p != NULL)
		return message_trace;
	return "a row of a table of another kind";
}

static enum mm_verdict
exchange_parse(const struct mm_line *line, struct mm_emit *emit)
{
	const struct exchange x = { line, emit };
	struct mm_str event = get(&x, "event-id", "EventId");

	if (line->cells == NULL &&
	    mm_str_find(line->text, ",session-id,") != MM_NOT_FOUND) {
		emit->why = "a protocol log of Exchange, which is not read: "
			    "give its message tracking log";
		return MM_LINE_MALFORMED;
	}
	if (line->cells == NULL) {
		if (is_head(line->text) || is_number_line(line->text))
			return MM_LINE_NOISE;
		emit->why = mm_str_find(line->text, "origin_timestamp") < 2 ||
				    mm_str_find(line->text, "MessageTraceId") !=
					MM_NOT_FOUND
				? message_trace
				: mm_cells_fault(NULL, line->text.n);
		return MM_LINE_MALFORMED;
	}
	emit->why = mm_cells_fault(line->cells, line->text.n);
	if (emit->why != NULL)
		return MM_LINE_MALFORMED;
	if (event.p == NULL) {
		emit->why = another_table(&x);
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
	emit->why = "an event of Exchange that is not known";
	return MM_LINE_MALFORMED;
}

const struct mm_log_format mm_log_exchange = {
	.name = "exchange",
	.source = "Microsoft Learn, \"Message tracking\"",
	.claims = exchange_claims,
	.parse = exchange_parse,
};
