#include "analyze/case/flow.h"
#include "analyze/case/schema.h"

/* Columns: who, from, time, file, line, message. Numbers in flags and finals
 * are those of schema.h. */
static const char *const flows[] = {
	[MM_FLOW_LINES] =
	    "SELECT o.host, x.lacks, x.t_us, x.file, x.line, NULL FROM ("
	    "SELECT origin, arrived_us AS t_us, file, line,"
	    " CASE WHEN flags & 1 THEN queue_id END AS lacks FROM message"
	    " UNION ALL SELECT m.origin, a.t_us, a.file, a.line, NULL"
	    " FROM attempt a JOIN recipient r ON r.id = a.recipient"
	    " JOIN message m ON m.id = r.message UNION ALL "
	    "SELECT origin, t_us, file, line, NULL FROM leg UNION ALL "
	    "SELECT origin, t_us, file, line, NULL FROM reject UNION ALL "
	    "SELECT origin, t_us, file, line, NULL FROM event) x",
	[MM_FLOW_ARRIVALS] =
	    "SELECT o.host, NULL, x.arrived_us AS t_us, x.file, x.line, x.id"
	    " FROM message x",
	[MM_FLOW_LOGINS] =
	    "SELECT u.text, c.text, x.arrived_us AS t_us, x.file, x.line, x.id"
	    " FROM message x JOIN name u ON u.id = x.sasl"
	    " LEFT JOIN name c ON c.id = x.client_ip",
	[MM_FLOW_UNKNOWNS] =
	    "SELECT o.host, d.text, r.final_us AS t_us, x.file, x.line, x.id"
	    " FROM recipient r JOIN message x ON x.id = r.message"
	    " JOIN reply p ON p.id = r.reply AND p.cause IN"
	    " ('recipient_unknown', 'recipient_bad_address', 'domain_unknown',"
	    " 'recipient_disabled')"
	    " LEFT JOIN address s ON s.id = x.sender"
	    " LEFT JOIN name d ON d.id = s.domain",
	[MM_FLOW_BACKSCATTER] =
	    "SELECT o.host, x.ip, x.t_us, x.file, x.line, x.id FROM ("
	    "SELECT m.origin, c.text AS ip, m.arrived_us AS t_us, m.file,"
	    " m.line, m.id FROM message m JOIN address s ON s.id = m.sender AND"
	    " s.text = '' JOIN name c ON c.id = m.client_ip AND c.text NOT IN"
	    " ('127.0.0.1', '::1') UNION ALL "
	    "SELECT r.origin, c.text, r.t_us, r.file, r.line, NULL FROM reject "
	    "r"
	    " JOIN address s ON s.id = r.sender AND s.text = ''"
	    " JOIN name c ON c.id = r.client_ip) x",
};

enum mm_status
mm_flow_rows(struct mm_store *s, enum mm_flow flow,
	     const struct mm_flow_sink *sink, struct mm_err *err)
{
	struct mm_buf sql, who;
	struct mm_query *q;
	enum mm_status st;
	bool any = false;

	mm_buf_init(&sql, 4096);
	mm_buf_init(&who, 4096);
	mm_buf_addf(&sql,
		    "%s JOIN origin o ON o.id = x.origin WHERE t_us IS NOT NULL"
		    " ORDER BY 1, 3, 4, 5",
		    flows[flow]);
	q = mm_query_new(s, sql.p, err);
	st = q != NULL ? MM_OK : MM_EIO;
	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		struct mm_flow_row r = {
			.from = mm_query_text(q, 1),
			.t_us = mm_query_int(q, 2),
			.file = (uint32_t)mm_query_int(q, 3),
			.line = (uint32_t)mm_query_int(q, 4),
			.message = (uint32_t)mm_query_int(q, 5),
		};

		if (any && !mm_str_eq(mm_query_text(q, 0), mm_buf_str(&who))) {
			sink->done(sink->ctx, mm_buf_str(&who));
			any = false;
		}
		if (!any) {
			mm_buf_clear(&who);
			mm_buf_adds(&who, mm_query_text(q, 0));
			any = true;
		}
		sink->row(sink->ctx, &r);
	}
	if (st == MM_END && any)
		sink->done(sink->ctx, mm_buf_str(&who));
	mm_query_free(q);
	mm_buf_fini(&who);
	mm_buf_fini(&sql);
	return st == MM_END ? MM_OK : st;
}
