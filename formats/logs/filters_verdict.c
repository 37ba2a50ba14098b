#include <string.h>

#include "formats/base/status.h"
#include "formats/logs/filters_line.h"

/* What the line has behind `label`, up to one of `ends`. */
static struct mm_str
behind(struct mm_str text, const char *label, const char *ends)
{
	struct mm_str head;
	size_t n = 0;

	if (!mm_str_cut(&text, label, &head))
		return MM_STR_ABSENT;
	while (n < text.n && strchr(ends, text.p[n]) == NULL)
		n++;
	return n > 0 ? mm_str_upto(text, n) : MM_STR_ABSENT;
}

struct word {
	const char *word;
	enum mm_opinion opinion;
};

/* The first word of the table that `s` begins with. */
static enum mm_opinion
opinion_of(const struct word *words, size_t n, struct mm_str s)
{
	for (size_t i = 0; i < n; i++)
		if (mm_str_starts(s, words[i].word))
			return words[i].opinion;
	return MM_OPINION_NONE;
}

/* "4jXHlC1wH9zM: " or "7663A160D70: " at the front. */
static bool
take_queue_id(struct mm_str *s, struct mm_str *id)
{
	struct mm_str rest = *s;

	if (!mm_str_cut(&rest, ": ", id) || id->n < 5 || id->n > 24)
		return false;
	for (size_t i = 0; i < id->n; i++) {
		char c = id->p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		      (c >= 'a' && c <= 'z') || c == '-'))
			return false;
	}
	*s = rest;
	return true;
}

/* ---- amavis: "(nn-n) Passed SPAMMY {RelayedTaggedInbound}, ..." ---- */

static bool
read_amavis(const struct mm_line *line, struct mm_record *r)
{
	static const struct word words[] = {
		{ "CLEAN", MM_OPINION_CLEAN },
		{ "SPAM", MM_OPINION_SPAM },
		{ "INFECTED", MM_OPINION_INFECTED },
		{ "BANNED", MM_OPINION_BANNED },
		{ "", MM_OPINION_OTHER },
	};
	struct mm_str s = line->text, head, what;
	bool blocked;

	if (!mm_str_skip(&s, "(") || !mm_str_cut(&s, ") ", &head))
		return false;
	what = s;
	blocked = mm_str_skip(&s, "Blocked ");
	if (!blocked && !mm_str_skip(&s, "Passed "))
		return false;
	r->opinion = opinion_of(words, MM_COUNT(words), s);
	if (blocked && mm_str_find(s, "Discarded") < mm_str_findc(s, '}'))
		r->opinion = MM_OPINION_DISCARD;
	r->queue_id = behind(s, ", Queue-ID: ", ", ");
	r->message_id = behind(s, ", Message-ID: <", ">");
	/* "Blocked SPAM {DiscardedInbound,Quarantined}" */
	r->text = mm_str_upto(what, mm_str_find(what, "}, ") == MM_NOT_FOUND
					? mm_str_findc(what, ',')
					: mm_str_find(what, "}, ") + 1);
	r->score = behind(s, ", Hits: ", ", ");
	if (mm_str_is(r->score, "-"))
		r->score = MM_STR_ABSENT;
	return r->queue_id.p != NULL || r->message_id.p != NULL;
}

/* ---- rspamd ---- */

static bool
read_rspamd(const struct mm_line *line, struct mm_record *r)
{
	static const struct word words[] = {
		{ "no action", MM_OPINION_CLEAN },
		{ "greylist", MM_OPINION_GREYLIST },
		{ "add header", MM_OPINION_SPAM },
		{ "rewrite subject", MM_OPINION_SPAM },
		{ "soft reject", MM_OPINION_DEFER },
		{ "reject", MM_OPINION_REJECT },
		{ "quarantine", MM_OPINION_QUARANTINE },
		{ "discard", MM_OPINION_DISCARD },
		{ "", MM_OPINION_OTHER },
	};
	struct mm_str s = line->text, head, action;

	if (!mm_str_cut(&s, "rspamd_task_write_log: ", &head))
		return false;
	r->queue_id = behind(s, "qid: <", ">");
	r->message_id = behind(s, "id: <", ">");
	r->client_ip = behind(s, "ip: ", ",");
	if (mm_str_is(r->message_id, "undef"))
		r->message_id = MM_STR_ABSENT;
	/* "(default: F (no action): [0.10/15.00] [SYMBOLS...])" */
	if (!mm_str_cut(&s, "(default: ", &head) ||
	    !mm_str_cutc(&s, '(', &head) || !mm_str_cutc(&s, ')', &action))
		return false;
	r->opinion = opinion_of(words, MM_COUNT(words), action);
	r->text = action;
	r->score = behind(s, "[", "]");
	return r->queue_id.p != NULL || r->message_id.p != NULL;
}

