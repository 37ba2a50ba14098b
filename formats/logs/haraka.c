#include <stdio.h>
#include <string.h>

#include "formats/base/status.h"
#include "formats/logs/haraka.h"
#include "formats/logs/haraka_line.h"

static void
begin(const struct mm_haraka_line *l, struct mm_record *r, enum mm_event event)
{
	mm_record_init(r, event, MM_MTA_HARAKA);
	r->t_us = l->line->t_us;
	r->host = l->line->host;
	r->pid = l->line->pid;
	r->program = l->origin;
	r->session = l->session;
	r->queue_id = l->id;
}

static enum mm_verdict
emit(const struct mm_haraka_line *l, const struct mm_record *r)
{
	l->emit->record(l->emit->ctx, r);
	return MM_LINE_RECORD;
}

static enum mm_verdict
malformed(const struct mm_haraka_line *l, const char *why)
{
	l->emit->why = why;
	return MM_LINE_MALFORMED;
}

static struct mm_str
value(struct mm_haraka_line *l, const char *key)
{
	struct mm_str s = mm_haraka_value(l, key);

	return s.n > 0 ? s : MM_STR_ABSENT;
}

/* What stands between < and > in the words; a null sender is there, empty. */
static struct mm_str
address(const struct mm_haraka_line *l)
{
	struct mm_str s = l->words, head, a = MM_STR_ABSENT;
	size_t end = mm_str_find(s, "> ");

	if (end == MM_NOT_FOUND)
		end = mm_str_find_last(s, ">");
	if (end == MM_NOT_FOUND)
		return a;
	s = mm_str_upto(s, end);
	return mm_str_cutc(&s, '<', &head) ? s : a;
}

static enum mm_outcome
refusal(struct mm_str code)
{
	if (mm_str_is(code, "DENY") || mm_str_is(code, "DENYDISCONNECT"))
		return MM_OUT_BOUNCED;
	if (mm_str_is(code, "DENYSOFT") ||
	    mm_str_is(code, "DENYSOFTDISCONNECT"))
		return MM_OUT_DEFERRED;
	return MM_OUT_NONE;
}

static void
begin_refusal(struct mm_haraka_line *l, struct mm_record *r,
	      enum mm_outcome outcome, struct mm_str stage)
{
	begin(l, r, MM_EV_REJECT);
	r->outcome = outcome;
	r->stage = stage;
	r->reply = value(l, "msg");
}

static enum mm_verdict
take_connect(struct mm_haraka_line *l)
{
	struct mm_record r;

	begin(l, &r, MM_EV_CONNECT);
	r.client_ip = value(l, "ip");
	return r.client_ip.p != NULL ? emit(l, &r) : MM_LINE_NOISE;
}

/* Who was refused before MAIL, or by the one answer to RCPT that has no line
 * of its own: nobody takes mail for that domain. */
static void
emit_last_refusal(struct mm_haraka_line *l)
{
	struct mm_str reply = value(l, "lr"), s = reply, head;
	bool no_mail = mm_str_is(value(l, "txns"), "0");
	bool no_relay =
	    mm_str_find(reply, "I cannot deliver mail for ") != MM_NOT_FOUND;
	struct mm_record r;

	if (reply.p == NULL || (!no_mail && !no_relay))
		return;
	begin(l, &r, MM_EV_REJECT);
	r.queue_id = MM_STR_ABSENT;
	r.client_ip = value(l, "ip");
	r.client_name = value(l, "rdns");
	r.helo = value(l, "helo");
	r.outcome =
	    mm_str_starts(reply, "4") ? MM_OUT_DEFERRED : MM_OUT_BOUNCED;
	r.reply = reply;
	r.stage = no_relay	 ? MM_STR("RCPT")
		  : r.helo.n > 0 ? MM_STR("HELO")
				 : MM_STR("CONNECT");
	if (no_relay && mm_str_cutc(&s, '<', &head) &&
	    mm_str_cutc(&s, '>', &head))
		r.recipient = head;
	(void)emit(l, &r);
}

/* Transaction `n` of the session, if it was not queued, was no mail. */
static void
cut(const struct mm_haraka_line *l, uint64_t n)
{
	char id[64];
	struct mm_record r;

	if (n == 0)
		return;
	(void)snprintf(id, sizeof(id), "%.*s.%llu", MM_STR_ARG(l->session),
		       (unsigned long long)n);
	begin(l, &r, MM_EV_CUT);
	r.queue_id = mm_str_z(id);
	(void)emit(l, &r);
}

