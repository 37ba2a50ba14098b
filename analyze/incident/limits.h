/* limits.h - thresholds and mutes that the user may set.
 *
 * An INI file (formats/base/ini.h): section [limits] with the keys below,
 * sections [mute] with `kind`, `target` (either may be absent: any), and
 * sections [class "NAME"] with `sender`, `recipient`, `deadline`.
 */
#ifndef MM_INCIDENT_LIMITS_H
#define MM_INCIDENT_LIMITS_H

#include "formats/base/arena.h"
#include "formats/base/status.h"

#define MM_MUTES_MAX   64
#define MM_CLASSES_MAX 16

struct mm_limits {
	double false_alarms; /* chance windows allowed in all of the logs */
	double spike;	     /* a peak is so many times the next highest */
	double least;	     /* messages: fewer are no spike or backlog */
	struct {
		struct mm_str kind, target;
	} mutes[MM_MUTES_MAX];
	size_t n_mutes;
	/* Mail that must be there in time: patterns (mm_str_glob); absent:
	 * any. The first that fits counts. */
	struct mm_class {
		struct mm_str name, sender, recipient;
		int64_t deadline_us;
	} classes[MM_CLASSES_MAX];
	size_t n_classes;
};

void mm_limits_default(struct mm_limits *l);
/* Texts go into `texts`. Errors name file and line. */
enum mm_status mm_limits_read(struct mm_limits *l, const char *path,
			      struct mm_arena *texts,
			      struct mm_err *err) MM_USE_RESULT;
/* "otp=sender:codes@*:5m" */
enum mm_status mm_limits_class(struct mm_limits *l, struct mm_str text,
			       struct mm_arena *texts,
			       struct mm_err *err) MM_USE_RESULT;

#endif
