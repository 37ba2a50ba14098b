#include <stdlib.h>

#include "formats/base/buf.h"
#include "formats/base/mem.h"
#include "formats/spools/entries.h"
#include "formats/spools/formats.h"
#include "formats/spools/postfix_record.h"

#define CONTENT_MAX_BYTES ((size_t)256 << 20)
#define HEADERS_MAX_BYTES ((size_t)64 << 10)
#define ID_MAX_BYTES	  64
#define MODE_COMPLETE	  0100U /* cleanup(8) sets u+x at the end */

/* The folders below queue_directory. Of two places of one message the one
 * with the lower rank is believed: a live copy sees it while it moves. */
struct folder {
	const char *name;
	int rank;
	bool is_log; /* texts about messages: bounce_log(3) */
	bool is_waiting;
};

static const struct folder folders[] = {
	{ "active", 0, false, true },	 { "incoming", 1, false, true },
	{ "deferred", 2, false, true },	 { "hold", 3, false, true },
	{ "maildrop", 5, false, false }, { "corrupt", 6, false, false },
	{ "defer", 0, true, false },	 { "bounce", 0, true, false },
	{ "trace", 0, true, false },	 { "flush", 0, true, false },
};
/* A queue file that lies anywhere else. */
static const struct folder elsewhere = { "queue", 4, false, true };

static const struct folder *
folder_named(struct mm_str name)
{
	for (size_t i = 0; i < MM_COUNT(folders); i++)
		if (mm_str_is(name, folders[i].name))
			return &folders[i];
	return NULL;
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

static bool
is_queue_id(struct mm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]))
			return false;
	return s.n > 4 && s.n < ID_MAX_BYTES;
}

struct place {
	const struct folder *folder;
	struct mm_str top, id;
};

/* "TOP/deferred/4/4F2A1C": hashed to any depth by folders of one letter. */
static struct place
find_place(struct mm_str name)
{
	struct mm_str path = name, part;
	struct place p = { &elsewhere, MM_STR_ABSENT, MM_STR_ABSENT };

	(void)mm_entries_cut_last(&path, &p.id);
	p.top = path;
	while (mm_entries_cut_last(&path, &part) && part.n == 1 &&
	       is_alnum(part.p[0]))
		;
	if (part.n > 1 && folder_named(part) != NULL) {
		p.folder = folder_named(part);
		p.top = path;
	}
	p.top = mm_entries_top(p.top);
	return p;
}

/* Is this the front of a queue file? cleanup(8) begins with the size record,
 * postdrop(1) with the time. */
static bool
looks_like_queue_file(struct mm_str head)
{
	struct mm_postfix_records r = { .all = head };
	struct mm_postfix_record rec = mm_postfix_record_raw(&r);

	if ((rec.type != 'C' && rec.type != 'T') || rec.data.n < 9)
		return false;
	for (size_t i = 0; i < rec.data.n; i++)
		if (rec.data.p[i] != ' ' &&
		    (rec.data.p[i] < '0' || rec.data.p[i] > '9'))
			return false;
	return r.at >= head.n ||
	       mm_str_findc(MM_STR("CTcFILSDRO/WVA>K<ionpMfdmrePw"),
			    head.p[r.at]) != MM_NOT_FOUND;
}

static bool
looks_like_text(struct mm_str head)
{
	return head.n > 0 && mm_str_findc(head, '\0') == MM_NOT_FOUND;
}

static bool
probe(const struct mm_leaf *leaf, struct mm_str *top)
{
	struct place p = find_place(leaf->name);

	*top = p.top;
	if (looks_like_queue_file(leaf->head))
		return true;
	if (p.folder == &elsewhere)
		return false;
	if (mm_str_is(mm_str_z(p.folder->name), "flush"))
		return is_queue_id(
		    mm_str_upto(leaf->head, mm_str_findc(leaf->head, '\n')));
	if (!is_queue_id(p.id))
		return false;
	if (p.folder->is_log)
		return mm_str_starts(leaf->head, "\n<") ||
		       mm_str_starts(leaf->head, "<") ||
		       mm_str_starts(leaf->head, "\nrecipient=");
	/* Cut or zeroed by a crash: the name alone speaks. */
	return !looks_like_text(leaf->head);
}

