/* made_month.h - thirty days of mail of one server, made directly in a case.
 *
 * Some sixty receivers with a Zipf share, several at one operator or behind
 * one host; the load of the day, a dip at the weekend, a batch each day and
 * a newsletter each week;
 * and the noise that a healthy server has: single temporary failures, one
 * receiver that is flaky for good, greylisting at first contact, unknown
 * users, mailboxes that are full, typos whose domains never take mail, a slow
 * retry now and then. Tries follow the retry schedule of a queue. A test adds
 * weather (receivers that do not take mail for a while), mails and events of
 * its own before month_write(). Noise comes of the seed alone, so each run
 * sees the same.
 */
#ifndef MM_MADE_MONTH_H
#define MM_MADE_MONTH_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/case/schema.h"
#include "formats/base/mem.h"
#include "formats/base/time.h"
#include "formats/mail/record.h"
#include "made_case.h"
#include "made_receivers.h"
#include "replay/engine/noise.h"

#define MONTH_FIRST_US INT64_C(1793000000000000) /* 2026-10-26T07:33:20Z */
#define MONTH_DAYS     30
#define MONTH_END_US   (MONTH_FIRST_US + MONTH_DAYS * MM_DAY_US)
#define MONTH_LIFE_US  (5 * MM_DAY_US) /* of a mail in the queue */
#define MONTH_WEATHERS 64
#define MONTH_KEPT     2
#define MONTH_DARK     32

struct month_mail {
	int64_t t_us;
	int sasl, ip, sender; /* name, name and address ids; 0: none */
	int receiver, mailbox;
	int flags;    /* of the message */
	int hold;     /* weather + 1 that keeps it */
	bool no_user; /* the recipient does not exist */
	bool plain;   /* tried after two seconds, without noise */
};

/* Some receivers answer otherwise for a while. */
struct month_weather {
	int64_t from_us, to_us;
	uint64_t who;	  /* bit: receiver */
	double share;	  /* of the tries */
	int says;	  /* SAYS_YES: takes it, but as said below */
	bool otherwise;	  /* at the second host */
	bool clear;	  /* without TLS */
	int64_t flush_us; /* all that waits is tried again each so often */
	/* What came of it. */
	int64_t first_us, last_us;
	int n_messages, n_at[MONTH_RECEIVERS];
	int64_t last_message;
};

struct month_try {
	int64_t t_us, recipient;
	int relay, says, flags;
};

struct month {
	struct mm_store *s;
	uint64_t seed, draws;
	double a_day; /* messages */
	/* The log says nothing meanwhile; of what comes, only NO_START. */
	struct {
		int64_t off_us, on_us;
	} dark[MONTH_DARK];
	int n_dark;
	/* Nothing comes by itself. */
	int64_t kept_us[MONTH_KEPT], kept_for_us;
	struct month_receiver who[MONTH_RECEIVERS];
	struct month_weather weather[MONTH_WEATHERS];
	int n_weather;
	struct month_mail *mails;
	struct month_try *tries;
	size_t n_mails, cap_mails, n_tries, cap_tries, n_sorted;
	uint8_t *known; /* of a greylist, by receiver, sender, mailbox */
	int64_t line;
	struct mm_query *message, *recipient, *attempt, *event, *step;
};

enum {
	MONTH_SENDERS = 10,
	MONTH_MAILBOXES = 40,
	MONTH_NULL_SENDER = 11,
	MONTH_ANNA = 1, /* names: logins and clients */
	MONTH_ROBOT = 2,
	MONTH_STRANGER = 3,
	MONTH_CLIENT = 4,
	MONTH_NAMES = 10 /* then the domains */
};

static inline void
must(enum mm_status st, const struct mm_err *err)
{
	if (st != MM_OK && st != MM_END)
		fail_msg("%s", err->text);
}

static inline double
month_draw(struct month *m)
{
	uint64_t x = mm_noise_draw(m->seed, 0, ++m->draws, MM_NOISE_FAIL);

	return ((double)(x >> 11) + 0.5) / 9007199254740992.0;
}

static inline int
month_pick(struct month *m, int n)
{
	return (int)(month_draw(m) * n);
}

/* ---- the case ---- */

