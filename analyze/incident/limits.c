#include <stdlib.h>

#include "analyze/incident/incidents.h"
#include "formats/base/ini.h"
#include "formats/base/mem.h"
#include "formats/base/whole.h"

#define FILE_MAX 65536

void
mm_limits_default(struct mm_limits *l)
{
	*l = (struct mm_limits){ .false_alarms = 0.1, .spike = 3, .least = 30 };
}

static enum mm_status
set_number(struct mm_limits *l, const struct mm_ini_item *it,
	   struct mm_err *err)
{
	const struct {
		const char *key;
		double *value;
	} keys[] = {
		{ "false_alarms", &l->false_alarms },
		{ "spike", &l->spike },
		{ "least", &l->least },
	};
	int64_t v;

	for (size_t i = 0; i < MM_COUNT(keys); i++) {
		if (!mm_str_is(it->key, keys[i].key))
			continue;
		if (!mm_str_to_fixed(it->value, 1000000000, &v) || v <= 0)
			return mm_err_set(err, MM_EUSAGE,
					  "line %zu: %s wants a number above 0",
					  it->line, keys[i].key);
		*keys[i].value = (double)v / 1e9;
		return MM_OK;
	}
	return mm_err_set(err, MM_EUSAGE, "line %zu: unknown key \"%.*s\"",
			  it->line, MM_STR_ARG(it->key));
}

static enum mm_status
set_mute(struct mm_limits *l, const struct mm_ini_item *it,
	 struct mm_arena *texts, struct mm_err *err)
{
	struct mm_str value = mm_arena_str(texts, it->value);

	if (mm_str_is(it->key, "kind") && !mm_incident_is_kind(value))
		return mm_err_set(err, MM_EUSAGE,
				  "line %zu: no kind of incident: \"%.*s\"",
				  it->line, MM_STR_ARG(value));
	if (mm_str_is(it->key, "kind"))
		l->mutes[l->n_mutes - 1].kind = value;
	else if (mm_str_is(it->key, "target"))
		l->mutes[l->n_mutes - 1].target = value;
	else
		return mm_err_set(err, MM_EUSAGE,
				  "line %zu: unknown key \"%.*s\"", it->line,
				  MM_STR_ARG(it->key));
	return MM_OK;
}

static enum mm_status
take(struct mm_limits *l, const struct mm_ini_item *it, struct mm_arena *texts,
     struct mm_err *err)
{
	bool mute = mm_str_is(it->section, "mute");

	if (!mute && !mm_str_is(it->section, "limits"))
		return mm_err_set(err, MM_EUSAGE,
				  "line %zu: [limits] or [mute] is wanted",
				  it->line);
	if (!it->is_section)
		return mute ? set_mute(l, it, texts, err)
			    : set_number(l, it, err);
	if (!mute)
		return MM_OK;
	if (l->n_mutes == MM_MUTES_MAX)
		return mm_err_set(err, MM_EUSAGE,
				  "line %zu: more than %d mutes", it->line,
				  MM_MUTES_MAX);
	l->n_mutes++;
	return MM_OK;
}

enum mm_status
mm_limits_read(struct mm_limits *l, const char *path, struct mm_arena *texts,
	       struct mm_err *err)
{
	struct mm_ini ini;
	struct mm_ini_item it;
	struct mm_buf text;
	enum mm_status st;

	mm_buf_init(&text, FILE_MAX);
	st = mm_whole_read(path, &text, err);
	mm_ini_init(&ini, mm_buf_str(&text));
	while (st == MM_OK && (st = mm_ini_next(&ini, &it, err)) == MM_OK) {
		st = take(l, &it, texts, err);
		if (st != MM_OK)
			break;
	}
	mm_buf_fini(&text);
	if (st == MM_END)
		return MM_OK;
	if (st == MM_EUSAGE) {
		struct mm_err what = *err;

		(void)mm_err_set(err, st, "%s: %s", path, what.text);
	}
	return st;
}
