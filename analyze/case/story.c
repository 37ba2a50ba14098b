#include <stdlib.h>

#include "analyze/case/duplicates.h"
#include "analyze/case/story.h"
#include "formats/base/mem.h"
#include "formats/mail/record.h"
#include "formats/mail/shape.h"

struct mm_story {
	struct mm_query *duplicates, *head, *recipients, *facts;
	struct mm_buf text;
};

static const char head_sql[] =
    "SELECT o.host, o.mta, o.instance, m.queue_id, m.message_id, s.text,"
    " cn.text, ci.text, u.text, f.name || ':' || m.line, m.size, m.nrcpt,"
    " m.arrived_us, m.ended_us, m.flags, m.lines FROM message m"
    " JOIN origin o ON o.id = m.origin JOIN file f ON f.id = m.file"
    " LEFT JOIN address s ON s.id = m.sender"
    " LEFT JOIN name cn ON cn.id = m.client_name"
    " LEFT JOIN name ci ON ci.id = m.client_ip"
    " LEFT JOIN name u ON u.id = m.sasl WHERE m.id = ?";

static const char recipients_sql[] =
    "SELECT r.id, a.text, oa.text,"
    " CASE r.final WHEN 1 THEN NULL ELSE p.cause END,"
    " no.host, n.queue_id, r.final_us, r.attempts, r.final, r.proof"
    " FROM recipient r JOIN address a ON a.id = r.address"
    " LEFT JOIN address oa ON oa.id = r.orig"
    " LEFT JOIN reply p ON p.id = r.reply"
    " LEFT JOIN message n ON n.id = r.next"
    " LEFT JOIN origin no ON no.id = n.origin"
    " WHERE r.message = ? ORDER BY r.id";

/* Kinds in the order in which equal times are told. */
static const char facts_sql[] =
    "SELECT x.t_us, x.delay_us, x.kind, x.recipient, x.outcome, x.what,"
    " l.name, l.ip, p.enhanced,"
    " CASE WHEN x.outcome IN (1, 4) THEN NULL ELSE p.cause END,"
    " CASE WHEN x.outcome IN (1, 4) THEN NULL ELSE p.rule END,"
    " p.shape, x.args, p.code,"
    " x.flags, f.name || ':' || x.line, x.words FROM ("
    "SELECT t.t_us, t.delay_us, 0 AS kind, t.recipient, t.outcome,"
    " NULL AS what, t.relay, t.reply, t.args, t.flags, t.file, t.line,"
    " NULL AS words"
    " FROM recipient r JOIN attempt t ON t.recipient = r.id"
    " WHERE r.message = ?1 UNION ALL "
    "SELECT t_us, NULL, 1, 0, 2, NULL, relay, reply, args, flags, file,"
    " line, NULL"
    " FROM leg WHERE message = ?1 UNION ALL "
    "SELECT t_us, NULL, 2, 0, 0, kind, NULL, NULL, NULL, 0, file, line,"
    " NULL FROM step WHERE message = ?1 UNION ALL "
    "SELECT t_us, NULL, 3, 0, 0, 'refused ' || coalesce(stage, ''), NULL,"
    " reply, args, 0, file, line, NULL FROM reject WHERE message = ?1"
    " UNION ALL "
    "SELECT t_us, NULL, 4, 0, 0, program || ': ' || opinion ||"
    " coalesce(' ' || score, ''), NULL, NULL, NULL, 0, file, line, text"
    " FROM verdict WHERE message = ?1 UNION ALL "
    /* The way that its own header tells, where a copy of it lies. */
    "SELECT w.t_us, NULL, 5, 0, 0, 'Received at ' || coalesce(w.by_name, '?')"
    " || coalesce(' from ' || w.from_name, '') || coalesce(' [' || w.from_ip"
    " || ']', ''), NULL, NULL, NULL, 0, NULL, w.hop,"
    " 'hop ' || w.hop || coalesce(', id ' || w.queue_id, '') ||"
    " coalesce(', with ' || w.protocol, '') || coalesce(', after ' ||"
    " round(w.delay_us / 1e6, 1) || ' s', '') || coalesce(', ' || w.note, '')"
    " || '; ' || w.source FROM message m JOIN received w"
    " ON w.message_id = m.message_id WHERE m.id = ?1 AND (w.source, w.number)"
    " = (SELECT c.source, c.number FROM received c WHERE c.message_id ="
    " m.message_id ORDER BY c.source, c.number LIMIT 1)) x"
    " LEFT JOIN file f ON f.id = x.file LEFT JOIN relay l ON l.id = x.relay"
    " LEFT JOIN reply p ON p.id = x.reply"
    " ORDER BY x.t_us, x.file, x.line, x.kind";

