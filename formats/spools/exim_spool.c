#include <stdlib.h>

#include "formats/base/buf.h"
#include "formats/base/mem.h"
#include "formats/spools/entries.h"
#include "formats/spools/exim_hints.h"
#include "formats/spools/formats.h"

#define FILE_MAX_BYTES	  ((size_t)64 << 20)
#define HEADERS_MAX_BYTES ((size_t)1 << 20)

/* Where a file lies: "TOP/input/a/ID-H", "TOP/msglog/a/ID"; the folder of one
 * letter only with split_spool_directory; "TOP/db/retry". */
struct place {
	struct mm_str top, id;
	char kind; /* 'H', 'D', 'J', 'h' hdr., 'm' msglog, 'b' db; 0 none */
};

struct spool {
	struct mm_entries es;
	struct mm_exim_hints hints;
};

/* 6-6-2 digits of base 62 up to Exim 4.96, 6-11-4 from 4.97 on. */
static bool
is_id(struct mm_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool dash = i == 6 || i == (s.n == 16 ? 13 : 18);

		if (dash ? c != '-'
			 : !((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			     (c >= 'a' && c <= 'z')))
			return false;
	}
	return s.n == 16 || s.n == 23;
}

static struct place
find_place(struct mm_str name)
{
	struct place p = { .kind = 'm' };
	struct mm_str path = name, part, up;

	(void)mm_entries_cut_last(&path, &p.id);
	if (mm_str_skip(&p.id, "hdr.")) {
		p.kind = 'h';
	} else if (p.id.n > 2 && p.id.p[p.id.n - 2] == '-') {
		p.kind = p.id.p[p.id.n - 1];
		p.id.n -= 2;
	}
	p.top = up = path;
	(void)mm_entries_cut_last(&up, &part);
	if (part.n == 1)
		(void)mm_entries_cut_last(&up, &part);
	if (mm_str_is(part, p.kind == 'm' ? "msglog" : "input"))
		p.top = up;
	else if (p.kind == 'm')
		p.kind = 0;
	if (!is_id(p.id))
		p.kind = 0;
	if (mm_str_is(part, "db") &&
	    (mm_str_is(p.id, "retry") || mm_str_starts(p.id, "wait-"))) {
		p.top = up;
		p.kind = 'b';
	}
	p.top = mm_entries_top(p.top);
	return p;
}

static bool
probe(const struct mm_leaf *leaf, struct mm_str *top)
{
	struct place p = find_place(leaf->name);
	struct mm_str first =
	    mm_str_upto(leaf->head, mm_str_findc(leaf->head, '\n'));

	*top = p.top;
	switch (p.kind) {
	case 'H': /* they name themselves; empty or zeroed after a crash */
	case 'D':
	case 'h':
		return leaf->head.n == 0 || leaf->head.p[0] == '\0' ||
		       (mm_str_ends(first, p.kind == 'D' ? "-D" : "-H") &&
			mm_str_eq(mm_str_upto(first, first.n - 2), p.id));
	case 'J':
	case 'm':
		return mm_str_findc(leaf->head, '\0') == MM_NOT_FOUND;
	case 'b':
		return mm_exim_hints_probe(leaf->head);
	default:
		return false;
	}
}

