#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "formats/spools/entries.h"

#define LAST_SECOND  253402300799 /* 9999-12-31T23:59:59 */
#define HEADER_BYTES ((size_t)64 << 10)

void
mm_entries_init(struct mm_entries *es, struct mm_str name)
{
	*es = (struct mm_entries){ .youngest_us = MM_TIME_NONE,
				   .youngest_mtime_us = MM_TIME_NONE };
	mm_arena_init(&es->texts);
	es->name = mm_entries_keep(es, name);
}

void
mm_entries_fini(struct mm_entries *es)
{
	mm_arena_fini(&es->texts);
	free(es->list);
	free(es->rcpts);
	free(es->said);
}

struct mm_str
mm_entries_keep(struct mm_entries *es, struct mm_str s)
{
	return mm_arena_str(&es->texts, s);
}

struct mm_spool_entry *
mm_entries_begin(struct mm_entries *es, struct mm_str source,
		 struct mm_str queue_id)
{
	struct mm_spool_entry *e;

	es->list = mm_grow(es->list, es->n, &es->cap, sizeof(*es->list));
	e = &es->list[es->n++];
	*e = (struct mm_spool_entry){
		.queue = MM_STR("queue"),
		.queue_id = mm_entries_keep(es, queue_id),
		.size_bytes = -1,
		.arrived_us = MM_TIME_NONE,
		.next_try_us = MM_TIME_NONE,
		.last_try_us = MM_TIME_NONE,
		.n_attempts = -1,
		.source = mm_entries_keep(es, source),
	};
	es->n_rcpts = 0;
	return e;
}

struct mm_spool_recipient *
mm_entries_recipient(struct mm_entries *es, struct mm_str address)
{
	struct mm_spool_recipient *r;

	es->rcpts =
	    mm_grow(es->rcpts, es->n_rcpts, &es->cap_rcpts, sizeof(*es->rcpts));
	r = &es->rcpts[es->n_rcpts++];
	*r = (struct mm_spool_recipient){ .address =
					      mm_entries_keep(es, address) };
	return r;
}

void
mm_entries_end(struct mm_entries *es)
{
	struct mm_spool_entry *e = &es->list[es->n - 1];
	size_t n_bytes = es->n_rcpts * sizeof(*es->rcpts);

	e->recipients = mm_arena_alloc(&es->texts, n_bytes);
	e->n_recipients = es->n_rcpts;
	if (n_bytes > 0)
		memcpy(e->recipients, es->rcpts, n_bytes);
}

void
mm_entries_say(struct mm_entries *es, const struct mm_said *said)
{
	es->said =
	    mm_grow(es->said, es->n_said, &es->cap_said, sizeof(*es->said));
	es->said[es->n_said++] = *said;
}

void
mm_entries_saw(struct mm_entries *es, int64_t t_us)
{
	if (t_us > es->youngest_us)
		es->youngest_us = t_us;
}

void
mm_entries_saw_mtime(struct mm_entries *es, int64_t mtime_us)
{
	if (mtime_us > es->youngest_mtime_us)
		es->youngest_mtime_us = mtime_us;
}

void
mm_entries_saw_listing(struct mm_entries *es, int64_t mtime_us)
{
	if (es->youngest_us == MM_TIME_NONE ||
	    (mtime_us > es->youngest_us &&
	     mtime_us - es->youngest_us < MM_DAY_US))
		es->youngest_us = mtime_us;
}

/* The host that gave the message the id `queue_id`: in the Received field
 * "... by HOST (...) ... id QUEUE_ID ..." (RFC 5321 section 4.4). */
static struct mm_str
receiver(struct mm_str field, struct mm_str queue_id)
{
	struct mm_str by = MM_STR_ABSENT, before = MM_STR_ABSENT;

	for (size_t i = 0; i < field.n;) {
		size_t start = i;
		struct mm_str word;

		while (i < field.n && strchr(" \t\r\n;", field.p[i]) == NULL)
			i++;
		word = (struct mm_str){ field.p + start, i - start };
		if (mm_str_is(before, "id") && mm_str_eq(word, queue_id))
			return by;
		if (mm_str_is(before, "by") && by.p == NULL)
			by = word;
		if (word.n > 0)
			before = word;
		i++;
	}
	return MM_STR_ABSENT;
}

