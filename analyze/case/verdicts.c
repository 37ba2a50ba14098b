#include "analyze/case/verdicts.h"
#include "formats/base/status.h"

/* Late lines of other processes, clocks of whole seconds. */
#define EARLY "5000000"
#define LATE  "60000000"
/* Two instances of one host, or a mail before and behind its filter. */
#define SEVERAL                                                                \
	" || CASE WHEN count(*) OVER () > 1 THEN ', one of several'"           \
	" ELSE '' END"

static enum mm_status
any_untied(struct mm_store *s, bool *any, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s, "SELECT EXISTS(SELECT 1 FROM verdict WHERE message IS NULL)",
	    err);
	enum mm_status st = q != NULL ? mm_query_step(q, err) : MM_EIO;

	*any = st == MM_OK && mm_query_int(q, 0) != 0;
	mm_query_free(q);
	return st;
}

enum mm_status
mm_verdicts_tie(struct mm_store *s, struct mm_err *err)
{
	/* The last that began before, of those not long over. */
	static const char *const ties[] = {
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
		" AND coalesce(m.ended_us, verdict.t_us) + " EARLY
		" >= verdict.t_us)"
		" ORDER BY same DESC, arrived_us DESC, id DESC LIMIT 1)"
		" WHERE message IS NULL AND message_id IS NOT NULL",
		/* Who names only the envelope: where one fits. */
		"UPDATE verdict SET tie = 'envelope', message ="
		" (SELECT min(m.id) FROM address s JOIN message m"
		" ON m.sender = s.id JOIN name c ON c.id = m.client_ip"
		" WHERE s.text = verdict.sender COLLATE NOCASE"
		" AND c.text = verdict.client_ip"
		" AND m.arrived_us BETWEEN verdict.t_us - " LATE
		" AND verdict.t_us + " LATE " AND EXISTS"
		" (SELECT 1 FROM recipient r JOIN address a ON a.id = r.address"
		" LEFT JOIN address o ON o.id = r.orig WHERE r.message = m.id"
		" AND verdict.recipient COLLATE NOCASE IN (a.text, o.text))"
		" HAVING count(*) = 1)"
		" WHERE message IS NULL AND client_ip IS NOT NULL"
		" AND sender IS NOT NULL AND recipient IS NOT NULL",
		"UPDATE verdict SET tie = NULL WHERE message IS NULL",
	};
	enum mm_status st;
	bool any;

	st = any_untied(s, &any, err);
	if (st != MM_OK || !any)
		return st;
	mm_store_index(s, "CREATE INDEX IF NOT EXISTS message_queue_id"
			  " ON message(queue_id);"
			  "CREATE INDEX IF NOT EXISTS message_message_id"
			  " ON message(message_id);"
			  "CREATE INDEX IF NOT EXISTS message_sender"
			  " ON message(sender);"
			  "CREATE INDEX IF NOT EXISTS recipient_message"
			  " ON recipient(message);"
			  "CREATE INDEX IF NOT EXISTS address_text"
			  " ON address(text COLLATE NOCASE)");
	for (size_t i = 0; i < MM_COUNT(ties) && st == MM_OK; i++) {
		struct mm_query *q = mm_query_new(s, ties[i], err);

		st = q != NULL ? mm_query_step(q, err) : MM_EIO;
		mm_query_free(q);
		st = st == MM_END ? MM_OK : st;
	}
	return st;
}
