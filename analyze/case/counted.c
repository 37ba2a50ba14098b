#include <stdlib.h>

#include "analyze/case/counted.h"
#include "formats/base/mem.h"

/* ---- the largest first ---- */

struct place {
	uint32_t at; /* in the array that is sorted */
	uint32_t count;
	struct mm_str name;
};

static int
by_count(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int names;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	names = mm_str_cmp(x->name, y->name);
	if (names != 0)
		return names;
	return x->at < y->at ? -1 : x->at > y->at;
}

static void
sort(struct place *places, size_t n)
{
	qsort(places, n, sizeof(*places), by_count);
}

/* ---- what became of the mail ---- */

/* clang-format off */
static const struct mm_column totals_columns[] = {
	{ "final", "what became of it", MM_TEXT },
	{ "recipients", "recipients", MM_INT },
	{ "share", "share", MM_SHARE },
	{ "messages", "messages", MM_INT },
	{ "bytes", "bytes", MM_BYTES },
};
/* clang-format on */

static void
fill_totals(const struct mm_scan *c, size_t limit, struct mm_table *t)
{
	int64_t all = c->n_rejects;

	for (int f = 0; f < MM_FINAL_COUNT; f++)
		all += c->totals[f].recipients;
	for (int f = 0; f < MM_FINAL_COUNT && t->n_rows < limit; f++) {
		const struct mm_scan_total *x = &c->totals[f];
		int64_t n =
		    x->recipients + (f == MM_FINAL_REJECTED ? c->n_rejects : 0);
		const struct mm_cell row[] = {
			mm_cell_z(mm_final_name(f)),
			mm_cell_int(n),
			mm_cell_share((double)n / (double)all),
			x->messages > 0 ? mm_cell_int(x->messages)
					: mm_cell_null(),
			x->messages > 0 ? mm_cell_bytes(x->bytes)
					: mm_cell_null(),
		};

		if (n > 0)
			mm_table_add(t, row);
	}
}

/* ---- receivers and senders ---- */

/* clang-format off */
static const struct mm_column receiver_columns[] = {
	{ "receiver", "receiver", MM_TEXT },
	{ "operator", "run by", MM_TEXT },
	{ "recipients", "recipients", MM_INT },
	{ "sent", "sent", MM_INT },
	{ "bounced", "bounced", MM_INT },
	{ "expired", "expired", MM_INT },
	{ "waiting", "waiting", MM_INT },
	{ "deferrals", "deferrals", MM_INT },
	{ "delay_mean", "mean delay", MM_SPAN },
	{ "delay_max", "longest delay", MM_SPAN },
};

static const struct mm_column sender_columns[] = {
	{ "sender", "sender domain", MM_TEXT },
	{ "messages", "messages", MM_INT },
	{ "recipients", "recipients", MM_INT },
	{ "sent", "sent", MM_INT },
	{ "bounced", "bounced", MM_INT },
	{ "expired", "expired", MM_INT },
	{ "waiting", "waiting", MM_INT },
};
/* clang-format on */

static struct place *
parties_of(const struct mm_scan *c, const struct mm_scan_party *parties,
	   size_t n_parties, size_t *n)
{
	struct place *list = mm_calloc(n_parties, sizeof(*list));

	*n = 0;
	for (size_t i = 0; i < n_parties; i++)
		if (parties[i].recipients > 0 || parties[i].deferrals > 0)
			list[(*n)++] =
			    (struct place){ (uint32_t)i, parties[i].recipients,
					    i < c->dict->n_names
						? c->dict->names[i]
						: MM_STR("<>") };
	sort(list, *n);
	return list;
}

static struct mm_cell
count_cell(uint32_t n)
{
	return mm_cell_int((int64_t)n);
}

static uint32_t
waiting(const struct mm_scan_party *p)
{
	return p->finals[MM_FINAL_DEFERRED] + p->finals[MM_FINAL_HELD];
}

static void
fill_receivers(const struct mm_scan *c, size_t limit, struct mm_table *t)
{
	size_t n;
	struct place *list = parties_of(c, c->receivers, c->dict->n_names, &n);

	for (size_t i = 0; i < n && i < limit; i++) {
		const struct mm_scan_party *p = &c->receivers[list[i].at];
		const struct mm_cell row[] = {
			mm_cell_text(list[i].name),
			mm_cell_text(c->dict->relays[p->relay].operator_name),
			count_cell(p->recipients),
			count_cell(p->finals[MM_FINAL_SENT]),
			count_cell(p->finals[MM_FINAL_BOUNCED]),
			count_cell(p->finals[MM_FINAL_EXPIRED]),
			count_cell(waiting(p)),
			count_cell(p->deferrals),
			p->n_delays > 0
			    ? mm_cell_span(p->delay_sum / p->n_delays)
			    : mm_cell_null(),
			p->n_delays > 0 ? mm_cell_span(p->delay_max)
					: mm_cell_null(),
		};

		mm_table_add(t, row);
	}
	free(list);
}

static void
fill_senders(const struct mm_scan *c, size_t limit, struct mm_table *t)
{
	size_t n;
	struct place *list =
	    parties_of(c, c->senders, c->dict->n_names + 1, &n);

	for (size_t i = 0; i < n && i < limit; i++) {
		const struct mm_scan_party *p = &c->senders[list[i].at];
		const struct mm_cell row[] = {
			mm_cell_text(list[i].name),
			count_cell(p->messages),
			count_cell(p->recipients),
			count_cell(p->finals[MM_FINAL_SENT]),
			count_cell(p->finals[MM_FINAL_BOUNCED]),
			count_cell(p->finals[MM_FINAL_EXPIRED]),
			count_cell(waiting(p)),
		};

		mm_table_add(t, row);
	}
	free(list);
}

