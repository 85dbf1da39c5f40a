/* pace_state.c: a stored state of a pace; what reads is packed to the same again, and can be asked.
 */
#include "account/pace.h"
#include "fuzz/fuzz.h"

#define NOW_MS 1790000000000LL

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pace_message message = { .is_first = true, .text_hash = 7 };
	const struct pace_signs signs = { .restriction = S("") };
	struct arena *arena = fuzz_arena();
	struct pace_state state, again;
	struct pace_verdict verdict;
	struct pace_rules rules;
	struct pace_risk risk;
	str packed;

	if (pace_state_unpack((str){ (const char *)data, size }, &state) != OK)
		return 0;
	packed = pace_state_pack(arena, &state);
	MUST(pace_state_unpack(packed, &again) == OK);
	MUST(str_is(packed, pace_state_pack(arena, &again)));
	pace_rules_of(&pace_tiers[0], NULL, 0, &rules);
	pace_risk_of(arena, &state, &rules, &signs, NOW_MS, &risk);
	MUST(risk.score >= 0 && risk.score <= 100);
	pace_ask(&state, &rules, &signs, &message, risk.score, NOW_MS, &verdict);
	MUST(verdict.answer != PACE_WAIT || verdict.wait_ms > 0);
	pace_note_sent(&state, &rules, &message, 1, NOW_MS);
	return 0;
}
