#include <stddef.h>

#include "formats/base/status.h"
#include "formats/base/time.h"
#include "formats/logs/opensmtpd_line.h"

size_t
mm_opensmtpd_hex(struct mm_str s, size_t n)
{
	if (s.n < n)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!(s.p[i] >= '0' && s.p[i] <= '9') &&
		    !(s.p[i] >= 'a' && s.p[i] <= 'f'))
			return 0;
	return s.n == n || s.p[n] == ' ' || s.p[n] == ':' || s.p[n] == ',' ? n
									   : 0;
}

static bool
is_ip(struct mm_str s)
{
	bool dots = mm_str_findc(s, '.') != MM_NOT_FOUND;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= '0' && c <= '9') && c != '.' && c != ':' &&
		    (dots ||
		     !((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))))
			return false;
	}
	return dots || mm_str_findc(s, ':') != MM_NOT_FOUND;
}

void
mm_opensmtpd_host(struct mm_str s, struct mm_str *name, struct mm_str *ip)
{
	struct mm_str first = mm_str_upto(s, mm_str_findc(s, ' ')), head;

	*name = *ip = MM_STR_ABSENT;
	if (mm_str_skip(&first, "[") && first.n > 0)
		first.n--; /* "[2001:db8::1]" */
	if (mm_str_starts(first, "IPv6:"))
		first = mm_str_from(first, 5);
	if (!is_ip(first)) {
		*name = s;
		return;
	}
	*ip = first;
	if (mm_str_cutc(&s, '(', &head) && mm_str_cutc(&s, ')', &head) &&
	    !mm_str_eq(head, first) && !mm_str_is(head, "<unknown>"))
		*name = head;
}

enum how { TEXT, NUMBER, SPAN };

static const struct field {
	const char *key;
	enum how how;
	size_t at;
} fields[] = {
	/* clang-format off */
	{ "evpid",   TEXT,   offsetof(struct mm_opensmtpd_fields, evpid) },
	{ "from",    TEXT,   offsetof(struct mm_opensmtpd_fields, from) },
	{ "to",      TEXT,   offsetof(struct mm_opensmtpd_fields, to) },
	{ "rcpt",    TEXT,   offsetof(struct mm_opensmtpd_fields, rcpt) },
	{ "source",  TEXT,   offsetof(struct mm_opensmtpd_fields, source) },
	{ "relay",   TEXT,   offsetof(struct mm_opensmtpd_fields, relay) },
	{ "delay",   SPAN,   offsetof(struct mm_opensmtpd_fields, delay_us) },
	{ "result",  TEXT,   offsetof(struct mm_opensmtpd_fields, result) },
	{ "stat",    TEXT,   offsetof(struct mm_opensmtpd_fields, stat) },
	{ "msgid",   TEXT,   offsetof(struct mm_opensmtpd_fields, msgid) },
	{ "size",    NUMBER, offsetof(struct mm_opensmtpd_fields, size_bytes) },
	{ "nrcpt",   NUMBER, offsetof(struct mm_opensmtpd_fields, n_recipients) },
	{ "nrcpts",  NUMBER, offsetof(struct mm_opensmtpd_fields, n_recipients) },
	{ "proto",   TEXT,   offsetof(struct mm_opensmtpd_fields, proto) },
	{ "address", TEXT,   offsetof(struct mm_opensmtpd_fields, address) },
	{ "host",    TEXT,   offsetof(struct mm_opensmtpd_fields, host) },
	{ "command", TEXT,   offsetof(struct mm_opensmtpd_fields, command) },
	{ "reason",  TEXT,   offsetof(struct mm_opensmtpd_fields, reason) },
	{ "user",    TEXT,   offsetof(struct mm_opensmtpd_fields, user) },
	/* clang-format on */
};

static void
keep_field(struct mm_opensmtpd_fields *f, struct mm_str key,
	   struct mm_str value)
{
	char *base = (char *)f;
	uint64_t number;

	for (size_t i = 0; i < MM_COUNT(fields); i++) {
		void *member = base + fields[i].at;

		if (!mm_str_is(key, fields[i].key))
			continue;
		if (fields[i].how == TEXT)
			*(struct mm_str *)member = value;
		else if (fields[i].how == SPAN)
			(void)mm_time_parse_span(value, member);
		else if (mm_str_to_u64(value, &number) && number <= INT64_MAX)
			*(int64_t *)member = (int64_t)number;
		return;
	}
}

/* Length of the value at the front of `s` that stands behind "key=". Nothing
 * is escaped: a command runs to the result behind it, what comes last runs to
 * the end of the line. */
static size_t
value_length(struct mm_str key, struct mm_str s, bool commas)
{
	size_t n;

	if (mm_str_is(key, "stat") || mm_str_is(key, "reason") ||
	    (mm_str_is(key, "result") && mm_str_starts(s, "\"") &&
	     mm_str_find(s, "\" stat=") == MM_NOT_FOUND &&
	     mm_str_find(s, "\" fingerprint=") == MM_NOT_FOUND))
		return s.n;
	if (mm_str_is(key, "command")) {
		n = mm_str_find(s, " result=");
		return n < s.n ? n : s.n;
	}
	if (mm_str_starts(s, "<")) {
		n = mm_str_find(s, commas ? ">, " : "> ");
		return n < s.n ? n + 1 : s.n;
	}
	if (mm_str_starts(s, "\"")) {
		n = mm_str_find(mm_str_from(s, 1), "\" ");
		return n < s.n ? n + 2 : s.n;
	}
	n = mm_str_find(s, commas ? ", " : " ");
	return n < s.n ? n : s.n;
}

/* Without the quotes or angles around it. */
static struct mm_str
bare(struct mm_str s)
{
	if (s.n >= 2 && ((s.p[0] == '"' && s.p[s.n - 1] == '"') ||
			 (s.p[0] == '<' && s.p[s.n - 1] == '>')))
		return mm_str_from(mm_str_upto(s, s.n - 1), 1);
	return s;
}

void
mm_opensmtpd_take_fields(struct mm_str s, struct mm_opensmtpd_fields *f)
{
	bool commas = mm_str_find(s, ">, ") != MM_NOT_FOUND ||
		      mm_str_find(s, ", size=") != MM_NOT_FOUND;

	*f = (struct mm_opensmtpd_fields){ .size_bytes = -1,
					   .n_recipients = -1,
					   .delay_us = -1 };
	for (s = mm_str_trim(s); s.n > 0; s = mm_str_trim(s)) {
		size_t blank = mm_str_findc(s, ' ');
		struct mm_str key;
		size_t n;

		if (mm_str_findc(s, '=') > blank) { /* a word */
			s = mm_str_from(s, blank);
			continue;
		}
		if (!mm_str_cutc(&s, '=', &key))
			return;
		n = value_length(key, s, commas);
		keep_field(f, key, bare(mm_str_upto(s, n)));
		s = mm_str_from(s, n);
		if (commas)
			(void)mm_str_skip(&s, ",");
	}
}
