#include <string.h>

#include "analyze/case/availability.h"
#include "analyze/case/duplicates.h"
#include "analyze/case/export_deliveries.h"
#include "analyze/case/exports.h"
#include "analyze/case/latest.h"
#include "analyze/case/select.h"
#include "formats/base/time.h"

/* clang-format off */
static const struct mm_column incident_columns[] = {
	{ "kind", "kind", MM_TEXT },
	{ "target", "target", MM_TEXT },
	{ "also", "also", MM_NESTED },
	{ "host", "host", MM_TEXT },
	{ "start", "start", MM_TIME },
	{ "end", "end", MM_TIME },
	{ "peak", "peak", MM_TIME },
	{ "last_good", "last good", MM_TIME },
	{ "first_bad", "first bad", MM_TIME },
	{ "recovered", "recovered", MM_TIME },
	{ "cause", "cause", MM_TEXT },
	{ "side", "side", MM_TEXT },
	{ "confidence", "confidence", MM_REAL },
	{ "messages", "messages", MM_INT },
	{ "recipients", "recipients", MM_INT },
	{ "attempts_failed", "failed", MM_INT },
	{ "expired", "expired", MM_INT },
	{ "trigger", "trigger", MM_TEXT },
	{ "evidence", "evidence", MM_NESTED },
	{ "number", "number", MM_INT },
	{ "chain", "chain", MM_INT },
	{ "after", "after", MM_INT },
	{ "link", "link", MM_TEXT },
	{ "senders", "senders", MM_INT },
	{ "bounced", "bounced", MM_INT },
	{ "unsure", "perhaps twice", MM_INT },
	{ "waiting", "waiting", MM_INT },
	{ "delay_p50", "delay", MM_SPAN },
	{ "delay_p95", "delay p95", MM_SPAN },
	{ "usual_p50", "usual delay", MM_SPAN },
	{ "usual_p95", "usual p95", MM_SPAN },
	{ "missed", "missed deadlines", MM_NESTED },
};

static const struct mm_column downtime_columns[] = {
	{ "number", "incident", MM_INT },
	{ "month", "month", MM_TEXT },
	{ "kind", "kind", MM_TEXT },
	{ "receiver", "receiver", MM_TEXT },
	{ "lasted", "lasted", MM_SPAN },
	{ "of_month", "of the month", MM_SHARE },
	{ "recipients", "recipients", MM_INT },
};

static const struct mm_column deadline_columns[] = {
	{ "class", "class", MM_TEXT },
	{ "sender", "sender", MM_TEXT },
	{ "recipient", "recipient", MM_TEXT },
	{ "deadline", "deadline", MM_SPAN },
	{ "in_time", "in time", MM_INT },
	{ "late", "late", MM_INT },
	{ "never", "never", MM_INT },
	{ "open", "open", MM_INT },
	{ "kept", "kept", MM_SHARE },
};

static const struct mm_column queue_columns[] = {
	{ "snapshot", "snapshot", MM_TEXT },
	{ "host", "host", MM_TEXT },
	{ "mta", "MTA", MM_TEXT },
	{ "queue", "queue", MM_TEXT },
	{ "queue_id", "queue id", MM_TEXT },
	{ "sender", "sender", MM_TEXT },
	{ "recipient", "recipient", MM_TEXT },
	{ "size", "size", MM_BYTES },
	{ "arrived", "arrived", MM_TIME },
	{ "attempts", "attempts", MM_INT },
	{ "next_try", "next try", MM_TIME },
	{ "reason", "reason", MM_TEXT },
	{ "cause", "cause", MM_TEXT },
};

static const struct mm_column ledger_columns[] = {
	{ "file", "file", MM_TEXT },
	{ "bytes", "bytes", MM_BYTES },
	{ "sha256", "SHA-256", MM_TEXT },
	{ "kind", "kind", MM_TEXT },
	{ "compression", "compression", MM_TEXT },
	{ "framing", "framing", MM_TEXT },
	{ "first", "first", MM_TIME },
	{ "last", "last", MM_TIME },
	{ "lines", "lines", MM_INT },
	{ "records", "records", MM_INT },
	{ "noise", "noise", MM_INT },
	{ "foreign", "foreign", MM_INT },
	{ "malformed", "not understood", MM_INT },
	{ "duplicate_lines", "duplicates", MM_INT },
	{ "torn_at", "torn at byte", MM_INT },
	{ "skew", "clock skew", MM_SPAN },
	{ "note", "note", MM_TEXT },
};

