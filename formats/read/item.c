#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "formats/base/mem.h"
#include "formats/read/excerpt.h"
#include "formats/read/item.h"
#include "formats/read/utf16.h"

enum mm_status
mm_open_content(struct mm_source *leaf, struct mm_open *o,
		const char **compression, int64_t *gzip_us, struct mm_err *err)
{
	struct mm_str head;
	enum mm_status st;

	*o = (struct mm_open){ leaf, leaf, false };
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
		o->is_gzip = i == 0 && mm_gzip_is(head);
		o->content = mm_gzip_is(head) ? mm_source_gzip(o->content)
					      : mm_source_packed(o->content);
		st = mm_source_peek(o->content, MM_SOURCE_HEAD_BYTES, &head,
				    err);
	}
	if (st == MM_OK && mm_utf16_is(head)) {
		o->content = mm_source_utf16(o->content);
		o->is_gzip = false;
	}
	return st;
}

/* The member that is wanted: by its number, or by a name that begins with its
 * path (which may hold a `!` as well). */
struct wanted {
	uint64_t number;
	struct mm_str name; /* absent: by number */
};

static bool
is_wanted(const struct wanted *w, const struct mm_member *m)
{
	struct mm_str rest = mm_str_from(w->name, m->path.n);

	if (w->name.p == NULL)
		return m->number >= w->number;
	return mm_str_eq(mm_str_upto(w->name, m->path.n), m->path) &&
	       (rest.n == 0 || rest.p[0] == '!');
}

/* Step through the archive in `o` to that member, take its path off the wanted
 * name and open it in turn. Whatever comes, o->content is to be closed. */
static enum mm_status
enter(struct mm_open *o, struct wanted *w, const char *name, struct mm_err *err)
{
	struct mm_archive *ar = mm_archive_open(o->content);
	const char *compression;
	struct mm_member m;
	enum mm_status st;
	int64_t gzip_us;

	do
		st = mm_archive_next(ar, &m, err);
	while (st == MM_OK && !is_wanted(w, &m));
	if (st != MM_OK) {
		mm_archive_close(ar);
		return st == MM_END ? mm_err_set(err, MM_EIO,
						 "%s: not there any more", name)
				    : st;
	}
	if (w->name.p != NULL)
		w->name = mm_str_from(w->name, m.path.n);
	return mm_open_content(mm_archive_member(ar, name, true), o,
			       &compression, &gzip_us, err);
}

static enum mm_status
close_failed(struct mm_open *o, enum mm_status st)
{
	if (st != MM_OK) {
		mm_source_close(o->content);
		o->content = NULL;
	}
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
		    mm_file_memory(it->small, it->row.name.p);
		return MM_OK;
	}
	file = it->fd >= 0
		   ? mm_file_descriptor(it->fd, it->path, ev->o.max_expand)
		   : mm_file_open(it->path, ev->o.max_expand, err);
	if (file == NULL)
		return MM_EIO;
	if (it->depth > 0)
		mm_file_unhashed(file);
	st = mm_open_content(file, o, &compression, &gzip_us, err);
	for (unsigned i = 0; i < it->depth && st == MM_OK; i++)
		st = enter(o, &(struct wanted){ .number = it->members[i] },
			   it->row.name.p, err);
	return close_failed(o, st);
}

size_t
mm_excerpt_file_part(const char *name)
{
	size_t n = strlen(name);
	struct stat sb;

	if (stat(name, &sb) == 0)
		return n;
	for (size_t i = 1; i < n; i++) {
		char *path;
		bool is_file;

		if (name[i] != '!')
			continue;
		path = mm_strdup(name);
		path[i] = '\0';
		is_file = stat(path, &sb) == 0 && S_ISREG(sb.st_mode);
		free(path);
		if (is_file)
			return i;
	}
	return n;
}

/* Members behind the file. */
static enum mm_status
enter_named(const char *name, struct mm_str rest, struct mm_open *o,
	    struct mm_err *err)
{
	struct wanted w = { .name = rest };
	enum mm_status st = MM_OK;

	while (st == MM_OK && mm_str_skip(&w.name, "!"))
		st = enter(o, &w, name, err);
	return st;
}

enum mm_status
mm_open_named(const char *name, struct mm_str restarts, uint64_t at_byte,
	      struct mm_open *o, uint64_t *from, struct mm_err *err)
{
	size_t n = mm_excerpt_file_part(name);
	const char *compression;
	struct mm_source *file;
	enum mm_status st;
	int64_t gzip_us;
	char *path = mm_strdup(name);

	*from = 0;
	path[n] = '\0';
	file = mm_file_open(path, 0, err);
	free(path);
	if (file == NULL)
		return MM_EIO;
	file->name = name;
	mm_file_unhashed(file);
	if (restarts.n > 0 && name[n] == '\0') {
		o->leaf = file;
		o->content = mm_source_gzip_at(file, restarts, at_byte, from);
		return o->content != NULL
			   ? MM_OK
			   : mm_err_set(err, MM_EIO,
					"%s: changed since it was "
					"read",
					name);
	}
	st = mm_open_content(file, o, &compression, &gzip_us, err);
	if (st == MM_OK)
		st = enter_named(name, mm_str_z(name + n), o, err);
	return close_failed(o, st);
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
