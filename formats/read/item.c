#include <stdio.h>

#include "formats/read/item.h"
#include "formats/read/utf16.h"

enum mm_status
mm_open_content(struct mm_source *leaf, struct mm_open *o,
		const char **compression, int64_t *gzip_us, struct mm_err *err)
{
	struct mm_str head;
	enum mm_status st;

	*o = (struct mm_open){ leaf, leaf };
	*compression = "none";
	*gzip_us = MM_TIME_NONE;
	st = mm_source_peek(leaf, MM_SOURCE_HEAD_BYTES, &head, err);
	/* Twice at most: somebody may have packed what was packed. */
	for (int i = 0; i < 2 && st == MM_OK; i++) {
		const char *name = mm_packed_name(head);

		if (mm_gzip_is(head))
			name = "gzip";
		if (name == NULL)
			break;
		if (i == 0) {
			*compression = name;
			*gzip_us = mm_gzip_time(head);
		}
		o->content = mm_gzip_is(head) ? mm_source_gzip(o->content)
					      : mm_source_packed(o->content);
		st = mm_source_peek(o->content, MM_SOURCE_HEAD_BYTES, &head,
				    err);
	}
	if (st == MM_OK && mm_utf16_is(head))
		o->content = mm_source_utf16(o->content);
	return st;
}

/* Step through the archive in `o` to entry `number` and open it in turn. */
static enum mm_status
enter(struct mm_open *o, uint64_t number, const char *name, struct mm_err *err)
{
	struct mm_source *lower = o->content;
	struct mm_archive *ar = mm_archive_open(lower);
	const char *compression;
	struct mm_member m;
	enum mm_status st;
	int64_t gzip_us;

	do
		st = mm_archive_next(ar, &m, err);
	while (st == MM_OK && m.number < number);
	if (st != MM_OK) {
		mm_archive_close(ar);
		mm_source_close(lower);
		return st == MM_END ? mm_err_set(err, MM_EIO,
						 "%s: changed while it was "
						 "read",
						 name)
				    : st;
	}
	st = mm_open_content(mm_archive_member(ar, name, true), o, &compression,
			     &gzip_us, err);
	if (st != MM_OK)
		mm_source_close(o->content);
	return st;
}

enum mm_status
mm_item_open(const struct mm_evidence *ev, struct mm_item *it,
	     struct mm_open *o, struct mm_err *err)
{
	const char *compression;
	struct mm_source *file;
	enum mm_status st;
	int64_t gzip_us;

	if (it->kept.content != NULL) {
		*o = it->kept;
		it->kept = (struct mm_open){ 0 };
		return MM_OK;
	}
	if (it->small.p != NULL) {
		o->leaf = o->content =
		    mm_source_memory(it->small, it->row.name.p);
		return MM_OK;
	}
	file = it->fd >= 0
		   ? mm_source_descriptor(it->fd, it->path, ev->o.max_expand)
		   : mm_source_file(it->path, ev->o.max_expand, err);
	if (file == NULL)
		return MM_EIO;
	if (it->depth > 0)
		mm_source_file_unhashed(file);
	st = mm_open_content(file, o, &compression, &gzip_us, err);
	if (st != MM_OK)
		mm_source_close(o->content);
	for (unsigned i = 0; i < it->depth && st == MM_OK; i++)
		st = enter(o, it->members[i], it->row.name.p, err);
	return st;
}

void
mm_item_note(struct mm_evidence *ev, struct mm_item *it, const char *text)
{
	struct mm_str old = it->row.note;

	if (text == NULL)
		return;
	it->row.note =
	    mm_str_z(mm_arena_fmt(&ev->texts, "%.*s%s%s", MM_STR_ARG(old),
				  old.n > 0 ? "; " : "", text));
}

void
mm_item_torn(struct mm_evidence *ev, struct mm_item *it, int64_t at,
	     const char *why)
{
	char text[256];

	if (at < 0 || it->row.torn_at >= 0)
		return;
	it->row.torn_at = at;
	(void)snprintf(text, sizeof(text), "%s at byte %lld", why,
		       (long long)at);
	mm_item_note(ev, it, text);
}