/* Of the header in hand. */
static void
keep_field(struct mm_entries *es, struct mm_str field)
{
	mm_buf_adds(&es->header, field);
	mm_buf_addc(&es->header, '\n');
}

static void
take_field(struct mm_entries *es, struct mm_spool_entry *e, struct mm_str field)
{
	struct mm_str name, id, whole = field;

	if (!mm_str_cutc(&field, ':', &name))
		return;
	name = mm_str_trim(name);
	if (mm_str_ieq(name, MM_STR("Message-ID")) && e->message_id.p == NULL) {
		id = mm_str_trim(field);
		if (mm_str_findc(id, '<') != MM_NOT_FOUND) {
			(void)mm_str_cutc(&field, '<', &id);
			id = field;
			(void)mm_str_cutc(&field, '>', &id);
		}
		if (id.n > 0)
			e->message_id = mm_entries_keep(es, id);
	}
	if (mm_str_ieq(name, MM_STR("Received")) ||
	    mm_str_ieq(name, MM_STR("Date")) ||
	    mm_str_ieq(name, MM_STR("Message-ID")))
		keep_field(es, whole);
	if (mm_str_ieq(name, MM_STR("Received")) && es->host.p == NULL)
		es->host = mm_entries_keep(es, receiver(field, e->queue_id));
}

void
mm_entries_headers(struct mm_entries *es, struct mm_spool_entry *e,
		   struct mm_str block)
{
	struct mm_str line, field = MM_STR_ABSENT;

	mm_buf_init(&es->header, HEADER_BYTES);
	while (mm_entries_line(&block, &line) && line.n > 0) {
		if (line.p[0] == ' ' || line.p[0] == '\t') {
			if (field.p != NULL)
				field.n = (size_t)(line.p - field.p) + line.n;
			continue;
		}
		take_field(es, e, field);
		field = line;
	}
	take_field(es, e, field);
	if (es->header.n > 0)
		e->header = mm_entries_keep(es, mm_buf_str(&es->header));
	mm_buf_fini(&es->header);
}

void
mm_entries_merge_done(struct mm_entries *es, struct mm_spool_entry *into,
		      const struct mm_spool_entry *from)
{
	(void)es;
	for (size_t i = 0; i < into->n_recipients && i < from->n_recipients;
	     i++)
		if (mm_str_eq(into->recipients[i].address,
			      from->recipients[i].address))
			into->recipients[i].done |= from->recipients[i].done;
}

void
mm_entries_merge_recipients(struct mm_entries *es, struct mm_spool_entry *into,
			    const struct mm_spool_entry *from)
{
	size_t n = into->n_recipients;

	if (into->note.p != NULL && from->note.p == NULL) {
		*into = *from;
		return;
	}
	if (from->n_recipients == 0 || from->recipients[0].done)
		return;
	/* What has n recipients has room up to the next power of two. */
	if ((n & (n - 1)) == 0) {
		size_t each = sizeof(*into->recipients);
		struct mm_spool_recipient *more =
		    mm_arena_alloc(&es->texts, (n > 0 ? 2 * n : 1) * each);

		if (n > 0)
			memcpy(more, into->recipients, n * each);
		into->recipients = more;
	}
	into->recipients[into->n_recipients++] = from->recipients[0];
	if (from->arrived_us < into->arrived_us)
		into->arrived_us = from->arrived_us;
	if (from->last_try_us > into->last_try_us)
		into->last_try_us = from->last_try_us;
	if (from->n_attempts > into->n_attempts)
		into->n_attempts = from->n_attempts;
	if (into->next_try_us == MM_TIME_NONE ||
	    (from->next_try_us != MM_TIME_NONE &&
	     from->next_try_us < into->next_try_us))
		into->next_try_us = from->next_try_us;
	if (mm_str_is(from->queue, "active") ||
	    mm_str_is(into->queue, "incoming"))
		into->queue = from->queue;
}

