#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "formats/spools/entries.h"
#include "formats/spools/formats.h"

#define FILE_MAX_BYTES	  ((size_t)64 << 20)
#define ID_BYTES	  8   /* of a message */
#define ENVELOPE_ID_BYTES 16  /* the same, and 8 more */
#define BACKOFF_TRANSFER  400 /* seconds, scheduler_ramqueue.c */
#define BACKOFF_DELIVERY  10

/* "TOP/queue/b1/b1a800c2/b1a800c2522fa249" and ".../message"; "incoming"
 * without the folder of two letters while the client still sends, its text
 * then in "temporary/b1a800c2". */
struct place {
	struct mm_str top, message, file; /* file absent: none of ours */
	bool incoming;
};

static bool
is_hex(struct mm_str s, size_t n)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') ||
		      (s.p[i] >= 'a' && s.p[i] <= 'f')))
			return false;
	return s.n == n;
}

static struct place
find_place(struct mm_str name)
{
	struct place p = { .file = MM_STR_ABSENT };
	struct mm_str path = name, file, part;

	(void)mm_entries_cut_last(&path, &file);
	(void)mm_entries_cut_last(&path, &p.message);
	if (mm_str_is(p.message, "temporary") && is_hex(file, ID_BYTES)) {
		p.message = file;
		p.file = MM_STR("message");
		p.top = mm_entries_top(path);
		return p;
	}
	if (mm_entries_cut_last(&path, &part) && is_hex(part, 2))
		(void)mm_entries_cut_last(&path, &part);
	p.incoming = mm_str_is(part, "incoming");
	p.top = mm_entries_top(path);
	if ((p.incoming || mm_str_is(part, "queue")) &&
	    is_hex(p.message, ID_BYTES) &&
	    (mm_str_is(file, "message") ||
	     (is_hex(file, ENVELOPE_ID_BYTES) &&
	      mm_str_eq(mm_str_upto(file, ID_BYTES), p.message))))
		p.file = file;
	return p;
}

static bool
probe(const struct mm_leaf *leaf, struct mm_str *top)
{
	struct place p = find_place(leaf->name);

	*top = p.top;
	return p.file.p != NULL &&
	       (mm_str_is(p.file, "message") || leaf->head.n == 0 ||
		leaf->head.p[0] == '\0' ||
		mm_str_starts(leaf->head, "version: "));
}

static void *
begin(struct mm_str top)
{
	struct mm_entries *es = mm_alloc(sizeof(*es));

	mm_entries_init(es, top);
	return es;
}

/* "user@domain"; the null sender has neither: "@". */
static struct mm_str
address_of(struct mm_str s)
{
	return mm_str_is(s, "@") ? MM_STR("") : s;
}

/* One envelope: "name: value" lines (envelope.c). */
struct envelope {
	struct mm_str type, sender, rcpt, dest, error, host;
	int64_t created_us, tried_us, n_tries;
};

static void
take_field(struct envelope *v, struct mm_str name, struct mm_str value)
{
	const struct {
		const char *name;
		struct mm_str *text;
	} texts[] = {
		{ "type", &v->type },	    { "sender", &v->sender },
		{ "rcpt", &v->rcpt },	    { "dest", &v->dest },
		{ "errorline", &v->error }, { "smtpname", &v->host },
	};
	uint64_t n;

	for (size_t i = 0; i < MM_COUNT(texts); i++)
		if (mm_str_is(name, texts[i].name))
			*texts[i].text = value;
	if (mm_str_is(name, "ctime"))
		v->created_us = mm_entries_epoch(value);
	else if (mm_str_is(name, "last-try"))
		v->tried_us = mm_entries_epoch(value);
	else if (mm_str_is(name, "retry") && mm_str_to_u64(value, &n) &&
		 n <= UINT16_MAX)
		v->n_tries = (int64_t)n;
}

