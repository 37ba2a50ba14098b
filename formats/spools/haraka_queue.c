#include <stdlib.h>

#include "formats/base/json.h"
#include "formats/base/mem.h"
#include "formats/spools/entries.h"
#include "formats/spools/formats.h"

#define FILE_MAX_BYTES ((size_t)64 << 20)
#define LENGTH_BYTES   4
#define MS_US	       1000

/* "QUEUE/1593_1593_0_123_AbCdEf_1_mx.example": arrival, next try and tries,
 * process, two that make it unique, host. What is half written or damaged has
 * a word in front (qfile.js, queue.js, hmail.js). */
struct place {
	struct mm_str top, host, unique;
	int64_t arrived_us, next_us, n_tries;
	const char *note; /* NULL: a whole file */
};

static const struct {
	const char *prefix, *note;
} marks[] = {
	{ "__tmp__.", "half written: the message is not accepted yet" },
	{ "error.", "put aside by Haraka as damaged" },
	{ ".", "half written: the message is not accepted yet" },
};

/* A number before the next underscore. */
static bool
take_number(struct mm_str *s, int64_t max, int64_t *value)
{
	uint64_t v;

	if (!mm_str_take_u64(s, &v) || v > (uint64_t)max ||
	    !mm_str_skip(s, "_"))
		return false;
	*value = (int64_t)v;
	return true;
}

static bool
find_place(struct mm_str name, struct place *p)
{
	const int64_t latest_ms = INT64_C(4102444800000); /* of 2100 */
	struct mm_str path = name, file;
	int64_t pid, counter;

	*p = (struct place){ .host = MM_STR_ABSENT };
	(void)mm_entries_cut_last(&path, &file);
	p->top = mm_entries_top(path);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (p->note == NULL && mm_str_skip(&file, marks[i].prefix))
			p->note = marks[i].note;
	if (!take_number(&file, latest_ms, &p->arrived_us) ||
	    !take_number(&file, latest_ms, &p->next_us) ||
	    !take_number(&file, INT32_MAX, &p->n_tries) ||
	    !take_number(&file, INT32_MAX, &pid) ||
	    !mm_str_cutc(&file, '_', &p->unique) ||
	    !take_number(&file, INT32_MAX, &counter) || file.n == 0)
		return false;
	p->arrived_us *= MS_US;
	p->next_us *= MS_US;
	p->host = file;
	return true;
}

static bool
probe(const struct mm_leaf *leaf, struct mm_str *top)
{
	struct place p;
	bool is_place = find_place(leaf->name, &p);

	*top = p.top;
	/* Behind a length that is less than 16 MiB stands the JSON. */
	return is_place && (leaf->head.n == 0 || leaf->head.p[0] == '\0');
}

static void *
begin(struct mm_str top)
{
	struct mm_entries *es = mm_alloc(sizeof(*es));

	mm_entries_init(es, top);
	return es;
}

/* {"original":"<a@b>","host":"b","user":"a"}: the null sender has no user. */
static struct mm_str
address_of(const struct mm_json *v, struct mm_buf *b)
{
	struct mm_str user = mm_json_str(mm_json_get(v, "user"));
	struct mm_str host = mm_json_str(mm_json_get(v, "host"));

	mm_buf_clear(b);
	mm_buf_adds(b, user);
	if (user.n > 0 && host.n > 0)
		mm_buf_addf(b, "@%.*s", MM_STR_ARG(host));
	return mm_buf_str(b);
}

/* The transaction, as the log names it: "UUID.1" of "UUID.1.2". */
static struct mm_str
transaction(const struct mm_json *todo)
{
	struct mm_str id = mm_json_str(mm_json_get(todo, "uuid"));

	return mm_str_upto(id, mm_str_find_last(id, "."));
}

static void
take_todo(struct mm_entries *es, struct mm_spool_entry *e,
	  const struct mm_json *todo, bool done)
{
	const struct mm_json *from = mm_json_get(todo, "mail_from");
	const struct mm_json *rcpts = mm_json_get(todo, "rcpt_to");
	struct mm_buf b;

	mm_buf_init(&b, 4096);
	if (mm_json_is_object(from))
		e->sender = mm_entries_keep(es, address_of(from, &b));
	for (size_t i = 0; i < mm_json_len(rcpts); i++) {
		struct mm_str a = address_of(mm_json_at(rcpts, i), &b);

		if (a.n > 0)
			mm_entries_recipient(es, a)->done = done;
	}
	mm_buf_fini(&b);
}

/* The JSON of the length in front, and what stands behind it. */
static struct mm_json *
open_todo(struct mm_str content, struct mm_str *mail)
{
	struct mm_str s = mm_str_from(content, LENGTH_BYTES);
	size_t n = 0;

	if (content.n < LENGTH_BYTES)
		return NULL;
	for (size_t i = 0; i < LENGTH_BYTES; i++)
		n = n << 8 | (unsigned char)content.p[i];
	*mail = mm_str_from(s, n);
	return n <= s.n ? mm_json_parse(mm_str_upto(s, n), NULL) : NULL;
}

static void
file(void *state, const struct mm_leaf *leaf)
{
	struct mm_entries *es = state;
	struct mm_str content, mail = MM_STR(""), id;
	struct mm_spool_entry *e;
	struct mm_json *todo;
	struct place p;
	bool all;

	(void)find_place(leaf->name, &p);
	content = mm_entries_content(leaf, FILE_MAX_BYTES, &all);
	todo = open_todo(content, &mail);
	id = transaction(todo);
	mm_entries_saw(es, p.arrived_us);
	mm_entries_saw_mtime(es, leaf->mtime_us);
	if (es->host.p == NULL)
		es->host = mm_entries_keep(es, p.host);
	e = mm_entries_begin(es, leaf->name, id.n > 0 ? id : p.unique);
	e->queue = p.note != NULL  ? MM_STR("corrupt")
		   : p.n_tries > 0 ? MM_STR("deferred")
				   : MM_STR("active");
	e->note = mm_str_z(p.note);
	e->arrived_us = p.arrived_us;
	e->n_attempts = p.n_tries;
	if (p.n_tries > 0)
		e->next_try_us = p.next_us;
	if (todo != NULL) {
		take_todo(es, e, todo, p.note != NULL);
		mm_entries_headers(es, e, mail);
		e->size_bytes = all ? (int64_t)mail.n : -1;
	} else if (p.note == NULL) {
		e->note = content.n == 0 ? MM_STR("empty file")
					 : MM_STR("cut before its mail");
	}
	mm_entries_end(es);
	mm_json_free(todo);
}

static void
finish(void *state, const struct mm_spool_sink *sink)
{
	struct mm_entries *es = state;

	if (sink != NULL)
		mm_entries_emit(es, MM_MTA_HARAKA, mm_spool_haraka.name,
				mm_entries_merge_recipients, sink);
	mm_entries_fini(es);
	free(es);
}

const struct mm_spool_format mm_spool_haraka = {
	.name = "haraka queue file",
	.source = "Haraka 3.1.6 outbound/qfile.js, hmail.js, index.js, todo.js",
	.probe = probe,
	.begin = begin,
	.file = file,
	.finish = finish,
};