/* Where something stands in its list; qsort(3) is not stable, so the place
 * decides between equals. */
struct place {
	struct mm_str queue_id, address;
	size_t i;
};

static int
cmp_place(const void *va, const void *vb)
{
	const struct place *a = va, *b = vb;
	int way = mm_str_cmp(a->queue_id, b->queue_id);

	if (way == 0)
		way = mm_str_cmp(a->address, b->address);
	return way != 0 ? way : (a->i > b->i) - (a->i < b->i);
}

static void
apply_to_one(struct mm_spool_recipient *r, const struct mm_said *s)
{
	r->done |= s->done;
	if (s->reason.p != NULL)
		r->reason = s->reason;
}

/* The first of `n` places whose address is not before `address`. */
static size_t
lower_bound(const struct place *p, size_t n, struct mm_str address)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (mm_str_cmp(p[mid].address, address) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* `p[n]` is all that was said about the entry. */
typedef void each_entry(struct mm_entries *es, struct mm_spool_entry *e,
			const struct place *p, size_t n);

/* A body is written while the message arrives. */
static void
weigh_times(struct mm_entries *es, struct mm_spool_entry *e,
	    const struct place *p, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		int64_t body_us = es->said[p[k].i].body_us;

		if (body_us == MM_TIME_NONE || e->arrived_us == MM_TIME_NONE)
			continue;
		if (body_us - e->arrived_us > MM_HOUR_US)
			es->n_late++;
		else
			es->n_timely++;
	}
}

static void
apply(struct mm_entries *es, struct mm_spool_entry *e, const struct place *p,
      size_t n)
{
	if (es->is_copied && es->next_is_mtime)
		e->next_try_us = MM_TIME_NONE;
	for (size_t k = 0; k < n; k++) {
		const struct mm_said *s = &es->said[p[k].i];

		if (s->tried_us > e->last_try_us && !es->is_copied)
			e->last_try_us = s->tried_us;
		if (s->size_bytes >= 0)
			e->size_bytes = s->size_bytes +
					(e->size_bytes > 0 ? e->size_bytes : 0);
		if (e->message_id.p == NULL)
			e->message_id = s->message_id;
		if (e->header.p == NULL)
			e->header = s->header;
		if (s->address.p == NULL && s->reason.p != NULL)
			for (size_t i = 0; i < e->n_recipients; i++)
				apply_to_one(&e->recipients[i], s);
	}
	for (size_t i = 0; i < e->n_recipients; i++) {
		struct mm_spool_recipient *r = &e->recipients[i];
		size_t k = lower_bound(p, n, r->address);

		for (; k < n && mm_str_eq(p[k].address, r->address); k++)
			apply_to_one(r, &es->said[p[k].i]);
	}
}

/* Both lists by queue id, in step. */
static void
for_each(struct mm_entries *es, const struct place *order,
	 const struct place *said, each_entry *each)
{
	size_t k = 0, end;

	for (size_t i = 0; i < es->n; i++) {
		while (k < es->n_said &&
		       mm_str_cmp(said[k].queue_id, order[i].queue_id) < 0)
			k++;
		for (end = k; end < es->n_said &&
			      mm_str_eq(said[end].queue_id, order[i].queue_id);)
			end++;
		each(es, &es->list[order[i].i], &said[k], end - k);
	}
}

static void
join(struct mm_entries *es, const struct place *order)
{
	struct place *said = mm_alloc(es->n_said * sizeof(*said));

	for (size_t i = 0; i < es->n_said; i++)
		said[i] = (struct place){ es->said[i].queue_id,
					  es->said[i].address, i };
	qsort(said, es->n_said, sizeof(*said), cmp_place);
	for_each(es, order, said, weigh_times);
	es->is_copied = es->n_late > es->n_timely;
	for_each(es, order, said, apply);
	free(said);
	if (!es->is_copied)
		mm_entries_saw(es, es->youngest_mtime_us);
}

