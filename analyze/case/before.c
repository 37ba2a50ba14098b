#include "analyze/case/before_count.h"
#include "formats/base/buf.h"

#define ENOUGH 20 /* fewer recipients or tries say nothing */

static const char *const names[MM_BEFORE_COUNT] = {
	"volume",	  "unknown-users", "new-sender",
	"new-login",	  "new-content",   "content-refused",
	"authentication", "ignored-4xx",   "complaints",
};

const char *
mm_before_name(enum mm_sign_before kind)
{
	return kind < MM_BEFORE_COUNT ? names[kind] : "?";
}

/* ---- what stands out ---- */

struct teller {
	struct mm_before_pass *p;
	const struct mm_before_target *t;
	double share; /* a window's part of the past; 0: there is no past */
	char window[MM_TIME_TEXT];
	struct mm_buf words, who;
	enum mm_status (*take)(void *ctx, const struct mm_before *b);
	void *ctx;
};

static enum mm_status
say(struct teller *x, enum mm_sign_before kind, int64_t n, int64_t of,
    double past)
{
	const struct mm_before_target *t = x->t;
	struct mm_before b = { .target = t->name,
			       .cause = t->cause,
			       .t_us = t->t_us,
			       .window_us = t->window_us,
			       .refusals = t->refusals,
			       .kind = kind,
			       .n = n,
			       .of = of,
			       .past = x->share > 0 ? past * x->share : -1,
			       .words = mm_buf_str(&x->words) };

	if (x->who.n > 0)
		b.who = mm_buf_str(&x->who);
	return x->take(x->ctx, &b);
}

static void
begin(struct teller *x)
{
	mm_buf_clear(&x->words);
	mm_buf_clear(&x->who);
}

static enum mm_status
tell_volume(struct teller *x)
{
	int64_t n = x->t->at[MM_WINDOW].recipients;
	double past = (double)x->t->at[MM_PAST].recipients;

	if (n < ENOUGH || x->share <= 0 || (double)n < 3 * past * x->share)
		return MM_OK;
	begin(x);
	mm_buf_addf(&x->words,
		    "%lld recipients in the %s before, against %.0f in such a "
		    "time before that",
		    (long long)n, x->window, past * x->share);
	return say(x, MM_BEFORE_VOLUME, n, -1, past);
}

/* A share of the contacts that is high, and was not before. */
static enum mm_status
tell_share(struct teller *x, enum mm_sign_before kind, const char *what,
	   int64_t n, int64_t past)
{
	int64_t of = x->t->at[MM_WINDOW].contacts;
	int64_t past_of = x->t->at[MM_PAST].contacts;
	double share = of > 0 ? (double)n / (double)of : 0;
	double before = past_of > 0 ? (double)past / (double)past_of : 0;

	if (of < ENOUGH || n < 5 || share < 0.05 || share < 2 * before)
		return MM_OK;
	begin(x);
	mm_buf_addf(&x->words, "%lld of %lld tries in the %s before %s",
		    (long long)n, (long long)of, x->window, what);
	if (past_of >= ENOUGH)
		mm_buf_addf(&x->words, " (%.1f %%; %.1f %% before that)",
			    100 * share, 100 * before);
	else
		mm_buf_addf(&x->words, " (%.1f %%)", 100 * share);
	return say(x, kind, n, of, (double)past);
}

static enum mm_status
tell_slow(struct teller *x)
{
	int64_t n = x->t->at[MM_WINDOW].slow + x->t->at[MM_PAST].slow;

	if (n < ENOUGH)
		return MM_OK;
	begin(x);
	mm_buf_addf(&x->words,
		    "%lld tries had been put off with a request to slow down, "
		    "and sending went on",
		    (long long)n);
	return say(x, MM_BEFORE_IGNORED_4XX, n, -1,
		   (double)x->t->at[MM_PAST].slow);
}

static enum mm_status
tell_complaints(struct teller *x)
{
	if (x->t->complaints == 0)
		return MM_OK;
	begin(x);
	mm_buf_addf(&x->words,
		    "%lld reports of complaints came in during the day before",
		    (long long)x->t->complaints);
	x->share = 0;
	return say(x, MM_BEFORE_COMPLAINTS, x->t->complaints, -1, -1);
}

/* The largest of a kind at this target that was not there before. */
static const struct mm_before_tally *
newest(const struct teller *x, enum mm_sign_before kind)
{
	uint64_t want =
	    (uint64_t)(kind + 1) << 8 | (uint64_t)(x->t - x->p->targets);
	const struct mm_before_tally *best = NULL;

	for (size_t i = 0; i < x->p->n_slots; i++) {
		const struct mm_before_tally *y = &x->p->tallies[i];

		if (y->key >> 48 != want || y->n[MM_WINDOW] < ENOUGH ||
		    (double)y->n[MM_PAST] * x->share * 5 > y->n[MM_WINDOW])
			continue;
		if (best == NULL || y->n[MM_WINDOW] > best->n[MM_WINDOW] ||
		    (y->n[MM_WINDOW] == best->n[MM_WINDOW] &&
		     y->key < best->key))
			best = y;
	}
	return best;
}

