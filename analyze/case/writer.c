#include <pthread.h>
#include <stdlib.h>

#include "analyze/case/writer.h"
#include "formats/base/arena.h"
#include "formats/base/mem.h"

#define BATCH_ROWS 2048
#define N_BATCHES  4

struct batch {
	struct mm_row *rows; /* owned */
	size_t n;
	struct mm_arena texts;
};

struct mm_writer {
	struct mm_query *q[MM_ROW_KINDS];
	struct batch ring[N_BATCHES];
	struct batch *filling; /* of the caller's thread */
	/* Under `lock`: batches from `first` on, `n_full` of them. */
	size_t first, n_full;
	bool over;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	struct mm_err failed; /* of the writer's thread; MM_OK: none */
};

static const char *const inserts[MM_ROW_KINDS] = {
	[MM_ROW_MESSAGE] =
	    "INSERT INTO message VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
	    "?,?)",
	[MM_ROW_RECIPIENT] =
	    "INSERT INTO recipient VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[MM_ROW_ATTEMPT] =
	    "INSERT INTO attempt VALUES(NULL,?,?,?,?,?,?,?,?,?,?,?,?,"
	    "?,?,?)",
	[MM_ROW_LEG] = "INSERT INTO leg VALUES(NULL,?,?,?,?,?,?,?,?,?)",
	[MM_ROW_TIE] = "UPDATE leg SET message = ?2 WHERE id = ?1",
	[MM_ROW_STEP] = "INSERT INTO step VALUES(?,?,?,?,?)",
	[MM_ROW_EDGE] = "INSERT INTO edge VALUES(?,?,?,?,?,?,?)",
	[MM_ROW_REJECT] =
	    "INSERT INTO reject VALUES(NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,"
	    "?,?,?)",
	[MM_ROW_EVENT] = "INSERT INTO event VALUES(NULL,?,?,?,?,?,?,?,?)",
	[MM_ROW_VERDICT] = "INSERT INTO verdict VALUES(NULL,?1,"
			   " CASE WHEN ?1 IS NULL THEN NULL ELSE 'queue id'"
			   " END,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,"
			   "NULL)",
	[MM_ROW_NAME] = "INSERT INTO name VALUES(?,?)",
	[MM_ROW_ADDRESS] = "INSERT INTO address VALUES(?,?,?)",
};

/* References: 0 is NULL. */
static void
bind_id(struct mm_query *q, int at, uint32_t id)
{
	if (id == 0)
		mm_query_bind_null(q, at);
	else
		mm_query_bind_int(q, at, id);
}

/* Sizes, counts, spans: negative is NULL. */
static void
bind_size(struct mm_query *q, int at, int64_t v)
{
	if (v < 0)
		mm_query_bind_null(q, at);
	else
		mm_query_bind_int(q, at, v);
}

static void
bind_place(struct mm_query *q, int at, struct mm_row_place place)
{
	mm_query_bind_int(q, at, place.file);
	mm_query_bind_int(q, at + 1, place.line);
}

static void
bind_message(struct mm_query *q, const struct mm_row *row)
{
	const struct mm_row_message *r = &row->u.message;

	mm_query_bind_int(q, 0, r->id);
	bind_id(q, 1, r->origin);
	mm_query_bind_text(q, 2, r->queue_id);
	mm_query_bind_text(q, 3, r->message_id);
	bind_id(q, 4, r->sender);
	bind_size(q, 5, r->size);
	bind_size(q, 6, r->nrcpt);
	bind_id(q, 7, r->client_name);
	bind_id(q, 8, r->client_ip);
	bind_id(q, 9, r->sasl);
	mm_query_bind_time(q, 10, r->arrived_us);
	mm_query_bind_time(q, 11, r->ended_us);
	mm_query_bind_int(q, 12, r->flags);
	bind_place(q, 13, r->at);
	mm_query_bind_blob(q, 15, r->lines);
}