/* clang-format off */
static const char duplicates_sql[] =
    "SELECT recipient, how, sent, uncertain,"
    " replace(substr(evidence, 3, length(evidence) - 4), '\",\"', ', ')"
    " FROM (" MM_DUPLICATES(
    "m.id = ?1 OR m.id IN (SELECT id FROM message"
    " WHERE message_id = (SELECT nullif(message_id, '')"
    " FROM message WHERE id = ?1) LIMIT 1000)") ")"
    " WHERE ?1 IN (SELECT value FROM json_each(messages))"
    " ORDER BY recipient";
/* clang-format on */

struct mm_story *
mm_story_new(struct mm_store *s, struct mm_err *err)
{
	struct mm_story *y = mm_calloc(1, sizeof(*y));

	mm_store_index(
	    s, "CREATE INDEX IF NOT EXISTS message_message_id"
	       " ON message(message_id);"
	       "CREATE INDEX IF NOT EXISTS recipient_message ON"
	       " recipient(message);"
	       "CREATE INDEX IF NOT EXISTS attempt_recipient ON"
	       " attempt(recipient);"
	       "CREATE INDEX IF NOT EXISTS leg_message ON leg(message)"
	       " WHERE message IS NOT NULL;"
	       "CREATE INDEX IF NOT EXISTS step_message ON step(message);"
	       "CREATE INDEX IF NOT EXISTS received_message_id ON"
	       " received(message_id);"
	       "CREATE INDEX IF NOT EXISTS verdict_message ON"
	       " verdict(message) WHERE message IS NOT NULL;"
	       "CREATE INDEX IF NOT EXISTS reject_message ON reject(message)"
	       " WHERE message IS NOT NULL;");
	mm_buf_init(&y->text, (size_t)1 << 20);
	y->duplicates = mm_query_new(s, duplicates_sql, err);
	y->head = mm_query_new(s, head_sql, err);
	y->recipients = mm_query_new(s, recipients_sql, err);
	y->facts = mm_query_new(s, facts_sql, err);
	if (y->duplicates == NULL || y->head == NULL || y->recipients == NULL ||
	    y->facts == NULL) {
		mm_story_free(y);
		return NULL;
	}
	return y;
}

void
mm_story_free(struct mm_story *y)
{
	if (y == NULL)
		return;
	mm_query_free(y->duplicates);
	mm_query_free(y->head);
	mm_query_free(y->recipients);
	mm_query_free(y->facts);
	mm_buf_fini(&y->text);
	free(y);
}

static int64_t
or_else(const struct mm_query *q, int column, int64_t v)
{
	return mm_query_is_null(q, column) ? v : mm_query_int(q, column);
}

/* Begin a statement for `message`. */
static void
ask(struct mm_query *q, uint32_t message)
{
	mm_query_reset(q);
	mm_query_bind_int(q, 0, message);
}

enum mm_status
mm_story_head(struct mm_story *y, uint32_t message, struct mm_story_head *h,
	      struct mm_err *err)
{
	struct mm_query *q = y->head;
	enum mm_status st;