static inline int
month_relay_id(int receiver, bool second)
{
	return 2 * receiver + 1 + second;
}

static inline int
month_address_id(int receiver, int mailbox)
{
	return 100 + receiver * MONTH_MAILBOXES + mailbox;
}

static inline struct mm_query *
month_query(struct month *m, const char *sql)
{
	struct mm_err err = { 0 };
	struct mm_query *q = mm_query_new(m->s, sql, &err);

	assert_non_null(q);
	return q;
}

static inline void
month_dictionaries(struct month *m)
{
	struct mm_query *q;
	struct mm_buf b;
	struct mm_err err = { 0 };

	mm_buf_init(&b, (size_t)1 << 20);
	for (int i = 0; i < MONTH_RECEIVERS; i++) {
		const struct month_receiver *r = &m->who[i];

		mm_buf_addf(&b, "INSERT INTO name VALUES(%d, '%s');",
			    MONTH_NAMES + i, r->domain);
		for (int k = 0; k < 2 && r->host[0][0] != '\0'; k++)
			mm_buf_addf(&b,
				    "INSERT INTO relay VALUES(%d, '%s',"
				    " nullif('%s', ''), 25,"
				    " nullif('%s', ''));",
				    month_relay_id(i, k), r->host[k],
				    i == MONTH_FILTER ? "127.0.0.1" : "",
				    r->operator_name != NULL ? r->operator_name
							     : "");
	}
	for (int i = 1; i < SAYS_COUNT; i++)
		mm_buf_addf(&b,
			    "INSERT INTO reply VALUES(%d, '%s', NULL,"
			    " nullif(%d, 0), NULL, 0, '%s', 'r', '%s');",
			    i, month_replies[i].text, month_replies[i].code,
			    month_replies[i].cause, month_replies[i].text);
	must(mm_store_exec(m->s, b.p, &err), &err);
	mm_buf_fini(&b);
	q = month_query(m, "INSERT INTO address VALUES(?1, ?2, ?3)");
	for (int i = 0; i < MONTH_RECEIVERS * MONTH_MAILBOXES; i++) {
		int who = i / MONTH_MAILBOXES, box = i % MONTH_MAILBOXES;
		char name[60];
		int n = snprintf(name, sizeof(name), "u%d@%s", box,
				 m->who[who].domain);

		mm_query_bind_int(q, 0, month_address_id(who, box));
		mm_query_bind_text(q, 1, (struct mm_str){ name, (size_t)n });
		mm_query_bind_int(q, 2, MONTH_NAMES + who);
		must(mm_query_step(q, &err), &err);
	}
	mm_query_free(q);
}

static inline struct month
month_begin(double a_day, uint64_t seed)
{
	struct month m = { .a_day = a_day, .seed = seed };

	m.s = make("INSERT INTO file(id, name, first_us, last_us)"
		   " VALUES(1, 'mail.log', 1793000000000000,"
		   " 1795592000000000);"
		   "INSERT INTO origin VALUES(1, 'mx', 'postfix', '');"
		   "INSERT INTO name VALUES(1, 'anna'), (2, 'robot'),"
		   " (3, '203.0.113.9'), (4, '192.0.2.4');"
		   "INSERT INTO address VALUES(1, 'a@x.example', 10),"
		   " (2, 'b@x.example', 10), (3, 'c@x.example', 10),"
		   " (4, 'd@x.example', 10), (5, 'e@x.example', 10),"
		   " (6, 'f@x.example', 10), (7, 'g@x.example', 10),"
		   " (8, 'h@x.example', 10), (9, 'i@x.example', 10),"
		   " (10, 'k@x.example', 10), (11, '', NULL);");
	month_people(m.who);
	month_dictionaries(&m);
	m.known = mm_calloc((size_t)MONTH_RECEIVERS * (MONTH_NULL_SENDER + 1) *
				MONTH_MAILBOXES,
			    1);
	m.message = month_query(
	    &m, "INSERT INTO message(id, origin, queue_id, sender, sasl,"
		" client_ip, arrived_us, flags, file, line)"
		" VALUES(?1, 1, 'Q' || ?1, ?2, ?3, ?4, ?5, ?6, 1, ?7)");
	m.recipient = month_query(
	    &m, "INSERT INTO recipient(id, message, address, final, final_us,"
		" reply, attempts) VALUES(?1, ?1, ?2, ?3, ?4, ?5, ?6)");
	m.attempt = month_query(
	    &m, "INSERT INTO attempt(recipient, t_us, relay, reply, outcome,"
		" flags, file, line) VALUES(?1, ?2, ?3, ?4, ?5, ?6, 1, ?7)");
	m.event = month_query(
	    &m, "INSERT INTO event(origin, t_us, kind, what, program, text,"
		" file, line) VALUES(1, ?1, ?2, ?3, 'p', ?4, 1, ?5)");
	m.step = month_query(&m, "INSERT INTO step VALUES(?1, ?2, ?3, 1, ?4)");
	return m;
}

