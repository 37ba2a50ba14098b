#include "analyze/front.h"
#include "analyze/verbs.h"

static int
run(int argc, const char *const *argv)
{
	struct mm_front f = { 0 };
	const struct mm_option options[] = {
		MM_FRONT_OPTIONS(f),
	};
	const struct mm_usage usage = {
		.verb = "merge",
		.summary = "several cases into a new one",
		.synopsis = "merge -c NEW CASE...",
		.details =
		    "The same case as one ingest of all that the cases were "
		    "made of. What a mail\nbecame may stand in another case's "
		    "logs, so all of the evidence is read again:\nfrom the "
		    "cases themselves when they were made with `ingest "
		    "--embed`, else from\nwhere it lay. Where that is not "
		    "possible, or would not be exact, nothing is\nmade and "
		    "the message says why. A file in several cases counts "
		    "once. Two\ncases that name one path for different files "
		    "(/var/log/mail.log of two hosts)\nkeep both: that of the "
		    "later one is named CASE!PATH.\n",
		.options = options,
		.n_options = MM_COUNT(options),
	};

	return mm_front_make(&usage, &f, argc, argv, mm_front_merge);
}

const struct mm_verb mm_verb_merge = {
	.name = "merge",
	.summary = "several cases into a new one",
	.run = run,
};
