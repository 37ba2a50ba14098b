#include "formats/spools/postfix_record.h"

#define LENGTH_MAX_BYTES 4 /* record.c: what fits an int */

static struct mm_postfix_record
broken(struct mm_postfix_records *r, const char *why)
{
	r->why = why;
	return (struct mm_postfix_record){ 0, MM_STR_ABSENT };
}

struct mm_postfix_record
mm_postfix_record_raw(struct mm_postfix_records *r)
{
	size_t at = r->at, len = 0;
	unsigned shift = 0;
	unsigned char byte;
	struct mm_postfix_record rec = { 0, MM_STR_ABSENT };

	if (at >= r->all.n)
		return rec;
	rec.type = r->all.p[at++];
	do {
		if (shift >= 7 * LENGTH_MAX_BYTES)
			return broken(r, "record with a bad length");
		if (at >= r->all.n)
			return broken(r, "cut within a record");
		byte = (unsigned char)r->all.p[at++];
		len |= (size_t)(byte & 0x7f) << shift;
		shift += 7;
	} while ((byte & 0x80) != 0);
	if (len > r->all.n - at)
		return broken(r, "cut within a record");
	rec.data = (struct mm_str){ r->all.p + at, len };
	r->n_read += at + len - r->at;
	if (r->n_read > r->all.n)
		return broken(r, "pointers in a circle");
	r->at = at + len;
	return rec;
}

struct mm_postfix_record
mm_postfix_record_next(struct mm_postfix_records *r)
{
	struct mm_postfix_record rec;
	uint64_t to;

	for (;;) {
		rec = mm_postfix_record_raw(r);
		if (rec.type == 'w')
			continue;
		if (rec.type != 'p')
			return rec;
		if (!mm_str_to_u64(mm_str_trim(rec.data), &to) || to > r->all.n)
			return broken(r, "pointer to nowhere");
		if (to > 0) /* 0: room for one */
			r->at = (size_t)to;
	}
}
