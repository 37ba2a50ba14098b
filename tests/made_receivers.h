/* made_receivers.h - who takes the mail of made_month.h, and what they say.
 *
 * Domains by a Zipf share: the large ones with the hosts and operators that
 * they have, firms at one of those, behind a host that they share, or with
 * two hosts of their own; typos that nobody answers for.
 */
#ifndef MM_MADE_RECEIVERS_H
#define MM_MADE_RECEIVERS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "formats/base/status.h"

/* Receivers; those between are domains, by their share. */
enum {
	MONTH_LOCAL,  /* mailboxes of this host */
	MONTH_FILTER, /* a content filter of this host */
	MONTH_DOMAINS,
	MONTH_TYPOS = 60, /* never take mail */
	MONTH_RECEIVERS = 64
};

enum month_trait {
	MONTH_GREYLISTS = 1,
	MONTH_FLAKY = 2,
	MONTH_NO_TLS = 4,
	MONTH_SILENT = 8, /* no answer, ever */
	MONTH_GONE = 16	  /* no such domain */
};

enum month_says {
	SAYS_YES,
	SAYS_NO_USER,
	SAYS_FULL,
	SAYS_REFUSED,
	SAYS_TIMEOUT,
	SAYS_ILL,
	SAYS_GREY,
	SAYS_RATE,
	SAYS_BLOCK,
	SAYS_DNS,
	SAYS_GONE,
	SAYS_TLS,
	SAYS_PAUSED,
	SAYS_LOCAL,
	SAYS_FILTER,
	SAYS_COUNT
};

static const struct {
	const char *text, *cause;
	int code;
	bool final, no_host, no_contact;
} month_replies[SAYS_COUNT] = {
	[SAYS_NO_USER] = { "550 5.1.1 no such user", "recipient_unknown", 550,
			   true, false, false },
	[SAYS_FULL] = { "452 4.2.2 mailbox full", "mailbox_full", 452, false,
			false, false },
	[SAYS_REFUSED] = { "Connection refused", "net_unreachable", 0, false,
			   false, false },
	[SAYS_TIMEOUT] = { "Connection timed out", "net_unreachable", 0, false,
			   false, false },
	[SAYS_ILL] = { "451 4.3.0 temporary failure", "remote_error", 451,
		       false, false, false },
	[SAYS_GREY] = { "450 4.2.0 greylisted", "greylist", 450, false, false,
			false },
	[SAYS_RATE] = { "421 4.7.28 too much mail from your address",
			"throttle_rate", 421, false, false, false },
	[SAYS_BLOCK] = { "554 5.7.1 your address is on our list", "block_ip",
			 554, true, false, false },
	[SAYS_DNS] = { "Host name lookup failure", "dns_failure", 0, false,
		       true, true },
	[SAYS_GONE] = { "Host or domain name not found", "domain_unknown", 0,
			true, true, true },
	[SAYS_TLS] = { "Cannot start TLS: handshake failure", "tls_failure", 0,
		       false, false, false },
	[SAYS_PAUSED] = { "deferred transport", "local_error", 0, false, true,
			  true },
	[SAYS_LOCAL] = { "cannot update mailbox", "local_error", 0, false,
			 false, false },
	[SAYS_FILTER] = { "Connection refused", "local_error", 0, false, false,
			  false },
};

struct month_receiver {
	char domain[40], host[2][64]; /* the second when the first is skipped */
	const char *operator_name;
	double share;
	unsigned traits;
};

