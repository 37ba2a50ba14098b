#include "analyze/timeline/deliveries.h"

static size_t
slot_of(uint32_t host, uint64_t number)
{
	return (size_t)((number + (uint64_t)host * 509) % MM_DELIVERIES_MAX);
}

void
mm_deliveries_note(struct mm_deliveries *d, uint32_t host, struct mm_str number,
		   struct mm_life *life, uint32_t address)
{
	uint64_t n;

	if (mm_str_to_u64(number, &n))
		d->slots[slot_of(host, n)] =
		    (struct mm_delivery){ n, host, life->id, address, life };
}

const struct mm_delivery *
mm_deliveries_find(const struct mm_deliveries *d, uint32_t host,
		   struct mm_str number)
{
	const struct mm_delivery *found;
	uint64_t n;

	if (!mm_str_to_u64(number, &n))
		return NULL;
	found = &d->slots[slot_of(host, n)];
	return found->number == n && found->host == host &&
		       found->life != NULL && found->life->id == found->message
		   ? found
		   : NULL;
}
