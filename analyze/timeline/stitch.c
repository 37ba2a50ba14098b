#include <stdlib.h>
#include <string.h>

#include "analyze/case/schema.h"
#include "analyze/timeline/stitching.h"
#include "formats/base/digest.h"
#include "formats/base/mem.h"
#include "formats/mail/handover.h"
#include "formats/mail/reply.h"

#define ATTACH_US     (10 * MM_SECOND_US)
#define VERDICT_BYTES 200

struct mm_stitch *
mm_stitch_new(struct mm_load *l)
{
	struct mm_stitch *s = mm_calloc(1, sizeof(*s));

	s->load = l;
	s->joins = mm_joins_new();
	mm_locals_init(&s->locals);
	mm_open_init(&s->open, l);
	mm_intern_init(&s->roots);
	mm_intern_init(&s->refusals.seen);
	mm_buf_init(&s->args, (size_t)1 << 20);
	mm_buf_init(&s->last_origin, 4096);
	return s;
}

void
mm_stitch_free(struct mm_stitch *s)
{
	if (s == NULL)
		return;
	mm_joins_free(s->joins);
	mm_locals_fini(&s->locals);
	mm_open_fini(&s->open);
	mm_sessions_fini(&s->sessions);
	mm_intern_fini(&s->roots);
	mm_intern_fini(&s->refusals.seen);
	free(s->refusals.told);
	mm_buf_fini(&s->args);
	mm_buf_fini(&s->last_origin);
	free(s);
}

/* The instance without the per-service levels: "postfix-out/slow" is the
 * queue of "postfix-out". */
static struct mm_str
root_of(struct mm_str instance)
{
	return mm_str_upto(instance, mm_str_findc(instance, '/'));
}

static void
find_origin(struct mm_stitch *s)
{
	const struct mm_record *r = s->r;
	struct mm_str root = root_of(r->instance);
	char key[2] = { (char)r->mta, '\0' };

	mm_buf_clear(&s->args);
	mm_buf_add(&s->args, key, sizeof(key));
	mm_buf_adds(&s->args, r->host);
	mm_buf_addc(&s->args, '\0');
	mm_buf_adds(&s->args, root);
	if (s->last_origin_id == 0 ||
	    !mm_str_eq(mm_buf_str(&s->args), mm_buf_str(&s->last_origin))) {
		struct mm_str host = r->host.p != NULL ? r->host : MM_STR("");
		struct mm_str name = root.p != NULL ? root : MM_STR("");

		mm_buf_clear(&s->last_origin);
		mm_buf_adds(&s->last_origin, mm_buf_str(&s->args));
		s->last_host = mm_load_name(s->load, host);
		s->last_root = mm_intern_add(&s->roots, name);
		s->last_origin_id = mm_load_origin(
		    s->load, host, mm_str_z(mm_mta_name(r->mta)), name);
	}
	s->where.host = s->last_host;
	s->where.root = s->last_root;
	s->where.origin = s->last_origin_id;
}

uint32_t
mm_stitch_address(struct mm_stitch *s, struct mm_str a)
{
	size_t at = mm_str_find_last(a, "@"), i;

	if (at == MM_NOT_FOUND)
		return mm_load_address(s->load, a);
	for (i = at; i < a.n && (a.p[i] < 'A' || a.p[i] > 'Z'); i++)
		;
	if (i == a.n)
		return mm_load_address(s->load, a);
	mm_buf_clear(&s->args);
	mm_buf_adds(&s->args, a);
	for (i = at; i < s->args.n; i++)
		if (s->args.p[i] >= 'A' && s->args.p[i] <= 'Z')
			s->args.p[i] = (char)(s->args.p[i] + 32);
	return mm_load_address(s->load, mm_buf_str(&s->args));
}

/* ---- what each record does to a life ---- */

void
mm_stitch_message_id(struct mm_life *l, struct mm_str id)
{
	if (id.p == NULL || l->message_id != NULL)
		return;
	l->message_id = mm_alloc(id.n + 1);
	memcpy(l->message_id, id.p, id.n);
	l->message_id[id.n] = '\0';
	l->n_message_id = id.n;
}

