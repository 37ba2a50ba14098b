#include <stdlib.h>
#include <string.h>

#include "formats/base/buf.h"
#include "formats/base/mem.h"
#include "formats/base/time.h"
#include "formats/spools/exim_hints.h"

#define KEY_MAX_BYTES ((size_t)64 << 10)
#define AT_MOST	      64 /* hosts of a message, addresses of a host */
#define HASH_MAGIC    0x00061561u
#define MAGIC_AT      12
#define PAGE_AT	      20 /* size of a page, in the first page */
#define HEAD_BYTES    26 /* of each page, then the places of its items */

enum { PAGE_HASH_OLD = 2, PAGE_OVERFLOW = 7, PAGE_HASH = 13 };
enum { ITEM_DATA = 1, ITEM_OFFPAGE = 3 };

/* dbdata_retry: four times, three ints, the text; dbdata_wait: a time, two
 * ints, the ids one behind the other. */
#define RETRY_NEXT_AT 24
#define RETRY_BYTES   44
#define WAIT_COUNT_AT 8
#define WAIT_BYTES    16

struct db {
	struct mm_str all;
	bool is_big; /* big-endian */
	size_t page_bytes;
	struct mm_buf long_item; /* of several pages */
	size_t n_long;		 /* pages that may still be such */
};

static uint64_t
number(const struct db *d, struct mm_str s, size_t at, size_t n_bytes)
{
	uint64_t v = 0;

	if (at > s.n || n_bytes > s.n - at)
		return 0;
	for (size_t i = 0; i < n_bytes; i++)
		v = v << 8 |
		    (unsigned char)s.p[at + (d->is_big ? i : n_bytes - 1 - i)];
	return v;
}

static bool
find_order(struct mm_str head, struct db *d)
{
	*d = (struct db){ .all = head };
	for (int big = 0; big < 2; big++) {
		d->is_big = big != 0;
		d->page_bytes = (size_t)number(d, head, PAGE_AT, 4);
		if (number(d, head, MAGIC_AT, 4) == HASH_MAGIC &&
		    d->page_bytes >= 512 && d->page_bytes <= 65536)
			return true;
	}
	return false;
}

bool
mm_exim_hints_probe(struct mm_str head)
{
	struct db d;

	return find_order(head, &d);
}

void
mm_exim_hints_init(struct mm_exim_hints *h)
{
	*h = (struct mm_exim_hints){ 0 };
	mm_arena_init(&h->texts);
}

void
mm_exim_hints_fini(struct mm_exim_hints *h)
{
	mm_arena_fini(&h->texts);
	free(h->retries);
	free(h->waits);
}

static struct mm_str
page(const struct db *d, uint64_t i)
{
	size_t at;

	if (i > d->all.n / d->page_bytes)
		return MM_STR_ABSENT;
	at = (size_t)i * d->page_bytes;
	return mm_str_upto(mm_str_from(d->all, at), d->page_bytes);
}

/* What lies on pages of its own, each naming the next: all such items together
 * have not more pages than there are. */
static struct mm_str
long_item(struct db *d, struct mm_str item)
{
	uint64_t next = number(d, item, 4, 4), total = number(d, item, 8, 4);
	struct mm_str p;

	mm_buf_clear(&d->long_item);
	while (next != 0 && d->n_long > 0 && d->long_item.n < total) {
		d->n_long--;
		p = page(d, next);
		if (p.n < HEAD_BYTES || p.p[25] != PAGE_OVERFLOW)
			break;
		next = number(d, p, 16, 4);
		mm_buf_adds(&d->long_item,
			    mm_str_upto(mm_str_from(p, HEAD_BYTES),
					(size_t)number(d, p, 22, 2)));
	}
	return mm_buf_str(&d->long_item);
}

static struct mm_str
item(struct db *d, struct mm_str p, size_t i)
{
	size_t at = (size_t)number(d, p, HEAD_BYTES + 2 * i, 2);
	size_t end =
	    i == 0 ? p.n : (size_t)number(d, p, HEAD_BYTES + 2 * i - 2, 2);
	struct mm_str s;

	if (at < HEAD_BYTES || at >= end || end > p.n)
		return MM_STR_ABSENT;
	s = mm_str_upto(mm_str_from(p, at), end - at);
	if (s.p[0] == ITEM_OFFPAGE)
		return long_item(d, s);
	return s.p[0] == ITEM_DATA ? mm_str_from(s, 1) : MM_STR_ABSENT;
}

static int64_t
time_at(const struct db *d, struct mm_str s, size_t at)
{
	uint64_t t = number(d, s, at, 8);

	return t > 0 && t < UINT32_MAX ? (int64_t)t * MM_SECOND_US
				       : MM_TIME_NONE;
}

static void
take_retry(struct mm_exim_hints *h, const struct db *d, struct mm_str key,
	   struct mm_str value)
{
	struct mm_exim_retry *r;

