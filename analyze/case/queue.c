#include "analyze/case/queue.h"
#include "analyze/case/due.h"
#include "analyze/case/latest.h"
#include "analyze/case/schema.h"
#include "analyze/case/select.h"

/* clang-format off */
const struct mm_column mm_queue_columns[] = {
	{ "queue", "Queue", MM_TEXT },
	{ "queue_id", "Queue id", MM_TEXT },
	{ "sender", "Sender", MM_TEXT },
	{ "recipient", "Recipient", MM_TEXT },
	{ "size", "Size", MM_BYTES },
	{ "age", "Age", MM_SPAN },
	{ "arrived", "Arrived", MM_TIME },
	{ "next_try", "Next try", MM_TIME },
	{ "rests_on", "Rests on", MM_TEXT },
	{ "last_try", "Last try", MM_TIME },
	{ "attempts", "Tries", MM_INT },
	{ "given_up", "Given up after", MM_TIME },
	{ "given_up_on", "By", MM_TEXT },
	{ "cause", "Cause", MM_TEXT },
	{ "reason", "Reason", MM_TEXT },
	{ "note", "Note", MM_TEXT },
	{ "host", "Host", MM_TEXT },
	{ "source", "Source", MM_TEXT },
};
const size_t mm_queue_n_columns = MM_COUNT(mm_queue_columns);

static const struct mm_column due_columns[] = {
	{ "destination", "Destination", MM_TEXT },
	{ "total", "Total", MM_INT },
	{ "now", "due", MM_INT },
	{ "m5", "in 5 min", MM_INT },
	{ "m10", "10", MM_INT },
	{ "m20", "20", MM_INT },
	{ "m40", "40", MM_INT },
	{ "m80", "80", MM_INT },
	{ "m160", "160", MM_INT },
	{ "later", "later", MM_INT },
	{ "unknown", "unknown", MM_INT },
	{ "by_rule", "by rule", MM_INT },
	{ "given_up", "First given up after", MM_TIME },
	{ "in_a_day", "in a day", MM_INT },
};

static const struct mm_column compare_columns[] = {
	{ "destination", "Destination", MM_TEXT },
	{ "before", "Before", MM_INT },
	{ "left", "Left", MM_INT },
	{ "new", "New", MM_INT },
	{ "stuck", "Stuck", MM_INT },
	{ "now", "Now", MM_INT },
	{ "oldest_stuck", "Oldest stuck", MM_SPAN },
	{ "taken_before", "From", MM_TIME },
	{ "taken", "To", MM_TIME },
};

static const struct mm_column reconcile_columns[] = {
	{ "verdict", "Verdict", MM_TEXT },
	{ "host", "Host", MM_TEXT },
	{ "queue", "Queue", MM_TEXT },
	{ "queue_id", "Queue id", MM_TEXT },
	{ "sender", "Sender", MM_TEXT },
	{ "recipient", "Recipient", MM_TEXT },
	{ "arrived", "Arrived", MM_TIME },
	{ "taken", "Snapshot", MM_TIME },
	{ "final", "Final", MM_TEXT },
	{ "final_at", "Final at", MM_TIME },
	{ "source", "Log", MM_TEXT },
};
/* clang-format on */

enum mm_status
mm_queue_list(struct mm_store *s, int64_t at_us, const struct mm_sink *sink,
	      struct mm_err *err)
{
	enum mm_status st = mm_due_make(s, at_us, err);

	if (st != MM_OK)
		return st;
	return mm_select(
	    s,
	    "WITH " MM_LATEST_SNAPSHOTS
	    " SELECT e.queue, e.queue_id, e.sender, w.recipient, e.size,"
	    " l.taken_us - e.arrived_us, e.arrived_us, p.next_us, p.rests_on,"
	    " e.last_us, e.attempts, p.expires_us, p.expires_on, w.cause,"
	    " w.reason, e.note, nullif(l.host, ''), e.source"
	    " FROM last l JOIN entry e ON e.snapshot = l.id"
	    " JOIN promise p ON p.entry = e.id"
	    " LEFT JOIN waiting w ON w.entry = e.id AND w.done = 0"
	    " WHERE w.entry IS NOT NULL OR e.note IS NOT NULL"
	    " ORDER BY e.arrived_us, l.id, e.queue_id, w.rowid",
	    at_us, mm_queue_columns, mm_queue_n_columns, sink, err);
}

/* The rows of `sql` as a table `t`, which is returned, or freed on failure. */
static struct mm_table *
fill(struct mm_store *s, const char *sql, int64_t at_us, struct mm_table *t,
     struct mm_err *err)
{
	const struct mm_sink sink = mm_table_sink(t);

