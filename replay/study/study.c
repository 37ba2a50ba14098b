#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "replay/engine/noise.h"
#include "replay/engine/num.h"
#include "replay/engine/retry.h"
#include "replay/study/study.h"

/* ---- who receives ---- */

/* The best fit; of equals the last. A file of the user's that names nobody
 * is meant for all. */
static const struct mm_receiver_file *
choose_file(const struct mm_backlog_domain *d,
	    const struct mm_study_choice *choices, size_t n)
{
	const struct mm_receiver_file *best = NULL;
	int best_fit = 0;

	for (size_t i = 0; i < n; i++) {
		const struct mm_study_choice *c = &choices[i];
		struct mm_str match =
		    c->pattern.p != NULL ? c->pattern : c->file->match;
		int fit;

		if (match.p == NULL && c->own)
			match = MM_STR("*");
		fit = mm_receiver_fits(match, d->name, d->relay,
				       d->operator_name);
		if (fit > 0 && c->own)
			fit += c->pattern.p != NULL ? 20 : 10;
		if (fit > 0 && fit >= best_fit) {
			best = c->file;
			best_fit = fit;
		}
	}
	return best;
}

static uint32_t
receiver_of(struct mm_study *s, struct mm_str name,
	    const struct mm_receiver_file *file)
{
	for (size_t i = 0; i < s->n_receivers; i++)
		if (s->receivers[i].file == file &&
		    mm_str_eq(s->receivers[i].name, name))
			return (uint32_t)i;
	s->receivers[s->n_receivers] =
	    (struct mm_study_receiver){ .name = name, .file = file };
	return (uint32_t)s->n_receivers++;
}

static int
by_waiting(const void *a, const void *b)
{
	const struct mm_study_dest *x = a, *y = b;

	if (x->n_waiting != y->n_waiting)
		return x->n_waiting > y->n_waiting ? -1 : 1;
	return mm_str_cmp(x->name, y->name);
}

/* Destinations in their order, and the place of each domain among them. */
static void
make_dests(struct mm_study *s, const struct mm_study_choice *choices,
	   size_t n_choices, uint32_t *dest_of)
{
	const struct mm_backlog *b = s->backlog;
	size_t n_domains = b->names.n;
	struct mm_study_dest *all = mm_calloc(n_domains, sizeof(*all));
	size_t *n_items = mm_calloc(n_domains, sizeof(*n_items));

	for (size_t i = 0; i < b->n; i++) {
		n_items[b->items[i].domain]++;
		all[b->items[i].domain].n_waiting += !b->items[i].live;
	}
	s->receivers = mm_calloc(n_domains, sizeof(*s->receivers));
	for (size_t i = 0; i < n_domains; i++) {
		all[i].name = b->domains[i].name;
		all[i].receiver = (uint32_t)i; /* the domain, for now */
	}
	qsort(all, n_domains, sizeof(*all), by_waiting);
	for (size_t i = 0; i < n_domains; i++) {
		uint32_t domain = all[i].receiver;
		const struct mm_backlog_domain *d = &b->domains[domain];
		const struct mm_receiver_file *file;

		if (n_items[domain] == 0)
			continue;
		file = choose_file(d, choices, n_choices);
		dest_of[domain] = (uint32_t)s->n_dests;
		all[i].receiver = receiver_of(
		    s, d->operator_name.n > 0 ? d->operator_name : d->name,
		    file);
		s->receivers[all[i].receiver].n_waiting += all[i].n_waiting;
		all[s->n_dests++] = all[i];
	}
	s->dests = all;
	free(n_items);
}

/* ---- what is sent ---- */

static int64_t
ms_after(const struct mm_study *s, int64_t t_us)
{
	return mm_num_floor_div(t_us - s->backlog->at_us, 1000);
}

/* When the queue would try it again by itself: as the snapshot says, else as
 * the schedule goes on from its last try. */
static int64_t
next_try(const struct mm_study *s, struct mm_retry *retry,
	 const struct mm_backlog_item *item)
{
	struct mm_message m = { .created_ms = 0 };
	int64_t since, next;

	if (item->next_us != MM_TIME_NONE)
		return ms_after(s, item->next_us);
	if (item->last_us == MM_TIME_NONE)
		return 0;
	m.n_fails = 1;
	since = (item->last_us - item->created_us) / 1000;
	(void)mm_retry_next(retry, &m, 0, mm_num_max(0, since), 1000, &next);
	return ms_after(s, item->created_us) + next;
}

