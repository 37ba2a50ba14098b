#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/case/embed.h"
#include "analyze/case/merge.h"
#include "analyze/case/sources.h"
#include "formats/base/digest.h"
#include "formats/base/intern.h"
#include "formats/base/mem.h"

#define NAMES_BYTES ((size_t)1 << 30)

/* A path that a case was made of, and what was found through it. */
struct argument {
	const char *path;
	uint64_t content; /* hash of the files' hashes and places */
	bool held;	  /* by its case */
};

struct held_file {
	size_t store;
	int64_t id; /* in its ledger */
};

struct mm_merge {
	struct mm_arena texts;
	struct mm_store **stores; /* owned, each too */
	size_t n_stores, cap_stores;
	struct mm_words paths, given;
	struct argument *arguments; /* owned; those of `paths` */
	size_t n_arguments, cap_arguments;
	struct mm_stand_in *files; /* owned */
	struct held_file *held;	   /* owned: beside `files` */
	size_t n_files, cap_files, cap_held;
	struct mm_stand_ins stand_ins;
	struct mm_intern hashes; /* of all files of the cases */
	struct mm_made made;
	bool zones_given;
};

struct mm_merge *
mm_merge_new(bool zones_given)
{
	struct mm_merge *m = mm_calloc(1, sizeof(*m));

	m->zones_given = zones_given;
	mm_arena_init(&m->texts);
	mm_intern_init(&m->hashes);
	return m;
}

void
mm_merge_free(struct mm_merge *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n_stores; i++)
		mm_store_close(m->stores[i]);
	mm_words_fini(&m->paths);
	mm_words_fini(&m->given);
	mm_words_fini(&m->made.formats);
	mm_words_fini(&m->made.zones);
	mm_intern_fini(&m->hashes);
	mm_arena_fini(&m->texts);
	free(m->stores);
	free(m->arguments);
	free(m->files);
	free(m->held);
	free(m);
}

static int
open_held(void *ctx, size_t i, struct mm_err *err)
{
	struct mm_merge *m = ctx;
	const struct held_file *f = &m->held[i];

	return mm_embed_open(m->stores[f->store], f->id, err);
}

/* ---- the files of one case ---- */

struct file {
	const char *name, *sha256;
	int64_t id, mtime_us;
	uint64_t n_bytes;
	unsigned mode;
	bool held, taken;
};

struct files {
	struct file *v; /* owned; by name */
	size_t n, cap;
};