	ask(q, message);
	st = mm_query_step(q, err);
	if (st != MM_OK)
		return st == MM_END ? MM_ENOENT : st;
	*h = (struct mm_story_head){
		.id = message,
		.host = mm_query_text(q, 0),
		.mta = mm_query_text(q, 1),
		.instance = mm_query_text(q, 2),
		.queue_id = mm_query_text(q, 3),
		.message_id = mm_query_text(q, 4),
		.sender = mm_query_text(q, 5),
		.client_name = mm_query_text(q, 6),
		.client_ip = mm_query_text(q, 7),
		.user = mm_query_text(q, 8),
		.source = mm_query_text(q, 9),
		.size_bytes = or_else(q, 10, -1),
		.n_recipients = or_else(q, 11, -1),
		.arrived_us = or_else(q, 12, MM_TIME_NONE),
		.ended_us = or_else(q, 13, MM_TIME_NONE),
		.flags = (unsigned)mm_query_int(q, 14),
		.lines = mm_query_blob(q, 15),
	};
	return MM_OK;
}

enum mm_status
mm_story_recipient(struct mm_story *y, uint32_t message, bool first,
		   struct mm_story_recipient *r, struct mm_err *err)
{
	struct mm_query *q = y->recipients;
	enum mm_status st;

	if (first)
		ask(q, message);
	st = mm_query_step(q, err);
	if (st != MM_OK)
		return st;
	*r = (struct mm_story_recipient){
		.id = (uint32_t)mm_query_int(q, 0),
		.address = mm_query_text(q, 1),
		.orig = mm_query_text(q, 2),
		.cause = mm_query_text(q, 3),
		.next_host = mm_query_text(q, 4),
		.next_id = mm_query_text(q, 5),
		.final_us = or_else(q, 6, MM_TIME_NONE),
		.n_attempts = mm_query_int(q, 7),
		.final = (int)mm_query_int(q, 8),
		.proof = (int)mm_query_int(q, 9),
	};
	return MM_OK;
}

enum mm_status
mm_story_duplicate(struct mm_story *y, uint32_t message, bool first,
		   struct mm_story_duplicate *d, struct mm_err *err)
{
	struct mm_query *q = y->duplicates;
	enum mm_status st;

	if (first)
		ask(q, message);
	st = mm_query_step(q, err);
	if (st != MM_OK)
		return st;
	*d = (struct mm_story_duplicate){
		.address = mm_query_text(q, 0),
		.how = mm_query_text(q, 1),
		.n_sent = mm_query_int(q, 2),
		.n_uncertain = mm_query_int(q, 3),
		.evidence = mm_query_text(q, 4),
	};
	return MM_OK;
}

enum mm_status
mm_story_fact(struct mm_story *y, uint32_t message, bool first,
	      struct mm_story_fact *f, struct mm_err *err)
{
	static const char *const kinds[] = { "attempt", "leg",	   "step",
					     "reject",	"verdict", "way" };
	struct mm_query *q = y->facts;
	enum mm_status st;

	if (first)
		ask(q, message);
	st = mm_query_step(q, err);
	if (st != MM_OK)
		return st;
	mm_buf_clear(&y->text);
	mm_shape_join(mm_query_text(q, 11), mm_query_text(q, 12), &y->text);
	*f = (struct mm_story_fact){
		.t_us = or_else(q, 0, MM_TIME_NONE),
		.delay_us = or_else(q, 1, -1),
		.kind = kinds[(size_t)mm_query_int(q, 2) % MM_COUNT(kinds)],
		.recipient = (uint32_t)mm_query_int(q, 3),
		.what = mm_query_is_null(q, 5)
			    ? mm_str_z(mm_outcome_name(
				  (enum mm_outcome)mm_query_int(q, 4)))
			    : mm_query_text(q, 5),
		.relay = mm_query_text(q, 6),
		.ip = mm_query_text(q, 7),
		.enhanced = mm_query_text(q, 8),
		.cause = mm_query_text(q, 9),
		.rule = mm_query_text(q, 10),
		.text = mm_query_is_null(q, 11) ? mm_query_text(q, 16)
						: mm_buf_str(&y->text),
		.code = (int)mm_query_int(q, 13),
		.flags = (unsigned)mm_query_int(q, 14),
		.source = mm_query_text(q, 15),
	};
	return MM_OK;
}
