#include <stddef.h>

#include "formats/base/status.h"
#include "formats/base/time.h"
#include "formats/logs/sendmail_line.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* All ids end in digits of the pid, five at the least: "AA12345" of old,
 * "n2DAj1fe006727" since 8.12. */
size_t
mm_sendmail_id(struct mm_str s)
{
	size_t n = 0, digits = 0;

	for (; n < s.n && n < 18 && (is_digit(s.p[n]) || is_letter(s.p[n]));
	     n++)
		digits = is_digit(s.p[n]) ? digits + 1 : 0;
	return n >= 7 && n <= 17 && digits >= 5 && digits < n &&
		       mm_str_starts(mm_str_from(s, n), ": ")
		   ? n
		   : 0;
}

bool
mm_sendmail_take_address(struct mm_str *s, struct mm_str *address)
{
	char stop = ',';
	size_t n = 0;
	bool quoted = false;

	if (s->n == 0 || mm_str_starts(*s, ", "))
		return false;
	(void)mm_str_skip(s, ",");
	if (mm_str_skip(s, "<"))
		stop = '>';
	for (; n < s->n && (quoted || s->p[n] != stop); n++) {
		if (s->p[n] == '\\')
			n++;
		else if (s->p[n] == '"')
			quoted = !quoted;
	}
	*address = mm_str_upto(*s, n);
	/* "|/path args", a program or a file of an alias */
	if (n > 1 && s->p[0] == '"' && s->p[n - 1] == '"')
		*address = mm_str_from(mm_str_upto(*s, n - 1), 1);
	*s = mm_str_from(*s, stop == '>' ? n + 1 : n);
	return true;
}

/* "[ip]" at the end of `s`, with what stands before it. */
static void
take_ip(struct mm_str *s, struct mm_str *ip)
{
	size_t open = mm_str_find_last(*s, "[");

	if (open == MM_NOT_FOUND || s->p[s->n - 1] != ']')
		return;
	*ip = mm_str_from(mm_str_upto(*s, s->n - 1), open + 1);
	(void)mm_str_skip(ip, "IPv6:");
	*s = mm_str_trim(mm_str_upto(*s, open));
}

void
mm_sendmail_relay(struct mm_str s, struct mm_sendmail_fields *f)
{
	struct mm_str again = MM_STR_ABSENT;

	s = mm_str_trim(s);
	f->has_relay = true;
	if (mm_str_ends(s, " (may be forged)"))
		s = mm_str_upto(s, s.n - 16);
	take_ip(&s, &f->relay_ip);
	take_ip(&s, &again); /* "[127.0.0.1] [127.0.0.1]" */
	if (s.n > 0 && s.p[s.n - 1] == '.')
		s.n--;
	if (s.n > 0)
		f->relay_name = s;
}

/* "2+15:56:56": days, hours, minutes, seconds. */
static int64_t
clock_span(struct mm_str s)
{
	uint64_t part, sum = 0, days = 0;
	struct mm_str at = s;

	if (mm_str_take_u64(&at, &days) && mm_str_skip(&at, "+"))
		s = at;
	else
		days = 0;
	for (int i = 0; i < 3; i++) {
		if ((i > 0 && !mm_str_skip(&s, ":")) ||
		    !mm_str_take_u64(&s, &part) || part > 100000)
			return -1;
		sum = sum * 60 + part;
	}
	if (days > 100000)
		return -1;
	return (int64_t)days * MM_DAY_US + (int64_t)sum * MM_SECOND_US;
}

enum how { TEXT, ANGLES, NUMBER, CLOCK, RELAY };

static const struct field {
	const char *key;
	enum how how;
	size_t at;
} fields[] = {
	/* clang-format off */
	{ "relay",  RELAY,  0 },
	{ "mailer", TEXT,   offsetof(struct mm_sendmail_fields, mailer) },
	{ "dsn",    TEXT,   offsetof(struct mm_sendmail_fields, dsn) },
	{ "msgid",  ANGLES, offsetof(struct mm_sendmail_fields, msgid) },
	{ "proto",  TEXT,   offsetof(struct mm_sendmail_fields, proto) },
	{ "arg1",   ANGLES, offsetof(struct mm_sendmail_fields, arg1) },
	{ "authid", TEXT,   offsetof(struct mm_sendmail_fields, authid) },
	{ "size",   NUMBER, offsetof(struct mm_sendmail_fields, size_bytes) },
	{ "nrcpts", NUMBER, offsetof(struct mm_sendmail_fields, n_recipients) },
	{ "delay",  CLOCK,  offsetof(struct mm_sendmail_fields, delay_us) },
	{ "xdelay", CLOCK,  offsetof(struct mm_sendmail_fields, xdelay_us) },
	/* clang-format on */
};

static void
keep_field(struct mm_sendmail_fields *f, struct mm_str key, struct mm_str value)
{
	uint64_t number;
	char *base = (char *)f;
	size_t i = 0;

	while (i < MM_COUNT(fields) && !mm_str_is(key, fields[i].key))
		i++;
	if (i == MM_COUNT(fields))
		return;
	void *member = base + fields[i].at;

	switch (fields[i].how) {
	case ANGLES:
		*(struct mm_str *)member = mm_str_bare(value);
		break;
	case TEXT:
		*(struct mm_str *)member = value;
		break;
	case NUMBER:
		if (mm_str_to_u64(value, &number) && number <= INT64_MAX)
			*(int64_t *)member = (int64_t)number;
		break;
	case CLOCK:
		*(int64_t *)member = clock_span(value);
		break;
	case RELAY:
		mm_sendmail_relay(value, f);
		break;
	}
}

/* "key=" at the front: its length, 0 for none. */
static size_t
key_length(struct mm_str s)
{
	size_t n = 0;

	while (n < s.n && n < 20 &&
	       (is_letter(s.p[n]) || is_digit(s.p[n]) || s.p[n] == '_'))
		n++;
	return n < s.n && s.p[n] == '=' ? n : 0;
}

/* Where the value at the front of `s` ends: at ", key=" or at the end; one in
 * angles holds them, too. */
static size_t
value_length(struct mm_str s)
{
	size_t from = 0, close = mm_str_findc(s, '>');

	if (mm_str_starts(s, "<") && close != MM_NOT_FOUND)
		from = close;
	for (;;) {
		size_t at = mm_str_find(mm_str_from(s, from), ", ");

		if (at == MM_NOT_FOUND)
			return s.n;
		from += at;
		if (key_length(mm_str_from(s, from + 2)) > 0)
			return from;
		from += 2;
	}
}

void
mm_sendmail_take_fields(struct mm_str s, struct mm_sendmail_fields *f)
{
	*f = (struct mm_sendmail_fields){ .size_bytes = -1,
					  .n_recipients = -1,
					  .delay_us = -1,
					  .xdelay_us = -1 };
	while (s.n > 0) {
		size_t n_key, n_value;
		struct mm_str key;

		(void)mm_str_skip(&s, ", ");
		n_key = key_length(s);
		if (n_key == 0) { /* words before the first field */
			s = mm_str_from(s, value_length(s));
			continue;
		}
		key = mm_str_upto(s, n_key);
		s = mm_str_from(s, n_key + 1);
		n_value = value_length(s);
		keep_field(f, key, mm_str_upto(s, n_value));
		s = mm_str_from(s, n_value);
	}
}