/* scheduler_backoff(): not before this, when the last try failed. */
static int64_t
next_try(const struct envelope *v)
{
	int64_t base =
	    mm_str_is(v->type, "mta") ? BACKOFF_TRANSFER : BACKOFF_DELIVERY;

	if (v->created_us == MM_TIME_NONE || v->n_tries <= 0)
		return MM_TIME_NONE;
	return v->created_us + base * v->n_tries * v->n_tries * MM_SECOND_US;
}

static void
take_envelope(struct mm_entries *es, const struct mm_leaf *leaf,
	      const struct place *p)
{
	struct envelope v = { .created_us = MM_TIME_NONE,
			      .tried_us = MM_TIME_NONE,
			      .n_tries = -1 };
	struct mm_str rest = leaf->head, line, name;
	struct mm_spool_entry *e;
	struct mm_spool_recipient *r;

	while (mm_entries_line(&rest, &line))
		if (mm_str_cutc(&line, ':', &name))
			take_field(&v, name, mm_str_trim(line));
	mm_entries_saw(es, v.created_us);
	mm_entries_saw(es, v.tried_us);
	mm_entries_saw_mtime(es, leaf->mtime_us);
	if (es->host.p == NULL)
		es->host = mm_entries_keep(es, v.host);
	if (mm_str_is(v.type, "bounce"))
		return; /* a notice to be written about an envelope gone */
	e = mm_entries_begin(es, leaf->name, p->message);
	e->sender = mm_entries_keep(es, address_of(v.sender));
	e->arrived_us = v.created_us;
	e->last_try_us = v.tried_us;
	e->n_attempts = v.n_tries;
	e->queue = p->incoming || v.n_tries == 0 ? MM_STR("incoming")
						 : MM_STR("deferred");
	if (p->incoming)
		e->note =
		    MM_STR("half written: the message is not accepted yet");
	else if (v.dest.p == NULL)
		e->note = leaf->head.n == 0 ? MM_STR("empty file")
					    : MM_STR("cut envelope");
	e->next_try_us = next_try(&v);
	if (v.dest.p != NULL) {
		r = mm_entries_recipient(es, v.dest);
		r->done = p->incoming;
		r->reason = mm_entries_keep(es, v.error);
		if (v.rcpt.p != NULL && !mm_str_ieq(v.rcpt, v.dest))
			r->orig = mm_entries_keep(es, v.rcpt);
	}
	mm_entries_end(es);
}

static void
take_message(struct mm_entries *es, const struct mm_leaf *leaf,
	     const struct place *p)
{
	struct mm_said said = { .tried_us = MM_TIME_NONE,
				.body_us = leaf->mtime_us };
	struct mm_str content;
	bool all;

	/* For the headers only: the envelopes are the entries. */
	struct mm_spool_entry *e = mm_entries_begin(es, leaf->name, p->message);

	content = mm_entries_content(leaf, FILE_MAX_BYTES, &all);
	mm_entries_headers(es, e, content);
	said.queue_id = e->queue_id;
	said.message_id = e->message_id;
	said.header = e->header;
	said.size_bytes = all ? (int64_t)content.n : -1;
	es->n--;
	mm_entries_say(es, &said);
}

static void
file(void *state, const struct mm_leaf *leaf)
{
	struct place p = find_place(leaf->name);

	if (mm_str_is(p.file, "message"))
		take_message(state, leaf, &p);
	else
		take_envelope(state, leaf, &p);
}

static void
finish(void *state, const struct mm_spool_sink *sink)
{
	struct mm_entries *es = state;

	if (sink != NULL)
		mm_entries_emit(es, MM_MTA_OPENSMTPD, mm_spool_opensmtpd.name,
				mm_entries_merge_recipients, sink);
	mm_entries_fini(es);
	free(es);
}

const struct mm_spool_format mm_spool_opensmtpd = {
	.name = "opensmtpd queue file",
	.source = "OpenSMTPD 7.x envelope.c, queue_fs.c, scheduler_ramqueue.c",
	.probe = probe,
	.begin = begin,
	.file = file,
	.finish = finish,
};
