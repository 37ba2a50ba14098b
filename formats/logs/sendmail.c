#include "formats/logs/sendmail.h"
#include "formats/logs/sendmail_line.h"

void
mm_sendmail_begin(const struct mm_sendmail_line *l, struct mm_record *r,
		  enum mm_event event)
{
	mm_record_init(r, event, MM_MTA_SENDMAIL);
	r->t_us = l->line->t_us;
	r->host = l->line->host;
	r->program = l->line->tag;
	r->pid = l->line->pid;
	r->queue_id = l->id;
}

enum mm_verdict
mm_sendmail_emit(const struct mm_sendmail_line *l, const struct mm_record *r)
{
	l->emit->record(l->emit->ctx, r);
	return MM_LINE_RECORD;
}

static struct mm_sendmail_line
take_head(const struct mm_line *line, struct mm_emit *emit)
{
	struct mm_sendmail_line l = { .line = line,
				      .emit = emit,
				      .text = mm_str_trim(line->text) };
	size_t n = mm_sendmail_id(l.text);

	if (n > 0) {
		l.id = mm_str_upto(l.text, n);
		l.text = mm_str_from(l.text, n + 2);
	} else {
		(void)mm_str_skip(&l.text, "NOQUEUE: ");
	}
	return l;
}

/* By tag, or, since -L may say anything and exports lose tags, by the two
 * kinds of lines that every message has. */
static bool
sendmail_claims(const struct mm_line *line)
{
	struct mm_sendmail_line l;

	if (mm_str_starts(line->tag, "sendmail") ||
	    mm_str_starts(line->tag, "sm-"))
		return true;
	l = take_head(line, NULL);
	if (l.id.n == 0)
		return false;
	if (mm_str_starts(l.text, "from="))
		return mm_str_find(l.text, ", class=") != MM_NOT_FOUND &&
		       mm_str_find(l.text, ", nrcpts=") != MM_NOT_FOUND;
	return mm_str_starts(l.text, "to=") &&
	       mm_str_find(l.text, ", stat=") != MM_NOT_FOUND;
}

static enum mm_verdict
sendmail_parse(const struct mm_line *line, struct mm_emit *emit)
{
	struct mm_sendmail_line l = take_head(line, emit);
	size_t n;

	if (l.id.n > 0) {
		if (mm_str_starts(l.text, "from="))
			return mm_sendmail_from(&l);
		if (mm_str_starts(l.text, "to="))
			return mm_sendmail_to(&l);
		n = mm_sendmail_id(l.text);
		if (n > 0) {
			struct mm_str other = mm_str_upto(l.text, n);

			l.text = mm_str_from(l.text, n + 2);
			return mm_sendmail_other_id(&l, other);
		}
	}
	return mm_sendmail_event(&l);
}

const struct mm_log_format mm_log_sendmail = {
	.name = "sendmail",
	.source = "Sendmail 8.17: deliver.c, headers.c, savemail.c, srvrsmtp.c",
	.claims = sendmail_claims,
	.parse = sendmail_parse,
};
