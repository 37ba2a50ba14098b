#include <stdarg.h>
#include <stdio.h>

#include "formats/base/status.h"

enum mm_status
mm_err_set(struct mm_err *err, enum mm_status code, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return code;
	err->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}