/* ---- causes and replies ---- */

/* clang-format off */
static const struct mm_column cause_columns[] = {
	{ "cause", "cause", MM_TEXT },
	{ "attempts", "attempts", MM_INT },
	{ "recipients", "recipients", MM_INT },
	{ "receivers", "receivers", MM_INT },
	{ "lost", "bounced or expired", MM_INT },
	{ "example", "example", MM_TEXT },
};

static const struct mm_column reply_columns[] = {
	{ "cause", "cause", MM_TEXT },
	{ "sample", "the first of its kind, in their own words", MM_TEXT },
	{ "attempts", "attempts", MM_INT },
	{ "recipients", "recipients", MM_INT },
	{ "operator", "run by", MM_TEXT },
	{ "rule", "rule that decided", MM_TEXT },
	{ "first", "first", MM_TIME },
	{ "last", "last", MM_TIME },
};
/* clang-format on */

static struct mm_cell
cause_cell(struct mm_str name)
{
	return mm_cell_text(name.p != NULL ? name : MM_STR("unknown"));
}

static void
fill_causes(const struct mm_scan *c, size_t limit, struct mm_table *t)
{
	struct place *list = mm_calloc(c->n_causes, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < c->n_causes; i++)
		if (c->causes[i].attempts > 0)
			list[n++] =
			    (struct place){ (uint32_t)i, c->causes[i].attempts,
					    c->causes[i].name };
	sort(list, n);
	for (size_t i = 0; i < n && i < limit; i++) {
		const struct mm_scan_cause *k = &c->causes[list[i].at];
		const struct mm_cell row[] = {
			cause_cell(k->name),
			count_cell(k->attempts),
			count_cell(k->recipients),
			count_cell(k->receivers),
			count_cell(k->lost),
			mm_cell_text(c->dict->replies[k->reply].sample),
		};

		mm_table_add(t, row);
	}
	free(list);
}

static void
fill_replies(const struct mm_scan *c, size_t limit, struct mm_table *t)
{
	const struct mm_dict *d = c->dict;
	struct place *list = mm_calloc(d->n_replies, sizeof(*list));
	size_t n = 0;

	for (size_t i = 1; i < d->n_replies; i++)
		if (c->replies[i].attempts > 0)
			list[n++] =
			    (struct place){ (uint32_t)i, c->replies[i].attempts,
					    MM_STR_ABSENT };
	sort(list, n);
	for (size_t i = 0; i < n && i < limit; i++) {
		const struct mm_scan_reply *y = &c->replies[list[i].at];
		const struct mm_dict_reply *x = &d->replies[list[i].at];
		const struct mm_cell row[] = {
			cause_cell(x->cause),
			mm_cell_text(x->sample),
			count_cell(y->attempts),
			count_cell(y->recipients),
			mm_cell_text(x->operator_name),
			mm_cell_text(x->rule),
			mm_cell_time(y->first_us),
			mm_cell_time(y->last_us),
		};

		mm_table_add(t, row);
	}
	free(list);
}

/* ---- over time ---- */

/* clang-format off */
static const struct mm_column volume_columns[] = {
	{ "t", "time", MM_TIME },
	{ "sent", "sent", MM_INT },
	{ "deferred", "deferred", MM_INT },
	{ "bounced", "bounced", MM_INT },
	{ "not_tried", "put off untried", MM_INT },
};

static const struct mm_column waiting_columns[] = {
	{ "t", "time", MM_TIME },
	{ "waiting", "waiting", MM_INT },
};
/* clang-format on */

static struct mm_cell
bucket_time(const struct mm_scan *c, size_t i)
{
	return mm_cell_time(c->first_us + (int64_t)i * c->width_us);
}

static void
fill_volume(const struct mm_scan *c, size_t limit, struct mm_table *t)
{
	(void)limit;
	for (size_t i = 0; i < c->n_buckets; i++) {
		const struct mm_scan_bucket *b = &c->buckets[i];
		const struct mm_cell row[] = {
			bucket_time(c, i),	 count_cell(b->sent),
			count_cell(b->deferred), count_cell(b->bounced),
			count_cell(b->untried),
		};

		mm_table_add(t, row);
	}
}

/* What came before the logs counts from their start. */
static void
fill_waiting(const struct mm_scan *c, size_t limit, struct mm_table *t)
{
	int64_t n = 0;

	(void)limit;
	for (size_t i = 0; i < c->n_buckets; i++) {
		struct mm_cell row[2] = { bucket_time(c, i) };

		n += c->buckets[i].arrived - c->buckets[i].left;
		row[1] = mm_cell_int(n);
		mm_table_add(t, row);
	}
}

#define COLUMNS(c) c, MM_COUNT(c)

/* clang-format off */
const struct mm_counted mm_counted[] = {
	{ "totals", "What became of the mail", COLUMNS(totals_columns),
	  fill_totals },
	{ "receivers", "Receivers", COLUMNS(receiver_columns),
	  fill_receivers },
	{ "senders", "Senders", COLUMNS(sender_columns), fill_senders },
	{ "causes", "Why mail was put off or bounced",
	  COLUMNS(cause_columns), fill_causes },
	{ "replies", "What the others said", COLUMNS(reply_columns),
	  fill_replies },
	{ "volume", "Attempts to deliver, by outcome",
	  COLUMNS(volume_columns), fill_volume },
	{ "waiting", "Recipients waiting", COLUMNS(waiting_columns),
	  fill_waiting },
	{ NULL, NULL, NULL, 0, NULL },
};
/* clang-format on */