/* ---- milters that begin with the queue id ---- */

static bool
read_opendkim(const struct mm_line *line, struct mm_record *r)
{
	static const struct word words[] = {
		{ "DKIM-Signature field added", MM_OPINION_SIGNED },
		{ "DKIM verification successful", MM_OPINION_PASS },
		{ "bad signature data", MM_OPINION_FAIL },
		{ "signature verification failed", MM_OPINION_FAIL },
		{ "key retrieval failed", MM_OPINION_FAIL },
		{ "rejected", MM_OPINION_REJECT },
	};

	r->text = line->text;
	if (!take_queue_id(&r->text, &r->queue_id))
		return false;
	r->opinion = opinion_of(words, MM_COUNT(words), r->text);
	/* "s=mail d=corp.example SSL error:...: bad signature" */
	if (r->opinion == MM_OPINION_NONE &&
	    mm_str_find(r->text, "SSL error") != MM_NOT_FOUND)
		r->opinion = MM_OPINION_FAIL;
	return r->opinion != MM_OPINION_NONE;
}

/* "corp.example pass", "SPF(mailfrom): corp.example fail" */
static bool
read_opendmarc(const struct mm_line *line, struct mm_record *r)
{
	static const struct word ends[] = {
		{ " pass", MM_OPINION_PASS },
		{ " fail", MM_OPINION_FAIL },
		{ " none", MM_OPINION_NONE },
	};

	r->text = line->text;
	if (!take_queue_id(&r->text, &r->queue_id))
		return false;
	if (mm_str_find(r->text, "rejected by DMARC policy") != MM_NOT_FOUND)
		r->opinion = MM_OPINION_REJECT;
	for (size_t i = 0; i < MM_COUNT(ends); i++)
		if (mm_str_ends(r->text, ends[i].word))
			r->opinion = ends[i].opinion;
	return r->opinion != MM_OPINION_NONE;
}

/* clamav-milter: "Message 7663A160D70 from <a> to <b> with subject ... infected
 * by Eicar-Test-Signature" */
static bool
read_clamav(const struct mm_line *line, struct mm_record *r)
{
	struct mm_str s = line->text, head;

	if (!mm_str_skip(&s, "Message ") || !mm_str_cutc(&s, ' ', &head))
		return false;
	r->queue_id = head;
	if (!mm_str_cut(&s, " infected by ", &head) || r->queue_id.n < 5)
		return false;
	r->opinion = MM_OPINION_INFECTED;
	r->text = s;
	return true;
}

/* ---- who knows no queue id ---- */

/* "action=greylist, reason=new, client_name=x, client_address=192.0.2.1,
 * sender=a, recipient=b" */
static bool
read_postgrey(const struct mm_line *line, struct mm_record *r)
{
	static const struct word words[] = {
		{ "greylist", MM_OPINION_GREYLIST },
		{ "pass", MM_OPINION_PASS },
	};
	struct mm_str s = line->text, head;

	if (!mm_str_cut(&s, "action=", &head))
		return false;
	r->opinion = opinion_of(words, MM_COUNT(words), s);
	r->text = behind(s, "reason=", ",");
	r->queue_id = behind(line->text, "queue_id=", ", ");
	r->client_ip = behind(s, "client_address=", ",/");
	r->sender = behind(s, "sender=", ", ");
	if (mm_str_find(s, "sender=, ") != MM_NOT_FOUND)
		r->sender = MM_STR(""); /* a notice */
	r->recipient = behind(s, "recipient=", ", ");
	return r->opinion != MM_OPINION_NONE && r->client_ip.p != NULL;
}

/* "grey: new: 192.0.2(192.0.2.1), a -> b", "grey: reconnect ok:
 * 192.0.2.1(192.0.2.1), a -> b (00:12:07)". Who is let through for its sender
 * or its domain alone is told without the recipient. */
static bool
read_sqlgrey(const struct mm_line *line, struct mm_record *r)
{
	static const struct word words[] = {
		{ "new: ", MM_OPINION_GREYLIST },
		{ "early reconnect: ", MM_OPINION_GREYLIST },
		{ "throttling: ", MM_OPINION_GREYLIST },
		{ "reconnect ok: ", MM_OPINION_PASS },
		{ "from awl match: ", MM_OPINION_PASS },
		{ "domain awl match: ", MM_OPINION_PASS },
	};
	struct mm_str s = line->text, head;

	if (!mm_str_skip(&s, "grey: "))
		return false;
	r->opinion = opinion_of(words, MM_COUNT(words), s);
	if (r->opinion == MM_OPINION_NONE || !mm_str_cut(&s, ": ", &r->text) ||
	    !mm_str_cutc(&s, '(', &head) ||
	    !mm_str_cut(&s, "), ", &r->client_ip))
		return false;
	if (mm_str_cut(&s, " -> ", &r->sender))
		r->recipient = mm_str_upto(s, mm_str_findc(s, ' '));
	else if (mm_str_starts(r->text, "from "))
		r->sender = s;
	if (mm_str_is(r->sender, "-undef-@-undef-"))
		r->sender = MM_STR("");
	return true;
}

