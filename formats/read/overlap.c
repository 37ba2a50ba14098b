#include <stdlib.h>
#include <string.h>

#include "formats/base/digest.h"
#include "formats/base/mem.h"
#include "formats/read/overlap.h"

#define NOWHERE SIZE_MAX

/* A run of lines of one second. */
struct second {
	int64_t sec;
	size_t at, n;
};

/* Lines of one log, in its order. */
struct past {
	uint32_t *hash; /* owned; of each line, with its second */
	uint8_t *used;	/* owned; a bit a line: the log at hand has it, too */
	size_t n, cap;
	/* In order of the seconds once the log is read, however often its
	 * clock or its parts went back. */
	struct second *seconds; /* owned */
	size_t n_seconds, cap_seconds;
	size_t last;   /* the line that was found last, or NOWHERE */
	size_t streak; /* how many before it were found one by one */
	bool running;  /* the line at hand follows a copy */
	/* It ends in the second in which the log at hand begins: a rotation,
	 * or a copy from the very first line on. */
	bool only_meets;
};

struct mm_overlap {
	struct past *list; /* owned; the last one is the log at hand */
	size_t n, cap;
	int64_t reach_sec; /* no earlier log goes on behind this */
	int64_t keep_sec;
	bool has_new; /* the log at hand: a line that is no copy */
	/* Between look and decide. */
	size_t log, at;
	uint32_t hash;
	int64_t sec;
};

struct mm_overlap *
mm_overlap_new(void)
{
	struct mm_overlap *ov = mm_calloc(1, sizeof(*ov));

	ov->reach_sec = INT64_MIN;
	ov->keep_sec = INT64_MAX;
	return ov;
}

static void
past_fini(struct past *p)
{
	free(p->hash);
	free(p->used);
	free(p->seconds);
}

void
mm_overlap_free(struct mm_overlap *ov)
{
	if (ov == NULL)
		return;
	for (size_t i = 0; i < ov->n; i++)
		past_fini(&ov->list[i]);
	free(ov->list);
	free(ov);
}

static int64_t
second_of(int64_t t_us)
{
	return t_us / MM_SECOND_US;
}