	if (mm_select(s, sql, at_us, t->columns, t->n_columns, &sink, err) ==
	    MM_OK)
		return t;
	mm_table_free(t);
	return NULL;
}

/* clang-format off */
#define WITHIN(from, to) \
	", coalesce(sum(due > " #from " AND due <= " #to "), 0)"
#define DUE_COUNTS \
	"count(d), coalesce(sum(due <= 0), 0)" WITHIN(0, 300) \
	WITHIN(300, 600) WITHIN(600, 1200) WITHIN(1200, 2400) \
	WITHIN(2400, 4800) WITHIN(4800, 9600) \
	", coalesce(sum(due > 9600), 0)," \
	" coalesce(sum(d IS NOT NULL AND due IS NULL), 0)," \
	" coalesce(sum(d IS NOT NULL AND rests_on IN ('envelope'," \
	"  'default rule', 'queue run')), 0), min(given_up)," \
	" coalesce(sum(given_up <= taken_us + 86400000000), 0)"

static const char due_sql[] =
	"WITH " MM_LATEST_SNAPSHOTS ","
	" one AS (SELECT l.taken_us, p.rests_on,"
	"  CASE WHEN w.entry IS NOT NULL THEN p.expires_us END AS given_up,"
	"  CASE WHEN w.entry IS NOT NULL"
	"   THEN " MM_BEHIND_AT("w.recipient") " END AS d,"
	"  CASE WHEN w.entry IS NOT NULL"
	"   THEN (p.next_us - l.taken_us) / 1e6 END AS due"
	"  FROM last l LEFT JOIN entry e ON e.snapshot = l.id"
	"  LEFT JOIN promise p ON p.entry = e.id"
	"  LEFT JOIN waiting w ON w.entry = e.id AND w.done = 0)"
	" SELECT * FROM (SELECT 'TOTAL', " DUE_COUNTS " FROM one"
	"  HAVING EXISTS (SELECT 1 FROM last))"
	" UNION ALL SELECT * FROM (SELECT d, " DUE_COUNTS " FROM one"
	"  WHERE d IS NOT NULL GROUP BY d ORDER BY 2 DESC, 1)";

#define CHANGES \
	"coalesce(sum(was), 0), coalesce(sum(was AND NOT now), 0)," \
	" coalesce(sum(now AND NOT was), 0)," \
	" coalesce(sum(now AND was), 0), coalesce(sum(now), 0)," \
	" max(CASE WHEN now AND was THEN age END), min(from_us), max(to_us)"

static const char compare_sql[] =
	"WITH " MM_LATEST_SNAPSHOTS ","
	/* A listing of the same moment is nothing to compare a spool with. */
	" pair AS (SELECT now_id, to_us, was_id FROM (SELECT l.id AS now_id,"
	"  l.taken_us AS to_us, p.id AS was_id, row_number() OVER"
	"   (PARTITION BY l.id ORDER BY p.spool <> l.spool, p.taken_us DESC,"
	"   p.id) AS nth FROM last l LEFT JOIN placed p ON p.mta = l.mta"
	"   AND p.host = l.host AND p.instance = l.instance"
	"   AND p.taken_us < l.taken_us) WHERE nth = 1),"
	" each AS (SELECT max(e.snapshot = p.was_id) AS was,"
	"  max(e.snapshot = p.now_id) AS now,"
	"  max(p.to_us - e.arrived_us) AS age,"
	"  (SELECT taken_us FROM snapshot WHERE id = p.was_id) AS from_us,"
	"  p.to_us, " MM_BEHIND_AT("w.recipient") " AS d"
	"  FROM pair p JOIN entry e ON e.snapshot IN (p.was_id, p.now_id)"
	"  JOIN waiting w ON w.entry = e.id AND w.done = 0"
	"  WHERE p.was_id IS NOT NULL"
	"  GROUP BY p.now_id, e.queue_id, lower(w.recipient))"
	" SELECT * FROM (SELECT 'TOTAL', " CHANGES " FROM each"
	"  HAVING EXISTS (SELECT 1 FROM pair WHERE was_id IS NOT NULL))"
	" UNION ALL SELECT * FROM (SELECT d, " CHANGES
	"  FROM each GROUP BY d ORDER BY 5 DESC, 6 DESC, 1)";
/* clang-format on */

struct mm_table *
mm_queue_due(struct mm_store *s, int64_t at_us, struct mm_err *err)
{
	if (mm_due_make(s, at_us, err) != MM_OK)
		return NULL;
	return fill(s, due_sql, at_us,
		    mm_table_new("due", "Due by destination and minutes",
				 due_columns, MM_COUNT(due_columns)),
		    err);
}

