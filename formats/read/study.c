#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "formats/read/dating.h"
#include "formats/read/envelope.h"
#include "formats/read/item.h"

void
mm_item_framer(const struct mm_item *it, struct mm_framer *f)
{
	mm_framer_init(f, it->anchor_us, it->zone_us);
	f->zone = it->zone;
	if (it->arrival_us != MM_TIME_NONE)
		mm_framer_settle(f, it->arrival_us);
}

static bool
next_raw(struct mm_str *head, struct mm_str *raw)
{
	if (head->n == 0)
		return false;
	if (!mm_str_cutc(head, '\n', raw)) {
		*raw = *head;
		head->n = 0;
	}
	return true;
}

/* All lines of the head, for what their ids tell. */
static void
learn(struct mm_item *it, struct mm_str head)
{
	struct mm_dating d;
	struct mm_framer f;
	struct mm_line line;
	struct mm_str raw;

	mm_dating_init(&d, it->zone != NULL);
	mm_item_framer(it, &f);
	while (next_raw(&head, &raw)) {
		mm_frame(&f, raw, &line);
		if (mm_dating_learn(&d, &f, &line))
			mm_frame(&f, raw, &line);
	}
	it->zone_us = f.zone_us;
	it->arrival_us = d.arrival_us;
}

/* The first time inside, as far as the head shows. */
static int64_t
first_time(struct mm_item *it, struct mm_str head)
{
	struct mm_envelope *e = mm_envelope_new();
	struct mm_line line = { .t_us = MM_TIME_NONE };
	struct mm_framer f;
	struct mm_str raw;

	mm_item_framer(it, &f);
	while (line.t_us == MM_TIME_NONE && next_raw(&head, &raw)) {
		if (!mm_envelope_wants(e, raw) ||
		    mm_envelope_open(e, &f, raw, &line) == MM_WRAP_NONE)
			mm_frame(&f, raw, &line);
	}
	it->is_local = line.t_us != MM_TIME_NONE && f.is_local;
	mm_envelope_free(e);
	return line.t_us;
}

static bool
fits(const char *pattern, const char *name)
{
	const char *last = name + strlen(name);

	while (last > name && last[-1] != '/' && last[-1] != '!')
		last--;
	return fnmatch(pattern, name, 0) == 0 || fnmatch(pattern, last, 0) == 0;
}

const struct mm_zone *
mm_zone_told(const struct mm_evidence_options *o, const char *name)
{
	const struct mm_zone *all = NULL;

	for (size_t i = 0; i < o->n_zones; i++) {
		if (o->zones[i].pattern == NULL)
			all = o->zones[i].zone;
		else if (fits(o->zones[i].pattern, name))
			return o->zones[i].zone;
	}
	return all;
}

/* Signs of it, and nothing that a page would not have let stand. */
static enum mm_copied
copied_how(struct mm_str head)
{
	if (mm_str_find(head, "=&lt;") != MM_NOT_FOUND &&
	    mm_str_findc(head, '<') == MM_NOT_FOUND)
		return MM_COPIED_HTML;
	if (mm_str_find(head, "=\\<") != MM_NOT_FOUND &&
	    mm_str_find(head, "=<") == MM_NOT_FOUND)
		return MM_COPIED_MARKDOWN;
	return MM_COPIED_NOT;
}

void
mm_item_study(const struct mm_evidence *ev, struct mm_item *it,
	      struct mm_str head)
{
	it->zone = mm_zone_told(&ev->o, it->row.name.p);
	it->zone_us = 0;
	it->arrival_us = MM_TIME_NONE;
	it->copied = copied_how(head);
	learn(it, head);
	it->row.first_us = first_time(it, head);
}

/* The folder, or the archive, that it lies in. */
static struct mm_str
folder_of(const struct mm_item *it)
{
	struct mm_str name = it->row.name;

	while (name.n > 0 && name.p[name.n - 1] != '/' &&
	       name.p[name.n - 1] != '!')
		name.n--;
	return name;
}

static int64_t
distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

/* The log beside `it` whose ids told its zone, the nearest in time. */
static const struct mm_item *
neighbour(const struct mm_evidence *ev, const struct mm_item *it)
{
	const struct mm_item *best = NULL;

	for (size_t i = 0; i < ev->n; i++) {
		const struct mm_item *o = &ev->items[i];

		if (!o->row.is_log || o->arrival_us == MM_TIME_NONE ||
		    o->zone != NULL || !mm_str_eq(folder_of(o), folder_of(it)))
			continue;
		if (best == NULL ||
		    distance(o->row.first_us, it->row.first_us) <
			distance(best->row.first_us, it->row.first_us))
			best = o;
	}
	return best;
}

static void
note_zone(struct mm_evidence *ev, struct mm_item *it)
{
	int64_t minutes = it->zone_us / MM_MINUTE_US;
	char text[80];

	(void)snprintf(text, sizeof(text),
		       "its local time is UTC%c%02d:%02d, as queue ids tell",
		       minutes < 0 ? '-' : '+',
		       (int)(minutes < 0 ? -minutes : minutes) / 60,
		       (int)(minutes < 0 ? -minutes : minutes) % 60);
	mm_item_note(ev, it, text);
}

void
mm_share_zones(struct mm_evidence *ev)
{
	bool any = false;

	for (size_t i = 0; i < ev->n; i++)
		any = any ||
		      (ev->items[i].row.is_log && ev->items[i].zone == NULL &&
		       ev->items[i].zone_us != 0);
	for (size_t i = 0; i < ev->n && any; i++) {
		struct mm_item *it = &ev->items[i];
		const struct mm_item *o = NULL;

		if (!it->row.is_log || !it->is_local || it->zone != NULL)
			continue;
		if (it->arrival_us == MM_TIME_NONE)
			o = neighbour(ev, it);
		if (o != NULL) {
			it->row.first_us += it->zone_us - o->zone_us;
			it->zone_us = o->zone_us;
		}
		if (it->zone_us != 0)
			note_zone(ev, it);
	}
}
