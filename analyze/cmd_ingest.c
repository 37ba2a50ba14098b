#include "analyze/front.h"
#include "analyze/verbs.h"

static int
run(int argc, const char *const *argv)
{
	struct mm_front f = { 0 };
	const struct mm_option options[] = {
		MM_FRONT_OPTIONS(f),
		{ 0, "fix-skew", MM_OPT_FLAG, &f.fix_skew, NULL,
		  "take the difference of clocks off the times" },
		{ 0, "embed", MM_OPT_FLAG, &f.embed, NULL,
		  "put the sources into the case, too" },
	};
	const struct mm_usage usage = {
		.verb = "ingest",
		.summary = "evidence into a case file",
		.synopsis = "ingest -c CASE PATH...",
		.details =
		    "PATH is a log, a folder, an archive, a spool or a queue "
		    "listing; `-` is\nstandard input. What each is is told by "
		    "its content. A case that is there\nalready grows: all its "
		    "evidence is read again together with the new. The\ncase "
		    "is there whole or not at all.\n\n"
		    "Exit status: 0 done, 2 nothing could be done, 3 done, but "
		    "more of the\nmail lines was not understood than "
		    "--max-unknown.\n",
		.options = options,
		.n_options = MM_COUNT(options),
	};

	return mm_front_make(&usage, &f, argc, argv, mm_front_ingest);
}

const struct mm_verb mm_verb_ingest = {
	.name = "ingest",
	.summary = "logs, spools and listings into a case file",
	.run = run,
};
