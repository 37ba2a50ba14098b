#include "formats/logs/exim.h"
#include "formats/base/status.h"
#include "formats/logs/exim_lines.h"

void
mm_exim_begin(struct mm_record *r, enum mm_event event,
	      const struct mm_exim_head *h)
{
	mm_record_init(r, event, MM_MTA_EXIM);
	r->t_us = h->line->t_us;
	r->host = h->line->host;
	r->program = MM_STR("exim");
	r->pid = h->pid;
	r->queue_id = h->id;
}

void
mm_exim_put_client(struct mm_record *r, const struct mm_exim_fields *f)
{
	r->client_name = f->host;
	r->client_ip = f->ip;
	r->helo = f->helo;
}

void
mm_exim_put_relay(struct mm_record *r, const struct mm_exim_fields *f)
{
	r->secure = f->has_tls;
	r->relay_name = f->host;
	r->relay_ip = f->ip;
	r->relay_port = f->port;
}

/* "[2/5] ", "[3\\6] ": a long line cut up for syslog, this part of it. */
static uint64_t
skip_part(struct mm_str *s)
{
	struct mm_str at = *s;
	uint64_t part, of;

	if (!mm_str_skip(&at, "[") || !mm_str_take_u64(&at, &part) ||
	    (!mm_str_skip(&at, "/") && !mm_str_skip(&at, "\\")) ||
	    !mm_str_take_u64(&at, &of) || !mm_str_skip(&at, "] "))
		return 1;
	*s = at;
	return part;
}

/* A stamp of Exim's own behind a syslog header, then "[pid]", then the id. */
static struct mm_exim_head
take_head(const struct mm_line *line)
{
	struct mm_exim_head h = { .line = line,
				  .text = mm_str_trim(line->text),
				  .pid = line->pid };
	struct mm_str at;
	bool has_zone;
	int64_t t_us;
	uint64_t pid;
	size_t n;

	h.part = skip_part(&h.text);
	at = h.text;
	if (mm_time_take_iso(&at, &t_us, &has_zone))
		h.text = at = mm_str_trim(at);
	if (mm_str_skip(&at, "[") && mm_str_take_u64(&at, &pid) &&
	    pid <= UINT32_MAX && mm_str_skip(&at, "] ")) {
		h.pid = (uint32_t)pid;
		h.text = at;
	}
	n = mm_exim_id_length(h.text);
	if (n > 0) {
		h.id = mm_str_upto(h.text, n);
		h.text = mm_str_trim(mm_str_from(h.text, n));
	}
	return h;
}

/* What goes on of a Received: header, as Exim writes it and folds it, and of a
 * warning at its start. */
static bool
is_continuation(struct mm_str s)
{
	static const char *const begins[] = {
		"\tby ",
		"\tid ",
		"\tfor ",
		"\t(envelope-from <",
		"\t(Exim ",
		"\tMon, ",
		"\tTue, ",
		"\tWed, ",
		"\tThu, ",
		"\tFri, ",
		"\tSat, ",
		"\tSun, ",
		" Suggested action: ",
	};

	for (size_t i = 0; i < MM_COUNT(begins); i++)
		if (mm_str_starts(s, begins[i]))
			return true;
	return false;
}

/* Lines of rejectlog below a reject: the envelope, then headers behind a
 * column for their kind, closed by dashes. They have no stamp. */
static bool
is_reject_header(const struct mm_line *line)
{
	struct mm_str s = line->raw, name;
	bool kind;

	if (line->framing != MM_FRAME_NONE || line->tag.n > 0 || s.n < 4)
		return false;
	if (is_continuation(s) || mm_str_starts(s, "Envelope-from: <") ||
	    mm_str_starts(s, "Envelope-to: <") ||
	    mm_str_starts(s, "----------------------------------------"))
		return true;
	kind = s.p[1] == ' ' &&
	       mm_str_findc(MM_STR("BCFIPRST*M "), s.p[0]) != MM_NOT_FOUND;
	s = mm_str_from(s, 2);
	return kind && mm_str_cut(&s, ": ", &name) && name.n > 0 &&
	       name.n < 40 && mm_str_findc(name, ' ') == MM_NOT_FOUND;
}

static bool
exim_claims(const struct mm_line *line)
{
	struct mm_exim_head h;

	if (line->tag.n > 0)
		return mm_str_starts(line->tag, "exim");
	h = take_head(line);
	return h.id.n > 0 ||
	       (line->framing == MM_FRAME_ISO_BLANK && mm_exim_is_event(&h)) ||
	       is_reject_header(line);
}

static enum mm_verdict
exim_parse(const struct mm_line *line, struct mm_emit *emit)
{
	struct mm_exim_head h = take_head(line);

	if (h.part > 1 || is_reject_header(line))
		return MM_LINE_NOISE; /* the first part says enough */
	if (mm_exim_is_flagged(h.text))
		return mm_exim_parse_flagged(&h, emit);
	if (mm_exim_is_event(&h))
		return mm_exim_parse_event(&h, emit);
	emit->why = "words that Exim is not known to log";
	return MM_LINE_MALFORMED;
}

const struct mm_log_format mm_log_exim = {
	.name = "exim",
	.source = "Exim specification 4.98, chapter \"Log files\"",
	.claims = exim_claims,
	.parse = exim_parse,
};