static const struct mm_column hop_columns[] = {
	{ "kind", "kind", MM_TEXT },
	{ "from_host", "from host", MM_TEXT },
	{ "from_queue_id", "from queue id", MM_TEXT },
	{ "to_host", "to host", MM_TEXT },
	{ "to_queue_id", "to queue id", MM_TEXT },
	{ "recipient", "recipient", MM_TEXT },
	{ "message_id", "Message-ID", MM_TEXT },
	{ "sure", "sure", MM_BOOL },
	{ "source", "source", MM_TEXT },
};

/* clang-format off */
static const struct mm_column report_columns[] = {
	{ "source", "mailbox", MM_TEXT },
	{ "number", "message", MM_INT },
	{ "reporting_mta", "reporting MTA", MM_TEXT },
	{ "message_id", "its Message-ID", MM_TEXT },
	{ "original_message_id", "Message-ID of the mail", MM_TEXT },
	{ "queue_id", "queue id", MM_TEXT },
	{ "recipient", "recipient", MM_TEXT },
	{ "orig_recipient", "as given", MM_TEXT },
	{ "action", "action", MM_TEXT },
	{ "status", "status", MM_TEXT },
	{ "text", "diagnostic", MM_TEXT },
	{ "remote_mta", "remote MTA", MM_TEXT },
	{ "operator", "operator", MM_TEXT },
	{ "cause", "cause", MM_TEXT },
	{ "rule", "rule", MM_TEXT },
	{ "message", "row of v_message", MM_INT },
};

static const struct mm_column received_columns[] = {
	{ "source", "file", MM_TEXT },
	{ "number", "message in it", MM_INT },
	{ "message_id", "Message-ID", MM_TEXT },
	{ "hop", "hop", MM_INT },
	{ "from", "from", MM_TEXT },
	{ "ip", "address", MM_TEXT },
	{ "by", "by", MM_TEXT },
	{ "protocol", "with", MM_TEXT },
	{ "queue_id", "queue id", MM_TEXT },
	{ "t", "time", MM_TIME },
	{ "delay", "delay", MM_SPAN },
	{ "note", "note", MM_TEXT },
	{ "message", "row of v_message", MM_INT },
};
/* clang-format on */

static enum mm_status
run_received(struct mm_store *s, int64_t at_us, const struct mm_sink *sink,
	     struct mm_err *err)
{
	mm_store_index(s, "CREATE INDEX IF NOT EXISTS message_queue_id"
			  " ON message(queue_id)");
	return mm_select(s,
			 "SELECT source, number, message_id, hop, from_name,"
			 " from_ip, by_name, protocol, queue_id, t_us,"
			 " delay_us, note, message FROM v_received"
			 " ORDER BY source, number, hop",
			 at_us, received_columns, MM_COUNT(received_columns),
			 sink, err);
}

static enum mm_status
run_reports(struct mm_store *s, int64_t at_us, const struct mm_sink *sink,
	    struct mm_err *err)
{
	mm_store_index(s, "CREATE INDEX IF NOT EXISTS message_queue_id"
			  " ON message(queue_id);"
			  "CREATE INDEX IF NOT EXISTS message_message_id"
			  " ON message(message_id);");
	return mm_select(s,
			 "SELECT source, number, reporting_mta, message_id,"
			 " original_message_id, queue_id, recipient,"
			 " orig_recipient, action, status, diagnostic,"
			 " remote_mta, operator, cause, rule, message"
			 " FROM v_dsn",
			 at_us, report_columns, MM_COUNT(report_columns), sink,
			 err);
}

static const struct mm_column template_columns[] = {
	{ "template", "template", MM_TEXT },
	{ "operator", "operator", MM_TEXT },
	{ "code", "code", MM_INT },
	{ "enhanced", "enhanced", MM_TEXT },
	{ "cause", "cause", MM_TEXT },
	{ "rule", "rule", MM_TEXT },
	{ "attempts", "attempts", MM_INT },
	{ "recipients", "recipients", MM_INT },
	{ "first", "first", MM_TIME },
	{ "last", "last", MM_TIME },
	{ "sample", "sample", MM_TEXT },
	{ "senders", "senders", MM_INT },
	{ "receivers", "receivers", MM_INT },
	{ "source", "its line", MM_TEXT },
};

