#include <string.h>

#include "analyze/case/figures.h"
#include "analyze/case/select.h"

struct figure {
	const char *name, *title;
	const struct mm_column *columns;
	size_t n_columns;
	const char *sql; /* ?1: the limit, -1 for all */
};

/* clang-format off */
static const struct mm_column totals_columns[] = {
	{ "final", "what became of it", MM_TEXT },
	{ "recipients", "recipients", MM_INT },
	{ "share", "share", MM_SHARE },
	{ "messages", "messages", MM_INT },
	{ "bytes", "bytes", MM_BYTES },
};

static const struct mm_column receiver_columns[] = {
	{ "receiver", "receiver", MM_TEXT },
	{ "operator", "run by", MM_TEXT },
	{ "recipients", "recipients", MM_INT },
	{ "sent", "sent", MM_INT },
	{ "bounced", "bounced", MM_INT },
	{ "expired", "expired", MM_INT },
	{ "waiting", "waiting", MM_INT },
	{ "deferrals", "deferrals", MM_INT },
	{ "delay_mean", "mean delay", MM_SPAN },
	{ "delay_max", "longest delay", MM_SPAN },
};

static const struct mm_column sender_columns[] = {
	{ "sender", "sender domain", MM_TEXT },
	{ "messages", "messages", MM_INT },
	{ "recipients", "recipients", MM_INT },
	{ "sent", "sent", MM_INT },
	{ "bounced", "bounced", MM_INT },
	{ "expired", "expired", MM_INT },
	{ "waiting", "waiting", MM_INT },
};

static const struct mm_column cause_columns[] = {
	{ "cause", "cause", MM_TEXT },
	{ "attempts", "attempts", MM_INT },
	{ "recipients", "recipients", MM_INT },
	{ "receivers", "receivers", MM_INT },
	{ "lost", "bounced or expired", MM_INT },
	{ "example", "example", MM_TEXT },
};

static const struct mm_column reply_columns[] = {
	{ "cause", "cause", MM_TEXT },
	{ "sample", "the first of its kind, in their own words", MM_TEXT },
	{ "attempts", "attempts", MM_INT },
	{ "recipients", "recipients", MM_INT },
	{ "operator", "run by", MM_TEXT },
	{ "rule", "rule that decided", MM_TEXT },
	{ "first", "first", MM_TIME },
	{ "last", "last", MM_TIME },
};

static const struct mm_column story_columns[] = {
	{ "story", "story", MM_TEXT },
};

static const struct mm_column reject_columns[] = {
	{ "stage", "at", MM_TEXT },
	{ "cause", "cause", MM_TEXT },
	{ "rejects", "refused", MM_INT },
	{ "clients", "clients", MM_INT },
	{ "example", "example", MM_TEXT },
};

static const struct mm_column hour_columns[] = {
	{ "hour", "hour", MM_TIME },
	{ "arrived", "arrived", MM_INT },
	{ "sent", "sent", MM_INT },
	{ "deferrals", "deferrals", MM_INT },
	{ "bounced", "bounced", MM_INT },
};

static const struct mm_column file_columns[] = {
	{ "file", "file", MM_TEXT },
	{ "kind", "kind", MM_TEXT },
	{ "bytes", "size", MM_BYTES },
	{ "first", "first line", MM_TIME },
	{ "last", "last line", MM_TIME },
	{ "lines", "lines", MM_INT },
	{ "understood", "understood", MM_SHARE },
	{ "note", "note", MM_TEXT },
};

static const struct mm_column unknown_columns[] = {
	{ "lines", "lines", MM_INT },
	{ "why", "why", MM_TEXT },
	{ "sample", "sample", MM_TEXT },
	{ "source", "first at", MM_TEXT },
};
/* clang-format on */

/* Outcomes 1 sent, 2 deferred, 3 bounced; finals as enum mm_final. */
static const char totals_sql[] =
    "SELECT CASE f WHEN 1 THEN 'sent' WHEN 2 THEN 'bounced'"
    " WHEN 3 THEN 'expired' WHEN 4 THEN 'deferred' WHEN 5 THEN 'held'"
    " WHEN 6 THEN 'deleted' WHEN 7 THEN 'rejected' ELSE 'unknown' END,"
    " sum(n), sum(n) * 1.0 / nullif(sum(sum(n)) OVER (), 0), sum(m), sum(b)"
    " FROM (SELECT r.final AS f, count(*) AS n,"
    "  count(DISTINCT r.message) AS m, sum(coalesce(m.size, 0)) AS b"
    "  FROM recipient r JOIN message m ON m.id = r.message GROUP BY r.final"
    "  UNION ALL SELECT 7, count(*), NULL, NULL FROM reject"
    "  WHERE action = 0 AND recipient IS NOT NULL)"
    " WHERE n > 0 GROUP BY f ORDER BY f LIMIT ?1";

static const char receivers_sql[] =
    "WITH tries AS (SELECT recipient AS r, sum(outcome = 2) AS d"
    " FROM attempt GROUP BY recipient)"
    " SELECT n.text, max(l.operator), count(*), sum(r.final = 1),"
    " sum(r.final = 2), sum(r.final = 3), sum(r.final IN (4, 5)),"
    " sum(coalesce(x.d, 0)), CAST(avg(CASE r.final WHEN 1 THEN"
    " r.final_us - m.arrived_us END) AS INTEGER),"
    " max(CASE r.final WHEN 1 THEN r.final_us - m.arrived_us END)"
    " FROM recipient r JOIN address a ON a.id = r.address"
    " JOIN message m ON m.id = r.message"
    " LEFT JOIN name n ON n.id = a.domain LEFT JOIN tries x ON x.r = r.id"
    " LEFT JOIN relay l ON l.id = r.relay"
    " GROUP BY a.domain ORDER BY count(*) DESC, n.text LIMIT ?1";

