#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "formats/spools/entries.h"
#include "formats/spools/formats.h"

#define LIST_MAX_BYTES ((size_t)1 << 30)

/* smtpctl show queue: a line an envelope, fields parted by '|'; the last, an
 * error text, may hold more of them. */
enum field {
	ID,
	FAMILY,
	TYPE,
	FLAGS,
	SENDER,
	RCPT,
	DEST,
	CREATED,
	EXPIRES,
	TRIED,
	TRIES,
	STATE,
	SECONDS,
	REASON,
	N_FIELDS
};

static bool
take_fields(struct mm_str line, struct mm_str v[N_FIELDS])
{
	for (int i = 0; i < REASON; i++)
		if (!mm_str_cutc(&line, '|', &v[i]))
			return false;
	v[REASON] = line;
	for (size_t i = 0; i < v[ID].n; i++)
		if (strchr("0123456789abcdef", v[ID].p[i]) == NULL)
			return false;
	return v[ID].n == 16 &&
	       (mm_str_is(v[TYPE], "mta") || mm_str_is(v[TYPE], "mda") ||
		mm_str_is(v[TYPE], "bounce"));
}

static bool
probe(const struct mm_leaf *leaf, struct mm_str *top)
{
	struct mm_str rest = leaf->head, line, v[N_FIELDS];

	*top = leaf->name;
	return mm_entries_line(&rest, &line) && take_fields(line, v);
}

static void *
begin(struct mm_str top)
{
	struct mm_entries *es = mm_alloc(sizeof(*es));

	mm_entries_init(es, top);
	return es;
}

/* The moment of the listing: what it counts seconds from, exactly while a
 * delivery runs. Waiting ones tell when they are due. */
static void
take_times(struct mm_entries *es, struct mm_spool_entry *e,
	   const struct mm_str v[N_FIELDS])
{
	int64_t seconds;
	uint64_t n;

	e->arrived_us = mm_entries_epoch(v[CREATED]);
	e->last_try_us = mm_entries_epoch(v[TRIED]);
	if (mm_str_to_u64(v[TRIES], &n) && n <= UINT16_MAX)
		e->n_attempts = (int64_t)n;
	mm_entries_saw(es, e->arrived_us);
	mm_entries_saw(es, e->last_try_us);
	if (!mm_str_to_i64(v[SECONDS], &seconds) || seconds < -INT32_MAX ||
	    seconds > INT32_MAX)
		return;
	if (mm_str_is(v[STATE], "inflight") && e->last_try_us != MM_TIME_NONE)
		mm_entries_saw(es, e->last_try_us + seconds * MM_SECOND_US);
	else if (mm_str_is(v[STATE], "pending"))
		e->next_try_us = seconds * MM_SECOND_US; /* made whole below */
}

static void
take_envelope(struct mm_entries *es, const struct mm_str v[N_FIELDS])
{
	struct mm_spool_entry *e;
	struct mm_spool_recipient *r;

	e = mm_entries_begin(es, es->name, mm_str_upto(v[ID], 8));
	e->sender = mm_str_is(v[SENDER], "@") ? MM_STR("")
					      : mm_entries_keep(es, v[SENDER]);
	take_times(es, e, v);
	e->queue = mm_str_is(v[STATE], "inflight") ? MM_STR("active")
		   : mm_str_find(v[FLAGS], "suspend") != MM_NOT_FOUND
		       ? MM_STR("hold")
		   : e->n_attempts == 0 ? MM_STR("incoming")
					: MM_STR("deferred");
	r = mm_entries_recipient(es, v[DEST]);
	if (!mm_str_ieq(v[RCPT], v[DEST]))
		r->orig = mm_entries_keep(es, v[RCPT]);
	if (v[REASON].n > 0)
		r->reason = mm_entries_keep(es, v[REASON]);
	mm_entries_end(es);
}

static void
file(void *state, const struct mm_leaf *leaf)
{
	struct mm_entries *es = state;
	struct mm_str rest, line, v[N_FIELDS];
	bool all;

	rest = mm_entries_content(leaf, LIST_MAX_BYTES, &all);
	/* A bounce is a notice to be written, nobody's mail yet. */
	while (mm_entries_line(&rest, &line))
		if (take_fields(line, v) && !mm_str_is(v[TYPE], "bounce"))
			take_envelope(es, v);
	mm_entries_saw_listing(es, leaf->mtime_us);
	for (size_t i = 0; i < es->n; i++)
		if (es->list[i].next_try_us != MM_TIME_NONE)
			es->list[i].next_try_us += es->youngest_us;
}

static void
finish(void *state, const struct mm_spool_sink *sink)
{
	struct mm_entries *es = state;

	if (sink != NULL)
		mm_entries_emit(es, MM_MTA_OPENSMTPD, mm_spool_show_queue.name,
				mm_entries_merge_recipients, sink);
	mm_entries_fini(es);
	free(es);
}

const struct mm_spool_format mm_spool_show_queue = {
	.name = "smtpctl show queue",
	.source = "smtpctl(8), OpenSMTPD 7.x smtpctl.c show_queue_envelope()",
	.probe = probe,
	.begin = begin,
	.file = file,
	.finish = finish,
};
