/* test_incidents.c - the incidents of a real server's log against the windows
 * that its receivers and its operator wrote down (incidents.json of the
 * capture): every one that left a trace is found, at the right place and
 * time; asking twice adds nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/case/incident_rows.h"
#include "analyze/front.h"
#include "formats/base/json.h"
#include "formats/base/mem.h"

#define CORPUS "test-corpus/postfix-throttle-and-pause/"
#define MAX    200

struct found {
	char kind[32], names[2048]; /* the target, and the JSON list also */
	int64_t start_us, end_us;   /* an open end: far */
};

struct list {
	struct found v[MAX];
	size_t n;
};

static enum mm_status
take(void *ctx, const struct mm_incident_row *r)
{
	struct list *l = ctx;
	struct found *f = &l->v[l->n++];

	assert_in_range(l->n, 1, MAX);
	(void)snprintf(f->kind, sizeof(f->kind), "%.*s", MM_STR_ARG(r->kind));
	(void)snprintf(f->names, sizeof(f->names), "\"%.*s\" %.*s",
		       MM_STR_ARG(r->target), MM_STR_ARG(r->also));
	f->start_us = r->start_us;
	f->end_us = r->end_us != MM_TIME_NONE ? r->end_us : INT64_MAX;
	return MM_OK;
}

/* What the truth calls it, and the kinds that say so. */
static const struct {
	const char *truth, *kinds;
	bool local;
} same[] = {
	{ "throttle", "throttle", false },
	{ "conn-limit", "throttle", false },
	{ "greylist", "greylist throttle", false },
	{ "pause", "pause", true },
	{ "hold", "hold pause", true },
};

static bool
names(const struct found *f, struct mm_str name)
{
	char quoted[300];

	(void)snprintf(quoted, sizeof(quoted), "\"%.*s\"", MM_STR_ARG(name));
	return strstr(f->names, quoted) != NULL;
}

static int64_t
when(const struct mm_json *t, const char *first, const char *second)
{
	double v = mm_json_real(mm_json_get(t, first), 0);

	return (int64_t)(1e6 *
			 (v > 0 ? v : mm_json_real(mm_json_get(t, second), 0)));
}

static bool
is_found(const struct mm_json *t, struct list *l)
{
	int64_t start = when(t, "first_refusal", "start");
	int64_t end = when(t, "last_refusal", "end");
	struct mm_str kind = mm_json_str(mm_json_get(t, "kind"));
	bool hit = false;

	for (size_t s = 0; s < MM_COUNT(same); s++)
		for (size_t i = 0; i < l->n && mm_str_is(kind, same[s].truth);
		     i++) {
			struct found *f = &l->v[i];

			if (strstr(same[s].kinds, f->kind) == NULL ||
			    f->start_us > end || f->end_us < start ||
			    (!same[s].local &&
			     !names(f, mm_json_str(mm_json_get(t, "target")))))
				continue;
			hit = true;
		}
	return hit;
}

static struct mm_json *
truth(void)
{
	static char text[1 << 16];
	FILE *f = fopen(CORPUS "incidents.json", "rb");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text), f);
	(void)fclose(f);
	return mm_json_parse((struct mm_str){ text, n }, NULL);
}

static void
test_windows(void **state)
{
	const char *const paths[] = { CORPUS "logs" };
	struct mm_front f = { .quiet = true };
	struct mm_err err = { 0 };
	struct mm_store *s = mm_front_open(&f, paths, 1, &err);
	struct list *l = mm_calloc(1, sizeof(*l));
	struct mm_json *t = truth();
	size_t n = 0, n_found = 0;

	(void)state;
	assert_non_null(s);
	assert_non_null(t);
	assert_int_equal(mm_front_incidents(s, NULL, NULL, &err), MM_OK);
	assert_int_equal(mm_incident_read(s, take, l, &err), MM_OK);
	for (size_t i = 0; i < mm_json_len(t); i++) {
		const struct mm_json *one = mm_json_at(t, i);
		struct mm_str kind = mm_json_str(mm_json_get(one, "kind"));

		if (mm_str_is(kind, "own-throttle"))
			continue; /* a setting: no mail was refused */
		n++;
		if (is_found(one, l))
			n_found++;
		else
			print_message("  missed: %.*s %.*s\n", MM_STR_ARG(kind),
				      MM_STR_ARG(mm_json_str(
					  mm_json_get(one, "target"))));
	}
	print_message("  %zu of %zu windows found, %zu told\n", n_found, n,
		      l->n);
	assert_int_equal(n, 11);
	assert_int_equal(n_found, n);
	/* Asked again: the same, not twice. */
	n = l->n;
	l->n = 0;
	assert_int_equal(mm_front_incidents(s, NULL, NULL, &err), MM_OK);
	assert_int_equal(mm_incident_read(s, take, l, &err), MM_OK);
	assert_int_equal(l->n, n);
	mm_json_free(t);
	free(l);
	mm_store_close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_windows),
	};

	return cmocka_run_group_tests_name("incidents", tests, NULL, NULL);
}