static void *
begin(struct mm_str top)
{
	struct spool *sp = mm_alloc(sizeof(*sp));

	mm_entries_init(&sp->es, top);
	mm_exim_hints_init(&sp->hints);
	return sp;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Cut "TEXT LEN,NUMBER" off the end of a recipient line: TEXT has LEN bytes
 * and what stands before it ends with a blank. */
static bool
cut_counted(struct mm_str *s, struct mm_str *text)
{
	size_t i = s->n;
	struct mm_str rest;
	uint64_t len;

	while (i > 0 && (is_digit(s->p[i - 1]) || s->p[i - 1] == ',' ||
			 s->p[i - 1] == '-'))
		i--;
	rest = mm_str_from(*s, i);
	if (!mm_str_take_u64(&rest, &len) || !mm_str_starts(rest, ",") ||
	    i == 0 || len + 1 > i)
		return false;
	i -= 1 + (size_t)len;
	*text = (struct mm_str){ s->p + i, (size_t)len };
	*s = mm_str_upto(*s, i > 0 ? i - 1 : 0);
	return true;
}

/* An address, and behind it what versions of Exim keep with it: " N,N,N",
 * " N", or data that end with "#BITS" (spool_in.c). */
static struct mm_str
recipient_of(struct mm_str line, struct mm_str *orcpt)
{
	size_t i = line.n;
	struct mm_str s, unused;
	uint64_t bits;

	*orcpt = MM_STR_ABSENT;
	while (i > 0 && is_digit(line.p[i - 1]))
		i--;
	if (i == 0 || i == line.n)
		return line;
	s = mm_str_upto(line, i - 1);
	switch (line.p[i - 1]) {
	case '#':
		if (!mm_str_to_u64(mm_str_from(line, i), &bits))
			return line;
		if ((bits & 1) != 0 && !cut_counted(&s, &unused))
			return line;
		if ((bits & 2) != 0 && !cut_counted(&s, orcpt))
			return line;
		return s;
	case ',':
		while (s.n > 0 &&
		       (is_digit(s.p[s.n - 1]) || s.p[s.n - 1] == ','))
			s.n--;
		return s.n > 0 && s.p[s.n - 1] == ' ' ? mm_str_upto(s, s.n - 1)
						      : line;
	case ' ':
		return s;
	default:
		return line;
	}
}

/* One -H file. */
struct file {
	struct mm_entries *es;
	struct mm_spool_entry *e;
	struct mm_str rest;
	const char *broken; /* where it made no sense */
};

static bool
next(struct file *f, struct mm_str *line)
{
	return mm_entries_line(&f->rest, line);
}

/* "-name value"; tainted values have "--", quoted ones "--(lookup)". */
static void
take_option(struct file *f, struct mm_str line)
{
	struct mm_str name, value = line;
	int64_t us;

	while (mm_str_skip(&value, "-"))
		;
	if (mm_str_skip(&value, "("))
		(void)mm_str_cutc(&value, ')', &name);
	if (!mm_str_cutc(&value, ' ', &name)) {
		name = value;
		value = mm_str_from(value, value.n);
	}
	if (mm_str_is(name, "frozen")) {
		f->e->queue = MM_STR("frozen");
		mm_entries_saw(f->es, mm_entries_epoch(value));
	} else if (mm_str_is(name, "deliver_firsttime")) {
		f->e->n_attempts = 0;
	} else if (mm_str_is(name, "received_time_usec") &&
		   f->e->arrived_us != MM_TIME_NONE &&
		   mm_str_to_fixed(value, MM_SECOND_US, &us) && us >= 0 &&
		   us < MM_SECOND_US) {
		f->e->arrived_us += us;
	} else if (mm_str_is(name, "active_hostname") &&
		   f->es->host.p == NULL) {
		f->es->host = mm_entries_keep(f->es, value);
	} else if (mm_str_is(name, "acl") || mm_str_is(name, "aclc") ||
		   mm_str_is(name, "aclm")) {
		/* "NAME LENGTH", then a value that may hold line ends. */
		size_t at = mm_str_find_last(value, " ");
		uint64_t n;

		if (at != MM_NOT_FOUND &&
		    mm_str_to_u64(mm_str_from(value, at + 1), &n))
			f->rest = mm_str_from(
			    f->rest, n < f->rest.n ? (size_t)n + 1 : f->rest.n);
	}
}

static void
done(struct mm_entries *es, struct mm_str id, struct mm_str address)
{
	struct mm_said said = {
		.queue_id = id,
		.address = mm_entries_keep(es, address),
		.tried_us = MM_TIME_NONE,
		.body_us = MM_TIME_NONE,
		.size_bytes = -1,
		.done = true,
	};

	mm_entries_say(es, &said);
}

static bool
take_envelope(struct file *f)
{
	struct mm_str line;

	f->broken = "cut within the envelope";
	if (!next(f, &line) || !next(f, &line)) /* its name; login uid gid */
		return false;
	if (!next(f, &line))
		return false;
	if (!mm_str_starts(line, "<") || !mm_str_ends(line, ">")) {
		f->broken = "no sender where it should be";
		return false;
	}
	f->e->sender = mm_entries_keep(
	    f->es, mm_str_from(mm_str_upto(line, line.n - 1), 1));
	if (!next(f, &line))
		return false;
	f->e->arrived_us =
	    mm_entries_epoch(mm_str_upto(line, mm_str_findc(line, ' ')));
	return true;
}

/* Options, the tree of those done, the recipients. */
static bool
take_lists(struct file *f)
{
	struct mm_str line, orcpt;
	uint64_t n;

	do {
		if (!next(f, &line))
			return false;
		if (mm_str_starts(line, "-"))
			take_option(f, line);
	} while (mm_str_starts(line, "-"));
	while (line.n > 3 && line.p[2] == ' ') { /* "YN address" */
		done(f->es, f->e->queue_id, mm_str_from(line, 3));
		if (!next(f, &line))
			return false;
	}
	if (mm_str_is(line, "XX") && !next(f, &line))
		return false;
	if (!mm_str_to_u64(line, &n)) {
		f->broken = "no count of recipients where it should be";
		return false;
	}
	for (; n > 0; n--) {
		if (!next(f, &line) || line.n == 0)
			return false;
		(void)mm_entries_recipient(f->es, recipient_of(line, &orcpt));
	}
	return true;
}

/* "NNNc header", NNN bytes with their line ends; `*` marks deleted ones. The
 * size of the message counts the others (queue_list()). */
static void
take_headers(struct file *f)
{
	struct mm_buf block;
	struct mm_str header;
	uint64_t n;

	mm_buf_init(&block, HEADERS_MAX_BYTES);
	(void)next(f, &header); /* blank */
	f->e->size_bytes = 0;
	while (mm_str_take_u64(&f->rest, &n) && f->rest.n > 2) {
		char flag = f->rest.p[0];

		header = mm_str_from(f->rest, 2);
		if (n > header.n)
			break;
		header = mm_str_upto(header, (size_t)n);
		f->rest = mm_str_from(f->rest, 2 + (size_t)n);
		if (flag == '*')
			continue;
		f->e->size_bytes += (int64_t)n;
		mm_buf_adds(&block, header);
	}
	mm_entries_headers(f->es, f->e, mm_buf_str(&block));
	mm_buf_fini(&block);
}

static void
take_header_file(struct mm_entries *es, const struct mm_leaf *leaf,
		 const struct place *p)
{
	struct file f = { .es = es };
	bool all;

	f.e = mm_entries_begin(es, leaf->name, p->id);
	f.e->queue = MM_STR("deferred");
	f.rest = mm_entries_content(leaf, FILE_MAX_BYTES, &all);
	if (take_envelope(&f) && take_lists(&f))
		take_headers(&f);
	else
		f.e->note =
		    mm_str_z(leaf->head.n > 0 ? f.broken : "empty file");
	if (f.e->n_attempts == 0 && mm_str_is(f.e->queue, "deferred"))
		f.e->queue = MM_STR("incoming");
	mm_entries_end(es);
	mm_entries_saw(es, f.e->arrived_us);
	mm_entries_saw_mtime(es, leaf->mtime_us);
	/* About to take the place of -H; or a message not accepted yet. What
	 * is done in it is done. */
	if (p->kind == 'h')
		es->n--;
}

/* The body: its length beside the line with its own name; one is added for
 * the blank line between headers and body. */
static void
take_data_file(struct mm_entries *es, const struct mm_leaf *leaf,
	       struct mm_str id)
{
	struct mm_said said = { .tried_us = MM_TIME_NONE,
				.body_us = leaf->mtime_us };
	size_t own = id.n + sizeof("-D\n") - 1;
	struct mm_str content;
	bool all;

	content = mm_entries_content(leaf, FILE_MAX_BYTES, &all);
	said.queue_id = mm_entries_keep(es, id);
	said.size_bytes =
	    all && content.n >= own ? (int64_t)(content.n - own + 1) : -1;
	mm_entries_say(es, &said);
}

/* The journal: whom the running delivery has done, one a line. */
static void
take_journal(struct mm_entries *es, const struct mm_leaf *leaf,
	     struct mm_str id)
{
	struct mm_str rest, line;
	bool all;

	id = mm_entries_keep(es, id);
	rest = mm_entries_content(leaf, FILE_MAX_BYTES, &all);
	while (mm_entries_line(&rest, &line))
		done(es, id, line);
	mm_entries_saw_mtime(es, leaf->mtime_us);
}

/* What follows "defer (NUMBER)", without the fields around it. */
static struct mm_str
reason_of(struct mm_str text)
{
	struct mm_str head, rest = text;

	(void)(mm_str_skip(&rest, ": ") || mm_str_skip(&rest, ":"));
	rest = text = mm_str_trim(rest);
	if (mm_str_findc(mm_str_upto(text, mm_str_findc(text, ' ')), '=') !=
		MM_NOT_FOUND &&
	    mm_str_cut(&rest, ": ", &head))
		text = rest;
	if (mm_str_find_last(text, " ") != MM_NOT_FOUND &&
	    mm_str_starts(mm_str_from(text, mm_str_find_last(text, " ")),
			  " DT="))
		text = mm_str_upto(text, mm_str_find_last(text, " "));
	return mm_str_trim(text);
}

/* "ADDRESS [<PARENT>] R=... defer (N)...: reason", or without "defer (N)" a
 * failure, which for a bounce only freezes the message. */
static void
take_failure(struct mm_entries *es, struct mm_said *said, struct mm_str line)
{
	struct mm_str before, address, word;

	if (mm_str_cut(&line, " defer (", &before)) {
		if (!mm_str_cutc(&line, ')', &word))
			return;
	} else if (mm_str_find(line, " R=") != MM_NOT_FOUND) {
		before = line;
		line = mm_str_from(line, mm_str_find(line, " R="));
	} else {
		return;
	}
	said->reason = mm_entries_keep(es, reason_of(line));
	address = mm_str_upto(before, mm_str_findc(before, ' '));
	said->address = mm_entries_keep(es, address);
	mm_entries_say(es, said);
	before = mm_str_from(before, address.n);
	if (mm_str_skip(&before, " <") && mm_str_cutc(&before, '>', &word)) {
		said->address = mm_entries_keep(es, word);
		mm_entries_say(es, said);
	}
}

/* msglog: the lines of the main log about this message; the first says how it
 * was received, the last word about an address counts. */
static void
take_msglog(struct mm_entries *es, const struct mm_leaf *leaf, struct mm_str id)
{
	struct mm_said said = { .size_bytes = -1,
				.tried_us = MM_TIME_NONE,
				.body_us = MM_TIME_NONE };
	struct mm_str rest, line, stamp;
	bool all;

	said.queue_id = mm_entries_keep(es, id);
	mm_entries_saw_mtime(es, leaf->mtime_us);
	rest = mm_entries_content(leaf, FILE_MAX_BYTES, &all);
	while (mm_entries_line(&rest, &line)) {
		if (!mm_str_cutc(&line, ' ', &stamp) ||
		    !mm_str_cutc(&line, ' ', &stamp))
			continue;
		if (mm_str_starts(line, "+") || mm_str_starts(line, "-"))
			(void)mm_str_cutc(&line, ' ', &stamp); /* zone */
		if (mm_str_starts(line, "Received from "))
			continue;
		said.tried_us = leaf->mtime_us;
		take_failure(es, &said, line);
	}
	said.address = said.reason = MM_STR_ABSENT;
	mm_entries_say(es, &said);
}

static void
file(void *state, const struct mm_leaf *leaf)
{
	struct spool *sp = state;
	struct mm_entries *es = &sp->es;
	struct place p = find_place(leaf->name);
	bool all;

	switch (p.kind) {
	case 'H':
	case 'h':
		take_header_file(es, leaf, &p);
		break;
	case 'D':
		take_data_file(es, leaf, p.id);
		break;
	case 'J':
		take_journal(es, leaf, p.id);
		break;
	case 'b':
		if (mm_str_is(p.id, "retry"))
			sp->hints.has_retries = true;
		mm_exim_hints_take(
		    &sp->hints, mm_entries_content(leaf, FILE_MAX_BYTES, &all));
		break;
	default:
		take_msglog(es, leaf, p.id);
	}
}

static void
finish(void *state, const struct mm_spool_sink *sink)
{
	struct spool *sp = state;
	struct mm_entries *es = &sp->es;

	mm_exim_hints_sort(&sp->hints);
	for (size_t i = 0; i < es->n; i++)
		mm_exim_hints_say(&sp->hints, &es->list[i]);
	if (sink != NULL)
		mm_entries_emit(es, MM_MTA_EXIM, mm_spool_exim.name,
				mm_entries_merge_done, sink);
	mm_entries_fini(es);
	mm_exim_hints_fini(&sp->hints);
	free(sp);
}

const struct mm_spool_format mm_spool_exim = {
	.name = "exim spool file",
	.source = "Exim 4.98 spec.txt chapter 56, spool_in.c, queue.c",
	.probe = probe,
	.begin = begin,
	.file = file,
	.finish = finish,
};
