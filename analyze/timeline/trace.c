#include "analyze/timeline/trace.h"
#include <stdlib.h>

#include "analyze/case/trail.h"
#include "formats/base/mem.h"
#include "formats/base/utf8.h"
#include "formats/mail/record.h"
#include "formats/mail/reply.h"

#define SOURCE_BYTES ((size_t)64 * 1024)

/* clang-format off */
const struct mm_column mm_trace_columns[] = {
	{ "host", "host", MM_TEXT },
	{ "mta", "MTA", MM_TEXT },
	{ "queue_id", "queue id", MM_TEXT },
	{ "message_id", "Message-ID", MM_TEXT },
	{ "sender", "sender", MM_TEXT },
	{ "t", "time", MM_TIME },
	{ "kind", "kind", MM_TEXT },
	{ "recipient_no", "recipient no", MM_INT },
	{ "what", "what", MM_TEXT },
	{ "relay", "relay", MM_TEXT },
	{ "ip", "address", MM_TEXT },
	{ "contact", "contact", MM_BOOL },
	{ "code", "code", MM_INT },
	{ "enhanced", "enhanced", MM_TEXT },
	{ "text", "text", MM_TEXT },
	{ "cause", "cause", MM_TEXT },
	{ "rule", "rule", MM_TEXT },
	{ "delay", "delay", MM_SPAN },
	{ "source", "source", MM_TEXT },
};
/* clang-format on */
const size_t mm_trace_n_columns = MM_COUNT(mm_trace_columns);

static enum mm_status
put_fact(const struct mm_story_head *h, const struct mm_story_fact *f,
	 const struct mm_sink *sink, struct mm_err *err)
{
	bool tried = f->recipient != 0 || f->relay.p != NULL;
	const struct mm_cell row[] = {
		mm_cell_text(h->host),
		mm_cell_text(h->mta),
		mm_cell_text(h->queue_id),
		mm_cell_text(h->message_id),
		mm_cell_text(h->sender),
		mm_cell_time(f->t_us),
		mm_cell_z(f->kind),
		f->recipient != 0 ? mm_cell_int(f->recipient) : mm_cell_null(),
		mm_cell_text(f->what),
		mm_cell_text(f->relay),
		mm_cell_text(f->ip),
		tried ? mm_cell_bool(f->flags & MM_ATT_CONTACT)
		      : mm_cell_null(),
		f->code > 0 ? mm_cell_int(f->code) : mm_cell_null(),
		mm_cell_text(f->enhanced),
		mm_cell_text(f->text),
		mm_cell_text(f->cause),
		mm_cell_text(f->rule),
		f->delay_us >= 0 ? mm_cell_span(f->delay_us) : mm_cell_null(),
		mm_cell_text(f->source),
	};

	return sink->row(sink->ctx, row, err);
}

/* Told by who shows the lines of a message; `line` is absent where it cannot
 * be had, `file` says why. */
struct teller {
	enum mm_status (*tell)(struct teller *t, struct mm_str file,
			       uint32_t number, struct mm_str line);
	const struct mm_story_head *head;
	const struct mm_sink *sink;
	struct mm_buf *out;
	struct mm_err *err;
};

/* What cannot be had is said once a file. */
static enum mm_status
tell_lines(struct mm_originals *lines, struct teller *t)
{
	struct mm_str left = t->head->lines;
	struct mm_row_place at = { 0 };
	uint32_t refused = 0;
	enum mm_status st = MM_OK;

	while (lines != NULL && st == MM_OK && mm_trail_next(&left, &at)) {
		struct mm_str file, line;
		struct mm_err why;

		if (at.file == refused)
			continue;
		if (mm_originals_line(lines, at, &file, &line, &why) == MM_OK) {
			st = t->tell(t, file, at.line, line);
			continue;
		}
		refused = at.file;
		st = t->tell(t, mm_str_z(why.text), at.line, MM_STR_ABSENT);
	}
	return st;
}