static struct mm_message
make_message(const struct mm_study *s, struct mm_retry *retry,
	     const struct mm_backlog_item *item, uint32_t dest)
{
	struct mm_message m = {
		.created_ms = ms_after(s, item->created_us),
		.dest = dest,
		.live = item->live,
		.bad = item->bad,
	};

	if (item->live) {
		m.arrive_ms = mm_num_max(0, m.created_ms);
		return m;
	}
	m.n_fails = item->n_fails & 0xffff;
	m.next_ms = next_try(s, retry, item);
	m.arrive_ms = item->last_us != MM_TIME_NONE ? ms_after(s, item->last_us)
						    : m.created_ms;
	return m;
}

static void
make_messages(struct mm_study *s, const uint32_t *dest_of)
{
	const struct mm_backlog *b = s->backlog;
	size_t n_flows = s->n_dests * s->n_addresses;
	size_t *at = mm_calloc(n_flows + 1, sizeof(*at));
	uint32_t *flow_of = mm_calloc(b->n, sizeof(*flow_of));
	size_t *turn = mm_calloc(s->n_dests, sizeof(*turn));
	struct mm_message none = { 0 };
	struct mm_retry retry;

	mm_retry_init(&retry, &s->settled, &none, 1);
	s->messages = mm_calloc(b->n, sizeof(*s->messages));
	s->item_of = mm_calloc(b->n, sizeof(*s->item_of));
	for (size_t i = 0; i < b->n; i++) {
		uint32_t dest = dest_of[b->items[i].domain];

		flow_of[i] = (uint32_t)(dest * s->n_addresses +
					turn[dest]++ % s->n_addresses);
		at[flow_of[i] + 1]++;
	}
	for (size_t f = 0; f < n_flows; f++)
		at[f + 1] += at[f];
	for (size_t i = 0; i < b->n; i++) {
		uint32_t f = flow_of[i];

		s->messages[at[f]] = make_message(s, &retry, &b->items[i], f);
		s->item_of[at[f]++] = (uint32_t)i;
		s->n_live += b->items[i].live;
	}
	s->n_messages = b->n;
	mm_retry_fini(&retry);
	free(at);
	free(flow_of);
	free(turn);
}

void
mm_study_init(struct mm_study *s, const struct mm_backlog *b,
	      const struct mm_sender_file *sender,
	      const struct mm_study_choice *choices, size_t n_choices,
	      int64_t horizon_ms)
{
	uint32_t *dest_of = mm_calloc(b->names.n, sizeof(*dest_of));

	*s = (struct mm_study){ .backlog = b,
				.sender = sender,
				.settled = sender->sender,
				.horizon_ms = horizon_ms,
				.n_addresses = sender->n_addresses > 0
						   ? (size_t)sender->n_addresses
						   : 1 };
	if (b->service.n_accepted > 0)
		s->settled.times = b->service.times;
	make_dests(s, choices, n_choices, dest_of);
	make_messages(s, dest_of);
	free(dest_of);
}

void
mm_study_fini(struct mm_study *s)
{
	free(s->dests);
	free(s->receivers);
	free(s->messages);
	free(s->item_of);
	*s = (struct mm_study){ 0 };
}

/* ---- a run's scenario ---- */

static bool
fits_class(const struct mm_plan_class *c, const struct mm_backlog_item *m)
{
	return (c->sender.p == NULL || mm_str_glob(c->sender, m->sender)) &&
	       (c->recipient.p == NULL ||
		mm_str_glob(c->recipient, m->recipient)) &&
	       (c->message_id.p == NULL ||
		mm_str_glob(c->message_id, m->message_id)) &&
	       (c->larger_than == 0 || m->size_bytes > c->larger_than) &&
	       (c->smaller_than == 0 ||
		(m->size_bytes >= 0 && m->size_bytes < c->smaller_than));
}

size_t
mm_study_class(const struct mm_study *s, const struct mm_plan *plan,
	       size_t message)
{
	const struct mm_backlog_item *m =
	    &s->backlog->items[s->item_of[message]];

	for (size_t i = 0; i < plan->n_classes; i++)
		if (fits_class(&plan->classes[i], m))
			return i;
	return MM_NOT_FOUND;
}

/* From the backlog's moment on. */
static int64_t
when_ms(const struct mm_study *s, const struct mm_when *when)
{
	if (when->at_us == MM_TIME_NONE)
		return when->after_ms;
	return mm_num_max(0, ms_after(s, when->at_us));
}

static struct mm_policy
policy_for(const struct mm_study *s, const struct mm_plan *plan, size_t dest)
{
	const struct mm_study_dest *d = &s->dests[dest];
	struct mm_policy p = plan->policy;
	const struct mm_when *pause = &plan->pause, *resume = &plan->resume;

	for (size_t i = plan->n_dests; i-- > 0;)
		if (mm_str_glob(plan->dests[i].pattern, d->name) ||
		    mm_str_glob(plan->dests[i].pattern,
				s->receivers[d->receiver].name)) {
			p = plan->dests[i].policy;
			pause = &plan->dests[i].pause;
			resume = &plan->dests[i].resume;
		}
	p.pause_at_ms = when_ms(s, pause);
	p.resume_at_ms = when_ms(s, resume);
	return p;
}