/* Several instances lie side by side: "/var/spool/postfix-out". */
static struct mm_str
instance_of(struct mm_str name)
{
	struct mm_str last, up = name, part;

	if (mm_entries_cut_last(&up, &last) &&
	    mm_entries_cut_last(&up, &part) && mm_str_is(part, "spool") &&
	    mm_entries_cut_last(&up, &part) && mm_str_is(part, "var"))
		return last;
	return MM_STR_ABSENT;
}

void
mm_entries_emit(struct mm_entries *es, enum mm_mta mta, const char *kind,
		mm_entries_merge *merge, const struct mm_spool_sink *sink)
{
	struct mm_snapshot snapshot = {
		.name = es->name,
		.host = es->host,
		.instance = instance_of(es->name),
		.mta = mta,
		.kind = kind,
	};
	struct place *order = mm_alloc(es->n * sizeof(*order));

	for (size_t i = 0; i < es->n; i++)
		order[i] =
		    (struct place){ es->list[i].queue_id, MM_STR_ABSENT, i };
	qsort(order, es->n, sizeof(*order), cmp_place);
	join(es, order);
	snapshot.taken_us = es->youngest_us;
	sink->snapshot(sink->ctx, &snapshot);
	for (size_t i = 0, next; i < es->n; i = next) {
		struct mm_spool_entry *e = &es->list[order[i].i];

		for (next = i + 1; next < es->n &&
				   mm_str_eq(order[next].queue_id, e->queue_id);
		     next++)
			merge(es, e, &es->list[order[next].i]);
		sink->entry(sink->ctx, e);
	}
	free(order);
}

struct mm_str
mm_entries_content(const struct mm_leaf *leaf, size_t max_bytes, bool *all)
{
	struct mm_str content;
	struct mm_err err;

	*all = true;
	if (leaf->whole)
		return leaf->head;
	if (mm_leaf_all(leaf, max_bytes, &content, &err) == MM_OK)
		return content;
	*all = false;
	return leaf->head;
}

bool
mm_entries_line(struct mm_str *s, struct mm_str *line)
{
	if (s->n == 0)
		return false;
	if (!mm_str_cutc(s, '\n', line)) {
		*line = *s;
		*s = mm_str_from(*s, s->n);
	}
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

bool
mm_entries_cut_last(struct mm_str *path, struct mm_str *last)
{
	size_t i = path->n;

	while (i > 0 && path->p[i - 1] != '/' && path->p[i - 1] != '!')
		i--;
	*last = mm_str_from(*path, i);
	*path = mm_str_upto(*path, i > 0 ? i - 1 : 0);
	return last->n > 0;
}

struct mm_str
mm_entries_top(struct mm_str path)
{
	while (mm_str_ends(path, "/.") || mm_str_ends(path, "!."))
		path.n -= 2;
	return path;
}

int64_t
mm_entries_epoch(struct mm_str seconds)
{
	int64_t us;

	if (!mm_str_to_fixed(seconds, MM_SECOND_US, &us) || us <= 0 ||
	    us / MM_SECOND_US > LAST_SECOND)
		return MM_TIME_NONE;
	return us;
}

int64_t
mm_entries_date(struct mm_civil c, int weekday, int64_t not_after_us,
		const struct mm_zone *zone)
{
	struct mm_civil now;
	int64_t last_us = LAST_SECOND * MM_SECOND_US, t_us;

	if (not_after_us < last_us - MM_DAY_US)
		last_us = not_after_us + MM_DAY_US;
	mm_time_to_civil(last_us, &now);
	/* Weekdays repeat after 28 years, or 40 around a year like 2100. */
	for (c.year = now.year; c.year >= 1970 && c.year > now.year - 41;
	     c.year--) {
		if (c.day > mm_time_month_days(c.year, c.month))
			continue;
		t_us = mm_time_from_civil(&c);
		/* 1970-01-01 was a Thursday. */
		if (t_us > last_us ||
		    (weekday >= 0 && (t_us / MM_DAY_US + 4) % 7 != weekday))
			continue;
		if (zone != NULL)
			t_us -=
			    mm_zone_local(zone, t_us, MM_TIME_NONE).offset_us;
		return t_us;
	}
	return MM_TIME_NONE;
}
