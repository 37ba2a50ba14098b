/* rules.h - from what a receiver said to why it said so.
 *
 * Rules are data: analyze/cause/rules.tsv, before it a file of the user. A
 * row is: id, operator, code, enhanced code, stage, pattern, cause, note.
 *   operator  names of operators.tsv, comma between; * any
 *   code      digits a reply code begins with, comma between; - none; * any
 *   enhanced  "5.7.26", "x.1.1", "4.7.500-699", "5.7.*", comma; - none; * any
 *   stage     names of enum mm_stage, comma between; * any
 *   pattern   PCRE2, case ignored, anywhere in the text; * any text
 * The first row that fits decides. The built-in rows stand in this order:
 * operators' own rules, rules of the text, enhanced codes, codes and stages.
 * Under a row may stand its samples, lines of six cells: "+" (this row must
 * decide) or "-" (it must not fit), operator, code, enhanced code, stage (* for
 * what is not told), text. check.h tries them.
 */
#ifndef MM_RULES_H
#define MM_RULES_H

#include "analyze/cause/causes.h"
#include "analyze/cause/operator.h"
#include "formats/mail/reply.h"

struct mm_rules; /* compiled rules; used by one thread */

/* What is to be judged. Absent and zero members are not known. */
struct mm_refusal {
	const char *op; /* operator of the receiving host; NULL: told from the
			 * text where a rule asks for it */
	int code;
	struct mm_str enhanced;
	enum mm_stage stage;
	struct mm_str text; /* as mm_reply_parse gives it */
};

struct mm_ruling {
	size_t cause;	  /* index of mm_causes_get */
	const char *rule; /* id of the row that decided; NULL for unknown */
};

/* A row as it stands in the file, for those who show or check rules. */
struct mm_rule {
	const char *id;
	struct mm_str op, code, enhanced, stage, pattern, note;
	size_t cause;
	bool always; /* some of the pattern is tried on every text */
	bool user;   /* of the user's file */
	size_t line; /* in its file */
};

/* A line of the file that says what a row must do. */
struct mm_sample {
	size_t rule;
	bool must; /* decide; else it must not fit */
	struct mm_refusal refusal;
	size_t line;
};

/* Owned. `user_text` (may be absent) is the content of the user's file, named
 * `user_name` in messages. NULL on failure: `err` names file and line. */
struct mm_rules *mm_rules_new(struct mm_str user_text, const char *user_name,
			      struct mm_err *err);
/* The same with the user's file read from `path` (NULL: none). */
struct mm_rules *mm_rules_open(const char *path, struct mm_err *err);
void mm_rules_free(struct mm_rules *r);

struct mm_ruling mm_rules_classify(struct mm_rules *r,
				   const struct mm_refusal *refusal);

const struct mm_causes *mm_rules_causes(const struct mm_rules *r);
const struct mm_operators *mm_rules_operators(const struct mm_rules *r);
size_t mm_rules_count(const struct mm_rules *r);
const struct mm_rule *mm_rules_get(const struct mm_rules *r, size_t i);
size_t mm_rules_n_samples(const struct mm_rules *r);
const struct mm_sample *mm_rules_sample(const struct mm_rules *r, size_t i);
/* Compile all patterns now; MM_EFORMAT with the id of the row that is wrong.
 * Else a built-in pattern is compiled when a text first asks for it. */
enum mm_status mm_rules_compile(struct mm_rules *r,
				struct mm_err *err) MM_USE_RESULT;
/* Does row `i` alone fit? */
bool mm_rules_fits(struct mm_rules *r, size_t i,
		   const struct mm_refusal *refusal);

#endif
