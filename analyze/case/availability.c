#include <stdlib.h>
#include <string.h>

#include "analyze/case/availability.h"
#include "analyze/case/incident_rows.h"
#include "formats/base/intern.h"
#include "formats/base/json.h"
#include "formats/base/mem.h"

/* clang-format off */
const struct mm_column mm_availability_columns[MM_AVAILABILITY_COLUMNS] = {
	{ "month", "month", MM_TEXT },
	{ "receiver", "receiver", MM_TEXT },
	{ "watched", "watched", MM_SPAN },
	{ "down", "down", MM_SPAN },
	{ "slow", "slow", MM_SPAN },
	{ "availability", "available", MM_SHARE },
	{ "incidents", "incidents", MM_INT },
	{ "recipients", "recipients", MM_INT },
	{ "sent", "sent", MM_INT },
	{ "reached", "came while up", MM_SHARE },
	{ "first_try", "first try", MM_SHARE },
};
/* clang-format on */

enum state { DOWN, SLOW, GAP, N_STATES };

static const struct {
	const char *kind;
	enum state state;
} states[] = {
	{ "outage", DOWN },	 { "block", DOWN },    { "dns", DOWN },
	{ "tls", DOWN },	 { "disk", DOWN },     { "local-stop", DOWN },
	{ "filter-down", DOWN }, { "throttle", SLOW }, { "greylist", SLOW },
	{ "backlog", SLOW },	 { "log-gap", GAP },
};

struct window {
	uint32_t party; /* number of its name; 0: the own server */
	uint32_t incident;
	enum state state;
	int64_t from_us, to_us;
};

struct part { /* of a month, of one receiver or all */
	int64_t recipients, sent, reached, first_try;
};

struct ledger {
	struct mm_intern names;
	struct window *windows; /* by party */
	size_t n, cap;
	size_t *first;	    /* by party: its windows */
	struct part *parts; /* month * (names.n + 1) + party */
	int64_t first_us, last_us;
	int64_t month0; /* months since year 0 */
	size_t n_months;
	uint32_t n_incidents;
};

/* ---- windows ---- */

static void
add_window(struct ledger *l, struct mm_str name, enum state state,
	   const struct mm_incident_row *r)
{
	int64_t end = r->end_us != MM_TIME_NONE ? r->end_us : l->last_us;
	bool own = mm_str_is(name, "local");

	l->windows = mm_grow(l->windows, l->n, &l->cap, sizeof(*l->windows));
	l->windows[l->n++] = (struct window){
		.party = own ? 0 : mm_intern_add(&l->names, name),
		.incident = l->n_incidents,
		.state = state,
		.from_us = r->start_us,
		.to_us = end > r->start_us ? end : r->start_us,
	};
}

/* Where most went through, or all went by another host, it was slow. */
static enum state
state_of(enum state state, const struct mm_incident_row *r)
{
	bool own = mm_str_is(r->target, "local");

	return state == DOWN && !own &&
		       (r->recipients == 0 || r->passed > r->attempts_failed)
		   ? SLOW
		   : state;
}

static enum mm_status
on_incident(void *ctx, const struct mm_incident_row *r)
{
	struct ledger *l = ctx;
	size_t i = 0;
	bool own = mm_str_is(r->target, "local");
	struct mm_json *also;
	enum state state;

	l->n_incidents++;
	while (i < MM_COUNT(states) && !mm_str_is(r->kind, states[i].kind))
		i++;
	if (i == MM_COUNT(states) || r->start_us == MM_TIME_NONE)
		return MM_OK;
	state = state_of(states[i].state, r);
	add_window(l, r->target, state, r);
	if (own)
		return MM_OK;
	also = mm_json_parse(r->also, NULL);
	for (size_t k = 0; k < mm_json_len(also); k++)
		add_window(l, mm_json_str(mm_json_at(also, k)), state, r);
	mm_json_free(also);
	return MM_OK;
}

static int
by_party(const void *va, const void *vb)
{
	const struct window *a = va, *b = vb;

	if (a->party != b->party)
		return a->party < b->party ? -1 : 1;
	return a->from_us < b->from_us ? -1 : a->from_us > b->from_us;
}

static void
index_windows(struct ledger *l)
{
	size_t i = 0;

	if (l->n > 0)
		qsort(l->windows, l->n, sizeof(*l->windows), by_party);
	l->first = mm_calloc(l->names.n + 2, sizeof(*l->first));
	for (size_t p = 0; p <= l->names.n; p++) {
		while (i < l->n && l->windows[i].party < p)
			i++;
		l->first[p] = i;
	}
	l->first[l->names.n + 1] = l->n;
}