	if (value.n < RETRY_BYTES ||
	    time_at(d, value, RETRY_NEXT_AT) == MM_TIME_NONE)
		return;
	h->retries = mm_grow(h->retries, h->n_retries, &h->cap_retries,
			     sizeof(*h->retries));
	r = &h->retries[h->n_retries++];
	r->key = mm_arena_str(&h->texts, key);
	r->next_us = time_at(d, value, RETRY_NEXT_AT);
}

static void
add_wait(struct mm_exim_hints *h, struct mm_str id, struct mm_str host)
{
	h->waits =
	    mm_grow(h->waits, h->n_waits, &h->cap_waits, sizeof(*h->waits));
	h->waits[h->n_waits++] = (struct mm_exim_wait){ id, host };
}

/* "host", or "host:N" for more of them than one record holds. */
static void
take_wait(struct mm_exim_hints *h, const struct db *d, struct mm_str key,
	  struct mm_str value)
{
	uint64_t n = number(d, value, WAIT_COUNT_AT, 4);
	struct mm_str ids = mm_str_from(value, WAIT_BYTES), host;
	size_t id_bytes;

	/* Two forms of ids; behind the last there may be a few bytes more. */
	id_bytes = ids.n > 13 && ids.p[13] == '-' ? 16 : 23;
	if (n == 0 || ids.n / id_bytes < n)
		return;
	host =
	    mm_arena_str(&h->texts, mm_str_upto(key, mm_str_findc(key, ':')));
	ids = mm_arena_str(&h->texts, ids);
	for (; n > 0; n--, ids = mm_str_from(ids, id_bytes))
		add_wait(h, mm_str_upto(ids, id_bytes), host);
}

static void
take_page(struct mm_exim_hints *h, struct db *d, struct mm_str p)
{
	size_t n = (size_t)number(d, p, 20, 2);
	struct mm_str key, value;

	if (p.n < HEAD_BYTES ||
	    (p.p[25] != PAGE_HASH && p.p[25] != PAGE_HASH_OLD))
		return;
	for (size_t i = 0; i + 1 < n; i += 2) {
		if (p.n < HEAD_BYTES + 2 * (i + 2))
			return;
		key = item(d, p, i);
		key = mm_str_upto(key, mm_str_findc(key, '\0'));
		key = mm_arena_str(&h->texts, key);
		value = item(d, p, i + 1);
		if (mm_str_starts(key, "R:") || mm_str_starts(key, "T:"))
			take_retry(h, d, key, value);
		else if (key.n > 0)
			take_wait(h, d, key, value);
	}
}

void
mm_exim_hints_take(struct mm_exim_hints *h, struct mm_str content)
{
	struct db d;

	if (!find_order(content, &d))
		return;
	mm_buf_init(&d.long_item, content.n);
	d.n_long = content.n / d.page_bytes;
	for (size_t i = 1; i < content.n / d.page_bytes; i++)
		take_page(h, &d, page(&d, i));
	mm_buf_fini(&d.long_item);
}

static int
by_key(const void *a, const void *b)
{
	const struct mm_exim_retry *x = a, *y = b;

	return mm_str_cmp(x->key, y->key);
}

static int
by_id(const void *a, const void *b)
{
	const struct mm_exim_wait *x = a, *y = b;
	int c = mm_str_cmp(x->queue_id, y->queue_id);

	return c != 0 ? c : mm_str_cmp(x->host, y->host);
}

/* Where the id of a message begins at the end of a key; its end: none. */
static size_t
id_at(struct mm_str key)
{
	static const struct {
		size_t n_bytes, dash1, dash2;
	} forms[] = { { 23, 6, 18 }, { 16, 6, 13 } };

	for (size_t i = 0; i < MM_COUNT(forms); i++) {
		size_t n = forms[i].n_bytes;
		const char *id;

		if (key.n <= n)
			continue;
		id = key.p + key.n - n;
		if (id[-1] == ':' && id[forms[i].dash1] == '-' &&
		    id[forms[i].dash2] == '-')
			return key.n - n;
	}
	return key.n;
}

/* A message waits for the hosts of its own records, too. */
static void
add_own(struct mm_exim_hints *h)
{
	for (size_t i = 0; i < h->n_retries; i++) {
		struct mm_str key = h->retries[i].key, host = key;
		size_t at = id_at(key);

		if (at == key.n || !mm_str_skip(&host, "T:"))
			continue;
		add_wait(h, mm_str_from(key, at),
			 mm_str_upto(host, mm_str_findc(host, ':')));
	}
}

void
mm_exim_hints_sort(struct mm_exim_hints *h)
{
	add_own(h);
	if (h->n_retries > 0)
		qsort(h->retries, h->n_retries, sizeof(*h->retries), by_key);
	if (h->n_waits > 0)
		qsort(h->waits, h->n_waits, sizeof(*h->waits), by_id);
}

