#include "formats/base/ini.h"

void
mm_ini_init(struct mm_ini *ini, struct mm_str text)
{
	*ini = (struct mm_ini){ .left = text, .section = MM_STR("") };
}

/* The next line without its comment. */
static bool
next_line(struct mm_ini *ini, struct mm_str *line)
{
	if (ini->left.n == 0)
		return false;
	if (!mm_str_cutc(&ini->left, '\n', line)) {
		*line = ini->left;
		ini->left = mm_str_from(ini->left, ini->left.n);
	}
	ini->line++;
	for (size_t i = 0; i < line->n; i++)
		if (line->p[i] == '#' && (i == 0 || !ini->whole_values) &&
		    (i == 0 || line->p[i - 1] == ' ' || line->p[i - 1] == '\t'))
			line->n = i;
	*line = mm_str_trim(*line);
	return true;
}

static enum mm_status
take_section(struct mm_ini *ini, struct mm_str line, struct mm_err *err)
{
	struct mm_str name = { line.p + 1, line.n - 1 }, argument;

	if (!mm_str_ends(line, "]"))
		return mm_err_set(err, MM_EFORMAT,
				  "line %zu: \"%.*s\": a section ends with ]",
				  ini->line, MM_STR_ARG(line));
	name.n--;
	ini->argument = MM_STR_ABSENT;
	argument = name;
	if (mm_str_cutc(&argument, '"', &name)) {
		if (!mm_str_ends(argument, "\""))
			return mm_err_set(err, MM_EFORMAT,
					  "line %zu: \"%.*s\": the quote is "
					  "not closed",
					  ini->line, MM_STR_ARG(line));
		argument.n--;
		ini->argument = argument;
	}
	ini->section = mm_str_trim(name);
	return MM_OK;
}

enum mm_status
mm_ini_next(struct mm_ini *ini, struct mm_ini_item *item, struct mm_err *err)
{
	struct mm_str line, key;

	do
		if (!next_line(ini, &line))
			return MM_END;
	while (line.n == 0);
	*item = (struct mm_ini_item){ .line = ini->line };
	if (line.p[0] == '[') {
		enum mm_status st = take_section(ini, line, err);

		item->is_section = true;
		item->section = ini->section;
		item->argument = ini->argument;
		return st;
	}
	if (!mm_str_cutc(&line, '=', &key))
		return mm_err_set(err, MM_EFORMAT,
				  "line %zu: \"%.*s\" is neither `key = value` "
				  "nor [section]",
				  ini->line, MM_STR_ARG(line));
	item->section = ini->section;
	item->argument = ini->argument;
	item->key = mm_str_trim(key);
	item->value = mm_str_trim(line);
	return MM_OK;
}
