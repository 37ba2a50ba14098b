#include <string.h>

#include "formats/base/status.h"
#include "formats/mail/received.h"

/* ---- words and comments ---- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_blanks(struct mm_str *s)
{
	while (s->n > 0 && is_blank(s->p[0]))
		*s = mm_str_from(*s, 1);
}

/* "(...)" at the front, nested, with quoted pairs; one that has no end is all
 * that is left. */
static bool
take_comment(struct mm_str *s, struct mm_str *comment)
{
	size_t i = 0;
	int depth = 0;

	if (s->n == 0 || s->p[0] != '(')
		return false;
	do {
		if (s->p[i] == '\\' && i + 1 < s->n)
			i++;
		else if (s->p[i] == '(')
			depth++;
		else if (s->p[i] == ')')
			depth--;
		i++;
	} while (depth > 0 && i < s->n);
	*comment = mm_str_upto(mm_str_from(*s, 1), i - (depth == 0 ? 2 : 1));
	*s = mm_str_from(*s, i);
	return true;
}

/* Up to a blank, a comment or the semicolon before the date. */
static struct mm_str
take_word(struct mm_str *s)
{
	struct mm_str word = *s;
	size_t n = 0;

	while (n < s->n && !is_blank(s->p[n]) && s->p[n] != '(' &&
	       s->p[n] != ';')
		n++;
	*s = mm_str_from(*s, n);
	return mm_str_upto(word, n);
}

/* ---- dates ---- */

static const struct {
	const char *name;
	int hours;
} zones[] = {
	{ "UTC", 0 },  { "GMT", 0 },  { "UT", 0 },   { "Z", 0 },
	{ "EDT", -4 }, { "EST", -5 }, { "CDT", -5 }, { "CST", -6 },
	{ "MDT", -6 }, { "MST", -7 }, { "PDT", -7 }, { "PST", -8 },
};

/* "+0100", "EST"; another word is no zone. */
static int64_t
take_zone(struct mm_str *s, bool *odd)
{
	struct mm_str word = take_word(s);
	uint64_t v;

	*odd = false;
	if (word.n == 5 && (word.p[0] == '+' || word.p[0] == '-') &&
	    mm_str_to_u64(mm_str_from(word, 1), &v) && v % 100 < 60 && v < 2400)
		return (word.p[0] == '-' ? -1 : 1) *
		       (int64_t)(v / 100 * 60 + v % 100) * MM_MINUTE_US;
	for (size_t i = 0; i < MM_COUNT(zones); i++)
		if (mm_str_ieq(word, mm_str_z(zones[i].name)))
			return zones[i].hours * MM_HOUR_US;
	*odd = true;
	return 0;
}

/* "hh:mm" or "hh:mm:ss" */
static bool
take_clock(struct mm_str *s, struct mm_civil *c)
{
	uint64_t h, m, sec = 0;

	if (!mm_str_take_u64(s, &h) || !mm_str_skip(s, ":") ||
	    !mm_str_take_u64(s, &m) ||
	    (mm_str_skip(s, ":") && !mm_str_take_u64(s, &sec)) || h > 23 ||
	    m > 59 || sec > 60)
		return false;
	c->hour = (int)h;
	c->minute = (int)m;
	c->second = (int)sec;
	return true;
}

bool
mm_received_date(struct mm_str s, int64_t *t_us, bool *odd_zone)
{
	struct mm_civil c = { 0 };
	struct mm_str word, comment;
	uint64_t day, year;
	size_t at;

	/* "Sun, ": the name of the day says nothing. */
	skip_blanks(&s);
	at = mm_str_findc(s, ',');
	if (at != MM_NOT_FOUND && at < 10)
		s = mm_str_from(s, at + 1);
	skip_blanks(&s);
	if (!mm_str_take_u64(&s, &day))
		return false;
	skip_blanks(&s);
	word = take_word(&s);
	c.month = mm_time_month(word);
	skip_blanks(&s);
	if (c.month == 0 || !mm_str_take_u64(&s, &year))
		return false;
	/* RFC 5322 section 4.3: two digits, and three. */
	if (year < 1000)
		year += year < 50 ? 2000 : 1900;
	c.year = year < 1900 || year > 9999 ? 0 : (int)year;
	if (c.year == 0 || day < 1 ||
	    day > (uint64_t)mm_time_month_days(c.year, c.month))
		return false;
	c.day = (int)day;
	skip_blanks(&s);
	if (!take_clock(&s, &c))
		return false;
	skip_blanks(&s);
	while (take_comment(&s, &comment))
		skip_blanks(&s);
	*t_us = mm_time_from_civil(&c) - take_zone(&s, odd_zone);
	return true;
}

/* ---- fields ---- */

/* "[192.0.2.1]", "[IPv6:2001:db8::1]" in a comment or instead of a name. */
static struct mm_str
address_in(struct mm_str s)
{
	struct mm_str head;

	if (!mm_str_cutc(&s, '[', &head))
		return MM_STR_ABSENT;
	(void)mm_str_skip(&s, "IPv6:");
	s = mm_str_upto(s, mm_str_findc(s, ']'));
	return s.n > 0 && s.n < 64 ? s : MM_STR_ABSENT;
}

