/* genlog.c - a Postfix log of any size, for the benchmark.
 *
 * usage: genlog BYTES [SEED]      (RFC 3339 stamps, long queue ids)
 *
 * Streams to standard output; the same arguments give the same bytes. Shapes
 * and shares are those of a busy relay: three of four attempts succeed at
 * once, some are deferred and come again, some bounce, clients are refused.
 * Line shapes after Postfix 3.7 (smtpd, cleanup, qmgr, smtp, bounce).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_LATER 65536

static uint64_t state;

static uint64_t
draw(void)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static unsigned
below(unsigned n)
{
	return (unsigned)(draw() % n);
}

/* Few large receivers, many small ones. */
static unsigned
skewed(unsigned n)
{
	unsigned a = below(n), b = below(n), c = below(n);

	a = a < b ? a : b;
	return a < c ? a : c;
}

static const char *const refusals[] = {
	"host %s[%s] said: 421-4.7.28 Gmail has detected an unusual rate of "
	"unsolicited mail originating 421-4.7.28 from your IP address. To "
	"protect our users from spam, 421 4.7.28 mail sent from your IP "
	"address has been temporarily rate limited. %u-%xsi%u - gsmtp (in "
	"reply to end of DATA command)",
	"host %s[%s] said: 450 4.2.0 <u%u@d%x.example>: Recipient address "
	"rejected: Greylisted for %u seconds (in reply to RCPT TO command)",
	"host %s[%s] said: 452 4.2.2 The email account that you tried to reach "
	"is over quota u%u-%x.%u (in reply to RCPT TO command)",
	"connect to %s[%s]:25: Connection timed out %.0u%.0x%.0u",
};

static const char *const bounces[] = {
	"host %s[%s] said: 550 5.1.1 <u%u@d%x.example>: Recipient address "
	"rejected: User unknown in virtual mailbox table %u (in reply to RCPT "
	"TO command)",
	"host %s[%s] said: 554 5.7.1 Service unavailable; Client host [192.0."
	"%u.%x] blocked using zen.spamhaus.org; see %u (in reply to RCPT TO "
	"command)",
};

static uint64_t now_us = 1760000000000000u; /* 2025-10-09 */
static uint64_t written;

struct later {
	uint64_t at_us, born_us, id;
	unsigned rcpt, domain, tries;
};

/* A heap by time of what comes again. */
static struct later later[MAX_LATER];
static unsigned n_later;

