#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "formats/base/mem.h"
#include "formats/base/regex.h"

#define MATCH_LIMIT 100000

struct mm_regex {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

struct mm_regex *
mm_regex_new(struct mm_str pattern, unsigned flags, struct mm_err *err)
{
	uint32_t options = flags & MM_REGEX_ICASE ? PCRE2_CASELESS : 0;
	struct mm_regex *r = mm_calloc(1, sizeof(*r));
	PCRE2_SIZE at;
	int code;
	char why[128];

	r->code = pcre2_compile((PCRE2_SPTR)(pattern.p != NULL ? pattern.p
	                                                       : ""),
	                        pattern.n, options, &code, &at, NULL);
	if (r->code == NULL) {
		(void)pcre2_get_error_message(code, (PCRE2_UCHAR *)why,
		                              sizeof(why));
		(void)mm_err_set(err, MM_EFORMAT,
		                 "pattern \"%.*s\", character %zu: %s",
		                 MM_STR_ARG(pattern), at + 1, why);
		free(r);
		return NULL;
	}
	/* Without JIT (another processor) the interpreter does the same. */
	(void)pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
	r->data = pcre2_match_data_create_from_pattern(r->code, NULL);
	r->limits = pcre2_match_context_create(NULL);
	if (r->data == NULL || r->limits == NULL) {
		(void)mm_err_set(err, MM_EIO, "no memory for a pattern");
		mm_regex_free(r);
		return NULL;
	}
	(void)pcre2_set_match_limit(r->limits, MATCH_LIMIT);
	return r;
}

void
mm_regex_free(struct mm_regex *r)
{
	if (r == NULL)
		return;
	pcre2_match_context_free(r->limits);
	pcre2_match_data_free(r->data);
	pcre2_code_free(r->code);
	free(r);
}

bool
mm_regex_match(const struct mm_regex *r, struct mm_str s,
               struct mm_str *groups, size_t n_groups)
{
	int n = pcre2_match(r->code, (PCRE2_SPTR)(s.p != NULL ? s.p : ""), s.n,
	                    0, 0, r->data, r->limits);
	const PCRE2_SIZE *at;

	if (n < 0)
		return false;
	at = pcre2_get_ovector_pointer(r->data);
	for (size_t i = 0; i < n_groups; i++) {
		if (i < (size_t)n && at[2 * i] != PCRE2_UNSET)
			groups[i] = (struct mm_str){ s.p + at[2 * i],
				                     at[2 * i + 1] -
				                         at[2 * i] };
		else
			groups[i] = MM_STR_ABSENT;
	}
	return true;
}

size_t
mm_regex_groups(const struct mm_regex *r)
{
	uint32_t n = 0;

	(void)pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &n);
	return n;
}

bool
mm_regex_name(const struct mm_regex *r, size_t i, struct mm_str *name,
	      size_t *number)
{
	uint32_t n = 0, each = 0;
	PCRE2_SPTR table, entry;

	(void)pcre2_pattern_info(r->code, PCRE2_INFO_NAMECOUNT, &n);
	if (i >= n)
		return false;
	(void)pcre2_pattern_info(r->code, PCRE2_INFO_NAMEENTRYSIZE, &each);
	(void)pcre2_pattern_info(r->code, PCRE2_INFO_NAMETABLE, &table);
	/* Two bytes of the number, then the name and a NUL. */
	entry = table + i * each;
	*number = (size_t)entry[0] << 8 | entry[1];
	*name = mm_str_z((const char *)(entry + 2));
	return true;
}
