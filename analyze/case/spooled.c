#include "analyze/case/spooled.h"
#include "analyze/case/latest.h"

/* Snapshots of queue files; `whole`: all of it could be read.
 * Entries of queue files and the messages that they are; 2: MM_MSG_NO_END. */
static const char find_same[] =
    "CREATE TEMP TABLE placed_at AS WITH " MM_LATEST_SNAPSHOTS
    " SELECT p.id, p.mta, p.host, p.instance, p.taken_us,"
    "  p.id IN (SELECT id FROM last) AS latest, NOT EXISTS (SELECT 1"
    "   FROM file f JOIN snapshot s ON s.id = p.id WHERE"
    "   (f.torn_at IS NOT NULL AND (s.name = f.name"
    "    OR substr(s.name, 1, length(f.name) + 1) = f.name || '!'))"
    "   OR (f.kind = 'unreadable'"
    "    AND substr(f.name, 1, length(s.name)) = s.name)) AS whole"
    " FROM placed p WHERE spool;"
    "CREATE TEMP TABLE held_in AS SELECT m.id AS message, e.id AS entry,"
    " p.id AS snapshot, e.queue, p.latest, p.taken_us"
    " FROM message m CROSS JOIN entry e ON e.queue_id = m.queue_id"
    " JOIN placed_at p ON p.id = e.snapshot"
    " JOIN origin o ON o.id = m.origin AND o.mta = p.mta"
    " WHERE m.flags & 2 AND CASE WHEN m.message_id <> '' AND"
    "  e.message_id <> '' THEN m.message_id = e.message_id"
    "  ELSE abs(m.arrived_us - e.arrived_us) <= 2000000 END;";

/* The story of a message wants the indexes, too. */
static const char find_last[] =
    "CREATE INDEX IF NOT EXISTS recipient_message ON recipient(message);"
    "CREATE INDEX IF NOT EXISTS attempt_recipient ON attempt(recipient);"
    "CREATE INDEX temp.held_message ON held_in(message);"
    "CREATE TEMP TABLE logged AS SELECT m.origin, max(t.t_us) AS until_us"
    " FROM attempt t JOIN recipient r ON r.id = t.recipient"
    " JOIN message m ON m.id = r.message GROUP BY m.origin;";

/* 4, 5: deferred, held. */
/* clang-format off */
static const char find_waiting[] =
    "CREATE TEMP TABLE untold AS SELECT DISTINCT h.message,"
    " rtrim(w.recipient, replace(w.recipient, '@', ''))"
    "  || CASE WHEN instr(w.recipient, '@')"
    "  THEN " MM_BEHIND_AT("w.recipient") "  ELSE '' END AS text,"
    " CASE WHEN instr(w.recipient, '@')"
    "  THEN " MM_BEHIND_AT("w.recipient") "  ELSE '' END AS domain,"
    " CASE WHEN h.queue IN ('hold', 'frozen', 'quarantine') THEN 5 ELSE 4"
    "  END AS final"
    " FROM held_in h JOIN waiting w ON w.entry = h.entry AND w.done = 0"
    " WHERE h.latest AND NOT EXISTS (SELECT 1 FROM recipient r"
    "  JOIN address a ON a.id IN (r.address, r.orig)"
    "  WHERE r.message = h.message AND lower(a.text) IN"
    "  (lower(w.recipient), lower(w.orig)));";
/* clang-format on */

static const char add_waiting[] =
    "INSERT INTO name SELECT (SELECT coalesce(max(id), 0) FROM name)"
    " + row_number() OVER (ORDER BY d), d FROM (SELECT DISTINCT domain AS d"
    "  FROM untold WHERE domain <> '' EXCEPT SELECT text FROM name);"
    "INSERT INTO address SELECT (SELECT coalesce(max(id), 0) FROM address)"
    " + row_number() OVER (ORDER BY u.text), u.text, n.id"
    " FROM (SELECT DISTINCT text, domain FROM untold"
    "  WHERE text NOT IN (SELECT text FROM address)) u"
    " LEFT JOIN name n ON n.text = u.domain AND u.domain <> '';"
    "INSERT INTO recipient SELECT (SELECT coalesce(max(id), 0)"
    "  FROM recipient) + row_number() OVER (ORDER BY u.message, u.text),"
    " u.message, a.id, NULL, max(u.final), NULL, NULL, NULL, 0, NULL, NULL,"
    " NULL, NULL FROM untold u JOIN (SELECT text, min(id) AS id FROM address"
    "  WHERE text IN (SELECT text FROM untold) GROUP BY text) a"
    " ON a.text = u.text GROUP BY u.message, a.id;";

/* 6, 16: deleted, MM_MSG_DELETED; who handed the mail on follows. On hold, a
 * mail of Postfix is in another folder, which may not be there. */
static const char find_gone[] =
    "CREATE TEMP TABLE gone AS SELECT DISTINCT h.message FROM held_in h"
    " JOIN message m ON m.id = h.message JOIN placed_at p ON p.id = h.snapshot"
    " JOIN placed_at q ON q.mta = p.mta AND q.host = p.host"
    "  AND q.instance = p.instance AND q.taken_us > p.taken_us"
    "  AND q.whole"
    " WHERE (p.mta <> 'postfix' OR m.flags & 8 = 0)"
    " AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.snapshot = q.id"
    "  AND e.queue_id = m.queue_id)"
    " AND NOT EXISTS (SELECT 1 FROM recipient r JOIN attempt t"
    "  ON t.recipient = r.id WHERE r.message = m.id"
    "  AND t.t_us >= q.taken_us)"
    " AND q.taken_us <= (SELECT until_us FROM logged l"
    "  WHERE l.origin = m.origin);";

static const char settle_gone[] =
    "UPDATE message SET flags = flags | 16"
    " WHERE id IN (SELECT message FROM gone);"
    "WITH RECURSIVE up(id) AS (SELECT id FROM recipient WHERE final IN"
    " (0, 4, 5) AND next IS NULL AND message IN (SELECT message FROM gone)"
    " UNION SELECT r.id FROM recipient r JOIN up ON r.heir = up.id)"
    " UPDATE recipient SET final = 6, final_us = NULL"
    " WHERE id IN (SELECT id FROM up);"
    "DROP TABLE placed_at; DROP TABLE held_in; DROP TABLE untold;"
    "DROP TABLE gone; DROP TABLE logged;";

static bool
has_spools(struct mm_store *s)
{
	struct mm_query *q =
	    mm_query_new(s, "SELECT 1 FROM entry, message LIMIT 1", NULL);
	bool has = q != NULL && mm_query_step(q, NULL) == MM_OK;

	mm_query_free(q);
	return has;
}

enum mm_status
mm_spooled_settle(struct mm_store *s, struct mm_err *err)
{
	static const char *const steps[] = { find_same,	   find_last,
					     find_waiting, add_waiting,
					     find_gone,	   settle_gone };
	enum mm_status st = MM_OK;

	if (!has_spools(s))
		return MM_OK;
	for (size_t i = 0; i < MM_COUNT(steps) && st == MM_OK; i++)
		st = mm_store_exec(s, steps[i], err);
	return st;
}
