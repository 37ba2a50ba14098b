#include <stdlib.h>

#include "analyze/judge.h"
#include "formats/base/mem.h"

struct mm_judge_rules {
	int none;
};

static const char *
operator_of(void *ctx, struct mm_str host)
{
	(void)ctx;
	(void)host;
	return NULL;
}

static const char *
cause_of(void *ctx, const char *operator_name, struct mm_str reason,
	 const char **rule)
{
	(void)ctx;
	(void)operator_name;
	(void)reason;
	*rule = NULL;
	return "unknown";
}

struct mm_judge_rules *
mm_judge_open(const char *path, struct mm_judge *judge, struct mm_err *err)
{
	struct mm_judge_rules *r = mm_calloc(1, sizeof(*r));

	(void)path;
	(void)err;
	*judge = (struct mm_judge){ operator_of, cause_of, r };
	return r;
}

void
mm_judge_close(struct mm_judge_rules *r)
{
	free(r);
}
