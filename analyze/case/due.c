#include "analyze/case/due.h"
#include "analyze/case/latest.h"
#include "formats/base/time.h"

/* clang-format off */

/* A log may name a host by the first part of its name, or not at all. */
#define SAME_HOST \
	"(coalesce(o.host, '') IN ('', l.host) OR l.host = ''" \
	" OR substr(l.host, 1, length(o.host) + 1) = o.host || '.')"

static const char start_over[] =
	"DROP TABLE IF EXISTS temp.due_last; DROP TABLE IF EXISTS temp.due_runs;"
	"DROP TABLE IF EXISTS temp.due_lives;"
	"DROP TABLE IF EXISTS temp.due_set; DROP TABLE IF EXISTS temp.promise;"
	"CREATE TEMP TABLE due_last(id INTEGER PRIMARY KEY, mta TEXT, host TEXT,"
	" spool INTEGER, taken_us INTEGER);";

static const char last_sql[] =
	"WITH " MM_LATEST_SNAPSHOTS " INSERT INTO due_last"
	" SELECT id, mta, host, spool, taken_us FROM last";

/* The last start of the daemon before the snapshot; of Sendmail not that of
 * the client's queue runner. "queueing@00:00:10": Sendmail tries all in each
 * run; of Exim only that there are runs matters. OpenSMTPD's word is "mta
 * paused". */
static const char runs_sql[] =
	"CREATE TEMP TABLE due_runs AS WITH started AS (SELECT l.id AS snapshot,"
	"  l.mta, (SELECT v.text FROM event v"
	"   JOIN origin o ON o.id = v.origin AND o.mta = l.mta"
	"   WHERE v.kind = 'daemon' AND (v.what = 'start'"
	"    OR instr(v.text, 'mta paused') OR instr(v.text, 'mta resumed'))"
	"   AND v.t_us <= l.taken_us"
	"   AND coalesce(v.program, '') NOT LIKE '%msp%' AND " SAME_HOST
	"   ORDER BY v.t_us DESC, v.id DESC LIMIT 1) AS text"
	"  FROM due_last l)"
	" SELECT snapshot, text IS NOT NULL AND CASE mta"
	"   WHEN 'exim' THEN instr(text, 'no queue runs') > 0"
	"   WHEN 'sendmail' THEN instr(text, 'queueing@') = 0"
	"   WHEN 'opensmtpd' THEN instr(text, 'mta paused') > 0 END AS none,"
	"  CASE WHEN instr(text, 'queueing@') > 0 THEN 1000000 * strftime("
	"   '%s', '1970-01-01 ' || substr(text, instr(text, 'queueing@') + 9))"
	"  END AS every_us FROM started;";

/* The age at which mail expired; notices may have a time of their own. */
static const char lives_sql[] =
	"CREATE TEMP TABLE due_lives AS WITH ages AS (SELECT l.id AS snapshot,"
	"  coalesce(b.text, '-') = '' AS is_notice,"
	"  r.final_us - m.arrived_us AS age FROM recipient r"
	"  CROSS JOIN message m ON m.id = r.message"
	"  JOIN origin o ON o.id = m.origin"
	"  JOIN due_last l ON l.mta = o.mta AND " SAME_HOST
	"  LEFT JOIN address b ON b.id = m.sender"
	"  WHERE r.final = 3 AND l.mta <> 'exim'"
	"   AND r.final_us > m.arrived_us)"
	" SELECT snapshot, is_notice, min(age) AS life_us FROM"
	"  (SELECT *, row_number() OVER (PARTITION BY snapshot, is_notice"
	"    ORDER BY age) AS nth,"
	"   count(*) OVER (PARTITION BY snapshot, is_notice) AS n FROM ages)"
	" WHERE nth > n / 10 GROUP BY snapshot, is_notice;";

/* What Postfix was told: settings that are not named have their default. */
static const char set_sql[] =
	"CREATE TEMP TABLE due_set AS WITH told AS (SELECT l.id AS snapshot,"
	"  l.host, n.column1 AS is_notice, n.column2 AS name"
	"  FROM due_last l, (VALUES (0, 'maximal_queue_lifetime'),"
	"   (1, 'bounce_queue_lifetime')) n WHERE l.mta = 'postfix'),"
	" words AS (SELECT t.snapshot, t.is_notice, coalesce(max(s.value)"
	"   FILTER (WHERE s.name = t.name), '5d') AS word"
	"  FROM told t JOIN setting s ON s.mta = 'postfix'"
	"   AND (coalesce(s.host, '') IN ('', t.host) OR t.host = '')"
	"  GROUP BY t.snapshot, t.is_notice)"
	" SELECT snapshot, is_notice, 1000000 * CAST(word AS INTEGER)"
	"  * CASE ltrim(word, '0123456789') WHEN 's' THEN 1 WHEN 'm' THEN 60"
	"   WHEN 'h' THEN 3600 WHEN 'd' THEN 86400 WHEN '' THEN 86400"
	"   WHEN 'w' THEN 604800 END AS life_us FROM words;";

