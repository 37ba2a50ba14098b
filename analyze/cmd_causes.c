#include <stdlib.h>
#include <string.h>

#include "analyze/case/before.h"
#include "analyze/case/cause_rows.h"
#include "analyze/cause/causes.h"
#include "analyze/cause/operator.h"
#include "analyze/front.h"
#include "analyze/verbs.h"
#include "formats/base/mem.h"
#include "formats/base/utf8.h"
#include "formats/mail/reply.h"
#include "reports/output.h"

static const char details[] =
    "Most recipients first. `tries` counts also those that only repeat an "
    "older\nfailure; `lost` is bounced or expired, `waiting` still queued; "
    "the rest got\nthrough later. Under the table: what each cause means, "
    "whether to wait, what to\ndo and what not, and the page that the reply "
    "itself names.\n\n"
    "--by WHAT counts each cause by operator, receiver, sender, hour or "
    "template.\n--json and --csv give all rows and the advice beside them.\n\n"
    "Exit status: 0 found, 1 nothing was put off or bounced, 2 fatal.\n";

/* The first column is the key of --by; the last seven are for machines. */
/* clang-format off */
enum { KEY, GROUP, CAUSE, RECIPIENTS, SHARE, EXAMPLE = 11 };
#define N_MACHINE 7
#define N_TRIGGER 6 /* columns of the triggers for people */
static const struct mm_column columns[] = {
	{ "key", "", MM_TEXT },
	{ "group", "group", MM_TEXT },
	{ "cause", "cause", MM_TEXT },
	{ "recipients", "recipients", MM_INT },
	{ "share", "share", MM_SHARE },
	{ "lost", "lost", MM_INT },
	{ "waiting", "waiting", MM_INT },
	{ "tries", "tries", MM_INT },
	{ "receivers", "receivers", MM_INT },
	{ "senders", "senders", MM_INT },
	{ "action", "helps", MM_TEXT },
	{ "example", "example", MM_TEXT },
	{ "source", "its line", MM_TEXT },
	{ "first", "first", MM_TIME },
	{ "last", "last", MM_TIME },
	{ "advice_waiting", "does waiting help", MM_TEXT },
	{ "advice_do", "what to do", MM_TEXT },
	{ "advice_avoid", "what not to do", MM_TEXT },
	{ "page", "page in the reply", MM_TEXT },
};
/* clang-format on */

#define MAX_PAGES 5 /* of one cause */

/* What the words under the table say of one cause. */
struct told {
	size_t cause;
	struct mm_str pages[MAX_PAGES]; /* arena; named in replies */
	size_t n_pages;
};

struct causes {
	const char *by; /* NULL: the cause alone */
	bool triggers;	/* only what went before the blocks */
	int64_t rows;
	struct mm_causes *causes;
	struct mm_operators *operators;
	struct mm_table *table;
	int64_t all; /* recipients of all rows */
	struct told *told;
	size_t n_told, cap_told;
	struct mm_buf words;	     /* of the operators, by cause */
	struct mm_buf fold, example; /* scratch */
	struct mm_arena arena;
};

static size_t
cause_index(const struct causes *c, struct mm_str name)
{
	size_t i = mm_causes_find(c->causes, name);

	return i != MM_NOT_FOUND ? i : mm_causes_unknown(c->causes);
}

static struct mm_cell
key_cell(const struct causes *c, const struct mm_cause_row *r)
{
	if (c->by == NULL)
		return mm_cell_null();
	if (strcmp(c->by, "hour") == 0)
		return mm_cell_time(r->hour_us);
	if (r->key.p == NULL)
		return mm_cell_z("unknown");
	return mm_cell_text(r->key);
}

/* Only what an operator may lift has a page to ask at. */
static struct mm_str
page_of(const struct mm_cause *cause, struct mm_str reply)
{
	return strcmp(cause->action, "delist") == 0 ||
		       strcmp(cause->action, "ramp") == 0
		   ? mm_causes_page(reply)
		   : MM_STR_ABSENT;
}

/* The example in the receiver's words, without what the own server put around
 * them. */