static void
take_details(struct mm_stitch *s, struct mm_life *l)
{
	const struct mm_record *r = s->r;

	/* A Resent-Message-ID names a forwarding, not the mail. */
	if (!mm_str_is(r->text, "resent"))
		mm_stitch_message_id(l, r->message_id);
	if (r->sender.p != NULL && l->sender == 0)
		l->sender = mm_stitch_address(s, r->sender);
	if (r->size_bytes >= 0)
		l->size = r->size_bytes;
	if (r->n_recipients >= 0 && r->event != MM_EV_ATTEMPT)
		l->nrcpt = r->n_recipients;
	if (r->client_name.p != NULL && l->client_name == 0)
		l->client_name = mm_load_name(s->load, r->client_name);
	if (r->client_ip.p != NULL && l->client_ip == 0)
		l->client_ip = mm_load_name(s->load, r->client_ip);
	if (r->sasl_user.p != NULL && l->sasl == 0)
		l->sasl = mm_load_name(s->load, r->sasl_user);
	if (r->mta == MM_MTA_SENDMAIL && r->event == MM_EV_ARRIVAL)
		mm_stitch_login(s, l);
	if (r->session.p == NULL ||
	    (r->mta != MM_MTA_OPENSMTPD && r->mta != MM_MTA_HARAKA))
		return;
	mm_sessions_fill(&s->sessions, s->where.host, r->session, MM_TIME_NONE,
			 l);
	if (r->mta == MM_MTA_OPENSMTPD && r->event != MM_EV_ATTEMPT &&
	    r->sender.p != NULL)
		mm_sessions_sender(&s->sessions, s->where.host, r->session,
				   mm_stitch_address(s, r->sender));
}

static void
remember_client(struct mm_stitch *s, struct mm_life *l)
{
	uint32_t slot =
	    (s->where.host * 31 + s->r->pid) & (MM_STITCH_CLIENTS - 1);

	s->clients[slot] =
	    (struct mm_stitch_client){ s->where.host, s->r->pid, l->id, l };
}

static void
on_arrival(struct mm_stitch *s)
{
	struct mm_life *l = mm_open_find(&s->open, &s->where, s->r->queue_id);

	/* Lines of two processes may change places, but not by much. Exim tells
	 * of cutthrough delivery before the arrival. */
	if (l != NULL && (l->closed || l->arrived ||
			  (l->active && s->r->mta != MM_MTA_EXIM) ||
			  s->r->t_us > l->first_us + ATTACH_US)) {
		mm_open_end(&s->open, l);
		l = NULL;
	}
	if (l == NULL)
		l = mm_open_begin(&s->open, &s->where, s->r->queue_id);
	mm_trail_add(&l->trail, s->where.at);
	l->arrived = true;
	l->flags &= ~(unsigned)MM_MSG_NO_START;
	l->arrived_us = s->r->t_us;
	l->pid = s->r->pid;
	if (s->r->t_us < l->first_us)
		l->first_us = s->r->t_us;
	take_details(s, l);
	remember_client(s, l);
}

static uint64_t
client_key(const struct mm_stitch *s)
{
	return mm_clients_key(s->where.origin, s->r->pid);
}

static void
on_detail(struct mm_stitch *s)
{
	struct mm_life *l = mm_open_find(&s->open, &s->where, s->r->queue_id);

	/* A second Message-ID under one id is another mail whose arrival the
	 * logs do not hold. */
	if (l != NULL && l->closed && s->r->message_id.p != NULL &&
	    l->message_id != NULL) {
		mm_open_end(&s->open, l);
		l = NULL;
	}
	if (l == NULL) {
		l = mm_open_begin(&s->open, &s->where, s->r->queue_id);
		/* Postfix's own mail (notices, forwards) has no client: it
		 * begins with cleanup's line. */
		if (s->r->mta == MM_MTA_POSTFIX && s->r->message_id.p != NULL)
			l->flags &= ~(unsigned)MM_MSG_NO_START;
	}
	mm_trail_add(&l->trail, s->where.at);
	if (s->r->mta == MM_MTA_POSTFIX)
		mm_clients_drop(&s->tried, client_key(s));
	if (s->r->sender.p != NULL || s->r->mta == MM_MTA_HARAKA) {
		l->active = true;
		/* The client left, but after the end of its message. */
		if (l->flags & MM_MSG_CUT)
			mm_open_again(&s->open, l);
		if (s->r->mta == MM_MTA_POSTFIX)
			mm_open_mark_queue(&s->open, s->where.root);
	}
	take_details(s, l);
}