/* ---- months ---- */

static int64_t
month_of(int64_t t_us)
{
	struct mm_civil c;

	mm_time_to_civil(t_us, &c);
	return (int64_t)c.year * 12 + c.month - 1;
}

static int64_t
month_start(int64_t month)
{
	struct mm_civil c = { .year = (int)(month / 12),
			      .month = (int)(month % 12) + 1,
			      .day = 1 };

	return mm_time_from_civil(&c);
}

/* ---- time ---- */

struct edge {
	int64_t t_us;
	enum state state;
	int step;
};

static int
by_time(const void *va, const void *vb)
{
	const struct edge *a = va, *b = vb;

	return a->t_us < b->t_us ? -1 : a->t_us > b->t_us;
}

static void
add_edges(const struct ledger *l, size_t party, bool gaps, int64_t from_us,
	  int64_t to_us, struct edge *edges, size_t *n)
{
	for (size_t i = l->first[party]; i < l->first[party + 1]; i++) {
		const struct window *w = &l->windows[i];
		int64_t a = w->from_us > from_us ? w->from_us : from_us;
		int64_t b = w->to_us < to_us ? w->to_us : to_us;

		if (a >= b || (w->state == GAP) != gaps)
			continue;
		edges[(*n)++] = (struct edge){ a, w->state, 1 };
		edges[(*n)++] = (struct edge){ b, w->state, -1 };
	}
}

/* How long each state was on in [from, to): what is down is not slow, and
 * nothing is known of a gap. */
static void
measure(const struct ledger *l, size_t party, int64_t from_us, int64_t to_us,
	int64_t spans[N_STATES])
{
	struct edge *edges = mm_calloc(4 * l->n + 1, sizeof(*edges));
	int on[N_STATES] = { 0 };
	size_t n = 0;

	memset(spans, 0, N_STATES * sizeof(*spans));
	add_edges(l, party, false, from_us, to_us, edges, &n);
	add_edges(l, 0, true, from_us, to_us, edges, &n);
	qsort(edges, n, sizeof(*edges), by_time);
	for (size_t i = 0; i < n; i++) {
		int64_t span = i > 0 ? edges[i].t_us - edges[i - 1].t_us : 0;

		if (on[GAP] > 0)
			spans[GAP] += span;
		else if (on[DOWN] > 0)
			spans[DOWN] += span;
		else if (on[SLOW] > 0)
			spans[SLOW] += span;
		on[edges[i].state] += edges[i].step;
	}
	free(edges);
}

static int64_t
count_incidents(const struct ledger *l, size_t party, int64_t from_us,
		int64_t to_us)
{
	int64_t n = 0;

	for (size_t i = l->first[party]; i < l->first[party + 1]; i++)
		n += l->windows[i].state != GAP &&
		     l->windows[i].from_us < to_us &&
		     l->windows[i].to_us >= from_us;
	return n;
}

/* ---- mail ---- */

static bool
is_down(const struct ledger *l, size_t party, int64_t t_us)
{
	for (size_t i = l->first[party]; i < l->first[party + 1]; i++)
		if (l->windows[i].state == DOWN &&
		    t_us >= l->windows[i].from_us && t_us < l->windows[i].to_us)
			return true;
	return false;
}

static enum mm_status
count_mail(struct ledger *l, struct mm_store *s, struct mm_err *err)
{
	/* 1: sent; each mail where it went last. */
	struct mm_query *q =
	    mm_query_new(s,
			 "SELECT m.arrived_us, d.text, r.final = 1, r.attempts"
			 " FROM recipient r JOIN message m ON m.id = r.message"
			 " JOIN address a ON a.id = r.address"
			 " LEFT JOIN name d ON d.id = a.domain"
			 " WHERE r.next IS NULL AND r.final <> 7"
			 " AND m.arrived_us IS NOT NULL",
			 err);
	enum mm_status st = q != NULL ? MM_OK : MM_EIO;

	while (st == MM_OK && (st = mm_query_step(q, err)) == MM_OK) {
		int64_t t_us = mm_query_int(q, 0);
		int64_t month = month_of(t_us) - l->month0;
		size_t party = mm_intern_find(&l->names, mm_query_text(q, 1));
		bool sent = mm_query_int(q, 2) != 0;
		bool up = !is_down(l, 0, t_us) &&
			  (party == 0 || !is_down(l, party, t_us));

		if (month < 0 || (size_t)month >= l->n_months)
			continue;
		for (int all = 0; all <= (party != 0); all++) {
			struct part *p =
			    &l->parts[(size_t)month * (l->names.n + 1) +
				      (all ? 0 : party)];

			p->recipients++;
			p->sent += sent;
			p->reached += up;
			p->first_try += sent && mm_query_int(q, 3) <= 1;
		}
	}
	mm_query_free(q);
	return st == MM_END ? MM_OK : st;
}