static void *
begin(struct mm_str top)
{
	struct mm_entries *es = mm_alloc(sizeof(*es));

	mm_entries_init(es, top);
	return es;
}

/* quote_822_local(3): an address as in the logs and listings. */
static struct mm_str
quoted(struct mm_str address, struct mm_buf *room)
{
	size_t at = mm_str_find_last(address, "@");
	struct mm_str local = mm_str_upto(address, at), prev = MM_STR(".");
	bool plain = !mm_str_ends(local, ".");

	for (size_t i = 0; i < local.n && plain; i++) {
		unsigned char c = (unsigned char)local.p[i];

		plain = c > ' ' && c != 0x7f &&
			mm_str_findc(MM_STR("()<>@,;:\\\"[]"), (char)c) ==
			    MM_NOT_FOUND &&
			!(c == '.' && prev.p[0] == '.');
		prev.p = &local.p[i];
	}
	if (plain)
		return address;
	mm_buf_clear(room);
	mm_buf_addc(room, '"');
	for (size_t i = 0; i < local.n; i++) {
		if (local.p[i] == '"' || local.p[i] == '\\')
			mm_buf_addc(room, '\\');
		mm_buf_addc(room, local.p[i]);
	}
	mm_buf_addc(room, '"');
	mm_buf_adds(room, mm_str_from(address, local.n));
	return mm_buf_str(room);
}

/* One queue file being read. */
struct file {
	struct mm_entries *es;
	struct mm_spool_entry *e;
	struct mm_postfix_records r;
	struct mm_buf room;	/* of quoted() */
	struct mm_buf headers;	/* of the message */
	struct mm_str original; /* of the next recipient */
	uint64_t n_content;	/* bytes between M and X */
	uint64_t n_announced;	/* recipients, by the size record */
	uint64_t n_seen;
	bool has_all; /* the whole file was read */
	bool ended;
};

static void
take_size(struct file *f, struct mm_str data)
{
	uint64_t v[3] = { 0, 0, 0 };

	for (size_t i = 0; i < MM_COUNT(v); i++) {
		while (mm_str_skip(&data, " "))
			;
		if (!mm_str_take_u64(&data, &v[i]))
			break;
	}
	if (v[0] == 0 || v[0] > INT64_MAX)
		return;
	f->n_content = v[0];
	f->n_announced = v[2];
	f->e->size_bytes = (int64_t)v[0];
}

static void
take_time(struct file *f, struct mm_str data)
{
	struct mm_str s = data;
	uint64_t sec, us = 0;

	if (f->e->arrived_us != MM_TIME_NONE || !mm_str_take_u64(&s, &sec))
		return;
	f->e->arrived_us = mm_entries_epoch(mm_str_upto(data, data.n - s.n));
	s = mm_str_trim(s);
	if (f->e->arrived_us != MM_TIME_NONE && mm_str_to_u64(s, &us) &&
	    us < (uint64_t)MM_SECOND_US)
		f->e->arrived_us += (int64_t)us;
}

static void
take_recipient(struct file *f, struct mm_str data, bool done)
{
	struct mm_spool_recipient *r;

	r = mm_entries_recipient(f->es, quoted(data, &f->room));
	r->done = done;
	if (f->original.n > 0 && !mm_str_ieq(f->original, data))
		r->orig = mm_entries_keep(f->es, quoted(f->original, &f->room));
	f->original = MM_STR_ABSENT;
	f->n_seen++;
}

/* The headers of the message, then on to where its content ends. */
static void
take_message(struct file *f)
{
	size_t start = f->r.at;
	struct mm_postfix_record rec;
	bool joined = false;

	for (;;) {
		struct mm_postfix_records before = f->r;

		rec = mm_postfix_record_next(&f->r);
		if (rec.type != 'N' && rec.type != 'L') {
			f->r = before;
			break;
		}
		if (rec.type == 'N' && rec.data.n == 0 && !joined)
			break;
		mm_buf_adds(&f->headers, rec.data);
		joined = rec.type == 'L'; /* the line goes on */
		if (!joined)
			mm_buf_addc(&f->headers, '\n');
		if (f->headers.n > HEADERS_MAX_BYTES)
			break;
	}
	if (f->n_content > 0 && f->n_content < f->r.all.n - start &&
	    f->r.all.p[start + f->n_content] == 'X')
		f->r.at = start + (size_t)f->n_content;
}