static struct mm_str
own_words(struct causes *c, struct mm_str reason)
{
	struct mm_reply reply;

	mm_reply_parse(reason, &c->fold, &reply);
	if (reply.code == 0)
		return reply.text;
	mm_buf_clear(&c->example);
	mm_buf_addf(&c->example, "%d ", reply.code);
	mm_buf_adds(&c->example, reply.enhanced);
	mm_buf_addz(&c->example, reply.enhanced.n > 0 ? " " : "");
	mm_buf_adds(&c->example, reply.text);
	return mm_buf_str(&c->example);
}

static enum mm_status
add_row(void *ctx, const struct mm_cause_row *r)
{
	struct causes *c = ctx;
	size_t i = cause_index(c, r->cause);
	const struct mm_cause *cause = mm_causes_get(c->causes, i);
	struct mm_advice a = mm_causes_advice(c->causes, i, NULL);
	struct mm_str page = page_of(cause, r->example);

	c->all += r->recipients;
	mm_table_add(c->table, (const struct mm_cell[]){
				   key_cell(c, r),
				   mm_cell_z(cause->group),
				   mm_cell_text(r->cause),
				   mm_cell_int(r->recipients),
				   mm_cell_share(0),
				   mm_cell_int(r->lost),
				   mm_cell_int(r->waiting),
				   mm_cell_int(r->tries),
				   mm_cell_int(r->receivers),
				   mm_cell_int(r->senders),
				   mm_cell_z(cause->action),
				   mm_cell_text(own_words(c, r->example)),
				   mm_cell_text(r->source),
				   mm_cell_time(r->first_us),
				   mm_cell_time(r->last_us),
				   mm_cell_z(a.waiting),
				   mm_cell_z(a.fix),
				   mm_cell_z(a.avoid),
				   mm_cell_text(page),
			       });
	if (c->by != NULL)
		return MM_OK;
	c->told = mm_grow(c->told, c->n_told, &c->cap_told, sizeof(*c->told));
	c->told[c->n_told++] = (struct told){ .cause = i };
	return MM_OK;
}

/* The pages that the replies of a cause name, the most used first. */
static enum mm_status
add_pages(void *ctx, const struct mm_cause_row *r)
{
	struct causes *c = ctx;
	size_t i = cause_index(c, r->cause), k = 0;
	struct mm_str page = page_of(mm_causes_get(c->causes, i), r->example);
	struct told *t = c->told;

	while (t->cause != i)
		t++;
	while (k < t->n_pages && !mm_str_eq(t->pages[k], page))
		k++;
	if (page.n > 0 && k == t->n_pages && k < MAX_PAGES)
		t->pages[t->n_pages++] = mm_arena_str(&c->arena, page);
	return MM_OK;
}

static void
set_shares(struct causes *c)
{
	for (size_t i = 0; i < c->table->n_rows; i++) {
		struct mm_cell *row = &c->table->cells[i * c->table->n_columns];

		row[SHARE].r = (double)row[RECIPIENTS].i / (double)c->all;
	}
}

/* What an operator has words of his own for. */
static enum mm_status
add_operator(void *ctx, const struct mm_cause_row *r)
{
	struct causes *c = ctx;
	size_t i = cause_index(c, r->cause);
	struct mm_advice general = mm_causes_advice(c->causes, i, NULL), own;
	const char *name;

	if (r->key.p == NULL)
		return MM_OK;
	name = mm_arena_str(&c->arena, r->key).p;
	own = mm_causes_advice(c->causes, i, name);
	if (own.fix == general.fix)
		return MM_OK;
	mm_buf_addf(&c->words, "%zu\t%s (%lld recipients): %s %s %s\n", i,
		    mm_operator_title(c->operators, name),
		    (long long)r->recipients, own.waiting, own.fix, own.avoid);
	return MM_OK;
}

