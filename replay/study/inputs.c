#include <stdlib.h>
#include <string.h>

#include "formats/base/data.h"
#include "formats/base/mem.h"
#include "formats/base/whole.h"
#include "replay/study/inputs.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)

#define POLICIES "replay/policies/"
#define PRESETS	 "replay/presets/"
#define SENDER	 "sender-"

/* Compared when none is named. */
static const char *const usual[] = {
	"as-is",       "full-flush", "concurrency", "constant", "linear",
	"exponential", "aimd",	     "suspend",	    "spread",	"reserve",
};

static bool
is_path(struct mm_str name)
{
	return mm_str_findc(name, '/') != MM_NOT_FOUND ||
	       mm_str_ends(name, ".ini") || mm_str_ends(name, ".txt") ||
	       mm_str_is(name, "-");
}

static struct mm_str
built_in(const char *folder, const char *prefix, const char *name)
{
	struct mm_str text;
	struct mm_buf b;

	mm_buf_init(&b, 256);
	mm_buf_addf(&b, "%s%s%s.ini", folder, prefix, name);
	text = mm_data(b.p);
	mm_buf_fini(&b);
	return text;
}

/* The text behind a name: `*text` is a view of the data or of `file`. */
static enum mm_status
find_text(const char *folder, const char *prefix, const char *name,
	  struct mm_buf *file, struct mm_str *text, struct mm_err *err)
{
	enum mm_status st = MM_OK;

	if (is_path(mm_str_z(name))) {
		st = mm_whole_read(name, file, err);
		*text = mm_buf_str(file);
		return st;
	}
	*text = built_in(folder, prefix, name);
	if (text->p == NULL)
		st = mm_err_set(err, MM_EUSAGE,
				"\"%s\" is neither built in nor a file (a "
				"file's name has a slash or ends in .ini); "
				"`mailmortem replay --list` shows what is "
				"built in",
				name);
	return st;
}

/* Put the name in front of what a reader said. */
static enum mm_status
named(const char *name, enum mm_status st, struct mm_err *err)
{
	struct mm_err why = *err;

	if (st == MM_EFORMAT)
		(void)mm_err_set(err, st, "%s: %.400s", name, why.text);
	return st;
}

static enum mm_status
load_plan(struct mm_inputs *in, const char *name, struct mm_err *err)
{
	struct mm_str text;
	struct mm_buf file;
	enum mm_status st;

	mm_buf_init(&file, FILE_MAX_BYTES);
	st = find_text(POLICIES, "", name, &file, &text, err);
	if (st == MM_OK)
		st = named(name,
			   mm_plan_read(&in->plans[in->n_plans++], text, err),
			   err);
	mm_buf_fini(&file);
	return st;
}

static enum mm_status
load_plans(struct mm_inputs *in, const struct mm_words *names,
	   struct mm_err *err)
{
	const char *const *v = names->n > 0 ? names->v : usual;
	size_t n = names->n > 0 ? names->n : MM_COUNT(usual);
	enum mm_status st = MM_OK;

	in->plans = mm_calloc(n, sizeof(*in->plans));
	for (size_t i = 0; i < n && st == MM_OK; i++)
		st = load_plan(in, v[i], err);
	return st;
}

static enum mm_status
add_receiver(struct mm_inputs *in, const char *name, struct mm_str text,
	     struct mm_str pattern, bool own, struct mm_err *err)
{
	struct mm_receiver_file *f = mm_calloc(1, sizeof(*f));

	in->receivers = mm_grow(in->receivers, in->n_receivers,
				&in->cap_receivers, sizeof(*in->receivers));
	in->receivers[in->n_receivers] = f;
	in->choices = mm_grow(in->choices, in->n_receivers, &in->cap_choices,
			      sizeof(*in->choices));
	in->choices[in->n_receivers++] = (struct mm_study_choice){
		.file = f, .pattern = pattern, .own = own
	};
	return named(name, mm_receiver_file_read(f, text, err), err);
}

/* "gmail", "./ours.ini", "*.example=gmail". */
static enum mm_status
load_receiver(struct mm_inputs *in, const char *word, struct mm_err *err)
{
	struct mm_str name = mm_str_z(word), pattern, text;
	struct mm_buf file;
	enum mm_status st;

	if (!mm_str_cutc(&name, '=', &pattern))
		pattern = MM_STR_ABSENT;
	mm_buf_init(&file, FILE_MAX_BYTES);
	st = find_text(PRESETS, "", name.p, &file, &text, err);
	if (st == MM_OK)
		st = add_receiver(in, name.p, text, pattern, true, err);
	mm_buf_fini(&file);
	return st;
}

