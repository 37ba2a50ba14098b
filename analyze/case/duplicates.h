/* duplicates.h - recipients who got a mail more than once, or may have.
 *
 * Told are the deliveries of one mail (its Message-ID; without one its queue
 * id) to one recipient at one host, at the last hop that the logs hold: hops
 * within the own systems, through a filter that gives the mail back, are no
 * deliveries. A connection that was lost after the end of data, before any
 * answer, is a delivery that nobody can be sure of (RFC 1047).
 * A program that gives all its mails the same Message-ID makes them one mail
 * here.
 */
#ifndef MM_DUPLICATES_H
#define MM_DUPLICATES_H

#include "analyze/case/store.h"
#include "formats/base/table.h"

/* The select behind v_duplicate; `which`: a condition on message m. In the
 * case 1 is sent, 2 deferred, 9 the stage after the end of data; 4 and 16 are
 * MM_ATT_UNCERTAIN and MM_ATT_AGAIN, 64 is MM_MSG_REQUEUED. */
/* clang-format off */
#define MM_DUPLICATES(which) \
	"WITH told AS MATERIALIZED (SELECT m.id AS message," \
	" coalesce(nullif(m.message_id, ''), 'id ' || m.id) AS mail," \
	" m.origin, m.flags, r.address, t.t_us, t.relay, t.file, t.line," \
	" t.flags & 16 AS again, t.outcome = 1 AND r.next IS NULL AS sent," \
	" t.flags & 20 <> 0 OR (t.outcome = 2 AND p.stage = 9" \
	"  AND p.code IS NULL) AS unsure" \
	" FROM message m JOIN recipient r ON r.message = m.id" \
	" JOIN attempt t ON t.recipient = r.id" \
	" LEFT JOIN reply p ON p.id = t.reply" \
	" WHERE (" which ") AND (t.outcome = 1 AND r.next IS NULL" \
	"  OR t.flags & 20 <> 0 OR (t.outcome = 2 AND p.stage = 9" \
	"  AND p.code IS NULL)))," \
	" twice AS (SELECT mail, address FROM told GROUP BY 1, 2" \
	"  HAVING sum(sent) + sum(unsure) > 1)," \
	/* What came back from where it was sent went through a filter. */ \
	" kept AS (SELECT * FROM (SELECT d.*, o.host FROM twice JOIN told d" \
	"  USING (mail, address) JOIN origin o ON o.id = d.origin" \
	"  LEFT JOIN relay l ON l.id = d.relay WHERE d.unsure OR NOT (" \
	"  coalesce(l.ip LIKE '127.%' OR l.ip = '::1', 0)" \
	/* OpenSMTPD names the alias, not the users behind it. */ \
	"  OR (o.mta = 'opensmtpd' AND coalesce(l.name, '') = 'local')" \
	/* One alias may be several commands and files. */ \
	"  OR (o.mta = 'postfix' AND coalesce(l.name, '') = 'local'" \
	"   AND EXISTS (SELECT 1 FROM told x WHERE x.message = d.message" \
	"   AND x.address = d.address AND x.relay = d.relay AND x.sent" \
	"   AND (x.t_us, x.file, x.line) < (d.t_us, d.file, d.line)))" \
	"  OR EXISTS (SELECT 1" \
	"   FROM told x JOIN message y ON y.id = x.message JOIN name n" \
	"   ON n.id = y.client_ip WHERE x.mail = d.mail AND n.text = l.ip))" \
	/* The line that says so is that of the contact. */ \
	"  UNION ALL SELECT d.message, d.mail, d.origin, d.flags, d.address," \
	"  g.t_us, g.relay, g.file, g.line, 0, 0, 0, o.host" \
	"  FROM twice JOIN told d USING (mail, address)" \
	"  JOIN origin o ON o.id = d.origin JOIN leg g" \
	"  ON g.message = d.message AND g.flags & 4 WHERE d.again" \
	"  AND g.t_us BETWEEN d.t_us - 3600000000 AND d.t_us)" \
	"  ORDER BY t_us, file, line)," \
	" found AS (SELECT k.host AS host," \
	"  nullif(k.mail, 'id ' || k.message) AS message_id," \
	"  a.text AS recipient, sum(k.sent) AS sent," \
	"  sum(k.unsure) AS uncertain, sum(k.sent) > 1 AS sure," \
	"  min(k.t_us) AS first_us, max(k.t_us) AS last_us," \
	"  max(k.flags & 64) AS requeued, count(DISTINCT k.message) AS n," \
	"  json_group_array(f.name || ':' || k.line) AS evidence," \
	"  json_group_array(k.message) AS messages" \
	"  FROM kept k JOIN address a ON a.id = k.address" \
	"  JOIN file f ON f.id = k.file GROUP BY k.mail, k.address, k.host" \
	"  HAVING sum(k.sent) + sum(k.unsure) > 1)" \
	" SELECT *, CASE WHEN uncertain > 0 THEN 'lost after the end of data'" \
	"  WHEN requeued > 0 THEN 'requeued'" \
	"  WHEN n > 1 THEN 'under another queue id'" \
	"  WHEN EXISTS (SELECT 1 FROM event e JOIN origin eo" \
	"   ON eo.id = e.origin WHERE eo.host = found.host" \
	"   AND e.kind = 'daemon' AND e.what IN ('start', 'crash')" \
	"   AND e.t_us BETWEEN first_us AND last_us) THEN 'after a restart'" \
	"  ELSE 'under the same queue id' END AS how FROM found"
/* clang-format on */

#endif
