/* zone.h - time zones by name: what local time was UTC when.
 *
 * UTC, a fixed offset, or a zone of the IANA database as the machine has it
 * (TZDIR, else /usr/share/zoneinfo); the process's own zone and locale are
 * neither asked nor changed.
 * Sources: RFC 8536 (TZif), POSIX.1-2017 section 8.3 (the rule in its footer).
 */
#ifndef MM_ZONE_H
#define MM_ZONE_H

#include "formats/base/status.h"
#include "formats/base/time.h"

struct mm_zone;

/* "UTC", "+01:00", "Europe/Berlin". Owned; NULL with MM_EUSAGE or MM_EIO. */
struct mm_zone *mm_zone_new(const char *name, struct mm_err *err);
void mm_zone_free(struct mm_zone *z);		   /* NULL is fine */
const char *mm_zone_name(const struct mm_zone *z); /* as it was given */

/* How far local time is ahead of UTC, and between which local times [from, to)
 * that is so without a doubt. */
struct mm_zone_span {
	int64_t offset_us, from_us, to_us;
};

/* Of a local time. Where clocks were put back an hour comes twice: the second
 * is meant when the first would go back behind `last_us` (UTC, of what was
 * before; MM_TIME_NONE: nothing was). Where they were put forward the hour
 * that never was counts as before. */
struct mm_zone_span mm_zone_local(const struct mm_zone *z, int64_t local_us,
				  int64_t last_us);

#endif
