#include "formats/base/status.h"
#include "formats/logs/opensmtpd_line.h"

void
mm_opensmtpd_put_client(struct mm_record *r,
			const struct mm_opensmtpd_fields *f)
{
	struct mm_str name;

	mm_opensmtpd_host(f->address, &name, &r->client_ip);
	r->client_name = f->host;
	if (mm_str_is(f->host, "<unknown>") || mm_str_is(f->host, "unknown"))
		r->client_name = MM_STR_ABSENT;
	if (mm_str_is(f->address, "local"))
		r->client_name = MM_STR("local");
}

enum mm_verdict
mm_opensmtpd_connected(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	struct mm_opensmtpd_fields f;
	struct mm_record r;

	mm_opensmtpd_take_fields(s, &f);
	mm_opensmtpd_begin(l, &r, MM_EV_CONNECT);
	mm_opensmtpd_put_client(&r, &f);
	return mm_opensmtpd_emit(l, &r);
}

/* "smtp-in: New session S from host name [ip]" */
enum mm_verdict
mm_opensmtpd_new_session(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	struct mm_opensmtpd_line old = *l;
	struct mm_str head, ip = MM_STR_ABSENT;
	struct mm_record r;

	old.session = mm_str_upto(s, mm_opensmtpd_hex(s, 16));
	mm_opensmtpd_begin(&old, &r, MM_EV_CONNECT);
	if (mm_str_cut(&s, " from host ", &head) &&
	    mm_str_cut(&s, " [", &r.client_name))
		(void)mm_str_cutc(&s, ']', &ip);
	if (mm_str_is(ip, "local"))
		r.client_name = ip;
	else
		r.client_ip = ip;
	return mm_opensmtpd_emit(&old, &r);
}

enum mm_verdict
mm_opensmtpd_disconnected(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	struct mm_opensmtpd_fields f;
	struct mm_record r;

	mm_opensmtpd_take_fields(s, &f);
	mm_opensmtpd_begin(l, &r, MM_EV_DISCONNECT);
	r.text = f.reason;
	return mm_opensmtpd_emit(l, &r);
}

static const struct stage {
	const char *command, *stage;
} stages[] = {
	{ "RCPT", "RCPT" }, { "MAIL", "MAIL" },		{ "DATA", "DATA" },
	{ "EHLO", "HELO" }, { "HELO", "HELO" },		{ "LHLO", "HELO" },
	{ "AUTH", "AUTH" }, { "STARTTLS", "STARTTLS" }, { ".", "DATA" },
	{ "QUIT", "QUIT" },
};

/* The stage of a command, and for RCPT and MAIL their address. */
static void
put_command(struct mm_record *r, struct mm_str command)
{
	struct mm_str head, address = MM_STR_ABSENT, s = command;

	if (command.p != NULL && command.n == 0)
		r->stage = MM_STR("CONNECT");
	for (size_t i = 0; i < MM_COUNT(stages); i++) {
		struct mm_str c = mm_str_z(stages[i].command);

		if (mm_str_ieq(mm_str_upto(command, c.n), c)) {
			r->stage = mm_str_z(stages[i].stage);
			break;
		}
	}
	if (mm_str_cutc(&s, '<', &head) && mm_str_cutc(&s, '>', &head))
		address = head;
	if (mm_str_is(r->stage, "RCPT"))
		r->recipient = address;
	else if (mm_str_is(r->stage, "MAIL"))
		r->sender = address;
}

static void
put_refused(const struct mm_opensmtpd_line *l, struct mm_record *r,
	    struct mm_str command, struct mm_str reply)
{
	mm_opensmtpd_begin(l, r, MM_EV_REJECT);
	put_command(r, command);
	r->reply = reply;
	r->outcome =
	    mm_str_starts(reply, "4") ? MM_OUT_DEFERRED : MM_OUT_BOUNCED;
	r->text = l->text;
}

enum mm_verdict
mm_opensmtpd_failed(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	struct mm_opensmtpd_fields f;
	struct mm_record r;

	mm_opensmtpd_take_fields(s, &f);
	put_refused(l, &r, f.command, f.result);
	if (f.address.p != NULL)
		mm_opensmtpd_put_client(&r, &f);
	return mm_opensmtpd_emit(l, &r);
}