static enum mm_status
put_line(struct teller *t, struct mm_str file, uint32_t number,
	 struct mm_str line)
{
	struct mm_story_fact f = {
		.t_us = MM_TIME_NONE,
		.delay_us = -1,
		.kind = line.p != NULL ? "line" : "no line",
		.text = line.p != NULL ? line : file,
	};

	if (line.p != NULL) {
		mm_buf_clear(t->out);
		mm_buf_adds(t->out, file);
		mm_buf_addf(t->out, ":%u", number);
		f.source = mm_buf_str(t->out);
	}
	return put_fact(t->head, &f, t->sink, t->err);
}

static enum mm_status
put_duplicates(struct mm_story *y, const struct teller *t)
{
	struct mm_story_duplicate d;
	enum mm_status st = MM_OK;

	for (bool first = true;
	     st == MM_OK && (st = mm_story_duplicate(y, t->head->id, first, &d,
						     t->err)) == MM_OK;
	     first = false) {
		struct mm_story_fact f = { .t_us = MM_TIME_NONE,
					   .delay_us = -1,
					   .kind = "duplicate",
					   .what = d.how };

		mm_buf_clear(t->out);
		mm_buf_adds(t->out, d.address);
		mm_buf_addz(t->out, ": ");
		mm_buf_adds(t->out, d.evidence);
		f.text = mm_buf_str(t->out);
		st = put_fact(t->head, &f, t->sink, t->err);
	}
	return st == MM_END ? MM_OK : st;
}

enum mm_status
mm_trace_rows(struct mm_story *y, uint32_t message, struct mm_originals *lines,
	      const struct mm_sink *sink, struct mm_err *err)
{
	struct mm_story_head h;
	struct mm_story_fact f;
	struct mm_buf source;
	struct teller t = { put_line, &h, sink, &source, err };
	enum mm_status st = mm_story_head(y, message, &h, err);
	bool first = true;

	while (st == MM_OK) {
		st = mm_story_fact(y, message, first, &f, err);
		if (st == MM_OK)
			st = put_fact(&h, &f, sink, err);
		first = false;
	}
	mm_buf_init(&source, SOURCE_BYTES);
	if (st == MM_END)
		st = put_duplicates(y, &t);
	if (st == MM_OK)
		st = tell_lines(lines, &t);
	mm_buf_fini(&source);
	return st;
}

/* ---- for people ---- */

static void
add_seen(struct mm_buf *out, struct mm_str s)
{
	mm_utf8_add_visible(out, s);
}

static void
add_address(struct mm_buf *out, struct mm_str s)
{
	if (s.p == NULL)
		mm_buf_addz(out, "?");
	else if (s.n == 0)
		mm_buf_addz(out, "<>");
	else
		add_seen(out, s);
}

static const struct {
	unsigned flag;
	const char *words;
} marks[] = {
	{ MM_MSG_NO_START, "its beginning lies before the logs" },
	{ MM_MSG_NO_END, "no end in the logs" },
	{ MM_MSG_CUT, "the client left in the middle" },
	{ MM_MSG_HELD, "on hold" },
	{ MM_MSG_DELETED, "deleted by an operator" },
	{ MM_MSG_NOTICE, "a notice of the mail system" },
	{ MM_MSG_REQUEUED, "requeued under another id" },
	{ MM_MSG_REJECTED, "refused after it had its id" },
};

