#include <jansson.h>
#include <stdlib.h>

#include "formats/base/json.h"
#include "formats/base/time.h"
#include "formats/base/utf8.h"

static void
add_escaped(struct mm_buf *b, uint32_t c)
{
	switch (c) {
	case '"':
		mm_buf_addz(b, "\\\"");
		break;
	case '\\':
		mm_buf_addz(b, "\\\\");
		break;
	case '\n':
		mm_buf_addz(b, "\\n");
		break;
	case '\t':
		mm_buf_addz(b, "\\t");
		break;
	default:
		mm_buf_addf(b, "\\u%04x", c);
	}
}

/* Controls beyond C0 are escaped too, though RFC 8259 lets them stand: JSON is
 * looked at on terminals. */
void
mm_json_add_str(struct mm_buf *b, struct mm_str s)
{
	size_t i = 0, start = 0;

	if (s.p == NULL) {
		mm_buf_addz(b, "null");
		return;
	}
	mm_buf_addc(b, '"');
	while (i < s.n) {
		uint32_t c = 0;
		size_t len = mm_utf8_take(s.p + i, s.n - i, &c);

		if (len > 0 && c != '"' && c != '\\' &&
		    !mm_utf8_is_control(c)) {
			i += len;
			continue;
		}
		mm_buf_add(b, s.p + start, i - start);
		if (len == 0)
			mm_buf_addz(b, "\xef\xbf\xbd");
		else
			add_escaped(b, c);
		i += len > 0 ? len : 1;
		start = i;
	}
	mm_buf_add(b, s.p + start, i - start);
	mm_buf_addc(b, '"');
}

void
mm_json_add_time(struct mm_buf *b, int64_t t_us)
{
	char text[MM_TIME_TEXT];

	mm_buf_addz(b, t_us == MM_TIME_NONE ? "null"
	                                    : mm_time_seconds(t_us, text));
}

/* struct mm_json is jansson's json_t under another name: the casts below are
 * the door. */
static const json_t *
in(const struct mm_json *v)
{
	return (const json_t *)(const void *)v;
}

static const struct mm_json *
out(const json_t *v)
{
	return (const struct mm_json *)(const void *)v;
}

struct mm_json *
mm_json_parse(struct mm_str text, struct mm_err *err)
{
	json_error_t why;
	json_t *root = json_loadb(text.p != NULL ? text.p : "", text.n,
	                          JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL,
	                          &why);

	if (root == NULL)
		(void)mm_err_set(err, MM_EFORMAT,
		                 "line %d, column %d: not JSON: %s", why.line,
		                 why.column, why.text);
	return (struct mm_json *)(void *)root;
}

void
mm_json_free(struct mm_json *root)
{
	json_decref((json_t *)(void *)root);
}

const struct mm_json *
mm_json_get(const struct mm_json *object, const char *key)
{
	return out(json_object_get(in(object), key));
}

const struct mm_json *
mm_json_at(const struct mm_json *array, size_t i)
{
	return out(json_array_get(in(array), i));
}

size_t
mm_json_len(const struct mm_json *array)
{
	return json_array_size(in(array));
}

bool
mm_json_is_object(const struct mm_json *v)
{
	return v != NULL && json_is_object(in(v));
}

bool
mm_json_is_integer(const struct mm_json *v)
{
	return v != NULL && json_is_integer(in(v));
}

bool
mm_json_is_number(const struct mm_json *v)
{
	return v != NULL && json_is_number(in(v));
}

bool
mm_json_is_array(const struct mm_json *v)
{
	return v != NULL && json_is_array(in(v));
}

bool
mm_json_is_bool(const struct mm_json *v)
{
	return v != NULL && json_is_boolean(in(v));
}

bool
mm_json_is_null(const struct mm_json *v)
{
	return v == NULL || json_is_null(in(v));
}

void
mm_json_each(const struct mm_json *object,
	     void (*each)(void *ctx, struct mm_str key,
			  const struct mm_json *v),
	     void *ctx)
{
	/* The iterator of what is not changed does not change it. */
	json_t *o = (json_t *)(uintptr_t)in(object);
	void *it = json_object_iter(o);

	for (; it != NULL; it = json_object_iter_next(o, it))
		each(ctx,
		     (struct mm_str){ json_object_iter_key(it),
				      json_object_iter_key_len(it) },
		     out(json_object_iter_value(it)));
}

struct mm_str
mm_json_str(const struct mm_json *v)
{
	if (v == NULL || !json_is_string(in(v)))
		return MM_STR_ABSENT;
	return (struct mm_str){ json_string_value(in(v)),
		                json_string_length(in(v)) };
}

int64_t
mm_json_int(const struct mm_json *v, int64_t or_else)
{
	return v != NULL && json_is_integer(in(v)) ? json_integer_value(in(v))
	                                           : or_else;
}

double
mm_json_real(const struct mm_json *v, double or_else)
{
	return mm_json_is_number(v) ? json_number_value(in(v)) : or_else;
}

bool
mm_json_bool(const struct mm_json *v, bool or_else)
{
	return v != NULL && json_is_boolean(in(v)) ? json_is_true(in(v))
	                                           : or_else;
}
