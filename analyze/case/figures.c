#include <stdlib.h>
#include <string.h>

#include "analyze/case/before.h"
#include "analyze/case/counted.h"
#include "analyze/case/figures.h"
#include "analyze/case/select.h"
#include "formats/base/mem.h"

struct figure {
	const char *name, *title;
	const struct mm_column *columns;
	size_t n_columns;
	const char *sql; /* ?1: the limit, -1 for all */
};

/* clang-format off */
static const struct mm_column story_columns[] = {
	{ "story", "story", MM_TEXT },
};

static const struct mm_column reject_columns[] = {
	{ "stage", "at", MM_TEXT },
	{ "cause", "cause", MM_TEXT },
	{ "rejects", "refused", MM_INT },
	{ "clients", "clients", MM_INT },
	{ "example", "example", MM_TEXT },
};

static const struct mm_column hour_columns[] = {
	{ "hour", "hour", MM_TIME },
	{ "arrived", "arrived", MM_INT },
	{ "sent", "sent", MM_INT },
	{ "deferrals", "deferrals", MM_INT },
	{ "bounced", "bounced", MM_INT },
};

static const struct mm_column file_columns[] = {
	{ "file", "file", MM_TEXT },
	{ "kind", "kind", MM_TEXT },
	{ "bytes", "size", MM_BYTES },
	{ "first", "first line", MM_TIME },
	{ "last", "last line", MM_TIME },
	{ "lines", "lines", MM_INT },
	{ "understood", "understood", MM_SHARE },
	{ "note", "note", MM_TEXT },
};

static const struct mm_column unknown_columns[] = {
	{ "lines", "lines", MM_INT },
	{ "why", "why", MM_TEXT },
	{ "sample", "sample", MM_TEXT },
	{ "source", "first at", MM_TEXT },
};
/* clang-format on */

/* In the order of `export incidents`. */
static const char stories_sql[] =
    "SELECT story FROM incident ORDER BY id LIMIT ?1";

static const char rejects_sql[] =
    "SELECT j.stage, coalesce(p.cause, 'unknown'), count(*),"
    " count(DISTINCT j.client_ip), min(p.sample) FROM reject j"
    " LEFT JOIN reply p ON p.id = j.reply WHERE j.action = 0"
    " GROUP BY 1, 2 ORDER BY count(*) DESC, 1, 2 LIMIT ?1";

static const char hours_sql[] =
    "SELECT h, sum(a), sum(s), sum(d), sum(b) FROM ("
    "SELECT arrived_us / 3600000000 * 3600000000 AS h, count(*) AS a,"
    " 0 AS s, 0 AS d, 0 AS b FROM message WHERE arrived_us IS NOT NULL"
    " GROUP BY 1 UNION ALL "
    "SELECT t_us / 3600000000 * 3600000000, 0, sum(outcome = 1),"
    " sum(outcome = 2), sum(outcome = 3) FROM attempt"
    " WHERE t_us IS NOT NULL GROUP BY 1)"
    " GROUP BY h ORDER BY h LIMIT ?1";

static const char files_sql[] =
    "SELECT name, kind, bytes, first_us, last_us, lines,"
    " CASE WHEN records + noise + malformed > 0 THEN"
    " 1 - malformed * 1.0 / (records + noise + malformed) END, note"
    " FROM file ORDER BY id LIMIT ?1";

static const char unknown_sql[] =
    "SELECT u.lines, u.why, u.sample, f.name || ':' || u.line"
    " FROM unknown_shape u JOIN file f ON f.id = u.file"
    " ORDER BY u.lines DESC, u.file, u.line LIMIT ?1";

#define COLUMNS(c) c, MM_COUNT(c)

/* clang-format off */
static const struct figure figures[] = {
	{ "stories", "Stories of the incidents", COLUMNS(story_columns),
	  stories_sql },
	{ "rejects", "Refused at the door", COLUMNS(reject_columns),
	  rejects_sql },
	{ "hours", "By hour", COLUMNS(hour_columns), hours_sql },
	{ "files", "What was read", COLUMNS(file_columns), files_sql },
	{ "unknown", "Not understood", COLUMNS(unknown_columns),
	  unknown_sql },
};
/* clang-format on */

struct mm_figures {
	struct mm_store *store; /* view */
	struct mm_scan *scan;	/* owned; made for the first that needs it */
};

struct mm_figures *
mm_figures_new(struct mm_store *s)
{
	struct mm_figures *f = mm_calloc(1, sizeof(*f));

	f->store = s;
	return f;
}

void
mm_figures_free(struct mm_figures *f)
{
	if (f == NULL)
		return;
	mm_scan_free(f->scan);
	free(f);
}

static struct mm_table *
counted(struct mm_figures *f, const struct mm_counted *c, int64_t limit,
	struct mm_err *err)
{
	struct mm_table *t;

	if (f->scan == NULL)
		f->scan = mm_scan_new(f->store, err);
	if (f->scan == NULL)
		return NULL;
	t = mm_table_new(c->name, c->title, c->columns, c->n_columns);
	c->fill(f->scan, limit > 0 ? (size_t)limit : SIZE_MAX, t);
	return t;
}

static struct mm_table *
selected(struct mm_figures *f, const struct figure *x, int64_t limit,
	 struct mm_err *err)
{
	struct mm_table *t =
	    mm_table_new(x->name, x->title, x->columns, x->n_columns);
	const struct mm_sink sink = mm_table_sink(t);

	if (mm_select(f->store, x->sql, limit > 0 ? limit : -1, x->columns,
		      x->n_columns, &sink, err) == MM_OK)
		return t;
	mm_table_free(t);
	return NULL;
}

struct mm_table *
mm_figure(struct mm_figures *f, const char *name, int64_t limit,
	  struct mm_err *err)
{
	if (strcmp(name, "triggers") == 0)
		return mm_before_table(f->store, limit, err);
	for (size_t i = 0; mm_counted[i].name != NULL; i++)
		if (strcmp(mm_counted[i].name, name) == 0)
			return counted(f, &mm_counted[i], limit, err);
	for (size_t i = 0; i < MM_COUNT(figures); i++)
		if (strcmp(figures[i].name, name) == 0)
			return selected(f, &figures[i], limit, err);
	(void)mm_err_set(err, MM_EUSAGE, "no figure is called %s", name);
	return NULL;
}