static void
on_recipient(struct mm_stitch *s)
{
	struct mm_life *l = mm_open_get(&s->open, &s->where, s->r->queue_id);
	uint32_t id, address = mm_stitch_address(s, s->r->recipient);
	struct mm_kept_recipient *r;

	take_details(s, l);
	if (s->r->mta == MM_MTA_QMAIL)
		mm_deliveries_note(&s->deliveries, s->where.host, s->r->session,
				   l, address);
	r = mm_life_recipient(&s->open.lives, l, address, &id);
	mm_kept_name(r, s->r);
	if (r->n_attempts == 0 && r->final == MM_FINAL_UNKNOWN)
		r->given = true;
	if (r->orig == 0)
		r->orig = mm_stitch_address(s, s->r->orig_recipient);
}

static uint32_t
dsn_number(struct mm_str dsn)
{
	uint64_t a = 0, b = 0, c = 0;

	/* 4.7.28 as 4007028: sorts and groups, and reads in SQL. */
	if (!mm_str_take_u64(&dsn, &a) || !mm_str_skip(&dsn, ".") ||
	    !mm_str_take_u64(&dsn, &b) || !mm_str_skip(&dsn, ".") ||
	    !mm_str_take_u64(&dsn, &c) || a > 9 || b > 999 || c > 999)
		return 0;
	return (uint32_t)(a * 1000000 + b * 1000 + c);
}

static uint8_t
attempt_flags(const struct mm_record *r)
{
	/* Postfix's own words for it; the others name the stage. */
	bool uncertain =
	    r->outcome != MM_OUT_SENT &&
	    mm_str_find(r->reply, "message may be sent more than once") !=
		MM_NOT_FOUND;

	return (uint8_t)((r->contact ? MM_ATT_CONTACT : 0) |
			 (uncertain ? MM_ATT_UNCERTAIN : 0));
}

uint32_t
mm_stitch_reply(struct mm_stitch *s, uint32_t relay)
{
	mm_buf_clear(&s->args);
	return mm_load_reply(s->load, s->r->reply, s->r->dsn, relay, &s->args);
}

struct mm_str
mm_stitch_args(const struct mm_stitch *s)
{
	return s->args.n > 0 ? mm_buf_str(&s->args) : MM_STR_ABSENT;
}

static void
note_handover(struct mm_stitch *s, const struct mm_life *l,
	      struct mm_kept_recipient *k, uint32_t id, uint32_t relay)
{
	struct mm_str next;
	enum mm_join kind;
	bool local = mm_load_relay_is_local(s->load, relay);

	if (s->r->outcome != MM_OUT_SENT)
		return;
	if (!mm_handover(s->r->reply, &next, &kind)) {
		k->here |= local;
		if (local || s->r->mta != MM_MTA_EXCHANGE ||
		    l->message_id == NULL)
			return;
		/* Its replies name no id: the Message-ID has to do. */
		next = (struct mm_str){ l->message_id, l->n_message_id };
		kind = MM_JOIN_MESSAGE_ID;
	}
	if (kind == MM_JOIN_QUEUED_AS && local)
		kind = MM_JOIN_FILTER;
	k->hop = mm_joins_hop(s->joins, id, next, s->r->t_us, kind, local,
			      s->where.at);
}

static void on_leg(struct mm_stitch *s);

