#include "analyze/case/schema.h"
#include "analyze/case/duplicates.h"
#include "formats/base/status.h"

/* A compiler need not take texts of more than 4095 bytes: several. */
static const char evidence_tables[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT)"
    " STRICT, WITHOUT ROWID;"
    /* The ledger: one row a file, see formats/read/evidence.h. */
    "CREATE TABLE file(id INTEGER PRIMARY KEY, name TEXT NOT NULL,"
    " bytes INTEGER, sha256 TEXT, kind TEXT, compression TEXT, framing TEXT,"
    " first_us INTEGER, last_us INTEGER, lines INTEGER, records INTEGER,"
    " noise INTEGER, foreign_lines INTEGER, malformed INTEGER,"
    " duplicate_lines INTEGER, torn_at INTEGER, skew_us INTEGER,"
    " note TEXT) STRICT;"
    /* Ways back to the lines of a log, made when first wanted; the files
     * themselves, when they were asked for. */
    "CREATE TABLE line_index(file INTEGER PRIMARY KEY, mtime_us INTEGER,"
    " bytes BLOB) STRICT;"
    "CREATE TABLE embedded(id INTEGER PRIMARY KEY, file INTEGER NOT NULL,"
    " mtime_us INTEGER NOT NULL, mode INTEGER NOT NULL, bytes BLOB NOT NULL)"
    " STRICT;"
    "CREATE TABLE unknown_shape(file INTEGER, shape TEXT, why TEXT,"
    " lines INTEGER, line INTEGER, sample TEXT) STRICT;";

static const char message_tables[] =
    "CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"
    "CREATE TABLE address(id INTEGER PRIMARY KEY, text TEXT NOT NULL,"
    " domain INTEGER) STRICT;"
    "CREATE TABLE relay(id INTEGER PRIMARY KEY, name TEXT, ip TEXT,"
    " port INTEGER, operator TEXT) STRICT;"
    /* The shape of a reply at one operator, classified once. */
    "CREATE TABLE reply(id INTEGER PRIMARY KEY, shape TEXT NOT NULL,"
    " operator TEXT, code INTEGER, enhanced TEXT, stage INTEGER,"
    " cause TEXT, rule TEXT, sample TEXT) STRICT;"
    "CREATE TABLE origin(id INTEGER PRIMARY KEY, host TEXT NOT NULL,"
    " mta TEXT NOT NULL, instance TEXT NOT NULL) STRICT;"
    "CREATE TABLE message(id INTEGER PRIMARY KEY, origin INTEGER NOT NULL,"
    " queue_id TEXT NOT NULL, message_id TEXT, sender INTEGER,"
    " size INTEGER, nrcpt INTEGER, client_name INTEGER, client_ip INTEGER,"
    " sasl INTEGER, arrived_us INTEGER, ended_us INTEGER,"
    " flags INTEGER NOT NULL, file INTEGER NOT NULL, line INTEGER NOT NULL, "
    "lines BLOB) STRICT;"
    "CREATE TABLE recipient(id INTEGER PRIMARY KEY, message INTEGER NOT NULL,"
    " address INTEGER NOT NULL, orig INTEGER, final INTEGER NOT NULL,"
    " final_us INTEGER, reply INTEGER, relay INTEGER,"
    " attempts INTEGER NOT NULL,"
    " next INTEGER, heir INTEGER, proof INTEGER, envelope INTEGER) STRICT;"
    "CREATE TABLE attempt(id INTEGER PRIMARY KEY, recipient INTEGER NOT NULL,"
    " t_us INTEGER, relay INTEGER, reply INTEGER, args TEXT,"
    " outcome INTEGER NOT NULL, flags INTEGER NOT NULL, dsn INTEGER,"
    " delay_us INTEGER, a_us INTEGER, b_us INTEGER, c_us INTEGER,"
    " d_us INTEGER, file INTEGER NOT NULL, line INTEGER NOT NULL) STRICT;"
    /* Contacts that decided nothing: another host was tried next. */
    "CREATE TABLE leg(id INTEGER PRIMARY KEY, message INTEGER,"
    " origin INTEGER NOT NULL, t_us INTEGER, relay INTEGER, reply INTEGER,"
    " args TEXT, flags INTEGER NOT NULL, file INTEGER NOT NULL,"
    " line INTEGER NOT NULL) STRICT;"
    "CREATE TABLE step(message INTEGER, t_us INTEGER, kind TEXT NOT NULL,"
    " file INTEGER NOT NULL, line INTEGER NOT NULL) STRICT;"
    "CREATE TABLE edge(from_message INTEGER NOT NULL,"
    " to_message INTEGER NOT NULL, recipient INTEGER, kind INTEGER NOT NULL,"
    " sure INTEGER NOT NULL, file INTEGER NOT NULL, line INTEGER NOT NULL)"
    " STRICT;"
    "CREATE TABLE reject(id INTEGER PRIMARY KEY, origin INTEGER NOT NULL,"
    " t_us INTEGER, message INTEGER, queue_id TEXT, action INTEGER NOT NULL,"
    " stage TEXT, client_name INTEGER, client_ip INTEGER, helo INTEGER,"
    " sender INTEGER, recipient INTEGER, reply INTEGER, args TEXT,"
    " sasl INTEGER, file INTEGER NOT NULL, line INTEGER NOT NULL) STRICT;"
    /* The way of messages by their own headers: hops from the first on. */
    "CREATE TABLE received(id INTEGER PRIMARY KEY, source TEXT NOT NULL,"
    " number INTEGER NOT NULL, message_id TEXT, hop INTEGER NOT NULL,"
    " from_name TEXT, from_ip TEXT, by_name TEXT, protocol TEXT,"
    " queue_id TEXT, t_us INTEGER, delay_us INTEGER, note TEXT) STRICT;"
    /* What filters said; `tie`: by what it is that message. `reject`: the
     * refusal that it caused. */
    "CREATE TABLE verdict(id INTEGER PRIMARY KEY, message INTEGER, tie TEXT,"
    " origin INTEGER NOT NULL, t_us INTEGER, program TEXT, opinion TEXT"
    " NOT NULL, score TEXT, text TEXT, queue_id TEXT, message_id TEXT,"
    " client_ip TEXT, sender TEXT, recipient TEXT, file INTEGER NOT NULL,"
    " line INTEGER NOT NULL, reject INTEGER) STRICT;"
    "CREATE TABLE event(id INTEGER PRIMARY KEY, origin INTEGER NOT NULL,"
    " t_us INTEGER, kind TEXT NOT NULL, what TEXT NOT NULL, program TEXT,"
    " text TEXT, file INTEGER NOT NULL, line INTEGER NOT NULL) STRICT;";

