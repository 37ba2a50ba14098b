#include "analyze/case/export_deliveries.h"
#include "analyze/case/schema.h"
#include "formats/base/json.h"
#include "formats/base/time.h"
#include "formats/mail/record.h"
#include "formats/mail/reply.h"
#include "formats/mail/shape.h"

/* clang-format off */
const struct mm_column mm_delivery_columns[MM_DELIVERY_COLUMNS] = {
	{ "host", "host", MM_TEXT },
	{ "mta", "MTA", MM_TEXT },
	{ "instance", "instance", MM_TEXT },
	{ "queue_id", "queue id", MM_TEXT },
	{ "message_id", "Message-ID", MM_TEXT },
	{ "sender", "sender", MM_TEXT },
	{ "recipient", "recipient", MM_TEXT },
	{ "orig_recipient", "original recipient", MM_TEXT },
	{ "size", "size", MM_BYTES },
	{ "arrived", "arrived", MM_TIME },
	{ "final", "final", MM_TEXT },
	{ "final_at", "final at", MM_TIME },
	{ "cause", "cause", MM_TEXT },
	{ "operator", "operator", MM_TEXT },
	{ "attempts", "attempts", MM_NESTED },
	{ "next", "next", MM_NESTED },
	{ "source", "source", MM_TEXT },
};
/* clang-format on */

enum { /* columns of the statement below; the first ones are the export's */
       C_SIZE = 8,
       C_ARRIVED,
       C_FINAL,
       C_FINAL_AT,
       C_CAUSE,
       C_OPERATOR,
       C_RECIPIENT_ID,
       C_NEXT_HOST,
       C_NEXT_ID,
       C_PROOF,
       C_SOURCE
};

static const char deliveries_sql[] =
    "SELECT o.host, o.mta, o.instance, m.queue_id, m.message_id, s.text,"
    " a.text, oa.text, m.size, m.arrived_us, r.final, r.final_us,"
    " CASE r.final WHEN 1 THEN NULL ELSE p.cause END,"
    " coalesce(l.operator, p.operator), r.id, no.host, n.queue_id, r.proof,"
    " f.name || ':' || m.line, m.file AS k_file, m.line AS k_line"
    " FROM recipient r JOIN message m ON m.id = r.message"
    " JOIN origin o ON o.id = m.origin JOIN file f ON f.id = m.file"
    " JOIN address a ON a.id = r.address"
    " LEFT JOIN address oa ON oa.id = r.orig"
    " LEFT JOIN address s ON s.id = m.sender"
    " LEFT JOIN reply p ON p.id = r.reply"
    " LEFT JOIN relay l ON l.id = r.relay"
    " LEFT JOIN message n ON n.id = r.next"
    " LEFT JOIN origin no ON no.id = n.origin"
    " UNION ALL "
    "SELECT o.host, o.mta, o.instance, j.queue_id, m.message_id,"
    " coalesce(s.text, ms.text), a.text, NULL,"
    /* Discarded before it had a queue id: nothing else tells of it. */
    " NULL, j.t_us, CASE j.action WHEN 0 THEN 7 ELSE 6 END, j.t_us,"
    " CASE j.action WHEN 0 THEN p.cause END, NULL, -j.id, NULL, NULL, NULL,"
    " f.name || ':' || j.line, j.file, j.line"
    " FROM reject j JOIN origin o ON o.id = j.origin"
    " JOIN file f ON f.id = j.file JOIN address a ON a.id = j.recipient"
    " LEFT JOIN address s ON s.id = j.sender"
    " LEFT JOIN message m ON m.id = j.message"
    " LEFT JOIN address ms ON ms.id = m.sender"
    " LEFT JOIN reply p ON p.id = j.reply"
    " WHERE j.action = 0 OR (j.action = 2 AND j.message IS NULL)"
    " ORDER BY 10, k_file, k_line, 15";

/* The attempts of one recipient, and of those it was handed on to: a walk
 * down an index, not a search. */
