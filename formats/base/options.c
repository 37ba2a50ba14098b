#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "formats/base/options.h"
#include "formats/base/time.h"

void
mm_words_add(struct mm_words *w, const char *word)
{
	w->v = mm_grow(w->v, w->n, &w->cap, sizeof(*w->v));
	w->v[w->n++] = word;
}

bool
mm_words_has(const struct mm_words *w, const char *word)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->v[i], word) == 0)
			return true;
	return false;
}

void
mm_words_add_new(struct mm_words *w, const char *word)
{
	if (!mm_words_has(w, word))
		mm_words_add(w, word);
}

void
mm_words_fini(struct mm_words *w)
{
	free(w->v);
	*w = (struct mm_words){ 0 };
}

static const struct mm_option *
by_name(const struct mm_usage *u, struct mm_str name)
{
	for (size_t i = 0; i < u->n_options; i++)
		if (mm_str_is(name, u->options[i].name))
			return &u->options[i];
	return NULL;
}

static const struct mm_option *
by_letter(const struct mm_usage *u, char letter)
{
	for (size_t i = 0; i < u->n_options; i++)
		if (u->options[i].letter == letter)
			return &u->options[i];
	return NULL;
}

static enum mm_status
store(const struct mm_option *o, const char *text, struct mm_err *err)
{
	struct mm_str s = mm_str_z(text);
	bool percent = mm_str_ends(s, "%"), ok = true;
	int64_t fixed;

	switch (o->kind) {
	case MM_OPT_FLAG:
		*(bool *)o->value = true;
		break;
	case MM_OPT_TEXT:
		*(const char **)o->value = text;
		break;
	case MM_OPT_LIST:
		mm_words_add(o->value, text);
		break;
	case MM_OPT_INT:
		ok = mm_str_to_i64(s, o->value);
		break;
	case MM_OPT_SPAN:
		ok = mm_time_parse_span(s, o->value);
		break;
	case MM_OPT_REAL:
		ok = mm_str_to_fixed(mm_str_upto(s, s.n - percent), 1000000000,
				     &fixed);
		if (ok)
			*(double *)o->value =
			    (double)fixed / (percent ? 1e11 : 1e9);
		break;
	}
	if (!ok)
		return mm_err_set(err, MM_EUSAGE,
				  "--%s: \"%s\" is not a %s, see --help",
				  o->name, text, o->value_name);
	return MM_OK;
}

/* One word that begins with a dash. `*value` is what stands behind `=` or
 * the letter, else NULL. */
static const struct mm_option *
find_option(const struct mm_usage *u, const char *word, const char **value)
{
	struct mm_str name = mm_str_z(word);

	*value = NULL;
	if (mm_str_skip(&name, "--")) {
		size_t at = mm_str_findc(name, '=');

		if (at != MM_NOT_FOUND)
			*value = name.p + at + 1;
		return by_name(u, mm_str_upto(name, at));
	}
	if (word[2] != '\0')
		*value = word + 2;
	return by_letter(u, word[1]);
}

static bool
is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

enum mm_status
mm_options_parse(const struct mm_usage *u, int argc, const char *const *argv,
		 struct mm_words *words, struct mm_err *err)
{
	enum mm_status st;
	bool ended = false;

	for (int i = 1; i < argc; i++) {
		const struct mm_option *o;
		const char *value;

		if (ended || argv[i][0] != '-' || argv[i][1] == '\0') {
			mm_words_add(words, argv[i]);
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			ended = true;
			continue;
		}
		if (is_help(argv[i]))
			return MM_END;
		o = find_option(u, argv[i], &value);
		if (o == NULL || (o->kind == MM_OPT_FLAG && value != NULL))
			return mm_err_set(err, MM_EUSAGE,
					  "%s: no option %s, see `mailmortem "
					  "%s --help`",
					  u->verb, argv[i], u->verb);
		if (o->kind != MM_OPT_FLAG && value == NULL) {
			if (i + 1 >= argc)
				return mm_err_set(err, MM_EUSAGE,
						  "%s: %s wants a %s", u->verb,
						  argv[i], o->value_name);
			value = argv[++i];
		}
		st = store(o, value, err);
		if (st != MM_OK)
			return st;
	}
	return MM_OK;
}

void
mm_options_help(const struct mm_usage *u, struct mm_buf *out)
{
	mm_buf_addf(out, "mailmortem %s - %s\n\nusage: mailmortem %s\n\n",
		    u->verb, u->summary, u->synopsis);
	for (size_t i = 0; i < u->n_options; i++) {
		const struct mm_option *o = &u->options[i];
		char left[64];

		(void)snprintf(left, sizeof(left), "%s%c%s--%s %s",
			       o->letter != 0 ? "-" : "",
			       o->letter != 0 ? o->letter : ' ',
			       o->letter != 0 ? ", " : "   ", o->name,
			       o->value_name != NULL ? o->value_name : "");
		mm_buf_addf(out, "  %-28s %s\n", left, o->help);
	}
	mm_buf_addf(out, "  %-28s %s\n", "-h, --help", "this text");
	if (u->details != NULL)
		mm_buf_addf(out, "\n%s", u->details);
}