/* What the process tried before, without a name of what for. */
static void
tie_legs(struct mm_stitch *s, struct mm_life *l)
{
	struct mm_row_place at;
	uint32_t leg;

	while (
	    s->r->mta == MM_MTA_POSTFIX &&
	    mm_clients_take(&s->tried, client_key(s), s->r->t_us, &leg, &at)) {
		struct mm_row row = { MM_ROW_TIE, { .tie = { leg, l->id } } };

		mm_trail_add(&l->trail, at);
		mm_load_row(s->load, &row);
	}
}

static bool
is_again(struct mm_stitch *s, const struct mm_life *l)
{
	return s->r->mta == MM_MTA_POSTFIX &&
	       mm_clients_again(&s->tried, client_key(s), l->id, s->r->t_us);
}

/* PowerMTA tells once what became of a recipient: told again, it is another
 * message that nothing else tells from this one. */
static bool
is_another(struct mm_stitch *s, const struct mm_life *l)
{
	uint32_t id;

	if (s->r->mta != MM_MTA_POWERMTA || s->r->outcome == MM_OUT_DEFERRED)
		return false;
	id = mm_life_find(&s->open.lives, l,
			  mm_stitch_address(s, s->r->recipient));
	return id != 0 && mm_kept_is_final(mm_open_recipient(&s->open, id));
}

/* The attempt in hand, of the recipient `id` of `l`. */
static void
attempt_of(struct mm_stitch *s, const struct mm_life *l, uint32_t id)
{
	const struct mm_record *r = s->r;
	struct mm_kept_recipient *k = mm_open_recipient(&s->open, id);
	uint32_t relay, reply;
	struct mm_row row;
	struct mm_row_attempt *a = &row.u.attempt;

	relay =
	    mm_load_relay(s->load, r->relay_name, r->relay_ip, r->relay_port);
	reply = mm_stitch_reply(s, relay);
	if (r->mta == MM_MTA_SENDMAIL && r->outcome == MM_OUT_SENT &&
	    r->relay_ip.p == NULL && mm_load_relay_is_local(s->load, relay))
		mm_locals_note(&s->locals, s->where.origin, r->recipient);
	mm_kept_apply(k, r, reply, relay);
	row.kind = MM_ROW_ATTEMPT;
	*a = (struct mm_row_attempt){
		.recipient = id,
		.relay = relay,
		.reply = reply,
		.dsn = dsn_number(r->dsn),
		.args = mm_stitch_args(s),
		.t_us = r->t_us,
		.delay_us = r->delay_us,
		.outcome = (uint8_t)r->outcome,
		.flags = attempt_flags(r) |
			 (uint8_t)(mm_stitch_is_secure(s) ? MM_ATT_SECURE : 0) |
			 (uint8_t)(is_again(s, l) ? MM_ATT_AGAIN : 0),
		.at = s->where.at,
	};
	memcpy(a->delays_us, r->delays_us, sizeof(a->delays_us));
	mm_load_row(s->load, &row);
	note_handover(s, l, k, id, relay);
}

/* The same, of all that it may be of. */
static void
attempt_of_picked(struct mm_stitch *s, struct mm_life *l)
{
	if (mm_stitch_pick(s, l) == 0)
		on_leg(s);
	for (uint32_t id = l->first_recipient; id != 0;
	     id = mm_open_recipient(&s->open, id)->next) {
		if (!mm_open_recipient(&s->open, id)->picked)
			continue;
		mm_open_recipient(&s->open, id)->picked = false;
		attempt_of(s, l, id);
	}
}

