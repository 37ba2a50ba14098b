#include <stdlib.h>
#include <string.h>

#include "formats/base/arena.h"
#include "formats/base/ini.h"
#include "formats/base/mem.h"
#include "formats/base/regex.h"
#include "formats/base/whole.h"
#include "formats/logs/own.h"
#include "formats/mail/fields.h"

#define MAX_GROUPS 40
#define FILE_BYTES ((size_t)1 << 20)
#define ROW_BYTES  ((size_t)4 << 20)

enum own_group { OWN_NONE, OWN_FIELD, OWN_TIME, OWN_HOST };

struct own_pattern {
	struct mm_str label;
	size_t line; /* of its section */
	bool is_noise, has_event, is_needed;
	struct mm_regex *regex;		 /* owned */
	struct mm_record record;	 /* what is the same for every line */
	enum own_group kind[MAX_GROUPS]; /* by number of the group */
	const struct mm_field *field[MAX_GROUPS];
	size_t n_groups;
};

struct own_sample {
	struct mm_str line;
	size_t at;	    /* line of the file */
	struct mm_buf want; /* rows */
};

struct own_format {
	const char *name;    /* arena */
	struct mm_str *tags; /* owned */
	size_t n_tags, cap_tags;
	struct mm_regex *claim;	      /* owned; NULL: by tags alone */
	struct own_pattern *patterns; /* owned */
	size_t n_patterns, cap_patterns;
	struct own_sample *samples; /* owned; gone once they were tried */
	size_t n_samples, cap_samples;
	bool has_source;
	const struct mm_zone *zone; /* of times without one; view */
};

struct mm_own {
	const struct mm_zone *zone;
	struct mm_arena texts;
	struct own_format *formats; /* owned */
	size_t n, cap;
};

struct mm_own *
mm_own_new(const struct mm_zone *zone)
{
	struct mm_own *own = mm_calloc(1, sizeof(*own));

	own->zone = zone;

	mm_arena_init(&own->texts);
	return own;
}

static void
free_samples(struct own_format *f)
{
	for (size_t i = 0; i < f->n_samples; i++)
		mm_buf_fini(&f->samples[i].want);
	free(f->samples);
	f->samples = NULL;
	f->n_samples = 0;
}

void
mm_own_free(struct mm_own *own)
{
	if (own == NULL)
		return;
	for (size_t i = 0; i < own->n; i++) {
		struct own_format *f = &own->formats[i];

		for (size_t k = 0; k < f->n_patterns; k++)
			mm_regex_free(f->patterns[k].regex);
		mm_regex_free(f->claim);
		free_samples(f);
		free(f->patterns);
		free(f->tags);
	}
	free(own->formats);
	mm_arena_fini(&own->texts);
	free(own);
}

/* ---- reading lines with them ---- */

static bool
claims(const struct own_format *f, const struct mm_line *line)
{
	for (size_t i = 0; i < f->n_tags; i++)
		if (mm_str_eq(line->tag, f->tags[i]))
			return true;
	return f->claim != NULL &&
	       mm_regex_match(f->claim, line->text, NULL, 0);
}

static const struct own_format *
find(const struct mm_own *own, const struct mm_line *line)
{
	for (size_t i = 0; own != NULL && i < own->n; i++)
		if (claims(&own->formats[i], line))
			return &own->formats[i];
	return NULL;
}

const char *
mm_own_claim(const struct mm_own *own, const struct mm_line *line)
{
	const struct own_format *f = find(own, line);

	return f != NULL ? f->name : NULL;
}

/* Any stamp that the framing of lines knows. */
static bool
take_time(const struct own_format *f, struct mm_str text, int64_t *t_us)
{
	struct mm_framer framer;
	struct mm_line line;

	mm_framer_init(&framer, MM_TIME_NONE, 0);
	framer.zone = f->zone;
	mm_frame(&framer, text, &line);
	*t_us = line.t_us;
	return line.t_us != MM_TIME_NONE;
}

