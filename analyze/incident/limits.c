#include <stdlib.h>

#include "analyze/incident/incidents.h"
#include "formats/base/ini.h"
#include "formats/base/mem.h"
#include "formats/base/time.h"
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
set_class(struct mm_limits *l, const struct mm_ini_item *it,
	  struct mm_arena *texts, struct mm_err *err)
{
	struct mm_class *c = &l->classes[l->n_classes - 1];
	struct mm_str value = mm_arena_str(texts, it->value);

	if (mm_str_is(it->key, "sender"))
		c->sender = value;
	else if (mm_str_is(it->key, "recipient"))
		c->recipient = value;
	else if (!mm_str_is(it->key, "deadline"))
		return mm_err_set(err, MM_EUSAGE,
				  "line %zu: unknown key \"%.*s\"", it->line,
				  MM_STR_ARG(it->key));
	else if (!mm_time_parse_span(value, &c->deadline_us) ||
		 c->deadline_us <= 0)
		return mm_err_set(err, MM_EUSAGE,
				  "line %zu: deadline wants a time like 5m, "
				  "not \"%.*s\"",
				  it->line, MM_STR_ARG(value));
	return MM_OK;
}

static enum mm_status
add_class(struct mm_limits *l, struct mm_str name, struct mm_arena *texts,
	  struct mm_err *err)
{
	if (name.n == 0)
		return mm_err_set(err, MM_EUSAGE, "a class wants a name");
	if (l->n_classes == MM_CLASSES_MAX)
		return mm_err_set(err, MM_EUSAGE, "more than %d classes",
				  MM_CLASSES_MAX);
	l->classes[l->n_classes++] =
	    (struct mm_class){ .name = mm_arena_str(texts, name) };
	return MM_OK;
}

static enum mm_status
add_mute(struct mm_limits *l, struct mm_err *err)
{
	if (l->n_mutes == MM_MUTES_MAX)
		return mm_err_set(err, MM_EUSAGE, "more than %d mutes",
				  MM_MUTES_MAX);
	l->n_mutes++;
	return MM_OK;
}

enum mm_status
mm_limits_class(struct mm_limits *l, struct mm_str text, struct mm_arena *texts,
		struct mm_err *err)
{
	struct mm_str rest = text, name, key, pattern;
	size_t at;
	enum mm_status st = MM_EUSAGE;
	struct mm_class *c;

	if (mm_str_cutc(&rest, '=', &name) && mm_str_cutc(&rest, ':', &key) &&
	    (mm_str_is(key, "sender") || mm_str_is(key, "recipient")) &&
	    (at = mm_str_find_last(rest, ":")) != MM_NOT_FOUND && at > 0) {
		pattern = mm_arena_str(texts, mm_str_upto(rest, at));
		st = add_class(l, name, texts, err);
		if (st != MM_OK)
			return st;
		c = &l->classes[l->n_classes - 1];
		*(mm_str_is(key, "sender") ? &c->sender : &c->recipient) =
		    pattern;
		if (mm_time_parse_span(mm_str_from(rest, at + 1),
				       &c->deadline_us) &&
		    c->deadline_us > 0)
			return MM_OK;
	}
	return mm_err_set(err, MM_EUSAGE,
			  "--class wants NAME=sender:PATTERN:TIME or "
			  "NAME=recipient:PATTERN:TIME, as in "
			  "otp=sender:codes@*:5m, not \"%.*s\"",
			  MM_STR_ARG(text));
}

static enum mm_status
begin_section(struct mm_limits *l, const struct mm_ini_item *it,
	      struct mm_arena *texts, struct mm_err *err)
{
	enum mm_status st = MM_OK;
	struct mm_err what;

	if (mm_str_is(it->section, "mute"))
		st = add_mute(l, err);
	else if (mm_str_is(it->section, "class"))
		st = add_class(l, it->argument, texts, err);
	if (st == MM_OK)
		return st;
	what = *err;
	return mm_err_set(err, st, "line %zu: %s", it->line, what.text);
}

static enum mm_status
take(struct mm_limits *l, const struct mm_ini_item *it, struct mm_arena *texts,
     struct mm_err *err)
{
	if (it->is_section)
		return begin_section(l, it, texts, err);
	if (mm_str_is(it->section, "limits"))
		return set_number(l, it, err);
	if (mm_str_is(it->section, "mute"))
		return set_mute(l, it, texts, err);
	if (mm_str_is(it->section, "class"))
		return set_class(l, it, texts, err);
	return mm_err_set(err, MM_EUSAGE,
			  "line %zu: [limits], [mute] or [class \"NAME\"] is "
			  "wanted",
			  it->line);
}

/* What a file may leave out, but not all of it. */
static enum mm_status
check_classes(const struct mm_limits *l, struct mm_err *err)
{
	for (size_t i = 0; i < l->n_classes; i++)
		if (l->classes[i].deadline_us == 0)
			return mm_err_set(err, MM_EUSAGE,
					  "class \"%.*s\" has no deadline",
					  MM_STR_ARG(l->classes[i].name));
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
		st = check_classes(l, err);
	if (st == MM_EUSAGE) {
		struct mm_err what = *err;

		(void)mm_err_set(err, st, "%s: %s", path, what.text);
	}
	return st;
}