static inline void
month_bind_id(struct mm_query *q, int at, int id)
{
	if (id == 0)
		mm_query_bind_null(q, at);
	else
		mm_query_bind_int(q, at, id);
}

static inline void
month_event(struct month *m, int64_t t_us, const char *kind, const char *what,
	    const char *text)
{
	struct mm_err err = { 0 };

	mm_query_bind_int(m->event, 0, t_us);
	mm_query_bind_text(m->event, 1, mm_str_z(kind));
	mm_query_bind_text(m->event, 2, mm_str_z(what));
	mm_query_bind_text(m->event, 3, mm_str_z(text));
	mm_query_bind_int(m->event, 4, ++m->line);
	must(mm_query_step(m->event, &err), &err);
}

/* ---- what comes ---- */

static inline void
month_put(struct month *m, const struct month_mail *mail)
{
	m->mails =
	    mm_grow(m->mails, m->n_mails, &m->cap_mails, sizeof(*m->mails));
	m->mails[m->n_mails++] = *mail;
}

static inline int
month_whom(struct month *m)
{
	double x = month_draw(m);

	for (int i = 0; i < MONTH_RECEIVERS; i++) {
		if (x < m->who[i].share)
			return i;
		x -= m->who[i].share;
	}
	return MONTH_DOMAINS;
}

/* A mail as any other: from us to one of the receivers. */
static inline struct month_mail
month_mail(struct month *m, int64_t t_us)
{
	return (struct month_mail){ .t_us = t_us,
				    .ip = MONTH_CLIENT,
				    .sender = 1 + month_pick(m, MONTH_SENDERS),
				    .receiver = month_whom(m),
				    .mailbox = month_pick(m, MONTH_MAILBOXES) };
}

static inline bool
month_is_kept(const struct month *m, int64_t t_us)
{
	for (int i = 0; i < MONTH_KEPT; i++)
		if (t_us >= m->kept_us[i] &&
		    t_us < m->kept_us[i] + m->kept_for_us)
			return true;
	return false;
}

static inline double
month_load(const struct month *m, int64_t t_us)
{
	double hour = (double)(t_us % MM_DAY_US) / (double)MM_HOUR_US;
	/* 1970 began on a Thursday. */
	bool weekend = (t_us / MM_DAY_US + 3) % 7 >= 5;

	return m->a_day * (1 - 0.9 * cos(hour * 0.2617993878)) *
	       (weekend ? 0.5 : 1) / (double)MM_DAY_US;
}

/* What passes on any day. */
static inline void
month_fill(struct month *m)
{
	double most = 1.9 * m->a_day / (double)MM_DAY_US;

	for (int64_t t = MONTH_FIRST_US;;) {
		struct month_mail mail;

		t += (int64_t)(-log(month_draw(m)) / most);
		if (t >= MONTH_END_US)
			break;
		if (month_draw(m) * most > month_load(m, t))
			continue;
		mail = month_mail(m, t);
		mail.no_user = month_draw(m) < 0.01;
		/* A third comes from one of two logins, each at home; a few
		 * are bounces of others. */
		if (month_draw(m) < 0.33)
			mail.sasl = mail.ip =
			    month_draw(m) < 0.5 ? MONTH_ANNA : MONTH_ROBOT;
		else if (month_draw(m) < 0.01) {
			mail.sender = MONTH_NULL_SENDER;
			mail.receiver = MONTH_LOCAL;
		}
		if (!month_is_kept(m, t))
			month_put(m, &mail);
	}
	for (int day = 0; day < MONTH_DAYS; day++)
		for (int i = 0; i < m->a_day / 20; i++) {
			struct month_mail mail = month_mail(
			    m, MONTH_FIRST_US + day * MM_DAY_US +
				   30000 * MM_SECOND_US + i * INT64_C(200000));

			mail.sasl = mail.ip = MONTH_ROBOT;
			month_put(m, &mail);
		}
	for (int day = 2; day < MONTH_DAYS; day += 7)
		for (int i = 0; i < m->a_day / 4; i++) {
			struct month_mail mail = month_mail(
			    m, MONTH_FIRST_US + day * MM_DAY_US +
				   9000 * MM_SECOND_US + i * INT64_C(50000));

			mail.sasl = mail.ip = MONTH_ROBOT;
			month_put(m, &mail);
		}
}

