/* verb.h - a verb of the command line: `mailmortem VERB ...`.
 *
 * Each verb is one cmd_VERB.c beside its work that exports one of these, a
 * line in its folder's verbs.h, and a row in mailmortem.c.
 */
#ifndef MM_VERB_H
#define MM_VERB_H

/* Exit status of the program (CONTRACT: "Exit status"). */
enum mm_exit {
	MM_EXIT_DONE = 0,
	MM_EXIT_NO_MATCH = 1,
	MM_EXIT_FATAL = 2,  /* or wrong usage */
	MM_EXIT_UNKNOWN = 3 /* done, but too much was not understood */
};

struct mm_verb {
	const char *name;
	const char *summary; /* one line for `mailmortem help` */
	/* argv[0] is the verb. Prints its own errors to stderr. */
	int (*run)(int argc, const char *const *argv);
};

#endif