/* "smtp-in: Failed command on session S: "RCPT TO:<a@b>" => 550 words" */
enum mm_verdict
mm_opensmtpd_old_failed(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	struct mm_opensmtpd_line old = *l;
	struct mm_str command;
	struct mm_record r;

	old.session = mm_str_upto(s, mm_opensmtpd_hex(s, 16));
	s = mm_str_from(s, old.session.n);
	(void)mm_str_skip(&s, ": \"");
	if (!mm_str_cut(&s, "\" => ", &command))
		return mm_opensmtpd_malformed(
		    l, "a failed command without a reply");
	put_refused(&old, &r, command, s);
	return mm_opensmtpd_emit(&old, &r);
}

enum mm_verdict
mm_opensmtpd_authentication(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	struct mm_opensmtpd_fields f;
	struct mm_record r;
	bool ok;

	mm_opensmtpd_take_fields(s, &f);
	ok = mm_str_is(f.result, "ok");
	mm_opensmtpd_begin(l, &r, ok ? MM_EV_CONNECT : MM_EV_REJECT);
	r.sasl_user = f.user;
	if (f.address.p != NULL)
		mm_opensmtpd_put_client(&r, &f);
	if (!ok) {
		r.stage = MM_STR("AUTH");
		r.outcome = mm_str_is(f.result, "tempfail") ? MM_OUT_DEFERRED
							    : MM_OUT_BOUNCED;
		r.text = l->text;
	}
	return mm_opensmtpd_emit(l, &r);
}

/* "mta connecting address=smtp://192.0.2.27:25 host=mx.example": whom the
 * later lines of the session are about. Without TLS only after it failed. */
enum mm_verdict
mm_opensmtpd_connecting(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	struct mm_opensmtpd_fields f;
	bool no_tls = mm_str_find(s, "+notls://") != MM_NOT_FOUND;
	struct mm_record r;
	struct mm_str head;

	mm_opensmtpd_take_fields(s, &f);
	mm_opensmtpd_begin(l, &r, no_tls ? MM_EV_TROUBLE : MM_EV_CONNECT);
	if (no_tls) {
		r.trouble = MM_TROUBLE_TLS;
		r.text = l->text;
	}
	r.relay_name = f.host;
	if (mm_str_cut(&f.address, "://", &head))
		r.relay_ip =
		    mm_str_upto(f.address, mm_str_find_last(f.address, ":"));
	return mm_opensmtpd_emit(l, &r);
}

/* "mta tls ciphers=TLSv1.3:TLS_AES_256_GCM_SHA384:256" */
enum mm_verdict
mm_opensmtpd_mta_tls(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	struct mm_record r;

	(void)s;
	mm_opensmtpd_begin(l, &r, MM_EV_CONNECT);
	r.secure = true;
	return mm_opensmtpd_emit(l, &r);
}

enum mm_verdict
mm_opensmtpd_mta_error(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	struct mm_opensmtpd_fields f;
	struct mm_record r;

	mm_opensmtpd_take_fields(s, &f);
	mm_opensmtpd_begin(l, &r, MM_EV_LEG);
	r.outcome = MM_OUT_DEFERRED;
	r.contact = true;
	r.transport = MM_STR("mta");
	r.reply = f.reason;
	return mm_opensmtpd_emit(l, &r);
}

/* "smtp-out: Disabling route [] <-> 192.0.2.34 (mail.example) for 15s" */
enum mm_verdict
mm_opensmtpd_disabling(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	struct mm_str head;
	struct mm_record r;

	mm_opensmtpd_begin(l, &r, MM_EV_LEG);
	r.outcome = MM_OUT_DEFERRED;
	r.contact = true;
	r.transport = MM_STR("mta");
	r.reply = l->text;
	if (mm_str_cut(&s, " <-> ", &head))
		mm_opensmtpd_host(mm_str_upto(s, mm_str_find(s, " for ")),
				  &r.relay_name, &r.relay_ip);
	return mm_opensmtpd_emit(l, &r);
}