static enum mm_verdict
take_disconnect(struct mm_haraka_line *l)
{
	struct mm_record r;
	uint64_t n;

	if (l->session.p == NULL)
		return MM_LINE_NOISE;
	emit_last_refusal(l);
	if (mm_str_to_u64(value(l, "txns"), &n))
		cut(l, n);
	begin(l, &r, MM_EV_DISCONNECT);
	r.queue_id = MM_STR_ABSENT;
	r.client_ip = value(l, "ip");
	r.client_name = value(l, "rdns");
	r.helo = value(l, "helo");
	return emit(l, &r);
}

/* "sender <a@b> code=CONT msg=" */
static enum mm_verdict
take_sender(struct mm_haraka_line *l)
{
	struct mm_str code = value(l, "code");
	struct mm_record r;
	uint64_t n;

	if (code.p == NULL)
		return malformed(l, "a sender without a code");
	if (l->id.p == NULL)
		return malformed(l, "a sender outside of a transaction");
	if (mm_str_to_u64(mm_str_from(l->id, l->session.n + 1), &n))
		cut(l, n > 0 ? n - 1 : 0); /* ends with the next */
	if (refusal(code) != MM_OUT_NONE)
		begin_refusal(l, &r, refusal(code), MM_STR("MAIL"));
	else
		begin(l, &r, MM_EV_ARRIVAL);
	r.sender = address(l);
	return emit(l, &r);
}

/* "recipient <a@b> code=OK msg= sender=c@d" */
static enum mm_verdict
take_recipient(struct mm_haraka_line *l)
{
	struct mm_str code = value(l, "code");
	struct mm_record r;

	if (code.p == NULL)
		return malformed(l, "a recipient without a code");
	if (l->id.p == NULL)
		return malformed(l, "a recipient outside of a transaction");
	if (mm_str_is(code, "CONT")) /* no plugin took it: 550 */
		begin_refusal(l, &r, MM_OUT_BOUNCED, MM_STR("RCPT"));
	else if (refusal(code) != MM_OUT_NONE)
		begin_refusal(l, &r, refusal(code), MM_STR("RCPT"));
	else
		begin(l, &r, MM_EV_RECIPIENT);
	r.recipient = address(l);
	r.sender = mm_haraka_value(l, "sender");
	return emit(l, &r);
}

/* "1/0/2": taken, put off, refused. */
static int64_t
first_count(struct mm_str s)
{
	uint64_t n;

	return mm_str_take_u64(&s, &n) && n <= INT32_MAX ? (int64_t)n : -1;
}

/* "message mid=<a@b> size=623 rcpts=1/0/0 delay=0 code=CONT msg=" */
static enum mm_verdict
take_message(struct mm_haraka_line *l)
{
	enum mm_outcome outcome = refusal(value(l, "code"));
	struct mm_str id = mm_str_bare(value(l, "mid"));
	uint64_t size;
	struct mm_record r;

	if (l->id.p == NULL || !mm_str_to_u64(value(l, "size"), &size))
		return MM_LINE_NOISE;
	begin(l, &r, MM_EV_DETAIL);
	if (outcome != MM_OUT_NONE)
		begin_refusal(l, &r, outcome, MM_STR("EOD"));
	r.message_id = id.n > 0 ? id : MM_STR_ABSENT;
	r.size_bytes = size <= INT64_MAX ? (int64_t)size : -1;
	r.n_recipients = first_count(value(l, "rcpts"));
	return emit(l, &r);
}

static enum mm_verdict
emit_done(const struct mm_haraka_line *l)
{
	struct mm_record r;

	begin(l, &r, MM_EV_DONE);
	return emit(l, &r);
}

/* A plugin that queues said so: it is its own now. */
static enum mm_verdict
emit_queued(struct mm_haraka_line *l, struct mm_str plugin, struct mm_str reply)
{
	struct mm_record r;

	begin(l, &r, MM_EV_ATTEMPT);
	r.outcome =
	    mm_str_ends(plugin, "discard") ? MM_OUT_DISCARDED : MM_OUT_SENT;
	r.contact = true;
	r.transport = plugin;
	r.reply = reply;
	(void)emit(l, &r);
	return emit_done(l);
}

/* "queue code=OK msg=Message Queued (UUID.1)": the words are Haraka's where it
 * took the mail into its own queue or the plugin said none. */
