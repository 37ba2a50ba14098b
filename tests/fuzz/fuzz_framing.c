/* Any bytes as a log: framed, and taken out of what may be around its lines.
 * Held to: every text lies in what was read, or in the envelope's own memory;
 * times are times; a line alone gives what it gave, as long as the framer is
 * in the same state. Seeds: test-corpus/framing. */
#include <stdlib.h>
#include <string.h>

#include "formats/base/digest.h"
#include "formats/read/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
check_text(struct mm_str s)
{
	if (s.p == NULL && s.n > 0)
		abort();
	(void)mm_hash64(s); /* reads all of it */
}

static void
check_line(const struct mm_line *line)
{
	check_text(line->raw);
	check_text(line->host);
	check_text(line->tag);
	check_text(line->text);
	if ((unsigned)line->framing >= MM_FRAME_COUNT || line->repeats == 0)
		abort();
	if (line->host.p != NULL && line->host.n == 0)
		abort();
}

static bool
is_same(const struct mm_line *a, const struct mm_line *b)
{
	return a->framing == b->framing && a->t_us == b->t_us &&
	       mm_str_eq(a->host, b->host) && mm_str_eq(a->tag, b->tag) &&
	       mm_str_eq(a->text, b->text) && a->pid == b->pid;
}

/* A broken record is told before the line that broke it. */
static enum mm_wrapped
unwrap(struct mm_envelope *e, struct mm_framer *f, struct mm_str raw,
       struct mm_line *line)
{
	enum mm_wrapped w = MM_WRAP_NONE;

	if (mm_envelope_wants(e, raw))
		w = mm_envelope_open(e, f, raw, line);
	if (w == MM_WRAP_NONE) {
		mm_frame(f, raw, line);
		w = mm_envelope_cri(e, f, line);
	}
	if (w != MM_WRAP_PART)
		check_line(line);
	return w;
}

static void
read_line(struct mm_envelope *e, struct mm_framer *f, struct mm_str raw)
{
	struct mm_framer before = *f;
	struct mm_line line, again;

	if (unwrap(e, f, raw, &line) == MM_WRAP_BROKEN &&
	    unwrap(e, f, raw, &line) == MM_WRAP_BROKEN)
		abort();
	*f = before;
	mm_frame(f, raw, &line);
	mm_frame(&before, raw, &again);
	check_line(&line);
	if (!is_same(&line, &again))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct mm_envelope *e = mm_envelope_new();
	char *copy = malloc(n + 1); /* of its size: overruns are seen */
	struct mm_framer framer;
	struct mm_str rest, raw;
	struct mm_line line;

	if (copy == NULL)
		abort();
	memcpy(copy, bytes, n);
	mm_framer_init(&framer, (int64_t)1700000000000000, MM_HOUR_US);
	rest = (struct mm_str){ copy, n };
	while (rest.n > 0) {
		if (!mm_str_cutc(&rest, '\n', &raw)) {
			raw = rest;
			rest.n = 0;
		}
		read_line(e, &framer, raw);
	}
	if (mm_envelope_end(e, &framer, &line) != MM_WRAP_NONE)
		check_line(&line);
	mm_envelope_free(e);
	free(copy);
	return 0;
}
