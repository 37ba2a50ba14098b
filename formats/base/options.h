/* options.h - a verb's options as a table that parses and prints its help.
 *
 * GNU habits: `--name VALUE`, `--name=VALUE`, `-x VALUE`, `--` ends options,
 * options and words may mix. The same table feeds --help and completions.
 */
#ifndef MM_OPTIONS_H
#define MM_OPTIONS_H

#include "formats/base/buf.h"

enum mm_option_kind {
	MM_OPT_FLAG, /* bool */
	MM_OPT_TEXT, /* const char *, a view into argv */
	MM_OPT_LIST, /* struct mm_words: may be given several times */
	MM_OPT_INT,  /* int64_t */
	MM_OPT_SPAN, /* int64_t microseconds: 5m, 2h */
	MM_OPT_REAL  /* double; a trailing % divides by 100 */
};

struct mm_words {
	const char **v; /* owned array of views into argv */
	size_t n, cap;
};

struct mm_option {
	char letter;	  /* 0: none */
	const char *name; /* without the dashes */
	enum mm_option_kind kind;
	void *value; /* where it goes: a variable of the kind's type */
	const char *value_name; /* "FILE"; NULL for flags */
	const char *help;
};

struct mm_usage {
	const char *verb;     /* "trace" */
	const char *summary;  /* one line */
	const char *synopsis; /* "trace [-c CASE] WHAT [PATH...]" */
	const char *details;  /* paragraphs, may be NULL */
	const struct mm_option *options;
	size_t n_options;
};

/* Parse argv[1...]. Words that are no options go to `words` (the caller ends
 * it with mm_words_fini). MM_END: help was asked for, print mm_options_help.
 * MM_EUSAGE with `err` filled otherwise. */
enum mm_status mm_options_parse(const struct mm_usage *u, int argc,
				const char *const *argv, struct mm_words *words,
				struct mm_err *err);
void mm_options_help(const struct mm_usage *u, struct mm_buf *out);
void mm_words_add(struct mm_words *w, const char *word);
bool mm_words_has(const struct mm_words *w, const char *word);
void mm_words_add_new(struct mm_words *w, const char *word); /* once */
void mm_words_fini(struct mm_words *w);

#endif
