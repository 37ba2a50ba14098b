/* store.h - the case file: one SQLite database, and the door to SQLite.
 *
 * A case is made under a temporary name beside its own and renamed when all
 * of it is there; a broken load leaves what was there before. An opened case
 * is only read, but for indexes that are built when first needed.
 * Used by one thread at a time, which may change when both know it.
 * Only analyze/case/ writes SQL; who needs rows asks rows.h.
 * Source: sqlite.org/fileformat2.html (application_id, user_version).
 */
#ifndef MM_STORE_H
#define MM_STORE_H

#include "formats/base/buf.h"
#include "formats/base/status.h"

#define MM_CASE_APPLICATION_ID 0x4d4d7274 /* "MMrt" */
#define MM_CASE_VERSION	       6

struct mm_store;

/* A new, empty case with its tables, to become `path` at commit; NULL: a
 * private one that is gone when closed. Owned; NULL on failure. */
struct mm_store *mm_store_create(const char *path, struct mm_err *err);

/* Everything is there: build what readers need, sync, take the final name.
 * The store stays open for reading. */
enum mm_status mm_store_commit(struct mm_store *s,
			       struct mm_err *err) MM_USE_RESULT;

/* An existing case. A file that is none, or of a newer version, is refused
 * with a message that says what to do. */
struct mm_store *mm_store_open(const char *path, struct mm_err *err);
void mm_store_close(struct mm_store *s); /* uncommitted work is gone */

/* Statements without rows; several in one text. */
enum mm_status mm_store_exec(struct mm_store *s, const char *sql,
			     struct mm_err *err) MM_USE_RESULT;
/* Make an index that a question needs; silently left out on a case that
 * cannot be written (the answer is the same, only later). */
void mm_store_index(struct mm_store *s, const char *sql);

/* One prepared statement. Owned. Parameters and columns count from 0. */
struct mm_query;
struct mm_query *mm_query_new(struct mm_store *s, const char *sql,
			      struct mm_err *err);
void mm_query_free(struct mm_query *q);
void mm_query_bind_int(struct mm_query *q, int at, int64_t v);
void mm_query_bind_null(struct mm_query *q, int at);
/* MM_TIME_NONE binds NULL. */
void mm_query_bind_time(struct mm_query *q, int at, int64_t t_us);
/* The bytes must stay until the next step; an absent view binds NULL. */
void mm_query_bind_text(struct mm_query *q, int at, struct mm_str s);
void mm_query_bind_blob(struct mm_query *q, int at, struct mm_str s);
/* MM_OK: a row; MM_END: none left, and ready to be bound again. */
enum mm_status mm_query_step(struct mm_query *q, struct mm_err *err);
/* Begin again with the same bindings. */
void mm_query_reset(struct mm_query *q);
bool mm_query_is_null(const struct mm_query *q, int column);
int64_t mm_query_int(const struct mm_query *q, int column); /* 0 for NULL */
double mm_query_real(const struct mm_query *q, int column);
/* View until the next step; absent for NULL. */
struct mm_str mm_query_text(const struct mm_query *q, int column);
struct mm_str mm_query_blob(const struct mm_query *q, int column);

#endif