static void
on_attempt(struct mm_stitch *s)
{
	const struct mm_record *r = s->r;
	struct mm_life *l = NULL;
	const struct mm_delivery *d = NULL;
	uint32_t id;
	struct mm_kept_recipient *k;

	if (r->queue_id.p != NULL)
		l = mm_open_find(&s->open, &s->where, r->queue_id);
	else if ((d = mm_deliveries_find(&s->deliveries, s->where.host,
					 r->session)) != NULL)
		l = d->life;
	else {
		on_leg(s); /* of a message that is not known */
		return;
	}
	if (l != NULL && is_another(s, l)) {
		mm_open_end(&s->open, l);
		l = NULL;
	}
	if (l == NULL) {
		l = mm_open_begin(&s->open, &s->where, r->queue_id);
		if (r->delay_us >= 0 && r->t_us != MM_TIME_NONE)
			l->arrived_us = r->t_us - r->delay_us;
		/* Each row of PowerMTA tells the beginning. */
		if (r->mta == MM_MTA_POWERMTA && r->delay_us >= 0)
			l->flags &= ~(unsigned)MM_MSG_NO_START;
	}
	tie_legs(s, l);
	mm_trail_add(&l->trail, s->where.at);
	l->active = true;
	take_details(s, l);
	if (mm_stitch_names_none(r)) {
		attempt_of_picked(s, l);
		return;
	}
	k = mm_life_recipient(
	    &s->open.lives, l,
	    d != NULL ? d->address : mm_stitch_address(s, r->recipient), &id);
	mm_kept_name(k, r);
	if (k->orig == 0 && r->orig_recipient.p != NULL &&
	    !mm_str_eq(r->orig_recipient, r->recipient))
		k->orig = mm_stitch_address(s, r->orig_recipient);
	attempt_of(s, l, id);
}

static void
on_leg(struct mm_stitch *s)
{
	const struct mm_record *r = s->r;
	struct mm_life *l = r->queue_id.p != NULL
				? mm_open_find(&s->open, &s->where, r->queue_id)
				: NULL;
	struct mm_row row = { MM_ROW_LEG,
			      { .leg = { .message = l != NULL ? l->id : 0,
					 .origin = s->where.origin,
					 .t_us = r->t_us,
					 .flags = attempt_flags(r),
					 .at = s->where.at } } };
	struct mm_row_leg *leg = &row.u.leg;

	if (l != NULL)
		mm_trail_add(&l->trail, s->where.at);
	leg->relay =
	    mm_load_relay(s->load, r->relay_name, r->relay_ip, r->relay_port);
	if (leg->relay == 0 && r->session.p != NULL)
		leg->relay =
		    mm_sessions_relay(&s->sessions, s->where.host, r->session);
	leg->reply = mm_stitch_reply(s, leg->relay);
	leg->args = mm_stitch_args(s);
	mm_load_row(s->load, &row);
	mm_clients_leg(&s->tried,
		       l == NULL && r->mta == MM_MTA_POSTFIX ? client_key(s)
							     : 0,
		       r->t_us, s->where.at);
	if (l != NULL && (leg->flags & MM_ATT_UNCERTAIN) != 0)
		mm_clients_lost(&s->tried, client_key(s), l->id, r->t_us);
}

void
mm_stitch_step(struct mm_stitch *s, const struct mm_life *l, const char *kind)
{
	mm_load_row(s->load,
		    &(struct mm_row){
			MM_ROW_STEP,
			{ .step = { l->id, s->r->t_us, kind, s->where.at } } });
}

void
mm_stitch_finish(struct mm_stitch *s, const struct mm_life *l, uint32_t address,
		 uint8_t final)
{
	uint32_t reply = s->r->reply.p != NULL ? mm_stitch_reply(s, 0) : 0;

	for (uint32_t id = l->first_recipient; id != 0;
	     id = mm_open_recipient(&s->open, id)->next) {
		struct mm_kept_recipient *k = mm_open_recipient(&s->open, id);

		if (mm_kept_is_final(k) ||
		    (address != 0 && k->address != address))
			continue;
		k->final = final;
		k->final_us = s->r->t_us;
		/* What an earlier try was told counts for more. */
		if (k->reply == 0)
			k->reply = reply;
	}
}

static void
finish(struct mm_stitch *s, struct mm_life *l, uint8_t final)
{
	uint32_t address = 0, id;

	if (s->r->recipient.p != NULL) {
		address = mm_stitch_address(s, s->r->recipient);
		mm_kept_name(mm_life_recipient(&s->open.lives, l, address, &id),
			     s->r);
	}
	mm_stitch_finish(s, l, address, final);
}

