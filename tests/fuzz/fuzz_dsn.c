/* Any bytes as a mailbox. Held to: what is handed out lies in memory of ours.
 * Seeds: test-corpus/dsn. */
#include <stdlib.h>

#include "formats/base/digest.h"
#include "formats/mail/dsn.h"
#include "formats/mail/received.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
touch(void *ctx, const struct mm_dsn *d)
{
	const struct mm_str texts[] = {
		d->message_id,
		d->reporting_mta,
		d->envelope_id,
		d->queue_id,
		d->original_message_id,
		d->recipient,
		d->orig_recipient,
		d->action,
		d->status,
		d->diagnostic,
		d->remote_mta,
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		*(uint64_t *)ctx ^= mm_hash64(texts[i]);
}

static void
touch_header(void *ctx, size_t number, struct mm_str header)
{
	static struct mm_received way;

	(void)number;
	mm_received_read(header, &way);
	*(uint64_t *)ctx ^= mm_hash64(way.message_id);
	for (size_t i = 0; i < way.n_hops; i++)
		*(uint64_t *)ctx ^= mm_hash64(way.hops[i].from) ^
				    mm_hash64(way.hops[i].from_ip) ^
				    mm_hash64(way.hops[i].by) ^
				    mm_hash64(way.hops[i].id);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	uint64_t hash = 0;
	const struct mm_dsn_sink sink = { touch, touch_header, &hash };
	const struct mm_str content = { (const char *)bytes, n };

	(void)mm_mailbox_is(content);
	if (mm_mailbox_read(content, &sink) > n + 1)
		abort();
	return 0;
}