static enum mm_verdict
take_queue(struct mm_haraka_line *l)
{
	struct mm_str code = value(l, "code"), msg = value(l, "msg");
	size_t id = mm_str_find_last(msg, " (");
	/* The next server may be a Haraka, too: its words have an id before. */
	bool own = mm_str_is(mm_str_upto(msg, id), "Message Queued");
	enum mm_outcome outcome = refusal(code);
	struct mm_record r;

	if (code.p == NULL || l->id.p == NULL)
		return MM_LINE_NOISE;
	if ((own && outcome == MM_OUT_NONE) ||
	    (mm_str_is(code, "OK") && msg.p == NULL)) {
		begin(l, &r, MM_EV_DETAIL);
		return emit(l, &r);
	}
	if (mm_str_is(code, "OK"))
		return emit_queued(l, MM_STR("queue"), mm_str_upto(msg, id));
	begin_refusal(l, &r, outcome != MM_OUT_NONE ? outcome : MM_OUT_DEFERRED,
		      MM_STR("EOD"));
	r.reply = mm_str_trim(mm_str_upto(msg, id));
	if (r.reply.n == 0)
		r.reply = MM_STR_ABSENT;
	return emit(l, &r);
}

/* "hook=queue plugin=queue/qmail-queue function=hook_queue params="" retval=OK
 * msg="": the line of the queue repeats words, if there are any. */
static enum mm_verdict
take_hook(struct mm_haraka_line *l)
{
	if (l->id.p == NULL || l->outbound ||
	    !mm_str_starts(value(l, "hook"), "queue") ||
	    mm_str_is(value(l, "hook"), "queue_ok") ||
	    !mm_str_is(value(l, "retval"), "OK") || value(l, "msg").p != NULL)
		return MM_LINE_NOISE;
	return emit_queued(l, value(l, "plugin"), MM_STR_ABSENT);
}

/* AUTH user="a" host="b" success=true */
static enum mm_verdict
take_auth(struct mm_haraka_line *l)
{
	struct mm_str success = value(l, "success");
	struct mm_record r;

	if (success.p == NULL || l->session.p == NULL)
		return MM_LINE_NOISE;
	begin(l, &r, MM_EV_CONNECT);
	if (!mm_str_is(success, "true"))
		begin_refusal(l, &r, MM_OUT_BOUNCED, MM_STR("AUTH"));
	r.queue_id = MM_STR_ABSENT;
	r.sasl_user = value(l, "user");
	return emit(l, &r);
}

/* ---- what goes out ---- */

static void
begin_attempt(const struct mm_haraka_line *l, struct mm_record *r,
	      enum mm_outcome outcome)
{
	begin(l, r, MM_EV_ATTEMPT);
	r->part = l->part;
	r->outcome = outcome;
	r->transport = MM_STR("outbound");
}

/* "delivered file=F domain=D host=H ip=I port=25 mode=SMTP tls=Y auth=N
 * response="OK" delay=1.2 fails=0 rcpts=1/0/0" */
static enum mm_verdict
take_delivered(struct mm_haraka_line *l)
{
	struct mm_str domain = value(l, "domain"), host = value(l, "host");
	char all[260];
	uint64_t port;
	struct mm_record r;

	if (domain.p == NULL || domain.n > 255)
		return malformed(l, "a delivery without its domain");
	begin_attempt(l, &r, MM_OUT_SENT);
	(void)snprintf(all, sizeof(all), "@%.*s", MM_STR_ARG(domain));
	r.recipient = mm_str_z(all);
	r.n_recipients = first_count(value(l, "rcpts"));
	r.contact = true;
	r.relay_ip = value(l, "ip");
	if (!mm_str_eq(host, r.relay_ip))
		r.relay_name = host;
	if (mm_str_to_u64(value(l, "port"), &port) && port <= 65535)
		r.relay_port = (int64_t)port;
	r.secure = mm_str_is(value(l, "tls"), "Y");
	r.reply = value(l, "response");
	if (!mm_str_to_fixed(value(l, "delay"), MM_SECOND_US, &r.delay_us) ||
	    r.delay_us < 0)
		r.delay_us = -1;
	(void)emit(l, &r);
	return emit_done(l);
}

/* "recipient <a@b> deferred: 451 4.7.1 later" */
static enum mm_verdict
take_answer(struct mm_haraka_line *l)
{
	struct mm_str s = l->words, head;
	struct mm_record r;

	begin_attempt(l, &r, MM_OUT_DEFERRED);
	r.recipient = address(l);
	r.contact = true;
	if (mm_str_cut(&s, "> deferred: ", &head)) {
		r.reply = s;
		return emit(l, &r);
	}
	r.outcome = MM_OUT_BOUNCED;
	if (!mm_str_cut(&s, "> rejected: ", &head))
		return malformed(l, "a recipient without an answer");
	r.reply = s;
	(void)emit(l, &r);
	return emit_done(l);
}

