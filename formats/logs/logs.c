#include "formats/logs/logs.h"
#include "formats/base/status.h"
#include "formats/logs/exchange.h"
#include "formats/logs/exim.h"
#include "formats/logs/filters.h"
#include "formats/logs/haraka.h"
#include "formats/logs/kumomta.h"
#include "formats/logs/opensmtpd.h"
#include "formats/logs/own.h"
#include "formats/logs/postfix.h"
#include "formats/logs/powermta.h"
#include "formats/logs/qmail.h"
#include "formats/logs/sendmail.h"
#include "formats/logs/syslog.h"

/* Asked in this order: the busiest first, whoever is sure by the tag before
 * whoever has to look at the text. */
static const struct mm_log_format *const formats[] = {
	/* clang-format off */
	&mm_log_postfix,
	&mm_log_exim,
	&mm_log_sendmail,
	&mm_log_opensmtpd,
	&mm_log_qmail,
	&mm_log_kumomta,
	&mm_log_powermta,
	&mm_log_exchange,
	&mm_log_haraka,
	&mm_log_filters,
	&mm_log_syslog,
	/* clang-format on */
};

static const struct mm_log_format *
find(const struct mm_line *line)
{
	for (size_t i = 0; i < MM_COUNT(formats); i++)
		if (formats[i]->claims(line))
			return formats[i];
	return NULL;
}

const char *
mm_logs_claim(const struct mm_own *own, const struct mm_line *line)
{
	const char *name = mm_own_claim(own, line);
	const struct mm_log_format *f = name == NULL ? find(line) : NULL;

	return f != NULL ? f->name : name;
}

enum mm_verdict
mm_logs_parse(const struct mm_own *own, const struct mm_line *line,
	      struct mm_emit *emit)
{
	const struct mm_log_format *f;
	enum mm_verdict v = mm_own_parse(own, line, emit);

	if (v != MM_LINE_FOREIGN)
		return v;
	f = find(line);
	return f != NULL ? f->parse(line, emit) : MM_LINE_FOREIGN;
}

static void
drop_record(void *ctx, const struct mm_record *r)
{
	(void)ctx;
	(void)r;
}

enum mm_verdict
mm_logs_verdict(const struct mm_own *own, const struct mm_line *line,
		const char **why)
{
	struct mm_emit emit = { drop_record, NULL, NULL };
	enum mm_verdict v = mm_logs_parse(own, line, &emit);

	*why = emit.why;
	return v;
}

const struct mm_log_format *
mm_logs_format(size_t i)
{
	return i < MM_COUNT(formats) ? formats[i] : NULL;
}
