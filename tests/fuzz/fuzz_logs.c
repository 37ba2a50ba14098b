/* Any bytes as lines of a log, framed and read by whoever claims them. Held
 * to: a verdict for every line, records only with the verdict that says so,
 * every text of a record inside the line or the program, the same line read
 * twice gives the same. Seeds: the lines of test-corpus/FORMAT. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/digest.h"
#include "formats/logs/logs.h"
#include "formats/read/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

struct seen {
	size_t n_records;
	uint64_t hash;
};

static void
take_text(struct seen *s, struct mm_str text)
{
	if (text.p == NULL && text.n > 0)
		abort();
	s->hash = s->hash * 31 + mm_hash64(text); /* reads all of it */
}

static void
take(void *ctx, const struct mm_record *r)
{
	struct seen *s = ctx;
	const struct mm_str texts[] = {
		r->host,	   r->instance,	   r->program,	  r->queue_id,
		r->other_id,	   r->message_id,  r->sender,	  r->recipient,
		r->orig_recipient, r->client_name, r->client_ip,  r->helo,
		r->sasl_user,	   r->protocol,	   r->relay_name, r->relay_ip,
		r->transport,	   r->dsn,	   r->reply,	  r->stage,
		r->text,
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		take_text(s, texts[i]);
	if ((unsigned)r->event >= MM_EV_COUNT || r->relay_port > 65535 ||
	    r->delay_us < -1 || r->size_bytes < -1)
		abort();
	s->n_records++;
}

static void
read_line(const struct mm_line *line)
{
	struct seen first = { 0, 0 }, second = { 0, 0 };
	struct mm_emit emit = { take, &first, NULL };
	enum mm_verdict verdict = mm_logs_parse(NULL, line, &emit);

	if ((verdict == MM_LINE_RECORD) != (first.n_records > 0) ||
	    (verdict == MM_LINE_MALFORMED && emit.why == NULL))
		abort();
	emit.ctx = &second;
	if (mm_logs_parse(NULL, line, &emit) != verdict ||
	    first.n_records != second.n_records || first.hash != second.hash)
		abort();
}

/* "tag[pid]: text", as the corpus has its lines. */
static void
read_bare(struct mm_str raw)
{
	struct mm_line line = { .raw = raw, .text = raw, .repeats = 1 };
	struct mm_str head;

	if (mm_str_cut(&line.text, ": ", &head) && head.n > 0) {
		line.tag = mm_str_upto(head, mm_str_findc(head, '['));
		line.pid = 1;
	}
	read_line(&line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct mm_envelope *e = mm_envelope_new();
	struct mm_framer framer;
	struct mm_line line;
	char *copy = malloc(n + 1); /* of its size: overruns are seen */
	struct mm_str rest, raw;

	if (copy == NULL)
		return 0;
	memcpy(copy, bytes, n);
	rest = (struct mm_str){ copy, n };
	mm_framer_init(&framer, (int64_t)1700000000000000, 0);
	while (rest.n > 0) {
		if (!mm_str_cutc(&rest, '\n', &raw)) {
			raw = rest;
			rest.n = 0;
		}
		read_bare(raw);
		mm_frame(&framer, raw, &line);
		read_line(&line);
		if (mm_envelope_wants(e, raw) &&
		    mm_envelope_open(e, &framer, raw, &line) == MM_WRAP_LINE)
			read_line(&line);
	}
	mm_envelope_free(e);
	free(copy);
	return 0;
}
