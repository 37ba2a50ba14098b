/* postconf.h - Postfix settings as `postconf -n` prints them: one a line,
 * "name = value"; what is not there has its default. Source: postconf(1).
 */
#ifndef MM_POSTCONF_H
#define MM_POSTCONF_H

#include "formats/base/str.h"

bool mm_postconf_is(struct mm_str text);
/* Of the last line that sets it; absent: not set. View. */
struct mm_str mm_postconf_value(struct mm_str text, const char *name);

#endif
