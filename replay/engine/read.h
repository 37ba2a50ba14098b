/* read.h - a scenario file's parts: between the read_*.c.
 *
 * Keys that are absent (or null) leave what the init functions have set;
 * unknown keys are passed over. The first thing that is wrong is kept as
 * "dests[3].receiver.burst: found "x", expected an integer of at least 0".
 */
#ifndef MM_READ_H
#define MM_READ_H

#include "formats/base/json.h"
#include "replay/engine/scenario.h"

/* Where in the file we are. */
struct mm_place {
	const struct mm_place *up; /* view; NULL at the top */
	const char *key;	   /* NULL: a place in an array */
	size_t index;
};

struct mm_reader {
	struct mm_scenario *s;
	struct mm_err *err;
	bool failed; /* the first error is kept */
};

#define MM_ANY (INT64_MIN + 1) /* any integer */

enum mm_field_kind {
	MM_OPTIONAL,
	MM_REQUIRED,
	MM_LIMIT /* optional; 0 is none */
};

/* An integer of an object, and where it goes. */
struct mm_field {
	const char *key;
	size_t at; /* offset in the struct */
	int64_t least;
	enum mm_field_kind kind;
};

/* What stands at `key` of `at` (NULL: at `at` itself) is wrong. */
void mm_read_fail(struct mm_reader *r, const struct mm_place *at,
		  const char *key, const struct mm_json *found,
		  const char *expected);

void mm_read_field(struct mm_reader *r, const struct mm_place *at,
		   const struct mm_json *o, const struct mm_field *f,
		   int64_t *value);
void mm_read_fields(struct mm_reader *r, const struct mm_place *at,
		    const struct mm_json *o, const struct mm_field *fields,
		    size_t n, void *base);
#define MM_READ_FIELDS(r, at, o, fields, base)                                 \
	mm_read_fields(r, at, o, fields, MM_COUNT(fields), base)

bool mm_read_as_int(const struct mm_json *v, int64_t *value);
int64_t mm_read_int(struct mm_reader *r, const struct mm_place *at,
		    const struct mm_json *o, const char *key, int64_t or_else);
void mm_read_bool(struct mm_reader *r, const struct mm_place *at,
		  const struct mm_json *o, const char *key, bool *value);
/* One of `names` (ended by NULL): its index; `or_else` when absent, unless
 * that is -1. */
int mm_read_word(struct mm_reader *r, const struct mm_place *at,
		 const struct mm_json *o, const char *key,
		 const char *const *names, int or_else);
struct mm_str mm_read_text(struct mm_reader *r, const struct mm_place *at,
			   const struct mm_json *o, const char *key);
/* NULL when absent. */
const struct mm_json *mm_read_object(struct mm_reader *r,
				     const struct mm_place *at,
				     const struct mm_json *o, const char *key);
/* NULL when absent. `*rows` has room for `*n` rows, zeroed (arena). */
const struct mm_json *mm_read_array(struct mm_reader *r,
				    const struct mm_place *at,
				    const struct mm_json *o, const char *key,
				    size_t row_bytes, void **rows, size_t *n);
/* [a, b] */
void mm_read_pair(struct mm_reader *r, const struct mm_place *at,
		  const struct mm_json *v, int64_t *a, int64_t *b);

void mm_read_receiver(struct mm_reader *r, const struct mm_place *up,
		      const struct mm_json *dest, struct mm_receiver_spec *p);
void mm_read_policy(struct mm_reader *r, const struct mm_place *top,
		    const struct mm_json *root, struct mm_policy *p);
/* After the messages and receivers: they tell what is required. */
void mm_read_sender(struct mm_reader *r, const struct mm_place *top,
		    const struct mm_json *root);

#endif
