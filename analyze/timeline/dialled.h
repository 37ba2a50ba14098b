/* dialled.h - whom a session with a relay is with: a small cache, since the
 * lines of OpenSMTPD name the host only where the session begins. */
#ifndef MM_DIALLED_H
#define MM_DIALLED_H

#include <stdint.h>

#include "formats/base/str.h"

#define MM_DIALLED_SLOTS 4096 /* power of two */

struct mm_dialled {
	struct mm_dialled_slot {
		uint64_t session; /* hash of its name */
		uint32_t relay;
	} slots[MM_DIALLED_SLOTS];
};

void mm_dialled_note(struct mm_dialled *d, struct mm_str session,
		     uint32_t relay);
uint32_t mm_dialled_relay(const struct mm_dialled *d, struct mm_str session);

#endif
