#include <string.h>

#include "formats/spools/postconf.h"
#include "replay/study/preset.h"

/* Parameters of main.cf that the sender of a replay has too. In this order:
 * what is said of smtp stands above the defaults of all transports. */
static const struct parameter {
	const char *name;
	const char *section, *key; /* of a sender file */
	char unit;		   /* of a bare number; 0: it is none */
} parameters[] = {
	{ "minimal_backoff_time", "retry", "min", 's' },
	{ "minimal_backoff_time", "window", "dead", 's' },
	{ "maximal_backoff_time", "retry", "max", 's' },
	{ "queue_run_delay", "retry", "queue_run", 's' },
	{ "maximal_queue_lifetime", "sender", "max_age", 'd' },
	{ "default_process_limit", "sender", "process_limit", 0 },
	{ "smtp_connection_cache_on_demand", "sender", "reuse", 0 },
	{ "initial_destination_concurrency", "window", "init", 0 },
	{ "smtp_initial_destination_concurrency", "window", "init", 0 },
	{ "default_destination_concurrency_limit", "window", "limit", 0 },
	{ "smtp_destination_concurrency_limit", "window", "limit", 0 },
	{ "default_destination_concurrency_positive_feedback", "window",
	  "positive", 0 },
	{ "smtp_destination_concurrency_positive_feedback", "window",
	  "positive", 0 },
	{ "default_destination_concurrency_negative_feedback", "window",
	  "negative", 0 },
	{ "smtp_destination_concurrency_negative_feedback", "window",
	  "negative", 0 },
	{ "default_destination_concurrency_failed_cohort_limit", "window",
	  "cohort", 0 },
	{ "smtp_destination_concurrency_failed_cohort_limit", "window",
	  "cohort", 0 },
	{ "default_destination_rate_delay", "sender", "rate_delay", 's' },
	{ "smtp_destination_rate_delay", "sender", "rate_delay", 's' },
};

bool
mm_sender_is_postconf(struct mm_str text)
{
	return mm_postconf_is(text);
}

enum mm_status
mm_sender_postconf(struct mm_sender_file *f, struct mm_str text,
		   struct mm_err *err)
{
	enum mm_status st = MM_OK;

	for (size_t i = 0; i < MM_COUNT(parameters) && st == MM_OK; i++) {
		const struct parameter *p = &parameters[i];
		struct mm_str value = mm_postconf_value(text, p->name);
		const char *plain;

		/* What refers to another parameter is left as it comes. */
		if (value.p == NULL || value.n == 0 || value.p[0] == '$')
			continue;
		plain = mm_arena_fmt(&f->arena, "%.*s", MM_STR_ARG(value));
		if (p->unit != 0 && strspn(plain, "0123456789") == value.n)
			plain = mm_arena_fmt(&f->arena, "%s%c", plain, p->unit);
		if (strcmp(plain, "1/concurrency") == 0)
			plain = "1/N";
		st = mm_sender_file_set(f, p->section, p->key, mm_str_z(plain),
					err);
		if (st != MM_OK)
			return mm_err_set(err, MM_EFORMAT,
					  "%s = %s: not a value that can be "
					  "played",
					  p->name, plain);
	}
	f->name = mm_arena_str(&f->arena, MM_STR("postfix as configured"));
	return MM_OK;
}
