#include "analyze/case/schema.h"
#include "analyze/timeline/stitching.h"
#include "formats/base/digest.h"
#include "formats/base/mem.h"
#include "formats/mail/reply.h"

/* Said after the content, a refusal is of the whole message. */
static bool
ends_message(const struct mm_record *r)
{
	enum mm_stage stage = mm_stage_of(r->stage);

	return r->action == MM_ACT_REJECT &&
	       (stage == MM_STAGE_EOD || stage == MM_STAGE_DATA);
}

/* The same refusal in two files of one host (Exim's rejectlog): the n-th of one
 * is the n-th of the other. In one file the same words are another refusal:
 * a client that tries again within the second. */
static bool
seen_before(struct mm_stitch *s)
{
	struct mm_refusals *f = &s->refusals;
	const struct mm_record *r = s->r;
	size_t before = f->seen.n;
	int64_t key[3] = { r->t_us, s->where.origin, 0 };
	struct mm_refusal_told *told;
	uint32_t id;

	if (r->mta != MM_MTA_EXIM)
		return false;
	key[2] =
	    (int64_t)(mm_hash64(r->reply) ^ mm_hash64(r->recipient) * 3 ^
		      mm_hash64(r->client_ip) * 7 ^ mm_hash64(r->sender) * 11);
	id = mm_intern_add(&f->seen,
			   (struct mm_str){ (const char *)key, sizeof(key) });
	if (f->seen.n > before) {
		f->told = mm_grow(f->told, before, &f->cap, sizeof(*f->told));
		f->told[before] =
		    (struct mm_refusal_told){ s->where.at.file, 1, 0 };
		return false;
	}
	told = &f->told[id - 1];
	if (told->file == s->where.at.file)
		return ++told->n_there <= told->n_elsewhere;
	return ++told->n_elsewhere <= told->n_there;
}

static void
reject_life(struct mm_stitch *s, struct mm_life *l)
{
	const struct mm_record *r = s->r;
	uint32_t id;

	mm_trail_add(&l->trail, s->where.at);
	/* What is thrown away has no other line that names its sender. */
	if (r->sender.p != NULL && l->sender == 0)
		l->sender = mm_stitch_address(s, r->sender);
	if (r->action == MM_ACT_HOLD || r->action == MM_ACT_DISCARD) {
		if (r->recipient.p != NULL)
			mm_life_recipient(&s->open.lives, l,
					  mm_stitch_address(s, r->recipient),
					  &id)
			    ->given = true;
		if (r->action == MM_ACT_HOLD) {
			l->flags |= MM_MSG_HELD;
			mm_stitch_step(s, l, "held");
		} else {
			l->flags |= MM_MSG_DELETED;
			mm_stitch_finish(s, l, 0, MM_FINAL_DELETED);
			mm_stitch_step(s, l, "discarded");
		}
	}
	if (ends_message(r)) {
		l->flags |= MM_MSG_REJECTED;
		mm_open_close(&s->open, l, s->r->t_us);
	}
}

void
mm_stitch_refusal(struct mm_stitch *s)
{
	const struct mm_record *r = s->r;
	struct mm_life *l = NULL;
	struct mm_row row = { MM_ROW_REJECT,
			      { .reject = { .origin = s->where.origin,
					    .queue_id = r->queue_id,
					    .stage = r->stage,
					    .t_us = r->t_us,
					    .action = (uint8_t)r->action,
					    .at = s->where.at } } };
	struct mm_row_reject *j = &row.u.reject;

	if (seen_before(s))
		return;
	/* Sendmail names the sender later, under the same id. */
	if (r->queue_id.p != NULL)
		l = r->mta == MM_MTA_SENDMAIL
			? mm_open_get(&s->open, &s->where, r->queue_id)
			: mm_open_find(&s->open, &s->where, r->queue_id);
	j->message = l != NULL ? l->id : 0;
	j->client_name = mm_load_name(s->load, r->client_name);
	j->client_ip = mm_load_name(s->load, r->client_ip);
	j->helo = mm_load_name(s->load, r->helo);
	j->sasl = mm_load_name(s->load, r->sasl_user);
	j->sender = mm_stitch_address(s, r->sender);
	j->recipient = mm_stitch_address(s, r->recipient);
	j->reply = mm_stitch_reply(s, 0);
	j->args = mm_stitch_args(s);
	if (r->session.p == NULL || r->mta != MM_MTA_OPENSMTPD ||
	    j->sender != 0 || r->recipient.p == NULL ||
	    !mm_sessions_refuse(&s->sessions, s->where.host, r->session, j))
		mm_load_row(s->load, &row);
	if (l != NULL)
		reject_life(s, l);
}
