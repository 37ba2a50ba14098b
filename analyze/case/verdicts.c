#include "analyze/case/verdicts.h"
#include "formats/base/status.h"

/* Late lines of other processes, clocks of whole seconds. */
#define EARLY "5000000"
#define LATE  "60000000"
/* Two instances of one host, or a mail before and behind its filter. */
#define SEVERAL                                                                \
	" || CASE WHEN count(*) OVER () > 1 THEN ', one of several'"           \
	" ELSE '' END"

/* A mail that was put off comes again for some days; most do within hours. */
#define AGAIN "43200000000"

/* The messages of a verdict's client, sender and recipient within a time: what
 * one client sends then is little, beside what one sender or recipient has. */
#define OF_ENVELOPE(what, from, to)                                            \
	" (SELECT " what " FROM name c CROSS JOIN message m"                   \
	" ON m.client_ip = c.id AND m.arrived_us BETWEEN " from " AND " to     \
	" CROSS JOIN address s ON s.id = m.sender"                             \
	" WHERE c.text = verdict.client_ip COLLATE NOCASE"                     \
	" AND s.text = verdict.sender COLLATE NOCASE AND EXISTS"               \
	" (SELECT 1 FROM recipient r JOIN address a ON a.id = r.address"       \
	" LEFT JOIN address o ON o.id = r.orig WHERE r.message = m.id"         \
	" AND verdict.recipient COLLATE NOCASE IN (a.text, o.text))"

#define AT_THAT_TIME                                                           \
	OF_ENVELOPE("min(m.id)", "verdict.t_us - " LATE, "verdict.t_us + " LATE)
#define AFTERWARDS OF_ENVELOPE("m.id", "verdict.t_us", "verdict.t_us + " AGAIN)

/* The last that began before, of those not long over. */
static const char *const by_name[] = {
	"UPDATE verdict SET (message, tie) ="
	" (SELECT m.id, 'queue id'" SEVERAL
	" FROM message m JOIN origin o ON o.id = m.origin"
	" WHERE m.queue_id = verdict.queue_id AND o.host ="
	" (SELECT host FROM origin WHERE id = verdict.origin)"
	" AND m.arrived_us <= verdict.t_us + " EARLY
	" AND coalesce(m.ended_us, verdict.t_us) + " LATE
	" >= verdict.t_us ORDER BY m.arrived_us DESC, m.id DESC"
	" LIMIT 1)"
	" WHERE message IS NULL AND queue_id IS NOT NULL",
	/* SQLite's ORDER BY does not see `verdict`: hence two steps. */
	"UPDATE verdict SET (message, tie) = (SELECT id, tie FROM"
	" (SELECT m.id, m.arrived_us, c.text = verdict.client_ip"
	" AS same, 'Message-ID'" SEVERAL " AS tie"
	" FROM message m JOIN origin o ON o.id = m.origin"
	" LEFT JOIN name c ON c.id = m.client_ip"
	" WHERE m.message_id = verdict.message_id AND o.host ="
	" (SELECT host FROM origin WHERE id = verdict.origin)"
	" AND m.arrived_us <= verdict.t_us + " EARLY
	" AND coalesce(m.ended_us, verdict.t_us) + " EARLY " >= verdict.t_us)"
	" ORDER BY same DESC, arrived_us DESC, id DESC LIMIT 1)"
	" WHERE message IS NULL AND message_id IS NOT NULL",
	/* Who names only the envelope: where one fits. */
	"UPDATE verdict SET tie = 'envelope', message =" AT_THAT_TIME
	" HAVING count(*) = 1)"
	" WHERE message IS NULL AND opinion <> 'greylist'"
	" AND client_ip IS NOT NULL"
	" AND sender IS NOT NULL AND recipient IS NOT NULL",
	"UPDATE verdict SET tie = NULL WHERE message IS NULL",
};

#define ENVELOPE_INDEXES                                                       \
	"CREATE INDEX IF NOT EXISTS name_text ON name(text COLLATE NOCASE);"   \
	"CREATE INDEX IF NOT EXISTS message_client_time"                       \
	" ON message(client_ip, arrived_us);"                                  \
	"CREATE INDEX IF NOT EXISTS recipient_message ON recipient(message);"

static const char by_name_indexes[] = ENVELOPE_INDEXES
    "CREATE INDEX IF NOT EXISTS message_queue_id ON message(queue_id);"
    "CREATE INDEX IF NOT EXISTS message_message_id"
    " ON message(message_id)";

#define GREY                                                                   \
	" WHERE opinion = 'greylist' AND client_ip IS NOT NULL"                \
	" AND sender IS NOT NULL AND recipient IS NOT NULL"

static const char *const of_greylisters[] = {
	"UPDATE verdict SET reject = (SELECT id FROM (SELECT j.id,"
	" abs(j.t_us - verdict.t_us) AS apart FROM address a CROSS JOIN"
	" reject j ON j.recipient = a.id"
	" CROSS JOIN name c ON c.id = j.client_ip"
	" CROSS JOIN address s ON s.id = j.sender"
	" WHERE a.text = verdict.recipient COLLATE NOCASE AND j.t_us"
	" BETWEEN verdict.t_us - " EARLY " AND verdict.t_us + " EARLY
	" AND c.text = verdict.client_ip"
	" AND s.text = verdict.sender COLLATE NOCASE)"
	" ORDER BY apart, id LIMIT 1)" GREY,
	"UPDATE verdict SET tie = 'envelope, when it came again',"
	" message =" AFTERWARDS " ORDER BY m.arrived_us, m.id LIMIT 1)" GREY
	" AND message IS NULL",
};

static const char of_greylisters_indexes[] = ENVELOPE_INDEXES
    "CREATE INDEX IF NOT EXISTS address_text ON address(text COLLATE NOCASE);"
    "CREATE INDEX IF NOT EXISTS reject_recipient"
    " ON reject(recipient, t_us)";

static const struct {
	const char *asked; /* is there any? */
	const char *indexes;
	const char *const *statements;
	size_t n;
} passes[] = {
	{ "SELECT EXISTS(SELECT 1 FROM verdict WHERE opinion = 'greylist')",
	  of_greylisters_indexes, of_greylisters, MM_COUNT(of_greylisters) },
	{ "SELECT EXISTS(SELECT 1 FROM verdict WHERE message IS NULL)",
	  by_name_indexes, by_name, MM_COUNT(by_name) },
};

static enum mm_status
any(struct mm_store *s, const char *asked, bool *found, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(s, asked, err);
	enum mm_status st = q != NULL ? mm_query_step(q, err) : MM_EIO;

	*found = st == MM_OK && mm_query_int(q, 0) != 0;
	mm_query_free(q);
	return st;
}

enum mm_status
mm_verdicts_tie(struct mm_store *s, struct mm_err *err)
{
	enum mm_status st = MM_OK;
	bool found;

	for (size_t p = 0; p < MM_COUNT(passes) && st == MM_OK; p++) {
		st = any(s, passes[p].asked, &found, err);
		if (st != MM_OK || !found)
			continue;
		mm_store_index(s, passes[p].indexes);
		for (size_t i = 0; i < passes[p].n && st == MM_OK; i++) {
			struct mm_query *q =
			    mm_query_new(s, passes[p].statements[i], err);

			st = q != NULL ? mm_query_step(q, err) : MM_EIO;
			mm_query_free(q);
			st = st == MM_END ? MM_OK : st;
		}
	}
	return st;
}
