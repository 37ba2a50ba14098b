#include <stdlib.h>

#include "formats/base/buf.h"
#include "formats/base/mem.h"
#include "formats/spools/entries.h"
#include "formats/spools/formats.h"

#define FILE_MAX_BYTES	  ((size_t)64 << 20)
#define HEADERS_MAX_BYTES ((size_t)1 << 20)

/* The first letter of a name in a queue folder says what the file is. */
static const struct kind {
	const char *prefix;
	const char *queue; /* of a control file; NULL: from its content */
	const char *note;
	bool is_control, is_waiting;
} kinds[] = {
	{ "qf", NULL, NULL, true, true },
	{ "hf", "quarantine", NULL, true, true },
	{ "Qf", "corrupt", "set aside as bad", true, false },
	{ "df", NULL, NULL, false, false },
	{ "xf", NULL, NULL, false, false },
	{ "tf", NULL, NULL, false, false },
	{ "Tf", NULL, NULL, false, false },
};

struct place {
	const struct kind *kind; /* NULL: none of ours */
	struct mm_str top, id;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* 12 letters and digits or more, the last five of them always digits. */
static bool
is_id(struct mm_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!is_digit(c) && (i + 5 >= s.n || !((c >= 'A' && c <= 'Z') ||
						       (c >= 'a' && c <= 'z'))))
			return false;
	}
	return s.n >= 12 && s.n <= 20;
}

/* A queue folder holds files, or groups "q1" ..., or folders "qf", "df", "xf".
 * All queues of one machine (mqueue, mqueue-client) are one snapshot. */
static struct place
find_place(struct mm_str name)
{
	struct place p = { NULL, MM_STR_ABSENT, MM_STR_ABSENT };
	struct mm_str path = name, up, part;

	(void)mm_entries_cut_last(&path, &p.id);
	for (size_t i = 0; i < MM_COUNT(kinds); i++)
		if (mm_str_skip(&p.id, kinds[i].prefix)) {
			p.kind = &kinds[i];
			break;
		}
	if (p.kind == NULL || !is_id(p.id)) {
		p.kind = NULL;
		return p;
	}
	up = path;
	if (mm_entries_cut_last(&up, &part) && part.n == 2 && part.p[1] == 'f')
		path = up;
	up = path;
	if (mm_entries_cut_last(&up, &part) && part.n > 1 && part.p[0] == 'q' &&
	    is_digit(part.p[part.n - 1]))
		path = up;
	up = path;
	if (mm_entries_cut_last(&up, &part) &&
	    (mm_str_starts(part, "mqueue") ||
	     mm_str_starts(part, "clientmqueue")))
		path = up;
	p.top = mm_entries_top(path);
	return p;
}

static bool
probe(const struct mm_leaf *leaf, struct mm_str *top)
{
	struct place p = find_place(leaf->name);
	struct mm_str head = leaf->head;

	*top = p.top;
	if (p.kind == NULL)
		return false;
	if (!p.kind->is_control || head.n == 0 || head.p[0] == '\0')
		return true;
	return head.n > 2 && head.p[0] == 'V' && is_digit(head.p[1]);
}

static void *
begin(struct mm_str top)
{
	struct mm_entries *es = mm_alloc(sizeof(*es));

	mm_entries_init(es, top);
	return es;
}

/* One control file. */
struct file {
	struct mm_entries *es;
	struct mm_spool_entry *e;
	struct mm_str reason;		      /* of the message */
	struct mm_str next_orig, next_reason; /* of the next recipient */
	struct mm_buf headers;
	bool in_header, ended;
};

