#include "formats/logs/logs.h"
#include "formats/base/status.h"
#include "formats/logs/exim.h"
#include "formats/logs/filters.h"
#include "formats/logs/opensmtpd.h"
#include "formats/logs/postfix.h"
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
	&mm_log_filters,
	&mm_log_syslog,
	/* clang-format on */
};

enum mm_verdict
mm_logs_parse(const struct mm_line *line, struct mm_emit *emit)
{
	emit->why = NULL;
	for (size_t i = 0; i < MM_COUNT(formats); i++)
		if (formats[i]->claims(line))
			return formats[i]->parse(line, emit);
	return MM_LINE_FOREIGN;
}

const struct mm_log_format *
mm_logs_format(size_t i)
{
	return i < MM_COUNT(formats) ? formats[i] : NULL;
}
