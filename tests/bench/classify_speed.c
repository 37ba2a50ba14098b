/* classify_speed: how many replies a second the rules of causes judge on one
 * core. The replies are the samples of rules.tsv, each in turn, as Postfix logs
 * them: as a case does it, each shape of reply judged once; then each judged
 * anew, taken apart first; then the bare text. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "analyze/cause/rules.h"
#include "formats/base/intern.h"
#include "formats/base/mem.h"
#include "formats/mail/shape.h"

#define SECONDS 2.0

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct work {
	struct mm_rules *rules;
	struct mm_intern shapes;
	struct mm_buf shape, args;    /* scratch */
	struct mm_buf *reasons, fold; /* one a sample */
	size_t n, decided;
};

static void
judge_text(struct work *w, size_t i)
{
	const struct mm_sample *s = mm_rules_sample(w->rules, i);

	w->decided += mm_rules_classify(w->rules, &s->refusal).rule != NULL;
}

static void
judge_reason(struct work *w, size_t i)
{
	struct mm_reply r;
	struct mm_refusal f;

	mm_reply_parse(mm_buf_str(&w->reasons[i]), &w->fold, &r);
	f = (struct mm_refusal){ .code = r.code,
				 .enhanced = r.enhanced,
				 .stage = r.stage,
				 .text = r.text };
	w->decided += mm_rules_classify(w->rules, &f).rule != NULL;
}

static void
judge_shape(struct work *w, size_t i)
{
	size_t before = w->shapes.n;

	mm_buf_clear(&w->shape);
	mm_buf_clear(&w->args);
	mm_shape_split(mm_buf_str(&w->reasons[i]), &w->shape, &w->args);
	(void)mm_intern_add(&w->shapes, mm_buf_str(&w->shape));
	if (w->shapes.n > before)
		judge_reason(w, i);
	else
		w->decided++;
}

static void
measure(struct work *w, const char *what, void (*judge)(struct work *, size_t))
{
	double start, end;
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		judge(w, i); /* patterns are compiled when first asked */
	start = end = now();
	w->decided = 0;
	while (end - start < SECONDS) {
		for (size_t i = 0; i < w->n; i++)
			judge(w, i);
		n += w->n;
		end = now();
	}
	(void)printf("%-34s %9.2f million/s\n", what,
		     (double)n / (end - start) / 1e6);
}

int
main(void)
{
	struct mm_err err = { 0 };
	struct work w = { .rules = mm_rules_open(NULL, &err) };

	if (w.rules == NULL) {
		(void)fprintf(stderr, "classify_speed: %s\n", err.text);
		return 2;
	}
	w.n = mm_rules_n_samples(w.rules);
	w.reasons = mm_calloc(w.n, sizeof(*w.reasons));
	mm_buf_init(&w.fold, 1 << 16);
	mm_buf_init(&w.shape, 1 << 16);
	mm_buf_init(&w.args, 1 << 16);
	mm_intern_init(&w.shapes);
	for (size_t i = 0; i < w.n; i++) {
		const struct mm_refusal *f =
		    &mm_rules_sample(w.rules, i)->refusal;
		struct mm_buf *b = &w.reasons[i];

		mm_buf_init(b, 1 << 16);
		if (f->code > 0)
			mm_buf_addf(b,
				    "host mx.example.org[192.0.2.1] said: "
				    "%d ",
				    f->code);
		mm_buf_adds(b, f->enhanced);
		mm_buf_addz(b, f->enhanced.n > 0 ? " " : "");
		mm_buf_adds(b, f->text);
		if (f->code > 0)
			mm_buf_addz(b, " (in reply to RCPT TO command)");
	}
	(void)printf("\njudging replies, one core\n");
	measure(&w, "logged, each shape once", judge_shape);
	measure(&w, "logged, each anew", judge_reason);
	measure(&w, "the bare text, each anew", judge_text);
	for (size_t i = 0; i < w.n; i++)
		mm_buf_fini(&w.reasons[i]);
	free(w.reasons);
	mm_buf_fini(&w.fold);
	mm_buf_fini(&w.shape);
	mm_buf_fini(&w.args);
	mm_intern_fini(&w.shapes);
	mm_rules_free(w.rules);
	return 0;
}
