#include <stdio.h>

#include "replay/engine/read.h"

static void
add_place(struct mm_buf *b, const struct mm_place *p)
{
	if (p->up != NULL)
		add_place(b, p->up);
	if (p->key == NULL)
		mm_buf_addf(b, "[%zu]", p->index);
	else
		mm_buf_addf(b, "%s%s", b->n > 0 ? "." : "", p->key);
}

static void
add_found(struct mm_buf *b, const struct mm_json *v)
{
	if (v == NULL)
		mm_buf_addz(b, "it is missing");
	else if (mm_json_str(v).p != NULL)
		mm_buf_addf(b, "found \"%.40s\"", mm_json_str(v).p);
	else if (mm_json_is_number(v))
		mm_buf_addf(b, "found %.17g", mm_json_real(v, 0));
	else
		mm_buf_addf(b, "found %s",
			    mm_json_is_object(v)  ? "an object"
			    : mm_json_is_array(v) ? "an array"
			    : mm_json_is_null(v)  ? "null"
						  : "true or false");
}

void
mm_read_fail(struct mm_reader *r, const struct mm_place *at, const char *key,
	     const struct mm_json *found, const char *expected)
{
	struct mm_place place = { .up = at, .key = key };
	struct mm_buf b;

	if (r->failed)
		return;
	r->failed = true;
	mm_buf_init(&b, sizeof(r->err->text));
	add_place(&b, key != NULL ? &place : at);
	mm_buf_addz(&b, ": ");
	add_found(&b, found);
	(void)mm_err_set(r->err, MM_EFORMAT, "%s, expected %s", b.p, expected);
	mm_buf_fini(&b);
}

bool
mm_read_as_int(const struct mm_json *v, int64_t *value)
{
	*value = mm_json_int(v, INT64_MIN);
	return *value != INT64_MIN;
}

void
mm_read_field(struct mm_reader *r, const struct mm_place *at,
	      const struct mm_json *o, const struct mm_field *f, int64_t *value)
{
	const struct mm_json *v = mm_json_get(o, f->key);
	char expected[64];
	int64_t n;

	if (mm_json_is_null(v) && f->kind != MM_REQUIRED)
		return;
	if (mm_read_as_int(v, &n) && n >= f->least) {
		*value = f->kind == MM_LIMIT && n == 0 ? MM_NO_LIMIT : n;
		return;
	}
	if (f->least == MM_ANY)
		(void)snprintf(expected, sizeof(expected), "an integer");
	else
		(void)snprintf(expected, sizeof(expected),
			       "an integer of at least %lld",
			       (long long)f->least);
	mm_read_fail(r, at, f->key, v, expected);
}

void
mm_read_fields(struct mm_reader *r, const struct mm_place *at,
	       const struct mm_json *o, const struct mm_field *fields, size_t n,
	       void *base)
{
	for (size_t i = 0; i < n; i++)
		mm_read_field(r, at, o, &fields[i],
			      (int64_t *)(void *)((char *)base + fields[i].at));
}

int64_t
mm_read_int(struct mm_reader *r, const struct mm_place *at,
	    const struct mm_json *o, const char *key, int64_t or_else)
{
	const struct mm_field f = { .key = key, .least = MM_ANY };

	mm_read_field(r, at, o, &f, &or_else);
	return or_else;
}

void
mm_read_bool(struct mm_reader *r, const struct mm_place *at,
	     const struct mm_json *o, const char *key, bool *value)
{
	const struct mm_json *v = mm_json_get(o, key);
	int64_t n;

	if (mm_json_is_null(v))
		return;
	if (mm_read_as_int(v, &n))
		*value = n != 0;
	else if (mm_json_bool(v, true) == mm_json_bool(v, false))
		*value = mm_json_bool(v, false);
	else
		mm_read_fail(r, at, key, v, "true or false");
}

int
mm_read_word(struct mm_reader *r, const struct mm_place *at,
	     const struct mm_json *o, const char *key, const char *const *names,
	     int or_else)
{
	const struct mm_json *v = mm_json_get(o, key);
	struct mm_buf b;

	if (mm_json_is_null(v) && or_else >= 0)
		return or_else;
	mm_buf_init(&b, 256);
	mm_buf_addz(&b, "one of");
	for (int i = 0; names[i] != NULL; i++) {
		if (mm_json_str(v).p != NULL &&
		    mm_str_is(mm_json_str(v), names[i])) {
			mm_buf_fini(&b);
			return i;
		}
		mm_buf_addf(&b, " \"%s\"", names[i]);
	}
	mm_read_fail(r, at, key, v, b.p);
	mm_buf_fini(&b);
	return 0;
}

struct mm_str
mm_read_text(struct mm_reader *r, const struct mm_place *at,
	     const struct mm_json *o, const char *key)
{
	struct mm_str s = mm_json_str(mm_json_get(o, key));

	if (s.p == NULL)
		mm_read_fail(r, at, key, mm_json_get(o, key), "a text");
	return s;
}

const struct mm_json *
mm_read_object(struct mm_reader *r, const struct mm_place *at,
	       const struct mm_json *o, const char *key)
{
	const struct mm_json *v = mm_json_get(o, key);

	if (mm_json_is_null(v))
		return NULL;
	if (!mm_json_is_object(v))
		mm_read_fail(r, at, key, v, "an object");
	return v;
}

const struct mm_json *
mm_read_array(struct mm_reader *r, const struct mm_place *at,
	      const struct mm_json *o, const char *key, size_t row_bytes,
	      void **rows, size_t *n)
{
	const struct mm_json *v = mm_json_get(o, key);

	*n = 0;
	*rows = NULL;
	if (mm_json_is_null(v))
		return NULL;
	if (!mm_json_is_array(v))
		mm_read_fail(r, at, key, v, "an array");
	*n = mm_json_len(v);
	*rows = mm_arena_calloc(&r->s->arena, *n * row_bytes);
	return v;
}

void
mm_read_pair(struct mm_reader *r, const struct mm_place *at,
	     const struct mm_json *v, int64_t *a, int64_t *b)
{
	if (mm_json_len(v) != 2 || !mm_read_as_int(mm_json_at(v, 0), a) ||
	    !mm_read_as_int(mm_json_at(v, 1), b))
		mm_read_fail(r, at, NULL, v, "two integers");
}
