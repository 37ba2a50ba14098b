#include <stdlib.h>

#include "analyze/cause/rules.h"
#include "analyze/judge.h"
#include "formats/base/mem.h"

struct mm_judge_rules {
	struct mm_rules *rules;
	struct mm_buf fold;
};

static const char *
operator_of(void *ctx, struct mm_str host)
{
	const struct mm_judge_rules *r = ctx;

	return mm_operator_of(mm_rules_operators(r->rules), host);
}

/* In a log, a reason without a reply code is in the own server's words; where
 * no rule knows them, they are those of an operator (a transport that parks
 * mail, a table of his) or of a local program. */
static const char *
cause_of(void *ctx, const char *operator_name, struct mm_str reason,
	 struct mm_str dsn, const char **rule)
{
	struct mm_judge_rules *r = ctx;
	struct mm_reply reply;
	struct mm_refusal refusal;
	struct mm_ruling ruling;

	mm_reply_parse(reason, &r->fold, &reply);
	refusal = (struct mm_refusal){ .op = operator_name,
				       .code = reply.code,
				       .enhanced = reply.code > 0 ||
							   reply.enhanced.n > 0
						       ? reply.enhanced
						       : dsn,
				       .stage = reply.stage,
				       .text = reply.text };
	ruling = mm_rules_classify(r->rules, &refusal);
	*rule = ruling.rule;
	if (ruling.rule == NULL && reply.code == 0 && reply.text.n > 0) {
		*rule = "own-words";
		return "local_error";
	}
	return mm_causes_get(mm_rules_causes(r->rules), ruling.cause)->name;
}

struct mm_judge_rules *
mm_judge_open(const char *path, struct mm_judge *judge, struct mm_err *err)
{
	struct mm_judge_rules *r = mm_calloc(1, sizeof(*r));

	r->rules = mm_rules_open(path, err);
	if (r->rules == NULL) {
		free(r);
		return NULL;
	}
	mm_buf_init(&r->fold, SIZE_MAX);
	*judge = (struct mm_judge){ operator_of, cause_of, r };
	return r;
}

void
mm_judge_close(struct mm_judge_rules *r)
{
	if (r == NULL)
		return;
	mm_rules_free(r->rules);
	mm_buf_fini(&r->fold);
	free(r);
}