/* Reasons of its own, for which it asked no mail server. */
static bool
was_tried(struct mm_str reason)
{
	static const char *const own[] = {
		"DNS lookup ", "Temporary MX ", "No MX ",  "No Such Domain",
		"Nowhere to ", "Error ",	"Domain ", "Host failed TLS",
		"Some error",  "No valid",	"Queue",
	};

	for (size_t i = 0; i < MM_COUNT(own); i++)
		if (mm_str_starts(reason, own[i]))
			return false;
	return true;
}

/* "Temp failing FILE for 64 seconds: Upstream error: 421 later" */
static enum mm_verdict
take_deferral(struct mm_haraka_line *l)
{
	struct mm_str s = l->words, head;
	struct mm_record r;

	if (!mm_str_cut(&s, " seconds: ", &head))
		return malformed(l, "a deferral without a reason");
	/* Told for each of them before. */
	if (mm_str_starts(s, "Some recipients temp failed: "))
		return MM_LINE_NOISE;
	begin_attempt(l, &r, MM_OUT_DEFERRED);
	(void)mm_str_skip(&s, "Upstream error: ");
	r.contact = was_tried(s);
	r.reply = s;
	return emit(l, &r);
}

/* "bouncing mail: 550 5.7.1 no" */
static enum mm_verdict
take_bounce(struct mm_haraka_line *l)
{
	struct mm_str s = l->words;
	struct mm_record r;

	(void)mm_str_skip(&s, "bouncing mail: ");
	if (mm_str_starts(s, "Some recipients failed: "))
		return MM_LINE_NOISE;
	begin_attempt(l, &r, MM_OUT_BOUNCED);
	(void)mm_str_skip(&s, "Upstream error: ");
	if (mm_str_starts(s, "Too many failures (")) {
		r.event = MM_EV_EXPIRED;
		r.outcome = MM_OUT_NONE;
		r.transport = MM_STR_ABSENT;
	} else {
		r.contact = was_tried(s);
	}
	r.reply = s;
	(void)emit(l, &r);
	return emit_done(l);
}

/* One of its mail servers failed: the next is tried. */
static enum mm_verdict
take_leg(struct mm_haraka_line *l)
{
	struct mm_record r;

	begin(l, &r, MM_EV_LEG);
	r.outcome = MM_OUT_DEFERRED;
	r.transport = MM_STR("outbound");
	r.contact = !mm_str_starts(l->words, "MX Lookup");
	r.reply = l->words;
	return emit(l, &r);
}

/* ---- the server itself ---- */

static enum mm_verdict
emit_daemon(const struct mm_haraka_line *l, enum mm_daemon daemon)
{
	struct mm_record r;

	begin(l, &r, MM_EV_DAEMON);
	r.session = r.queue_id = MM_STR_ABSENT;
	r.daemon = daemon;
	r.text = l->words;
	return emit(l, &r);
}

static enum mm_verdict
take_shutdown(struct mm_haraka_line *l)
{
	return emit_daemon(l, MM_DAEMON_STOP);
}

static enum mm_verdict
take_reload(struct mm_haraka_line *l)
{
	return emit_daemon(l, MM_DAEMON_RELOAD);
}

/* "worker 1 killed by signal SIGKILL", "... exited with error code: 1" */
static enum mm_verdict
take_worker(struct mm_haraka_line *l)
{
	if (mm_str_find(l->words, " killed by signal") == MM_NOT_FOUND &&
	    mm_str_find(l->words, " exited with error") == MM_NOT_FOUND)
		return MM_LINE_NOISE;
	return emit_daemon(l, MM_DAEMON_CRASH);
}

/* What errors are about; the first that fits. */
static const struct {
	const char *words;
	enum mm_trouble trouble;
} troubles[] = {
	{ "queue file", MM_TROUBLE_DISK },
	{ "tmp file", MM_TROUBLE_DISK },
	{ "ENOSPC", MM_TROUBLE_DISK },
	{ " timed out on hook ", MM_TROUBLE_FILTER },
	{ "Plugin ", MM_TROUBLE_FILTER },
	{ "Loading ", MM_TROUBLE_CONFIG },
	{ "deferring connections: lag=", MM_TROUBLE_RESOURCE },
};