static const char queue_tables[] =
    "CREATE TABLE snapshot(id INTEGER PRIMARY KEY, name TEXT NOT NULL,"
    " host TEXT, mta TEXT NOT NULL, kind TEXT NOT NULL, taken_us INTEGER,"
    " instance TEXT) STRICT;"
    "CREATE TABLE entry(id INTEGER PRIMARY KEY, snapshot INTEGER NOT NULL,"
    " queue TEXT, queue_id TEXT, message_id TEXT, sender TEXT,"
    " size INTEGER, arrived_us INTEGER, next_us INTEGER, last_us INTEGER,"
    " attempts INTEGER, source TEXT, note TEXT) STRICT;"
    "CREATE TABLE setting(source TEXT NOT NULL, host TEXT, mta TEXT NOT NULL,"
    " name TEXT NOT NULL, value TEXT NOT NULL) STRICT;"
    "CREATE TABLE waiting(entry INTEGER NOT NULL, recipient TEXT NOT NULL,"
    " orig TEXT, reason TEXT, cause TEXT, rule TEXT,"
    " done INTEGER NOT NULL) STRICT;";

static const char answer_tables[] =
    "CREATE TABLE dsn(id INTEGER PRIMARY KEY, source TEXT NOT NULL,"
    " number INTEGER NOT NULL, reporting_mta TEXT, message_id TEXT,"
    " original_message_id TEXT, queue_id TEXT, envelope_id TEXT,"
    " recipient TEXT, orig_recipient TEXT, action TEXT, status TEXT,"
    " diagnostic TEXT, remote_mta TEXT, operator TEXT, cause TEXT,"
    " rule TEXT) STRICT;"
    "CREATE TABLE incident(id INTEGER PRIMARY KEY, kind TEXT NOT NULL,"
    " target TEXT NOT NULL, also TEXT, host TEXT, start_us INTEGER,"
    " end_us INTEGER, peak_us INTEGER, last_good_us INTEGER,"
    " first_bad_us INTEGER, recovered_us INTEGER, cause TEXT, side TEXT,"
    " confidence REAL, messages INTEGER, recipients INTEGER,"
    " attempts_failed INTEGER, expired INTEGER, trigger TEXT,"
    " evidence TEXT, story TEXT, chain INTEGER, after INTEGER,"
    " link TEXT, senders INTEGER, bounced INTEGER, unsure INTEGER,"
    " waiting INTEGER, delay_p50_us INTEGER, delay_p95_us INTEGER,"
    " usual_p50_us INTEGER, usual_p95_us INTEGER, missed TEXT,"
    " passed INTEGER) STRICT;"
    "CREATE TABLE deadline(class TEXT NOT NULL, sender TEXT, recipient TEXT,"
    " deadline_us INTEGER NOT NULL, in_time INTEGER NOT NULL,"
    " late INTEGER NOT NULL, never INTEGER NOT NULL, open INTEGER NOT NULL)"
    " STRICT;";