/* Rates that are shares of what the receiver is thought to take. */
static void
fit_pace(const struct mm_plan *plan, const struct mm_receiver_spec *r,
	 struct mm_pace_spec *p)
{
	if (!r->rate_limited || p->kind == MM_PACE_NONE)
		return;
	if (plan->of_limit_permille > 0)
		p->rate_per_hour = mm_num_max(
		    1, mm_num_mul_div(r->rate_per_hour, plan->of_limit_permille,
				      1000));
	if (plan->max_of_limit_permille > 0) {
		p->max_per_hour = mm_num_max(
		    1, mm_num_mul_div(r->rate_per_hour,
				      plan->max_of_limit_permille, 1000));
		p->rate_per_hour =
		    mm_num_min(p->rate_per_hour, p->max_per_hour);
	}
}

static void
make_policies(const struct mm_study *s, const struct mm_plan *plan,
	      struct mm_scenario *out)
{
	out->n_policies = s->n_dests;
	out->policies = mm_calloc(s->n_dests, sizeof(*out->policies));
	for (size_t f = 0; f < out->n_dests; f++)
		out->dests[f].policy = (uint32_t)(f / s->n_addresses);
	for (size_t d = 0; d < s->n_dests; d++) {
		struct mm_policy *p = &out->policies[d];

		mm_policy_init(p);
		if (plan == NULL)
			continue;
		*p = policy_for(s, plan, d);
		fit_pace(plan, &s->receivers[s->dests[d].receiver].file->spec,
			 &p->pace);
	}
}

static void
make_receivers(const struct mm_study *s, uint64_t seed, struct mm_scenario *out)
{
	size_t n = s->n_addresses;

	out->n_receivers = s->n_receivers * n;
	out->receivers = mm_calloc(out->n_receivers, sizeof(*out->receivers));
	for (size_t i = 0; i < out->n_receivers; i++) {
		mm_receiver_file_draw(s->receivers[i / n].file, seed, i / n,
				      &out->receivers[i]);
		out->receivers[i].pool = i / n * n;
		out->receivers[i].pool_size = n;
	}
	out->n_dests = s->n_dests * n;
	out->dests = mm_calloc(out->n_dests, sizeof(*out->dests));
	for (size_t f = 0; f < out->n_dests; f++) {
		const struct mm_study_dest *d = &s->dests[f / n];

		out->dests[f] =
		    (struct mm_dest){ .name = d->name,
				      .receiver =
					  (uint32_t)(d->receiver * n + f % n) };
	}
}

/* Recipients that nobody has heard of, as many as the log has shown. */
static void
draw_unknown(const struct mm_study *s, uint64_t seed, struct mm_scenario *out)
{
	const struct mm_backlog *b = s->backlog;

	for (size_t i = 0; i < out->n_messages && b->n_hard > 0; i++) {
		const struct mm_backlog_item *m = &b->items[s->item_of[i]];
		uint64_t d = mm_noise_draw(seed, i, 0, MM_NOISE_USER);

		if (m->n_fails == 0 && m->address == 0 &&
		    mm_noise_below(d, b->n_contacts) < b->n_hard)
			out->messages[i].bad = 1;
	}
}

void
mm_study_scenario(const struct mm_study *s, const struct mm_plan *plan,
		  uint64_t seed, struct mm_scenario *out)
{
	size_t bytes = s->n_messages * sizeof(*s->messages);

	mm_scenario_init(out);
	out->sender = s->settled;
	out->horizon_ms = s->horizon_ms;
	out->noise.seed = seed;
	out->noise.retry_jitter_permille = s->sender->jitter_permille;
	if (seed > 0 && s->backlog->service.n_accepted > 0) {
		out->noise.service_permille = s->backlog->service.quantiles;
		out->noise.n_service = MM_SERVICE_QUANTILES;
	}
	make_receivers(s, seed, out);
	make_policies(s, plan, out);
	memcpy(mm_scenario_grow(out, s->n_messages), s->messages, bytes);
	draw_unknown(s, seed, out);
	if (plan == NULL)
		/* What is not live never comes. */
		for (size_t i = 0; i < out->n_messages; i++)
			if (!out->messages[i].live)
				out->messages[i].arrive_ms = INT64_MAX;
	if (plan == NULL || plan->n_classes == 0)
		return;
	out->priority = mm_calloc(out->n_messages, sizeof(*out->priority));
	for (size_t i = 0; i < out->n_messages; i++) {
		size_t class = mm_study_class(s, plan, i);

		out->priority[i] = class == MM_NOT_FOUND
				       ? MM_PLAN_PRIORITY
				       : plan->classes[class].priority;
	}
}
