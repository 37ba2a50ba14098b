#include "formats/logs/opensmtpd.h"
#include "formats/base/status.h"
#include "formats/logs/opensmtpd_line.h"

void
mm_opensmtpd_begin(const struct mm_opensmtpd_line *l, struct mm_record *r,
		   enum mm_event event)
{
	mm_record_init(r, event, MM_MTA_OPENSMTPD);
	r->t_us = l->line->t_us;
	r->host = l->line->host;
	r->program = l->line->tag;
	r->pid = l->line->pid;
	r->session = l->session;
}

enum mm_verdict
mm_opensmtpd_emit(const struct mm_opensmtpd_line *l, const struct mm_record *r)
{
	l->emit->record(l->emit->ctx, r);
	return MM_LINE_RECORD;
}

enum mm_verdict
mm_opensmtpd_malformed(const struct mm_opensmtpd_line *l, const char *why)
{
	l->emit->why = why;
	return MM_LINE_MALFORMED;
}

static enum mm_verdict
noise(const struct mm_opensmtpd_line *l, struct mm_str s)
{
	(void)l;
	(void)s;
	return MM_LINE_NOISE;
}

/* Behind a session id: the program, the event, and who reads what follows.
 * An event that is not here is noise. */
static const struct {
	const char *program, *event;
	mm_opensmtpd_reader *read;
} in_session[] = {
	{ "mta", "delivery", mm_opensmtpd_mta_delivery },
	{ "mda", "delivery", mm_opensmtpd_mda_delivery },
	{ "smtp", "envelope", mm_opensmtpd_envelope },
	{ "smtp", "message", mm_opensmtpd_message },
	{ "smtp", "connected", mm_opensmtpd_connected },
	{ "smtp", "disconnected", mm_opensmtpd_disconnected },
	{ "smtp", "closed", mm_opensmtpd_disconnected },
	{ "smtp", "failed-command", mm_opensmtpd_failed },
	{ "smtp", "bad-input", mm_opensmtpd_failed },
	{ "smtp", "authentication", mm_opensmtpd_authentication },
	{ "mta", "connecting", mm_opensmtpd_connecting },
	{ "mta", "tls", mm_opensmtpd_mta_tls },
	{ "mta", "error", mm_opensmtpd_mta_error },
	{ "mta", "closing", mm_opensmtpd_mta_error },
};

/* What other lines begin with. */
static const struct {
	const char *words;
	mm_opensmtpd_reader *read;
} without[] = {
	{ "relay: ", mm_opensmtpd_log_for },
	{ "delivery: ", mm_opensmtpd_log_for },
	{ "smtp-in: Accepted message ", mm_opensmtpd_accepted },
	{ "smtp-in: New session ", mm_opensmtpd_new_session },
	{ "smtp-in: Failed command on session ", mm_opensmtpd_old_failed },
	{ "smtp-in: ", noise },
	{ "smtp-out: Disabling route ", mm_opensmtpd_disabling },
	{ "smtp-out: Failed to resolve MX ", mm_opensmtpd_no_mx },
	{ "smtp-out: ", noise },
	{ "info: ", mm_opensmtpd_info },
	{ "warn: ", mm_opensmtpd_warning },
	{ "fatal", mm_opensmtpd_fatal },
	{ "Exiting", mm_opensmtpd_exiting },
	{ "queue: ", noise },
	{ "queue-", noise },
	{ "proxy ", noise },
	{ "version: ", noise },
	{ "debug: ", noise },
	{ "smtp: 0x", noise }, /* traces, and what -v says */
	{ "mta: ", noise },
	{ "mda: ", noise },
	{ "setup_", noise },
	{ "smtpd: setup done", noise },
	{ "commands executed from aliases ", noise },
	{ "getaddrinfo: ", noise },
	{ "getnameinfo: ", noise },
};

/* "S smtp message ...", in 6.0 to 6.3 "S smtp event=message ..."; S of zeros
 * is none. False when the line has none. */
static bool
take_session(struct mm_opensmtpd_line *l, struct mm_str *program,
	     struct mm_str *event)
{
	struct mm_str s = l->text;
	size_t n = mm_opensmtpd_hex(s, 16);

	if (n == 0)
		return false;
	s = mm_str_from(s, n + 1);
	if (!mm_str_cutc(&s, ' ', program) ||
	    (!mm_str_is(*program, "smtp") && !mm_str_is(*program, "mta") &&
	     !mm_str_is(*program, "mda")))
		return false;
	if (!mm_str_starts(l->text, "0000000000000000"))
		l->session = mm_str_upto(l->text, n);
	(void)mm_str_skip(&s, "event=");
	*event = mm_str_upto(s, mm_str_findc(s, ' '));
	l->text = s;
	return true;
}

static bool
opensmtpd_claims(const struct mm_line *line)
{
	struct mm_opensmtpd_line l = { .text = line->text };
	struct mm_str program, event;

	if (mm_str_is(line->tag, "smtpd") || mm_str_is(line->tag, "opensmtpd"))
		return true;
	return line->tag.n == 0 && take_session(&l, &program, &event);
}

static enum mm_verdict
opensmtpd_parse(const struct mm_line *line, struct mm_emit *emit)
{
	struct mm_opensmtpd_line l = { .line = line,
				       .emit = emit,
				       .text = mm_str_trim(line->text) };
	struct mm_str program, event, s;

	if (take_session(&l, &program, &event)) {
		s = mm_str_from(l.text, event.n);
		for (size_t i = 0; i < MM_COUNT(in_session); i++)
			if (mm_str_is(program, in_session[i].program) &&
			    mm_str_is(event, in_session[i].event))
				return in_session[i].read(&l, s);
		return MM_LINE_NOISE;
	}
	for (size_t i = 0; i < MM_COUNT(without); i++) {
		s = l.text;
		if (mm_str_skip(&s, without[i].words))
			return without[i].read(&l, s);
	}
	/* "192.0.2.25 preference 10": an MX, where -v lists them. */
	if (mm_str_find(l.text, " preference ") != MM_NOT_FOUND)
		return MM_LINE_NOISE;
	return mm_opensmtpd_malformed(
	    &l, "words that OpenSMTPD is not known to log");
}

const struct mm_log_format mm_log_opensmtpd = {
	.name = "opensmtpd",
	.source = "OpenSMTPD 7.6: smtp_session.c, mta.c, mda.c, queue.c",
	.claims = opensmtpd_claims,
	.parse = opensmtpd_parse,
};