/* For people with a SQL shell; mailmortem itself reads the tables. */
static const char message_views[] =
    "CREATE VIEW v_message AS SELECT m.id, o.host, o.mta, o.instance,"
    " m.queue_id, m.message_id, s.text AS sender, m.size,"
    " datetime(m.arrived_us / 1e6, 'unixepoch') AS arrived,"
    " datetime(m.ended_us / 1e6, 'unixepoch') AS ended,"
    " cn.text AS client_name, ci.text AS client_ip, sa.text AS sasl_user,"
    " f.name || ':' || m.line AS source"
    " FROM message m JOIN origin o ON o.id = m.origin"
    " JOIN file f ON f.id = m.file"
    " LEFT JOIN address s ON s.id = m.sender"
    " LEFT JOIN name cn ON cn.id = m.client_name"
    " LEFT JOIN name ci ON ci.id = m.client_ip"
    " LEFT JOIN name sa ON sa.id = m.sasl;"
    "CREATE VIEW v_delivery AS SELECT m.id AS message, r.id AS recipient_no,"
    " o.host, o.mta, o.instance, m.queue_id, m.message_id,"
    " s.text AS sender, a.text AS recipient, oa.text AS orig_recipient,"
    " m.size, datetime(m.arrived_us / 1e6, 'unixepoch') AS arrived,"
    " CASE r.final WHEN 1 THEN 'sent' WHEN 2 THEN 'bounced'"
    " WHEN 3 THEN 'expired' WHEN 4 THEN 'deferred' WHEN 5 THEN 'held'"
    " WHEN 6 THEN 'deleted' WHEN 7 THEN 'rejected' ELSE 'unknown' END"
    " AS final, datetime(r.final_us / 1e6, 'unixepoch') AS final_at,"
    " CASE r.final WHEN 1 THEN NULL ELSE p.cause END AS cause,"
    " l.operator, l.name AS relay, r.attempts,"
    " m.queue_id || CASE WHEN r.envelope IS NOT NULL THEN"
    " printf('%08x', r.envelope) END AS envelope,"
    " f.name || ':' || m.line AS source"
    " FROM recipient r JOIN message m ON m.id = r.message"
    " JOIN origin o ON o.id = m.origin JOIN file f ON f.id = m.file"
    " JOIN address a ON a.id = r.address"
    " LEFT JOIN address oa ON oa.id = r.orig"
    " LEFT JOIN address s ON s.id = m.sender"
    " LEFT JOIN reply p ON p.id = r.reply"
    " LEFT JOIN relay l ON l.id = r.relay;"
    "CREATE VIEW v_attempt AS SELECT t.recipient AS recipient_no,"
    " datetime(t.t_us / 1e6, 'unixepoch') AS t, l.name AS relay, l.ip,"
    " CASE t.outcome WHEN 1 THEN 'sent' WHEN 2 THEN 'deferred'"
    " WHEN 3 THEN 'bounced' WHEN 4 THEN 'discarded' ELSE 'none' END"
    " AS outcome, t.flags & 1 AS contact, p.code, p.enhanced,"
    " p.shape, t.args,"
    " CASE WHEN t.outcome IN (2, 3) THEN p.cause END AS cause,"
    " CASE WHEN t.outcome IN (2, 3) THEN p.rule END AS rule,"
    " t.delay_us / 1e6 AS delay,"
    " f.name || ':' || t.line AS source"
    " FROM attempt t JOIN file f ON f.id = t.file"
    " LEFT JOIN relay l ON l.id = t.relay"
    " LEFT JOIN reply p ON p.id = t.reply;";