static enum mm_status
load_receivers(struct mm_inputs *in, const struct mm_words *words,
	       struct mm_err *err)
{
	enum mm_status st = MM_OK;

	for (const struct mm_data *d = mm_data_list;
	     d->path != NULL && st == MM_OK; d++) {
		struct mm_str name = mm_str_z(d->path);

		if (mm_str_skip(&name, PRESETS) && !mm_str_starts(name, SENDER))
			st = add_receiver(in, d->path, mm_data(d->path),
					  MM_STR_ABSENT, false, err);
	}
	for (size_t i = 0; i < words->n && st == MM_OK; i++)
		st = load_receiver(in, words->v[i], err);
	return st;
}

static enum mm_status
read_sender(struct mm_inputs *in, struct mm_str text, struct mm_err *err)
{
	enum mm_status st;

	if (!mm_sender_is_postconf(text))
		return mm_sender_file_read(&in->sender, text, err);
	st = mm_sender_file_read(&in->sender,
				 built_in(PRESETS, SENDER, "postfix"), err);
	return st == MM_OK ? mm_sender_postconf(&in->sender, text, err) : st;
}

static enum mm_status
load_sender(struct mm_inputs *in, const char *sender, struct mm_str mta,
	    struct mm_err *err)
{
	struct mm_str text;
	struct mm_buf file, name;
	enum mm_status st = MM_OK;

	mm_buf_init(&file, FILE_MAX_BYTES);
	mm_buf_init(&name, 256);
	if (sender == NULL) {
		mm_buf_adds(&name, mta);
		if (built_in(PRESETS, SENDER, name.p).p == NULL) {
			mm_buf_clear(&name);
			mm_buf_addz(&name, "postfix");
		}
		sender = name.p;
	}
	st = find_text(PRESETS, SENDER, sender, &file, &text, err);
	if (st == MM_OK)
		st = named(sender, read_sender(in, text, err), err);
	mm_buf_fini(&file);
	mm_buf_fini(&name);
	return st;
}

enum mm_status
mm_inputs_load(struct mm_inputs *in, const struct mm_words *plans,
	       const struct mm_words *receivers, const char *sender,
	       struct mm_str mta, struct mm_err *err)
{
	enum mm_status st;

	*in = (struct mm_inputs){ 0 };
	st = load_plans(in, plans, err);
	if (st == MM_OK)
		st = load_receivers(in, receivers, err);
	if (st == MM_OK)
		st = load_sender(in, sender, mta, err);
	return st;
}

void
mm_inputs_fini(struct mm_inputs *in)
{
	for (size_t i = 0; i < in->n_plans; i++)
		mm_plan_fini(&in->plans[i]);
	for (size_t i = 0; i < in->n_receivers; i++) {
		mm_receiver_file_fini(in->receivers[i]);
		free(in->receivers[i]);
	}
	mm_sender_file_fini(&in->sender);
	free(in->plans);
	free(in->receivers);
	free(in->choices);
	*in = (struct mm_inputs){ 0 };
}

struct mm_str
mm_inputs_text(const char *name)
{
	struct mm_str text = built_in(POLICIES, "", name);

	if (text.p == NULL)
		text = built_in(PRESETS, "", name);
	return text.p != NULL ? text : built_in(PRESETS, SENDER, name);
}

/* What an `about` line says; the files are our own. */
static struct mm_str
about(struct mm_str text)
{
	struct mm_ini_item item;
	struct mm_ini ini;

	mm_ini_init(&ini, text);
	while (mm_ini_next(&ini, &item, NULL) == MM_OK)
		if (!item.is_section && mm_str_is(item.key, "about"))
			return item.value;
	return MM_STR("");
}

static void
list(struct mm_buf *out, const char *title, const char *prefix, bool senders)
{
	mm_buf_addf(out, "%s\n", title);
	for (const struct mm_data *d = mm_data_list; d->path != NULL; d++) {
		struct mm_str name = mm_str_z(d->path), what;

		if (!mm_str_skip(&name, prefix) ||
		    (!senders && mm_str_starts(name, SENDER)))
			continue;
		name = mm_str_upto(name, name.n - strlen(".ini"));
		what = about(mm_data(d->path));
		mm_buf_addf(out, "  %-18.*s %.*s\n", MM_STR_ARG(name),
			    MM_STR_ARG(what));
	}
}

void
mm_inputs_list(struct mm_buf *out)
{
	list(out, "policies", POLICIES, false);
	list(out, "receivers", PRESETS, false);
	list(out, "senders", PRESETS SENDER, true);
}