static const char senders_sql[] =
    "SELECT CASE a.text WHEN '' THEN '<>' ELSE n.text END,"
    " count(DISTINCT m.id), count(*), sum(r.final = 1), sum(r.final = 2),"
    " sum(r.final = 3), sum(r.final IN (4, 5))"
    " FROM recipient r JOIN message m ON m.id = r.message"
    " LEFT JOIN address a ON a.id = m.sender"
    " LEFT JOIN name n ON n.id = a.domain"
    " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT ?1";

static const char causes_sql[] =
    "SELECT coalesce(p.cause, 'unknown'), count(*),"
    " count(DISTINCT t.recipient), count(DISTINCT a.domain),"
    " count(DISTINCT CASE WHEN r.final IN (2, 3) THEN r.id END),"
    " min(p.sample) FROM attempt t JOIN recipient r ON r.id = t.recipient"
    " JOIN address a ON a.id = r.address LEFT JOIN reply p ON p.id = t.reply"
    " WHERE t.outcome IN (2, 3) AND t.flags & 1"
    " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT ?1";

static const char replies_sql[] =
    "SELECT coalesce(p.cause, 'unknown'), p.sample, count(*),"
    " count(DISTINCT t.recipient), p.operator, p.rule, min(t.t_us),"
    " max(t.t_us)"
    " FROM attempt t JOIN reply p ON p.id = t.reply"
    " WHERE t.outcome IN (2, 3) AND t.flags & 1"
    " GROUP BY p.id ORDER BY count(*) DESC, p.id LIMIT ?1";

/* In the order of `export incidents`. */
static const char stories_sql[] =
    "SELECT story FROM incident ORDER BY start_us, id LIMIT ?1";

static const char rejects_sql[] =
    "SELECT j.stage, coalesce(p.cause, 'unknown'), count(*),"
    " count(DISTINCT j.client_ip), min(p.sample) FROM reject j"
    " LEFT JOIN reply p ON p.id = j.reply WHERE j.action = 0"
    " GROUP BY 1, 2 ORDER BY count(*) DESC, 1, 2 LIMIT ?1";

static const char hours_sql[] =
    "SELECT h, sum(a), sum(s), sum(d), sum(b) FROM ("
    "SELECT arrived_us / 3600000000 * 3600000000 AS h, count(*) AS a,"
    " 0 AS s, 0 AS d, 0 AS b FROM message WHERE arrived_us IS NOT NULL"
    " GROUP BY 1 UNION ALL "
    "SELECT t_us / 3600000000 * 3600000000, 0, sum(outcome = 1),"
    " sum(outcome = 2), sum(outcome = 3) FROM attempt"
    " WHERE t_us IS NOT NULL GROUP BY 1)"
    " GROUP BY h ORDER BY h LIMIT ?1";

static const char files_sql[] =
    "SELECT name, kind, bytes, first_us, last_us, lines,"
    " CASE WHEN records + noise + malformed > 0 THEN"
    " 1 - malformed * 1.0 / (records + noise + malformed) END, note"
    " FROM file ORDER BY id LIMIT ?1";

static const char unknown_sql[] =
    "SELECT u.lines, u.why, u.sample, f.name || ':' || u.line"
    " FROM unknown_shape u JOIN file f ON f.id = u.file"
    " ORDER BY u.lines DESC, u.file, u.line LIMIT ?1";

#define COLUMNS(c) c, MM_COUNT(c)

/* clang-format off */
static const struct figure figures[] = {
	{ "totals", "What became of the mail", COLUMNS(totals_columns),
	  totals_sql },
	{ "receivers", "Receivers", COLUMNS(receiver_columns),
	  receivers_sql },
	{ "senders", "Senders", COLUMNS(sender_columns), senders_sql },
	{ "causes", "Why mail was put off or bounced",
	  COLUMNS(cause_columns), causes_sql },
	{ "replies", "What the others said", COLUMNS(reply_columns),
	  replies_sql },
	{ "stories", "Stories of the incidents", COLUMNS(story_columns),
	  stories_sql },
	{ "rejects", "Refused at the door", COLUMNS(reject_columns),
	  rejects_sql },
	{ "hours", "By hour", COLUMNS(hour_columns), hours_sql },
	{ "files", "What was read", COLUMNS(file_columns), files_sql },
	{ "unknown", "Not understood", COLUMNS(unknown_columns),
	  unknown_sql },
};
/* clang-format on */

static enum mm_status
keep(void *ctx, const struct mm_cell *row, struct mm_err *err)
{
	(void)err;
	mm_table_add(ctx, row);
	return MM_OK;
}

struct mm_table *
mm_figure(struct mm_store *s, const char *name, int64_t limit,
	  struct mm_err *err)
{
	for (size_t i = 0; i < MM_COUNT(figures); i++) {
		const struct figure *f = &figures[i];
		struct mm_sink sink = { keep, NULL };
		struct mm_table *t;

		if (strcmp(f->name, name) != 0)
			continue;
		t = mm_table_new(f->name, f->title, f->columns, f->n_columns);
		sink.ctx = t;
		if (mm_select(s, f->sql, limit > 0 ? limit : -1, f->columns,
			      f->n_columns, &sink, err) == MM_OK)
			return t;
		mm_table_free(t);
		return NULL;
	}
	(void)mm_err_set(err, MM_EUSAGE, "no figure is called %s", name);
	return NULL;
}
