/* latest.h - which snapshots show the queue at a moment, for SQL statements
 * of this folder.
 *
 * A case may hold several snapshots of one queue, and a spool beside the
 * MTA's own listing of it. A queue is an MTA's, on a host, in an instance; a
 * listing that names no host is of the only one that its MTA has, and so with
 * instances. Of a spool and a listing less than ten minutes younger the spool
 * is taken: it tells more.
 */
#ifndef MM_LATEST_H
#define MM_LATEST_H

/* Common table expressions, to stand behind WITH; ?1 is the moment, NULL: no
 * bound. What has no time takes no part.
 *   placed(id, mta, host, instance, spool, taken_us, rank)
 *   last(id, mta, host, instance, spool, taken_us)  one row a queue */
#define MM_LATEST_SNAPSHOTS                                                    \
	"host_of AS (SELECT mta, min(host) AS host FROM snapshot"              \
	"  GROUP BY mta HAVING count(DISTINCT host) = 1),"                     \
	" instance_of AS (SELECT mta, min(instance) AS instance FROM snapshot" \
	"  GROUP BY mta HAVING count(DISTINCT instance) = 1),"                 \
	" placed AS (SELECT s.id, s.mta, s.taken_us,"                          \
	"  coalesce(s.host, h.host, '') AS host,"                              \
	"  coalesce(s.instance, i.instance, '') AS instance,"                  \
	"  substr(s.kind, -5) = ' file' AS spool, s.taken_us"                  \
	"  + 600000000 * (substr(s.kind, -5) = ' file') AS rank"               \
	"  FROM snapshot s LEFT JOIN host_of h ON h.mta = s.mta"               \
	"  LEFT JOIN instance_of i ON i.mta = s.mta"                           \
	"  WHERE s.taken_us IS NOT NULL"                                       \
	"  AND (?1 IS NULL OR s.taken_us <= ?1)),"                             \
	" last AS (SELECT id, mta, host, instance, spool, taken_us FROM"       \
	"  (SELECT *, row_number() OVER (PARTITION BY mta, host, instance"     \
	"    ORDER BY rank DESC, id) AS nth FROM placed) WHERE nth = 1)"

/* What stands behind the last @ of x: all but it is trimmed away. */
#define MM_BEHIND_AT(x)                                                        \
	"lower(replace(" x ", rtrim(" x ", replace(" x ", '@', '')), ''))"

#endif
