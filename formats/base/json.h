/* json.h - JSON in (a tree, through jansson) and out (bytes into a buffer).
 *
 * Out: RFC 8259, always valid UTF-8: other bytes become U+FFFD, as
 * CONTRACT.md asks. In: whole texts of moderate size, not a hot path.
 */
#ifndef MM_JSON_H
#define MM_JSON_H

#include "formats/base/buf.h"

/* A text in quotes; an absent view is written as null. */
void mm_json_add_str(struct mm_buf *b, struct mm_str s);
/* Seconds with up to six decimals; MM_TIME_NONE is null. */
void mm_json_add_time(struct mm_buf *b, int64_t t_us);

/* A parsed value. The root is owned and ended by mm_json_free; everything
 * reached from it is a view that dies with it. All calls accept NULL. */
struct mm_json;
struct mm_json *mm_json_parse(struct mm_str text, struct mm_err *err);
void mm_json_free(struct mm_json *root);
const struct mm_json *mm_json_get(const struct mm_json *object,
				  const char *key);
const struct mm_json *mm_json_at(const struct mm_json *array, size_t i);
size_t mm_json_len(const struct mm_json *array); /* 0 when not an array */
bool mm_json_is_object(const struct mm_json *v);
bool mm_json_is_integer(const struct mm_json *v);
bool mm_json_is_number(const struct mm_json *v);
bool mm_json_is_array(const struct mm_json *v);
bool mm_json_is_bool(const struct mm_json *v);
bool mm_json_is_null(const struct mm_json *v); /* also when absent */
/* Each member in its order; the key is a view of the tree. */
void mm_json_each(const struct mm_json *object,
		  void (*each)(void *ctx, struct mm_str key,
			       const struct mm_json *v),
		  void *ctx);
/* The value, or what is given for absent or another type. */
struct mm_str mm_json_str(const struct mm_json *v); /* absent view else */
int64_t mm_json_int(const struct mm_json *v, int64_t or_else);
double mm_json_real(const struct mm_json *v, double or_else);
bool mm_json_bool(const struct mm_json *v, bool or_else);

#endif