static enum mm_verdict
take_trouble(struct mm_haraka_line *l)
{
	bool severe = mm_str_is(l->level, "CRIT") ||
		      mm_str_is(l->level, "ALERT") ||
		      mm_str_is(l->level, "EMERG");
	struct mm_record r;

	begin(l, &r, MM_EV_TROUBLE);
	r.session = r.queue_id = MM_STR_ABSENT;
	r.trouble = MM_TROUBLE_OTHER;
	r.text = l->words;
	if (!severe && !mm_str_is(l->level, "ERROR"))
		return MM_LINE_NOISE;
	for (size_t i = 0; i < MM_COUNT(troubles); i++)
		if (mm_str_find(l->words, troubles[i].words) != MM_NOT_FOUND) {
			r.trouble = troubles[i].trouble;
			return emit(l, &r);
		}
	return severe ? emit(l, &r) : MM_LINE_NOISE;
}

enum side { ANY, IN, OUT };

/* What the words begin with; those of IN that are one word stand alone or
 * before pairs. */
static const struct kind {
	enum side side;
	const char *words;
	enum mm_verdict (*read)(struct mm_haraka_line *l);
} kinds[] = {
	{ ANY, "hook=", take_hook },
	{ IN, "connect", take_connect },
	{ IN, "disconnect", take_disconnect },
	{ IN, "sender <", take_sender },
	{ IN, "recipient <", take_recipient },
	{ IN, "message", take_message },
	{ IN, "queue", take_queue },
	{ ANY, "AUTH user=", take_auth },
	{ OUT, "delivered file=", take_delivered },
	{ OUT, "recipient <", take_answer },
	{ OUT, "Temp failing ", take_deferral },
	{ OUT, "bouncing mail: ", take_bounce },
	{ OUT, "Failed to get socket: ", take_leg },
	{ OUT, "Failed to get pool entry: ", take_leg },
	{ OUT, "Remote end ", take_leg },
	{ OUT, "Ongoing connection failed", take_leg },
	{ OUT, "MX Lookup for ", take_leg },
	{ ANY, "Shutting down.", take_shutdown },
	{ ANY, "Reload complete", take_reload },
	{ ANY, "worker ", take_worker },
};

static bool
fits(const struct mm_haraka_line *l, const struct kind *k)
{
	struct mm_str s = l->words;
	char last = k->words[strlen(k->words) - 1];

	if (!mm_str_skip(&s, k->words))
		return false;
	if (k->side == OUT)
		return l->outbound && l->part >= 0;
	if (k->side == ANY)
		return true;
	return mm_str_is(l->origin, "core") && !l->outbound &&
	       (last == '<' || s.n == 0 || s.p[0] == ' ');
}

static enum mm_verdict
take_words(struct mm_haraka_line *l)
{
	/* Dialogues and bodies may look like anything. */
	if (mm_str_is(l->level, "DEBUG") || mm_str_is(l->level, "PROTOCOL") ||
	    mm_str_is(l->level, "DATA"))
		return MM_LINE_NOISE;
	for (size_t i = 0; i < MM_COUNT(kinds); i++)
		if (fits(l, &kinds[i]))
			return kinds[i].read(l);
	return take_trouble(l);
}

/* Said before its logger is ready; a framer may take a word for the host. */
static bool
is_start(const struct mm_line *line)
{
	return mm_str_starts(line->text, "Starting up Haraka version ") ||
	       (mm_str_is(line->host, "Starting") &&
		mm_str_starts(line->text, "up Haraka version "));
}

/* Its tag is that of the service, or of Node. */
static bool
haraka_claims(const struct mm_line *line)
{
	return mm_haraka_is_line(line->text) || is_start(line) ||
	       mm_str_starts(line->tag, "haraka");
}

static enum mm_verdict
haraka_parse(const struct mm_line *line, struct mm_emit *emitter)
{
	struct mm_haraka_line l;
	bool is_whole = mm_haraka_line_init(&l, line, emitter);
	enum mm_verdict v = MM_LINE_NOISE;

	if (is_start(line)) {
		l.words = line->text;
		v = emit_daemon(&l, MM_DAEMON_START);
	} else if (is_whole) {
		v = take_words(&l);
	} else if (mm_haraka_is_line(line->text)) {
		v = malformed(&l, "a line of Haraka that is torn");
	}
	mm_haraka_line_fini(&l);
	return v;
}

const struct mm_log_format mm_log_haraka = {
	.name = "haraka",
	.source = "Haraka 3.1.6: logger.js, connection.js, outbound/hmail.js",
	.claims = haraka_claims,
	.parse = haraka_parse,
};
