#include <stdlib.h>

#include "analyze/case/received_rows.h"
#include "formats/base/mem.h"
#include "formats/mail/received.h"

struct mm_received_rows {
	struct mm_query *q;
	struct mm_received header;
	struct mm_err failed; /* MM_OK: none */
};

struct mm_received_rows *
mm_received_rows_new(struct mm_store *s, struct mm_err *err)
{
	struct mm_received_rows *r = mm_calloc(1, sizeof(*r));

	r->q = mm_query_new(
	    s, "INSERT INTO received VALUES(NULL,?,?,?,?,?,?,?,?,?,?,?,?)",
	    err);
	if (r->q != NULL)
		return r;
	free(r);
	return NULL;
}

void
mm_received_rows_free(struct mm_received_rows *r)
{
	if (r == NULL)
		return;
	mm_query_free(r->q);
	free(r);
}

static const char *
note_of(const struct mm_received *m, size_t i)
{
	const struct mm_received_hop *h = &m->hops[i];

	if (i == 0 && m->n_more > 0)
		return "more hops before it";
	if (h->t_us == MM_TIME_NONE)
		return "no date";
	if (h->odd_zone)
		return "a zone that is none, taken as UTC";
	return h->delay_us != MM_TIME_NONE && h->delay_us < 0
		   ? "before the hop before: a clock is wrong"
		   : NULL;
}

void
mm_received_rows_add(struct mm_received_rows *r, struct mm_str source,
		     size_t number, struct mm_str header)
{
	struct mm_received *m = &r->header;

	mm_received_read(header, m);
	for (size_t i = 0; i < m->n_hops; i++) {
		const struct mm_received_hop *h = &m->hops[i];
		int at = 0;

		if (r->failed.code != MM_OK && r->failed.code != MM_END)
			return;
		mm_query_bind_text(r->q, at++, source);
		mm_query_bind_int(r->q, at++, (int64_t)number);
		mm_query_bind_text(r->q, at++, m->message_id);
		mm_query_bind_int(r->q, at++, (int64_t)i + 1);
		mm_query_bind_text(r->q, at++, h->from);
		mm_query_bind_text(r->q, at++, h->from_ip);
		mm_query_bind_text(r->q, at++, h->by);
		mm_query_bind_text(r->q, at++, h->protocol);
		mm_query_bind_text(r->q, at++, h->id);
		mm_query_bind_time(r->q, at++, h->t_us);
		mm_query_bind_time(r->q, at++, h->delay_us);
		mm_query_bind_text(r->q, at++, mm_str_z(note_of(m, i)));
		(void)mm_query_step(r->q, &r->failed);
	}
}

enum mm_status
mm_received_rows_status(const struct mm_received_rows *r, struct mm_err *err)
{
	if (r->failed.code == MM_OK || r->failed.code == MM_END)
		return MM_OK;
	return mm_err_set(err, r->failed.code, "%s", r->failed.text);
}