/* Exim at a steady pace: 15 min up to 2 h, then 1 h longer by half of what
 * has gone by since, then 6 h; counted from the arrival. */
#define EXIM_NEXT \
	"e.last_us + CASE" \
	" WHEN e.last_us - e.arrived_us <= 7200000000 THEN 900000000" \
	" WHEN e.last_us - e.arrived_us <= 57600000000 THEN 3600000000" \
	"  + max(0, e.last_us - e.arrived_us - 8100000000) / 2" \
	" ELSE 21600000000 END"

static const char promise_sql[] =
	"CREATE TEMP TABLE promise AS WITH how AS (SELECT e.id AS entry,"
	"  l.id AS snapshot, l.mta, l.taken_us, q.every_us, CASE"
	"   WHEN e.queue IN ('hold', 'frozen', 'quarantine', 'corrupt')"
	"    THEN 'held'"
	"   WHEN q.none THEN 'no queue runs'"
	"   WHEN e.next_us IS NOT NULL THEN"
	"    iif(l.mta = 'opensmtpd' AND l.spool, 'envelope', 'recorded')"
	"   WHEN e.queue = 'active' THEN 'being tried'"
	"   WHEN e.queue IN ('incoming', 'maildrop') OR e.attempts = 0"
	"    THEN 'first try'"
	"   WHEN l.mta = 'exim' AND e.last_us IS NOT NULL"
	"    AND e.arrived_us IS NOT NULL THEN 'default rule'"
	"   WHEN l.mta = 'sendmail' AND e.last_us IS NOT NULL"
	"    AND q.every_us IS NOT NULL THEN 'queue run'"
	"   ELSE 'not known' END AS rests_on"
	"  FROM due_last l JOIN entry e ON e.snapshot = l.id"
	"  LEFT JOIN due_runs q ON q.snapshot = l.id)"
	" SELECT e.id AS entry, CASE h.rests_on"
	"   WHEN 'recorded' THEN e.next_us WHEN 'envelope' THEN e.next_us"
	"   WHEN 'first try' THEN h.taken_us"
	"   WHEN 'queue run' THEN e.last_us + h.every_us"
	"   WHEN 'default rule' THEN " EXIM_NEXT " END AS next_us,"
	"  h.rests_on, iif(h.rests_on = 'held', NULL, e.arrived_us"
	"   + coalesce(c.life_us, v.life_us, CASE h.mta WHEN 'postfix' THEN 432000000000"
	"    WHEN 'sendmail' THEN 432000000000 WHEN 'exim' THEN 345600000000"
	"    WHEN 'opensmtpd' THEN 345600000000 END)) AS expires_us,"
	"  iif(h.rests_on = 'held' OR e.arrived_us IS NULL, NULL,"
	"   CASE WHEN c.life_us IS NOT NULL THEN 'settings'"
	"    WHEN v.life_us IS NOT NULL THEN 'log' ELSE 'default' END)"
	"   AS expires_on, h.taken_us"
	"  FROM how h JOIN entry e ON e.id = h.entry"
	"  LEFT JOIN due_lives v ON v.snapshot = h.snapshot"
	"   AND v.is_notice = (coalesce(e.sender, '-') = '')"
	"  LEFT JOIN due_set c ON c.snapshot = h.snapshot"
	"   AND c.is_notice = (coalesce(e.sender, '-') = '');"
	"CREATE INDEX temp.promise_entry ON promise(entry);";
/* clang-format on */

static enum mm_status
take_last(struct mm_store *s, int64_t at_us, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(s, last_sql, err);
	enum mm_status st;

	if (q == NULL)
		return MM_EIO;
	if (at_us != MM_TIME_NONE)
		mm_query_bind_int(q, 0, at_us);
	st = mm_query_step(q, err);
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

enum mm_status
mm_due_make(struct mm_store *s, int64_t at_us, struct mm_err *err)
{
	static const char *const steps[] = { runs_sql, lives_sql, set_sql,
					     promise_sql };
	enum mm_status st = mm_store_exec(s, start_over, err);

	if (st == MM_OK)
		st = take_last(s, at_us, err);
	for (size_t i = 0; i < MM_COUNT(steps) && st == MM_OK; i++)
		st = mm_store_exec(s, steps[i], err);
	return st;
}