/* ---- what becomes of it ---- */

static inline bool
month_is_first(struct month *m, const struct month_mail *mail, int64_t t_us)
{
	size_t at = ((size_t)mail->receiver * (MONTH_NULL_SENDER + 1) +
		     (size_t)mail->sender) *
			MONTH_MAILBOXES +
		    (size_t)mail->mailbox;

	if (t_us - mail->t_us >= 4 * MM_MINUTE_US)
		m->known[at] = 1;
	return m->known[at] == 0;
}

static inline int
month_noise(struct month *m, const struct month_mail *mail, int64_t t_us)
{
	static const struct {
		double chance;
		int says;
	} noise[] = {
		{ 1e-3, SAYS_TIMEOUT }, { 5e-4, SAYS_REFUSED },
		{ 1e-3, SAYS_ILL },	{ 5e-4, SAYS_FULL },
		{ 1e-4, SAYS_DNS },	{ 2e-5, SAYS_RATE },
		{ 2e-5, SAYS_BLOCK },	{ 1e-5, SAYS_TLS },
	};
	const struct month_receiver *r = &m->who[mail->receiver];
	double x = month_draw(m);

	if (mail->plain)
		return mail->no_user ? SAYS_NO_USER : SAYS_YES;
	if (r->traits & MONTH_SILENT)
		return SAYS_TIMEOUT;
	if (r->traits & MONTH_GONE)
		return SAYS_GONE;
	if (r->traits & MONTH_GREYLISTS && month_is_first(m, mail, t_us))
		return SAYS_GREY;
	if (mail->no_user)
		return SAYS_NO_USER;
	if (mail->receiver < MONTH_DOMAINS)
		return x < 1e-3 ? SAYS_FULL : SAYS_YES;
	if (r->traits & MONTH_FLAKY && month_draw(m) < 0.05)
		return SAYS_TIMEOUT;
	for (size_t i = 0; i < MM_COUNT(noise); i++) {
		if (x < noise[i].chance)
			return noise[i].says;
		x -= noise[i].chance;
	}
	return SAYS_YES;
}

/* The weather that a try meets; NULL: a fair day. */
static inline struct month_weather *
month_weather_at(struct month *m, int receiver, int64_t t_us)
{
	for (int i = 0; i < m->n_weather; i++) {
		struct month_weather *w = &m->weather[i];

		if (t_us >= w->from_us && t_us < w->to_us &&
		    (w->who >> receiver & 1) != 0 && month_draw(m) < w->share)
			return w;
	}
	return NULL;
}

static inline struct month_try
month_meet(struct month *m, const struct month_mail *mail, int64_t id,
	   int64_t t_us)
{
	struct month_weather *w = month_weather_at(m, mail->receiver, t_us);
	struct month_try t = { .t_us = t_us, .recipient = id };
	bool other;

	/* A greylist lets the retry in. */
	if (w != NULL && w->says == SAYS_GREY &&
	    t_us - mail->t_us >= 4 * MM_MINUTE_US)
		w = NULL;
	other = w != NULL && w->otherwise;
	t.says = month_noise(m, mail, t_us);
	if (w != NULL && w->says != SAYS_YES)
		t.says = w->says;
	if (w != NULL) {
		if (w->n_messages == 0)
			w->first_us = t_us;
		w->n_messages += w->last_message != id;
		w->n_at[mail->receiver] += w->last_message != id;
		w->last_message = id;
		if (t_us > w->last_us)
			w->last_us = t_us;
		if (t_us < w->first_us)
			w->first_us = t_us;
	}
	if (!month_replies[t.says].no_contact)
		t.flags = MM_ATT_CONTACT;
	/* Who answers does so over TLS. */
	if ((t.says == SAYS_YES || month_replies[t.says].code > 0) &&
	    !(m->who[mail->receiver].traits & MONTH_NO_TLS) &&
	    !(w != NULL && w->clear))
		t.flags |= MM_ATT_SECURE;
	if (!month_replies[t.says].no_host &&
	    m->who[mail->receiver].host[0][0] != '\0')
		t.relay = month_relay_id(mail->receiver, other);
	return t;
}

