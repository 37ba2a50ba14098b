#include <stdlib.h>

#include "formats/base/arena.h"
#include "formats/base/mem.h"
#include "formats/spools/entries.h"
#include "formats/spools/formats.h"
#include "formats/spools/postconf.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)

/* "name = value": the name in small letters, digits and _. */
static bool
take_line(struct mm_str *text, struct mm_str *name, struct mm_str *value)
{
	if (!mm_entries_line(text, value))
		return false;
	if (!mm_str_cutc(value, '=', name))
		*name = MM_STR("");
	*name = mm_str_trim(*name);
	*value = mm_str_trim(*value);
	return true;
}

struct mm_str
mm_postconf_value(struct mm_str text, const char *name)
{
	struct mm_str key, value, found = MM_STR_ABSENT;

	while (take_line(&text, &key, &value))
		if (mm_str_is(key, name))
			found = value;
	return found;
}

bool
mm_postconf_is(struct mm_str text)
{
	return mm_postconf_value(text, "queue_directory").p != NULL ||
	       mm_postconf_value(text, "config_directory").p != NULL ||
	       mm_postconf_value(text, "mydestination").p != NULL;
}

static bool
is_setting(struct mm_str line)
{
	size_t n = 0;

	while (n < line.n &&
	       ((line.p[n] >= 'a' && line.p[n] <= 'z') ||
		(line.p[n] >= '0' && line.p[n] <= '9') || line.p[n] == '_'))
		n++;
	return n > 0 && mm_str_starts(mm_str_from(line, n), " =");
}

/* Each of its first lines is a setting: main.cf itself has comments, and
 * belongs to whom it belongs. */
static bool
probe(const struct mm_leaf *leaf, struct mm_str *top)
{
	struct mm_str rest = leaf->head, line;

	*top = leaf->name;
	for (size_t i = 0; i < 5 && mm_entries_line(&rest, &line); i++)
		if (!is_setting(line))
			return false;
	return mm_postconf_is(leaf->head);
}

struct settings {
	struct mm_arena texts;
	struct mm_str source, text;
};

static void *
begin(struct mm_str top)
{
	struct settings *s = mm_calloc(1, sizeof(*s));

	mm_arena_init(&s->texts);
	s->source = mm_arena_str(&s->texts, top);
	return s;
}

static void
file(void *state, const struct mm_leaf *leaf)
{
	struct settings *s = state;
	bool all;

	s->text = mm_arena_str(&s->texts,
			       mm_entries_content(leaf, FILE_MAX_BYTES, &all));
}

static void
finish(void *state, const struct mm_spool_sink *sink)
{
	struct settings *s = state;
	struct mm_setting one = {
		.source = s->source,
		.host = mm_postconf_value(s->text, "myhostname"),
		.mta = MM_MTA_POSTFIX,
	};
	struct mm_str rest = s->text;

	while (sink != NULL && sink->setting != NULL &&
	       take_line(&rest, &one.name, &one.value))
		if (one.name.n > 0)
			sink->setting(sink->ctx, &one);
	mm_arena_fini(&s->texts);
	free(s);
}

const struct mm_spool_format mm_spool_postconf = {
	.name = "postconf -n",
	.source = "Postfix 3.7 postconf(1)",
	.probe = probe,
	.begin = begin,
	.file = file,
	.finish = finish,
};
