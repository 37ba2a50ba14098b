/* Any bytes as a scenario, and as a policy, a receiver and a sender file. What
 * is a scenario is played for a second of its time. Seeds: test-corpus/replay.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/base/json.h"
#include "replay/engine/num.h"
#include "replay/engine/run.h"
#include "replay/study/plan.h"
#include "replay/study/preset.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Memory for a billion messages is not what is sought here. */
static bool
is_small(struct mm_str text)
{
	struct mm_err err;
	struct mm_json *root = mm_json_parse(text, &err);
	const struct mm_json *groups = mm_json_get(root, "groups");
	int64_t sum = 0;

	for (size_t i = 0; i < mm_json_len(groups); i++)
		sum = mm_num_add(
		    sum,
		    mm_num_max(0, mm_json_int(mm_json_get(mm_json_at(groups, i),
							  "count"),
					      0)));
	mm_json_free(root);
	return sum < 100;
}

static void
play(struct mm_str text)
{
	struct mm_scenario s;
	struct mm_outcome o;
	struct mm_err err;

	mm_scenario_init(&s);
	if (mm_scenario_read(&s, text, &err) == MM_OK) {
		s.horizon_ms = mm_num_min(s.horizon_ms, 1000);
		mm_run(&s, NULL, &o);
		mm_outcome_fini(&o);
	}
	mm_scenario_fini(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct mm_str text = { (const char *)bytes, n };
	struct mm_receiver_file receiver;
	struct mm_sender_file sender;
	struct mm_plan plan;
	struct mm_err err;

	if (is_small(text))
		play(text);
	if (mm_plan_read(&plan, text, &err) != MM_OK && err.text[0] == '\0')
		abort();
	mm_plan_fini(&plan);
	if (mm_receiver_file_read(&receiver, text, &err) == MM_OK) {
		struct mm_receiver_spec spec;

		mm_receiver_file_draw(&receiver, 1, 1, &spec);
	}
	mm_receiver_file_fini(&receiver);
	if (mm_sender_file_read(&sender, text, &err) == MM_OK &&
	    mm_sender_is_postconf(text))
		(void)mm_sender_postconf(&sender, text, &err);
	mm_sender_file_fini(&sender);
	return 0;
}