/* What the groups hold becomes fields; false when one cannot be. */
static bool
fill(const struct own_format *f, const struct own_pattern *p,
     const struct mm_str *groups, struct mm_record *r)
{
	for (size_t i = 1; i < p->n_groups; i++) {
		bool well = true;

		if (groups[i].p == NULL)
			continue;
		if (p->kind[i] == OWN_FIELD)
			well = mm_field_set(r, p->field[i], groups[i]);
		else if (p->kind[i] == OWN_TIME)
			well = take_time(f, groups[i], &r->t_us);
		else if (p->kind[i] == OWN_HOST)
			r->host = groups[i];
		if (!well)
			return false;
	}
	return true;
}

static enum mm_verdict
parse(const struct own_format *f, const struct mm_line *line,
      struct mm_emit *emit, struct own_pattern *mark)
{
	enum mm_verdict v = MM_LINE_MALFORMED;

	emit->why = "no pattern of its format matches";
	for (size_t i = 0; i < f->n_patterns; i++) {
		const struct own_pattern *p = &f->patterns[i];
		struct mm_str groups[MAX_GROUPS];
		struct mm_record r = p->record;

		if (!mm_regex_match(p->regex, line->text, groups, p->n_groups))
			continue;
		if (mark != NULL)
			mark[i].is_needed = true;
		if (p->is_noise) {
			v = v == MM_LINE_MALFORMED ? MM_LINE_NOISE : v;
			continue;
		}
		r.t_us = line->t_us;
		r.host = line->host;
		r.pid = line->pid;
		r.program = line->tag;
		r.instance = mm_str_z(f->name);
		if (!fill(f, p, groups, &r)) {
			emit->why = "a group holds what its field does not "
				    "take";
			return MM_LINE_MALFORMED;
		}
		emit->record(emit->ctx, &r);
		v = MM_LINE_RECORD;
	}
	if (v != MM_LINE_MALFORMED)
		emit->why = NULL;
	return v;
}

enum mm_verdict
mm_own_parse(const struct mm_own *own, const struct mm_line *line,
	     struct mm_emit *emit)
{
	const struct own_format *f = find(own, line);

	emit->why = NULL;
	return f != NULL ? parse(f, line, emit, NULL) : MM_LINE_FOREIGN;
}

/* ---- reading the declaration ---- */

struct declaration {
	struct mm_own *own;
	struct own_format *f;
	struct mm_ini_item item;
	const char *path;
	struct mm_err *err;
};

/* "FILE: line 7: ..." of the line in hand. */
static enum mm_status
wrong(const struct declaration *d, size_t line, const char *what,
      struct mm_str about)
{
	return mm_err_set(d->err, MM_EFORMAT, "%s: line %zu: %s: \"%.*s\"",
			  d->path, line, what, MM_STR_ARG(about));
}

static enum mm_status
take_format(struct declaration *d)
{
	const struct mm_ini_item *it = &d->item;
	struct own_format *f = d->f;

	if (mm_str_is(it->key, "name")) {
		f->name = mm_arena_str(&d->own->texts, it->value).p;
	} else if (mm_str_is(it->key, "source")) {
		f->has_source = it->value.n > 0;
	} else if (mm_str_is(it->key, "tag")) {
		f->tags =
		    mm_grow(f->tags, f->n_tags, &f->cap_tags, sizeof(*f->tags));
		f->tags[f->n_tags++] = mm_arena_str(&d->own->texts, it->value);
	} else if (mm_str_is(it->key, "claim") && f->claim == NULL) {
		struct mm_err why;

		f->claim = mm_regex_new(it->value, 0, &why);
		if (f->claim == NULL)
			return wrong(d, it->line, why.text, it->key);
	} else {
		return wrong(d, it->line,
			     "[format] has name, source, tag and "
			     "one claim, not this",
			     it->key);
	}
	return MM_OK;
}

/* Which field each group of the pattern is. */
static enum mm_status
map_groups(struct declaration *d, struct own_pattern *p)
{
	struct mm_str name;
	size_t number;

	p->n_groups = mm_regex_groups(p->regex) + 1;
	if (p->n_groups > MAX_GROUPS)
		return wrong(d, d->item.line, "more than 39 groups", p->label);
	for (size_t i = 0; mm_regex_name(p->regex, i, &name, &number); i++) {
		p->kind[number] = OWN_FIELD;
		p->field[number] = mm_field_find(name);
		if (mm_str_is(name, "t"))
			p->kind[number] = OWN_TIME;
		else if (mm_str_is(name, "host"))
			p->kind[number] = OWN_HOST;
		else if (p->field[number] == NULL)
			return wrong(d, d->item.line,
				     "the group is no field "
				     "of a record",
				     name);
	}
	return MM_OK;
}

