#include "analyze/case/skew.h"
#include "formats/base/status.h"

static const char hops_sql[] =
    "SELECT a.host, b.host, t.t_us, t.c_us + t.d_us, n.arrived_us"
    " FROM edge e JOIN message m ON m.id = e.from_message"
    " JOIN message n ON n.id = e.to_message"
    " JOIN origin a ON a.id = m.origin JOIN origin b ON b.id = n.origin"
    " JOIN attempt t ON t.recipient = e.recipient AND t.file = e.file"
    " AND t.line = e.line"
    " WHERE e.kind IN (1, 2) AND a.host <> b.host AND t.t_us IS NOT NULL"
    " AND n.arrived_us IS NOT NULL AND n.flags & 1 = 0"
    " ORDER BY a.host, b.host, t.t_us, e.rowid";

enum mm_status
mm_skew_hops(struct mm_store *s,
	     void (*hop)(void *ctx, const struct mm_skew_hop *h), void *ctx,
	     struct mm_err *err)
{
	/* One host: nothing to compare. */
	struct mm_query *q =
	    mm_query_new(s, "SELECT count(DISTINCT host) FROM origin", err);
	enum mm_status st = q != NULL ? mm_query_step(q, err) : MM_EIO;
	bool several = st == MM_OK && mm_query_int(q, 0) > 1;

	mm_query_free(q);
	if (st != MM_OK || !several)
		return st;
	q = mm_query_new(s, hops_sql, err);
	st = q != NULL ? MM_OK : MM_EIO;
	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		const struct mm_skew_hop h = {
			.from = mm_query_text(q, 0),
			.to = mm_query_text(q, 1),
			.sent_us = mm_query_int(q, 2),
			.took_us =
			    mm_query_is_null(q, 3) ? -1 : mm_query_int(q, 3),
			.arrived_us = mm_query_int(q, 4),
		};

		hop(ctx, &h);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

/* Everything that has a time, by the host that wrote it. ?1: host, ?2: us. */
#define OF_HOST	   "(SELECT id FROM origin WHERE host = ?1)"
#define OF_MESSAGE "(SELECT id FROM message WHERE origin IN " OF_HOST ")"
static const char *const fixes[] = {
	"UPDATE recipient SET final_us = final_us - ?2"
	" WHERE message IN " OF_MESSAGE " AND heir IS NULL",
	/* The final of what was handed on is the next host's. */
	"UPDATE recipient SET final_us = final_us - ?2 WHERE heir IN"
	" (SELECT id FROM recipient WHERE message IN " OF_MESSAGE ")",
	"UPDATE attempt SET t_us = t_us - ?2 WHERE recipient IN"
	" (SELECT id FROM recipient WHERE message IN " OF_MESSAGE ")",
	"UPDATE step SET t_us = t_us - ?2 WHERE message IN " OF_MESSAGE,
	"UPDATE leg SET t_us = t_us - ?2 WHERE origin IN " OF_HOST,
	"UPDATE reject SET t_us = t_us - ?2 WHERE origin IN " OF_HOST,
	"UPDATE event SET t_us = t_us - ?2 WHERE origin IN " OF_HOST,
	"UPDATE message SET arrived_us = arrived_us - ?2,"
	" ended_us = ended_us - ?2 WHERE origin IN " OF_HOST,
};
static const char ledger_sql[] =
    "UPDATE file SET skew_us = ?2 WHERE id IN (SELECT m.file FROM message m"
    " JOIN origin o ON o.id = m.origin GROUP BY m.file"
    " HAVING min(o.host) = ?1 AND max(o.host) = ?1)";

static enum mm_status
run(struct mm_store *s, const char *sql, struct mm_str host, int64_t skew_us,
    struct mm_err *err)
{
	struct mm_query *q = mm_query_new(s, sql, err);
	enum mm_status st = MM_EIO;

	if (q != NULL) {
		mm_query_bind_text(q, 0, host);
		mm_query_bind_int(q, 1, skew_us);
		st = mm_query_step(q, err);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

enum mm_status
mm_skew_write(struct mm_store *s, struct mm_str host, int64_t skew_us, bool fix,
	      struct mm_err *err)
{
	enum mm_status st = run(s, ledger_sql, host, skew_us, err);

	for (size_t i = 0; fix && i < MM_COUNT(fixes) && st == MM_OK; i++)
		st = run(s, fixes[i], host, skew_us, err);
	return st;
}