/* "prepend Received-SPF: Pass (mailfrom) identity=mailfrom;
 * client-ip=192.0.2.1; helo=x; envelope-from=a; receiver=b" */
static bool
read_spf(const struct mm_line *line, struct mm_record *r)
{
	static const struct word words[] = {
		{ "Pass", MM_OPINION_PASS },
		{ "pass", MM_OPINION_PASS },
		{ "Fail", MM_OPINION_FAIL },
		{ "fail", MM_OPINION_FAIL },
		{ "Softfail", MM_OPINION_FAIL },
		{ "softfail", MM_OPINION_FAIL },
		{ "", MM_OPINION_OTHER },
	};
	struct mm_str s = line->text, head;

	if (!mm_str_cut(&s, "Received-SPF: ", &head))
		return false;
	r->opinion = opinion_of(words, MM_COUNT(words), s);
	r->text = mm_str_upto(s, mm_str_findc(s, ' '));
	r->client_ip = behind(s, "client-ip=", "; ");
	r->sender = behind(s, "envelope-from=", "; ");
	r->recipient = behind(s, "receiver=", "; ");
	return r->client_ip.p != NULL;
}

/* "lmtp(bob)<77><abc>: msgid=<x@y>: saved mail to INBOX", also of lda and of
 * sieve within them; where the tag is "dovecot" the rest stands in the text. */
static bool
read_dovecot(const struct mm_line *line, struct mm_record *r)
{
	static const struct word words[] = {
		{ "saved mail to", MM_OPINION_STORED },
		{ "stored mail into", MM_OPINION_STORED },
		{ "fileinto action", MM_OPINION_STORED },
		{ "forwarded to", MM_OPINION_FORWARDED },
		{ "redirect action", MM_OPINION_FORWARDED },
		{ "discarded", MM_OPINION_DISCARD },
		{ "marked message to be discarded", MM_OPINION_DISCARD },
		{ "discard action", MM_OPINION_DISCARD },
		{ "rejected", MM_OPINION_REJECT },
		{ "save failed", MM_OPINION_FAIL },
		{ "failed to store", MM_OPINION_FAIL },
		{ "Couldn't", MM_OPINION_FAIL },
	};
	struct mm_str s = line->text, head;

	if (!mm_str_cut(&s, "msgid=", &head))
		return false;
	(void)mm_str_skip(&s, "<");
	if (!mm_str_cut(&s, ": ", &r->message_id))
		return false;
	if (mm_str_ends(r->message_id, ">"))
		r->message_id.n--;
	r->opinion = opinion_of(words, MM_COUNT(words), s);
	r->text = s;
	/* "lmtp(bob)", "lmtp(77, bob@x)", "lda(bob)" */
	head = behind(mm_str_starts(line->tag, "l") ? line->tag : line->text,
		      "(", ")");
	if (head.p != NULL) {
		r->recipient = head;
		(void)mm_str_cut(&r->recipient, ", ", &head);
	}
	return r->opinion != MM_OPINION_NONE && r->message_id.n > 0;
}

static const struct {
	const char *program;
	bool (*read)(const struct mm_line *line, struct mm_record *r);
} readers[] = {
	{ "amavis", read_amavis },	 { "rspamd", read_rspamd },
	{ "opendkim", read_opendkim },	 { "dkim-filter", read_opendkim },
	{ "opendmarc", read_opendmarc }, { "clamav-milter", read_clamav },
	{ "postgrey", read_postgrey },	 { "sqlgrey", read_sqlgrey },
	{ "policyd-spf", read_spf },	 { "python-policyd", read_spf },
	{ "pypolicyd", read_spf },	 { "policy-spf", read_spf },
	{ "dovecot", read_dovecot },	 { "lmtp(", read_dovecot },
	{ "lda(", read_dovecot },
};

bool
mm_filters_verdict(const struct mm_line *line, struct mm_emit *emit)
{
	struct mm_record r;

	for (size_t i = 0; i < MM_COUNT(readers); i++) {
		if (!mm_str_starts(line->tag, readers[i].program))
			continue;
		mm_filters_begin(&r, MM_EV_VERDICT, line);
		if (!readers[i].read(line, &r))
			return false;
		emit->record(emit->ctx, &r);
		return true;
	}
	return false;
}