/* "smtp-out: Failed to resolve MX for [relay:domain,smtp,...]: reason" */
enum mm_verdict
mm_opensmtpd_no_mx(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	struct mm_str head;
	struct mm_record r;

	if (mm_str_ifind(s, "temporary failure") == MM_NOT_FOUND)
		return MM_LINE_NOISE; /* the deliveries say so, too */
	mm_opensmtpd_begin(l, &r, MM_EV_TROUBLE);
	r.trouble = MM_TROUBLE_DNS;
	if (mm_str_cut(&s, "[relay:", &head))
		r.relay_name = mm_str_upto(s, mm_str_findc(s, ','));
	r.text = l->text;
	return mm_opensmtpd_emit(l, &r);
}

enum mm_verdict
mm_opensmtpd_info(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	struct mm_record r;

	mm_opensmtpd_begin(l, &r, MM_EV_DAEMON);
	r.text = l->text;
	if (mm_str_ends(s, " starting"))
		r.daemon = MM_DAEMON_START;
	else if (mm_str_ends(s, " paused"))
		r.daemon = MM_DAEMON_PAUSE;
	else if (mm_str_ends(s, " resumed"))
		r.daemon = MM_DAEMON_RESUME;
	else
		return MM_LINE_NOISE;
	return mm_opensmtpd_emit(l, &r);
}

static enum mm_verdict
emit_daemon(const struct mm_opensmtpd_line *l, enum mm_daemon daemon)
{
	struct mm_record r;

	mm_opensmtpd_begin(l, &r, MM_EV_DAEMON);
	r.daemon = daemon;
	r.text = l->text;
	return mm_opensmtpd_emit(l, &r);
}

enum mm_verdict
mm_opensmtpd_exiting(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	(void)s;
	return emit_daemon(l, MM_DAEMON_STOP);
}

enum mm_verdict
mm_opensmtpd_fatal(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	(void)s;
	return emit_daemon(l, MM_DAEMON_CRASH);
}

/* What a warning is about; NOISE for one that says what others say. */
#define NOISE (-1)
static const struct warning {
	const char *words;
	int trouble;
} warnings[] = {
	{ "no return path", NOISE },
	{ "double bounce", NOISE },
	{ "disk space", MM_TROUBLE_DISK },
	{ "inodes", MM_TROUBLE_DISK },
	{ "temporarily rejecting messages", MM_TROUBLE_DISK },
	{ "queue-fs: ", MM_TROUBLE_DISK },
	{ "purge_task: opendir", NOISE },
	{ "Disabling incoming SMTP", MM_TROUBLE_RESOURCE },
	{ "fd exhaustion", MM_TROUBLE_RESOURCE },
	{ "fork", MM_TROUBLE_RESOURCE },
	{ "limit hit", MM_TROUBLE_RESOURCE },
	{ "table", MM_TROUBLE_CONFIG },
	{ "insecure", MM_TROUBLE_CONFIG },
	{ "credentials", MM_TROUBLE_CONFIG },
	{ "smarthost", MM_TROUBLE_CONFIG },
	{ "CA file", MM_TROUBLE_TLS },
	{ "-proc: ", MM_TROUBLE_FILTER },
	{ "dns", MM_TROUBLE_DNS },
	{ "res_query", MM_TROUBLE_DNS },
};

enum mm_verdict
mm_opensmtpd_warning(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	struct mm_record r;

	if (mm_str_find(s, "lost child: ") != MM_NOT_FOUND ||
	    mm_str_find(s, "lost processor: ") != MM_NOT_FOUND)
		return emit_daemon(l, MM_DAEMON_CRASH);
	mm_opensmtpd_begin(l, &r, MM_EV_TROUBLE);
	r.trouble = MM_TROUBLE_OTHER;
	r.text = l->text;
	for (size_t i = 0; i < MM_COUNT(warnings); i++) {
		if (mm_str_find(s, warnings[i].words) == MM_NOT_FOUND)
			continue;
		if (warnings[i].trouble == NOISE)
			return MM_LINE_NOISE;
		r.trouble = (enum mm_trouble)warnings[i].trouble;
		break;
	}
	return mm_opensmtpd_emit(l, &r);
}
