#include <stddef.h>

#include "formats/base/buf.h"
#include "formats/base/status.h"
#include "formats/mail/dsn.h"

#define VALUE_BYTES ((size_t)64 * 1024)
#define N_VALUES    16

/* Fields that messages have near their front. */
static const char *const known_fields[] = {
	"Return-Path:",
	"Received:",
	"Delivered-To:",
	"X-Original-To:",
	"Message-ID:",
	"From:",
	"Date:",
	"To:",
	"DKIM-Signature:",
	"Subject:",
	"MIME-Version:",
	"Content-Type:",
	"Authentication-Results:",
	"ARC-Seal:",
};

/* The next line, without its end. False when none is left. */
static bool
next_line(struct mm_str *left, struct mm_str *line)
{
	size_t n = 0;

	if (left->n == 0)
		return false;
	while (n < left->n && left->p[n] != '\n' && left->p[n] != '\r')
		n++;
	*line = mm_str_upto(*left, n);
	if (n + 1 < left->n && left->p[n] == '\r' && left->p[n + 1] == '\n')
		n++;
	*left = mm_str_from(*left, n < left->n ? n + 1 : n);
	return true;
}

static bool
is_known_field(struct mm_str line)
{
	struct mm_str value;

	for (size_t i = 0; i < MM_COUNT(known_fields); i++)
		if (mm_str_field(line, known_fields[i], &value))
			return true;
	return false;
}

static bool
is_folded(struct mm_str line)
{
	return line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t');
}

/* RFC 5322 section 2.2: printable, without blanks, before a colon. */
static bool
is_field(struct mm_str line)
{
	struct mm_str name;

	if (!mm_str_cutc(&line, ':', &name) || name.n == 0)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] > '~')
			return false;
	return true;
}

/* Nothing but fields at the front, three of them well known. */
bool
mm_mailbox_is(struct mm_str head)
{
	struct mm_str line, left = head;
	bool any = false;
	size_t n = 0;

	(void)mm_str_skip(&left, MM_BYTE_ORDER_MARK);
	if (mm_str_starts(left, "From "))
		(void)next_line(&left, &line);
	while (n < 3 && next_line(&left, &line) &&
	       (is_field(line) || (any && is_folded(line)))) {
		n += is_known_field(line);
		any = true;
	}
	return n >= 3;
}

/* ---- one message ---- */

enum part { PART_OTHER, PART_REPORT, PART_RETURNED };

struct reader {
	const struct mm_dsn_sink *sink;
	struct mm_dsn d;
	enum part part;
	bool in_header;	     /* of the message, or of a part */
	bool in_fields;	     /* of the report */
	bool skip, told_any; /* base64; the first block is the message's */
	struct mm_buf values[N_VALUES]; /* unfolded, of the message */
	size_t n_values;
	struct mm_str *last; /* the field that a folded line goes on with */
};

/* Fields of the report. */
static const struct {
	const char *name;
	size_t offset;
	bool typed; /* "rfc822; a@b.c" */
} report_fields[] = {
#define AT(member) offsetof(struct mm_dsn, member)
	{ "Reporting-MTA:", AT(reporting_mta), true },
	{ "Original-Envelope-Id:", AT(envelope_id), false },
	{ "X-Postfix-Queue-ID:", AT(queue_id), false },
	{ "X-Queue-ID:", AT(queue_id), false },
	{ "Final-Recipient:", AT(recipient), true },
	{ "Original-Recipient:", AT(orig_recipient), true },
	{ "Action:", AT(action), false },
	{ "Status:", AT(status), false },
	{ "Diagnostic-Code:", AT(diagnostic), true },
	{ "Remote-MTA:", AT(remote_mta), true },
};

static struct mm_str
without_brackets(struct mm_str s)
{
	if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		return mm_str_upto(mm_str_from(s, 1), s.n - 2);
	return s;
}

static void
take_report_field(struct reader *r, struct mm_str line)
{
	r->last = NULL;
	for (size_t i = 0; i < MM_COUNT(report_fields); i++) {
		struct mm_str value, type;
		struct mm_str *to =
		    (struct mm_str *)(void *)((char *)&r->d +
					      report_fields[i].offset);

		if (!mm_str_field(line, report_fields[i].name, &value))
			continue;
		if (report_fields[i].typed && mm_str_findc(value, ';') < 24)
			(void)mm_str_cutc(&value, ';', &type);
		*to = without_brackets(mm_str_trim(value));
		r->last = to;
		return;
	}
}

/* A folded line: the value goes to storage of its own. */
static void
go_on(struct reader *r, struct mm_str line)
{
	struct mm_buf *b = NULL;

	for (size_t i = 0; i < r->n_values && b == NULL; i++)
		if (r->values[i].p == r->last->p)
			b = &r->values[i];
	if (b == NULL && r->n_values == N_VALUES)
		return;
	if (b == NULL) {
		b = &r->values[r->n_values++];
		mm_buf_init(b, VALUE_BYTES);
		mm_buf_adds(b, *r->last);
	}
	mm_buf_addc(b, ' ');
	mm_buf_adds(b, mm_str_trim(line));
	*r->last = mm_buf_str(b);
}

