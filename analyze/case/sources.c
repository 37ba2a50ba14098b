#include "analyze/case/sources.h"

enum mm_status
mm_sources_write(struct mm_store *s, const char *kind, const char *const *paths,
		 size_t n_paths, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s, "INSERT INTO meta VALUES(printf('%s %09d', ?1, ?2), ?3)", err);
	enum mm_status st = q != NULL ? MM_END : MM_EIO;

	for (size_t i = 0; i < n_paths && st == MM_END; i++) {
		mm_query_bind_text(q, 0, mm_str_z(kind));
		mm_query_bind_int(q, 1, (int64_t)i);
		mm_query_bind_text(q, 2, mm_str_z(paths[i]));
		st = mm_query_step(q, err);
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

enum mm_status
mm_sources_read(struct mm_store *s, const char *kind, struct mm_arena *texts,
		struct mm_words *paths, struct mm_err *err)
{
	struct mm_query *q = mm_query_new(
	    s, "SELECT value FROM meta WHERE key GLOB ? || ' *' ORDER BY key",
	    err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	if (q != NULL)
		mm_query_bind_text(q, 0, mm_str_z(kind));
	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK)
		mm_words_add(paths, mm_arena_str(texts, mm_query_text(q, 0)).p);
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}