/* qmail and others: an address alone in the comment. */
static bool
is_address(struct mm_str s)
{
	size_t n_marks = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		n_marks += c == '.' || c == ':';
		if (!((c >= '0' && c <= '9') || c == '.' || c == ':' ||
		      (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
			return false;
	}
	return n_marks >= 2;
}

static void
take_value(struct mm_received_hop *h, struct mm_str name, struct mm_str word)
{
	if (mm_str_ieq(name, MM_STR("from")) && h->from.p == NULL) {
		h->from = word;
		h->from_ip = address_in(word);
	} else if (mm_str_ieq(name, MM_STR("by")) && h->by.p == NULL) {
		h->by = word;
	} else if (mm_str_ieq(name, MM_STR("with")) && h->protocol.p == NULL) {
		h->protocol = word;
	} else if (mm_str_ieq(name, MM_STR("id")) && h->id.p == NULL) {
		(void)mm_str_skip(&word, "<");
		if (mm_str_ends(word, ">"))
			word.n--;
		h->id = word;
	}
}

static bool
is_clause(struct mm_str word)
{
	static const char *const names[] = { "from", "by", "via",
					     "with", "id", "for" };

	for (size_t i = 0; i < MM_COUNT(names); i++)
		if (mm_str_ieq(word, mm_str_z(names[i])))
			return true;
	return false;
}

static void
read_hop(struct mm_str s, struct mm_received_hop *h)
{
	struct mm_str word, comment, name = MM_STR_ABSENT;
	bool in_from = false;

	*h = (struct mm_received_hop){ .t_us = MM_TIME_NONE,
				       .delay_us = MM_TIME_NONE };
	for (;;) {
		skip_blanks(&s);
		if (s.n == 0)
			return;
		if (take_comment(&s, &comment)) {
			if (in_from && h->from_ip.p == NULL) {
				h->from_ip = address_in(comment);
				if (h->from_ip.p == NULL && is_address(comment))
					h->from_ip = comment;
			}
			continue;
		}
		if (mm_str_skip(&s, ";"))
			break;
		word = take_word(&s);
		if (word.n == 0) { /* nothing that we know: go on behind it */
			s = mm_str_from(s, 1);
		} else if (is_clause(word)) {
			name = word;
			in_from = mm_str_ieq(word, MM_STR("from"));
		} else if (name.p != NULL) {
			take_value(h, name, word);
			name = MM_STR_ABSENT;
		}
	}
	if (!mm_received_date(s, &h->t_us, &h->odd_zone))
		h->t_us = MM_TIME_NONE;
}

/* The next field with the lines that it is folded into. */
static bool
next_field(struct mm_str *left, struct mm_str *field)
{
	size_t n = 0;

	if (left->n == 0)
		return false;
	for (;;) {
		const char *nl = memchr(left->p + n, '\n', left->n - n);

		if (nl == NULL) {
			n = left->n;
			break;
		}
		n = (size_t)(nl - left->p) + 1;
		if (n == left->n || (left->p[n] != ' ' && left->p[n] != '\t'))
			break;
	}
	*field = mm_str_upto(*left, n);
	*left = mm_str_from(*left, n);
	return true;
}

static void
reverse(struct mm_received *r)
{
	for (size_t i = 0; i + i + 1 < r->n_hops; i++) {
		struct mm_received_hop h = r->hops[i];

		r->hops[i] = r->hops[r->n_hops - 1 - i];
		r->hops[r->n_hops - 1 - i] = h;
	}
}

void
mm_received_read(struct mm_str header, struct mm_received *out)
{
	struct mm_str field, value;
	int64_t before;
	bool odd;

	out->message_id = MM_STR_ABSENT;
	out->date_us = MM_TIME_NONE;
	out->n_hops = out->n_more = 0;
	while (next_field(&header, &field) && field.n > 0 &&
	       field.p[0] != '\n' && field.p[0] != '\r') {
		if (mm_str_field(field, "Received:", &value)) {
			if (out->n_hops < MM_RECEIVED_MAX)
				read_hop(value, &out->hops[out->n_hops++]);
			else
				out->n_more++;
		} else if (mm_str_field(field, "Message-ID:", &value) &&
			   out->message_id.p == NULL) {
			struct mm_str head;

			if (mm_str_cutc(&value, '<', &head))
				value = mm_str_upto(value,
						    mm_str_findc(value, '>'));
			if (value.n > 0)
				out->message_id = value;
		} else if (mm_str_field(field, "Date:", &value) &&
			   !mm_received_date(value, &out->date_us, &odd)) {
			out->date_us = MM_TIME_NONE;
		}
	}
	reverse(out);
	before = out->n_more == 0 ? out->date_us : MM_TIME_NONE;
	for (size_t i = 0; i < out->n_hops; i++) {
		struct mm_received_hop *h = &out->hops[i];

		if (h->t_us != MM_TIME_NONE && before != MM_TIME_NONE)
			h->delay_us = h->t_us - before;
		if (h->t_us != MM_TIME_NONE)
			before = h->t_us;
	}
}