static const struct mm_column cause_columns[] = {
	{ "cause", "cause", MM_TEXT },
	{ "operator", "operator", MM_TEXT },
	{ "attempts", "attempts", MM_INT },
	{ "recipients", "recipients", MM_INT },
	{ "receivers", "receivers", MM_INT },
	{ "bounced", "bounced", MM_INT },
	{ "expired", "expired", MM_INT },
	{ "waiting", "waiting", MM_INT },
	{ "first", "first", MM_TIME },
	{ "last", "last", MM_TIME },
	{ "example", "example", MM_TEXT },
};

static const struct mm_column timeseries_columns[] = {
	{ "t", "minute", MM_TIME },
	{ "receiver", "receiver", MM_TEXT },
	{ "sent", "sent", MM_INT },
	{ "deferred", "deferred", MM_INT },
	{ "bounced", "bounced", MM_INT },
	{ "no_contact", "no contact", MM_INT },
};

static const struct mm_column duplicate_columns[] = {
	{ "host", "host", MM_TEXT },
	{ "message_id", "Message-ID", MM_TEXT },
	{ "recipient", "recipient", MM_TEXT },
	{ "sent", "delivered", MM_INT },
	{ "uncertain", "uncertain", MM_INT },
	{ "sure", "sure", MM_BOOL },
	{ "first", "first", MM_TIME },
	{ "last", "last", MM_TIME },
	{ "how", "how", MM_TEXT },
	{ "evidence", "evidence", MM_NESTED },
};

static const char duplicates_sql[] =
    "SELECT host, message_id, recipient, sent, uncertain,"
    " sure, first_us, last_us, how, evidence"
    " FROM (" MM_DUPLICATES(
	"1") ")"
	     " ORDER BY first_us, host, message_id, recipient";
/* clang-format on */

static enum mm_status
run_duplicates(struct mm_store *s, int64_t at_us, const struct mm_sink *sink,
	       struct mm_err *err)
{
	mm_store_index(s, "CREATE INDEX IF NOT EXISTS leg_message ON"
			  " leg(message) WHERE message IS NOT NULL");
	return mm_select(s, duplicates_sql, at_us, duplicate_columns,
			 MM_COUNT(duplicate_columns), sink, err);
}

/* The kinds of enum mm_join, spelt as mm_join_name spells them. */
#define JOIN_NAME                                                              \
	"CASE e.kind WHEN 1 THEN 'queued-as' WHEN 2 THEN 'filter'"             \
	" WHEN 3 THEN 'forwarded-as' WHEN 4 THEN 'requeue'"                    \
	" WHEN 5 THEN 'clone' WHEN 6 THEN 'split' WHEN 7 THEN 'notice'"        \
	" WHEN 8 THEN 'message-id' ELSE '?' END"

static enum mm_status
run_incidents(struct mm_store *s, int64_t at_us, const struct mm_sink *sink,
	      struct mm_err *err)
{
	return mm_select(s,
			 "SELECT kind, target, also, host, start_us, end_us,"
			 " peak_us, last_good_us, first_bad_us, recovered_us,"
			 " cause, side, confidence, messages, recipients,"
			 " attempts_failed, expired, trigger, evidence, id,"
			 " chain, after, link, senders, bounced, unsure,"
			 " waiting, delay_p50_us, delay_p95_us, usual_p50_us,"
			 " usual_p95_us, missed FROM incident ORDER BY id",
			 at_us, incident_columns, MM_COUNT(incident_columns),
			 sink, err);
}

/* Of those that count as down or slow, in the month in which they began. */
static enum mm_status
run_downtime(struct mm_store *s, int64_t at_us, const struct mm_sink *sink,
	     struct mm_err *err)
{
	return mm_select(
	    s,
	    "WITH it AS (SELECT *, datetime(start_us / 1e6, 'unixepoch',"
	    "  'start of month') AS month, coalesce(end_us,"
	    "  (SELECT max(last_us) FROM file)) - start_us AS lasted"
	    "  FROM incident WHERE kind IN " MM_SLA_KINDS ")"
	    " SELECT id, substr(month, 1, 7), kind, target, lasted,"
	    " lasted / 1e6 / (unixepoch(month, '+1 month') -"
	    "  unixepoch(month)), recipients FROM it ORDER BY id",
	    at_us, downtime_columns, MM_COUNT(downtime_columns), sink, err);
}

static enum mm_status
run_deadlines(struct mm_store *s, int64_t at_us, const struct mm_sink *sink,
	      struct mm_err *err)
{
	return mm_select(s,
			 "SELECT class, sender, recipient, deadline_us,"
			 " in_time, late, never, open,"
			 " 1.0 * in_time / nullif(in_time + late + never, 0)"
			 " FROM deadline ORDER BY rowid",
			 at_us, deadline_columns, MM_COUNT(deadline_columns),
			 sink, err);
}

