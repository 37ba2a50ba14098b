#include "formats/spools/formats.h"

/* What Sendmail remembers of each host (hoststat(8)): a letter and a value a
 * line, as in queue files. Known, so that it is not taken for a log; the same
 * is in the log with more. */
static bool
probe(const struct mm_leaf *leaf, struct mm_str *top)
{
	*top = mm_str_upto(leaf->name, 0);
	return mm_str_starts(leaf->head, "V0\nE") &&
	       mm_str_find(leaf->head, "\nS") != MM_NOT_FOUND &&
	       mm_str_find(leaf->head, "\nU") != MM_NOT_FOUND;
}

static void *
begin(struct mm_str top)
{
	(void)top;
	return NULL;
}

static void
file(void *state, const struct mm_leaf *leaf)
{
	(void)state;
	(void)leaf;
}

static void
finish(void *state, const struct mm_spool_sink *sink)
{
	(void)state;
	(void)sink;
}

const struct mm_spool_format mm_spool_sendmail_hoststat = {
	.name = "sendmail host status",
	.source = "Sendmail 8.17 mci.c mci_store_persistent()",
	.probe = probe,
	.begin = begin,
	.file = file,
	.finish = finish,
};
