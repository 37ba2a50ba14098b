/* mailmortem.c - the table of verbs, and nothing else. */
#include <stdio.h>
#include <string.h>

#include "analyze/verbs.h"
#include "formats/base/status.h"
#include "formats/base/verb.h"
#include "formats/base/whole.h"
#include "replay/verbs.h"
#include "reports/verbs.h"

#define MM_VERSION "0.1"

static const struct mm_verb *const verbs[] = {
	&mm_verb_ingest,
	&mm_verb_merge,
	&mm_verb_export,
	&mm_verb_incidents,
	&mm_verb_causes,
	&mm_verb_summary,
	&mm_verb_trace,
	&mm_verb_queue,
	&mm_verb_replay,
	&mm_verb_classify,
	&mm_verb_explain,
	&mm_verb_report,
	NULL,
};

static int
help(FILE *to)
{
	(void)fprintf(to, "mailmortem - post-mortems of mail servers, offline\n"
	                  "\n"
	                  "usage: mailmortem VERB [OPTIONS] ...\n"
	                  "\n");
	for (size_t i = 0; i < MM_COUNT(verbs) && verbs[i] != NULL; i++)
		(void)fprintf(to, "  %-12s %s\n", verbs[i]->name,
		              verbs[i]->summary);
	(void)fprintf(to, "\n`mailmortem VERB --help` explains a verb.\n");
	return to == stdout ? MM_EXIT_DONE : MM_EXIT_FATAL;
}

int
main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	mm_whole_catch_signals();
	for (size_t i = 0; i < MM_COUNT(verbs) && verbs[i] != NULL; i++)
		if (strcmp(name, verbs[i]->name) == 0)
			return verbs[i]->run(argc - 1,
			                     (const char *const *)argv + 1);
	if (strcmp(name, "--version") == 0) {
		(void)printf("mailmortem %s\n", MM_VERSION);
		return MM_EXIT_DONE;
	}
	if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 ||
	    strcmp(name, "-h") == 0)
		return help(stdout);
	if (argc > 1)
		(void)fprintf(stderr, "mailmortem: no verb \"%s\"\n\n", name);
	return help(stderr);
}
