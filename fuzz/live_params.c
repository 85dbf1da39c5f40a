/*
 * live_params.c: any query is refused, or read into parameters that fit; the text that is signed
 * does not depend on their order, and nothing of it is longer than what came.
 */
#include "fuzz/fuzz.h"
#include "live/live_api.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct live_params params, again;
	str query = str_from((bytes){ data, size }), text;

	if (size > HTTP_TARGET_MAX || !live_params_read(arena, query, &params))
		return 0;
	MUST(params.count <= LIVE_PARAMS_MAX);
	for (size_t i = 0; i < params.count; i++)
		for (size_t at = 0; at < params.items[i].name.len; at++)
			MUST(params.items[i].name.ptr[at] < 'A' ||
				params.items[i].name.ptr[at] > 'Z');
	text = live_params_signed(arena, "GET", S("/"), &params);
	MUST(text.len <= 2 * size + 8);
	MUST(live_params_read(arena, query, &again));
	MUST(str_is(text, live_params_signed(arena, "GET", S("/"), &again)));
	return 0;
}
