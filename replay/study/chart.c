#include <stdlib.h>

#include "formats/base/mem.h"
#include "formats/base/utf8.h"
#include "replay/engine/num.h"
#include "replay/study/show.h"

#define BARS 60

/* The most mail that waits within each of BARS equal parts of the time. */
static void
take_bars(const struct mm_compared *p, size_t n_points, int64_t bars[BARS])
{
	for (size_t i = 0; i < BARS; i++)
		bars[i] = 0;
	for (size_t i = 0; i < p->n_points; i++) {
		size_t at = i * BARS / n_points;

		bars[at] = mm_num_max(bars[at],
				      p->points[i].backlog + p->points[i].live);
	}
	/* Fewer points than bars: the level stays until the next. */
	for (size_t i = 1; i < BARS && n_points < BARS; i++)
		if (i * n_points / BARS == (i - 1) * n_points / BARS)
			bars[i] = mm_num_max(bars[i], bars[i - 1]);
}

/* Blocks of one to eight eighths; a blank is none at all. */
static void
add_bars(struct mm_buf *out, const int64_t bars[BARS], int64_t most)
{
	size_t n = BARS;

	while (n > 0 && bars[n - 1] == 0)
		n--;
	for (size_t i = 0; i < n; i++) {
		char block[] = "\xe2\x96\x81";

		if (bars[i] == 0) {
			mm_buf_addc(out, ' ');
			continue;
		}
		block[2] =
		    (char)(0x80 +
			   mm_num_max(1, (bars[i] * 8 + most / 2) / most));
		mm_buf_addz(out, block);
	}
}

void
mm_show_chart(const struct mm_comparison *c, struct mm_buf *out)
{
	int64_t *bars = mm_calloc(c->n_policies * BARS, sizeof(*bars));
	size_t n_points = 0, width = 0;
	char span[MM_TIME_TEXT];
	int64_t most = 1, us = 0;

	for (size_t i = 0; i < c->n_policies; i++) {
		const struct mm_compared *p = &c->policies[i];
		size_t columns = mm_utf8_columns(p->plan->name);

		n_points = p->n_points > n_points ? p->n_points : n_points;
		width = columns > width ? columns : width;
	}
	for (size_t i = 0; i < c->n_policies; i++) {
		const struct mm_compared *p = &c->policies[i];

		take_bars(p, n_points, bars + i * BARS);
		for (size_t k = 0; k < BARS; k++)
			most = mm_num_max(most, bars[i * BARS + k]);
		if (p->n_points > 0)
			us =
			    p->points[p->n_points - 1].t_us - p->points[0].t_us;
	}
	mm_buf_addf(out,
		    "Mail that waits, over %s; a full bar is %lld messages\n",
		    mm_time_span(us, span), (long long)most);
	for (size_t i = 0; i < c->n_policies; i++) {
		struct mm_str name = c->policies[i].plan->name;

		mm_utf8_add_visible(out, name);
		mm_buf_addf(out, "%*s  ", (int)(width - mm_utf8_columns(name)),
			    "");
		add_bars(out, bars + i * BARS, most);
		mm_buf_addz(out, "\n");
	}
	free(bars);
}