static enum mm_status
run_queue(struct mm_store *s, int64_t at_us, const struct mm_sink *sink,
	  struct mm_err *err)
{
	/* All snapshots, or those that show the moment. */
	return mm_select(
	    s,
	    "WITH " MM_LATEST_SNAPSHOTS
	    " SELECT s.name, s.host, s.mta, e.queue, e.queue_id, e.sender,"
	    " w.recipient, e.size, e.arrived_us, e.attempts, e.next_us,"
	    " w.reason, w.cause"
	    " FROM snapshot s JOIN entry e ON e.snapshot = s.id"
	    " JOIN waiting w ON w.entry = e.id"
	    " WHERE w.done = 0"
	    " AND (?1 IS NULL OR s.id IN (SELECT id FROM last))"
	    " ORDER BY e.arrived_us, s.id, e.queue_id, w.rowid",
	    at_us, queue_columns, MM_COUNT(queue_columns), sink, err);
}

static enum mm_status
run_ledger(struct mm_store *s, int64_t at_us, const struct mm_sink *sink,
	   struct mm_err *err)
{
	return mm_select(
	    s,
	    "SELECT name, bytes, sha256, kind, compression, framing,"
	    " first_us, last_us, lines, records, noise,"
	    " foreign_lines, malformed, duplicate_lines, torn_at,"
	    " skew_us, note FROM file ORDER BY id",
	    at_us, ledger_columns, MM_COUNT(ledger_columns), sink, err);
}

static enum mm_status
run_hops(struct mm_store *s, int64_t at_us, const struct mm_sink *sink,
	 struct mm_err *err)
{
	return mm_select(
	    s,
	    "SELECT " JOIN_NAME ", fo.host, fm.queue_id, \"to\".host,"
	    " tm.queue_id, a.text, fm.message_id, e.sure,"
	    " f.name || ':' || e.line"
	    " FROM edge e JOIN message fm ON fm.id = e.from_message"
	    " JOIN message tm ON tm.id = e.to_message"
	    " JOIN origin fo ON fo.id = fm.origin"
	    " JOIN origin \"to\" ON \"to\".id = tm.origin"
	    " JOIN file f ON f.id = e.file"
	    " LEFT JOIN recipient r ON r.id = e.recipient"
	    " LEFT JOIN address a ON a.id = r.address"
	    " ORDER BY tm.arrived_us, e.file, e.line, e.rowid",
	    at_us, hop_columns, MM_COUNT(hop_columns), sink, err);
}

static enum mm_status
run_templates(struct mm_store *s, int64_t at_us, const struct mm_sink *sink,
	      struct mm_err *err)
{
	return mm_select(
	    s,
	    "WITH g AS (SELECT t.reply, count(*) AS n,"
	    " count(DISTINCT t.recipient) AS recipients,"
	    " min(t.t_us) AS first, max(t.t_us) AS last,"
	    " count(DISTINCT m.sender) AS senders,"
	    " count(DISTINCT a.domain) AS receivers, min(t.id) AS example,"
	    " max(t.outcome IN (2, 3)) AS bad"
	    " FROM attempt t JOIN recipient r ON r.id = t.recipient"
	    " JOIN address a ON a.id = r.address"
	    " JOIN message m ON m.id = r.message"
	    " WHERE t.reply IS NOT NULL GROUP BY t.reply)"
	    " SELECT replace(p.shape, char(1), '*'), p.operator, p.code,"
	    " p.enhanced, CASE WHEN g.bad THEN p.cause END,"
	    " CASE WHEN g.bad THEN p.rule END, g.n, g.recipients, g.first, "
	    "g.last,"
	    " p.sample, g.senders, g.receivers, f.name || ':' || t.line"
	    " FROM g JOIN reply p ON p.id = g.reply"
	    " JOIN attempt t ON t.id = g.example JOIN file f ON f.id = t.file"
	    " ORDER BY g.n DESC, p.id",
	    at_us, template_columns, MM_COUNT(template_columns), sink, err);
}

