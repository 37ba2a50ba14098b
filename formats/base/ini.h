/* ini.h - small settings files: sections, keys, values.
 *
 *	# a comment; it may also stand behind a value, after a blank
 *	[section]
 *	[section "argument"]
 *	key = value
 *
 * Views into the text, nothing copied; lines are counted from 1 so that who
 * reads a value can say where it stands. Keys before any section belong to
 * the section "".
 */
#ifndef MM_INI_H
#define MM_INI_H

#include "formats/base/status.h"
#include "formats/base/str.h"

struct mm_ini {
	struct mm_str left;
	struct mm_str section, argument; /* argument: absent when none */
	size_t line;
	bool whole_values; /* a # in a value is part of it */
};

struct mm_ini_item {
	bool is_section; /* its head line; then key and value are absent */
	struct mm_str section, argument, key, value;
	size_t line;
};

void mm_ini_init(struct mm_ini *ini, struct mm_str text);
/* MM_OK, MM_END, or MM_EFORMAT: `err` says "line 7: ...". */
enum mm_status mm_ini_next(struct mm_ini *ini, struct mm_ini_item *item,
			   struct mm_err *err) MM_USE_RESULT;

#endif