static int
by_second(const void *a, const void *b)
{
	const struct second *x = a, *y = b;

	if (x->sec != y->sec)
		return x->sec < y->sec ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* The log is read: it becomes something to look into. */
static void
past_settle(struct past *p)
{
	if (p->n == 0)
		return;
	qsort(p->seconds, p->n_seconds, sizeof(*p->seconds), by_second);
	memset(p->used, 0, p->cap / 8 + 1);
	p->last = NOWHERE;
	p->streak = 0;
	p->running = false;
}

void
mm_overlap_begin(struct mm_overlap *ov, int64_t first_us, int64_t keep_us)
{
	size_t n = 0;

	ov->reach_sec = INT64_MIN;
	for (size_t i = 0; i < ov->n; i++) {
		struct past *p = &ov->list[i];
		int64_t last;

		past_settle(p);
		last = p->n > 0 ? p->seconds[p->n_seconds - 1].sec : INT64_MIN;
		if (p->n == 0 ||
		    (first_us != MM_TIME_NONE && last < second_of(first_us))) {
			past_fini(p);
			continue;
		}
		if (last > ov->reach_sec)
			ov->reach_sec = last;
		p->only_meets =
		    first_us != MM_TIME_NONE && last == second_of(first_us);
		ov->list[n++] = *p;
	}
	ov->list = mm_grow(ov->list, n, &ov->cap, sizeof(*ov->list));
	ov->list[n++] = (struct past){ 0 };
	ov->n = n;
	ov->has_new = false;
	ov->keep_sec = keep_us == MM_TIME_NONE ? INT64_MAX : second_of(keep_us);
}

/* Hosts are compared up to the first dot: one file may have the full name. */
static uint32_t
hash_of(const struct mm_line *line, int64_t sec)
{
	size_t dot = mm_str_findc(line->host, '.');
	struct mm_str host =
	    dot != MM_NOT_FOUND ? mm_str_upto(line->host, dot) : line->host;
	uint64_t h = mm_hash64(line->text);

	h = h * 31 + mm_hash64(line->tag);
	h = h * 31 + mm_hash64(host);
	h = h * 31 + line->pid;
	h = (h ^ (uint64_t)sec) * 0x9e3779b97f4a7c15U;
	return (uint32_t)(h >> 32);
}

static void
remember(struct mm_overlap *ov, uint32_t hash, int64_t sec)
{
	struct past *p = &ov->list[ov->n - 1];
	size_t cap = p->cap;

	ov->has_new = true;
	if (sec < ov->keep_sec)
		return;
	if (p->n_seconds == 0 || p->seconds[p->n_seconds - 1].sec != sec) {
		p->seconds = mm_grow(p->seconds, p->n_seconds, &p->cap_seconds,
				     sizeof(*p->seconds));
		p->seconds[p->n_seconds++] = (struct second){ sec, p->n, 0 };
	}
	p->seconds[p->n_seconds - 1].n++;
	p->hash = mm_grow(p->hash, p->n, &p->cap, sizeof(*p->hash));
	if (p->cap != cap) {
		p->used = mm_realloc(p->used, p->cap / 8 + 1);
		memset(p->used + cap / 8 + (cap > 0), 0,
		       p->cap / 8 + 1 - cap / 8 - (cap > 0));
	}
	p->hash[p->n++] = hash;
}

static bool
fits(const struct past *p, size_t i, uint32_t hash)
{
	return p->hash[i] == hash && (p->used[i / 8] >> i % 8 & 1) == 0;
}

/* The first run of that second, or n_seconds. */
static size_t
find_second(const struct past *p, int64_t sec)
{
	size_t lo = 0, hi = p->n_seconds;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (p->seconds[mid].sec < sec)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The line of `p` from `from` on that is the same; else one before it, since
 * collectors swap neighbours. */
static size_t
find(const struct past *p, int64_t sec, uint32_t hash, size_t from)
{
	size_t before = NOWHERE;

	if (from < p->n && fits(p, from, hash))
		return from;
	for (size_t k = find_second(p, sec);
	     k < p->n_seconds && p->seconds[k].sec == sec; k++) {
		size_t end = p->seconds[k].at + p->seconds[k].n;

		for (size_t i = p->seconds[k].at; i < end; i++) {
			if (!fits(p, i, hash))
				continue;
			if (i >= from)
				return i;
			if (before == NOWHERE)
				before = i;
		}
	}
	return before;
}

/* NOWHERE counts as the place before the first line. */
static size_t
behind_last(const struct past *p)
{
	return p->last + 1;
}

static void
found(struct past *p, size_t at)
{
	p->streak =
	    p->last != NOWHERE && at == behind_last(p) ? p->streak + 1 : 0;
	p->last = at;
}

static void
take(struct mm_overlap *ov, size_t log, size_t at)
{
	struct past *p = &ov->list[log];

	p->used[at / 8] |= (uint8_t)(1U << at % 8);
	for (size_t i = 0; i + 1 < ov->n; i++)
		ov->list[i].running = i == log;
	found(p, at);
}

enum mm_seen
mm_overlap_look(struct mm_overlap *ov, const struct mm_line *line)
{
	bool maybe = false;

	if (line->t_us == MM_TIME_NONE)
		return MM_SEEN_NOT;
	ov->sec = second_of(line->t_us);
	if (ov->sec > ov->reach_sec && ov->sec < ov->keep_sec)
		return MM_SEEN_NOT;
	ov->hash = hash_of(line, ov->sec);
	for (size_t i = 0; i + 1 < ov->n && ov->sec <= ov->reach_sec; i++) {
		struct past *p = &ov->list[i];
		size_t at = p->only_meets && ov->has_new && !p->running
				? NOWHERE
				: find(p, ov->sec, ov->hash, behind_last(p));

		if (at == NOWHERE)
			continue;
		if (p->running || (at == behind_last(p) && p->streak > 0)) {
			take(ov, i, at);
			return MM_SEEN_COPY;
		}
		if (!maybe) {
			ov->log = i;
			ov->at = at;
		}
		maybe = true;
	}
	if (maybe)
		return MM_SEEN_MAYBE;
	for (size_t i = 0; i + 1 < ov->n; i++)
		ov->list[i].running = false;
	remember(ov, ov->hash, ov->sec);
	return MM_SEEN_NOT;
}

bool
mm_overlap_decide(struct mm_overlap *ov, const struct mm_line *next,
		  size_t n_next)
{
	struct past *p = &ov->list[ov->log];
	size_t at = ov->at;
	/* Near its end a log has to be one copy all through. */
	bool copy = n_next == 2 || !ov->has_new;

	for (size_t i = 0; copy && i < n_next; i++) {
		int64_t sec = second_of(next[i].t_us);
		size_t before = at;

		copy = next[i].t_us != MM_TIME_NONE;
		if (copy)
			at = find(p, sec, hash_of(&next[i], sec), at + 1);
		copy = copy && at != NOWHERE && at > before;
	}
	if (copy) {
		take(ov, ov->log, ov->at);
		return true;
	}
	for (size_t i = 0; i + 1 < ov->n; i++)
		ov->list[i].running = false;
	found(p, ov->at);
	remember(ov, ov->hash, ov->sec);
	return false;
}