static enum mm_status
take_event(struct declaration *d, struct own_pattern *p)
{
	struct mm_str name = d->item.value;

	p->is_noise = mm_str_is(name, "noise");
	p->record.event = mm_event_find(name);
	p->has_event = true;
	if (!p->is_noise && p->record.event == MM_EV_COUNT)
		return wrong(d, d->item.line,
			     "is no event; one of arrival, "
			     "detail, recipient, attempt, expired, notice, "
			     "held, released, deleted, done, reject, daemon, "
			     "trouble, noise",
			     name);
	return MM_OK;
}

static enum mm_status
take_pattern(struct declaration *d)
{
	const struct mm_ini_item *it = &d->item;
	struct own_pattern *p = &d->f->patterns[d->f->n_patterns - 1];
	const struct mm_field *field = mm_field_find(it->key);
	struct mm_err why;

	if (mm_str_is(it->key, "event"))
		return take_event(d, p);
	if (mm_str_is(it->key, "match")) {
		if (p->regex != NULL)
			return wrong(d, it->line,
				     "a second match; make a "
				     "pattern of its own",
				     p->label);
		p->regex = mm_regex_new(it->value, 0, &why);
		return p->regex != NULL
			   ? map_groups(d, p)
			   : wrong(d, it->line, why.text, p->label);
	}
	if (field == NULL)
		return wrong(d, it->line,
			     "a pattern has event, match, and "
			     "fields of a record, not this",
			     it->key);
	if (!mm_field_set(&p->record, field,
			  mm_arena_str(&d->own->texts, it->value)))
		return wrong(d, it->line, "is no value for this field",
			     it->value);
	return MM_OK;
}

static enum mm_status
take_sample(struct declaration *d)
{
	const struct mm_ini_item *it = &d->item;
	struct own_sample *s = &d->f->samples[d->f->n_samples - 1];

	if (mm_str_is(it->key, "line") && s->line.p == NULL) {
		s->line = it->value;
		s->at = it->line;
	} else if (mm_str_is(it->key, "want")) {
		mm_buf_adds(&s->want, it->value);
		mm_buf_addc(&s->want, '\n');
	} else {
		return wrong(d, it->line, "[sample] has one line and its want",
			     it->key);
	}
	return MM_OK;
}

static enum mm_status
begin_section(struct declaration *d)
{
	struct own_format *f = d->f;

	if (mm_str_is(d->item.section, "pattern")) {
		struct own_pattern *p;

		f->patterns = mm_grow(f->patterns, f->n_patterns,
				      &f->cap_patterns, sizeof(*f->patterns));
		p = &f->patterns[f->n_patterns++];
		*p = (struct own_pattern){
			.label = mm_arena_str(&d->own->texts, d->item.argument),
			.line = d->item.line
		};
		mm_record_init(&p->record, MM_EV_COUNT, MM_MTA_OWN);
	} else if (mm_str_is(d->item.section, "sample")) {
		f->samples = mm_grow(f->samples, f->n_samples, &f->cap_samples,
				     sizeof(*f->samples));
		f->samples[f->n_samples] = (struct own_sample){ .at = 0 };
		mm_buf_init(&f->samples[f->n_samples++].want, ROW_BYTES);
	} else if (!mm_str_is(d->item.section, "format")) {
		return wrong(d, d->item.line,
			     "a format has [format], "
			     "[pattern \"...\"], [sample]",
			     d->item.section);
	}
	return MM_OK;
}

static enum mm_status
take_item(struct declaration *d)
{
	if (d->item.is_section)
		return begin_section(d);
	if (mm_str_is(d->item.section, "pattern"))
		return take_pattern(d);
	if (mm_str_is(d->item.section, "sample"))
		return take_sample(d);
	if (mm_str_is(d->item.section, "format"))
		return take_format(d);
	return wrong(d, d->item.line, "stands before any section", d->item.key);
}

/* ---- trying the samples ---- */

static void
show_record(void *ctx, const struct mm_record *r)
{
	mm_record_add(ctx, r);
	mm_buf_addc(ctx, '\n');
}