static void
add_head(struct mm_buf *out, const struct mm_story_head *h)
{
	char when[MM_TIME_TEXT], span[MM_TIME_TEXT];

	mm_buf_addf(out, "%s  ", mm_time_iso(h->arrived_us, false, when));
	add_seen(out, h->queue_id);
	mm_buf_addz(out, "  ");
	if (h->host.n > 0) {
		add_seen(out, h->host);
		mm_buf_addc(out, ' ');
	}
	mm_buf_addz(out, "(");
	add_seen(out, h->instance.n > 0 ? h->instance : h->mta);
	mm_buf_addz(out, ")  from ");
	add_address(out, h->sender);
	if (h->size_bytes >= 0)
		mm_buf_addf(out, "  %lld bytes", (long long)h->size_bytes);
	if (h->ended_us != MM_TIME_NONE && h->arrived_us != MM_TIME_NONE)
		mm_buf_addf(out, "  in the queue for %s",
			    mm_time_span(h->ended_us - h->arrived_us, span));
	mm_buf_addz(out, "\n");
	if (h->message_id.n > 0) {
		mm_buf_addz(out, "    Message-ID <");
		add_seen(out, h->message_id);
		mm_buf_addz(out, ">\n");
	}
	if (h->client_ip.n > 0 || h->client_name.n > 0) {
		mm_buf_addz(out, "    client ");
		add_seen(out, h->client_name);
		if (h->client_ip.n > 0) {
			mm_buf_addz(out, "[");
			add_seen(out, h->client_ip);
			mm_buf_addz(out, "]");
		}
		if (h->user.n > 0) {
			mm_buf_addz(out, " logged in as ");
			add_seen(out, h->user);
		}
		mm_buf_addz(out, "\n");
	}
	for (size_t i = 0; i < MM_COUNT(marks); i++)
		if (h->flags & marks[i].flag)
			mm_buf_addf(out, "    ! %s\n", marks[i].words);
}

static void
add_reply(struct mm_buf *out, const struct mm_story_fact *f)
{
	struct mm_reply reply;

	if (f->text.p == NULL)
		return;
	/* A filter's words, and ours, are no reply. */
	if (f->kind[0] == 'v' || f->kind[0] == 'w') {
		mm_buf_addz(out, "\n        ");
		add_seen(out, f->text);
		return;
	}
	mm_reply_parse(f->text, NULL, &reply);
	mm_buf_addz(out, "\n        ");
	if (reply.code > 0)
		mm_buf_addf(out, "%d ", reply.code);
	if (reply.enhanced.n > 0) {
		add_seen(out, reply.enhanced);
		mm_buf_addc(out, ' ');
	}
	add_seen(out, reply.text);
	if (mm_stage_name(reply.stage) != NULL)
		mm_buf_addf(out, " (at %s)", mm_stage_name(reply.stage));
}

static void
add_fact(struct mm_buf *out, const struct mm_story_fact *f, uint32_t number)
{
	char when[MM_TIME_TEXT], span[MM_TIME_TEXT];

	mm_buf_addf(out, "    %s  ", mm_time_iso(f->t_us, false, when));
	if (number > 0)
		mm_buf_addf(out, "#%u ", number);
	if (f->relay.n > 0 || f->ip.n > 0) {
		add_seen(out, f->relay);
		if (f->ip.n > 0) {
			mm_buf_addc(out, '[');
			add_seen(out, f->ip);
			mm_buf_addc(out, ']');
		}
		mm_buf_addc(out, ' ');
	}
	add_seen(out, f->kind[0] == 'l' ? MM_STR("tried in vain") : f->what);
	if ((f->flags & MM_ATT_CONTACT) == 0 && f->recipient != 0)
		mm_buf_addz(out, ", nobody was contacted");
	if (f->flags & MM_ATT_UNCERTAIN)
		mm_buf_addz(out, ", may have arrived all the same");
	if (f->delay_us >= 0)
		mm_buf_addf(out, " after %s", mm_time_span(f->delay_us, span));
	if (f->cause.n > 0) {
		mm_buf_addz(out, "  [");
		add_seen(out, f->cause);
		mm_buf_addz(out, "]");
	}
	mm_buf_addz(out, "  ");
	add_seen(out, f->source);
	add_reply(out, f);
	mm_buf_addc(out, '\n');
}

/* Recipients of one message, numbered from 1; their ids rise, with gaps where
 * messages were stitched at one time. */
struct numbers {
	uint32_t *ids; /* owned */
	size_t n, cap;
};

