#include "formats/mail/handover.h"

#define MIN_ID 5  /* Postfix's short ids have at least as many digits */
#define MAX_ID 40 /* a UUID is 36 */

static bool
is_id_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || c == '-';
}

static bool
has_digit(struct mm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9')
			return true;
	return false;
}

/* The id at the front of `s`; long ids of Postfix may lack a digit, words of
 * plain language must not pass where `digit` is asked for. */
static bool
take_id(struct mm_str s, bool digit, struct mm_str *id)
{
	size_t n = 0;

	while (n < s.n && is_id_char(s.p[n]))
		n++;
	if (n < MIN_ID || n > MAX_ID)
		return false;
	if (n < s.n && s.p[n] == '@') /* a Message-ID */
		return false;
	if (digit && !has_digit(mm_str_upto(s, n)))
		return false;
	*id = mm_str_upto(s, n);
	return true;
}

/* "2.0.0 61FDfgAb1234567 Message accepted for delivery": the word before. */
static bool
take_word_before(struct mm_str s, size_t at, struct mm_str *id)
{
	size_t from = at;

	while (from > 0 && is_id_char(s.p[from - 1]))
		from--;
	if (from > 0 && s.p[from - 1] != ' ' && s.p[from - 1] != '(')
		return false;
	return from < at && take_id(mm_str_from(s, from), true, id) &&
	       id->n == at - from;
}

/* Exim's ids: six, six (eleven since 4.97) and two (four) of base 62. */
static bool
is_exim_id(struct mm_str s)
{
	if (s.n == 16)
		return s.p[6] == '-' && s.p[13] == '-';
	return s.n == 23 && s.p[6] == '-' && s.p[18] == '-';
}

/* Random numbers as ids, behind words of their own: of several the first. */
static bool
take_unique(struct mm_str reply, struct mm_str *id)
{
	static const struct words {
		const char *words;
		size_t n; /* of the id, at least */
	} known[] = {
		{ "OK ids=", 32 },	    /* KumoMTA */
		{ "new id is ", 32 },	    /* KumoMTA, to another node */
		{ "Message Queued (", 36 }, /* Haraka */
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t at = mm_str_find(reply, known[i].words), n = 0;
		struct mm_str s = mm_str_from(reply, at);

		if (at == MM_NOT_FOUND)
			continue;
		(void)mm_str_skip(&s, known[i].words);
		while (n < s.n && (is_id_char(s.p[n]) || s.p[n] == '.'))
			n++;
		if (n < known[i].n || n > MAX_ID + 7)
			continue;
		*id = mm_str_upto(s, n);
		return true;
	}
	return false;
}

bool
mm_handover(struct mm_str reply, struct mm_str *next_id, enum mm_join *join)
{
	struct mm_str id;
	size_t at;

	if (mm_str_skip(&reply, "forwarded as ")) {
		if (!take_id(reply, false, next_id))
			return false;
		*join = MM_JOIN_FORWARD;
		return true;
	}
	at = mm_str_find_last(reply, "queued as ");
	if (at != MM_NOT_FOUND &&
	    take_id(mm_str_from(reply, at + 10), false, next_id)) {
		*join = mm_str_find(mm_str_upto(reply, at), "from MTA") !=
				MM_NOT_FOUND
			    ? MM_JOIN_FILTER
			    : MM_JOIN_QUEUED_AS;
		return true;
	}
	at = mm_str_find(reply, " Message accepted for delivery");
	if (at != MM_NOT_FOUND && take_word_before(reply, at, next_id)) {
		*join = MM_JOIN_QUEUED_AS;
		return true;
	}
	/* Exchange: "[InternalId=25769803777, Hostname=EX02.corp.example]" */
	at = mm_str_find(reply, "[InternalId=");
	if (at != MM_NOT_FOUND &&
	    take_id(mm_str_from(reply, at + 12), true, next_id)) {
		*join = MM_JOIN_QUEUED_AS;
		return true;
	}
	if (take_unique(reply, next_id)) {
		*join = MM_JOIN_QUEUED_AS;
		return true;
	}
	at = mm_str_find(reply, "OK id=");
	if (at != MM_NOT_FOUND &&
	    take_id(mm_str_from(reply, at + 6), true, &id) && is_exim_id(id)) {
		*next_id = id;
		*join = MM_JOIN_QUEUED_AS;
		return true;
	}
	return false;
}
