#include "formats/logs/filters.h"
#include "formats/base/status.h"
#include "formats/logs/filters_line.h"

/* Tags that are one of these, perhaps with more behind: "amavisd-new",
 * "opendkim[7]", "dovecot: lmtp(bob)". */
static const char *const programs[] = {
	"amavis",	  "rspamd",	"opendkim",	  "opendmarc",
	"openarc",	  "dkim",	"policyd",	  "policy-spf",
	"python-policyd", "pypolicyd",	"postgrey",	  "sqlgrey",
	"greylist",	  "milter-",	"clamd",	  "clamsmtpd",
	"clamav-milter",  "spamd",	"spamass-milter", "spampd",
	"smf-spf",	  "sid-filter", "sid-milter",	  "cbpolicyd",
	"postfwd",	  "postsrsd",	"mimedefang",	  "MailScanner",
	"rmilter",	  "dspam",	"mailman",	  "saslauthd",
	"dovecot",	  "cyrus",	"lmtpunix",	  "lmtp(",
	"lda(",
};

/* What is worth keeping: in lines of this program, NULL for any. */
static const struct rule {
	const char *program, *words;
	enum mm_trouble trouble;
} rules[] = {
	{ "amavis", "(!", MM_TROUBLE_FILTER },
	{ "clamd", "ERROR: ", MM_TROUBLE_FILTER },
	{ "clamav-milter", "No clamd server appears to be available",
	  MM_TROUBLE_FILTER },
	{ "opendkim", "can't load key", MM_TROUBLE_CONFIG },
	{ NULL, "No space left on device", MM_TROUBLE_DISK },
	{ NULL, "atal: ", MM_TROUBLE_FILTER },
	{ NULL, "FATAL", MM_TROUBLE_FILTER },
};

static bool
filters_claims(const struct mm_line *line)
{
	for (size_t i = 0; i < MM_COUNT(programs); i++)
		if (mm_str_starts(line->tag, programs[i]))
			return true;
	return false;
}

void
mm_filters_begin(struct mm_record *r, enum mm_event event,
		 const struct mm_line *line)
{
	mm_record_init(r, event, MM_MTA_NONE);
	r->t_us = line->t_us;
	r->host = line->host;
	r->program = line->tag;
	r->pid = line->pid;
}

/* The id behind `label`; absent when there is none. */
static struct mm_str
id_behind(struct mm_str text, const char *label)
{
	struct mm_str head;
	size_t n = 0;

	if (!mm_str_cut(&text, label, &head))
		return MM_STR_ABSENT;
	while (n < text.n &&
	       ((text.p[n] >= '0' && text.p[n] <= '9') ||
		(text.p[n] >= 'A' && text.p[n] <= 'Z') ||
		(text.p[n] >= 'a' && text.p[n] <= 'z') || text.p[n] == '-'))
		n++;
	return mm_str_upto(text, n);
}

static bool
emit_passed(const struct mm_line *line, struct mm_emit *emit)
{
	struct mm_str from = id_behind(line->text, ", Queue-ID: ");
	struct mm_str to = id_behind(line->text, ", queued_as: ");
	struct mm_record r;

	if (from.n < 5 || to.n < 5)
		return false;
	mm_filters_begin(&r, MM_EV_SAME_MAIL, line);
	r.queue_id = from;
	r.other_id = to;
	r.join = MM_JOIN_FILTER;
	emit->record(emit->ctx, &r);
	return true;
}

static enum mm_verdict
filters_parse(const struct mm_line *line, struct mm_emit *emit)
{
	struct mm_record r;
	bool told = mm_filters_verdict(line, emit);

	if (mm_str_starts(line->tag, "amavis"))
		told |= emit_passed(line, emit);
	if (told)
		return MM_LINE_RECORD;
	for (size_t i = 0; i < MM_COUNT(rules); i++) {
		if ((rules[i].program != NULL &&
		     !mm_str_starts(line->tag, rules[i].program)) ||
		    mm_str_find(line->text, rules[i].words) == MM_NOT_FOUND)
			continue;
		mm_filters_begin(&r, MM_EV_TROUBLE, line);
		r.trouble = rules[i].trouble;
		r.text = line->text;
		emit->record(emit->ctx, &r);
		return MM_LINE_RECORD;
	}
	return MM_LINE_NOISE;
}

const struct mm_log_format mm_log_filters = {
	.name = "filters",
	.source = "amavisd-new $log_templ; opendkim(8), rspamd(8), ...",
	.claims = filters_claims,
	.parse = filters_parse,
};