static enum mm_status
run_causes(struct mm_store *s, int64_t at_us, const struct mm_sink *sink,
	   struct mm_err *err)
{
	/* 3, 2: deferred, bounced; finals 2, 3, 4: see schema.h. */
	return mm_select(
	    s,
	    "SELECT coalesce(p.cause, 'unknown'), p.operator, count(*),"
	    " count(DISTINCT t.recipient), count(DISTINCT a.domain),"
	    " count(DISTINCT CASE r.final WHEN 2 THEN r.id END),"
	    " count(DISTINCT CASE r.final WHEN 3 THEN r.id END),"
	    " count(DISTINCT CASE WHEN r.final IN (4, 5) THEN r.id END),"
	    " min(t.t_us), max(t.t_us), min(p.sample)"
	    " FROM attempt t JOIN recipient r ON r.id = t.recipient"
	    " JOIN address a ON a.id = r.address"
	    " LEFT JOIN reply p ON p.id = t.reply"
	    " WHERE t.outcome IN (2, 3)"
	    " GROUP BY 1, 2 ORDER BY count(*) DESC, 1, 2",
	    at_us, cause_columns, MM_COUNT(cause_columns), sink, err);
}

static enum mm_status
run_timeseries(struct mm_store *s, int64_t at_us, const struct mm_sink *sink,
	       struct mm_err *err)
{
	return mm_select(
	    s,
	    "SELECT t.t_us / 60000000 * 60000000, n.text,"
	    " sum(t.outcome = 1), sum(t.outcome = 2 AND t.flags & 1),"
	    " sum(t.outcome = 3), sum(t.outcome = 2 AND"
	    " NOT t.flags & 1)"
	    " FROM attempt t JOIN recipient r ON r.id = t.recipient"
	    " JOIN address a ON a.id = r.address"
	    " LEFT JOIN name n ON n.id = a.domain"
	    " GROUP BY 1, 2 ORDER BY 1, 2",
	    at_us, timeseries_columns, MM_COUNT(timeseries_columns), sink, err);
}

/* clang-format off */
static const struct mm_export exports[] = {
	{ "deliveries", "one row a message and recipient, with its attempts",
	  mm_delivery_columns, MM_DELIVERY_COLUMNS, mm_export_deliveries,
	  false },
	{ "incidents", "windows of outages, throttles, blocks, pauses",
	  incident_columns, MM_COUNT(incident_columns), run_incidents, true },
	{ "availability", "for how much of a month mail could go, by receiver",
	  mm_availability_columns, MM_AVAILABILITY_COLUMNS,
	  mm_export_availability, true },
	{ "downtime", "the part of its month that each incident took",
	  downtime_columns, MM_COUNT(downtime_columns), run_downtime, true },
	{ "deadlines", "how the mail of classes kept its deadline",
	  deadline_columns, MM_COUNT(deadline_columns), run_deadlines, true },
	{ "queue", "what waits in the spool snapshots",
	  queue_columns, MM_COUNT(queue_columns), run_queue, false },
	{ "ledger", "one row a file that was read",
	  ledger_columns, MM_COUNT(ledger_columns), run_ledger, false },
	{ "hops", "one row for each time a mail changed its queue id",
	  hop_columns, MM_COUNT(hop_columns), run_hops, false },
	{ "causes", "deferrals and bounces by cause and operator",
	  cause_columns, MM_COUNT(cause_columns), run_causes, false },
	{ "templates", "reply texts by shape",
	  template_columns, MM_COUNT(template_columns), run_templates, false },
	{ "reports", "recipients of bounces and delay notices in mailboxes",
	  report_columns, MM_COUNT(report_columns), run_reports, false },
	{ "duplicates", "recipients who got a mail twice, or may have",
	  duplicate_columns, MM_COUNT(duplicate_columns), run_duplicates,
	  false },
	{ "received", "the way of messages by their own headers",
	  received_columns, MM_COUNT(received_columns), run_received, false },
	{ "timeseries", "attempts by minute and receiver",
	  timeseries_columns, MM_COUNT(timeseries_columns), run_timeseries,
	  false },
};
/* clang-format on */

const struct mm_export *
mm_export_at(size_t i)
{
	return i < MM_COUNT(exports) ? &exports[i] : NULL;
}

const struct mm_export *
mm_export_find(const char *name)
{
	for (size_t i = 0; i < MM_COUNT(exports); i++)
		if (strcmp(exports[i].name, name) == 0)
			return &exports[i];
	return NULL;
}

struct mm_table *
mm_export_table(struct mm_store *s, const char *name, const char *title,
		struct mm_err *err)
{
	const struct mm_export *x = mm_export_find(name);
	struct mm_table *t =
	    mm_table_new(name, title != NULL ? title : x->what, x->columns,
			 x->n_columns);
	const struct mm_sink sink = mm_table_sink(t);

	if (x->run(s, MM_TIME_NONE, &sink, err) == MM_OK)
		return t;
	mm_table_free(t);
	return NULL;
}