/* When the next flush of the queue is due; 0: none. */
static inline int64_t
month_flush(struct month *m, const struct month_mail *mail, int64_t t_us)
{
	for (int i = 0; i < m->n_weather; i++) {
		const struct month_weather *w = &m->weather[i];

		if (w->flush_us > 0 && t_us >= w->from_us && t_us < w->to_us &&
		    (w->who >> mail->receiver & 1) != 0)
			return w->from_us +
			       ((t_us - w->from_us) / w->flush_us + 1) *
				   w->flush_us +
			       month_pick(m, 60000000);
	}
	return 0;
}

/* When a queue tries again: the wait doubles up to 4000 s; now and then the
 * queue is slow. */
static inline int64_t
month_next(struct month *m, const struct month_mail *mail, int64_t t_us)
{
	int64_t wait = t_us - mail->t_us, flush_us = month_flush(m, mail, t_us);

	if (flush_us > 0)
		return flush_us;
	if (wait < 300 * MM_SECOND_US)
		wait = 300 * MM_SECOND_US;
	if (wait > 4000 * MM_SECOND_US)
		wait = 4000 * MM_SECOND_US;
	wait += (int64_t)(month_draw(m) * 60e6);
	return t_us + (month_draw(m) < 0.02 ? 5 * wait : wait);
}

static inline void
month_write_message(struct month *m, const struct month_mail *mail, int64_t id)
{
	struct mm_err err = { 0 };

	mm_query_bind_int(m->message, 0, id);
	month_bind_id(m->message, 1, mail->sender);
	month_bind_id(m->message, 2, mail->sasl);
	month_bind_id(m->message, 3, mail->ip);
	mm_query_bind_int(m->message, 4, mail->t_us);
	mm_query_bind_int(m->message, 5, mail->flags);
	mm_query_bind_int(m->message, 6, ++m->line);
	must(mm_query_step(m->message, &err), &err);
}

static inline void
month_write_recipient(struct month *m, const struct month_mail *mail,
		      const struct month_try *last, int final, int n)
{
	struct mm_err err = { 0 };

	mm_query_bind_int(m->recipient, 0, last->recipient);
	mm_query_bind_int(m->recipient, 1,
			  month_address_id(mail->receiver, mail->mailbox));
	mm_query_bind_int(m->recipient, 2, final);
	mm_query_bind_int(m->recipient, 3, last->t_us);
	month_bind_id(m->recipient, 4, last->says);
	mm_query_bind_int(m->recipient, 5, n);
	must(mm_query_step(m->recipient, &err), &err);
}

static inline void
month_step(struct month *m, int64_t message, int64_t t_us, const char *kind)
{
	struct mm_err err = { 0 };

	mm_query_bind_int(m->step, 0, message);
	mm_query_bind_int(m->step, 1, t_us);
	mm_query_bind_text(m->step, 2, mm_str_z(kind));
	mm_query_bind_int(m->step, 3, ++m->line);
	must(mm_query_step(m->step, &err), &err);
}

static inline void
month_dark(struct month *m, int64_t off_us, int64_t on_us)
{
	m->dark[m->n_dark].off_us = off_us;
	m->dark[m->n_dark++].on_us = on_us;
}

/* When the log is back; the time itself when it is there. */
static inline int64_t
month_light(const struct month *m, int64_t t_us)
{
	for (int i = 0; i < m->n_dark; i++)
		if (t_us >= m->dark[i].off_us && t_us < m->dark[i].on_us)
			return m->dark[i].on_us;
	return t_us;
}

