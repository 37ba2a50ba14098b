#include <inttypes.h>
#include <stdlib.h>

#include "formats/base/json.h"
#include "formats/base/mem.h"
#include "replay/engine/outcome.h"
#include "replay/engine/sort.h"

static const int drain_percent[MM_N_DRAIN] = { 25, 50, 75, 90, 100 };
static const int delay_percent[MM_N_DELAY] = { 50, 90, 99 };

void
mm_outcome_fini(struct mm_outcome *o)
{
	free(o->dests);
	*o = (struct mm_outcome){ 0 };
}

int64_t
mm_outcome_rank(const int64_t *v, size_t n, int percent)
{
	size_t rank = (n * (size_t)percent + 99) / 100;

	return v[rank > 0 ? rank - 1 : 0];
}

static void
count_delays(struct mm_outcome *o, const struct mm_scenario *s, int64_t *v)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_messages; i++) {
		const struct mm_message *m = &s->messages[i];

		if (m->state == MM_DELIVERED)
			v[n++] = mm_num_sub(m->at_ms, m->created_ms);
	}
	for (size_t i = 0; i < n; i++)
		o->delay_sum += v[i];
	mm_sort_i64(v, n);
	for (size_t i = 0; i < MM_N_DELAY && n > 0; i++)
		o->delay_ms[i] = mm_outcome_rank(v, n, delay_percent[i]);
}

void
mm_outcome_messages(struct mm_outcome *o, const struct mm_scenario *s)
{
	int64_t *v = mm_alloc(s->n_messages * sizeof(*v));
	size_t n = 0;

	o->n_messages = s->n_messages;
	for (size_t i = 0; i < s->n_messages; i++) {
		const struct mm_message *m = &s->messages[i];

		o->n_delivered += m->state == MM_DELIVERED;
		o->n_bounced += m->state == MM_BOUNCED;
		o->n_expired += m->state == MM_EXPIRED;
		if (m->state >= MM_DELIVERED)
			v[n++] = m->at_ms;
	}
	o->n_queued = (int64_t)(s->n_messages - n);
	mm_sort_i64(v, n);
	for (size_t i = 0; i < MM_N_DRAIN && n > 0; i++)
		o->drain_ms[i] = mm_outcome_rank(v, n, drain_percent[i]);
	o->makespan_ms = n > 0 ? v[n - 1] : 0;
	count_delays(o, s, v);
	free(v);
}

/* A number of 128 bits: printf knows none. */
static void
add_wide(struct mm_buf *out, const mm_wide *value)
{
	char text[48], *p = text + sizeof(text) - 1;
	mm_uwide left;

	left = *value < 0 ? -(mm_uwide)*value : (mm_uwide)*value;
	*p = '\0';
	do
		*--p = (char)('0' + (int)(left % 10));
	while ((left /= 10) > 0);
	if (*value < 0)
		*--p = '-';
	mm_buf_addz(out, p);
}

static void
add_percentiles(struct mm_buf *out, const int *percents, const int64_t *v,
		size_t n, bool known)
{
	for (size_t i = 0; i < n; i++) {
		mm_buf_addf(out, "%s\"%d\":", i > 0 ? "," : "", percents[i]);
		if (known)
			mm_buf_addf(out, "%" PRId64, v[i]);
		else
			mm_buf_addz(out, "null");
	}
}

static void
add_dest(struct mm_buf *out, const struct mm_outcome_dest *d)
{
	mm_buf_addf(out,
		    "{\"connections\":%" PRId64 ",\"blocks\":%" PRId64
		    ",\"blocked_ms\":%" PRId64 ",\"rep_min_ppm\":%" PRId64
		    ",\"rep_final_ppm\":%" PRId64 ",\"rep_deficit_ppm_ms\":",
		    d->n_connections, d->n_blocks, d->blocked_ms, d->least_ppm,
		    d->final_ppm);
	add_wide(out, &d->deficit);
	mm_buf_addc(out, '}');
}

void
mm_outcome_json(const struct mm_outcome *o, const struct mm_scenario *s,
		const char *log_sha256, struct mm_buf *out)
{
	const char *comma = "";

	mm_buf_addf(out,
		    "{\"messages\":%zu,\"status\":{\"delivered\":%" PRId64
		    ",\"bounced\":%" PRId64 ",\"expired\":%" PRId64
		    ",\"queued\":%" PRId64 "},\"attempts\":%" PRId64
		    ",\"results\":{",
		    o->n_messages, o->n_delivered, o->n_bounced, o->n_expired,
		    o->n_queued, o->n_attempts);
	for (size_t i = 0; i < MM_N_RESULTS; i++) {
		if (o->n_results[i] == 0)
			continue;
		mm_buf_addf(out, "%s\"%s\":%" PRId64, comma,
			    mm_result_name((enum mm_result)i), o->n_results[i]);
		comma = ",";
	}
	mm_buf_addf(out,
		    "},\"suspended_defers\":%" PRId64
		    ",\"makespan_ms\":%" PRId64 ",\"drain_ms\":{",
		    o->n_suspended, o->makespan_ms);
	add_percentiles(out, drain_percent, o->drain_ms, MM_N_DRAIN,
			o->n_queued < (int64_t)o->n_messages);
	mm_buf_addz(out, "},\"delay_ms\":{");
	add_percentiles(out, delay_percent, o->delay_ms, MM_N_DELAY,
			o->n_delivered > 0);
	mm_buf_addz(out, ",\"sum\":");
	add_wide(out, &o->delay_sum);
	mm_buf_addz(out, "},\"dests\":{");
	for (size_t i = 0; i < o->n_dests; i++) {
		if (i > 0)
			mm_buf_addc(out, ',');
		mm_json_add_str(out, s->dests[i].name);
		mm_buf_addc(out, ':');
		add_dest(out, &o->dests[i]);
	}
	mm_buf_addc(out, '}');
	if (log_sha256 != NULL)
		mm_buf_addf(out, ",\"log_sha256\":\"%s\"", log_sha256);
	mm_buf_addc(out, '}');
}

void
mm_outcome_log_line(const struct mm_scenario *s, uint64_t number,
		    const struct mm_attempt *a, struct mm_buf *out)
{
	const struct mm_message *m = &s->messages[a->message];

	mm_buf_addf(out, "%" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64 " ",
		    number, a->start_ms, a->decide_ms, a->end_ms);
	mm_scenario_add_id(s, a->message, out);
	mm_buf_addc(out, ' ');
	mm_buf_adds(out, s->dests[m->dest].name);
	mm_buf_addf(out, " %c %s\n", a->reused ? 'R' : 'N',
		    mm_result_name((enum mm_result)a->result));
}
