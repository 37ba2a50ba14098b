#include "analyze/incident/sign.h"
#include "formats/mail/reply.h"

/* Causes that are missing here judge the one mail. */
static const struct {
	const char *cause;
	enum mm_sign sign;
} signs[] = {
	{ "net_unreachable", MM_SIGN_ILL },
	{ "net_dropped", MM_SIGN_ILL },
	{ "remote_error", MM_SIGN_ILL },
	{ "throttle_rate", MM_SIGN_RATE },
	{ "throttle_reputation", MM_SIGN_RATE },
	{ "throttle_connections", MM_SIGN_CONNS },
	{ "throttle_recipient", MM_SIGN_SLOW },
	{ "greylist", MM_SIGN_GREY },
	{ "block_dnsbl", MM_SIGN_BLOCK },
	{ "block_ip", MM_SIGN_BLOCK },
	{ "block_domain", MM_SIGN_BLOCK },
	{ "block_policy", MM_SIGN_BLOCK },
	{ "dns_failure", MM_SIGN_DNS },
	{ "domain_unknown", MM_SIGN_GONE },
	{ "domain_no_mail", MM_SIGN_GONE },
	{ "tls_failure", MM_SIGN_TLS },
	{ "local_error", MM_SIGN_LOCAL },
	{ "mail_loop", MM_SIGN_NONE },
	{ "expired", MM_SIGN_NONE },
};

/* No rule knew the text: the code and the stage are what is left. */
static enum mm_sign
sign_unknown(const struct mm_dict_reply *r)
{
	if (r->code == 0 && r->stage == MM_STAGE_NONE)
		return MM_SIGN_NONE;
	return r->code < 500 ? MM_SIGN_ILL : MM_SIGN_GOOD;
}

enum mm_sign
mm_sign_of(const struct mm_dict_reply *r)
{
	struct mm_reply parsed;

	if (mm_str_find(mm_str_upto(r->sample, 20), "deferred transport") !=
	    MM_NOT_FOUND)
		return MM_SIGN_PAUSED;
	mm_reply_parse(r->sample, NULL, &parsed);
	if (parsed.suspended)
		return MM_SIGN_NONE;
	/* Refused before any mail was named: it is about us. */
	if (r->code >= 500 &&
	    (r->stage == MM_STAGE_BANNER || r->stage == MM_STAGE_HELO))
		return MM_SIGN_BLOCK;
	if (r->stage == MM_STAGE_STARTTLS)
		return MM_SIGN_TLS;
	for (size_t i = 0; i < MM_COUNT(signs); i++)
		if (mm_str_is(r->cause, signs[i].cause))
			return signs[i].sign;
	if (r->cause.p == NULL || mm_str_is(r->cause, "unknown"))
		return sign_unknown(r);
	return MM_SIGN_GOOD;
}

enum mm_sign
mm_sign_of_dsn(uint32_t dsn)
{
	/* RFC 3463 section 3.5: 4.4.1 no answer, 4.4.2 bad connection, 4.4.3
	 * directory server failure, 4.4.4 unable to route. */
	switch (dsn) {
	case 4004001:
	case 4004002:
		return MM_SIGN_ILL;
	case 4004003:
	case 4004004:
		return MM_SIGN_DNS;
	default:
		return MM_SIGN_NONE;
	}
}
