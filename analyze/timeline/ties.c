#include "analyze/case/schema.h"
#include "analyze/timeline/stitching.h"

void
mm_stitch_notice(struct mm_stitch *s)
{
	struct mm_life *parent, *child;

	if (s->r->queue_id.p == NULL) {
		child = mm_open_get(&s->open, &s->where, s->r->other_id);
		child->flags |= MM_MSG_NOTICE;
		mm_joins_edge_from(s->joins, s->r->message_id, child->id,
				   MM_JOIN_NOTICE, s->where.at);
		return;
	}
	parent = mm_open_get(&s->open, &s->where, s->r->queue_id);
	child = mm_open_get(&s->open, &s->where, s->r->other_id);
	child->flags |= MM_MSG_NOTICE;
	mm_joins_edge(s->joins, parent->id, child->id, MM_JOIN_NOTICE,
		      s->where.at);
}

/* Only this one goes on. */
static void
move_recipient(struct mm_stitch *s, struct mm_life *from,
	       const struct mm_life *to)
{
	uint32_t id;
	struct mm_kept_recipient *k = mm_life_recipient(
	    &s->open.lives, from, mm_stitch_address(s, s->r->recipient), &id);

	k->hop = mm_joins_moved(s->joins, id, to->id, s->r->join, s->where.at);
}

void
mm_stitch_same_mail(struct mm_stitch *s)
{
	struct mm_life *one, *other;

	/* A filter may run elsewhere, and XFORWARD tell another host's id: they
	 * tie messages, but make none. */
	if (s->r->join == MM_JOIN_FILTER &&
	    (mm_open_find(&s->open, &s->where, s->r->queue_id) == NULL ||
	     mm_open_find(&s->open, &s->where, s->r->other_id) == NULL))
		return;
	one = mm_open_get(&s->open, &s->where, s->r->queue_id);
	other = mm_open_get(&s->open, &s->where, s->r->other_id);
	if (s->r->recipient.p != NULL)
		move_recipient(s, one, other);
	else
		mm_joins_edge(s->joins, one->id, other->id, s->r->join,
			      s->where.at);
	if (s->r->join != MM_JOIN_SPLIT && s->r->join != MM_JOIN_CLONE)
		return;
	/* No line of its own tells of it; a clone's sender is the owner. */
	if (other->sender == 0 && s->r->join == MM_JOIN_SPLIT)
		other->sender = one->sender;
	if (other->message_id == NULL)
		mm_stitch_message_id(
		    other,
		    (struct mm_str){ one->message_id, one->n_message_id });
	if (other->size < 0)
		other->size = one->size;
	if (other->arrived_us == MM_TIME_NONE)
		other->arrived_us = s->r->t_us;
	other->flags &= ~(unsigned)MM_MSG_NO_START;
}