static enum mm_status
tell_new(struct teller *x, enum mm_sign_before kind, const char *what)
{
	const struct mm_before_tally *y = x->share > 0 ? newest(x, kind) : NULL;
	int64_t of = x->t->at[MM_WINDOW].recipients, n;
	uint32_t id;
	enum mm_status st = MM_OK;

	if (y == NULL)
		return MM_OK;
	n = y->n[MM_WINDOW];
	if (n * 4 < of)
		return MM_OK;
	begin(x);
	id = (uint32_t)y->key;
	if (kind == MM_BEFORE_NEW_SENDER && id != 0)
		st = mm_rows_address(x->p->s, id, &x->who, x->p->err);
	else if (kind == MM_BEFORE_NEW_LOGIN && id < x->p->dict->n_names)
		mm_buf_adds(&x->who, x->p->dict->names[id]);
	if (st != MM_OK)
		return st;
	if (x->who.n == 0 && kind == MM_BEFORE_NEW_SENDER)
		mm_buf_addz(&x->who, "<>");
	mm_buf_addf(&x->words,
		    "%lld of %lld recipients in the %s before were of %s%s%s, "
		    "against %.0f in such a time before that",
		    (long long)n, (long long)of, x->window, what,
		    x->who.n > 0 ? " " : "", x->who.n > 0 ? x->who.p : "",
		    y->n[MM_PAST] * x->share);
	return say(x, kind, n, of, y->n[MM_PAST]);
}

static enum mm_status
tell_target(struct teller *x)
{
	const struct mm_before_counts *now = &x->t->at[MM_WINDOW],
				      *past = &x->t->at[MM_PAST];
	int64_t past_us = x->t->t_us - x->t->window_us - x->t->first_us;
	enum mm_status st;

	(void)mm_time_span(x->t->window_us, x->window);
	x->share = past_us >= x->t->window_us
		       ? (double)x->t->window_us / (double)past_us
		       : 0;
	st = tell_volume(x);
	if (st == MM_OK)
		st = tell_share(x, MM_BEFORE_UNKNOWN_USERS,
				"named unknown or closed mailboxes",
				now->unknown, past->unknown);
	if (st == MM_OK)
		st = tell_new(x, MM_BEFORE_NEW_SENDER, "the sender");
	if (st == MM_OK)
		st = tell_new(x, MM_BEFORE_NEW_LOGIN, "the login");
	if (st == MM_OK)
		st = tell_new(x, MM_BEFORE_NEW_CONTENT, "messages of one size");
	if (st == MM_OK)
		st = tell_share(x, MM_BEFORE_CONTENT_REFUSED,
				"were refused for their content", now->content,
				past->content);
	if (st == MM_OK)
		st = tell_share(x, MM_BEFORE_AUTHENTICATION,
				"failed SPF, DKIM, DMARC or the reverse name",
				now->auth, past->auth);
	if (st == MM_OK)
		st = tell_slow(x);
	return st == MM_OK ? tell_complaints(x) : st;
}

enum mm_status
mm_before(struct mm_store *s,
	  enum mm_status (*take)(void *ctx, const struct mm_before *b),
	  void *ctx, struct mm_err *err)
{
	struct mm_before_pass p = { .s = s, .err = err };
	struct teller x = { .p = &p, .take = take, .ctx = ctx };
	enum mm_status st = mm_before_count(&p);

	mm_buf_init(&x.words, (size_t)1 << 16);
	mm_buf_init(&x.who, (size_t)1 << 16);
	for (size_t i = 0; i < p.n_targets && st == MM_OK; i++) {
		x.t = &p.targets[i];
		st = tell_target(&x);
	}
	mm_buf_fini(&x.words);
	mm_buf_fini(&x.who);
	mm_before_fini(&p);
	return st;
}

/* ---- as a table ---- */

/* clang-format off */
static const struct mm_column columns[] = {
	{ "receiver", "receiver", MM_TEXT },
	{ "cause", "cause", MM_TEXT },
	{ "since", "first refusal", MM_TIME },
	{ "refusals", "refusals", MM_INT },
	{ "trigger", "likely trigger", MM_TEXT },
	{ "says", "what went before", MM_TEXT },
	{ "who", "who", MM_TEXT },
	{ "n", "n", MM_INT },
	{ "of", "of", MM_INT },
	{ "past", "in such a time before", MM_REAL },
	{ "window", "window", MM_SPAN },
};
/* clang-format on */

struct filling {
	struct mm_table *t;
	int64_t limit;
};

static enum mm_status
add_row(void *ctx, const struct mm_before *b)
{
	struct filling *f = ctx;

	if (f->limit > 0 && (int64_t)f->t->n_rows >= f->limit)
		return MM_OK;
	mm_table_add(f->t,
		     (const struct mm_cell[]){
			 mm_cell_text(b->target),
			 mm_cell_text(b->cause),
			 mm_cell_time(b->t_us),
			 mm_cell_int(b->refusals),
			 mm_cell_z(mm_before_name(b->kind)),
			 mm_cell_text(b->words),
			 mm_cell_text(b->who),
			 mm_cell_int(b->n),
			 b->of >= 0 ? mm_cell_int(b->of) : mm_cell_null(),
			 b->past >= 0 ? mm_cell_real(b->past) : mm_cell_null(),
			 mm_cell_span(b->window_us),
		     });
	return MM_OK;
}

struct mm_table *
mm_before_table(struct mm_store *s, int64_t limit, struct mm_err *err)
{
	struct filling f = { mm_table_new("triggers",
					  "What went before the blocks",
					  columns, MM_COUNT(columns)),
			     limit };

	if (mm_before(s, add_row, &f, err) == MM_OK)
		return f.t;
	mm_table_free(f.t);
	return NULL;
}
