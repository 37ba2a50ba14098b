#include "analyze/case/schema.h"
#include "analyze/timeline/stitching.h"

#define MAX_DOMAINS 64 /* later parts are told by their number alone */

bool
mm_stitch_names_none(const struct mm_record *r)
{
	return r->mta == MM_MTA_HARAKA &&
	       (r->recipient.p == NULL || mm_str_starts(r->recipient, "@"));
}

bool
mm_stitch_waiting(const struct mm_stitch *s, const struct mm_life *l)
{
	uint32_t id = l->first_recipient;

	while (id != 0 && mm_kept_is_final(mm_open_recipient(&s->open, id)))
		id = mm_open_recipient(&s->open, id)->next;
	return id != 0;
}

static struct mm_str
domain_of(const struct mm_stitch *s, const struct mm_kept_recipient *k)
{
	struct mm_str a = mm_load_address_text(s->load, k->address);
	size_t at = mm_str_find_last(a, "@");

	return at != MM_NOT_FOUND ? mm_str_from(a, at + 1) : MM_STR("");
}

/* The domain of the part in hand: that of the record, or the one that comes
 * as the part's number among those of the recipients; absent: none. */
static struct mm_str
domain_of_part(const struct mm_stitch *s, const struct mm_life *l)
{
	struct mm_str seen[MAX_DOMAINS];
	int64_t n = 0;

	if (mm_str_starts(s->r->recipient, "@"))
		return mm_str_from(s->r->recipient, 1);
	for (uint32_t id = l->first_recipient; id != 0 && n < MAX_DOMAINS;
	     id = mm_open_recipient(&s->open, id)->next) {
		struct mm_str d = domain_of(s, mm_open_recipient(&s->open, id));
		int64_t i = 0;

		while (i < n && !mm_str_ieq(seen[i], d))
			i++;
		if (i < n)
			continue;
		seen[n++] = d;
		if (n == s->r->part)
			return d;
	}
	return MM_STR_ABSENT;
}

/* Is the recipient that comes as `number` of the part, and does it wait? Where
 * there are fewer domains than parts each recipient is a part of its own. */
static bool
waits(const struct mm_stitch *s, const struct mm_kept_recipient *k,
      struct mm_str domain, int64_t number)
{
	if (mm_kept_is_final(k))
		return false;
	if (s->r->part <= 0 && domain.p == NULL)
		return true;
	return domain.p != NULL ? mm_str_ieq(domain_of(s, k), domain)
				: number == s->r->part;
}

/* Of more than were taken: those not tried as often as others (a deferral in
 * the same session comes before the line), the part's own number first. */
static size_t
pick_some(struct mm_stitch *s, struct mm_life *l, struct mm_str domain,
	  size_t n_wanted)
{
	uint32_t least = UINT32_MAX;
	size_t n = 0;

	for (uint32_t id = l->first_recipient; id != 0;
	     id = mm_open_recipient(&s->open, id)->next) {
		struct mm_kept_recipient *k = mm_open_recipient(&s->open, id);

		if (waits(s, k, domain, 0) && k->n_attempts < least)
			least = k->n_attempts;
	}
	for (int round = 0; round < 3; round++) {
		int64_t number = 1;

		for (uint32_t id = l->first_recipient; id != 0 && n < n_wanted;
		     id = mm_open_recipient(&s->open, id)->next, number++) {
			struct mm_kept_recipient *k =
			    mm_open_recipient(&s->open, id);

			if (k->picked || !waits(s, k, domain, number) ||
			    (round < 2 && k->n_attempts > least) ||
			    (round == 0 && number != s->r->part))
				continue;
			k->picked = true;
			n++;
		}
	}
	return n;
}

size_t
mm_stitch_pick(struct mm_stitch *s, struct mm_life *l)
{
	struct mm_str domain = domain_of_part(s, l);
	size_t n_wanted = SIZE_MAX, n_here = 0, n = 0;
	int64_t number = 1;
	uint32_t id;

	if (s->r->outcome == MM_OUT_SENT && s->r->n_recipients >= 0)
		n_wanted = (size_t)s->r->n_recipients;
	for (id = l->first_recipient; id != 0;
	     id = mm_open_recipient(&s->open, id)->next, number++) {
		struct mm_kept_recipient *k = mm_open_recipient(&s->open, id);

		n_here +=
		    domain.p == NULL || mm_str_ieq(domain_of(s, k), domain);
		k->picked = waits(s, k, domain, number);
		n += k->picked;
	}
	if (n > n_wanted) {
		for (id = l->first_recipient; id != 0;
		     id = mm_open_recipient(&s->open, id)->next)
			mm_open_recipient(&s->open, id)->picked = false;
		return pick_some(s, l, domain, n_wanted);
	}
	/* Its recipients lie before the logs: one stands for them. */
	if (n_here == 0 && domain.n > 0) {
		mm_life_recipient(&s->open.lives, l,
				  mm_stitch_address(s, s->r->recipient), &id)
		    ->picked = true;
		n++;
	}
	return n;
}

void
mm_stitch_expire_part(struct mm_stitch *s, struct mm_life *l)
{
	uint32_t reply = mm_stitch_reply(s, 0);

	(void)mm_stitch_pick(s, l);
	for (uint32_t id = l->first_recipient; id != 0;
	     id = mm_open_recipient(&s->open, id)->next) {
		struct mm_kept_recipient *k = mm_open_recipient(&s->open, id);

		if (!k->picked)
			continue;
		k->picked = false;
		k->final = MM_FINAL_EXPIRED;
		k->final_us = s->r->t_us;
		if (k->reply == 0)
			k->reply = reply;
	}
}