static const char answer_views[] =
    /* The message is the one whose host and queue id a hop names. */
    "CREATE VIEW v_received AS SELECT r.*, (SELECT id FROM (SELECT m.id,"
    " min(abs(m.arrived_us - r.t_us)) FROM message m"
    " JOIN origin o ON o.id = m.origin WHERE m.queue_id = r.queue_id AND"
    " substr(o.host, 1, instr(o.host || '.', '.') - 1) ="
    " substr(r.by_name, 1, instr(r.by_name || '.', '.') - 1)"
    " COLLATE NOCASE)) AS message"
    " FROM received r;"
    "CREATE VIEW v_verdict AS SELECT v.message, v.tie, o.host,"
    " datetime(v.t_us / 1e6, 'unixepoch') AS t, v.program, v.opinion,"
    " v.score, v.text, coalesce(m.queue_id, v.queue_id) AS queue_id,"
    " v.message_id, v.client_ip, v.sender, v.recipient,"
    " f.name || ':' || v.line AS source,"
    " jf.name || ':' || j.line AS refused FROM verdict v"
    " JOIN origin o ON o.id = v.origin JOIN file f ON f.id = v.file"
    " LEFT JOIN message m ON m.id = v.message"
    " LEFT JOIN reject j ON j.id = v.reject LEFT JOIN file jf"
    " ON jf.id = j.file;"
    "CREATE VIEW v_dsn AS SELECT d.source, d.number, d.reporting_mta,"
    " d.message_id, d.original_message_id, d.queue_id, d.recipient,"
    " d.orig_recipient, d.action, d.status, d.diagnostic, d.remote_mta,"
    " d.operator, d.cause, d.rule, (SELECT min(m.id) FROM message m"
    " WHERE m.queue_id = d.queue_id"
    " OR m.message_id = d.original_message_id) AS message FROM dsn d;"
    "CREATE VIEW v_incident AS SELECT id, kind, target, also, host,"
    " datetime(start_us / 1e6, 'unixepoch') AS start,"
    " datetime(end_us / 1e6, 'unixepoch') AS \"end\", cause, side,"
    " confidence, messages, recipients, attempts_failed, expired, trigger,"
    " evidence, chain, after, link, senders, bounced, unsure, waiting,"
    " delay_p50_us / 1e6 AS delay_p50, delay_p95_us / 1e6 AS delay_p95,"
    " usual_p50_us / 1e6 AS usual_p50, usual_p95_us / 1e6 AS usual_p95,"
    " missed FROM incident;"
    "CREATE VIEW v_queue AS SELECT s.name AS snapshot, s.host, s.mta,"
    " e.queue, e.queue_id, e.sender, w.recipient, e.size,"
    " datetime(e.arrived_us / 1e6, 'unixepoch') AS arrived, e.attempts,"
    " datetime(e.next_us / 1e6, 'unixepoch') AS next_try, w.reason, w.cause"
    " FROM waiting w JOIN entry e ON e.id = w.entry"
    " JOIN snapshot s ON s.id = e.snapshot WHERE w.done = 0;"
    "CREATE VIEW v_ledger AS SELECT name AS file, bytes, sha256, kind,"
    " compression, framing,"
    " datetime(first_us / 1e6, 'unixepoch') AS first,"
    " datetime(last_us / 1e6, 'unixepoch') AS last, lines, records, noise,"
    " foreign_lines AS \"foreign\", malformed, duplicate_lines, torn_at,"
    " note FROM file;";

static const char duplicate_view[] =
    "CREATE VIEW v_duplicate AS SELECT host, message_id, recipient, sent,"
    " uncertain, sure, datetime(first_us / 1e6, 'unixepoch') AS first,"
    " datetime(last_us / 1e6, 'unixepoch') AS last, how, evidence"
    " FROM (" MM_DUPLICATES("1") ");";

const char *const mm_schema_made[] = {
	evidence_tables, message_tables, queue_tables,	 answer_tables,
	message_views,	 answer_views,	 duplicate_view, NULL,
};

/* What every reader asks for; the rest is built when first needed. */
const char mm_schema_indexes[] =
    "CREATE INDEX entry_snapshot ON entry(snapshot);"
    "CREATE INDEX waiting_entry ON waiting(entry);";

const char *
mm_final_name(int final)
{
	static const char *const names[MM_FINAL_COUNT] = {
		"unknown",  "sent", "bounced", "expired",
		"deferred", "held", "deleted", "rejected",
	};

	return final >= 0 && final < MM_FINAL_COUNT ? names[final] : "?";
}
