#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyze/case/schema.h"
#include "analyze/case/store.h"
#include "formats/base/mem.h"
#include "formats/base/time.h"
#include "formats/base/whole.h"

struct mm_store {
	sqlite3 *db;
	char *path; /* owned; NULL: private */
	char *temp; /* owned; NULL once committed */
};

struct mm_query {
	sqlite3_stmt *stmt;
	struct mm_store *store; /* view, for its messages */
};

static const char *
shown_name(const struct mm_store *s)
{
	return s->path != NULL ? s->path : "private case";
}

static enum mm_status
fail(struct mm_store *s, struct mm_err *err)
{
	return mm_err_set(err, MM_EIO, "%s: %s", shown_name(s),
			  sqlite3_errmsg(s->db));
}

enum mm_status
mm_store_exec(struct mm_store *s, const char *sql, struct mm_err *err)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return fail(s, err);
	return MM_OK;
}

void
mm_store_index(struct mm_store *s, const char *sql)
{
	(void)sqlite3_exec(s->db, sql, NULL, NULL, NULL);
}

/* mkstemp, not a fixed name: two ingests into one case do not meet. */
static enum mm_status
make_temp(struct mm_store *s, struct mm_err *err)
{
	size_t n = strlen(s->path) + 12;
	int fd;

	s->temp = mm_alloc(n);
	(void)snprintf(s->temp, n, "%s.tmpXXXXXX", s->path);
	fd = mkstemp(s->temp);
	if (fd < 0) {
		free(s->temp);
		s->temp = NULL;
		return mm_err_set(err, MM_EIO, "%s: cannot write here: %s",
				  s->path, strerror(errno));
	}
	mm_whole_remember(s->temp);
	(void)close(fd);
	return MM_OK;
}

/* Used by one thread at a time, so SQLite needs no locks; its statistics of
 * memory cost a lock at each allocation. Fails harmlessly the second time. */