/* An error is one line. */
static enum mm_status
other_rows(struct declaration *d, const struct own_sample *s,
	   struct mm_buf *got)
{
	struct mm_buf want;

	mm_buf_init(&want, ROW_BYTES);
	mm_buf_adds(&want, mm_buf_str(&s->want));
	for (size_t i = 0; i < got->n; i++)
		got->p[i] = got->p[i] == '\n' ? ';' : got->p[i];
	for (size_t i = 0; i < want.n; i++)
		want.p[i] = want.p[i] == '\n' ? ';' : want.p[i];
	(void)mm_err_set(d->err, MM_EFORMAT,
			 "%s: line %zu: the sample gives `%s`, wanted is `%s`",
			 d->path, s->at, got->p, want.p);
	mm_buf_fini(&want);
	return MM_EFORMAT;
}

static enum mm_status
try_sample(struct declaration *d, const struct own_sample *s)
{
	struct mm_buf got;
	struct mm_emit emit = { show_record, &got, NULL };
	struct mm_framer framer;
	struct mm_line line;
	enum mm_verdict v;
	enum mm_status st = MM_OK;

	mm_buf_init(&got, ROW_BYTES);
	mm_framer_init(&framer, MM_TIME_NONE, 0);
	mm_frame(&framer, s->line, &line);
	if (!claims(d->f, &line)) {
		st = wrong(d, s->at,
			   "the sample is not of this format by "
			   "tag or claim",
			   s->line);
	} else {
		v = parse(d->f, &line, &emit, d->f->patterns);
		if (v == MM_LINE_NOISE)
			mm_buf_addz(&got, "noise\n");
		if (v == MM_LINE_MALFORMED)
			st = wrong(d, s->at, emit.why, s->line);
		else if (!mm_str_eq(mm_buf_str(&got), mm_buf_str(&s->want)))
			st = other_rows(d, s, &got);
	}
	mm_buf_fini(&got);
	return st;
}

static enum mm_status
check(struct declaration *d)
{
	struct own_format *f = d->f;
	enum mm_status st = MM_OK;

	if (f->name == NULL || !f->has_source ||
	    (f->n_tags == 0 && f->claim == NULL))
		return mm_err_set(d->err, MM_EFORMAT,
				  "%s: [format] needs a name, a source (where "
				  "the lines are documented) and a tag or a "
				  "claim",
				  d->path);
	if (f->n_samples == 0)
		return mm_err_set(d->err, MM_EFORMAT,
				  "%s: a format needs a [sample] for each "
				  "pattern",
				  d->path);
	for (size_t i = 0; i < f->n_patterns; i++)
		if (f->patterns[i].regex == NULL || !f->patterns[i].has_event)
			return wrong(d, f->patterns[i].line,
				     "the pattern "
				     "needs an event and a match",
				     f->patterns[i].label);
	for (size_t i = 0; i < f->n_samples && st == MM_OK; i++)
		st = try_sample(d, &f->samples[i]);
	for (size_t i = 0; i < f->n_patterns && st == MM_OK; i++)
		if (!f->patterns[i].is_needed)
			st = wrong(d, f->patterns[i].line,
				   "no sample matches "
				   "the pattern",
				   f->patterns[i].label);
	return st;
}

enum mm_status
mm_own_add(struct mm_own *own, const char *path, struct mm_err *err)
{
	struct declaration d = { .own = own, .path = path, .err = err };
	struct mm_buf text;
	struct mm_err why;
	struct mm_ini ini;
	enum mm_status st;

	own->formats =
	    mm_grow(own->formats, own->n, &own->cap, sizeof(*own->formats));
	d.f = &own->formats[own->n++];
	*d.f = (struct own_format){ .zone = own->zone };
	mm_buf_init(&text, FILE_BYTES);
	st = mm_whole_read(path, &text, err);
	mm_ini_init(&ini, mm_buf_str(&text));
	ini.whole_values = true;
	while (st == MM_OK) {
		st = mm_ini_next(&ini, &d.item, &why);
		if (st == MM_EFORMAT)
			(void)mm_err_set(err, st, "%s: %s", path, why.text);
		else if (st == MM_OK)
			st = take_item(&d);
	}
	if (st == MM_END)
		st = check(&d);
	free_samples(d.f);
	mm_buf_fini(&text);
	return st;
}
