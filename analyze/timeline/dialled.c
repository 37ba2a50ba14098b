#include "analyze/timeline/dialled.h"
#include "formats/base/digest.h"

void
mm_dialled_note(struct mm_dialled *d, struct mm_str session, uint32_t relay)
{
	uint64_t key = mm_hash64(session);

	d->slots[key & (MM_DIALLED_SLOTS - 1)] =
	    (struct mm_dialled_slot){ key, relay };
}

uint32_t
mm_dialled_relay(const struct mm_dialled *d, struct mm_str session)
{
	uint64_t key = mm_hash64(session);
	const struct mm_dialled_slot *s =
	    &d->slots[key & (MM_DIALLED_SLOTS - 1)];

	return s->session == key ? s->relay : 0;
}