static void
take_record(struct file *f, const struct mm_postfix_record *rec)
{
	struct mm_str data = rec->data;

	switch (rec->type) {
	case 'C':
		take_size(f, data);
		break;
	case 'T':
		take_time(f, data);
		break;
	case 'A':
		if (mm_str_skip(&data, "log_ident=") &&
		    !is_queue_id(f->e->queue_id))
			f->e->queue_id = mm_entries_keep(f->es, data);
		break;
	case 'S':
		if (f->e->sender.p == NULL)
			f->e->sender = mm_entries_keep(
			    f->es, data.n > 0 ? quoted(data, &f->room) : data);
		break;
	case 'O':
		f->original = data;
		break;
	case 'R':
	case 'D':
		take_recipient(f, data, rec->type == 'D');
		break;
	case '/': /* canceled by a milter or a header check */
		f->original = MM_STR_ABSENT;
		f->n_seen++;
		break;
	case 'M':
		take_message(f);
		break;
	case 'E':
		f->ended = true;
		break;
	default:
		break;
	}
}

static void
read_records(struct file *f, struct mm_str all)
{
	struct mm_postfix_record rec;

	f->r = (struct mm_postfix_records){ .all = all };
	f->es->n_rcpts = 0;
	f->n_seen = 0;
	f->ended = false;
	f->original = MM_STR_ABSENT;
	mm_buf_clear(&f->headers);
	while (!f->ended && (rec = mm_postfix_record_next(&f->r)).type != 0)
		take_record(f, &rec);
}

/* cleanup(8) fills in the size record when it has written all the rest. */
static bool
is_half_written(const struct file *f, const struct mm_leaf *leaf)
{
	return (leaf->mode & MODE_COMPLETE) == 0 &&
	       (f->has_all ? !f->ended : f->n_content == 0);
}

static void
judge(struct file *f, const struct mm_leaf *leaf, const struct folder *folder)
{
	struct mm_spool_entry *e = f->e;
	bool waiting = folder->is_waiting;
	const char *note = NULL;

	if (is_half_written(f, leaf) && folder->rank < 4) {
		note = "half written: the message is not accepted yet";
		waiting = false;
	} else if (leaf->head.n == 0) {
		note = "empty file";
	} else if (e->sender.p == NULL) {
		note = f->r.why != NULL ? f->r.why : "not a queue file";
	} else if (f->has_all && !f->ended) {
		note = f->r.why != NULL ? f->r.why : "no end record";
	} else if (!folder->is_waiting) {
		note = mm_str_is(e->queue, "corrupt")
			   ? "set aside as corrupt"
			   : "not picked up yet: no queue id";
	}
	if (note != NULL)
		e->note = mm_str_z(note);
	for (size_t i = 0; i < e->n_recipients; i++)
		e->recipients[i].done |= !waiting;
}

/* qmgr(8) lets files with a time in the future cool down until then. */
static void
take_file_time(struct mm_entries *es, struct mm_spool_entry *e,
	       const struct mm_leaf *leaf, const struct folder *folder)
{
	if (folder->rank == 1 || folder->rank == 2)
		e->next_try_us = leaf->mtime_us;
	/* It sets whole seconds, when it defers; a copy seldom does. */
	if (folder->rank == 2 && leaf->mtime_us % MM_SECOND_US != 0)
		es->n_late++;
	else if (folder->rank == 2)
		es->n_timely++;
	if (folder->rank == 0)
		mm_entries_saw_mtime(es, leaf->mtime_us);
	mm_entries_saw(es, e->arrived_us);
}

