/* engine_lab.h - play a scenario written in a test and keep its attempts.
 */
#ifndef MM_ENGINE_LAB_H
#define MM_ENGINE_LAB_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "formats/base/digest.h"
#include "formats/base/json.h"
#include "formats/base/mem.h"
#include "replay/engine/receiver.h"
#include "replay/engine/run.h"

struct lab {
	struct mm_scenario s;
	struct mm_outcome out;
	struct mm_attempt *log; /* in the order of the numbers */
	size_t n, cap;
	struct mm_buf text; /* the canonical log */
	char hex[MM_SHA256_HEX];
};

static inline void
lab_keep(void *ctx, uint64_t number, const struct mm_attempt *a)
{
	struct lab *l = ctx;

	assert_int_equal(number, l->n + 1);
	l->log = mm_grow(l->log, l->n, &l->cap, sizeof(*l->log));
	l->log[l->n++] = *a;
	if (l->s.n_ids > 0)
		mm_outcome_log_line(&l->s, number, a, &l->text);
}

static inline void
lab_play(struct lab *l)
{
	const struct mm_run_hooks hooks = { .ctx = l, .attempt = lab_keep };
	struct mm_sha256 *h = mm_sha256_new();

	mm_buf_init(&l->text, SIZE_MAX / 2);
	mm_run(&l->s, &hooks, &l->out);
	mm_sha256_add(h, l->text.p, l->text.n);
	mm_sha256_hex(h, l->hex);
}

static inline void
lab_play_json(struct lab *l, struct mm_str json)
{
	struct mm_err err = { 0 };

	*l = (struct lab){ 0 };
	mm_scenario_init(&l->s);
	if (mm_scenario_read(&l->s, json, &err) != MM_OK)
		fail_msg("%s", err.text);
	lab_play(l);
}

/* The same from a format in which ' stands for ". */
static inline void __attribute__((format(printf, 2, 3)))
lab_play_text(struct lab *l, const char *fmt, ...)
{
	static char text[65536];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	assert_in_range(n, 1, sizeof(text) - 1);
	for (char *p = text; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	lab_play_json(l, (struct mm_str){ text, (size_t)n });
}

static inline void
lab_end(struct lab *l)
{
	mm_scenario_fini(&l->s);
	mm_outcome_fini(&l->out);
	mm_buf_fini(&l->text);
	free(l->log);
}

#endif