static void
bind_recipient(struct mm_query *q, const struct mm_row *row)
{
	const struct mm_row_recipient *r = &row->u.recipient;

	mm_query_bind_int(q, 0, r->id);
	mm_query_bind_int(q, 1, r->message);
	mm_query_bind_int(q, 2, r->address);
	bind_id(q, 3, r->orig);
	mm_query_bind_int(q, 4, r->final);
	mm_query_bind_time(q, 5, r->final_us);
	bind_id(q, 6, r->reply);
	bind_id(q, 7, r->relay);
	mm_query_bind_int(q, 8, r->n_attempts);
	bind_id(q, 9, r->next);
	bind_id(q, 10, r->heir);
	bind_id(q, 11, r->proof);
	bind_id(q, 12, r->envelope);
}

static void
bind_attempt(struct mm_query *q, const struct mm_row *row)
{
	const struct mm_row_attempt *r = &row->u.attempt;

	mm_query_bind_int(q, 0, r->recipient);
	mm_query_bind_time(q, 1, r->t_us);
	bind_id(q, 2, r->relay);
	bind_id(q, 3, r->reply);
	mm_query_bind_text(q, 4, r->args);
	mm_query_bind_int(q, 5, r->outcome);
	mm_query_bind_int(q, 6, r->flags);
	bind_id(q, 7, r->dsn);
	bind_size(q, 8, r->delay_us);
	for (int i = 0; i < 4; i++)
		bind_size(q, 9 + i, r->delays_us[i]);
	bind_place(q, 13, r->at);
}

static void
bind_leg(struct mm_query *q, const struct mm_row *row)
{
	const struct mm_row_leg *r = &row->u.leg;

	bind_id(q, 0, r->message);
	mm_query_bind_int(q, 1, r->origin);
	mm_query_bind_time(q, 2, r->t_us);
	bind_id(q, 3, r->relay);
	bind_id(q, 4, r->reply);
	mm_query_bind_text(q, 5, r->args);
	mm_query_bind_int(q, 6, r->flags);
	bind_place(q, 7, r->at);
}

static void
bind_tie(struct mm_query *q, const struct mm_row *row)
{
	mm_query_bind_int(q, 0, row->u.tie.leg);
	mm_query_bind_int(q, 1, row->u.tie.message);
}

static void
bind_step(struct mm_query *q, const struct mm_row *row)
{
	const struct mm_row_step *r = &row->u.step;

	bind_id(q, 0, r->message);
	mm_query_bind_time(q, 1, r->t_us);
	mm_query_bind_text(q, 2, mm_str_z(r->kind));
	bind_place(q, 3, r->at);
}

static void
bind_edge(struct mm_query *q, const struct mm_row *row)
{
	const struct mm_row_edge *r = &row->u.edge;

	mm_query_bind_int(q, 0, r->from);
	mm_query_bind_int(q, 1, r->to);
	bind_id(q, 2, r->recipient);
	mm_query_bind_int(q, 3, r->kind);
	mm_query_bind_int(q, 4, r->sure);
	bind_place(q, 5, r->at);
}

static void
bind_reject(struct mm_query *q, const struct mm_row *row)
{
	const struct mm_row_reject *r = &row->u.reject;

	mm_query_bind_int(q, 0, r->origin);
	mm_query_bind_time(q, 1, r->t_us);
	bind_id(q, 2, r->message);
	mm_query_bind_text(q, 3, r->queue_id);
	mm_query_bind_int(q, 4, r->action);
	mm_query_bind_text(q, 5, r->stage);
	bind_id(q, 6, r->client_name);
	bind_id(q, 7, r->client_ip);
	bind_id(q, 8, r->helo);
	bind_id(q, 9, r->sender);
	bind_id(q, 10, r->recipient);
	bind_id(q, 11, r->reply);
	mm_query_bind_text(q, 12, r->args);
	bind_id(q, 13, r->sasl);
	bind_place(q, 14, r->at);
}