static enum mm_status
list_files(struct mm_merge *m, struct mm_store *s, struct files *files,
	   struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s,
	    "SELECT f.id, f.name, f.sha256, f.bytes, e.mtime_us, e.mode"
	    " FROM file f LEFT JOIN (SELECT file, min(id), mtime_us, mode"
	    " FROM embedded GROUP BY file) e ON e.file = f.id"
	    " WHERE f.sha256 IS NOT NULL ORDER BY f.name, f.id",
	    err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		files->v =
		    mm_grow(files->v, files->n, &files->cap, sizeof(*files->v));
		files->v[files->n++] = (struct file){
			.id = mm_query_int(q, 0),
			.name = mm_arena_str(&m->texts, mm_query_text(q, 1)).p,
			.sha256 =
			    mm_arena_str(&m->texts, mm_query_text(q, 2)).p,
			.n_bytes = (uint64_t)mm_query_int(q, 3),
			.held = !mm_query_is_null(q, 4),
			.mtime_us = mm_query_int(q, 4),
			.mode = (unsigned)mm_query_int(q, 5),
		};
		(void)mm_intern_add(&m->hashes, mm_query_text(q, 2));
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

/* Was the file found through this argument: is it it, or below it? */
static bool
is_below(const char *name, const char *argument)
{
	size_t n = strlen(argument);

	return strncmp(name, argument, n) == 0 &&
	       (name[n] == '\0' || name[n] == '/' ||
		(n > 0 && argument[n - 1] == '/'));
}

/* What `argument` stood for: which of `files`, and a hash of it all. */
static struct argument
look_at(struct files *files, const char *argument)
{
	struct argument a = { .path = argument };
	struct mm_buf b;

	mm_buf_init(&b, NAMES_BYTES);
	for (size_t i = 0; i < files->n; i++) {
		struct file *f = &files->v[i];

		if (f->taken || !is_below(f->name, argument))
			continue;
		a.held |= f->held;
		mm_buf_addf(&b, "%s %s\n", f->name, f->sha256);
	}
	a.content = mm_hash64(mm_buf_str(&b));
	mm_buf_fini(&b);
	return a;
}

static void
add_held(struct mm_merge *m, struct files *files, const char *argument,
	 const char *path)
{
	for (size_t i = 0; i < files->n; i++) {
		struct file *f = &files->v[i];
		const char *rest = f->name + strlen(argument);

		if (f->taken || !is_below(f->name, argument))
			continue;
		f->taken = true;
		m->files = mm_grow(m->files, m->n_files, &m->cap_files,
				   sizeof(*m->files));
		m->held = mm_grow(m->held, m->n_files, &m->cap_held,
				  sizeof(*m->held));
		m->held[m->n_files] =
		    (struct held_file){ m->n_stores - 1, f->id };
		m->files[m->n_files++] = (struct mm_stand_in){
			.name = mm_arena_fmt(&m->texts, "%s%s", path, rest),
			.argument = path,
			.mtime_us = f->mtime_us,
			.mode = f->mode,
			.n_bytes = f->n_bytes,
		};
	}
}

static const struct argument *
find_argument(const struct mm_merge *m, const char *path)
{
	for (size_t i = 0; i < m->n_arguments; i++)
		if (strcmp(m->arguments[i].path, path) == 0)
			return &m->arguments[i];
	return NULL;
}

static enum mm_status
check_there(const char *case_path, const char *path, struct mm_err *err)
{
	if (strcmp(path, "-") == 0)
		return mm_err_set(err, MM_EUSAGE,
				  "%s: holds what came through standard input "
				  "and can be read no more; make it again from "
				  "files",
				  case_path);
	if (access(path, R_OK) == 0)
		return MM_OK;
	return mm_err_set(err, MM_EIO,
			  "%s: was made of %s, which it does not hold (%s); "
			  "put it back there, or make the case again with "
			  "`ingest --embed`",
			  case_path, path, strerror(errno));
}

static enum mm_status
add_argument(struct mm_merge *m, struct files *files, const char *case_path,
	     const char *path, struct mm_err *err)
{
	struct argument a = look_at(files, path);
	const struct argument *before = find_argument(m, path);

	if (before != NULL && before->content == a.content)
		return MM_OK;
	if (before != NULL && !a.held)
		return mm_err_set(
		    err, MM_EUSAGE,
		    "%s: was made of another %s than the case before it; make "
		    "it again with `ingest --embed`, or give it first",
		    case_path, path);
	if (mm_words_has(&m->given, path))
		a.held = false; /* it lies there, newer */
	else if (before != NULL)
		a.path = mm_arena_fmt(&m->texts, "%s!%s", case_path, path);
	if (a.held)
		add_held(m, files, path, a.path);
	else if (!mm_words_has(&m->given, path) &&
		 check_there(case_path, path, err) != MM_OK)
		return err->code;
	m->arguments = mm_grow(m->arguments, m->n_arguments, &m->cap_arguments,
			       sizeof(*m->arguments));
	m->arguments[m->n_arguments++] = a;
	mm_words_add(&m->paths, a.path);
	return MM_OK;
}

/* ---- how it was made ---- */

static enum mm_status
read_made(struct mm_merge *m, struct mm_store *s, struct mm_made *made,
	  struct mm_err *err)
{
	struct mm_words rules = { 0 }, switches = { 0 };
	enum mm_status st =
	    mm_sources_read(s, "zone", &m->texts, &made->zones, err);

	if (st == MM_OK)
		st = mm_sources_read(s, "format", &m->texts, &made->formats,
				     err);
	if (st == MM_OK)
		st = mm_sources_read(s, "rules", &m->texts, &rules, err);
	if (st == MM_OK)
		st = mm_sources_read(s, "switch", &m->texts, &switches, err);
	made->rules = rules.n > 0 ? rules.v[0] : NULL;
	made->fix_skew = mm_words_has(&switches, "fix-skew");
	made->embed = mm_words_has(&switches, "embed");
	mm_words_fini(&rules);
	mm_words_fini(&switches);
	return st;
}

static bool
same_words(const struct mm_words *a, const struct mm_words *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return a->n == b->n;
}

/* All were made the same way, or their evidence cannot be read at once. */
static enum mm_status
agree(struct mm_merge *m, const char *case_path, const struct mm_made *made,
      struct mm_err *err)
{
	const char *rules = made->rules != NULL ? made->rules : "";
	const char *before = m->made.rules != NULL ? m->made.rules : "";

	if (m->n_stores > 1 && !m->zones_given &&
	    !same_words(&m->made.zones, &made->zones))
		return mm_err_set(err, MM_EUSAGE,
				  "%s: was made with another --tz than the "
				  "cases before it; give --tz FILE=ZONE for "
				  "the files of all",
				  case_path);
	if (m->n_stores > 1 &&
	    (strcmp(rules, before) != 0 || made->fix_skew != m->made.fix_skew))
		return mm_err_set(err, MM_EUSAGE,
				  "%s: was made with another %s than the cases "
				  "before it; make them the same way first",
				  case_path,
				  made->fix_skew != m->made.fix_skew
				      ? "--fix-skew"
				      : "--rules");
	for (size_t i = 0; i < made->zones.n && !m->zones_given; i++)
		mm_words_add_new(&m->made.zones, made->zones.v[i]);
	for (size_t i = 0; i < made->formats.n; i++)
		mm_words_add_new(&m->made.formats, made->formats.v[i]);
	m->made.rules = made->rules;
	m->made.fix_skew = made->fix_skew;
	m->made.embed |= made->embed;
	return MM_OK;
}

enum mm_status
mm_merge_case(struct mm_merge *m, const char *path, struct mm_err *err)
{
	struct mm_store *s = mm_store_open(path, err);
	struct mm_words paths = { 0 };
	struct files files = { 0 };
	struct mm_made made = { 0 };
	enum mm_status st;

	if (s == NULL)
		return err->code;
	m->stores = mm_grow(m->stores, m->n_stores, &m->cap_stores,
			    sizeof(struct mm_store *));
	m->stores[m->n_stores++] = s;
	st = read_made(m, s, &made, err);
	if (st == MM_OK)
		st = agree(m, path, &made, err);
	if (st == MM_OK)
		st = mm_sources_read(s, "source", &m->texts, &paths, err);
	if (st == MM_OK)
		st = list_files(m, s, &files, err);
	for (size_t i = 0; i < paths.n && st == MM_OK; i++)
		st = add_argument(m, &files, path, paths.v[i], err);
	mm_words_fini(&paths);
	mm_words_fini(&made.zones);
	mm_words_fini(&made.formats);
	free(files.v);
	return st;
}

void
mm_merge_path(struct mm_merge *m, const char *path)
{
	mm_words_add_new(&m->given, path);
}

const struct mm_words *
mm_merge_paths(struct mm_merge *m)
{
	for (size_t i = 0; i < m->given.n; i++)
		mm_words_add_new(&m->paths, m->given.v[i]);
	return &m->paths;
}

const struct mm_made *
mm_merge_made(const struct mm_merge *m)
{
	return &m->made;
}

const struct mm_stand_ins *
mm_merge_stand_ins(struct mm_merge *m)
{
	m->stand_ins =
	    (struct mm_stand_ins){ m->files, m->n_files, open_held, m };
	return &m->stand_ins;
}

enum mm_status
mm_merge_check(const struct mm_merge *m, struct mm_store *s, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s, "SELECT name, sha256 FROM file WHERE sha256 IS NOT NULL", err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;
	struct mm_intern seen;
	size_t n_seen;

	mm_intern_init(&seen);
	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		(void)mm_intern_add(&seen, mm_query_text(q, 1));
		if (mm_intern_find(&m->hashes, mm_query_text(q, 1)) == 0)
			st = mm_err_set(
			    err, MM_EIO,
			    "%.*s: is not what the cases were made of; it "
			    "changed, grew or is new: make them again with "
			    "`ingest --embed`",
			    MM_STR_ARG(mm_query_text(q, 0)));
	}
	n_seen = seen.n;
	mm_intern_fini(&seen);
	mm_query_free(q);
	if (st == MM_END && n_seen < m->hashes.n)
		return mm_err_set(err, MM_EIO,
				  "%zu files that the cases were made of are "
				  "gone; put them back, or make the cases "
				  "again with `ingest --embed`",
				  m->hashes.n - n_seen);
	return st == MM_END ? MM_OK : st;
}