static void
on_expired(struct mm_stitch *s)
{
	struct mm_life *l = mm_open_get(&s->open, &s->where, s->r->queue_id);

	if (is_another(s, l)) {
		mm_open_end(&s->open, l);
		l = mm_open_begin(&s->open, &s->where, s->r->queue_id);
	}
	take_details(s, l);
	if (mm_stitch_names_none(s->r))
		mm_stitch_expire_part(s, l);
	else
		finish(s, l, MM_FINAL_EXPIRED);
	mm_stitch_step(s, l, "expired");
}

static void
on_deleted(struct mm_stitch *s)
{
	struct mm_life *l = mm_open_get(&s->open, &s->where, s->r->queue_id);

	/* Exim's "cancelled" tells the sender, its "removed" does not. */
	l->flags |= MM_MSG_DELETED;
	finish(s, l,
	       s->r->outcome == MM_OUT_BOUNCED ? MM_FINAL_BOUNCED
					       : MM_FINAL_DELETED);
	mm_stitch_step(s, l, "deleted");
	if (s->r->recipient.p == NULL)
		mm_open_close(&s->open, l, s->r->t_us);
}

static void
on_held(struct mm_stitch *s)
{
	struct mm_life *l = mm_open_get(&s->open, &s->where, s->r->queue_id);

	l->flags |= MM_MSG_HELD;
	mm_stitch_step(s, l, s->r->event == MM_EV_FROZEN ? "frozen" : "held");
	if (s->r->event == MM_EV_FROZEN)
		mm_open_freeze(&s->open, l);
}

static void
on_released(struct mm_stitch *s)
{
	struct mm_life *l = mm_open_get(&s->open, &s->where, s->r->queue_id);

	l->flags &= ~(unsigned)MM_MSG_HELD;
	mm_stitch_step(s, l, "released");
}

static void
on_requeued(struct mm_stitch *s)
{
	struct mm_life *l = mm_open_get(&s->open, &s->where, s->r->queue_id);

	l->flags |= MM_MSG_REQUEUED;
	mm_stitch_step(s, l, "requeued");
	mm_open_close(&s->open, l, s->r->t_us);
}

static void
on_done(struct mm_stitch *s)
{
	struct mm_life *l = mm_open_get(&s->open, &s->where, s->r->queue_id);

	/* They log recipients only: of several the last one ends. */
	if ((s->r->mta == MM_MTA_KUMOMTA || s->r->mta == MM_MTA_HARAKA) &&
	    mm_stitch_waiting(s, l))
		return;
	if (s->r->mta == MM_MTA_POSTFIX)
		mm_open_mark_queue(&s->open, s->where.root);
	mm_open_close(&s->open, l, s->r->t_us);
}

/* The client left: the message of its process, if it has not been queued. */
static void
on_cut(struct mm_stitch *s)
{
	struct mm_stitch_client *c =
	    &s->clients[(s->where.host * 31 + s->r->pid) &
			(MM_STITCH_CLIENTS - 1)];
	struct mm_life *l;

	if (s->r->queue_id.p != NULL) {
		l = s->r->mta == MM_MTA_HARAKA
			? mm_open_find(&s->open, &s->where, s->r->queue_id)
			: mm_open_get(&s->open, &s->where, s->r->queue_id);
		if (l == NULL)
			return;
	} else {
		if (c->life == NULL || c->host != s->where.host ||
		    c->pid != s->r->pid || c->life->id != c->message)
			return;
		l = c->life;
		c->life = NULL;
	}
	if (l->active || l->closed)
		return;
	mm_trail_add(&l->trail, s->where.at);
	l->flags |= MM_MSG_CUT;
	mm_open_close(&s->open, l, s->r->t_us);
}

static void
add_event(struct mm_stitch *s, const char *kind, const char *what)
{
	mm_load_row(s->load, &(struct mm_row){
				 MM_ROW_EVENT,
				 { .event = { s->where.origin, s->r->t_us, kind,
					      what, s->r->program, s->r->text,
					      s->where.at } } });
}

static void
on_daemon(struct mm_stitch *s)
{
	add_event(s, "daemon", mm_daemon_name(s->r->daemon));
}

static void
on_trouble(struct mm_stitch *s)
{
	add_event(s, "trouble", mm_trouble_name(s->r->trouble));
}

