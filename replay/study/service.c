#include <stdlib.h>

#include "formats/base/mem.h"
#include "replay/engine/num.h"
#include "replay/engine/sort.h"
#include "replay/study/service.h"

/* A few attempts take minutes; a replay need not wait for them so long. */
#define QUANTILE_MAX 20000

static void
add(struct mm_service_list *l, int64_t us)
{
	l->v = mm_grow(l->v, l->n, &l->cap, sizeof(*l->v));
	l->v[l->n++] = us;
}

void
mm_service_add(struct mm_service_log *l, int64_t connect_us, int64_t talk_us,
	       bool sent)
{
	if (talk_us < 0)
		return;
	if (connect_us > 0)
		add(&l->connects, connect_us);
	add(sent ? &l->accepts : &l->rejects, talk_us);
}

static int64_t
median_ms(struct mm_service_list *l, int64_t or_else)
{
	mm_sort_i64(l->v, l->n);
	return l->n > 0 ? mm_num_max(1, l->v[l->n / 2] / 1000) : or_else;
}

struct mm_service
mm_service_end(struct mm_service_log *l)
{
	struct mm_service s = { .n_accepted = l->accepts.n,
				.n_rejected = l->rejects.n };
	struct mm_times *t = &s.times;

	t->accept_ms = median_ms(&l->accepts, 1);
	t->connect_ms = median_ms(&l->connects, t->accept_ms);
	t->reject_ms = median_ms(&l->rejects, t->accept_ms);
	t->refuse_ms = t->connect_ms;
	for (size_t i = 0; i < MM_SERVICE_QUANTILES && l->accepts.n > 0; i++) {
		size_t at =
		    (2 * i + 1) * l->accepts.n / (2 * MM_SERVICE_QUANTILES);

		s.quantiles[i] =
		    mm_num_min(QUANTILE_MAX, l->accepts.v[at] / t->accept_ms);
	}
	free(l->connects.v);
	free(l->accepts.v);
	free(l->rejects.v);
	*l = (struct mm_service_log){ 0 };
	return s;
}