static void
later_add(struct later l)
{
	unsigned i = n_later++;

	while (i > 0 && later[(i - 1) / 2].at_us > l.at_us) {
		later[i] = later[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	later[i] = l;
}

static struct later
later_take(void)
{
	struct later first = later[0], last = later[--n_later];
	unsigned i = 0, c;

	while ((c = 2 * i + 1) < n_later) {
		if (c + 1 < n_later && later[c + 1].at_us < later[c].at_us)
			c++;
		if (later[c].at_us >= last.at_us)
			break;
		later[i] = later[c];
		i = c;
	}
	later[i] = last;
	return first;
}

/* Days to a civil date: only the year of the generator is needed. */
static void
stamp(const char *tag)
{
	static const unsigned days[] = { 31, 28, 31, 30, 31, 30,
					 31, 31, 30, 31, 30, 31 };
	uint64_t s = now_us / 1000000;
	unsigned day = (unsigned)((s - 1735689600u) / 86400), m = 0, y = 2025;

	while (day >= days[m]) {
		day -= days[m];
		if (++m == 12) {
			m = 0;
			y++;
		}
	}
	written += (uint64_t)printf(
	    "%u-%02u-%02uT%02u:%02u:%02u.%06u+00:00 mx%u %s[%u]: ", y, m + 1,
	    day + 1, (unsigned)(s / 3600 % 24), (unsigned)(s / 60 % 60),
	    (unsigned)(s % 60), (unsigned)(now_us % 1000000), 1u, tag,
	    1000 + (unsigned)(now_us / 1000 % 40));
	now_us += 200 + below(3000);
}

/* postfix_facts: base 52 seconds, base 52 microseconds, z, base 51 inode. */
static const char *
queue_id(uint64_t id, char text[24])
{
	static const char digits[] =
	    "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
	uint64_t sec = id / 1000000, us = id % 1000000, inode = id % 997 + 51;
	int n = 0;

	for (uint64_t p = 380204032; p > 0; p /= 52)
		text[n++] = digits[sec / p % 52];
	for (uint64_t p = 140608; p > 0; p /= 52)
		text[n++] = digits[us / p % 52];
	text[n++] = 'z';
	text[n++] = digits[inode / 51 % 51];
	text[n++] = digits[inode % 51];
	text[n] = '\0';
	return text;
}

static void
attempt(const struct later *l)
{
	char id[24], host[64], ip[32];
	unsigned dice = below(100);
	uint64_t delay = (now_us - l->born_us) / 10000;

	(void)queue_id(l->id, id);
	(void)snprintf(host, sizeof(host), "mx%u.d%x.example", l->domain % 3,
		       l->domain);
	(void)snprintf(ip, sizeof(ip), "203.0.%u.%u", l->domain >> 8 & 255,
		       l->domain & 255);
	stamp("postfix/smtp");
	written += (uint64_t)printf("%s: to=<u%u@d%x.example>, ", id, l->rcpt,
				    l->domain);
	written += (uint64_t)printf(
	    "relay=%s[%s]:25, delay=%" PRIu64 ".%02u, delays=0.02/0.01/%u.%u/"
	    "0.%u, ",
	    host, ip, delay / 100, (unsigned)(delay % 100), below(3), below(10),
	    below(10));
	if (dice < 10 && l->tries < 6 && n_later < MAX_LATER) {
		struct later again = *l;

		written += (uint64_t)printf("dsn=4.7.0, status=deferred (");
		written += (uint64_t)printf(refusals[below(4)], host, ip,
					    l->rcpt, l->domain, below(100000));
		written += (uint64_t)printf(")\n");
		again.at_us = now_us + 300000000u + below(600000000);
		again.tries++;
		later_add(again);
		return;
	}
	if (dice < 13) {
		written += (uint64_t)printf("dsn=5.1.1, status=bounced (");
		written += (uint64_t)printf(bounces[below(2)], host, ip,
					    l->rcpt, l->domain, below(100000));
		written += (uint64_t)printf(")\n");
	} else {
		char next[24];

		written += (uint64_t)printf(
		    "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as %s)\n",
		    queue_id(draw() % 60000000000u + now_us, next));
	}
	stamp("postfix/qmgr");
	written += (uint64_t)printf("%s: removed\n", id);
}

static void
message(void)
{
	struct later l = { .born_us = now_us,
			   .id = now_us,
			   .rcpt = skewed(4000),
			   .domain = skewed(60000) };
	unsigned client = skewed(20000), sender = skewed(50000);
	char id[24];

	(void)queue_id(l.id, id);
	stamp("postfix/smtpd");
	written += (uint64_t)printf("connect from c%u.net.example[198.51.%u.%u]"
				    "\n",
				    client, client >> 8 & 255, client & 255);
	if (below(100) < 9) {
		stamp("postfix/smtpd");
		written += (uint64_t)printf(
		    "NOQUEUE: reject: RCPT from c%u.net.example[198.51.%u.%u]: "
		    "550 5.1.1 <x%u@corp.example>: Recipient address rejected: "
		    "User unknown in local recipient table; from=<s%u@d%x."
		    "example> to=<x%u@corp.example> proto=ESMTP helo=<c%u.net."
		    "example>\n",
		    client, client >> 8 & 255, client & 255, l.rcpt, sender,
		    l.domain, l.rcpt, client);
	} else {
		stamp("postfix/smtpd");
		written += (uint64_t)printf(
		    "%s: client=c%u.net.example[198.51.%u.%u]\n", id, client,
		    client >> 8 & 255, client & 255);
		stamp("postfix/cleanup");
		written += (uint64_t)printf("%s: message-id=<%" PRIx64
					    ".%u@mail.s%u.example>\n",
					    id, draw(), below(1000000), sender);
		stamp("postfix/qmgr");
		written += (uint64_t)printf(
		    "%s: from=<s%u@s%u.example>, size=%u, nrcpt=1 (queue "
		    "active)\n",
		    id, sender, sender, 1000 + below(60000));
		attempt(&l);
	}
	stamp("postfix/smtpd");
	written += (uint64_t)printf(
	    "disconnect from c%u.net.example[198.51.%u.%u] ehlo=1 mail=1 "
	    "rcpt=1 data=1 quit=1 commands=5\n",
	    client, client >> 8 & 255, client & 255);
}

int
main(int argc, char **argv)
{
	uint64_t want = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;

	if (want == 0) {
		(void)fprintf(stderr, "usage: genlog BYTES [SEED]\n");
		return 2;
	}
	state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	while (written < want) {
		if (n_later > 0 && later[0].at_us <= now_us) {
			struct later l = later_take();
			char id[24];

			stamp("postfix/qmgr");
			written += (uint64_t)printf(
			    "%s: from=<s%u@s%u.example>, size=%u, nrcpt=1 "
			    "(queue active)\n",
			    queue_id(l.id, id), l.rcpt, l.rcpt, 2000u);
			attempt(&l);
		} else {
			message();
		}
		now_us += below(8000);
	}
	return 0;
}