/* ---- rows ---- */

static struct mm_cell
share(int64_t n, int64_t of)
{
	return of > 0 ? mm_cell_share((double)n / (double)of) : mm_cell_null();
}

static enum mm_status
put(const struct ledger *l, size_t month, size_t party,
    const struct mm_sink *sink, struct mm_err *err)
{
	const struct part *p = &l->parts[month * (l->names.n + 1) + party];
	int64_t no = l->month0 + (int64_t)month;
	int64_t from_us = month_start(no), to_us = month_start(no + 1);
	int64_t spans[N_STATES], watched;
	char name[MM_TIME_TEXT];

	if (from_us < l->first_us)
		from_us = l->first_us;
	if (to_us > l->last_us)
		to_us = l->last_us;
	measure(l, party, from_us, to_us, spans);
	watched = to_us - from_us - spans[GAP];
	(void)mm_time_iso(from_us, false, name);
	name[7] = '\0';
	return sink->row(
	    sink->ctx,
	    (const struct mm_cell[MM_AVAILABILITY_COLUMNS]){
		mm_cell_z(name),
		party == 0
		    ? mm_cell_z("all")
		    : mm_cell_text(mm_intern_text(&l->names, (uint32_t)party)),
		mm_cell_span(watched),
		mm_cell_span(spans[DOWN]),
		mm_cell_span(spans[SLOW]),
		share(watched - spans[DOWN], watched),
		mm_cell_int(count_incidents(l, party, from_us, to_us)),
		mm_cell_int(p->recipients),
		mm_cell_int(p->sent),
		share(p->reached, p->recipients),
		share(p->first_try, p->recipients),
	    },
	    err);
}

/* Receivers by name; hosts and addresses of theirs get no mail of their own. */
static enum mm_status
put_all(const struct ledger *l, const struct mm_sink *sink, struct mm_err *err)
{
	size_t *order = mm_alloc((l->names.n + 1) * sizeof(*order));
	enum mm_status st = MM_OK;

	for (size_t i = 0; i <= l->names.n; i++) {
		size_t at = i;

		while (at > 1 &&
		       mm_str_cmp(
			   mm_intern_text(&l->names, (uint32_t)order[at - 1]),
			   mm_intern_text(&l->names, (uint32_t)i)) > 0) {
			order[at] = order[at - 1];
			at--;
		}
		order[at] = i;
	}
	for (size_t m = 0; m < l->n_months && st == MM_OK; m++)
		for (size_t i = 0; i <= l->names.n && st == MM_OK; i++)
			if (order[i] == 0 ||
			    l->parts[m * (l->names.n + 1) + order[i]]
				    .recipients > 0)
				st = put(l, m, order[i], sink, err);
	free(order);
	return st;
}

enum mm_status
mm_export_availability(struct mm_store *s, int64_t at_us,
		       const struct mm_sink *sink, struct mm_err *err)
{
	struct ledger l = { 0 };
	enum mm_status st = mm_rows_span(s, &l.first_us, &l.last_us, err);

	(void)at_us;
	mm_intern_init(&l.names);
	if (st == MM_OK && l.first_us != MM_TIME_NONE) {
		st = mm_incident_read(s, on_incident, &l, err);
		index_windows(&l);
		l.month0 = month_of(l.first_us);
		l.n_months = (size_t)(month_of(l.last_us) - l.month0) + 1;
		l.parts =
		    mm_calloc(l.n_months * (l.names.n + 1), sizeof(*l.parts));
		if (st == MM_OK)
			st = count_mail(&l, s, err);
		if (st == MM_OK)
			st = put_all(&l, sink, err);
	}
	mm_intern_fini(&l.names);
	free(l.windows);
	free(l.first);
	free(l.parts);
	return st;
}