static struct mm_str
unbracketed(struct mm_str s)
{
	if (s.n > 1 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		s = mm_str_from(mm_str_upto(s, s.n - 1), 1);
	return s;
}

/* "RFC822; address" */
static struct mm_str
untyped(struct mm_str s)
{
	struct mm_str type;

	return mm_str_cutc(&s, ';', &type) ? mm_str_trim(s) : MM_STR_ABSENT;
}

/* "FLAGS:address", or the address alone in versions of old. */
static void
take_recipient(struct file *f, struct mm_str s)
{
	struct mm_spool_recipient *r;
	size_t i = 0;

	while (i < s.n && ((s.p[i] >= 'A' && s.p[i] <= 'Z') ||
			   (s.p[i] >= 'a' && s.p[i] <= 'z')))
		i++;
	if (i < s.n && s.p[i] == ':')
		s = mm_str_from(s, i + 1);
	r = mm_entries_recipient(f->es, unbracketed(s));
	if (f->next_orig.n > 0 && !mm_str_ieq(f->next_orig, r->address))
		r->orig = mm_entries_keep(f->es, f->next_orig);
	r->reason = mm_entries_keep(
	    f->es, f->next_reason.p != NULL ? f->next_reason : f->reason);
	f->next_orig = f->next_reason = MM_STR_ABSENT;
}

/* "?flags?Name: value": the flags are mailer flags it depends on. */
static void
take_header(struct file *f, struct mm_str s)
{
	struct mm_str flags;

	if (mm_str_skip(&s, "?"))
		(void)mm_str_cutc(&s, '?', &flags);
	mm_buf_adds(&f->headers, s);
	mm_buf_addc(&f->headers, '\n');
}

static int64_t
number(struct mm_str s)
{
	uint64_t n;

	return mm_str_to_u64(s, &n) && n < INT64_MAX ? (int64_t)n : -1;
}

static void
take_line(struct file *f, char letter, struct mm_str s)
{
	struct mm_spool_entry *e = f->e;

	switch (letter) {
	case 'T':
		e->arrived_us = mm_entries_epoch(s);
		break;
	case 'K': /* 0: never tried */
		e->last_try_us = mm_entries_epoch(s);
		break;
	case 'N':
		e->n_attempts = number(s);
		break;
	case 'M':
		/* That says how long, not why. */
		if (mm_str_starts(s, "Warning: could not send message"))
			break;
		(void)mm_str_skip(&s, "Deferred: ");
		if (e->sender.p == NULL)
			f->reason = s;
		else
			f->next_reason = s;
		break;
	case 'S':
		s = unbracketed(s);
		e->sender = mm_str_is(s, "MAILER-DAEMON")
				? MM_STR("")
				: mm_entries_keep(f->es, s);
		break;
	case 'Q':
		f->next_orig = untyped(s);
		break;
	case 'q':
		e->note = mm_entries_keep(f->es, s);
		break;
	case 'R':
		take_recipient(f, s);
		break;
	case 'H':
		take_header(f, s);
		break;
	case '.':
		f->ended = true;
		break;
	default:
		break;
	}
}

static void
take_control_file(struct mm_entries *es, const struct mm_leaf *leaf,
		  const struct place *p)
{
	struct file f = { .es = es };
	struct mm_str rest, line;
	bool all;

	mm_buf_init(&f.headers, HEADERS_MAX_BYTES);
	f.e = mm_entries_begin(es, leaf->name, p->id);
	rest = mm_entries_content(leaf, FILE_MAX_BYTES, &all);
	while (!f.ended && mm_entries_line(&rest, &line)) {
		if (line.n == 0)
			continue;
		if (line.p[0] != ' ' && line.p[0] != '\t') {
			f.in_header = line.p[0] == 'H';
			take_line(&f, line.p[0], mm_str_from(line, 1));
		} else if (f.in_header) {
			mm_buf_adds(&f.headers, line);
			mm_buf_addc(&f.headers, '\n');
		}
	}
	f.e->queue = mm_str_z(p->kind->queue != NULL ? p->kind->queue
			      : f.e->n_attempts == 0 ? "incoming"
						     : "deferred");
	if (leaf->head.n == 0)
		f.e->note = MM_STR("empty file");
	else if (p->kind->note != NULL)
		f.e->note = mm_str_z(p->kind->note);
	else if (!f.ended)
		f.e->note = MM_STR("no end line");
	mm_entries_headers(es, f.e, mm_buf_str(&f.headers));
	mm_buf_fini(&f.headers);
	mm_entries_end(es);
	for (size_t i = 0; i < f.e->n_recipients; i++)
		f.e->recipients[i].done = !p->kind->is_waiting;
	mm_entries_saw(es, f.e->arrived_us);
	mm_entries_saw(es, f.e->last_try_us);
	mm_entries_saw_mtime(es, leaf->mtime_us);
}

/* mailq shows the length of the body as the size. */
static void
take_data_file(struct mm_entries *es, const struct mm_leaf *leaf,
	       struct mm_str id)
{
	struct mm_said said = { .tried_us = MM_TIME_NONE,
				.body_us = leaf->mtime_us };
	struct mm_str content;
	bool all;

	content = mm_entries_content(leaf, FILE_MAX_BYTES, &all);
	said.queue_id = mm_entries_keep(es, id);
	said.size_bytes = all ? (int64_t)content.n : -1;
	mm_entries_say(es, &said);
}

static void
file(void *state, const struct mm_leaf *leaf)
{
	struct place p = find_place(leaf->name);

	if (p.kind->is_control)
		take_control_file(state, leaf, &p);
	else if (mm_str_is(mm_str_z(p.kind->prefix), "df"))
		take_data_file(state, leaf, p.id);
}

/* A copy of a live queue may see a message before and after its quarantine. */
static void
merge(struct mm_entries *es, struct mm_spool_entry *into,
      const struct mm_spool_entry *from)
{
	(void)es;
	if (from->last_try_us > into->last_try_us)
		*into = *from;
}

static void
finish(void *state, const struct mm_spool_sink *sink)
{
	struct mm_entries *es = state;

	if (sink != NULL)
		mm_entries_emit(es, MM_MTA_SENDMAIL, mm_spool_sendmail.name,
				merge, sink);
	mm_entries_fini(es);
	free(es);
}

const struct mm_spool_format mm_spool_sendmail = {
	.name = "sendmail queue file",
	.source = "Sendmail 8.17 doc/op/op.me section B.3 (queue files)",
	.probe = probe,
	.begin = begin,
	.file = file,
	.finish = finish,
};