struct mm_table *
mm_queue_compare(struct mm_store *s, int64_t at_us, struct mm_err *err)
{
	struct mm_table *t =
	    fill(s, compare_sql, at_us,
		 mm_table_new("changes", "What left, came and stayed",
			      compare_columns, MM_COUNT(compare_columns)),
		 err);

	if (t != NULL && t->n_rows == 0) {
		mm_table_free(t);
		(void)mm_err_set(
		    err, MM_ENOENT,
		    "no queue has two snapshots to compare: spools "
		    "or listings of different times");
		return NULL;
	}
	return t;
}

/* A message of the log and an entry are one when they share the queue id and
 * the log's begins not before the entry's: ids are used again, and a message
 * that is queued anew keeps its first time in the queue file. */
#define SAME_MAIL                                                              \
	"m.queue_id = e.queue_id AND (m.arrived_us IS NULL"                    \
	" OR e.arrived_us IS NULL OR m.arrived_us BETWEEN"                     \
	" e.arrived_us - 10000000 AND l.taken_us + 2000000)"

#define FINAL                                                                  \
	"CASE r.final WHEN 1 THEN 'sent' WHEN 2 THEN 'bounced'"                \
	" WHEN 3 THEN 'expired' WHEN 4 THEN 'deferred' WHEN 5 THEN"            \
	" 'held' WHEN 6 THEN 'deleted' WHEN 7 THEN 'rejected' ELSE"            \
	" 'unknown' END"

/* clang-format off */
static const char reconcile_sql[] =
    "WITH " MM_LATEST_SNAPSHOTS
    ", known AS (SELECT DISTINCT l.id AS snapshot, m.origin FROM last l"
    "  JOIN entry e ON e.snapshot = l.id JOIN message m ON " SAME_MAIL
    "  JOIN origin o ON o.id = m.origin AND o.mta = l.mta)"
    " SELECT 'done in the log', l.host, e.queue, e.queue_id, e.sender,"
    "  w.recipient, e.arrived_us, l.taken_us, " FINAL ", r.final_us,"
    "  f.name || ':' || m.line AS source"
    "  FROM last l JOIN entry e ON e.snapshot = l.id"
    "  JOIN waiting w ON w.entry = e.id AND w.done = 0"
    "  JOIN message m ON " SAME_MAIL
    "  JOIN known k ON k.snapshot = l.id AND k.origin = m.origin"
    "  JOIN file f ON f.id = m.file"
    "  JOIN recipient r ON r.message = m.id AND r.final IN (1, 2, 3, 6)"
    "   AND r.final_us < l.taken_us - 2000000"
    "  JOIN address a ON a.id = r.address"
    "   AND lower(a.text) = lower(w.recipient)"
    " UNION ALL SELECT 'not in the queue', l.host, NULL, m.queue_id, b.text,"
    "  a.text, m.arrived_us, l.taken_us, " FINAL ", r.final_us,"
    "  f.name || ':' || m.line"
    "  FROM last l JOIN known k ON k.snapshot = l.id"
    "  JOIN message m ON m.origin = k.origin"
    "   AND m.arrived_us < l.taken_us - 2000000 AND m.flags & 132 = 0"
    "   AND (m.ended_us IS NULL OR m.ended_us > l.taken_us + 60000000)"
    "  JOIN recipient r ON r.message = m.id AND (r.final IN (0, 4, 5)"
    "   OR r.final_us > l.taken_us + 60000000)"
    "  JOIN address a ON a.id = r.address"
    "  JOIN file f ON f.id = m.file"
    "  LEFT JOIN address b ON b.id = m.sender"
    "  WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE"
    "   e.queue_id = m.queue_id AND e.snapshot = l.id)"
    " UNION ALL SELECT 'not in the log', l.host, e.queue, e.queue_id,"
    "  e.sender, w.recipient, e.arrived_us, l.taken_us, NULL, NULL, NULL"
    "  FROM last l JOIN entry e ON e.snapshot = l.id"
    "  JOIN waiting w ON w.entry = e.id AND w.done = 0"
    "  WHERE NOT EXISTS (SELECT 1 FROM message m"
    "   JOIN origin o ON o.id = m.origin AND o.mta = l.mta"
    "   WHERE " SAME_MAIL ")"
    " ORDER BY 1, 7, 4, 6";
/* clang-format on */

struct mm_table *
mm_queue_reconcile(struct mm_store *s, int64_t at_us, struct mm_err *err)
{
	mm_store_index(s, "CREATE INDEX IF NOT EXISTS message_queue_id"
			  " ON message(queue_id);");
	mm_store_index(s, "CREATE INDEX IF NOT EXISTS entry_queue_id"
			  " ON entry(queue_id);");
	return fill(s, reconcile_sql, at_us,
		    mm_table_new("reconcile", "Snapshot against log",
				 reconcile_columns,
				 MM_COUNT(reconcile_columns)),
		    err);
}