/* The lines of add_operator about one cause. */
static void
tell_operators(const struct causes *c, size_t cause, struct mm_buf *out)
{
	struct mm_str rest = mm_buf_str(&c->words), line;

	while (mm_str_cutc(&rest, '\n', &line)) {
		uint64_t i;

		if (mm_str_take_u64(&line, &i) && i == cause)
			mm_buf_addf(out, "   at       %.*s\n",
				    MM_STR_ARG(mm_str_from(line, 1)));
	}
}

static void
tell(const struct causes *c, struct mm_buf *out)
{
	for (size_t i = 0; i < c->n_told; i++) {
		const struct told *t = &c->told[i];
		const struct mm_cause *cause =
		    mm_causes_get(c->causes, t->cause);
		struct mm_advice a =
		    mm_causes_advice(c->causes, t->cause, NULL);

		if (c->rows > 0 && (int64_t)i >= c->rows)
			return;
		mm_buf_addf(out,
			    "\n%s: %s\n   waiting  %s\n   do       %s\n"
			    "   avoid    %s\n",
			    cause->name, cause->meaning, a.waiting, a.fix,
			    a.avoid);
		tell_operators(c, t->cause, out);
		for (size_t k = 0; k < t->n_pages; k++) {
			mm_buf_addz(out,
				    k == 0 ? "   ask at   " : "            ");
			mm_utf8_add_visible(out, t->pages[k]);
			mm_buf_addc(out, '\n');
		}
	}
}

/* A row for people: without the columns for machines; a template stands where
 * else its example does. */
static const struct mm_cell *
readable(struct causes *c, const struct mm_cell *from, struct mm_cell *row)
{
	memcpy(row, from, MM_COUNT(columns) * sizeof(*row));
	if (c->by != NULL && strcmp(c->by, "template") == 0) {
		row[EXAMPLE].s = own_words(c, row[KEY].s);
		return row + 1;
	}
	return c->by == NULL ? row + 1 : row;
}

static void
fill_shown(struct causes *c, bool text, struct mm_table *shown)
{
	for (size_t i = 0; i < c->table->n_rows; i++) {
		struct mm_cell row[MM_COUNT(columns)];
		const struct mm_cell *cells = mm_table_row(c->table, i);

		if (!text)
			mm_table_add(shown, cells + (c->by == NULL));
		else if (c->rows == 0 || (int64_t)i < c->rows)
			mm_table_add(shown, readable(c, cells, row));
	}
}

static enum mm_status
print(struct causes *c, struct mm_output *o, struct mm_err *err)
{
	bool text = mm_output_is_text(o);
	bool keyed = c->by != NULL && (!text || strcmp(c->by, "template") != 0);
	const struct mm_column *from = c->table->columns + !keyed;
	struct mm_table *shown =
	    mm_table_new("causes", "Why mail was put off or bounced", from,
			 MM_COUNT(columns) - !keyed - (text ? N_MACHINE : 0));
	const struct mm_table *tables[1] = { shown };
	enum mm_status st;

	set_shares(c);
	fill_shown(c, text, shown);
	st = mm_output_tables(o, tables, 1, err);
	mm_table_free(shown);
	if (st == MM_OK && text)
		tell(c, &o->buf);
	return st == MM_OK ? mm_output_flush(o, err) : st;
}

/* What went before the blocks: for people without the numbers that its
 * sentences hold. */
static enum mm_status
print_triggers(struct mm_store *s, struct mm_output *o, struct mm_err *err)
{
	struct mm_table *t = mm_before_table(s, 0, err);
	const struct mm_table *tables[1] = { t };
	enum mm_status st = t != NULL ? MM_OK : err->code;

	if (st == MM_OK && mm_output_is_text(o)) {
		for (size_t i = 0; i < t->n_rows; i++)
			memmove(t->cells + i * N_TRIGGER, mm_table_row(t, i),
				N_TRIGGER * sizeof(*t->cells));
		t->n_columns = N_TRIGGER;
	}
	if (st == MM_OK && (t->n_rows > 0 || !mm_output_is_text(o)))
		st = mm_output_tables(o, tables, 1, err);
	mm_table_free(t);
	return st;
}

