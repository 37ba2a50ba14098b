/* Any bytes as any file of a spool, and as any listing: whole, and as the head
 * of a file whose rest is fetched. Seeds: test-corpus/spools. */
#include <stdlib.h>
#include <string.h>

#include "formats/spools/spools.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const char *const names[] = {
	"s.tar!deferred/A/4jXHnD215qzBQ",
	"s.tar!defer/A/4jXHnD215qzBQ",
	"s.tar!incoming/C4251122",
	"s.tar!input/j/1xV0Dj-00002B-1j-J",
	"s.tar!msglog/j/1xV0Dj-00002B-1j",
	"s.tar!db/retry",
	"s.tar!mqueue/q1/qf6AM5kigC002877",
	"s.tar!mqueue/q1/df6AM5kigC002877",
	"s.tar!queue/b1/b1a800c2/b1a800c235a1e482",
	"s.tar!queue/b1/b1a800c2/message",
	"listing",
	"queue/1000_2000_1_7_aBcDeF_1_mx",
};

/* Exim's files name themselves in their first line. */
static const char *
exim_name(const uint8_t *bytes, size_t n, char room[64])
{
	size_t len = 0;

	while (len < n && len < 40 && bytes[len] != '\n' && bytes[len] != 0)
		len++;
	memcpy(room, "s!input/", 8);
	memcpy(room + 8, bytes, len);
	room[8 + len] = '\0';
	return room;
}

static volatile size_t seen;

static void
touch(struct mm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		seen += (size_t)s.p[i];
}

static void
on_snapshot(void *ctx, const struct mm_snapshot *s)
{
	(void)ctx;
	touch(s->name);
	touch(s->host);
}

static void
on_entry(void *ctx, const struct mm_spool_entry *e)
{
	(void)ctx;
	touch(e->queue);
	touch(e->queue_id);
	touch(e->message_id);
	touch(e->sender);
	touch(e->source);
	touch(e->note);
	for (size_t i = 0; i < e->n_recipients; i++) {
		touch(e->recipients[i].address);
		touch(e->recipients[i].orig);
		touch(e->recipients[i].reason);
	}
}

static void
offer(struct mm_spools *sp, const char *name, struct mm_str all, bool whole)
{
	struct mm_leaf leaf = {
		.name = mm_str_z(name),
		.root = mm_str_z(name),
		.path = mm_str_z(name),
		.mtime_us = 1795325675 * MM_SECOND_US,
		.mode = 0700,
		.head = whole ? all : mm_str_upto(all, all.n / 2),
		.whole = whole,
		.reader = &all,
	};
	struct mm_err err;
	const char *kind;
	bool taken;

	if (mm_spools_take(sp, &leaf, &taken, &kind, &err) != MM_OK)
		abort();
}

/* The reader of leaves, for files that are bytes in memory. */
enum mm_status
mm_leaf_all(const struct mm_leaf *leaf, size_t max_bytes,
	    struct mm_str *content, struct mm_err *err)
{
	*content = *(const struct mm_str *)leaf->reader;
	return content->n > max_bytes ? mm_err_set(err, MM_ELIMIT, "too much")
				      : MM_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct mm_str all = { (const char *)bytes, n };
	struct mm_spool_sink sink = { on_snapshot, on_entry, NULL, NULL };
	struct mm_spools *sp;
	char room[64];

	for (int whole = 0; whole < 2; whole++) {
		sp = mm_spools_new();
		for (size_t i = 0; i < MM_COUNT(names); i++)
			offer(sp, names[i], all, whole == 1);
		offer(sp, exim_name(bytes, n, room), all, whole == 1);
		mm_spools_finish(sp, &sink);
	}
	return 0;
}