static void
bind_event(struct mm_query *q, const struct mm_row *row)
{
	const struct mm_row_event *r = &row->u.event;

	mm_query_bind_int(q, 0, r->origin);
	mm_query_bind_time(q, 1, r->t_us);
	mm_query_bind_text(q, 2, mm_str_z(r->kind));
	mm_query_bind_text(q, 3, mm_str_z(r->what));
	mm_query_bind_text(q, 4, r->program);
	mm_query_bind_text(q, 5, r->text);
	bind_place(q, 6, r->at);
}

static void
bind_verdict(struct mm_query *q, const struct mm_row *row)
{
	const struct mm_row_verdict *r = &row->u.verdict;

	bind_id(q, 0, r->message);
	mm_query_bind_int(q, 1, r->origin);
	mm_query_bind_time(q, 2, r->t_us);
	mm_query_bind_text(q, 3, r->program);
	mm_query_bind_text(q, 4, mm_str_z(r->opinion));
	mm_query_bind_text(q, 5, r->score);
	mm_query_bind_text(q, 6, r->text);
	mm_query_bind_text(q, 7, r->queue_id);
	mm_query_bind_text(q, 8, r->message_id);
	mm_query_bind_text(q, 9, r->client_ip);
	mm_query_bind_text(q, 10, r->sender);
	mm_query_bind_text(q, 11, r->recipient);
	bind_place(q, 12, r->at);
}

static void
bind_name(struct mm_query *q, const struct mm_row *row)
{
	mm_query_bind_int(q, 0, row->u.word.id);
	mm_query_bind_text(q, 1, row->u.word.text);
}

static void
bind_address(struct mm_query *q, const struct mm_row *row)
{
	bind_name(q, row);
	bind_id(q, 2, row->u.word.domain);
}

static void (*const bind[MM_ROW_KINDS])(struct mm_query *q,
					const struct mm_row *row) = {
	[MM_ROW_MESSAGE] = bind_message, [MM_ROW_RECIPIENT] = bind_recipient,
	[MM_ROW_ATTEMPT] = bind_attempt, [MM_ROW_LEG] = bind_leg,
	[MM_ROW_TIE] = bind_tie,	 [MM_ROW_STEP] = bind_step,
	[MM_ROW_EDGE] = bind_edge,	 [MM_ROW_REJECT] = bind_reject,
	[MM_ROW_EVENT] = bind_event,	 [MM_ROW_VERDICT] = bind_verdict,
	[MM_ROW_NAME] = bind_name,	 [MM_ROW_ADDRESS] = bind_address,
};

static void
write_batch(struct mm_writer *w, struct batch *b)
{
	for (size_t i = 0; i < b->n && w->failed.code == MM_OK; i++) {
		struct mm_query *q = w->q[b->rows[i].kind];

		bind[b->rows[i].kind](q, &b->rows[i]);
		(void)mm_query_step(q, &w->failed);
	}
	b->n = 0;
	mm_arena_fini(&b->texts);
}

static void *
work(void *arg)
{
	struct mm_writer *w = arg;

	for (;;) {
		struct batch *b;

		(void)pthread_mutex_lock(&w->lock);
		while (w->n_full == 0 && !w->over)
			(void)pthread_cond_wait(&w->changed, &w->lock);
		b = w->n_full > 0 ? &w->ring[w->first] : NULL;
		(void)pthread_mutex_unlock(&w->lock);
		if (b == NULL)
			return NULL;
		write_batch(w, b);
		(void)pthread_mutex_lock(&w->lock);
		w->first = (w->first + 1) % N_BATCHES;
		w->n_full--;
		(void)pthread_cond_broadcast(&w->changed);
		(void)pthread_mutex_unlock(&w->lock);
	}
}

static void
free_writer(struct mm_writer *w)
{
	for (int i = 0; i < MM_ROW_KINDS; i++)
		mm_query_free(w->q[i]);
	for (size_t i = 0; i < N_BATCHES; i++) {
		free(w->ring[i].rows);
		mm_arena_fini(&w->ring[i].texts);
	}
	(void)pthread_mutex_destroy(&w->lock);
	(void)pthread_cond_destroy(&w->changed);
	free(w);
}

