#include <string.h>

#include "formats/logs/postfix_line.h"

#define SHORT_ID_MIN 5	/* five digits of microseconds, then the inode */
#define LONG_ID_MIN  10 /* base 52, a 'z' before the inode */
#define ID_MAX	     32

/* STOP: what ends a host's name. */
enum { HEX = 1, BASE52 = 2, STOP = 4 };

/* What a byte may be part of; everything else is 0. */
static const unsigned char classes[256] = {
	/* clang-format off */
	['0'] = HEX | BASE52, ['1'] = HEX | BASE52, ['2'] = HEX | BASE52,
	['3'] = HEX | BASE52, ['4'] = HEX | BASE52, ['5'] = HEX | BASE52,
	['6'] = HEX | BASE52, ['7'] = HEX | BASE52, ['8'] = HEX | BASE52,
	['9'] = HEX | BASE52, ['A'] = HEX, ['B'] = HEX | BASE52,
	['C'] = HEX | BASE52, ['D'] = HEX | BASE52, ['E'] = HEX,
	['F'] = HEX | BASE52, ['G'] = BASE52, ['H'] = BASE52,
	['J'] = BASE52, ['K'] = BASE52, ['L'] = BASE52, ['M'] = BASE52,
	['N'] = BASE52, ['P'] = BASE52, ['Q'] = BASE52, ['R'] = BASE52,
	['S'] = BASE52, ['T'] = BASE52, ['V'] = BASE52, ['W'] = BASE52,
	['X'] = BASE52, ['Y'] = BASE52, ['Z'] = BASE52, ['b'] = BASE52,
	['c'] = BASE52, ['d'] = BASE52, ['f'] = BASE52, ['g'] = BASE52,
	['h'] = BASE52, ['j'] = BASE52, ['k'] = BASE52, ['l'] = BASE52,
	['m'] = BASE52, ['n'] = BASE52, ['p'] = BASE52, ['q'] = BASE52,
	['r'] = BASE52, ['s'] = BASE52, ['t'] = BASE52, ['v'] = BASE52,
	['w'] = BASE52, ['x'] = BASE52, ['y'] = BASE52, ['z'] = BASE52,
	['['] = STOP, [' '] = STOP, [','] = STOP, [';'] = STOP,
	/* clang-format on */
};

size_t
mm_postfix_id(struct mm_str s)
{
	size_t n = 0, max = s.n < ID_MAX ? s.n : ID_MAX;
	unsigned all = HEX | BASE52;

	for (; n < max; n++) {
		unsigned both = classes[(unsigned char)s.p[n]] & all;

		if (both == 0)
			break;
		all = both;
	}
	if (n + 1 >= s.n || s.p[n] != ':' || s.p[n + 1] != ' ')
		return 0;
	if ((all & HEX) != 0 && n >= SHORT_ID_MIN)
		return n;
	if (n >= LONG_ID_MIN && memchr(s.p, 'z', n) != NULL)
		return n;
	return 0;
}

/* An address, not "unknown" nor the path of a socket: the first five bytes of
 * any hold a dot or a colon. */
static bool
is_ip(struct mm_str s)
{
	for (size_t i = 0; i < s.n && i < 5; i++)
		if ((s.p[i] == '.' || s.p[i] == ':') && s.p[0] != '/')
			return true;
	return false;
}

void
mm_postfix_take_host(struct mm_str *s, struct mm_postfix_host *h)
{
	struct mm_str ip, port;
	size_t n = 0, close;
	uint64_t value;

	h->ip = MM_STR_ABSENT;
	h->port = -1;
	while (n < s->n && s->p[n] != '[' && s->p[n] != ' ' && s->p[n] != ',' &&
	       s->p[n] != ';')
		n++;
	h->name = n > 0 ? mm_str_upto(*s, n) : MM_STR_ABSENT;
	*s = mm_str_from(*s, n);
	if (s->n == 0 || s->p[0] != '[')
		return;
	close = mm_str_findc(*s, ']');
	if (close == MM_NOT_FOUND)
		return;
	ip = mm_str_from(mm_str_upto(*s, close), 1);
	if (is_ip(ip))
		h->ip = ip;
	*s = mm_str_from(*s, close + 1);
	port = *s;
	if (mm_str_skip(&port, ":") && mm_str_take_u64(&port, &value) &&
	    value <= 65535) {
		h->port = (int64_t)value;
		*s = port;
	}
}

/* Behind the quoted local part at the front of `s`, or 0. */
static size_t
skip_quoted(struct mm_str s)
{
	if (s.n == 0 || s.p[0] != '"')
		return 0;
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			return i + 1;
	return 0;
}

static bool
ends_address(struct mm_str s, size_t at)
{
	return at == s.n || s.p[at] == ',' || s.p[at] == ' ' ||
	       s.p[at] == ':' || s.p[at] == ';';
}

bool
mm_postfix_take_address(struct mm_str *s, struct mm_str *address)
{
	size_t at, more;

	if (s->n == 0)
		return false;
	if (s->p[0] != '<') { /* edited logs: up to the next field */
		for (at = 0; at < s->n; at++)
			if (s->p[at] == ',' || s->p[at] == ' ' ||
			    (s->p[at] == ':' && ends_address(*s, at + 1)))
				break;
		*address = mm_str_upto(*s, at);
		*s = mm_str_from(*s, at);
		return address->n > 0;
	}
	*s = mm_str_from(*s, 1);
	for (at = skip_quoted(*s); at < s->n; at += more + 1) {
		more = mm_str_findc(mm_str_from(*s, at), '>');
		if (more == MM_NOT_FOUND)
			return false;
		if (ends_address(*s, at + more + 1)) {
			*address = mm_str_upto(*s, at + more);
			*s = mm_str_from(*s, at + more + 1);
			return true;
		}
	}
	return false;
}

void
mm_postfix_begin(const struct mm_postfix_line *l, struct mm_record *r,
		 enum mm_event event)
{
	mm_record_init(r, event, MM_MTA_POSTFIX);
	r->t_us = l->line->t_us;
	r->host = l->line->host;
	r->pid = l->line->pid;
	r->instance = l->instance;
	r->program = l->program;
	r->queue_id = l->queue_id;
}

enum mm_verdict
mm_postfix_emit(const struct mm_postfix_line *l, const struct mm_record *r)
{
	l->emit->record(l->emit->ctx, r);
	return MM_LINE_RECORD;
}

enum mm_verdict
mm_postfix_malformed(const struct mm_postfix_line *l, const char *why)
{
	l->emit->why = why;
	return MM_LINE_MALFORMED;
}

enum mm_verdict
mm_postfix_noise(const struct mm_postfix_line *l)
{
	(void)l;
	return MM_LINE_NOISE;
}