/* The first record whose key is not before `key`. */
static size_t
lower_bound(const struct mm_exim_hints *h, struct mm_str key)
{
	size_t lo = 0, hi = h->n_retries;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (mm_str_cmp(h->retries[mid].key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* MM_TIME_NONE: no such record. */
static int64_t
next_of(const struct mm_exim_hints *h, struct mm_str key)
{
	size_t i = lower_bound(h, key);

	return i < h->n_retries && mm_str_eq(h->retries[i].key, key)
		   ? h->retries[i].next_us
		   : MM_TIME_NONE;
}

static void
earlier(int64_t *t_us, int64_t other_us)
{
	if (other_us != MM_TIME_NONE &&
	    (*t_us == MM_TIME_NONE || other_us < *t_us))
		*t_us = other_us;
}

static bool
begins(const struct mm_exim_hints *h, size_t i, const char *key, size_t n)
{
	return i < h->n_retries && h->retries[i].key.n > n &&
	       memcmp(h->retries[i].key.p, key, n) == 0;
}

/* The earliest of a host's addresses; at each the later of what holds for all
 * and for the message. */
static int64_t
host_next(const struct mm_exim_hints *h, struct mm_str host, struct mm_str id,
	  struct mm_buf *key)
{
	int64_t t_us = MM_TIME_NONE, all_us, own_us;
	struct mm_str base;
	size_t i, n_host;

	mm_buf_clear(key);
	mm_buf_addf(key, "T:%.*s:", MM_STR_ARG(host));
	n_host = key->n;
	i = lower_bound(h, mm_buf_str(key));
	for (size_t k = 0; k < AT_MOST && begins(h, i, key->p, n_host); k++) {
		size_t at = id_at(h->retries[i].key);

		base = h->retries[i].key;
		if (at < base.n)
			base = mm_str_upto(base, at - 1);
		all_us = next_of(h, base);
		mm_buf_clear(key);
		mm_buf_addf(key, "%.*s:%.*s", MM_STR_ARG(base), MM_STR_ARG(id));
		own_us = next_of(h, mm_buf_str(key));
		earlier(&t_us, own_us > all_us ? own_us : all_us);
		mm_buf_clear(key);
		mm_buf_adds(key, base);
		mm_buf_addc(key, ':' + 1); /* past the records of its mails */
		i = lower_bound(h, mm_buf_str(key));
	}
	return t_us;
}

static int64_t
hosts_next(const struct mm_exim_hints *h, struct mm_str id, struct mm_buf *key)
{
	int64_t t_us = MM_TIME_NONE;
	size_t lo = 0, hi = h->n_waits;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (mm_str_cmp(h->waits[mid].queue_id, id) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t k = 0; k < AT_MOST && lo < h->n_waits &&
			   mm_str_eq(h->waits[lo].queue_id, id);
	     k++, lo++)
		earlier(&t_us, host_next(h, h->waits[lo].host, id, key));
	return t_us;
}

static void
later(int64_t *t_us, int64_t other_us)
{
	if (other_us > *t_us)
		*t_us = other_us;
}

/* The record of "KIND:LOCAL@DOMAIN" or "KIND:DOMAIN", the domain in small
 * letters. */
static int64_t
record(const struct mm_exim_hints *h, const char *kind, struct mm_str address,
       struct mm_buf *key)
{
	size_t at = mm_str_find_last(address, "@"); /* none: a domain */

	mm_buf_clear(key);
	mm_buf_addz(key, kind);
	for (size_t i = 0; i < address.n; i++) {
		char c = address.p[i];
		bool is_big =
		    c >= 'A' && c <= 'Z' && (at == MM_NOT_FOUND || i > at);

		mm_buf_addc(key, is_big ? (char)(c + 'a' - 'A') : c);
	}
	return next_of(h, mm_buf_str(key));
}

/* What holds for the domain, and for the address: with the sender or without,
 * of a local delivery as the transport's. */
static int64_t
address_next(const struct mm_exim_hints *h, struct mm_str address,
	     struct mm_str sender, struct mm_buf *key)
{
	size_t at = mm_str_find_last(address, "@");
	int64_t t_us;

	if (at == MM_NOT_FOUND)
		return MM_TIME_NONE;
	t_us = record(h, "R:", mm_str_from(address, at + 1), key);
	later(&t_us, record(h, "T:", address, key));
	later(&t_us, record(h, "R:", address, key));
	mm_buf_addf(key, ":<%.*s>", MM_STR_ARG(sender));
	later(&t_us, next_of(h, mm_buf_str(key)));
	return t_us;
}

void
mm_exim_hints_say(const struct mm_exim_hints *h, struct mm_spool_entry *e)
{
	struct mm_buf key;
	int64_t hosts_us;

	if (e->n_attempts == 0)
		return;
	mm_buf_init(&key, KEY_MAX_BYTES);
	hosts_us = hosts_next(h, e->queue_id, &key);
	for (size_t i = 0; i < e->n_recipients; i++) {
		int64_t t_us =
		    address_next(h, e->recipients[i].address, e->sender, &key);

		earlier(&e->next_try_us,
			t_us != MM_TIME_NONE ? t_us : hosts_us);
	}
	/* Nothing stands against a try in the next run. */
	if (e->next_try_us == MM_TIME_NONE && h->has_retries)
		e->next_try_us = e->arrived_us;
	mm_buf_fini(&key);
}