struct mm_writer *
mm_writer_new(struct mm_store *s, struct mm_err *err)
{
	struct mm_writer *w = mm_calloc(1, sizeof(*w));
	bool well = true;

	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->changed, NULL);
	for (size_t i = 0; i < N_BATCHES; i++) {
		w->ring[i].rows = mm_calloc(BATCH_ROWS, sizeof(struct mm_row));
		mm_arena_init(&w->ring[i].texts);
	}
	w->filling = &w->ring[0];
	for (int i = 0; i < MM_ROW_KINDS && well; i++) {
		w->q[i] = mm_query_new(s, inserts[i], err);
		well = w->q[i] != NULL;
	}
	if (well && pthread_create(&w->thread, NULL, work, w) != 0) {
		(void)mm_err_set(err, MM_EIO, "no thread for the case file");
		well = false;
	}
	if (!well) {
		free_writer(w);
		return NULL;
	}
	return w;
}

/* Hand over the batch in hand, and wait for a free one. */
static void
hand_over(struct mm_writer *w)
{
	(void)pthread_mutex_lock(&w->lock);
	w->n_full++;
	(void)pthread_cond_broadcast(&w->changed);
	while (w->n_full == N_BATCHES)
		(void)pthread_cond_wait(&w->changed, &w->lock);
	w->filling = &w->ring[(w->first + w->n_full) % N_BATCHES];
	(void)pthread_mutex_unlock(&w->lock);
}

static void
keep(struct batch *b, struct mm_str *text)
{
	*text = mm_arena_str(&b->texts, *text);
}

static void
keep_verdict(struct batch *b, struct mm_row_verdict *r)
{
	struct mm_str *const texts[] = {
		&r->program,	&r->score,     &r->text,   &r->queue_id,
		&r->message_id, &r->client_ip, &r->sender, &r->recipient,
	};

	for (size_t i = 0; i < MM_COUNT(texts); i++)
		keep(b, texts[i]);
}

static void
keep_texts(struct batch *b, struct mm_row *row)
{
	switch (row->kind) {
	case MM_ROW_MESSAGE:
		keep(b, &row->u.message.queue_id);
		keep(b, &row->u.message.message_id);
		keep(b, &row->u.message.lines);
		break;
	case MM_ROW_ATTEMPT:
		keep(b, &row->u.attempt.args);
		break;
	case MM_ROW_LEG:
		keep(b, &row->u.leg.args);
		break;
	case MM_ROW_REJECT:
		keep(b, &row->u.reject.queue_id);
		keep(b, &row->u.reject.stage);
		keep(b, &row->u.reject.args);
		break;
	case MM_ROW_EVENT:
		keep(b, &row->u.event.program);
		keep(b, &row->u.event.text);
		break;
	case MM_ROW_VERDICT:
		keep_verdict(b, &row->u.verdict);
		break;
	case MM_ROW_RECIPIENT:
	case MM_ROW_TIE:
	case MM_ROW_STEP:
	case MM_ROW_EDGE:
	case MM_ROW_NAME:
	case MM_ROW_ADDRESS:
	case MM_ROW_KINDS:
		break;
	}
}

void
mm_writer_add(struct mm_writer *w, const struct mm_row *row)
{
	struct batch *b = w->filling;

	b->rows[b->n] = *row;
	keep_texts(b, &b->rows[b->n]);
	if (++b->n == BATCH_ROWS)
		hand_over(w);
}

enum mm_status
mm_writer_end(struct mm_writer *w, struct mm_err *err)
{
	enum mm_status st;

	if (w->filling->n > 0)
		hand_over(w);
	(void)pthread_mutex_lock(&w->lock);
	w->over = true;
	(void)pthread_cond_broadcast(&w->changed);
	(void)pthread_mutex_unlock(&w->lock);
	(void)pthread_join(w->thread, NULL);
	st = w->failed.code;
	if (st != MM_OK)
		(void)mm_err_set(err, st, "%s", w->failed.text);
	free_writer(w);
	return st;
}
