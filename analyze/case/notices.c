#include "analyze/case/notices.h"

/* bounce.c waits a second for more of the same mail, and sends a few notices
 * at a time; stamps may be whole seconds. */
#define BEFORE "10000000"
#define AFTER  "1000000"
/* Of a sender of more mails than that, one among them would seldom stand out,
 * and looking would take as many steps as it has mails and notices. */
#define MOST "1000"

/* Attempts: 3 is bounced, 2 deferred, 1 sent; of recipients 3 is expired.
 * An edge of kind 7 is MM_JOIN_NOTICE. */
static const char tie_sql[] =
    "WITH notice AS MATERIALIZED (SELECT n.id, n.origin, n.arrived_us AS t_us,"
    " n.file, n.line, r.address FROM origin o"
    " JOIN message n ON n.origin = o.id JOIN address z ON z.id = n.sender"
    " JOIN name c ON c.id = n.client_name JOIN recipient r ON r.message = n.id"
    " WHERE o.mta = 'opensmtpd' AND z.text = '' AND c.text = 'local'"
    " AND (SELECT count(*) FROM (SELECT 1 FROM message WHERE sender ="
    " r.address LIMIT " MOST ")) < " MOST "),"
    " told AS (SELECT n.id, n.file, n.line, p.id AS about, min(CASE"
    "  WHEN x.final = 3 AND x.final_us BETWEEN n.t_us - " BEFORE
    "   AND n.t_us + " AFTER " THEN 0 ELSE 3 - t.outcome END) AS rank"
    "  FROM notice n CROSS JOIN message p ON p.sender = n.address"
    "  AND p.origin = n.origin AND p.arrived_us <= n.t_us + " AFTER
    "  CROSS JOIN recipient x ON x.message = p.id"
    "  CROSS JOIN attempt t ON t.recipient = x.id"
    "  WHERE t.outcome BETWEEN 1 AND 3 AND (t.t_us BETWEEN n.t_us - " BEFORE
    "   AND n.t_us + " AFTER " OR (x.final = 3 AND x.final_us BETWEEN"
    "   n.t_us - " BEFORE " AND n.t_us + " AFTER "))"
    "  GROUP BY n.id, p.id)"
    " INSERT INTO edge SELECT max(about), id, NULL, 7, 0, file, line FROM told"
    " JOIN (SELECT id, min(rank) AS rank FROM told GROUP BY id)"
    " USING (id, rank) GROUP BY id HAVING count(*) = 1 ORDER BY id";

enum mm_status
mm_notices_tie(struct mm_store *s, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s, "SELECT EXISTS(SELECT 1 FROM origin WHERE mta = 'opensmtpd')",
	    err);
	enum mm_status st = q != NULL ? mm_query_step(q, err) : MM_EIO;
	bool any = st == MM_OK && mm_query_int(q, 0) != 0;

	mm_query_free(q);
	if (st != MM_OK || !any)
		return st;
	mm_store_index(s, "CREATE INDEX IF NOT EXISTS message_sender"
			  " ON message(sender);"
			  "CREATE INDEX IF NOT EXISTS recipient_message"
			  " ON recipient(message);"
			  "CREATE INDEX IF NOT EXISTS attempt_recipient"
			  " ON attempt(recipient);");
	q = mm_query_new(s, tie_sql, err);
	st = q != NULL ? mm_query_step(q, err) : MM_EIO;
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}
