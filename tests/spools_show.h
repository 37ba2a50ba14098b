/* spools_show.h - for the tests of formats/spools: files as leaves, snapshots
 * as text. The tests hand over whole files, so they bring their own
 * mm_leaf_all. */
#ifndef MM_SPOOLS_SHOW_H
#define MM_SPOOLS_SHOW_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/base/buf.h"
#include "formats/base/mem.h"
#include "formats/spools/spools.h"

#define CORPUS "test-corpus/spools/"

enum mm_status
mm_leaf_all(const struct mm_leaf *leaf, size_t max_bytes,
	    struct mm_str *content, struct mm_err *err)
{
	const struct mm_str *all = leaf->reader;

	if (all == NULL || all->n > max_bytes)
		return mm_err_set(err, MM_ELIMIT, "too much");
	*content = *all;
	return MM_OK;
}

/* Owned: free .p. Absent when the file cannot be read. */
static struct mm_str
read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *p = mm_alloc(1 << 20);
	size_t n;

	if (f == NULL)
		fail_msg("%s: cannot be read", path);
	n = fread(p, 1, 1 << 20, f);
	(void)fclose(f);
	return (struct mm_str){ p, n };
}

/* Offer bytes under a name; returns the ledger's kind, NULL: not taken. */
static inline const char *
offer(struct mm_spools *sp, const char *name, struct mm_str bytes,
      int64_t mtime_s, unsigned mode)
{
	struct mm_leaf leaf = {
		.name = mm_str_z(name),
		.root = mm_str_z(name),
		.path = mm_str_z(name),
		.mtime_us = mtime_s * MM_SECOND_US,
		.mode = mode,
		.head = bytes,
		.whole = true,
	};
	const char *kind = NULL;
	struct mm_err err;
	bool taken;

	assert_int_equal(mm_spools_take(sp, &leaf, &taken, &kind, &err), MM_OK);
	return taken ? kind : NULL;
}

struct other {
	const char *name, *text;
};

/* Files that are of no spool. */
static inline void
offer_foreign(const struct other *others, size_t n)
{
	struct mm_spools *sp = mm_spools_new();

	for (size_t i = 0; i < n; i++)
		assert_null(offer(sp, others[i].name, mm_str_z(others[i].text),
				  1000, 0644));
	mm_spools_finish(sp, NULL);
}

static inline const char *
offer_file(struct mm_spools *sp, const char *name, int64_t mtime_s,
	   unsigned mode)
{
	struct mm_str bytes = read_file(name);
	const char *kind = offer(sp, name, bytes, mtime_s, mode);

	free((char *)(uintptr_t)bytes.p);
	return kind;
}

static inline void
show_time(struct mm_buf *b, const char *name, int64_t t_us)
{
	char text[MM_TIME_TEXT];

	if (t_us != MM_TIME_NONE)
		mm_buf_addf(b, " %s=%s", name, mm_time_seconds(t_us, text));
}

static inline void
show_str(struct mm_buf *b, const char *name, struct mm_str s)
{
	if (s.p != NULL)
		mm_buf_addf(b, " %s=%.*s", name, MM_STR_ARG(s));
}

static inline void
show_snapshot(void *ctx, const struct mm_snapshot *s)
{
	mm_buf_addf(ctx, "%s: %s", mm_mta_name(s->mta), s->kind);
	show_str(ctx, "name", s->name);
	show_str(ctx, "host", s->host);
	show_time(ctx, "taken", s->taken_us);
	mm_buf_addc(ctx, '\n');
}

static inline void
show_entry(void *ctx, const struct mm_spool_entry *e)
{
	mm_buf_addf(ctx, "%.*s %.*s", MM_STR_ARG(e->queue),
		    MM_STR_ARG(e->queue_id));
	show_str(ctx, "from", e->sender);
	show_str(ctx, "mid", e->message_id);
	if (e->size_bytes >= 0)
		mm_buf_addf(ctx, " size=%lld", (long long)e->size_bytes);
	show_time(ctx, "arrived", e->arrived_us);
	show_time(ctx, "next", e->next_try_us);
	show_time(ctx, "last", e->last_try_us);
	if (e->n_attempts >= 0)
		mm_buf_addf(ctx, " tries=%lld", (long long)e->n_attempts);
	show_str(ctx, "note", e->note);
	mm_buf_addc(ctx, '\n');
	for (size_t i = 0; i < e->n_recipients; i++) {
		const struct mm_spool_recipient *r = &e->recipients[i];

		mm_buf_addf(ctx, "  %s %.*s", r->done ? "done" : "to",
			    MM_STR_ARG(r->address));
		show_str(ctx, "orig", r->orig);
		show_str(ctx, "reason", r->reason);
		mm_buf_addc(ctx, '\n');
	}
}

static inline void
show_setting(void *ctx, const struct mm_setting *s)
{
	mm_buf_addf(ctx, "%s of %.*s: %.*s=%.*s\n", mm_mta_name(s->mta),
		    MM_STR_ARG(s->host), MM_STR_ARG(s->name),
		    MM_STR_ARG(s->value));
}

/* All snapshots as text. Owned by `b`, which is made here. */
static inline const char *
show_all(struct mm_spools *sp, struct mm_buf *b)
{
	struct mm_spool_sink sink = { show_snapshot, show_entry, b,
				      show_setting };

	mm_buf_init(b, 16 << 20);
	mm_spools_finish(sp, &sink);
	return b->p;
}

#endif