static inline void
month_name(struct month_receiver *who, int i)
{
	/* The large ones, with the hosts and operators they really have. */
	static const char *const large[][4] = {
		{ "gmail.com", "gmail-smtp-in.l.google.com",
		  "alt1.gmail-smtp-in.l.google.com", "google" },
		{ "outlook.com", "outlook-com.olc.protection.outlook.com",
		  "outlook-com2.olc.protection.outlook.com", "outlook" },
		{ "gmx.de", "mx00.gmx.net", "mx01.gmx.net", "gmx" },
		{ "yahoo.com", "mta5.am0.yahoodns.net", "mta6.am0.yahoodns.net",
		  "yahoo" },
		{ "web.de", "mx-ha02.web.de", "mx-ha03.web.de", "gmx" },
		{ "icloud.com", "mx01.mail.icloud.com", "mx02.mail.icloud.com",
		  "apple" },
		{ "googlemail.com", "gmail-smtp-in.l.google.com",
		  "alt1.gmail-smtp-in.l.google.com", "google" },
		{ "hotmail.com", "hotmail-com.olc.protection.outlook.com",
		  "hotmail-com2.olc.protection.outlook.com", "outlook" },
	};
	struct month_receiver *r = &who[i];
	size_t rank = (size_t)(i - MONTH_DOMAINS);
	const char *first = NULL, *second = "";

	(void)snprintf(r->domain, sizeof(r->domain), "firm%d.example", i);
	if (i >= MONTH_TYPOS) {
		first = "";
	} else if (rank < MM_COUNT(large)) {
		(void)snprintf(r->domain, sizeof(r->domain), "%s",
			       large[rank][0]);
		first = large[rank][1];
		second = large[rank][2];
		r->operator_name = large[rank][3];
	} else if (rank % 5 == 0) {
		first = "aspmx.l.google.com";
		second = "alt1.aspmx.l.google.com";
		r->operator_name = "google";
	} else if (rank % 5 == 1) {
		r->operator_name = "microsoft365";
		(void)snprintf(r->host[0], sizeof(r->host[0]),
			       "firm%d-example.mail.protection.outlook.com", i);
		(void)snprintf(r->host[1], sizeof(r->host[1]),
			       "firm%d-example2.mail.protection.outlook.com",
			       i);
	} else if (rank % 5 == 2) {
		first = "mx1.hoster.example";
		second = "mx2.hoster.example";
	} else {
		(void)snprintf(r->host[0], sizeof(r->host[0]),
			       "mx1.firm%d.example", i);
		(void)snprintf(r->host[1], sizeof(r->host[1]),
			       "mx2.firm%d.example", i);
	}
	if (first != NULL) {
		(void)snprintf(r->host[0], sizeof(r->host[0]), "%s", first);
		(void)snprintf(r->host[1], sizeof(r->host[1]), "%s", second);
	}
}

static inline void
month_people(struct month_receiver *who)
{
	static const struct {
		int who;
		unsigned traits;
	} traits[] = {
		{ 11, MONTH_GREYLISTS }, { 20, MONTH_GREYLISTS },
		{ 35, MONTH_GREYLISTS }, { 50, MONTH_GREYLISTS },
		{ 21, MONTH_FLAKY },	 { 26, MONTH_NO_TLS },
		{ 45, MONTH_NO_TLS },	 { MONTH_TYPOS, MONTH_SILENT },
		{ 61, MONTH_GONE },	 { 62, MONTH_SILENT },
		{ 63, MONTH_GONE },
	};
	double sum = 0;

	for (int i = MONTH_DOMAINS; i < MONTH_RECEIVERS; i++)
		month_name(who, i);
	for (size_t i = 0; i < MM_COUNT(traits); i++)
		who[traits[i].who].traits = traits[i].traits;
	who[MONTH_LOCAL] = (struct month_receiver){ .domain = "x.example",
						    .host = { "local" },
						    .share = 0.2 };
	who[MONTH_FILTER] =
	    (struct month_receiver){ .domain = "filtered.example",
				     .host = { "127.0.0.1" },
				     .share = 0.1 };
	for (int i = MONTH_DOMAINS; i < MONTH_TYPOS; i++)
		sum += 1.0 / (i - MONTH_DOMAINS + 1);
	for (int i = MONTH_DOMAINS; i < MONTH_TYPOS; i++)
		who[i].share = 0.696 / sum / (i - MONTH_DOMAINS + 1);
	for (int i = MONTH_TYPOS; i < MONTH_RECEIVERS; i++)
		who[i].share = 0.001;
}

/* Receivers of this operator, as a bit each. */
static inline uint64_t
month_at(const struct month_receiver *who, const char *operator_name)
{
	uint64_t found = 0;

	for (int i = MONTH_DOMAINS; i < MONTH_TYPOS; i++)
		if (who[i].operator_name != NULL &&
		    strcmp(who[i].operator_name, operator_name) == 0)
			found |= UINT64_C(1) << i;
	return found;
}

/* All that take mail by the net. */
static inline uint64_t
month_all(void)
{
	return ((UINT64_C(1) << MONTH_TYPOS) - 1) &
	       ~((UINT64_C(1) << MONTH_DOMAINS) - 1);
}

#endif