/* A mail from its arrival to its end. */
static inline void
month_live(struct month *m, const struct month_mail *mail, int64_t id)
{
	int64_t t =
	    mail->t_us + (mail->plain ? 2 * MM_SECOND_US
				      : MM_SECOND_US + month_pick(m, 2000000));
	int final = MM_FINAL_DEFERRED, n = 0;
	struct month_try last = { 0 };

	if (mail->flags & MM_MSG_NO_START)
		t += month_light(m, mail->t_us) - mail->t_us;
	if (mail->hold != 0) {
		struct month_weather *w = &m->weather[mail->hold - 1];

		t = w->to_us + MM_SECOND_US;
		month_step(m, id, w->from_us, "held");
		month_step(m, id, w->to_us, "released");
		w->n_messages++;
		w->first_us = w->from_us;
		w->last_us = w->to_us;
	}
	month_write_message(m, mail, id);
	for (; t < MONTH_END_US && final == MM_FINAL_DEFERRED;
	     t = month_next(m, mail, t)) {
		last = month_meet(m, mail, id, t);
		final = last.says == SAYS_YES		  ? MM_FINAL_SENT
			: month_replies[last.says].final  ? MM_FINAL_BOUNCED
			: t - mail->t_us >= MONTH_LIFE_US ? MM_FINAL_EXPIRED
							  : final;
		if (month_light(m, t) != t)
			continue;
		m->tries = mm_grow(m->tries, m->n_tries, &m->cap_tries,
				   sizeof(*m->tries));
		m->tries[m->n_tries++] = last;
		n++;
	}
	last.recipient = id;
	month_write_recipient(m, mail, &last, final, n);
}

static inline int
month_by_arrival(const void *va, const void *vb)
{
	const struct month_mail *a = va, *b = vb;

	return a->t_us < b->t_us ? -1 : a->t_us > b->t_us;
}

static inline int
month_by_time(const void *va, const void *vb)
{
	const struct month_try *a = va, *b = vb;

	if (a->t_us != b->t_us)
		return a->t_us < b->t_us ? -1 : 1;
	return a->recipient < b->recipient ? -1 : a->recipient > b->recipient;
}

static inline void
month_sort(struct month *m)
{
	if (m->n_mails > m->n_sorted)
		qsort(m->mails, m->n_mails, sizeof(*m->mails),
		      month_by_arrival);
	m->n_sorted = m->n_mails;
}

/* Into the case; `m` holds nothing but the case afterwards. */
static inline void
month_write(struct month *m)
{
	struct mm_err err = { 0 };

	month_sort(m);
	for (size_t i = 0; i < m->n_mails; i++) {
		const struct month_mail *mail = &m->mails[i];

		if (month_light(m, mail->t_us) == mail->t_us ||
		    (mail->flags & MM_MSG_NO_START) != 0)
			month_live(m, mail, (int64_t)i + 1);
	}
	if (m->n_tries > 0)
		qsort(m->tries, m->n_tries, sizeof(*m->tries), month_by_time);
	for (size_t i = 0; i < m->n_tries; i++) {
		const struct month_try *t = &m->tries[i];

		mm_query_bind_int(m->attempt, 0, t->recipient);
		mm_query_bind_int(m->attempt, 1, t->t_us);
		month_bind_id(m->attempt, 2, t->relay);
		month_bind_id(m->attempt, 3, t->says);
		mm_query_bind_int(m->attempt, 4,
				  t->says == SAYS_YES ? MM_OUT_SENT
				  : month_replies[t->says].final
				      ? MM_OUT_BOUNCED
				      : MM_OUT_DEFERRED);
		mm_query_bind_int(m->attempt, 5, t->flags);
		mm_query_bind_int(m->attempt, 6, ++m->line);
		must(mm_query_step(m->attempt, &err), &err);
	}
	mm_query_free(m->message);
	mm_query_free(m->recipient);
	mm_query_free(m->attempt);
	mm_query_free(m->event);
	mm_query_free(m->step);
	free(m->mails);
	free(m->tries);
	free(m->known);
	m->mails = NULL;
	m->tries = NULL;
	m->known = NULL;
}

#endif