static const char attempts_sql[] =
    "WITH RECURSIVE chain(id, depth) AS (SELECT ?1, 0 UNION"
    " SELECT r.heir, depth + 1 FROM chain c JOIN recipient r ON r.id = c.id"
    " WHERE r.heir IS NOT NULL AND depth < 16)"
    " SELECT t.t_us, l.name, l.ip, t.outcome, t.flags, p.code, p.enhanced,"
    " p.shape, t.args, p.stage, p.cause, t.delay_us, t.a_us, t.b_us, t.c_us,"
    " t.d_us, f.name, t.line"
    " FROM chain c JOIN attempt t ON t.recipient = c.id"
    " JOIN file f ON f.id = t.file"
    " LEFT JOIN relay l ON l.id = t.relay LEFT JOIN reply p ON p.id = t.reply"
    " ORDER BY c.depth, t.t_us, t.id";

struct exporter {
	struct mm_query *attempts;
	struct mm_buf json, next, text;
};

static void
add_text(struct mm_buf *b, const char *key, struct mm_str s)
{
	mm_buf_addf(b, ",\"%s\":", key);
	mm_json_add_str(b, s);
}

static void
add_span(struct mm_buf *b, const struct mm_query *q, int column)
{
	char text[MM_TIME_TEXT];

	mm_buf_addz(b, mm_query_is_null(q, column)
			   ? "null"
			   : mm_time_seconds(mm_query_int(q, column), text));
}

static void
add_delays(struct mm_buf *b, const struct mm_query *q)
{
	mm_buf_addz(b, ",\"delay\":");
	add_span(b, q, 11);
	mm_buf_addz(b, ",\"delays\":");
	if (mm_query_is_null(q, 12)) {
		mm_buf_addz(b, "null");
		return;
	}
	for (int i = 0; i < 4; i++) {
		mm_buf_addc(b, i == 0 ? '[' : ',');
		add_span(b, q, 12 + i);
	}
	mm_buf_addc(b, ']');
}

/* The words of the reply, without the MTA's wrapping; all of it where there
 * is none. */
static struct mm_str
reply_text(struct exporter *x, const struct mm_query *q)
{
	struct mm_reply reply;

	mm_buf_clear(&x->text);
	if (mm_query_is_null(q, 7))
		return MM_STR_ABSENT;
	mm_shape_join(mm_query_text(q, 7), mm_query_text(q, 8), &x->text);
	mm_reply_parse(mm_buf_str(&x->text), NULL, &reply);
	return reply.text;
}

static void
add_attempt(struct exporter *x, const struct mm_query *q)
{
	struct mm_buf *b = &x->json;
	int64_t flags = mm_query_int(q, 4);
	enum mm_outcome outcome = (enum mm_outcome)mm_query_int(q, 3);

	mm_buf_addz(b, "{\"t\":");
	mm_json_add_time(b, mm_query_is_null(q, 0) ? MM_TIME_NONE
						   : mm_query_int(q, 0));
	add_text(b, "relay", mm_query_text(q, 1));
	add_text(b, "ip", mm_query_text(q, 2));
	add_text(b, "outcome",
		 mm_str_z(mm_outcome_name(
		     outcome != MM_OUT_DISCARDED ? outcome : MM_OUT_SENT)));
	mm_buf_addf(b, ",\"contact\":%s",
		    flags & MM_ATT_CONTACT ? "true" : "false");
	if (mm_query_is_null(q, 5))
		mm_buf_addz(b, ",\"code\":null");
	else
		mm_buf_addf(b, ",\"code\":%lld", (long long)mm_query_int(q, 5));
	add_text(b, "enhanced", mm_query_text(q, 6));
	add_text(b, "text", reply_text(x, q));
	add_text(
	    b, "stage",
	    mm_str_z(mm_query_is_null(q, 9)
			 ? NULL
			 : mm_stage_name((enum mm_stage)mm_query_int(q, 9))));
	add_text(b, "cause",
		 outcome == MM_OUT_DEFERRED || outcome == MM_OUT_BOUNCED
		     ? mm_query_text(q, 10)
		     : MM_STR_ABSENT);
	add_delays(b, q);
	mm_buf_clear(&x->text);
	mm_buf_adds(&x->text, mm_query_text(q, 16));
	mm_buf_addf(&x->text, ":%lld", (long long)mm_query_int(q, 17));
	add_text(b, "source", mm_buf_str(&x->text));
	if (flags & MM_ATT_UNCERTAIN)
		mm_buf_addz(b, ",\"uncertain\":true");
	mm_buf_addc(b, '}');
}