static uint32_t
number_next(struct numbers *k, uint32_t id)
{
	k->ids = mm_grow(k->ids, k->n, &k->cap, sizeof(*k->ids));
	k->ids[k->n++] = id;
	return (uint32_t)k->n;
}

static uint32_t
number_of(const struct numbers *k, uint32_t id)
{
	size_t low = 0, high = k->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (k->ids[mid] < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < k->n && k->ids[low] == id ? (uint32_t)low + 1 : 0;
}

static void
add_recipient(struct mm_buf *out, const struct mm_story_recipient *r,
	      uint32_t number)
{
	char when[MM_TIME_TEXT];

	mm_buf_addf(out, "  #%u ", number);
	add_seen(out, r->address);
	if (r->orig.n > 0) {
		mm_buf_addz(out, " (as ");
		add_seen(out, r->orig);
		mm_buf_addz(out, ")");
	}
	mm_buf_addf(out, ": %s", mm_final_name(r->final));
	if (r->final_us != MM_TIME_NONE)
		mm_buf_addf(out, " %s", mm_time_iso(r->final_us, false, when));
	if (r->cause.n > 0) {
		mm_buf_addz(out, ", ");
		add_seen(out, r->cause);
	}
	if (r->next_id.n > 0) {
		mm_buf_addz(out, ", went on as ");
		add_seen(out, r->next_id);
		if (r->next_host.n > 0) {
			mm_buf_addz(out, " at ");
			add_seen(out, r->next_host);
		}
		mm_buf_addf(out, " (%s)", mm_join_name((enum mm_join)r->proof));
	}
	mm_buf_addc(out, '\n');
}

static void
add_duplicate(struct mm_buf *out, const struct mm_story_duplicate *d)
{
	mm_buf_addz(out, "    ! ");
	add_seen(out, d->address);
	if (d->n_sent > 1)
		mm_buf_addf(out, " got it %lld times", (long long)d->n_sent);
	else
		mm_buf_addz(out, " may have got it more than once");
	if (d->n_sent > 1 && d->n_uncertain > 0)
		mm_buf_addz(out, ", perhaps more");
	mm_buf_addz(out, " (");
	add_seen(out, d->how);
	mm_buf_addz(out, "): ");
	add_seen(out, d->evidence);
	mm_buf_addc(out, '\n');
}

static enum mm_status
add_line(struct teller *t, struct mm_str file, uint32_t number,
	 struct mm_str line)
{
	mm_buf_addz(t->out, "    | ");
	add_seen(t->out, file);
	if (line.p != NULL) {
		mm_buf_addf(t->out, ":%u: ", number);
		add_seen(t->out, line);
	}
	mm_buf_addc(t->out, '\n');
	return MM_OK;
}

enum mm_status
mm_trace_block(struct mm_story *y, uint32_t message, struct mm_originals *lines,
	       struct mm_buf *out, struct mm_err *err)
{
	struct teller t = { .tell = add_line, .out = out };
	struct mm_story_head h;
	struct mm_story_recipient r;
	struct mm_story_fact f;
	struct mm_story_duplicate d;
	struct numbers numbers = { 0 };
	enum mm_status st = mm_story_head(y, message, &h, err);

	if (st != MM_OK)
		return st;
	add_head(out, &h);
	while ((st = mm_story_recipient(y, message, numbers.n == 0, &r, err)) ==
	       MM_OK)
		add_recipient(out, &r, number_next(&numbers, r.id));
	for (bool first = true;
	     st == MM_END &&
	     (st = mm_story_duplicate(y, message, first, &d, err)) == MM_OK;
	     first = false) {
		add_duplicate(out, &d);
		st = MM_END;
	}
	for (bool first = true;
	     st == MM_END &&
	     (st = mm_story_fact(y, message, first, &f, err)) == MM_OK;
	     first = false) {
		add_fact(out, &f, number_of(&numbers, f.recipient));
		st = MM_END;
	}
	free(numbers.ids);
	t.head = &h;
	return st == MM_END ? tell_lines(lines, &t) : st;
}