static enum mm_status
causes(struct causes *c, struct mm_front *f, struct mm_output *o,
       const struct mm_words *words, struct mm_err *err)
{
	struct mm_store *s = mm_front_open(f, words->v, words->n, err);
	struct mm_column own[MM_COUNT(columns)];
	enum mm_status st = s != NULL ? MM_OK : err->code;

	memcpy(own, columns, sizeof(own));
	if (c->by != NULL) {
		own[KEY].name = own[KEY].title = c->by;
		own[KEY].kind = strcmp(c->by, "hour") == 0 ? MM_TIME : MM_TEXT;
	}
	c->table = mm_table_new("causes", NULL, own, MM_COUNT(own));
	if (st == MM_OK && !c->triggers)
		st = mm_cause_rows(s, c->by, add_row, c, err);
	if (st == MM_OK && c->by == NULL && !c->triggers)
		st = mm_cause_rows(s, "operator", add_operator, c, err);
	if (st == MM_OK && c->by == NULL && !c->triggers)
		st = mm_cause_rows(s, "template", add_pages, c, err);
	if (st == MM_OK && !c->triggers && c->table->n_rows == 0)
		st = mm_err_set(err, MM_ENOENT,
				"nothing was put off or bounced");
	else if (st == MM_OK) {
		st = mm_output_open(o, err);
		if (st == MM_OK && !c->triggers)
			st = print(c, o, err);
		if (st == MM_OK &&
		    (c->triggers || (c->by == NULL && mm_output_is_text(o))))
			st = print_triggers(s, o, err);
		st = mm_output_close(o, st, err);
	}
	mm_table_free(c->table);
	mm_store_close(s);
	return st;
}

static enum mm_status
load(struct causes *c, struct mm_err *err)
{
	mm_arena_init(&c->arena);
	mm_buf_init(&c->words, (size_t)1 << 20);
	mm_buf_init(&c->fold, (size_t)1 << 20);
	mm_buf_init(&c->example, (size_t)1 << 20);
	c->causes = mm_causes_new(err);
	c->operators = c->causes != NULL ? mm_operators_new(err) : NULL;
	return c->operators != NULL ? MM_OK : err->code;
}

static void
unload(struct causes *c)
{
	free(c->told);
	mm_operators_free(c->operators);
	mm_causes_free(c->causes);
	mm_buf_fini(&c->words);
	mm_buf_fini(&c->fold);
	mm_buf_fini(&c->example);
	mm_arena_fini(&c->arena);
}

static int
run(int argc, const char *const *argv)
{
	struct mm_front f = { 0 };
	struct mm_output o = { 0 };
	struct causes c = { .rows = 20 };
	const struct mm_option options[] = {
		MM_FRONT_OPTIONS(f),
		{ 0, "by", MM_OPT_TEXT, &c.by, "WHAT",
		  "operator, receiver, sender, hour or template" },
		{ 0, "triggers", MM_OPT_FLAG, &c.triggers, NULL,
		  "only what went before the blocks" },
		{ 'n', "rows", MM_OPT_INT, &c.rows, "N",
		  "rows for people (20); 0: all" },
		MM_OUTPUT_OPTIONS(o),
	};
	const struct mm_usage usage = {
		.verb = "causes",
		.summary = "why mail was put off or bounced, and what helps",
		.synopsis = "causes (-c CASE | PATH...) [--by WHAT]",
		.details = details,
		.options = options,
		.n_options = MM_COUNT(options),
	};
	struct mm_words words = { 0 };
	struct mm_err err = { 0 };
	enum mm_status st = mm_options_parse(&usage, argc, argv, &words, &err);

	if (st == MM_END) {
		mm_words_fini(&words);
		return mm_front_help(&usage);
	}
	if (st == MM_OK) {
		st = load(&c, &err);
		if (st == MM_OK)
			st = causes(&c, &f, &o, &words, &err);
		unload(&c);
	}
	mm_words_fini(&words);
	return mm_front_exit(&f, usage.verb, st, &err);
}

const struct mm_verb mm_verb_causes = {
	.name = "causes",
	.summary = "why mail was put off or bounced, and what helps",
	.run = run,
};
