#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "replay/engine/scenario.h"

const char *
mm_result_name(enum mm_result r)
{
	static const char *const names[MM_N_RESULTS + 1] = {
		[MM_DEFER_BLOCKED] = "defer:blocked",
		[MM_DEFER_CONNMSGS] = "defer:connmsgs",
		[MM_DEFER_DAILY] = "defer:daily",
		[MM_DEFER_GREYLIST] = "defer:greylist",
		[MM_DEFER_OTHER] = "defer:other",
		[MM_DEFER_RATE] = "defer:rate",
		[MM_HARD] = "hard",
		[MM_ACCEPTED] = "ok",
		[MM_REFUSED_BLOCKED] = "refused:blocked",
		[MM_REFUSED_CONNLIMIT] = "refused:connlimit",
		[MM_NO_RESULT] = "-",
	};

	return names[r];
}

void
mm_sender_init(struct mm_sender *s)
{
	*s = (struct mm_sender){
		.times = { 1, 1, 1, 1 },
		.max_msgs_per_conn = MM_NO_LIMIT,
		.global_limit = MM_NO_LIMIT,
		.max_age_ms = MM_NO_LIMIT,
		.retry = { .granularity_ms = 1,
			   .max_ms = MM_NO_LIMIT,
			   .num = 2,
			   .den = 1,
			   .max_gap_ms = MM_DAY_MS },
		.window = { .init = 5,
			    .limit = 20,
			    .positive = { .fixed = 1 },
			    .negative = { .fixed = 1 },
			    .cohort_limit = 1,
			    .dead_ms = 300000 },
	};
}

void
mm_policy_init(struct mm_policy *p)
{
	*p = (struct mm_policy){
		.concurrency = MM_NO_LIMIT,
		.msgs_per_conn = MM_NO_LIMIT,
		.pace = { .burst = 1,
			  .bad_results = ~(1U << MM_ACCEPTED | 1U << MM_HARD |
					   1U << MM_DEFER_GREYLIST),
			  .max_per_hour = MM_NO_LIMIT },
	};
}

void
mm_receiver_spec_init(struct mm_receiver_spec *r)
{
	*r = (struct mm_receiver_spec){
		.burst = 1,
		.level = 1,
		.max_conn = MM_NO_LIMIT,
		.max_msgs_per_conn = MM_NO_LIMIT,
		.daily_cap = MM_NO_LIMIT,
		.block_mult = 1,
		.block_max_ms = MM_NO_LIMIT,
	};
}

void
mm_scenario_init(struct mm_scenario *s)
{
	*s = (struct mm_scenario){ .horizon_ms = MM_NO_LIMIT };
	mm_sender_init(&s->sender);
	mm_arena_init(&s->arena);
}

void
mm_scenario_fini(struct mm_scenario *s)
{
	free(s->messages);
	free(s->priority);
	free(s->grey_key);
	free(s->ids);
	free(s->dests);
	free(s->receivers);
	free(s->policies);
	mm_arena_fini(&s->arena);
	*s = (struct mm_scenario){ 0 };
}

struct mm_message *
mm_scenario_grow(struct mm_scenario *s, size_t n)
{
	struct mm_message *first;

	if (s->messages == NULL || n > s->cap_messages - s->n_messages) {
		/* All at once is the rule; one by one must not be slow. */
		s->cap_messages = s->n_messages + n + s->n_messages / 2;
		s->messages =
		    mm_realloc(s->messages, s->cap_messages * sizeof(*first));
	}
	first = s->messages + s->n_messages;
	if (n > 0)
		memset(first, 0, n * sizeof(*first));
	s->n_messages += n;
	return first;
}

void
mm_scenario_add_id(const struct mm_scenario *s, size_t i, struct mm_buf *out)
{
	size_t low = 0, high = s->n_ids;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (s->ids[middle].first <= i)
			low = middle;
		else
			high = middle;
	}
	mm_buf_adds(out, s->ids[low].text);
	if (s->ids[low].numbered)
		mm_buf_addf(out, "%zu", i - s->ids[low].first);
}