/* A block of the report is over: the message's, or a recipient's. */
static void
end_block(struct reader *r)
{
	struct mm_dsn *d = &r->d;

	/* "5.0.0 (permanent failure)", "relayed (to non-DSN-aware mailer)" */
	d->status = mm_str_upto(d->status, mm_str_findc(d->status, ' '));
	d->action = mm_str_upto(d->action, mm_str_findc(d->action, ' '));
	r->last = NULL;
	if (d->recipient.p != NULL || d->action.p != NULL) {
		r->told_any = true;
		r->sink->recipient(r->sink->ctx, d);
	}
	d->recipient = d->orig_recipient = d->action = MM_STR_ABSENT;
	d->status = d->diagnostic = d->remote_mta = MM_STR_ABSENT;
}

/* The mail or its header; message/global and message/global-headers where
 * they are in UTF-8 (RFC 6533). */
static bool
is_returned(struct mm_str type)
{
	return mm_str_ifind(type, "rfc822") != MM_NOT_FOUND ||
	       (mm_str_ifind(type, "message/global") != MM_NOT_FOUND &&
		mm_str_ifind(type, "message/global-d") == MM_NOT_FOUND);
}

static void
take_header(struct reader *r, struct mm_str line, bool of_message)
{
	struct mm_str value;

	if (of_message && mm_str_field(line, "Message-ID:", &value))
		r->d.message_id = without_brackets(value);
	if (mm_str_field(line, "Content-Transfer-Encoding:", &value))
		r->skip = mm_str_ieq(value, MM_STR("base64"));
	if (of_message || !mm_str_field(line, "Content-Type:", &value))
		return;
	if (mm_str_ifind(value, "message/delivery-status") != MM_NOT_FOUND ||
	    mm_str_ifind(value, "message/global-delivery-status") !=
		MM_NOT_FOUND)
		r->part = PART_REPORT;
	else if (is_returned(value))
		r->part = PART_RETURNED;
}

/* The Message-ID of what was returned stands behind the report: it is looked
 * for first. */
static struct mm_str
find_original(struct mm_str message)
{
	struct mm_str line, value, found = MM_STR_ABSENT;
	bool in_part = false, returned = false;

	while (next_line(&message, &line)) {
		if (mm_str_starts(line, "--")) {
			in_part = true;
			returned = false;
		} else if (in_part &&
			   mm_str_field(line, "Content-Type:", &value)) {
			returned = is_returned(value);
		} else if (returned &&
			   mm_str_field(line, "Message-ID:", &value)) {
			found = without_brackets(value);
			break;
		}
	}
	return found;
}

static void
take_line(struct reader *r, struct mm_str line, bool of_message)
{
	if (mm_str_starts(line, "--") && !of_message) {
		if (r->part == PART_REPORT)
			end_block(r);
		r->part = PART_OTHER;
		r->in_header = true;
		r->skip = false;
	} else if (r->in_header && line.n == 0) {
		r->in_header = false;
	} else if (r->in_header) {
		take_header(r, line, of_message);
	} else if (r->part != PART_REPORT || r->skip) {
		return;
	} else if (line.n == 0) {
		end_block(r);
	} else if (is_folded(line) && r->last != NULL) {
		go_on(r, line);
	} else {
		take_report_field(r, line);
	}
}

/* What stands before the first empty line. */
static struct mm_str
header_of(struct mm_str message)
{
	struct mm_str left = message, line;

	while (next_line(&left, &line))
		if (line.n == 0)
			return mm_str_upto(message,
					   (size_t)(line.p - message.p));
	return message;
}

static void
read_message(struct mm_str message, size_t number,
	     const struct mm_dsn_sink *sink)
{
	struct reader r = { .sink = sink, .in_header = true };
	struct mm_str line, left = message;
	bool of_message = true;

	if (sink->message != NULL)
		sink->message(sink->ctx, number, header_of(message));
	r.d.number = number;
	if (mm_str_ifind(message, "delivery-status") == MM_NOT_FOUND)
		return;
	r.d.original_message_id = find_original(message);
	while (next_line(&left, &line)) {
		take_line(&r, line, of_message);
		of_message = of_message && r.in_header;
	}
	if (r.part == PART_REPORT)
		end_block(&r);
	for (size_t i = 0; i < r.n_values; i++)
		mm_buf_fini(&r.values[i]);
}

size_t
mm_mailbox_read(struct mm_str content, const struct mm_dsn_sink *sink)
{
	struct mm_str left, line, message;
	bool blank = true;
	size_t n = 0;

	(void)mm_str_skip(&content, MM_BYTE_ORDER_MARK);
	left = message = content;
	if (!mm_str_starts(content, "From ")) {
		read_message(content, 1, sink);
		return 1;
	}
	for (;;) {
		struct mm_str at = left;
		bool more = next_line(&left, &line);

		if (!more || (blank && mm_str_starts(line, "From "))) {
			message.n = (size_t)(at.p - message.p);
			if (n > 0)
				read_message(message, n, sink);
			if (!more)
				return n;
			n++;
			message = left;
		}
		blank = line.n == 0;
	}
}
