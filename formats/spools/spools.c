#include <stdlib.h>

#include "formats/base/arena.h"
#include "formats/base/mem.h"
#include "formats/spools/formats.h"
#include "formats/spools/spools.h"

/* clang-format off */
static const struct mm_spool_format *const formats[] = {
	&mm_spool_postfix_queue,
	&mm_spool_postqueue_j,
	&mm_spool_postfix_mailq,
	&mm_spool_postconf,
	&mm_spool_exim,
	&mm_spool_exim_bp,
	&mm_spool_opensmtpd, /* "queue/df/df..." is not Sendmail's */
	&mm_spool_sendmail,
	&mm_spool_sendmail_mailq,
	&mm_spool_sendmail_hoststat,
	&mm_spool_show_queue,
	&mm_spool_haraka,
};
/* clang-format on */

struct snapshot {
	const struct mm_spool_format *format;
	struct mm_str top; /* arena */
	void *state;	   /* owned by the format */
};

struct mm_spools {
	struct mm_arena names;
	struct snapshot *list; /* owned */
	size_t n, cap;
	size_t last; /* where the leaf before this one went */
};

const struct mm_spool_format *
mm_spools_format(size_t i)
{
	return i < MM_COUNT(formats) ? formats[i] : NULL;
}

struct mm_spools *
mm_spools_new(void)
{
	struct mm_spools *sp = mm_calloc(1, sizeof(*sp));

	mm_arena_init(&sp->names);
	return sp;
}

size_t
mm_spools_count(const struct mm_spools *sp)
{
	return sp->n;
}

/* Most leaves belong where the one before belonged. */
static struct snapshot *
find(struct mm_spools *sp, const struct mm_spool_format *f, struct mm_str top)
{
	struct snapshot *s;

	for (size_t i = 0; i < sp->n; i++) {
		size_t at = (sp->last + i) % sp->n;

		if (sp->list[at].format == f &&
		    mm_str_eq(sp->list[at].top, top)) {
			sp->last = at;
			return &sp->list[at];
		}
	}
	sp->list = mm_grow(sp->list, sp->n, &sp->cap, sizeof(*sp->list));
	s = &sp->list[sp->n];
	s->format = f;
	s->top = mm_arena_str(&sp->names, top);
	s->state = f->begin(s->top);
	sp->last = sp->n++;
	return s;
}

enum mm_status
mm_spools_take(void *ctx, const struct mm_leaf *leaf, bool *taken,
	       const char **kind, struct mm_err *err)
{
	struct mm_str top;

	(void)err;
	*taken = false;
	for (size_t i = 0; i < MM_COUNT(formats) && !*taken; i++) {
		if (!formats[i]->probe(leaf, &top))
			continue;
		formats[i]->file(find(ctx, formats[i], top)->state, leaf);
		*taken = true;
		*kind = formats[i]->name;
	}
	return MM_OK;
}

static int
cmp_snapshot(const void *va, const void *vb)
{
	const struct snapshot *a = va, *b = vb;
	int way = mm_str_cmp(a->top, b->top);

	return way != 0 ? way
			: mm_str_cmp(mm_str_z(a->format->name),
				     mm_str_z(b->format->name));
}

void
mm_spools_finish(struct mm_spools *sp, const struct mm_spool_sink *sink)
{
	if (sp == NULL)
		return;
	if (sp->n > 0)
		qsort(sp->list, sp->n, sizeof(*sp->list), cmp_snapshot);
	for (size_t i = 0; i < sp->n; i++)
		sp->list[i].format->finish(sp->list[i].state, sink);
	free(sp->list);
	mm_arena_fini(&sp->names);
	free(sp);
}