static void
configure(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

struct mm_store *
mm_store_create(const char *path, struct mm_err *err)
{
	/* No journal: a broken load is thrown away as a whole. */
	static const char pragmas[] =
	    "PRAGMA page_size=8192; PRAGMA journal_mode=off;"
	    "PRAGMA synchronous=off; PRAGMA locking_mode=exclusive;"
	    "PRAGMA cache_size=-65536; PRAGMA temp_store=memory;"
	    "PRAGMA foreign_keys=off;";
	struct mm_store *s = mm_calloc(1, sizeof(*s));
	char version[96];
	enum mm_status st;

	configure();
	if (path != NULL) {
		s->path = mm_strdup(path);
		if (make_temp(s, err) != MM_OK) {
			mm_store_close(s);
			return NULL;
		}
	}
	(void)snprintf(version, sizeof(version),
		       "PRAGMA application_id=%d; PRAGMA user_version=%d;",
		       MM_CASE_APPLICATION_ID, MM_CASE_VERSION);
	if (sqlite3_open_v2(s->temp != NULL ? s->temp : "", &s->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
				SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK) {
		(void)fail(s, err);
		mm_store_close(s);
		return NULL;
	}
	st = mm_store_exec(s, pragmas, err);
	if (st == MM_OK)
		st = mm_store_exec(s, version, err);
	if (st == MM_OK)
		st = mm_store_exec(s, "BEGIN", err);
	for (size_t i = 0; st == MM_OK && mm_schema_made[i] != NULL; i++)
		st = mm_store_exec(s, mm_schema_made[i], err);
	if (st == MM_OK)
		return s;
	mm_store_close(s);
	return NULL;
}

/* The data, and the folder that names it, reach the disk. */
static enum mm_status
sync_file(const char *name, struct mm_err *err)
{
	int fd = open(name, O_RDONLY);
	int bad = fd < 0 || fsync(fd) != 0;

	if (bad)
		(void)mm_err_set(err, MM_EIO, "%s: %s", name, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return bad ? MM_EIO : MM_OK;
}

enum mm_status
mm_store_commit(struct mm_store *s, struct mm_err *err)
{
	enum mm_status st = mm_store_exec(s, mm_schema_indexes, err);

	if (st == MM_OK)
		st = mm_store_exec(s, "COMMIT", err);
	if (st != MM_OK || s->temp == NULL)
		return st;
	/* Without the exclusive lock others may read while we do. */
	st = mm_store_exec(s,
			   "PRAGMA locking_mode=normal;"
			   "SELECT count(*) FROM sqlite_schema;",
			   err);
	if (st == MM_OK)
		st = sync_file(s->temp, err);
	if (st != MM_OK)
		return st;
	if (chmod(s->temp, 0644) != 0 || rename(s->temp, s->path) != 0)
		return mm_err_set(err, MM_EIO, "%s: %s", s->path,
				  strerror(errno));
	mm_whole_forget(s->temp);
	free(s->temp);
	s->temp = NULL;
	return MM_OK;
}

static int64_t
pragma_int(struct mm_store *s, const char *sql)
{
	struct mm_query *q = mm_query_new(s, sql, NULL);
	int64_t v = -1;

	if (q != NULL && mm_query_step(q, NULL) == MM_OK)
		v = mm_query_int(q, 0);
	mm_query_free(q);
	return v;
}

static enum mm_status
check_version(struct mm_store *s, struct mm_err *err)
{
	int64_t version;

	if (pragma_int(s, "PRAGMA application_id") != MM_CASE_APPLICATION_ID)
		return mm_err_set(err, MM_EFORMAT,
				  "%s: is no mailmortem case; make one with "
				  "`mailmortem ingest -c CASE PATH...`",
				  s->path);
	version = pragma_int(s, "PRAGMA user_version");
	if (version != MM_CASE_VERSION)
		return mm_err_set(
		    err, MM_EFORMAT,
		    "%s: case of version %lld, this program reads "
		    "%d; ingest the evidence again",
		    s->path, (long long)version, MM_CASE_VERSION);
	return MM_OK;
}

struct mm_store *
mm_store_open(const char *path, struct mm_err *err)
{
	struct mm_store *s = mm_calloc(1, sizeof(*s));
	struct stat sb;
	int flags = access(path, W_OK) == 0 ? SQLITE_OPEN_READWRITE
					    : SQLITE_OPEN_READONLY;

	configure();
	s->path = mm_strdup(path);
	if (stat(path, &sb) != 0) {
		(void)mm_err_set(err, MM_EIO, "%s: %s", path, strerror(errno));
		mm_store_close(s);
		return NULL;
	}
	if (sqlite3_open_v2(path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL) !=
		SQLITE_OK ||
	    check_version(s, err) != MM_OK) {
		if (s->db != NULL && sqlite3_errcode(s->db) != SQLITE_OK &&
		    sqlite3_errcode(s->db) != SQLITE_ROW &&
		    sqlite3_errcode(s->db) != SQLITE_DONE &&
		    sqlite3_errcode(s->db) != SQLITE_NOTADB)
			(void)fail(s, err);
		mm_store_close(s);
		return NULL;
	}
	(void)sqlite3_exec(s->db,
			   "PRAGMA cache_size=-65536;"
			   "PRAGMA mmap_size=1073741824;"
			   "PRAGMA temp_store=memory;",
			   NULL, NULL, NULL);
	return s;
}

void
mm_store_close(struct mm_store *s)
{
	if (s == NULL)
		return;
	(void)sqlite3_close(s->db);
	if (s->temp != NULL) {
		(void)unlink(s->temp);
		mm_whole_forget(s->temp);
	}
	free(s->temp);
	free(s->path);
	free(s);
}

struct mm_query *
mm_query_new(struct mm_store *s, const char *sql, struct mm_err *err)
{
	struct mm_query *q = mm_calloc(1, sizeof(*q));

	q->store = s;
	if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
			       &q->stmt, NULL) != SQLITE_OK) {
		(void)fail(s, err);
		free(q);
		return NULL;
	}
	return q;
}

void
mm_query_free(struct mm_query *q)
{
	if (q == NULL)
		return;
	(void)sqlite3_finalize(q->stmt);
	free(q);
}

void
mm_query_bind_int(struct mm_query *q, int at, int64_t v)
{
	(void)sqlite3_bind_int64(q->stmt, at + 1, v);
}

void
mm_query_bind_null(struct mm_query *q, int at)
{
	(void)sqlite3_bind_null(q->stmt, at + 1);
}

void
mm_query_bind_time(struct mm_query *q, int at, int64_t t_us)
{
	if (t_us == MM_TIME_NONE)
		mm_query_bind_null(q, at);
	else
		mm_query_bind_int(q, at, t_us);
}

void
mm_query_bind_text(struct mm_query *q, int at, struct mm_str s)
{
	if (s.p == NULL)
		(void)sqlite3_bind_null(q->stmt, at + 1);
	else
		(void)sqlite3_bind_text64(q->stmt, at + 1, s.p, s.n,
					  SQLITE_STATIC, SQLITE_UTF8);
}

void
mm_query_bind_blob(struct mm_query *q, int at, struct mm_str s)
{
	if (s.p == NULL)
		(void)sqlite3_bind_null(q->stmt, at + 1);
	else
		(void)sqlite3_bind_blob64(q->stmt, at + 1, s.p, s.n,
					  SQLITE_STATIC);
}

enum mm_status
mm_query_step(struct mm_query *q, struct mm_err *err)
{
	int rc = sqlite3_step(q->stmt);

	if (rc == SQLITE_ROW)
		return MM_OK;
	(void)sqlite3_reset(q->stmt);
	if (rc == SQLITE_DONE)
		return MM_END;
	return fail(q->store, err);
}

void
mm_query_reset(struct mm_query *q)
{
	(void)sqlite3_reset(q->stmt);
}

bool
mm_query_is_null(const struct mm_query *q, int column)
{
	return sqlite3_column_type(q->stmt, column) == SQLITE_NULL;
}

int64_t
mm_query_int(const struct mm_query *q, int column)
{
	return sqlite3_column_int64(q->stmt, column);
}

double
mm_query_real(const struct mm_query *q, int column)
{
	return sqlite3_column_double(q->stmt, column);
}

struct mm_str
mm_query_text(const struct mm_query *q, int column)
{
	const char *p = (const char *)sqlite3_column_text(q->stmt, column);

	if (p == NULL)
		return MM_STR_ABSENT;
	return (struct mm_str){ p,
				(size_t)sqlite3_column_bytes(q->stmt, column) };
}

struct mm_str
mm_query_blob(const struct mm_query *q, int column)
{
	const char *p = sqlite3_column_blob(q->stmt, column);

	if (p == NULL)
		return MM_STR_ABSENT;
	return (struct mm_str){ p,
				(size_t)sqlite3_column_bytes(q->stmt, column) };
}
