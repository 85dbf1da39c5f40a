/* routing.c: what people write as shifts and rules: whatever is read is safe to use, and a shift's
 * next change is to come. */
#include "fuzz/fuzz.h"
#include "routing/rule.h"
#include "routing/shift.h"

#define NOW_MS 1763700000000LL
#define DAY_MS 86400000LL

static void use_shift(struct arena *arena, str text)
{
	struct shift shift;
	struct shift_state state;

	if (!shift_parse(arena, text, &shift))
		return;
	state = shift_at(&shift, NOW_MS);
	MUST(!state.until_ms || state.until_ms > NOW_MS);
	MUST(!state.until_ms || state.until_ms < NOW_MS + 21 * DAY_MS);
	MUST(shift.count || (!state.on && !state.until_ms));
}

static void use_rule(struct job *job, json v)
{
	struct rule_facts facts = { .channel = 1, .language = S("id") };
	struct rule_check checks[RULE_CONDITIONS];
	struct rule_actions actions;

	text_words_of(job->arena, S("I want a refund"), &facts.words);
	if (rule_match(job->arena, v, &facts, checks))
		for (int i = 0; i < RULE_CONDITIONS; i++)
			MUST(checks[i].holds);
	rule_check_conditions(job, v);
	rule_read_actions(job, v, &actions);
	MUST(actions.label_count <= RULE_LABELS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str text = { (const char *)data, size };
	struct job job;
	json v;

	job_init(&job, "fuzz", fuzz_arena(), NULL);
	use_shift(job.arena, text);
	if (json_read(job.arena, text, &v, NULL) == OK)
		use_rule(&job, v);
	return 0;
}