/* It makes no life: where none is known yet it is tied at the end. */
static void
on_verdict(struct mm_stitch *s)
{
	const struct mm_record *r = s->r;
	struct mm_life *l = r->queue_id.p != NULL
				? mm_open_find(&s->open, &s->where, r->queue_id)
				: NULL;
	struct mm_row row = { MM_ROW_VERDICT,
			      { .verdict = {
				    .message = l != NULL ? l->id : 0,
				    .origin = s->where.origin,
				    .t_us = r->t_us,
				    .opinion = mm_opinion_name(r->opinion),
				    .program = r->program,
				    .score = r->score,
				    .text = mm_str_upto(r->text, VERDICT_BYTES),
				    .queue_id = r->queue_id,
				    .message_id = r->message_id,
				    .client_ip = r->client_ip,
				    .sender = r->sender,
				    .recipient = r->recipient,
				    .at = s->where.at } } };

	if (l != NULL)
		mm_trail_add(&l->trail, s->where.at);
	mm_load_row(s->load, &row);
}

void
mm_stitch_record(struct mm_stitch *s, const struct mm_record *r,
		 struct mm_row_place at)
{
	static void (*const on[MM_EV_COUNT])(struct mm_stitch *) = {
		[MM_EV_ARRIVAL] = on_arrival,
		[MM_EV_DETAIL] = on_detail,
		[MM_EV_RECIPIENT] = on_recipient,
		[MM_EV_ATTEMPT] = on_attempt,
		[MM_EV_LEG] = on_leg,
		[MM_EV_EXPIRED] = on_expired,
		[MM_EV_NOTICE] = mm_stitch_notice,
		[MM_EV_SAME_MAIL] = mm_stitch_same_mail,
		[MM_EV_HELD] = on_held,
		[MM_EV_RELEASED] = on_released,
		[MM_EV_FROZEN] = on_held,
		[MM_EV_DELETED] = on_deleted,
		[MM_EV_REQUEUED] = on_requeued,
		[MM_EV_DONE] = on_done,
		[MM_EV_CUT] = on_cut,
		[MM_EV_REJECT] = mm_stitch_refusal,
		[MM_EV_CONNECT] = mm_stitch_session,
		[MM_EV_DISCONNECT] = mm_stitch_session,
		[MM_EV_DAEMON] = on_daemon,
		[MM_EV_TROUBLE] = on_trouble,
		[MM_EV_VERDICT] = on_verdict,
	};

	mm_load_expect(s->load, r);
	s->r = r;
	s->where.at = at;
	s->where.t_us = r->t_us;
	s->where.mta = (uint8_t)r->mta;
	find_origin(s);
	on[r->event](s);
}

static void
write_recipients(struct mm_stitch *s)
{
	for (uint32_t id = 1; id <= s->open.lives.recipients.n; id++) {
		const struct mm_kept_recipient *k =
		    mm_open_recipient(&s->open, id);
		struct mm_row row = { MM_ROW_RECIPIENT,
				      { .recipient = {
					    .id = id,
					    .message = k->message,
					    .address = k->address,
					    .orig = k->orig,
					    .reply = k->reply,
					    .relay = k->relay,
					    .heir = k->heir,
					    .envelope = k->envelope,
					    .n_attempts = k->n_attempts,
					    .final = k->final,
					    .final_us = k->final_us,
					} } };

		if (k->gone)
			continue;
		row.u.recipient.address =
		    mm_locals_qualify(&s->locals, s->load,
				      ((struct mm_kept_message *)mm_kept_at(
					   &s->open.lives.messages, k->message))
					  ->origin,
				      k->address);
		row.u.recipient.next =
		    mm_joins_next(s->joins, k, &row.u.recipient.proof);
		mm_load_row(s->load, &row);
	}
}

void
mm_stitch_end(struct mm_stitch *s)
{
	mm_sessions_end(&s->sessions, s->load);
	mm_open_end_all(&s->open);
	mm_joins_settle(s->joins, &s->open.lives, s->load);
	write_recipients(s);
}
