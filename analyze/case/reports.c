#include <stdlib.h>

#include "analyze/case/received_rows.h"
#include "analyze/case/reports.h"
#include "formats/base/mem.h"
#include "formats/mail/dsn.h"
#include "formats/mail/reply.h"
#include "formats/spools/postfix_record.h"

#define MAILBOX_BYTES ((size_t)512 << 20)

struct mm_reports {
	struct mm_query *q;
	struct mm_received_rows *ways; /* owned */
	struct mm_judge judge;
	struct mm_str source; /* of the mailbox in hand */
	size_t n_messages;
	struct mm_err failed; /* MM_OK: none */
};

struct mm_reports *
mm_reports_new(struct mm_store *s, const struct mm_judge *j, struct mm_err *err)
{
	struct mm_reports *r = mm_calloc(1, sizeof(*r));

	r->judge = *j;
	r->q = mm_query_new(
	    s, "INSERT INTO dsn VALUES(NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	    err);
	if (r->q != NULL)
		r->ways = mm_received_rows_new(s, err);
	if (r->ways != NULL)
		return r;
	mm_reports_free(r);
	return NULL;
}

void
mm_reports_free(struct mm_reports *r)
{
	if (r == NULL)
		return;
	mm_query_free(r->q);
	mm_received_rows_free(r->ways);
	free(r);
}

static void
add_way(void *ctx, size_t number, struct mm_str header)
{
	struct mm_reports *r = ctx;

	mm_received_rows_add(r->ways, r->source, number, header);
}

static void
add_row(void *ctx, const struct mm_dsn *d)
{
	struct mm_reports *r = ctx;
	const char *rule = NULL, *cause = NULL, *op = NULL;
	const struct mm_str texts[] = {
		d->reporting_mta,  d->message_id,  d->original_message_id,
		d->queue_id,	   d->envelope_id, d->recipient,
		d->orig_recipient, d->action,	   d->status,
		d->diagnostic,	   d->remote_mta,
	};
	int at = 0;

	if (r->failed.code != MM_OK)
		return;
	if (d->remote_mta.p != NULL)
		op = r->judge.operator_of(r->judge.ctx, d->remote_mta);
	if (!mm_str_ieq(d->action, MM_STR("delivered")) &&
	    !mm_str_ieq(d->action, MM_STR("relayed")) &&
	    !mm_str_ieq(d->action, MM_STR("expanded")))
		cause = r->judge.cause_of(
		    r->judge.ctx, op,
		    d->diagnostic.p != NULL ? d->diagnostic : MM_STR(""),
		    d->status, &rule);
	mm_query_bind_text(r->q, at++, r->source);
	mm_query_bind_int(r->q, at++, (int64_t)d->number);
	for (size_t i = 0; i < MM_COUNT(texts); i++)
		mm_query_bind_text(r->q, at++, texts[i]);
	mm_query_bind_text(r->q, at++, mm_str_z(op));
	mm_query_bind_text(r->q, at++, mm_str_z(cause));
	mm_query_bind_text(r->q, at++, mm_str_z(rule));
	(void)mm_query_step(r->q, &r->failed);
}

/* Of one that is too large the beginning. */
static struct mm_str
content_of(const struct mm_leaf *leaf)
{
	struct mm_str content;
	struct mm_err err;

	if (leaf->whole ||
	    mm_leaf_all(leaf, MAILBOX_BYTES, &content, &err) != MM_OK)
		content = leaf->head;
	return content;
}

bool
mm_reports_take(struct mm_reports *r, const struct mm_leaf *leaf,
		const char **kind)
{
	const struct mm_dsn_sink sink = { add_row, add_way, r };
	struct mm_str content;

	if (!mm_mailbox_is(leaf->head))
		return false;
	content = content_of(leaf);
	r->source = leaf->name;
	r->n_messages += mm_mailbox_read(content, &sink);
	*kind = mm_str_starts(leaf->head, "From ") ? "mbox" : "message";
	return true;
}

/* The content of a Postfix queue file: one line a record. */
static void
add_lines(struct mm_str file, struct mm_buf *out)
{
	struct mm_postfix_records all = { .all = file };
	struct mm_postfix_record rec;

	/* A long line comes as L, L, ..., N. */
	while ((rec = mm_postfix_record_next(&all)).type != 0) {
		if (rec.type == 'N' || rec.type == 'L')
			mm_buf_adds(out, rec.data);
		if (rec.type == 'N')
			mm_buf_addc(out, '\n');
	}
}

void
mm_reports_take_spooled(struct mm_reports *r, const struct mm_leaf *leaf)
{
	/* Its way is told with its entry. */
	const struct mm_dsn_sink sink = { add_row, NULL, r };
	struct mm_buf lines;
	struct mm_str content = leaf->head;

	/* Reports are short, and say what they are near their beginning. */
	if (mm_str_ifind(leaf->head, "message/delivery-status") == MM_NOT_FOUND)
		return;
	mm_buf_init(&lines, MAILBOX_BYTES);
	content = content_of(leaf);
	if (mm_str_starts(content, "C"))
		add_lines(content, &lines);
	r->source = leaf->name;
	(void)mm_mailbox_read(lines.n > 0 ? mm_buf_str(&lines) : content,
			      &sink);
	mm_buf_fini(&lines);
}

size_t
mm_reports_count(const struct mm_reports *r)
{
	return r->n_messages;
}

enum mm_status
mm_reports_status(const struct mm_reports *r, struct mm_err *err)
{
	if (r->failed.code == MM_OK || r->failed.code == MM_END)
		return mm_received_rows_status(r->ways, err);
	return mm_err_set(err, r->failed.code, "%s", r->failed.text);
}
