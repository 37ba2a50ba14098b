/* Any bytes as a mailbox. Held to: what is handed out lies in memory of ours.
 * Seeds: test-corpus/dsn. */
#include <stdlib.h>

#include "formats/base/digest.h"
#include "formats/mail/dsn.h"

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

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	uint64_t hash = 0;
	const struct mm_dsn_sink sink = { touch, &hash };
	const struct mm_str content = { (const char *)bytes, n };

	(void)mm_mailbox_is(content);
	if (mm_mailbox_read(content, &sink) > n + 1)
		abort();
	return 0;
}