static enum mm_status
nest_attempts(struct exporter *x, int64_t recipient, struct mm_err *err)
{
	enum mm_status st;

	mm_buf_clear(&x->json);
	mm_buf_addc(&x->json, '[');
	mm_query_bind_int(x->attempts, 0, recipient);
	while ((st = mm_query_step(x->attempts, err)) == MM_OK) {
		if (x->json.n > 1)
			mm_buf_addc(&x->json, ',');
		add_attempt(x, x->attempts);
	}
	mm_buf_addc(&x->json, ']');
	return st == MM_END ? MM_OK : st;
}

static struct mm_cell
next_cell(struct exporter *x, const struct mm_query *q)
{
	if (mm_query_is_null(q, C_NEXT_ID))
		return mm_cell_null();
	mm_buf_clear(&x->next);
	mm_buf_addz(&x->next, "{\"host\":");
	mm_json_add_str(&x->next, mm_query_text(q, C_NEXT_HOST));
	add_text(&x->next, "queue_id", mm_query_text(q, C_NEXT_ID));
	add_text(
	    &x->next, "proof",
	    mm_str_z(mm_join_name((enum mm_join)mm_query_int(q, C_PROOF))));
	mm_buf_addc(&x->next, '}');
	return mm_cell_nested(mm_buf_str(&x->next));
}

static struct mm_cell
time_cell(const struct mm_query *q, int column)
{
	return mm_cell_time(mm_query_is_null(q, column)
				? MM_TIME_NONE
				: mm_query_int(q, column));
}

static enum mm_status
export_row(struct exporter *x, const struct mm_query *q,
	   const struct mm_sink *sink, struct mm_err *err)
{
	struct mm_cell row[MM_DELIVERY_COLUMNS];
	enum mm_status st =
	    nest_attempts(x, mm_query_int(q, C_RECIPIENT_ID), err);

	if (st != MM_OK)
		return st;
	for (int i = 0; i < C_SIZE; i++)
		row[i] = mm_cell_text(mm_query_text(q, i));
	row[C_SIZE] = mm_query_is_null(q, C_SIZE)
			  ? mm_cell_null()
			  : mm_cell_bytes(mm_query_int(q, C_SIZE));
	row[C_ARRIVED] = time_cell(q, C_ARRIVED);
	row[C_FINAL] = mm_cell_z(mm_final_name((int)mm_query_int(q, C_FINAL)));
	row[C_FINAL_AT] = time_cell(q, C_FINAL_AT);
	row[C_CAUSE] = mm_cell_text(mm_query_text(q, C_CAUSE));
	row[C_OPERATOR] = mm_cell_text(mm_query_text(q, C_OPERATOR));
	row[14] = mm_cell_nested(mm_buf_str(&x->json));
	row[15] = next_cell(x, q);
	row[16] = mm_cell_text(mm_query_text(q, C_SOURCE));
	return sink->row(sink->ctx, row, err);
}

enum mm_status
mm_export_deliveries(struct mm_store *s, int64_t at_us,
		     const struct mm_sink *sink, struct mm_err *err)
{
	struct exporter x;
	struct mm_query *q;
	enum mm_status st;

	(void)at_us;
	mm_store_index(s, "CREATE INDEX IF NOT EXISTS attempt_recipient"
			  " ON attempt(recipient)");
	q = mm_query_new(s, deliveries_sql, err);
	x.attempts = mm_query_new(s, attempts_sql, err);
	mm_buf_init(&x.json, (size_t)1 << 28);
	mm_buf_init(&x.next, (size_t)1 << 20);
	mm_buf_init(&x.text, (size_t)1 << 20);
	st = q != NULL && x.attempts != NULL ? MM_OK : MM_EIO;
	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK)
		st = export_row(&x, q, sink, err);
	mm_query_free(q);
	mm_query_free(x.attempts);
	mm_buf_fini(&x.json);
	mm_buf_fini(&x.next);
	mm_buf_fini(&x.text);
	return st == MM_END ? MM_OK : st;
}