static void
take_queue_file(struct mm_entries *es, const struct mm_leaf *leaf,
		const struct place *p)
{
	struct file f = { .es = es, .has_all = leaf->whole };

	mm_buf_init(&f.room, HEADERS_MAX_BYTES);
	mm_buf_init(&f.headers, 4 * HEADERS_MAX_BYTES);
	f.e = mm_entries_begin(es, leaf->name, p->id);
	f.e->queue = mm_str_z(p->folder->name);
	read_records(&f, leaf->head);
	/* Recipients may stand behind the content. */
	if (!leaf->whole && (f.n_announced == 0 || f.n_seen < f.n_announced))
		read_records(&f, mm_entries_content(leaf, CONTENT_MAX_BYTES,
						    &f.has_all));
	mm_entries_headers(es, f.e, mm_buf_str(&f.headers));
	mm_entries_end(es);
	judge(&f, leaf, p->folder);
	take_file_time(es, f.e, leaf, p->folder);
	mm_buf_fini(&f.room);
	mm_buf_fini(&f.headers);
}

/* Blocks of "name=value" parted by blank lines, "<address>: reason" before
 * them, or alone in logs of old. */
static void
take_log(struct mm_entries *es, const struct mm_leaf *leaf, struct mm_str id)
{
	struct mm_said said = { .size_bytes = -1,
				.tried_us = leaf->mtime_us,
				.body_us = MM_TIME_NONE };
	struct mm_str line, address, log;
	bool all;

	said.queue_id = mm_entries_keep(es, id);
	mm_entries_saw_mtime(es, leaf->mtime_us);
	log = mm_entries_content(leaf, CONTENT_MAX_BYTES, &all);
	while (mm_entries_line(&log, &line)) {
		if (line.n == 0) {
			if (said.address.p != NULL)
				mm_entries_say(es, &said);
			said.address = said.reason = MM_STR_ABSENT;
		} else if (mm_str_skip(&line, "recipient=")) {
			said.address = mm_entries_keep(es, line);
		} else if (mm_str_skip(&line, "reason=")) {
			said.reason = mm_entries_keep(es, line);
		} else if (mm_str_skip(&line, "<") &&
			   mm_str_cut(&line, ">: ", &address)) {
			said.address = mm_entries_keep(es, address);
			said.reason = mm_entries_keep(es, line);
		}
	}
	if (said.address.p != NULL)
		mm_entries_say(es, &said);
}

static void
file(void *state, const struct mm_leaf *leaf)
{
	struct place p = find_place(leaf->name);

	if (!p.folder->is_log)
		take_queue_file(state, leaf, &p);
	else if (mm_str_is(mm_str_z(p.folder->name), "defer") ||
		 mm_str_is(mm_str_z(p.folder->name), "bounce"))
		take_log(state, leaf, p.id);
}

static int
rank_of(struct mm_str queue)
{
	const struct folder *f = folder_named(queue);

	return f != NULL ? f->rank : elsewhere.rank;
}

/* The sound one stands, and the better place of the two. */
static void
merge(struct mm_entries *es, struct mm_spool_entry *into,
      const struct mm_spool_entry *from)
{
	struct mm_spool_entry other = *from;
	bool nearer = rank_of(from->queue) < rank_of(into->queue);
	struct mm_str queue = nearer ? from->queue : into->queue;

	if (from->note.p == NULL && (into->note.p != NULL || nearer)) {
		other = *into;
		*into = *from;
	}
	into->queue = queue;
	mm_entries_merge_done(es, into, &other);
}

static void
finish(void *state, const struct mm_spool_sink *sink)
{
	struct mm_entries *es = state;

	es->next_is_mtime = true;
	if (sink != NULL)
		mm_entries_emit(es, MM_MTA_POSTFIX, mm_spool_postfix_queue.name,
				merge, sink);
	mm_entries_fini(es);
	free(es);
}

const struct mm_spool_format mm_spool_postfix_queue = {
	.name = "postfix queue file",
	.source = "Postfix 3.7 rec_type.h, record(3), bounce_log(3), showq(8)",
	.probe = probe,
	.begin = begin,
	.file = file,
	.finish = finish,
};
