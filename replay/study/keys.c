#include <string.h>

#include "formats/base/buf.h"
#include "replay/study/value.h"

enum mm_status
mm_keys_section(const struct mm_key *table, size_t n,
		const struct mm_ini_item *item, struct mm_err *err)
{
	const char *last = "";
	enum mm_status st = MM_EFORMAT;
	struct mm_buf b;

	mm_buf_init(&b, 400);
	for (size_t i = 0; i < n; i++) {
		if (mm_str_is(item->section, table[i].section))
			st = MM_OK;
		if (strcmp(last, table[i].section) != 0)
			mm_buf_addf(&b, " [%s]", table[i].section);
		last = table[i].section;
	}
	if (st != MM_OK)
		(void)mm_err_set(err, st,
				 "line %zu: there is no section [%.*s]; there "
				 "are%s",
				 item->line, MM_STR_ARG(item->section), b.p);
	mm_buf_fini(&b);
	return st;
}

const struct mm_key *
mm_keys_find(const struct mm_key *table, size_t n,
	     const struct mm_ini_item *item, struct mm_err *err)
{
	struct mm_buf b;

	mm_buf_init(&b, 400);
	for (size_t i = 0; i < n; i++) {
		if (!mm_str_is(item->section, table[i].section))
			continue;
		if (mm_str_is(item->key, table[i].key)) {
			mm_buf_fini(&b);
			return &table[i];
		}
		mm_buf_addf(&b, " %s", table[i].key);
	}
	(void)mm_err_set(err, MM_EFORMAT,
			 "line %zu: [%.*s] has no key \"%.*s\"; there are%s",
			 item->line, MM_STR_ARG(item->section),
			 MM_STR_ARG(item->key), b.p);
	mm_buf_fini(&b);
	return NULL;
}

static enum mm_status
wrong(const struct mm_key *k, struct mm_str value, size_t line,
      struct mm_err *err)
{
	struct mm_buf b;
	enum mm_status st;

	mm_buf_init(&b, 300);
	mm_buf_addz(&b, mm_value_expected(k->kind));
	for (size_t i = 0; k->words != NULL && k->words[i] != NULL; i++)
		mm_buf_addf(&b, " %s", k->words[i]);
	if ((k->flags & MM_KEY_OR_NONE) != 0)
		mm_buf_addz(&b, ", or none");
	if ((k->flags & MM_KEY_NOT_ZERO) != 0)
		mm_buf_addz(&b, ", not 0");
	st = mm_err_set(err, MM_EFORMAT,
			"line %zu: [%s] %s: found \"%.*s\", expected %s", line,
			k->section, k->key, MM_STR_ARG(value), b.p);
	mm_buf_fini(&b);
	return st;
}

enum mm_status
mm_keys_put(const struct mm_key *k, struct mm_str value, size_t line,
	    void *base, struct mm_arena *arena, struct mm_err *err)
{
	void *to = (char *)base + k->at;

	if ((k->flags & MM_KEY_OR_NONE) != 0 && mm_str_is(value, "none")) {
		*(int64_t *)to = MM_NO_LIMIT;
		return MM_OK;
	}
	if (!mm_value_put(k, value, to, arena) ||
	    ((k->flags & MM_KEY_NOT_ZERO) != 0 && *(int64_t *)to == 0))
		return wrong(k, value, line, err);
	return MM_OK;
}

static const char *const origins[] = { "given", "published", "assumed",
				       "measured" };

const char *
mm_origin_name(enum mm_origin o)
{
	return origins[o];
}

enum mm_status
mm_keys_mark(struct mm_str *value, size_t line, struct mm_mark *mark,
	     struct mm_err *err)
{
	size_t at = mm_str_find(*value, " [");
	struct mm_str s, head;

	*mark = (struct mm_mark){ .origin = MM_GIVEN };
	if (at == MM_NOT_FOUND || !mm_str_ends(*value, "]"))
		return MM_OK;
	s = mm_str_from(*value, at + 2);
	s.n--;
	*value = mm_str_trim(mm_str_upto(*value, at));
	if (mm_str_cut(&s, ": ", &head))
		mark->note = mm_str_trim(s);
	else
		head = s;
	for (size_t i = MM_PUBLISHED; i < MM_COUNT(origins); i++)
		if (mm_str_skip(&head, origins[i]))
			mark->origin = (enum mm_origin)i;
	head = mm_str_trim(head);
	mark->high = head;
	if (mark->origin != MM_GIVEN &&
	    (head.n == 0 || mm_str_cut(&mark->high, "..", &mark->low))) {
		if (head.n == 0)
			mark->high = MM_STR_ABSENT;
		return MM_OK;
	}
	return mm_err_set(err, MM_EFORMAT,
			  "line %zu: [%.*s] is no mark; expected [published: "
			  "source], [assumed LOW..HIGH: why] or [measured "
			  "LOW..HIGH: from what]",
			  line, MM_STR_ARG(head));
}
