/* inputs.h - policies, receivers and a sender by name: built in, or files.
 *
 * A name with a slash, or that ends in .ini or .txt, is a file; any other is
 * one of those that are built in (replay/policies/, replay/presets/). The
 * sender may also be what `postconf -n` prints.
 */
#ifndef MM_INPUTS_H
#define MM_INPUTS_H

#include "formats/base/options.h"
#include "replay/study/study.h"

struct mm_inputs {
	struct mm_plan *plans; /* owned */
	size_t n_plans;
	struct mm_receiver_file **receivers; /* owned */
	struct mm_study_choice *choices;     /* owned, one for each */
	size_t n_receivers, cap_receivers, cap_choices;
	struct mm_sender_file sender;
};

/* No policies: those that need no number of the user. `receivers`: names, or
 * PATTERN=NAME; the built-in ones stand behind them. `sender` NULL: the
 * preset of `mta`. The errors name file and line. End with mm_inputs_fini in
 * any case. */
enum mm_status mm_inputs_load(struct mm_inputs *in,
			      const struct mm_words *plans,
			      const struct mm_words *receivers,
			      const char *sender, struct mm_str mta,
			      struct mm_err *err) MM_USE_RESULT;
void mm_inputs_fini(struct mm_inputs *in);

/* The names of what is built in, with what each is about. */
void mm_inputs_list(struct mm_buf *out);
/* The text of a built-in policy, receiver or sender; absent: none. */
struct mm_str mm_inputs_text(const char *name);

#endif
