#include <stdlib.h>

#include "analyze/cause/rules.h"
#include "analyze/judge.h"
#include "formats/base/mem.h"

struct mm_judge_rules {
	struct mm_rules *rules;
};

static const char *
operator_of(void *ctx, struct mm_str host)
{
	return mm_operator_of(mm_rules_operators(ctx), host);
}

static const char *
cause_of(void *ctx, const char *operator_name, struct mm_str reason,
	 const char **rule)
{
	struct mm_ruling ruling =
	    mm_rules_reason(ctx, operator_name, MM_STAGE_NONE, reason);

	*rule = ruling.rule;
	return mm_causes_get(mm_rules_causes(ctx), ruling.cause)->name;
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
	*judge = (struct mm_judge){ operator_of, cause_of, r->rules };
	return r;
}

void
mm_judge_close(struct mm_judge_rules *r)
{
	if (r == NULL)
		return;
	mm_rules_free(r->rules);
	free(r);
}
